// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping over what KVM Book3S PR emulates: MMU, special purpose
 * registers, caches, transactional memory
 */
#include <linux/kvm_para.h>

#include "debug_suite.h"

DEBUG_SUITE(debug);

#define CR0_EQ		0x20000000
#define CR0		0xf0000000

/* Segment registers; those of 64-bit CPUs are entries of the SLB. (A2) */
GUEST_ASM(sr_code,
	  "	.long	0x7ca301a4\n"		/* mtsr 3, r5 */
	  "	.long	0x7cc304a6\n"		/* mfsr r6, 3 */
	  "	lis	%r7, 0x4000\n"
	  "	.long	0x7d0039e4\n"		/* mtsrin r8, r7 */
	  "	.long	0x7d203d26\n");		/* mfsrin r9, r7 */

TEST_F(debug, step_segment_registers)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_sregs sregs;

	if (!(variant->msr & MSR_SF))
		asm_guest_set_mmu(guest, GUEST_MMU_BAT);

	guest->regs.gpr[5] = 0x20123456;
	guest->regs.gpr[8] = 0x20654321;
	guest->regs.gpr[6] = 0x99;
	guest->regs.gpr[9] = 0x99;
	asm_guest_step_all(guest, sr_code);
	if (variant->msr & MSR_SF) {
		vcpu_sregs_get(guest->vcpu, &sregs);
		TEST_ASSERT_EQ(sregs.u.s.ppc64.slb[3].slbe, 0x38000003);
		TEST_ASSERT_EQ(sregs.u.s.ppc64.slb[3].slbv, 0x123456400);
		TEST_ASSERT_EQ(sregs.u.s.ppc64.slb[4].slbe, 0x48000004);
		TEST_ASSERT_EQ(sregs.u.s.ppc64.slb[4].slbv, 0x654321400);
	}
	/* KVM does not emulate mfsr for 64-bit CPUs: the register keeps its value. */
	TEST_ASSERT_EQ(guest->regs.gpr[6], variant->msr & MSR_SF ? 0x99 : 0x20123456);
	TEST_ASSERT_EQ(guest->regs.gpr[9], variant->msr & MSR_SF ? 0x99 : 0x20654321);
}

GUEST_ASM(mtmsr_code,
	  "	mfmsr	%r5\n"
	  "	clrlwi	%r6, %r5, 0\n"		/* on 64-bit CPUs, clears the upper half */
	  "	mtmsr	%r6\n"
	  "	mfmsr	%r7\n");

/*
 * mtmsr loads the lower half of the MSR, also where there is an upper one. (A2)
 */
TEST_F(debug, step_mtmsr_half)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_step_all(guest, mtmsr_code);
	TEST_ASSERT_EQ(guest->regs.gpr[6], (u32)guest->regs.gpr[5]);
	TEST_ASSERT_EQ(guest->regs.gpr[7], guest->regs.gpr[5]);
	TEST_ASSERT_EQ(guest->regs.msr & MSR_SF, variant->msr & MSR_SF);
}

GUEST_ASM(mtmsr_l_code,
	  "	mfmsr	%r5\n"
	  "	li	%r6, 2\n"		/* RI */
	  "	.long	0x7cc10124\n"		/* mtmsr r6, 1 */
	  "	mfmsr	%r7\n");

/* With L = 1, it loads EE and RI only.  32-bit CPUs do not have L. (A2) */
TEST_F(debug, step_mtmsr_l)
{
	if (self->guest.cpu32)
		SKIP(return, "32-bit CPUs ignore L of mtmsr");

	asm_guest_step_all(&self->guest, mtmsr_l_code);
	TEST_ASSERT_EQ(self->guest.regs.gpr[7], self->guest.regs.gpr[5] | MSR_RI);
}

GUEST_ASM(reserved_code,
	  "	mfmsr	%r6\n"
	  "	or	%r7, %r6, %r5\n"
	  "	.long	0x7ce00164\n"		/* mtmsrd r7 */
	  "	mfmsr	%r8\n"
	  "	mtsrr0	%r10\n"
	  "	mtsrr1	%r7\n"
	  "	.long	0x4c000024\n"		/* rfid */
	  "	mfmsr	%r9\n");

/*
 * mtmsrd and rfid do not set a bit that the CPU does not have, here ISF. (A2)
 */
TEST_F(debug, step_msr_reserved)
{
	struct asm_guest *guest = &self->guest;

	if (!(variant->msr & MSR_SF))
		SKIP(return, "32-bit mode has no use for MSR[ISF]");

	guest->regs.gpr[5] = BIT_ULL(61);
	guest->regs.gpr[10] = GUEST_CODE + 7 * sizeof(u32);	/* after rfid */
	asm_guest_step_all(guest, reserved_code);
	TEST_ASSERT_EQ(guest->regs.gpr[8], guest->regs.gpr[6]);
	TEST_ASSERT_EQ(guest->regs.gpr[9], guest->regs.gpr[6]);
}

GUEST_ASM(tlb_code,
	  "	.long	0x7c002a64\n"		/* tlbie r5 */
	  "	tlbsync\n"
	  "	eieio\n"
	  "	sync\n"
	  "	.long	0x7c002a24\n"		/* tlbiel r5 */
	  "	isync\n"
	  "	.long	0x7c002dec\n");	/* dcba 0, r5 */

/* TLB instructions, and barriers and dcba, which the CPU may execute. (A2) */
TEST_F(debug, step_tlb)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.gpr[5] = GUEST_DATA;
	asm_guest_step_all(guest, tlb_code);
}

