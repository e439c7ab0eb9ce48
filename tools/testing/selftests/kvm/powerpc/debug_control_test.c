// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a debugger does besides stepping on KVM Book3S PR: control, registers,
 * signals, and more than one vCPU or thread
 *
 * Each case names the clause that it proves:
 *
 * A10 -EINTR loses nothing and reports nothing twice.
 * B1  The guest never sees the debugger's MSR[SE].
 * D1  Unknown control bits are refused, and change nothing.
 * D2  KVM_CAP_SET_GUEST_DEBUG2 says which bits are known.
 * D4  Hardware breakpoints that cannot stop the guest are refused.
 * D5  Nothing that is due to the guest is hidden from userspace, and none of it
 *     follows a PC that userspace moves.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "debug_fixture.h"

#define GUESTDBG_VALID							\
	(GUESTDBG_STEP | KVM_GUESTDBG_USE_SW_BP |			\
	 KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_BLOCKIRQ)

static bool have_hv(void)
{
	int kvm_fd = open_path_or_exit(KVM_DEV_PATH, O_RDWR);
	int vm_fd = __kvm_ioctl(kvm_fd, KVM_CREATE_VM, (void *)KVM_VM_PPC_HV);

	if (vm_fd >= 0)
		kvm_close(vm_fd);
	kvm_close(kvm_fd);
	return vm_fd >= 0;
}

/* D2: on the VM, and on /dev/kvm for what a VM is by default: HV if it can be */
TEST_F(debug, capability)
{
	TEST_ASSERT_EQ(vm_check_cap(self->guest.vm, KVM_CAP_SET_GUEST_DEBUG2),
		       GUESTDBG_VALID);
	TEST_ASSERT_EQ(kvm_check_cap(KVM_CAP_SET_GUEST_DEBUG2),
		       have_hv() ? GUESTDBG_SW_BP : GUESTDBG_VALID);
}

GUEST_ASM(nop_code,
	  "	mfmsr	%r5\n"
	  "nop_1: addi	%r6, %r6, 1\n"
	  "nop_2: addi	%r6, %r6, 1\n"
	  "nop_3: addi	%r6, %r6, 1\n"
	  "nop_4: addi	%r6, %r6, 1\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(nop_1[], nop_2[], nop_3[], nop_4[]);

static void start_nop(struct debug_guest *guest)
{
	guest->regs.gpr[6] = 0;
	debug_guest_start(guest, nop_code, nop_code_end);
}

static void expect_refused(struct debug_guest *guest, u32 control)
{
	struct kvm_guest_debug debug = { .control = control };
	int ret = __vcpu_ioctl(guest->vcpu, KVM_SET_GUEST_DEBUG, &debug);

	TEST_ASSERT(ret == -1 && errno == EINVAL, "Control 0x%x: %d, errno: %d",
		    control, ret, errno);
}

static void refuse_unknown(struct debug_guest *guest, u32 control)
{
	int i;

	for (i = 0; i < 32; i++)
		if (!(GUESTDBG_VALID & BIT(i)))
			expect_refused(guest, control | BIT(i));
}

/* D1: each unknown bit; stepping goes on, or stays off. */
TEST_F(debug, unknown_bits)
{
	struct debug_guest *guest = &self->guest;

	start_nop(guest);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, nop_1);
	refuse_unknown(guest, GUESTDBG_OFF);
	refuse_unknown(guest, KVM_GUESTDBG_ENABLE);
	debug_guest_expect_stop(guest, nop_2);

	debug_guest_control(guest, GUESTDBG_OFF);
	refuse_unknown(guest, GUESTDBG_STEP);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 4);
}

/* D4: what cannot be a stop is refused; debug_watch_test has more. */
TEST_F(debug, hardware_breakpoints)
{
	struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP,
		.arch.bp[15] = { GUEST_CODE + 1, KVMPPC_DEBUG_BREAKPOINT },
	};
	int ret = __vcpu_ioctl(self->guest.vcpu, KVM_SET_GUEST_DEBUG, &debug);

	TEST_ASSERT(ret == -1 && errno == EINVAL, "Result %d, errno: %d", ret, errno);
}

