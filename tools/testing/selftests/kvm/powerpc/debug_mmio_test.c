// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping over loads and stores to MMIO on KVM Book3S PR
 *
 * Each part of the access exits with KVM_EXIT_MMIO.  The next KVM_RUN finishes the
 * instruction and stops after it, without running another one.  What the kernel
 * completes by itself stops at once.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "debug_suite.h"

DEBUG_SUITE_ALL(debug);

#define MMIO_DISP	0x20		/* of the instructions below */
#define MMIO_ADDR	(GUEST_MMIO + MMIO_DISP)
#define CR0_EQ		0x20000000

enum {
	UPDATE	 = 1,		/* r5 becomes the address */
	SIGNED	 = 2,
	REVERSED = 4,		/* byte order, relative to the guest's */
	SINGLE	 = 8,		/* single precision in memory */
	SPLAT	 = 16,		/* the same number twice */
};

struct mmio_inst {
	const char *name;
	u32 len;		/* of each access */
	u32 parts;		/* accesses */
	int flags;
};

struct mmio_group {
	const u32 *code;	/* a word for each */
	const struct mmio_inst *inst;
	unsigned int nr;
};

/*
 * One instruction at a time is executed.  r5 is the address of GUEST_MMIO, r6 is
 * MMIO_DISP; data is in r7, f7, v7 and vs7.
 */
