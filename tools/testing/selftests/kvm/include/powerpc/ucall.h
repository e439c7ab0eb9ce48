/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTEST_KVM_UCALL_H
#define SELFTEST_KVM_UCALL_H

#include "kvm_util_types.h"
#include "processor.h"

struct kvm_vm;

#define UCALL_EXIT_REASON	KVM_EXIT_OSI

/**
 * ucall_arch_init() - nothing to be done
 * @vm: the VM
 * @mmio_gpa: not used
 */
static inline void ucall_arch_init(struct kvm_vm *vm, gpa_t mmio_gpa)
{
}

/**
 * ucall_arch_do_ucall() - exit to userspace
 * @uc: address of the struct ucall
 *
 * Of the exits that a guest can cause on purpose, OSI is the one that needs no
 * translation, no privilege and no PAPR: it works in supervisor and in problem
 * state, in real mode and translated, for 32-bit and for 64-bit guests.  KVM
 * hands all GPRs to userspace and takes all of them back.
 */
static inline void ucall_arch_do_ucall(gva_t uc)
{
	register unsigned long r3 asm("r3") = OSI_SC_MAGIC_R3;
	register unsigned long r4 asm("r4") = OSI_SC_MAGIC_R4;
	register unsigned long r5 asm("r5") = uc;

	asm volatile("sc"
		     : "+r" (r3), "+r" (r4), "+r" (r5)
		     :
		     : "memory", "cr0", "ctr");
}

#endif /* SELFTEST_KVM_UCALL_H */
