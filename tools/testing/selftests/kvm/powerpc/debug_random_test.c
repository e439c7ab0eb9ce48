// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random programs, run freely, stepped, and watched
 *
 * Each program runs three times from the same state.  All runs have to end as the
 * model of insn_model.h says: registers, memory, MMIO accesses.  Each stop of the
 * stepped run has to be where the model is then, with the model's registers, and
 * after as many MMIO accesses and hypercalls.  The watched run has up to
 * 16 random watchpoints and hardware breakpoints.  It has to stop at each
 * instruction that the model says, and nowhere else.
 *
 * The programs mix what the CPU executes, what KVM emulates, what is completed
 * by userspace, and what interrupts the guest; in supervisor and problem state.
 * The handlers at the vectors are modelled like the programs.
 *
 * A program depends on the seed (-s), its number, the number of items (-l), the
 * kind of guest, and on whether the host has AltiVec.
 */
#include "debug_suite.h"
#include "insn_model.h"

DEBUG_FIXTURE(random);
DEBUG_VARIANTS(random);
DEBUG_VARIANTS_TRANSLATED(random);

#define XER_BITS	0xe0000000ULL	/* ISA 3.0 has more, set by carries */

static struct access_log guest_log;
static char why[256];		/* why the latest program failed */
static unsigned long nr_stops[3];	/* of each kind of run */

#define RANDOM_FAIL(...)						\
({									\
	snprintf(why, sizeof(why), __VA_ARGS__);			\
	false;								\
})

static void load_insns(struct asm_guest *guest, u64 addr, const struct insn *insn,
		       unsigned int nr)
{
	static u32 words[ARRAY_SIZE(code)];
	unsigned int i;

	for (i = 0; i < nr; i++)
		words[i] = encode(&insn[i]);
	__asm_guest_load(guest, addr, words, words + nr);
}

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
#define ABS_NEXT_HIGH	BIT(23)

#define MSR_HARMLESS	(MSR_EE | MSR_FP | MSR_ME | MSR_RI)

#define LOAD_NEXT							\
	INSN(ADDIS, R_TMP, 0, ABS_NEXT_HIGH),			\
	INSN(ORI, R_TMP, R_TMP, ABS_NEXT)
#define TOGGLE_MSR(_bits)						\
	INSN(MFMSR, R_TMP),						\
	INSN(XORI, R_TMP, R_TMP, B_ANY_OF(_bits))
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
	ITEM_64(TOGGLE_MSR(MSR_HARMLESS), INSN(MTMSRD, R_TMP)),
	ITEM_64(TOGGLE_MSR(MSR_HARMLESS), INSN(MTMSRD1, R_TMP)),
	/* SLB entry 3, a valid one for 0x60000000 */
	ITEM_64(INSN(ADDIS, R_TMP, 0, 0x6800), INSN(ORI, R_TMP, R_TMP, 3),
		INSN(SLBMTE, ANY, 0, R_TMP), INSN(ADDI, R_TMP, 0, 3),
		INSN(SLBMFEE, ANY, 0, R_TMP)),
	ITEM_32(INSN(MTSR, ANY, 7), INSN(MFSR, ANY, 7)),
	/* System calls, which toggle MSR bits, and hypercalls */
	ITEM(INSN(ADDI, 3, 0, B_ANY_OF(MSR_PR | MSR_FP | MSR_RI)), INSN(SC)),
	ITEM(INSN(ADDI, 3, 0, MSR_PR), INSN(SC)),
	ITEM(OSI, INSN(ADDI, 3)),
	ITEM(INSN(ADDIS, 0, 0, PV_SC_MAGIC_R0 >> 16),
	     INSN(ORI, 0, 0, PV_SC_MAGIC_R0 & 0xffff),
	     INSN(ADDI, 3), INSN(ADDI, 11), INSN(SC), INSN(ADDI, 0)),
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
		SPRN_LR, SPRN_CTR, SPRN_SRR0, SPRN_SRR1,
		SPRN_SPRG0, SPRN_SPRG1, SPRN_SPRG2, SPRN_SPRG3,
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
	if (ops[op].flags & OP_IMM)
		item->insn[0].b = (s16)rnd();

	if (host_quirk(encode(&item->insn[0])))
		item->insn[0].b = R_MASK;
}