#define INST_ASM(_name, _operands, ...)	"	" #_name " " _operands "\n"
#define INST_TABLE(_name, _operands, _len, _parts, _flags)		\
	{ #_name, _len, _parts, _flags },
#define GROUP(_name, _list)						\
	GUEST_ASM(_name##_code, _list(INST_ASM));			\
	static const struct mmio_inst _name##_insts[] = { _list(INST_TABLE) }; \
	static const struct mmio_group _name = {			\
		_name##_code, _name##_insts, ARRAY_SIZE(_name##_insts)	\
	}

#define LOADS(op)							\
	op(lbz, "%r7, 0x20(%r5)", 1, 1, 0)				\
	op(lbzu, "%r7, 0x20(%r5)", 1, 1, UPDATE)			\
	op(lbzx, "%r7, %r5, %r6", 1, 1, 0)				\
	op(lbzux, "%r7, %r5, %r6", 1, 1, UPDATE)			\
	op(lhz, "%r7, 0x20(%r5)", 2, 1, 0)				\
	op(lhzu, "%r7, 0x20(%r5)", 2, 1, UPDATE)			\
	op(lhzux, "%r7, %r5, %r6", 2, 1, UPDATE)			\
	op(lha, "%r7, 0x20(%r5)", 2, 1, SIGNED)				\
	op(lhau, "%r7, 0x20(%r5)", 2, 1, SIGNED | UPDATE)		\
	op(lhaux, "%r7, %r5, %r6", 2, 1, SIGNED | UPDATE)		\
	op(lhbrx, "%r7, %r5, %r6", 2, 1, REVERSED)			\
	op(lwz, "%r7, 0x20(%r5)", 4, 1, 0)				\
	op(lwzu, "%r7, 0x20(%r5)", 4, 1, UPDATE)			\
	op(lwzux, "%r7, %r5, %r6", 4, 1, UPDATE)			\
	op(lwbrx, "%r7, %r5, %r6", 4, 1, REVERSED)			\
	op(lhzx, "%r7, %r5, %r6", 2, 1, 0)				\
	op(lhax, "%r7, %r5, %r6", 2, 1, SIGNED)				\
	op(lwzx, "%r7, %r5, %r6", 4, 1, 0)
GROUP(loads, LOADS);

#define STORES(op)							\
	op(stb, "%r7, 0x20(%r5)", 1, 1, 0)				\
	op(stbu, "%r7, 0x20(%r5)", 1, 1, UPDATE)			\
	op(stbux, "%r7, %r5, %r6", 1, 1, UPDATE)			\
	op(sth, "%r7, 0x20(%r5)", 2, 1, 0)				\
	op(sthu, "%r7, 0x20(%r5)", 2, 1, UPDATE)			\
	op(sthbrx, "%r7, %r5, %r6", 2, 1, REVERSED)			\
	op(stw, "%r7, 0x20(%r5)", 4, 1, 0)				\
	op(stwu, "%r7, 0x20(%r5)", 4, 1, UPDATE)			\
	op(stwux, "%r7, %r5, %r6", 4, 1, UPDATE)			\
	op(stwbrx, "%r7, %r5, %r6", 4, 1, REVERSED)			\
	op(stbx, "%r7, %r5, %r6", 1, 1, 0)				\
	op(sthx, "%r7, %r5, %r6", 2, 1, 0)				\
	op(sthux, "%r7, %r5, %r6", 2, 1, UPDATE)			\
	op(stwx, "%r7, %r5, %r6", 4, 1, 0)
GROUP(stores, STORES);

#define STORE_ENUM(_name, ...)	STORE_##_name,
enum { STORES(STORE_ENUM) };

#define LOADS_64BIT(op)							\
	op(lwa, "%r7, 0x20(%r5)", 4, 1, SIGNED)				\
	op(lwaux, "%r7, %r5, %r6", 4, 1, SIGNED | UPDATE)		\
	op(ld, "%r7, 0x20(%r5)", 8, 1, 0)				\
	op(ldu, "%r7, 0x20(%r5)", 8, 1, UPDATE)				\
	op(ldux, "%r7, %r5, %r6", 8, 1, UPDATE)				\
	op(ldx, "%r7, %r5, %r6", 8, 1, 0)				\
	op(lwax, "%r7, %r5, %r6", 4, 1, SIGNED)
GROUP(loads_64bit, LOADS_64BIT);

#define STORES_64BIT(op)						\
	op(std, "%r7, 0x20(%r5)", 8, 1, 0)				\
	op(stdu, "%r7, 0x20(%r5)", 8, 1, UPDATE)			\
	op(stdx, "%r7, %r5, %r6", 8, 1, 0)				\
	op(stdux, "%r7, %r5, %r6", 8, 1, UPDATE)
GROUP(stores_64bit, STORES_64BIT);

#define REVERSED_LOADS(op)						\
	op(ldbrx, "%r7, %r5, %r6", 8, 1, REVERSED)
GROUP(reversed_loads, REVERSED_LOADS);

#define REVERSED_STORES(op)						\
	op(stdbrx, "%r7, %r5, %r6", 8, 1, REVERSED)
GROUP(reversed_stores, REVERSED_STORES);

#define FP_LOADS(op)							\
	op(lfd, "%f7, 0x20(%r5)", 8, 1, 0)				\
	op(lfdu, "%f7, 0x20(%r5)", 8, 1, UPDATE)			\
	op(lfdux, "%f7, %r5, %r6", 8, 1, UPDATE)			\
	op(lfs, "%f7, 0x20(%r5)", 4, 1, SINGLE)				\
	op(lfsu, "%f7, 0x20(%r5)", 4, 1, SINGLE | UPDATE)		\
	op(lfsx, "%f7, %r5, %r6", 4, 1, SINGLE)				\
	op(lfdx, "%f7, %r5, %r6", 8, 1, 0)				\
	op(lfsux, "%f7, %r5, %r6", 4, 1, SINGLE | UPDATE)
GROUP(fp_loads, FP_LOADS);

#define FP_STORES(op)							\
	op(stfd, "%f7, 0x20(%r5)", 8, 1, 0)				\
	op(stfdu, "%f7, 0x20(%r5)", 8, 1, UPDATE)			\
	op(stfs, "%f7, 0x20(%r5)", 4, 1, SINGLE)			\
	op(stfsux, "%f7, %r5, %r6", 4, 1, SINGLE | UPDATE)		\
	op(stfiwx, "%f7, %r5, %r6", 4, 1, 0)				\
	op(stfdx, "%f7, %r5, %r6", 8, 1, 0)				\
	op(stfdux, "%f7, %r5, %r6", 8, 1, UPDATE)			\
	op(stfsu, "%f7, 0x20(%r5)", 4, 1, SINGLE | UPDATE)		\
	op(stfsx, "%f7, %r5, %r6", 4, 1, SINGLE)
GROUP(fp_stores, FP_STORES);

/* A load and the store of the same size, in turn */
#define VMX(op)								\
	op(lvx, "%v7, %r5, %r6", 8, 2, 0)				\
	op(stvx, "%v7, %r5, %r6", 8, 2, 0)
GROUP(vmx, VMX);

#define VMX_ELEMENTS(op)						\
	op(lvebx, "%v7, %r5, %r6", 1, 1, 0)				\
	op(stvebx, "%v7, %r5, %r6", 1, 1, 0)				\
	op(lvehx, "%v7, %r5, %r6", 2, 1, 0)				\
	op(stvehx, "%v7, %r5, %r6", 2, 1, 0)				\
	op(lvewx, "%v7, %r5, %r6", 4, 1, 0)				\
	op(stvewx, "%v7, %r5, %r6", 4, 1, 0)
GROUP(vmx_elements, VMX_ELEMENTS);

#define VSX_LOADS(op)							\
	op(lxsdx, "%vs7, %r5, %r6", 8, 1, 0)				\
	op(lxvd2x, "%vs7, %r5, %r6", 8, 2, 0)				\
	op(lxvw4x, "%vs7, %r5, %r6", 4, 4, 0)				\
	op(lxvdsx, "%vs7, %r5, %r6", 8, 1, SPLAT)
GROUP(vsx_loads, VSX_LOADS);

#define VSX_STORES(op)							\
	op(stxsdx, "%vs7, %r5, %r6", 8, 1, 0)				\
	op(stxvd2x, "%vs7, %r5, %r6", 8, 2, 0)				\
	op(stxvw4x, "%vs7, %r5, %r6", 4, 4, 0)
GROUP(vsx_stores, VSX_STORES);

/* One number of a VSX register, and integers in floating-point registers */
#define WORD_LOADS(op)							\
	op(lxsspx, "%vs7, %r5, %r6", 4, 1, SINGLE)			\
	op(lxsiwax, "%vs7, %r5, %r6", 4, 1, SIGNED)			\
	op(lxsiwzx, "%vs7, %r5, %r6", 4, 1, 0)
GROUP(word_loads, WORD_LOADS);

#define WORD_STORES(op)							\
	op(stxsspx, "%vs7, %r5, %r6", 4, 1, SINGLE)			\
	op(stxsiwx, "%vs7, %r5, %r6", 4, 1, 0)
GROUP(word_stores, WORD_STORES);

#define FP_INTEGER_LOADS(op)						\
	op(lfiwax, "%f7, %r5, %r6", 4, 1, SIGNED)			\
	op(lfiwzx, "%f7, %r5, %r6", 4, 1, 0)
GROUP(fp_integer_loads, FP_INTEGER_LOADS);

/* dcbt and dcbtst cause no Data Storage interrupt, so KVM does not see them. */
GUEST_ASM(cache_code,
	  "	dcbst	%r5, %r6\n"
	  "	dcbf	%r5, %r6\n"
	  "	icbi	%r5, %r6\n");

GUEST_ASM(unsupported_code,
	  "	lwarx	%r7, 0, %r5\n"
	  /* These do not exist in little-endian mode. */
	  "	.long	0xbb850020\n"	/* lmw r28, 0x20(r5) */
	  "	.long	0xbf850020\n"	/* stmw r28, 0x20(r5) */
	  "	.long	0x7f8544aa\n");	/* lswi r28, r5, 8 */

GUEST_ASM(unsupported_64_code,
	  "	ldarx	%r7, 0, %r5\n"
	  /* Power ISA 3.0 */
	  "	.long	0xf4e50021\n"	/* lxv vs7, 0x20(r5) */
	  "	.long	0xf4e50025\n");	/* stxv vs7, 0x20(r5) */

GUEST_ASM(stcx_code, "	stwcx.	%r7, 0, %r5\n");

/* What the device holds; the sign bits of all sizes are set. */
static const u8 device[16] = {
	0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 0x88,
	0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 0x89,
};

static bool guest_is_le(struct asm_guest *guest)
{
	return guest->regs.msr & MSR_LE;
}

/* A number of len bytes as it is in the guest's memory */
static u64 mem_to_num(struct asm_guest *guest, const u8 *mem, int len,
		      int flags)
{
	bool le = guest_is_le(guest) ^ !!(flags & REVERSED);
	u64 val = 0;
	int i;

	for (i = 0; i < len; i++)
		val = val << 8 | mem[le ? len - 1 - i : i];
	if ((flags & SIGNED) && (val & BIT_ULL(8 * len - 1)))
		val |= -BIT_ULL(8 * len - 1);
	return val;
}

static u64 single_to_double(u32 val)
{
	float f;
	double d;
	u64 ret;

	memcpy(&f, &val, sizeof(f));
	d = f;
	memcpy(&ret, &d, sizeof(ret));
	return ret;
}

static void start_inst(struct asm_guest *guest, const u32 *code, unsigned int nr, u64 msr)
{
	guest->regs.msr = msr;
	guest->regs.gpr[5] = asm_guest_mmio_addr(guest);
	guest->regs.gpr[6] = MMIO_DISP;
	asm_guest_start(guest, code);
	asm_guest_goto(guest, code + nr);
	asm_guest_control(guest, GUESTDBG_STEP);
}

/* All exits of an instruction, and the stop; stored bytes go to out. */
static void step_inst(struct asm_guest *guest, const struct mmio_group *group,
		      unsigned int nr, u64 msr, u8 *out)
{
	const struct mmio_inst *inst = &group->inst[nr];
	struct kvm_run *run = guest->vcpu->run;
	u64 r5 = asm_guest_mmio_addr(guest) + (inst->flags & UPDATE ? MMIO_DISP : 0);
	u32 i;

	start_inst(guest, group->code, nr, msr);
	for (i = 0; i < inst->parts; i++) {
		asm_guest_run(guest, KVM_EXIT_MMIO);
		TEST_ASSERT(run->mmio.phys_addr == MMIO_ADDR + i * inst->len &&
			    run->mmio.len == inst->len &&
			    run->mmio.is_write == !!out,
			    "%s: part %d is a %s of %u bytes at 0x%llx",
			    inst->name, i, run->mmio.is_write ? "store" : "load",
			    run->mmio.len, run->mmio.phys_addr);
		if (out)
			memcpy(out + i * inst->len, run->mmio.data, inst->len);
		else
			memcpy(run->mmio.data, device + i * inst->len, inst->len);
	}

	asm_guest_expect_stop(guest, group->code + nr + 1);
	TEST_ASSERT(guest->regs.gpr[5] == r5, "%s: r5 is 0x%llx", inst->name,
		    guest->regs.gpr[5]);
}

static void step_loads(struct asm_guest *guest, u64 msr, const struct mmio_group *group)
{
	const struct mmio_inst *inst = group->inst;
	unsigned int i;

	for (i = 0; i < group->nr; i++, inst++) {
		guest->regs.gpr[7] = 0x77;
		step_inst(guest, group, i, msr, NULL);
		TEST_ASSERT(guest->regs.gpr[7] == (unsigned long)
			    mem_to_num(guest, device, inst->len, inst->flags),
			    "%s: loaded 0x%llx", inst->name, guest->regs.gpr[7]);
	}
}

static void step_stores(struct asm_guest *guest, u64 msr, const struct mmio_group *group)
{
	const struct mmio_inst *inst = group->inst;
	u64 num = mem_to_num(guest, device, 8, 0);
	unsigned int i;
	u8 out[16];

	for (i = 0; i < group->nr; i++, inst++) {
		guest->regs.gpr[7] = num;
		step_inst(guest, group, i, msr, out);
		TEST_ASSERT(mem_to_num(guest, out, inst->len, inst->flags) ==
			    (num & (~0ULL >> (64 - 8 * inst->len))),
			    "%s: stored something else", inst->name);
	}
}

/* Loads to GPRs are an exit and a stop each. (A6) */
TEST_F(debug, mmio_load)
{
	step_loads(&self->guest, variant->msr, &loads);
}

/* Stores of GPRs are an exit and a stop each. (A6) */
TEST_F(debug, mmio_store)
{
	step_stores(&self->guest, variant->msr, &stores);
}

/* Problem state makes no difference. (A6) */
TEST_F(debug, mmio_problem)
{
	step_loads(&self->guest, variant->msr | MSR_PR, &loads);
	step_stores(&self->guest, variant->msr | MSR_PR, &stores);
}

/* 64-bit CPUs have more loads and stores. (A6) */
TEST_F(debug, mmio_64bit)
{
	if (self->guest.cpu32)
		SKIP(return, "The CPU has no 64-bit instructions");

	step_loads(&self->guest, variant->msr, &loads_64bit);
	step_stores(&self->guest, variant->msr, &stores_64bit);
}

/* ldbrx and stdbrx, of Power ISA 2.06 and later, are an exit and a stop each. (A6) */
TEST_F(debug, mmio_byte_reversed_64bit)
{
	if (self->guest.cpu32 || !host_has_isa_2_07())
		SKIP(return, "The CPU has no ldbrx");

	step_loads(&self->guest, variant->msr, &reversed_loads);
	step_stores(&self->guest, variant->msr, &reversed_stores);
}

/* The FPR, which is the first half of the VSX register, has what was loaded. */
static void step_fp_loads(struct asm_guest *guest, u64 msr, const struct mmio_group *group)
{
	unsigned int i;
	u64 val;

	for (i = 0; i < group->nr; i++) {
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(7), 0);
		step_inst(guest, group, i, msr, NULL);
		val = mem_to_num(guest, device, group->inst[i].len, group->inst[i].flags);
		if (group->inst[i].flags & SINGLE)
			val = single_to_double(val);
		TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(7)), val);
	}
}