GUEST_ASM(not_emulated_code,
	  "	.long	0x7c0002e4\n"		/* tlbia */
	  "	.long	0x7c002bac\n");	/* dcbi 0, r5 */

/* KVM does not emulate tlbia and dcbi, which cause a Program interrupt. (A4) */
TEST_F(debug, step_not_emulated)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	guest->regs.gpr[5] = GUEST_DATA;
	asm_guest_start_step(guest, not_emulated_code);
	for (i = 0; i < 2; i++) {
		asm_guest_goto(guest, not_emulated_code + i);
		asm_guest_expect_pc(guest, VEC_PROGRAM);
		TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, not_emulated_code + i));
	}
}

#ifdef CONFIG_64BIT
/* The SLB; r5 and r8 are RB and RS of an entry, r6 is its index. */
#define SLB_NR		5
#define SLB_EA		0x123400000000ULL
#define SLB_RB		(SLB_EA | BIT_ULL(27) | SLB_NR)
#define SLB_RS		0x456789000ULL

GUEST_ASM(slb_code,
	  "	slbmte	%r8, %r5\n"
	  "	slbmfee	%r9, %r6\n"
	  "	slbmfev	%r10, %r6\n");

GUEST_ASM(slbfee_code, "	.long	0x7d602fa7\n");	/* slbfee. r11, r5 */
GUEST_ASM(slbie_code, "	slbie	%r5\n");
GUEST_ASM(slbia_code, "	slbia\n");

static void write_slb(struct asm_guest *guest)
{
	guest->regs.gpr[5] = SLB_RB;
	guest->regs.gpr[6] = SLB_NR;
	guest->regs.gpr[8] = SLB_RS;
	guest->regs.gpr[9] = 0x99;
	guest->regs.gpr[10] = 0x99;
	asm_guest_step_all(guest, slb_code);
	TEST_ASSERT_EQ(guest->regs.gpr[9], SLB_EA | BIT_ULL(27));
	TEST_ASSERT_EQ(guest->regs.gpr[10], SLB_RS);
}

static void step_slb(struct asm_guest *guest, const u32 *code)
{
	guest->regs.gpr[5] = SLB_EA;
	asm_guest_step_all(guest, code);
}

static void step_slbfee(struct asm_guest *guest, u64 cr, u64 rs)
{
	guest->regs.cr = 0x87654321;
	guest->regs.gpr[11] = 0x99;
	step_slb(guest, slbfee_code);
	TEST_ASSERT_EQ(guest->regs.gpr[11], rs);
	TEST_ASSERT_EQ(guest->regs.cr & CR0, cr);
	TEST_ASSERT_EQ(guest->regs.cr & ~CR0, 0x07654321);
}

/*
 * slbfee. finds an entry until slbie or slbia removes it, and sets no CR field but
 * CR0. (A2)
 */
TEST_F(debug, step_slbfee)
{
	struct asm_guest *guest = &self->guest;

	if (self->guest.cpu32)
		SKIP(return, "32-bit CPUs have no SLB");

	write_slb(guest);
	step_slbfee(guest, CR0_EQ, SLB_RS);
	step_slb(guest, slbie_code);
	step_slbfee(guest, 0, 0);
	write_slb(guest);
	step_slb(guest, slbia_code);
	step_slbfee(guest, 0, 0);
}

GUEST_ASM(sc_swapped_code,
	  "	.long	0x02000044\n"
	  "	addi	%r5, %r5, 1\n");

/*
 * This is how early little-endian guests of Linux make a hypercall. It
 * fails, and what follows it is executed. (A2)
 */
TEST_F(debug, step_sc_swapped)
{
	struct asm_guest *guest = &self->guest;

	if (!(variant->msr & MSR_LE))
		SKIP(return, "The guest is big-endian");

	guest->regs.gpr[3] = 0;
	guest->regs.gpr[5] = 0;
	asm_guest_step_all(guest, sc_swapped_code);
	TEST_ASSERT_EQ((u32)guest->regs.gpr[3], EV_UNIMPLEMENTED);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);
}
#endif /* CONFIG_64BIT */

enum {
	KEPT,			/* what has been written is read back */
	ZERO,			/* is read back as 0 */
	ANY,			/* something else is read */
};

struct spr {
	const char *name;
	int nr;
	int reads;
};

#define SPR(_name, _nr, _reads)	{ #_name, _nr, _reads }

static const struct spr sprs[] = {
	SPR(DSISR, 18, KEPT),
	SPR(DAR, 19, KEPT),
	SPR(DEC, 22, ANY),
	SPR(SDR1, 25, KEPT),
	SPR(SRR0, 26, KEPT),
	SPR(SRR1, 27, KEPT),
	SPR(CTRLT, 152, ZERO),
	SPR(SPRG0, 272, KEPT),
	SPR(SPRG1, 273, KEPT),
	SPR(SPRG2, 274, KEPT),
	SPR(SPRG3, 275, KEPT),
	SPR(TBWL, 284, ANY),
	SPR(TBWU, 285, ANY),
	SPR(IBAT0U, 528, KEPT),
	SPR(IBAT0L, 529, KEPT),
	SPR(DBAT3U, 542, KEPT),
	SPR(DBAT3L, 543, KEPT),
	SPR(IBAT4U, 560, KEPT),
	SPR(DBAT7L, 575, KEPT),
	SPR(GQR0, 912, KEPT),
	SPR(GQR7, 919, KEPT),
	SPR(HID0, 1008, KEPT),
	SPR(HID1, 1009, KEPT),
	SPR(HID4, 1012, KEPT),
	SPR(DABR, 1013, ZERO),
	SPR(HID2, 1016, KEPT),
	SPR(L2CR, 1017, ZERO),
	SPR(THRM1, 1020, ZERO),
	SPR(PIR, 1023, ANY),
	SPR(unknown, 0x3ef, ANY),
};

