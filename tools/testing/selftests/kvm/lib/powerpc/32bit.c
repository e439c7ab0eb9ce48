// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM selftest powerpc library code - what 32-bit hosts do not have
 *
 * The parts of the library that run inside the guest, or load the test's ELF
 * file into it, need a 64-bit host: they pass u64 arguments where pointers are.
 * Guests of 32-bit hosts are those of vm_vcpu_add_real_mode().
 */
#include "kvm_util.h"
#include "processor.h"
#include "ucall_common.h"

#define NEEDS_64BIT "needs a 64-bit host"

void virt_arch_pgd_alloc(struct kvm_vm *vm)
{
	TEST_FAIL("A guest page table " NEEDS_64BIT);
}

void virt_arch_pg_map(struct kvm_vm *vm, gva_t gva, gpa_t gpa)
{
	TEST_FAIL("A guest page table " NEEDS_64BIT);
}

gpa_t addr_arch_gva2gpa(struct kvm_vm *vm, gva_t gva)
{
	TEST_FAIL("A guest page table " NEEDS_64BIT);
}

void virt_arch_dump(FILE *stream, struct kvm_vm *vm, u8 indent)
{
}

struct kvm_vcpu *vm_arch_vcpu_add(struct kvm_vm *vm, u32 vcpu_id)
{
	TEST_FAIL("Guest code in C " NEEDS_64BIT);
}

void vcpu_arch_set_entry_point(struct kvm_vcpu *vcpu, void *guest_code)
{
	TEST_FAIL("Guest code in C " NEEDS_64BIT);
}

void vcpu_args_set(struct kvm_vcpu *vcpu, unsigned int num, ...)
{
	TEST_FAIL("Guest code in C " NEEDS_64BIT);
}

void assert_on_unhandled_exception(struct kvm_vcpu *vcpu)
{
}

void kvm_vm_elf_load(struct kvm_vm *vm, const char *filename)
{
	TEST_FAIL("Loading %s into the guest " NEEDS_64BIT, filename);
}

int ucall_nr_pages_required(u64 page_size)
{
	return 0;
}

void ucall_init(struct kvm_vm *vm, gpa_t mmio_gpa)
{
}
