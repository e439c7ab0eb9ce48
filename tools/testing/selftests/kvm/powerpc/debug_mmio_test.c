// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping over loads and stores to MMIO on KVM Book3S PR
 *
 * Clause A6: first KVM_EXIT_MMIO, as often as it takes, then the next KVM_RUN
 * finishes the instruction and stops behind it, without running another one.
 * What the kernel completes by itself stops at once.
 */
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "debug_fixture.h"

#define MMIO_DISP	0x20		/* of the instructions below */
#define MMIO_ADDR	(GUEST_MMIO + MMIO_DISP)

/*
 * One instruction at a time is executed; what follows it in memory would be
 * seen by the next access.  r5 is GUEST_MMIO, r6 is MMIO_DISP; data is in r7,
 * f7, v7 and vs7.
 */
#define INST(_name, _inst)	"inst_" #_name ": " _inst "\n"

GUEST_ASM(mmio_code,
	  "	.machine push\n"
	  "	.machine power8\n"
	  INST(lbz, "lbz %r7, 0x20(%r5)")
	  INST(lbzu, "lbzu %r7, 0x20(%r5)")
	  INST(lbzx, "lbzx %r7, %r5, %r6")
	  INST(lbzux, "lbzux %r7, %r5, %r6")
	  INST(lhz, "lhz %r7, 0x20(%r5)")
	  INST(lhzu, "lhzu %r7, 0x20(%r5)")
	  INST(lhzux, "lhzux %r7, %r5, %r6")
	  INST(lha, "lha %r7, 0x20(%r5)")
	  INST(lhau, "lhau %r7, 0x20(%r5)")
	  INST(lhaux, "lhaux %r7, %r5, %r6")
	  INST(lhbrx, "lhbrx %r7, %r5, %r6")
	  INST(lwz, "lwz %r7, 0x20(%r5)")
	  INST(lwzu, "lwzu %r7, 0x20(%r5)")
	  INST(lwzux, "lwzux %r7, %r5, %r6")
	  INST(lwbrx, "lwbrx %r7, %r5, %r6")
	  INST(lwa, "lwa %r7, 0x20(%r5)")
	  INST(lwaux, "lwaux %r7, %r5, %r6")
	  INST(ld, "ld %r7, 0x20(%r5)")
	  INST(ldu, "ldu %r7, 0x20(%r5)")
	  INST(ldux, "ldux %r7, %r5, %r6")
	  INST(ldbrx, "ldbrx %r7, %r5, %r6")
	  INST(stb, "stb %r7, 0x20(%r5)")
	  INST(stbu, "stbu %r7, 0x20(%r5)")
	  INST(stbux, "stbux %r7, %r5, %r6")
	  INST(sth, "sth %r7, 0x20(%r5)")
	  INST(sthu, "sthu %r7, 0x20(%r5)")
	  INST(sthbrx, "sthbrx %r7, %r5, %r6")
	  INST(stw, "stw %r7, 0x20(%r5)")
	  INST(stwu, "stwu %r7, 0x20(%r5)")
	  INST(stwux, "stwux %r7, %r5, %r6")
	  INST(stwbrx, "stwbrx %r7, %r5, %r6")
	  INST(std, "std %r7, 0x20(%r5)")
	  INST(stdu, "stdu %r7, 0x20(%r5)")
	  INST(stdbrx, "stdbrx %r7, %r5, %r6")
	  INST(lfd, "lfd %f7, 0x20(%r5)")
	  INST(lfdu, "lfdu %f7, 0x20(%r5)")
	  INST(lfdux, "lfdux %f7, %r5, %r6")
	  INST(lfs, "lfs %f7, 0x20(%r5)")
	  INST(lfsu, "lfsu %f7, 0x20(%r5)")
	  INST(lfsx, "lfsx %f7, %r5, %r6")
	  INST(stfd, "stfd %f7, 0x20(%r5)")
	  INST(stfdu, "stfdu %f7, 0x20(%r5)")
	  INST(stfs, "stfs %f7, 0x20(%r5)")
	  INST(stfsux, "stfsux %f7, %r5, %r6")
	  INST(stfiwx, "stfiwx %f7, %r5, %r6")
	  INST(lvx, "lvx %v7, %r5, %r6")
	  INST(lvewx, "lvewx %v7, %r5, %r6")
	  INST(stvx, "stvx %v7, %r5, %r6")
	  INST(stvewx, "stvewx %v7, %r5, %r6")
	  INST(lxsdx, "lxsdx %vs7, %r5, %r6")
	  INST(lxvd2x, "lxvd2x %vs7, %r5, %r6")
	  INST(lxvw4x, "lxvw4x %vs7, %r5, %r6")
	  INST(lxvdsx, "lxvdsx %vs7, %r5, %r6")
	  INST(stxsdx, "stxsdx %vs7, %r5, %r6")
	  INST(stxvd2x, "stxvd2x %vs7, %r5, %r6")
	  INST(stxvw4x, "stxvw4x %vs7, %r5, %r6")
	  INST(dcbst, "dcbst %r5, %r6")
	  INST(lmw, ".long 0xbb850020")	/* lmw %r28, 0x20(%r5) */
	  "	nop\n"
	  "	.machine pop\n");

