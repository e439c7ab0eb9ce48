// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test the interrupts of translated guests of KVM Book3S PR: which one comes,
 * with what in SRR0, SRR1, DAR and DSISR, when, how often, and which one first
 *
 * The guest logs each interrupt, and userspace compares the log.
 */
#include <linux/sizes.h>

#include "kvm_util.h"
#include "processor.h"
#include "ucall_common.h"
#include "kselftest_harness.h"

/* Nothing is mapped here; the first one is in a segment with an SLB entry. */
#define UNMAPPED		0xe0000000ULL
#define UNMAPPED_FAR		0x123450000000ULL

struct entry {
	u64 vector;
	u64 pc;
	u64 msr;
	u64 dar;
	u64 dsisr;
};

#define LOG_SIZE		16

/* In the guest */
static struct entry log[LOG_SIZE];
static u64 nr_logged;
static u64 labels[8];

FIXTURE(interrupt)
{
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
};

FIXTURE_VARIANT(interrupt)
{
	enum vm_guest_mode mode;
};

FIXTURE_VARIANT_ADD(interrupt, native)
{
	.mode = VM_MODE_P42V64_4K,
};

FIXTURE_VARIANT_ADD(interrupt, papr)
{
	.mode = VM_MODE_P42V64_4K_PAPR,
};

FIXTURE_SETUP(interrupt)
{
}

FIXTURE_TEARDOWN(interrupt)
{
	kvm_vm_free(self->vm);
}

static void add_to_log(const struct ex_regs *regs)
{
	struct entry *entry = &log[nr_logged];

	GUEST_ASSERT(nr_logged < LOG_SIZE);
	entry->vector = regs->vector;
	entry->pc = regs->pc;
	entry->msr = regs->msr;
	entry->dar = regs->dar;
	entry->dsisr = regs->dsisr;
	WRITE_ONCE(nr_logged, nr_logged + 1);
}

/* Synchronous ones: go on after the instruction. */
static void skip_handler(struct ex_regs *regs)
{
	add_to_log(regs);
	regs->pc += 4;
}

static void syscall_handler(struct ex_regs *regs)
{
	add_to_log(regs);
}

/* Where the instruction went to that could not be fetched, LR says where from. */
static void inst_storage_handler(struct ex_regs *regs)
{
	add_to_log(regs);
	regs->pc = regs->lr;
}

static void fp_unavail_handler(struct ex_regs *regs)
{
	add_to_log(regs);
	regs->msr |= MSR_FP;
}

static void external_handler(struct ex_regs *regs)
{
	add_to_log(regs);
	/* Tell the test, which may have to clear a level-triggered interrupt. */
	GUEST_SYNC1(VEC_EXTERNAL);
}

static void decrementer_handler(struct ex_regs *regs)
{
	add_to_log(regs);
	mtspr(SPRN_DEC, 0x7fffffff);
}

/* It stays pending until DEC is written: go on with interrupts disabled. */
static void leave_pending_handler(struct ex_regs *regs)
{
	regs->msr &= ~MSR_EE;
}

/*
 * Have a decrementer interrupt pending for sure: DEC is negative some time
 * before KVM's timer knows, so wait until it has come.
 */
static void wait_for_dec(void)
{
	u64 msr;

	mtspr(SPRN_DEC, 1);
	local_irq_enable();
	do {
		asm volatile("mfmsr %0" : "=r" (msr));
	} while (msr & MSR_EE);
	GUEST_SYNC1(VEC_DECREMENTER);
}

#define create(_guest_code)							\
do {										\
	self->vm = __vm_create(VM_SHAPE(variant->mode), 1, 16);		\
	self->vcpu = vm_vcpu_add(self->vm, 0, _guest_code);			\
} while (0)

/* Expect a ucall; the guest's asserts are the test's. */
static void run(struct kvm_vcpu *vcpu, u64 cmd, u64 arg)
{
	struct ucall uc;

	vcpu_run(vcpu);
	switch (get_ucall(vcpu, &uc)) {
	case UCALL_ABORT:
		REPORT_GUEST_ASSERT(uc);
	default:
		TEST_ASSERT(uc.cmd == cmd && (cmd == UCALL_DONE || uc.args[0] == arg),
			    "Wanted ucall %" PRIu64 " with 0x%" PRIx64
			    ", got %" PRIu64 " with 0x%" PRIx64 " (exit %s)",
			    cmd, arg, uc.cmd, uc.args[0],
			    exit_reason_str(vcpu->run->exit_reason));
	}
}

#define run_to_sync(_vcpu, _arg)	run(_vcpu, UCALL_SYNC, _arg)
#define run_to_end(_vcpu)		run(_vcpu, UCALL_DONE, 0)

