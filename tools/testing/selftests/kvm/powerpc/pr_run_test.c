// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest of KVM PR runs the instructions it was given, and only those, and gets
 * pending interrupts when and in the order it should
 *
 * KVM looks for a pending interrupt each time it enters the guest.  Usually none is
 * pending.  If KVM injects one nevertheless, the guest continues at a vector.  So the
 * tests check that SRR0 did not change.
 *
 * Some cases have another thread preempt the vCPU.  KVM PR loads the guest's
 * registers into the CPU when the guest needs them, and the scheduler takes them
 * away again.  In split real mode KVM adds an offset to the guest's PC, which the
 * scheduler takes away, too.
 */
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "debug_suite.h"
#include "kvm_syscalls.h"

#define NR_ENTRIES	200
#define NR_EMULATED	200
#define RUN_NS		1000000000LL	/* while another thread disturbs the guest */

ASM_GUEST_SUITE(pr_run, MSR_GUEST_REAL);

static s64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return timespec_to_ns(now);
}

static bool has_one_cpu(void)
{
	cpu_set_t cpus;

	kvm_sched_getaffinity(0, sizeof(cpus), &cpus);
	return CPU_COUNT(&cpus) < 2;
}

/* Count in r5 and report it, for ever. */
GUEST_ASM(count_code,
	  "	li	%r5, 42\n"
	  "1:	addi	%r5, %r5, 1\n"
	  GUEST_ASM_OSI
	  "	b	1b\n");

/* Only the guest's instructions run after the first entry. */
TEST_F(pr_run, first_entry)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_start(guest, count_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->vcpu->run->osi.gprs[5], 43);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 43);
	TEST_ASSERT_EQ(guest->regs.msr, MSR_GUEST_REAL);
	TEST_ASSERT_EQ(guest->regs.srr0, 0);
	TEST_ASSERT_EQ(guest->regs.srr1, 0);
}

/* Nothing but the guest's code runs after each of many exits to userspace. */
TEST_F(pr_run, many_entries)
{
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	asm_guest_start(guest, count_code);
	for (i = 1; i <= NR_ENTRIES; i++) {
		asm_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.gpr[5], 42 + i);
	}
	TEST_ASSERT_EQ(guest->regs.srr0, 0);
}

GUEST_ASM(emulate_code,
	  "	li	%r5, " __stringify(NR_EMULATED) "\n"
	  "	mtctr	%r5\n"
	  "	li	%r5, 0\n"
	  "1:	mtsprg	0, %r5\n"
	  "	addi	%r5, %r5, 1\n"
	  "	mfsprg	%r6, 0\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI);

static void run_emulated(struct asm_guest *guest)
{
	asm_guest_start(guest, emulate_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], NR_EMULATED);
	TEST_ASSERT_EQ(guest->regs.gpr[6], NR_EMULATED - 1);
	TEST_ASSERT_EQ(guest->regs.srr0, 0);
}

/* Nothing but the guest's code runs after many exits that KVM handles itself. */
TEST_F(pr_run, many_emulated)
{
	run_emulated(&self->guest);
}

/* A thread that is moved from CPU to CPU by another one */
struct migrated {
	struct asm_guest_thread thread;
	pid_t tid;
	cpu_set_t cpus;
	unsigned int nr_moves;
};

static void *migrate(void *arg)
{
	struct migrated *migrated = arg;
	cpu_set_t one;
	int cpu;

	for (cpu = 0; !READ_ONCE(migrated->thread.stop); cpu = (cpu + 1) % CPU_SETSIZE) {
		if (!CPU_ISSET(cpu, &migrated->cpus))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		kvm_sched_setaffinity(migrated->tid, sizeof(one), &one);
		WRITE_ONCE(migrated->nr_moves, migrated->nr_moves + 1);
	}
	return NULL;
}

/*
 * The vCPU's thread is moved to other CPUs.  The scheduler may want it to stop
 * after KVM has looked for that and before it is in the guest.
 */
TEST_F(pr_run, migrated)
{
	struct migrated migrated = { .tid = kvm_gettid() };
	s64 end = now_ns() + 2 * RUN_NS;

	if (has_one_cpu())
		SKIP(return, "There is one CPU only");

	kvm_sched_getaffinity(0, sizeof(migrated.cpus), &migrated.cpus);
	asm_guest_start_thread(&migrated.thread, migrate, &migrated);
	do {
		run_emulated(&self->guest);
	} while (now_ns() < end);
	asm_guest_stop_thread(&migrated.thread);
	kvm_sched_setaffinity(0, sizeof(migrated.cpus), &migrated.cpus);
	TEST_ASSERT(migrated.nr_moves > 1, "The thread was never moved");
}

