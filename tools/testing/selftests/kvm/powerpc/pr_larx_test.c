// SPDX-License-Identifier: GPL-2.0-only
/*
 * An instruction that KVM PR emulates, between a load-and-reserve and its store
 * conditional: the guest gets on, and the memory is as it should be
 *
 * The exit to KVM loses the reservation, each time.  So KVM has to execute the
 * sequence itself.  Without that, the guest is stuck in the first run of each
 * case.
 */
#include "debug_suite.h"

DEBUG_SUITE(debug);

#define NR_ADDS		200	/* for each KVM_RUN */
#define COUNTER		GUEST_DATA
#define OTHER		(GUEST_DATA + 0x100)
#define CR0_EQ		0x20000000
#define CR0_SO		0x10000000
#define XER_SO		0x80000000

/* r5 points to the counter, to which the guest adds 1 as often as r8 says. */
#define GUEST_ASM_ADD(larx, emulated, stcx)				\
	"1:	" larx "	%r6, 0, %r5\n"				\
	"	" emulated "\n"						\
	"	addi	%r6, %r6, 1\n"					\
	"	" stcx "	%r6, 0, %r5\n"				\
	"	bne-	1b\n"						\
	"	addic.	%r8, %r8, -1\n"					\
	"	bne	1b\n"						\
	GUEST_ASM_OSI
#define ADD_INSNS	7	/* in the loop */

GUEST_ASM(add_code, GUEST_ASM_ADD("lwarx", "mfmsr %r7", "stwcx."));
GUEST_ASM(add_native_code, GUEST_ASM_ADD("lwarx", "nop", "stwcx."));

static void start(struct asm_guest *guest, const u32 *code)
{
	guest->regs.gpr[8] = NR_ADDS;
	asm_guest_start(guest, code);
}

static void run(struct asm_guest *guest, const u32 *code)
{
	start(guest, code);
	asm_guest_run_to_osi(guest);
}

static void run_adds(struct asm_guest *guest, u64 ea)
{
	asm_guest_write32(guest, COUNTER, 5);
	guest->regs.gpr[5] = ea;
	run(guest, add_code);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 5 + NR_ADDS);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 5 + NR_ADDS);
}

/* The guest gets on, and adds exactly. */
TEST_F(debug, add)
{
	run_adds(&self->guest, COUNTER);
	TEST_ASSERT_EQ(self->guest.regs.gpr[7], variant->msr);
}

/* The guest gets on with translation of data only, and of instructions, too. */
TEST_F(debug, add_translated)
{
	struct asm_guest *guest = &self->guest;

	if (!guest->cpu32)
		SKIP(return, "64-bit guests have no BATs");

	asm_guest_set_mmu(guest, GUEST_MMU_BAT);
	guest->regs.msr |= MSR_DR;
	run_adds(guest, GUEST_EA_RAM + COUNTER);
	guest->regs.msr |= MSR_IR;
	guest->ea_offset = GUEST_EA_RAM;
	run_adds(guest, GUEST_EA_RAM + COUNTER);
}

/* If the guest may only read the counter, stwcx. causes a data storage interrupt. */
TEST_F(debug, add_read_only)
{
	struct asm_guest *guest = &self->guest;
	u64 ea = GUEST_EA_RAM_RO + COUNTER;

	if (!guest->cpu32)
		SKIP(return, "64-bit guests have no BATs");

	/* KVM looks at each emulated instruction after it has helped. */
	run_adds(guest, COUNTER);
	asm_guest_set_mmu(guest, GUEST_MMU_BAT);
	guest->regs.msr |= MSR_DR;
	guest->regs.gpr[5] = ea;
	start(guest, add_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.pc, VEC_DATA_STORAGE + 4);
	check_data_storage(guest, asm_guest_addr(guest, add_code + 3), ea,
			   DSISR_PROT | DSISR_STORE);
}

/* 32-bit guests ignore the upper half of a register with an address. */
TEST_F(debug, add_high_half)
{
	u64 high = sizeof(long) == 8 && !(variant->msr & MSR_SF) ? 0x500000000 : 0;

	run_adds(&self->guest, high | COUNTER);
}

GUEST_ASM(add_two_pages_code,
	  "	b	1f\n"
	  "	.space	0xff0\n"
	  GUEST_ASM_ADD("lwarx", "mfmsr %r7", "stwcx."));

/* The guest gets on if the store conditional is in the page that follows. */
TEST_F(debug, add_two_pages)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_write32(guest, COUNTER, 5);
	guest->regs.gpr[5] = COUNTER;
	run(guest, add_two_pages_code);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 5 + NR_ADDS);
}

