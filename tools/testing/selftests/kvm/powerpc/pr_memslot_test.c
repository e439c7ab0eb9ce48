// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory slots and page tables of KVM Book3S PR guests: the dirty log, and what
 * becomes of the memory when a slot or an entry of the table goes
 *
 * Most cases are bugs that KVM PR has had.
 */
#include <asm/byteorder.h>

#include "asm_guest.h"
#include "kselftest_harness.h"

#define SLOT		1
#define SLOT_SIZE	0x10000		/* a page, or more */
#define SLOT_GPA	0x8000000
#define SLOT_TOP	0xffff0000	/* ends at 4 GB */

FIXTURE(slots)
{
	struct asm_guest guest;
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
	asm_guest_create(&self->guest, MSR_GUEST_REAL);
	vm_userspace_mem_region_add(self->guest.vm, VM_MEM_SRC_ANONYMOUS,
				    variant->gpa, SLOT,
				    SLOT_SIZE >> self->guest.vm->page_shift, 0);
}

FIXTURE_TEARDOWN(slots)
{
	asm_guest_destroy(&self->guest);
}

GUEST_ASM(store_code,
	  "	stw	%r6, 0(%r5)\n"
	  GUEST_ASM_OSI);

static void start_store(struct asm_guest *guest, gpa_t gpa, u32 val)
{
	guest->regs.gpr[5] = gpa;
	guest->regs.gpr[6] = val;
	asm_guest_start(guest, store_code);
}

/* The guest stores to the slot's memory, and the memory has it. */
static void store(struct asm_guest *guest, gpa_t gpa, u32 val)
{
	start_store(guest, gpa, val);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(asm_guest_read32(guest, gpa), val);
}

static bool is_dirty(struct asm_guest *guest)
{
	unsigned long bitmap = 0;

	kvm_vm_get_dirty_log(guest->vm, SLOT, &bitmap);
	TEST_ASSERT(!(bitmap & (bitmap - 1)), "More than one page is in the log: 0x%lx", bitmap);
	return bitmap;
}

/* A write is logged wherever it comes, once per log. */
TEST_F(slots, dirty_log)
{
	struct asm_guest *guest = &self->guest;
	u32 i;

	vm_mem_region_set_flags(guest->vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES);
	TEST_ASSERT(!is_dirty(guest), "Dirty before a write");
	for (i = 1; i <= 3; i++) {
		store(guest, variant->gpa, i);
		TEST_ASSERT(is_dirty(guest), "Write %u is not in the log", i);
		TEST_ASSERT(!is_dirty(guest), "Write %u is there twice", i);
	}
}

/* A write is logged in a page that was written to before there was a log. */
TEST_F(slots, dirty_log_later)
{
	struct asm_guest *guest = &self->guest;

	store(guest, variant->gpa, 1);
	vm_mem_region_set_flags(guest->vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES);
	TEST_ASSERT(!is_dirty(guest), "Dirty before the log");
	store(guest, variant->gpa, 2);
	TEST_ASSERT(is_dirty(guest), "The write is not in the log");
}

/* After the slot is deleted, an access to its addresses is MMIO. */
TEST_F(slots, deleted)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;
	void *hva = addr_gpa2hva(guest->vm, variant->gpa);

	store(guest, variant->gpa, 1);
	vm_set_user_memory_region(guest->vm, SLOT, 0, variant->gpa, 0, hva);
	start_store(guest, variant->gpa, 2);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, variant->gpa);
	TEST_ASSERT_EQ(asm_guest_read32(guest, variant->gpa), 1);
}

/*
 * A thread replaces a page again and again.  Each time it writes a larger number,
 * first to the new page and then to GUEST_DATA.  A guest that finds a smaller number in
 * the page than at GUEST_DATA sees a page that has been replaced.
 */
#define RUN_SECONDS	3
#define NR_LOOPS	100