static void run_to_dec_pending(struct kvm_vm *vm, struct kvm_vcpu *vcpu)
{
	vm_install_exception_handler(vm, VEC_DECREMENTER, leave_pending_handler);
	run_to_sync(vcpu, VEC_DECREMENTER);
}

static void expect_vectors(struct kvm_vm *vm, const u64 *vectors, u64 nr)
{
	u64 i;

	sync_global_from_guest(vm, nr_logged);
	sync_global_from_guest(vm, log);
	for (i = 0; i < nr && i < nr_logged; i++)
		TEST_ASSERT(log[i].vector == vectors[i],
			    "Interrupt %" PRIu64 ": wanted vector 0x%" PRIx64
			    ", was 0x%" PRIx64 " at 0x%" PRIx64,
			    i, vectors[i], log[i].vector, log[i].pc);
	TEST_ASSERT_EQ(nr_logged, nr);
}

#define expect(...)							\
do {									\
	const u64 __vectors[] = { __VA_ARGS__ };			\
									\
	expect_vectors(self->vm, __vectors, ARRAY_SIZE(__vectors));	\
} while (0)

/* Execute an instruction, or two, and record where that is. */
#define AT_LABEL(_n, _inst, ...)					\
({									\
	asm volatile("	bcl	20, 31, 0f\n"				\
		     "0:	mflr	%%r9\n"				\
		     "	addi	%%r9, %%r9, 1f - 0b\n"			\
		     "	std	%%r9, 0(%0)\n"				\
		     "1:	" _inst "\n"				\
		     : : "b" (&labels[_n]), ##__VA_ARGS__		\
		     : "memory", "r3", "r9", "lr", "cr0", "ctr", "fr1");	\
})

static void guest_synchronous(void)
{
	AT_LABEL(0, "trap");
	AT_LABEL(1, ".long 0");
	AT_LABEL(2, "ld 9, 0(%1)", "b" (UNMAPPED + 8));
	AT_LABEL(3, "std 9, 0(%1)", "b" (UNMAPPED_FAR + 16));

	/* Without the magic of an OSI call it is the guest's own. */
	AT_LABEL(4, "li 3, 0; sc");

	asm volatile("mtctr %0; bctrl" : : "r" (UNMAPPED) : "ctr", "lr", "memory");

	asm volatile("mfmsr 9; li 10, 0x2000; andc 9, 9, 10; mtmsrd 9" : : : "r9", "r10");
	AT_LABEL(5, "fmr 1, 1");
	GUEST_DONE();
}

/* What a guest causes itself, translated, and what it learns of it. */
TEST_F(interrupt, synchronous)
{
	create(guest_synchronous);
	vm_install_exception_handler(self->vm, VEC_PROGRAM, skip_handler);
	vm_install_exception_handler(self->vm, VEC_DATA_STORAGE, skip_handler);
	vm_install_exception_handler(self->vm, VEC_SYSCALL, syscall_handler);
	vm_install_exception_handler(self->vm, VEC_INST_STORAGE, inst_storage_handler);
	vm_install_exception_handler(self->vm, VEC_FP_UNAVAIL, fp_unavail_handler);
	run_to_end(self->vcpu);

	expect(VEC_PROGRAM, VEC_PROGRAM, VEC_DATA_STORAGE, VEC_DATA_STORAGE,
	       VEC_SYSCALL, VEC_INST_STORAGE, VEC_FP_UNAVAIL);
	sync_global_from_guest(self->vm, labels);

	ASSERT_EQ(labels[0], log[0].pc);
	ASSERT_EQ(SRR1_PROGTRAP, log[0].msr & (SRR1_PROGTRAP | SRR1_PROGILL | SRR1_PROGPRIV));
	ASSERT_EQ(labels[1], log[1].pc);
	ASSERT_EQ(SRR1_PROGILL, log[1].msr & (SRR1_PROGTRAP | SRR1_PROGILL | SRR1_PROGPRIV));

	ASSERT_EQ(labels[2], log[2].pc);
	ASSERT_EQ(UNMAPPED + 8, log[2].dar);
	ASSERT_EQ(DSISR_NOHPTE, log[2].dsisr & (DSISR_NOHPTE | DSISR_STORE));
	ASSERT_EQ(labels[3], log[3].pc);
	ASSERT_EQ(UNMAPPED_FAR + 16, log[3].dar);
	ASSERT_EQ(DSISR_NOHPTE | DSISR_STORE, log[3].dsisr & (DSISR_NOHPTE | DSISR_STORE));

	ASSERT_EQ(labels[4] + 8, log[4].pc);
	ASSERT_EQ(UNMAPPED, log[5].pc);
	ASSERT_EQ(SRR1_ISI_NOHPTE, log[5].msr & SRR1_ISI_NOHPTE);
	ASSERT_EQ(labels[5], log[6].pc);
	ASSERT_EQ(0, log[6].msr & MSR_FP);
}