#undef INST

enum {
	UPDATE	 = 1,		/* r5 becomes the address */
	SIGNED	 = 2,
	REVERSED = 4,		/* byte order, relative to the guest's */
	SINGLE	 = 8,		/* single precision in memory */
	SPLAT	 = 16,		/* the same number twice */
};

struct mmio_inst {
	const char *name;
	const u32 *label;
	u32 len;		/* of each access */
	u32 parts;		/* accesses */
	int flags;
};

#define INST(_name, _len, _parts, _flags)				\
	{								\
		.name = #_name,						\
		.label = inst_##_name,					\
		.len = (_len),						\
		.parts = (_parts),					\
		.flags = (_flags),					\
	}

GUEST_LABELS(inst_lbz[], inst_lbzu[], inst_lbzx[], inst_lbzux[], inst_lhz[],
	     inst_lhzu[], inst_lhzux[], inst_lha[], inst_lhau[], inst_lhaux[],
	     inst_lhbrx[], inst_lwz[], inst_lwzu[], inst_lwzux[], inst_lwbrx[]);

static const struct mmio_inst loads[] = {
	INST(lbz, 1, 1, 0),
	INST(lbzu, 1, 1, UPDATE),
	INST(lbzx, 1, 1, 0),
	INST(lbzux, 1, 1, UPDATE),
	INST(lhz, 2, 1, 0),
	INST(lhzu, 2, 1, UPDATE),
	INST(lhzux, 2, 1, UPDATE),
	INST(lha, 2, 1, SIGNED),
	INST(lhau, 2, 1, SIGNED | UPDATE),
	INST(lhaux, 2, 1, SIGNED | UPDATE),
	INST(lhbrx, 2, 1, REVERSED),
	INST(lwz, 4, 1, 0),
	INST(lwzu, 4, 1, UPDATE),
	INST(lwzux, 4, 1, UPDATE),
	INST(lwbrx, 4, 1, REVERSED),
};

GUEST_LABELS(inst_stb[], inst_stbu[], inst_stbux[], inst_sth[], inst_sthu[],
	     inst_sthbrx[], inst_stw[], inst_stwu[], inst_stwux[],
	     inst_stwbrx[]);

static const struct mmio_inst stores[] = {
	INST(stb, 1, 1, 0),
	INST(stbu, 1, 1, UPDATE),
	INST(stbux, 1, 1, UPDATE),
	INST(sth, 2, 1, 0),
	INST(sthu, 2, 1, UPDATE),
	INST(sthbrx, 2, 1, REVERSED),
	INST(stw, 4, 1, 0),
	INST(stwu, 4, 1, UPDATE),
	INST(stwux, 4, 1, UPDATE),
	INST(stwbrx, 4, 1, REVERSED),
};

#ifdef CONFIG_64BIT
GUEST_LABELS(inst_lwa[], inst_lwaux[], inst_ld[], inst_ldu[], inst_ldux[],
	     inst_std[], inst_stdu[]);