static void step_fp_stores(struct asm_guest *guest, u64 msr, const struct mmio_group *group)
{
	u32 single = 0xbfc12345;	/* -1.5 and something */
	u64 val = single_to_double(single);
	unsigned int i;
	u8 out[16];

	for (i = 0; i < group->nr; i++) {
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(7), val);
		step_inst(guest, group, i, msr, out);
		TEST_ASSERT_EQ(mem_to_num(guest, out, group->inst[i].len, 0),
			       group->inst[i].flags & SINGLE ? single :
			       group->inst[i].len == 4 ? (u32)val : val);
	}
}

/* Loads and stores of FPRs are an exit and a stop each. (A6) */
TEST_F(debug, mmio_fp)
{
	step_fp_loads(&self->guest, variant->msr | MSR_FP, &fp_loads);
	step_fp_stores(&self->guest, variant->msr | MSR_FP, &fp_stores);
}

/* Loads of integers to FPRs are an exit and a stop each. (A6) */
TEST_F(debug, mmio_fp_integer)
{
	if (self->guest.cpu32 || !host_has_isa_2_07())
		SKIP(return, "The CPU has no lfiwax, or no lfiwzx");

	step_fp_loads(&self->guest, variant->msr | MSR_FP, &fp_integer_loads);
}

/* Loads and stores of one number of a VSX register are an exit and a stop each. (A6) */
TEST_F(debug, mmio_vsx_scalar)
{
	u64 msr = variant->msr | MSR_FP | MSR_VEC | MSR_VSX;

	if (self->guest.cpu32 || !host_has_vsx() || !host_has_isa_2_07())
		SKIP(return, "The CPU has no VSX loads and stores of words");

	step_fp_loads(&self->guest, msr, &word_loads);
	step_fp_stores(&self->guest, msr, &word_stores);
}