struct replacer {
	struct asm_guest_preemptor preemptor;
	struct asm_guest *guest;
	void (*replace)(struct replacer *replacer, u32 number);
	struct asm_guest other;	/* executes tlbie */
	__be32 *valid;		/* the entry's word with V */
	__be32 *attributes;	/* the entry's last word, and what it has beside the page */
	u32 bits;
	long max_sleep;		/* ns */
};

static void *replace_often(void *arg)
{
	struct replacer *replacer = arg;
	struct timespec time = {};
	u32 i;

	for (i = 2; !READ_ONCE(replacer->preemptor.thread.stop); i++) {
		replacer->replace(replacer, i);
		asm_guest_write32(replacer->guest, GUEST_DATA, i);
		time.tv_nsec = random() % replacer->max_sleep;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
	}
	return NULL;
}

/*
 * Faults the page at r5 in, which tlbie finds by r10, and compares its number with the
 * one at r8; 0 is in a page that the host has not numbered yet.
 */
GUEST_ASM(fault_code,
	  "	mtctr	%r6\n"
	  "1:	.long	0x7c005264\n"		/* tlbie r10 */
	  "	lwz	%r9, 0(%r5)\n"
	  "	lwz	%r7, 0(%r8)\n"
	  "	lwz	%r9, 0(%r5)\n"
	  "	cmpwi	%r9, 0\n"
	  "	beq	2f\n"
	  "	cmplw	%r9, %r7\n"
	  "	blt	3f\n"
	  "2:	bdnz	1b\n"
	  "3:\n"
	  GUEST_ASM_OSI);

static void run_faults(struct asm_guest *guest)
{
	guest->regs.gpr[6] = NR_LOOPS;
	asm_guest_start(guest, fault_code);
	asm_guest_run_to_osi(guest);
}

/*
 * Fault the page in while it is replaced.  Return 0, or EPERM if the test may not
 * start the thread.
 */
static int run_replaced(struct replacer *replacer)
{
	struct asm_guest *guest = replacer->guest;
	struct timespec start;
	u32 page, number;
	int ret;

	asm_guest_write32(guest, GUEST_DATA, 1);

	/* Undisturbed, for the thread to leave a few faults alone each time */
	clock_gettime(CLOCK_MONOTONIC, &start);
	run_faults(guest);
	replacer->max_sleep = min(8 * timespec_to_ns(timespec_elapsed(start)) / NR_LOOPS,
				  (s64)999999999);

	ret = asm_guest_start_preemptor(&replacer->preemptor, replace_often, replacer);
	if (ret)
		return ret;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		run_faults(guest);
		number = guest->regs.gpr[7];
		page = guest->regs.gpr[9];
	} while ((!page || page >= number) &&
		 timespec_elapsed(start).tv_sec < RUN_SECONDS);
	asm_guest_stop_preemptor(&replacer->preemptor);

	TEST_ASSERT(!page || page >= number,
		    "The guest sees page %u, which has been replaced by %u", page, number);
	return 0;
}

static void replace_host_page(struct replacer *replacer, u32 number)
{
	void *hva = addr_gpa2hva(replacer->guest->vm, SLOT_GPA);

	TEST_ASSERT(!madvise(hva, SLOT_SIZE, MADV_DONTNEED),
		    "MADV_DONTNEED failed, errno: %d", errno);
	asm_guest_write32(replacer->guest, SLOT_GPA, number);
}

/* A page that the host takes away during a fault is not mapped. */
TEST(replaced)
{
	struct asm_guest guest;
	struct replacer replacer = { .guest = &guest, .replace = replace_host_page };

	asm_guest_create(&guest, MSR_GUEST_REAL & ~MSR_SF);
	asm_guest_set_mmu(&guest, GUEST_MMU_BAT);	/* for the 32-bit tlbie */
	vm_userspace_mem_region_add(guest.vm, VM_MEM_SRC_ANONYMOUS, SLOT_GPA,
				    SLOT, SLOT_SIZE >> guest.vm->page_shift, 0);
	guest.regs.gpr[5] = SLOT_GPA;
	guest.regs.gpr[8] = GUEST_DATA;
	guest.regs.gpr[10] = SLOT_GPA;

	if (run_replaced(&replacer))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");
	asm_guest_destroy(&guest);
}

