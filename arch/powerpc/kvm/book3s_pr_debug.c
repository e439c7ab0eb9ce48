// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest debugging for KVM PR: Book3S without hypervisor mode.
 *
 * A debugger is userspace that has called KVM_SET_GUEST_DEBUG.  To single-step
 * means that each KVM_RUN ends with KVM_EXIT_DEBUG after exactly one event:
 * one guest instruction has completed, or one guest interrupt has been taken.
 *
 * MSR_SE makes the CPU stop after one instruction, and there are three owners
 * of it:
 *
 *  - the guest, which may trace itself.  Its MSR_SE and MSR_BE are in the MSR
 *    that kvmppc_get_msr() returns, like all its other bits, and only the
 *    guest, its interrupts and KVM_SET_REGS change them.
 *
 *  - the debugger.  Its MSR_SE is in the shadow MSR only, the one that the CPU
 *    runs with: kvmppc_recalc_shadow_msr() puts it there for as long as
 *    vcpu->guest_debug asks for single-stepping.  So it survives whatever the
 *    guest does to its MSR, and the guest cannot see it.
 *
 *  - KVM.  It lets the guest execute one instruction with mappings that the next
 *    instruction must not use.  kvm_steps has the reasons.  This MSR_SE is in the
 *    shadow MSR only, too, and the events that end the debugger's step end this
 *    one.
 *
 * The CPU raises a Trace interrupt after an instruction that it has executed.
 * kvmppc_debug_trace_interrupt() reports it to the debugger or injects it into
 * the guest.  KVM causes all other events, and records them where they happen:
 *
 *  - KVM completes an instruction for the guest: kvmppc_debug_insn_done().
 *
 *  - Userspace completes an MMIO instruction: kvmppc_debug_insn_handed_over().
 *
 *  - KVM or userspace handles a hypercall, after which the guest gets no Trace
 *    interrupt: kvmppc_debug_event().
 *
 *  - KVM injects an interrupt: kvmppc_debug_event().
 *
 * Such an event makes a KVM_REQ_STEP_DONE request.  KVM checks it before it
 * enters the guest, and exits to userspace.  The request survives a return to
 * userspace for another reason.  The step over an MMIO load therefore ends in
 * the KVM_RUN after the one that returned KVM_EXIT_MMIO.  If a signal prevents
 * the report of a step, the next KVM_RUN reports it.  The request is for the PC
 * at which the step ended, and KVM_RUN drops it if userspace has set another
 * PC.
 *
 * Exits that the guest does not notice (shadow page faults, lazily loaded
 * registers, host interrupts) are not events.
 *
 * The guest's own Trace interrupt is injected at once, so that it is part of the
 * state that userspace sees.  There are two exceptions.  While the debugger
 * steps a guest that also traces itself, the step is reported first, and the
 * Trace interrupt is the next event.  While userspace completes an instruction
 * (KVM_EXIT_MMIO), the Trace interrupt waits for the KVM_RUN that takes the
 * answer, even if that returns at once (immediate_exit).  Until then the Trace
 * interrupt belongs to the PC behind its instruction, and is dropped if
 * userspace sets another one.
 *
 * On CPUs whose instruction cache does not snoop stores (PowerPC 970, 6xx, 7xx
 * and 74xx) KVM flushes the caches of a page when the guest first executes it.
 * Debuggers write and remove breakpoints later, by ordinary stores.  So from the
 * first KVM_GUESTDBG_USE_SW_BP on, KVM_SET_GUEST_DEBUG unmaps what the guest has
 * executed, and each page is flushed whenever it is mapped to be executed.
 */

#include <linux/cacheflush.h>
#include <linux/highmem.h>
#include <linux/kvm_host.h>

#include <asm/disassemble.h>
#include <asm/kvm_book3s.h>
#include <asm/kvm_ppc.h>
#include <asm/reg.h>
#include <asm/sstep.h>

#include "book3s.h"

#define OP_19_XOP_BCTAR		560

#define SRR1_TRACE_COMPLETED	0x40000000UL	/* SRR1[33], Power ISA 2.07 */

/* Return the PC as the guest sees it, without the offset of split real mode. */
static ulong kvmppc_debug_guest_pc(struct kvm_vcpu *vcpu)
{
	ulong pc = kvmppc_get_pc(vcpu);

	if ((vcpu->arch.hflags & BOOK3S_HFLAG_SPLIT_HACK) &&
	    (pc & SPLIT_HACK_MASK) == SPLIT_HACK_OFFS)
		pc &= ~SPLIT_HACK_MASK;

	return pc;
}

