// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debugging guests of KVM Book3S PR that use paired singles (the 750CL and its
 * like), which KVM emulates on every other CPU, together with all of the
 * floating-point instructions of such a guest
 *
 * The guests have BATs.  On little-endian hosts, each case runs in both byte orders.
 */
#include <linux/kvm_para.h>
#include <math.h>

#include "debug_suite.h"

#define DSISR_NO_STORE	(DSISR_NOHPTE | DSISR_STORE)
#define DSISR_READ_ONLY	(DSISR_PROT | DSISR_STORE)
#define DSISR_BAD	0x04000000	/* no access of this kind there */

FIXTURE(ps)
{
	struct asm_guest guest;
};

FIXTURE_VARIANT(ps)
{
	u64 msr;
};

FIXTURE_VARIANT_ADD(ps, guest32)
{
	.msr = MSR_GUEST_REAL & ~MSR_SF,
};

#ifdef __LITTLE_ENDIAN__
/* Big-endian, as all real guests with paired singles are */
FIXTURE_VARIANT_ADD(ps, guest32be)
{
	.msr = MSR_GUEST_REAL & ~(MSR_SF | MSR_LE),
};
#endif

/*
 * The registers that the instructions below work on.  Those that psq_l loads
 * have odd numbers: with an even one, psq_l is lq, which POWER8 and later execute.
 */
static const float f1[] = { 3, 5 }, f3[] = { 2, -4 }, f7[] = { 0.5, 0.25 };
static const float f5[] = { 9, 10 };

#define RESULT		(GUEST_DATA + 0x100)

/* r8 is HID2, r5 the address of the registers, r6 that of the result. */
GUEST_ASM(ps_start,
	  "	.machine \"750cl\"\n"
	  "	mtspr	" __stringify(SPRN_HID2_GEKKO) ", %r8\n"
	  "	mtspr	" __stringify(SPRN_GQR0) ", %r0\n"	/* no scaling */
	  "	mfspr	%r9, " __stringify(SPRN_HID2_GEKKO) "\n"
	  "	psq_l	%f1, 0(%r5), 0, 0\n"
	  "	psq_l	%f3, 8(%r5), 0, 0\n"
	  "	psq_l	%f7, 16(%r5), 0, 0\n");

static u32 single(float val)
{
	u32 bits;

	memcpy(&bits, &val, sizeof(bits));
	return bits;
}

static void write_floats(struct asm_guest *guest, gpa_t gpa, const float *val)
{
	asm_guest_write32(guest, gpa, single(val[0]));
	asm_guest_write32(guest, gpa + 4, single(val[1]));
}

static float read_float(struct asm_guest *guest, gpa_t gpa)
{
	u32 bits = asm_guest_read32(guest, gpa);
	float val;

	memcpy(&val, &bits, sizeof(val));
	return val;
}

FIXTURE_SETUP(ps)
{
	struct asm_guest *guest = &self->guest;

	__asm_guest_create(guest, &(struct asm_guest_config){
		.msr = variant->msr, .mmu = GUEST_MMU_BAT
	});
	write_floats(guest, GUEST_DATA, f1);
	write_floats(guest, GUEST_DATA + 8, f3);
	write_floats(guest, GUEST_DATA + 16, f7);
	write_floats(guest, GUEST_DATA + 24, f5);

	guest->regs.msr |= MSR_FP;
	guest->regs.gpr[5] = GUEST_DATA;
	guest->regs.gpr[6] = RESULT;
	guest->regs.gpr[8] = HID2_PSE;
	asm_guest_step_all(guest, ps_start);
	TEST_ASSERT_EQ(guest->regs.gpr[9], HID2_PSE);
}

FIXTURE_TEARDOWN(ps)
{
	asm_guest_destroy(&self->guest);
}

#define EXACT	0
#define NEAR	1	/* an estimate */
#define FIRST	2	/* the second number is that of before */

/*
 * A CPU of Power ISA 3.0 has an instruction of its own with this opcode, on
 * GPRs, and executes that: KVM never gets to see it.
 */
#define MADDHD	4

