// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watchpoints and hardware breakpoints for KVM PR, by the shadow page table
 *
 * A debugger gives up to 16 ranges of effective addresses.  The guest has to stop
 * before an instruction that accesses one of them, or that is at a breakpoint.
 *
 * KVM maps each page of a guest in kvmppc_handle_pagefault(), and for one vCPU
 * only.  So it can keep pages from being used unnoticed.  Such a page is cut:
 *
 *  - CUT_WRITE: only stores to it are watched.  The page is mapped read-only.
 *
 *  - CUT_ALL: loads from it are watched, or there is a breakpoint.  The page is
 *    not mapped, because a hash MMU cannot forbid to read what it executes.
 *
 * Shadow pages are found by VSID and offset in the segment, and a guest may have
 * a VSID in several segments.  So all pages that have the same offset as a
 * watched one are cut, and kvmppc_watch_find() compares the whole address.
 *
 * A fault in a cut page leads to kvmppc_watch_fault().  It decodes the
 * instruction, as the faulting address need not be the first one that the
 * instruction accesses.  If this is a hit, the guest exits.  If not, KVM emulates
 * an aligned load or store of a general register.  Any other instruction gets a
 * pass: KVM lets the CPU step it, and maps all cut pages that it needs, which it
 * remembers.  An unaligned access needs two of them.  The pass survives exits to
 * KVM.  It ends when the instruction has completed, when an interrupt is
 * injected, and at the next KVM_RUN.  Then the pages are unmapped again.
 *
 * A pass that begins by the fetch of an instruction maps the page that it is in.
 * Its data may be in the same page, and would not fault.  So all that the
 * instruction accesses is checked before.  Such a pass goes on with the next
 * instruction, after the same check, as long as the guest stays in the page.
 * KVM interprets the instructions of such a page that change general registers
 * and memory only, because a pass for each takes longer.
 *
 * A pass loses the guest's reservation.  So load-and-reserve and store
 * conditional get none, and are emulated, see book3s_pr_larx.c.  If the CPU has no
 * reservation, a store conditional may fail without a fault, and KVM would not see
 * it.  So from an emulated load-and-reserve on, KVM interprets what follows, or
 * steps it and decodes each instruction before the CPU executes it.  In a page that
 * is mapped read-only, KVM does not see a load-and-reserve, so its store conditional
 * fails.  kvmppc_watch_see_larx() then sets watch_larx.  While it is set, pages with
 * watched stores are not mapped, either.
 */

#include <linux/cache.h>
#include <linux/kvm_host.h>

#include <asm/disassemble.h>
#include <asm/kvm_book3s.h>
#include <asm/kvm_ppc.h>
#include <asm/reg.h>
#include <asm/sstep.h>

#include "book3s.h"

#define WATCH_PAGE_SHIFT	12	/* the smallest shadow page */
#define WATCH_PAGE_MASK		(~0UL << WATCH_PAGE_SHIFT)
#define WATCH_FLUSH_PAGES	64	/* more than that: unmap everything */
#define WATCH_LARX_INSNS	64	/* how far a store conditional may be */

/* Atomic memory operations of Power ISA 3.0 */
#define OP_31_XOP_LWAT		582
#define OP_31_XOP_LDAT		614
#define OP_31_XOP_STWAT		710
#define OP_31_XOP_STDAT		742
#define AMO_TWO_OPERANDS	24	/* FC, from this one on */
#define AMO_DECREMENT_BOUNDED	28	/* the first operand is below EA */

/*
 * Look for a store conditional at one in so many faults.  This is a prime, so that
 * each access of a loop that faults has its turn, unless their number is a multiple
 * of 17.
 */
#define WATCH_LARX_FAULTS	17

enum watch_cut { CUT_NONE, CUT_WRITE, CUT_ALL };

/* What an instruction accesses; size is 0 if it is nothing that counts. */
struct watch_access {
	ulong ea;
	unsigned int size;
	bool write;
	bool both;		/* It loads as well. */
	bool translated;	/* The guest's MMU allows it, at its first byte. */
};

