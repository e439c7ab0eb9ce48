// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping into and out of interrupts on KVM Book3S PR
 *
 * Each case names the clause that it proves:
 *
 * A3  Stepping survives rfi and mtmsr, here with interrupts coming up.
 * A4  The step over an instruction that causes an interrupt stops at the vector.
 * A5  So does the step that finds an asynchronous interrupt deliverable.
 * A8  The step over an instruction that makes the guest idle ends when it wakes.
 * D3  KVM_GUESTDBG_BLOCKIRQ holds asynchronous interrupts back.
 */
#include <sys/auxv.h>

#include "debug_fixture.h"

#define STEP_BLOCKIRQ	(GUESTDBG_STEP | KVM_GUESTDBG_BLOCKIRQ)
#define RUN_BLOCKIRQ	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_BLOCKIRQ)

/* The bits of SRR1 that say why, instead of what the MSR was */
#define SRR1_CAUSE	0x783f0000ULL

/* A4: instructions that cause an interrupt */
GUEST_ASM(fault_code,
	  "	.machine push\n"
	  "	.machine power8\n"
	  "fault_sc: sc\n"
	  "fault_after_sc: nop\n"
	  "	nop\n"
	  "fault_tw: trap\n"
	  "	nop\n"
	  "fault_twi: twi 4, %r5, 0x55\n"	/* r5 == 0x55 */
	  "	nop\n"
	  "fault_td: td 4, %r5, %r5\n"
	  "	nop\n"
	  "fault_tdi: tdi 4, %r5, 0x55\n"
	  "	nop\n"
	  "fault_illegal: .long 0\n"
	  "	nop\n"
	  "fault_privileged: mfmsr %r6\n"
	  "	nop\n"
	  "fault_alignment: lwarx %r6, 0, %r7\n"	/* r7 is odd */
	  "	nop\n"
	  "fault_fp: fmr %f1, %f2\n"
	  "	nop\n"
	  "fault_altivec: vor %v1, %v2, %v2\n"
	  "	nop\n"
	  "fault_vsx: xxlor %vs1, %vs2, %vs2\n"
	  "	nop\n"
	  "fault_facility: mfspr %r6, 815\n"	/* TAR */
	  "	nop\n"
	  "	nop\n"
	  "	.machine pop\n");

GUEST_LABELS(fault_sc[], fault_after_sc[], fault_tw[], fault_twi[], fault_td[],
	     fault_tdi[], fault_illegal[], fault_privileged[],
	     fault_alignment[], fault_fp[], fault_altivec[], fault_vsx[],
	     fault_facility[]);

static void start_fault(struct debug_guest *guest, const u32 *label, u64 msr)
{
	guest->regs.msr = msr;
	guest->regs.gpr[5] = 0x55;
	guest->regs.gpr[6] = 0x66;
	guest->regs.gpr[7] = GUEST_DATA + 1;
	debug_guest_start(guest, fault_code, fault_code_end);
	debug_guest_goto(guest, label);
	debug_guest_control(guest, GUESTDBG_STEP);
}

/* To the vector, through the handler, and on: seven stops */
static void step_fault(struct debug_guest *guest, const u32 *label, u64 vector,
		       u64 msr, u64 cause)
{
	u64 pc;

	debug_guest_load_skip_handler(guest, vector);
	start_fault(guest, label, msr);
	pc = guest->regs.pc;

	debug_guest_expect_pc(guest, vector);
	TEST_ASSERT_EQ(guest->regs.srr0, pc);
	TEST_ASSERT_EQ(guest->regs.srr1, (msr & ~SRR1_CAUSE) | cause);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x66);

	debug_guest_step_skip_handler(guest);
	TEST_ASSERT_EQ(guest->regs.pc, pc + 4);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
	debug_guest_expect_pc(guest, pc + 8);
}

/* The same in supervisor and in problem state */
static void step_fault_both(struct debug_guest *guest, const u32 *label,
			    u64 vector, u64 msr, u64 cause)
{
	step_fault(guest, label, vector, msr, cause);
	step_fault(guest, label, vector, msr | MSR_PR, cause);
}

TEST_F(debug, step_tw)
{
	step_fault_both(&self->guest, fault_tw, VEC_PROGRAM, variant->msr,
			SRR1_PROGTRAP);
}

/* A4 */
TEST_F(debug, step_twi)
{
	step_fault_both(&self->guest, fault_twi, VEC_PROGRAM, variant->msr,
			SRR1_PROGTRAP);
}