static void rnd_memory(struct item *item, const struct asm_guest *guest)
{
	enum op end = guest->cpu32 ? FIRST_64_OP : NR_OPS, op;
	u8 base = below(2) ? R_DATA : R_MMIO, t;
	s32 offset;

	do {
		op = FIRST_MEM_OP + below(end - FIRST_MEM_OP);
	} while (ops[op].flags & OP_VEC && !asm_guest_has_altivec(guest));
	t = ops[op].flags & (OP_FP | OP_VEC) ? ANY_FR : ANY;
	offset = below(DATA_SIZE / ops[op].size) * ops[op].size;

	if (ops[op].flags & OP_UPD) {
		emit(item, OP_ADDI, R_TMP, base, 64);
		emit(item, op, t, R_TMP, offset - 64);
	} else if (ops[op].flags & OP_IMM) {
		emit(item, op, t, base, offset);
	} else {
		emit(item, OP_ADDI, R_TMP, 0, offset);
		emit(item, op, t, base, R_TMP);
	}
}

static void rnd_template(struct item *item, bool cpu32)
{
	const struct item *from;
	unsigned int i;

	do {
		from = &templates[below(ARRAY_SIZE(templates))];
	} while (from->bits == (cpu32 ? 64 : 32));
	for (i = 0; i < MAX_ITEM_INSNS && from->insn[i].op; i++)
		emit(item, from->insn[i].op, from->insn[i].t, from->insn[i].a,
		     from->insn[i].b);
	item->skip = below(4);
}

/* Put random items one after the other and the end marker after them. */
static void rnd_program(const struct asm_guest *guest, unsigned int length)
{
	static const struct insn end[] = { OSI };
	static unsigned int start[MAX_ITEMS + 1];
	static struct item items[MAX_ITEMS];
	unsigned int i, j;

	memset(items, 0, sizeof(items));
	code_ea = guest->code + guest->ea_offset;
	code_len = 0;
	for (i = 0; i < length; i++) {
		j = below(4);
		if (j == 0)
			rnd_alu(&items[i]);
		else if (j == 1)
			rnd_memory(&items[i], guest);
		else
			rnd_template(&items[i], guest->cpu32);
		start[i] = code_len;
		for (j = 0; j < items[i].nr; j++)
			code[code_len++] = items[i].insn[j];
	}
	start[length] = code_len;
	for (j = 0; j < ARRAY_SIZE(end); j++)
		code[code_len++] = end[j];

	for (i = 0; i < length; i++) {
		unsigned int next = start[min(i + 1 + items[i].skip, length)];

		for (j = start[i]; j < start[i + 1]; j++) {
			if (code[j].b == REL_NEXT)
				code[j].b = 4 * (next - j);
			else if (code[j].b == ABS_NEXT)
				code[j].b = 4 * next;
			else if (code[j].b == ABS_NEXT_HIGH)
				code[j].b = code_ea >> 16;
			/* KVM keeps MSR[ME] of PAPR guests set. */
			else if (guest->config.mmu == GUEST_MMU_PAPR && code[j].op == OP_XORI &&
				 code[j].t == R_TMP)
				code[j].b &= ~MSR_ME;
			/* KVM clears MSR[VEC] of a CPU without AltiVec. */
			else if (!asm_guest_has_altivec(guest) && code[j].op == OP_XORIS &&
				 code[j].t == R_TMP)
				code[j].b = 0;
		}
	}
}

