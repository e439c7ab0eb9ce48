// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping over hypercalls on KVM Book3S PR
 *
 * Each case names the clause that it proves:
 *
 * A7  A hypercall is one step, whether the kernel completes it (at once) or
 *     userspace (in the KVM_RUN that follows the exit).
 * A8  One that makes the guest idle ends when it wakes.
 * B1  The step bit is not in the magic page's MSR.
 */
#include <linux/kvm_para.h>
#include <sys/auxv.h>

#include "debug_fixture.h"

#define H_CEDE			0xe0
#define H_SET_MODE		0x31c
#define H_SET_MODE_AIL		3	/* resource: interrupts' translation */
#define H_NONE			0xfffc	/* no hypercall that KVM has */

/* A7: the next KVM_RUN brings the registers back, and executes nothing. */
GUEST_ASM(osi_code,
	  "	sc\n"
	  "osi_1: addi %r5, %r5, 1\n"
	  "osi_2: sc\n"
	  "osi_3: nop\n");

GUEST_LABELS(osi_1[], osi_2[], osi_3[]);

TEST_F(debug, osi)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, osi_code, osi_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_run(guest, KVM_EXIT_OSI);
	guest->vcpu->run->osi.gprs[5] = 7;
	debug_guest_expect_stop(guest, osi_1);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 7);
	debug_guest_expect_stop(guest, osi_2);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 8);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_expect_stop(guest, osi_3);
}

/*
 * A7: stepping that is turned on after the exit does not count the hypercall,
 * and stepping that is turned off there is off.
 */
TEST_F(debug, osi_on_off)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, osi_code, osi_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, osi_2);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.pc, debug_guest_addr(guest, osi_3) + 8);
}

/* A7: KVM's own, which the kernel completes */
GUEST_ASM(pv_code,
	  "	sc\n"
	  "pv_1: nop\n"
	  "pv_2: lwz	%r6, 0(%r9)\n"
	  "pv_3: lwz	%r7, 4(%r9)\n"
	  "pv_4: mfmsr	%r8\n"
	  "pv_5: nop\n");

GUEST_LABELS(pv_1[], pv_2[], pv_3[], pv_4[], pv_5[]);

static void start_pv(struct debug_guest *guest, u32 token)
{
	guest->regs.gpr[0] = KVM_SC_MAGIC_R0;
	guest->regs.gpr[11] = token;
	debug_guest_start(guest, pv_code, pv_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
}

TEST_F(debug, pv_features)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.gpr[3] = 0x33;
	start_pv(guest, KVM_HCALL_TOKEN(KVM_HC_FEATURES));
	debug_guest_expect_stop(guest, pv_1);
	TEST_ASSERT_EQ(guest->regs.gpr[3], EV_SUCCESS);
	TEST_ASSERT(guest->regs.gpr[4] & BIT(KVM_FEATURE_MAGIC_PAGE),
		    "No magic page");
	debug_guest_expect_stop(guest, pv_2);
}

/* A7 */
TEST_F(debug, pv_unknown)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.gpr[3] = 0x33;
	start_pv(guest, KVM_HCALL_TOKEN(0x4321));
	debug_guest_expect_stop(guest, pv_1);
	TEST_ASSERT_EQ((u32)guest->regs.gpr[3], EV_UNIMPLEMENTED);
	debug_guest_expect_stop(guest, pv_2);
}

/* A7: in problem state it is the guest's own system call. */
TEST_F(debug, pv_problem)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.gpr[3] = 0x33;
	guest->regs.msr |= MSR_PR;
	start_pv(guest, KVM_HCALL_TOKEN(KVM_HC_FEATURES));
	debug_guest_expect_pc(guest, VEC_SYSCALL);
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, pv_1));
	TEST_ASSERT_EQ(guest->regs.gpr[3], 0x33);
}

/* A8: EV_IDLE; interrupts need not be enabled to wake the guest. */
TEST_F(debug, pv_idle)
{
	struct debug_guest *guest = &self->guest;
	struct debug_guest_waker waker;

	guest->regs.gpr[3] = 0x33;
	start_pv(guest, EV_HCALL_TOKEN(EV_IDLE));
	debug_guest_wake_later(guest, &waker);
	debug_guest_expect_stop(guest, pv_1);
	debug_guest_expect_woken(&waker);
	TEST_ASSERT_EQ(guest->regs.gpr[3], EV_SUCCESS);
	guest->regs.msr |= MSR_EE;
	debug_guest_set_regs(guest);
	debug_guest_expect_pc(guest, VEC_EXTERNAL);
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, pv_1));
}