/* A load or store of an AltiVec register exits twice, and then stops once. (A6) */
TEST_F(debug, mmio_altivec)
{
	struct asm_guest *guest = &self->guest;
	u8 in[16], out[16], zero[16] = {};
	unsigned int i;

	if (!asm_guest_has_altivec(guest))
		SKIP(return, "The CPU has no AltiVec");

	/* A number of 16 bytes, in host byte order for KVM_GET_ONE_REG */
	for (i = 0; i < sizeof(in); i++)
		in[i] = device[guest->swap ? 15 - i : i];

	vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_VR(7), zero);
	step_inst(guest, &vmx, 0, variant->msr | MSR_VEC, NULL);
	vcpu_get_reg_addr(guest->vcpu, KVM_REG_PPC_VR(7), out);
	TEST_ASSERT(!memcmp(in, out, 16), "lvx: loaded something else");
	step_inst(guest, &vmx, 1, variant->msr | MSR_VEC, out);
	TEST_ASSERT(!memcmp(device, out, 16), "stvx: stored something else");
}

/*
 * An access to one element of an AltiVec register exits once.  The address says which
 * element. (A6)
 */
TEST_F(debug, mmio_altivec_elements)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;
	u32 offset, i, nr, len;
	u8 vr[16];

	if (!asm_guest_has_altivec(guest))
		SKIP(return, "The CPU has no AltiVec");

	for (nr = 0; nr < vmx_elements.nr; nr++) {
		len = vmx_elements.inst[nr].len;
		for (offset = 0; offset < 16; offset += len) {
			memset(vr, 0, sizeof(vr));
			for (i = offset; i < offset + len && nr % 2; i++)
				vr[guest->swap ? 15 - i : i] = device[i];
			vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_VR(7), vr);
			start_inst(guest, vmx_elements.code, nr, variant->msr | MSR_VEC);
			guest->regs.gpr[6] = offset;
			asm_guest_set_regs(guest);
			asm_guest_run(guest, KVM_EXIT_MMIO);
			TEST_ASSERT_EQ(run->mmio.phys_addr, GUEST_MMIO + offset);
			TEST_ASSERT_EQ(run->mmio.len, len);
			TEST_ASSERT_EQ(run->mmio.is_write, nr % 2);
			if (nr % 2)
				TEST_ASSERT(!memcmp(run->mmio.data, device + offset, len),
					    "Stored something else at %u", offset);
			memcpy(run->mmio.data, device + offset, len);
			asm_guest_expect_stop(guest, vmx_elements.code + nr + 1);
			vcpu_get_reg_addr(guest->vcpu, KVM_REG_PPC_VR(7), vr);
			for (i = offset; i < offset + len; i++)
				TEST_ASSERT_EQ(vr[guest->swap ? 15 - i : i], device[i]);
		}
	}
}