/* On a little-endian host, the first byte is the least significant one. */
static void access_vr(struct asm_guest *guest, unsigned int nr, u8 *vr, bool set)
{
	u8 buf[16];
	unsigned int i;

	for (i = 0; i < 16; i++)
		buf[MSR_HOST_LE ? 15 - i : i] = vr[i];
	if (set)
		vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_VR(nr), buf);
	else
		vcpu_get_reg_addr(guest->vcpu, KVM_REG_PPC_VR(nr), buf);
	for (i = 0; i < 16; i++)
		vr[i] = buf[MSR_HOST_LE ? 15 - i : i];
}

static void rnd_state(struct state *s, const struct asm_guest *guest)
{
	u64 msr = guest->config.msr, vec = asm_guest_has_altivec(guest) ? MSR_VEC : 0;
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->regs = guest->regs;	/* for PID and the other SPRGs */
	memset(s->regs.gpr, 0, sizeof(s->regs.gpr));
	s->regs.pc = code_ea;
	s->regs.msr = msr | (rnd() & (MSR_PR | MSR_FP | vec | MSR_RI));
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
	s->regs.gpr[R_DATA] = asm_guest_data_addr(guest, GUEST_DATA);
	s->regs.gpr[R_COUNTERS] = GUEST_DATA;
	s->regs.gpr[R_MMIO] = asm_guest_mmio_addr(guest);
	s->regs.gpr[R_MASK] = WORD(~SRR1_CAUSE);
	for (i = 0; i < NR_FPRS; i++)
		s->fpr[i] = rnd();
	for (i = 0; i < NR_VRS * 16; i++)
		s->vr[i / 16][i % 16] = rnd();
	for (i = 0; i < DATA_SIZE; i++)
		s->mem[i] = rnd();

	s->intr_msr = (guest->cpu32 ? 0 : MSR_SF) | (msr & MSR_LE);
	s->end_pc = code_ea + 4 * code_len;
}

static void put_state(struct asm_guest *guest, struct state *s)
{
	unsigned int i;

	guest->regs = s->regs;
	asm_guest_set_regs(guest);
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
		u64 mask = g + i == &got->xer ? XER_BITS : -1ULL;

		if ((w[i] ^ g[i]) & mask)
			return RANDOM_FAIL("%s: %s%.0u is 0x%llx, should be 0x%llx, at 0x%llx",
				    when, names[min(i, r0)], i > r0 ? i - r0 : 0,
				    g[i], w[i], got->pc);
	}
	return true;
}

static bool check_end(struct asm_guest *guest, const struct state *want,
		      const char *when)
{
	const u8 *mem = addr_gpa2hva(guest->vm, GUEST_DATA);
	unsigned int i;
	u8 vr[16];

	if (!check_regs(want, &guest->regs, when))
		return false;
	for (i = 0; i < NR_FPRS; i++) {
		if (vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(i)) != want->fpr[i])
			return RANDOM_FAIL("%s: f%u is wrong", when, i);
	}
	for (i = 0; i < NR_VRS; i++) {
		access_vr(guest, i, vr, false);
		if (memcmp(vr, want->vr[i], sizeof(vr)))
			return RANDOM_FAIL("%s: v%u is wrong", when, i);
	}
	for (i = 0; i < MEM_SIZE; i++) {
		if (mem[i] != want->mem[i])
			return RANDOM_FAIL("%s: memory at +%u is 0x%x, should be 0x%x",
				    when, i, mem[i], want->mem[i]);
	}
	for (i = 0; i < walk_log.nr; i++)
		if (memcmp(&guest_log.access[i], &walk_log.access[i], sizeof(struct access)))
			return RANDOM_FAIL("%s: access %u is wrong", when, i + 1);
	return true;
}

