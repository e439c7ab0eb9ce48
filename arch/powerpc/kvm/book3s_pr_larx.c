// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load-and-reserve sequences that KVM PR has to emulate
 *
 * KVM emulates them for two reasons.  The first one is an instruction in the
 * sequence that KVM has to emulate.
 *
 * A guest may have an instruction that KVM emulates between a load-and-reserve
 * and its store conditional.  32-bit Linux has mfsrin there, in hash_page().
 * The exit to KVM loses the reservation.  The store conditional fails, and the
 * guest branches back to the load-and-reserve and the same exit, without end.
 *
 * KVM interprets such a sequence.  It starts behind the instruction that it has
 * just emulated, and is in one of two states:
 *
 *  - No reservation.  This is the state at the start, because the exit has lost
 *    the guest's reservation.  A store conditional fails, as it would on the
 *    CPU.  A load-and-reserve leads to the other state.
 *
 *  - A reservation: the real address, the size and the value that was loaded.
 *    A store conditional of that address and size is a compare-and-swap in the
 *    guest's memory.  It is atomic with respect to the other vCPUs.  Any other
 *    store conditional fails.  Both end the interpretation.
 *
 * The interpretation also ends before each instruction that it does not handle
 * or that would fault, and when the guest leaves the loop.  The guest then runs
 * from there without a reservation.
 *
 * A store conditional succeeds even if the memory had another value in between
 * and got the old one back.  TCG does the same.
 *
 * The hot path counts emulated instructions, and calls kvmppc_emulate_larx() for
 * one in larx_mask + 1 of them.  KVM looks for a store conditional ahead if the
 * guest went back a little since the last call.  A success sets larx_mask to 0
 * for up to LARX_CREDIT emulated instructions, fewer if KVM finds no other loop.
 *
 * The second reason is a debugger that steps through such a sequence.  Each step
 * loses the guest's reservation.  So KVM emulates every load-and-reserve and
 * store conditional that is stepped over.  The reservation is in vcpu3s->res
 * from one KVM_RUN to the next.  It ends with a store conditional, and with an
 * interrupt that KVM injects.  KVM must see each load-and-reserve that replaces it.
 * So when the debugger lets the guest go, KVM interprets the rest of the sequence,
 * or goes on stepping it, and gives the reservation up if that takes too long.
 * Watchpoints need the same in pages that are cut, see book3s_pr_watch.c.
 */

#include <linux/kvm_host.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include <asm/cmpxchg.h>
#include <asm/disassemble.h>
#include <asm/kvm_book3s.h>
#include <asm/kvm_ppc.h>
#include <asm/reg.h>
#include <asm/sstep.h>

#include "book3s.h"

#define LARX_CREDIT	4096
#define LARX_WORDS	32	/* how far ahead the store conditional may be */
#define LARX_REACH	(2 * LARX_WORDS * sizeof(u32))	/* size of a loop, at most */
#define LARX_INSNS	96	/* to interpret in one go, at most */
#define PAGE_INSNS	96	/* to interpret in one go, in a page with a breakpoint */

/* Convert a value of any size between the host's and the guest's byte order. */
static ulong kvmppc_larx_val(struct kvm_vcpu *vcpu, ulong val, int size)
{
	return kvmppc_need_byteswap(vcpu) ? swab64(val) >> (64 - 8 * size) : val;
}

/* The effective address of a load or store */
static ulong kvmppc_larx_ea(struct kvm_vcpu *vcpu, struct instruction_op *op)
{
	return kvmppc_get_msr(vcpu) & MSR_SF ? op->ea : (u32)op->ea;
}

/*
 * Translate the address of a load or store.  Return false if the access would
 * cause an interrupt, or is to the magic page, which is not in a memory slot.
 */
static bool kvmppc_larx_xlate(struct kvm_vcpu *vcpu, struct instruction_op *op,
			      bool iswrite, gpa_t *gpa)
{
	ulong mp_pa = vcpu->arch.magic_page_pa & KVM_PAM & PAGE_MASK;
	int size = GETSIZE(op->type);
	struct kvmppc_pte pte;
	ulong ea = kvmppc_larx_ea(vcpu, op);

	if (!(kvmppc_get_msr(vcpu) & MSR_SF))
		mp_pa = (u32)mp_pa;

	if (size > sizeof(ulong) || !IS_ALIGNED(ea, size))
		return false;

	if (kvmppc_xlate(vcpu, ea, XLATE_DATA, iswrite ? XLATE_WRITE : XLATE_READ,
			 &pte) || !(iswrite ? pte.may_write : pte.may_read))
		return false;

	*gpa = pte.raddr;
	return !mp_pa || (pte.raddr & KVM_PAM & PAGE_MASK) != mp_pa;
}