#ifdef CONFIG_64BIT
GUEST_ASM(add8_code, GUEST_ASM_ADD("ldarx", "mfmsr %r7", "stdcx."));

/* The guest gets on with doublewords. */
TEST_F(debug, add_8)
{
	struct asm_guest *guest = &self->guest;
	u64 *counter = addr_gpa2hva(guest->vm, COUNTER);

	if (guest->cpu32)
		SKIP(return, "The CPU has no ldarx");

	*counter = asm_guest_swap64(guest, 0x1fffffff0);
	guest->regs.gpr[5] = COUNTER;
	run(guest, add8_code);
	TEST_ASSERT_EQ(asm_guest_swap64(guest, *counter),
		       0x1fffffff0 + NR_ADDS);
}

GUEST_ASM(add2_code, GUEST_ASM_ADD("lharx", "mfmsr %r7", "sthcx."));
GUEST_ASM(add1_code, GUEST_ASM_ADD("lbarx", "mfmsr %r7", "stbcx."));

/* The guest gets on with halfwords and bytes. */
TEST_F(debug, add_small)
{
	struct asm_guest *guest = &self->guest;

	if (!host_has_isa_2_07())
		SKIP(return, "The CPU has no lharx");

	asm_guest_write32(guest, COUNTER, 0x11223344);
	guest->regs.gpr[5] = COUNTER;
	run(guest, add2_code);
	guest->regs.gpr[5] = COUNTER + 2;
	run(guest, add1_code);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), variant->msr & MSR_LE ?
		       0x11ea340c : 0x11eafb44);
}
#endif /* CONFIG_64BIT */

GUEST_ASM(more_code,
	  "	mtsprg	0, %r8\n"
	  "1:	lwarx	%r6, 0, %r5\n"
	  "	mfsprg	%r20, 0\n"
	  "	cmpwi	%r6, 0\n"
	  "	blt-	3f\n"
	  "	rlwinm	%r9, %r6, 4, 0, 27\n"
	  "	.long	0x7ce03526\n"		/* mfsrin r7, r6 */
	  "	add	%r9, %r9, %r20\n"
	  "	sync\n"
	  "	lwz	%r10, 4(%r5)\n"
	  "	mtsprg	1, %r9\n"
	  "	mulli	%r21, %r10, 3\n"
	  "	b	2f\n"
	  "	li	%r21, 0\n"
	  "2:	isync\n"
	  "	add	%r21, %r21, %r6\n"
	  "	stwcx.	%r21, 0, %r5\n"
	  "	bne-	1b\n"
	  "	mfcr	%r11\n"
	  "	mfsprg	%r12, 1\n"
	  "	addic.	%r8, %r8, -1\n"
	  "	bne	1b\n"
	  "3:\n"
	  GUEST_ASM_OSI);

/*
 * Other instructions stand between, which compute, compare, branch
 * and read, and the summary overflow bit is copied to CR0.
 */
TEST_F(debug, more_between)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_write32(guest, COUNTER, 5);
	asm_guest_write32(guest, COUNTER + 4, 7);
	guest->regs.gpr[5] = COUNTER;
	guest->regs.xer = XER_SO;
	run(guest, more_code);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 5 + 21 * NR_ADDS);
	TEST_ASSERT_EQ(guest->regs.gpr[10], 7);
	TEST_ASSERT_EQ(guest->regs.gpr[11] >> 28, (CR0_EQ | CR0_SO) >> 28);
	TEST_ASSERT_EQ(guest->regs.gpr[12],
		       (5 + 21 * (NR_ADDS - 1)) * 16 + NR_ADDS);
	TEST_ASSERT_EQ(guest->regs.gpr[20], NR_ADDS);
	TEST_ASSERT_EQ(guest->regs.gpr[21], 5 + 21 * NR_ADDS);
}

/* r10 counts the successes. */
#define NR_FAILURES	300

#define GUEST_ASM_FAIL(before)						\
	"1:\n"								\
	before								\
	"	mfmsr	%r7\n"						\
	"	stwcx.	%r6, 0, %r5\n"					\
	"	bne-	2f\n"						\
	"	addi	%r10, %r10, 1\n"				\
	"2:	addic.	%r8, %r8, -1\n"					\
	"	bne	1b\n"						\
	GUEST_ASM_OSI

GUEST_ASM(fail_code, GUEST_ASM_FAIL(""));
GUEST_ASM(fail_other_code, GUEST_ASM_FAIL("	lwarx	%r6, 0, %r12\n"));
GUEST_ASM(fail_size_code, GUEST_ASM_FAIL("	ldarx	%r6, 0, %r5\n"));
GUEST_ASM(fail_used_code, GUEST_ASM_FAIL("	lwarx	%r6, 0, %r5\n"
					 "	stwcx.	%r9, 0, %r12\n"));

