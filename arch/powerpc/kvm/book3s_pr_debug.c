// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest debugging for KVM PR: Book3S without hypervisor mode.
 *
 * A debugger is userspace that has called KVM_SET_GUEST_DEBUG.  To single-step
 * means that each KVM_RUN ends with KVM_EXIT_DEBUG after exactly one event:
 * one guest instruction has completed, or one guest interrupt has been taken.
 *
 * MSR_SE makes the CPU stop after one instruction, and there are two owners
 * of it:
 *
 *  - the guest, which may trace itself.  Its MSR_SE and MSR_BE are in the MSR
 *    that kvmppc_get_msr() returns, like all its other bits, and only the
 *    guest and KVM_SET_REGS change them.
 *
 *  - the debugger.  Its MSR_SE is in the shadow MSR only, the one that the CPU
 *    runs with: kvmppc_recalc_shadow_msr() puts it there for as long as
 *    vcpu->guest_debug asks for single-stepping.  So it survives whatever the
 *    guest does to its MSR, and the guest cannot see it.
 *
 * The CPU reports only what it executed itself, by a Trace interrupt, which
 * kvmppc_debug_trace_interrupt() hands to whoever asked for it.  The other
 * events are KVM's own doing, and have to be noted where they happen:
 *
 *  - an instruction that KVM completes for the guest, or that it hands to
 *    userspace to complete (MMIO, hypercalls): kvmppc_debug_insn_done(), and
 *    kvmppc_debug_event() for those that end in no Trace interrupt;
 *
 *  - an interrupt that KVM injects: kvmppc_debug_event().
 *
 * Such an event becomes a KVM_REQ_STEP_DONE request, which sends the vCPU to
 * userspace before it would enter the guest again.  A request outlives a return
 * to userspace for other reasons.  That is how the step over an MMIO load ends
 * in the KVM_RUN after the one that returned KVM_EXIT_MMIO, and how a step
 * that a signal kept from being reported is reported by the next KVM_RUN.
 * It belongs to the PC at which the step ended: KVM_RUN drops it if userspace
 * has set another one.
 *
 * What KVM does behind the guest's back (shadow faults, lazily loaded
 * registers, host interrupts) is not an event and notes none.
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

/* The bits of SRR1 that a Trace interrupt does not take from the MSR. */
#define SRR1_TRACE_BITS		0x783f0000UL
#define SRR1_TRACE_COMPLETED	0x40000000UL	/* since Power ISA 2.07 */

/* The PC as the guest and KVM_GET_REGS see it, split real mode or not. */
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
 * The status is 0 for steps and for software breakpoints.  All of
 * kvm_run.debug is written: it is a union, and holds junk of earlier exits.
 */
void kvmppc_debug_exit(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_DEBUG;
	run->debug.arch.address = kvmppc_debug_guest_pc(vcpu);
	run->debug.arch.status = 0;
	run->debug.arch.reserved = 0;
}

/* The event that the debugger waits for is over. */
void __kvmppc_debug_event(struct kvm_vcpu *vcpu)
{
	to_book3s(vcpu)->step_done_pc = kvmppc_debug_guest_pc(vcpu);
	kvm_make_request(KVM_REQ_STEP_DONE, vcpu);
}

/* The guest's Trace interrupt: now, or by kvmppc_debug_take_trace() later. */
static void kvmppc_debug_trace(struct kvm_vcpu *vcpu, ulong srr1, bool later)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);

	srr1 &= SRR1_TRACE_BITS;
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

/**
 * kvmppc_debug_start_run - KVM_RUN begins
 * @vcpu: the vCPU, which is about to run
 *
 * Report or take what is left of the last KVM_RUN, if the PC is still there,
 * and remember what a step starts from: when the step ends by a Trace interrupt,
 * the instruction is gone, and it may have changed the MSR.
 */
void kvmppc_debug_start_run(struct kvm_vcpu *vcpu)
{
	struct kvmppc_vcpu_book3s *vcpu3s = to_book3s(vcpu);

	if (kvm_test_request(KVM_REQ_STEP_DONE, vcpu) &&
	    vcpu3s->step_done_pc != kvmppc_debug_guest_pc(vcpu))
		kvm_clear_request(KVM_REQ_STEP_DONE, vcpu);

	kvmppc_debug_take_trace(vcpu);

	vcpu3s->step_pc = kvmppc_get_pc(vcpu);
	vcpu3s->step_msr = kvmppc_get_msr(vcpu) & (MSR_SE | MSR_BE);
}

/* Is the instruction that the step started from a branch? */
static bool kvmppc_debug_stepped_branch(struct kvm_vcpu *vcpu)
{
	ulong pc = to_book3s(vcpu)->step_pc;
	struct instruction_op op;
	u32 inst;

	if (kvmppc_ld(vcpu, &pc, sizeof(inst), &inst, false) != EMULATE_DONE)
		return false;

	if (kvmppc_need_byteswap(vcpu))
		inst = swab32(inst);

	analyse_instr(&op, &vcpu->arch.regs, ppc_inst(inst));

	return GETTYPE(op.type) == BRANCH;
}

/**
 * kvmppc_debug_trace_interrupt - handle a Trace interrupt of the CPU
 * @vcpu: the vCPU, stopped after an instruction that the CPU completed
 *
 * Return: RESUME_HOST to report a step to the debugger, or RESUME_GUEST when
 * only the guest asked for the interrupt.
 */