/* Where userspace has this memory of the guest, or NULL */
static void __user *kvmppc_larx_user(struct kvm_vcpu *vcpu, gpa_t gpa)
{
	ulong hva = kvm_vcpu_gfn_to_hva(vcpu, gpa >> PAGE_SHIFT);

	if (kvm_is_error_hva(hva))
		return NULL;

	return (void __user *)(hva + offset_in_page(gpa));
}

/* Load by a single access. */
static bool kvmppc_larx_read(struct kvm_vcpu *vcpu, gpa_t gpa, int size, ulong *val)
{
	void __user *p = kvmppc_larx_user(vcpu, gpa);

	if (!p)
		return false;

	switch (size) {
	case 1:
		return !get_user(*val, (u8 __user *)p);
	case 2:
		return !get_user(*val, (u16 __user *)p);
	case 4:
		return !get_user(*val, (u32 __user *)p);
	default:
		return !get_user(*val, (ulong __user *)p);
	}
}

/* Fetch the next instruction. */
bool kvmppc_fetch_inst(struct kvm_vcpu *vcpu, u32 *inst)
{
	ulong pc = kvmppc_get_pc(vcpu), val;
	struct kvmppc_pte pte;
	bool done = false;

	if (!(kvmppc_get_msr(vcpu) & MSR_64BIT))
		pc = (u32)pc;

	kvm_vcpu_srcu_read_lock(vcpu);
	if (!kvmppc_xlate(vcpu, pc, XLATE_INST, XLATE_READ, &pte) && pte.may_execute &&
	    kvmppc_larx_read(vcpu, pte.raddr, sizeof(*inst), &val)) {
		*inst = kvmppc_larx_val(vcpu, val, sizeof(*inst));
		done = true;
	}
	kvm_vcpu_srcu_read_unlock(vcpu);

	return done;
}

/* Execute a load-and-reserve.  Return false if that was not possible. */
static bool kvmppc_larx(struct kvm_vcpu *vcpu, struct instruction_op *op,
			struct kvmppc_reservation *res)
{
	int size = GETSIZE(op->type);
	gpa_t gpa;
	ulong val;

	if (!kvmppc_larx_xlate(vcpu, op, false, &gpa) ||
	    !kvmppc_larx_read(vcpu, gpa, size, &val))
		return false;

	*res = (struct kvmppc_reservation){ gpa, val, size };
	kvmppc_set_gpr(vcpu, op->reg, kvmppc_larx_val(vcpu, val, size));
	return true;
}

/*
 * Execute a load or store of a general register by a single access, as the CPU's
 * would be.  Return false if the CPU has to execute it.
 */
static bool kvmppc_larx_access(struct kvm_vcpu *vcpu, struct instruction_op *op)
{
	bool store = GETTYPE(op->type) == STORE;
	int size = GETSIZE(op->type), rc;
	int shift = 8 * (sizeof(ulong) - size);
	void __user *p;
	gpa_t gpa;
	ulong val;

	/* In 32-bit mode, not all CPUs set the upper half of RA to 0. */
	if ((op->type & UPDATE) && !(kvmppc_get_msr(vcpu) & MSR_64BIT) &&
	    op->ea != (u32)op->ea)
		return false;

	if (!kvmppc_larx_xlate(vcpu, op, store, &gpa))
		return false;

	if (store) {
		val = kvmppc_get_gpr(vcpu, op->reg);
		if (op->type & BYTEREV)
			val = swab64(val) >> (64 - 8 * size);
		val = kvmppc_larx_val(vcpu, val, size);
		p = kvmppc_larx_user(vcpu, gpa);
		if (!p)
			return false;

		switch (size) {
		case 1:
			rc = put_user(val, (u8 __user *)p);
			break;
		case 2:
			rc = put_user(val, (u16 __user *)p);
			break;
		case 4:
			rc = put_user(val, (u32 __user *)p);
			break;
		default:
			rc = put_user(val, (ulong __user *)p);
			break;
		}
		if (rc)
			return false;

		kvm_vcpu_mark_page_dirty(vcpu, gpa >> PAGE_SHIFT);
		/* That may have been an instruction. */
		kvmppc_mmu_code_written(vcpu->kvm, gpa);
	} else {
		if (!kvmppc_larx_read(vcpu, gpa, size, &val))
			return false;

		val = kvmppc_larx_val(vcpu, val, size);
		if (op->type & BYTEREV)
			val = swab64(val) >> (64 - 8 * size);
		if (op->type & SIGNEXT)
			val = (long)(val << shift) >> shift;
		kvmppc_set_gpr(vcpu, op->reg, val);
	}

	if (op->type & UPDATE)
		kvmppc_set_gpr(vcpu, op->update_reg, op->ea);
	return true;
}

