// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floating-point registers of a KVM PR guest, and where it is, while another
 * thread on the same CPU interrupts it all the time
 *
 * KVM PR loads the guest's registers into the CPU when the guest needs them,
 * and the scheduler takes them away again.  In split real mode it adds an offset
 * to the guest's PC, which the scheduler takes away, too.  Wherever in between a
 * preemption comes, the guest finds its own values, and nobody else's.
 */
#include <sys/auxv.h>
#include <time.h>

#include "debug_guest.h"
#include "kselftest_harness.h"

#define RUN_SECONDS	4
#define NR_LOOPS	500	/* of the guest between two exits */
#define NR_FAULTS	2
#define OTHERS		0x4141414141414141ULL

/* Compare f0 and f31 with what memory has, until they differ or ctr is 0. */
GUEST_ASM(fp_code,
	  "	li	%r5, 0\n"
	  "	mtctr	%r8\n"
	  "	lfd	%f0, 0(%r9)\n"
	  "	lfd	%f31, 8(%r9)\n"
	  "1:	stfd	%f0, 16(%r9)\n"
	  "	stfd	%f31, 24(%r9)\n"
	  "	lwz	%r10, 0(%r9)\n"
	  "	lwz	%r11, 16(%r9)\n"
	  "	cmpw	%r10, %r11\n"
	  "	bne	2f\n"
	  "	lwz	%r10, 8(%r9)\n"
	  "	lwz	%r11, 24(%r9)\n"
	  "	cmpw	%r10, %r11\n"
	  "	bne	2f\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI
	  "2:	li	%r5, 1\n"
	  GUEST_ASM_OSI);

FIXTURE(pr_fp)
{
	struct debug_guest guest;
};

FIXTURE_SETUP(pr_fp)
{
	debug_guest_create(&self->guest, MSR_GUEST_REAL | MSR_FP);
}

FIXTURE_TEARDOWN(pr_fp)
{
	debug_guest_destroy(&self->guest);
}

#ifdef CONFIG_64BIT
GUEST_ASM(tm_code,
	  "	lfd	%f1, 0(%r9)\n"
	  "tm_1: lvx	%v1, 0, %r9\n"
	  "tm_2: nop\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(tm_1[], tm_2[]);

static void expect_loaded(struct debug_guest *guest, bool vmx)
{
	const void *memory = addr_gpa2hva(guest->vm, GUEST_DATA);
	u64 val[2];

	debug_guest_get_one_reg(guest, vmx ? KVM_REG_PPC_VR(1) : KVM_REG_PPC_FPR(1), val);
	TEST_ASSERT(!memcmp(val, memory, vmx ? 16 : 8),
		    "%s is lost: 0x%" PRIx64, vmx ? "v1" : "f1", val[0]);
}

static void clear_loaded(struct debug_guest *guest)
{
	static const u64 zero[2];

	debug_guest_set_one_reg(guest, KVM_REG_PPC_FPR(1), zero);
	debug_guest_set_one_reg(guest, KVM_REG_PPC_VR(1), zero);
}

/*
 * B4: what a guest with MSR[TM] puts into them in the first instructions of a
 * KVM_RUN is there after it, be it stepped or not.
 */
TEST_F(pr_fp, tm)
{
	struct debug_guest *guest = &self->guest;
	u32 i;

	if (!(getauxval(AT_HWCAP2) & PPC_FEATURE2_HAS_HTM))
		SKIP(return, "The host has no transactional memory");

	for (i = 0; i < 4; i++)
		debug_guest_write32(guest, GUEST_DATA + 4 * i, 0x3ff00001 + i);
	guest->regs.msr |= MSR_TM | MSR_VEC;
	guest->regs.gpr[9] = GUEST_DATA;

	clear_loaded(guest);
	debug_guest_start(guest, tm_code, tm_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, tm_1);
	expect_loaded(guest, false);
	debug_guest_expect_stop(guest, tm_2);
	expect_loaded(guest, true);

	clear_loaded(guest);
	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_goto(guest, tm_code);
	debug_guest_run(guest, KVM_EXIT_OSI);
	expect_loaded(guest, false);
	expect_loaded(guest, true);
}
#endif /* CONFIG_64BIT */

static void fill_fprs(const u64 *val)
{
	asm volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
		     "lfd	\\n, 0(%0)\n\t"
		     ".endr\n\t"
		     ".irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
		     "lfd	\\n, 0(%0)\n\t"
		     ".endr"
		     :
		     : "b" (val), "m" (*val)
		     : "fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7",
		       "fr8", "fr9", "fr10", "fr11", "fr12", "fr13", "fr14",
		       "fr15", "fr16", "fr17", "fr18", "fr19", "fr20", "fr21",
		       "fr22", "fr23", "fr24", "fr25", "fr26", "fr27", "fr28",
		       "fr29", "fr30", "fr31");
}