/* D1: what is not asked for is not looked at. */
TEST_F(debug, junk)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_guest_debug debug;

	start_nop(guest);
	memset(&debug, 0xff, sizeof(debug));
	debug.control = GUESTDBG_STEP | KVM_GUESTDBG_USE_SW_BP;
	vcpu_guest_debug_set(guest->vcpu, &debug);
	debug_guest_expect_stop(guest, nop_1);
	debug_guest_expect_stop(guest, nop_2);
}

/* D1: without ENABLE, all is off. */
TEST_F(debug, not_enabled)
{
	struct debug_guest *guest = &self->guest;

	start_nop(guest);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, nop_1);
	debug_guest_control(guest, GUESTDBG_VALID & ~KVM_GUESTDBG_ENABLE);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 4);
	TEST_ASSERT_EQ(guest->regs.gpr[5], variant->msr);
}

/* A1, B1: registers set between two steps are what the guest goes on with. */
GUEST_ASM(regs_code,
	  "	nop\n"
	  "regs_1: addi	%r6, %r6, 1\n"
	  "regs_2: mfmsr %r7\n"
	  "regs_3: fmr	%f2, %f1\n"
	  "regs_4: mfctr %r8\n"
	  "regs_5: blr\n"
	  "regs_6: nop\n");

GUEST_LABELS(regs_1[], regs_2[], regs_3[], regs_4[], regs_5[], regs_6[]);

TEST_F(debug, set_regs)
{
	struct debug_guest *guest = &self->guest;
	u64 val = 0x400921fb54442d18ULL;

	debug_guest_start(guest, regs_code, regs_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, regs_1);
	guest->regs.gpr[6] = 0x77;
	debug_guest_set_regs(guest);
	debug_guest_expect_stop(guest, regs_2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x78);

	debug_guest_goto(guest, regs_1);
	debug_guest_expect_stop(guest, regs_2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x79);

	guest->regs.msr |= MSR_FP | MSR_RI;
	debug_guest_set_regs(guest);
	debug_guest_expect_stop(guest, regs_3);
	TEST_ASSERT_EQ(guest->regs.gpr[7], variant->msr | MSR_FP | MSR_RI);

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(1), val);
	debug_guest_expect_stop(guest, regs_4);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(2)), val);

	guest->regs.ctr = 0x1234;
	guest->regs.lr = debug_guest_addr(guest, regs_1);
	guest->regs.msr |= MSR_PR;
	debug_guest_set_regs(guest);
	debug_guest_expect_stop(guest, regs_5);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0x1234);
	debug_guest_expect_stop(guest, regs_1);
	debug_guest_expect_stop(guest, regs_2);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_FP | MSR_RI | MSR_PR);
}

/* No clause: FSCR is not FPSCR. */
TEST_F(debug, set_fscr)
{
	struct debug_guest *guest = &self->guest;

	if (__vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FSCR, 0))
		SKIP(return, "There is no FSCR");

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPSCR, 0);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FSCR, 0x100);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FSCR), 0x100);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPSCR), 0);
}

/* No clause: nor is the checkpointed VSCR the VSCR. */
TEST_F(debug, set_tm_vscr)
{
	struct debug_guest *guest = &self->guest;

	if (__vcpu_set_reg(guest->vcpu, KVM_REG_PPC_TM_VSCR, 0))
		SKIP(return, "There is no transactional memory");

	debug_guest_set_reg32(guest, KVM_REG_PPC_VSCR, 0);
	debug_guest_set_reg32(guest, KVM_REG_PPC_TM_VSCR, 1);
	TEST_ASSERT_EQ(debug_guest_get_reg32(guest, KVM_REG_PPC_TM_VSCR), 1);
	TEST_ASSERT_EQ(debug_guest_get_reg32(guest, KVM_REG_PPC_VSCR), 0);
}

static u32 host_vrsave(void)
{
	unsigned long val;

	asm volatile("mfspr %0, 256" : "=r" (val));
	return val;
}

GUEST_ASM(vrsave_code,
	  "	mfspr	%r5, 256\n"
	  "	mtspr	256, %r6\n"
	  GUEST_ASM_OSI);