#define SPR_VALUE	0x12345678

/* Two instructions; r5 is SPR_VALUE. */
static void start_spr(struct asm_guest *guest, u32 inst1, u32 inst2)
{
	static u32 code[2];

	code[0] = inst1;
	code[1] = inst2;
	guest->regs.gpr[5] = SPR_VALUE;
	guest->regs.gpr[6] = 0x99;
	__asm_guest_start(guest, code, code + 2);
	asm_guest_control(guest, GUESTDBG_STEP);
}

static void step_both(struct asm_guest *guest)
{
	asm_guest_expect(guest, STOP_AT(guest->blob + 1), STOP_AT(guest->blob + 2));
}

static void step_spr(struct asm_guest *guest, const struct spr *spr)
{
	start_spr(guest, inst_mtspr(spr->nr, 5), inst_mfspr(spr->nr, 6));
	step_both(guest);
	TEST_ASSERT(spr->reads == ANY ||
		    guest->regs.gpr[6] == (spr->reads == KEPT ? SPR_VALUE : 0),
		    "%s reads 0x%llx", spr->name, guest->regs.gpr[6]);
}

/* mtspr and mfspr, each kind of register. (A2) */
TEST_F(debug, step_spr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sprs); i++)
		step_spr(&self->guest, &sprs[i]);
}

GUEST_ASM(rfi_code,
	  GUEST_ASM_RFI
	  "	nop\n");

#define UPPER_HALF	0xffffffff00000000ULL

/* A 32-bit CPU has no upper halves, though KVM's registers may have. (A3) */
TEST_F(debug, step_rfi_32bit_cpu)
{
	struct asm_guest *guest = &self->guest;

	if (!guest->cpu32)
		SKIP(return, "The guest has a 64-bit CPU");

	guest->regs.srr0 = UPPER_HALF | (guest->code + sizeof(u32));
	guest->regs.srr1 = UPPER_HALF | variant->msr;
	asm_guest_step_all(guest, rfi_code);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
}

GUEST_ASM(tb_code,
	  "1:	mftbu	%r8\n"
	  "	mftb	%r7\n"
	  "	mfspr	%r5, 284\n"
	  "	mfspr	%r6, 285\n"
	  "	mftbu	%r9\n"
	  "	cmpw	%r8, %r9\n"
	  "	bne	1b\n"
	  GUEST_ASM_OSI);

/* SPRs 284 and 285, which are the time base's lower and upper word. */
TEST_F(debug, tb_words)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_start(guest, tb_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], guest->regs.gpr[8]);
	TEST_ASSERT(guest->regs.gpr[5] >= guest->regs.gpr[7] &&
		    guest->regs.gpr[5] - guest->regs.gpr[7] < BIT(30),
		    "SPR 284 reads 0x%llx, mftb 0x%llx", guest->regs.gpr[5],
		    guest->regs.gpr[7]);
}

/* In problem state these SPRs are privileged. (A4) */
TEST_F(debug, step_spr_problem)
{
	const u32 insts[] = {
		inst_mfspr(SPRN_SRR0, 6), inst_mtspr(SPRN_SRR0, 5),
		inst_mfspr(SPRN_HID0, 6), inst_mtspr(SPRN_HID0, 5),
	};
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(insts); i++) {
		guest->regs.msr = variant->msr | MSR_PR;
		start_spr(guest, insts[i], 0);
		asm_guest_expect_pc(guest, VEC_PROGRAM);
		TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);
		TEST_ASSERT_EQ(guest->regs.srr1 & SRR1_PROGCAUSE, SRR1_PROGPRIV);
		TEST_ASSERT_EQ(guest->regs.gpr[6], 0x99);
	}
}

#ifdef CONFIG_64BIT
/* FSCR, which KVM keeps for the guest where the CPU has none. (A2) */
TEST_F(debug, step_fscr)
{
	struct asm_guest *guest = &self->guest;

	start_spr(guest, inst_mtspr(SPRN_FSCR, 5), inst_mfspr(SPRN_FSCR, 6));
	guest->regs.gpr[5] = FSCR_TAR;
	asm_guest_set_regs(guest);
	step_both(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[6] & FSCR_TAR, FSCR_TAR);
}

#define FSCR_EBB	BIT_ULL(7)

/* Event-based branches, which the guest has to enable for itself. (A2, A4) */
TEST_F(debug, step_ebb)
{
	static const struct spr ebbhr = SPR(EBBHR, SPRN_EBBHR, KEPT);
	struct asm_guest *guest = &self->guest;

	if (!host_has_isa_2_07())
		SKIP(return, "The CPU has no event-based branches");

	/* KVM PR applies FSCR in supervisor state, too, unlike the Power ISA. */
	start_spr(guest, inst_mtspr(SPRN_EBBHR, 5), 0);
	asm_guest_expect_pc(guest, VEC_FACILITY_UNAVAIL);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);

	start_spr(guest, inst_mtspr(SPRN_FSCR, 7), inst_mfspr(SPRN_FSCR, 6));
	guest->regs.gpr[6] = 0;
	guest->regs.gpr[7] = FSCR_EBB;
	asm_guest_set_regs(guest);
	step_both(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[6] & FSCR_EBB, FSCR_EBB);
	step_spr(guest, &ebbhr);

	/* B4: a free run has the same result, in non-volatile registers, too. */
	start_spr(guest, inst_mtspr(SPRN_EBBHR, 5), inst_mfspr(SPRN_EBBHR, 20));
	guest->regs.gpr[20] = 0x99;
	asm_guest_set_regs(guest);
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[20], SPR_VALUE);
}