/* Paired singles' arithmetic, and the two numbers that f5 has then */
#define PS_OPS(op)							\
	op("ps_add %f5, %f1, %f3", 5, 1, EXACT)				\
	op("ps_sub %f5, %f1, %f3", 1, 9, EXACT)				\
	op("ps_mul %f5, %f1, %f7", 1.5, 1.25, EXACT)			\
	op("ps_div %f5, %f1, %f3", 1.5, -1.25, EXACT)			\
	op("ps_sum0 %f5, %f1, %f7, %f3", -1, 0.25, EXACT)		\
	op("ps_sum1 %f5, %f1, %f7, %f3", 0.5, -1, EXACT)		\
	op("ps_muls0 %f5, %f1, %f7", 1.5, 2.5, EXACT)			\
	op("ps_muls1 %f5, %f1, %f7", 0.75, 1.25, EXACT)			\
	op("ps_madds0 %f5, %f1, %f7, %f3", 3.5, -1.5, EXACT)		\
	op("ps_madds1 %f5, %f1, %f7, %f3", 2.75, -2.75, EXACT)		\
	op("ps_madd %f5, %f1, %f7, %f3", 3.5, -2.75, EXACT)		\
	op("ps_msub %f5, %f1, %f7, %f3", -0.5, 5.25, EXACT)		\
	op("ps_nmadd %f5, %f1, %f7, %f3", -3.5, 2.75, EXACT)		\
	op("ps_nmsub %f5, %f1, %f7, %f3", 0.5, -5.25, EXACT)		\
	op("ps_sel %f5, %f3, %f7, %f1", 0.5, 5, EXACT)			\
	op("ps_res %f5, %f3", 0.5, -0.25, NEAR | MADDHD)		\
	op("ps_rsqrte %f5, %f7", 1.41421, 2, NEAR)			\
	op("ps_mr %f5, %f1", 3, 5, EXACT)				\
	op("ps_neg %f5, %f3", -2, 4, EXACT)				\
	op("ps_abs %f5, %f3", 2, 4, EXACT)				\
	op("ps_nabs %f5, %f3", -2, -4, EXACT)				\
	op("ps_merge00 %f5, %f1, %f3", 3, 2, EXACT)			\
	op("ps_merge01 %f5, %f1, %f3", 3, -4, EXACT)			\
	op("ps_merge10 %f5, %f1, %f3", 5, 2, EXACT)			\
	op("ps_merge11 %f5, %f1, %f3", 5, -4, EXACT)			\
	op("ps_merge10 %f5, %f5, %f5", 10, 9, EXACT)			\
	op("ps_merge00 %f5, %f1, %f5", 3, 9, EXACT)

/*
 * The guest's other floating-point instructions, which use the first number.
 * Single-precision ones set both numbers.
 */
#define FP_OPS(op)							\
	op("fadds %f5, %f1, %f3", 5, 5, EXACT)				\
	op("fsubs %f5, %f1, %f3", 1, 1, EXACT)				\
	op("fmuls %f5, %f1, %f7", 1.5, 1.5, EXACT)			\
	op("fdivs %f5, %f1, %f3", 1.5, 1.5, EXACT)			\
	op("fres %f5, %f3", 0.5, 0.5, NEAR)				\
	op("fmadds %f5, %f1, %f7, %f3", 3.5, 3.5, EXACT)		\
	op("fmsubs %f5, %f1, %f7, %f3", -0.5, -0.5, EXACT)		\
	op("fnmadds %f5, %f1, %f7, %f3", -3.5, -3.5, EXACT)		\
	op("fnmsubs %f5, %f1, %f7, %f3", 0.5, 0.5, EXACT)		\
	op("frsp %f5, %f7", 0.5, 0.5, EXACT)				\
	op("fadd %f5, %f1, %f3", 5, 10, FIRST)				\
	op("fsub %f5, %f1, %f3", 1, 10, FIRST)				\
	op("fmul %f5, %f1, %f7", 1.5, 10, FIRST)			\
	op("fdiv %f5, %f1, %f3", 1.5, 10, FIRST)			\
	op("fmadd %f5, %f1, %f7, %f3", 3.5, 10, FIRST)			\
	op("fmsub %f5, %f1, %f7, %f3", -0.5, 10, FIRST)			\
	op("fnmadd %f5, %f1, %f7, %f3", -3.5, 10, FIRST)		\
	op("fnmsub %f5, %f1, %f7, %f3", 0.5, 10, FIRST)			\
	op("fsel %f5, %f3, %f7, %f1", 0.5, 10, FIRST)			\
	op("frsqrte %f5, %f7", 1.41421, 10, NEAR | FIRST)		\
	op("fmr %f5, %f1", 3, 10, FIRST)				\
	op("fneg %f5, %f1", -3, 10, FIRST)				\
	op("fnabs %f5, %f1", -3, 10, FIRST)				\
	op("fabs %f5, %f3", 2, 10, FIRST)

/* Four steps each, of which the third one stores the result */
#define OP_WORDS	4
#define OP_ASM(_inst, ...)						\
	"	psq_l	%f5, 24(%r5), 0, 0\n"				\
	"	" _inst "\n"						\
	"	psq_st	%f5, 0(%r6), 0, 0\n"				\
	"	nop\n"
#define OP_TABLE(_inst, _ps0, _ps1, _flags)	{ _inst, { _ps0, _ps1 }, _flags },

GUEST_ASM(ps_ops, "	.machine \"750cl\"\n" PS_OPS(OP_ASM));
GUEST_ASM(fp_ops, "	.machine \"750cl\"\n" FP_OPS(OP_ASM));

struct ps_op {
	const char *name;
	float result[2];
	int flags;
};

static const struct ps_op ps[] = { PS_OPS(OP_TABLE) };
static const struct ps_op fp[] = { FP_OPS(OP_TABLE) };

static bool near(float a, float b, int flags)
{
	float max = flags & NEAR ? 1.0 / 16 : 0;

	return a - b <= max && b - a <= max;
}