/* A4 */
TEST_F(debug, step_illegal)
{
	step_fault_both(&self->guest, fault_illegal, VEC_PROGRAM, variant->msr,
			SRR1_PROGILL);
}

/* A4 */
TEST_F(debug, step_alignment)
{
	step_fault_both(&self->guest, fault_alignment, VEC_ALIGNMENT, variant->msr,
			0);
	TEST_ASSERT_EQ(vcpu_get_reg(self->guest.vcpu, KVM_REG_PPC_DAR),
		       GUEST_DATA + 1);
}

/* A4 */
TEST_F(debug, step_fp)
{
	step_fault_both(&self->guest, fault_fp, VEC_FP_UNAVAIL, variant->msr,
			0);
}

#ifdef CONFIG_64BIT
/* A4 */
TEST_F(debug, step_td)
{
	step_fault_both(&self->guest, fault_td, VEC_PROGRAM, variant->msr,
			SRR1_PROGTRAP);
}

/* A4 */
TEST_F(debug, step_tdi)
{
	step_fault_both(&self->guest, fault_tdi, VEC_PROGRAM, variant->msr,
			SRR1_PROGTRAP);
}
#endif

/* A4 */
TEST_F(debug, step_privileged)
{
	step_fault(&self->guest, fault_privileged, VEC_PROGRAM,
		   variant->msr | MSR_PR, SRR1_PROGPRIV);
}

/* A4 */
TEST_F(debug, step_altivec)
{
	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_ALTIVEC))
		SKIP(return, "The CPU has no AltiVec");

	step_fault_both(&self->guest, fault_altivec, VEC_ALTIVEC_UNAVAIL,
			variant->msr, 0);
}

/* A4 */
TEST_F(debug, step_vsx)
{
	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_VSX))
		SKIP(return, "The CPU has no VSX");

	step_fault_both(&self->guest, fault_vsx, VEC_VSX_UNAVAIL,
			variant->msr | MSR_FP | MSR_VEC, 0);
}

/* A4 */
TEST_F(debug, step_facility)
{
	if (!(getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07))
		SKIP(return, "The CPU has no FSCR");

	step_fault_both(&self->guest, fault_facility, VEC_FACILITY_UNAVAIL,
			variant->msr, 0);
}

/* A4: a system call, from either state; SRR0 is the next instruction. */
GUEST_ASM(rfi_handler, GUEST_ASM_RFI);

TEST_F(debug, step_sc)
{
	struct debug_guest *guest = &self->guest;
	u64 msrs[] = { variant->msr, variant->msr | MSR_PR };
	unsigned int i;

	debug_guest_load(guest, VEC_SYSCALL, rfi_handler, rfi_handler_end);
	guest->regs.gpr[3] = 0;
	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		start_fault(guest, fault_sc, msrs[i]);
		debug_guest_expect_pc(guest, VEC_SYSCALL);
		TEST_ASSERT_EQ(guest->regs.srr0,
			       debug_guest_addr(guest, fault_after_sc));
		TEST_ASSERT_EQ(guest->regs.srr1, msrs[i] & ~SRR1_CAUSE);
		debug_guest_expect_stop(guest, fault_after_sc);
		TEST_ASSERT_EQ(guest->regs.msr, msrs[i]);
	}
}

/* No clause: a system call leaves the guest all of its registers. */
GUEST_ASM(keep_code,
	  "	sc\n"
	  GUEST_ASM_OSI);

TEST_F(debug, syscall_registers)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_load(guest, VEC_SYSCALL, rfi_handler, rfi_handler_end);
	guest->regs.gpr[3] = 0;
	guest->regs.gpr[12] = 0x1212;
	guest->regs.gpr[13] = 0x1313;
	guest->regs.ctr = 0x12345678;
	guest->regs.cr = 0x82418241;
	debug_guest_start(guest, keep_code, keep_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[12], 0x1212);
	TEST_ASSERT_EQ(guest->regs.gpr[13], 0x1313);
	TEST_ASSERT_EQ(guest->regs.ctr, 0x12345678);
	TEST_ASSERT_EQ(guest->regs.cr, 0x82418241);
}

/* A4: where no memory is, nothing can be executed, nor be repeated. */
GUEST_ASM(fetch_code,
	  "	lwz	%r6, 0(%r7)\n"
	  "	mtctr	%r8\n"
	  "fetch_jump: bctr\n");

GUEST_LABELS(fetch_jump[]);