/* No clause: the guest and the thread that runs it have a VRSAVE each. */
TEST_F(debug, set_vrsave)
{
	struct debug_guest *guest = &self->guest;

	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_ALTIVEC))
		SKIP(return, "The CPU has no AltiVec");

	asm volatile("mtspr 256, %0" : : "r" (0x0f0f0f0f));
	debug_guest_set_reg32(guest, KVM_REG_PPC_VRSAVE, 0x12345678);
	guest->regs.gpr[6] = 0x9abcdef0;
	debug_guest_start(guest, vrsave_code, vrsave_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 0x12345678);
	TEST_ASSERT_EQ(debug_guest_get_reg32(guest, KVM_REG_PPC_VRSAVE),
		       0x9abcdef0);
	TEST_ASSERT_EQ(host_vrsave(), 0x0f0f0f0f);
}

GUEST_ASM(vscr_code,
	  "	mfvscr	%v0\n"
	  "	stvx	%v0, 0, %r5\n"
	  "	lvx	%v1, 0, %r6\n"
	  "	mtvscr	%v1\n"
	  GUEST_ASM_OSI);

#define VSCR_NJ		0x10000
#define VSCR_SAT	1

/* No clause: VSCR is what the guest has in the rightmost word. */
TEST_F(debug, set_vscr)
{
	struct debug_guest *guest = &self->guest;
	int word = variant->msr & MSR_LE ? 0 : 3, i;

	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_ALTIVEC))
		SKIP(return, "The CPU has no AltiVec");

	guest->regs.msr |= MSR_VEC;
	guest->regs.gpr[5] = GUEST_DATA;
	guest->regs.gpr[6] = GUEST_DATA + 16;
	debug_guest_write32(guest, GUEST_DATA + 16 + 4 * word, VSCR_SAT);
	debug_guest_set_reg32(guest, KVM_REG_PPC_VSCR, VSCR_NJ);
	debug_guest_start(guest, vscr_code, vscr_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	for (i = 0; i < 4; i++)
		TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 4 * i),
			       i == word ? VSCR_NJ : 0);
	TEST_ASSERT_EQ(debug_guest_get_reg32(guest, KVM_REG_PPC_VSCR), VSCR_SAT);
}

static void expect_eintr(struct debug_guest *guest)
{
	u64 pc = guest->regs.pc, msr = guest->regs.msr;

	debug_guest_complete(guest);
	TEST_ASSERT_EQ(guest->regs.pc, pc);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
}

/* A10, B1: nothing has been executed. */
TEST_F(debug, immediate_exit)
{
	struct debug_guest *guest = &self->guest;

	start_nop(guest);
	debug_guest_control(guest, GUESTDBG_STEP);
	expect_eintr(guest);
	debug_guest_expect_stop(guest, nop_1);
	TEST_ASSERT_EQ(guest->regs.gpr[5], variant->msr);
	expect_eintr(guest);
	expect_eintr(guest);
	debug_guest_expect_stop(guest, nop_2);
	expect_eintr(guest);
	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 4);
}

GUEST_ASM(mmio_code,
	  "	lwz	%r6, 0(%r5)\n"
	  "mmio_1: addi	%r6, %r6, 1\n"
	  "mmio_2: addi	%r6, %r6, 1\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(mmio_1[], mmio_2[]);

static void start_mmio(struct debug_guest *guest)
{
	guest->regs.gpr[5] = GUEST_MMIO;
	debug_guest_start(guest, mmio_code, mmio_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0, sizeof(guest->vcpu->run->mmio.data));
}

/* Completes the load, but cannot report it. */
static void complete_mmio(struct debug_guest *guest)
{
	debug_guest_complete(guest);
	TEST_ASSERT_EQ(guest->regs.pc, debug_guest_addr(guest, mmio_1));
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0);
}

/* A10: the step over an MMIO load is reported by a later KVM_RUN, once. */
TEST_F(debug, immediate_exit_mmio)
{
	struct debug_guest *guest = &self->guest;

	start_mmio(guest);
	complete_mmio(guest);
	debug_guest_expect_stop(guest, mmio_1);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0);
	debug_guest_expect_stop(guest, mmio_2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 1);
}

