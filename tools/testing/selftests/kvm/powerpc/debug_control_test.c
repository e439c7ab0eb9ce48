// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a debugger does besides stepping on KVM Book3S PR: control, registers,
 * signals, and more than one vCPU or thread
 */
#include <linux/kvm_para.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "debug_suite.h"

DEBUG_SUITE(debug);

#define GUESTDBG_VALID							\
	(GUESTDBG_STEP | KVM_GUESTDBG_USE_SW_BP |			\
	 KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_BLOCKIRQ)

/* The capabilities say which control bits a VM, or the default VM, knows. (D2) */
TEST_F(debug, capability)
{
	TEST_ASSERT_EQ(kvm_check_cap(KVM_CAP_SET_GUEST_DEBUG), 1);
	TEST_ASSERT_EQ(vm_check_cap(self->guest.vm, KVM_CAP_SET_GUEST_DEBUG2),
		       GUESTDBG_VALID);
	TEST_ASSERT_EQ(kvm_check_cap(KVM_CAP_SET_GUEST_DEBUG2),
		       powerpc_has_vm_type(KVM_VM_PPC_HV) ? GUESTDBG_SW_BP : GUESTDBG_VALID);
	TEST_ASSERT_EQ(vm_check_cap(self->guest.vm, KVM_CAP_PPC_GUEST_DEBUG_SSTEP), 1);
}

GUEST_ASM(nop_code,
	  "	mfmsr	%r5\n"
	  "	addi	%r6, %r6, 1\n"
	  "	addi	%r6, %r6, 1\n"
	  "	addi	%r6, %r6, 1\n"
	  "	addi	%r6, %r6, 1\n"
	  GUEST_ASM_OSI);

static void start_nop(struct asm_guest *guest)
{
	guest->regs.gpr[5] = 0;
	guest->regs.gpr[6] = 0;
	asm_guest_start(guest, nop_code);
}

static void expect_refused(struct asm_guest *guest, u32 control)
{
	struct kvm_guest_debug debug = { .control = control };
	int ret = __vcpu_ioctl(guest->vcpu, KVM_SET_GUEST_DEBUG, &debug);

	TEST_ASSERT(ret == -1 && errno == EINVAL, "Control 0x%x: %d, errno: %d",
		    control, ret, errno);
}

static void refuse_unknown(struct asm_guest *guest, u32 control)
{
	int i;

	for (i = 0; i < 32; i++)
		if (!(GUESTDBG_VALID & BIT(i)))
			expect_refused(guest, control | BIT(i));
}

/* Each unknown bit is refused; stepping goes on, or stays off. (D1) */
TEST_F(debug, unknown_bits)
{
	struct asm_guest *guest = &self->guest;

	start_nop(guest);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, nop_code + 1);
	refuse_unknown(guest, GUESTDBG_OFF);
	refuse_unknown(guest, KVM_GUESTDBG_ENABLE);
	asm_guest_expect_stop(guest, nop_code + 2);

	asm_guest_control(guest, GUESTDBG_OFF);
	refuse_unknown(guest, GUESTDBG_STEP);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 4);
}

/* What cannot be a hardware breakpoint is refused; debug_watch_test has more. (D4) */
TEST_F(debug, hardware_breakpoints)
{
	struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP,
		.arch.bp[15] = { GUEST_CODE + 1, KVMPPC_DEBUG_BREAKPOINT },
	};
	int ret = __vcpu_ioctl(self->guest.vcpu, KVM_SET_GUEST_DEBUG, &debug);

	TEST_ASSERT(ret == -1 && errno == EINVAL, "Result %d, errno: %d", ret, errno);
}

/* Members of struct kvm_guest_debug that control does not ask for are ignored. (D1) */
TEST_F(debug, junk)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_guest_debug debug;

	start_nop(guest);
	memset(&debug, 0xff, sizeof(debug));
	debug.control = GUESTDBG_STEP | KVM_GUESTDBG_USE_SW_BP;
	vcpu_guest_debug_set(guest->vcpu, &debug);
	asm_guest_expect(guest, STOP_AT(nop_code + 1), STOP_AT(nop_code + 2));
}

