// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping over what KVM Book3S PR emulates: MMU, special purpose
 * registers, caches, transactional memory
 *
 * Each case names the clause that it proves:
 *
 * A2  An emulated instruction is one step, and does what it has to.
 * A4  The step over an instruction that causes an interrupt stops at the vector.
 * B1  The step bit is not in the magic page's SRR1.
 * B3  The guest's own Trace interrupts look the same after emulated instructions.
 */
#include <linux/kvm_para.h>
#include <sys/auxv.h>

#include "debug_fixture.h"

#define CR0_EQ		0x20000000
#define CR0		0xf0000000

static void start_steps(struct debug_guest *guest, const u32 *start,
			const u32 *end)
{
	debug_guest_start(guest, start, end);
	debug_guest_control(guest, GUESTDBG_STEP);
}

/* Each instruction of the blob is one step. */
static void step_all(struct debug_guest *guest, const u32 *start, const u32 *end)
{
	const u32 *inst;

	start_steps(guest, start, end);
	for (inst = start + 1; inst <= end; inst++)
		debug_guest_expect_stop(guest, inst);
}

/* A2: segment registers; those of 64-bit CPUs are entries of the SLB. */
GUEST_ASM(sr_code,
	  "	.long	0x7ca301a4\n"		/* mtsr 3, r5 */
	  "	.long	0x7cc304a6\n"		/* mfsr r6, 3 */
	  "	lis	%r7, 0x4000\n"
	  "	.long	0x7d0039e4\n"		/* mtsrin r8, r7 */
	  "	.long	0x7d203d26\n");		/* mfsrin r9, r7 */

TEST_F(debug, step_segment_registers)
{
	struct debug_guest *guest = &self->guest;

	if (!(variant->msr & MSR_SF))
		debug_guest_use_bats(guest);

	guest->regs.gpr[5] = 0x20123456;
	guest->regs.gpr[8] = 0x20654321;
	guest->regs.gpr[6] = 0x99;
	guest->regs.gpr[9] = 0x99;
	step_all(guest, sr_code, sr_code_end);
	/* KVM does not make mfsr of the SLB. */
	TEST_ASSERT_EQ(guest->regs.gpr[6], variant->msr & MSR_SF ? 0x99 : 0x20123456);
	TEST_ASSERT_EQ(guest->regs.gpr[9], variant->msr & MSR_SF ? 0x99 : 0x20654321);
}

/* A2: mtmsr loads the lower half of the MSR, also where there is an upper one. */
GUEST_ASM(mtmsr_code,
	  "	mfmsr	%r5\n"
	  "	clrlwi	%r6, %r5, 0\n"		/* on 64-bit CPUs, clears the upper half */
	  "	mtmsr	%r6\n"
	  "	mfmsr	%r7\n");

TEST_F(debug, step_mtmsr_half)
{
	struct debug_guest *guest = &self->guest;

	step_all(guest, mtmsr_code, mtmsr_code_end);
	TEST_ASSERT_EQ(guest->regs.gpr[6], (u32)guest->regs.gpr[5]);
	TEST_ASSERT_EQ(guest->regs.gpr[7], guest->regs.gpr[5]);
	TEST_ASSERT_EQ(guest->regs.msr & MSR_SF, variant->msr & MSR_SF);
}

/* A2: mtmsrd and rfid do not set a bit that the CPU does not have, here ISF. */
GUEST_ASM(reserved_code,
	  "	mfmsr	%r6\n"
	  "	or	%r7, %r6, %r5\n"
	  "	.long	0x7ce00164\n"		/* mtmsrd r7 */
	  "	mfmsr	%r8\n"
	  "	mtsrr0	%r10\n"
	  "	mtsrr1	%r7\n"
	  "	.long	0x4c000024\n"		/* rfid */
	  "	mfmsr	%r9\n");

TEST_F(debug, step_msr_reserved)
{
	struct debug_guest *guest = &self->guest;

	if (!(variant->msr & MSR_SF))
		SKIP(return, "32-bit mode has no use for MSR[ISF]");

	guest->regs.gpr[5] = BIT_ULL(61);
	guest->regs.gpr[10] = GUEST_CODE + 7 * sizeof(u32);	/* behind rfid */
	step_all(guest, reserved_code, reserved_code_end);
	TEST_ASSERT_EQ(guest->regs.gpr[8], guest->regs.gpr[6]);
	TEST_ASSERT_EQ(guest->regs.gpr[9], guest->regs.gpr[6]);
}

/* A2: TLBs, and barriers, which the CPU may execute */
GUEST_ASM(tlb_code,
	  "	.long	0x7c002a64\n"		/* tlbie r5 */
	  "	tlbsync\n"
	  "	eieio\n"
	  "	sync\n"
	  "	.long	0x7c002a24\n"		/* tlbiel r5 */
	  "	isync\n");

TEST_F(debug, step_tlb)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.gpr[5] = GUEST_DATA;
	step_all(guest, tlb_code, tlb_code_end);
}

/* A4: KVM has no TLB to invalidate all of. */
GUEST_ASM(tlbia_code, "	.long	0x7c0002e4\n");