/*
 * The distance of the guest's pages is a quarter of a host page, but at least 4K.
 * A vCPU of KVM PR has at most 32768 shadow pages.  Use fewer on 32-bit hosts,
 * where a fault takes 1 ms in emulation.
 */
#define MANY_GPA	0x10000000
#define FEW_PAGES	128
#define MANY_PAGES	(sizeof(long) == 8 ? 32000 : 4000)
#define MAX_PERCENT	150
#define MIN_ROUNDS	8
#define MAX_ROUNDS	64
#define MANY_SECONDS	60
#define PFN_MASK	((1ULL << 55) - 1)	/* in an entry of pagemap */

/* A guest and its pages, of which the first FEW_PAGES are measured */
struct population {
	struct asm_guest guest;
	u8 *hva;
	u64 pfns[FEW_PAGES];
	s64 best[FEW_PAGES];	/* shortest time, ns */
};

FIXTURE(many)
{
	size_t step;		/* from page to page */
	int page_idle;
	struct population few;
	struct population many;
};

/* What the host does with the pages */
FIXTURE_VARIANT(many)
{
	bool age;
};

FIXTURE_VARIANT_ADD(many, unmap)
{
};

FIXTURE_VARIANT_ADD(many, age)
{
	.age = true,
};

static void populate(FIXTURE_DATA(many) *self, struct population *pages, u32 nr)
{
	struct asm_guest *guest = &pages->guest;
	unsigned int i;

	asm_guest_create(guest, MSR_GUEST_REAL & ~MSR_SF);
	asm_guest_set_mmu(guest, GUEST_MMU_BAT);	/* for pages of 4K */
	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, MANY_GPA, SLOT,
				    nr * self->step >> guest->vm->page_shift, 0);
	pages->hva = addr_gpa2hva(guest->vm, MANY_GPA);
	for (i = 0; i < FEW_PAGES; i++)
		pages->best[i] = INT64_MAX;
}

FIXTURE_SETUP(many)
{
	self->step = max(getpagesize() / 4, 0x1000);
	self->page_idle = -1;
	populate(self, &self->few, FEW_PAGES);
	populate(self, &self->many, MANY_PAGES);
}

FIXTURE_TEARDOWN(many)
{
	asm_guest_destroy(&self->few.guest);
	asm_guest_destroy(&self->many.guest);
	if (self->page_idle >= 0)
		close(self->page_idle);
}

static bool find_pfns(FIXTURE_DATA(many) *self, struct population *pages, int pagemap)
{
	size_t size = FEW_PAGES * self->step, i;
	off_t page = (uintptr_t)pages->hva / getpagesize();

	memset(pages->hva, 0, size);
	for (i = 0; i < size / getpagesize(); i++) {
		if (pread(pagemap, &pages->pfns[i], sizeof(u64),
			  (page + i) * sizeof(u64)) != sizeof(u64))
			return false;
		pages->pfns[i] &= PFN_MASK;
	}
	return pages->pfns[0];
}

/* Return false if page_idle is not available to age pages with. */
static bool can_age(FIXTURE_DATA(many) *self)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	size_t size = FEW_PAGES * self->step;
	bool found;

	if (pagemap < 0)
		return false;

	pin_self_to_any_cpu();
	self->page_idle = open("/sys/kernel/mm/page_idle/bitmap", O_WRONLY);
	found = self->page_idle >= 0 && find_pfns(self, &self->few, pagemap) &&
		find_pfns(self, &self->many, pagemap);
	close(pagemap);
	/*
	 * page_idle does not find the last pages, up to 31 of them, that this CPU
	 * has allocated.  Let these be others.
	 */
	memset(self->many.hva + size, 0, size);
	return found;
}