/* Without ENABLE all is off, and an interrupt is not held back. (D1) */
TEST_F(debug, not_enabled)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load(guest, VEC_EXTERNAL, nop_code);
	start_nop(guest);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, nop_code + 1);
	asm_guest_control(guest, GUESTDBG_VALID & ~KVM_GUESTDBG_ENABLE);
	guest->regs.msr |= MSR_EE;
	guest->regs.gpr[5] = 0;
	asm_guest_set_regs(guest);
	asm_guest_raise_external(guest);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 4);
	TEST_ASSERT_EQ(guest->regs.gpr[5] | MSR_SF, variant->msr | MSR_SF);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, nop_code + 1));
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr | MSR_EE);
}

GUEST_ASM(regs_code,
	  "	nop\n"
	  "	addi	%r6, %r6, 1\n"
	  "	mfmsr	%r7\n"
	  "	fmr	%f2, %f1\n"
	  "	mfctr	%r8\n"
	  "	blr\n"
	  "	nop\n");

/* Registers set between two steps are what the guest goes on with. (A1, B1) */
TEST_F(debug, set_regs)
{
	struct asm_guest *guest = &self->guest;
	u64 val = 0x400921fb54442d18ULL;

	asm_guest_start_step(guest, regs_code);
	asm_guest_expect_stop(guest, regs_code + 1);
	guest->regs.gpr[6] = 0x77;
	asm_guest_set_regs(guest);
	asm_guest_expect_stop(guest, regs_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x78);

	asm_guest_goto(guest, regs_code + 1);
	asm_guest_expect_stop(guest, regs_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x79);

	guest->regs.msr |= MSR_FP | MSR_RI;
	asm_guest_set_regs(guest);
	asm_guest_expect_stop(guest, regs_code + 3);
	TEST_ASSERT_EQ(guest->regs.gpr[7], variant->msr | MSR_FP | MSR_RI);

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(1), val);
	asm_guest_expect_stop(guest, regs_code + 4);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(2)), val);

	guest->regs.ctr = 0x1234;
	guest->regs.lr = asm_guest_addr(guest, regs_code + 1);
	guest->regs.msr |= MSR_PR;
	asm_guest_set_regs(guest);
	asm_guest_expect_stop(guest, regs_code + 5);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0x1234);
	asm_guest_expect(guest, STOP_AT(regs_code + 1), STOP_AT(regs_code + 2));
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_FP | MSR_RI | MSR_PR);
}

GUEST_ASM(vrsave_code,
	  "	mfspr	%r5, " __stringify(SPRN_VRSAVE) "\n"
	  "	mtspr	" __stringify(SPRN_VRSAVE) ", %r6\n"
	  GUEST_ASM_OSI);

/* The guest and the thread that runs it have a VRSAVE each. */
TEST_F(debug, set_vrsave)
{
	struct asm_guest *guest = &self->guest;

	if (!host_has_altivec())
		SKIP(return, "The CPU has no AltiVec");

	mtspr(SPRN_VRSAVE, 0x0f0f0f0f);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_VRSAVE, 0x12345678);
	guest->regs.gpr[6] = 0x9abcdef0;
	asm_guest_start(guest, vrsave_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 0x12345678);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_VRSAVE),
		       0x9abcdef0);
	TEST_ASSERT_EQ(mfspr(SPRN_VRSAVE), 0x0f0f0f0fUL);
}

GUEST_ASM(vscr_code,
	  "	mfvscr	%v0\n"
	  "	stvx	%v0, 0, %r5\n"
	  "	lvx	%v1, 0, %r6\n"
	  "	mtvscr	%v1\n"
	  GUEST_ASM_OSI);

#define VSCR_NJ		0x10000
#define VSCR_SAT	1

/* VSCR is what the guest has in the rightmost word. */
TEST_F(debug, set_vscr)
{
	struct asm_guest *guest = &self->guest;
	int word = variant->msr & MSR_LE ? 0 : 3, i;

	if (!host_has_altivec())
		SKIP(return, "The CPU has no AltiVec");

	guest->regs.msr |= MSR_VEC;
	guest->regs.gpr[5] = GUEST_DATA;
	guest->regs.gpr[6] = GUEST_DATA + 16;
	asm_guest_write32(guest, GUEST_DATA + 16 + 4 * word, VSCR_SAT);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_VSCR, VSCR_NJ);
	asm_guest_start(guest, vscr_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	for (i = 0; i < 4; i++)
		TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 4 * i),
			       i == word ? VSCR_NJ : 0);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_VSCR), VSCR_SAT);
}