/**
 * kvmppc_emulate_access - execute a load or store of a general register
 * @vcpu: the vCPU, with the PC at the instruction
 * @op: what the instruction does
 *
 * The caller holds kvm->srcu.
 *
 * Return: false if the CPU has to execute it.
 */
bool kvmppc_emulate_access(struct kvm_vcpu *vcpu, struct instruction_op *op)
{
	if (GETTYPE(op->type) != LOAD && GETTYPE(op->type) != STORE)
		return false;

	/* A transaction would not undo it. */
	if (MSR_TM_ACTIVE(kvmppc_get_msr_tm(vcpu)) || !kvmppc_larx_access(vcpu, op))
		return false;

	kvmppc_set_pc(vcpu, kvmppc_get_pc(vcpu) + 4);
	kvmppc_debug_larx_done(vcpu);
	return true;
}

/*
 * Execute a store conditional.  Return EMULATE_FAIL if that was not possible, and
 * EMULATE_AGAIN if the guest takes an interrupt instead.
 */
static enum emulation_result kvmppc_stcx(struct kvm_vcpu *vcpu,
					 struct instruction_op *op,
					 struct kvmppc_reservation *res)
{
	bool stored = false, writable;
	int size = GETSIZE(op->type);
	ulong val, cr;
	gpa_t gpa;
	void *p;

	writable = kvmppc_larx_xlate(vcpu, op, true, &gpa);
	if (!writable && !kvmppc_larx_xlate(vcpu, op, false, &gpa))
		return EMULATE_FAIL;

	if (res->size == size && res->gpa == gpa) {
		/*
		 * The CPU does not have the reservation.  Some CPUs would fail the
		 * store conditional without this interrupt, and the guest would
		 * try for ever.
		 */
		if (!writable) {
			kvmppc_core_queue_data_storage(vcpu, 0, kvmppc_larx_ea(vcpu, op),
						       DSISR_ISSTORE | DSISR_PROTFAULT);
			res->size = 0;
			return EMULATE_AGAIN;
		}

		CLASS(kvm_vcpu_map_local, m)(vcpu, gpa >> PAGE_SHIFT);
		if (m.ret || !m.map.page)
			return EMULATE_FAIL;

		val = kvmppc_larx_val(vcpu, op->val, size);
		p = m.map.hva + offset_in_page(gpa);
		switch (size) {
		case 1:
			stored = cmpxchg((u8 *)p, res->val, val) == res->val;
			break;
		case 2:
			stored = cmpxchg((u16 *)p, res->val, val) == res->val;
			break;
		case 4:
			stored = cmpxchg((u32 *)p, res->val, val) == res->val;
			break;
		default:
			stored = cmpxchg((ulong *)p, res->val, val) == res->val;
			break;
		}
	}

	/*
	 * The guest may have stored an instruction, so rescan the page for
	 * dcbz.
	 */
	if (stored)
		kvmppc_mmu_code_written(vcpu->kvm, gpa);

	res->size = 0;
	cr = kvmppc_get_cr(vcpu) & 0x0fffffff;
	cr |= stored << 29 | (kvmppc_get_xer(vcpu) & 0x80000000) >> 3;
	kvmppc_set_cr(vcpu, cr);
	return EMULATE_DONE;
}

