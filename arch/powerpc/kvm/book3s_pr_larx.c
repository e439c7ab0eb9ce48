// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load-and-reserve sequences with an instruction that KVM PR emulates
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
 * for the next LARX_CREDIT emulated instructions.
 */

#include <linux/kvm_host.h>
#include <linux/sizes.h>

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

struct kvmppc_reservation {
	gpa_t gpa;
	ulong val;		/* as the host reads it */
	int size;		/* 0 if there is no reservation */
};

/* Convert a value of any size between the host's and the guest's byte order. */
static ulong kvmppc_larx_val(struct kvm_vcpu *vcpu, ulong val, int size)
{
	return kvmppc_need_byteswap(vcpu) ? swab64(val) >> (64 - 8 * size) : val;
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
	ulong ea = op->ea;

	if (!(kvmppc_get_msr(vcpu) & MSR_SF)) {
		ea = (u32)ea;
		mp_pa = (u32)mp_pa;
	}

	if (size > sizeof(ulong) || !IS_ALIGNED(ea, size))
		return false;

	if (kvmppc_xlate(vcpu, ea, XLATE_DATA, iswrite ? XLATE_WRITE : XLATE_READ,
			 &pte) || !(iswrite ? pte.may_write : pte.may_read))
		return false;

	*gpa = pte.raddr;
	return !mp_pa || (pte.raddr & KVM_PAM & PAGE_MASK) != mp_pa;
}

/* Execute a load or load-and-reserve.  Return false if that was not possible. */
static bool kvmppc_larx(struct kvm_vcpu *vcpu, struct instruction_op *op,
			struct kvmppc_reservation *res)
{
	int size = GETSIZE(op->type);
	gpa_t gpa;
	ulong val;
	void *p;

	if (!kvmppc_larx_xlate(vcpu, op, false, &gpa))
		return false;

	CLASS(kvm_vcpu_map_local_readonly, m)(vcpu, gpa >> PAGE_SHIFT);
	if (m.ret || !m.map.page)
		return false;

	p = m.map.hva + offset_in_page(gpa);
	switch (size) {
	case 1:
		val = READ_ONCE(*(u8 *)p);
		break;
	case 2:
		val = READ_ONCE(*(u16 *)p);
		break;
	case 4:
		val = READ_ONCE(*(u32 *)p);
		break;
	default:
		val = READ_ONCE(*(ulong *)p);
		break;
	}

	if (GETTYPE(op->type) == LARX)
		*res = (struct kvmppc_reservation){ gpa, val, size };
	kvmppc_set_gpr(vcpu, op->reg, kvmppc_larx_val(vcpu, val, size));
	return true;
}

/* Execute a store conditional.  Return false if that was not possible. */
static bool kvmppc_stcx(struct kvm_vcpu *vcpu, struct instruction_op *op,
			struct kvmppc_reservation *res)
{
	int size = GETSIZE(op->type);
	bool stored = false;
	ulong val, cr;
	gpa_t gpa;
	void *p;

	if (!kvmppc_larx_xlate(vcpu, op, true, &gpa))
		return false;

