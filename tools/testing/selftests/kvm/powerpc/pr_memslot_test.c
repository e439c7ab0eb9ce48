// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory slots of KVM Book3S PR guests: the dirty log, and what becomes of the
 * memory when a slot goes
 *
 * None of it is about debugging, and each case is a fault that KVM PR has had.
 */
#include <asm/byteorder.h>

#include "debug_guest.h"
#include "kselftest_harness.h"

#define SLOT		1
#define SLOT_SIZE	0x10000		/* a page, or more */
#define SLOT_GPA	0x8000000
#define SLOT_TOP	0xffff0000	/* ends at 4 GB */

FIXTURE(slots)
{
	struct debug_guest guest;
};

FIXTURE_VARIANT(slots)
{
	gpa_t gpa;
};

FIXTURE_VARIANT_ADD(slots, low)
{
	.gpa = SLOT_GPA,
};

/* Where a 32-bit host cannot put the slot's end into a long */
FIXTURE_VARIANT_ADD(slots, top)
{
	.gpa = SLOT_TOP,
};

FIXTURE_SETUP(slots)
{
	debug_guest_create(&self->guest, MSR_GUEST_REAL);
	vm_userspace_mem_region_add(self->guest.vm, VM_MEM_SRC_ANONYMOUS,
				    variant->gpa, SLOT,
				    SLOT_SIZE >> self->guest.vm->page_shift, 0);
}

FIXTURE_TEARDOWN(slots)
{
	debug_guest_destroy(&self->guest);
}

GUEST_ASM(store_code,
	  "	stw	%r6, 0(%r5)\n"
	  GUEST_ASM_OSI);

static void start_store(struct debug_guest *guest, gpa_t gpa, u32 val)
{
	guest->regs.gpr[5] = gpa;
	guest->regs.gpr[6] = val;
	debug_guest_start(guest, store_code, store_code_end);
}

/* The guest stores to the slot's memory, and the memory has it. */
static void store(struct debug_guest *guest, gpa_t gpa, u32 val)
{
	start_store(guest, gpa, val);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_complete(guest);
	TEST_ASSERT_EQ(debug_guest_read32(guest, gpa), val);
}

static bool is_dirty(struct debug_guest *guest)
{
	unsigned long bitmap = 0;

	kvm_vm_get_dirty_log(guest->vm, SLOT, &bitmap);
	return bitmap;
}

/* No clause: a write is logged wherever it comes, once per log. */
TEST_F(slots, dirty_log)
{
	struct debug_guest *guest = &self->guest;
	u32 i;

	vm_mem_region_set_flags(guest->vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES);
	TEST_ASSERT(!is_dirty(guest), "Dirty before a write");
	for (i = 1; i <= 3; i++) {
		store(guest, variant->gpa, i);
		TEST_ASSERT(is_dirty(guest), "Write %u is not in the log", i);
		TEST_ASSERT(!is_dirty(guest), "Write %u is there twice", i);
	}
}

/* No clause: so are those to pages that were written to before there was a log. */
TEST_F(slots, dirty_log_later)
{
	struct debug_guest *guest = &self->guest;

	store(guest, variant->gpa, 1);
	vm_mem_region_set_flags(guest->vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES);
	TEST_ASSERT(!is_dirty(guest), "Dirty before the log");
	store(guest, variant->gpa, 2);
	TEST_ASSERT(is_dirty(guest), "The write is not in the log");
}

/* No clause: when the slot is gone, so is its memory, and what is left is MMIO. */
TEST_F(slots, deleted)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;
	void *hva = addr_gpa2hva(guest->vm, variant->gpa);

	store(guest, variant->gpa, 1);
	vm_set_user_memory_region(guest->vm, SLOT, 0, variant->gpa, 0, hva);
	start_store(guest, variant->gpa, 2);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, variant->gpa);
	TEST_ASSERT_EQ(debug_guest_read32(guest, variant->gpa), 1);
}

/*
 * A page table in the slot, as guests have it that are not under PAPR.  There
 * is one entry in it, which is for a page of data; code is not translated.
 */
#define TABLE_VSID	7U
#define TABLE_SEGMENT	6
#define TABLE_EA	(TABLE_SEGMENT << 28)
#define PTE_R		0x100	/* referenced */
#define PTE_C		0x080	/* changed */
#define PTE_M		0x010	/* coherent */
#define PTE_RW		2

