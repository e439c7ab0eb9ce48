// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest debugging on KVM Book3S PR: KVM_SET_GUEST_DEBUG and KVM_EXIT_DEBUG
 *
 * The labels in parentheses are those of the rules in
 * Documentation/virt/kvm/ppc-debug.rst.  Rule C3 is part of every case:
 * asm_guest_expect_stops() checks it in struct kvm_run, filled with junk before.
 */
#include "debug_suite.h"

DEBUG_SUITE_ALL(debug);

#define INST_LI_R6_7	0x38c00007

/* A software breakpoint between instructions */
GUEST_ASM(bp_code,
	  "	li	%r5, 1\n"
	  "bp_here:\n"
	  GUEST_ASM_SW_BP
	  "	li	%r5, 2\n"
	  "	nop\n");

GUEST_LABELS(bp_here[]);

static void start_bp(struct asm_guest *guest, u64 msr, u32 inst, u32 control)
{
	guest->regs.msr = msr;
	guest->regs.gpr[5] = 0;
	asm_guest_start(guest, bp_code);
	asm_guest_write32(guest, guest->code + 4, inst);
	asm_guest_control(guest, control);
}

/* The guest gets its own Program interrupt for the instruction at bp_here. */
static void expect_illegal(struct asm_guest *guest, u64 msr)
{
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.pc, VEC_PROGRAM + 4);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, bp_here));
	TEST_ASSERT_EQ(guest->regs.srr1, msr | SRR1_PROGILL);
}

static void expect_bp(struct asm_guest *guest, u64 msr)
{
	start_bp(guest, msr, INST_SW_BREAKPOINT, GUESTDBG_SW_BP);
	asm_guest_expect(guest, STOP_AT(bp_here), STOP_AT(bp_here));
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
}

/*
 * A software breakpoint stops the guest in supervisor and in problem state, and
 * again if the debugger does nothing about it. (C1, C3)
 */
TEST_F(debug, sw_breakpoint)
{
	expect_bp(&self->guest, variant->msr);
	expect_bp(&self->guest, variant->msr | MSR_PR);
}

/* The debugger puts the original instruction back and steps over it. (A1, C1) */
TEST_F(debug, sw_breakpoint_step_over)
{
	struct asm_guest *guest = &self->guest;

	start_bp(guest, variant->msr, INST_SW_BREAKPOINT,
		 GUESTDBG_STEP | KVM_GUESTDBG_USE_SW_BP);
	asm_guest_expect(guest, STOP_AT(bp_here), STOP_AT(bp_here));
	asm_guest_write32(guest, guest->code + 4, INST_LI_R6_7);
	/* It makes the instruction cache coherent. */
	asm_guest_control(guest, GUESTDBG_STEP | KVM_GUESTDBG_USE_SW_BP);
	asm_guest_expect(guest, STOP_AT(bp_here + 1), STOP_AT(bp_here + 2));
	TEST_ASSERT_EQ(guest->regs.gpr[5], 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 7);
}

/* A pending external interrupt is taken before the breakpoint at the PC. (A5, C1) */
TEST_F(debug, sw_breakpoint_after_interrupt)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load_rfi_handler(guest, VEC_EXTERNAL);
	start_bp(guest, variant->msr | MSR_EE, INST_SW_BREAKPOINT, GUESTDBG_SW_BP);
	asm_guest_goto(guest, bp_here);
	asm_guest_raise_external(guest);
	asm_guest_expect_stop(guest, bp_here);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, bp_here));
}

/* The guest's own Trace interrupt is taken before the breakpoint at the PC. (B2, C1) */
TEST_F(debug, sw_breakpoint_after_trace)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load_rfi_handler(guest, VEC_TRACE);
	start_bp(guest, variant->msr | MSR_SE, INST_SW_BREAKPOINT, GUESTDBG_SW_BP);
	asm_guest_expect_stop(guest, bp_here);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, bp_here));
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_SE);
}

