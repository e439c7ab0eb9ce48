// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping into and out of interrupts on KVM Book3S PR
 */
#include <linux/kvm_para.h>

#include "debug_suite.h"

DEBUG_SUITE_ALL(debug);

#define STEP_BLOCKIRQ	(GUESTDBG_STEP | KVM_GUESTDBG_BLOCKIRQ)
#define RUN_BLOCKIRQ	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_BLOCKIRQ)

#define NEEDS_64	0x01
#define NEEDS_VEC	0x02
#define NEEDS_VSX	0x04
#define NEEDS_207	0x08
#define NEEDS_300	0x10
#define ONLY_PROBLEM	0x20

/*
 * Instruction, vector, cause in SRR1, MSR bits to be set, and flags.  KVM PR applies
 * FSCR in supervisor state, too, unlike the Power ISA.
 */
#define FAULTS(op)							\
	op("trap", VEC_PROGRAM, SRR1_PROGTRAP, 0, 0)			\
	op("twi 4, %r5, 0x55", VEC_PROGRAM, SRR1_PROGTRAP, 0, 0)	\
	op("td 4, %r5, %r5", VEC_PROGRAM, SRR1_PROGTRAP, 0, NEEDS_64)	\
	op("tdi 4, %r5, 0x55", VEC_PROGRAM, SRR1_PROGTRAP, 0, NEEDS_64)	\
	op(".long 0", VEC_PROGRAM, SRR1_PROGILL, 0, 0)			\
	op("mfmsr %r6", VEC_PROGRAM, SRR1_PROGPRIV, 0, ONLY_PROBLEM)	\
	op("lwarx %r6, 0, %r7", VEC_ALIGNMENT, 0, 0, 0)			\
	op("fmr %f1, %f2", VEC_FP_UNAVAIL, 0, 0, 0)			\
	op("vor %v1, %v2, %v2", VEC_ALTIVEC_UNAVAIL, 0, 0, NEEDS_VEC)	\
	op("xxlor %vs1, %vs2, %vs2", VEC_VSX_UNAVAIL, 0, MSR_FP | MSR_VEC, NEEDS_VSX) \
	op("mfspr %r6, " __stringify(SPRN_TAR), VEC_FACILITY_UNAVAIL, 0, 0, NEEDS_207) \
	op(".long 0x44000001" /* scv 0 */, VEC_FACILITY_UNAVAIL, 0, 0, NEEDS_300)

#define FAULT_ASM(_inst, ...)	"	" _inst "\n	nop\n	nop\n"
#define FAULT_TABLE(...)	{ __VA_ARGS__ },

GUEST_ASM(fault_code, FAULTS(FAULT_ASM));

static const struct fault {
	const char *inst;
	u64 vector, cause, msr;
	int flags;
} faults[] = { FAULTS(FAULT_TABLE) };

static void start_fault(struct asm_guest *guest, const u32 *code, const u32 *end, u64 msr)
{
	guest->regs.msr = msr;
	guest->regs.gpr[5] = 0x55;
	guest->regs.gpr[6] = 0x66;
	guest->regs.gpr[7] = asm_guest_data_addr(guest, GUEST_DATA + 1);
	__asm_guest_start(guest, code, end);
	asm_guest_control(guest, GUESTDBG_STEP);
}

/* Step to the vector, through the handler and over the next instruction, in both states. */
static void step_fault(struct asm_guest *guest, const u32 *code, const struct fault *fault)
{
	u64 pr;

	asm_guest_load_skip_handler(guest, fault->vector);
	for (pr = fault->flags & ONLY_PROBLEM ? MSR_PR : 0; pr <= MSR_PR; pr += MSR_PR) {
		u64 msr = guest->config.msr | fault->msr | pr;

		start_fault(guest, code, code + 3, msr);
		asm_guest_expect_pc(guest, fault->vector);
		TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, code));
		TEST_ASSERT(guest->regs.srr1 == (msr | fault->cause),
			    "%s: SRR1 is 0x%llx", fault->inst, guest->regs.srr1);
		TEST_ASSERT_EQ(guest->regs.gpr[6], 0x66);

		asm_guest_step_skip_handler(guest);
		TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, code + 1));
		TEST_ASSERT_EQ(guest->regs.msr, msr);
		asm_guest_expect_stop(guest, code + 2);
	}
}