/* Code in split real mode is mapped elsewhere, see kvmppc_fixup_split_real(). */
static ulong kvmppc_watch_code_ea(struct kvm_vcpu *vcpu, ulong ea)
{
	if ((vcpu->arch.hflags & BOOK3S_HFLAG_SPLIT_HACK) &&
	    (ea & SPLIT_HACK_MASK) == SPLIT_HACK_OFFS)
		ea &= ~SPLIT_HACK_MASK;

	return ea;
}

/* Return how the page at this effective address is cut. */
static enum watch_cut kvmppc_watch_cut(struct kvm_vcpu *vcpu, ulong ea)
{
	const u64 mask = (1 << (SID_SHIFT - WATCH_PAGE_SHIFT)) - 1;
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	enum watch_cut cut = CUT_NONE;
	struct kvmppc_watch *w;
	u64 first, pages;

	for (w = vcpu3s->watch; w < vcpu3s->watch + vcpu3s->nr_watches; w++) {
		first = w->addr >> WATCH_PAGE_SHIFT;
		pages = (w->last >> WATCH_PAGE_SHIFT) - first;
		if (((((u64)ea >> WATCH_PAGE_SHIFT) - first) & mask) > pages)
			continue;

		if (w->type != KVMPPC_DEBUG_WATCH_WRITE || vcpu3s->watch_larx)
			return CUT_ALL;
		cut = CUT_WRITE;
	}

	return cut;
}

/*
 * Return true if the segment needs shadow pages of 4K.  With 64K, more accesses
 * would fault, and the code and data of firmware are often in the same 64K.
 */
bool __kvmppc_watch_segment(struct kvm_vcpu *vcpu, ulong esid)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	struct kvmppc_watch *w;

	/*
	 * In split real mode, the code is in another segment than the addresses of
	 * its breakpoints.
	 */
	if ((kvmppc_get_msr(vcpu) & (MSR_IR | MSR_DR)) == MSR_DR)
		return true;

	for (w = vcpu3s->watch; w < vcpu3s->watch + vcpu3s->nr_watches; w++)
		if (esid >= w->addr >> SID_SHIFT && esid <= w->last >> SID_SHIFT)
			return true;

	return false;
}

/* Unmap what is cut from now on. */
static void kvmppc_watch_flush(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	struct kvmppc_watch *w;
	u64 ea, pages = 0;

	for (w = vcpu3s->watch; w < vcpu3s->watch + vcpu3s->nr_watches; w++)
		pages += (w->last >> WATCH_PAGE_SHIFT) -
			 (w->addr >> WATCH_PAGE_SHIFT) + 1;

	if (pages > WATCH_FLUSH_PAGES) {
		kvmppc_mmu_pte_flush(vcpu, 0, 0);
		return;
	}

	for (w = vcpu3s->watch; w < vcpu3s->watch + vcpu3s->nr_watches; w++) {
		for (ea = w->addr & ~0xfffULL; ea <= w->last; ea += SZ_4K) {
			kvmppc_mmu_pte_flush(vcpu, ea, 0x0ffff000);
			if (ea <= ~SPLIT_HACK_MASK)
				kvmppc_mmu_pte_flush(vcpu, ea | SPLIT_HACK_OFFS,
						     0x0ffff000);
			if (ea + SZ_4K < ea)
				break;
		}
	}
}

static bool kvmppc_watch_overlaps(const struct kvmppc_watch *w, u64 first, u64 last)
{
	return first <= w->last && last >= w->addr;
}

/* The first watchpoint of these types that an access overlaps */
static struct kvmppc_watch *kvmppc_watch_find(struct kvm_vcpu *vcpu, u64 first,
					      unsigned int size, u32 types)
{
	u64 top = kvmppc_get_msr(vcpu) & MSR_64BIT ? ~0ULL : 0xffffffffULL;
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	u64 last = (first + size - 1) & top;
	struct kvmppc_watch *w;

	first &= top;
	for (w = vcpu3s->watch; w < vcpu3s->watch + vcpu3s->nr_watches; w++) {
		if (!(w->type & types))
			continue;

		if (last >= first ? kvmppc_watch_overlaps(w, first, last) :
				    kvmppc_watch_overlaps(w, first, top) ||
				    kvmppc_watch_overlaps(w, 0, last))
			return w;
	}

	return NULL;
}

