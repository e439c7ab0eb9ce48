// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a debugger on KVM Book3S PR transparent?  (B4, and A1 to A7 on the way)
 *
 * Random programs run twice from the same state: freely, and stepped.  Both
 * runs have to end as walk_insn() says, a model of just the instructions that
 * the programs are made of: registers, memory, MMIO accesses.  Each stop of the
 * stepped run has to be where the walk is then, with the walk's registers, and
 * with as many MMIO accesses and hypercalls behind it.
 *
 * A third run has up to 16 random watchpoints and hardware breakpoints.  It has to
 * stop at each instruction that the model says, and nowhere else.
 *
 * The programs mix what the CPU executes, what KVM emulates, what is completed
 * by userspace, and what interrupts the guest; in supervisor and problem state.
 * The handlers at the vectors are modelled like the programs.  Left out is what
 * a debugger cannot hide: the time, and reservations (lwarx and stwcx.).
 *
 * A program depends on the seed and on its number only.  One that fails is
 * reduced to the least that still fails before it is shown.
 *
 * C3, kvm_run.debug, is left to debug_test, where it hides nothing else.
 */
#include <getopt.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "debug_guest.h"
#include "kselftest.h"

#define MAX_ITEMS	256
#define MAX_ITEM_INSNS	8
#define END_INSNS	5
#define MAX_WALK	100000	/* instructions; loops are short */
#define MAX_LOG		2048

/* Data from GUEST_DATA on: what programs load and store, then the handlers' */
#define DATA_SIZE	256
#define COUNTERS	DATA_SIZE
#define MEM_SIZE	(DATA_SIZE + 32)
#define NR_FPRS		4
#define NR_VRS		4

/* Programs calculate in r5 to r20, and get at memory by these. */
#define R_TMP		2
#define R_DATA		30
#define R_MMIO		31
/* Used by handlers */
#define R_SYS0		26
#define R_SYS1		27
#define R_HND		28
#define R_MASK		29

#define SPRN_LR		8
#define SPRN_CTR	9
#define SPRN_SRR0	26
#define SPRN_SRR1	27
#define SPRN_SPRG0	272
#define SPRN_HID0	1008

#define SRR1_FLAGS	0x783f0000ULL	/* bits that are not from the MSR */

#define XER_CA		0x20000000ULL
#define XER_BITS	0xe0000000ULL	/* ISA 3.0 has more, set by carries */

#define PV_SC_MAGIC_R0	0x4b564d21	/* KVM's own hypercalls */
#define PV_UNIMPLEMENTED 12

#ifdef CONFIG_64BIT
#define HOST_64		true
#define WORD(val)	((u64)(val))
#define OP_RFI_WORD	0x4c000024	/* rfid */
#else
#define HOST_64		false
#define WORD(val)	((u64)(u32)(val))
#define OP_RFI_WORD	0x4c000064
#endif

/* How operands are encoded, and what the instructions have in common */
#define IMM		BIT(0)	/* 16 bits, instead of register B */
#define SPR		BIT(1)	/* number of an SPR, likewise */
#define PRIV		BIT(2)
#define FP		BIT(3)
#define VEC		BIT(4)
#define LOAD		BIT(5)
#define STORE		BIT(6)
#define ALG		BIT(7)	/* sign-extending */
#define REV		BIT(8)	/* byte-reversed */
#define UPD		BIT(9)