/*
 * Pages that the guest's page table has, and that may not be executed, with and
 * without memory behind them; and a page that may, without memory
 */
#define NO_EXEC			0xd0000000ULL
#define NO_EXEC_PAGES		4
#define NO_MEMORY		0xd8000000ULL
#define NO_MEMORY_GPA		0x7ff00000ULL
#define SRR1_ISI_N_G		0x10000000

static void branch_to(u64 addr)
{
	asm volatile("mtctr %0; bctrl" : : "r" (addr) : "ctr", "lr", "memory");
}

static void guest_no_exec(void)
{
	u64 i;

	for (i = 0; i < NO_EXEC_PAGES; i++) {
		/* Where there is memory, KVM has a mapping for data. */
		if (i < 2)
			READ_ONCE(*(u64 *)(NO_EXEC + i * SZ_4K));
		branch_to(NO_EXEC + i * SZ_4K);
	}
	branch_to(NO_MEMORY);
	GUEST_DONE();
}

/*
 * A fetch from a no-execute or guarded page is an instruction storage
 * interrupt, whether there is memory or not.  Where the page table permits it
 * and there is no memory, it is a machine check.
 */
TEST_F(interrupt, no_exec)
{
	static const u64 flags[NO_EXEC_PAGES] = { HPTE_R_N, HPTE_R_G, HPTE_R_N, HPTE_R_G };
	u64 i;

	create(guest_no_exec);
	vm_install_exception_handler(self->vm, VEC_INST_STORAGE, inst_storage_handler);
	vm_install_exception_handler(self->vm, VEC_MACHINE_CHECK, inst_storage_handler);
	vm_userspace_mem_region_add(self->vm, VM_MEM_SRC_ANONYMOUS, SZ_1G, 1,
				    vm_adjust_num_guest_pages(variant->mode, NO_EXEC_PAGES), 0);
	for (i = 0; i < NO_EXEC_PAGES; i++) {
		virt_pg_map(self->vm, NO_EXEC + i * SZ_4K,
			    (i < 2 ? SZ_1G : NO_MEMORY_GPA) + i * SZ_4K);
		powerpc_pg_set_flags(self->vm, NO_EXEC + i * SZ_4K, flags[i]);
	}
	virt_pg_map(self->vm, NO_MEMORY, NO_MEMORY_GPA);
	run_to_end(self->vcpu);

	expect(VEC_INST_STORAGE, VEC_INST_STORAGE, VEC_INST_STORAGE, VEC_INST_STORAGE,
	       VEC_MACHINE_CHECK);
	for (i = 0; i < NO_EXEC_PAGES; i++) {
		ASSERT_EQ(NO_EXEC + i * SZ_4K, log[i].pc);
		ASSERT_EQ(SRR1_ISI_N_G, log[i].msr & 0x58000000);
	}
}

#define NR_SEGMENTS		200
#define SEGMENT_STRIDE		0x70000000ULL	/* 7 segments */
#define SEGMENTS_BASE		0x5000000000ULL

static void guest_segments(void)
{
	u64 i, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < NR_SEGMENTS; i++) {
			u64 *p = (u64 *)(SEGMENTS_BASE + i * SEGMENT_STRIDE);

			GUEST_ASSERT_EQ(READ_ONCE(*p), i * 2 + round);
			WRITE_ONCE(*p, i * 2 + round + 1);
		}
	}
	GUEST_DONE();
}

/* The guest gets by with fewer SLB entries than it has segments. */
TEST_F(interrupt, segments)
{
	gpa_t gpa;
	u64 i;

	self->vm = __vm_create(VM_SHAPE(variant->mode), 1, NR_SEGMENTS);
	self->vcpu = vm_vcpu_add(self->vm, 0, guest_segments);
	vm_userspace_mem_region_add(self->vm, VM_MEM_SRC_ANONYMOUS, SZ_1G, 1,
				    vm_adjust_num_guest_pages(variant->mode, NR_SEGMENTS), 0);
	for (i = 0; i < NR_SEGMENTS; i++) {
		gpa = SZ_1G + i * self->vm->page_size;
		virt_pg_map(self->vm, SEGMENTS_BASE + i * SEGMENT_STRIDE, gpa);
		*(u64 *)addr_gpa2hva(self->vm, gpa) = i * 2;
	}
	run_to_end(self->vcpu);
}

static void guest_external(void)
{
	GUEST_SYNC1(0);
	GUEST_ASSERT_EQ(nr_logged, 0);
	local_irq_enable();
	local_irq_disable();
	GUEST_DONE();
}