GUEST_ASM(tm_code,
	  "	tbegin.\n"
	  "	tabort.	0\n"
	  "	nop\n");

GUEST_ASM(tm_priv_code,
	  "	treclaim. 0\n"
	  "	trechkpt.\n"
	  "	nop\n");

GUEST_ASM(tm_fault_code,
	  "	tbegin.\n"
	  "	tabort.	0\n"
	  "	mfspr	%r6, 128\n");	/* TFHAR */

/* In supervisor state, KVM makes each transaction fail. (A2) */
TEST_F(debug, step_tm)
{
	struct asm_guest *guest = &self->guest;

	if (!host_has_tm())
		SKIP(return, "The host has no transactional memory");
	if (guest->cpu32)
		SKIP(return, "32-bit CPUs have no MSR[TM]");

	guest->regs.msr |= MSR_TM;
	guest->regs.cr = 0;
	asm_guest_start_step(guest, tm_code);
	asm_guest_expect_stop(guest, tm_code + 1);
	TEST_ASSERT_EQ(guest->regs.cr & 0xf0000000, CR0_EQ);	/* it has failed */
	asm_guest_step_all(guest, tm_code);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_TM);

	/* There is no transaction to reclaim. */
	if (kvm_check_cap(KVM_CAP_PPC_HTM)) {
		asm_guest_start_step(guest, tm_priv_code);
		asm_guest_expect_pc(guest, VEC_PROGRAM);
		TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);
	} else {
		asm_guest_step_all(guest, tm_priv_code);
	}
}

/* Unless MSR[TM] is set, they are not available. (A4) */
TEST_F(debug, step_tm_unavailable)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	if (!host_has_isa_2_07())
		SKIP(return, "The CPU has no transactional memory");

	asm_guest_load_skip_handler(guest, VEC_FACILITY_UNAVAIL);
	asm_guest_start_step(guest, tm_fault_code);
	for (i = 0; i < 3; i++) {
		asm_guest_expect_pc(guest, VEC_FACILITY_UNAVAIL);
		TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, tm_fault_code + i));
		asm_guest_step_skip_handler(guest);
	}
	TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, tm_fault_code + 3));
}
#endif /* CONFIG_64BIT */

GUEST_ASM(dcbz_code,
	  "	dcbz	0, %r5\n"
	  "	dcbz	%r6, %r7\n");

#ifdef __LITTLE_ENDIAN__
#define MSR_DCBZ	((MSR_GUEST_REAL & ~MSR_SF) ^ MSR_LE)
#else
#define MSR_DCBZ	(MSR_GUEST_REAL & ~MSR_SF)
#endif

DEBUG_FIXTURE(dcbz);
FIXTURE_VARIANT_ADD(dcbz, bat) { .msr = MSR_DCBZ, .mmu = GUEST_MMU_BAT };

static void check_dcbz(struct asm_guest *guest, gpa_t cleared)
{
	gpa_t gpa;

	for (gpa = cleared - 32; gpa < cleared + 64; gpa += 4)
		TEST_ASSERT(asm_guest_read32(guest, gpa) ==
			    (gpa >= cleared && gpa < cleared + 32 ? 0 : gpa),
			    "0x%" PRIx64 " is 0x%x", gpa,
			    asm_guest_read32(guest, gpa));
}

/*
 * CODE_2 is a subroutine of one instruction in a page of its own, a nop at first.
 * The guest calls it.  Then the guest, another vCPU or userspace stores a dcbz of r5
 * there, and the guest calls it again.
 */
#define CODE_2		0x20000
#define INST_BLR	0x4e800020
#define INST_DCBZ_R5	0x7c002fec
#define FLAG_RUNNING	(GUEST_DATA + 0x1000)
#define FLAG_STORED	(GUEST_DATA + 0x1004)

static void write_subroutine(struct asm_guest *guest, u32 inst)
{
	asm_guest_write32(guest, CODE_2, inst);
	asm_guest_write32(guest, CODE_2 + 4, INST_BLR);
	asm_guest_sync_code(guest, CODE_2, 8);
}

static void init_dcbz(struct asm_guest *guest)
{
	gpa_t gpa;

	for (gpa = GUEST_DATA; gpa < GUEST_DATA + 0x400; gpa += 4)
		asm_guest_write32(guest, gpa, gpa);
	asm_guest_fill(guest, FLAG_RUNNING, 8, 0);
	write_subroutine(guest, INST_NOP);
	guest->regs.gpr[5] = GUEST_DATA + 0x8c;
	guest->regs.gpr[6] = GUEST_DATA;
	guest->regs.gpr[8] = CODE_2;
	guest->regs.gpr[9] = INST_DCBZ_R5;
	guest->regs.gpr[10] = CODE_2;
}

/*
 * dcbz in a 32-bit guest clears 32 bytes, whatever the host's cache lines are.
 * KVM replaces it in the guest's code, which it takes to be big-endian. (A2)
 */
