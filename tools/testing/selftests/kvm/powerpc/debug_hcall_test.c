// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping over hypercalls on KVM Book3S PR
 */
#include <endian.h>
#include <linux/kvm_para.h>
#include <linux/sizes.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "debug_suite.h"

DEBUG_SUITE(debug);

GUEST_ASM(osi_code,
	  "	sc\n"
	  "	addi	%r5, %r5, 1\n"
	  "	sc\n"
	  "	nop\n");

/* KVM_RUN after the exit brings the registers back, and executes nothing. (A7) */
TEST_F(debug, osi)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_start_step(guest, osi_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	guest->vcpu->run->osi.gprs[5] = 7;
	asm_guest_expect_stop(guest, osi_code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 7);
	asm_guest_expect_stop(guest, osi_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 8);
	asm_guest_run(guest, KVM_EXIT_OSI);
	asm_guest_expect_stop(guest, osi_code + 3);
}

/*
 * Stepping that is turned on after the exit does not count the hypercall,
 * and stepping that is turned off there is off. (A7)
 */
TEST_F(debug, osi_on_off)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_start(guest, osi_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, osi_code + 2);
	asm_guest_run(guest, KVM_EXIT_OSI);
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, osi_code + 5));
}

/* KVM's own hypercalls, which the kernel completes */
GUEST_ASM(pv_code,
	  "	sc\n"
	  "	nop\n"
	  "	nop\n");

static void start_pv(struct asm_guest *guest, u32 token)
{
	guest->regs.gpr[0] = KVM_SC_MAGIC_R0;
	guest->regs.gpr[11] = token;
	guest->regs.gpr[3] = 0x33;
	guest->regs.gpr[4] = 0x44;
	asm_guest_start_step(guest, pv_code);
}

/* A hypercall that the kernel completes is one step. (A7) */
TEST_F(debug, pv_features)
{
	struct asm_guest *guest = &self->guest;

	start_pv(guest, KVM_HCALL_TOKEN(KVM_HC_FEATURES));
	asm_guest_expect_stop(guest, pv_code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[3], EV_SUCCESS);
	TEST_ASSERT(guest->regs.gpr[4] & BIT(KVM_FEATURE_MAGIC_PAGE),
		    "No magic page");
	asm_guest_expect_stop(guest, pv_code + 2);
}

/* A hypercall that KVM does not have fails, and is one step. (A7) */
TEST_F(debug, pv_unknown)
{
	struct asm_guest *guest = &self->guest;

	start_pv(guest, KVM_HCALL_TOKEN(0x4321));
	asm_guest_expect_stop(guest, pv_code + 1);
	TEST_ASSERT_EQ((u32)guest->regs.gpr[3], EV_UNIMPLEMENTED);
	asm_guest_expect_stop(guest, pv_code + 2);
}

/* In problem state it is the guest's own system call. (A7) */
TEST_F(debug, pv_problem)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.msr |= MSR_PR;
	start_pv(guest, KVM_HCALL_TOKEN(KVM_HC_FEATURES));
	asm_guest_expect_pc(guest, VEC_SYSCALL);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, pv_code + 1));
	TEST_ASSERT_EQ(guest->regs.gpr[3], 0x33);
}

/* EV_IDLE; interrupts need not be enabled to wake the guest. (A8) */
TEST_F(debug, pv_idle)
{
	struct asm_guest *guest = &self->guest;
	struct asm_guest_waker waker;

	start_pv(guest, EV_HCALL_TOKEN(EV_IDLE));
	asm_guest_wake_idle(guest, &waker);
	asm_guest_expect_stop(guest, pv_code + 1);
	asm_guest_expect_woken(&waker);
	TEST_ASSERT_EQ(guest->regs.gpr[3], EV_SUCCESS);
	guest->regs.msr |= MSR_EE;
	asm_guest_set_regs(guest);
	asm_guest_expect_pc(guest, VEC_EXTERNAL);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, pv_code + 1));
}

/* Counts the Trace interrupts, and keeps where the last one was. */
GUEST_ASM(trace_handler,
	  "	mfsrr0	%r29\n"
	  "	addi	%r31, %r31, 1\n"
	  GUEST_ASM_RFI);

/* What follows a hypercall; r28 is the MSR without SE. */
#define TRACED_CODE							\
	"	mtmsr	%r28\n"						\
	"	mr	%r27, %r3\n"					\
	GUEST_ASM_OSI