TEST_F(debug, step_fetch_from_nowhere)
{
	struct debug_guest *guest = &self->guest;
	u64 nowhere = GUEST_MMIO + 0x40;

	guest->regs.gpr[7] = GUEST_MMIO;
	guest->regs.gpr[8] = nowhere;
	debug_guest_start(guest, fetch_code, fetch_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);

	debug_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0x66, 4);
	debug_guest_run(guest, KVM_EXIT_DEBUG);
	debug_guest_expect_stop(guest, fetch_jump);
	debug_guest_expect_pc(guest, nowhere);
	debug_guest_expect_pc(guest, VEC_MACHINE_CHECK);
	TEST_ASSERT_EQ(guest->regs.srr0, nowhere);
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr & ~SRR1_CAUSE);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x66666666);
}

/*
 * A5: asynchronous interrupts, enabled by mtmsr (at irq_2) or by rfi.  r5 is a
 * decrementer that is about to expire, r7 the MSR with EE.
 */
GUEST_ASM(irq_code,
	  "	mtdec	%r5\n"
	  "irq_1: nop\n"
	  "irq_2: mtmsr	%r7\n"
	  "irq_3: addi	%r8, %r8, 1\n"
	  "irq_4: addi	%r8, %r8, 1\n"
	  "irq_5: sc\n"
	  "irq_6: addi	%r8, %r8, 1\n"
	  GUEST_ASM_OSI
	  "irq_rfi: " GUEST_ASM_RFI);

GUEST_LABELS(irq_1[], irq_2[], irq_3[], irq_4[], irq_5[], irq_6[], irq_rfi[]);

GUEST_ASM(dec_handler,
	  "	lis	%r31, 0x7fff\n"
	  "	mtdec	%r31\n"
	  GUEST_ASM_RFI);

static void start_irq(struct debug_guest *guest, u64 msr, u32 control)
{
	debug_guest_load(guest, VEC_EXTERNAL, rfi_handler, rfi_handler_end);
	debug_guest_load(guest, VEC_SYSCALL, rfi_handler, rfi_handler_end);
	debug_guest_load(guest, VEC_DECREMENTER, dec_handler, dec_handler_end);

	guest->regs.gpr[3] = 0;		/* no OSI at irq_5 */
	guest->regs.gpr[5] = 1;
	guest->regs.gpr[7] = msr | MSR_EE;
	guest->regs.gpr[8] = 0;
	debug_guest_start(guest, irq_code, irq_code_end);
	debug_guest_control(guest, control);
}

/* Let the decrementer expire, while it is disabled. */
static void expire_decrementer(struct debug_guest *guest)
{
	debug_guest_expect_stop(guest, irq_1);
	usleep(20000);
	debug_guest_expect_stop(guest, irq_2);
}

static void expect_interrupt(struct debug_guest *guest, u64 vector,
			     const u32 *srr0, u64 srr1)
{
	debug_guest_expect_pc(guest, vector);
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, srr0));
	TEST_ASSERT_EQ(guest->regs.srr1, srr1);
}

static void expect_external(struct debug_guest *guest, const u32 *srr0, u64 srr1)
{
	expect_interrupt(guest, VEC_EXTERNAL, srr0, srr1);
	debug_guest_expect_stop(guest, srr0);
}

static void expect_decrementer(struct debug_guest *guest, const u32 *srr0,
			       u64 srr1)
{
	expect_interrupt(guest, VEC_DECREMENTER, srr0, srr1);
	debug_guest_expect_pc(guest, VEC_DECREMENTER + 4);
	debug_guest_expect_pc(guest, VEC_DECREMENTER + 8);
	debug_guest_expect_stop(guest, srr0);
}

TEST_F(debug, step_decrementer)
{
	struct debug_guest *guest = &self->guest;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	expire_decrementer(guest);
	debug_guest_expect_stop(guest, irq_3);		/* mtmsr done, */
	expect_decrementer(guest, irq_3, variant->msr | MSR_EE);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);
	debug_guest_expect_stop(guest, irq_4);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 1);
}

/* A5 */
TEST_F(debug, step_external)
{
	struct debug_guest *guest = &self->guest;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	debug_guest_goto(guest, irq_1);
	debug_guest_raise_external(guest);
	debug_guest_expect_stop(guest, irq_2);		/* disabled */
	debug_guest_expect_stop(guest, irq_3);
	expect_external(guest, irq_3, variant->msr | MSR_EE);
	debug_guest_expect_stop(guest, irq_4);
	debug_guest_raise_external(guest);		/* enabled */
	expect_external(guest, irq_4, variant->msr | MSR_EE);
	debug_guest_expect_stop(guest, irq_5);
}