/*
 * Another thread changes the protection of the page with the guest's code, so the host
 * removes its shadow HPTE while KVM fetches an instruction.  If KVM emulates another
 * instruction instead, the guest takes a Program or a Data Storage interrupt.
 */
struct remapper {
	struct asm_guest_thread thread;
	void *code;
};

static void *remap(void *arg)
{
	struct remapper *remapper = arg;
	size_t size = getpagesize();

	while (!READ_ONCE(remapper->thread.stop)) {
		TEST_ASSERT(!mprotect(remapper->code, size, PROT_READ) &&
			    !mprotect(remapper->code, size, PROT_READ | PROT_WRITE),
			    "mprotect() failed, errno: %d", errno);
	}
	return NULL;
}

GUEST_ASM(remap_code,
	  "	li	%r5, " __stringify(NR_EMULATED) "\n"
	  "	mtctr	%r5\n"
	  "	li	%r5, 0\n"
	  "1:	mtsprg	0, %r5\n"
	  "	addi	%r5, %r5, 1\n"
	  "	mfsprg	%r6, 0\n"
	  "	mfmsr	%r8\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI
	  "remap_mmio: li %r5, " __stringify(NR_EMULATED) "\n"
	  "	mtctr	%r5\n"
	  "	li	%r5, 0\n"
	  "1:	stw	%r5, 0(%r7)\n"
	  "	addi	%r5, %r5, 1\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(remap_mmio[]);

static void run_remapped(struct asm_guest *guest, const u32 *label)
{
	struct remapper remapper = { .code = addr_gpa2hva(guest->vm, GUEST_CODE) };
	s64 end = now_ns() + RUN_NS;

	guest->regs.gpr[7] = GUEST_MMIO;
	asm_guest_start(guest, remap_code);
	asm_guest_start_thread(&remapper.thread, remap, &remapper);
	do {
		asm_guest_goto(guest, label);
		asm_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.gpr[5], NR_EMULATED);
		TEST_ASSERT_EQ(guest->regs.srr0, 0);
	} while (now_ns() < end);
	asm_guest_stop_thread(&remapper.thread);
}

/* KVM emulates an instruction whose page is being remapped. */
TEST_F(pr_run, remap_emulated)
{
	if (has_one_cpu())
		SKIP(return, "There is one CPU only");

	run_remapped(&self->guest, remap_code);
}

/* KVM completes a store to MMIO by code that is being remapped. */
TEST_F(pr_run, remap_mmio)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_ioeventfd ioeventfd = {
		.addr = GUEST_MMIO,
		.len = 4,
	};

	if (has_one_cpu())
		SKIP(return, "There is one CPU only");
	if (!vm_check_cap(guest->vm, KVM_CAP_IOEVENTFD))
		SKIP(return, "KVM_IOEVENTFD is not available");

	ioeventfd.fd = eventfd(0, EFD_NONBLOCK);
	TEST_ASSERT(ioeventfd.fd >= 0, "eventfd() failed");
	vm_ioctl(guest->vm, KVM_IOEVENTFD, &ioeventfd);
	run_remapped(guest, remap_mmio);
	close(ioeventfd.fd);
}

#ifdef CONFIG_64BIT
#define FSCR_EBB	BIT_ULL(7)
#define MTSPR_EBBHR	0x7ca4cba6	/* mtspr 804, r5 */

GUEST_ASM(replace_code,
	  "	mtspr	" __stringify(SPRN_FSCR) ", %r7\n"
	  "1:	nop\n"
	  "	b	1b\n");

struct replacer {
	struct asm_guest_thread thread;
	struct asm_guest *guest;
	u64 addr;
};

static void *replace(void *arg)
{
	struct replacer *replacer = arg;

	while (!READ_ONCE(replacer->thread.stop)) {
		asm_guest_write32(replacer->guest, replacer->addr, INST_SW_BREAKPOINT);
		asm_guest_write32(replacer->guest, replacer->addr, MTSPR_EBBHR);
	}
	return NULL;
}

/*
 * An instruction of a facility that another thread replaces by a software
 * breakpoint, and back, while KVM is about to emulate it.
 */