static void step_ops(struct asm_guest *guest, const u32 *code, const struct ps_op *op,
		     int nr)
{
	for (asm_guest_start(guest, code); nr--; op++, code += OP_WORDS) {
		float ps0, ps1;

		if (host_has_isa_3_0() && (op->flags & MADDHD))
			continue;

		asm_guest_goto(guest, code);
		asm_guest_expect(guest, STOP_AT(code + 1), STOP_AT(code + 2),
				 STOP_AT(code + 3));
		ps0 = read_float(guest, RESULT);
		ps1 = read_float(guest, RESULT + 4);
		TEST_ASSERT(near(ps0, op->result[0], op->flags) &&
			    near(ps1, op->result[1], op->flags),
			    "%s: wanted %f, %f, is %f, %f", op->name,
			    op->result[0], op->result[1], ps0, ps1);
	}
}

/* Each paired-single instruction is one step, and calculates what it should. (A2) */
TEST_F(ps, step_paired_single)
{
	step_ops(&self->guest, ps_ops, ps, ARRAY_SIZE(ps));
}

/*
 * The arithmetic that other CPUs have, too.  KVM must use none of the
 * host's instructions for it that the host may not have. (A2)
 */
TEST_F(ps, step_floating_point)
{
	step_ops(&self->guest, fp_ops, fp, ARRAY_SIZE(fp));
}

GUEST_ASM(fpscr_code,
	  "	mffs	%f5\n"
	  "	mtfsf	255, %f5\n"
	  "	mtfsb0	31\n"
	  "	mtfsb1	31\n"
	  "	mtfsfi	7, 0\n"
	  "	mcrfs	1, 1\n"
	  "	fcmpu	2, %f1, %f3\n"
	  "	fcmpo	3, %f3, %f1\n"
	  "	fctiwz	%f5, %f1\n"
	  "	stfiwx	%f5, 0, %r6\n"
	  "	lwz	%r7, 0(%r6)\n"
	  "	fctiw	%f5, %f3\n"
	  "	stfiwx	%f5, 0, %r6\n");

/* Instructions on the FPSCR, comparisons and conversions are one step each. (A2) */
TEST_F(ps, step_fpscr)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.cr = 0xffffffff;
	asm_guest_step_all(guest, fpscr_code);
	TEST_ASSERT_EQ(guest->regs.gpr[7], 3);
	TEST_ASSERT_EQ(asm_guest_read32(guest, RESULT), 2);
	/* f1 is greater, and the other fields are as they were; mcrfs set CR1. */
	TEST_ASSERT_EQ(guest->regs.cr & ~0x0f000000ULL, 0xf048ffff);
}

GUEST_ASM(status_code,
	  "	lfd	%f5, 0(%r5)\n"
	  "	mtfsf	255, %f5\n"
	  "	mtfsb1	6\n"	/* XX, and FX with it */
	  "	mtfsfi	7, 1\n"	/* RN */
	  "	mtfsb1	7\n"	/* VXSNAN, and VX */
	  "	mtfsb1	24\n"	/* VE, and FEX */
	  "	mcrfs	2, 1\n"	/* XX, VXSNAN, VX, FEX */
	  "	mtfsb0	0\n"	/* FX */
	  "	lfd	%f5, 8(%r5)\n"
	  "	mtfsf	1, %f5\n"	/* RN only */
	  "	mtfsb1.	3\n"	/* OX */
	  "	mffs.	%f5\n"
	  "	stfd	%f5, 0(%r6)\n"
	  "	nop\n	");

/* Each bit of the FPSCR that the guest can set or clear by itself. (A2) */
TEST_F(ps, step_fpscr_bits)
{
	static const u32 fpscr[] = {
		0, 0, 0x82000000,
		0x82000001, 0xa3000001, 0xe3000081, 0x80000081,
		0x00000081, 0x00000081, 0x00000082, 0x90000082,
		0x90000082, 0x90000082,
	};
	struct asm_guest *guest = &self->guest;
	u64 *bits = addr_gpa2hva(guest->vm, GUEST_DATA + 0x200);
	unsigned int i;

	bits[0] = 0;
	bits[1] = asm_guest_swap64(guest, 0xfffffff2);
	guest->regs.cr = 0xffffffff;
	guest->regs.gpr[5] = GUEST_DATA + 0x200;
	asm_guest_start(guest, status_code);
	for (i = 0; i < ARRAY_SIZE(fpscr); i++) {
		asm_guest_expect_stop(guest, status_code + i + 1);
		TEST_ASSERT((u32)vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPSCR) == fpscr[i],
			    "FPSCR is 0x%" PRIx64 " instead of 0x%x before %u",
			    vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPSCR), fpscr[i], i + 1);
	}
	TEST_ASSERT_EQ(asm_guest_read32(guest, RESULT + (variant->msr & MSR_LE ? 0 : 4)),
		       0x90000082);
	/* CR1 is from mffs., CR2 from mcrfs. */
	TEST_ASSERT_EQ(guest->regs.cr, 0xf93fffff);
}