/* A5: the external one has priority, and both are taken before irq_3. */
TEST_F(debug, step_external_and_decrementer)
{
	struct debug_guest *guest = &self->guest;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	expire_decrementer(guest);
	debug_guest_raise_external(guest);
	debug_guest_expect_stop(guest, irq_3);
	expect_external(guest, irq_3, variant->msr | MSR_EE);
	expect_decrementer(guest, irq_3, variant->msr | MSR_EE);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);
	debug_guest_expect_stop(guest, irq_4);
}

/* A3, A5: enabled by rfi, to problem state */
TEST_F(debug, step_rfi_to_external)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_PR | MSR_EE;

	start_irq(guest, variant->msr, GUESTDBG_STEP);
	guest->regs.srr0 = debug_guest_addr(guest, irq_3);
	guest->regs.srr1 = msr;
	debug_guest_goto(guest, irq_rfi);
	debug_guest_raise_external(guest);
	debug_guest_expect_stop(guest, irq_3);
	expect_external(guest, irq_3, msr);
	debug_guest_expect_stop(guest, irq_4);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
}

/* D3: held back while stepping, with synchronous ones going on, and not lost */
TEST_F(debug, blockirq_step)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_EE;

	start_irq(guest, variant->msr, STEP_BLOCKIRQ);
	expire_decrementer(guest);
	debug_guest_raise_external(guest);
	debug_guest_expect_stop(guest, irq_3);
	debug_guest_expect_stop(guest, irq_4);
	debug_guest_expect_stop(guest, irq_5);
	expect_interrupt(guest, VEC_SYSCALL, irq_6, msr);
	debug_guest_expect_stop(guest, irq_6);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 2);

	debug_guest_control(guest, GUESTDBG_STEP);
	expect_external(guest, irq_6, msr);
	expect_decrementer(guest, irq_6, msr);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 2);
}

/* D3: the same, running freely; the guest then exits at the vector. */
GUEST_ASM(osi_handler, GUEST_ASM_OSI);

TEST_F(debug, blockirq_run)
{
	struct debug_guest *guest = &self->guest;

	start_irq(guest, variant->msr, RUN_BLOCKIRQ);
	debug_guest_load(guest, VEC_EXTERNAL, osi_handler, osi_handler_end);
	debug_guest_raise_external(guest);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 3);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_EE);

	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.pc,
		       VEC_EXTERNAL + 4 * (osi_handler_end - osi_handler));
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, irq_rfi));
}

/* A8: idle until an interrupt is there to wake the guest up */
GUEST_ASM(idle_code,
	  "	mtdec	%r5\n"
	  "idle_1: mtmsr %r7\n"
	  "idle_2: nop\n"
	  "idle_3: nop\n");

GUEST_LABELS(idle_1[], idle_2[], idle_3[]);

static void start_idle(struct debug_guest *guest, u64 msr, u32 dec, u32 control)
{
	start_irq(guest, msr, control);
	guest->regs.gpr[5] = dec;
	guest->regs.gpr[7] |= MSR_POW;
	debug_guest_start(guest, idle_code, idle_code_end);
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
static void expect_idle_step(struct debug_guest *guest, const u32 *label)
{
	struct timespec start, slept;

	clock_gettime(CLOCK_MONOTONIC, &start);
	debug_guest_expect_stop(guest, label);
	slept = timespec_elapsed(start);
	TEST_ASSERT(slept.tv_sec || slept.tv_nsec > DEC_MS * 1000000 / 10,
		    "The guest did not sleep");
}

TEST_F(debug, idle_decrementer)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_EE;

	start_idle(guest, variant->msr, dec_soon(), GUESTDBG_STEP);
	debug_guest_expect_stop(guest, idle_1);
	expect_idle_step(guest, idle_2);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
	expect_decrementer(guest, idle_2, msr);
	debug_guest_expect_stop(guest, idle_3);
}

/* A8, D3: what is held back wakes the guest, too. */
TEST_F(debug, idle_decrementer_blockirq)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_EE;

	start_idle(guest, variant->msr, dec_soon(), STEP_BLOCKIRQ);
	debug_guest_expect_stop(guest, idle_1);
	expect_idle_step(guest, idle_2);
	debug_guest_expect_stop(guest, idle_3);

	debug_guest_control(guest, GUESTDBG_STEP);
	expect_decrementer(guest, idle_3, msr);
}

/* A8: woken up from another thread */
TEST_F(debug, idle_external)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_EE;
	struct debug_guest_waker waker;

	start_idle(guest, variant->msr, DEC_NEVER, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, idle_1);

	debug_guest_wake_later(guest, &waker);
	debug_guest_expect_stop(guest, idle_2);
	debug_guest_expect_woken(&waker);

	expect_external(guest, idle_2, msr);
	debug_guest_expect_stop(guest, idle_3);
}