static void kvmppc_watch_exit(struct kvm_vcpu *vcpu, struct kvmppc_watch *w,
			      u32 status)
{
	kvmppc_debug_exit(vcpu);
	vcpu->run->debug.arch.address = w->addr;
	vcpu->run->debug.arch.status = status;
}

static bool kvmppc_watch_xlate(struct kvm_vcpu *vcpu, ulong ea, bool write)
{
	struct kvmppc_pte pte;
	int idx, r;

	if (!(kvmppc_get_msr(vcpu) & MSR_64BIT))
		ea = (u32)ea;

	/* A page fault's handler holds it already, a Trace interrupt's does not. */
	idx = srcu_read_lock(&vcpu->kvm->srcu);
	r = kvmppc_xlate(vcpu, ea, XLATE_DATA, write ? XLATE_WRITE : XLATE_READ, &pte);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);

	return !r && (write ? pte.may_write : pte.may_read);
}

/*
 * Does an access stop the guest?  Not if it causes an interrupt, which comes
 * first.
 */
static struct kvmppc_watch *kvmppc_watch_stops(struct kvm_vcpu *vcpu,
					       const struct watch_access *a)
{
	u32 types = a->write ? KVMPPC_DEBUG_WATCH_WRITE : KVMPPC_DEBUG_WATCH_READ;
	struct kvmppc_watch *w = NULL;

	if (a->both)
		types |= KVMPPC_DEBUG_WATCH_READ;

	if (a->size)
		w = kvmppc_watch_find(vcpu, a->ea, a->size, types);

	if (!w || (!a->translated && !kvmppc_watch_xlate(vcpu, a->ea, a->write)))
		return NULL;

	if (((a->ea + a->size - 1) ^ a->ea) & WATCH_PAGE_MASK &&
	    !kvmppc_watch_xlate(vcpu, a->ea + a->size - 1, a->write))
		return NULL;

	return w;
}

/* Return true, with kvm_run filled in, if an access stops the guest. */
static bool kvmppc_watch_hit(struct kvm_vcpu *vcpu, const struct watch_access *a)
{
	struct kvmppc_watch *w = kvmppc_watch_stops(vcpu, a);

	if (!w)
		return false;

	if (a->write && (!a->both || w->type & KVMPPC_DEBUG_WATCH_WRITE))
		kvmppc_watch_exit(vcpu, w, KVMPPC_DEBUG_WATCH_WRITE);
	else
		kvmppc_watch_exit(vcpu, w, KVMPPC_DEBUG_WATCH_READ);
	return true;
}

/*
 * Decode an atomic memory operation of Power ISA 3.0, which analyse_instr() does
 * not know.  Its type is UNKNOWN then, with a size and an address.
 */
static bool kvmppc_watch_decode_amo(struct kvm_vcpu *vcpu, u32 inst,
				    struct instruction_op *op)
{
	unsigned int fc = get_rb(inst), size = 4;

	if (!cpu_has_feature(CPU_FTR_ARCH_300) || get_op(inst) != 31)
		return false;

	switch (get_xop(inst)) {
	case OP_31_XOP_LDAT:
	case OP_31_XOP_STDAT:
		size = 8;
		break;
	case OP_31_XOP_LWAT:
	case OP_31_XOP_STWAT:
		break;
	default:
		return false;
	}

	op->ea = get_ra(inst) ? kvmppc_get_gpr(vcpu, get_ra(inst)) : 0;
	if (!IS_ALIGNED(op->ea, size))
		return false;

	if (fc == AMO_DECREMENT_BOUNDED)
		op->ea -= size;
	if (fc >= AMO_TWO_OPERANDS)
		size *= 2;