#define OPS(op, mem)							\
	/* executed by the CPU */					\
	op(ADDI, 0x38000000, IMM, *rt = a0 + imm)			\
	op(ADDIS, 0x3c000000, IMM, *rt = a0 + imm * 65536)		\
	op(MULLI, 0x1c000000, IMM, *rt = a * imm)			\
	op(ORI, 0x60000000, IMM, *ra = t | (u16)imm)			\
	op(ORIS, 0x64000000, IMM, *ra = t | (u64)(u16)imm << 16)	\
	op(XORI, 0x68000000, IMM, *ra = t ^ (u16)imm)			\
	op(XORIS, 0x6c000000, IMM, *ra = t ^ (u64)(u16)imm << 16)	\
	op(CMPWI, 0x2c000000, IMM, set_cr(regs, insn->t / 4, (s32)a, imm)) \
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
	op(B, 0x48000000, IMM, regs->pc = pc + imm)			\
	op(BL, 0x48000001, IMM, (regs->lr = pc + 4, regs->pc = pc + imm)) \
	op(BC, 0x40000000, IMM,						\
	   walk_branch(regs, insn->t, insn->a, pc + imm))		\
	op(BLR, 0x4e800020, 0, regs->pc = regs->lr)			\
	op(BCTR, 0x4e800420, 0, regs->pc = regs->ctr)			\
	op(SYNC, 0x7c0004ac, 0, break)					\
	op(ISYNC, 0x4c00012c, 0, break)					\
	op(EIEIO, 0x7c0006ac, 0, break)					\
	op(FMR, 0xfc000090, FP, s->fpr[insn->t] = s->fpr[insn->b])	\
	/* by the CPU or by KVM, depending on the SPR */		\
	op(MFSPR, 0x7c0002a6, SPR, *rt = *walk_spr(s, insn->b))		\
	op(MTSPR, 0x7c0003a6, SPR, *walk_spr(s, insn->b) = t)		\
	/* by KVM */							\
	op(MFMSR, 0x7c0000a6, PRIV, *rt = regs->msr)			\
	op(MTMSR, 0x7c000124, PRIV, regs->msr = t)			\
	op(MTMSRD, 0x7c000164, PRIV, regs->msr = t)			\
	op(MTMSRD1, 0x7c010164, PRIV,					\
	   regs->msr ^= (regs->msr ^ t) & (MSR_EE | MSR_RI))		\
	op(MFSR, 0x7c0004a6, PRIV, *rt = s->sr)				\
	op(MTSR, 0x7c0001a4, PRIV, s->sr = t)				\
	op(SLBMTE, 0x7c000324, PRIV, s->slb_esid = b & ~0xfffULL)	\
	op(SLBMFEE, 0x7c000726, PRIV, *rt = s->slb_esid)		\
	op(TLBIE, 0x7c000264, PRIV, break)					\
	op(TLBSYNC, 0x7c00046c, PRIV, break)					\
	op(RFI, OP_RFI_WORD, PRIV,					\
	   (regs->pc = regs->srr0, regs->msr = regs->srr1))		\
	/* interrupts, or hypercalls */					\
	op(SC, 0x44000002, 0, walk_syscall(s))				\
	op(TW, 0x7c000008, 0, walk_trap(s, a, b, insn->t))		\
	op(ILLEGAL, 0x00000000, 0,					\
	   walk_interrupt(s, VEC_PROGRAM, pc, SRR1_PROGILL))		\
	op(LWARX, 0x7c000028, 0, walk_interrupt(s, VEC_ALIGNMENT, pc, 0)) \
	/* by the CPU, or by userspace if MMIO */			\
	mem(LBZ, 0x88000000, IMM | LOAD, 1)				\
	mem(LBZU, 0x8c000000, IMM | LOAD | UPD, 1)			\
	mem(LHZ, 0xa0000000, IMM | LOAD, 2)				\
	mem(LHA, 0xa8000000, IMM | LOAD | ALG, 2)			\
	mem(LHAU, 0xac000000, IMM | LOAD | ALG | UPD, 2)		\
	mem(LWZ, 0x80000000, IMM | LOAD, 4)				\
	mem(LWZU, 0x84000000, IMM | LOAD | UPD, 4)			\
	mem(STB, 0x98000000, IMM | STORE, 1)				\
	mem(STBU, 0x9c000000, IMM | STORE | UPD, 1)			\
	mem(STH, 0xb0000000, IMM | STORE, 2)				\
	mem(STW, 0x90000000, IMM | STORE, 4)				\
	mem(STWU, 0x94000000, IMM | STORE | UPD, 4)			\
	mem(LFD, 0xc8000000, IMM | LOAD | FP, 8)			\
	mem(STFD, 0xd8000000, IMM | STORE | FP, 8)			\
	mem(LWZX, 0x7c00002e, LOAD, 4)					\
	mem(LHAX, 0x7c0002ae, LOAD | ALG, 2)				\
	mem(LHBRX, 0x7c00062c, LOAD | REV, 2)				\
	mem(LWBRX, 0x7c00042c, LOAD | REV, 4)				\
	mem(STWX, 0x7c00012e, STORE, 4)					\
	mem(STHBRX, 0x7c00072c, STORE | REV, 2)				\
	mem(STWBRX, 0x7c00052c, STORE | REV, 4)				\
	mem(LVX, 0x7c0000ce, LOAD | VEC, 16)				\
	mem(STVX, 0x7c0001ce, STORE | VEC, 16)				\
	/* those of 64-bit CPUs last */					\
	mem(LD, 0xe8000000, IMM | LOAD, 8)				\
	mem(LDU, 0xe8000001, IMM | LOAD | UPD, 8)			\
	mem(LWA, 0xe8000002, IMM | LOAD | ALG, 4)			\
	mem(STD, 0xf8000000, IMM | STORE, 8)				\
	mem(STDU, 0xf8000001, IMM | STORE | UPD, 8)

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
#define NR_USABLE_OPS	(HOST_64 ? NR_OPS : OP_LD)

/* An instruction: T, A, and B or the immediate, where the encoding has them */
struct insn {
	u8 op, t, a;
	s32 b;
};

/*
 * Instructions that make sense only together, e.g. what loads SRR0 and SRR1,
 * and the rfi.  They can go on after some of the items that follow.
 */
struct item {
	struct insn insn[MAX_ITEM_INSNS];
	u8 nr, skip;
};

#define INSN(_op, ...)	{ .op = OP_##_op, __VA_ARGS__ }
#define ITEM(...)	{ .insn = { __VA_ARGS__ } }

struct program {
	u64 seed;
	unsigned int flavour, nr;
	struct item item[MAX_ITEMS];
};

struct access {
	u64 addr, len;		/* a hypercall if 0 */
	u64 is_write;
	u8 data[8];
};

struct log {
	unsigned int nr;
	struct access access[MAX_LOG];
};

static struct log walk_log, guest_log;

/* The guest, or the walk's idea of it */
struct state {
	struct kvm_regs regs;
	u64 fpr[NR_FPRS];
	u8 vr[NR_VRS][16];	/* from the most significant byte on */
	u8 mem[MEM_SIZE];
	/* The walk's only; the first three are always written before read. */
	__u64 hid0;
	u64 sr, slb_esid;
	u64 intr_msr, end_pc;
	/* sc clobbers CR0 and CTR on 64-bit hosts, see kvm_hcall there */
	bool clobbered;
};

/* What the guest executes; index = address relative to GUEST_CODE. */
static struct insn code[MAX_ITEMS * MAX_ITEM_INSNS + END_INSNS];
static unsigned int code_len;

static struct debug_guest guests[3];
static const u64 flavours[ARRAY_SIZE(guests)] = {
	MSR_GUEST_REAL,
	MSR_GUEST_REAL & ~MSR_SF,
	MSR_GUEST_REAL & ~MSR_LE,
};

static unsigned int nr_flavours;

static char why[256];		/* why the latest program failed */
static unsigned long nr_stops, nr_hits;

#define FAIL(...)							\
({									\
	snprintf(why, sizeof(why), __VA_ARGS__);			\
	false;								\
})

static u64 rnd_state;

static u64 mix(u64 x)
{
	x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 29)) * 0xd6e8feb86659fd93ULL;
	return x ^ (x >> 32);
}

static u64 rnd(void)
{
	return mix(++rnd_state);
}

static u32 below(u32 n)
{
	return (u32)rnd() % n;
}

/*
 * The device.  What is loaded, and what hypercalls return, depends on how much
 * happened before.
 */