GUEST_ASM(sum_code,
	  "	.machine \"750cl\"\n"
	  "	psq_l	%f9, 0(%r5), 0, 0\n"
	  "	psq_l	%f11, 8(%r5), 0, 0\n"
	  "	ps_sum0	%f5, %f9, %f9, %f11\n"
	  "	ps_sum1	%f5, %f9, %f9, %f11\n");

#define FPSCR_FPRF	0x1f000		/* class of the result */

/* ps_sum0 and ps_sum1 add two numbers each: -inf and -inf here, never -inf and inf. (A2) */
TEST_F(ps, step_sum)
{
	static const float f9[] = { -INFINITY, INFINITY }, f11[] = { INFINITY, -INFINITY };
	struct asm_guest *guest = &self->guest;

	write_floats(guest, GUEST_DATA, f9);
	write_floats(guest, GUEST_DATA + 8, f11);
	asm_guest_step_all(guest, sum_code);
	TEST_ASSERT_EQ((u32)vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPSCR) & ~FPSCR_FPRF, 0);
}

GUEST_ASM(cmp_code,
	  "	.machine \"750cl\"\n"
	  "	ps_cmpu0 2, %f1, %f3\n"
	  "	ps_cmpu1 3, %f1, %f3\n"
	  "	ps_cmpo0 4, %f3, %f1\n"
	  "	ps_cmpo1 5, %f1, %f1\n"
	  "	mfcr	%r7\n"
	  "	ps_add.	%f5, %f1, %f3\n");

/*
 * Comparisons are of the first numbers or of the second ones.  A record form
 * copies the exceptions, of which there are none, to CR1. (A2)
 */
TEST_F(ps, step_compare)
{
	self->guest.regs.cr = 0x0f0000ff;
	asm_guest_step_all(&self->guest, cmp_code);
	TEST_ASSERT_EQ(self->guest.regs.gpr[7], 0x0f4482ff);
	TEST_ASSERT_EQ(self->guest.regs.cr, 0x004482ff);
}

/* Later CPUs have these, and none that has paired singles. */
GUEST_ASM(later_code,
	  "	.long	0xfca10810\n"		/* fcpsgn f5, f1, f1 */
	  "	.long	0xeca03834\n");		/* frsqrtes f5, f7 */

static void step_unknown(struct asm_guest *guest)
{
	asm_guest_load_skip_handler(guest, VEC_PROGRAM);
	asm_guest_start(guest, later_code);
	asm_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);
	TEST_ASSERT_EQ(guest->regs.srr1 & SRR1_PROGILL, SRR1_PROGILL);
	asm_guest_step_skip_handler(guest);
	asm_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, later_code + 1));
}

/* The step stops at the vector of the Program interrupt. (A4) */
TEST_F(ps, step_unknown)
{
	step_unknown(&self->guest);
}

/* Loads and stores; r5 is the address less DISP, r7 is DISP. */
#define DISP	0x20

enum {
	PAIR,		/* two numbers of 4 bytes */
	SINGLE,
	PAIR_1,		/* one number of 4 bytes, and the other one is 1.0 */
	DOUBLE,
	WORD,		/* the lower half of the register as it is */
};

/* Name, instruction, kind, and whether r5 becomes the address; stores last */
#define MEM(op)								\
	op(psq_l, "psq_l %f5, 0x20(%r5), 0, 0", PAIR, false)		\
	op(psq_l_w, "psq_l %f5, 0x20(%r5), 1, 0", PAIR_1, false)	\
	op(psq_lu, "psq_lu %f5, 0x20(%r5), 0, 0", PAIR, true)		\
	op(psq_lux, "psq_lux %f5, %r5, %r7, 0, 0", PAIR, true)		\
	op(psq_lx, "psq_lx %f5, %r5, %r7, 0, 0", PAIR, false)		\
	op(psq_lx_w, "psq_lx %f5, %r5, %r7, 1, 0", PAIR_1, false)	\
	op(psq_lux_w, "psq_lux %f5, %r5, %r7, 1, 0", PAIR_1, true)	\
	op(lfs, "lfs %f5, 0x20(%r5)", SINGLE, false)			\
	op(lfsu, "lfsu %f5, 0x20(%r5)", SINGLE, true)			\
	op(lfsx, "lfsx %f5, %r5, %r7", SINGLE, false)			\
	op(lfsux, "lfsux %f5, %r5, %r7", SINGLE, true)			\
	op(lfd, "lfd %f5, 0x20(%r5)", DOUBLE, false)			\
	op(lfdu, "lfdu %f5, 0x20(%r5)", DOUBLE, true)			\
	op(lfdx, "lfdx %f5, %r5, %r7", DOUBLE, false)			\
	op(lfdux, "lfdux %f5, %r5, %r7", DOUBLE, true)			\
	op(psq_st, "psq_st %f5, 0x20(%r5), 0, 0", PAIR, false)		\
	op(psq_st_w, "psq_st %f5, 0x20(%r5), 1, 0", PAIR_1, false)	\
	op(psq_stu, "psq_stu %f5, 0x20(%r5), 0, 0", PAIR, true)		\
	op(psq_stx, "psq_stx %f5, %r5, %r7, 0, 0", PAIR, false)		\
	op(psq_stux, "psq_stux %f5, %r5, %r7, 0, 0", PAIR, true)	\
	op(stfs, "stfs %f5, 0x20(%r5)", SINGLE, false)			\
	op(stfsu, "stfsu %f5, 0x20(%r5)", SINGLE, true)			\
	op(stfsx, "stfsx %f5, %r5, %r7", SINGLE, false)			\
	op(stfsux, "stfsux %f5, %r5, %r7", SINGLE, true)		\
	op(stfd, "stfd %f5, 0x20(%r5)", DOUBLE, false)			\
	op(stfdu, "stfdu %f5, 0x20(%r5)", DOUBLE, true)			\
	op(stfdx, "stfdx %f5, %r5, %r7", DOUBLE, false)			\
	op(stfdux, "stfdux %f5, %r5, %r7", DOUBLE, true)		\
	op(stfiwx, "stfiwx %f5, %r5, %r7", WORD, false)

