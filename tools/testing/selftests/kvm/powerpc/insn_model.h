/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the instructions that random programs are made of
 *
 * It shares no code with KVM.  It models what KVM PR defines (hypercalls) and where
 * KVM PR differs from the CPU.  What a program does outside its registers is in
 * struct state as well, and in a log of MMIO accesses and hypercalls.  Left out are
 * the time and reservations, which a debugger cannot hide, and interrupts from
 * outside, which debug_interrupt_test and debug_fuzz_test raise.
 */
#ifndef SELFTEST_KVM_INSN_MODEL_H
#define SELFTEST_KVM_INSN_MODEL_H

#include "asm_guest.h"

#define MAX_LOG		2048

/* Data from GUEST_DATA on: what programs load and store, then the handlers' */
#define DATA_SIZE	256
#define COUNTERS	DATA_SIZE
#define MEM_SIZE	(DATA_SIZE + 32)
#define NR_FPRS		4
#define NR_VRS		4

#define MAX_ITEMS	256
#define MAX_ITEM_INSNS	8
#define END_INSNS	5
#define MAX_WALK	100000	/* instructions; loops are short */

/* Programs calculate in r5 to r20, and get at memory by these. */
#define R_TMP		2
#define R_DATA		30
#define R_MMIO		31
/* Used by handlers, which run in real mode */
#define R_COUNTERS	25
#define R_SYS0		26
#define R_SYS1		27
#define R_HND		28
#define R_MASK		29

#define XER_CA		0x20000000ULL

#define PV_SC_MAGIC_R0	0x4b564d21	/* KVM's own hypercalls */
#define PV_UNIMPLEMENTED 12

/* A register of the host's size */
#define WORD(val)	((u64)(unsigned long)(val))

/* How operands are encoded, and what the instructions have in common */
#define OP_IMM		BIT(0)	/* 16 bits, instead of register B */
#define OP_SPR		BIT(1)	/* number of an SPR, likewise */
#define OP_PRIV		BIT(2)
#define OP_FP		BIT(3)
#define OP_VEC		BIT(4)
#define OP_LOAD		BIT(5)
#define OP_STORE		BIT(6)
#define OP_ALG		BIT(7)	/* sign-extending */
#define OP_REV		BIT(8)	/* byte-reversed */
#define OP_UPD		BIT(9)

/*
 * If a 64-bit guest sets MSR[PR] by rfid or mtmsrd, the Power ISA sets MSR[EE], [IR]
 * and [DR] as well.  KVM PR does not, and neither does this model.
 */