/* A breakpoint at a vector stops the guest in its interrupt handler. (C1) */
TEST_F(debug, sw_breakpoint_at_vector)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_write32(guest, VEC_PROGRAM, INST_SW_BREAKPOINT);
	start_bp(guest, variant->msr | MSR_PR, 0, GUESTDBG_SW_BP);
	asm_guest_expect(guest, STOP_PC(VEC_PROGRAM), STOP_PC(VEC_PROGRAM));
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, bp_here));
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr | MSR_PR | SRR1_PROGILL);
}

/* Without USE_SW_BP the guest gets its Program interrupt, in either state. (C2) */
TEST_F(debug, sw_breakpoint_not_asked_for)
{
	u32 controls[] = { GUESTDBG_OFF, KVM_GUESTDBG_ENABLE, KVM_GUESTDBG_USE_SW_BP };
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(controls); i++) {
		u64 msr = variant->msr | (i & 1 ? MSR_PR : 0);

		start_bp(&self->guest, msr, INST_SW_BREAKPOINT, controls[i / 2]);
		expect_illegal(&self->guest, msr);
	}
}

/* The step over a breakpoint that was not asked for stops at the vector. (A4, C2) */
TEST_F(debug, sw_breakpoint_not_asked_for_step)
{
	struct asm_guest *guest = &self->guest;

	start_bp(guest, variant->msr, INST_SW_BREAKPOINT, GUESTDBG_STEP);
	asm_guest_expect(guest, STOP_AT(bp_here), STOP_PC(VEC_PROGRAM));
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, bp_here));
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr | SRR1_PROGILL);
}

/* Other illegal instructions are the guest's own, with breakpoints on. (B4) */
TEST_F(debug, illegal_beside_breakpoints)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		u64 msr = variant->msr | (i ? MSR_PR : 0);

		start_bp(&self->guest, msr, 0, GUESTDBG_SW_BP);
		expect_illegal(&self->guest, msr);
		expect_bp(&self->guest, msr);
		start_bp(&self->guest, msr, INST_NOP, GUESTDBG_SW_BP);
		asm_guest_run(&self->guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(self->guest.regs.gpr[5], 2);
		asm_guest_run_immediate_exit(&self->guest);
	}
}

/*
 * debug.arch.status shares its place in struct kvm_run with the data of an MMIO
 * access and, unless the host is 32-bit, with r1 of an OSI exit.  What these exits
 * leave there would pass for a hardware breakpoint.
 */
GUEST_ASM(bp_after_store,
	  "	stw	%r6, 0(%r5)\n"
	  GUEST_ASM_SW_BP);

GUEST_ASM(bp_after_load,
	  "	lwz	%r6, 0(%r5)\n"
	  GUEST_ASM_SW_BP);

GUEST_ASM(bp_after_osi,
	  "	sc\n"
	  GUEST_ASM_SW_BP);

static void expect_bp_after(struct asm_guest *guest, const u32 *code, u32 exit_reason)
{
	guest->regs.gpr[0] = -1;
	guest->regs.gpr[1] = -1;
	guest->regs.gpr[5] = asm_guest_mmio_addr(guest);
	guest->regs.gpr[6] = -1;
	asm_guest_start(guest, code);
	asm_guest_control(guest, GUESTDBG_SW_BP);
	asm_guest_run(guest, exit_reason);
	if (exit_reason == KVM_EXIT_MMIO)
		memset(guest->vcpu->run->mmio.data, 0x5a, 8);
	asm_guest_expect_stop(guest, code + 1);
}