TEST_F(dcbz, step_dcbz)
{
	struct asm_guest *guest = &self->guest;

	init_dcbz(guest);
	guest->regs.gpr[7] = 0x234;
	asm_guest_step_all(guest, dcbz_code);
	check_dcbz(guest, GUEST_DATA + 0x80);
	check_dcbz(guest, GUEST_DATA + 0x220);
}

GUEST_ASM(call_code,
	  "	mtctr	%r10\n"
	  "	bctrl\n"
	  GUEST_ASM_OSI
	  "	b	call_code\n");

/* Call CODE_2, which the guest has executed as a nop before. */
static void start_dcbz(struct asm_guest *guest)
{
	init_dcbz(guest);
	asm_guest_start(guest, call_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
}

static void break_dcbz(struct asm_guest *guest, u32 control)
{
	write_subroutine(guest, INST_SW_BREAKPOINT);
	asm_guest_control(guest, GUESTDBG_SW_BP);
	asm_guest_expect_pc(guest, CODE_2);
	write_subroutine(guest, INST_DCBZ_R5);
	asm_guest_control(guest, control);
}

/*
 * dcbz clears 32 bytes where a debugger takes its breakpoint away, steps, and runs
 * the guest. (B4)
 */
TEST_F(dcbz, dcbz_after_breakpoint)
{
	struct asm_guest *guest = &self->guest;

	start_dcbz(guest);
	break_dcbz(guest, GUESTDBG_STEP);
	asm_guest_expect_pc(guest, CODE_2 + 4);
	check_dcbz(guest, GUEST_DATA + 0x80);

	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run(guest, KVM_EXIT_OSI);
	init_dcbz(guest);
	break_dcbz(guest, GUESTDBG_OFF);
	asm_guest_run(guest, KVM_EXIT_OSI);
	check_dcbz(guest, GUEST_DATA + 0x80);
}

/* dcbz clears 32 bytes if userspace writes it, with no debugger. (B4) */
TEST_F(dcbz, dcbz_loaded)
{
	struct asm_guest *guest = &self->guest;

	start_dcbz(guest);
	write_subroutine(guest, INST_DCBZ_R5);
	asm_guest_run(guest, KVM_EXIT_OSI);
	check_dcbz(guest, GUEST_DATA + 0x80);
}

/* The guest stores r9 to r8. */
GUEST_ASM(store_code,
	  "	mtctr	%r10\n"
	  "	bctrl\n"
	  "	stw	%r9, 0(%r8)\n"
	  "	dcbst	0, %r8\n"
	  "	sync\n"
	  "	icbi	0, %r8\n"
	  "	sync\n"
	  "	isync\n"
	  "	bctrl\n"
	  GUEST_ASM_OSI);

#define DBAT_ALIAS_EA	0x22000000
#define DBAT_ALIAS	0x2200001f00000002ULL	/* 1M from 0 */

#define CODE_NEAR	(GUEST_CODE + 0x800)	/* in the same page */

static void store_dcbz(u64 msr, u32 ea, gpa_t gpa)
{
	struct asm_guest guest;
	struct kvm_sregs sregs;

	asm_guest_create(&guest, MSR_DCBZ);
	asm_guest_set_mmu(&guest, GUEST_MMU_BAT);
	init_dcbz(&guest);
	vcpu_sregs_get(guest.vcpu, &sregs);
	for (unsigned int i = 0; i < ARRAY_SIZE(sregs.u.s.ppc32.dbat); i++) {
		sregs.u.s.ppc32.ibat[i] = swap_bat_words(sregs.u.s.ppc32.ibat[i]);
		sregs.u.s.ppc32.dbat[i] = swap_bat_words(sregs.u.s.ppc32.dbat[i]);
	}
	sregs.u.s.ppc32.dbat[3] = DBAT_ALIAS;
	vcpu_sregs_set(guest.vcpu, &sregs);

	asm_guest_write32(&guest, gpa, INST_NOP);
	asm_guest_write32(&guest, gpa + 4, INST_BLR);
	asm_guest_sync_code(&guest, gpa, 8);
	guest.ea_offset = msr & MSR_IR ? GUEST_EA_RAM : 0;
	guest.regs.msr |= msr;
	guest.regs.gpr[5] += msr & MSR_DR ? GUEST_EA_RAM : 0;
	guest.regs.gpr[8] = ea + gpa;
	guest.regs.gpr[10] = gpa + guest.ea_offset;
	asm_guest_start(&guest, store_code);
	asm_guest_run(&guest, KVM_EXIT_OSI);
	check_dcbz(&guest, GUEST_DATA + 0x80);
	asm_guest_destroy(&guest);
}

/* dcbz clears 32 bytes if the guest itself stores it. (B4) */
TEST(dcbz_stored)
{
	store_dcbz(0, 0, CODE_2);
	store_dcbz(MSR_IR | MSR_DR, GUEST_EA_RAM, CODE_2);
}

/* The guest stores dcbz through a mapping that is not the one for execution. (B4) */
TEST(dcbz_stored_by_alias)
{
	store_dcbz(MSR_DR, GUEST_EA_RAM, CODE_2);
	store_dcbz(MSR_IR | MSR_DR, DBAT_ALIAS_EA, CODE_2);
}

/* An instruction in the same page stores dcbz, through either mapping. (B4) */
TEST(dcbz_stored_nearby)
{
	store_dcbz(0, 0, CODE_NEAR);
	store_dcbz(MSR_IR | MSR_DR, GUEST_EA_RAM, CODE_NEAR);
	store_dcbz(MSR_DR, GUEST_EA_RAM, CODE_NEAR);
	store_dcbz(MSR_IR | MSR_DR, DBAT_ALIAS_EA, CODE_NEAR);
}

GUEST_ASM(own_store_code,
	  "	stw	%r10, 0(%r8)\n"
	  "	stwu	%r10, 4(%r8)\n"
	  "1:	lwarx	%r7, 0, %r8\n"
	  "	addi	%r7, %r7, 1\n"
	  "	stwcx.	%r7, 0, %r8\n"
	  "	bne	1b\n"
	  "	stw	%r7, 8(%r8)\n"
	  "	lwz	%r9, 8(%r8)\n"
	  GUEST_ASM_OSI);

/*
 * Stores to the page that they are in, a store conditional among them,
 * complete, and are one step each; r7 and r9 count. (A1, A9)
 */
TEST_F(dcbz, store_to_own_page)
{
	struct asm_guest *guest = &self->guest;

	init_dcbz(guest);
	guest->regs.gpr[8] = CODE_NEAR;
	guest->regs.gpr[10] = 0x1234;
	asm_guest_start(guest, own_store_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x1235);
	TEST_ASSERT_EQ(guest->regs.gpr[9], 0x1235);
	TEST_ASSERT_EQ(asm_guest_read32(guest, CODE_NEAR), 0x1234);
	asm_guest_run_immediate_exit(guest);

	guest->regs.gpr[7] = 0x4321;
	guest->regs.gpr[9] = 0x99;
	asm_guest_goto(guest, own_store_code + 6);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect(guest, STOP_AT(own_store_code + 7), STOP_AT(own_store_code + 8));
	TEST_ASSERT_EQ(guest->regs.gpr[9], 0x4321);
}

GUEST_ASM(poll_code,
	  "	mtctr	%r10\n"
	  "1:	bctrl\n"
	  "	stw	%r10, 0x1000(%r6)\n"
	  "	lwz	%r7, 0x1004(%r6)\n"
	  "	cmpwi	%r7, 0\n"
	  "	beq	1b\n"
	  "	isync\n"
	  "	bctrl\n"
	  GUEST_ASM_OSI);

GUEST_ASM(store_other_code,
	  "1:	lwz	%r7, 0x1000(%r6)\n"
	  "	cmpwi	%r7, 0\n"
	  "	beq	1b\n"
	  "	stw	%r9, 0(%r8)\n"
	  "	dcbst	0, %r8\n"
	  "	sync\n"
	  "	icbi	0, %r8\n"
	  "	sync\n"
	  "	stw	%r10, 0x1004(%r6)\n"
	  GUEST_ASM_OSI);

static void *run_vcpu(void *vcpu)
{
	__vcpu_run(vcpu);
	return NULL;
}

/* dcbz clears 32 bytes if another vCPU stores it while this one executes the page. (B4) */
TEST_F(dcbz, dcbz_stored_by_another_vcpu)
{
	struct asm_guest *guest = &self->guest, other;
	struct asm_guest_thread thread;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	init_dcbz(guest);

	other = *guest;
	other.vcpu = vm_vcpu_add_real_mode(guest->vm, 1);
	asm_guest_set_mmu(&other, GUEST_MMU_BAT);
	other.regs.pc = GUEST_CODE + 0x1000;
	asm_guest_load(&other, other.regs.pc, store_other_code);
	asm_guest_set_regs(&other);

	asm_guest_start(guest, poll_code);
	asm_guest_start_thread(&thread, run_vcpu, other.vcpu);
	asm_guest_run(guest, KVM_EXIT_OSI);
	asm_guest_join_thread(&thread);
	check_dcbz(guest, GUEST_DATA + 0x80);
}

/*
 * dcbz clears 32 bytes if a device writes it to the guest's memory and raises an
 * interrupt, while the guest runs. (B4)
 */
GUEST_ASM(wait_code,
	  "	mtctr	%r10\n"
	  "	bctrl\n"
	  "	mtmsr	%r11\n"
	  "1:	stw	%r10, 0x1000(%r6)\n"
	  "	b	1b\n");

static void *load_and_raise(void *arg)
{
	struct asm_guest *guest = arg;

	while (!READ_ONCE(*(u32 *)addr_gpa2hva(guest->vm, FLAG_RUNNING)))
		sched_yield();
	write_subroutine(guest, INST_DCBZ_R5);
	asm_guest_raise_external(guest);
	return NULL;
}

TEST_F(dcbz, dcbz_loaded_by_device)
{
	struct asm_guest *guest = &self->guest;
	struct asm_guest_thread thread;

	init_dcbz(guest);
	asm_guest_load(guest, VEC_EXTERNAL, call_code);
	guest->regs.gpr[11] = guest->regs.msr | MSR_EE;
	asm_guest_start(guest, wait_code);
	asm_guest_start_thread(&thread, load_and_raise, guest);
	asm_guest_run(guest, KVM_EXIT_OSI);
	asm_guest_join_thread(&thread);
	check_dcbz(guest, GUEST_DATA + 0x80);
}

/*
 * r9 is an instruction.  Store it to memory as a word, load it from there into f1, and
 * store f1 to where it is executed.
 */
#define GUEST_ASM_STORE_FP(_word, _load, _store)			\
	"	mtspr	" __stringify(SPRN_HID2_GEKKO) ", %r11\n"	\
	"	mtctr	%r10\n"						\
	"	bctrl\n"						\
	"	stw	%r9, " _word "\n"				\
	"	" _load "\n"						\
	"	" _store "\n"						\
	"	isync\n"						\
	"	bctrl\n"						\
	GUEST_ASM_OSI

GUEST_ASM(store_fp_code,
	  GUEST_ASM_STORE_FP("0x1000(%r6)", "lfs %f1, 0x1000(%r6)", "stfs %f1, 0(%r8)"));

/* A store that KVM emulates, as the guest has enabled paired singles. (B4) */
TEST_F(dcbz, dcbz_stored_by_emulation)
{
	struct asm_guest *guest = &self->guest;

	init_dcbz(guest);
	guest->regs.msr |= MSR_FP;
	guest->regs.gpr[11] = HID2_PSE;
	asm_guest_start(guest, store_fp_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	check_dcbz(guest, GUEST_DATA + 0x80);
}

#define STORE_EA	0x60001000	/* where CODE_2 is mapped, the second of two pages */

GUEST_ASM(store_two_pages_code,
	  GUEST_ASM_STORE_FP("0x1004(%r6)", "lfd %f1, 0x1000(%r6)", "stfd %f1, -4(%r8)"));

/* Such a store to the end of a page and to the start of one that is elsewhere. (B4) */
TEST_F(dcbz, dcbz_stored_to_two_pages)
{
	struct asm_guest *guest = &self->guest;

	init_dcbz(guest);
	asm_guest_map(guest, STORE_EA - 0x1000, GUEST_DATA + 0x2000, GUEST_PROT_RW);
	asm_guest_map(guest, STORE_EA, CODE_2, GUEST_PROT_RW);
	guest->ea_offset = GUEST_EA_RAM;
	guest->regs.msr |= MSR_FP | MSR_IR | MSR_DR;
	guest->regs.gpr[5] += GUEST_EA_RAM;
	guest->regs.gpr[6] += GUEST_EA_RAM;
	guest->regs.gpr[8] = STORE_EA;
	guest->regs.gpr[10] += GUEST_EA_RAM;
	guest->regs.gpr[11] = HID2_PSE;
	asm_guest_start(guest, store_two_pages_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	check_dcbz(guest, GUEST_DATA + 0x80);
}

/* dcbz to where nothing is, and to where only loads are allowed. (A4) */
TEST_F(dcbz, step_dcbz_storage)
{
	static const struct {
		u64 addr;
		u32 dsisr;
	} cases[] = {
		{ GUEST_EA_NOWHERE + 0x40, DSISR_NOHPTE | DSISR_STORE },
		{ GUEST_EA_RAM_RO + GUEST_DATA, DSISR_PROT | DSISR_STORE },
	};
	struct asm_guest *guest = &self->guest;
	unsigned int i;
	u64 pc;

	asm_guest_load_skip_handler(guest, VEC_DATA_STORAGE);
	guest->ea_offset = GUEST_EA_RAM;
	guest->regs.msr |= MSR_IR | MSR_DR;
	asm_guest_start(guest, dcbz_code);
	asm_guest_control(guest, GUESTDBG_STEP);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		guest->regs.gpr[5] = cases[i].addr;
		asm_guest_goto(guest, dcbz_code);
		pc = guest->regs.pc;
		asm_guest_expect_pc(guest, VEC_DATA_STORAGE);
		check_data_storage(guest, pc, cases[i].addr, cases[i].dsisr);
		asm_guest_step_skip_handler(guest);
		TEST_ASSERT_EQ(guest->regs.pc, pc + 4);
	}
}

#ifdef CONFIG_64BIT
#define HID5_DCBZ32	0x80

GUEST_ASM(hid5_code, "	mtspr	1014, %r5\n");

/*
 * A 64-bit guest that wants cache lines of 32 bytes, too, and an address
 * without an entry in the SLB.  Data is translated, instructions are not. (A4)
 */
TEST_F(debug, step_dcbz_segment)
{
	struct asm_guest *guest = &self->guest;

	if (guest->cpu32 || variant->msr != (MSR_DCBZ | MSR_SF))
		SKIP(return, "The guest is not a 64-bit big-endian one");

	guest->regs.gpr[5] = HID5_DCBZ32;
	asm_guest_step_all(guest, hid5_code);

	/* In a page that has not been executed before HID5 was set */
	asm_guest_load(guest, CODE_2, dcbz_code);
	guest->regs.pc = CODE_2;
	guest->regs.msr |= MSR_DR;
	guest->regs.gpr[5] = GUEST_EA_NOWHERE;
	asm_guest_set_regs(guest);
	asm_guest_expect_pc(guest, VEC_DATA_SEGMENT);
	TEST_ASSERT_EQ(guest->regs.srr0, CODE_2);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DAR),
		       GUEST_EA_NOWHERE);
}

