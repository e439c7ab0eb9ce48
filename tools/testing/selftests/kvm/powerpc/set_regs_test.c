// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_REGS on KVM PR
 *
 * What a new MSR brings with it (floating-point registers to be loaded, shadow
 * segments to be dropped) has to happen to the vCPU, whichever thread calls
 * and whether or not the vCPU has run: the registers of the calling thread are
 * its own, and the guest goes on in the state that was set.
 */
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "debug_guest.h"
#include "kselftest_harness.h"

FIXTURE(set_regs)
{
	struct debug_guest guest;
};

FIXTURE_SETUP(set_regs)
{
	debug_guest_create(&self->guest, MSR_GUEST_REAL);
}

FIXTURE_TEARDOWN(set_regs)
{
	debug_guest_destroy(&self->guest);
}

#define NR_PROBED_FPRS	18	/* f14 to f31 */

/* Load f14 to f31, make a system call, store them: nothing else in between. */
static long ioctl_with_fprs(int fd, unsigned long cmd, void *arg,
			    const double *in, double *out)
{
	register unsigned long r0 asm("r0") = __NR_ioctl;
	register unsigned long r3 asm("r3") = fd;
	register unsigned long r4 asm("r4") = cmd;
	register unsigned long r5 asm("r5") = (unsigned long)arg;

	asm volatile(".irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
		     "lfd	\\n, 8*(\\n-14)(%[in])\n\t"
		     ".endr\n\t"
		     "sc\n\t"
		     ".irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
		     "stfd	\\n, 8*(\\n-14)(%[out])\n\t"
		     ".endr\n\t"
		     "bns+	1f\n\t"
		     "neg	3, 3\n"
		     "1:"
		     : "+r" (r0), "+r" (r3), "+r" (r4), "+r" (r5)
		     : [in] "b" (in), [out] "b" (out)
		     : "memory", "cr0", "ctr", "xer",
		       "r6", "r7", "r8", "r9", "r10", "r11", "r12",
		       "fr14", "fr15", "fr16", "fr17", "fr18", "fr19",
		       "fr20", "fr21", "fr22", "fr23", "fr24", "fr25",
		       "fr26", "fr27", "fr28", "fr29", "fr30", "fr31");

	return (long)r3;
}

#define NR_TRIES	100

/*
 * No clause: MSR[FP] set by KVM_SET_REGS leaves the caller's registers alone.
 * Tried often, since a caller that happens to be preempted in the ioctl gets
 * its registers back whether KVM has overwritten them or not, and with other
 * values each time, since they may have become the guest's. KVM_GET_SREGS makes
 * KVM forget what it has loaded, so that each try is like the first.
 */
TEST_F(set_regs, host_fprs)
{
	struct debug_guest *guest = &self->guest;
	double in[NR_PROBED_FPRS], out[NR_PROBED_FPRS] = {};
	struct kvm_sregs sregs;
	int try, i;
	long ret;

	guest->regs.msr |= MSR_FP;
	for (try = 0; try < NR_TRIES; try++) {
		for (i = 0; i < NR_PROBED_FPRS; i++)
			in[i] = 3.25 + i + try * NR_PROBED_FPRS;

		ret = ioctl_with_fprs(guest->vcpu->fd, KVM_SET_REGS,
				      &guest->regs, in, out);
		TEST_ASSERT(!ret, "KVM_SET_REGS failed, errno: %ld", -ret);
		for (i = 0; i < NR_PROBED_FPRS; i++)
			TEST_ASSERT(in[i] == out[i],
				    "f%d was %f, is %f after KVM_SET_REGS",
				    14 + i, in[i], out[i]);
		vcpu_sregs_get(guest->vcpu, &sregs);
	}
}

/* No clause: the guest's registers reach the guest, and come back from it. */
GUEST_ASM(fpr_code,
	  "	fmr	%f15, %f14\n"
	  GUEST_ASM_OSI);

TEST_F(set_regs, guest_fprs)
{
	struct debug_guest *guest = &self->guest;
	u64 val = 0x4002000000000000ULL;	/* 2.25 */

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(14), val);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(15), 0);
	guest->regs.msr |= MSR_FP;
	debug_guest_start(guest, fpr_code, fpr_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(14)), val);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(15)), val);
}

/*
 * A change of MSR[PR] changes the segments that the host's MMU has to use for
 * the guest, in real mode as well.  Run in one state to have a segment in use;
 * change to the other one, and go on in a page not yet touched: with the old
 * segment still in place, the fault on this page can never be resolved.
 */
GUEST_ASM(report_code,
	  "	addi	%r5, %r5, 1\n"
	  GUEST_ASM_OSI);

static void change_state(struct debug_guest *guest, u64 msr1, u64 msr2)
{
	/* Two pages of a size that any host may use */
	const gpa_t page1 = 0x20000, page2 = 0x40000;

	debug_guest_load(guest, page1, report_code, report_code_end);
	debug_guest_load(guest, page2, report_code, report_code_end);

	guest->regs.msr = msr1;
	guest->regs.pc = page1;
	guest->regs.gpr[5] = 0;
	debug_guest_set_regs(guest);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);

	/* KVM takes the GPRs of the OSI exit back when it runs next. */
	guest->regs.msr = msr2;
	guest->regs.pc = page2;
	debug_guest_set_regs(guest);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 2);
	TEST_ASSERT_EQ(guest->regs.msr, msr2);
}

/* No clause */
TEST_F(set_regs, supervisor_to_problem)
{
	change_state(&self->guest, MSR_GUEST_REAL, MSR_GUEST_REAL | MSR_PR);
}

/* No clause */
TEST_F(set_regs, problem_to_supervisor)
{
	change_state(&self->guest, MSR_GUEST_REAL | MSR_PR, MSR_GUEST_REAL);
}

/*
 * No clause: MSR[POW] makes the CPU sleep that executes mtmsr.  Userspace that
 * sets registers does not execute it, and must not be the one that sleeps:
 * nobody could wake it up but by a signal.
 */
static sig_atomic_t slept;

static void wake_up(__always_unused int signum)
{
	WRITE_ONCE(slept, 1);
}

TEST_F(set_regs, msr_pow)
{
	struct sigaction sa = { .sa_handler = wake_up };
	struct debug_guest *guest = &self->guest;

	TEST_ASSERT(!sigaction(SIGALRM, &sa, NULL), "sigaction() failed");
	guest->regs.gpr[5] = 0;
	guest->regs.msr |= MSR_POW;
	alarm(5);
	debug_guest_start(guest, report_code, report_code_end);
	alarm(0);
	TEST_ASSERT(!READ_ONCE(slept), "KVM_SET_REGS slept until a signal came");

	/* Nor is the guest idle, or has that bit in its MSR. */
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);
	TEST_ASSERT_EQ(guest->regs.msr, MSR_GUEST_REAL);
}

#ifdef CONFIG_64BIT
/* No clause: MSR[TM] and MSR[TS] do not exist without transactional memory. */
TEST_F(set_regs, no_transactions)
{
	struct debug_guest *guest = &self->guest;

	if (getauxval(AT_HWCAP2) & PPC_FEATURE2_HAS_HTM)
		SKIP(return, "The host has transactional memory");

	guest->regs.msr |= MSR_TM | MSR_TS_S;
	debug_guest_set_regs(guest);
	vcpu_regs_get(guest->vcpu, &guest->regs);
	TEST_ASSERT_EQ(guest->regs.msr, MSR_GUEST_REAL);
}
#endif

TEST_HARNESS_MAIN