GUEST_ASM(traced_code, "	sc\n" TRACED_CODE);

static void start_traced(struct asm_guest *guest, const u32 *code, u32 control)
{
	asm_guest_load(guest, VEC_TRACE, trace_handler);
	guest->regs.msr = guest->config.msr | MSR_SE;
	guest->regs.gpr[28] = guest->config.msr;
	guest->regs.gpr[31] = 0;
	asm_guest_start(guest, code);
	asm_guest_control(guest, control);
}

/* Of the hypercall and mtmsr, which clears MSR[SE], only mtmsr is traced. */
static void expect_traced_once(struct asm_guest *guest, const u32 *code, u32 control)
{
	if (control & KVM_GUESTDBG_SINGLESTEP)
		asm_guest_expect(guest, STOP_AT(code + 1), STOP_AT(code + 2),
				 STOP_PC(VEC_TRACE));
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[31], 1);
	TEST_ASSERT_EQ(guest->regs.gpr[29], asm_guest_addr(guest, code + 2));
}

static const u32 traced_controls[] = { GUESTDBG_OFF, GUESTDBG_STEP };

/* An OSI hypercall causes no Trace interrupt. (B2, B3) */
TEST_F(debug, osi_not_traced)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(traced_controls); i++) {
		start_traced(guest, traced_code, traced_controls[i]);
		asm_guest_run(guest, KVM_EXIT_OSI);
		expect_traced_once(guest, traced_code, traced_controls[i]);
	}
}

/* A hypercall that the kernel completes causes no Trace interrupt. (B2, B3) */
TEST_F(debug, pv_not_traced)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(traced_controls); i++) {
		guest->regs.gpr[0] = KVM_SC_MAGIC_R0;
		guest->regs.gpr[11] = KVM_HCALL_TOKEN(KVM_HC_FEATURES);
		guest->regs.gpr[3] = 0x33;
		start_traced(guest, traced_code, traced_controls[i]);
		expect_traced_once(guest, traced_code, traced_controls[i]);
		TEST_ASSERT_EQ(guest->regs.gpr[27], EV_SUCCESS);
	}
}

#ifdef CONFIG_64BIT
/* PAPR; the cases of hpt have a hash table of their own. */
DEBUG_SUITE_64(hpt);
DEBUG_SUITE_64(papr);

FIXTURE_VARIANT_ADD(papr, translated)
{
	.msr = MSR_GUEST_REAL | MSR_IR | MSR_DR,
	.mmu = GUEST_MMU_PAPR,
};

#define H_SUCCESS		0
#define H_PARAMETER		-4
#define H_PTEG_FULL		-6
#define H_NOT_FOUND		-7
#define H_P2			-55

#define H_REMOVE		0x04
#define H_ENTER			0x08
#define H_PROTECT		0x18
#define H_GET_TCE		0x1c
#define H_PUT_TCE		0x20
#define H_LOGICAL_CI_LOAD	0x3c
#define H_LOGICAL_CI_STORE	0x40
#define H_EOI			0x64
#define H_CPPR			0x68
#define H_IPI			0x6c
#define H_IPOLL			0x70
#define H_XIRR			0x74
#define H_CEDE			0xe0
#define H_CONFER		0xe4
#define H_PROD			0xe8
#define H_BULK_REMOVE		0x124
#define H_STUFF_TCE		0x138
#define H_PUT_TCE_INDIRECT	0x13c
#define H_XIRR_X		0x2fc
#define H_SET_MODE		0x31c
#define H_RTAS			0xf000
#define H_NONE			0xfffc	/* no hypercall that KVM has */

/* The instruction that guests of PR put in the place of sc 1, and sc 1 itself */
GUEST_ASM(papr_code,
	  "	.long	0x7c000268\n"
	  "	addi	%r30, %r30, 1\n"
	  "	nop\n");

GUEST_ASM(sc1_code,
	  "	.long	0x44000022\n"
	  "	addi	%r30, %r30, 1\n"
	  "	nop\n"
	  GUEST_ASM_OSI);

static void start_hcall(struct asm_guest *guest, u64 nr, const u64 *args)
{
	int i;

	vcpu_enable_cap(guest->vcpu, KVM_CAP_PPC_PAPR, 0);
	guest->regs.gpr[3] = nr;
	for (i = 0; i < 9; i++)
		guest->regs.gpr[4 + i] = args[i];
	guest->regs.gpr[30] = 0;
	asm_guest_start_step(guest, papr_code);
}