/*
 * HID5 says what dcbz does in code that the guest has executed before, too,
 * wherever in the 64K that the host may map at once. (B4)
 */
GUEST_ASM(hid5_dcbz_code,
	  "	mtspr	1014, %r11\n"
	  "	dcbz	0, %r5\n"
	  "	mtctr	%r10\n"
	  "	bctrl\n"
	  GUEST_ASM_OSI);

static void run_hid5(struct asm_guest *guest, u64 hid5, bool whole_line)
{
	gpa_t gpa = GUEST_DATA + 0xa0;

	init_dcbz(guest);
	asm_guest_write32(guest, GUEST_DATA + 0x230, 1);
	guest->regs.gpr[5] = GUEST_DATA + 0x200;
	guest->regs.gpr[7] = GUEST_DATA + 0x8c;
	guest->regs.gpr[10] = GUEST_CODE + 0x5000;
	guest->regs.gpr[11] = hid5;
	asm_guest_start(guest, hid5_dcbz_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 0x200), 0);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 0x230), whole_line ? 0 : 1);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 0x80), 0);
	TEST_ASSERT_EQ(asm_guest_read32(guest, gpa), whole_line ? 0 : gpa);
	asm_guest_run_immediate_exit(guest);
}

TEST_F(debug, dcbz_hid5)
{
	struct asm_guest *guest = &self->guest;

	if (guest->cpu32 || variant->msr != (MSR_DCBZ | MSR_SF))
		SKIP(return, "The guest is not a 64-bit big-endian one");

	asm_guest_write32(guest, GUEST_CODE + 0x5000, 0x7c003fec);	/* dcbz 0, r7 */
	asm_guest_write32(guest, GUEST_CODE + 0x5004, INST_BLR);
	asm_guest_sync_code(guest, GUEST_CODE + 0x5000, 8);
	run_hid5(guest, 0, true);
	run_hid5(guest, HID5_DCBZ32, false);
	run_hid5(guest, 0, true);
}
#endif /* CONFIG_64BIT */