#define OPS(op, mem)							\
	/* executed by the CPU */					\
	op(ADDI, 0x38000000, OP_IMM, *rt = a0 + imm)			\
	op(ADDIS, 0x3c000000, OP_IMM, *rt = a0 + imm * 65536)		\
	op(MULLI, 0x1c000000, OP_IMM, *rt = a * imm)			\
	op(ORI, 0x60000000, OP_IMM, *ra = t | (u16)imm)			\
	op(ORIS, 0x64000000, OP_IMM, *ra = t | (u64)(u16)imm << 16)	\
	op(XORI, 0x68000000, OP_IMM, *ra = t ^ (u16)imm)		\
	op(XORIS, 0x6c000000, OP_IMM, *ra = t ^ (u64)(u16)imm << 16)	\
	op(CMPWI, 0x2c000000, OP_IMM, set_cr(regs, insn->t / 4, (s32)a, imm)) \
	op(ADD, 0x7c000214, 0, *rt = a + b)				\
	op(ADD_, 0x7c000215, 0, *rt = walk_record(regs, a + b))		\
	op(SUBF, 0x7c000050, 0, *rt = b - a)				\
	op(ADDC, 0x7c000014, 0, *rt = add_carry(regs, a, b, 0))		\
	op(ADDE, 0x7c000114, 0,						\
	   *rt = add_carry(regs, a, b, !!(regs->xer & XER_CA)))		\
	op(NEG, 0x7c0000d0, 0, *rt = -a)				\
	op(AND, 0x7c000038, 0, *ra = t & b)				\
	op(OR, 0x7c000378, 0, *ra = t | b)				\
	op(XOR, 0x7c000278, 0, *ra = t ^ b)				\
	op(EXTSH, 0x7c000734, 0, *ra = (s16)t)				\
	op(CNTLZW, 0x7c000034, 0, *ra = (u32)t ? __builtin_clz(t) : 32)	\
	op(SRAWI, 0x7c000670, 0, *ra = walk_srawi(regs, t, insn->b))	\
	op(RLWINM, 0x5400023e, 0,					\
	   *ra = (t << insn->b | (u32)t >> (-insn->b & 31)) & 0xffffff)	\
	op(CMPW, 0x7c000000, 0, set_cr(regs, insn->t / 4, (s32)a, (s32)b)) \
	op(CMPLW, 0x7c000040, 0, set_cr(regs, insn->t / 4, (u32)a, (u32)b)) \
	op(MFCR, 0x7c000026, 0, *rt = regs->cr)				\
	op(MTCR, 0x7c0ff120, 0, regs->cr = (u32)t)			\
	op(B, 0x48000000, OP_IMM, regs->pc = pc + imm)			\
	op(BL, 0x48000001, OP_IMM, (regs->lr = pc + 4, regs->pc = pc + imm)) \
	op(BC, 0x40000000, OP_IMM,					\
	   walk_branch(regs, insn->t, insn->a, pc + imm))		\
	op(BLR, 0x4e800020, 0, regs->pc = regs->lr)			\
	op(BCTR, 0x4e800420, 0, regs->pc = regs->ctr)			\
	op(SYNC, 0x7c0004ac, 0, break)					\
	op(ISYNC, 0x4c00012c, 0, break)					\
	op(EIEIO, 0x7c0006ac, 0, break)					\
	op(FMR, 0xfc000090, OP_FP, s->fpr[insn->t] = s->fpr[insn->b])	\
	/* by the CPU or by KVM, depending on the SPR */		\
	op(MFSPR, 0x7c0002a6, OP_SPR, *rt = *walk_spr(s, insn->b))	\
	op(MTSPR, 0x7c0003a6, OP_SPR, *walk_spr(s, insn->b) = t)	\
	/* by KVM */							\
	op(MFMSR, 0x7c0000a6, OP_PRIV, *rt = regs->msr)			\
	op(MTMSR, 0x7c000124, OP_PRIV, regs->msr = t)			\
	op(MTMSRD, 0x7c000164, OP_PRIV, regs->msr = t)			\
	op(MTMSRD1, 0x7c010164, OP_PRIV,				\
	   regs->msr ^= (regs->msr ^ t) & (MSR_EE | MSR_RI))		\
	op(MFSR, 0x7c0004a6, OP_PRIV, *rt = s->sr)			\
	op(MTSR, 0x7c0001a4, OP_PRIV, s->sr = (u32)t)			\
	op(SLBMTE, 0x7c000324, OP_PRIV, s->slb_esid = b & ~0xfffULL)	\
	op(SLBMFEE, 0x7c000726, OP_PRIV, *rt = s->slb_esid)		\
	op(TLBIE, 0x7c000264, OP_PRIV, break)				\
	op(TLBSYNC, 0x7c00046c, OP_PRIV, break)				\
	op(RFI, 0x4c000024, OP_PRIV,					\
	   (regs->pc = regs->srr0, regs->msr = regs->srr1))		\
	/* interrupts, or hypercalls */					\
	op(SC, 0x44000002, 0, walk_syscall(s))				\
	op(TW, 0x7c000008, 0, walk_trap(s, a, b, insn->t))		\
	op(ILLEGAL, 0x00000000, 0,					\
	   walk_interrupt(s, VEC_PROGRAM, pc, SRR1_PROGILL))		\
	op(LWARX, 0x7c000028, 0, walk_interrupt(s, VEC_ALIGNMENT, pc, 0)) \
	/* by the CPU, or by userspace if MMIO */			\
	mem(LBZ, 0x88000000, OP_IMM | OP_LOAD, 1)			\
	mem(LBZU, 0x8c000000, OP_IMM | OP_LOAD | OP_UPD, 1)		\
	mem(LHZ, 0xa0000000, OP_IMM | OP_LOAD, 2)			\
	mem(LHA, 0xa8000000, OP_IMM | OP_LOAD | OP_ALG, 2)		\
	mem(LHAU, 0xac000000, OP_IMM | OP_LOAD | OP_ALG | OP_UPD, 2)	\
	mem(LWZ, 0x80000000, OP_IMM | OP_LOAD, 4)			\
	mem(LWZU, 0x84000000, OP_IMM | OP_LOAD | OP_UPD, 4)		\
	mem(STB, 0x98000000, OP_IMM | OP_STORE, 1)			\
	mem(STBU, 0x9c000000, OP_IMM | OP_STORE | OP_UPD, 1)		\
	mem(STH, 0xb0000000, OP_IMM | OP_STORE, 2)			\
	mem(STW, 0x90000000, OP_IMM | OP_STORE, 4)			\
	mem(STWU, 0x94000000, OP_IMM | OP_STORE | OP_UPD, 4)		\
	mem(LFD, 0xc8000000, OP_IMM | OP_LOAD | OP_FP, 8)		\
	mem(STFD, 0xd8000000, OP_IMM | OP_STORE | OP_FP, 8)		\
	mem(LWZX, 0x7c00002e, OP_LOAD, 4)				\
	mem(LHAX, 0x7c0002ae, OP_LOAD | OP_ALG, 2)			\
	mem(LHBRX, 0x7c00062c, OP_LOAD | OP_REV, 2)			\
	mem(LWBRX, 0x7c00042c, OP_LOAD | OP_REV, 4)			\
	mem(STWX, 0x7c00012e, OP_STORE, 4)				\
	mem(STHBRX, 0x7c00072c, OP_STORE | OP_REV, 2)			\
	mem(STWBRX, 0x7c00052c, OP_STORE | OP_REV, 4)			\
	mem(LVX, 0x7c0000ce, OP_LOAD | OP_VEC, 16)			\
	mem(STVX, 0x7c0001ce, OP_STORE | OP_VEC, 16)			\
	/* those of 64-bit CPUs last */					\
	mem(LD, 0xe8000000, OP_IMM | OP_LOAD, 8)			\
	mem(LDU, 0xe8000001, OP_IMM | OP_LOAD | OP_UPD, 8)		\
	mem(LWA, 0xe8000002, OP_IMM | OP_LOAD | OP_ALG, 4)		\
	mem(STD, 0xf8000000, OP_IMM | OP_STORE, 8)			\
	mem(STDU, 0xf8000001, OP_IMM | OP_STORE | OP_UPD, 8)