/* MMIO and OSI hypercalls leave nothing in debug.arch of the stop after them. (C3) */
TEST_F(debug, sw_breakpoint_after_userspace)
{
	expect_bp_after(&self->guest, bp_after_osi, KVM_EXIT_OSI);
	expect_bp_after(&self->guest, bp_after_store, KVM_EXIT_MMIO);
	expect_bp_after(&self->guest, bp_after_load, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(self->guest.regs.gpr[6], 0x5a5a5a5a);
}

GUEST_ASM(native_code,
	  "	li	%r5, 1\n"
	  "	cmpwi	%r5, 1\n"
	  "	bne	. + 12\n"
	  "	beq	. + 8\n"
	  "	nop\n"
	  "	bl	. + 8\n"
	  "	b	.\n"
	  "	addi	%r5, %r5, 1\n"
	  "	blr\n");

/* Instructions that the CPU executes are one step each, branches too. (A1) */
TEST_F(debug, step_native)
{
	const u32 *code = native_code;

	asm_guest_start_step(&self->guest, code);
	asm_guest_expect(&self->guest, STOP_AT(code + 1), STOP_AT(code + 2),
			 STOP_AT(code + 3), STOP_AT(code + 5), STOP_AT(code + 7),
			 STOP_AT(code + 8), STOP_AT(code + 6), STOP_AT(code + 6));
	TEST_ASSERT_EQ(self->guest.regs.gpr[5], 2);
}

GUEST_ASM(emulated_code,
	  "	li	%r5, 0x123\n"
	  "	mtsprg	0, %r5\n"
	  "	mfsprg	%r6, 0\n"
	  "	addi	%r6, %r6, 1\n"
	  "	mfmsr	%r7\n"
	  "	mfpvr	%r8\n"
	  "	mtsrr0	%r6\n"
	  "	mfsrr0	%r9\n"
	  "	nop\n"
	  "	mtsprg	1, %r6\n"
	  "	nop\n");

/* Instructions that KVM emulates are one step each. (A2) */
TEST_F(debug, step_emulated)
{
	asm_guest_step_all(&self->guest, emulated_code);
	TEST_ASSERT_EQ(self->guest.regs.gpr[6], 0x124);
	TEST_ASSERT_EQ(self->guest.regs.gpr[9], 0x124);
	TEST_ASSERT_EQ(self->guest.regs.sprg0, 0x123);
	TEST_ASSERT_EQ(self->guest.regs.sprg1, 0x124);
}

/* The host unmaps the guest's code before each step. (A2, A9) */
TEST_F(debug, step_remapped)
{
	struct asm_guest *guest = &self->guest;
	void *page = addr_gpa2hva(guest->vm, guest->code);
	int i;

	asm_guest_start_step(guest, emulated_code);
	for (i = 1; i <= emulated_code_end - emulated_code; i++) {
		TEST_ASSERT(!mprotect(page, getpagesize(), PROT_READ) &&
			    !mprotect(page, getpagesize(), PROT_READ | PROT_WRITE),
			    "mprotect() failed");
		asm_guest_expect_stop(guest, emulated_code + i);
	}
	TEST_ASSERT_EQ(guest->regs.gpr[9], 0x124);
}

GUEST_ASM(altivec_code,
	  "	vor	%v1, %v2, %v3\n"
	  "	vspltisw %v1, 5\n");

/* KVM loads the AltiVec registers when they are first used. (A9) */
TEST_F(debug, step_altivec_loaded)
{
	if (!asm_guest_has_altivec(&self->guest))
		SKIP(return, "The CPU has no AltiVec");

	self->guest.regs.msr |= MSR_VEC;
	asm_guest_step_all(&self->guest, altivec_code);
}

GUEST_ASM(vsx_code,
	  "	xxlor	%vs1, %vs2, %vs3\n"
	  "	xxlor	%vs33, %vs34, %vs35\n");

/* KVM loads the VSX registers when they are first used. (A9) */
TEST_F(debug, step_vsx_loaded)
{
	if (self->guest.cpu32 || !host_has_vsx())
		SKIP(return, "The CPU has no VSX");

	self->guest.regs.msr |= MSR_VSX;
	asm_guest_step_all(&self->guest, vsx_code);
}

#ifdef CONFIG_64BIT
#define HOST_TAR	0x76543210UL

GUEST_ASM(tar_code,
	  "	mfspr	%r6, " __stringify(SPRN_TAR) "\n"
	  "	mtspr	" __stringify(SPRN_TAR) ", %r7\n");

/* KVM loads TAR when the guest first uses it. (A9) */
TEST_F(debug, step_tar_loaded)
{
	struct asm_guest *guest = &self->guest;

	if (guest->cpu32 || !host_has_isa_2_07())
		SKIP(return, "The CPU has no TAR");

	mtspr(SPRN_TAR, HOST_TAR);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FSCR, FSCR_TAR);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_TAR, 0x12345678);
	guest->regs.gpr[7] = 0x9abcdef0;
	asm_guest_step_all(guest, tar_code);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x12345678);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_TAR), 0x9abcdef0);
	TEST_ASSERT_EQ(mfspr(SPRN_TAR), HOST_TAR);
}
#endif