/* Run to the next stop, if stepped, or else to the end. */
static bool run_guest(struct asm_guest *guest, u64 end_pc, const char *when)
{
	struct kvm_run *run = guest->vcpu->run;
	struct access *access;
	int ret;

	for (;;) {
		ret = asm_guest_try_run(guest);
		if (ret)
			return RANDOM_FAIL("%s: KVM_RUN: %s, at pc 0x%llx", when,
				    strerror(-ret), guest->regs.pc);

		switch (run->exit_reason) {
		case KVM_EXIT_DEBUG:
			return true;
		case KVM_EXIT_OSI:
			if (guest->regs.pc == end_pc)
				return true;
			run->osi.gprs[5] = hypercall_reply(&guest_log);
			break;
		case KVM_EXIT_MMIO:
			access = device_access(&guest_log, run->mmio.phys_addr, run->mmio.len,
					       run->mmio.is_write, run->mmio.data);
			if (!access)
				return RANDOM_FAIL("%s: too many accesses", when);
			memcpy(run->mmio.data, access->data, access->len);
			break;
		default:
			return RANDOM_FAIL("%s: exit %s, at pc 0x%llx", when,
					   exit_reason_str(run->exit_reason), guest->regs.pc);
		}
	}
}

/* Watchpoints and hardware breakpoints, most of them where the program gets at */
static void rnd_watches(const struct asm_guest *guest, struct kvm_guest_debug *debug)
{
	u64 data = asm_guest_data_addr(guest, GUEST_DATA), mmio = asm_guest_mmio_addr(guest);
	static const u8 types[] = {
		KVMPPC_DEBUG_NONE, KVMPPC_DEBUG_WATCH_READ, KVMPPC_DEBUG_WATCH_WRITE,
		KVMPPC_DEBUG_WATCH_READ | KVMPPC_DEBUG_WATCH_WRITE,
	};
	/* Pages with watched stores only can be mapped. */
	bool stores = !below(4);
	unsigned int i;

	memset(debug, 0, sizeof(*debug));
	debug->control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
	for (i = 0; i < ARRAY_SIZE(debug->arch.bp); i++) {
		u32 h = below(ARRAY_SIZE(handlers)), kind = below(8);
		const u64 places[] = {
			data + below(MEM_SIZE), GUEST_DATA + below(MEM_SIZE),
			mmio + below(DATA_SIZE),
			/* Beside all of the data, but in its page */
			data + MEM_SIZE + below(0x400),
			/* Breakpoints use the last two places. */
			code_ea + 4 * below(code_len),
			handlers[h].vec + 4 * below(handlers[h].nr),
		};

		debug->arch.bp[i].addr = places[kind > 5 ? kind - 2 : kind];
		debug->arch.bp[i].len = kind > 5 ? 4 : 1 + below(kind == 3 ? 0x1000 : 8);
		debug->arch.bp[i].type = kind > 5 ? KVMPPC_DEBUG_BREAKPOINT :
					 stores ? KVMPPC_DEBUG_WATCH_WRITE : types[below(4)];
	}
}

enum mode { FREE, STEPPED, WATCHED };

/* From stop to stop, if there are any; in a watched run, with a step over each hit */
static bool run_program(struct asm_guest *guest, struct state *start, enum mode mode,
			struct kvm_guest_debug *watches)
{
	static const char * const names[] = { "free", "stepped", "watched" };
	struct kvm_run *run = guest->vcpu->run;
	bool step = mode == STEPPED;
	struct state walk = *start;
	unsigned int i, n = 0;
	u32 status = 0;
	char when[64];
	int hit;