GUEST_ASM(touch_code,
	  "	mtctr	%r6\n"
	  "1:	lwz	%r9, 0(%r5)\n"
	  "	add	%r5, %r5, %r7\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI);

static void touch(FIXTURE_DATA(many) *self, struct asm_guest *guest, u32 from, u32 to)
{
	u32 nr;

	for (; from < to; from += nr) {
		nr = min(to - from, 500U);
		guest->regs.gpr[5] = MANY_GPA + from * self->step;
		guest->regs.gpr[6] = nr;
		guest->regs.gpr[7] = self->step;
		asm_guest_start(guest, touch_code);
		asm_guest_run_to_osi(guest);
	}
}

static void unmap_or_age(FIXTURE_DATA(many) *self, struct population *pages, bool age,
			 unsigned int i)
{
	u64 bit = 1ULL << (pages->pfns[i] % 64);

	if (age)
		TEST_ASSERT(pwrite(self->page_idle, &bit, sizeof(bit),
				   pages->pfns[i] / 64 * sizeof(bit)) == sizeof(bit),
			    "page_idle failed, errno: %d", errno);
	else
		TEST_ASSERT(!madvise(pages->hva + i * getpagesize(), getpagesize(),
				     MADV_DONTNEED),
			    "MADV_DONTNEED failed, errno: %d", errno);
}

/*
 * Return the time in ns that the host needs to unmap or age the first pages, one
 * after the other: the sum of each page's shortest time of this call and of all
 * before it, because other load prolongs single measurements.  The guest has to have
 * lost the pages that were unmapped or aged before.
 */
static s64 time_first(FIXTURE_DATA(many) *self, struct population *pages, bool age)
{
	unsigned int nr = FEW_PAGES * self->step / getpagesize(), i;
	u64 faults = vcpu_get_stat(pages->guest.vcpu, sp_storage);
	struct timespec start;
	s64 ns, sum = 0;

	touch(self, &pages->guest, 0, FEW_PAGES);
	faults = vcpu_get_stat(pages->guest.vcpu, sp_storage) - faults;
	TEST_ASSERT(faults >= FEW_PAGES, "The guest has lost %" PRIu64 " of %u pages",
		    faults, FEW_PAGES);
	for (i = 0; i < nr; i++) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		unmap_or_age(self, pages, age, i);
		ns = timespec_to_ns(timespec_elapsed(start));
		pages->best[i] = min(pages->best[i], ns);
		sum += pages->best[i];
	}
	return sum;
}

/*
 * The time that a page takes does not depend on how many others there are.  Measure
 * both guests in turn, so that other load slows both.
 */
TEST_F_TIMEOUT(many, time, MANY_SECONDS)
{
	unsigned int round;
	s64 few, many;

	if (variant->age && !can_age(self))
		SKIP(return, "page_idle is not available");
	touch(self, &self->many.guest, FEW_PAGES, MANY_PAGES);
	for (round = 1; round <= MAX_ROUNDS; round++) {
		few = time_first(self, &self->few, variant->age);
		many = time_first(self, &self->many, variant->age);
		if (round >= MIN_ROUNDS && many * 100 <= few * MAX_PERCENT)
			break;
	}
	ksft_print_msg("%u pages: %" PRId64 " ns, among %u: %" PRId64 " ns\n",
		       FEW_PAGES, few, (u32)MANY_PAGES, many);
	TEST_ASSERT(many * 100 <= few * MAX_PERCENT,
		    "%u pages take %" PRId64 " ns, among %u others %" PRId64 " ns",
		    FEW_PAGES, few, (u32)MANY_PAGES, many);
}

/*
 * A page table in the slot, as guests have it that are not under PAPR.  It has one
 * entry, or two, for pages of data; code is not translated.
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
	struct asm_guest guest;
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

/* Without M: the hypervisor of a pseries host refuses such an entry, so KVM adds M. */
FIXTURE_VARIANT_ADD(page_table, slb_without_m)
{
	.msr = MSR_GUEST_REAL,
};
#endif