#define MEM_ENUM(_name, ...)	MEM_##_name,
#define MEM_ASM(_name, _inst, ...)	"	" _inst "\n"
#define MEM_TABLE(_name, _inst, _kind, _update)	{ #_name, _kind, _update },
#define FIRST_STORE	MEM_psq_st

GUEST_ASM(mem_code, "	.machine \"750cl\"\n" MEM(MEM_ASM));

enum { MEM(MEM_ENUM) NR_MEM };

static const struct ps_mem {
	const char *name;
	int kind;
	bool update;
} mem[] = { MEM(MEM_TABLE) };

static const u32 *mem_label(const struct ps_mem *inst)
{
	return mem_code + (inst - mem);
}

static u32 mem_len(const struct ps_mem *inst)
{
	return inst->kind == PAIR || inst->kind == DOUBLE ? 8 : 4;
}

static u64 double_bits(double val)
{
	u64 bits;

	memcpy(&bits, &val, sizeof(bits));
	return bits;
}

#define PS0	6.5f
#define PS1	-7.5f

/*
 * What the instruction loads or stores, as one number of 4 or 8 bytes.  A pair has its
 * first number in the upper half.
 */
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
static void mem_bytes(struct asm_guest *guest, const struct ps_mem *inst,
		      u8 *bytes)
{
	u32 word[2] = {
		asm_guest_swap32(guest, inst->kind == PAIR ? single(PS0) : mem_image(inst)),
		asm_guest_swap32(guest, single(PS1)),
	};
	u64 image = asm_guest_swap64(guest, mem_image(inst));

	if (inst->kind == DOUBLE)
		memcpy(bytes, &image, 8);
	else
		memcpy(bytes, word, mem_len(inst));
}

/*
 * The bytes in kvm_run.  KVM hands a pair to userspace as one number of 8 bytes, so a
 * little-endian guest finds its halves swapped.
 */
static void mmio_bytes(struct asm_guest *guest, const struct ps_mem *inst,
		       u8 *bytes)
{
	u64 image = asm_guest_swap64(guest, mem_image(inst));

	if (mem_len(inst) == 8)
		memcpy(bytes, &image, 8);
	else
		mem_bytes(guest, inst, bytes);
}

static void start_mem(struct asm_guest *guest, const struct ps_mem *inst,
		      u64 addr)
{
	guest->regs.gpr[5] = addr - DISP;
	guest->regs.gpr[7] = DISP;
	asm_guest_goto(guest, mem_label(inst));
}

static void stop_mem(struct asm_guest *guest, const struct ps_mem *inst,
		     u64 addr)
{
	asm_guest_expect_stop(guest, mem_label(inst) + 1);
	TEST_ASSERT(guest->regs.gpr[5] == (inst->update ? addr : addr - DISP),
		    "%s: r5 is 0x%llx", inst->name, guest->regs.gpr[5]);
}

static void access_mmio(struct asm_guest *guest, const struct ps_mem *inst,
			bool is_write)
{
	struct kvm_run *run = guest->vcpu->run;

	start_mem(guest, inst, GUEST_MMIO);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT(run->mmio.phys_addr == GUEST_MMIO &&
		    run->mmio.len == mem_len(inst) &&
		    run->mmio.is_write == is_write,
		    "%s: a %s of %u bytes at 0x%llx", inst->name,
		    run->mmio.is_write ? "store" : "load", run->mmio.len,
		    run->mmio.phys_addr);
}

static const struct ps_mem *psq_l = &mem[MEM_psq_l], *psq_st = &mem[MEM_psq_st];