static bool has_inst(const struct asm_guest *guest, int flags)
{
	return !((flags & (NEEDS_64 | NEEDS_VSX | NEEDS_300) && guest->cpu32) ||
		 (flags & NEEDS_VEC && !host_has_altivec()) ||
		 (flags & NEEDS_VSX && !host_has_vsx()) ||
		 (flags & NEEDS_207 && !host_has_isa_2_07()) ||
		 (flags & NEEDS_300 && !host_has_isa_3_0()));
}

/* The step over an instruction that causes an interrupt stops at the vector. (A4) */
TEST_F(debug, step_fault)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!has_inst(&self->guest, faults[i].flags))
			continue;
		step_fault(&self->guest, fault_code + 3 * i, &faults[i]);
		if (faults[i].vector != VEC_ALIGNMENT)
			continue;
		TEST_ASSERT_EQ(vcpu_get_reg(self->guest.vcpu, KVM_REG_PPC_DAR),
			       asm_guest_data_addr(&self->guest, GUEST_DATA + 1));
		/* RT, RA, and bits of the opcode: only RT, r6, is not 0. */
		TEST_ASSERT_EQ(vcpu_get_reg(self->guest.vcpu, KVM_REG_PPC_DSISR), 6 << 5);
	}
}

#define FPSCR_VE	0x80

GUEST_ASM(fp_exception_code,
	  "	fdiv	%f1, %f2, %f2\n"
	  "	nop\n"
	  "	nop\n");

/* A floating-point exception that FPSCR and the MSR enable: 0 by 0. (A4) */
TEST_F(debug, step_fp_exception)
{
	struct asm_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_FP | MSR_FE0 | MSR_FE1;

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(2), 0);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPSCR, FPSCR_VE);
	start_fault(guest, fp_exception_code, fp_exception_code_end, msr);
	asm_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, fp_exception_code));
	TEST_ASSERT_EQ(guest->regs.srr1, msr | SRR1_PROGFPE);
}

GUEST_ASM(sc_code,
	  "	sc\n"
	  GUEST_ASM_OSI);

/* A system call is one step; SRR0 is the next instruction. (A4) */
TEST_F(debug, step_sc)
{
	struct asm_guest *guest = &self->guest;
	u64 msrs[] = { variant->msr, variant->msr | MSR_PR };
	unsigned int i;

	asm_guest_load_rfi_handler(guest, VEC_SYSCALL);
	guest->regs.gpr[3] = 0;
	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		start_fault(guest, sc_code, sc_code_end, msrs[i]);
		asm_guest_expect_pc(guest, VEC_SYSCALL);
		TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, sc_code + 1));
		TEST_ASSERT_EQ(guest->regs.srr1, msrs[i]);
		asm_guest_expect_stop(guest, sc_code + 1);
		TEST_ASSERT_EQ(guest->regs.msr, msrs[i]);
	}
}

/* A system call leaves the guest all of its registers. */
TEST_F(debug, syscall_registers)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load_rfi_handler(guest, VEC_SYSCALL);
	guest->regs.gpr[3] = 0;
	guest->regs.gpr[12] = 0x1212;
	guest->regs.gpr[13] = 0x1313;
	guest->regs.ctr = 0x12345678;
	guest->regs.cr = 0x82418241;
	asm_guest_start(guest, sc_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[12], 0x1212);
	TEST_ASSERT_EQ(guest->regs.gpr[13], 0x1313);
	TEST_ASSERT_EQ(guest->regs.ctr, 0x12345678);
	TEST_ASSERT_EQ(guest->regs.cr, 0x82418241);
}

GUEST_ASM(fetch_code,
	  "	lwz	%r6, 0(%r7)\n"
	  "	mtctr	%r8\n"
	  "	bctr\n");

/*
 * A fetch from where no memory is causes a Machine Check.  KVM does not repeat the
 * last emulated instruction. (A4)
 */
TEST_F(debug, step_fetch_from_nowhere)
{
	struct asm_guest *guest = &self->guest;
	u64 nowhere = GUEST_MMIO + 0x40;

	if (variant->msr & MSR_IR)
		SKIP(return, "Instruction addresses are translated");

	guest->regs.gpr[7] = GUEST_MMIO;
	guest->regs.gpr[8] = nowhere;
	asm_guest_start_step(guest, fetch_code);

	asm_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0x66, 4);
	asm_guest_expect(guest, STOP_AT(fetch_code + 1), STOP_AT(fetch_code + 2),
			 STOP_PC(nowhere), STOP_PC(VEC_MACHINE_CHECK));
	TEST_ASSERT_EQ(guest->regs.srr0, nowhere);
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x66666666);
}