#define OP_ENUM(_op, ...)	OP_##_op,
#define OP_DEF(_op, _word, _flags, ...)	{ #_op, _word, _flags, 0 },
#define MEM_DEF(_op, _word, _flags, _size) { #_op, _word, _flags, _size },
#define OP_WALK(_op, _word, _flags, _walk)				\
	case OP_##_op:							\
		_walk;							\
		break;
#define MEM_WALK(_op, ...)	OP_WALK(_op, 0, 0, walk_memory(s, insn))

enum op { OP_NONE, OPS(OP_ENUM, OP_ENUM) NR_OPS };

static const struct {
	const char *name;
	u32 word;
	u16 flags;
	u8 size;
} ops[] = { { .name = "none" }, OPS(OP_DEF, MEM_DEF) };

#define FIRST_MEM_OP	OP_LBZ
#define FIRST_64_OP	OP_LD

/* An instruction: T, A, and B or the immediate, where the encoding has them */
struct insn {
	u8 op, t, a;
	s32 b;
};

#define INSN(_op, ...)	{ .op = OP_##_op, __VA_ARGS__ }

/*
 * Instructions that make sense only together, e.g. what loads SRR0 and SRR1,
 * and the rfi.  They can go on after some of the items that follow.
 */
struct item {
	struct insn insn[MAX_ITEM_INSNS];
	u8 nr, skip;
	u8 bits;	/* of the CPU that has them, if it matters */
};