	op->type = MKOP(UNKNOWN, 0, size);
	return true;
}

/* Return false if KVM cannot decode the instruction. */
static bool kvmppc_watch_analyse(struct kvm_vcpu *vcpu, u32 inst,
				 struct instruction_op *op)
{
	/* In such a guest, some opcodes are other instructions. */
	if (kvmppc_inst_is_paired_single(vcpu, inst) &&
	    (get_op(inst) == 4 || get_op(inst) >= 56))
		return false;

	if (get_op(inst) == OP_PREFIX)
		return false;

	vcpu->arch.regs.msr = kvmppc_get_msr(vcpu);
	if (analyse_instr(op, &vcpu->arch.regs, ppc_inst(inst)) < 0)
		return false;

	return GETTYPE(op->type) != UNKNOWN || kvmppc_watch_decode_amo(vcpu, inst, op);
}

/*
 * The access that an instruction makes.  An instruction whose facility is off, or
 * that has to be aligned and is not, causes an interrupt and makes no access.
 */
static struct watch_access kvmppc_watch_access(struct kvm_vcpu *vcpu,
					       const struct instruction_op *op)
{
	struct watch_access none = {}, a = {
		.ea = op->ea,
		.size = GETSIZE(op->type),
		.write = OP_IS_STORE(GETTYPE(op->type)),
	};
	ulong msr = kvmppc_get_msr(vcpu);

	switch (GETTYPE(op->type)) {
	case LOAD:
	case STORE:
		/* An unaligned lq or stq causes an Alignment interrupt. */
		if (a.size == 16 && !IS_ALIGNED(a.ea, a.size))
			return none;
		break;
	case LOAD_MULTI:
	case STORE_MULTI:
		/* In little-endian mode, these cause an Alignment interrupt. */
		if (msr & MSR_LE)
			return none;
		break;
	case LARX:
	case STCX:
		if (!IS_ALIGNED(a.ea, a.size))
			return none;
		break;
	case LOAD_FP:
	case STORE_FP:
		if (!(msr & MSR_FP))
			return none;
		break;
	case LOAD_VMX:
	case STORE_VMX:
		if (!(msr & MSR_VEC))
			return none;
		a.ea &= ~(a.size - 1UL);
		break;
	case LOAD_VSX:
	case STORE_VSX:
		/* For VSRs 32 to 63, some need MSR[VEC] instead of MSR[VSX]. */
		if (!(msr & (op->reg >= 32 && (op->vsx_flags & VSX_CHECK_VEC) ?
			     MSR_VEC : MSR_VSX)))
			return none;
		break;
	case CACHEOP:
		if ((op->type & CACHEOP_MASK) != DCBZ)
			return none;
		a.size = vcpu->arch.mmu.is_dcbz32(vcpu) ? 32 : l1_dcache_bytes();
		a.ea &= ~(a.size - 1UL);
		a.write = true;
		break;
	case UNKNOWN:
		/* Either nothing that counts, or an atomic memory operation */
		if (!a.size)
			return none;
		a.write = true;
		a.both = true;
		break;
	default:
		return none;
	}

	if (!(msr & MSR_64BIT))
		a.ea = (u32)a.ea;

	return a;
}

/* The breakpoint at the next instruction */
static struct kvmppc_watch *kvmppc_watch_breakpoint(struct kvm_vcpu *vcpu)
{
	return kvmppc_watch_find(vcpu, kvmppc_watch_code_ea(vcpu, kvmppc_get_pc(vcpu)),
				 1, KVMPPC_DEBUG_BREAKPOINT);
}

/*
 * Return true if an instruction stops the guest, because it accesses a watched
 * range or has a breakpoint.  The PC is at the instruction, which has not been
 * executed yet, and op says what it does.  A store conditional that is not
 * reserved fails, and stores nothing.
 */
bool kvmppc_watch_stops_insn(struct kvm_vcpu *vcpu, const struct instruction_op *op,
			     bool reserved)
{
	struct watch_access a = kvmppc_watch_access(vcpu, op);

	if (kvmppc_watch_breakpoint(vcpu))
		return true;

	return (reserved || GETTYPE(op->type) != STCX) && kvmppc_watch_stops(vcpu, &a);
}