/**
 * kvmppc_debug_exit - fill in kvm_run for an exit to the debugger
 * @vcpu: the vCPU
 *
 * The status is 0 for steps and for software breakpoints.  Write all of
 * kvm_run.debug, because it shares a union with the data of other exits.
 */
void kvmppc_debug_exit(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_DEBUG;
	run->debug.arch.address = kvmppc_debug_guest_pc(vcpu);
	run->debug.arch.status = 0;
	run->debug.arch.reserved = 0;
}

/* Have the end of the debugger's step reported before the guest is entered. */
static void kvmppc_debug_step_done(struct kvm_vcpu *vcpu)
{
	to_book3s(vcpu)->step_done_pc = kvmppc_debug_guest_pc(vcpu);
	kvm_make_request(KVM_REQ_STEP_DONE, vcpu);
}

/* The slow path of kvmppc_debug_event(), taken if there is a debugger */
void __kvmppc_debug_event(struct kvm_vcpu *vcpu)
{
	to_book3s(vcpu)->res.size = 0;

	if (to_book3s(vcpu)->kvm_steps)
		kvmppc_end_kvm_steps(vcpu);

	if (kvmppc_debug_stepping(vcpu))
		kvmppc_debug_step_done(vcpu);
}

/*
 * Inject the guest's Trace interrupt, or leave it to kvmppc_debug_take_trace().
 */
static void kvmppc_debug_trace(struct kvm_vcpu *vcpu, ulong srr1, bool later)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);

	srr1 &= ~SRR1_MSR_BITS;
	if (!later) {
		kvmppc_inject_interrupt_pr(vcpu, BOOK3S_INTERRUPT_TRACE, srr1);
		return;
	}

	vcpu3s->trace_pending = true;
	vcpu3s->trace_pc = kvmppc_debug_guest_pc(vcpu);
	vcpu3s->trace_srr1 = srr1;
}

/**
 * kvmppc_debug_take_trace - inject the Trace interrupt that had to wait
 * @vcpu: the vCPU, at the start of KVM_RUN, with the last exit completed
 *
 * A step that has not been reported yet comes first.
 */
void kvmppc_debug_take_trace(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);

	if (!vcpu3s->trace_pending || kvm_test_request(KVM_REQ_STEP_DONE, vcpu))
		return;

	vcpu3s->trace_pending = false;
	if (vcpu3s->trace_pc == kvmppc_debug_guest_pc(vcpu))
		kvmppc_inject_interrupt_pr(vcpu, BOOK3S_INTERRUPT_TRACE,
					   vcpu3s->trace_srr1);
}

/*
 * Save the PC and the guest's MSR_SE and MSR_BE at the start of a step.  At the
 * Trace interrupt that ends the step, the PC has moved on, and the instruction
 * may have changed the MSR.
 */
void kvmppc_debug_note_step(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);

	vcpu3s->step_pc = kvmppc_get_pc(vcpu);
	vcpu3s->step_msr = kvmppc_get_msr(vcpu) & (MSR_SE | MSR_BE);
}

/**
 * kvmppc_debug_start_run - KVM_RUN begins
 * @vcpu: the vCPU, which is about to run
 *
 * Drop a step or a Trace interrupt of the last KVM_RUN that was not reported or
 * injected if userspace has set another PC.  Inject the Trace interrupt
 * otherwise, unless a step has to be reported first.
 *
 * Save the PC and the guest's MSR_SE and MSR_BE.  At the Trace interrupt that
 * ends a step, the PC has moved on, and the instruction may have changed the
 * MSR.
 */
void kvmppc_debug_start_run(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);

	if (kvm_test_request(KVM_REQ_STEP_DONE, vcpu) &&
	    vcpu3s->step_done_pc != kvmppc_debug_guest_pc(vcpu))
		kvm_clear_request(KVM_REQ_STEP_DONE, vcpu);

	kvmppc_debug_take_trace(vcpu);
	kvmppc_debug_note_step(vcpu);
}