/*
 * Execute a load-and-reserve or store conditional with a reservation that KVM
 * keeps after this exit.  Return false if the CPU has to execute it.
 */
bool kvmppc_larx_single(struct kvm_vcpu *vcpu, struct instruction_op *op)
{
	struct kvmppc_reservation *res = &to_book3s(vcpu)->res;
	enum emulation_result er = EMULATE_FAIL;

	/* A transaction would not undo it. */
	if (MSR_TM_ACTIVE(kvmppc_get_msr_tm(vcpu)))
		return false;

	kvm_vcpu_srcu_read_lock(vcpu);
	if (GETTYPE(op->type) == STCX)
		er = kvmppc_stcx(vcpu, op, res);
	else if (kvmppc_larx(vcpu, op, res))
		er = EMULATE_DONE;
	kvm_vcpu_srcu_read_unlock(vcpu);

	if (er == EMULATE_DONE) {
		kvmppc_set_pc(vcpu, kvmppc_get_pc(vcpu) + 4);
		kvmppc_debug_larx_done(vcpu);
	}
	return er != EMULATE_FAIL;
}

/*
 * Return true for privileged instructions, which KVM has to emulate because the
 * CPU runs the guest in problem state.  Leave out those that change the MSR.
 */
static bool kvmppc_larx_emulated(struct instruction_op *op, u32 inst)
{
	switch (GETTYPE(op->type)) {
	case MFMSR:
		return true;
	case MFSPR:
	case MTSPR:
		return op->spr & 0x10;	/* privileged */
	default:
		return get_op(inst) == 31 && (get_xop(inst) == OP_31_XOP_MFSR ||
					      get_xop(inst) == OP_31_XOP_MFSRIN);
	}
}

/* Does analyse_instr() decode this, although not all CPUs before ISA 2.06 have it? */
static bool kvmppc_larx_since_v206(u32 inst)
{
	if (get_op(inst) != 31)
		return false;

	switch (get_xop(inst)) {
	case 122:	/* popcntb */
	case 154:	/* prtyw */
	case 186:	/* prtyd */
	case 252:	/* bpermd */
	case 378:	/* popcntw */
	case 506:	/* popcntd */
	case 508:	/* cmpb */
	case OP_31_XOP_LDBRX:
	case OP_31_XOP_STDBRX:
		return true;
	default:
		return (get_xop(inst) & 0x1f) == 15;	/* isel */
	}
}

/*
 * Execute an instruction that changes general registers, CR, XER, LR, CTR or
 * memory, and nothing else.  Return false if the CPU has to execute it.
 */
static bool kvmppc_interpret_insn(struct kvm_vcpu *vcpu, struct instruction_op *op,
				  u32 inst, bool completes)
{
	struct pt_regs *regs = &vcpu->arch.regs;
	bool done;

	if (!cpu_has_feature(CPU_FTR_ARCH_206) && kvmppc_larx_since_v206(inst))
		return false;

	/* If the guest has set HID2[PSE], these are paired singles. */
	if (get_op(inst) == 4)
		return false;

	switch (GETTYPE(op->type)) {
	case LOAD:
	case STORE:
		kvm_vcpu_srcu_read_lock(vcpu);
		done = kvmppc_larx_access(vcpu, op);
		kvm_vcpu_srcu_read_unlock(vcpu);
		if (done)
			kvmppc_set_pc(vcpu, kvmppc_get_pc(vcpu) + 4);
		return done;
	case BRANCH:
		/* The PC has an offset that does not belong into LR. */
		if ((op->type & SETLK) && (vcpu->arch.hflags & BOOK3S_HFLAG_SPLIT_HACK))
			return false;
		/* In 32-bit mode, the CPU tests the lower half of CTR. */
		if ((op->type & DECCTR) && !(kvmppc_get_msr(vcpu) & MSR_64BIT) &&
		    regs->ctr != (u32)regs->ctr)
			return false;
		/* The CPU ignores the low bits of LR and CTR. */
		op->val &= ~3UL;
		break;
	case MTSPR:
		/* Not all bits of XER exist. */
		if (op->spr == SPRN_XER)
			return false;
		break;
	}

	if (completes)
		emulate_update_regs(regs, op);
	return completes;
}

