// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping over vector and scalar loads and stores of one element to MMIO
 * on KVM Book3S PR: AltiVec, VSX, and integers in floating-point registers; see
 * debug_mmio_test for all others
 *
 * Clause A6: first KVM_EXIT_MMIO, then a stop behind the instruction.
 */
#include <sys/auxv.h>

#include "debug_fixture.h"

/* One instruction at a time; r5 and r6 are the address, the register is 7. */
#define INST(_name, _inst)	"inst_" #_name ": " _inst "\n"

GUEST_ASM(vec_code,
	  "	.machine push\n"
	  "	.machine power8\n"
	  INST(lvebx, "lvebx %v7, %r5, %r6")
	  INST(lvehx, "lvehx %v7, %r5, %r6")
	  INST(lvewx, "lvewx %v7, %r5, %r6")
	  INST(stvebx, "stvebx %v7, %r5, %r6")
	  INST(stvehx, "stvehx %v7, %r5, %r6")
	  INST(stvewx, "stvewx %v7, %r5, %r6")
	  INST(lxsspx, "lxsspx %vs7, %r5, %r6")
	  INST(lxsiwax, "lxsiwax %vs7, %r5, %r6")
	  INST(lxsiwzx, "lxsiwzx %vs7, %r5, %r6")
	  INST(stxsspx, "stxsspx %vs7, %r5, %r6")
	  INST(stxsiwx, "stxsiwx %vs7, %r5, %r6")
	  INST(lfiwax, "lfiwax %f7, %r5, %r6")
	  INST(lfiwzx, "lfiwzx %f7, %r5, %r6")
	  "	nop\n"
	  "	.machine pop\n");

#undef INST

GUEST_LABELS(inst_lvebx[], inst_lvehx[], inst_lvewx[], inst_stvebx[],
	     inst_stvehx[], inst_stvewx[], inst_lxsspx[], inst_lxsiwax[],
	     inst_lxsiwzx[], inst_stxsspx[], inst_stxsiwx[], inst_lfiwax[],
	     inst_lfiwzx[]);

static void start_inst(struct debug_guest *guest, const u32 *label, u64 msr,
		       u32 offset)
{
	guest->regs.msr = msr;
	guest->regs.gpr[5] = GUEST_MMIO;
	guest->regs.gpr[6] = offset;
	debug_guest_start(guest, vec_code, vec_code_end);
	debug_guest_goto(guest, label);
	debug_guest_control(guest, GUESTDBG_STEP);
}

/* The exit and the stop; the data goes to the guest, or comes from it. */
static void step_inst(struct debug_guest *guest, const u32 *label, u32 offset,
		      int len, bool is_write, void *data)
{
	struct kvm_run *run = guest->vcpu->run;

	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, GUEST_MMIO + offset);
	TEST_ASSERT_EQ(run->mmio.len, len);
	TEST_ASSERT_EQ(run->mmio.is_write, is_write);
	if (is_write)
		memcpy(data, run->mmio.data, len);
	else
		memcpy(run->mmio.data, data, len);
	debug_guest_expect_stop(guest, label + 1);
}

static const u8 device[16] = {
	0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 0x88,
	0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 0x89,
};

/* A6: elements of AltiVec registers, each of them; the address says which one. */
static void step_elements(struct debug_guest *guest, u64 msr, const u32 *load,
			  const u32 *store, int len)
{
	u8 vr[16], data[16], zero[16] = {};
	u32 offset, i;

	for (offset = 0; offset < 16; offset += len) {
		memcpy(data, device + offset, len);
		debug_guest_set_one_reg(guest, KVM_REG_PPC_VR(7), zero);
		start_inst(guest, load, msr, offset);
		step_inst(guest, load, offset, len, false, data);
		debug_guest_get_one_reg(guest, KVM_REG_PPC_VR(7), vr);
		for (i = offset; i < offset + len; i++)
			TEST_ASSERT(vr[guest->swap ? 15 - i : i] == device[i],
				    "Byte %d is 0x%x", i,
				    vr[guest->swap ? 15 - i : i]);

		start_inst(guest, store, msr, offset);
		step_inst(guest, store, offset, len, true, data);
		TEST_ASSERT(!memcmp(data, device + offset, len),
			    "Stored something else at %u", offset);
	}
}

TEST_F(debug, mmio_altivec_elements)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_VEC;

	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_ALTIVEC))
		SKIP(return, "The CPU has no AltiVec");

	step_elements(guest, msr, inst_lvebx, inst_stvebx, 1);
	step_elements(guest, msr, inst_lvehx, inst_stvehx, 2);
	step_elements(guest, msr, inst_lvewx, inst_stvewx, 4);
}

/* -1.5 in single and in double precision */
#define SINGLE		0xbfc00000
#define DOUBLE		0xbff8000000000000ULL

static u32 swap32(struct debug_guest *guest, u32 val)
{
	return guest->swap ? __builtin_bswap32(val) : val;
}

static void step_word_load(struct debug_guest *guest, const u32 *label, u64 msr,
			   u64 fpr)
{
	u32 word = swap32(guest, SINGLE);

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(7), 0);
	start_inst(guest, label, msr, 0);
	step_inst(guest, label, 0, 4, false, &word);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(7)), fpr);
}

static void step_word_store(struct debug_guest *guest, const u32 *label, u64 msr,
			    u64 fpr)
{
	u32 word;

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(7), fpr);
	start_inst(guest, label, msr, 0);
	step_inst(guest, label, 0, 4, true, &word);
	TEST_ASSERT_EQ(swap32(guest, word), SINGLE);
}

/* A6: one number of a VSX register; its first half is the FPR. */
TEST_F(debug, mmio_vsx_scalar)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_FP | MSR_VEC | MSR_VSX;

	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_VSX) ||
	    !(getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07))
		SKIP(return, "The CPU does not have these");

	step_word_load(guest, inst_lxsspx, msr, DOUBLE);
	step_word_load(guest, inst_lxsiwax, msr, 0xffffffff00000000ULL | SINGLE);
	step_word_load(guest, inst_lxsiwzx, msr, SINGLE);
	step_word_store(guest, inst_stxsspx, msr, DOUBLE);
	step_word_store(guest, inst_stxsiwx, msr, 0x1234567800000000ULL | SINGLE);
}

/* A6: integers in floating-point registers */
TEST_F(debug, mmio_fp_integer)
{
	struct debug_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_FP;

	if (!(getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07))
		SKIP(return, "The CPU may not have these");

	step_word_load(guest, inst_lfiwax, msr, 0xffffffff00000000ULL | SINGLE);
	step_word_load(guest, inst_lfiwzx, msr, SINGLE);
}

TEST_HARNESS_MAIN