TEST_F(debug, step_tlbia)
{
	struct debug_guest *guest = &self->guest;

	start_steps(guest, tlbia_code, tlbia_code_end);
	debug_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);
}

#ifdef CONFIG_64BIT
static bool host_has_2_07(void)
{
	return getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07;
}

/* A2: the SLB; r5 and r8 are RB and RS of an entry, r6 is its index. */
#define SLB_NR		5
#define SLB_EA		0x123400000000ULL
#define SLB_RB		(SLB_EA | BIT_ULL(27) | SLB_NR)
#define SLB_RS		0x456789000ULL

GUEST_ASM(slb_code,
	  "	.machine push\n"
	  "	.machine power8\n"
	  "	slbmte	%r8, %r5\n"
	  "	slbmfee	%r9, %r6\n"
	  "	slbmfev	%r10, %r6\n"
	  "	.machine pop\n");

GUEST_ASM(slbfee_code, "	.long	0x7d602fa7\n");	/* slbfee. r11, r5 */
GUEST_ASM(slbie_code, "	slbie	%r5\n");
GUEST_ASM(slbia_code, "	slbia\n");

static void write_slb(struct debug_guest *guest)
{
	guest->regs.gpr[5] = SLB_RB;
	guest->regs.gpr[6] = SLB_NR;
	guest->regs.gpr[8] = SLB_RS;
	step_all(guest, slb_code, slb_code_end);
	TEST_ASSERT_EQ(guest->regs.gpr[9], SLB_EA | BIT_ULL(27));
	TEST_ASSERT_EQ(guest->regs.gpr[10], SLB_RS);
}

static void step_slb(struct debug_guest *guest, const u32 *start,
		     const u32 *end)
{
	guest->regs.gpr[5] = SLB_EA;
	step_all(guest, start, end);
}

static void step_slbfee(struct debug_guest *guest, u64 cr, u64 rs)
{
	guest->regs.cr = 0x87654321;
	guest->regs.gpr[11] = 0x99;
	step_slb(guest, slbfee_code, slbfee_code_end);
	TEST_ASSERT_EQ(guest->regs.gpr[11], rs);
	TEST_ASSERT_EQ(guest->regs.cr & CR0, cr);
	TEST_ASSERT_EQ(guest->regs.cr & ~CR0, 0x07654321);
}

TEST_F(debug, step_slb)
{
	struct debug_guest *guest = &self->guest;

	write_slb(guest);
	step_slb(guest, slbie_code, slbie_code_end);
	debug_guest_goto(guest, slbie_code);
	write_slb(guest);
	step_slb(guest, slbia_code, slbia_code_end);
}

/* A2: slbfee. finds an entry, and sets no CR field but CR0. */
TEST_F(debug, step_slbfee)
{
	struct debug_guest *guest = &self->guest;

	write_slb(guest);
	step_slbfee(guest, CR0_EQ, SLB_RS);
	step_slb(guest, slbie_code, slbie_code_end);
	step_slbfee(guest, 0, 0);
}

/*
 * A2: this is how early little-endian guests of Linux make a hypercall. It
 * fails, and what follows it is executed.
 */
GUEST_ASM(sc_swapped_code,
	  "	.long	0x02000044\n"
	  "sc_swapped_1: addi %r5, %r5, 1\n"
	  "sc_swapped_2: nop\n");

GUEST_LABELS(sc_swapped_1[], sc_swapped_2[]);

TEST_F(debug, step_sc_swapped)
{
	struct debug_guest *guest = &self->guest;

	if (!(variant->msr & MSR_LE))
		SKIP(return, "This is about little-endian guests");

	guest->regs.gpr[3] = 0;
	guest->regs.gpr[5] = 0;
	start_steps(guest, sc_swapped_code, sc_swapped_code_end);
	debug_guest_expect_stop(guest, sc_swapped_1);
	TEST_ASSERT_EQ((u32)guest->regs.gpr[3], EV_UNIMPLEMENTED);
	debug_guest_expect_stop(guest, sc_swapped_2);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);
}
#endif /* CONFIG_64BIT */

/*
 * Special purpose registers: r5 is written, and read back to r6.  The
 * instructions are made for each one.
 */
static u32 spr_field(u32 spr)
{
	return (spr & 0x1f) << 16 | (spr >> 5 & 0x1f) << 11;
}

static u32 inst_mtspr(u32 spr, u32 reg)
{
	return 0x7c0003a6 | reg << 21 | spr_field(spr);
}

static u32 inst_mfspr(u32 spr, u32 reg)
{
	return 0x7c0002a6 | reg << 21 | spr_field(spr);
}

GUEST_ASM(spr_code,
	  "	.long	0\n"
	  "spr_1: .long	0\n"
	  "spr_2: nop\n");

GUEST_LABELS(spr_1[], spr_2[]);

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

static void start_spr(struct debug_guest *guest, u32 inst1, u32 inst2)
{
	guest->regs.gpr[5] = SPR_VALUE;
	guest->regs.gpr[6] = 0x99;
	debug_guest_start(guest, spr_code, spr_code_end);
	debug_guest_write32(guest, GUEST_CODE, inst1);
	debug_guest_write32(guest, GUEST_CODE + 4, inst2);
	debug_guest_control(guest, GUESTDBG_STEP);
}