/* Execute one instruction.  Return false if that was not possible. */
static bool kvmppc_larx_step(struct kvm_vcpu *vcpu, struct kvmppc_reservation *res)
{
	struct pt_regs *regs = &vcpu->arch.regs;
	struct instruction_op op;
	bool done = false, completes;
	u32 inst;

	if (!kvmppc_fetch_inst(vcpu, &inst) || get_op(inst) == OP_PREFIX)
		return false;

	completes = analyse_instr(&op, regs, ppc_inst(inst)) == 1;

	if (kvmppc_watching(vcpu) && kvmppc_watch_stops_insn(vcpu, &op, res->size)) {
		if (res->size)
			kvmppc_watch_see_larx(vcpu);
		return false;
	}

	if (completes || GETTYPE(op.type) == LOAD || GETTYPE(op.type) == STORE)
		return kvmppc_interpret_insn(vcpu, &op, inst, completes);

	switch (GETTYPE(op.type)) {
	case LARX:
	case STCX:
		kvm_vcpu_srcu_read_lock(vcpu);
		if (GETTYPE(op.type) == STCX)
			done = kvmppc_stcx(vcpu, &op, res) == EMULATE_DONE;
		else
			done = kvmppc_larx(vcpu, &op, res);
		kvm_vcpu_srcu_read_unlock(vcpu);
		if (done)
			kvmppc_set_pc(vcpu, kvmppc_get_pc(vcpu) + 4);
		return done;
	default:
		if (!kvmppc_larx_emulated(&op, inst) || (kvmppc_get_msr(vcpu) & MSR_PR))
			return false;

		vcpu->arch.last_inst = kvmppc_need_byteswap(vcpu) ? swab32(inst) : inst;
		return kvmppc_emulate_instruction(vcpu) == EMULATE_DONE;
	}
}

/* Return the type of the next LARX or STCX instruction, or UNKNOWN. */
static int kvmppc_larx_ahead(struct kvm_vcpu *vcpu, int words)
{
	bool swap = kvmppc_need_byteswap(vcpu);
	ulong pc = kvmppc_get_pc(vcpu);
	struct instruction_op op;
	u32 inst, code[LARX_WORDS];
	int i, size = words * sizeof(u32);

	if (kvmppc_ld(vcpu, &pc, size, code, false) != EMULATE_DONE) {
		/* The next page may not be mapped. */
		pc = kvmppc_get_pc(vcpu);
		size = min_t(ulong, size, SZ_4K - (pc & (SZ_4K - 1)));
		if (kvmppc_ld(vcpu, &pc, size, code, false) != EMULATE_DONE)
			return UNKNOWN;
	}

	for (i = 0; i < size / sizeof(u32); i++) {
		inst = swap ? swab32(code[i]) : code[i];
		if (get_op(inst) != 31)
			continue;

		analyse_instr(&op, &vcpu->arch.regs, ppc_inst(inst));
		if (GETTYPE(op.type) == LARX || GETTYPE(op.type) == STCX)
			return GETTYPE(op.type);
	}

	return UNKNOWN;
}

/*
 * Do not interpret instructions of a guest that is traced, which has to stop
 * after each of them, or that is in a transaction, which could not roll them
 * back.
 */
static bool kvmppc_larx_may_interpret(struct kvm_vcpu *vcpu)
{
	u64 msr = kvmppc_get_msr(vcpu);

	return !(msr & (MSR_SE | MSR_BE)) && !MSR_TM_ACTIVE(kvmppc_get_msr_tm(vcpu)) &&
	       !kvmppc_debug_stepping(vcpu);
}

/*
 * In problem state, KVM emulates almost no instruction, so an emulated instruction
 * rarely loses a reservation there.
 */
static bool kvmppc_larx_allowed(struct kvm_vcpu *vcpu)
{
	return !(kvmppc_get_msr(vcpu) & MSR_PR) && kvmppc_larx_may_interpret(vcpu);
}

/**
 * kvmppc_interpret_page - interpret code in a page that is not mapped
 * @vcpu: the vCPU
 * @page: the effective address of the 4K page
 *
 * Go on until the guest leaves the page, or the CPU has to execute the next
 * instruction, or the guest stops there.
 *
 * Return: whether any instruction has been executed.
 */