/*
 * irq(2) enables interrupts by mtmsr, irq_rfi by rfi.  r5 is a decrementer that is
 * about to expire, r7 the MSR with EE.
 */
GUEST_ASM(irq_code,
	  "	mtdec	%r5\n"
	  "	nop\n"
	  "	mtmsr	%r7\n"
	  "	addi	%r8, %r8, 1\n"
	  "	addi	%r8, %r8, 1\n"
	  "	sc\n"
	  "	addi	%r8, %r8, 1\n"
	  GUEST_ASM_OSI
	  GUEST_ASM_RFI);

#define irq(_n)		(irq_code + (_n))
#define irq_rfi		irq(12)

GUEST_ASM(dec_handler,
	  "	lis	%r31, 0x7fff\n"
	  "	mtdec	%r31\n"
	  GUEST_ASM_RFI);

static void start_irq(struct asm_guest *guest, u64 msr, u32 control)
{
	asm_guest_load_rfi_handler(guest, VEC_EXTERNAL);
	asm_guest_load_rfi_handler(guest, VEC_SYSCALL);
	asm_guest_load(guest, VEC_DECREMENTER, dec_handler);

	guest->regs.gpr[3] = 0;		/* no OSI at irq(5) */
	guest->regs.gpr[5] = 1;
	guest->regs.gpr[7] = msr | MSR_EE;
	guest->regs.gpr[8] = 0;
	asm_guest_start(guest, irq_code);
	asm_guest_control(guest, control);
}

/* Let the decrementer expire while MSR[EE] is 0. */
static void expire_decrementer(struct asm_guest *guest)
{
	asm_guest_goto(guest, irq(1));
	asm_guest_expire_decrementer(guest);
	asm_guest_expect_stop(guest, irq(2));
}

static void expect_interrupt(struct asm_guest *guest, u64 vector,
			     const u32 *srr0, u64 srr1)
{
	asm_guest_expect_pc(guest, vector);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, srr0));
	TEST_ASSERT_EQ(guest->regs.srr1, srr1);
}

static void expect_external(struct asm_guest *guest, const u32 *srr0, u64 srr1)
{
	expect_interrupt(guest, VEC_EXTERNAL, srr0, srr1);
	asm_guest_expect_stop(guest, srr0);
}

static void expect_decrementer(struct asm_guest *guest, const u32 *srr0,
			       u64 srr1)
{
	expect_interrupt(guest, VEC_DECREMENTER, srr0, srr1);
	asm_guest_expect_pc(guest, VEC_DECREMENTER + 4);
	asm_guest_expect_pc(guest, VEC_DECREMENTER + 8);
	asm_guest_expect_stop(guest, srr0);
}

/* A decrementer interrupt that mtmsr enables is the next event. (A5) */
TEST_F(debug, step_decrementer)
{
	struct asm_guest *guest = &self->guest;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	expire_decrementer(guest);
	asm_guest_expect_stop(guest, irq(3));	/* The mtmsr has been executed. */
	expect_decrementer(guest, irq(3), variant->msr | MSR_EE);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);
	asm_guest_expect_stop(guest, irq(4));
	TEST_ASSERT_EQ(guest->regs.gpr[8], 1);
}

/* An external interrupt is taken when it comes, or as soon as it is enabled. (A5) */
TEST_F(debug, step_external)
{
	struct asm_guest *guest = &self->guest;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	asm_guest_goto(guest, irq(1));
	asm_guest_raise_external(guest);
	asm_guest_expect_stop(guest, irq(2));		/* disabled */
	asm_guest_expect_stop(guest, irq(3));
	expect_external(guest, irq(3), variant->msr | MSR_EE);
	asm_guest_expect_stop(guest, irq(4));
	asm_guest_raise_external(guest);		/* enabled */
	expect_external(guest, irq(4), variant->msr | MSR_EE);
	asm_guest_expect_stop(guest, irq(5));
}