	walk_log.nr = 0;
	guest_log.nr = 0;
	put_state(guest, start);
	for (i = 1; walk.regs.pc != walk.end_pc; i++) {
		snprintf(when, sizeof(when), "%s run, stop %u, from 0x%llx", names[mode], i,
			 walk.regs.pc);
		hit = -1;
		do {
			TEST_ASSERT(n++ < MAX_WALK, "The test is wrong: no end");
			if (!step && mode == WATCHED)
				hit = next_hit(&walk, watches, &status);
			if (hit < 0)
				walk_insn(&walk, insn_at(walk.regs.pc));
		} while (!step && hit < 0 && walk.regs.pc != walk.end_pc);

		if (!step && mode == WATCHED)
			vcpu_guest_debug_set(guest->vcpu, watches);
		else if (step && (i == 1 || mode == WATCHED))
			asm_guest_control(guest, GUESTDBG_STEP);
		if (!run_guest(guest, walk.end_pc, when) ||
		    !check_regs(&walk, &guest->regs, when))
			return false;
		if (guest_log.nr != walk_log.nr)
			return RANDOM_FAIL("%s: %u accesses, should be %u", when, guest_log.nr,
					   walk_log.nr);
		if (run->exit_reason != (hit < 0 && walk.regs.pc == walk.end_pc ?
					 KVM_EXIT_OSI : KVM_EXIT_DEBUG))
			return RANDOM_FAIL("%s: exit %s", when, exit_reason_str(run->exit_reason));
		if (hit >= 0 && (run->debug.arch.status != status ||
				 run->debug.arch.address != watches->arch.bp[hit].addr))
			return RANDOM_FAIL("%s: status 0x%x, address 0x%llx", when,
					   run->debug.arch.status, run->debug.arch.address);
		nr_stops[mode]++;
		step ^= mode == WATCHED;
	}
	if (!check_end(guest, &walk, when))
		return false;
	/* The exit at the end has to be completed, too. */
	asm_guest_run_immediate_exit(guest);
	asm_guest_control(guest, GUESTDBG_OFF);
	return true;
}

static void show_program(const struct state *start)
{
	unsigned int i;

	ksft_print_msg("%s\n", why);
	ksft_print_msg("MSR at the start: 0x%llx\n", start->regs.msr);
	for (i = 0; i < code_len - END_INSNS; i++)
		ksft_print_msg("0x%" PRIx64 ": %08x %s %u, %u, %d\n", code_ea + 4 * i,
			       encode(&code[i]), ops[code[i].op].name,
			       code[i].t, code[i].a, code[i].b);
	ksft_print_msg("0x%" PRIx64 ": the end\n", code_ea + 4 * i);
}

enum { SEED, FIRST, NR, LENGTH };
static struct suite_option options[] = {
	[SEED]		= { "s", "seed", 0x5eed },
	[FIRST]		= { "f", "number of the first program", 0 },
	[NR]		= { "n", "programs of each kind of guest", 20 },
	[LENGTH]	= { "l", "items of a program", 10 },
};

/* Random programs run as the model says. (A1, A2, A3, A4, A6, A7, B1, B4, W2, W3, W4) */
TEST_F_TIMEOUT(random, programs, 24 * 3600)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_guest_debug watches;
	struct state start;
	unsigned long i;
	unsigned int h;
	bool watched = vm_check_cap(guest->vm, KVM_CAP_GUEST_DEBUG_HW_WPS);

	for (h = 0; h < ARRAY_SIZE(handlers); h++)
		load_insns(guest, handlers[h].vec, handlers[h].insn, handlers[h].nr);

	for (i = options[FIRST].value; i < options[FIRST].value + options[NR].value; i++) {
		suite_seed(options[SEED].value, i);
		rnd_program(guest, min_t(unsigned long, options[LENGTH].value, MAX_ITEMS));
		rnd_state(&start, guest);
		load_insns(guest, guest->code, code, code_len);
		rnd_watches(guest, &watches);
		if (run_program(guest, &start, FREE, NULL) &&
		    run_program(guest, &start, STEPPED, NULL) &&
		    (!watched || run_program(guest, &start, WATCHED, &watches)))
			continue;
		show_program(&start);
		TEST_FAIL("Program %lu fails, and so it does with -s 0x%lx -f %lu -n 1 -l %lu",
			  i, options[SEED].value, i, options[LENGTH].value);
	}
	ksft_print_msg("%lu programs, %lu steps, %lu hits\n", options[NR].value,
		       nr_stops[STEPPED], nr_stops[WATCHED] / 2);
}

int main(int argc, char *argv[])
{
	suite_options(argc, argv, options, ARRAY_SIZE(options));
	return test_harness_run(1, argv);
}