#define ITEM(...)	{ .insn = { __VA_ARGS__ } }
#define ITEM_64(...)	{ .insn = { __VA_ARGS__ }, .bits = 64 }
#define ITEM_32(...)	{ .insn = { __VA_ARGS__ }, .bits = 32 }

struct access {
	u64 addr, len;		/* a hypercall if 0 */
	u64 is_write;
	u8 data[8];
};

struct access_log {
	unsigned int nr;
	struct access access[MAX_LOG];
};

static struct access_log walk_log;

/* The guest, or the walk's idea of it */
struct state {
	struct kvm_regs regs;
	u64 fpr[NR_FPRS];
	u8 vr[NR_VRS][16];	/* from the most significant byte on */
	u8 mem[MEM_SIZE];
	/* Only the model uses these.  Programs write the first three before they read them. */
	__u64 hid0;
	u64 sr, slb_esid;
	u64 intr_msr, end_pc;
};

/*
 * The device.  What is loaded, and what hypercalls return, depends on how much
 * happened before.
 */
static u64 device_reply(u64 addr, u64 nr)
{
	return (addr + nr + 1) * 0x9e3779b97f4a7c15ULL ^ addr;
}

static struct access *device_access(struct access_log *log, u64 addr, u64 len,
				    bool is_write, const u8 *data)
{
	struct access *access = &log->access[log->nr];
	u64 reply = device_reply(addr, log->nr);

	if (log->nr == MAX_LOG || len > sizeof(access->data))
		return NULL;
	log->nr++;

	memset(access, 0, sizeof(*access));
	access->addr = addr;
	access->len = len;
	access->is_write = is_write;
	memcpy(access->data, is_write ? data : (u8 *)&reply, len);
	return access;
}

static u64 hypercall_reply(struct access_log *log)
{
	device_access(log, 0, 0, false, NULL);
	return WORD(device_reply(0, log->nr));
}

static u32 encode(const struct insn *insn)
{
	u32 word = ops[insn->op].word | insn->t << 21 | insn->a << 16;

	if (ops[insn->op].flags & OP_IMM)
		return word | (insn->b & 0xffff);
	if (ops[insn->op].flags & OP_SPR)
		return word | (insn->b & 0x1f) << 16 | (insn->b >> 5) << 11;
	return word | insn->b << 11;
}

static void set_cr(struct kvm_regs *regs, unsigned int field, s64 a, s64 b)
{
	u64 val = (a < b ? 8 : a > b ? 4 : 2) | (regs->xer >> 31);

	regs->cr &= ~(0xf0000000ULL >> 4 * field);
	regs->cr |= val << (28 - 4 * field);
}

static u64 add_carry(struct kvm_regs *regs, u64 a, u64 b, u64 carry)
{
	u64 sum = a + b + carry, top = (a & b) | ((a | b) & ~sum);

	regs->xer &= ~XER_CA;
	if (top >> (regs->msr & MSR_SF ? 63 : 31) & 1)
		regs->xer |= XER_CA;
	return sum;
}

static u64 walk_record(struct kvm_regs *regs, u64 val)
{
	set_cr(regs, 0, regs->msr & MSR_SF ? (s64)val : (s32)val, 0);
	return val;
}

static u64 walk_srawi(struct kvm_regs *regs, s32 t, unsigned int shift)
{
	regs->xer &= ~XER_CA;
	if (t < 0 && t & (BIT_ULL(shift) - 1))
		regs->xer |= XER_CA;
	return t >> shift;
}