/* A level-triggered external interrupt comes again until it is cleared. (A5) */
TEST_F(debug, step_external_level)
{
	struct asm_guest *guest = &self->guest;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	asm_guest_goto(guest, irq(1));
	vcpu_interrupt(guest->vcpu, KVM_INTERRUPT_SET_LEVEL);
	asm_guest_expect(guest, STOP_AT(irq(2)), STOP_AT(irq(3)));
	expect_external(guest, irq(3), variant->msr | MSR_EE);
	expect_external(guest, irq(3), variant->msr | MSR_EE);
	vcpu_interrupt(guest->vcpu, KVM_INTERRUPT_UNSET);
	asm_guest_expect_stop(guest, irq(4));
}

GUEST_ASM(count_code,
	  "	addi	%r8, %r8, 1\n"
	  "	b	.-4\n");

#define NR_EXTERNALS	50

struct raiser {
	struct asm_guest_thread thread;
	struct asm_guest *guest;
	unsigned int taken;
};

/* Raise an interrupt when the one before it has been taken, and some time later. */
static void *raise_externals(void *arg)
{
	struct raiser *raiser = arg;
	unsigned int i;

	for (i = 0; i < NR_EXTERNALS; i++) {
		while (READ_ONCE(raiser->taken) < i && !READ_ONCE(raiser->thread.stop))
			usleep(10);
		usleep(i * 20);
		asm_guest_raise_external(raiser->guest);
	}
	return NULL;
}

/*
 * An external interrupt that another thread raises is taken between two
 * instructions. (A5)
 */
TEST_F(debug, step_external_at_any_time)
{
	struct asm_guest *guest = &self->guest;
	struct raiser raiser = { .guest = guest };
	u64 steps = 0;

	asm_guest_load_rfi_handler(guest, VEC_EXTERNAL);
	guest->regs.msr = variant->msr | MSR_EE;
	guest->regs.gpr[8] = 0;
	asm_guest_start_step(guest, count_code);
	asm_guest_start_thread(&raiser.thread, raise_externals, &raiser);
	while (raiser.taken < NR_EXTERNALS) {
		asm_guest_run(guest, KVM_EXIT_DEBUG);
		if (guest->regs.pc == VEC_EXTERNAL) {
			WRITE_ONCE(raiser.taken, raiser.taken + 1);
			TEST_ASSERT_EQ(guest->regs.srr0,
				       asm_guest_addr(guest, count_code + steps % 2));
			asm_guest_expect_stop(guest, count_code + steps % 2);
		} else {
			steps++;
			TEST_ASSERT_EQ(guest->regs.pc,
				       asm_guest_addr(guest, count_code + steps % 2));
		}
		TEST_ASSERT_EQ(guest->regs.gpr[8], (steps + 1) / 2);
	}
	asm_guest_join_thread(&raiser.thread);
}

/* r9 is the address of the magic page's critical. */
GUEST_ASM(critical_code,
	  "	sc\n"			/* KVM_HC_PPC_MAP_MAGIC_PAGE */
	  "	mtmsr	%r7\n"
	  "	stw	%r1, 0(%r9)\n"
	  "	nop\n"
	  "	stw	%r8, 0(%r9)\n"
	  "	nop\n");

/* An interrupt waits for the end of a paravirtualized guest's critical section. (A5) */
TEST_F(debug, step_critical_section)
{
	struct asm_guest *guest = &self->guest;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	guest->regs.gpr[0] = KVM_SC_MAGIC_R0;
	guest->regs.gpr[11] = KVM_HCALL_TOKEN(KVM_HC_PPC_MAP_MAGIC_PAGE);
	guest->regs.gpr[3] = GUEST_DATA;
	guest->regs.gpr[4] = asm_guest_data_addr(guest, GUEST_DATA);
	guest->regs.gpr[9] = guest->regs.gpr[4] + (variant->msr & MSR_LE ? 0 : 4) +
			     offsetof(struct kvm_vcpu_arch_shared, critical);
	asm_guest_start(guest, critical_code);
	asm_guest_expect(guest, STOP_AT(critical_code + 1), STOP_AT(critical_code + 2),
			 STOP_AT(critical_code + 3));
	asm_guest_raise_external(guest);
	asm_guest_expect(guest, STOP_AT(critical_code + 4), STOP_AT(critical_code + 5));
	expect_external(guest, critical_code + 5, variant->msr | MSR_EE);
}

#ifdef CONFIG_64BIT
GUEST_ASM(mtmsrd_ee_code,
	  "	mtmsrd	%r7, 1\n"
	  "	nop\n");