static const struct mmio_inst loads_64bit[] = {
	INST(lwa, 4, 1, SIGNED),
	INST(lwaux, 4, 1, SIGNED | UPDATE),
	INST(ld, 8, 1, 0),
	INST(ldu, 8, 1, UPDATE),
	INST(ldux, 8, 1, UPDATE),
};

static const struct mmio_inst stores_64bit[] = {
	INST(std, 8, 1, 0),
	INST(stdu, 8, 1, UPDATE),
};
#endif

GUEST_LABELS(inst_ldbrx[], inst_stdbrx[]);

static const struct mmio_inst load_ldbrx = INST(ldbrx, 8, 1, REVERSED);
static const struct mmio_inst store_stdbrx = INST(stdbrx, 8, 1, REVERSED);

GUEST_LABELS(inst_lfd[], inst_lfdu[], inst_lfdux[], inst_lfs[], inst_lfsu[],
	     inst_lfsx[]);

static const struct mmio_inst fp_loads[] = {
	INST(lfd, 8, 1, 0),
	INST(lfdu, 8, 1, UPDATE),
	INST(lfdux, 8, 1, UPDATE),
	INST(lfs, 4, 1, SINGLE),
	INST(lfsu, 4, 1, SINGLE | UPDATE),
	INST(lfsx, 4, 1, SINGLE),
};

GUEST_LABELS(inst_stfd[], inst_stfdu[], inst_stfs[], inst_stfsux[],
	     inst_stfiwx[]);

static const struct mmio_inst fp_stores[] = {
	INST(stfd, 8, 1, 0),
	INST(stfdu, 8, 1, UPDATE),
	INST(stfs, 4, 1, SINGLE),
	INST(stfsux, 4, 1, SINGLE | UPDATE),
	INST(stfiwx, 4, 1, 0),
};

GUEST_LABELS(inst_lvx[], inst_lvewx[], inst_stvx[], inst_stvewx[]);

static const struct mmio_inst vmx_loads[] = {
	INST(lvx, 8, 2, 0),
	INST(lvewx, 4, 1, 0),
};

static const struct mmio_inst vmx_stores[] = {
	INST(stvx, 8, 2, 0),
	INST(stvewx, 4, 1, 0),
};

GUEST_LABELS(inst_lxsdx[], inst_lxvd2x[], inst_lxvw4x[], inst_lxvdsx[],
	     inst_stxsdx[], inst_stxvd2x[], inst_stxvw4x[]);

static const struct mmio_inst vsx_loads[] = {
	INST(lxsdx, 8, 1, 0),
	INST(lxvd2x, 8, 2, 0),
	INST(lxvw4x, 4, 4, 0),
	INST(lxvdsx, 8, 1, SPLAT),
};

static const struct mmio_inst vsx_stores[] = {
	INST(stxsdx, 8, 1, 0),
	INST(stxvd2x, 8, 2, 0),
	INST(stxvw4x, 4, 4, 0),
};

GUEST_LABELS(inst_dcbst[], inst_lmw[]);

/* What the device holds; the sign bits of all sizes are set. */
static const u8 device[16] = {
	0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 0x88,
	0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 0x89,
};

static bool guest_is_le(struct debug_guest *guest)
{
	return guest->regs.msr & MSR_LE;
}