/* r5 is where to return to, and r6 the MSR to return with, without SE. */
GUEST_ASM(rfi_code,
	  "	mtsrr0	%r5\n"
	  "	mr	%r0, %r6\n"
	  "	mtsrr1	%r0\n"
	  GUEST_ASM_RFI
	  GUEST_ASM_OSI
	  "rfi_target: nop\n"
	  "	nop\n"
	  "rfi_mfmsr: mfmsr %r7\n");

GUEST_LABELS(rfi_target[], rfi_mfmsr[]);

static void step_rfi(struct asm_guest *guest, u64 srr1, u64 more_srr0)
{
	const u32 *code = rfi_code;

	asm_guest_start(guest, code);
	guest->regs.gpr[5] = asm_guest_addr(guest, rfi_target) | more_srr0;
	guest->regs.gpr[6] = srr1;
	asm_guest_start_step(guest, code);
	asm_guest_expect(guest, STOP_AT(code + 1), STOP_AT(code + 2),
			 STOP_AT(code + 3), STOP_AT(rfi_target),
			 STOP_AT(rfi_target + 1), STOP_AT(rfi_mfmsr));
	TEST_ASSERT_EQ(guest->regs.msr, srr1);
	TEST_ASSERT_EQ(guest->regs.srr1, srr1);
	if (srr1 & MSR_PR)
		return;

	asm_guest_expect_stop(guest, rfi_mfmsr + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[7], srr1);
}

/* Stepping survives rfi and rfid, as in the start-up code of Mac OS. (A1, A3) */
TEST_F(debug, step_rfi)
{
	step_rfi(&self->guest, variant->msr | MSR_FP, 0);
	step_rfi(&self->guest, variant->msr, 0);

	/* PAPR guests have MSR[ME] always. */
	if (variant->mmu != GUEST_MMU_PAPR)
		step_rfi(&self->guest, variant->msr & ~MSR_ME, 0);
}

/* Stepping survives rfi and rfid to problem state. (A3) */
TEST_F(debug, step_rfi_to_problem)
{
	step_rfi(&self->guest, variant->msr | MSR_PR, 0);
}

GUEST_ASM(reported_code,
	  "	mtsrr0	%r5\n"
	  "	li	%r0, 0x3000\n"
	  "	mtsrr1	%r0\n"
	  GUEST_ASM_RFI
	  "	nop\n"
	  "	mfmsr	%r6\n"
	  "	nop\n");

/* An rfi that loads the MSR 0x3000, and so turns translation off. (A3) */
TEST_F(debug, step_rfi_reported)
{
	const u32 *code = reported_code;
	u64 landed = self->guest.code + 5 * sizeof(u32);

	if (!self->guest.cpu32 || variant->msr & MSR_LE)
		SKIP(return, "The MSR of the sequence is for 32-bit big-endian guests");

	self->guest.regs.gpr[5] = landed;
	asm_guest_start_step(&self->guest, code);
	asm_guest_expect(&self->guest, STOP_AT(code + 1), STOP_AT(code + 2),
			 STOP_AT(code + 3), STOP_PC(landed), STOP_PC(landed + 4));
	TEST_ASSERT_EQ(self->guest.regs.gpr[6], MSR_FP | MSR_ME);
}