/* An external interrupt that mtmsrd with L = 1 enables is the next event. (A3, A5) */
TEST_F(debug, step_mtmsrd_external)
{
	struct asm_guest *guest = &self->guest;

	if (guest->cpu32)
		SKIP(return, "32-bit CPUs have no mtmsrd");

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	asm_guest_start(guest, mtmsrd_ee_code);
	asm_guest_raise_external(guest);
	asm_guest_expect_stop(guest, mtmsrd_ee_code + 1);
	expect_external(guest, mtmsrd_ee_code + 1, variant->msr | MSR_EE);
	asm_guest_expect_stop(guest, mtmsrd_ee_code + 2);
}
#endif /* CONFIG_64BIT */

/* An external interrupt is taken before the decrementer's, and both before irq(3). (A5) */
TEST_F(debug, step_external_and_decrementer)
{
	struct asm_guest *guest = &self->guest;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	expire_decrementer(guest);
	asm_guest_raise_external(guest);
	asm_guest_expect_stop(guest, irq(3));
	expect_external(guest, irq(3), variant->msr | MSR_EE);
	expect_decrementer(guest, irq(3), variant->msr | MSR_EE);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);
	asm_guest_expect_stop(guest, irq(4));
}

/* An interrupt that rfi to problem state enables is the next event. (A3, A5) */
TEST_F(debug, step_rfi_to_external)
{
	struct asm_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_PR | MSR_EE;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	guest->regs.srr0 = asm_guest_addr(guest, irq(3));
	guest->regs.srr1 = msr;
	asm_guest_goto(guest, irq_rfi);
	asm_guest_raise_external(guest);
	asm_guest_expect_stop(guest, irq(3));
	expect_external(guest, irq(3), msr);
	asm_guest_expect_stop(guest, irq(4));
	TEST_ASSERT_EQ(guest->regs.msr, msr);
}

/*
 * BLOCKIRQ holds interrupts back while stepping.  Synchronous ones are still taken,
 * and none is lost. (D3)  KVM PR raises no performance monitor interrupts.
 */
TEST_F(debug, blockirq_step)
{
	struct asm_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_EE;

	start_irq(guest, variant->msr, STEP_BLOCKIRQ);
	expire_decrementer(guest);
	asm_guest_raise_external(guest);
	asm_guest_expect(guest, STOP_AT(irq(3)), STOP_AT(irq(4)), STOP_AT(irq(5)));
	expect_interrupt(guest, VEC_SYSCALL, irq(6), msr);
	asm_guest_expect_stop(guest, irq(6));
	TEST_ASSERT_EQ(guest->regs.gpr[8], 2);

	asm_guest_control(guest, GUESTDBG_STEP);
	expect_external(guest, irq(6), msr);
	expect_decrementer(guest, irq(6), msr);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 2);
}

GUEST_ASM(osi_handler, GUEST_ASM_OSI);

/* BLOCKIRQ holds back the interrupts of a guest that runs freely. (D3) */
TEST_F(debug, blockirq_run)
{
	struct asm_guest *guest = &self->guest;

	start_irq(guest, variant->msr, RUN_BLOCKIRQ);
	asm_guest_load(guest, VEC_EXTERNAL, osi_handler);
	asm_guest_raise_external(guest);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 3);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_EE);

	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.pc,
		       VEC_EXTERNAL + 4 * (osi_handler_end - osi_handler));
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, irq_rfi));
}

GUEST_ASM(idle_code,
	  "	mtdec	%r5\n"
	  "	mtmsr	%r7\n"
	  "	nop\n"
	  "	nop\n");

static void start_idle(struct asm_guest *guest, u64 msr, u32 dec, u32 control)
{
	start_irq(guest, msr, control);
	guest->regs.gpr[5] = dec;
	guest->regs.gpr[7] |= MSR_POW;
	asm_guest_start(guest, idle_code);
}

#define DEC_NEVER	0x7fffffff
#define DEC_MS		200	/* much longer than a step takes on emulated hosts */

/* DEC_MS milliseconds of the time base */
static u32 dec_soon(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	unsigned long hz = 0;
	char line[256];

	TEST_ASSERT(file, "/proc/cpuinfo cannot be read");
	while (!hz && fgets(line, sizeof(line), file))
		sscanf(line, "timebase : %lu", &hz);
	fclose(file);
	TEST_ASSERT(hz, "/proc/cpuinfo has no timebase");
	return (u64)hz * DEC_MS / 1000;
}