struct other {
	struct debug_guest_rival rival;
	long max_sleep;		/* ns */
};

static void *interrupt_often(void *arg)
{
	static const u64 others = OTHERS;
	struct other *other = arg;
	struct timespec time = {};

	/* It takes a while to the place to be hit: wake up at any distance. */
	while (!READ_ONCE(other->rival.stop)) {
		fill_fprs(&others);
		time.tv_nsec = random() % other->max_sleep;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
	}
	return NULL;
}

static s64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void run_loops(struct debug_guest *guest, const u32 *start, const u32 *end)
{
	debug_guest_start(guest, start, end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_complete(guest);
}

/*
 * The guest's loops for some seconds, on one CPU with the other thread, as long
 * as r5 is 0 at their end; EPERM if there cannot be such a thread.
 */
static int run_preempted(struct debug_guest *guest, const u32 *code, const u32 *code_end)
{
	struct other other = {};
	s64 start, end;
	int ret;

	/*
	 * Undisturbed, twice, as the first time is longer: if the other thread
	 * sleeps less than that, KVM may never come to enter the guest.
	 */
	run_loops(guest, code, code_end);
	start = now_ns();
	run_loops(guest, code, code_end);
	other.max_sleep = min(2 * (now_ns() - start), (s64)999999999);

	ret = debug_guest_start_rival(&other.rival, interrupt_often, &other);
	if (ret)
		return ret;
	end = now_ns() + RUN_SECONDS * 1000000000LL;
	while (!guest->regs.gpr[5] && now_ns() < end)
		run_loops(guest, code, code_end);
	debug_guest_end_rival(&other.rival);
	return 0;
}

/* No clause: the registers are not lost to a thread that preempts the vCPU. */
TEST_F(pr_fp, preempted)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_write32(guest, GUEST_DATA, 0x3ff00000);
	debug_guest_write32(guest, GUEST_DATA + 8, 0x40000000);
	guest->regs.gpr[8] = NR_LOOPS;
	guest->regs.gpr[9] = GUEST_DATA;

	if (run_preempted(guest, fp_code, fp_code_end))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");
	TEST_ASSERT(!guest->regs.gpr[5],
		    "The guest's f0 or f31 changed: words 0x%x, 0x%x",
		    debug_guest_read32(guest, GUEST_DATA + 16),
		    debug_guest_read32(guest, GUEST_DATA + 24));
}

FIXTURE(pr_split)
{
	struct debug_guest guest;
};

FIXTURE_SETUP(pr_split)
{
	debug_guest_create(&self->guest, MSR_GUEST_REAL & ~MSR_SF);
	debug_guest_use_bats(&self->guest);
}

FIXTURE_TEARDOWN(pr_split)
{
	debug_guest_destroy(&self->guest);
}

/* Loads that fault; the handler collects the top bytes of SRR0 in r5. */
GUEST_ASM(split_code,
	  "	li	%r5, 0\n"
	  "	mtctr	%r8\n"
	  "1:	lwz	%r10, 0(%r9)\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI);

GUEST_ASM(split_handler,
	  "	mfsrr0	%r10\n"
	  "	srwi	%r11, %r10, 24\n"
	  "	or	%r5, %r5, %r11\n"
	  "	clrlwi	%r10, %r10, 8\n"
	  "	addi	%r10, %r10, 4\n"
	  "	mtsrr0	%r10\n"
	  GUEST_ASM_RFI);

/*
 * C4: an interrupt in split real mode stores the guest's address in SRR0,
 * whenever the vCPU is preempted.
 */
TEST_F(pr_split, preempted)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_load(guest, VEC_DATA_STORAGE, split_handler, split_handler_end);
	guest->regs.msr |= MSR_DR;
	guest->regs.gpr[8] = NR_FAULTS;
	guest->regs.gpr[9] = GUEST_BAT_NOWHERE;

	if (run_preempted(guest, split_code, split_code_end))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");
	TEST_ASSERT(!guest->regs.gpr[5], "SRR0 has an offset of 0x%" PRIx64 "000000",
		    (u64)guest->regs.gpr[5]);
}

TEST_HARNESS_MAIN
