// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debugging guests of KVM Book3S PR that use paired singles (the 750CL and its
 * like), which KVM emulates on every other CPU, together with all of the
 * floating-point instructions of such a guest
 *
 * Each case names the clause that it proves:
 *
 * A2  Each of them is one step.
 * A4  If its memory access faults, the step stops at the vector.
 * A6  MMIO: first KVM_EXIT_MMIO, then a stop behind the instruction.
 */
#include <endian.h>
#include <linux/kvm_para.h>
#include <sys/auxv.h>

#include "debug_guest.h"
#include "kselftest_harness.h"

#define HID2_PSE	BIT(29)		/* paired singles enabled */
#define DSISR_STORE	0x42000000	/* no translation, for a store */
#define DSISR_LOAD	0x40000000
#define DSISR_READ_ONLY	0x0a000000	/* a store to what is only to be read */
#define DSISR_BAD	0x04000000	/* no access of this kind there */

FIXTURE(ps)
{
	struct debug_guest guest;
};

/*
 * The registers that the instructions below work on.  Those that psq_l loads
 * have odd numbers: with an even one, psq_l is lq on a POWER8, which executes it.
 */
static const float f1[] = { 3, 5 }, f3[] = { 2, -4 }, f7[] = { 0.5, 0.25 };
static const float f5[] = { 9, 10 };

#define RESULT		(GUEST_DATA + 0x100)

/* r8 is HID2, r5 the address of the registers, r6 that of the result. */
GUEST_ASM(ps_start,
	  "	.machine push\n"
	  "	.machine \"750cl\"\n"
	  "	mtspr	920, %r8\n"
	  "ps_start_1: mtspr 912, %r0\n"	/* GQR0: no scaling */
	  "ps_start_2: mfspr %r9, 920\n"
	  "ps_start_3: psq_l %f1, 0(%r5), 0, 0\n"
	  "ps_start_4: psq_l %f3, 8(%r5), 0, 0\n"
	  "ps_start_5: psq_l %f7, 16(%r5), 0, 0\n"
	  "ps_start_6: nop\n"
	  "	.machine pop\n");

GUEST_LABELS(ps_start_1[], ps_start_2[], ps_start_3[], ps_start_4[],
	     ps_start_5[], ps_start_6[]);

static const struct guest_stop start_stops[] = {
	STOP_AT(ps_start_1), STOP_AT(ps_start_2), STOP_AT(ps_start_3),
	STOP_AT(ps_start_4), STOP_AT(ps_start_5), STOP_AT(ps_start_6),
};

static void write_floats(struct debug_guest *guest, gpa_t gpa, const float *val)
{
	u32 bits;
	int i;

	for (i = 0; i < 2; i++) {
		memcpy(&bits, &val[i], sizeof(bits));
		debug_guest_write32(guest, gpa + 4 * i, bits);
	}
}

static float read_float(struct debug_guest *guest, gpa_t gpa)
{
	u32 bits = debug_guest_read32(guest, gpa);
	float val;

	memcpy(&val, &bits, sizeof(val));
	return val;
}

static void create_guest(struct debug_guest *guest, u64 msr)
{
	debug_guest_create(guest, msr);
	debug_guest_use_bats(guest);

	write_floats(guest, GUEST_DATA, f1);
	write_floats(guest, GUEST_DATA + 8, f3);
	write_floats(guest, GUEST_DATA + 16, f7);
	write_floats(guest, GUEST_DATA + 24, f5);

	guest->regs.msr |= MSR_FP;
	guest->regs.gpr[5] = GUEST_DATA;
	guest->regs.gpr[6] = RESULT;
	guest->regs.gpr[8] = HID2_PSE;
	debug_guest_start(guest, ps_start, ps_start_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, start_stops, ARRAY_SIZE(start_stops));
	TEST_ASSERT_EQ(guest->regs.gpr[9], HID2_PSE);
}

static void write_double(struct debug_guest *guest, gpa_t gpa, u64 bits)
{
	if (guest->swap)
		bits = __builtin_bswap64(bits);
	memcpy(addr_gpa2hva(guest->vm, gpa), &bits, sizeof(bits));
}

static u64 read_double(struct debug_guest *guest, gpa_t gpa)
{
	u64 bits;

	memcpy(&bits, addr_gpa2hva(guest->vm, gpa), sizeof(bits));
	return guest->swap ? __builtin_bswap64(bits) : bits;
}

FIXTURE_SETUP(ps)
{
	create_guest(&self->guest, MSR_GUEST_REAL & ~MSR_SF);
}

FIXTURE_TEARDOWN(ps)
{
	debug_guest_destroy(&self->guest);
}

#ifdef __LITTLE_ENDIAN__
/* Big-endian, as all real guests with paired singles are */
FIXTURE(ps_be)
{
	struct debug_guest guest;
};

FIXTURE_SETUP(ps_be)
{
	create_guest(&self->guest, MSR_GUEST_REAL & ~MSR_SF & ~MSR_LE);
}

FIXTURE_TEARDOWN(ps_be)
{
	debug_guest_destroy(&self->guest);
}
#endif

/* Arithmetic: four steps each, of which the last one stores the result. */
#define OP(_name, _inst)						\
	"op_" #_name ": psq_l %f5, 24(%r5), 0, 0\n"			\
	"	" _inst "\n"						\
	"	psq_st	%f5, 0(%r6), 0, 0\n"				\
	"	nop\n"

