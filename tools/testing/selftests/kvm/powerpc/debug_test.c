// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest debugging on KVM Book3S PR: KVM_SET_GUEST_DEBUG and KVM_EXIT_DEBUG
 *
 * Each case names the clause that it proves:
 *
 * A1  One KVM_RUN under step stops after one instruction or one interrupt.
 * A2  Instructions that KVM emulates are one step each.
 * A3  Stepping survives whatever MSR rfi, rfid, mtmsr and mtmsrd load.
 * A4  The step over an instruction that causes an interrupt stops at the vector.
 * B1  The guest never sees the debugger's MSR[SE].
 * C1  A software breakpoint stops the guest at its address.
 * C2  Without USE_SW_BP it is an illegal instruction, and the guest's affair.
 * C3  Each stop has address = PC and status = 0 in run->debug.arch.
 *
 * C3 is part of every case: debug_guest_expect_stops() checks it in kvm_run,
 * poisoned beforehand.
 *
 * Guests can be 32-bit and of the other byte order than the host, too; a
 * variant of the fixture each.
 */
#include "debug_fixture.h"

/* A software breakpoint between instructions */
GUEST_ASM(bp_code,
	  "	li	%r5, 1\n"
	  "bp_here:\n"
	  GUEST_ASM_SW_BP
	  "bp_next: li	%r5, 2\n"
	  "bp_last: nop\n");

GUEST_LABELS(bp_here[], bp_next[], bp_last[]);

/*
 * C1, C3: stops at the breakpoint, which has not been executed, and does so
 * again if the debugger does nothing about it.
 */
TEST_F(debug, sw_breakpoint_supervisor)
{
	static const struct guest_stop stops[] = {
		STOP_AT(bp_here), STOP_AT(bp_here),
	};
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, bp_code, bp_code_end);
	debug_guest_control(guest, GUESTDBG_SW_BP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
}

/* C1: the same in problem state. */
TEST_F(debug, sw_breakpoint_problem)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.msr |= MSR_PR;
	debug_guest_start(guest, bp_code, bp_code_end);
	debug_guest_control(guest, GUESTDBG_SW_BP);
	debug_guest_expect_stop(guest, bp_here);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_PR);
}

/* C1: the debugger puts the original instruction back and steps over it. */
TEST_F(debug, sw_breakpoint_step_over)
{
	static const struct guest_stop steps[] = {
		STOP_AT(bp_next), STOP_AT(bp_last),
	};
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, bp_code, bp_code_end);
	debug_guest_control(guest, GUESTDBG_STEP | KVM_GUESTDBG_USE_SW_BP);
	debug_guest_expect_stop(guest, bp_here);
	debug_guest_expect_stop(guest, bp_here);

	/* li %r6, 7 */
	debug_guest_write32(guest, debug_guest_addr(guest, bp_here), 0x38c00007);
	debug_guest_expect_stops(guest, steps, ARRAY_SIZE(steps));
	TEST_ASSERT_EQ(guest->regs.gpr[5], 2);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 7);
}

/* C2: without USE_SW_BP the guest gets its Program interrupt. */
TEST_F(debug, sw_breakpoint_not_asked_for)
{
	static const u32 controls[] = {
		GUESTDBG_OFF, KVM_GUESTDBG_ENABLE, GUESTDBG_STEP,
	};
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(controls); i++) {
		u64 msr = variant->msr | (i % 2 ? MSR_PR : 0);

		guest->regs.msr = msr;
		guest->regs.srr0 = 0;
		debug_guest_start(guest, bp_code, bp_code_end);
		debug_guest_control(guest, controls[i / 2]);
		if (controls[i / 2] == GUESTDBG_STEP) {
			debug_guest_expect_pc(guest, GUEST_CODE + 4);
			debug_guest_expect_pc(guest, VEC_PROGRAM);
		} else {
			debug_guest_run(guest, KVM_EXIT_OSI);
			TEST_ASSERT_EQ(guest->regs.pc, VEC_PROGRAM + 4);
		}
		TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, bp_here));
		TEST_ASSERT_EQ(guest->regs.srr1, msr | SRR1_PROGILL);
	}
}

/*
 * B4: illegal instructions beside breakpoints are still the guest's affair, each
 * time, in either state, and for breakpoints that have been taken away, too.
 */