/*
 * The decrementer.  On 64-bit CPUs its interrupt is there for as long as the
 * decrementer is negative; on 32-bit ones it comes when the decrementer becomes
 * negative, and has gone when it has been taken.
 */
GUEST_ASM(mtdec_code,
	  "	mtdec	%r9\n"
	  "mtdec_1: mtdec %r5\n"
	  "mtdec_2: addi %r8, %r8, 1\n"
	  "mtdec_3: mtdec %r9\n"
	  "mtdec_4: mtmsr %r7\n"
	  "mtdec_5: addi %r8, %r8, 1\n"
	  "mtdec_6: nop\n");

GUEST_LABELS(mtdec_1[], mtdec_2[], mtdec_3[], mtdec_4[], mtdec_5[], mtdec_6[]);

#define DEC_NEGATIVE	0xfffff000

static bool dec_is_edge(u64 msr)
{
	return !(msr & MSR_SF);
}

/* Up to mtdec_2, where the decrementer has become negative */
static void start_mtdec(struct debug_guest *guest, u64 msr, u64 ee)
{
	if (!(msr & MSR_SF))
		debug_guest_use_bats(guest);	/* a 32-bit CPU */
	start_irq(guest, msr, GUESTDBG_STEP);
	guest->regs.msr = msr | ee;
	guest->regs.gpr[5] = DEC_NEGATIVE;
	guest->regs.gpr[9] = DEC_NEVER;
	debug_guest_start(guest, mtdec_code, mtdec_code_end);
	debug_guest_expect_stop(guest, mtdec_1);
	debug_guest_expect_stop(guest, mtdec_2);
}

/* A5: mtdec of a negative value is an interrupt at once. */
TEST_F(debug, mtdec_negative)
{
	struct debug_guest *guest = &self->guest;

	start_mtdec(guest, variant->msr, MSR_EE);
	expect_decrementer(guest, mtdec_2, variant->msr | MSR_EE);
	debug_guest_expect_stop(guest, mtdec_3);
}

/* A5: mtdec of a positive value takes back the interrupt of 64-bit CPUs only. */
TEST_F(debug, mtdec_positive)
{
	struct debug_guest *guest = &self->guest;

	start_mtdec(guest, variant->msr, 0);
	debug_guest_expect_stop(guest, mtdec_3);
	debug_guest_expect_stop(guest, mtdec_4);
	debug_guest_expect_stop(guest, mtdec_5);
	if (dec_is_edge(variant->msr))
		expect_decrementer(guest, mtdec_5, variant->msr | MSR_EE);
	debug_guest_expect_stop(guest, mtdec_6);
}

/* A5: one negative value after the other is one interrupt on 32-bit CPUs. */
TEST_F(debug, mtdec_negative_again)
{
	struct debug_guest *guest = &self->guest;

	start_mtdec(guest, variant->msr, MSR_EE);
	debug_guest_load(guest, VEC_DECREMENTER, rfi_handler, rfi_handler_end);
	expect_interrupt(guest, VEC_DECREMENTER, mtdec_2, variant->msr | MSR_EE);
	debug_guest_expect_stop(guest, mtdec_2);
	debug_guest_goto(guest, mtdec_1);
	if (!dec_is_edge(variant->msr)) {
		expect_interrupt(guest, VEC_DECREMENTER, mtdec_1,
				 variant->msr | MSR_EE);
		return;
	}
	debug_guest_expect_stop(guest, mtdec_2);
	debug_guest_expect_stop(guest, mtdec_3);
}

/*
 * B4: r10 interrupts are taken until the guest goes on, by a handler that
 * returns at once, and sets the decrementer in the third one.
 */
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

TEST_F(debug, decrementer_rfi)
{
	struct debug_guest *guest = &self->guest;

	if (!(variant->msr & MSR_SF))
		debug_guest_use_bats(guest);
	debug_guest_load(guest, VEC_DECREMENTER, dec_count_handler,
			 dec_count_handler_end);
	guest->regs.msr |= MSR_EE;
	guest->regs.gpr[5] = 1;
	guest->regs.gpr[9] = DEC_NEVER;
	guest->regs.gpr[10] = 0;
	debug_guest_start(guest, dec_count_code, dec_count_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[10], dec_is_edge(variant->msr) ? 1 : 3);
}

TEST_HARNESS_MAIN