bool kvmppc_interpret_page(struct kvm_vcpu *vcpu, ulong page)
{
	struct pt_regs *regs = &vcpu->arch.regs;
	struct instruction_op op;
	bool completes;
	u32 inst;
	int i;

	if (!kvmppc_larx_may_interpret(vcpu))
		return false;

	regs->msr = kvmppc_get_msr(vcpu);
	for (i = 0; i < PAGE_INSNS; i++) {
		if ((kvmppc_get_pc(vcpu) ^ page) & ~(SZ_4K - 1UL) ||
		    !kvmppc_fetch_inst(vcpu, &inst) || get_op(inst) == OP_PREFIX)
			break;

		completes = analyse_instr(&op, regs, ppc_inst(inst)) == 1;
		if (kvmppc_watch_stops_insn(vcpu, &op, false) ||
		    !kvmppc_interpret_insn(vcpu, &op, inst, completes))
			break;
	}

	return i;
}

/*
 * Return whether a store conditional has been executed with a reservation.  Set
 * @moved if any instruction has been executed.
 */
static bool kvmppc_larx_interpret(struct kvm_vcpu *vcpu, struct kvmppc_reservation *res,
				  bool *moved)
{
	ulong start = kvmppc_get_pc(vcpu);
	bool reserved;
	int i;

	*moved = false;
	vcpu->arch.regs.msr = kvmppc_get_msr(vcpu);
	for (i = 0; i < LARX_INSNS; i++) {
		reserved = res->size;
		if (!kvmppc_larx_step(vcpu, res))
			return false;
		*moved = true;
		if (reserved && !res->size)
			return true;
		if (kvmppc_get_pc(vcpu) - start + LARX_REACH > 2 * LARX_REACH)
			return false;
	}

	return false;
}

static bool kvmppc_larx_finish(struct kvm_vcpu *vcpu, bool *moved)
{
	struct kvmppc_reservation res = {};

	return kvmppc_larx_interpret(vcpu, &res, moved);
}

/**
 * kvmppc_larx_continue - interpret a sequence from its load-and-reserve on
 * @vcpu: the vCPU, with a reservation in vcpu3s->res
 *
 * Return: whether a store conditional has ended it.
 */
bool kvmppc_larx_continue(struct kvm_vcpu *vcpu)
{
	bool moved;

	return kvmppc_larx_may_interpret(vcpu) &&
	       kvmppc_larx_interpret(vcpu, &to_book3s(vcpu)->res, &moved);
}

/**
 * kvmppc_larx_around - interpret the sequence that an instruction is in
 * @vcpu: the vCPU, with the PC at an access that loses the CPU's reservation
 *
 * Return: whether the guest has got any further.
 */
bool kvmppc_larx_around(struct kvm_vcpu *vcpu)
{
	ulong pc = kvmppc_get_pc(vcpu);
	bool moved;

	if (!kvmppc_larx_may_interpret(vcpu) ||
	    kvmppc_larx_ahead(vcpu, LARX_WORDS) != STCX)
		return false;

	/* A loop can come back to its PC.  An interrupt changes the PC only. */
	kvmppc_larx_finish(vcpu, &moved);
	return moved || kvmppc_get_pc(vcpu) != pc;
}

/**
 * kvmppc_emulate_larx - emulate an instruction, and the sequence that it is in
 * @vcpu: the vCPU
 *
 * Return: what kvmppc_emulate_instruction() returns.
 */
int kvmppc_emulate_larx(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	ulong pc, last_pc = vcpu3s->larx_pc;
	u64 msr = kvmppc_get_msr(vcpu);
	bool tried = false, moved;
	int er;

	er = kvmppc_emulate_instruction(vcpu);
	pc = kvmppc_get_pc(vcpu);
	vcpu3s->larx_pc = pc;

	/*
	 * Do not interpret after an instruction that has changed the MSR,
	 * because it may have enabled an interrupt that has to be delivered
	 * first.
	 */
	if (er == EMULATE_DONE && last_pc - pc < LARX_REACH &&
	    kvmppc_get_msr(vcpu) == msr && kvmppc_larx_allowed(vcpu)) {
		if (kvmppc_larx_ahead(vcpu, LARX_WORDS) == STCX &&
		    kvmppc_larx_finish(vcpu, &moved)) {
			vcpu3s->larx_credit = LARX_CREDIT;
			vcpu3s->larx_mask = 0;
			return er;
		}
		tried = true;
	}

	if (vcpu3s->larx_credit)
		vcpu3s->larx_credit = tried ? vcpu3s->larx_credit / 2 :
					      vcpu3s->larx_credit - 1;
	else
		vcpu3s->larx_mask = (vcpu3s->larx_mask << 1 | 1) & LARX_MASK;

	return er;
}