static void expect_eintr(struct asm_guest *guest)
{
	u64 pc = guest->regs.pc, msr = guest->regs.msr;

	asm_guest_run_immediate_exit(guest);
	TEST_ASSERT_EQ(guest->regs.pc, pc);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
}

/* KVM_RUN that returns -EINTR at once has executed nothing. (A10, B1) */
TEST_F(debug, immediate_exit)
{
	struct asm_guest *guest = &self->guest;

	start_nop(guest);
	asm_guest_control(guest, GUESTDBG_STEP);
	expect_eintr(guest);
	asm_guest_expect_stop(guest, nop_code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[5], variant->msr);
	expect_eintr(guest);
	expect_eintr(guest);
	asm_guest_expect_stop(guest, nop_code + 2);
	expect_eintr(guest);
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 4);
}

GUEST_ASM(mmio_code,
	  "	lwz	%r6, 0(%r5)\n"
	  "	addi	%r6, %r6, 1\n"
	  "	addi	%r6, %r6, 1\n"
	  GUEST_ASM_OSI);

static void start_mmio(struct asm_guest *guest)
{
	guest->regs.gpr[5] = GUEST_MMIO;
	guest->regs.gpr[6] = 0x66;
	asm_guest_start_step(guest, mmio_code);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0, sizeof(guest->vcpu->run->mmio.data));
}

/* Completes the load, but cannot report it. */
static void complete_mmio(struct asm_guest *guest)
{
	asm_guest_run_immediate_exit(guest);
	TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, mmio_code + 1));
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0);
}

/*
 * Stepping that is turned on after the exit does not count the load, and stepping that
 * is turned off there is off. (A6)
 */
TEST_F(debug, mmio_on_off)
{
	struct asm_guest *guest = &self->guest;

	start_mmio(guest);
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 2);

	asm_guest_goto(guest, mmio_code);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0, sizeof(guest->vcpu->run->mmio.data));
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, mmio_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 1);
}

/* The step over an MMIO load is reported by a later KVM_RUN, once. (A10) */
TEST_F(debug, immediate_exit_mmio)
{
	struct asm_guest *guest = &self->guest;

	start_mmio(guest);
	complete_mmio(guest);
	asm_guest_expect_stop(guest, mmio_code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0);
	asm_guest_expect_stop(guest, mmio_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 1);
}

/* The report of a step does not wait for a later one if stepping is turned off. (A10) */
TEST_F(debug, immediate_exit_mmio_off)
{
	struct asm_guest *guest = &self->guest;

	start_mmio(guest);
	complete_mmio(guest);
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, mmio_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 1);
}

/*
 * The stop belongs to the PC at which the step ended.  A debugger that
 * moves the PC meanwhile starts there. (D5)
 */
TEST_F(debug, immediate_exit_mmio_moved)
{
	struct asm_guest *guest = &self->guest;

	start_mmio(guest);
	complete_mmio(guest);
	asm_guest_set_regs(guest);	/* to the same PC: no move */
	asm_guest_expect_stop(guest, mmio_code + 1);

	start_mmio(guest);
	complete_mmio(guest);
	asm_guest_goto(guest, mmio_code + 2);
	asm_guest_expect_pc(guest, asm_guest_addr(guest, mmio_code + 3));
}

GUEST_ASM(osi_code,
	  "	sc\n"
	  "	addi	%r6, %r6, 1\n"
	  "	nop\n");

/* The step over a hypercall that userspace completes is reported once, too. (A10) */
TEST_F(debug, immediate_exit_osi)
{
	struct asm_guest *guest = &self->guest;
	int i;

	asm_guest_start_step(guest, osi_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	guest->vcpu->run->osi.gprs[6] = 7;
	for (i = 0; i < 2; i++) {
		asm_guest_run_immediate_exit(guest);
		TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, osi_code + 1));
		TEST_ASSERT_EQ(guest->regs.gpr[6], 7);
	}
	asm_guest_expect_stop(guest, osi_code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 7);
	asm_guest_expect_stop(guest, osi_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 8);
}