/* The step over the mtmsr: the vCPU must have slept, not found DEC expired. */
static void expect_idle_step(struct asm_guest *guest, const u32 *label)
{
	u64 slept = vcpu_get_stat(guest->vcpu, halt_wait_ns);

	asm_guest_expect_stop(guest, label);
	TEST_ASSERT(vcpu_get_stat(guest->vcpu, halt_wait_ns) > slept,
		    "The guest did not sleep");
}

/* The step that makes the guest idle ends when the decrementer wakes it. (A8) */
TEST_F(debug, idle_decrementer)
{
	struct asm_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_EE;

	start_idle(guest, variant->msr, dec_soon(), GUESTDBG_STEP);
	asm_guest_expect_stop(guest, idle_code + 1);
	expect_idle_step(guest, idle_code + 2);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
	expect_decrementer(guest, idle_code + 2, msr);
	asm_guest_expect_stop(guest, idle_code + 3);
}

/* An interrupt that is held back wakes the guest, too. (A8, D3) */
TEST_F(debug, idle_decrementer_blockirq)
{
	struct asm_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_EE;

	start_idle(guest, variant->msr, dec_soon(), STEP_BLOCKIRQ);
	asm_guest_expect_stop(guest, idle_code + 1);
	expect_idle_step(guest, idle_code + 2);
	asm_guest_expect_stop(guest, idle_code + 3);

	asm_guest_control(guest, GUESTDBG_STEP);
	expect_decrementer(guest, idle_code + 3, msr);
}

/* Step until another thread's external interrupt has woken the idle guest. */
static void step_idle_external(struct asm_guest *guest, u64 msr, u32 control)
{
	struct asm_guest_waker waker;

	start_idle(guest, msr, DEC_NEVER, control);
	asm_guest_expect_stop(guest, idle_code + 1);
	asm_guest_wake_idle(guest, &waker);
	asm_guest_expect_stop(guest, idle_code + 2);
	asm_guest_expect_woken(&waker);
}

/* An external interrupt from another thread wakes the idle guest. (A8) */
TEST_F(debug, idle_external)
{
	struct asm_guest *guest = &self->guest;

	step_idle_external(guest, variant->msr, GUESTDBG_STEP);
	expect_external(guest, idle_code + 2, variant->msr | MSR_EE);
	asm_guest_expect_stop(guest, idle_code + 3);
}

/* An external interrupt that BLOCKIRQ holds back wakes the idle guest. (A8, D3) */
TEST_F(debug, idle_external_blockirq)
{
	struct asm_guest *guest = &self->guest;

	step_idle_external(guest, variant->msr, STEP_BLOCKIRQ);
	asm_guest_expect_stop(guest, idle_code + 3);
	asm_guest_control(guest, GUESTDBG_STEP);
	expect_external(guest, idle_code + 3, variant->msr | MSR_EE);
}

/*
 * A 64-bit CPU signals the interrupt while the decrementer is negative.  A 32-bit CPU
 * signals it once, when the decrementer becomes negative.
 */
GUEST_ASM(mtdec_code,
	  "	mtdec	%r9\n"
	  "	mtdec	%r5\n"
	  "	addi	%r8, %r8, 1\n"
	  "	mtdec	%r9\n"
	  "	mtmsr	%r7\n"
	  "	addi	%r8, %r8, 1\n"
	  "	nop\n");

#define DEC_NEGATIVE	0xfffff000

/* Up to mtdec_code + 2, where the decrementer has become negative */
static void start_mtdec(struct asm_guest *guest, u64 msr, u64 ee)
{
	start_irq(guest, msr, GUESTDBG_STEP);
	guest->regs.msr = msr | ee;
	guest->regs.gpr[5] = DEC_NEGATIVE;
	guest->regs.gpr[9] = DEC_NEVER;
	asm_guest_start(guest, mtdec_code);
	asm_guest_expect(guest, STOP_AT(mtdec_code + 1), STOP_AT(mtdec_code + 2));
}

/* mtdec of a negative value is an interrupt at once. (A5) */
TEST_F(debug, mtdec_negative)
{
	struct asm_guest *guest = &self->guest;

	start_mtdec(guest, variant->msr, MSR_EE);
	expect_decrementer(guest, mtdec_code + 2, variant->msr | MSR_EE);
	asm_guest_expect_stop(guest, mtdec_code + 3);
}

/*
 * mtdec of a positive value takes back the interrupt of 64-bit CPUs only. (A5)
 */