/* The stop after the hypercall; the addi has not been executed. */
static void stop_hcall(struct asm_guest *guest)
{
	asm_guest_expect_stop(guest, papr_code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[30], 0);
}

#define ARGS(...)	((const u64[9]) { __VA_ARGS__ })

/* A hypercall that the kernel completes; the return value */
static s64 kernel_hcall(struct asm_guest *guest, u64 nr, const u64 *args)
{
	s64 ret;

	start_hcall(guest, nr, args);
	stop_hcall(guest);
	ret = guest->regs.gpr[3];
	asm_guest_expect_stop(guest, papr_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[30], 1);
	return ret;
}

/* Not 0 in the word that is debug.arch.status, in either byte order (C3) */
#define USERSPACE_RET	0x123400001234

/* A hypercall that userspace completes */
static void userspace_hcall(struct asm_guest *guest, u64 nr, const u64 *args)
{
	struct kvm_run *run = guest->vcpu->run;
	int i;

	start_hcall(guest, nr, args);
	asm_guest_run(guest, KVM_EXIT_PAPR_HCALL);
	TEST_ASSERT_EQ(run->papr_hcall.nr, nr);
	for (i = 0; i < 9; i++)
		TEST_ASSERT_EQ(run->papr_hcall.args[i], args[i]);
	run->papr_hcall.ret = USERSPACE_RET;
	run->papr_hcall.args[0] = 0x5678;
	stop_hcall(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[3], USERSPACE_RET);
	TEST_ASSERT_EQ(guest->regs.gpr[4], 0x5678);
	asm_guest_expect_stop(guest, papr_code + 2);
}

static void enable_hcall(struct asm_guest *guest, u64 nr, bool enable)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_PPC_ENABLE_HCALL,
		.args = { nr, enable },
	};

	vm_ioctl(guest->vm, KVM_ENABLE_CAP, &cap);
}

/* A hash table of the smallest size, in userspace as it is for PAPR guests */
#define HPT_SIZE	SZ_256K
#define H_EXACT		BIT_ULL(63 - 24)
#define H_AVPN		BIT_ULL(63 - 32)

#define HPTE_V		0x4000123400000001ULL	/* valid */
#define HPTE_V_OTHER	0x4000567800000001ULL
#define HPTE_R		0x0000000000010190ULL
#define HPTE_R_PP	3

#define BULK_REQUEST	0x4000000000000000ULL
#define BULK_RESPONSE	0x8000000000000000ULL
#define BULK_END	0xc000000000000000ULL
#define BULK_CODE	0xf000000000000000ULL

static u64 *create_hpt(struct asm_guest *guest)
{
	struct kvm_sregs sregs;
	u64 *hpt = aligned_alloc(HPT_SIZE, HPT_SIZE);

	vcpu_enable_cap(guest->vcpu, KVM_CAP_PPC_PAPR, 0);
	TEST_ASSERT(hpt, "aligned_alloc() failed");
	memset(hpt, 0, HPT_SIZE);
	vcpu_sregs_get(guest->vcpu, &sregs);
	sregs.u.s.sdr1 = (uintptr_t)hpt;
	vcpu_sregs_set(guest->vcpu, &sregs);
	return hpt;
}

static void check_hpte(const u64 *hpt, int nr, u64 v, u64 r)
{
	TEST_ASSERT_EQ(be64toh(hpt[2 * nr]), v);
	if (v)
		TEST_ASSERT_EQ(be64toh(hpt[2 * nr + 1]), r);
}