/* A10: nor does it wait for a later step, if stepping is turned off. */
TEST_F(debug, immediate_exit_mmio_off)
{
	struct debug_guest *guest = &self->guest;

	start_mmio(guest);
	complete_mmio(guest);
	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, mmio_2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 1);
}

/*
 * D5: the stop belongs to the PC at which the step ended.  A debugger that
 * moves the PC meanwhile starts there.
 */
TEST_F(debug, immediate_exit_mmio_moved)
{
	struct debug_guest *guest = &self->guest;

	start_mmio(guest);
	complete_mmio(guest);
	debug_guest_set_regs(guest);	/* to the same PC: no move */
	debug_guest_expect_stop(guest, mmio_1);

	start_mmio(guest);
	complete_mmio(guest);
	debug_guest_goto(guest, mmio_2);
	debug_guest_expect_pc(guest, debug_guest_addr(guest, mmio_2) + 4);
}

/* A10: the same for a hypercall that userspace has completed */
GUEST_ASM(osi_code,
	  "	sc\n"
	  "osi_1: addi	%r6, %r6, 1\n"
	  "osi_2: nop\n");

GUEST_LABELS(osi_1[], osi_2[]);

TEST_F(debug, immediate_exit_osi)
{
	struct debug_guest *guest = &self->guest;
	int i;

	debug_guest_start(guest, osi_code, osi_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_run(guest, KVM_EXIT_OSI);
	guest->vcpu->run->osi.gprs[6] = 7;
	for (i = 0; i < 2; i++) {
		debug_guest_complete(guest);
		TEST_ASSERT_EQ(guest->regs.pc, debug_guest_addr(guest, osi_1));
		TEST_ASSERT_EQ(guest->regs.gpr[6], 7);
	}
	debug_guest_expect_stop(guest, osi_1);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 7);
	debug_guest_expect_stop(guest, osi_2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 8);
}

/* A10: a signal, here to a guest that idles */
GUEST_ASM(idle_code,
	  "	mtmsr	%r5\n"
	  "idle_1: nop\n"
	  "idle_2: nop\n");

GUEST_LABELS(idle_1[], idle_2[]);

static void no_action(__always_unused int signum)
{
}

#define NR_SIGNALS 500

struct signaller {
	pthread_t me, target;
	bool stop;
};

/* More than once: a signal that comes before KVM_RUN does not end it. */
static void *signal_later(void *arg)
{
	struct signaller *signaller = arg;

	do {
		usleep(50000);
		pthread_kill(signaller->target, SIGUSR1);
	} while (!READ_ONCE(signaller->stop));
	return NULL;
}

TEST_F(debug, signal)
{
	struct sigaction sa = { .sa_handler = no_action };
	struct debug_guest *guest = &self->guest;
	struct signaller signaller = { .target = pthread_self() };
	int ret;

	TEST_ASSERT(!sigaction(SIGUSR1, &sa, NULL), "sigaction() failed");
	guest->regs.gpr[5] = variant->msr | MSR_POW;
	debug_guest_start(guest, idle_code, idle_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);

	debug_guest_start_thread(&signaller.me, signal_later, &signaller);
	ret = __debug_guest_run(guest);
	WRITE_ONCE(signaller.stop, true);
	TEST_ASSERT(!pthread_join(signaller.me, NULL), "pthread_join() failed");
	TEST_ASSERT_EQ(ret, -EINTR);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);

	debug_guest_expect_stop(guest, idle_1);
	debug_guest_expect_stop(guest, idle_2);
}

/*
 * D5: r5 counts interrupts in their handler, r6 what causes them.  Wherever a
 * signal ends KVM_RUN, each that has been caused has been taken.
 */
GUEST_ASM(count_handler,
	  "	addi	%r5, %r5, 1\n"
	  GUEST_ASM_RFI);

GUEST_ASM(sc_loop,
	  "1:	addi	%r6, %r6, 1\n"
	  "sc_loop_1: sc\n"
	  "	b	1b\n");

GUEST_ASM(trace_loop,
	  "trace_loop_0: mfmsr %r9\n"
	  "trace_loop_1: addi %r6, %r6, 3\n"
	  "trace_loop_2: b trace_loop_0\n");