static void run_failures(struct asm_guest *guest, const u32 *code)
{
	/* KVM looks at each emulated instruction after it has helped. */
	run_adds(guest, COUNTER);

	asm_guest_write32(guest, COUNTER, 1);
	asm_guest_write32(guest, OTHER, 2);
	start(guest, code);
	guest->regs.gpr[6] = 99;
	guest->regs.gpr[8] = NR_FAILURES;
	guest->regs.gpr[9] = 2;
	guest->regs.gpr[10] = 0;
	guest->regs.gpr[12] = OTHER;
	asm_guest_set_regs(guest);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[10], 0);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 1);
	TEST_ASSERT_EQ(asm_guest_read32(guest, OTHER), 2);
}

/* A store conditional fails without a load-and-reserve. */
TEST_F(debug, no_reservation)
{
	run_failures(&self->guest, fail_code);
}

/* It fails after one of another address or size, or another store conditional. */
TEST_F(debug, other_reservation)
{
	struct asm_guest *guest = &self->guest;

	run_failures(guest, fail_other_code);
	if (!guest->cpu32)
		run_failures(guest, fail_size_code);
	run_failures(guest, fail_used_code);
}

/* Another thread changes the word all the time. */
struct adder {
	struct asm_guest_thread thread;
	struct asm_guest *guest;
	u32 nr;
};

static void *add_on_host(void *arg)
{
	struct adder *adder = arg;
	u32 *counter = addr_gpa2hva(adder->guest->vm, COUNTER), old, new;

	for (; !READ_ONCE(adder->thread.stop); adder->nr++) {
		old = READ_ONCE(*counter);
		do {
			new = asm_guest_swap32(adder->guest,
					       asm_guest_swap32(adder->guest, old) + 1);
		} while (!__atomic_compare_exchange_n(counter, &old, new, false,
						      __ATOMIC_RELAXED, __ATOMIC_RELAXED));

		/*
		 * Let the guest add, too.  Emulated CPUs that take turns do so at
		 * system calls.
		 */
		do {
			sched_yield();
		} while (READ_ONCE(*counter) == new && !READ_ONCE(adder->thread.stop));
	}
	return NULL;
}

#define NR_RUNS		50	/* of NR_ADDS additions each */

static void run_more(struct asm_guest *guest, const u32 *code)
{
	int i;

	for (i = 0; i < NR_RUNS; i++)
		run(guest, code);
}

/* The guest's additions are not lost to those of another thread. */
TEST_F(debug, add_against_host)
{
	struct asm_guest *guest = &self->guest;
	struct adder adder = { .guest = guest };
	int i;

	asm_guest_write32(guest, COUNTER, 0);
	guest->regs.gpr[5] = COUNTER;
	asm_guest_start_thread(&adder.thread, add_on_host, &adder);
	for (i = 0; i < NR_RUNS || !READ_ONCE(adder.nr); i++)
		run(guest, add_code);
	asm_guest_stop_thread(&adder.thread);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), i * NR_ADDS + adder.nr);
}

struct other_vcpu {
	struct asm_guest guest;
	int nr;
};

static void *add_on_vcpu(void *arg)
{
	struct other_vcpu *other = arg;
	struct kvm_vcpu *vcpu = other->guest.vcpu;

	for (; other->nr < NR_RUNS; other->nr++) {
		asm_guest_set_regs(&other->guest);
		if (__vcpu_run(vcpu) || vcpu->run->exit_reason != KVM_EXIT_OSI)
			break;

		/* KVM takes the registers from kvm_run. */
		vcpu->run->immediate_exit = 1;
		__vcpu_run(vcpu);
		vcpu->run->immediate_exit = 0;
	}
	return NULL;
}

static void run_both(struct asm_guest *guest, struct other_vcpu *other, const u32 *code)
{
	struct asm_guest_thread thread;

	asm_guest_write32(guest, COUNTER, 0);
	guest->regs.gpr[5] = COUNTER;
	other->nr = 0;
	other->guest.regs.gpr[5] = COUNTER;
	start(&other->guest, code);
	asm_guest_start_thread(&thread, add_on_vcpu, other);
	run_more(guest, add_code);
	asm_guest_join_thread(&thread);
	TEST_ASSERT_EQ(other->nr, NR_RUNS);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 2 * NR_RUNS * NR_ADDS);
}

/* Two vCPUs add to the same word, with KVM's help and without. */
TEST_F(debug, add_on_both)
{
	struct asm_guest *guest = &self->guest;
	struct other_vcpu other;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	asm_guest_add(&other.guest, guest, 1);
	run_both(guest, &other, add_code);
	run_both(guest, &other, add_native_code);
}