TEST_F(debug, illegal_beside_breakpoints)
{
	static const u32 insts[] = { 0, 0x00dddd00, 0, 0x60000000 /* nop */ };
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(insts); i++) {
		u32 inst = insts[i / 2];
		bool bp = inst == 0x00dddd00;

		guest->regs.msr = variant->msr | (i & 1 ? MSR_PR : 0);
		debug_guest_start(guest, bp_code, bp_code_end);
		debug_guest_write32(guest, debug_guest_addr(guest, bp_here), inst);
		debug_guest_control(guest, GUESTDBG_SW_BP);
		debug_guest_run(guest, bp ? KVM_EXIT_DEBUG : KVM_EXIT_OSI);
		if (bp) {
			TEST_ASSERT_EQ(guest->regs.pc, debug_guest_addr(guest, bp_here));
		} else if (inst) {
			TEST_ASSERT_EQ(guest->regs.gpr[5], 2);
		} else {
			TEST_ASSERT_EQ(guest->regs.pc, VEC_PROGRAM + 4);
			TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, bp_here));
		}
	}
}

/*
 * C3: an exit that fills the union in kvm_run with something else comes first.
 * debug.arch.status shares its place with the data of an MMIO access and with
 * r1 in an OSI exit; left there, it would pass for a hardware breakpoint.
 */
GUEST_ASM(bp_after_mmio_code,
	  "	lis	%r5, 0x4000\n"		/* GUEST_MMIO */
	  "	li	%r6, -1\n"
	  "	stw	%r6, 0(%r5)\n"
	  "bp_after_store:\n"
	  GUEST_ASM_SW_BP);

GUEST_LABELS(bp_after_store[]);

TEST_F(debug, sw_breakpoint_after_mmio_store)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, bp_after_mmio_code, bp_after_mmio_code_end);
	debug_guest_control(guest, GUESTDBG_SW_BP);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT(guest->vcpu->run->mmio.is_write, "Wanted a store");
	TEST_ASSERT_EQ(guest->vcpu->run->mmio.phys_addr, GUEST_MMIO);
	debug_guest_expect_stop(guest, bp_after_store);
}

GUEST_ASM(bp_after_load_code,
	  "	lis	%r5, 0x4000\n"		/* GUEST_MMIO */
	  "	lwz	%r6, 8(%r5)\n"
	  "bp_after_load:\n"
	  GUEST_ASM_SW_BP);

GUEST_LABELS(bp_after_load[]);

/* C3 */
TEST_F(debug, sw_breakpoint_after_mmio_load)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;

	debug_guest_start(guest, bp_after_load_code, bp_after_load_code_end);
	debug_guest_control(guest, GUESTDBG_SW_BP);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT(!run->mmio.is_write, "Wanted a load");
	memset(run->mmio.data, 0x5a, sizeof(run->mmio.data));
	debug_guest_expect_stop(guest, bp_after_load);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x5a5a5a5a);
}

GUEST_ASM(bp_after_osi_code,
	  "	li	%r0, -1\n"
	  "	li	%r1, -1\n"
	  GUEST_ASM_OSI
	  "bp_after_osi:\n"
	  GUEST_ASM_SW_BP);

GUEST_LABELS(bp_after_osi[]);

/* C3 */
TEST_F(debug, sw_breakpoint_after_osi)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, bp_after_osi_code, bp_after_osi_code_end);
	debug_guest_control(guest, GUESTDBG_SW_BP);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_expect_stop(guest, bp_after_osi);
}

/* A1: instructions that the CPU executes, branches taken and not taken too */
GUEST_ASM(native_code,
	  "	li	%r5, 1\n"
	  "native_1: cmpwi %r5, 1\n"
	  "native_2: bne . + 12\n"
	  "native_3: beq native_5\n"
	  "	nop\n"
	  "native_5: bl native_7\n"
	  "native_6: b native_6\n"
	  "native_7: addi %r5, %r5, 1\n"
	  "native_8: blr\n");

GUEST_LABELS(native_1[], native_2[], native_3[], native_5[], native_6[],
	     native_7[], native_8[]);

TEST_F(debug, step_native)
{
	static const struct guest_stop stops[] = {
		STOP_AT(native_1), STOP_AT(native_2), STOP_AT(native_3),
		STOP_AT(native_5), STOP_AT(native_7), STOP_AT(native_8),
		STOP_AT(native_6), STOP_AT(native_6), STOP_AT(native_6),
	};
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, native_code, native_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.gpr[5], 2);
}

/* A2: instructions that KVM emulates, in a row and between others */
GUEST_ASM(emulated_code,
	  "	li	%r5, 0x123\n"
	  "emul_1: mtsprg 0, %r5\n"
	  "emul_2: mfsprg %r6, 0\n"
	  "emul_3: addi	%r6, %r6, 1\n"
	  "emul_4: mfmsr %r7\n"
	  "emul_5: mfpvr %r8\n"
	  "emul_6: mtsrr0 %r6\n"
	  "emul_7: mfsrr0 %r9\n"
	  "emul_8: nop\n"
	  "emul_9: mtsprg 1, %r6\n"
	  "emul_10: nop\n");