GUEST_ASM(idle_code,
	  "	mtmsr	%r5\n"
	  "	nop\n"
	  "	nop\n");

static void no_action(int signum)
{
}

#define NR_SIGNALS 500

struct signaller {
	struct asm_guest_thread thread;
	struct asm_guest *guest;
	pthread_t target;
};

static void *signal_idle(void *arg)
{
	struct signaller *signaller = arg;

	if (asm_guest_wait_idle(signaller->guest, &signaller->thread.stop))
		pthread_kill(signaller->target, SIGUSR1);
	return NULL;
}

/* Step over an instruction that makes the guest idle, and end KVM_RUN by a signal. */
static void signal_step(struct asm_guest *guest, const u32 *code)
{
	struct signaller signaller = { .guest = guest, .target = pthread_self() };
	struct sigaction sa = { .sa_handler = no_action };
	int ret;

	TEST_ASSERT(!sigaction(SIGUSR1, &sa, NULL), "sigaction() failed");
	asm_guest_start_step(guest, code);
	asm_guest_start_thread(&signaller.thread, signal_idle, &signaller);
	ret = __asm_guest_run(guest);
	asm_guest_stop_thread(&signaller.thread);
	TEST_ASSERT_EQ(ret, -EINTR);
	TEST_ASSERT_EQ(guest->regs.msr, guest->config.msr);
	TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, code + 1));

	asm_guest_expect(guest, STOP_AT(code + 1), STOP_AT(code + 2));
}

/* A signal ends KVM_RUN of an idle guest, and the step is reported later. (A8, A10) */
TEST_F(debug, signal)
{
	self->guest.regs.gpr[5] = variant->msr | MSR_POW;
	signal_step(&self->guest, idle_code);
}

GUEST_ASM(pv_idle_code,
	  "	sc\n"
	  "	nop\n"
	  "	nop\n");

/* The same with a guest that is idle by EV_IDLE.  H_CEDE is not tested. (A8, A10) */
TEST_F(debug, signal_pv_idle)
{
	self->guest.regs.gpr[0] = KVM_SC_MAGIC_R0;
	self->guest.regs.gpr[3] = 0x33;
	self->guest.regs.gpr[11] = EV_HCALL_TOKEN(EV_IDLE);
	signal_step(&self->guest, pv_idle_code);
}

/* r5 counts interrupts in their handler, r6 what causes them. */
GUEST_ASM(count_handler,
	  "	addi	%r5, %r5, 1\n"
	  GUEST_ASM_RFI);

GUEST_ASM(sc_loop,
	  "1:	addi	%r6, %r6, 1\n"
	  "	sc\n"
	  "	b	1b\n");

GUEST_ASM(trace_loop,
	  "1:	mfmsr	%r9\n"
	  "	addi	%r6, %r6, 3\n"
	  "	b	1b\n");

/*
 * @ahead: by how much r6 is ahead of r5 at each word of the code.  Signals that
 * come before the guest has got any further are followed by later ones.
 */
static void count_under_signals(struct asm_guest *guest, const u32 *code, const int *ahead)
{
	struct itimerspec every = { .it_value.tv_nsec = 300000 };
	struct sigevent event = { .sigev_signo = SIGUSR1, .sigev_notify = SIGEV_SIGNAL };
	struct sigaction sa = { .sa_handler = no_action };
	unsigned int i;
	timer_t timer;
	u64 count;

	guest->regs.gpr[3] = 0;
	guest->regs.gpr[5] = 0;
	guest->regs.gpr[6] = 0;
	asm_guest_start(guest, code);
	TEST_ASSERT(!sigaction(SIGUSR1, &sa, NULL), "sigaction() failed");
	TEST_ASSERT(!timer_create(CLOCK_MONOTONIC, &event, &timer), "timer_create() failed");
	for (i = 0; i < NR_SIGNALS; i++) {
		count = guest->regs.gpr[6];
		every.it_interval = every.it_value;
		TEST_ASSERT(!timer_settime(timer, 0, &every, NULL), "timer_settime() failed");
		TEST_ASSERT_EQ(__asm_guest_run(guest), -EINTR);
		if (guest->regs.gpr[6] == count)
			every.it_value.tv_nsec += 50000;
		if (guest->regs.pc < GUEST_CODE)
			continue;	/* in the handler */

		TEST_ASSERT_EQ(guest->regs.gpr[6] - guest->regs.gpr[5],
			       (u64)ahead[(guest->regs.pc - guest->code) / 4]);
	}
	TEST_ASSERT(!timer_delete(timer), "timer_delete() failed");
	TEST_ASSERT(guest->regs.gpr[6] > NR_SIGNALS / 4, "The guest hardly ran");
}