/*
 * VSX: two numbers of 8 bytes, the first one at the lower address; together
 * they are one of 16 bytes in host byte order for KVM_GET_ONE_REG.
 */
#ifdef __LITTLE_ENDIAN__
#define VSR_DW0	1
#else
#define VSR_DW0	0
#endif
#define VSR_DW1	(1 - VSR_DW0)

static void vsx_elements(struct asm_guest *guest, int len, u64 *val)
{
	int i;

	for (i = 0; i < 2; i++) {
		u64 *dw = &val[i ? VSR_DW1 : VSR_DW0];
		const u8 *mem = device + 8 * i;

		*dw = mem_to_num(guest, mem, len, 0);
		if (len == 4)
			*dw = *dw << 32 | mem_to_num(guest, mem + 4, 4, 0);
	}
}

/* VSX registers are as many exits as they have elements, and one stop. (A6) */
TEST_F(debug, mmio_vsx)
{
	struct asm_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_FP | MSR_VEC | MSR_VSX;
	const struct mmio_inst *inst;
	u64 in[2], val[2];
	unsigned int i;
	u8 out[16];

	if (self->guest.cpu32 || !host_has_vsx())
		SKIP(return, "The CPU has no VSX");

	for (i = 0, inst = vsx_loads.inst; i < vsx_loads.nr; i++, inst++) {
		memset(val, 0, sizeof(val));
		vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_VSR(7), val);
		step_inst(guest, &vsx_loads, i, msr, NULL);
		vcpu_get_reg_addr(guest->vcpu, KVM_REG_PPC_VSR(7), val);
		vsx_elements(guest, inst->len, in);
		if (inst->flags & SPLAT)
			in[VSR_DW1] = in[VSR_DW0];
		else if (inst->parts == 1)
			in[VSR_DW1] = val[VSR_DW1];	/* undefined */
		TEST_ASSERT(val[VSR_DW0] == in[VSR_DW0] &&
			    val[VSR_DW1] == in[VSR_DW1],
			    "%s: loaded 0x%" PRIx64 " 0x%" PRIx64, inst->name,
			    val[VSR_DW0], val[VSR_DW1]);
	}

	for (i = 0, inst = vsx_stores.inst; i < vsx_stores.nr; i++, inst++) {
		vsx_elements(guest, inst->len, in);
		vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_VSR(7), in);
		step_inst(guest, &vsx_stores, i, msr, out);
		TEST_ASSERT(!memcmp(device, out, inst->len * inst->parts),
			    "%s: stored something else", inst->name);
	}
}