/* Decode an instruction.  Return false if it makes no access that KVM can decode. */
static bool kvmppc_watch_decode_inst(struct kvm_vcpu *vcpu, u32 inst,
				     struct instruction_op *op)
{
	/* Loads, stores and cache operations have these opcodes.  6 is lxvp and stxvp. */
	return (get_op(inst) >= 31 || get_op(inst) == 6) &&
	       kvmppc_watch_analyse(vcpu, inst, op);
}

/* Decode the instruction at the PC.  Return false as kvmppc_watch_decode_inst(). */
static bool kvmppc_watch_decode(struct kvm_vcpu *vcpu, struct instruction_op *op)
{
	u32 inst;

	return kvmppc_fetch_inst(vcpu, &inst) && kvmppc_watch_decode_inst(vcpu, inst, op);
}

/* Fill in kvm_run if the guest stops before the next instruction. */
static bool kvmppc_watch_hit_insn(struct kvm_vcpu *vcpu, const struct instruction_op *op,
				  int *r)
{
	struct watch_access a = kvmppc_watch_access(vcpu, op);
	struct kvmppc_watch *w = kvmppc_watch_breakpoint(vcpu);

	if (w)
		kvmppc_watch_exit(vcpu, w, KVMPPC_DEBUG_BREAKPOINT);
	else if (!kvmppc_watch_hit(vcpu, &a))
		return false;

	*r = RESUME_HOST;
	return true;
}

/**
 * kvmppc_watch_see_larx - let each load-and-reserve in watched pages fault
 * @vcpu: the vCPU, which is at a store conditional in such a page
 *
 * KVM has not seen the load-and-reserve, so the store conditional fails.
 */
void kvmppc_watch_see_larx(struct kvm_vcpu *vcpu)
{
	if (to_book3s(vcpu)->watch_larx)
		return;

	to_book3s(vcpu)->watch_larx = true;
	kvmppc_watch_flush(vcpu);
}

/**
 * kvmppc_watch_reserved - interpret or step up to the store conditional
 * @vcpu: the vCPU, with a reservation in vcpu3s->res that the CPU does not have
 *
 * Return: RESUME_GUEST_NV, or RESUME_HOST if the guest stops.
 */
int kvmppc_watch_reserved(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	struct instruction_op op;
	int r;

	if (kvmppc_larx_continue(vcpu))
		return RESUME_GUEST_NV;

	if (!kvmppc_watch_decode(vcpu, &op))
		op.type = UNKNOWN;

	if (kvmppc_watch_hit_insn(vcpu, &op, &r))
		return r;

	/* The CPU does not have the reservation. */
	if (GETTYPE(op.type) == STCX && kvmppc_larx_single(vcpu, &op))
		return RESUME_GUEST_NV;

	/* An interrupt has ended the reservation. */
	if (!vcpu3s->res.size)
		return RESUME_GUEST_NV;

	vcpu3s->pass_code = false;
	vcpu3s->pass_nr = 0;
	vcpu3s->pass_larx = WATCH_LARX_INSNS;
	kvmppc_begin_kvm_step(vcpu, KVM_STEP_WATCH);
	return RESUME_GUEST_NV;
}

/* Emulate the instruction if it is a load-and-reserve or store conditional. */
static bool kvmppc_watch_larx(struct kvm_vcpu *vcpu, struct instruction_op *op, int *r)
{
	bool larx = GETTYPE(op->type) == LARX;

	if (!larx && GETTYPE(op->type) != STCX)
		return false;

	if (!larx && !to_book3s(vcpu)->res.size && kvmppc_watch_cut(vcpu, op->ea))
		kvmppc_watch_see_larx(vcpu);

	if (!kvmppc_larx_single(vcpu, op))
		return false;

	*r = RESUME_GUEST_NV;
	if (larx && to_book3s(vcpu)->res.size && !kvmppc_debug_stepping(vcpu))
		*r = kvmppc_watch_reserved(vcpu);

	return true;
}