/* r9 is the address of the magic page's SRR1.  16 bytes further is its MSR. */
kvm_static_assert(offsetof(struct kvm_vcpu_arch_shared, msr) ==
		  offsetof(struct kvm_vcpu_arch_shared, srr1) + 16);

GUEST_ASM(magic_code,
	  "	sc\n"			/* KVM_HC_PPC_MAP_MAGIC_PAGE */
	  "	lwz	%r6, 16(%r9)\n"
	  "	lwz	%r7, 20(%r9)\n"
	  "	mfmsr	%r8\n"
	  "	trap\n");

GUEST_ASM(magic_handler,
	  "	lwz	%r6, 0(%r9)\n"
	  "	lwz	%r7, 4(%r9)\n"
	  "	mfsrr1	%r8\n"
	  "	nop\n");

static void expect_magic(struct asm_guest *guest, u64 want)
{
	u64 first = guest->regs.gpr[6], second = guest->regs.gpr[7];

	TEST_ASSERT_EQ(guest->config.msr & MSR_LE ? second << 32 | first :
						    first << 32 | second, want);
	TEST_ASSERT_EQ(guest->regs.gpr[8], (unsigned long)want);
}

/*
 * A paravirtualized guest reads MSR and SRR1 in the magic page, without an exit.  They
 * are what mfmsr and mfsrr1 return, and have no step bit. (B1)
 */