TEST_F(pr_run, replace_facility)
{
	struct asm_guest *guest = &self->guest;
	struct replacer replacer = { .guest = guest };
	s64 end = now_ns() + RUN_NS;

	if (!host_has_isa_2_07())
		SKIP(return, "The CPU has no FSCR");
	if (has_one_cpu())
		SKIP(return, "There is one CPU only");

	guest->regs.gpr[7] = FSCR_EBB;
	asm_guest_start(guest, replace_code);
	replacer.addr = asm_guest_addr(guest, replace_code + 1);
	asm_guest_write32(guest, replacer.addr, MTSPR_EBBHR);
	asm_guest_control(guest, GUESTDBG_SW_BP);
	asm_guest_start_thread(&replacer.thread, replace, &replacer);
	do {
		asm_guest_expect_stop(guest, replace_code + 1);
	} while (now_ns() < end);
	asm_guest_stop_thread(&replacer.thread);
}
#endif /* CONFIG_64BIT */

/*
 * Interrupts.  The guest reports to userspace, enables them and reports again;
 * the handlers put their vector into r5, report, and return.
 */
GUEST_ASM(irq_code,
	  "	li	%r5, 1\n"
	  "	mtdec	%r8\n"
	  GUEST_ASM_OSI
	  "	mtmsr	%r7\n"		/* r7: MSR with EE */
	  "	li	%r5, 2\n"
	  GUEST_ASM_OSI
	  "irq_code_sc:\n"
	  "	li	%r5, 3\n"
	  "	li	%r3, 0\n"
	  "	li	%r4, 0\n"
	  "	sc\n"			/* a system call of the guest's own */
	  "	mtmsr	%r7\n"
	  "	li	%r5, 4\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(irq_code_sc[]);

GUEST_ASM(external_handler,
	  "	li	%r5, 0x500\n"
	  GUEST_ASM_OSI
	  GUEST_ASM_RFI);

GUEST_ASM(decrementer_handler,
	  "	lis	%r9, 0x7fff\n"
	  "	mtdec	%r9\n"
	  "	li	%r5, 0x900\n"
	  GUEST_ASM_OSI
	  GUEST_ASM_RFI);

GUEST_ASM(syscall_handler,
	  "	li	%r5, 0xc00\n"
	  GUEST_ASM_OSI
	  GUEST_ASM_RFI);

#define NO_DECREMENTER	0x7fffffff

static void start_irq_guest(struct asm_guest *guest, u32 dec)
{
	asm_guest_load(guest, VEC_EXTERNAL, external_handler);
	asm_guest_load(guest, VEC_DECREMENTER, decrementer_handler);
	asm_guest_load(guest, VEC_SYSCALL, syscall_handler);

	guest->regs.gpr[7] = MSR_GUEST_REAL | MSR_EE;
	guest->regs.gpr[8] = dec;
	asm_guest_start(guest, irq_code);
}

static void expect_report(struct asm_guest *guest, u64 r5)
{
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], r5);
}

/* An interrupt that is masked stays pending and is delivered once. */
TEST_F(pr_run, external_masked)
{
	struct asm_guest *guest = &self->guest;

	start_irq_guest(guest, NO_DECREMENTER);
	asm_guest_raise_external(guest);
	expect_report(guest, 1);
	expect_report(guest, 0x500);
	expect_report(guest, 2);
}

/* The external interrupt comes before the decrementer's. */
TEST_F(pr_run, external_before_decrementer)
{
	struct asm_guest *guest = &self->guest;

	start_irq_guest(guest, NO_DECREMENTER);
	expect_report(guest, 1);
	asm_guest_expire_decrementer(guest);
	asm_guest_raise_external(guest);
	expect_report(guest, 0x500);
	expect_report(guest, 0x900);
	expect_report(guest, 2);
}

/* An interrupt that is masked does not keep a system call waiting. */
TEST_F(pr_run, syscall_while_external_masked)
{
	struct asm_guest *guest = &self->guest;

	start_irq_guest(guest, NO_DECREMENTER);
	guest->regs.pc = asm_guest_addr(guest, irq_code_sc);
	asm_guest_set_regs(guest);
	asm_guest_raise_external(guest);
	expect_report(guest, 0xc00);
	expect_report(guest, 0x500);
	expect_report(guest, 4);
}