/**
 * kvmppc_watch_start - begin a step over a load-and-reserve or store conditional
 * @vcpu: the vCPU
 * @inst: the instruction
 *
 * Return: false if the guest stops before the instruction.
 */
bool kvmppc_watch_start(struct kvm_vcpu *vcpu, u32 inst)
{
	struct instruction_op op;
	int r;

	if (!kvmppc_watch_decode_inst(vcpu, inst, &op))
		op.type = UNKNOWN;

	if (!kvmppc_watch_hit_insn(vcpu, &op, &r) && !kvmppc_watch_larx(vcpu, &op, &r))
		return true;

	return r != RESUME_HOST;
}

/*
 * Handle a store conditional without a reservation, in a page of code that is
 * cut.  Its load-and-reserve may be in a page that is mapped.  The CPU would
 * execute it there, and the fetch of this page would lose the reservation each
 * time.  Interpret the loop from the store conditional on.  Return true if the
 * guest has got any further.
 */
static bool kvmppc_watch_larx_elsewhere(struct kvm_vcpu *vcpu,
					const struct instruction_op *op)
{
	if (GETTYPE(op->type) != STCX || to_book3s(vcpu)->res.size ||
	    !kvmppc_larx_around(vcpu))
		return false;

	if (to_book3s(vcpu)->kvm_steps)
		kvmppc_end_kvm_steps(vcpu);
	return true;
}

/*
 * The PC is in a page that is cut.  Return true if the guest stops before the
 * instruction, or if KVM has emulated it.  @r is then the value to return.
 */
static bool kvmppc_watch_next(struct kvm_vcpu *vcpu, int *r)
{
	struct instruction_op op;

	if (!kvmppc_watch_decode(vcpu, &op))
		op.type = UNKNOWN;

	if (kvmppc_watch_hit_insn(vcpu, &op, r))
		return true;

	if (kvmppc_watch_larx_elsewhere(vcpu, &op)) {
		*r = RESUME_GUEST_NV;
		return true;
	}

	return kvmppc_watch_larx(vcpu, &op, r);
}

static void kvmppc_watch_unmap_code(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);

	if (vcpu3s->pass_code)
		kvmppc_mmu_pte_flush(vcpu, vcpu3s->pass_code_ea, WATCH_PAGE_MASK);
	vcpu3s->pass_code = false;
}

static void kvmppc_watch_unmap_data(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);

	while (vcpu3s->pass_nr)
		kvmppc_mmu_pte_flush(vcpu, vcpu3s->pass_ea[--vcpu3s->pass_nr],
				     WATCH_PAGE_MASK);
}

/* Remember a page that is cut, and mapped for this instruction only. */
static void kvmppc_watch_begin_pass(struct kvm_vcpu *vcpu, ulong ea, bool data)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	int i;

	if (!(vcpu3s->kvm_steps & KVM_STEP_WATCH)) {
		vcpu3s->pass_code = false;
		vcpu3s->pass_nr = 0;
		vcpu3s->pass_larx = 0;
		kvmppc_begin_kvm_step(vcpu, KVM_STEP_WATCH);
	}

	ea &= WATCH_PAGE_MASK;
	if (!data) {
		if (vcpu3s->pass_code && vcpu3s->pass_code_ea != ea)
			kvmppc_watch_unmap_code(vcpu);
		vcpu3s->pass_code = true;
		vcpu3s->pass_code_ea = ea;
		return;
	}

	for (i = 0; i < vcpu3s->pass_nr; i++)
		if (vcpu3s->pass_ea[i] == ea)
			return;

	/*
	 * One instruction needs two pages at most.  There can be more if another vCPU
	 * changes the instruction before it has completed.
	 */
	if (i == ARRAY_SIZE(vcpu3s->pass_ea))
		kvmppc_watch_unmap_data(vcpu);
	vcpu3s->pass_ea[vcpu3s->pass_nr++] = ea;
}