/* H_ENTER, H_PROTECT and H_REMOVE are one step each. (A7) */
TEST_F(hpt, enter_protect_remove)
{
	struct asm_guest *guest = &self->guest;
	u64 *hpt = create_hpt(guest);

	/* The first free entry of the group */
	TEST_ASSERT_EQ(kernel_hcall(guest, H_ENTER, ARGS(0, 8, HPTE_V, HPTE_R)),
		       H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], 8);
	check_hpte(hpt, 8, HPTE_V, HPTE_R);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_ENTER, ARGS(0, 8, HPTE_V, HPTE_R)),
		       H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], 9);
	check_hpte(hpt, 9, HPTE_V, HPTE_R);

	/* This entry, and no other */
	TEST_ASSERT_EQ(kernel_hcall(guest, H_ENTER,
				    ARGS(H_EXACT, 11, HPTE_V, HPTE_R)), H_SUCCESS);
	check_hpte(hpt, 10, 0, 0);
	check_hpte(hpt, 11, HPTE_V, HPTE_R);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_ENTER,
				    ARGS(H_EXACT, 11, HPTE_V_OTHER, HPTE_R)),
		       H_PTEG_FULL);
	check_hpte(hpt, 11, HPTE_V, HPTE_R);

	TEST_ASSERT_EQ(kernel_hcall(guest, H_PROTECT,
				    ARGS(HPTE_R_PP | H_AVPN, 11, HPTE_V & ~0x7fULL)),
		       H_SUCCESS);
	check_hpte(hpt, 11, HPTE_V, HPTE_R | HPTE_R_PP);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PROTECT, ARGS(0, 12, 0)),
		       H_NOT_FOUND);

	TEST_ASSERT_EQ(kernel_hcall(guest, H_REMOVE, ARGS(0, 11, 0)), H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], HPTE_V);
	TEST_ASSERT_EQ(guest->regs.gpr[5], HPTE_R | HPTE_R_PP);
	check_hpte(hpt, 11, 0, 0);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_REMOVE, ARGS(0, 11, 0)),
		       H_NOT_FOUND);
	free(hpt);
}

/* H_BULK_REMOVE is one step. (A7) */
TEST_F(hpt, bulk)
{
	struct asm_guest *guest = &self->guest;
	u64 *hpt = create_hpt(guest);

	hpt[2 * 8] = htobe64(HPTE_V);
	hpt[2 * 9] = htobe64(HPTE_V);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_BULK_REMOVE,
				    ARGS(BULK_REQUEST | 8, 0, BULK_REQUEST | 10, 0,
					 BULK_REQUEST | 9, 0, BULK_END, 0)),
		       H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4] & BULK_CODE, BULK_RESPONSE);
	TEST_ASSERT_EQ(guest->regs.gpr[6] & BULK_CODE, BULK_RESPONSE | BIT_ULL(60));
	TEST_ASSERT_EQ(guest->regs.gpr[8] & BULK_CODE, BULK_RESPONSE);
	check_hpte(hpt, 8, 0, 0);
	check_hpte(hpt, 9, 0, 0);
	free(hpt);
}

GUEST_ASM(traced_papr_code, "	.long	0x7c000268\n" TRACED_CODE);

/* A PAPR hypercall causes no Trace interrupt. (B2, B3) */
TEST_F(hpt, not_traced)
{
	struct asm_guest *guest = &self->guest;
	u64 *hpt = create_hpt(guest);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(traced_controls); i++) {
		guest->regs.gpr[3] = H_REMOVE;
		guest->regs.gpr[4] = 0;
		guest->regs.gpr[5] = 8;
		start_traced(guest, traced_papr_code, traced_controls[i]);
		expect_traced_once(guest, traced_papr_code, traced_controls[i]);
		TEST_ASSERT_EQ(guest->regs.gpr[27], H_NOT_FOUND);
	}
	free(hpt);
}

#define SET_MODE_CIABR	1
#define SET_MODE_DAWR0	2
#define SET_MODE_AIL	3
#define SET_MODE_LE	4
#define SET_MODE_DAWR1	5

/*
 * Userspace completes H_SET_MODE for the byte order, and hypercalls that are not
 * enabled in the kernel. (A7)
 */
TEST_F(papr, userspace)
{
	struct asm_guest *guest = &self->guest;

	userspace_hcall(guest, H_SET_MODE, ARGS(1, SET_MODE_LE));
	userspace_hcall(guest, H_GET_TCE, ARGS(1, 2, 3, 4, 5, 6, 7, 8, 9));
	userspace_hcall(guest, H_XIRR, ARGS(0));	/* no in-kernel XICS */
	userspace_hcall(guest, H_RTAS, ARGS(0));	/* no token defined */

	enable_hcall(guest, H_ENTER, false);
	userspace_hcall(guest, H_ENTER, ARGS(0, 8, HPTE_V, HPTE_R));
}

/* H_SET_MODE for what guests of PR do not have. (A7) */
TEST_F(papr, set_mode)
{
	static const u64 none[] = { SET_MODE_CIABR, SET_MODE_DAWR0, SET_MODE_DAWR1 };
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		TEST_ASSERT_EQ(kernel_hcall(guest, H_SET_MODE, ARGS(0, none[i])), H_P2);
		TEST_ASSERT_EQ(kernel_hcall(guest, H_SET_MODE,
					    ARGS(0, none[i], GUEST_CODE, 3)), H_P2);
	}
	TEST_ASSERT_EQ(kernel_hcall(guest, H_SET_MODE, ARGS(0, SET_MODE_AIL)), H_SUCCESS);
}