GUEST_ASM(ps_ops,
	  "	.machine push\n"
	  "	.machine \"750cl\"\n"
	  OP(ps_add, "ps_add %f5, %f1, %f3")
	  OP(ps_sub, "ps_sub %f5, %f1, %f3")
	  OP(ps_mul, "ps_mul %f5, %f1, %f7")
	  OP(ps_div, "ps_div %f5, %f1, %f3")
	  OP(ps_sum0, "ps_sum0 %f5, %f1, %f7, %f3")
	  OP(ps_sum1, "ps_sum1 %f5, %f1, %f7, %f3")
	  OP(ps_muls0, "ps_muls0 %f5, %f1, %f7")
	  OP(ps_muls1, "ps_muls1 %f5, %f1, %f7")
	  OP(ps_madds0, "ps_madds0 %f5, %f1, %f7, %f3")
	  OP(ps_madds1, "ps_madds1 %f5, %f1, %f7, %f3")
	  OP(ps_madd, "ps_madd %f5, %f1, %f7, %f3")
	  OP(ps_msub, "ps_msub %f5, %f1, %f7, %f3")
	  OP(ps_nmadd, "ps_nmadd %f5, %f1, %f7, %f3")
	  OP(ps_nmsub, "ps_nmsub %f5, %f1, %f7, %f3")
	  OP(ps_sel, "ps_sel %f5, %f3, %f7, %f1")
	  OP(ps_res, "ps_res %f5, %f3")
	  OP(ps_rsqrte, "ps_rsqrte %f5, %f7")
	  OP(ps_mr, "ps_mr %f5, %f1")
	  OP(ps_neg, "ps_neg %f5, %f3")
	  OP(ps_abs, "ps_abs %f5, %f3")
	  OP(ps_nabs, "ps_nabs %f5, %f3")
	  OP(ps_merge00, "ps_merge00 %f5, %f1, %f3")
	  OP(ps_merge01, "ps_merge01 %f5, %f1, %f3")
	  OP(ps_merge10, "ps_merge10 %f5, %f1, %f3")
	  OP(ps_merge11, "ps_merge11 %f5, %f1, %f3")
	  OP(ps_swap, "ps_merge10 %f5, %f5, %f5")
	  OP(ps_insert, "ps_merge00 %f5, %f1, %f5")
	  "	.machine pop\n");

/* The guest's other floating-point instructions, which use the first number */
GUEST_ASM(fp_ops,
	  "	.machine push\n"
	  "	.machine \"750cl\"\n"
	  OP(fadds, "fadds %f5, %f1, %f3")
	  OP(fsubs, "fsubs %f5, %f1, %f3")
	  OP(fmuls, "fmuls %f5, %f1, %f7")
	  OP(fdivs, "fdivs %f5, %f1, %f3")
	  OP(fres, "fres %f5, %f3")
	  OP(fmadds, "fmadds %f5, %f1, %f7, %f3")
	  OP(fmsubs, "fmsubs %f5, %f1, %f7, %f3")
	  OP(fnmadds, "fnmadds %f5, %f1, %f7, %f3")
	  OP(fnmsubs, "fnmsubs %f5, %f1, %f7, %f3")
	  OP(fadd, "fadd %f5, %f1, %f3")
	  OP(fsub, "fsub %f5, %f1, %f3")
	  OP(fmul, "fmul %f5, %f1, %f7")
	  OP(fdiv, "fdiv %f5, %f1, %f3")
	  OP(fmadd, "fmadd %f5, %f1, %f7, %f3")
	  OP(fmsub, "fmsub %f5, %f1, %f7, %f3")
	  OP(fnmadd, "fnmadd %f5, %f1, %f7, %f3")
	  OP(fnmsub, "fnmsub %f5, %f1, %f7, %f3")
	  OP(fsel, "fsel %f5, %f3, %f7, %f1")
	  OP(frsp, "frsp %f5, %f7")
	  OP(frsqrte, "frsqrte %f5, %f7")
	  OP(fmr, "fmr %f5, %f1")
	  OP(fneg, "fneg %f5, %f1")
	  OP(fabs, "fabs %f5, %f3")
	  "	.machine pop\n");

#undef OP

#define EXACT	0
#define NEAR	1	/* an estimate */
#define FIRST	2	/* the second number is that of before */

/*
 * A CPU of Power ISA 3.0 has an instruction of its own with this opcode, on
 * GPRs, and executes that: KVM never gets to see it.
 */
#define MADDHD		4

#define OP(_name, _ps0, _ps1, _flags)					\
	{								\
		.name = #_name,						\
		.label = op_##_name,					\
		.result = { _ps0, _ps1 },				\
		.flags = (_flags),					\
	}

struct ps_op {
	const char *name;
	const u32 *label;
	float result[2];
	int flags;
};

GUEST_LABELS(op_ps_add[], op_ps_sub[], op_ps_mul[], op_ps_div[], op_ps_sum0[],
	     op_ps_sum1[], op_ps_muls0[], op_ps_muls1[], op_ps_madds0[],
	     op_ps_madds1[], op_ps_madd[], op_ps_msub[], op_ps_nmadd[],
	     op_ps_nmsub[], op_ps_sel[], op_ps_res[], op_ps_rsqrte[],
	     op_ps_mr[], op_ps_neg[], op_ps_abs[], op_ps_nabs[],
	     op_ps_merge00[], op_ps_merge01[], op_ps_merge10[],
	     op_ps_merge11[], op_ps_swap[], op_ps_insert[]);

static const struct ps_op ops[] = {
	OP(ps_add, 5, 1, EXACT),
	OP(ps_sub, 1, 9, EXACT),
	OP(ps_mul, 1.5, 1.25, EXACT),
	OP(ps_div, 1.5, -1.25, EXACT),
	OP(ps_sum0, -1, 0.25, EXACT),
	OP(ps_sum1, 0.5, -1, EXACT),
	OP(ps_muls0, 1.5, 2.5, EXACT),
	OP(ps_muls1, 0.75, 1.25, EXACT),
	OP(ps_madds0, 3.5, -1.5, EXACT),
	OP(ps_madds1, 2.75, -2.75, EXACT),
	OP(ps_madd, 3.5, -2.75, EXACT),
	OP(ps_msub, -0.5, 5.25, EXACT),
	OP(ps_nmadd, -3.5, 2.75, EXACT),
	OP(ps_nmsub, 0.5, -5.25, EXACT),
	OP(ps_sel, 0.5, 5, EXACT),
	OP(ps_res, 0.5, -0.25, NEAR | MADDHD),
	OP(ps_rsqrte, 1.41421, 2, NEAR),
	OP(ps_mr, 3, 5, EXACT),
	OP(ps_neg, -2, 4, EXACT),
	OP(ps_abs, 2, 4, EXACT),
	OP(ps_nabs, -2, -4, EXACT),
	OP(ps_merge00, 3, 2, EXACT),
	OP(ps_merge01, 3, -4, EXACT),
	OP(ps_merge10, 5, 2, EXACT),
	OP(ps_merge11, 5, -4, EXACT),
	OP(ps_swap, 10, 9, EXACT),
	OP(ps_insert, 3, 9, EXACT),
};