/* The hash of a segment's first page is its VSID; see also hash_mmu.c. */
#ifdef CONFIG_64BIT
static __be32 *use_slb(struct asm_guest *guest, struct kvm_sregs *sregs)
{
	__be32 *group = addr_gpa2hva(guest->vm, SLOT_GPA + (TABLE_VSID << 7));

	sregs->u.s.ppc64.slb[0].slbe = TABLE_EA | SLB_ESID_V;
	sregs->u.s.ppc64.slb[0].slbv = TABLE_VSID << SLB_VSID_SHIFT;
	group[1] = cpu_to_be32(TABLE_VSID << 12 | 1);
	return group + 3;
}
#endif

static __be32 *use_segment_registers(struct asm_guest *guest,
				     struct kvm_sregs *sregs, u32 vsid)
{
	__be32 *group = addr_gpa2hva(guest->vm, SLOT_GPA + (vsid << 6));

	asm_guest_set_mmu(guest, GUEST_MMU_BAT);
	vcpu_sregs_get(guest->vcpu, sregs);
	sregs->u.s.ppc32.sr[TABLE_SEGMENT] = vsid;
	group[0] = cpu_to_be32(1U << 31 | vsid << 7);
	return group + 1;
}

FIXTURE_SETUP(page_table)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_sregs sregs;

	asm_guest_create(guest, variant->msr);
	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, SLOT_GPA,
				    SLOT, SLOT_SIZE >> guest->vm->page_shift,
				    KVM_MEM_LOG_DIRTY_PAGES);

	vcpu_sregs_get(guest->vcpu, &sregs);
#ifdef CONFIG_64BIT
	if (variant->msr & MSR_SF)
		self->attributes = use_slb(guest, &sregs);
	else
#endif
		self->attributes = use_segment_registers(guest, &sregs,
							 TABLE_VSID);
	*self->attributes = cpu_to_be32(GUEST_DATA | variant->wimg | PTE_RW);
	sregs.u.s.sdr1 = SLOT_GPA;
	vcpu_sregs_set(guest->vcpu, &sregs);

	guest->regs.msr |= MSR_DR;
	guest->regs.gpr[5] = TABLE_EA;
}

FIXTURE_TEARDOWN(page_table)
{
	asm_guest_destroy(&self->guest);
}

GUEST_ASM(load_code,
	  "	lwz	%r6, 0(%r5)\n"
	  GUEST_ASM_OSI);

/* The guest loads from the page, or stores to it. */
static void access_page(struct asm_guest *guest, bool write)
{
	if (write)
		asm_guest_start(guest, store_code);
	else
		asm_guest_start(guest, load_code);
	asm_guest_run_to_osi(guest);
}

/* A load sets R, and the store that comes after it sets C. */
TEST_F(page_table, referenced_changed)
{
	struct asm_guest *guest = &self->guest;
	u32 pte = GUEST_DATA | variant->wimg | PTE_RW;

	access_page(guest, false);
	TEST_ASSERT_EQ(be32_to_cpu(*self->attributes), pte | PTE_R);
	access_page(guest, true);
	TEST_ASSERT_EQ(be32_to_cpu(*self->attributes), pte | PTE_R | PTE_C);
}

/* KVM writes R and C to the guest's page table, and logs that page as dirty. */
TEST_F(page_table, dirty_log)
{
	struct asm_guest *guest = &self->guest;

	access_page(guest, false);
	TEST_ASSERT(is_dirty(guest), "The page with a new R is not in the log");
	access_page(guest, true);
	TEST_ASSERT(is_dirty(guest), "The page with a new C is not in the log");
	access_page(guest, true);
	TEST_ASSERT(!is_dirty(guest), "A page that nobody wrote to is in the log");
}

GUEST_ASM(tlbie_code,
	  "	.long	0x7c005264\n"		/* tlbie r10 */
	  GUEST_ASM_OSI);