/* H_CONFER, to all processors, to one, or to one that is not there. (A7) */
TEST_F(papr, confer)
{
	struct asm_guest *guest = &self->guest;

	TEST_ASSERT_EQ(kernel_hcall(guest, H_CONFER, ARGS(-1)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_CONFER, ARGS(0, 0)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_CONFER, ARGS(7, 0)), H_PARAMETER);
}

/* H_PROD, which ends an H_CEDE that comes later, but not two. (A7, A8) */
TEST_F(papr, prod)
{
	struct asm_guest *guest = &self->guest;
	struct asm_guest_waker waker;

	TEST_ASSERT_EQ(kernel_hcall(guest, H_PROD, ARGS(7)), H_PARAMETER);
	userspace_hcall(guest, H_PROD, ARGS(0));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_CEDE, ARGS(0)), H_SUCCESS);

	start_hcall(guest, H_CEDE, ARGS(0));
	asm_guest_wake_idle(guest, &waker);
	stop_hcall(guest);
	asm_guest_expect_woken(&waker);
	TEST_ASSERT_EQ(guest->regs.gpr[3], H_SUCCESS);
}

struct runner {
	struct asm_guest_thread thread;
	struct kvm_vcpu *vcpu;
};

static void *run_vcpu(void *arg)
{
	struct runner *runner = arg;

	vcpu_run(runner->vcpu);
	WRITE_ONCE(runner->thread.stop, true);
	return NULL;
}

/* H_PROD of a vCPU that is idle by H_CEDE wakes it up. (A7, A8) */
TEST_F(papr, prod_idle)
{
	struct asm_guest *guest = &self->guest, other;
	struct runner runner = { .vcpu = guest->vcpu };

	asm_guest_add(&other, guest, 1);
	start_hcall(guest, H_CEDE, ARGS(0));
	asm_guest_start_thread(&runner.thread, run_vcpu, &runner);
	TEST_ASSERT(asm_guest_wait_idle(guest, &runner.thread.stop), "H_CEDE returned");
	TEST_ASSERT_EQ(kernel_hcall(&other, H_PROD, ARGS(0)), H_SUCCESS);
	asm_guest_join_thread(&runner.thread);
	vcpu_regs_get(guest->vcpu, &guest->regs);
	TEST_ASSERT_EQ(guest->vcpu->run->exit_reason, KVM_EXIT_DEBUG);
	TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, papr_code + 1));
	TEST_ASSERT_EQ(guest->regs.gpr[3], H_SUCCESS);
	asm_guest_destroy(&other);
}

/* H_CEDE enables interrupts. (A8) */
TEST_F(papr, cede)
{
	struct asm_guest *guest = &self->guest;
	struct asm_guest_waker waker;

	start_hcall(guest, H_CEDE, ARGS(0));
	asm_guest_wake_idle(guest, &waker);
	stop_hcall(guest);
	asm_guest_expect_woken(&waker);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_EE);
	asm_guest_expect_pc(guest, VEC_EXTERNAL);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, papr_code + 1));
}

/* An interrupt that BLOCKIRQ holds back ends H_CEDE. (A8, D3) */
TEST_F(papr, cede_blockirq)
{
	struct asm_guest *guest = &self->guest;
	struct asm_guest_waker waker;

	start_hcall(guest, H_CEDE, ARGS(0));
	asm_guest_control(guest, GUESTDBG_STEP | KVM_GUESTDBG_BLOCKIRQ);
	asm_guest_wake_idle(guest, &waker);
	stop_hcall(guest);
	asm_guest_expect_woken(&waker);
	asm_guest_expect_stop(guest, papr_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[30], 1);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_pc(guest, VEC_EXTERNAL);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, papr_code + 2));
}

/* H_CEDE with an interrupt that is pending does not sleep. (A5, A8) */
TEST_F(papr, cede_pending)
{
	struct asm_guest *guest = &self->guest;

	start_hcall(guest, H_CEDE, ARGS(0));
	asm_guest_raise_external(guest);
	stop_hcall(guest);
	asm_guest_expect_pc(guest, VEC_EXTERNAL);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, papr_code + 1));
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr | MSR_EE);
}