/* A number of len bytes as it is in the guest's memory */
static u64 mem_to_num(struct debug_guest *guest, const u8 *mem, int len,
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

static void start_inst(struct debug_guest *guest, const u32 *label, u64 msr)
{
	guest->regs.msr = msr;
	guest->regs.gpr[5] = GUEST_MMIO;
	guest->regs.gpr[6] = MMIO_DISP;
	debug_guest_start(guest, mmio_code, mmio_code_end);
	debug_guest_goto(guest, label);
	debug_guest_control(guest, GUESTDBG_STEP);
}

/* All of the exits of an instruction, and the stop; stored bytes go to out. */
static void step_inst(struct debug_guest *guest, const struct mmio_inst *inst,
		      u8 *out)
{
	struct kvm_run *run = guest->vcpu->run;
	u64 pc = debug_guest_addr(guest, inst->label);
	u32 i;

	pr_debug("%s\n", inst->name);
	for (i = 0; i < inst->parts; i++) {
		debug_guest_run(guest, KVM_EXIT_MMIO);
		TEST_ASSERT(run->mmio.phys_addr == MMIO_ADDR + i * inst->len &&
			    run->mmio.len == inst->len &&
			    run->mmio.is_write == !!out,
			    "%s: part %d is a %s of %u bytes at 0x%" PRIx64,
			    inst->name, i, run->mmio.is_write ? "store" : "load",
			    run->mmio.len, (u64)run->mmio.phys_addr);
		if (out)
			memcpy(out + i * inst->len, run->mmio.data, inst->len);
		else
			memcpy(run->mmio.data, device + i * inst->len, inst->len);
	}

	debug_guest_expect_pc(guest, pc + sizeof(u32));
	TEST_ASSERT(guest->regs.gpr[5] ==
		    (inst->flags & UPDATE ? MMIO_ADDR : GUEST_MMIO),
		    "%s: r5 is 0x%" PRIx64, inst->name, (u64)guest->regs.gpr[5]);
}

static void step_loads(struct debug_guest *guest, u64 msr,
		       const struct mmio_inst *inst, int nr)
{
	for (; nr--; inst++) {
		u64 val;

		start_inst(guest, inst->label, msr);
		step_inst(guest, inst, NULL);
		val = mem_to_num(guest, device, inst->len, inst->flags);
		TEST_ASSERT(guest->regs.gpr[7] == (unsigned long)val,
			    "%s: loaded 0x%" PRIx64, inst->name,
			    (u64)guest->regs.gpr[7]);
	}
}

static void step_stores(struct debug_guest *guest, u64 msr,
			const struct mmio_inst *inst, int nr)
{
	for (; nr--; inst++) {
		u64 num = mem_to_num(guest, device, 8, 0), mask;
		u8 out[16];

		guest->regs.gpr[7] = num;
		start_inst(guest, inst->label, msr);
		step_inst(guest, inst, out);
		mask = inst->len == 8 ? ~0ULL : BIT_ULL(8 * inst->len) - 1;
		TEST_ASSERT(mem_to_num(guest, out, inst->len, inst->flags) ==
			    (num & mask), "%s: stored something else", inst->name);
	}
}

/* A6 */
TEST_F(debug, mmio_load)
{
	step_loads(&self->guest, variant->msr, loads, ARRAY_SIZE(loads));
}

/* A6 */
TEST_F(debug, mmio_store)
{
	step_stores(&self->guest, variant->msr, stores, ARRAY_SIZE(stores));
}

/* A6: in problem state, too */
TEST_F(debug, mmio_problem)
{
	u64 msr = variant->msr | MSR_PR;

	step_loads(&self->guest, msr, loads, 2);
	step_stores(&self->guest, msr, stores, 2);
}

#ifdef CONFIG_64BIT
/* A6 */
TEST_F(debug, mmio_load_64bit)
{
	step_loads(&self->guest, variant->msr, loads_64bit,
		   ARRAY_SIZE(loads_64bit));
}

/* A6 */
TEST_F(debug, mmio_store_64bit)
{
	step_stores(&self->guest, variant->msr, stores_64bit,
		    ARRAY_SIZE(stores_64bit));
}
#endif

/* A6 */
TEST_F(debug, mmio_byte_reversed_64bit)
{
	if (!(getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07))
		SKIP(return, "The CPU has no ldbrx");

	step_loads(&self->guest, variant->msr, &load_ldbrx, 1);
	step_stores(&self->guest, variant->msr, &store_stdbrx, 1);
}

/* A6 */
TEST_F(debug, mmio_fp_load)
{
	struct debug_guest *guest = &self->guest;
	const struct mmio_inst *inst = fp_loads;
	unsigned int i;
	u64 val;

	for (i = 0; i < ARRAY_SIZE(fp_loads); i++, inst++) {
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(7), 0);
		start_inst(guest, inst->label, variant->msr | MSR_FP);
		step_inst(guest, inst, NULL);
		val = mem_to_num(guest, device, inst->len, 0);
		if (inst->flags & SINGLE)
			val = single_to_double(val);
		TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(7)), val);
	}
}