static void walk_interrupt(struct state *s, u64 vec, u64 srr0, u64 flags)
{
	struct kvm_regs *regs = &s->regs;

	regs->srr0 = srr0;
	regs->srr1 = (regs->msr & ~SRR1_CAUSE) | flags;
	regs->msr = s->intr_msr | (regs->msr & MSR_ME);
	regs->pc = vec;
}

static u64 effective_address(const struct state *s, const struct insn *insn)
{
	const __u64 *gpr = s->regs.gpr;

	return gpr[insn->a] + (ops[insn->op].flags & OP_IMM ? (u64)insn->b : gpr[insn->b]);
}

static void walk_memory(struct state *s, const struct insn *insn)
{
	u16 flags = ops[insn->op].flags;
	u8 size = ops[insn->op].size, buf[16], *data;
	__u64 *gpr = s->regs.gpr;
	u64 val = 0, ea, ra;
	bool little = !(s->regs.msr & MSR_LE) == !!(flags & OP_REV);
	bool is_write = flags & OP_STORE;
	unsigned int i, len = size > 8 ? 8 : size;

	ea = effective_address(s, insn);
	ra = ea % GUEST_RAM_SIZE;

	if (flags & OP_FP)
		val = s->fpr[insn->t];
	else if (!(flags & OP_VEC))
		val = gpr[insn->t];
	for (i = 0; i < size; i++) {
		unsigned int sig = little ? i : size - 1 - i;

		buf[i] = flags & OP_VEC ? s->vr[insn->t][15 - sig] : val >> 8 * sig;
	}

	if (ea < GUEST_EA_MMIO) {
		data = s->mem + (ra - GUEST_DATA);
		TEST_ASSERT(data + size <= s->mem + MEM_SIZE,
			    "The test is wrong: address 0x%" PRIx64, ea);
		memcpy(is_write ? data : buf, is_write ? buf : data, size);
	} else {
		for (i = 0; i < size; i += len) {
			data = device_access(&walk_log, GUEST_MMIO + ra + i, len, is_write,
					     buf + i)->data;
			memcpy(buf + i, data, len);
		}
	}

	if (flags & OP_UPD)
		gpr[insn->a] = ea;
	if (is_write)
		return;

	val = 0;
	for (i = 0; i < size; i++) {
		u8 byte = buf[little ? size - 1 - i : i];

		if (flags & OP_VEC)
			s->vr[insn->t][i] = byte;
		else
			val = val << 8 | byte;
	}
	if (flags & OP_ALG)
		val = (s64)(val << (64 - 8 * size)) >> (64 - 8 * size);
	if (flags & OP_FP)
		s->fpr[insn->t] = val;
	else if (!(flags & OP_VEC))
		gpr[insn->t] = WORD(val);
}

static __u64 *walk_spr(struct state *s, unsigned int spr)
{
	switch (spr) {
	case SPRN_LR:
		return &s->regs.lr;
	case SPRN_CTR:
		return &s->regs.ctr;
	case SPRN_SRR0:
		return &s->regs.srr0;
	case SPRN_SRR1:
		return &s->regs.srr1;
	case SPRN_HID0:
		return &s->hid0;
	case SPRN_SPRG0:
		return &s->regs.sprg0;
	case SPRN_SPRG1:
		return &s->regs.sprg1;
	case SPRN_SPRG2:
		return &s->regs.sprg2;
	default:
		return &s->regs.sprg3;
	}
}

static void walk_branch(struct kvm_regs *regs, unsigned int bo, unsigned int bi,
			u64 target)
{
	bool cr = regs->cr >> (31 - bi) & 1;

	if (!(bo & 4)) {
		regs->ctr = WORD(regs->ctr - 1);
		if (!(regs->msr & MSR_SF ? regs->ctr : (u32)regs->ctr) != !!(bo & 2))
			return;
	}
	if (bo & 16 || cr == !!(bo & 8))
		regs->pc = target;
}

