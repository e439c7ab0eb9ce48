// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM selftest powerpc library code - translation by a hashed page table
 *
 * KVM PR finds the table by SDR1: at a guest physical address, or, for a PAPR
 * guest, at an address of the test process.  The table is big-endian for guests of
 * either byte order.  KVM PR reads it, the host's CPU does not.
 *
 * Segments are of 256 MB, pages of 4 KB.  The segment with number ESID has the
 * VSID that esid_to_vsid() computes from it, in all guests and on all vCPUs.
 */
#include "kvm_util.h"
#include "processor.h"

#include <asm/byteorder.h>
#include <linux/sizes.h>

#define HPTES_PER_GROUP		8
#define HPT_MIN_SIZE		SZ_256K
#define HPTEG_SIZE		(HPTES_PER_GROUP * sizeof(struct hpte))
#define SLOTS_PER_PAGE		2	/* half of the table stays empty */

#define HPTE_V_VALID		BIT_ULL(0)
#define HPTE_V_SECONDARY	BIT_ULL(1)
#define HPTE_V_AVPN_SHIFT	7
#define HPTE_R_RPN		GENMASK_ULL(59, 12)
#define HPTE_R_R		BIT_ULL(8)	/* referenced */
#define HPTE_R_C		BIT_ULL(7)	/* changed */
#define HPTE_R_M		BIT_ULL(4)	/* memory coherent */
#define HPTE_R_PP_RWRW		2ULL

/* The abbreviated virtual page number leaves 23 bits of the address out. */
#define AVPN_SHIFT		23

struct hpte {
	__be64 v;
	__be64 r;
};

/* The least power of two that is big enough, as SDR1 wants it */
static u64 hpt_size(u64 nr_pages)
{
	u64 size = HPT_MIN_SIZE;

	while (size < nr_pages * SLOTS_PER_PAGE * sizeof(struct hpte))
		size *= 2;
	return size;
}

/* The table has to be aligned to its size, which takes as much again. */
u64 vm_arch_nr_page_table_pages(enum vm_guest_mode mode, u64 nr_pages)
{
	if (mode == VM_MODE_P42V64_4K_PAPR)
		return 0;

	return 2 * hpt_size(nr_pages) / vm_guest_mode_params[mode].page_size;
}

void vm_arch_reserve_page_table(struct kvm_vm *vm, u64 nr_pages)
{
	vm->mmu.arch.hpt_size = hpt_size(nr_pages);
}

void virt_arch_pgd_alloc(struct kvm_vm *vm)
{
	u64 size;
	gpa_t gpa;

	if (vm->mmu.pgd_created)
		return;

	__TEST_REQUIRE(vm->type == KVM_VM_PPC_PR,
		       "KVM PR is not available, and this library has guest page tables for KVM PR only");
	if (!vm->mmu.arch.hpt_size)
		vm_arch_reserve_page_table(vm, 0);

	size = vm->mmu.arch.hpt_size;
	vm->mmu.pgd_created = true;

	if (vm->mode == VM_MODE_P42V64_4K_PAPR) {
		vm->mmu.arch.hpt = aligned_alloc(size, size);
		TEST_ASSERT(vm->mmu.arch.hpt, "Insufficient Memory");
		memset(vm->mmu.arch.hpt, 0, size);
		vm->mmu.pgd = (uintptr_t)vm->mmu.arch.hpt;
		return;
	}

	gpa = vm_phy_pages_alloc(vm, 2 * size / vm->page_size,
				 KVM_GUEST_PAGE_TABLE_MIN_PADDR,
				 vm->memslots[MEM_REGION_PT]);
	vm->mmu.pgd = align_up(gpa, size);
}

void kvm_arch_vm_release(struct kvm_vm *vm)
{
	/* A table in guest memory stays there for kvm_vm_restart(). */
	if (vm->mmu.arch.hpt)
		vm->mmu.pgd_created = false;
	free(vm->mmu.arch.hpt);
	vm->mmu.arch.hpt = NULL;
}

static struct hpte *hpte_at(struct kvm_vm *vm, u64 offset)
{
	if (vm->mmu.arch.hpt)
		return vm->mmu.arch.hpt + offset;

	return addr_gpa2hva(vm, vm->mmu.pgd + offset);
}

static u64 gva_to_va(gva_t gva)
{
	u64 esid = gva >> SEGMENT_SHIFT;

	return esid_to_vsid(esid) << SEGMENT_SHIFT | (gva & (SEGMENT_SIZE - 1));
}

static struct hpte *hpt_group(struct kvm_vm *vm, gva_t gva, bool secondary)
{
	u64 vsid = esid_to_vsid(gva >> SEGMENT_SHIFT);
	u64 page = (gva & (SEGMENT_SIZE - 1)) >> vm->page_shift;
	u64 hash = vsid ^ page;

	if (secondary)
		hash = ~hash;
	hash &= vm->mmu.arch.hpt_size / HPTEG_SIZE - 1;

	return hpte_at(vm, hash * HPTEG_SIZE);
}

static u64 hpte_v(gva_t gva, bool secondary)
{
	return (gva_to_va(gva) >> AVPN_SHIFT) << HPTE_V_AVPN_SHIFT |
	       (secondary ? HPTE_V_SECONDARY : 0) | HPTE_V_VALID;
}

static gpa_t hpte_gpa(const struct hpte *hpte)
{
	return be64_to_cpu(hpte->r) & HPTE_R_RPN;
}

static struct hpte *hpte_find(struct kvm_vm *vm, gva_t gva)
{
	struct hpte *hpte;
	unsigned int i, secondary;