#define DEC_TICKS	0x20000	/* 0.25 to 5 ms */

GUEST_ASM(add_irq_code,
	  "	mtdec	%r9\n"
	  GUEST_ASM_ADD("lwarx", "mfmsr %r7", "stwcx."));

GUEST_ASM(decrementer_handler,
	  "	mtdec	%r9\n"
	  "	addi	%r29, %r29, 1\n"
	  GUEST_ASM_RFI);

/* Interrupts come between, and their handler is executed. */
TEST_F(debug, add_with_interrupts)
{
	struct asm_guest *guest = &self->guest;
	int i;

	asm_guest_load(guest, VEC_DECREMENTER, decrementer_handler);
	guest->regs.msr |= MSR_EE;
	guest->regs.gpr[5] = COUNTER;
	guest->regs.gpr[9] = DEC_TICKS;
	guest->regs.gpr[29] = 0;
	asm_guest_write32(guest, COUNTER, 0);
	run(guest, add_irq_code);
	for (i = 1; i < NR_RUNS || !guest->regs.gpr[29]; i++)
		run(guest, add_code);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), i * NR_ADDS);
}

/* KVM's stores are in the log of dirty pages, without a load by the CPU before. */
TEST_F(debug, add_is_logged)
{
	struct asm_guest *guest = &self->guest;
	unsigned int page = COUNTER / getpagesize();
	u8 dirty[GUEST_RAM_SIZE / 4096 / 8] __aligned(8) = {};

	vm_mem_region_set_flags(guest->vm, 0, KVM_MEM_LOG_DIRTY_PAGES);
	run_adds(guest, COUNTER);
	kvm_vm_get_dirty_log(guest->vm, 0, dirty);
	memset(dirty, 0, sizeof(dirty));
	guest->regs.gpr[8] = 1;
	asm_guest_goto(guest, add_code + 1);
	asm_guest_run_to_osi(guest);
	kvm_vm_get_dirty_log(guest->vm, 0, dirty);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 5 + NR_ADDS + 1);
	TEST_ASSERT(dirty[page / 8] >> page % 8 & 1,
		    "The page is not in the log");
}

/* With a debugger, each instruction is a step, and the loop gets on. (A2, B4) */
TEST_F(debug, step)
{
	struct asm_guest *guest = &self->guest;
	int i;

	run_adds(guest, COUNTER);
	start(guest, add_code);
	asm_guest_control(guest, GUESTDBG_STEP);
	for (i = 1; i <= 3 * ADD_INSNS; i++)
		asm_guest_expect_stop(guest, add_code + i % ADD_INSNS);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 5 + NR_ADDS + 3);

	asm_guest_control(guest, GUESTDBG_OFF);
	run_adds(guest, COUNTER);
}

/* A stepped stwcx. fails after an interrupt, as it does on the CPU. (A5) */
TEST_F(debug, step_interrupt)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load_rfi_handler(guest, VEC_EXTERNAL);
	asm_guest_write32(guest, COUNTER, 5);
	guest->regs.msr |= MSR_EE;
	guest->regs.gpr[5] = COUNTER;
	start(guest, add_code);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect(guest, STOP_AT(add_code + 1), STOP_AT(add_code + 2));
	asm_guest_raise_external(guest);
	asm_guest_expect(guest, STOP_PC(VEC_EXTERNAL), STOP_AT(add_code + 2),
			 STOP_AT(add_code + 3), STOP_AT(add_code + 4), STOP_AT(add_code));
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 5);
}

static void load_breakpoint(struct asm_guest *guest, unsigned int nr)
{
	guest->regs.gpr[6] = 0;
	guest->regs.cr = 0;
	start(guest, add_code);
	asm_guest_write32(guest, guest->code + 4 * nr, INST_SW_BREAKPOINT);
	asm_guest_control(guest, GUESTDBG_SW_BP);
	asm_guest_expect_stop(guest, add_code + nr);
}

/*
 * A breakpoint in the sequence stops the guest.  From the load-and-reserve
 * to one after the store conditional, as debuggers step over it, it succeeds.
 * (C1)
 */
TEST_F(debug, breakpoint)
{
	struct asm_guest *guest = &self->guest;

	run_adds(guest, COUNTER);
	/* An interrupt that the guest does not enable must not make a difference. */
	asm_guest_raise_external(guest);
	load_breakpoint(guest, 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 5 + NR_ADDS);
	load_breakpoint(guest, 4);
	TEST_ASSERT_EQ(guest->regs.cr & CR0_EQ, CR0_EQ);
	TEST_ASSERT_EQ(asm_guest_read32(guest, COUNTER), 5 + NR_ADDS + 1);
}

TEST_HARNESS_MAIN
