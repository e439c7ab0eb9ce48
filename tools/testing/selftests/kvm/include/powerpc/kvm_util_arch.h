/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTEST_KVM_UTIL_ARCH_H
#define SELFTEST_KVM_UTIL_ARCH_H

/*
 * Tests are about KVM Book3S PR.  Ask for it by name: where Book3S HV is
 * available too, HV is what a VM of type 0 gets.
 */
#define VM_TYPE_DEFAULT		KVM_VM_PPC_PR

struct kvm_mmu_arch {};
struct kvm_vm_arch {};

#endif /* SELFTEST_KVM_UTIL_ARCH_H */