/* An interrupt that is no machine check leaves MSR[ME] as it was. */
TEST_F(pr_run, interrupt_keeps_me)
{
	struct asm_guest *guest = &self->guest;
	u64 me;

	for (me = 0; me <= MSR_ME; me += MSR_ME) {
		start_irq_guest(guest, NO_DECREMENTER);
		guest->regs.msr = (MSR_GUEST_REAL & ~MSR_ME) | me;
		guest->regs.pc = asm_guest_addr(guest, irq_code_sc);
		asm_guest_set_regs(guest);
		expect_report(guest, 0xc00);
		TEST_ASSERT_EQ(guest->regs.msr & MSR_ME, me);
		TEST_ASSERT_EQ(guest->regs.srr1 & MSR_ME, me);
	}
}

GUEST_ASM(nowhere_code,
	  "	mtctr	%r8\n"
	  "	lwz	%r6, 0(%r7)\n"
	  "	bctr\n"
	  "	.long	0x7d0a4b12\n"		/* divdeu r8, r10, r9 */
	  "	bctr\n");

GUEST_ASM(machine_check_handler,
	  "	li	%r5, 0x200\n"
	  GUEST_ASM_OSI);

GUEST_ASM(bctr_handler,
	  "	bctr\n");

static void start_nowhere(struct asm_guest *guest)
{
	asm_guest_load(guest, VEC_MACHINE_CHECK, machine_check_handler);
	asm_guest_load(guest, VEC_PROGRAM, bctr_handler);
	guest->regs.gpr[7] = GUEST_MMIO;
	guest->regs.gpr[8] = GUEST_MMIO + 0x40;
	asm_guest_start(guest, nowhere_code);
}

static void expect_machine_check(struct asm_guest *guest)
{
	expect_report(guest, 0x200);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_MMIO + 0x40);
	TEST_ASSERT_EQ(guest->regs.srr1, MSR_GUEST_REAL);
}

/*
 * A jump to where no memory is ends with a machine check.  A load from MMIO before
 * it is not made again with another address.
 */
TEST_F(pr_run, fetch_from_nowhere)
{
	struct asm_guest *guest = &self->guest;

	start_nowhere(guest);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0x66, 4);
	expect_machine_check(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x66666666);
}

/*
 * A jump to where no memory is ends with a machine check.  An instruction before
 * it that is illegal on this CPU is not emulated in its place.
 */
TEST_F(pr_run, fetch_from_nowhere_after_illegal)
{
	struct asm_guest *guest = &self->guest;

	start_nowhere(guest);
	guest->regs.ctr = GUEST_MMIO + 0x40;
	guest->regs.pc = asm_guest_addr(guest, nowhere_code + 3);
	asm_guest_set_regs(guest);
	expect_machine_check(guest);
}

/* --- Preempted by another thread on the same CPU --- */

#define NR_LOOPS	500	/* of the guest between two exits */
#define NR_FAULTS	2
#define OTHERS		0x4141414141414141ULL

/* Compare f0 and f31 with what memory has, until they differ or ctr is 0. */
GUEST_ASM(fp_code,
	  "	li	%r5, 0\n"
	  "	mtctr	%r8\n"
	  "	lfd	%f0, 0(%r9)\n"
	  "	lfd	%f31, 8(%r9)\n"
	  "1:	stfd	%f0, 16(%r9)\n"
	  "	stfd	%f31, 24(%r9)\n"
	  "	lwz	%r10, 0(%r9)\n"
	  "	lwz	%r11, 16(%r9)\n"
	  "	cmpw	%r10, %r11\n"
	  "	bne	2f\n"
	  "	lwz	%r10, 8(%r9)\n"
	  "	lwz	%r11, 24(%r9)\n"
	  "	cmpw	%r10, %r11\n"
	  "	bne	2f\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI
	  "2:	li	%r5, 1\n"
	  GUEST_ASM_OSI);

ASM_GUEST_SUITE(pr_fp, MSR_GUEST_REAL | MSR_FP);

#ifdef CONFIG_64BIT
GUEST_ASM(tm_code,
	  "	lfd	%f1, 0(%r9)\n"
	  "	lvx	%v1, 0, %r9\n"
	  "	nop\n"
	  GUEST_ASM_OSI);

/* The word is xxpermdi vs33, vs1, vs1, 0: both halves of v1 become f1. */
GUEST_ASM(tm_vsx_code,
	  "	lfd	%f1, 0(%r9)\n"
	  "	.long	0xf0210851\n"
	  GUEST_ASM_OSI);