GUEST_LABELS(sc_loop_1[], trace_loop_0[], trace_loop_1[], trace_loop_2[]);

/* Where the guest can be, and how much r6 is ahead of r5 there */
struct count_stop {
	const u32 *label;
	int ahead;
};

static void count_under_signals(struct debug_guest *guest, const struct count_stop *stops,
				unsigned int nr)
{
	const struct itimerspec every = {
		.it_value.tv_nsec = 300000, .it_interval.tv_nsec = 300000,
	};
	struct sigevent event = { .sigev_signo = SIGUSR1, .sigev_notify = SIGEV_SIGNAL };
	struct sigaction sa = { .sa_handler = no_action };
	unsigned int i, j;
	timer_t timer;

	TEST_ASSERT(!sigaction(SIGUSR1, &sa, NULL), "sigaction() failed");
	TEST_ASSERT(!timer_create(CLOCK_MONOTONIC, &event, &timer), "timer_create() failed");
	TEST_ASSERT(!timer_settime(timer, 0, &every, NULL), "timer_settime() failed");
	for (i = 0; i < NR_SIGNALS; i++) {
		TEST_ASSERT_EQ(__debug_guest_run(guest), -EINTR);
		if (guest->regs.pc < GUEST_CODE)
			continue;	/* in the handler */

		for (j = 0; j < nr; j++)
			if (guest->regs.pc == debug_guest_addr(guest, stops[j].label))
				break;
		TEST_ASSERT_EQ(guest->regs.gpr[6] - guest->regs.gpr[5],
			       j < nr ? (u64)stops[j].ahead : 0);
	}
	TEST_ASSERT(!timer_delete(timer), "timer_delete() failed");
}

TEST_F(debug, signal_syscall)
{
	static const struct count_stop stops[] = { { sc_loop_1, 1 } };
	struct debug_guest *guest = &self->guest;

	debug_guest_load(guest, VEC_SYSCALL, count_handler, count_handler_end);
	guest->regs.gpr[3] = 0;
	guest->regs.gpr[5] = 0;
	guest->regs.gpr[6] = 0;
	debug_guest_start(guest, sc_loop, sc_loop_end);
	count_under_signals(guest, stops, ARRAY_SIZE(stops));
}

/* D5: the same for the Trace interrupts of a guest's own MSR[SE] */
TEST_F(debug, signal_trace)
{
	static const struct count_stop stops[] = {
		{ trace_loop_1, -1 }, { trace_loop_2, 1 },
	};
	struct debug_guest *guest = &self->guest;

	debug_guest_load(guest, VEC_TRACE, count_handler, count_handler_end);
	guest->regs.gpr[5] = 0;
	guest->regs.gpr[6] = 0;
	guest->regs.msr |= MSR_SE;
	debug_guest_start(guest, trace_loop, trace_loop_end);
	count_under_signals(guest, stops, ARRAY_SIZE(stops));
}

/* D5: ... and when KVM_RUN only completes the load that MSR[SE] traces. */
TEST_F(debug, immediate_exit_trace)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.msr |= MSR_SE;
	start_mmio(guest);
	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_complete(guest);
	TEST_ASSERT_EQ(guest->regs.pc, VEC_TRACE);
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, mmio_1));
}

/* D5: the Trace interrupt that waits for the end of a step stays where it is. */
TEST_F(debug, trace_moved)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.msr |= MSR_SE;
	debug_guest_start(guest, regs_code, regs_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, regs_1);
	guest->regs.msr = variant->msr;
	debug_guest_goto(guest, regs_2);
	debug_guest_expect_stop(guest, regs_3);
}

/* A1, B1: two vCPUs.  r5 is the address of a flag to wait for, r6 counts. */
GUEST_ASM(wait_code,
	  "1:	addi	%r6, %r6, 1\n"
	  "	stw	%r6, 4(%r5)\n"
	  "	lwz	%r7, 0(%r5)\n"
	  "	cmpwi	%r7, 0\n"
	  "	beq	1b\n"
	  GUEST_ASM_OSI
	  "	nop\n");

static void *run_vcpu(void *vcpu)
{
	long ret = __vcpu_run(vcpu);

	return (void *)ret;
}