/* An external interrupt waits for EE, and comes once. */
TEST_F(interrupt, external_once)
{
	create(guest_external);
	vm_install_exception_handler(self->vm, VEC_EXTERNAL, external_handler);
	run_to_sync(self->vcpu, 0);
	vcpu_interrupt(self->vcpu, KVM_INTERRUPT_SET);
	run_to_sync(self->vcpu, VEC_EXTERNAL);
	run_to_end(self->vcpu);
	expect(VEC_EXTERNAL);
	ASSERT_EQ(MSR_EE, log[0].msr & MSR_EE);
}

/* One that is taken back before EE does not come. */
TEST_F(interrupt, external_unset)
{
	create(guest_external);
	vm_install_exception_handler(self->vm, VEC_EXTERNAL, external_handler);
	run_to_sync(self->vcpu, 0);
	vcpu_interrupt(self->vcpu, KVM_INTERRUPT_SET);
	vcpu_interrupt(self->vcpu, KVM_INTERRUPT_UNSET);
	run_to_end(self->vcpu);
	expect_vectors(self->vm, NULL, 0);
}

/* A level-triggered one comes until it is taken back. */
TEST_F(interrupt, external_level)
{
	create(guest_external);
	vm_install_exception_handler(self->vm, VEC_EXTERNAL, external_handler);
	run_to_sync(self->vcpu, 0);
	vcpu_interrupt(self->vcpu, KVM_INTERRUPT_SET_LEVEL);
	run_to_sync(self->vcpu, VEC_EXTERNAL);
	run_to_sync(self->vcpu, VEC_EXTERNAL);
	run_to_sync(self->vcpu, VEC_EXTERNAL);
	vcpu_interrupt(self->vcpu, KVM_INTERRUPT_UNSET);
	run_to_end(self->vcpu);
	expect(VEC_EXTERNAL, VEC_EXTERNAL, VEC_EXTERNAL);
	ASSERT_EQ(log[0].pc, log[1].pc);
	ASSERT_EQ(log[0].pc, log[2].pc);
}

static void guest_both(void)
{
	wait_for_dec();
	GUEST_ASSERT_EQ(nr_logged, 0);
	local_irq_enable();
	local_irq_disable();
	GUEST_DONE();
}

/* With both pending, the external interrupt is the first. */
TEST_F(interrupt, external_before_decrementer)
{
	create(guest_both);
	vm_install_exception_handler(self->vm, VEC_EXTERNAL, external_handler);
	run_to_dec_pending(self->vm, self->vcpu);
	vm_install_exception_handler(self->vm, VEC_DECREMENTER, decrementer_handler);
	vcpu_interrupt(self->vcpu, KVM_INTERRUPT_SET);
	run_to_sync(self->vcpu, VEC_EXTERNAL);
	run_to_end(self->vcpu);
	expect(VEC_EXTERNAL, VEC_DECREMENTER);
	ASSERT_EQ(log[0].pc, log[1].pc);
}

static void guest_trap(void)
{
	wait_for_dec();
	/* The instruction that lets the decrementer in is not there itself. */
	local_irq_enable();
	asm volatile("trap");
	local_irq_disable();
	GUEST_DONE();
}

/* A pending decrementer comes before the next instruction's trap. */
TEST_F(interrupt, decrementer_before_trap)
{
	create(guest_trap);
	run_to_dec_pending(self->vm, self->vcpu);
	vm_install_exception_handler(self->vm, VEC_DECREMENTER, decrementer_handler);
	vm_install_exception_handler(self->vm, VEC_PROGRAM, skip_handler);
	run_to_end(self->vcpu);
	expect(VEC_DECREMENTER, VEC_PROGRAM);
	ASSERT_EQ(log[0].pc, log[1].pc);
}

static __always_inline void check_spr(const int spr, u64 value)
{
	u64 old = mfspr(spr);

	mtspr(spr, value);
	GUEST_ASSERT_EQ(mfspr(spr), value);
	mtspr(spr, old);
}

static void guest_sprs(void)
{
	u64 value = 0x123456789abcdef0ULL;

	check_spr(SPRN_SPRG3, value);
	check_spr(SPRN_SRR0, value);
	check_spr(SPRN_SRR1, value);
	check_spr(SPRN_DAR, value);
	check_spr(SPRN_DSISR, (u32)value);

	mtspr(SPRN_DEC, 0x7fffffff);
	GUEST_ASSERT(mfspr(SPRN_DEC) <= 0x7fffffff);
	GUEST_ASSERT(mfspr(SPRN_DEC) > 0x40000000);
	GUEST_ASSERT_EQ(guest_get_vcpuid(), 0);
	GUEST_SYNC1(mfspr(SPRN_PVR));
	GUEST_DONE();
}

/* Special-purpose registers that KVM emulates. */
TEST_F(interrupt, sprs)
{
	struct kvm_sregs sregs;

	create(guest_sprs);
	vcpu_sregs_get(self->vcpu, &sregs);
	run_to_sync(self->vcpu, sregs.pvr);
	run_to_end(self->vcpu);
}

TEST_HARNESS_MAIN