int kvmppc_debug_trace_interrupt(struct kvm_vcpu *vcpu)
{
	if (unlikely(to_book3s(vcpu)->own_store)) {
		kvmppc_end_own_store(vcpu);
		/* A store changes no MSR: this is the one that it had. */
		if (!kvmppc_debug_stepping(vcpu) && !(kvmppc_get_msr(vcpu) & MSR_SE))
			return RESUME_GUEST;
	}

	if (!kvmppc_debug_stepping(vcpu)) {
		kvmppc_debug_trace(vcpu, vcpu->arch.shadow_srr1, false);
		return RESUME_GUEST;
	}

	if ((to_book3s(vcpu)->step_msr & MSR_SE) ||
	    ((to_book3s(vcpu)->step_msr & MSR_BE) && kvmppc_debug_stepped_branch(vcpu)))
		kvmppc_debug_trace(vcpu, vcpu->arch.shadow_srr1, true);

	kvmppc_debug_exit(vcpu);
	return RESUME_HOST;
}

/* Power ISA, Trace Interrupt: rfi and its kin, and sc, cause none. */
static bool kvmppc_debug_insn_traceable(struct kvm_vcpu *vcpu)
{
	u32 inst = vcpu->arch.last_inst;

	/* The byte order of the MSR that it ran with; rfi may have changed it. */
	if ((vcpu->arch.shadow_srr1 ^ MSR_KERNEL) & MSR_LE)
		inst = swab32(inst);

	if (get_op(inst) == 19)
		return get_xop(inst) != OP_19_XOP_RFI &&
		       get_xop(inst) != OP_19_XOP_RFID;

	/* The fake sc 1 is a system call in all but name. */
	return get_op(inst) != 31 || get_xop(inst) != OP_31_XOP_FAKE_SC1;
}

/* The slow path of kvmppc_debug_insn_done() and _handed_over(): MSR_SE is set. */
void __kvmppc_debug_insn_done(struct kvm_vcpu *vcpu, bool handed_over)
{
	bool stepping = kvmppc_debug_stepping(vcpu);
	bool guest_traces = true;

	/* Somebody has changed the instruction since it caused a fault. */
	if (unlikely(to_book3s(vcpu)->own_store)) {
		kvmppc_end_own_store(vcpu);
		guest_traces = kvmppc_get_msr(vcpu) & MSR_SE;
	}

	if (stepping) {
		__kvmppc_debug_event(vcpu);
		guest_traces = to_book3s(vcpu)->step_msr & MSR_SE;
	}

	if (guest_traces && kvmppc_debug_insn_traceable(vcpu))
		kvmppc_debug_trace(vcpu, cpu_has_feature(CPU_FTR_ARCH_207S) ?
					 SRR1_TRACE_COMPLETED : 0,
				   stepping || handed_over);
}

/* The slow path of kvmppc_mmu_sync_icache(): a debugger may have written here. */
void kvmppc_debug_flush_icache(kvm_pfn_t pfn)
{
	unsigned long addr;

	if (!pfn_valid(pfn))
		return;

	addr = (unsigned long)kmap_local_pfn(pfn);
	flush_icache_range(addr, addr + PAGE_SIZE);
	kunmap_local((void *)addr);
}

/* The debugger may have written breakpoints, or removed them. */
static void kvmppc_debug_code_written(struct kvm_vcpu *vcpu)
{
	struct kvm *kvm = vcpu->kvm;
	struct kvm_vcpu *v;
	unsigned long i;

	if (cpu_has_feature(CPU_FTR_COHERENT_ICACHE))
		return;

	to_book3s(vcpu)->refetched = false;

	if (kvm->arch.flushes_icache) {
		kvmppc_mmu_unmap_code(kvm);
		return;
	}

	/* What has been mapped so far is not in the list. */
	kvm->arch.lists_code = true;
	kvm->arch.flushes_icache = true;
	kvm_for_each_vcpu(i, v, kvm)
		kvmppc_mmu_pte_flush(v, 0, 0);
}

/**
 * __kvmppc_debug_refetch - execute an instruction again that seemed illegal
 * @vcpu: the vCPU
 *
 * The CPU may have taken a breakpoint from its instruction cache that is in
 * memory no more.  Where KVM, which reads memory, finds nothing to emulate,
 * have the CPU fetch the instruction again, once.
 *
 * Return: false if the CPU has done so already.
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
 * @dbg: what userspace asks for; the padding and the hardware breakpoints are
 *	 not looked at, and need not be initialised
 *
 * Without KVM_GUESTDBG_ENABLE, all debugging is off.
 *
 * Return: 0, or -EINVAL with nothing changed if a control bit is not one of
 * those that KVM_CAP_SET_GUEST_DEBUG2 reports.
 */
int kvmppc_set_guest_debug_pr(struct kvm_vcpu *vcpu, struct kvm_guest_debug *dbg)
{
	if (dbg->control & ~KVMPPC_GUESTDBG_VALID_PR)
		return -EINVAL;

	if ((vcpu->guest_debug | dbg->control) & KVM_GUESTDBG_USE_SW_BP)
		kvmppc_debug_code_written(vcpu);

	vcpu->guest_debug = 0;
	if (dbg->control & KVM_GUESTDBG_ENABLE)
		vcpu->guest_debug = dbg->control;

	/* A step that nobody waits for any more is not reported. */
	if (!kvmppc_debug_stepping(vcpu))
		kvm_clear_request(KVM_REQ_STEP_DONE, vcpu);

	kvmppc_recalc_shadow_msr(vcpu);

	return 0;
}