static struct access *device_access(struct log *log, u64 addr, u64 len,
				    bool is_write, const u8 *data)
{
	struct access *access = &log->access[log->nr];
	u64 reply = mix(addr + log->nr);

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

static u64 hypercall_reply(struct log *log)
{
	device_access(log, 0, 0, false, NULL);
	return WORD(mix(log->nr));
}

/* Handlers.  Each counts, in a word of its own. */
#define COUNT(_n)							\
	INSN(LWZ, R_HND, R_DATA, COUNTERS + 4 * (_n)),			\
	INSN(ADDI, R_HND, R_HND, 1),					\
	INSN(STW, R_HND, R_DATA, COUNTERS + 4 * (_n))

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

static u32 encode(const struct insn *insn)
{
	u32 word = ops[insn->op].word | insn->t << 21 | insn->a << 16;

	if (ops[insn->op].flags & IMM)
		return word | (insn->b & 0xffff);
	if (ops[insn->op].flags & SPR)
		return word | (insn->b & 0x1f) << 16 | (insn->b >> 5) << 11;
	return word | insn->b << 11;
}

static void load_insns(struct debug_guest *guest, u64 addr,
		       const struct insn *insn, unsigned int nr)
{
	for (; nr--; addr += 4)
		debug_guest_write32(guest, addr, encode(insn++));
}

static void create_guest(unsigned int i)
{
	unsigned int h;

	debug_guest_create(&guests[i], flavours[i]);
	for (h = 0; h < ARRAY_SIZE(handlers); h++)
		load_insns(&guests[i], handlers[h].vec, handlers[h].insn,
			   handlers[h].nr);
}

/* --- The walk --- */

static const struct insn *insn_at(u64 pc)
{
	unsigned int h;

	if (pc >= GUEST_CODE && pc < GUEST_CODE + 4 * code_len)
		return &code[(pc - GUEST_CODE) / 4];

	for (h = 0; h < ARRAY_SIZE(handlers); h++) {
		if (pc >= handlers[h].vec &&
		    pc < handlers[h].vec + 4 * handlers[h].nr)
			return &handlers[h].insn[(pc - handlers[h].vec) / 4];
	}
	TEST_FAIL("The test is wrong: no instruction at 0x%" PRIx64, pc);
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
	regs->srr1 = (regs->msr & ~SRR1_FLAGS) | flags;
	regs->msr = s->intr_msr | (regs->msr & MSR_ME);
	regs->pc = vec;
}

static void walk_memory(struct state *s, const struct insn *insn)
{
	u16 flags = ops[insn->op].flags;
	u8 size = ops[insn->op].size, buf[16], *data;
	__u64 *gpr = s->regs.gpr;
	u64 val = 0, ea;
	bool little = !(s->regs.msr & MSR_LE) == !!(flags & REV);
	bool is_write = flags & STORE;
	unsigned int i, len = size > 8 ? 8 : size;

	ea = gpr[insn->a] + (flags & IMM ? (u64)insn->b : gpr[insn->b]);

	if (flags & FP)
		val = s->fpr[insn->t];
	else if (!(flags & VEC))
		val = gpr[insn->t];
	for (i = 0; i < size; i++) {
		unsigned int sig = little ? i : size - 1 - i;

		buf[i] = flags & VEC ? s->vr[insn->t][15 - sig] : val >> 8 * sig;
	}

	if (ea < GUEST_MMIO) {
		data = s->mem + (ea - GUEST_DATA);
		TEST_ASSERT(data + size <= s->mem + MEM_SIZE,
			    "The test is wrong: address 0x%" PRIx64, ea);
		memcpy(is_write ? data : buf, is_write ? buf : data, size);
	} else {
		for (i = 0; i < size; i += len) {
			data = device_access(&walk_log, ea + i, len, is_write,
					     buf + i)->data;
			memcpy(buf + i, data, len);
		}
	}

	if (flags & UPD)
		gpr[insn->a] = ea;
	if (is_write)
		return;

	val = 0;
	for (i = 0; i < size; i++) {
		u8 byte = buf[little ? size - 1 - i : i];

		if (flags & VEC)
			s->vr[insn->t][i] = byte;
		else
			val = val << 8 | byte;
	}
	if (flags & ALG)
		val = (s64)(val << (64 - 8 * size)) >> (64 - 8 * size);
	if (flags & FP)
		s->fpr[insn->t] = val;
	else if (!(flags & VEC))
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
	case SPRN_SPRG0 + 1:
		return &s->regs.sprg1;
	case SPRN_SPRG0 + 2:
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

	s->clobbered = HOST_64;
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

/* Execute one instruction, or take the interrupt that it causes. */
static void walk_insn(struct state *s)
{
	struct kvm_regs *regs = &s->regs;
	const struct insn *insn = insn_at(regs->pc);
	__u64 *ra = &regs->gpr[insn->a], *rt = &regs->gpr[insn->t];
	u64 a = *ra, a0 = insn->a ? a : 0, b = regs->gpr[insn->b & 31];
	u64 t = *rt, pc = regs->pc;
	u16 flags = ops[insn->op].flags;
	s64 imm = (s16)insn->b;

	if (regs->msr & MSR_PR &&
	    (flags & PRIV || (flags & SPR && insn->b & 0x10)))
		return walk_interrupt(s, VEC_PROGRAM, pc, SRR1_PROGPRIV);
	if (flags & FP && !(regs->msr & MSR_FP))
		return walk_interrupt(s, VEC_FP_UNAVAIL, pc, 0);
	if (flags & VEC && !(regs->msr & MSR_VEC))
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
	if (insn->op == OP_MTSPR && insn->b == SPRN_CTR)
		s->clobbered = false;
}

/* --- Programs --- */

/* Operands in templates: T and A ... */
#define ANY		32		/* a register with which to calculate */
#define ANY_FR		33		/* an FPR */
#define ANY_FIELD	34		/* 0 to 31 */
#define ANY_BO		35		/* kind of conditional branch */
/* ... and B */
#define B_ANY		BIT(17)
#define B_ANY_FR	BIT(18)
#define B_ANY_SPR	BIT(19)
#define B_ANY_OF(_mask)	(BIT(20) | (_mask))
/* The address of where the item goes, resolved by assemble() */
#define REL_NEXT	BIT(21)
#define ABS_NEXT	BIT(22)

#define MSR_HARMLESS	(MSR_EE | MSR_FP | MSR_ME | MSR_RI)

#define LOAD_NEXT							\
	INSN(ADDIS, R_TMP, 0, GUEST_CODE >> 16),			\
	INSN(ORI, R_TMP, R_TMP, ABS_NEXT)
#define TOGGLE_MSR(_bits)						\
	INSN(MFMSR, R_TMP),						\
	INSN(XORI, R_TMP, R_TMP, B_ANY_OF(_bits))
#define LOAD_CR0_CTR							\
	INSN(MTCR, ANY),						\
	INSN(MTSPR, ANY, 0, SPRN_CTR)
#define OSI								\
	INSN(ADDIS, 3, 0, OSI_SC_MAGIC_R3 >> 16),			\
	INSN(ORI, 3, 3, OSI_SC_MAGIC_R3 & 0xffff),			\
	INSN(ADDIS, 4, 0, OSI_SC_MAGIC_R4 >> 16),			\
	INSN(ORI, 4, 4, OSI_SC_MAGIC_R4 & 0xffff),			\
	INSN(SC)

static const struct item templates[] = {
	/* Branches */
	ITEM(INSN(BC, ANY_BO, ANY_FIELD, REL_NEXT)),
	ITEM(INSN(BC, ANY_BO, ANY_FIELD, REL_NEXT)),
	ITEM(INSN(BL, 0, 0, 8), INSN(B, 0, 0, REL_NEXT),
	     INSN(ADD_, ANY, ANY, B_ANY), INSN(BLR)),
	ITEM(LOAD_NEXT, INSN(MTSPR, R_TMP, 0, SPRN_CTR), INSN(BCTR)),
	ITEM(INSN(ADDI, R_TMP, 0, 3), INSN(MTSPR, R_TMP, 0, SPRN_CTR),
	     INSN(ADDE, ANY, ANY, B_ANY), INSN(MTSPR, ANY, 0, SPRN_SPRG0),
	     INSN(BC, 16, 0, -8)),
	/* No effect */
	ITEM(INSN(SYNC), INSN(ISYNC), INSN(EIEIO)),
	ITEM(INSN(TLBIE, 0, 0, B_ANY), INSN(TLBSYNC)),
	/* SPRs */
	ITEM(INSN(MTSPR, ANY, 0, B_ANY_SPR)),
	ITEM(INSN(MTSPR, ANY, 0, B_ANY_SPR), INSN(MFSPR, ANY, 0, B_ANY_SPR)),
	ITEM(INSN(MFSPR, ANY, 0, B_ANY_SPR)),
	ITEM(INSN(MTSPR, ANY, 0, SPRN_HID0), INSN(MFSPR, ANY, 0, SPRN_HID0)),
	/* The MSR */
	ITEM(INSN(MFMSR, ANY)),
	ITEM(TOGGLE_MSR(MSR_HARMLESS),
	     INSN(XORIS, R_TMP, R_TMP, B_ANY_OF(MSR_VEC >> 16)),
	     INSN(MTMSR, R_TMP)),
	ITEM(LOAD_NEXT, INSN(MTSPR, R_TMP, 0, SPRN_SRR0),
	     TOGGLE_MSR(MSR_HARMLESS | MSR_PR),
	     INSN(MTSPR, R_TMP, 0, SPRN_SRR1), INSN(RFI)),
#ifdef CONFIG_64BIT
	ITEM(TOGGLE_MSR(MSR_HARMLESS), INSN(MTMSRD, R_TMP)),
	ITEM(TOGGLE_MSR(MSR_HARMLESS), INSN(MTMSRD1, R_TMP)),
	/* SLB entry 3, a valid one for 0x60000000 */
	ITEM(INSN(ADDIS, R_TMP, 0, 0x6800), INSN(ORI, R_TMP, R_TMP, 3),
	     INSN(SLBMTE, ANY, 0, R_TMP), INSN(ADDI, R_TMP, 0, 3),
	     INSN(SLBMFEE, ANY, 0, R_TMP)),
#else
	ITEM(INSN(MTSR, ANY, 7), INSN(MFSR, ANY, 7)),
#endif
	/* System calls, which toggle MSR bits, and hypercalls */
	ITEM(INSN(ADDI, 3, 0, B_ANY_OF(MSR_PR | MSR_FP | MSR_RI)), INSN(SC),
	     LOAD_CR0_CTR),
	ITEM(INSN(ADDI, 3, 0, MSR_PR), INSN(SC), LOAD_CR0_CTR),
	ITEM(OSI, INSN(ADDI, 3), LOAD_CR0_CTR),
	ITEM(INSN(ADDIS, 0, 0, PV_SC_MAGIC_R0 >> 16),
	     INSN(ORI, 0, 0, PV_SC_MAGIC_R0 & 0xffff),
	     INSN(ADDI, 3), INSN(ADDI, 11), INSN(SC), INSN(ADDI, 0),
	     LOAD_CR0_CTR),
	/* Other interrupts */
	ITEM(INSN(ILLEGAL)),
	ITEM(INSN(TW, ANY_FIELD, ANY, B_ANY)),
	ITEM(INSN(ADDI, R_TMP, R_DATA, 1), INSN(LWARX, ANY, 0, R_TMP)),
	ITEM(INSN(FMR, ANY_FR, 0, B_ANY_FR)),
};

static u8 rnd_field(u8 field)
{
	static const u8 bos[] = { 0, 2, 4, 8, 10, 12, 16, 18 };

	switch (field) {
	case ANY:
		return 5 + below(16);
	case ANY_FR:
		return below(NR_FPRS);
	case ANY_FIELD:
		return below(32);
	case ANY_BO:
		return bos[below(ARRAY_SIZE(bos))];
	default:
		return field;
	}
}

static s32 rnd_b(s32 b)
{
	static const u16 sprs[] = {
		SPRN_LR, SPRN_CTR, SPRN_SRR0, SPRN_SRR1, SPRN_SPRG0,
		SPRN_SPRG0 + 1, SPRN_SPRG0 + 2, SPRN_SPRG0 + 3,
	};

	if (b < 0)
		return b;
	if (b & B_ANY)
		return rnd_field(ANY);
	if (b & B_ANY_FR)
		return rnd_field(ANY_FR);
	if (b & B_ANY_SPR)
		return sprs[below(ARRAY_SIZE(sprs))];
	if (b & B_ANY_OF(0))
		return b & rnd() & 0xffff;
	return b;
}

static void emit(struct item *item, enum op op, u8 t, u8 a, s32 b)
{
	item->insn[item->nr++] = (struct insn){
		op, rnd_field(t), rnd_field(a), rnd_b(b)
	};
}

static void rnd_alu(struct item *item)
{
	enum op op = OP_NONE + 1 + below(OP_MTCR);

	if (op == OP_CMPWI || op == OP_CMPW || op == OP_CMPLW)
		emit(item, op, 4 * below(8), ANY, B_ANY);
	else if (op == OP_SRAWI || op == OP_RLWINM)
		emit(item, op, ANY, ANY, below(32));
	else if (op == OP_NEG || op == OP_EXTSH || op == OP_CNTLZW)
		emit(item, op, ANY, ANY, 0);
	else if (op == OP_MFCR || op == OP_MTCR)
		emit(item, op, ANY, 0, 0);
	else
		emit(item, op, ANY, ANY, B_ANY);
	if (ops[op].flags & IMM)
		item->insn[0].b = (s16)rnd();

	/*
	 * or rx,rx,rx is a hint about priorities.  QEMU takes it for a reason
	 * to pause (gen_or()), and forgets about the Trace interrupt.
	 */
	if (op == OP_OR && item->insn[0].t == item->insn[0].a)
		item->insn[0].b = R_MASK;
}

static void rnd_memory(struct item *item)
{
	enum op op = FIRST_MEM_OP + below(NR_USABLE_OPS - FIRST_MEM_OP);
	u8 base = below(2) ? R_DATA : R_MMIO, size = ops[op].size;
	u8 t = ops[op].flags & (FP | VEC) ? ANY_FR : ANY;
	s32 offset = below(DATA_SIZE / size) * size;

	if (ops[op].flags & UPD) {
		emit(item, OP_ADDI, R_TMP, base, 64);
		emit(item, op, t, R_TMP, offset - 64);
	} else if (ops[op].flags & IMM) {
		emit(item, op, t, base, offset);
	} else {
		emit(item, OP_ADDI, R_TMP, 0, offset);
		emit(item, op, t, base, R_TMP);
	}
}

static void rnd_program(struct program *p, u64 seed, unsigned int length)
{
	const struct insn *insn;

	memset(p, 0, sizeof(*p));
	p->seed = seed;
	rnd_state = seed;
	p->flavour = below(nr_flavours);
	while (p->nr < length) {
		struct item *item = &p->item[p->nr++];

		switch (below(4)) {
		case 0:
			rnd_alu(item);
			break;
		case 1:
			rnd_memory(item);
			break;
		default:
			insn = templates[below(ARRAY_SIZE(templates))].insn;
			for (; item->nr < MAX_ITEM_INSNS && insn->op; insn++)
				emit(item, insn->op, insn->t, insn->a, insn->b);
			item->skip = below(4);
			break;
		}
	}
}

/* Put the items one after the other and the end marker behind them. */
static void assemble(const struct program *p, unsigned int *start)
{
	static const struct item end = { .insn = { OSI }, .nr = END_INSNS };
	unsigned int i, j;

	for (i = 0, code_len = 0; i <= p->nr; i++) {
		const struct item *item = i < p->nr ? &p->item[i] : &end;

		start[i] = code_len;
		for (j = 0; j < item->nr; j++)
			code[code_len++] = item->insn[j];
	}

	for (i = 0; i < p->nr; i++) {
		unsigned int next = start[min(i + 1 + p->item[i].skip, p->nr)];

		for (j = start[i]; j < start[i + 1]; j++) {
			if (code[j].b == REL_NEXT)
				code[j].b = 4 * (next - j);
			else if (code[j].b == ABS_NEXT)
				code[j].b = 4 * next;
		}
	}
}

/* --- The guest --- */

/* On a little-endian host, the first byte is the least significant one. */
static void access_vr(struct debug_guest *guest, unsigned int nr, u8 *vr,
		      bool set)
{
	struct kvm_one_reg reg;
	u8 buf[16];
	unsigned int i;

	reg.id = KVM_REG_PPC_VR(nr);
	reg.addr = (uintptr_t)buf;
	for (i = 0; i < 16; i++)
		buf[MSR_HOST_LE ? 15 - i : i] = vr[i];
	if (set)
		vcpu_ioctl(guest->vcpu, KVM_SET_ONE_REG, &reg);
	else
		vcpu_ioctl(guest->vcpu, KVM_GET_ONE_REG, &reg);
	for (i = 0; i < 16; i++)
		vr[i] = buf[MSR_HOST_LE ? 15 - i : i];
}

static void init_state(struct state *s, const struct program *p)
{
	const struct debug_guest *guest = &guests[p->flavour];
	u64 msr = flavours[p->flavour];
	unsigned int i;

	memset(s, 0, sizeof(*s));
	rnd_state = ~p->seed;
	s->regs = guest->regs;	/* for PID and the other SPRGs */
	memset(s->regs.gpr, 0, sizeof(s->regs.gpr));
	s->regs.pc = GUEST_CODE;
	s->regs.msr = msr | (rnd() & (MSR_PR | MSR_FP | MSR_VEC | MSR_RI));
	s->regs.cr = (u32)rnd();
	s->regs.xer = rnd() & XER_BITS;
	s->regs.ctr = WORD(rnd());
	s->regs.lr = WORD(rnd());
	s->regs.srr0 = WORD(rnd());
	s->regs.srr1 = WORD(rnd());
	for (i = 0; i < 4; i++)
		*walk_spr(s, SPRN_SPRG0 + i) = WORD(rnd());
	for (i = 5; i < 21; i++)
		s->regs.gpr[i] = WORD((s64)rnd() >> 8 * below(8));
	s->regs.gpr[1] = GUEST_STACK;
	s->regs.gpr[R_DATA] = GUEST_DATA;
	s->regs.gpr[R_MMIO] = GUEST_MMIO;
	s->regs.gpr[R_MASK] = WORD(~SRR1_FLAGS);
	for (i = 0; i < NR_FPRS; i++)
		s->fpr[i] = rnd();
	for (i = 0; i < NR_VRS * 16; i++)
		s->vr[i / 16][i % 16] = rnd();
	for (i = 0; i < DATA_SIZE; i++)
		s->mem[i] = rnd();

	s->intr_msr = MSR_HOST_SF | (msr & MSR_LE);
	s->end_pc = GUEST_CODE + 4 * code_len;
}

static void put_state(struct debug_guest *guest, struct state *s)
{
	unsigned int i;

	guest->regs = s->regs;
	debug_guest_set_regs(guest);
	for (i = 0; i < NR_FPRS; i++)
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(i), s->fpr[i]);
	for (i = 0; i < NR_VRS; i++)
		access_vr(guest, i, s->vr[i], true);
	memcpy(addr_gpa2hva(guest->vm, GUEST_DATA), s->mem, MEM_SIZE);
}

static bool check_regs(const struct state *want, const struct kvm_regs *got,
		       const char *when)
{
	static const char * const names[] = {
		"pc", "cr", "ctr", "lr", "xer", "msr", "srr0", "srr1", "pid",
		"sprg0", "sprg1", "sprg2", "sprg3", "sprg4", "sprg5", "sprg6",
		"sprg7", "r"
	};
	const unsigned int r0 = ARRAY_SIZE(names) - 1;
	const __u64 *w = (void *)&want->regs, *g = (void *)got;
	unsigned int i;

	for (i = 0; i < sizeof(*got) / sizeof(u64); i++) {
		u64 mask = -1ULL;

		if (g + i == &got->xer)
			mask = XER_BITS;
		else if (want->clobbered && g + i == &got->cr)
			mask = 0x0fffffff;
		else if (want->clobbered && g + i == &got->ctr)
			mask = 0;
		if ((w[i] ^ g[i]) & mask)
			return FAIL("%s: %s%.0u is 0x%llx, should be 0x%llx, at 0x%llx",
				    when, names[min(i, r0)], i > r0 ? i - r0 : 0,
				    g[i], w[i], got->pc);
	}
	return true;
}

static bool check_end(struct debug_guest *guest, const struct state *want,
		      const char *when)
{
	const u8 *mem = addr_gpa2hva(guest->vm, GUEST_DATA);
	unsigned int i, n;
	u8 vr[16];

	if (!check_regs(want, &guest->regs, when))
		return false;
	for (i = 0; i < NR_FPRS; i++) {
		if (vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(i)) != want->fpr[i])
			return FAIL("%s: f%u is wrong", when, i);
	}
	for (i = 0; i < NR_VRS; i++) {
		access_vr(guest, i, vr, false);
		if (memcmp(vr, want->vr[i], sizeof(vr)))
			return FAIL("%s: v%u is wrong", when, i);
	}
	for (i = 0; i < MEM_SIZE; i++) {
		if (mem[i] != want->mem[i])
			return FAIL("%s: memory at +%u is 0x%x, should be 0x%x",
				    when, i, mem[i], want->mem[i]);
	}
	n = min(walk_log.nr, guest_log.nr);
	for (i = 0; i < n; i++) {
		const struct access *g = &guest_log.access[i];

		if (memcmp(g, &walk_log.access[i], sizeof(*g)))
			break;
	}
	if (i < n || walk_log.nr != guest_log.nr)
		return FAIL("%s: access %u of %u is wrong", when, i + 1,
			    walk_log.nr);
	return true;
}