/* Wherever a signal ends KVM_RUN, each system call that was made has been taken. (D5) */
TEST_F(debug, signal_syscall)
{
	asm_guest_load(&self->guest, VEC_SYSCALL, count_handler);
	count_under_signals(&self->guest, sc_loop, (const int[]){ 0, 1, 0 });
}

/* Wherever a signal ends KVM_RUN, each Trace interrupt that is due has been taken. (D5) */
TEST_F(debug, signal_trace)
{
	asm_guest_load(&self->guest, VEC_TRACE, count_handler);
	self->guest.regs.msr |= MSR_SE;
	count_under_signals(&self->guest, trace_loop, (const int[]){ 0, -1, 1 });
}

/* KVM_RUN that only completes a load takes the Trace interrupt that is due. (D5) */
TEST_F(debug, immediate_exit_trace)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.msr |= MSR_SE;
	start_mmio(guest);
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run_immediate_exit(guest);
	TEST_ASSERT_EQ(guest->regs.pc, VEC_TRACE);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, mmio_code + 1));
}

/*
 * The Trace interrupt that waits for the end of a step stays where it is. (D5)
 */
TEST_F(debug, trace_moved)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.msr |= MSR_SE;
	asm_guest_start_step(guest, regs_code);
	/* Where the guest has not been moved, it comes. */
	asm_guest_expect(guest, STOP_AT(regs_code + 1), STOP_PC(VEC_TRACE));

	guest->regs.msr = variant->msr | MSR_SE;
	asm_guest_goto(guest, regs_code);
	asm_guest_expect_stop(guest, regs_code + 1);
	guest->regs.msr = variant->msr;
	asm_guest_goto(guest, regs_code + 2);
	asm_guest_expect_stop(guest, regs_code + 3);
}

/* r5 is the address of a flag to wait for, r6 counts. */
GUEST_ASM(wait_code,
	  "1:	addi	%r6, %r6, 1\n"
	  "	stw	%r6, 4(%r5)\n"
	  "	lwz	%r7, 0(%r5)\n"
	  "	cmpwi	%r7, 0\n"
	  "	beq	1b\n"
	  GUEST_ASM_OSI
	  "	nop\n");

static void start_wait(struct asm_guest *guest)
{
	asm_guest_fill(guest, GUEST_DATA, 8, 0);
	guest->regs.gpr[5] = GUEST_DATA;
	asm_guest_start(guest, wait_code);
}

static void *run_other(void *arg)
{
	struct asm_guest *other = arg;

	return (void *)(long)__vcpu_run(other->vcpu);
}

/* The steps of one vCPU do not stop another one. (A1, B1) */
TEST_F(debug, two_vcpus)
{
	struct asm_guest *guest = &self->guest, other;
	struct asm_guest_thread thread;
	int i;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	asm_guest_add(&other, guest, 1);
	start_wait(&other);
	asm_guest_start_thread(&thread, run_other, &other);
	for (i = 0; i < 20 || !asm_guest_read32(guest, GUEST_DATA + 4); i++) {
		start_nop(guest);
		asm_guest_control(guest, GUESTDBG_STEP);
		asm_guest_expect(guest, STOP_AT(nop_code + 1), STOP_AT(nop_code + 2),
				 STOP_AT(nop_code + 3));
		TEST_ASSERT_EQ(guest->regs.gpr[5], variant->msr);
		sched_yield();
	}
	asm_guest_write32(guest, GUEST_DATA, 1);
	TEST_ASSERT(!asm_guest_join_thread(&thread), "KVM_RUN failed");
	TEST_ASSERT_EQ(other.vcpu->run->exit_reason, KVM_EXIT_OSI);
	vcpu_regs_get(other.vcpu, &other.regs);
	TEST_ASSERT_EQ(other.regs.msr, variant->msr);
}