GUEST_LABELS(op_fadds[], op_fsubs[], op_fmuls[], op_fdivs[], op_fres[],
	     op_fmadds[], op_fmsubs[], op_fnmadds[], op_fnmsubs[],
	     op_fadd[], op_fsub[], op_fmul[], op_fdiv[], op_fmadd[],
	     op_fmsub[], op_fnmadd[], op_fnmsub[], op_fsel[], op_frsp[],
	     op_frsqrte[], op_fmr[], op_fneg[], op_fabs[]);

/* Single-precision ones set both numbers. */
static const struct ps_op fp[] = {
	OP(fadds, 5, 5, EXACT),
	OP(fsubs, 1, 1, EXACT),
	OP(fmuls, 1.5, 1.5, EXACT),
	OP(fdivs, 1.5, 1.5, EXACT),
	OP(fres, 0.5, 0.5, NEAR),
	OP(fmadds, 3.5, 3.5, EXACT),
	OP(fmsubs, -0.5, -0.5, EXACT),
	OP(fnmadds, -3.5, -3.5, EXACT),
	OP(fnmsubs, 0.5, 0.5, EXACT),
	OP(frsp, 0.5, 0.5, EXACT),
	OP(fadd, 5, 10, FIRST),
	OP(fsub, 1, 10, FIRST),
	OP(fmul, 1.5, 10, FIRST),
	OP(fdiv, 1.5, 10, FIRST),
	OP(fmadd, 3.5, 10, FIRST),
	OP(fmsub, -0.5, 10, FIRST),
	OP(fnmadd, -3.5, 10, FIRST),
	OP(fnmsub, 0.5, 10, FIRST),
	OP(fsel, 0.5, 10, FIRST),
	OP(frsqrte, 1.41421, 10, NEAR | FIRST),
	OP(fmr, 3, 10, FIRST),
	OP(fneg, -3, 10, FIRST),
	OP(fabs, 2, 10, FIRST),
};

#undef OP

static bool near(float a, float b, int flags)
{
	float max = flags & NEAR ? 1.0 / 16 : 0;

	return a - b <= max && b - a <= max;
}

static void step_ops(struct debug_guest *guest, const struct ps_op *op, int nr)
{
	bool has_maddhd = getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_3_00;

	for (; nr--; op++) {
		float ps0, ps1;
		int i;

		if (has_maddhd && (op->flags & MADDHD)) {
			pr_info("%s: not on this CPU\n", op->name);
			continue;
		}

		pr_debug("%s\n", op->name);
		debug_guest_goto(guest, op->label);
		for (i = 1; i <= 3; i++)
			debug_guest_expect_stop(guest, op->label + i);

		ps0 = read_float(guest, RESULT);
		ps1 = read_float(guest, RESULT + 4);
		TEST_ASSERT(near(ps0, op->result[0], op->flags) &&
			    near(ps1, op->result[1], op->flags),
			    "%s: wanted %f, %f, is %f, %f", op->name,
			    op->result[0], op->result[1], ps0, ps1);
	}
}

/* A2: paired singles' arithmetic */
TEST_F(ps, step_paired_single)
{
	debug_guest_start(&self->guest, ps_ops, ps_ops_end);
	step_ops(&self->guest, ops, ARRAY_SIZE(ops));
}

/*
 * A2: the arithmetic that other CPUs have, too.  KVM must use none of the
 * host's instructions for it that the host may not have.
 */
TEST_F(ps, step_floating_point)
{
	debug_guest_start(&self->guest, fp_ops, fp_ops_end);
	step_ops(&self->guest, fp, ARRAY_SIZE(fp));
}

/* A2: instructions on the FPSCR and comparisons; KVM does not do much of them. */
GUEST_ASM(fpscr_code,
	  "	mffs	%f5\n"
	  "fpscr_1: mtfsf 255, %f5\n"
	  "fpscr_2: mtfsb0 31\n"
	  "fpscr_3: mtfsb1 31\n"
	  "fpscr_4: mtfsfi 7, 0\n"
	  "fpscr_5: mcrfs 1, 1\n"
	  "fpscr_6: fcmpu 2, %f1, %f3\n"
	  "fpscr_7: fcmpo 3, %f3, %f1\n"
	  "fpscr_8: fctiwz %f5, %f1\n"
	  "fpscr_9: stfiwx %f5, 0, %r6\n"
	  "fpscr_10: fctiw %f5, %f3\n"
	  "fpscr_11: stfiwx %f5, 0, %r6\n"
	  "fpscr_12: nop\n");

GUEST_LABELS(fpscr_1[], fpscr_2[], fpscr_3[], fpscr_4[], fpscr_5[], fpscr_6[],
	     fpscr_7[], fpscr_8[], fpscr_9[], fpscr_10[], fpscr_11[],
	     fpscr_12[]);

TEST_F(ps, step_fpscr)
{
	static const struct guest_stop stops[] = {
		STOP_AT(fpscr_1), STOP_AT(fpscr_2), STOP_AT(fpscr_3),
		STOP_AT(fpscr_4), STOP_AT(fpscr_5), STOP_AT(fpscr_6),
		STOP_AT(fpscr_7), STOP_AT(fpscr_8), STOP_AT(fpscr_9),
		STOP_AT(fpscr_10),
	}, last_stops[] = {
		STOP_AT(fpscr_11), STOP_AT(fpscr_12),
	};
	struct debug_guest *guest = &self->guest;

	guest->regs.cr = 0xffffffff;
	debug_guest_start(guest, fpscr_code, fpscr_code_end);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(debug_guest_read32(guest, RESULT), 3);
	debug_guest_expect_stops(guest, last_stops, ARRAY_SIZE(last_stops));
	TEST_ASSERT_EQ(debug_guest_read32(guest, RESULT), 2);
	/* f1 is greater, and the other fields are as they were; mcrfs set CR1. */
	TEST_ASSERT_EQ(guest->regs.cr & ~0x0f000000ULL, 0xf048ffff);
}