/* B1: r6 and r7 are the MSR as it is in the magic page, r8 is from mfmsr. */
TEST_F(debug, pv_magic_page)
{
	static const struct guest_stop stops[] = {
		STOP_AT(pv_1), STOP_AT(pv_2), STOP_AT(pv_3), STOP_AT(pv_4),
		STOP_AT(pv_5),
	};
	struct debug_guest *guest = &self->guest;
	u64 msr;

	guest->regs.gpr[3] = GUEST_DATA;
	guest->regs.gpr[4] = GUEST_DATA;
	guest->regs.gpr[9] = GUEST_DATA +
			     offsetof(struct kvm_vcpu_arch_shared, msr);
	start_pv(guest, KVM_HCALL_TOKEN(KVM_HC_PPC_MAP_MAGIC_PAGE));
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));

	if (variant->msr & MSR_LE)
		msr = guest->regs.gpr[7] << 32 | guest->regs.gpr[6];
	else
		msr = guest->regs.gpr[6] << 32 | guest->regs.gpr[7];
	TEST_ASSERT_EQ(msr, variant->msr);
	TEST_ASSERT_EQ(guest->regs.gpr[8], variant->msr);
}

#ifdef CONFIG_64BIT
/* A7: PAPR, by the instruction that guests of PR put in the place of sc 1 */
GUEST_ASM(papr_code,
	  "	.long	0x7c000268\n"
	  "papr_1: addi	%r8, %r8, 1\n"
	  "papr_2: nop\n"
	  "papr_sc1: .long 0x44000022\n"
	  "papr_sc1_1: addi %r8, %r8, 1\n"
	  "papr_sc1_2: nop\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(papr_1[], papr_2[], papr_sc1[], papr_sc1_1[], papr_sc1_2[]);

static void start_papr(struct debug_guest *guest, u64 hcall)
{
	vcpu_enable_cap(guest->vcpu, KVM_CAP_PPC_PAPR, 0);
	guest->regs.gpr[3] = hcall;
	guest->regs.gpr[4] = 0;
	guest->regs.gpr[5] = H_SET_MODE_AIL;
	guest->regs.gpr[8] = 0;
	debug_guest_start(guest, papr_code, papr_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
}

TEST_F(debug, papr_kernel)
{
	struct debug_guest *guest = &self->guest;

	start_papr(guest, H_SET_MODE);
	debug_guest_expect_stop(guest, papr_1);
	TEST_ASSERT_EQ(guest->regs.gpr[3], 0);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);
	debug_guest_expect_stop(guest, papr_2);
}

/* Userspace completes it; ret goes to r3. */
static void step_papr_userspace(struct debug_guest *guest, const u32 *next1,
				const u32 *next2)
{
	struct kvm_run *run = guest->vcpu->run;

	debug_guest_run(guest, KVM_EXIT_PAPR_HCALL);
	TEST_ASSERT_EQ(run->papr_hcall.nr, H_NONE);
	TEST_ASSERT_EQ(run->papr_hcall.args[1], H_SET_MODE_AIL);
	run->papr_hcall.ret = 0x1234;
	debug_guest_expect_stop(guest, next1);
	TEST_ASSERT_EQ(guest->regs.gpr[3], 0x1234);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);
	debug_guest_expect_stop(guest, next2);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 1);
}

/* A7 */
TEST_F(debug, papr_userspace)
{
	struct debug_guest *guest = &self->guest;

	start_papr(guest, H_NONE);
	step_papr_userspace(guest, papr_1, papr_2);
}

/* A8: H_CEDE enables interrupts. */
TEST_F(debug, papr_cede)
{
	struct debug_guest *guest = &self->guest;
	struct debug_guest_waker waker;

	start_papr(guest, H_CEDE);
	debug_guest_wake_later(guest, &waker);
	debug_guest_expect_stop(guest, papr_1);
	debug_guest_expect_woken(&waker);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_EE);
	debug_guest_expect_pc(guest, VEC_EXTERNAL);
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, papr_1));
}

/*
 * A7: sc 1 itself, unless whoever runs the host takes it.  QEMU's 970 has no
 * hypervisor mode and does not survive that instruction.
 */
TEST_F(debug, papr_sc1)
{
	struct debug_guest *guest = &self->guest;

	if (!(getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07))
		SKIP(return, "The CPU may not have sc 1");

	start_papr(guest, H_NONE);
	debug_guest_goto(guest, papr_sc1);
	debug_guest_control(guest, GUESTDBG_OFF);
	__debug_guest_run(guest);
	if (guest->vcpu->run->exit_reason == KVM_EXIT_OSI)
		SKIP(return, "sc 1 goes to the hypervisor of the host");

	guest->regs.gpr[8] = 0;
	debug_guest_goto(guest, papr_sc1);
	debug_guest_control(guest, GUESTDBG_STEP);
	/* The next KVM_RUN completes the first one: this goes to r3. */
	guest->vcpu->run->papr_hcall.ret = H_SET_MODE;
	debug_guest_expect_stop(guest, papr_sc1_1);
	TEST_ASSERT_EQ(guest->regs.gpr[3], 0);
	debug_guest_expect_stop(guest, papr_sc1_2);

	guest->regs.gpr[3] = H_NONE;
	guest->regs.gpr[8] = 0;
	debug_guest_goto(guest, papr_sc1);
	step_papr_userspace(guest, papr_sc1_1, papr_sc1_2);
}
#endif /* CONFIG_64BIT */

TEST_HARNESS_MAIN