/* A software breakpoint stops the vCPU that it is for, and is illegal on others. (C1, C2) */
TEST_F(debug, sw_breakpoint_of_one_vcpu)
{
	struct asm_guest *guest = &self->guest, other;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	asm_guest_load(guest, VEC_PROGRAM, nop_code);
	asm_guest_add(&other, guest, 1);
	start_nop(guest);
	asm_guest_write32(guest, guest->code + 4, INST_SW_BREAKPOINT);
	asm_guest_control(guest, GUESTDBG_SW_BP);
	asm_guest_expect_stop(guest, nop_code + 1);
	other.regs.pc = guest->regs.pc;
	asm_guest_set_regs(&other);
	asm_guest_run(&other, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(other.regs.srr0, asm_guest_addr(guest, nop_code + 1));
	asm_guest_expect_stop(guest, nop_code + 1);
	asm_guest_destroy(&other);
}

struct step_later {
	struct asm_guest *guest;
	bool begun, done;
};

static void *step_later(void *arg)
{
	struct step_later *later = arg;
	struct kvm_guest_debug debug = { .control = GUESTDBG_STEP };
	long ret;

	while (!asm_guest_read32(later->guest, GUEST_DATA + 4))
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
	asm_guest_write32(later->guest, GUEST_DATA, 1);
	return (void *)(long)done;
}

/* KVM_SET_GUEST_DEBUG from another thread waits for KVM_RUN to return. (D1) */
TEST_F(debug, control_from_other_thread)
{
	struct asm_guest *guest = &self->guest;
	u64 end = GUEST_CODE + (wait_code_end - wait_code) * sizeof(u32);
	struct step_later later = { .guest = guest };
	struct asm_guest_thread thread, release;

	start_wait(guest);
	asm_guest_start_thread(&thread, step_later, &later);
	asm_guest_start_thread(&release, release_later, &later);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT(!asm_guest_join_thread(&thread), "KVM_SET_GUEST_DEBUG failed");
	TEST_ASSERT(!asm_guest_join_thread(&release),
		    "KVM_SET_GUEST_DEBUG returned before KVM_RUN");
	TEST_ASSERT_EQ(guest->regs.pc, end - 4);
	asm_guest_expect_pc(guest, end);
}

/* Three instructions, for ever: one that KVM emulates, and two that it does not */
GUEST_ASM(loop_code,
	  "1:	mfmsr	%r6\n"
	  "	addi	%r7, %r7, 1\n"
	  "	b	1b\n");

#define LOOP_LEN	3
#define NR_STEPS	300

struct stepper {
	struct asm_guest guest;
	unsigned int nr_bad;
	int ret;
};

/* The second vCPU's debugger; it leaves the judgment to the main thread. */
static void *step_loop(void *arg)
{
	struct stepper *stepper = arg;
	struct kvm_run *run = stepper->guest.vcpu->run;
	unsigned int i;

	for (i = 1; i <= NR_STEPS && !stepper->ret; i++) {
		stepper->ret = __vcpu_run(stepper->guest.vcpu);
		if (run->exit_reason != KVM_EXIT_DEBUG || run->debug.arch.status ||
		    run->debug.arch.address != asm_guest_addr(&stepper->guest,
							      loop_code + i % LOOP_LEN))
			stepper->nr_bad++;
	}
	return NULL;
}

/* Two debuggers step a vCPU each, at the same time. (A1, B1) */
TEST_F(debug, both_stepped)
{
	struct asm_guest *guest = &self->guest;
	struct asm_guest_thread thread;
	struct stepper stepper = {};
	struct kvm_regs regs;
	int i;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	asm_guest_add(&stepper.guest, guest, 1);
	asm_guest_start_step(&stepper.guest, loop_code);
	asm_guest_start_step(guest, loop_code);
	asm_guest_start_thread(&thread, step_loop, &stepper);
	for (i = 1; i <= NR_STEPS; i++)
		asm_guest_expect_stop(guest, loop_code + i % LOOP_LEN);
	asm_guest_join_thread(&thread);

	TEST_ASSERT_EQ(guest->regs.gpr[6], variant->msr);
	TEST_ASSERT_EQ(guest->regs.gpr[7], NR_STEPS / LOOP_LEN);
	TEST_ASSERT(!stepper.ret, "KVM_RUN of the second vCPU failed");
	TEST_ASSERT(!stepper.nr_bad, "%u of %u stops of the second vCPU are wrong",
		    stepper.nr_bad, NR_STEPS);
	vcpu_regs_get(stepper.guest.vcpu, &regs);
	TEST_ASSERT_EQ(regs.gpr[6], variant->msr);
	TEST_ASSERT_EQ(regs.gpr[7], NR_STEPS / LOOP_LEN);
}

/* A memory slot that another thread deletes and creates all the time */
#define SLOT_GPA	0x8000000
#define SLOT_SIZE	0x10000
#define SLOT_VALUE	0x12345678
#define MMIO_VALUE	0x5a5a5a5a
#define NR_LOADS	60	/* and more, until there were both kinds */
#define MAX_LOADS	5000

GUEST_ASM(load_code,
	  "1:	lwz	%r6, 0(%r5)\n"
	  "	addi	%r7, %r7, 1\n"
	  "	b	1b\n");

struct changer {
	struct asm_guest_thread thread;
	struct kvm_vm *vm;
	void *hva;
};

static void *change_slot(void *arg)
{
	struct changer *changer = arg;
	u64 size = 0;

	while (!READ_ONCE(changer->thread.stop)) {
		vm_set_user_memory_region(changer->vm, 1, 0, SLOT_GPA, size,
					  changer->hva);
		size = SLOT_SIZE - size;
	}
	return NULL;
}

/* A step over the load, which brings what the memory has, or the device */
static bool step_load(struct asm_guest *guest)
{
	struct kvm_run *run = guest->vcpu->run;
	bool mmio;

	TEST_ASSERT(!__asm_guest_run(guest), "KVM_RUN failed");
	mmio = run->exit_reason == KVM_EXIT_MMIO;
	if (mmio) {
		TEST_ASSERT_EQ(run->mmio.phys_addr, SLOT_GPA);
		memset(run->mmio.data, MMIO_VALUE & 0xff, sizeof(run->mmio.data));
		asm_guest_expect_stop(guest, load_code + 1);
	}
	TEST_ASSERT_EQ(run->exit_reason, KVM_EXIT_DEBUG);
	TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, load_code + 1));
	TEST_ASSERT_EQ(guest->regs.gpr[6], mmio ? MMIO_VALUE : SLOT_VALUE);
	return mmio;
}