/* A2: each bit of the FPSCR that the guest can set or clear by itself */
GUEST_ASM(status_code,
	  "	lfd	%f5, 0(%r5)\n"
	  "status_1: mtfsf 255, %f5\n"
	  "status_2: mtfsb1 6\n"	/* XX, and FX with it */
	  "status_3: mtfsfi 7, 1\n"	/* RN */
	  "status_4: mtfsb1 7\n"	/* VXSNAN, and VX */
	  "status_5: mtfsb1 24\n"	/* VE, and FEX */
	  "status_6: mcrfs 2, 1\n"	/* XX, VXSNAN, VX, FEX */
	  "status_7: mtfsb0 0\n"	/* FX */
	  "status_8: lfd %f5, 8(%r5)\n"
	  "status_9: mtfsf 1, %f5\n"	/* RN only */
	  "status_10: mtfsb1. 3\n"	/* OX */
	  "status_11: mffs. %f5\n"
	  "status_12: stfd %f5, 0(%r6)\n"
	  "status_13: nop\n");

GUEST_LABELS(status_1[], status_2[], status_3[], status_4[], status_5[],
	     status_6[], status_7[], status_8[], status_9[], status_10[],
	     status_11[], status_12[], status_13[]);

TEST_F(ps, step_fpscr_bits)
{
	static const struct {
		struct guest_stop stop;
		u32 fpscr;
	} stops[] = {
		{ STOP_AT(status_1), 0 },
		{ STOP_AT(status_2), 0 },
		{ STOP_AT(status_3), 0x82000000 },
		{ STOP_AT(status_4), 0x82000001 },
		{ STOP_AT(status_5), 0xa3000001 },
		{ STOP_AT(status_6), 0xe3000081 },
		{ STOP_AT(status_7), 0x80000081 },
		{ STOP_AT(status_8), 0x00000081 },
		{ STOP_AT(status_9), 0x00000081 },
		{ STOP_AT(status_10), 0x00000082 },
		{ STOP_AT(status_11), 0x90000082 },
		{ STOP_AT(status_12), 0x90000082 },
		{ STOP_AT(status_13), 0x90000082 },
	};
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	write_double(guest, GUEST_DATA + 0x200, 0);
	write_double(guest, GUEST_DATA + 0x208, 0xfffffff2);
	guest->regs.cr = 0xffffffff;
	guest->regs.gpr[5] = GUEST_DATA + 0x200;
	debug_guest_start(guest, status_code, status_code_end);
	for (i = 0; i < ARRAY_SIZE(stops); i++) {
		debug_guest_expect_stops(guest, &stops[i].stop, 1);
		TEST_ASSERT(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPSCR) ==
			    stops[i].fpscr,
			    "FPSCR is 0x%" PRIx64 " instead of 0x%x before %u",
			    (u64)vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPSCR),
			    stops[i].fpscr, i + 1);
	}
	TEST_ASSERT_EQ(read_double(guest, RESULT), 0x90000082);
	/* CR1 is from mffs., CR2 from mcrfs. */
	TEST_ASSERT_EQ(guest->regs.cr, 0xf93fffff);
}

/* A2: comparisons, of the first numbers and of the second ones */
GUEST_ASM(cmp_code,
	  "	.machine push\n"
	  "	.machine \"750cl\"\n"
	  "	ps_cmpu0 2, %f1, %f3\n"
	  "cmp_1: ps_cmpu1 3, %f1, %f3\n"
	  "cmp_2: ps_cmpo0 4, %f3, %f1\n"
	  "cmp_3: ps_cmpo1 5, %f1, %f1\n"
	  "cmp_4: ps_add. %f5, %f1, %f3\n"
	  "cmp_5: nop\n"
	  "	.machine pop\n");

GUEST_LABELS(cmp_1[], cmp_2[], cmp_3[], cmp_4[], cmp_5[]);

TEST_F(ps, step_compare)
{
	static const struct guest_stop stops[] = {
		STOP_AT(cmp_1), STOP_AT(cmp_2), STOP_AT(cmp_3), STOP_AT(cmp_4),
	};
	struct debug_guest *guest = &self->guest;

	guest->regs.cr = 0x0f0000ff;
	debug_guest_start(guest, cmp_code, cmp_code_end);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.cr, 0x0f4482ff);

	/* A record form copies the exceptions, of which there are none, to CR1. */
	debug_guest_expect_stop(guest, cmp_5);
	TEST_ASSERT_EQ(guest->regs.cr, 0x004482ff);
}

/* Later CPUs have these, and none that has paired singles. */
GUEST_ASM(later_code,
	  "	.long	0xfca10810\n"		/* fcpsgn f5, f1, f1 */
	  "later_1: .long 0xeca03834\n"	/* frsqrtes f5, f7 */
	  "later_2: nop\n");

GUEST_LABELS(later_1[], later_2[]);

static void step_unknown(struct debug_guest *guest)
{
	debug_guest_load_skip_handler(guest, VEC_PROGRAM);
	debug_guest_start(guest, later_code, later_code_end);
	debug_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);
	TEST_ASSERT_EQ(guest->regs.srr1 & SRR1_PROGILL, SRR1_PROGILL);
	debug_guest_step_skip_handler(guest);
	debug_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, later_1));
}

/* A4: the step stops at the vector of the Program interrupt. */
TEST_F(ps, step_unknown)
{
	step_unknown(&self->guest);
}

/* Loads and stores; r5 is the address less DISP, r7 is DISP. */
#define DISP	0x20
#define INST(_name, _inst)	"inst_" #_name ": " _inst "\n"

GUEST_ASM(mem_code,
	  "	.machine push\n"
	  "	.machine \"750cl\"\n"
	  INST(psq_l, "psq_l %f5, 0x20(%r5), 0, 0")
	  INST(psq_l_w, "psq_l %f5, 0x20(%r5), 1, 0")
	  INST(psq_lu, "psq_lu %f5, 0x20(%r5), 0, 0")
	  INST(psq_lux, "psq_lux %f5, %r5, %r7, 0, 0")
	  INST(psq_lx, "psq_lx %f5, %r5, %r7, 0, 0")
	  INST(psq_lx_w, "psq_lx %f5, %r5, %r7, 1, 0")
	  INST(psq_lux_w, "psq_lux %f5, %r5, %r7, 1, 0")
	  INST(lfs, "lfs %f5, 0x20(%r5)")
	  INST(lfsu, "lfsu %f5, 0x20(%r5)")
	  INST(lfsx, "lfsx %f5, %r5, %r7")
	  INST(lfsux, "lfsux %f5, %r5, %r7")
	  INST(lfd, "lfd %f5, 0x20(%r5)")
	  INST(lfdu, "lfdu %f5, 0x20(%r5)")
	  INST(lfdx, "lfdx %f5, %r5, %r7")
	  INST(lfdux, "lfdux %f5, %r5, %r7")
	  INST(psq_st, "psq_st %f5, 0x20(%r5), 0, 0")
	  INST(psq_st_w, "psq_st %f5, 0x20(%r5), 1, 0")
	  INST(psq_stu, "psq_stu %f5, 0x20(%r5), 0, 0")
	  INST(psq_stx, "psq_stx %f5, %r5, %r7, 0, 0")
	  INST(psq_stux, "psq_stux %f5, %r5, %r7, 0, 0")
	  INST(stfs, "stfs %f5, 0x20(%r5)")
	  INST(stfsu, "stfsu %f5, 0x20(%r5)")
	  INST(stfsx, "stfsx %f5, %r5, %r7")
	  INST(stfsux, "stfsux %f5, %r5, %r7")
	  INST(stfd, "stfd %f5, 0x20(%r5)")
	  INST(stfdu, "stfdu %f5, 0x20(%r5)")
	  INST(stfdx, "stfdx %f5, %r5, %r7")
	  INST(stfdux, "stfdux %f5, %r5, %r7")
	  INST(stfiwx, "stfiwx %f5, %r5, %r7")
	  "	.machine pop\n");