FIXTURE(page_table)
{
	struct debug_guest guest;
	__be32 *attributes;	/* the entry's last word */
};

FIXTURE_VARIANT(page_table)
{
	u64 msr;
	u32 wimg;
};

FIXTURE_VARIANT_ADD(page_table, segment_registers)
{
	.msr = MSR_GUEST_REAL & ~MSR_SF,
};

#ifdef CONFIG_64BIT
FIXTURE_VARIANT_ADD(page_table, slb)
{
	.msr = MSR_GUEST_REAL,
	.wimg = PTE_M,
};

/* Not coherent: a hypervisor that the host has would refuse to map it. */
FIXTURE_VARIANT_ADD(page_table, slb_without_m)
{
	.msr = MSR_GUEST_REAL,
};
#endif

/* The hash of a segment's first page is its VSID; see also hash_mmu.c. */
#ifdef CONFIG_64BIT
static __be32 *use_slb(struct debug_guest *guest, struct kvm_sregs *sregs)
{
	__be32 *group = addr_gpa2hva(guest->vm, SLOT_GPA + (TABLE_VSID << 7));

	sregs->u.s.ppc64.slb[0].slbe = TABLE_EA | SLB_ESID_V;
	sregs->u.s.ppc64.slb[0].slbv = TABLE_VSID << SLB_VSID_SHIFT;
	group[1] = cpu_to_be32(TABLE_VSID << 12 | 1);
	return group + 3;
}
#endif

static __be32 *use_segment_registers(struct debug_guest *guest,
				     struct kvm_sregs *sregs)
{
	__be32 *group = addr_gpa2hva(guest->vm, SLOT_GPA + (TABLE_VSID << 6));

	debug_guest_use_bats(guest);
	vcpu_sregs_get(guest->vcpu, sregs);
	sregs->u.s.ppc32.sr[TABLE_SEGMENT] = TABLE_VSID;
	group[0] = cpu_to_be32(1U << 31 | TABLE_VSID << 7);
	return group + 1;
}

FIXTURE_SETUP(page_table)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_sregs sregs;

	debug_guest_create(guest, variant->msr);
	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, SLOT_GPA,
				    SLOT, SLOT_SIZE >> guest->vm->page_shift,
				    KVM_MEM_LOG_DIRTY_PAGES);

	vcpu_sregs_get(guest->vcpu, &sregs);
#ifdef CONFIG_64BIT
	if (variant->msr & MSR_SF)
		self->attributes = use_slb(guest, &sregs);
	else
#endif
		self->attributes = use_segment_registers(guest, &sregs);
	*self->attributes = cpu_to_be32(GUEST_DATA | variant->wimg | PTE_RW);
	sregs.u.s.sdr1 = SLOT_GPA;
	vcpu_sregs_set(guest->vcpu, &sregs);

	guest->regs.msr |= MSR_DR;
	guest->regs.gpr[5] = TABLE_EA;
}

FIXTURE_TEARDOWN(page_table)
{
	debug_guest_destroy(&self->guest);
}

GUEST_ASM(load_code,
	  "	lwz	%r6, 0(%r5)\n"
	  GUEST_ASM_OSI);

/* The guest loads from the page, or stores to it. */
static void access_page(struct debug_guest *guest, bool write)
{
	if (write)
		debug_guest_start(guest, store_code, store_code_end);
	else
		debug_guest_start(guest, load_code, load_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_complete(guest);
}

/* No clause: a load sets R, and the store that comes after it sets C. */
TEST_F(page_table, referenced_changed)
{
	struct debug_guest *guest = &self->guest;
	u32 pte = GUEST_DATA | variant->wimg | PTE_RW;

	access_page(guest, false);
	TEST_ASSERT_EQ(be32_to_cpu(*self->attributes), pte | PTE_R);
	access_page(guest, true);
	TEST_ASSERT_EQ(be32_to_cpu(*self->attributes), pte | PTE_R | PTE_C);
}

/* No clause: it is KVM that writes these bits, and the page gets into the log. */
TEST_F(page_table, dirty_log)
{
	struct debug_guest *guest = &self->guest;

	access_page(guest, false);
	TEST_ASSERT(is_dirty(guest), "The page with a new R is not in the log");
	access_page(guest, true);
	TEST_ASSERT(is_dirty(guest), "The page with a new C is not in the log");
	access_page(guest, true);
	TEST_ASSERT(!is_dirty(guest), "A page that nobody wrote to is in the log");
}

TEST_HARNESS_MAIN
