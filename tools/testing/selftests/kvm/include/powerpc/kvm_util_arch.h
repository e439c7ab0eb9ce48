/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTEST_KVM_UTIL_ARCH_H
#define SELFTEST_KVM_UTIL_ARCH_H

#include "kvm_util_types.h"

/*
 * KVM_VM_PPC_PR, unless a test is about Book3S HV and defines it differently.
 * Never 0: where both are available, HV is what a VM of type 0 gets.
 */
extern unsigned long powerpc_vm_type;
#define VM_TYPE_DEFAULT		powerpc_vm_type

struct kvm_mmu_arch {
	u64 hpt_size;		/* of the hashed page table, in bytes */
	void *hpt;		/* where the test has it; NULL: in guest memory */
};

struct kvm_vm_arch {
	gpa_t vectors;		/* where the interrupt vectors are */
};

#endif /* SELFTEST_KVM_UTIL_ARCH_H */