TEST_F(debug, two_vcpus)
{
	struct debug_guest *guest = &self->guest;
	const gpa_t code = 0x20000, data = GUEST_DATA;
	struct kvm_regs regs = guest->regs;
	struct kvm_vcpu *vcpu;
	pthread_t thread;
	void *ret;
	int i;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	vcpu = vm_vcpu_add_real_mode(guest->vm, 1);
	debug_guest_write32(guest, data, 0);
	debug_guest_write32(guest, data + 4, 0);
	debug_guest_load(guest, code, wait_code, wait_code_end);
	regs.pc = code;
	regs.gpr[5] = data;
	vcpu_regs_set(vcpu, &regs);
	debug_guest_start_thread(&thread, run_vcpu, vcpu);

	for (i = 0; i < 20; i++) {
		start_nop(guest);
		debug_guest_control(guest, GUESTDBG_STEP);
		debug_guest_expect_stop(guest, nop_1);
		debug_guest_expect_stop(guest, nop_2);
		usleep(1000);
		debug_guest_expect_stop(guest, nop_3);
		TEST_ASSERT_EQ(guest->regs.gpr[5], variant->msr);
	}
	for (i = 0; i < 100 && !debug_guest_read32(guest, data + 4); i++)
		usleep(10000);

	debug_guest_write32(guest, data, 1);
	TEST_ASSERT(!pthread_join(thread, &ret), "pthread_join() failed");
	TEST_ASSERT(!ret, "KVM_RUN failed");
	TEST_ASSERT_EQ(vcpu->run->exit_reason, KVM_EXIT_OSI);
	vcpu_regs_get(vcpu, &regs);
	TEST_ASSERT_EQ(regs.msr, variant->msr);
	TEST_ASSERT(regs.gpr[6] >= 1, "The other vCPU did not run");
}

/* D1: KVM_SET_GUEST_DEBUG from another thread waits for KVM_RUN to return. */
struct step_later {
	struct debug_guest *guest;
	bool begun, done;
};

static void *step_later(void *arg)
{
	struct step_later *later = arg;
	struct kvm_guest_debug debug = { .control = GUESTDBG_STEP };
	long ret;

	while (!debug_guest_read32(later->guest, GUEST_DATA + 4))
		usleep(1000);	/* until the guest runs */
	WRITE_ONCE(later->begun, true);
	ret = __vcpu_ioctl(later->guest->vcpu, KVM_SET_GUEST_DEBUG, &debug);
	WRITE_ONCE(later->done, true);
	return (void *)ret;
}

/* Let the guest exit, long after step_later() has called the ioctl. */
static void *release_later(void *arg)
{
	struct step_later *later = arg;
	bool done;

	while (!READ_ONCE(later->begun))
		usleep(1000);
	usleep(100000);
	done = READ_ONCE(later->done);
	debug_guest_write32(later->guest, GUEST_DATA, 1);
	return (void *)(long)done;
}

TEST_F(debug, control_from_other_thread)
{
	struct debug_guest *guest = &self->guest;
	u64 end = GUEST_CODE + (wait_code_end - wait_code) * sizeof(u32);
	struct step_later later = { .guest = guest };
	pthread_t thread, release;
	void *ret, *early;

	debug_guest_write32(guest, GUEST_DATA, 0);
	debug_guest_write32(guest, GUEST_DATA + 4, 0);
	guest->regs.gpr[5] = GUEST_DATA;
	debug_guest_start(guest, wait_code, wait_code_end);
	debug_guest_start_thread(&thread, step_later, &later);
	debug_guest_start_thread(&release, release_later, &later);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT(!pthread_join(thread, &ret), "pthread_join() failed");
	TEST_ASSERT(!pthread_join(release, &early), "pthread_join() failed");
	TEST_ASSERT(!early, "KVM_SET_GUEST_DEBUG returned before KVM_RUN");
	TEST_ASSERT(!ret, "KVM_SET_GUEST_DEBUG failed");
	TEST_ASSERT_EQ(guest->regs.pc, end - 4);
	debug_guest_expect_pc(guest, end);
}

TEST_HARNESS_MAIN