static void step_spr(struct debug_guest *guest, const struct spr *spr)
{
	pr_debug("%s\n", spr->name);
	start_spr(guest, inst_mtspr(spr->nr, 5), inst_mfspr(spr->nr, 6));
	debug_guest_expect_stop(guest, spr_1);
	debug_guest_expect_stop(guest, spr_2);
	TEST_ASSERT(spr->reads == ANY ||
		    guest->regs.gpr[6] == (spr->reads == KEPT ? SPR_VALUE : 0),
		    "%s reads 0x%" PRIx64, spr->name, (u64)guest->regs.gpr[6]);
}

/* A2: mtspr and mfspr, each kind of register */
TEST_F(debug, step_spr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sprs); i++)
		step_spr(&self->guest, &sprs[i]);
}

/* A3: a 32-bit CPU has no upper halves, though KVM's registers may have. */
GUEST_ASM(rfi_code,
	  "	.long	0x4c000064\n"		/* rfi */
	  "rfi_1: nop\n"
	  "rfi_2: nop\n");

GUEST_LABELS(rfi_1[], rfi_2[]);

#define UPPER_HALF	0xffffffff00000000ULL

TEST_F(debug, step_rfi_32bit_cpu)
{
	struct debug_guest *guest = &self->guest;

	if (variant->msr & MSR_SF)
		SKIP(return, "This is about 32-bit CPUs");

	debug_guest_use_bats(guest);
	debug_guest_start(guest, rfi_code, rfi_code_end);
	guest->regs.srr0 = UPPER_HALF | debug_guest_addr(guest, rfi_1);
	guest->regs.srr1 = UPPER_HALF | variant->msr;
	debug_guest_set_regs(guest);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, rfi_1);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
	debug_guest_expect_stop(guest, rfi_2);
}

/* A2: SPRs 284 and 285, which are the time base's lower and upper word */
GUEST_ASM(tb_code,
	  "1:	mftbu	%r8\n"
	  "	mftb	%r7\n"
	  "	mfspr	%r5, 284\n"
	  "	mfspr	%r6, 285\n"
	  "	mftbu	%r9\n"
	  "	cmpw	%r8, %r9\n"
	  "	bne	1b\n"
	  GUEST_ASM_OSI);

TEST_F(debug, tb_words)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, tb_code, tb_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], guest->regs.gpr[8]);
	TEST_ASSERT(guest->regs.gpr[5] >= guest->regs.gpr[7] &&
		    guest->regs.gpr[5] - guest->regs.gpr[7] < BIT(30),
		    "SPR 284 reads 0x%" PRIx64 ", mftb 0x%" PRIx64,
		    (u64)guest->regs.gpr[5], (u64)guest->regs.gpr[7]);
}

/* A4: in problem state they are privileged, or do not exist. */
TEST_F(debug, step_spr_problem)
{
	const struct {
		u32 inst;
		u64 cause;
	} insts[] = {
		{ inst_mfspr(26, 6), SRR1_PROGPRIV },	/* SRR0 */
		{ inst_mtspr(26, 5), SRR1_PROGPRIV },
		{ inst_mfspr(1008, 6), SRR1_PROGPRIV },	/* HID0 */
		{ inst_mtspr(1008, 5), SRR1_PROGPRIV },
	};
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(insts); i++) {
		guest->regs.msr = variant->msr | MSR_PR;
		start_spr(guest, insts[i].inst, 0);
		debug_guest_expect_pc(guest, VEC_PROGRAM);
		TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);
		TEST_ASSERT_EQ(guest->regs.srr1 & 0x1f0000, insts[i].cause);
		TEST_ASSERT_EQ(guest->regs.gpr[6], 0x99);
	}
}

#ifdef CONFIG_64BIT
/* A2: FSCR, which KVM keeps for the guest where the CPU has none */
#define SPR_FSCR	153
#define FSCR_TAR	BIT_ULL(8)

TEST_F(debug, step_fscr)
{
	struct debug_guest *guest = &self->guest;

	start_spr(guest, inst_mtspr(SPR_FSCR, 5), inst_mfspr(SPR_FSCR, 6));
	guest->regs.gpr[5] = FSCR_TAR;
	debug_guest_set_regs(guest);
	debug_guest_expect_stop(guest, spr_1);
	debug_guest_expect_stop(guest, spr_2);
	TEST_ASSERT_EQ(guest->regs.gpr[6] & FSCR_TAR, FSCR_TAR);
}

/* A2, A4: event-based branches, which the guest has to enable for itself */
#define SPR_EBBHR	804
#define FSCR_EBB	BIT_ULL(7)