GUEST_LABELS(emul_1[], emul_2[], emul_3[], emul_4[], emul_5[], emul_6[],
	     emul_7[], emul_8[], emul_9[], emul_10[]);

TEST_F(debug, step_emulated)
{
	static const struct guest_stop stops[] = {
		STOP_AT(emul_1), STOP_AT(emul_2), STOP_AT(emul_3),
		STOP_AT(emul_4), STOP_AT(emul_5), STOP_AT(emul_6),
		STOP_AT(emul_7), STOP_AT(emul_8), STOP_AT(emul_9),
		STOP_AT(emul_10),
	};
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, emulated_code, emulated_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x124);
	TEST_ASSERT_EQ(guest->regs.gpr[9], 0x124);
	TEST_ASSERT_EQ(guest->regs.sprg0, 0x123);
	TEST_ASSERT_EQ(guest->regs.sprg1, 0x124);
	TEST_ASSERT_EQ(guest->regs.srr0, 0x124);
}

/*
 * A3: the sequence with which the start-up code of Mac OS 9 was found to lose
 * the debugger.  r5 is the address to go on at, and the MSR that is loaded has
 * no SE.  Four stops, the last one at r5, and it is possible to go on there.
 */
GUEST_ASM(rfi_code,
	  "	mtsrr0	%r5\n"
	  "rfi_1: mr	%r0, %r6\n"
	  "rfi_2: mtsrr1 %r0\n"
	  "rfi_3: " GUEST_ASM_RFI
	  GUEST_ASM_OSI
	  "rfi_target: nop\n"
	  "rfi_t1: mfmsr %r7\n"
	  "rfi_t2: nop\n"
	  "rfi_t3: nop\n");

GUEST_LABELS(rfi_1[], rfi_2[], rfi_3[], rfi_target[], rfi_t1[], rfi_t2[],
	     rfi_t3[]);

static const struct guest_stop rfi_stops[] = {
	STOP_AT(rfi_1), STOP_AT(rfi_2), STOP_AT(rfi_3), STOP_AT(rfi_target),
	/* and on it goes */
	STOP_AT(rfi_t1), STOP_AT(rfi_t2), STOP_AT(rfi_t3),
};

static void step_rfi_with(struct debug_guest *guest, u64 srr1, u64 more)
{
	guest->regs.gpr[5] = GUEST_CODE + (rfi_target - rfi_code) * sizeof(u32);
	guest->regs.gpr[5] |= more;
	guest->regs.gpr[6] = srr1;
	debug_guest_start(guest, rfi_code, rfi_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, rfi_stops, ARRAY_SIZE(rfi_stops));

	TEST_ASSERT_EQ(guest->regs.msr, srr1);
	TEST_ASSERT_EQ(guest->regs.gpr[7], srr1);
	TEST_ASSERT_EQ(guest->regs.srr1, srr1);
}

static void step_rfi(struct debug_guest *guest, u64 srr1)
{
	step_rfi_with(guest, srr1, 0);
}

TEST_F(debug, step_rfi_sequence)
{
	step_rfi(&self->guest, variant->msr | MSR_FP);
}

/* A3: the sequence that was reported, by the instruction rfi on 64-bit hosts, too */
GUEST_ASM(reported_code,
	  "	mtsrr0	%r5\n"
	  "	li	%r0, 0x3000\n"
	  "	mtsrr1	%r0\n"
	  "	.long	0x4c000064\n"		/* rfi */
	  "	nop\n"
	  "reported_landed: mfmsr %r6\n"
	  "	nop\n");

GUEST_LABELS(reported_landed[]);