/*
 * In problem state, the replacement of sc 1 is an illegal instruction. (A4)  sc 1 is not
 * tested there: on a partition, the host's hypervisor answers it.
 */
TEST_F(papr, problem)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.msr |= MSR_PR;
	start_hcall(guest, H_PROD, ARGS(0));
	asm_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, papr_code));
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr | MSR_PR | SRR1_PROGILL);
	TEST_ASSERT_EQ(guest->regs.gpr[3], H_PROD);
}

/* sc 1 is one step, unless the host's hypervisor handles it. (A7) */
TEST_F(papr, sc1)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;

	if (host_quirk(INST_SC_1))
		SKIP(return, "%s", host_quirk(INST_SC_1));

	vcpu_enable_cap(guest->vcpu, KVM_CAP_PPC_PAPR, 0);
	guest->regs.gpr[3] = H_NONE;
	asm_guest_start(guest, sc1_code);
	TEST_ASSERT_EQ(__asm_guest_run(guest), 0);
	if (run->exit_reason == KVM_EXIT_OSI && powerpc_host_is_partition())
		SKIP(return, "sc 1 goes to the hypervisor of the host");

	TEST_ASSERT_EQ(run->exit_reason, KVM_EXIT_PAPR_HCALL);
	run->papr_hcall.ret = 0x1234;
	asm_guest_run_immediate_exit(guest);
	guest->regs.gpr[3] = H_SET_MODE;
	guest->regs.gpr[4] = 0;
	guest->regs.gpr[5] = SET_MODE_AIL;
	asm_guest_start_step(guest, sc1_code);
	asm_guest_expect_stop(guest, sc1_code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[3], H_SUCCESS);
	asm_guest_expect_stop(guest, sc1_code + 2);
}

/* KVM_RUN that takes the result, but may not run the guest. (A10) */
TEST_F(papr, immediate_exit)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;
	int i;

	start_hcall(guest, H_GET_TCE, ARGS(0));
	asm_guest_run(guest, KVM_EXIT_PAPR_HCALL);
	run->papr_hcall.ret = 0x1234;
	for (i = 0; i < 2; i++) {
		asm_guest_run_immediate_exit(guest);
		TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, papr_code + 1));
		TEST_ASSERT_EQ(guest->regs.gpr[3], 0x1234);
	}
	stop_hcall(guest);
	asm_guest_expect_stop(guest, papr_code + 2);
	TEST_ASSERT_EQ(guest->regs.gpr[30], 1);
}

/*
 * H_LOGICAL_CI_STORE, which the kernel completes if it has the device; no
 * device in the kernel can be loaded from. (A7)
 */
TEST_F(papr, logical_ci)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_ioeventfd ioeventfd = {
		.addr = GUEST_MMIO,
		.len = 4,
	};
	u64 count;

	userspace_hcall(guest, H_LOGICAL_CI_LOAD, ARGS(4, GUEST_MMIO));
	userspace_hcall(guest, H_LOGICAL_CI_STORE, ARGS(4, GUEST_MMIO, 1));

	enable_hcall(guest, H_LOGICAL_CI_LOAD, true);
	enable_hcall(guest, H_LOGICAL_CI_STORE, true);
	userspace_hcall(guest, H_LOGICAL_CI_LOAD, ARGS(4, GUEST_MMIO));
	userspace_hcall(guest, H_LOGICAL_CI_STORE, ARGS(4, GUEST_MMIO, 1));

	if (!vm_check_cap(guest->vm, KVM_CAP_IOEVENTFD))
		SKIP(return, "KVM_IOEVENTFD is not available");

	ioeventfd.fd = eventfd(0, EFD_NONBLOCK);
	TEST_ASSERT(ioeventfd.fd >= 0, "eventfd() failed");
	vm_ioctl(guest->vm, KVM_IOEVENTFD, &ioeventfd);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_LOGICAL_CI_STORE,
				    ARGS(4, GUEST_MMIO, 1)), H_SUCCESS);
	TEST_ASSERT(read(ioeventfd.fd, &count, sizeof(count)) == sizeof(count) &&
		    count == 1, "Wanted one signal");
	userspace_hcall(guest, H_LOGICAL_CI_STORE, ARGS(4, GUEST_MMIO + 4, 1));
	close(ioeventfd.fd);
}