/* A6 */
TEST_F(debug, mmio_fp_store)
{
	struct debug_guest *guest = &self->guest;
	const struct mmio_inst *inst = fp_stores;
	u32 single = 0xbfc12345;	/* -1.5 and something */
	u64 val = single_to_double(single);
	unsigned int i;
	u8 out[16];

	for (i = 0; i < ARRAY_SIZE(fp_stores); i++, inst++) {
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(7), val);
		start_inst(guest, inst->label, variant->msr | MSR_FP);
		step_inst(guest, inst, out);
		TEST_ASSERT_EQ(mem_to_num(guest, out, inst->len, 0),
			       inst->flags & SINGLE ? single :
			       inst->len == 4 ? (u32)val : val);
	}
}

/* A6: AltiVec, a number of 16 bytes, in host byte order for KVM_GET_ONE_REG */
TEST_F(debug, mmio_altivec)
{
	struct debug_guest *guest = &self->guest;
	u8 in[16], out[16], zero[16] = {};
	unsigned int i;

	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_ALTIVEC))
		SKIP(return, "The CPU has no AltiVec");

	for (i = 0; i < sizeof(in); i++)
		in[i] = device[guest->swap ? 15 - i : i];

	debug_guest_set_one_reg(guest, KVM_REG_PPC_VR(7), zero);
	start_inst(guest, inst_lvx, variant->msr | MSR_VEC);
	step_inst(guest, &vmx_loads[0], NULL);
	debug_guest_get_one_reg(guest, KVM_REG_PPC_VR(7), out);
	TEST_ASSERT(!memcmp(in, out, 16), "lvx: loaded something else");

	start_inst(guest, inst_lvewx, variant->msr | MSR_VEC);
	step_inst(guest, &vmx_loads[1], NULL);

	debug_guest_set_one_reg(guest, KVM_REG_PPC_VR(7), in);
	for (i = 0; i < ARRAY_SIZE(vmx_stores); i++) {
		start_inst(guest, vmx_stores[i].label, variant->msr | MSR_VEC);
		step_inst(guest, &vmx_stores[i], out);
		TEST_ASSERT(!memcmp(device, out,
				    vmx_stores[i].len * vmx_stores[i].parts),
			    "%s: stored something else", vmx_stores[i].name);
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

static void vsx_elements(struct debug_guest *guest, int len, u64 *val)
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

/* A6 */
TEST_F(debug, mmio_vsx)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_FP | MSR_VEC | MSR_VSX;
	const struct mmio_inst *inst;
	u64 in[2], val[2];
	u8 out[16];

	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_VSX))
		SKIP(return, "The CPU has no VSX");

	for (inst = vsx_loads; inst < vsx_loads + ARRAY_SIZE(vsx_loads); inst++) {
		memset(val, 0, sizeof(val));
		debug_guest_set_one_reg(guest, KVM_REG_PPC_VSR(7), val);
		start_inst(guest, inst->label, msr);
		step_inst(guest, inst, NULL);
		debug_guest_get_one_reg(guest, KVM_REG_PPC_VSR(7), val);
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

	for (inst = vsx_stores; inst < vsx_stores + ARRAY_SIZE(vsx_stores); inst++) {
		vsx_elements(guest, inst->len, in);
		debug_guest_set_one_reg(guest, KVM_REG_PPC_VSR(7), in);
		start_inst(guest, inst->label, msr);
		step_inst(guest, inst, out);
		TEST_ASSERT(!memcmp(device, out, inst->len * inst->parts),
			    "%s: stored something else", inst->name);
	}
}

/* A6: three in a row, one exit and one stop each, without KVM_SET_REGS between */
GUEST_ASM(row_code,
	  "	lbz	%r7, 0(%r5)\n"
	  "	lbz	%r8, 1(%r5)\n"
	  "	stb	%r7, 2(%r5)\n"
	  "	nop\n");