TEST_F(debug, step_rfi_reported)
{
	struct debug_guest *guest = &self->guest;
	u64 landed = GUEST_CODE + 4 * (reported_landed - reported_code);
	unsigned int i;

	if (variant->msr & (MSR_SF | MSR_LE))
		SKIP(return, "The MSR of the sequence is for 32-bit big-endian guests");

	guest->regs.gpr[5] = landed;
	debug_guest_start(guest, reported_code, reported_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	for (i = 1; i < 4; i++)
		debug_guest_expect_pc(guest, GUEST_CODE + 4 * i);
	debug_guest_expect_pc(guest, landed);
	debug_guest_expect_pc(guest, landed + 4);
	TEST_ASSERT_EQ(guest->regs.gpr[6], MSR_FP | MSR_ME);
}

/* A3: the same with an MSR that does not change, and with ME cleared */
TEST_F(debug, step_rfi_same_msr)
{
	step_rfi(&self->guest, variant->msr);
}

/* A3 */
TEST_F(debug, step_rfi_without_me)
{
	step_rfi(&self->guest, variant->msr & ~MSR_ME);
}

/* A1: to an instruction, even if SRR0 has bits that are no part of its address */
TEST_F(debug, step_rfi_other_bits)
{
	u64 high = variant->msr & MSR_SF ? 0 : 1ULL << 40;

	step_rfi_with(&self->guest, variant->msr, high | 3);
}

/* A3: to problem state, and on from there */
GUEST_ASM(rfi_pr_code,
	  "	mtsrr0	%r5\n"
	  "rfi_pr_1: mtsrr1 %r6\n"
	  "rfi_pr_2: " GUEST_ASM_RFI
	  "rfi_pr_target: nop\n"
	  "rfi_pr_t1: nop\n"
	  "rfi_pr_t2: nop\n");

GUEST_LABELS(rfi_pr_1[], rfi_pr_2[], rfi_pr_target[], rfi_pr_t1[], rfi_pr_t2[]);

TEST_F(debug, step_rfi_to_problem)
{
	static const struct guest_stop stops[] = {
		STOP_AT(rfi_pr_1), STOP_AT(rfi_pr_2), STOP_AT(rfi_pr_target),
		STOP_AT(rfi_pr_t1), STOP_AT(rfi_pr_t2),
	};
	struct debug_guest *guest = &self->guest;

	guest->regs.gpr[5] = GUEST_CODE +
			     (rfi_pr_target - rfi_pr_code) * sizeof(u32);
	guest->regs.gpr[6] = variant->msr | MSR_PR;
	debug_guest_start(guest, rfi_pr_code, rfi_pr_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_PR);
}

/* A3: mtmsr, with values that lack SE */
GUEST_ASM(mtmsr_code,
	  "	mtmsr	%r6\n"
	  "mtmsr_1: nop\n"
	  "mtmsr_2: mtmsr %r5\n"
	  "mtmsr_3: mfmsr %r7\n"
	  "mtmsr_4: nop\n");

GUEST_LABELS(mtmsr_1[], mtmsr_2[], mtmsr_3[], mtmsr_4[]);

TEST_F(debug, step_mtmsr)
{
	static const struct guest_stop stops[] = {
		STOP_AT(mtmsr_1), STOP_AT(mtmsr_2), STOP_AT(mtmsr_3),
		STOP_AT(mtmsr_4),
	};
	struct debug_guest *guest = &self->guest;

	guest->regs.gpr[5] = variant->msr;
	guest->regs.gpr[6] = variant->msr | MSR_FP | MSR_RI;
	debug_guest_start(guest, mtmsr_code, mtmsr_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
	TEST_ASSERT_EQ(guest->regs.gpr[7], variant->msr);
}

#ifdef CONFIG_64BIT
/* A3: mtmsrd, with L = 0 and with L = 1 (EE and RI only) */
GUEST_ASM(mtmsrd_code,
	  "	mtmsrd	%r6\n"
	  "mtmsrd_1: nop\n"
	  "mtmsrd_2: mtmsrd %r5\n"
	  "mtmsrd_3: mtmsrd %r6, 1\n"
	  "mtmsrd_4: mfmsr %r7\n"
	  "mtmsrd_5: nop\n");

GUEST_LABELS(mtmsrd_1[], mtmsrd_2[], mtmsrd_3[], mtmsrd_4[], mtmsrd_5[]);

TEST_F(debug, step_mtmsrd)
{
	static const struct guest_stop stops[] = {
		STOP_AT(mtmsrd_1), STOP_AT(mtmsrd_2), STOP_AT(mtmsrd_3),
		STOP_AT(mtmsrd_4), STOP_AT(mtmsrd_5),
	};
	struct debug_guest *guest = &self->guest;

	guest->regs.gpr[5] = variant->msr;
	guest->regs.gpr[6] = variant->msr | MSR_FP | MSR_RI;
	debug_guest_start(guest, mtmsrd_code, mtmsrd_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_RI);
	TEST_ASSERT_EQ(guest->regs.gpr[7], variant->msr | MSR_RI);
}
#endif /* CONFIG_64BIT */

/* A4: a system call and an illegal instruction, both at the vector */
GUEST_ASM(sc_code,
	  "	li	%r3, 0\n"
	  "sc_1: sc\n"
	  "sc_2: nop\n"
	  "sc_3: .long	0\n");

GUEST_ASM(return_handler,
	  "	mfsrr1	%r8\n"
	  GUEST_ASM_RFI);

GUEST_LABELS(sc_1[], sc_2[], sc_3[]);

TEST_F(debug, step_interrupts)
{
	static const struct guest_stop stops[] = {
		STOP_AT(sc_1), STOP_VECTOR(VEC_SYSCALL),
		STOP_VECTOR(VEC_SYSCALL + 4), STOP_AT(sc_2), STOP_AT(sc_3),
		STOP_VECTOR(VEC_PROGRAM), STOP_VECTOR(VEC_PROGRAM + 4),
		/* not skipped by the handler, and thus again */
		STOP_AT(sc_3), STOP_VECTOR(VEC_PROGRAM),
	};
	struct debug_guest *guest = &self->guest;

	debug_guest_load(guest, VEC_SYSCALL, return_handler, return_handler_end);
	debug_guest_load(guest, VEC_PROGRAM, return_handler, return_handler_end);
	debug_guest_start(guest, sc_code, sc_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, sc_3));
}

/* B1: neither mfmsr nor KVM_GET_REGS shows that the guest is being stepped. */
GUEST_ASM(mfmsr_code,
	  "	mfmsr	%r5\n"
	  "mfmsr_1: nop\n"
	  "mfmsr_2: mfmsr %r6\n"
	  "mfmsr_3: mfmsr %r7\n"
	  "mfmsr_4: nop\n");

GUEST_LABELS(mfmsr_1[], mfmsr_2[], mfmsr_3[], mfmsr_4[]);

TEST_F(debug, step_bit_mfmsr)
{
	static const struct guest_stop stops[] = {
		STOP_AT(mfmsr_1), STOP_AT(mfmsr_2), STOP_AT(mfmsr_3),
		STOP_AT(mfmsr_4),
	};
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	debug_guest_start(guest, mfmsr_code, mfmsr_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	for (i = 0; i < ARRAY_SIZE(stops); i++) {
		debug_guest_expect_stops(guest, &stops[i], 1);
		TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
	}
	for (i = 5; i <= 7; i++)
		TEST_ASSERT_EQ(guest->regs.gpr[i], variant->msr);
}

/* B1: nor does SRR1, after an interrupt that was stepped into. */
TEST_F(debug, step_bit_srr1)
{
	static const struct guest_stop stops[] = {
		STOP_AT(sc_1), STOP_VECTOR(VEC_SYSCALL),
		STOP_VECTOR(VEC_SYSCALL + 4),
	};
	struct debug_guest *guest = &self->guest;

	debug_guest_load(guest, VEC_SYSCALL, return_handler, return_handler_end);
	debug_guest_start(guest, sc_code, sc_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.srr1 & (MSR_SE | MSR_BE), 0);
	TEST_ASSERT_EQ(guest->regs.gpr[8] & (MSR_SE | MSR_BE), 0);
}

GUEST_ASM(mfmsr_osi_code,
	  "	mfmsr	%r5\n"
	  "	li	%r6, 1\n"
	  "	mfmsr	%r7\n"
	  GUEST_ASM_OSI);

/* B1: KVM_SET_GUEST_DEBUG alone, on and off again, changes no register. */
TEST_F(debug, step_bit_on_off)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_regs before, after;

	debug_guest_start(guest, mfmsr_osi_code, mfmsr_osi_code_end);
	vcpu_regs_get(guest->vcpu, &before);

	debug_guest_control(guest, GUESTDBG_STEP);
	vcpu_regs_get(guest->vcpu, &after);
	TEST_ASSERT(!memcmp(&before, &after, sizeof(before)),
		    "Turning stepping on changes the guest");

	debug_guest_control(guest, GUESTDBG_OFF);
	vcpu_regs_get(guest->vcpu, &after);
	TEST_ASSERT(!memcmp(&before, &after, sizeof(before)),
		    "Turning stepping off changes the guest");
}

/* B1: after a few steps the debugger detaches, and the guest runs freely. */
TEST_F(debug, step_then_run)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, mfmsr_osi_code, mfmsr_osi_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_run(guest, KVM_EXIT_DEBUG);
	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], variant->msr);
	TEST_ASSERT_EQ(guest->regs.gpr[7], variant->msr);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
}

int main(int argc, char *argv[])
{
	TEST_REQUIRE(kvm_has_cap(KVM_CAP_SET_GUEST_DEBUG));

	return test_harness_run(argc, argv);
}