	if (res->size == size && res->gpa == gpa) {
		CLASS(kvm_vcpu_map_local, m)(vcpu, gpa >> PAGE_SHIFT);
		if (m.ret || !m.map.page)
			return false;

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
	return true;
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

/* Execute one instruction.  Return false if that was not possible. */
static bool kvmppc_larx_step(struct kvm_vcpu *vcpu, struct kvmppc_reservation *res)
{
	struct pt_regs *regs = &vcpu->arch.regs;
	ulong pc = kvmppc_get_pc(vcpu);
	struct instruction_op op;
	bool done = false;
	u32 raw, inst;

	if (kvmppc_ld(vcpu, &pc, sizeof(raw), &raw, false) != EMULATE_DONE)
		return false;

	inst = kvmppc_need_byteswap(vcpu) ? swab32(raw) : raw;
	if (get_op(inst) == OP_PREFIX)
		return false;

	if (analyse_instr(&op, regs, ppc_inst(inst)) == 1) {
		if (GETTYPE(op.type) == BRANCH && (op.type & (SETLK | DECCTR)))
			return false;

		emulate_update_regs(regs, &op);
		return true;
	}

	switch (GETTYPE(op.type)) {
	case LOAD:
		if (op.type & (SIGNEXT | UPDATE | BYTEREV))
			return false;
		fallthrough;
	case LARX:
	case STCX:
		kvm_vcpu_srcu_read_lock(vcpu);
		if (GETTYPE(op.type) == STCX)
			done = kvmppc_stcx(vcpu, &op, res);
		else
			done = kvmppc_larx(vcpu, &op, res);
		kvm_vcpu_srcu_read_unlock(vcpu);
		if (done)
			kvmppc_set_pc(vcpu, kvmppc_get_pc(vcpu) + 4);
		return done;
	default:
		if (!kvmppc_larx_emulated(&op, inst))
			return false;

		vcpu->arch.last_inst = raw;
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
	int i, size;

	size = min_t(ulong, words * sizeof(u32), SZ_4K - (pc & (SZ_4K - 1)));
	if (kvmppc_ld(vcpu, &pc, size, code, false) != EMULATE_DONE)
		return UNKNOWN;

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
 * back.  In problem state it is not worthwhile, because KVM emulates few
 * instructions there.
 */
static bool kvmppc_larx_allowed(struct kvm_vcpu *vcpu)
{
	u64 msr = kvmppc_get_msr(vcpu);

	return !(msr & (MSR_PR | MSR_SE | MSR_BE)) && !MSR_TM_ACTIVE(kvmppc_get_msr_tm(vcpu)) &&
	       !kvmppc_debug_stepping(vcpu);
}

/* Return whether a store conditional has been executed with a reservation. */
static bool kvmppc_larx_finish(struct kvm_vcpu *vcpu)
{
	struct kvmppc_reservation res = {};
	ulong start = kvmppc_get_pc(vcpu);
	bool reserved;
	int i;

	vcpu->arch.regs.msr = kvmppc_get_msr(vcpu);
	for (i = 0; i < LARX_INSNS; i++) {
		reserved = res.size;
		if (!kvmppc_larx_step(vcpu, &res))
			return false;
		if (reserved && !res.size)
			return true;
		if (kvmppc_get_pc(vcpu) - start + LARX_REACH > 2 * LARX_REACH)
			return false;
	}

	return false;
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
	bool tried = false;
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
		    kvmppc_larx_finish(vcpu)) {
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

	/* These wait for MSR[EE], and for the debugger. */
	if (!(kvmppc_get_msr(vcpu) & MSR_EE) ||
	    (vcpu->guest_debug & KVM_GUESTDBG_BLOCKIRQ))
		pending &= ~(BIT(BOOK3S_IRQPRIO_DECREMENTER) |
			     BIT(BOOK3S_IRQPRIO_EXTERNAL) |
			     BIT(BOOK3S_IRQPRIO_PERFORMANCE_MONITOR));

	return pending;
}

/**
 * kvmppc_debug_start_larx - interpret the sequence that a debugger passes over
 * @vcpu: the vCPU, which is being debugged, not stepped, and about to run
 *
 * A debugger does not step through a sequence.  It lets the guest run from the
 * load-and-reserve to a breakpoint behind the store conditional.  The guest
 * never branches back, so that the first store conditional has to succeed.
 */
void kvmppc_debug_start_larx(struct kvm_vcpu *vcpu)
{
	if (!kvmppc_larx_interrupted(vcpu) && kvmppc_larx_allowed(vcpu) &&
	    kvmppc_larx_ahead(vcpu, 1) == LARX)
		kvmppc_larx_finish(vcpu);
}
