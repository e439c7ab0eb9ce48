/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTEST_KVM_UTIL_ARCH_H
#define SELFTEST_KVM_UTIL_ARCH_H

#include "kvm_util_types.h"

/*
 * Never 0, which is HV where both are available.  kvm_selftest_arch_init() sets it
 * to KVM_VM_PPC_PR if the host has that, otherwise to KVM_VM_PPC_HV.
 */
extern unsigned long powerpc_default_vm_type;
#define VM_TYPE_DEFAULT		powerpc_default_vm_type

/* Of each vCPU; one page is for interrupts. */
#define DEFAULT_STACK_PGS	6

struct kvm_mmu_arch {
	u64 hpt_size;		/* of the hashed page table, in bytes */
	void *hpt;		/* where the test has it; NULL: in guest memory */
};

struct kvm_vm_arch {
	gpa_t vectors;		/* where the interrupt vectors are */
};

#endif /* SELFTEST_KVM_UTIL_ARCH_H */
