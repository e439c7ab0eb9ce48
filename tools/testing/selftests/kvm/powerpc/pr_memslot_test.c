// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory slots of KVM Book3S PR guests: the dirty log, and what becomes of the
 * memory when a slot goes
 *
 * None of it is about debugging, and each case is a fault that KVM PR has had.
 */
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

TEST_HARNESS_MAIN