static void expect_loaded(struct asm_guest *guest, bool vmx)
{
	const void *memory = addr_gpa2hva(guest->vm, GUEST_DATA);
	u64 val[2];

	vcpu_get_reg_addr(guest->vcpu, vmx ? KVM_REG_PPC_VR(1) : KVM_REG_PPC_FPR(1), val);
	TEST_ASSERT(!memcmp(val, memory, vmx ? 16 : 8),
		    "%s is lost: 0x%" PRIx64, vmx ? "v1" : "f1", val[0]);
}

static void clear_loaded(struct asm_guest *guest)
{
	static const u64 zero[2];

	vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_FPR(1), zero);
	vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_VR(1), zero);
}

/*
 * f1 and v1 keep what a guest with MSR[TM] loads into them in the first
 * instructions of a KVM_RUN.  This holds for a free run and for a step.
 */
TEST_F(pr_fp, tm)
{
	struct asm_guest *guest = &self->guest;
	u32 i;

	if (!host_has_tm())
		SKIP(return, "The host has no transactional memory");

	for (i = 0; i < 4; i++)
		asm_guest_write32(guest, GUEST_DATA + 4 * i, 0x3ff00001 + i);
	guest->regs.msr |= MSR_TM | MSR_VEC;
	guest->regs.gpr[9] = GUEST_DATA;

	clear_loaded(guest);
	asm_guest_start_step(guest, tm_code);
	asm_guest_expect_stop(guest, tm_code + 1);
	expect_loaded(guest, false);
	asm_guest_expect_stop(guest, tm_code + 2);
	expect_loaded(guest, true);

	clear_loaded(guest);
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_goto(guest, tm_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	expect_loaded(guest, false);
	expect_loaded(guest, true);
}

/* A guest with MSR[TM] and MSR[VSX], but not MSR[VEC], has all of the VSRs. */
TEST_F(pr_fp, tm_vsx)
{
	struct asm_guest *guest = &self->guest;
	u64 number = 0x3ff0000140000002, val[2];

	if (!host_has_tm() || !host_has_vsx())
		SKIP(return, "The host has no transactional memory, or no VSX");

	memcpy(addr_gpa2hva(guest->vm, GUEST_DATA), &number, sizeof(number));
	guest->regs.msr |= MSR_TM | MSR_VSX;
	guest->regs.gpr[9] = GUEST_DATA;

	clear_loaded(guest);
	asm_guest_start(guest, tm_vsx_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	vcpu_get_reg_addr(guest->vcpu, KVM_REG_PPC_VR(1), val);
	TEST_ASSERT(val[0] == number && val[1] == number,
		    "v1 is 0x%" PRIx64 " 0x%" PRIx64, val[0], val[1]);
}
#endif /* CONFIG_64BIT */

static void fill_fprs(const u64 *val)
{
	asm volatile(".set n, 0\n\t"
		     ".rept 32\n\t"
		     "lfd	n, 0(%0)\n\t"
		     ".set n, n + 1\n\t"
		     ".endr"
		     :
		     : "b" (val), "m" (*val)
		     : "fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7",
		       "fr8", "fr9", "fr10", "fr11", "fr12", "fr13", "fr14",
		       "fr15", "fr16", "fr17", "fr18", "fr19", "fr20", "fr21",
		       "fr22", "fr23", "fr24", "fr25", "fr26", "fr27", "fr28",
		       "fr29", "fr30", "fr31");
}

static void clear_vr0(void)
{
	asm volatile(".machine push\n\t"
		     ".machine altivec\n\t"
		     "vxor	0, 0, 0\n\t"
		     ".machine pop" : : : "v0");
}

struct other {
	struct asm_guest_preemptor preemptor;
	long max_sleep;		/* ns */
};

static void *interrupt_often(void *arg)
{
	static const u64 others = OTHERS;
	struct other *other = arg;
	struct timespec time = {};

	/* The time to the code to be preempted is not known, so vary it. */
	while (!READ_ONCE(other->preemptor.thread.stop)) {
		fill_fprs(&others);
		if (host_has_altivec())
			clear_vr0();
		time.tv_nsec = random() % other->max_sleep;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
	}
	return NULL;
}

static void run_loops(struct asm_guest *guest, const u32 *code)
{
	asm_guest_start(guest, code);
	asm_guest_run_to_osi(guest);
}

/*
 * The guest's loops for some seconds, on one CPU with the other thread, as long
 * as r5 is 0 at their end; EPERM if there cannot be such a thread.
 */
static int run_preempted(struct asm_guest *guest, const u32 *code)
{
	struct other other = {};
	s64 start, end;
	int ret;

	/*
	 * Undisturbed, twice, as the first time is longer: if the other thread
	 * sleeps less than that, KVM may never come to enter the guest.
	 */
	run_loops(guest, code);
	start = now_ns();
	run_loops(guest, code);
	other.max_sleep = min(2 * (now_ns() - start), (s64)999999999);

	ret = asm_guest_start_preemptor(&other.preemptor, interrupt_often, &other);
	if (ret)
		return ret;
	end = now_ns() + 4 * RUN_NS;
	while (!guest->regs.gpr[5] && now_ns() < end)
		run_loops(guest, code);
	asm_guest_stop_preemptor(&other.preemptor);
	return 0;
}

/* The registers are not lost to a thread that preempts the vCPU. */
TEST_F(pr_fp, preempted)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_write32(guest, GUEST_DATA, 0x3ff00000);
	asm_guest_write32(guest, GUEST_DATA + 8, 0x40000000);
	guest->regs.gpr[8] = NR_LOOPS;
	guest->regs.gpr[9] = GUEST_DATA;

	if (run_preempted(guest, fp_code))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");
	TEST_ASSERT(!guest->regs.gpr[5],
		    "The guest's f0 or f31 changed: words 0x%x, 0x%x",
		    asm_guest_read32(guest, GUEST_DATA + 16),
		    asm_guest_read32(guest, GUEST_DATA + 24));
}

/* r7 is the MSR.  KVM calculates what the CPU runs with at each mtmsr. */
GUEST_ASM(altivec_code,
	  "	li	%r5, 0\n"
	  "	mtctr	%r8\n"
	  "	vspltisw %v0, 5\n"
	  "1:	mtmsr	%r7\n"
	  "	stvx	%v0, 0, %r9\n"
	  "	lwz	%r10, 0(%r9)\n"
	  "	cmpwi	%r10, 5\n"
	  "	bne	2f\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI
	  "2:	li	%r5, 1\n"
	  GUEST_ASM_OSI);

/* The same for AltiVec without MSR[FP], for which KVM would calculate the MSR again. */
TEST_F(pr_fp, preempted_altivec)
{
	struct asm_guest *guest = &self->guest;

	if (!asm_guest_has_altivec(guest))
		SKIP(return, "The CPU has no AltiVec");

	guest->regs.msr = (guest->regs.msr & ~MSR_FP) | MSR_VEC;
	guest->regs.gpr[7] = guest->regs.msr;
	guest->regs.gpr[8] = NR_LOOPS;
	guest->regs.gpr[9] = GUEST_DATA;

	if (run_preempted(guest, altivec_code))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");
	TEST_ASSERT(!guest->regs.gpr[5], "The guest's v0 changed: word 0x%x",
		    asm_guest_read32(guest, GUEST_DATA));
}

ASM_GUEST_SUITE(pr_split, MSR_GUEST_REAL & ~MSR_SF);

/* Loads that fault; the handler collects the top bytes of SRR0 in r5. */
GUEST_ASM(split_code,
	  "	li	%r5, 0\n"
	  "	mtctr	%r8\n"
	  "1:	lwz	%r10, 0(%r9)\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI);

GUEST_ASM(split_handler,
	  "	mfsrr0	%r10\n"
	  "	srwi	%r11, %r10, 24\n"
	  "	or	%r5, %r5, %r11\n"
	  "	clrlwi	%r10, %r10, 8\n"
	  "	addi	%r10, %r10, 4\n"
	  "	mtsrr0	%r10\n"
	  GUEST_ASM_RFI);

/*
 * An interrupt in split real mode stores the guest's address in SRR0,
 * whenever the vCPU is preempted.
 */
TEST_F(pr_split, preempted)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_set_mmu(guest, GUEST_MMU_BAT);
	asm_guest_load(guest, VEC_DATA_STORAGE, split_handler);
	guest->regs.msr |= MSR_DR;
	guest->regs.gpr[8] = NR_FAULTS;
	guest->regs.gpr[9] = GUEST_EA_NOWHERE;

	if (run_preempted(guest, split_code))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");
	TEST_ASSERT(!guest->regs.gpr[5], "SRR0 has an offset of 0x%llx000000",
		    guest->regs.gpr[5]);
}

TEST_HARNESS_MAIN