/* Run to the next stop, if stepped, or else to the end. */
static bool run_guest(struct debug_guest *guest, u64 end_pc, const char *when)
{
	struct kvm_run *run = guest->vcpu->run;
	struct access *access;
	int ret;

	for (;;) {
		ret = debug_guest_try_run(guest);
		if (ret)
			return FAIL("%s: KVM_RUN: %s, at pc 0x%" PRIx64, when,
				    strerror(-ret), (u64)guest->regs.pc);

		switch (run->exit_reason) {
		case KVM_EXIT_DEBUG:
			return true;
		case KVM_EXIT_OSI:
			if (guest->regs.pc == end_pc)
				return true;
			run->osi.gprs[5] = hypercall_reply(&guest_log);
			break;
		case KVM_EXIT_MMIO:
			access = device_access(&guest_log, run->mmio.phys_addr,
					       run->mmio.len,
					       run->mmio.is_write,
					       run->mmio.data);
			if (!access)
				return FAIL("%s: too many accesses", when);
			memcpy(run->mmio.data, access->data, access->len);
			break;
		default:
			return FAIL("%s: exit %s, at pc 0x%" PRIx64, when,
				    exit_reason_str(run->exit_reason),
				    (u64)guest->regs.pc);
		}
	}
}

/* The exit at the end has to be completed, too. */
static void finish_guest(struct debug_guest *guest)
{
	debug_guest_complete(guest);
	debug_guest_control(guest, GUESTDBG_OFF);
}