#undef INST

enum {
	PAIR,		/* two numbers of 4 bytes */
	SINGLE,
	PAIR_1,		/* one number of 4 bytes, and the other one is 1.0 */
	DOUBLE,
	WORD,		/* the lower half of the register as it is */
};

struct ps_mem {
	const char *name;
	const u32 *label;
	int kind;
	bool update;		/* r5 becomes the address */
};

#define INST(_name, _kind, _update)					\
	{								\
		.name = #_name,						\
		.label = inst_##_name,					\
		.kind = (_kind),					\
		.update = (_update),					\
	}

GUEST_LABELS(inst_psq_l[], inst_psq_l_w[], inst_psq_lu[], inst_psq_lux[],
	     inst_psq_lx[], inst_psq_lx_w[], inst_psq_lux_w[], inst_lfs[],
	     inst_lfsu[], inst_lfsx[], inst_lfsux[], inst_lfd[], inst_lfdu[],
	     inst_lfdx[], inst_lfdux[]);

static const struct ps_mem loads[] = {
	INST(psq_l, PAIR, false),
	INST(psq_l_w, PAIR_1, false),
	INST(psq_lu, PAIR, true),
	INST(psq_lx, PAIR, false),
	INST(psq_lux, PAIR, true),
	INST(psq_lx_w, PAIR_1, false),
	INST(psq_lux_w, PAIR_1, true),
	INST(lfs, SINGLE, false),
	INST(lfsu, SINGLE, true),
	INST(lfsx, SINGLE, false),
	INST(lfsux, SINGLE, true),
	INST(lfd, DOUBLE, false),
	INST(lfdu, DOUBLE, true),
	INST(lfdx, DOUBLE, false),
	INST(lfdux, DOUBLE, true),
};

GUEST_LABELS(inst_psq_st[], inst_psq_st_w[], inst_psq_stu[], inst_psq_stx[],
	     inst_psq_stux[], inst_stfs[], inst_stfsu[], inst_stfsx[],
	     inst_stfsux[], inst_stfd[], inst_stfdu[], inst_stfdx[],
	     inst_stfdux[], inst_stfiwx[]);

static const struct ps_mem stores[] = {
	INST(psq_st, PAIR, false),
	INST(psq_st_w, PAIR_1, false),
	INST(psq_stu, PAIR, true),
	INST(psq_stx, PAIR, false),
	INST(psq_stux, PAIR, true),
	INST(stfs, SINGLE, false),
	INST(stfsu, SINGLE, true),
	INST(stfsx, SINGLE, false),
	INST(stfsux, SINGLE, true),
	INST(stfd, DOUBLE, false),
	INST(stfdu, DOUBLE, true),
	INST(stfdx, DOUBLE, false),
	INST(stfdux, DOUBLE, true),
	INST(stfiwx, WORD, false),
};

#undef INST

static u32 mem_len(const struct ps_mem *inst)
{
	return inst->kind == PAIR || inst->kind == DOUBLE ? 8 : 4;
}

static u32 single(float val)
{
	u32 bits;

	memcpy(&bits, &val, sizeof(bits));
	return bits;
}

static u64 double_bits(double val)
{
	u64 bits;

	memcpy(&bits, &val, sizeof(bits));
	return bits;
}

/* 6.5 and -7.5, as the instruction has them in memory; a number if of 8 bytes */
#define PS0	6.5f
#define PS1	-7.5f

static u64 mem_image(const struct ps_mem *inst)
{
	switch (inst->kind) {
	case PAIR:
		return (u64)single(PS0) << 32 | single(PS1);
	case DOUBLE:
		return double_bits(PS0);
	case WORD:
		return (u32)double_bits(PS0);
	default:
		return single(PS0);
	}
}

/* The same as bytes in the guest's byte order, for which a pair is two words. */
static void mem_bytes(struct debug_guest *guest, const struct ps_mem *inst,
		      u8 *bytes)
{
	u32 word[2] = { single(PS0), single(PS1) };
	u64 image = mem_image(inst);

	if (inst->kind == PAIR) {
		if (guest->swap) {
			word[0] = __builtin_bswap32(word[0]);
			word[1] = __builtin_bswap32(word[1]);
		}
		memcpy(bytes, word, 8);
	} else if (mem_len(inst) == 8) {
		if (guest->swap)
			image = __builtin_bswap64(image);
		memcpy(bytes, &image, 8);
	} else {
		word[0] = image;
		if (guest->swap)
			word[0] = __builtin_bswap32(word[0]);
		memcpy(bytes, word, 4);
	}
}

/* What MMIO has of it: one number of all bytes */
static void mmio_bytes(struct debug_guest *guest, const struct ps_mem *inst,
		       u8 *bytes)
{
	u64 image = mem_image(inst);

	if (mem_len(inst) == 8) {
		if (guest->swap)
			image = __builtin_bswap64(image);
		memcpy(bytes, &image, 8);
	} else {
		mem_bytes(guest, inst, bytes);
	}
}

static void start_mem(struct debug_guest *guest, const struct ps_mem *inst,
		      u64 addr)
{
	guest->regs.gpr[5] = addr - DISP;
	guest->regs.gpr[7] = DISP;
	debug_guest_goto(guest, inst->label);
}