TEST_F(debug, step_ebb)
{
	static const struct spr ebbhr = SPR(EBBHR, SPR_EBBHR, KEPT);
	struct debug_guest *guest = &self->guest;

	if (!host_has_2_07())
		SKIP(return, "The CPU has no event-based branches");

	start_spr(guest, inst_mtspr(SPR_EBBHR, 5), 0);
	debug_guest_expect_pc(guest, VEC_FACILITY_UNAVAIL);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);

	start_spr(guest, inst_mtspr(SPR_FSCR, 7), inst_mfspr(SPR_FSCR, 6));
	guest->regs.gpr[7] = FSCR_EBB;
	debug_guest_set_regs(guest);
	debug_guest_expect_stop(guest, spr_1);
	debug_guest_expect_stop(guest, spr_2);
	TEST_ASSERT_EQ(guest->regs.gpr[6] & FSCR_EBB, FSCR_EBB);
	step_spr(guest, &ebbhr);

	/* B4: a free run has the same result, in non-volatile registers, too. */
	start_spr(guest, inst_mtspr(SPR_EBBHR, 5), inst_mfspr(SPR_EBBHR, 20));
	guest->regs.gpr[20] = 0x99;
	debug_guest_set_regs(guest);
	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[20], SPR_VALUE);
}

/*
 * A2: transactional memory in supervisor state, where KVM makes each
 * transaction fail.  It does so on hosts without, too, if the guest has set
 * MSR[TM], by doing nothing.
 */
GUEST_ASM(tm_code,
	  "	.machine push\n"
	  "	.machine power8\n"
	  "	tbegin.\n"
	  "	tabort.	0\n"
	  "	nop\n"
	  "	.machine pop\n");

GUEST_ASM(tm_priv_code,
	  "	.machine push\n"
	  "	.machine power8\n"
	  "	treclaim. 0\n"
	  "	trechkpt.\n"
	  "	nop\n"
	  "	.machine pop\n");

GUEST_ASM(tm_fault_code,
	  "	.machine push\n"
	  "	.machine power8\n"
	  "tm_tbegin: tbegin.\n"
	  "tm_tabort: tabort. 0\n"
	  "tm_mftfhar: mfspr %r6, 128\n"
	  "	nop\n"
	  "	.machine pop\n");

GUEST_LABELS(tm_tbegin[], tm_tabort[], tm_mftfhar[]);

TEST_F(debug, step_tm)
{
	struct debug_guest *guest = &self->guest;

	if (!(getauxval(AT_HWCAP2) & PPC_FEATURE2_HAS_HTM))
		SKIP(return, "The host has no transactional memory");

	guest->regs.msr |= MSR_TM;
	step_all(guest, tm_code, tm_code_end);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_TM);

	/* There is no transaction to reclaim. */
	if (kvm_check_cap(KVM_CAP_PPC_HTM)) {
		start_steps(guest, tm_priv_code, tm_priv_code_end);
		debug_guest_expect_pc(guest, VEC_PROGRAM);
		TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);
	} else {
		step_all(guest, tm_priv_code, tm_priv_code_end);
	}
}

/* A4: unless MSR[TM] is set, they are not available. */
TEST_F(debug, step_tm_unavailable)
{
	static const u32 * const insts[] = {
		tm_tbegin, tm_tabort, tm_mftfhar,
	};
	struct debug_guest *guest = &self->guest;
	unsigned int i;
	u64 pc;

	if (!host_has_2_07())
		SKIP(return, "The CPU has no transactional memory");

	debug_guest_load_skip_handler(guest, VEC_FACILITY_UNAVAIL);
	start_steps(guest, tm_fault_code, tm_fault_code_end);
	for (i = 0; i < ARRAY_SIZE(insts); i++) {
		debug_guest_goto(guest, insts[i]);
		pc = guest->regs.pc;
		debug_guest_expect_pc(guest, VEC_FACILITY_UNAVAIL);
		TEST_ASSERT_EQ(guest->regs.srr0, pc);
		debug_guest_step_skip_handler(guest);
		TEST_ASSERT_EQ(guest->regs.pc, pc + 4);
	}
}
#endif /* CONFIG_64BIT */

/*
 * A2: dcbz in a 32-bit guest clears 32 bytes, whatever the host's cache lines
 * are.  KVM replaces it in the guest's code, which it takes to be big-endian.
 */
GUEST_ASM(dcbz_code,
	  "	dcbz	0, %r5\n"
	  "dcbz_1: dcbz	%r6, %r7\n"
	  "dcbz_2: nop\n");

GUEST_LABELS(dcbz_1[], dcbz_2[]);

#ifdef __LITTLE_ENDIAN__
#define MSR_DCBZ	((MSR_GUEST_REAL & ~MSR_SF) ^ MSR_LE)
#else
#define MSR_DCBZ	(MSR_GUEST_REAL & ~MSR_SF)
#endif

static void check_dcbz(struct debug_guest *guest, gpa_t cleared)
{
	gpa_t gpa;

	for (gpa = cleared - 32; gpa < cleared + 64; gpa += 4)
		TEST_ASSERT(debug_guest_read32(guest, gpa) ==
			    (gpa >= cleared && gpa < cleared + 32 ? 0 : gpa),
			    "0x%" PRIx64 " is 0x%x", (u64)gpa,
			    debug_guest_read32(guest, gpa));
}