/* The page is at two places by turns.  Another vCPU replaces the entry in the table. */
static void replace_pte(struct replacer *replacer, u32 number)
{
	u32 page = GUEST_DATA + (number % 2 ? 0x1000 : 0x2000);
	__be32 valid = *replacer->valid;

	asm_guest_write32(replacer->guest, page, number);
	WRITE_ONCE(*replacer->valid, 0);
	asm_guest_start(&replacer->other, tlbie_code);
	asm_guest_run_to_osi(&replacer->other);
	WRITE_ONCE(*replacer->attributes, cpu_to_be32(page | replacer->bits));
	WRITE_ONCE(*replacer->valid, valid);
}

/* Return 0, or EPERM if the test may not start the thread. */
static int run_tlbie(struct asm_guest *guest, __be32 *attributes, bool is_64bit, u32 bits)
{
	u32 words = is_64bit ? 4 : 2;	/* of an entry */
	__be32 *entry = attributes - words + 1;
	struct replacer replacer = {
		.guest = guest, .replace = replace_pte, .attributes = attributes,
		.valid = is_64bit ? entry + 1 : entry, .bits = bits
	};

	/* Map GUEST_DATA at the next page.  Its hash is TABLE_VSID ^ 1, one less. */
	memcpy(entry - 8 * words, entry, words * sizeof(*entry));
	*attributes = cpu_to_be32((GUEST_DATA + 0x2000) | bits);
	asm_guest_write32(guest, GUEST_DATA + 0x2000, 1);
	guest->regs.gpr[8] = TABLE_EA + 0x1000;
	guest->regs.gpr[10] = is_64bit ? TABLE_VSID << 28 : TABLE_EA;
	asm_guest_load_rfi_handler(guest, VEC_DATA_STORAGE);

	asm_guest_add(&replacer.other, guest, 1);
	replacer.other.regs.gpr[10] = guest->regs.gpr[10];
	return run_replaced(&replacer);
}

/* After tlbie of one vCPU, no page fault of another one maps the old page. */
TEST_F(page_table, tlbie)
{
	u32 bits = variant->wimg | PTE_R | PTE_C | PTE_RW;	/* KVM sets none */

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	if (run_tlbie(&self->guest, self->attributes, variant->msr & MSR_SF, bits))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");
}

/* After tlbie of one vCPU, no page fault of another one changes the new entry. */
TEST_F(page_table, tlbie_referenced)
{
	u32 bits = variant->wimg | PTE_RW;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	if (run_tlbie(&self->guest, self->attributes, variant->msr & MSR_SF, bits))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");
}

/* Two guests that use VSID 0 do not see each other's memory. */
TEST(vsid_0)
{
	struct asm_guest guests[2];
	struct kvm_sregs sregs;
	__be32 *attributes;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		asm_guest_create(&guests[i], MSR_GUEST_REAL & ~MSR_SF);
		vm_userspace_mem_region_add(guests[i].vm, VM_MEM_SRC_ANONYMOUS,
					    SLOT_GPA, SLOT,
					    SLOT_SIZE >> guests[i].vm->page_shift, 0);
		attributes = use_segment_registers(&guests[i], &sregs, 0);
		/* KVM_GET_SREGS gives the words of BATs swapped. */
		sregs.u.s.ppc32.ibat[0] = swap_bat_words(sregs.u.s.ppc32.ibat[0]);
		/* No data BATs: the load has to go through the page table. */
		memset(sregs.u.s.ppc32.dbat, 0, sizeof(sregs.u.s.ppc32.dbat));
		*attributes = cpu_to_be32(GUEST_DATA | PTE_RW);
		sregs.u.s.sdr1 = SLOT_GPA;
		vcpu_sregs_set(guests[i].vcpu, &sregs);
		asm_guest_write32(&guests[i], GUEST_DATA, i + 1);
		guests[i].regs.msr |= MSR_DR | MSR_IR;
		guests[i].ea_offset = GUEST_EA_RAM;
		guests[i].regs.gpr[5] = TABLE_EA;
	}

	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		access_page(&guests[i], false);
		TEST_ASSERT_EQ(guests[i].regs.gpr[6], i + 1);
	}

	for (i = 0; i < ARRAY_SIZE(guests); i++)
		asm_guest_destroy(&guests[i]);
}

TEST_HARNESS_MAIN