static void stop_mem(struct debug_guest *guest, const struct ps_mem *inst,
		     u64 addr)
{
	debug_guest_expect_stop(guest, inst->label + 1);
	TEST_ASSERT(guest->regs.gpr[5] == (inst->update ? addr : addr - DISP),
		    "%s: r5 is 0x%" PRIx64, inst->name,
		    (u64)guest->regs.gpr[5]);
}

static void access_mmio(struct debug_guest *guest, const struct ps_mem *inst,
			bool is_write)
{
	struct kvm_run *run = guest->vcpu->run;

	start_mem(guest, inst, GUEST_MMIO);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT(run->mmio.phys_addr == GUEST_MMIO &&
		    run->mmio.len == mem_len(inst) &&
		    run->mmio.is_write == is_write,
		    "%s: a %s of %u bytes at 0x%" PRIx64, inst->name,
		    run->mmio.is_write ? "store" : "load", run->mmio.len,
		    (u64)run->mmio.phys_addr);
}

static const struct ps_mem psq_l = { "psq_l", inst_psq_l, PAIR, false };
static const struct ps_mem psq_st = { "psq_st", inst_psq_st, PAIR, false };

/* f5 as psq_st has it: the two numbers */
static void expect_f5(struct debug_guest *guest, const char *name, float ps0,
		      float ps1)
{
	start_mem(guest, &psq_st, RESULT + guest->ea_offset);
	stop_mem(guest, &psq_st, RESULT + guest->ea_offset);
	TEST_ASSERT(read_float(guest, RESULT) == ps0 &&
		    read_float(guest, RESULT + 4) == ps1,
		    "%s: wanted %f, %f, is %f, %f", name, ps0, ps1,
		    read_float(guest, RESULT), read_float(guest, RESULT + 4));
}

/* Two numbers for f5, by psq_l from memory */
static void set_f5(struct debug_guest *guest, float ps0, float ps1)
{
	const float val[] = { ps0, ps1 };

	write_floats(guest, RESULT, val);
	start_mem(guest, &psq_l, RESULT + guest->ea_offset);
	stop_mem(guest, &psq_l, RESULT + guest->ea_offset);
}

static void expect_loaded(struct debug_guest *guest, const struct ps_mem *inst)
{
	expect_f5(guest, inst->name, PS0,
		  inst->kind == PAIR ? PS1 :
		  inst->kind == PAIR_1 ? 1 :
		  inst->kind == SINGLE ? PS0 : 10);
}

static void mmio_load(struct debug_guest *guest)
{
	unsigned int i;

	debug_guest_start(guest, mem_code, mem_code_end);
	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		set_f5(guest, 9, 10);
		access_mmio(guest, &loads[i], false);
		mmio_bytes(guest, &loads[i], guest->vcpu->run->mmio.data);
		stop_mem(guest, &loads[i], GUEST_MMIO);
		expect_loaded(guest, &loads[i]);
	}
}

/* A6: loads from MMIO bring the same as loads from memory. */
TEST_F(ps, mmio_load)
{
	mmio_load(&self->guest);
}

static void mmio_store(struct debug_guest *guest)
{
	unsigned int i;

	debug_guest_start(guest, mem_code, mem_code_end);
	for (i = 0; i < ARRAY_SIZE(stores); i++) {
		u8 bytes[8];

		set_f5(guest, PS0, PS1);
		access_mmio(guest, &stores[i], true);
		mmio_bytes(guest, &stores[i], bytes);
		TEST_ASSERT(!memcmp(bytes, guest->vcpu->run->mmio.data,
				    mem_len(&stores[i])),
			    "%s: stored something else", stores[i].name);
		stop_mem(guest, &stores[i], GUEST_MMIO);
	}
}

/* A6: so do stores. */
TEST_F(ps, mmio_store)
{
	mmio_store(&self->guest);
}

/* The bytes of an access, of which those from 'split' on are elsewhere */
struct place {
	u8 *start, *rest;
	u32 split;
};

static struct place place_at(struct debug_guest *guest, gpa_t gpa)
{
	return (struct place){ .start = addr_gpa2hva(guest->vm, gpa), .split = 8 };
}

static u8 *place_byte(const struct place *place, u32 i)
{
	return i < place->split ? place->start + i :
				  place->rest + i - place->split;
}

static void step_load(struct debug_guest *guest, const struct ps_mem *inst,
		      u64 addr, struct place place)
{
	u8 bytes[8];
	u32 i;

	set_f5(guest, 9, 10);
	mem_bytes(guest, inst, bytes);
	for (i = 0; i < mem_len(inst); i++)
		*place_byte(&place, i) = bytes[i];
	start_mem(guest, inst, addr);
	stop_mem(guest, inst, addr);
	expect_loaded(guest, inst);
}

static void step_store(struct debug_guest *guest, const struct ps_mem *inst,
		       u64 addr, struct place place)
{
	u8 bytes[8];
	u32 i;

	set_f5(guest, PS0, PS1);
	mem_bytes(guest, inst, bytes);
	for (i = 0; i < 8; i++)
		*place_byte(&place, i) = 0xed;
	start_mem(guest, inst, addr);
	stop_mem(guest, inst, addr);
	for (i = 0; i < 8; i++) {
		u8 byte = i < mem_len(inst) ? bytes[i] : 0xed;

		TEST_ASSERT(*place_byte(&place, i) == byte,
			    "%s: byte %u is 0x%x instead of 0x%x", inst->name,
			    i, *place_byte(&place, i), byte);
	}
}

static void step_memory(struct debug_guest *guest)
{
	const gpa_t gpa = GUEST_DATA + 0x200;
	unsigned int i;

	debug_guest_start(guest, mem_code, mem_code_end);
	for (i = 0; i < ARRAY_SIZE(loads); i++)
		step_load(guest, &loads[i], gpa, place_at(guest, gpa));
	for (i = 0; i < ARRAY_SIZE(stores); i++)
		step_store(guest, &stores[i], gpa, place_at(guest, gpa));
}

/* A2: the same with memory, loads and stores */
TEST_F(ps, step_memory)
{
	step_memory(&self->guest);
}

#ifdef __LITTLE_ENDIAN__
/* A2, A6: in the other byte order, too */
TEST_F(ps_be, step_memory)
{
	step_memory(&self->guest);
}