GUEST_ASM(row_code,
	  "	lbz	%r7, 0(%r5)\n"
	  "	lbz	%r8, 1(%r5)\n"
	  "	stb	%r7, 2(%r5)\n"
	  "	nop\n");

/* Three MMIO accesses in a row exit and stop once each, without KVM_SET_REGS. (A6) */
TEST_F(debug, mmio_row)
{
	struct asm_guest *guest = &self->guest;
	u8 *data = guest->vcpu->run->mmio.data;
	unsigned int i;

	guest->regs.msr = variant->msr;
	guest->regs.gpr[5] = asm_guest_mmio_addr(guest);
	asm_guest_start_step(guest, row_code);
	for (i = 0; i < 3; i++) {
		asm_guest_run(guest, KVM_EXIT_MMIO);
		TEST_ASSERT_EQ(guest->vcpu->run->mmio.phys_addr, GUEST_MMIO + i);
		TEST_ASSERT_EQ(guest->vcpu->run->mmio.is_write, i == 2);
		if (i == 2)
			TEST_ASSERT_EQ(*data, 0x50);
		else
			*data = 0x50 + i;
		asm_guest_expect_stop(guest, row_code + i + 1);
	}
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x50);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0x51);
}

GUEST_ASM(unaligned_code,
	  "	lwz	%r7, 1(%r5)\n"
	  "	stw	%r7, 7(%r5)\n"
	  "	nop\n");