/* f5 as psq_st has it: the two numbers */
static void expect_f5(struct asm_guest *guest, const char *name, float ps0,
		      float ps1)
{
	start_mem(guest, psq_st, RESULT + guest->ea_offset);
	stop_mem(guest, psq_st, RESULT + guest->ea_offset);
	TEST_ASSERT(read_float(guest, RESULT) == ps0 &&
		    read_float(guest, RESULT + 4) == ps1,
		    "%s: wanted %f, %f, is %f, %f", name, ps0, ps1,
		    read_float(guest, RESULT), read_float(guest, RESULT + 4));
}

/* Two numbers for f5, by psq_l from memory */
static void set_f5(struct asm_guest *guest, float ps0, float ps1)
{
	const float val[] = { ps0, ps1 };

	write_floats(guest, RESULT, val);
	start_mem(guest, psq_l, RESULT + guest->ea_offset);
	stop_mem(guest, psq_l, RESULT + guest->ea_offset);
}

static void expect_loaded(struct asm_guest *guest, const struct ps_mem *inst)
{
	expect_f5(guest, inst->name, PS0,
		  inst->kind == PAIR ? PS1 :
		  inst->kind == PAIR_1 ? 1 :
		  inst->kind == SINGLE ? PS0 : 10);
}

/* Loads from MMIO return what userspace has put into kvm_run. (A6) */
TEST_F(ps, mmio_load)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	asm_guest_start(guest, mem_code);
	for (i = 0; i < FIRST_STORE; i++) {
		set_f5(guest, 9, 10);
		access_mmio(guest, &mem[i], false);
		mmio_bytes(guest, &mem[i], guest->vcpu->run->mmio.data);
		stop_mem(guest, &mem[i], GUEST_MMIO);
		expect_loaded(guest, &mem[i]);
	}
}

/* Stores to MMIO put into kvm_run what the guest stores. (A6) */
TEST_F(ps, mmio_store)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	asm_guest_start(guest, mem_code);
	for (i = FIRST_STORE; i < NR_MEM; i++) {
		u8 bytes[8];

		set_f5(guest, PS0, PS1);
		access_mmio(guest, &mem[i], true);
		mmio_bytes(guest, &mem[i], bytes);
		TEST_ASSERT(!memcmp(bytes, guest->vcpu->run->mmio.data,
				    mem_len(&mem[i])),
			    "%s: stored something else", mem[i].name);
		stop_mem(guest, &mem[i], GUEST_MMIO);
	}
}

/* The bytes of an access, of which those from 'split' on are elsewhere */
struct place {
	u8 *start, *rest;
	u32 split;
};

static struct place place_at(struct asm_guest *guest, gpa_t gpa)
{
	return (struct place){ .start = addr_gpa2hva(guest->vm, gpa), .split = 8 };
}

static u8 *place_byte(const struct place *place, u32 i)
{
	return i < place->split ? place->start + i :
				  place->rest + i - place->split;
}

static void step_load(struct asm_guest *guest, const struct ps_mem *inst,
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

static void step_store(struct asm_guest *guest, const struct ps_mem *inst,
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

static void step_memory(struct asm_guest *guest)
{
	const gpa_t gpa = GUEST_DATA + 0x200;
	unsigned int i;

	asm_guest_start(guest, mem_code);
	for (i = 0; i < FIRST_STORE; i++)
		step_load(guest, &mem[i], gpa, place_at(guest, gpa));
	for (i = FIRST_STORE; i < NR_MEM; i++)
		step_store(guest, &mem[i], gpa, place_at(guest, gpa));
}

/* Loads and stores of memory are one step each. (A2) */
TEST_F(ps, step_memory)
{
	step_memory(&self->guest);
}

#ifdef CONFIG_64BIT
/* In 32-bit mode, the upper halves of the registers do not matter. (A2) */
TEST_F(ps, step_upper_half)
{
	const u64 addr = BIT_ULL(32) + GUEST_DATA + 0x200;
	struct asm_guest *guest = &self->guest;

	asm_guest_start(guest, mem_code);
	step_load(guest, psq_l, addr, place_at(guest, (u32)addr));
	step_store(guest, psq_st, addr, place_at(guest, (u32)addr));
}
#endif

/* Memory that the host has yet to provide is no MMIO. (A2) */
TEST_F(ps, step_untouched_memory)
{
	const struct ps_mem *lu = &mem[MEM_psq_lu], *stu = &mem[MEM_psq_stu];
	const gpa_t slot = 0x8000000, size = 0x100000;
	struct asm_guest *guest = &self->guest;
	gpa_t gpa;

	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, slot, 1,
				    size >> guest->vm->page_shift, 0);
	TEST_ASSERT(!madvise(addr_gpa2hva(guest->vm, slot), size, MADV_DONTNEED),
		    "madvise() failed");

	asm_guest_start(guest, mem_code);
	for (gpa = slot; gpa < slot + size; gpa += size / 4) {
		set_f5(guest, PS0, PS1);
		start_mem(guest, lu, gpa);
		stop_mem(guest, lu, gpa);
		expect_f5(guest, "psq_lu", 0, 0);

		set_f5(guest, PS0, PS1);
		start_mem(guest, stu, gpa + size / 8);
		stop_mem(guest, stu, gpa + size / 8);
		TEST_ASSERT(read_float(guest, gpa + size / 8) == PS0,
			    "psq_stu: stored something else");
	}
}

/*
 * The one interrupt that the guest gets is the Data Storage interrupt of
 * this instruction, and the handler can skip it. (A4)
 */
static void step_dsi(struct asm_guest *guest, const struct ps_mem *inst,
		     u64 addr, u64 dar, u32 dsisr)
{
	u64 pc, r5;

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_DAR, 0x5a5a5a50);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_DSISR, 0x5a);
	start_mem(guest, inst, addr);
	pc = guest->regs.pc;
	r5 = guest->regs.gpr[5];
	asm_guest_expect_pc(guest, VEC_DATA_STORAGE);
	TEST_ASSERT(guest->regs.srr0 == pc,
		    "%s: SRR0 is 0x%llx instead of 0x%" PRIx64,
		    inst->name, guest->regs.srr0, pc);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DAR), dar);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DSISR), dsisr);
	asm_guest_step_skip_handler(guest);
	TEST_ASSERT_EQ(guest->regs.pc, pc + 4);
	TEST_ASSERT(guest->regs.gpr[5] == r5, "%s: r5 has changed", inst->name);
}