/* Return true if the instruction at the start of the step is a branch. */
static bool kvmppc_debug_stepped_branch(struct kvm_vcpu *vcpu)
{
	ulong pc = to_book3s(vcpu)->step_pc;
	struct instruction_op op;
	u32 inst;

	if (kvmppc_ld(vcpu, &pc, sizeof(inst), &inst, false) != EMULATE_DONE)
		return false;

	if (kvmppc_need_byteswap(vcpu))
		inst = swab32(inst);

	/* analyse_instr() does not know bctar. */
	if (get_op(inst) == 19 && get_xop(inst) == OP_19_XOP_BCTAR)
		return true;

	analyse_instr(&op, &vcpu->arch.regs, ppc_inst(inst));

	return GETTYPE(op.type) == BRANCH;
}

/**
 * kvmppc_debug_trace_interrupt - handle a Trace interrupt of the CPU
 * @vcpu: the vCPU, stopped after an instruction that the CPU completed
 *
 * Return: RESUME_HOST to report a step or a watchpoint, or RESUME_GUEST.
 */
int kvmppc_debug_trace_interrupt(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	bool stepping = kvmppc_debug_stepping(vcpu);
	bool guest_traces = true;

	/* The MSR_SE that the CPU ran with is not always the guest's. */
	if (stepping || vcpu3s->kvm_steps)
		guest_traces = (vcpu3s->step_msr & MSR_SE) ||
			       ((vcpu3s->step_msr & MSR_BE) &&
				kvmppc_debug_stepped_branch(vcpu));

	if (vcpu3s->kvm_steps == KVM_STEP_WATCH && !stepping && !guest_traces)
		return kvmppc_watch_traced(vcpu);

	if (unlikely(vcpu3s->kvm_steps)) {
		kvmppc_end_kvm_steps(vcpu);
		/* The CPU may execute the next load-and-reserve unseen. */
		if (!stepping)
			vcpu3s->res.size = 0;
	}

	if (guest_traces)
		kvmppc_debug_trace(vcpu, vcpu->arch.shadow_srr1, stepping);

	if (!stepping)
		return RESUME_GUEST;

	kvmppc_debug_exit(vcpu);
	return RESUME_HOST;
}

/* The Power ISA defines no Trace interrupt after rfi, rfid and sc. */
static bool kvmppc_debug_insn_traceable(struct kvm_vcpu *vcpu)
{
	u32 inst = vcpu->arch.last_inst;

	/*
	 * Take the byte order from SRR1, because the instruction may have
	 * changed MSR_LE.
	 */
	if ((vcpu->arch.shadow_srr1 ^ MSR_KERNEL) & MSR_LE)
		inst = swab32(inst);

	if (get_op(inst) == 19)
		return get_xop(inst) != OP_19_XOP_RFI &&
		       get_xop(inst) != OP_19_XOP_RFID;

	/* The fake sc 1 is emulated as a system call. */
	return get_op(inst) != 31 || get_xop(inst) != OP_31_XOP_FAKE_SC1;
}

/* KVM has completed an instruction, or userspace is going to. */
static void kvmppc_debug_done(struct kvm_vcpu *vcpu, bool traceable, bool handed_over)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	bool stepping = kvmppc_debug_stepping(vcpu);
	bool guest_traces = true;

	/* SRR1 has the MSR_SE of the step, so look at the guest's own. */
	if (stepping || vcpu3s->kvm_steps)
		guest_traces = vcpu3s->step_msr & MSR_SE;

	if (unlikely(vcpu3s->kvm_steps))
		kvmppc_end_kvm_steps(vcpu);

	if (stepping)
		kvmppc_debug_step_done(vcpu);

	if (guest_traces && traceable)
		kvmppc_debug_trace(vcpu, cpu_has_feature(CPU_FTR_ARCH_207S) ?
					 SRR1_TRACE_COMPLETED : 0,
				   stepping || handed_over);
}

/*
 * The slow path of kvmppc_debug_insn_done() and
 * kvmppc_debug_insn_handed_over(), taken if MSR_SE was set when the guest ran.
 */
void __kvmppc_debug_insn_done(struct kvm_vcpu *vcpu, bool handed_over)
{
	/* The CPU may execute the next load-and-reserve unseen. */
	if (!kvmppc_debug_stepping(vcpu))
		to_book3s(vcpu)->res.size = 0;

	kvmppc_debug_done(vcpu, kvmppc_debug_insn_traceable(vcpu), handed_over);
}

/* KVM has completed a load or store for the guest, reserving ones included. */
void kvmppc_debug_larx_done(struct kvm_vcpu *vcpu)
{
	if (kvmppc_debug_stepping(vcpu) || to_book3s(vcpu)->kvm_steps ||
	    (kvmppc_get_msr(vcpu) & MSR_SE))
		kvmppc_debug_done(vcpu, true, false);
}

