// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software breakpoints in guests of KVM Book3S HV
 *
 * KVM HV has its own code for them.  The rules are those of PR: the exit has the
 * address of the breakpoint, and debug.arch.status is 0 (C3).  Without a debugger,
 * the guest gets a Program interrupt (C2).
 *
 * The guest is in real mode, which has no problem state; KVM HV looks at the
 * instruction of the trap, and not at how the guest translates its address.
 *
 * Skipped where the host has no hypervisor mode.
 */
#include "asm_guest.h"
#include "kselftest_harness.h"

/* A hypercall that KVM does not know: it exits, with the GPRs as arguments. */
#define GUEST_ASM_HCALL							\
	"	lis	%r3, 0x1234\n"					\
	"	sc	1\n"

#define GUEST_HCALL_NR		0x12340000
#define H_FUNCTION		(-2ULL)

FIXTURE(hv)
{
	struct asm_guest guest;
};

FIXTURE_VARIANT(hv)
{
	u64 msr;
};

FIXTURE_VARIANT_ADD(hv, guest64)
{
	.msr = MSR_GUEST_REAL,
};

FIXTURE_VARIANT_ADD(hv, other_byte_order)
{
	.msr = MSR_GUEST_REAL ^ MSR_LE,
};

FIXTURE_SETUP(hv)
{
	const struct asm_guest_config config = {
		.msr = variant->msr,
		.hv = true,
	};

	if (!powerpc_has_vm_type(KVM_VM_PPC_HV))
		SKIP(return, "KVM HV is not there, or the host has no hypervisor mode");

	__asm_guest_create(&self->guest, &config);
}

FIXTURE_TEARDOWN(hv)
{
	asm_guest_destroy(&self->guest);
}

GUEST_ASM(bp_code,
	  "	li	%r5, 1\n"
	  GUEST_ASM_HCALL
	  "	li	%r5, 2\n"
	  "bp_code_bp:\n"
	  GUEST_ASM_SW_BP
	  "bp_code_next:\n"
	  "	li	%r5, 3\n"
	  GUEST_ASM_HCALL);

GUEST_LABELS(bp_code_bp[], bp_code_next[]);

static void expect_hcall(struct asm_guest *guest, u64 r5)
{
	asm_guest_run(guest, KVM_EXIT_PAPR_HCALL);
	TEST_ASSERT_EQ(guest->vcpu->run->papr_hcall.nr, GUEST_HCALL_NR);
	TEST_ASSERT_EQ(guest->regs.gpr[5], r5);
}

/* Address and status, with kvm_run poisoned; then the guest goes on. (C3) */
TEST_F(hv, sw_breakpoint)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_start(guest, bp_code);
	asm_guest_goto(guest, bp_code_bp);
	asm_guest_control(guest, GUESTDBG_SW_BP);
	asm_guest_expect_stop(guest, bp_code_bp);

	asm_guest_goto(guest, bp_code_next);
	expect_hcall(guest, 3);
}

/*
 * A hypercall leaves data in struct kvm_run.  debug.arch.status of a later stop
 * does not contain it. (C3)
 */
TEST_F(hv, sw_breakpoint_after_hcall)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_start(guest, bp_code);
	asm_guest_control(guest, GUESTDBG_SW_BP);
	expect_hcall(guest, 1);
	guest->vcpu->run->papr_hcall.ret = H_FUNCTION;
	asm_guest_expect_stop(guest, bp_code_bp);
	TEST_ASSERT_EQ(guest->regs.gpr[3], H_FUNCTION);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 2);
}

GUEST_ASM(mmio_code,
	  "	lwz	%r5, 0(%r7)\n"
	  GUEST_ASM_SW_BP);

/* So does an MMIO access. (C3) */
TEST_F(hv, sw_breakpoint_after_mmio)
{
	struct asm_guest *guest = &self->guest;

	if (!kvm_has_cap(KVM_CAP_PPC_MMU_RADIX))
		SKIP(return, "With a hashed page table there is no MMIO in real mode");

	guest->regs.gpr[7] = GUEST_MMIO;
	asm_guest_start(guest, mmio_code);
	asm_guest_control(guest, GUESTDBG_SW_BP);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0x66, 4);
	asm_guest_expect_stop(guest, mmio_code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 0x66666666);
}

/*
 * KVM HV accepts the bits of steps, which QEMU sets, and those of watchpoints, and
 * ignores them. (D2, W1)
 */
TEST_F(hv, control)
{
	struct asm_guest *guest = &self->guest;

	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_SET_GUEST_DEBUG2),
		       GUESTDBG_SW_BP);
	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_PPC_GUEST_DEBUG_SSTEP), 0);
	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_GUEST_DEBUG_HW_BPS), 0);
	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_GUEST_DEBUG_HW_WPS), 0);
	asm_guest_start(guest, bp_code);
	asm_guest_control(guest, GUESTDBG_STEP | KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_BLOCKIRQ);
	expect_hcall(guest, 1);
}

/* `sc 1` sets SRR0 and SRR1 as well. */
GUEST_ASM(program_handler,
	  "	li	%r5, 0x700\n"
	  "	mfsrr0	%r6\n"
	  "	mfsrr1	%r7\n"
	  GUEST_ASM_HCALL);

/* Without a debugger, the breakpoint instruction causes a Program interrupt. (C2) */
TEST_F(hv, no_debugger)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load(guest, VEC_PROGRAM, program_handler);
	asm_guest_start(guest, bp_code);
	asm_guest_goto(guest, bp_code_bp);
	expect_hcall(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.gpr[6], asm_guest_addr(guest, bp_code_bp));
	TEST_ASSERT_EQ(guest->regs.gpr[7], variant->msr | SRR1_PROGILL);
}

TEST_HARNESS_MAIN