/* Will KVM inject an interrupt before the guest runs? */
static bool kvmppc_larx_interrupted(struct kvm_vcpu *vcpu)
{
	ulong pending = vcpu->arch.pending_exceptions;

	/* KVM injects these if MSR[EE] is set and BLOCKIRQ is not. */
	if (!(kvmppc_get_msr(vcpu) & MSR_EE) ||
	    (vcpu->guest_debug & KVM_GUESTDBG_BLOCKIRQ))
		pending &= ~(BIT(BOOK3S_IRQPRIO_DECREMENTER) |
			     BIT(BOOK3S_IRQPRIO_EXTERNAL));

	return pending;
}

/* Return true if these can be the opcodes of a larx or stcx. instruction. */
static bool kvmppc_may_be_larx(u32 inst)
{
	switch (get_op(inst) == 31 ? get_xop(inst) : 0) {
	case OP_31_XOP_LBARX:
	case OP_31_XOP_LHARX:
	case OP_31_XOP_LWARX:
	case OP_31_XOP_LDARX:
	case OP_31_XOP_STBCX:
	case OP_31_XOP_STHCX:
	case OP_31_XOP_STWCX:
	case OP_31_XOP_STDCX:
		return true;
	}

	return false;
}

/*
 * Emulate the next instruction if it is a load-and-reserve or store conditional.
 * Return false if the guest stops there.
 */
static bool kvmppc_debug_emulate_larx(struct kvm_vcpu *vcpu)
{
	struct instruction_op op;
	u32 inst;

	if (!kvmppc_fetch_inst(vcpu, &inst) || !kvmppc_may_be_larx(inst))
		return true;

	if (kvmppc_watching(vcpu))
		return kvmppc_watch_start(vcpu, inst);

	vcpu->arch.regs.msr = kvmppc_get_msr(vcpu);
	analyse_instr(&op, &vcpu->arch.regs, ppc_inst(inst));
	if (GETTYPE(op.type) == LARX || GETTYPE(op.type) == STCX)
		kvmppc_larx_single(vcpu, &op);

	return true;
}

/**
 * kvmppc_debug_start_larx - look at the instruction that KVM_RUN starts with
 * @vcpu: the vCPU, which is about to run
 *
 * A debugger that steps gets each load-and-reserve and store conditional
 * emulated.  At a watchpoint, KVM stops before them.
 *
 * When it then lets the guest go, KVM goes on with the reservation.
 *
 * A debugger that does not step through a sequence passes over it.  It lets the
 * guest run from the load-and-reserve to a software breakpoint behind the store
 * conditional.  The guest never branches back, so that the first store
 * conditional has to succeed.
 *
 * Return: false if the guest stops at a watchpoint.
 */
bool kvmppc_debug_start_larx(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	bool stepping = kvmppc_debug_stepping(vcpu), moved;

	/* The debugger has removed its watchpoints, and not just for a step. */
	if (!stepping && !kvmppc_watching(vcpu))
		vcpu3s->watch_larx = false;

	/* The last step is still to be reported, or an interrupt comes first. */
	if (kvm_test_request(KVM_REQ_STEP_DONE, vcpu) || kvmppc_larx_interrupted(vcpu)) {
		if (!stepping)
			vcpu3s->res.size = 0;
		return true;
	}

	if (stepping)
		return kvmppc_debug_emulate_larx(vcpu);

	if ((vcpu->guest_debug & KVM_GUESTDBG_USE_SW_BP) && !vcpu3s->res.size &&
	    kvmppc_larx_allowed(vcpu) && kvmppc_larx_ahead(vcpu, 1) == LARX)
		kvmppc_larx_finish(vcpu, &moved);

	if (vcpu3s->res.size && !vcpu3s->kvm_steps)
		return kvmppc_watch_reserved(vcpu) != RESUME_HOST;

	return true;
}