static bool run_both_ways(struct debug_guest *guest, struct state *start)
{
	struct kvm_run *run = guest->vcpu->run;
	struct state walk = *start;
	unsigned int i, want;
	char when[64];

	walk_log.nr = 0;
	guest_log.nr = 0;
	for (i = 0; walk.regs.pc != walk.end_pc; i++) {
		TEST_ASSERT(i < MAX_WALK, "The test is wrong: no end");
		walk_insn(&walk);
	}
	put_state(guest, start);
	if (!run_guest(guest, walk.end_pc, "free run") ||
	    !check_end(guest, &walk, "free run"))
		return false;
	finish_guest(guest);

	walk = *start;
	walk_log.nr = 0;
	guest_log.nr = 0;
	put_state(guest, start);
	debug_guest_control(guest, GUESTDBG_STEP);
	for (i = 1; walk.regs.pc != walk.end_pc; i++, nr_stops++) {
		snprintf(when, sizeof(when), "step %u, from 0x%" PRIx64, i,
			 (u64)walk.regs.pc);
		walk_insn(&walk);
		if (!run_guest(guest, walk.end_pc, when) ||
		    !check_regs(&walk, &guest->regs, when))
			return false;
		if (guest_log.nr != walk_log.nr)
			return FAIL("%s: %u accesses, should be %u", when,
				    guest_log.nr, walk_log.nr);
		want = walk.regs.pc == walk.end_pc ? KVM_EXIT_OSI :
						     KVM_EXIT_DEBUG;
		if (run->exit_reason != want)
			return FAIL("%s: exit %s", when,
				    exit_reason_str(run->exit_reason));
	}
	if (!check_end(guest, &walk, "stepped run"))
		return false;
	finish_guest(guest);
	return true;
}