/* Bits of SRR0 that are no part of an instruction's address do not matter. (A1) */
TEST_F(debug, step_rfi_other_bits)
{
	u64 high = variant->msr & MSR_SF ? 0 : 1ULL << 40;

	step_rfi(&self->guest, variant->msr, high | 3);
}

GUEST_ASM(mtmsr_code,
	  "	mtmsr	%r6\n"
	  "	nop\n"
	  "	mtmsr	%r5\n"
	  "	mfmsr	%r7\n");

/* Stepping survives mtmsr with a value that lacks SE. (A3) */
TEST_F(debug, step_mtmsr)
{
	self->guest.regs.gpr[5] = variant->msr;
	self->guest.regs.gpr[6] = variant->msr | MSR_FP | MSR_RI;
	asm_guest_step_all(&self->guest, mtmsr_code);
	TEST_ASSERT_EQ(self->guest.regs.gpr[7], variant->msr);
}

#ifdef CONFIG_64BIT
GUEST_ASM(mtmsrd_code,
	  "	mtmsrd	%r6\n"
	  "	nop\n"
	  "	mtmsrd	%r5\n"
	  "	mtmsrd	%r6, 1\n"
	  "	mfmsr	%r7\n");

/* Stepping survives mtmsrd, and with L=1 it changes EE and RI only. (A3) */
TEST_F(debug, step_mtmsrd)
{
	if (self->guest.cpu32)
		SKIP(return, "32-bit CPUs have no mtmsrd");

	self->guest.regs.gpr[5] = variant->msr;
	self->guest.regs.gpr[6] = variant->msr | MSR_FP | MSR_RI;
	asm_guest_step_all(&self->guest, mtmsrd_code);
	TEST_ASSERT_EQ(self->guest.regs.gpr[7], variant->msr | MSR_RI);
}
#endif /* CONFIG_64BIT */

GUEST_ASM(mfmsr_code,
	  "	mfmsr	%r5\n"
	  "	li	%r6, 1\n"
	  "	mfmsr	%r7\n"
	  GUEST_ASM_OSI);

/* Neither mfmsr nor KVM_GET_REGS shows that the guest is being stepped. (B1) */
TEST_F(debug, step_bit_mfmsr)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	asm_guest_start_step(guest, mfmsr_code);
	for (i = 1; i <= 3; i++) {
		asm_guest_expect_stop(guest, mfmsr_code + i);
		TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
	}
	TEST_ASSERT_EQ(guest->regs.gpr[5], variant->msr);
	TEST_ASSERT_EQ(guest->regs.gpr[7], variant->msr);
}

/* KVM_SET_GUEST_DEBUG alone, on and off again, changes no register. (B1) */
TEST_F(debug, step_bit_on_off)
{
	static const u32 controls[] = { GUESTDBG_STEP, GUESTDBG_OFF };
	struct kvm_regs before, after;
	unsigned int i;

	asm_guest_start(&self->guest, mfmsr_code);
	vcpu_regs_get(self->guest.vcpu, &before);
	for (i = 0; i < ARRAY_SIZE(controls); i++) {
		asm_guest_control(&self->guest, controls[i]);
		vcpu_regs_get(self->guest.vcpu, &after);
		TEST_ASSERT(!memcmp(&before, &after, sizeof(before)),
			    "Control word 0x%x changes the guest", controls[i]);
	}
}

/* After a step the debugger goes, and the guest runs freely. (B1) */
TEST_F(debug, step_then_run)
{
	asm_guest_start_step(&self->guest, mfmsr_code);
	asm_guest_expect_stop(&self->guest, mfmsr_code + 1);
	asm_guest_control(&self->guest, GUESTDBG_OFF);
	asm_guest_run(&self->guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(self->guest.regs.gpr[5], variant->msr);
	TEST_ASSERT_EQ(self->guest.regs.gpr[7], variant->msr);
	TEST_ASSERT_EQ(self->guest.regs.msr, variant->msr);
}

TEST_HARNESS_MAIN