TEST_F(debug, magic_page)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load(guest, VEC_PROGRAM, magic_handler);
	guest->regs.gpr[0] = KVM_SC_MAGIC_R0;
	guest->regs.gpr[11] = KVM_HCALL_TOKEN(KVM_HC_PPC_MAP_MAGIC_PAGE);
	guest->regs.gpr[3] = GUEST_DATA;
	guest->regs.gpr[4] = GUEST_DATA;
	guest->regs.gpr[9] = GUEST_DATA + offsetof(struct kvm_vcpu_arch_shared, srr1);
	asm_guest_start_step(guest, magic_code);
	asm_guest_expect(guest, STOP_AT(magic_code + 1), STOP_AT(magic_code + 2),
			 STOP_AT(magic_code + 3), STOP_AT(magic_code + 4));
	expect_magic(guest, variant->msr);
	asm_guest_expect(guest, STOP_PC(VEC_PROGRAM), STOP_PC(VEC_PROGRAM + 4),
			 STOP_PC(VEC_PROGRAM + 8), STOP_PC(VEC_PROGRAM + 12));
	expect_magic(guest, variant->msr | SRR1_PROGTRAP);
}

/*
 * What SRR1 says about a Trace interrupt besides the MSR does not depend on
 * who executed the instruction. (B3)  KVM completes all that it emulates in one
 * function, so four of these instructions are tested.
 */

GUEST_ASM(traced_code,
	  "	nop\n"
	  "	mfmsr	%r6\n"
	  "	mtsprg	0, %r6\n"
	  "	.long	0x7c002a64\n"		/* tlbie r5 */
	  "	mtmsr	%r7\n"		/* without SE */
	  GUEST_ASM_OSI);

GUEST_ASM(trace_handler,
	  "	mfsrr1	%r30\n"
	  "	stwu	%r30, 4(%r29)\n"
	  GUEST_ASM_RFI);

TEST_F(debug, trace_srr1)
{
	struct asm_guest *guest = &self->guest;
	u32 native;
	int i;

	asm_guest_load(guest, VEC_TRACE, trace_handler);
	guest->regs.msr = variant->msr | MSR_SE;
	guest->regs.gpr[5] = GUEST_DATA;
	guest->regs.gpr[7] = variant->msr;
	guest->regs.gpr[29] = GUEST_DATA - 4;
	asm_guest_start(guest, traced_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[29], GUEST_DATA + 4 * 4);

	native = asm_guest_read32(guest, GUEST_DATA) & SRR1_CAUSE;
	for (i = 1; i < 5; i++)
		TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 4 * i) &
			       SRR1_CAUSE, native);
}

TEST_HARNESS_MAIN