static void start_translated(struct asm_guest *guest)
{
	asm_guest_load_skip_handler(guest, VEC_DATA_STORAGE);
	guest->ea_offset = GUEST_EA_RAM;
	guest->regs.msr |= MSR_IR | MSR_DR;
	asm_guest_start(guest, mem_code);
}

/* All of this in problem state, where mtspr to HID2 stays refused. (A2, A4) */
TEST_F(ps, step_problem)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.msr |= MSR_PR;
	step_ops(guest, ps_ops, ps, ARRAY_SIZE(ps));
	step_ops(guest, fp_ops, fp, ARRAY_SIZE(fp));
	step_memory(guest);

	guest->regs.gpr[8] = 0;
	asm_guest_start(guest, ps_start);
	asm_guest_expect_pc(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_CODE);

	guest->regs.msr |= MSR_PR;
	step_unknown(guest);
}

/* Where nothing is mapped, the step stops at the vector of the interrupt. (A4) */
TEST_F(ps, step_data_storage)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	start_translated(guest);
	for (i = 0; i < FIRST_STORE; i++)
		step_dsi(guest, &mem[i], GUEST_EA_NOWHERE, GUEST_EA_NOWHERE,
			 DSISR_NOHPTE);
	for (i = FIRST_STORE; i < NR_MEM; i++)
		step_dsi(guest, &mem[i], GUEST_EA_NOWHERE, GUEST_EA_NOWHERE,
			 DSISR_NO_STORE);
}

/* Pages of 4K that the guest's page table maps */
#define PAGES_EA	0x60000000
#define PAGE_EA(_nr)	(PAGES_EA + (_nr) * 0x1000)

/* The last 'split' bytes of a page, and the first ones of another */
static struct place place_split(struct asm_guest *guest, gpa_t page0,
				gpa_t page1, u32 split)
{
	return (struct place){
		.start = addr_gpa2hva(guest->vm, page0 + 0x1000 - split),
		.rest = addr_gpa2hva(guest->vm, page1),
		.split = split,
	};
}

/*
 * Pages that follow each other in one address space and not in the other. (A2)
 */
TEST_F(ps, step_two_pages)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i, split;

	start_translated(guest);
	asm_guest_map(guest, PAGE_EA(0), 0xc1000, GUEST_PROT_RW);
	asm_guest_map(guest, PAGE_EA(1), 0xc4000, GUEST_PROT_RW);
	for (split = 1; split < 8; split++) {
		struct place place = place_split(guest, 0xc1000, 0xc4000, split);

		for (i = 0; i < FIRST_STORE; i++)
			step_load(guest, &mem[i], PAGE_EA(1) - split, place);
		for (i = FIRST_STORE; i < NR_MEM; i++)
			step_store(guest, &mem[i], PAGE_EA(1) - split, place);
	}
}

/* A store that faults must leave the first page as it is. */
static void store_dsi(struct asm_guest *guest, u64 addr, u64 dar, u32 dsisr,
		      gpa_t gpa)
{
	asm_guest_write32(guest, gpa, 0xdeadbeef);
	step_dsi(guest, psq_st, addr, dar, dsisr);
	TEST_ASSERT_EQ(asm_guest_read32(guest, gpa), 0xdeadbeef);
}