/*
 * An access that is not aligned is one part at the address that it has. (A6)  One that
 * begins in memory is not tested: KVM sees the address of the MMIO part only.
 */
TEST_F(debug, mmio_unaligned)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;
	unsigned int i;

	guest->regs.msr = variant->msr;
	guest->regs.gpr[5] = asm_guest_mmio_addr(guest);
	asm_guest_start_step(guest, unaligned_code);
	for (i = 0; i < 2; i++) {
		asm_guest_run(guest, KVM_EXIT_MMIO);
		TEST_ASSERT_EQ(run->mmio.phys_addr, GUEST_MMIO + 1 + 6 * i);
		TEST_ASSERT_EQ(run->mmio.len, 4);
		TEST_ASSERT_EQ(run->mmio.is_write, i);
		if (run->mmio.is_write)
			TEST_ASSERT_EQ(*(u32 *)run->mmio.data, 0x5a5a5a5a);
		else
			memset(run->mmio.data, 0x5a, 4);
		asm_guest_expect_stop(guest, unaligned_code + i + 1);
	}
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x5a5a5a5a);
}

/* Cache operations need no device: the kernel completes them. (A6) */
TEST_F(debug, mmio_cache)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	start_inst(guest, cache_code, 0, variant->msr);
	for (i = 1; i < 4; i++)
		asm_guest_expect_stop(guest, cache_code + i);
}

static void step_unsupported(struct asm_guest *guest, u64 msr, const u32 *code, unsigned int nr)
{
	const u32 *inst;

	asm_guest_load_skip_handler(guest, VEC_DATA_STORAGE);
	start_inst(guest, code, 0, msr);
	for (inst = code; inst < code + nr; inst++) {
		asm_guest_expect_pc(guest, VEC_DATA_STORAGE);
		TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, inst));
		asm_guest_step_skip_handler(guest);
		TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, inst + 1));
	}
}