/*
 * The slow path of kvmppc_mmu_sync_icache().  Flush even if the page was
 * flushed before, because a debugger may have written to it since then.
 */
void kvmppc_debug_flush_icache(kvm_pfn_t pfn)
{
	unsigned long addr;

	if (!pfn_valid(pfn))
		return;

	addr = (unsigned long)kmap_local_pfn(pfn);
	flush_icache_range(addr, addr + PAGE_SIZE);
	kunmap_local((void *)addr);
}

/* Unmap code, because the debugger may have written or removed breakpoints. */
static void kvmppc_debug_code_written(struct kvm_vcpu *vcpu)
{
	struct kvm *kvm = vcpu->kvm;
	struct kvm_vcpu *v;
	unsigned long i;
	bool listed;

	if (cpu_has_feature(CPU_FTR_COHERENT_ICACHE))
		return;

	to_book3s(vcpu)->refetched = false;

	spin_lock(&kvm->mmu_lock);
	listed = kvm->arch.flushes_icache;
	kvm->arch.lists_code = true;
	kvm->arch.flushes_icache = true;
	/*
	 * A page fault in progress may have flushed the page before userspace
	 * wrote to it, or may not have seen the flags.  Make it start again.
	 */
	smp_wmb();	/* order the flags before mmu_invalidate_seq */
	kvm->mmu_invalidate_seq++;

	/* Pages that were mapped before the flags were set are not in the list. */
	if (listed)
		kvmppc_mmu_unmap_code(kvm);
	else
		kvm_for_each_vcpu(i, v, kvm)
			kvmppc_mmu_pte_flush(v, 0, 0);
	spin_unlock(&kvm->mmu_lock);
}

/**
 * __kvmppc_debug_refetch - retry an instruction that seemed illegal
 * @vcpu: the vCPU
 *
 * The CPU may have fetched a breakpoint from its instruction cache that memory
 * no longer contains.  KVM reads the instruction from memory and has found
 * nothing to emulate there.  Unmap the code once, so that the CPU fetches it
 * again.
 *
 * Return: false if the CPU has already retried this instruction.
 */
bool __kvmppc_debug_refetch(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);
	ulong pc = kvmppc_get_pc(vcpu);

	if (vcpu3s->refetched && vcpu3s->refetch_pc == pc) {
		vcpu3s->refetched = false;
		return false;
	}

	vcpu3s->refetched = true;
	vcpu3s->refetch_pc = pc;
	kvmppc_mmu_unmap_code(vcpu->kvm);
	return true;
}

/**
 * kvmppc_set_guest_debug_pr - KVM_SET_GUEST_DEBUG
 * @vcpu: the vCPU, loaded
 * @dbg: what userspace asks for; the padding is not looked at, nor are the
 *	 hardware breakpoints without KVM_GUESTDBG_USE_HW_BP, and need not be
 *	 initialised
 *
 * Without KVM_GUESTDBG_ENABLE, all debugging is off.
 *
 * Return: 0, or -EINVAL with nothing changed if a control bit is not one of
 * KVMPPC_GUESTDBG_VALID_PR, or a hardware breakpoint makes no sense.
 */
int kvmppc_set_guest_debug_pr(struct kvm_vcpu *vcpu, struct kvm_guest_debug *dbg)
{
	bool watch = (dbg->control & KVM_GUESTDBG_ENABLE) &&
		     (dbg->control & KVM_GUESTDBG_USE_HW_BP);

	if (dbg->control & ~KVMPPC_GUESTDBG_VALID_PR)
		return -EINVAL;

	if (watch && kvmppc_watch_check(&dbg->arch))
		return -EINVAL;

	if ((vcpu->guest_debug | dbg->control) & KVM_GUESTDBG_USE_SW_BP)
		kvmppc_debug_code_written(vcpu);

	vcpu->guest_debug = 0;
	if (dbg->control & KVM_GUESTDBG_ENABLE)
		vcpu->guest_debug = dbg->control;

	/* Do not report a step after single-stepping has been turned off. */
	if (!kvmppc_debug_stepping(vcpu))
		kvm_clear_request(KVM_REQ_STEP_DONE, vcpu);

	kvmppc_watch_set(vcpu, watch ? &dbg->arch : NULL);
	kvmppc_recalc_shadow_msr(vcpu);

	return 0;
}