#define LIOBN		0x80000001
#define NR_TCES		16
#define TCE(_nr)	(GUEST_DATA + ((_nr) << 12) + 3) /* read and write */

/* H_PUT_TCE, H_PUT_TCE_INDIRECT and H_STUFF_TCE are one step each. (A7) */
TEST_F(papr, tce)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_create_spapr_tce_64 args = {
		.liobn = LIOBN,
		.page_shift = 12,
		.size = NR_TCES,
	};
	u64 *tces, *list;
	int fd, i;

	fd = __vm_ioctl(guest->vm, KVM_CREATE_SPAPR_TCE_64, &args);
	if (fd < 0 && errno == ENOTTY)
		SKIP(return, "The kernel has no TCE tables");

	TEST_ASSERT(fd >= 0, "KVM_CREATE_SPAPR_TCE_64 failed, errno: %d", errno);
	tces = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	TEST_ASSERT(tces != MAP_FAILED, "mmap() failed");

	userspace_hcall(guest, H_PUT_TCE, ARGS(LIOBN + 1, 0, TCE(1)));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PUT_TCE, ARGS(LIOBN, 0x1000, TCE(1))),
		       H_SUCCESS);
	TEST_ASSERT_EQ(tces[1], TCE(1));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PUT_TCE,
				    ARGS(LIOBN, NR_TCES << 12, TCE(1))),
		       H_PARAMETER);

	userspace_hcall(guest, H_PUT_TCE_INDIRECT, ARGS(LIOBN, 0, GUEST_DATA, 2));
	userspace_hcall(guest, H_STUFF_TCE, ARGS(LIOBN, 0, 0, NR_TCES));
	enable_hcall(guest, H_PUT_TCE_INDIRECT, true);
	enable_hcall(guest, H_STUFF_TCE, true);
	list = addr_gpa2hva(guest->vm, GUEST_DATA);
	for (i = 0; i < 2; i++)
		list[i] = htobe64(TCE(5 + i));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PUT_TCE_INDIRECT,
				    ARGS(LIOBN, 0x2000, GUEST_DATA, 2)),
		       H_SUCCESS);
	TEST_ASSERT_EQ(tces[2], TCE(5));
	TEST_ASSERT_EQ(tces[3], TCE(6));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_STUFF_TCE, ARGS(LIOBN, 0, 0, NR_TCES)),
		       H_SUCCESS);
	for (i = 0; i < NR_TCES; i++)
		TEST_ASSERT_EQ(tces[i], 0);

	munmap(tces, getpagesize());
	close(fd);
}

/* The in-kernel interrupt controller: vCPU 0 is server 0. */
#define IRQ		0x1000
#define XICS_IPI	2
#define CPPR_ALL	0xff			/* nothing is masked */
#define PRIORITY	5
#define XIRR(_cppr, _irq)	((u32)(_cppr) << 24 | (_irq))

/* Its file descriptor, or -1 if KVM has none for this guest */
static int create_xics(struct asm_guest *guest)
{
	u64 source = (u64)PRIORITY << KVM_XICS_PRIORITY_SHIFT;
	struct kvm_enable_cap cap = { .cap = KVM_CAP_IRQ_XICS };
	int fd;

	fd = __kvm_create_device(guest->vm, KVM_DEV_TYPE_XICS);
	if (fd < 0)
		TEST_ASSERT_EQ(errno, ENODEV);
	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_IRQ_XICS), fd >= 0);
	if (fd < 0)
		return -1;

	cap.args[0] = fd;
	vcpu_ioctl(guest->vcpu, KVM_ENABLE_CAP, &cap);
	kvm_device_attr_set(fd, KVM_DEV_XICS_GRP_SOURCES, IRQ, &source);
	return fd;
}