/* The instruction that had a pass has completed, or the guest goes on elsewhere. */
void kvmppc_watch_end_pass(struct kvm_vcpu *vcpu)
{
	kvmppc_watch_unmap_data(vcpu);
	kvmppc_watch_unmap_code(vcpu);
	to_book3s(vcpu)->pass_larx = 0;
}

/**
 * kvmppc_watch_traced - an instruction with a pass has completed
 * @vcpu: the vCPU, which nobody but KVM steps
 *
 * Return: RESUME_GUEST, or RESUME_HOST if the next one stops the guest.
 */
int kvmppc_watch_traced(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	int r, resume = RESUME_GUEST;
	bool code;

	if (vcpu3s->pass_larx)
		vcpu3s->pass_larx--;

	if (!vcpu3s->pass_larx)
		vcpu3s->res.size = 0;

	if (vcpu3s->pass_code && !vcpu3s->pass_larx &&
	    kvmppc_interpret_page(vcpu, vcpu3s->pass_code_ea))
		resume = RESUME_GUEST_NV;

	code = vcpu3s->pass_code &&
	       (kvmppc_get_pc(vcpu) & WATCH_PAGE_MASK) == vcpu3s->pass_code_ea;
	if (!code && !vcpu3s->pass_larx) {
		kvmppc_end_kvm_steps(vcpu);
		return resume;
	}

	kvmppc_watch_unmap_data(vcpu);
	if (!code)
		kvmppc_watch_unmap_code(vcpu);
	if (kvmppc_watch_next(vcpu, &r))
		return r;

	kvmppc_debug_note_step(vcpu);
	return resume;
}

/**
 * __kvmppc_watch_fault - handle a fault while there are watchpoints
 * @vcpu: the vCPU, whose access or fetch the guest's MMU has translated
 * @pte: the translation; may_write is cleared for a mapping that is cut
 * @data: false for a fetch
 * @iswrite: true for a store
 * @memory: whether the page can be mapped, or else is MMIO
 * @r: how to go on, if that is not to map the page or to emulate MMIO
 *
 * Return: whether @r is valid.
 */
bool __kvmppc_watch_fault(struct kvm_vcpu *vcpu, struct kvmppc_pte *pte, bool data,
			  bool iswrite, bool memory, int *r)
{
	struct watch_access a = { pte->eaddr, 1, iswrite };
	struct instruction_op op = { .type = UNKNOWN };
	enum watch_cut cut = CUT_NONE;
	ppc_inst_t inst;
	u64 vsid;

	/*
	 * A segment with shadow pages of 64K has no watchpoint, and shares no VSID
	 * of the host with a segment that has one.
	 */
	if (memory &&
	    !vcpu->arch.mmu.esid_to_vsid(vcpu, pte->eaddr >> SID_SHIFT, &vsid) &&
	    !(vsid & VSID_64K))
		cut = kvmppc_watch_cut(vcpu, data ? pte->eaddr :
					     kvmppc_watch_code_ea(vcpu, pte->eaddr));

	if (memory ? !cut : !data)
		return false;

	if (cut == CUT_WRITE && !iswrite) {
		pte->may_write = false;
		return false;
	}

	if (!data) {
		if (!to_book3s(vcpu)->kvm_steps &&
		    kvmppc_interpret_page(vcpu, pte->eaddr & WATCH_PAGE_MASK)) {
			*r = RESUME_GUEST_NV;
			return true;
		}

		if (kvmppc_watch_next(vcpu, r))
			return true;
		goto pass;
	}

	/* Another vCPU may have changed the translation of the code meanwhile. */
	if (kvmppc_get_last_inst(vcpu, INST_GENERIC, &inst) != EMULATE_DONE) {
		*r = RESUME_GUEST;
		return true;
	}

	if (kvmppc_watch_analyse(vcpu, ppc_inst_val(inst), &op))
		a = kvmppc_watch_access(vcpu, &op);

	a.translated = a.write == iswrite && !((a.ea ^ pte->eaddr) & WATCH_PAGE_MASK);
	if (kvmppc_watch_hit(vcpu, &a)) {
		if (GETTYPE(op.type) == STCX)
			kvmppc_watch_see_larx(vcpu);
		*r = RESUME_HOST;
		return true;
	}

	if (!memory)
		return false;

	if (kvmppc_watch_larx(vcpu, &op, r))
		return true;

	/*
	 * The access may be between a load-and-reserve and a store conditional of
	 * another page.  Such a sequence never ends, as each fault loses the
	 * reservation.  In a pass, KVM sees the store conditional.
	 */
	if (!(++to_book3s(vcpu)->watch_faults % WATCH_LARX_FAULTS) &&
	    !to_book3s(vcpu)->kvm_steps && kvmppc_larx_around(vcpu)) {
		*r = RESUME_GUEST_NV;
		return true;
	}

	/* A pass takes another exit, but do not end one that has begun. */
	if (!(to_book3s(vcpu)->kvm_steps & KVM_STEP_WATCH) &&
	    kvmppc_emulate_access(vcpu, &op)) {
		*r = RESUME_GUEST_NV;
		return true;
	}

pass:
	kvmppc_watch_begin_pass(vcpu, pte->eaddr, data);
	return false;
}