/* The second page is the one that faults. (A4) */
TEST_F(ps, step_second_page)
{
	struct asm_guest *guest = &self->guest;

	start_translated(guest);
	asm_guest_map(guest, PAGE_EA(0), 0xc1000, GUEST_PROT_RW);
	step_dsi(guest, psq_l, PAGE_EA(1) - 4, PAGE_EA(1), DSISR_NOHPTE);
	store_dsi(guest, PAGE_EA(1) - 4, PAGE_EA(1), DSISR_NO_STORE, 0xc1ffc);

	asm_guest_map(guest, PAGE_EA(1), 0xc4000, GUEST_PROT_RO);
	step_load(guest, psq_l, PAGE_EA(1) - 4,
		  place_split(guest, 0xc1000, 0xc4000, 4));
	store_dsi(guest, PAGE_EA(1) - 4, PAGE_EA(1), DSISR_READ_ONLY, 0xc1ffc);
}

/* A store to a page that is only to be read. (A4) */
TEST_F(ps, step_read_only)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	start_translated(guest);
	asm_guest_map(guest, PAGE_EA(0), 0xc1000, GUEST_PROT_RO);
	for (i = FIRST_STORE; i < NR_MEM; i++)
		step_dsi(guest, &mem[i], PAGES_EA, PAGES_EA, DSISR_READ_ONLY);
}

/*
 * Userspace completes the access if its two parts are adjacent in guest physical
 * memory.  If they are not, the guest gets a Data Storage interrupt. (A4, A6)
 */
TEST_F(ps, mmio_second_page)
{
	const gpa_t end = GUEST_RAM_SIZE - 4;
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;

	asm_guest_start(guest, mem_code);
	set_f5(guest, PS0, PS1);
	asm_guest_write32(guest, end, 0xdeadbeef);
	start_mem(guest, psq_st, end);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, end);
	TEST_ASSERT_EQ(run->mmio.len, 8);
	TEST_ASSERT_EQ(asm_guest_read32(guest, end), 0xdeadbeef);
	stop_mem(guest, psq_st, end);

	start_translated(guest);
	asm_guest_map(guest, PAGE_EA(0), 0xc1000, GUEST_PROT_RW);
	asm_guest_map(guest, PAGE_EA(1), GUEST_MMIO, GUEST_PROT_RW);
	step_dsi(guest, psq_l, PAGE_EA(1) - 4, PAGE_EA(1) - 4, DSISR_BAD);
	store_dsi(guest, PAGE_EA(1) - 4, PAGE_EA(1) - 4,
		  DSISR_BAD | DSISR_STORE, 0xc1ffc);
}

GUEST_ASM(magic_code, "	sc\n");

/*
 * The page with KVM's shared variables of the vCPU ends, and the access goes
 * on in the guest's next page, not in the host's. (A2)
 */
static void step_magic_page_end(struct asm_guest *guest, gpa_t magic)
{
	const gpa_t end = magic + 0x1000;

	guest->regs.gpr[0] = KVM_SC_MAGIC_R0;
	guest->regs.gpr[3] = magic;
	guest->regs.gpr[4] = magic;
	guest->regs.gpr[11] = KVM_HCALL_TOKEN(KVM_HC_PPC_MAP_MAGIC_PAGE);
	asm_guest_step_all(guest, magic_code);

	asm_guest_start(guest, mem_code);
	asm_guest_write32(guest, end, single(PS1));
	asm_guest_write32(guest, end - 4, single(9));
	start_mem(guest, psq_l, end - 4);
	stop_mem(guest, psq_l, end - 4);
	expect_f5(guest, "psq_l", 0, PS1);

	/*
	 * Store only after the load has shown that the access is split.  A kernel without
	 * the split would overwrite host memory.
	 */
	set_f5(guest, PS1, PS0);
	start_mem(guest, psq_st, end - 4);
	stop_mem(guest, psq_st, end - 4);
	TEST_ASSERT_EQ(asm_guest_read32(guest, end), single(PS0));
	TEST_ASSERT_EQ(asm_guest_read32(guest, end - 4), single(9));
	start_mem(guest, psq_l, end - 4);
	stop_mem(guest, psq_l, end - 4);
	expect_f5(guest, "psq_l", PS1, PS0);

	/* The page before it is not the magic page, either. */
	asm_guest_write32(guest, magic - 4, single(PS0));
	start_mem(guest, psq_l, magic - 4);
	stop_mem(guest, psq_l, magic - 4);
	start_mem(guest, psq_st, RESULT);
	stop_mem(guest, psq_st, RESULT);
	TEST_ASSERT_EQ(asm_guest_read32(guest, RESULT), single(PS0));
}

/* On a host with pages of 4K, this is where the host's page ends. (A2) */
TEST_F(ps, magic_page_end)
{
	step_magic_page_end(&self->guest, 0xc0000);
}

/* On a host with pages of 64K, this is where the host's page ends, too. (A2) */
TEST_F(ps, magic_page_end_64k)
{
	step_magic_page_end(&self->guest, 0xcf000);
}

/* With MSR[FP] clear, the step stops at the vector of its interrupt. (A4) */
TEST_F(ps, step_fp_unavailable)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.msr &= ~MSR_FP;
	asm_guest_start(guest, mem_code);
	start_mem(guest, psq_l, GUEST_DATA);
	asm_guest_expect_pc(guest, VEC_FP_UNAVAIL);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, mem_code));
}

TEST_HARNESS_MAIN