/* An access to MMIO that KVM cannot emulate causes a Data Storage interrupt. (A4) */
TEST_F(debug, mmio_unsupported)
{
	struct asm_guest *guest = &self->guest;

	step_unsupported(guest, variant->msr, unsupported_code, guest_is_le(guest) ? 1 : 4);
	if (variant->msr & MSR_SF)
		step_unsupported(guest, variant->msr | MSR_FP | MSR_VEC | MSR_VSX,
				 unsupported_64_code, host_has_isa_3_0() ? 3 : 1);
}

/* Under step, a store conditional to MMIO fails. (A6) */
TEST_F(debug, mmio_stcx)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.cr = CR0_EQ;
	start_inst(guest, stcx_code, 0, variant->msr);
	asm_guest_expect_stop(guest, stcx_code + 1);
	TEST_ASSERT_EQ(guest->regs.cr & CR0_EQ, 0);
}

/*
 * KVM_RUN that may not run the guest goes on to the second part of an access.  The
 * KVM_RUN that takes the last part returns -EINTR, and the next one reports the
 * step. (A10)
 */
TEST_F(debug, mmio_immediate_exit)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;
	unsigned int i;

	if (!asm_guest_has_altivec(guest))
		SKIP(return, "The CPU has no AltiVec");

	start_inst(guest, vmx_code, 0, variant->msr | MSR_VEC);
	for (i = 0; i < 2; i++) {
		run->immediate_exit = i;
		asm_guest_run(guest, KVM_EXIT_MMIO);
		TEST_ASSERT_EQ(run->mmio.phys_addr, MMIO_ADDR + 8 * i);
	}
	run->immediate_exit = 0;
	asm_guest_run_immediate_exit(guest);
	asm_guest_expect_stop(guest, vmx_code + 1);
}

/* A store that the kernel completes by signalling an eventfd. (A6) */
TEST_F(debug, mmio_ioeventfd)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_ioeventfd ioeventfd = {
		.addr = MMIO_ADDR,
		.len = 4,
	};
	u64 count;
	u8 out[16];

	if (!vm_check_cap(guest->vm, KVM_CAP_IOEVENTFD))
		SKIP(return, "KVM_IOEVENTFD is not available");

	ioeventfd.fd = eventfd(0, EFD_NONBLOCK);
	TEST_ASSERT(ioeventfd.fd >= 0, "eventfd() failed");
	vm_ioctl(guest->vm, KVM_IOEVENTFD, &ioeventfd);

	start_inst(guest, stores_code, STORE_stw, variant->msr);
	asm_guest_expect_stop(guest, stores_code + STORE_stw + 1);
	TEST_ASSERT(read(ioeventfd.fd, &count, sizeof(count)) == sizeof(count) &&
		    count == 1, "Wanted one signal");

	/* With update, and a length that the device does not have */
	start_inst(guest, stores_code, STORE_stwu, variant->msr);
	asm_guest_expect_stop(guest, stores_code + STORE_stwu + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[5], asm_guest_mmio_addr(guest) + MMIO_DISP);
	step_inst(guest, &stores, 0, variant->msr, out);
	close(ioeventfd.fd);
}

/* Stores that the kernel puts into the ring of coalesced ones. (A6) */
TEST_F(debug, mmio_coalesced)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_coalesced_mmio_ring *ring;
	int offset = kvm_check_cap(KVM_CAP_COALESCED_MMIO);

	if (!offset)
		SKIP(return, "Coalesced MMIO is not available");

	ring = (void *)guest->vcpu->run + offset * getpagesize();
	kvm_vm_register_coalesced_io(guest->vm, GUEST_MMIO, 0x1000, 0);

	start_inst(guest, stores_code, STORE_stw, variant->msr);
	asm_guest_expect_stop(guest, stores_code + STORE_stw + 1);
	TEST_ASSERT_EQ(READ_ONCE(ring->last), 1);
	TEST_ASSERT_EQ(ring->coalesced_mmio[0].phys_addr, MMIO_ADDR);

	/* Loads are not coalesced. */
	step_inst(guest, &loads, 0, variant->msr, NULL);
}

TEST_HARNESS_MAIN