/* H_CPPR, H_IPI, H_IPOLL, H_XIRR, H_EOI, H_XIRR_X, and the interrupt. (A5, A7) */
TEST_F(papr, xics)
{
	struct asm_guest *guest = &self->guest;
	int fd;

	fd = create_xics(guest);
	if (fd < 0)
		SKIP(return, "KVM has no XICS for the guest");

	TEST_ASSERT_EQ(kernel_hcall(guest, H_CPPR, ARGS(CPPR_ALL)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_IPI, ARGS(0, PRIORITY)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_IPOLL, ARGS(0)), H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], XIRR(CPPR_ALL, XICS_IPI));
	TEST_ASSERT_EQ(guest->regs.gpr[5], PRIORITY);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_XIRR, ARGS(0)), H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], XIRR(CPPR_ALL, XICS_IPI));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_IPI, ARGS(0, CPPR_ALL)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_EOI, ARGS(XIRR(CPPR_ALL, XICS_IPI))),
		       H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_XIRR_X, ARGS(0)), H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], XIRR(CPPR_ALL, 0));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_IPI, ARGS(7, PRIORITY)), H_PARAMETER);

	/* First the stop after the hypercall, then that at the vector */
	guest->regs.msr |= MSR_EE;
	start_hcall(guest, H_IPI, ARGS(0, PRIORITY));
	stop_hcall(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[3], H_SUCCESS);
	asm_guest_expect_pc(guest, VEC_EXTERNAL);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, papr_code + 1));
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr | MSR_EE);
	close(fd);
}

#define RTAS_ARGS	GUEST_DATA
#define RTAS_TOKEN	0x2000
#define RTAS_PARAMETER	-3

static s32 rtas(struct asm_guest *guest, int nr, int nargs, int nret,
		const u32 *args)
{
	__be32 *mem = addr_gpa2hva(guest->vm, RTAS_ARGS);
	int i;

	mem[0] = htobe32(RTAS_TOKEN + nr);
	mem[1] = htobe32(nargs);
	mem[2] = htobe32(nret);
	for (i = 0; i < nargs; i++)
		mem[3 + i] = htobe32(args[i]);
	for (i = 0; i < nret; i++)
		mem[3 + nargs + i] = 0x5a5a5a5a;

	TEST_ASSERT_EQ(kernel_hcall(guest, H_RTAS, ARGS(RTAS_ARGS)), H_SUCCESS);
	return be32toh(mem[3 + nargs]);
}

static u32 rtas_ret(struct asm_guest *guest, int nargs, int nr)
{
	__be32 *mem = addr_gpa2hva(guest->vm, RTAS_ARGS);

	return be32toh(mem[3 + nargs + nr]);
}

/* RTAS calls are one step, whether the kernel completes them or userspace. (A7) */
TEST_F(papr, rtas)
{
	static const char * const names[] = {
		"ibm,set-xive", "ibm,get-xive", "ibm,int-off", "ibm,int-on",
	};
	enum { SET_XIVE, GET_XIVE, INT_OFF, INT_ON, NONE };
	struct asm_guest *guest = &self->guest;
	struct kvm_rtas_token_args args = {};
	__be32 *mem = addr_gpa2hva(guest->vm, RTAS_ARGS);
	unsigned int i;
	int fd;

	fd = create_xics(guest);
	if (fd < 0)
		SKIP(return, "KVM has no XICS for the guest");

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		strcpy(args.name, names[i]);
		args.token = RTAS_TOKEN + i;
		vm_ioctl(guest->vm, KVM_PPC_RTAS_DEFINE_TOKEN, &args);
	}

	TEST_ASSERT_EQ(rtas(guest, SET_XIVE, 3, 1, (u32[]){ IRQ, 0, 7 }), 0);
	TEST_ASSERT_EQ(rtas(guest, GET_XIVE, 1, 3, (u32[]){ IRQ }), 0);
	TEST_ASSERT_EQ(rtas_ret(guest, 1, 1), 0);
	TEST_ASSERT_EQ(rtas_ret(guest, 1, 2), 7);
	TEST_ASSERT_EQ(rtas(guest, INT_OFF, 1, 1, (u32[]){ IRQ }), 0);
	TEST_ASSERT_EQ(rtas(guest, INT_ON, 1, 1, (u32[]){ IRQ }), 0);
	TEST_ASSERT_EQ(rtas(guest, INT_ON, 2, 1, (u32[]){ IRQ, 0 }),
		       RTAS_PARAMETER);
	TEST_ASSERT_EQ(rtas(guest, INT_ON, 1, 1, (u32[]){ 0 }), RTAS_PARAMETER);

	/* A call that has no token, and arguments that do not make sense */
	mem[0] = htobe32(RTAS_TOKEN + NONE);
	userspace_hcall(guest, H_RTAS, ARGS(RTAS_ARGS));
	mem[1] = htobe32(16);
	userspace_hcall(guest, H_RTAS, ARGS(RTAS_ARGS));
	userspace_hcall(guest, H_RTAS, ARGS(GUEST_MMIO));
	close(fd);
}
#endif /* CONFIG_64BIT */

TEST_HARNESS_MAIN