static void fill_dcbz_data(struct debug_guest *guest)
{
	gpa_t gpa;

	for (gpa = GUEST_DATA; gpa < GUEST_DATA + 0x400; gpa += 4)
		debug_guest_write32(guest, gpa, gpa);
	guest->regs.gpr[5] = GUEST_DATA + 0x8c;
}

static void create_dcbz_guest(struct debug_guest *guest)
{
	debug_guest_create(guest, MSR_DCBZ);
	debug_guest_use_bats(guest);
	fill_dcbz_data(guest);
}

TEST(step_dcbz)
{
	static const struct guest_stop stops[] = {
		STOP_AT(dcbz_1), STOP_AT(dcbz_2),
	};
	struct debug_guest guest;

	create_dcbz_guest(&guest);
	guest.regs.gpr[6] = GUEST_DATA;
	guest.regs.gpr[7] = 0x234;
	debug_guest_start(&guest, dcbz_code, dcbz_code_end);
	debug_guest_control(&guest, GUESTDBG_STEP);
	debug_guest_expect_stops(&guest, stops, ARRAY_SIZE(stops));
	check_dcbz(&guest, GUEST_DATA + 0x80);
	check_dcbz(&guest, GUEST_DATA + 0x220);
	debug_guest_destroy(&guest);
}

/*
 * B4: dcbz clears 32 bytes whenever and however it gets to a page that the guest
 * has executed before.  CODE_2 is a subroutine of one instruction in a page of
 * its own, a nop at first.
 */
#define CODE_2		0x20000
#define INST_NOP	0x60000000
#define INST_BLR	0x4e800020
#define INST_DCBZ_R5	0x7c002fec
#define INST_SW_BP	0x00dddd00

static void write_subroutine(struct debug_guest *guest, u32 inst)
{
	debug_guest_write32(guest, CODE_2, inst);
	debug_guest_write32(guest, CODE_2 + 4, INST_BLR);
}

GUEST_ASM(call_code,
	  "	mtctr	%r10\n"
	  "	bctrl\n"
	  GUEST_ASM_OSI
	  "	b	call_code\n");

/* Call CODE_2, which the guest has executed as a nop before. */
static void start_dcbz(struct debug_guest *guest)
{
	create_dcbz_guest(guest);
	write_subroutine(guest, INST_NOP);
	guest->regs.gpr[10] = CODE_2;
	debug_guest_start(guest, call_code, call_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
}

/* B4: by a debugger that takes its breakpoint away, steps, and runs the guest */
static void break_dcbz(struct debug_guest *guest, u32 control)
{
	write_subroutine(guest, INST_SW_BP);
	debug_guest_control(guest, GUESTDBG_SW_BP);
	debug_guest_expect_pc(guest, CODE_2);
	write_subroutine(guest, INST_DCBZ_R5);
	debug_guest_control(guest, control);
}

TEST(dcbz_after_breakpoint)
{
	struct debug_guest guest;

	start_dcbz(&guest);
	break_dcbz(&guest, GUESTDBG_STEP);
	debug_guest_expect_pc(&guest, CODE_2 + 4);
	check_dcbz(&guest, GUEST_DATA + 0x80);

	debug_guest_control(&guest, GUESTDBG_OFF);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	fill_dcbz_data(&guest);
	break_dcbz(&guest, GUESTDBG_OFF);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	check_dcbz(&guest, GUEST_DATA + 0x80);
	debug_guest_destroy(&guest);
}

/* B4: by userspace, with no debugger */
TEST(dcbz_loaded)
{
	struct debug_guest guest;

	start_dcbz(&guest);
	write_subroutine(&guest, INST_DCBZ_R5);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	check_dcbz(&guest, GUEST_DATA + 0x80);
	debug_guest_destroy(&guest);
}

/* B4: by the guest's own store of r9 to r8 */
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
	struct debug_guest guest;
	struct kvm_sregs sregs;

	create_dcbz_guest(&guest);
	vcpu_sregs_get(guest.vcpu, &sregs);
	for (unsigned int i = 0; i < ARRAY_SIZE(sregs.u.s.ppc32.dbat); i++) {
		sregs.u.s.ppc32.ibat[i] = swap_bat_words(sregs.u.s.ppc32.ibat[i]);
		sregs.u.s.ppc32.dbat[i] = swap_bat_words(sregs.u.s.ppc32.dbat[i]);
	}
	sregs.u.s.ppc32.dbat[3] = DBAT_ALIAS;
	vcpu_sregs_set(guest.vcpu, &sregs);

	debug_guest_write32(&guest, gpa, INST_NOP);
	debug_guest_write32(&guest, gpa + 4, INST_BLR);
	guest.ea_offset = msr & MSR_IR ? GUEST_BAT_RAM : 0;
	guest.regs.msr |= msr;
	guest.regs.gpr[5] += msr & MSR_DR ? GUEST_BAT_RAM : 0;
	guest.regs.gpr[8] = ea + gpa;
	guest.regs.gpr[9] = INST_DCBZ_R5;
	guest.regs.gpr[10] = gpa + guest.ea_offset;
	debug_guest_start(&guest, store_code, store_code_end);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	check_dcbz(&guest, GUEST_DATA + 0x80);
	debug_guest_destroy(&guest);
}