/* --- Watchpoints and hardware breakpoints --- */

static struct kvm_guest_debug watches;
static bool has_watches;

static void rnd_watches(u64 seed)
{
	unsigned int i, h;
	bool stores;

	rnd_state = mix(seed);
	/* Pages with watched stores only can be mapped. */
	stores = !below(4);
	memset(&watches, 0, sizeof(watches));
	watches.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
	for (i = 0; i < ARRAY_SIZE(watches.arch.bp); i++) {
		u64 addr = GUEST_DATA + below(MEM_SIZE);
		u32 len = 1 + below(8), type = stores ? 2 : 1 + below(3);

		switch (below(8)) {
		case 0:
			addr = GUEST_MMIO + below(DATA_SIZE);
			break;
		case 1:
			/* Beside all of the data, but in its page */
			addr = GUEST_DATA + MEM_SIZE + below(0x400);
			len = below(0x1000);
			break;
		case 2:
			/* The page of the code */
			addr = GUEST_CODE + 4 * below(code_len);
			break;
		case 3:
			addr = GUEST_CODE + 4 * below(code_len);
			type = 0;
			break;
		case 4:
			h = below(ARRAY_SIZE(handlers));
			addr = handlers[h].vec + 4 * below(handlers[h].nr);
			type = 0;
			break;
		case 5:
			continue;
		}

		watches.arch.bp[i].addr = addr;
		watches.arch.bp[i].len = type ? len ?: 1 : 4;
		watches.arch.bp[i].type =
			!type ? KVMPPC_DEBUG_BREAKPOINT :
			(type & 1 ? KVMPPC_DEBUG_WATCH_READ : 0) |
			(type & 2 ? KVMPPC_DEBUG_WATCH_WRITE : 0);
	}
}