/* A6: MMIO in the other byte order */
TEST_F(ps_be, mmio)
{
	mmio_load(&self->guest);
	mmio_store(&self->guest);
}

/* A2: the instructions themselves in the other byte order */
TEST_F(ps_be, step_paired_single)
{
	debug_guest_start(&self->guest, ps_ops, ps_ops_end);
	step_ops(&self->guest, ops, ARRAY_SIZE(ops));
}
#endif

#ifdef CONFIG_64BIT
/* A2: in 32-bit mode, the upper halves of the registers do not matter. */
TEST_F(ps, step_upper_half)
{
	const u64 addr = BIT_ULL(32) + GUEST_DATA + 0x200;
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, mem_code, mem_code_end);
	step_load(guest, &psq_l, addr, place_at(guest, (u32)addr));
	step_store(guest, &psq_st, addr, place_at(guest, (u32)addr));
}
#endif

/* A2: memory that the host has yet to provide is no MMIO. */
TEST_F(ps, step_untouched_memory)
{
	static const struct ps_mem lu = { "psq_lu", inst_psq_lu, PAIR, true };
	static const struct ps_mem stu = { "psq_stu", inst_psq_stu, PAIR, true };
	const gpa_t slot = 0x8000000, size = 0x100000;
	struct debug_guest *guest = &self->guest;
	gpa_t gpa;

	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, slot, 1,
				    size >> guest->vm->page_shift, 0);
	TEST_ASSERT(!madvise(addr_gpa2hva(guest->vm, slot), size, MADV_DONTNEED),
		    "madvise() failed");

	debug_guest_start(guest, mem_code, mem_code_end);
	for (gpa = slot; gpa < slot + size; gpa += size / 4) {
		set_f5(guest, PS0, PS1);
		start_mem(guest, &lu, gpa);
		stop_mem(guest, &lu, gpa);
		expect_f5(guest, "psq_lu", 0, 0);

		set_f5(guest, PS0, PS1);
		start_mem(guest, &stu, gpa + size / 8);
		stop_mem(guest, &stu, gpa + size / 8);
		TEST_ASSERT(read_float(guest, gpa + size / 8) == PS0,
			    "psq_stu: stored something else");
	}
}

/*
 * A4: the one interrupt that the guest gets is the Data Storage interrupt of
 * this instruction, and the handler can skip it.
 */
static void step_dsi(struct debug_guest *guest, const struct ps_mem *inst,
		     u64 addr, u64 dar, u32 dsisr)
{
	u64 pc, r5;

	start_mem(guest, inst, addr);
	pc = guest->regs.pc;
	r5 = guest->regs.gpr[5];
	debug_guest_expect_pc(guest, VEC_DATA_STORAGE);
	TEST_ASSERT(guest->regs.srr0 == pc,
		    "%s: SRR0 is 0x%" PRIx64 " instead of 0x%" PRIx64,
		    inst->name, (u64)guest->regs.srr0, pc);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DAR), dar);
	TEST_ASSERT_EQ(debug_guest_get_reg32(guest, KVM_REG_PPC_DSISR), dsisr);
	debug_guest_step_skip_handler(guest);
	TEST_ASSERT_EQ(guest->regs.pc, pc + 4);
	TEST_ASSERT(guest->regs.gpr[5] == r5, "%s: r5 has changed", inst->name);
}

static void start_translated(struct debug_guest *guest)
{
	debug_guest_load_skip_handler(guest, VEC_DATA_STORAGE);
	guest->ea_offset = GUEST_BAT_RAM;
	guest->regs.msr |= MSR_IR | MSR_DR;
	debug_guest_start(guest, mem_code, mem_code_end);
}

/* A2, A4: all of this in problem state, where mtspr to HID2 stays refused */
TEST_F(ps, step_problem)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.msr |= MSR_PR;
	debug_guest_start(guest, ps_ops, ps_ops_end);
	step_ops(guest, ops, ARRAY_SIZE(ops));
	debug_guest_start(guest, fp_ops, fp_ops_end);
	step_ops(guest, fp, ARRAY_SIZE(fp));
	step_memory(guest);

	guest->regs.gpr[8] = 0;
	debug_guest_start(guest, ps_start, ps_start_end);
	debug_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);

	guest->regs.msr |= MSR_PR;
	step_unknown(guest);
}

/* A4: nothing there */
TEST_F(ps, step_data_storage)
{
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	start_translated(guest);
	for (i = 0; i < ARRAY_SIZE(loads); i++)
		step_dsi(guest, &loads[i], GUEST_BAT_NOWHERE, GUEST_BAT_NOWHERE,
			 DSISR_LOAD);
	for (i = 0; i < ARRAY_SIZE(stores); i++)
		step_dsi(guest, &stores[i], GUEST_BAT_NOWHERE, GUEST_BAT_NOWHERE,
			 DSISR_STORE);
}

/* Pages of 4K that the guest's page table maps, by the segment's number */
#define PAGES_EA	0x60000000
#define PAGES_VSID	7
#define PAGE_EA(_nr)	(PAGES_EA + (_nr) * 0x1000)

#define PTE_VALID	0x80000000
#define PTE_RC		0x180
#define PTE_RW		2
#define PTE_RO		3

static void map_page(struct debug_guest *guest, u32 nr, gpa_t gpa, u32 pp)
{
	gpa_t pte = GUEST_DATA + ((PAGES_VSID ^ nr) << 6);

	memcpy(addr_gpa2hva(guest->vm, pte),
	       &(u32){ htobe32(PTE_VALID | PAGES_VSID << 7) }, 4);
	memcpy(addr_gpa2hva(guest->vm, pte + 4),
	       &(u32){ htobe32(gpa | PTE_RC | pp) }, 4);
}

/* The last 'split' bytes of a page, and the first ones of another */
static struct place place_split(struct debug_guest *guest, gpa_t page0,
				gpa_t page1, u32 split)
{
	return (struct place){
		.start = addr_gpa2hva(guest->vm, page0 + 0x1000 - split),
		.rest = addr_gpa2hva(guest->vm, page1),
		.split = split,
	};
}