TEST(dcbz_stored)
{
	store_dcbz(0, 0, CODE_2);
	store_dcbz(MSR_IR | MSR_DR, GUEST_BAT_RAM, CODE_2);
}

/* B4: through a mapping of the page that is not the one for its execution */
TEST(dcbz_stored_by_alias)
{
	store_dcbz(MSR_DR, GUEST_BAT_RAM, CODE_2);
	store_dcbz(MSR_IR | MSR_DR, DBAT_ALIAS_EA, CODE_2);
}

/* B4: by an instruction in the same page, through the same mapping or another */
TEST(dcbz_stored_nearby)
{
	store_dcbz(0, 0, CODE_NEAR);
	store_dcbz(MSR_IR | MSR_DR, GUEST_BAT_RAM, CODE_NEAR);
	store_dcbz(MSR_DR, GUEST_BAT_RAM, CODE_NEAR);
	store_dcbz(MSR_IR | MSR_DR, DBAT_ALIAS_EA, CODE_NEAR);
}

/*
 * A1, A9: stores to the page that they are in, a store conditional among them,
 * complete, and are one step each; r7 and r9 count.
 */
GUEST_ASM(own_store_code,
	  "	stw	%r10, 0(%r8)\n"
	  "	stwu	%r10, 4(%r8)\n"
	  "1:	lwarx	%r7, 0, %r8\n"
	  "	addi	%r7, %r7, 1\n"
	  "	stwcx.	%r7, 0, %r8\n"
	  "	bne	1b\n"
	  "own_store_1: stw	%r7, 8(%r8)\n"
	  "own_store_2: lwz	%r9, 8(%r8)\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(own_store_1[], own_store_2[]);

TEST(store_to_own_page)
{
	struct debug_guest guest;

	create_dcbz_guest(&guest);
	guest.regs.gpr[8] = CODE_NEAR;
	guest.regs.gpr[10] = 0x1234;
	debug_guest_start(&guest, own_store_code, own_store_code_end);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest.regs.gpr[7], 0x1235);
	TEST_ASSERT_EQ(guest.regs.gpr[9], 0x1235);
	TEST_ASSERT_EQ(debug_guest_read32(&guest, CODE_NEAR), 0x1234);
	debug_guest_complete(&guest);

	debug_guest_goto(&guest, own_store_1);
	debug_guest_control(&guest, GUESTDBG_STEP);
	debug_guest_expect_stop(&guest, own_store_2);
	debug_guest_expect_stop(&guest, own_store_2 + 1);
	TEST_ASSERT_EQ(guest.regs.gpr[9], 0x1235);
	debug_guest_destroy(&guest);
}

/* B4: by the store of another vCPU, while this one executes the page */
#define FLAG_RUNNING	(GUEST_DATA + 0x1000)
#define FLAG_STORED	(GUEST_DATA + 0x1004)

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

TEST(dcbz_stored_by_another_vcpu)
{
	struct debug_guest guest, other;
	pthread_t thread;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	create_dcbz_guest(&guest);
	write_subroutine(&guest, INST_NOP);
	debug_guest_write32(&guest, FLAG_RUNNING, 0);
	debug_guest_write32(&guest, FLAG_STORED, 0);

	other = guest;
	other.vcpu = vm_vcpu_add_real_mode(guest.vm, 1);
	debug_guest_use_bats(&other);
	other.regs.gpr[6] = GUEST_DATA;
	other.regs.gpr[8] = CODE_2;
	other.regs.gpr[9] = INST_DCBZ_R5;
	other.regs.gpr[10] = 1;
	other.regs.pc = GUEST_CODE + 0x1000;
	debug_guest_load(&other, other.regs.pc, store_other_code, store_other_code_end);
	debug_guest_set_regs(&other);

	guest.regs.gpr[6] = GUEST_DATA;
	guest.regs.gpr[10] = CODE_2;
	debug_guest_start(&guest, poll_code, poll_code_end);
	debug_guest_start_thread(&thread, run_vcpu, other.vcpu);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	TEST_ASSERT(!pthread_join(thread, NULL), "pthread_join() failed");
	check_dcbz(&guest, GUEST_DATA + 0x80);
	debug_guest_destroy(&guest);
}

/*
 * B4: by a device, which writes to the guest's memory and raises an interrupt,
 * while the guest runs
 */
GUEST_ASM(wait_code,
	  "	mtctr	%r10\n"
	  "	bctrl\n"
	  "	mtmsr	%r11\n"
	  "1:	stw	%r10, 0x1000(%r6)\n"
	  "	b	1b\n");

static void *load_and_raise(void *arg)
{
	struct debug_guest *guest = arg;

	while (!READ_ONCE(*(u32 *)addr_gpa2hva(guest->vm, FLAG_RUNNING)))
		sched_yield();
	write_subroutine(guest, INST_DCBZ_R5);
	debug_guest_raise_external(guest);
	return NULL;
}