/* The first one of these types that the bytes overlap, or -1 */
static int find_watch(u64 addr, u64 size, u32 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watches.arch.bp); i++)
		if (watches.arch.bp[i].type & type &&
		    addr < watches.arch.bp[i].addr + watches.arch.bp[i].len &&
		    addr + size > watches.arch.bp[i].addr)
			return i;
	return -1;
}

/* What stops the guest before its next instruction, or -1 */
static int next_hit(const struct state *s, u32 *status)
{
	const struct insn *insn = insn_at(s->regs.pc);
	u16 flags = ops[insn->op].flags;
	int i;

	*status = KVMPPC_DEBUG_BREAKPOINT;
	i = find_watch(s->regs.pc, 1, KVMPPC_DEBUG_BREAKPOINT);
	if (i >= 0 || !ops[insn->op].size)
		return i;

	/* This interrupt comes first. */
	if ((flags & FP && !(s->regs.msr & MSR_FP)) ||
	    (flags & VEC && !(s->regs.msr & MSR_VEC)))
		return -1;

	*status = flags & STORE ? KVMPPC_DEBUG_WATCH_WRITE : KVMPPC_DEBUG_WATCH_READ;
	return find_watch(s->regs.gpr[insn->a] +
			  (flags & IMM ? (u64)insn->b : s->regs.gpr[insn->b]),
			  ops[insn->op].size, *status);
}

/* W2, W3: from hit to hit, with a step over each of them */
static bool run_watched(struct debug_guest *guest, struct state *start)
{
	struct kvm_run *run = guest->vcpu->run;
	struct state walk = *start;
	unsigned int i;
	char when[64];
	u32 status;
	int hit;

	walk_log.nr = 0;
	guest_log.nr = 0;
	put_state(guest, start);
	for (i = 1; walk.regs.pc != walk.end_pc; i++) {
		snprintf(when, sizeof(when), "hit %u, from 0x%" PRIx64, i,
			 (u64)walk.regs.pc);
		for (hit = -1; walk.regs.pc != walk.end_pc; walk_insn(&walk)) {
			hit = next_hit(&walk, &status);
			if (hit >= 0)
				break;
		}

		vcpu_guest_debug_set(guest->vcpu, &watches);
		if (!run_guest(guest, walk.end_pc, when) ||
		    !check_regs(&walk, &guest->regs, when))
			return false;
		if (hit < 0)
			break;
		if (run->exit_reason != KVM_EXIT_DEBUG ||
		    run->debug.arch.status != status ||
		    run->debug.arch.address != watches.arch.bp[hit].addr)
			return FAIL("%s: exit %s, status 0x%x, address 0x%" PRIx64, when,
				    exit_reason_str(run->exit_reason),
				    run->debug.arch.status,
				    (u64)run->debug.arch.address);
		nr_hits++;

		walk_insn(&walk);
		debug_guest_control(guest, GUESTDBG_STEP);
		if (!run_guest(guest, walk.end_pc, when) ||
		    !check_regs(&walk, &guest->regs, when))
			return false;
	}
	if (run->exit_reason != KVM_EXIT_OSI)
		return FAIL("%s: exit %s", when, exit_reason_str(run->exit_reason));
	if (!check_end(guest, &walk, "watched run"))
		return false;
	finish_guest(guest);
	return true;
}