/* A2: pages that follow each other in one address space and not in the other */
TEST_F(ps, step_two_pages)
{
	struct debug_guest *guest = &self->guest;
	unsigned int i, split;

	start_translated(guest);
	map_page(guest, 0, 0xc1000, PTE_RW);
	map_page(guest, 1, 0xc4000, PTE_RW);
	for (split = 1; split < 8; split++) {
		struct place place = place_split(guest, 0xc1000, 0xc4000, split);

		for (i = 0; i < ARRAY_SIZE(loads); i++)
			step_load(guest, &loads[i], PAGE_EA(1) - split, place);
		for (i = 0; i < ARRAY_SIZE(stores); i++)
			step_store(guest, &stores[i], PAGE_EA(1) - split, place);
	}
}

/* A store that faults must leave the first page as it is. */
static void store_dsi(struct debug_guest *guest, u64 addr, u64 dar, u32 dsisr,
		      gpa_t gpa)
{
	debug_guest_write32(guest, gpa, 0xdeadbeef);
	step_dsi(guest, &psq_st, addr, dar, dsisr);
	TEST_ASSERT_EQ(debug_guest_read32(guest, gpa), 0xdeadbeef);
}

/* A4: the second page is the one that faults. */
TEST_F(ps, step_second_page)
{
	struct debug_guest *guest = &self->guest;

	start_translated(guest);
	map_page(guest, 0, 0xc1000, PTE_RW);
	step_dsi(guest, &psq_l, PAGE_EA(1) - 4, PAGE_EA(1), DSISR_LOAD);
	store_dsi(guest, PAGE_EA(1) - 4, PAGE_EA(1), DSISR_STORE, 0xc1ffc);

	map_page(guest, 1, 0xc4000, PTE_RO);
	step_load(guest, &psq_l, PAGE_EA(1) - 4,
		  place_split(guest, 0xc1000, 0xc4000, 4));
	store_dsi(guest, PAGE_EA(1) - 4, PAGE_EA(1), DSISR_READ_ONLY, 0xc1ffc);
}

/* A4: a store to a page that is only to be read */
TEST_F(ps, step_read_only)
{
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	start_translated(guest);
	map_page(guest, 0, 0xc1000, PTE_RO);
	for (i = 0; i < ARRAY_SIZE(stores); i++)
		step_dsi(guest, &stores[i], PAGES_EA, PAGES_EA, DSISR_READ_ONLY);
}

/*
 * A4, A6: half in memory and half in MMIO.  Userspace gets it in one piece, if
 * it is one piece; else it is an access that the CPU refuses.
 */
TEST_F(ps, mmio_second_page)
{
	const gpa_t end = GUEST_RAM_SIZE - 4;
	struct debug_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;

	debug_guest_start(guest, mem_code, mem_code_end);
	set_f5(guest, PS0, PS1);
	debug_guest_write32(guest, end, 0xdeadbeef);
	start_mem(guest, &psq_st, end);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, end);
	TEST_ASSERT_EQ(run->mmio.len, 8);
	TEST_ASSERT_EQ(debug_guest_read32(guest, end), 0xdeadbeef);
	stop_mem(guest, &psq_st, end);

	start_translated(guest);
	map_page(guest, 0, 0xc1000, PTE_RW);
	map_page(guest, 1, GUEST_MMIO, PTE_RW);
	step_dsi(guest, &psq_l, PAGE_EA(1) - 4, PAGE_EA(1) - 4, DSISR_BAD);
	store_dsi(guest, PAGE_EA(1) - 4, PAGE_EA(1) - 4,
		  DSISR_BAD | (DSISR_STORE & ~DSISR_LOAD), 0xc1ffc);
}

GUEST_ASM(magic_code,
	  "	sc\n"
	  "magic_1: nop\n");

GUEST_LABELS(magic_1[]);

/*
 * A2: the page with KVM's shared variables of the vCPU ends, and the access goes
 * on in the guest's next page, not in the host's.
 */
static void step_magic_page_end(struct debug_guest *guest, gpa_t magic)
{
	const gpa_t end = magic + 0x1000;

	guest->regs.gpr[0] = KVM_SC_MAGIC_R0;
	guest->regs.gpr[3] = magic;
	guest->regs.gpr[4] = magic;
	guest->regs.gpr[11] = KVM_HCALL_TOKEN(KVM_HC_PPC_MAP_MAGIC_PAGE);
	debug_guest_start(guest, magic_code, magic_code_end);
	debug_guest_expect_stop(guest, magic_1);

	debug_guest_start(guest, mem_code, mem_code_end);
	debug_guest_write32(guest, end, single(PS1));
	debug_guest_write32(guest, end - 4, single(9));
	start_mem(guest, &psq_l, end - 4);
	stop_mem(guest, &psq_l, end - 4);
	expect_f5(guest, "psq_l", 0, PS1);

	/* Only now, when it will not store beyond the host's page */
	set_f5(guest, PS1, PS0);
	start_mem(guest, &psq_st, end - 4);
	stop_mem(guest, &psq_st, end - 4);
	TEST_ASSERT_EQ(debug_guest_read32(guest, end), single(PS0));
	TEST_ASSERT_EQ(debug_guest_read32(guest, end - 4), single(9));
	start_mem(guest, &psq_l, end - 4);
	stop_mem(guest, &psq_l, end - 4);
	expect_f5(guest, "psq_l", PS1, PS0);

	/* The page before it is not the magic page, either. */
	debug_guest_write32(guest, magic - 4, single(PS0));
	start_mem(guest, &psq_l, magic - 4);
	stop_mem(guest, &psq_l, magic - 4);
	start_mem(guest, &psq_st, RESULT);
	stop_mem(guest, &psq_st, RESULT);
	TEST_ASSERT_EQ(debug_guest_read32(guest, RESULT), single(PS0));
}

TEST_F(ps, magic_page_end)
{
	step_magic_page_end(&self->guest, 0xc0000);
}

/* A2: on a host with pages of 64K, this is where the host's page ends, too. */
TEST_F(ps, magic_page_end_64k)
{
	step_magic_page_end(&self->guest, 0xcf000);
}

/* A4: with MSR[FP] clear */
TEST_F(ps, step_fp_unavailable)
{
	struct debug_guest *guest = &self->guest;

	guest->regs.msr &= ~MSR_FP;
	debug_guest_start(guest, mem_code, mem_code_end);
	start_mem(guest, &loads[0], GUEST_DATA);
	debug_guest_expect_pc(guest, VEC_FP_UNAVAIL);
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, inst_psq_l));
}

TEST_HARNESS_MAIN