static void walk_trap(struct state *s, u32 a, u32 b, unsigned int to)
{
	if ((to & 16 && (s32)a < (s32)b) || (to & 8 && (s32)a > (s32)b) ||
	    (to & 4 && a == b) || (to & 2 && a < b) || (to & 1 && a > b))
		walk_interrupt(s, VEC_PROGRAM, s->regs.pc - 4, SRR1_PROGTRAP);
}

static void walk_syscall(struct state *s)
{
	struct kvm_regs *regs = &s->regs;
	__u64 *gpr = regs->gpr;

	if ((u32)gpr[3] == OSI_SC_MAGIC_R3 && (u32)gpr[4] == OSI_SC_MAGIC_R4) {
		if (regs->pc != s->end_pc)
			gpr[5] = hypercall_reply(&walk_log);
	} else if (!(regs->msr & MSR_PR) && gpr[0] == PV_SC_MAGIC_R0) {
		gpr[3] = PV_UNIMPLEMENTED;
		gpr[4] = 0;
	} else {
		walk_interrupt(s, VEC_SYSCALL, regs->pc, 0);
	}
}

/*
 * The host's 64-bit CPU has no rfi.  In a 32-bit guest's problem state it raises an
 * illegal instruction interrupt, where a 32-bit CPU raises a privileged one.
 */
static u64 privileged_cause(const struct state *s, const struct insn *insn)
{
	bool other_cpu = MSR_HOST_SF && !(s->intr_msr & MSR_SF);

	return insn->op == OP_RFI && other_cpu ? SRR1_PROGILL : SRR1_PROGPRIV;
}

/* Execute one instruction, or take the interrupt that it causes. */
static void walk_insn(struct state *s, const struct insn *insn)
{
	struct kvm_regs *regs = &s->regs;
	__u64 *ra = &regs->gpr[insn->a], *rt = &regs->gpr[insn->t];
	u64 a = *ra, a0 = insn->a ? a : 0, b = regs->gpr[insn->b & 31];
	u64 t = *rt, pc = regs->pc;
	u16 flags = ops[insn->op].flags;
	s64 imm = (s16)insn->b;

	if (regs->msr & MSR_PR &&
	    (flags & OP_PRIV || (flags & OP_SPR && insn->b & 0x10)))
		return walk_interrupt(s, VEC_PROGRAM, pc, privileged_cause(s, insn));
	if (flags & OP_FP && !(regs->msr & MSR_FP))
		return walk_interrupt(s, VEC_FP_UNAVAIL, pc, 0);
	if (flags & OP_VEC && !(regs->msr & MSR_VEC))
		return walk_interrupt(s, VEC_ALTIVEC_UNAVAIL, pc, 0);

	regs->pc += 4;
	switch ((enum op)insn->op) {
	OPS(OP_WALK, MEM_WALK)
	case OP_NONE:
	case NR_OPS:
		break;
	}

	*ra = WORD(*ra);
	*rt = WORD(*rt);
}

/* What the guest executes; index = address relative to code_ea. */
static struct insn code[MAX_ITEMS * MAX_ITEM_INSNS + END_INSNS];
static unsigned int code_len;
static u64 code_ea;

/* Handlers.  Each counts, in a word of its own. */
#define COUNT(_n)							\
	INSN(LWZ, R_HND, R_COUNTERS, COUNTERS + 4 * (_n)),			\
	INSN(ADDI, R_HND, R_HND, 1),					\
	INSN(STW, R_HND, R_COUNTERS, COUNTERS + 4 * (_n))

/* Skip the instruction. */
static const struct insn skip_handler[] = {
	INSN(MFSPR, R_HND, 0, SPRN_SRR0),
	INSN(ADDI, R_HND, R_HND, 4),
	INSN(MTSPR, R_HND, 0, SPRN_SRR0),
	INSN(MFSPR, R_HND, 0, SPRN_SRR1),
	INSN(AND, R_HND, R_HND, R_MASK),
	INSN(MTSPR, R_HND, 0, SPRN_SRR1),
	COUNT(0),
	INSN(RFI),
};