/* An access to memory that is just gone is MMIO, and one step. (A1, A6, A9) */
TEST_F(debug, changing_slots)
{
	struct asm_guest *guest = &self->guest;
	struct changer changer = { .vm = guest->vm };
	unsigned int i, nr_mmio = 0;

	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, SLOT_GPA, 1,
				    SLOT_SIZE >> guest->vm->page_shift, 0);
	changer.hva = addr_gpa2hva(guest->vm, SLOT_GPA);
	asm_guest_write32(guest, SLOT_GPA, SLOT_VALUE);

	guest->regs.gpr[5] = SLOT_GPA;
	guest->regs.gpr[7] = 0;
	asm_guest_start_step(guest, load_code);
	asm_guest_start_thread(&changer.thread, change_slot, &changer);
	for (i = 0; i < NR_LOADS || !nr_mmio || nr_mmio == i; i++) {
		TEST_ASSERT(i < MAX_LOADS, "%u of %u loads were MMIO", nr_mmio, i);
		nr_mmio += step_load(guest);
		asm_guest_expect_stop(guest, load_code + 2);
		asm_guest_expect_stop(guest, load_code);
	}
	asm_guest_stop_thread(&changer.thread);

	TEST_ASSERT_EQ(guest->regs.gpr[7], i);
	pr_info("%u of %u loads were MMIO\n", nr_mmio, i);
}

TEST_HARNESS_MAIN