TEST_F(debug, mtdec_positive)
{
	struct asm_guest *guest = &self->guest;

	start_mtdec(guest, variant->msr, 0);
	asm_guest_expect(guest, STOP_AT(mtdec_code + 3), STOP_AT(mtdec_code + 4),
			 STOP_AT(mtdec_code + 5));
	if (guest->cpu32)
		expect_decrementer(guest, mtdec_code + 5, variant->msr | MSR_EE);
	asm_guest_expect_stop(guest, mtdec_code + 6);
}

/* A second mtdec of a negative value causes no second interrupt on 32-bit CPUs. (A5) */
TEST_F(debug, mtdec_negative_again)
{
	struct asm_guest *guest = &self->guest;

	start_mtdec(guest, variant->msr, MSR_EE);
	asm_guest_load_rfi_handler(guest, VEC_DECREMENTER);
	expect_interrupt(guest, VEC_DECREMENTER, mtdec_code + 2, variant->msr | MSR_EE);
	asm_guest_expect_stop(guest, mtdec_code + 2);
	asm_guest_goto(guest, mtdec_code + 1);
	if (!guest->cpu32) {
		expect_interrupt(guest, VEC_DECREMENTER, mtdec_code + 1,
				 variant->msr | MSR_EE);
		return;
	}
	asm_guest_expect(guest, STOP_AT(mtdec_code + 2), STOP_AT(mtdec_code + 3));
}

GUEST_ASM(dec_expiry_code,
	  "1:	mtdec	%r5\n"
	  "	mtdec	%r6\n"
	  "	addi	%r5, %r5, 5\n"
	  "	cmpw	%r5, %r11\n"
	  "	blt	2f\n"
	  "	li	%r5, 0\n"
	  "2:	addi	%r8, %r8, -1\n"
	  "	cmpwi	%r8, 0\n"
	  "	bne	1b\n"
	  GUEST_ASM_OSI);

GUEST_ASM(dec_expiry_handler,
	  "	addi	%r10, %r10, 1\n"
	  GUEST_ASM_RFI);

#define NR_EXPIRIES	200	/* of a run, which has to fit in its time limit */
#define NR_EXPIRY_RUNS	10
#define MAX_EXPIRY	5000	/* ticks */

/*
 * mtdec of a negative value, at about the time when the one before it becomes
 * negative, is one interrupt on 32-bit CPUs.
 */
TEST_F(debug, mtdec_at_expiry)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	if (!guest->cpu32)
		SKIP(return, "The decrementer signals a level");

	asm_guest_load(guest, VEC_DECREMENTER, dec_expiry_handler);
	guest->regs.msr = variant->msr | MSR_EE;
	guest->regs.gpr[5] = 0;
	guest->regs.gpr[6] = -1U;
	guest->regs.gpr[11] = MAX_EXPIRY;
	asm_guest_start(guest, dec_expiry_code);
	for (i = 0; i < NR_EXPIRY_RUNS; i++) {
		guest->regs.gpr[8] = NR_EXPIRIES;
		guest->regs.gpr[10] = 0;
		asm_guest_goto(guest, dec_expiry_code);
		asm_guest_run_to_osi(guest);
		TEST_ASSERT_EQ(guest->regs.gpr[10], NR_EXPIRIES);
	}
}

GUEST_ASM(dec_count_code,
	  "	mtdec	%r5\n"
	  "1:	cmpwi	%r10, 0\n"
	  "	beq	1b\n"
	  "	li	%r8, 1000\n"
	  "	mtctr	%r8\n"
	  "2:	bdnz	2b\n"
	  GUEST_ASM_OSI);

GUEST_ASM(dec_count_handler,
	  "	addi	%r10, %r10, 1\n"
	  "	cmpwi	%r10, 3\n"
	  "	bne	1f\n"
	  "	mtdec	%r9\n"
	  "1: " GUEST_ASM_RFI);

/*
 * The handler counts in r10 and returns at once.  In the third interrupt it makes the
 * decrementer positive.
 */
TEST_F(debug, decrementer_rfi)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load(guest, VEC_DECREMENTER, dec_count_handler);
	guest->regs.msr |= MSR_EE;
	guest->regs.gpr[5] = 1;
	guest->regs.gpr[9] = DEC_NEVER;
	guest->regs.gpr[10] = 0;
	asm_guest_start(guest, dec_count_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[10], guest->cpu32 ? 1 : 3);
}

TEST_HARNESS_MAIN