static bool run_program(const struct program *p)
{
	static unsigned int item_start[MAX_ITEMS + 1];
	struct debug_guest *guest = &guests[p->flavour];
	struct state start;

	assemble(p, item_start);
	init_state(&start, p);
	load_insns(guest, GUEST_CODE, code, code_len);
	rnd_watches(p->seed);
	if (run_both_ways(guest, &start) &&
	    (!has_watches || run_watched(guest, &start)))
		return true;

	/* It may be in any state. */
	debug_guest_destroy(guest);
	create_guest(p->flavour);
	return false;
}

/* --- What failed, and why --- */

static void shrink(struct program *p)
{
	static struct program less;
	unsigned int len = p->nr, i, before;

	do {
		before = p->nr;
		len = max(len / 2, 1u);
		for (i = 0; i + len <= p->nr;) {
			less = *p;
			less.nr -= len;
			memmove(&less.item[i], &less.item[i + len],
				(less.nr - i) * sizeof(less.item[0]));
			if (run_program(&less))
				i++;
			else
				*p = less;
		}
	} while (len > 1 || p->nr < before);
}

static void show_program(const struct program *p)
{
	struct state start;
	unsigned int i;

	run_program(p);
	init_state(&start, p);
	ksft_print_msg("%s\n", why);
	ksft_print_msg("MSR at the start: 0x%" PRIx64 "\n",
		       (u64)start.regs.msr);
	for (i = 0; i < code_len - END_INSNS; i++)
		ksft_print_msg("0x%x: %08x %s %u, %u, %d\n", GUEST_CODE + 4 * i,
			       encode(&code[i]), ops[code[i].op].name,
			       code[i].t, code[i].a, code[i].b);
	ksft_print_msg("0x%x: the end\n", GUEST_CODE + 4 * i);
}

/* Return: KSFT_PASS or KSFT_FAIL. */
static int run_programs(unsigned long seed, unsigned long first,
			unsigned long nr, unsigned long length)
{
	static struct program program;
	time_t begin = time(NULL);
	unsigned long i;

	nr_flavours = !HOST_64 ? 1 : MSR_HOST_LE ? 3 : 2;
	for (i = 0; i < nr_flavours; i++)
		create_guest(i);
	has_watches = vm_check_cap(guests[0].vm, KVM_CAP_GUEST_DEBUG_HW_WPS);

	for (i = first; i < first + nr; i++) {
		rnd_program(&program, mix((u64)seed << 32 | i), length);
		if (run_program(&program))
			continue;

		ksft_print_msg("Program %lu fails: %s\n", i, why);
		ksft_print_msg("-s 0x%lx -f %lu -n 1 -l %lu repeats it.  What it takes to fail:\n",
			       seed, i, length);
		shrink(&program);
		show_program(&program);
		break;
	}

	ksft_print_msg("%lu programs, %lu stops, %lu hits, %lu seconds\n", i - first,
		       nr_stops, nr_hits, (unsigned long)(time(NULL) - begin));

	return i == first + nr ? KSFT_PASS : KSFT_FAIL;
}

#define DEFAULT_SEED	0x5eed

/* A1, A2, A3, A4, A6, A7, B1, B4, W2, W3, W4: the programs are made of all of it. */
int main(int argc, char *argv[])
{
	unsigned long seed = DEFAULT_SEED, first = 0, nr = 200, length = 10;
	char *end;
	int opt, status;
	pid_t child;

	while ((opt = getopt(argc, argv, "s:f:n:l:")) != -1) {
		unsigned long *arg = opt == 's' ? &seed : opt == 'f' ? &first :
				     opt == 'n' ? &nr : &length;

		if (opt == '?') {
			fprintf(stderr, "%s [-s SEED] [-f FIRST] [-n PROGRAMS] [-l LENGTH]\n",
				argv[0]);
			exit(KSFT_FAIL);
		}
		*arg = strtoul(optarg, &end, 0);
		TEST_ASSERT(end != optarg && !*end, "'%s' is no number", optarg);
	}
	TEST_ASSERT(nr && length, "Nothing to do");
	seed = (u32)seed;
	TEST_ASSERT(length <= MAX_ITEMS, "At most %u items", MAX_ITEMS);
	TEST_REQUIRE(kvm_has_cap(KVM_CAP_SET_GUEST_DEBUG));

	ksft_print_header();
	ksft_set_plan(1);
	ksft_print_msg("seed 0x%lx, programs %lu to %lu of %lu items\n", seed,
		       first, first + nr - 1, length);

	/* In a child: a failed assertion ends it, but has to be a result here. */
	fflush(stdout);
	child = fork();
	TEST_ASSERT(child >= 0, "fork");
	if (!child)
		exit(run_programs(seed, first, nr, length));
	TEST_ASSERT(waitpid(child, &status, 0) == child, "waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP)
		exit(KSFT_SKIP);

	ksft_test_result(WIFEXITED(status) && WEXITSTATUS(status) == KSFT_PASS,
			 "%lu programs\n", nr);
	ksft_finished();
}