/* KVM is about to make an access for the guest: does it stop the guest? */
bool __kvmppc_watch_access(struct kvm_vcpu *vcpu, ulong ea, int size, bool write)
{
	struct watch_access a = { ea, size, write };

	return kvmppc_watch_hit(vcpu, &a);
}

/**
 * kvmppc_watch_check - check what userspace gives KVM_SET_GUEST_DEBUG
 * @arch: the hardware breakpoints
 *
 * Return: 0 or -EINVAL.
 */
int kvmppc_watch_check(const struct kvm_guest_debug_arch *arch)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(arch->bp); i++) {
		u64 addr = arch->bp[i].addr;
		u32 len = arch->bp[i].len;

		switch (arch->bp[i].type) {
		case KVMPPC_DEBUG_NONE:
			break;
		case KVMPPC_DEBUG_BREAKPOINT:
			if (!IS_ALIGNED(addr, 4) || (len && len != 4))
				return -EINVAL;
			break;
		case KVMPPC_DEBUG_WATCH_READ:
		case KVMPPC_DEBUG_WATCH_WRITE:
		case KVMPPC_DEBUG_WATCH_READ | KVMPPC_DEBUG_WATCH_WRITE:
			if (!len || addr + len - 1 < addr)
				return -EINVAL;
			break;
		default:
			return -EINVAL;
		}
	}

	return 0;
}

/**
 * kvmppc_watch_set - replace the watchpoints
 * @vcpu: the vCPU, loaded
 * @arch: the hardware breakpoints, which have been checked, or NULL for none
 */
void kvmppc_watch_set(struct kvm_vcpu *vcpu, const struct kvm_guest_debug_arch *arch)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	int i, n = 0;
	u32 len;

	for (i = 0; arch && i < ARRAY_SIZE(arch->bp); i++) {
		if (arch->bp[i].type == KVMPPC_DEBUG_NONE)
			continue;

		len = arch->bp[i].len;
		if (arch->bp[i].type == KVMPPC_DEBUG_BREAKPOINT)
			len = 4;

		vcpu3s->watch[n].addr = arch->bp[i].addr;
		vcpu3s->watch[n].last = arch->bp[i].addr + len - 1;
		vcpu3s->watch[n].type = arch->bp[i].type;
		n++;
	}

	if (!n) {
		/* kvmppc_watching() returns false without watchpoints. */
		vcpu->guest_debug &= ~KVM_GUESTDBG_USE_HW_BP;
		if (!vcpu3s->nr_watches)
			return;
	}

	vcpu3s->nr_watches = n;
	kvmppc_watch_flush(vcpu);

	/* Their shadow pages may have another size now. */
	if (IS_ENABLED(CONFIG_PPC_64K_PAGES))
		kvmppc_mmu_flush_segments(vcpu);
}