TEST_F(debug, mmio_row)
{
	struct debug_guest *guest = &self->guest;
	u8 *data = guest->vcpu->run->mmio.data;
	unsigned int i;

	guest->regs.msr = variant->msr;
	guest->regs.gpr[5] = GUEST_MMIO;
	debug_guest_start(guest, row_code, row_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	for (i = 0; i < 3; i++) {
		debug_guest_run(guest, KVM_EXIT_MMIO);
		TEST_ASSERT_EQ(guest->vcpu->run->mmio.phys_addr, GUEST_MMIO + i);
		TEST_ASSERT_EQ(guest->vcpu->run->mmio.is_write, i == 2);
		if (i == 2)
			TEST_ASSERT_EQ(*data, 0x50);
		else
			*data = 0x50 + i;
		debug_guest_expect_pc(guest, GUEST_CODE + 4 * (i + 1));
	}
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x50);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0x51);
}

/* A6: cache operations need no device: the kernel completes them. */
TEST_F(debug, mmio_cache)
{
	struct debug_guest *guest = &self->guest;

	start_inst(guest, inst_dcbst, variant->msr);
	debug_guest_expect_pc(guest, guest->regs.pc + sizeof(u32));
}

/* A4: what KVM cannot do on MMIO is a Data Storage interrupt. */
TEST_F(debug, mmio_unsupported)
{
	struct debug_guest *guest = &self->guest;
	u64 pc;

	if (guest_is_le(guest))
		SKIP(return, "lmw does not exist in little-endian mode");

	debug_guest_load_skip_handler(guest, VEC_DATA_STORAGE);
	start_inst(guest, inst_lmw, variant->msr);
	pc = guest->regs.pc;
	debug_guest_expect_pc(guest, VEC_DATA_STORAGE);
	TEST_ASSERT_EQ(guest->regs.srr0, pc);
	debug_guest_step_skip_handler(guest);
	TEST_ASSERT_EQ(guest->regs.pc, pc + 4);
}

/* A6: a store that the kernel completes by signalling an eventfd */
TEST_F(debug, mmio_ioeventfd)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_ioeventfd ioeventfd = {
		.addr = MMIO_ADDR,
		.len = 4,
	};
	u64 count;

	if (!vm_check_cap(guest->vm, KVM_CAP_IOEVENTFD))
		SKIP(return, "KVM_IOEVENTFD is not available");

	ioeventfd.fd = eventfd(0, EFD_NONBLOCK);
	TEST_ASSERT(ioeventfd.fd >= 0, "eventfd() failed");
	vm_ioctl(guest->vm, KVM_IOEVENTFD, &ioeventfd);

	start_inst(guest, inst_stw, variant->msr);
	debug_guest_expect_pc(guest, guest->regs.pc + sizeof(u32));
	TEST_ASSERT(read(ioeventfd.fd, &count, sizeof(count)) == sizeof(count) &&
		    count == 1, "Wanted one signal");

	/* With update, and without a device at the next address */
	start_inst(guest, inst_stwu, variant->msr);
	debug_guest_expect_pc(guest, guest->regs.pc + sizeof(u32));
	TEST_ASSERT_EQ(guest->regs.gpr[5], MMIO_ADDR);
	step_stores(guest, variant->msr, stores, 1);
	close(ioeventfd.fd);
}

/* A6: stores that the kernel puts into the ring of coalesced ones */
TEST_F(debug, mmio_coalesced)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_coalesced_mmio_ring *ring;
	int offset = kvm_check_cap(KVM_CAP_COALESCED_MMIO);

	if (!offset)
		SKIP(return, "Coalesced MMIO is not available");

	ring = (void *)guest->vcpu->run + offset * getpagesize();
	kvm_vm_register_coalesced_io(guest->vm, GUEST_MMIO, 0x1000, 0);

	start_inst(guest, inst_stw, variant->msr);
	debug_guest_expect_pc(guest, guest->regs.pc + sizeof(u32));
	TEST_ASSERT_EQ(READ_ONCE(ring->last), 1);
	TEST_ASSERT_EQ(ring->coalesced_mmio[0].phys_addr, MMIO_ADDR);

	/* Loads are not coalesced. */
	step_loads(guest, variant->msr, loads, 1);
}

TEST_HARNESS_MAIN