TEST(dcbz_loaded_by_device)
{
	struct debug_guest guest;
	pthread_t thread;

	create_dcbz_guest(&guest);
	write_subroutine(&guest, INST_NOP);
	debug_guest_write32(&guest, FLAG_RUNNING, 0);
	debug_guest_load(&guest, VEC_EXTERNAL, call_code, call_code_end);
	guest.regs.gpr[6] = GUEST_DATA;
	guest.regs.gpr[10] = CODE_2;
	guest.regs.gpr[11] = guest.regs.msr | MSR_EE;
	debug_guest_start(&guest, wait_code, wait_code_end);
	debug_guest_start_thread(&thread, load_and_raise, &guest);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	TEST_ASSERT(!pthread_join(thread, NULL), "pthread_join() failed");
	check_dcbz(&guest, GUEST_DATA + 0x80);
	debug_guest_destroy(&guest);
}

/* B4: by a store that KVM emulates: the guest has enabled paired singles. */
#define HID2_PSE	BIT(29)

GUEST_ASM(store_fp_code,
	  "	mtspr	1016, %r11\n"		/* HID2 */
	  "	mtctr	%r10\n"
	  "	bctrl\n"
	  "	stw	%r9, 0x1000(%r6)\n"
	  "	lfs	%f1, 0x1000(%r6)\n"
	  "	stfs	%f1, 0(%r8)\n"
	  "	isync\n"
	  "	bctrl\n"
	  GUEST_ASM_OSI);

TEST(dcbz_stored_by_emulation)
{
	struct debug_guest guest;

	create_dcbz_guest(&guest);
	write_subroutine(&guest, INST_NOP);
	guest.regs.msr |= MSR_FP;
	guest.regs.gpr[6] = GUEST_DATA;
	guest.regs.gpr[8] = CODE_2;
	guest.regs.gpr[9] = INST_DCBZ_R5;
	guest.regs.gpr[10] = CODE_2;
	guest.regs.gpr[11] = HID2_PSE;
	debug_guest_start(&guest, store_fp_code, store_fp_code_end);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	check_dcbz(&guest, GUEST_DATA + 0x80);
	debug_guest_destroy(&guest);
}

/* A4: dcbz to where nothing is, and to where only loads are allowed */
TEST(step_dcbz_storage)
{
	static const u64 addrs[] = {
		GUEST_BAT_NOWHERE + 0x40, GUEST_BAT_RAM_RO + GUEST_DATA,
	};
	struct debug_guest guest;
	unsigned int i;
	u64 pc;

	debug_guest_create(&guest, MSR_DCBZ);
	debug_guest_use_bats(&guest);
	debug_guest_load_skip_handler(&guest, VEC_DATA_STORAGE);
	guest.ea_offset = GUEST_BAT_RAM;
	guest.regs.msr |= MSR_IR | MSR_DR;
	debug_guest_start(&guest, dcbz_code, dcbz_code_end);
	debug_guest_control(&guest, GUESTDBG_STEP);
	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		guest.regs.gpr[5] = addrs[i];
		debug_guest_goto(&guest, dcbz_code);
		pc = guest.regs.pc;
		debug_guest_expect_pc(&guest, VEC_DATA_STORAGE);
		TEST_ASSERT_EQ(guest.regs.srr0, pc);
		TEST_ASSERT_EQ(vcpu_get_reg(guest.vcpu, KVM_REG_PPC_DAR), addrs[i]);
		debug_guest_step_skip_handler(&guest);
		TEST_ASSERT_EQ(guest.regs.pc, pc + 4);
	}
	debug_guest_destroy(&guest);
}

#ifdef CONFIG_64BIT
/*
 * A4: a 64-bit guest that wants cache lines of 32 bytes, too, and an address
 * without an entry in the SLB.  Data is translated, instructions are not.
 */
#define HID5_DCBZ32	0x80

GUEST_ASM(hid5_code, "	mtspr	1014, %r5\n");

TEST(step_dcbz_segment)
{
	struct debug_guest guest;

	debug_guest_create(&guest, MSR_DCBZ | MSR_SF);
	guest.regs.gpr[5] = HID5_DCBZ32;
	step_all(&guest, hid5_code, hid5_code_end);

	/* In a page that has not been executed before HID5 was set */
	debug_guest_load(&guest, CODE_2, dcbz_code, dcbz_code_end);
	guest.regs.pc = CODE_2;
	guest.regs.msr |= MSR_DR;
	guest.regs.gpr[5] = GUEST_BAT_NOWHERE;
	debug_guest_set_regs(&guest);
	debug_guest_expect_pc(&guest, VEC_DATA_SEGMENT);
	TEST_ASSERT_EQ(guest.regs.srr0, CODE_2);
	TEST_ASSERT_EQ(vcpu_get_reg(guest.vcpu, KVM_REG_PPC_DAR),
		       GUEST_BAT_NOWHERE);
	debug_guest_destroy(&guest);
}

/*
 * B4: HID5 says what dcbz does in code that the guest has executed before, too,
 * wherever in the 64K that the host may map at once.
 */
GUEST_ASM(hid5_dcbz_code,
	  "	mtspr	1014, %r11\n"
	  "	dcbz	0, %r5\n"
	  "	mtctr	%r10\n"
	  "	bctrl\n"
	  GUEST_ASM_OSI);