/* Enable what is not available, and try again. */
static const struct insn fp_handler[] = {
	INSN(MFSPR, R_HND, 0, SPRN_SRR1),
	INSN(ORI, R_HND, R_HND, MSR_FP),
	INSN(MTSPR, R_HND, 0, SPRN_SRR1),
	COUNT(1),
	INSN(RFI),
};

static const struct insn altivec_handler[] = {
	INSN(MFSPR, R_HND, 0, SPRN_SRR1),
	INSN(ORIS, R_HND, R_HND, MSR_VEC >> 16),
	INSN(MTSPR, R_HND, 0, SPRN_SRR1),
	COUNT(2),
	INSN(RFI),
};

/* Toggle the MSR bits in r3, and be interrupted meanwhile. */
static const struct insn syscall_handler[] = {
	INSN(MFSPR, R_SYS0, 0, SPRN_SRR0),
	INSN(MFSPR, R_SYS1, 0, SPRN_SRR1),
	INSN(XOR, R_SYS1, R_SYS1, 3),
	INSN(TW, 31, 0, 0),
	INSN(MTSPR, R_SYS0, 0, SPRN_SRR0),
	INSN(MTSPR, R_SYS1, 0, SPRN_SRR1),
	COUNT(3),
	INSN(RFI),
};

#define HANDLER(_vec, _insns)	{ _vec, _insns, ARRAY_SIZE(_insns) }

static const struct {
	u64 vec;
	const struct insn *insn;
	unsigned int nr;
} handlers[] = {
	HANDLER(VEC_ALIGNMENT, skip_handler),
	HANDLER(VEC_PROGRAM, skip_handler),
	HANDLER(VEC_FP_UNAVAIL, fp_handler),
	HANDLER(VEC_SYSCALL, syscall_handler),
	HANDLER(VEC_ALTIVEC_UNAVAIL, altivec_handler),
};

static const struct insn *insn_at(u64 pc)
{
	unsigned int h;

	if (pc >= code_ea && pc < code_ea + 4 * code_len)
		return &code[(pc - code_ea) / 4];

	for (h = 0; h < ARRAY_SIZE(handlers); h++) {
		if (pc >= handlers[h].vec &&
		    pc < handlers[h].vec + 4 * handlers[h].nr)
			return &handlers[h].insn[(pc - handlers[h].vec) / 4];
	}
	TEST_FAIL("The test is wrong: no instruction at 0x%" PRIx64, pc);
}

/* The first entry of these types that the bytes overlap, or -1 */
static int find_watch(const struct kvm_guest_debug *debug, u64 addr, u64 size, u32 types)
{
	const struct kvm_guest_debug_arch *arch = &debug->arch;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arch->bp); i++)
		if (arch->bp[i].type & types && addr < arch->bp[i].addr + arch->bp[i].len &&
		    addr + size > arch->bp[i].addr)
			return i;
	return -1;
}

/* The entry that stops the guest before its next instruction, or -1 */
static int next_hit(const struct state *s, const struct kvm_guest_debug *debug, u32 *status)
{
	const struct insn *insn = insn_at(s->regs.pc);
	u16 flags = ops[insn->op].flags;
	int hit;

	*status = KVMPPC_DEBUG_BREAKPOINT;
	hit = find_watch(debug, s->regs.pc, 1, *status);
	if (hit >= 0 || !ops[insn->op].size)
		return hit;

	/* This interrupt comes first. */
	if ((flags & OP_FP && !(s->regs.msr & MSR_FP)) ||
	    (flags & OP_VEC && !(s->regs.msr & MSR_VEC)))
		return -1;

	*status = flags & OP_STORE ? KVMPPC_DEBUG_WATCH_WRITE : KVMPPC_DEBUG_WATCH_READ;
	return find_watch(debug, effective_address(s, insn), ops[insn->op].size, *status);
}

#endif /* SELFTEST_KVM_INSN_MODEL_H */