	if (!vm->mmu.pgd_created)
		return NULL;

	for (secondary = 0; secondary < 2; secondary++) {
		hpte = hpt_group(vm, gva, secondary);
		for (i = 0; i < HPTES_PER_GROUP; i++, hpte++) {
			if (be64_to_cpu(hpte->v) == hpte_v(gva, secondary))
				return hpte;
		}
	}

	return NULL;
}

void virt_arch_pg_map(struct kvm_vm *vm, gva_t gva, gpa_t gpa)
{
	/* R and C are set, so that KVM does not have to set them. */
	u64 r = gpa | HPTE_R_R | HPTE_R_C | HPTE_R_M | HPTE_R_PP_RWRW;
	unsigned int i, secondary;
	struct hpte *hpte;

	TEST_ASSERT((gva % vm->page_size) == 0,
		    "Virtual address not on page boundary,\n"
		    "  gva: 0x%" PRIx64 " vm->page_size: 0x%x", gva, vm->page_size);
	TEST_ASSERT(sparsebit_is_set(vm->vpages_valid, gva >> vm->page_shift),
		    "Invalid virtual address, gva: 0x%" PRIx64, gva);
	TEST_ASSERT((gpa % vm->page_size) == 0,
		    "Physical address not on page boundary,\n"
		    "  gpa: 0x%" PRIx64 " vm->page_size: 0x%x", gpa, vm->page_size);
	TEST_ASSERT((gpa >> vm->page_shift) <= vm->max_gfn,
		    "Physical address beyond maximum supported,\n"
		    "  gpa: 0x%" PRIx64 " vm->max_gfn: 0x%" PRIx64 " vm->page_size: 0x%x",
		    gpa, vm->max_gfn, vm->page_size);

	hpte = hpte_find(vm, gva);
	if (hpte)
		TEST_FAIL("Virtual address is mapped already,\n"
			  "  gva: 0x%" PRIx64 " gpa: 0x%" PRIx64 ", is 0x%" PRIx64,
			  gva, gpa, hpte_gpa(hpte));

	for (secondary = 0; secondary < 2; secondary++) {
		hpte = hpt_group(vm, gva, secondary);
		for (i = 0; i < HPTES_PER_GROUP; i++, hpte++) {
			if (be64_to_cpu(hpte->v) & HPTE_V_VALID)
				continue;

			hpte->r = cpu_to_be64(r);
			hpte->v = cpu_to_be64(hpte_v(gva, secondary));
			return;
		}
	}

	TEST_FAIL("No free slot in the hashed page table\n"
		  "  gva: 0x%" PRIx64 ", table of 0x%" PRIx64 " bytes",
		  gva, vm->mmu.arch.hpt_size);
}

/* Set bits of a mapping's second doubleword. */
void powerpc_pg_set_flags(struct kvm_vm *vm, gva_t gva, u64 flags)
{
	struct hpte *hpte = hpte_find(vm, gva);

	TEST_ASSERT(hpte, "No mapping for vm virtual address, gva: 0x%" PRIx64, gva);

	hpte->r |= cpu_to_be64(flags);
}

gpa_t addr_arch_gva2gpa(struct kvm_vm *vm, gva_t gva)
{
	struct hpte *hpte = hpte_find(vm, gva);

	TEST_ASSERT(hpte, "No mapping for vm virtual address, gva: 0x%" PRIx64, gva);

	return hpte_gpa(hpte) + (gva & (vm->page_size - 1));
}

void virt_arch_dump(FILE *stream, struct kvm_vm *vm, u8 indent)
{
	struct hpte *hpte;
	u64 offset, v, r;

	if (!vm->mmu.pgd_created)
		return;

	for (offset = 0; offset < vm->mmu.arch.hpt_size; offset += sizeof(*hpte)) {
		hpte = hpte_at(vm, offset);
		v = be64_to_cpu(hpte->v);
		r = be64_to_cpu(hpte->r);
		if (!(v & HPTE_V_VALID))
			continue;
		fprintf(stream, "%*shpte 0x%06" PRIx64 ": 0x%016" PRIx64 " 0x%016" PRIx64 "\n",
			indent, "", offset / sizeof(*hpte), v, r);
	}
}

/*
 * All segments have the same attributes: no key in either state, so that the
 * page protection bits mean the same to both.
 */
static void add_slb_entry(struct kvm_sregs *sregs, unsigned int index, u64 esid)
{
	sregs->u.s.ppc64.slb[index].slbe = esid << SEGMENT_SHIFT | SLB_ESID_V | index;
	sregs->u.s.ppc64.slb[index].slbv = esid_to_vsid(esid) << SLB_VSID_SHIFT;
}

void powerpc_vcpu_mmu_setup(struct kvm_vcpu *vcpu)
{
	struct kvm_vm *vm = vcpu->vm;
	struct kvm_sregs sregs;
	unsigned int i;

	if (vm->mode == VM_MODE_P42V64_4K_PAPR)
		vcpu_enable_cap(vcpu, KVM_CAP_PPC_PAPR, 0);

	vcpu_sregs_get(vcpu, &sregs);
	memset(&sregs.u, 0, sizeof(sregs.u));

	/* The table's size is in SDR1 as a power of two of the smallest one. */
	sregs.u.s.sdr1 = vm->mmu.pgd | __builtin_ctzll(vm->mmu.arch.hpt_size / HPT_MIN_SIZE);
	for (i = 0; i < NR_SLB_BOLTED; i++)
		add_slb_entry(&sregs, i, i);

	vcpu_sregs_set(vcpu, &sregs);
}