static void run_hid5(struct debug_guest *guest, u64 hid5, bool whole_line)
{
	gpa_t gpa = GUEST_DATA + 0xa0;

	fill_dcbz_data(guest);
	debug_guest_write32(guest, GUEST_DATA + 0x230, 1);
	guest->regs.gpr[5] = GUEST_DATA + 0x200;
	guest->regs.gpr[7] = GUEST_DATA + 0x8c;
	guest->regs.gpr[11] = hid5;
	debug_guest_start(guest, hid5_dcbz_code, hid5_dcbz_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 0x200), 0);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 0x230), whole_line ? 0 : 1);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 0x80), 0);
	TEST_ASSERT_EQ(debug_guest_read32(guest, gpa), whole_line ? 0 : gpa);
	debug_guest_complete(guest);
}

TEST(dcbz_hid5)
{
	struct debug_guest guest;

	debug_guest_create(&guest, MSR_DCBZ | MSR_SF);
	debug_guest_write32(&guest, GUEST_CODE + 0x5000, 0x7c003fec);	/* dcbz 0, r7 */
	debug_guest_write32(&guest, GUEST_CODE + 0x5004, INST_BLR);
	guest.regs.gpr[10] = GUEST_CODE + 0x5000;
	run_hid5(&guest, 0, true);
	run_hid5(&guest, HID5_DCBZ32, false);
	run_hid5(&guest, 0, true);
	debug_guest_destroy(&guest);
}
#endif /* CONFIG_64BIT */

/*
 * B1: the magic page, through which a paravirtualized guest reads SRR1 without
 * KVM noticing: r6 and r7 are SRR1 there, r8 is from mfsrr1.
 */
GUEST_ASM(magic_code,
	  "	sc\n"			/* KVM_HC_PPC_MAP_MAGIC_PAGE */
	  "magic_1: trap\n"
	  "	nop\n");

GUEST_ASM(magic_handler,
	  "	lwz	%r6, 0(%r9)\n"
	  "	lwz	%r7, 4(%r9)\n"
	  "	mfsrr1	%r8\n"
	  "	nop\n");

GUEST_LABELS(magic_1[]);

TEST_F(debug, magic_page_srr1)
{
	static const struct guest_stop stops[] = {
		STOP_AT(magic_1), STOP_VECTOR(VEC_PROGRAM),
		STOP_VECTOR(VEC_PROGRAM + 4), STOP_VECTOR(VEC_PROGRAM + 8),
		STOP_VECTOR(VEC_PROGRAM + 12),
	};
	struct debug_guest *guest = &self->guest;
	u64 srr1;

	debug_guest_load(guest, VEC_PROGRAM, magic_handler, magic_handler_end);
	guest->regs.gpr[0] = KVM_SC_MAGIC_R0;
	guest->regs.gpr[11] = KVM_HCALL_TOKEN(KVM_HC_PPC_MAP_MAGIC_PAGE);
	guest->regs.gpr[3] = GUEST_DATA;
	guest->regs.gpr[4] = GUEST_DATA;
	guest->regs.gpr[9] = GUEST_DATA +
			     offsetof(struct kvm_vcpu_arch_shared, srr1);
	start_steps(guest, magic_code, magic_code_end);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));

	if (variant->msr & MSR_LE)
		srr1 = guest->regs.gpr[7] << 32 | guest->regs.gpr[6];
	else
		srr1 = guest->regs.gpr[6] << 32 | guest->regs.gpr[7];
	TEST_ASSERT_EQ(srr1, variant->msr | SRR1_PROGTRAP);
	TEST_ASSERT_EQ(guest->regs.gpr[8], (unsigned long)srr1);
}

/*
 * B3: what SRR1 says about a Trace interrupt besides the MSR does not depend on
 * who executed the instruction.
 */
#define SRR1_CAUSE	0x783f0000

GUEST_ASM(traced_code,
	  "	nop\n"
	  "	mfmsr	%r6\n"
	  "	mtsprg	0, %r6\n"
	  "	mtmsr	%r7\n"		/* without SE */
	  GUEST_ASM_OSI);

GUEST_ASM(trace_handler,
	  "	mfsrr1	%r30\n"
	  "	stwu	%r30, 4(%r29)\n"
	  GUEST_ASM_RFI);

TEST_F(debug, trace_srr1)
{
	struct debug_guest *guest = &self->guest;
	u32 native;
	int i;

	debug_guest_load(guest, VEC_TRACE, trace_handler, trace_handler_end);
	guest->regs.msr = variant->msr | MSR_SE;
	guest->regs.gpr[7] = variant->msr;
	guest->regs.gpr[29] = GUEST_DATA - 4;
	debug_guest_start(guest, traced_code, traced_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[29], GUEST_DATA + 3 * 4);

	native = debug_guest_read32(guest, GUEST_DATA) & SRR1_CAUSE;
	for (i = 1; i < 4; i++)
		TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 4 * i) &
			       SRR1_CAUSE, native);
}

TEST_HARNESS_MAIN
