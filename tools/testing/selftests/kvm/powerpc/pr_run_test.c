// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a guest of KVM PR run the instructions it was given, and only those,
 * and are pending interrupts delivered when and in the order they should?
 *
 * KVM looks for an interrupt to deliver each time it enters the guest, almost
 * always in an empty set.  If it finds one there nevertheless, the guest ends
 * up at a vector (of the System Reset, for an empty set's "first bit" of -1)
 * and never executes anything else.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "debug_guest.h"
#include "kvm_syscalls.h"
#include "kselftest_harness.h"

#define NR_ENTRIES	200
#define NR_EMULATED	200
#define MIGRATION_SECONDS 2
#define REMAP_SECONDS	1

FIXTURE(pr_run)
{
	struct debug_guest guest;
};

FIXTURE_SETUP(pr_run)
{
	debug_guest_create(&self->guest, MSR_GUEST_REAL);
}

FIXTURE_TEARDOWN(pr_run)
{
	debug_guest_destroy(&self->guest);
}

/* Count in r5 and report it, for ever. */
GUEST_ASM(count_code,
	  "	li	%r5, 42\n"
	  "1:	addi	%r5, %r5, 1\n"
	  GUEST_ASM_OSI
	  "	b	1b\n");

/* No clause: only the guest's instructions run after the first entry. */
TEST_F(pr_run, first_entry)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, count_code, count_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->vcpu->run->osi.gprs[5], 43);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 43);
	TEST_ASSERT_EQ(guest->regs.msr, MSR_GUEST_REAL);
	TEST_ASSERT_EQ(guest->regs.srr0, 0);
	TEST_ASSERT_EQ(guest->regs.srr1, 0);
}

/* No clause: the same after each of many exits to userspace. */
TEST_F(pr_run, many_entries)
{
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	debug_guest_start(guest, count_code, count_code_end);
	for (i = 1; i <= NR_ENTRIES; i++) {
		debug_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.gpr[5], 42 + i);
	}
	TEST_ASSERT_EQ(guest->regs.srr0, 0);
}

/* No clause: ... and of many that KVM handles itself, here by emulation. */
GUEST_ASM(emulate_code,
	  "	li	%r5, " __stringify(NR_EMULATED) "\n"
	  "	mtctr	%r5\n"
	  "	li	%r5, 0\n"
	  "1:	mtsprg	0, %r5\n"
	  "	addi	%r5, %r5, 1\n"
	  "	mfsprg	%r6, 0\n"
	  "	bdnz	1b\n"
	  GUEST_ASM_OSI);

TEST_F(pr_run, many_emulated)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_start(guest, emulate_code, emulate_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], NR_EMULATED);
	TEST_ASSERT_EQ(guest->regs.gpr[6], NR_EMULATED - 1);
	TEST_ASSERT_EQ(guest->regs.srr0, 0);
}

/* A thread that is moved from CPU to CPU by another one */
struct migrated {
	pid_t tid;
	cpu_set_t cpus;
	unsigned int nr_moves;
	bool stop;
};

static void *migrate(void *arg)
{
	struct migrated *migrated = arg;
	cpu_set_t one;
	int cpu;

	for (cpu = 0; !READ_ONCE(migrated->stop); cpu = (cpu + 1) % CPU_SETSIZE) {
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
 * No clause: ... and while the vCPU's thread is moved to other CPUs, which may
 * want it to stop after KVM has looked for that and before it is in the guest.
 */
TEST_F(pr_run, migrated)
{
	struct migrated migrated = { .tid = kvm_gettid() };
	struct debug_guest *guest = &self->guest;
	struct timespec end, now;
	pthread_t thread;

	kvm_sched_getaffinity(0, sizeof(migrated.cpus), &migrated.cpus);
	if (CPU_COUNT(&migrated.cpus) < 2)
		SKIP(return, "There is one CPU only");

	debug_guest_start_thread(&thread, migrate, &migrated);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += MIGRATION_SECONDS;
	do {
		debug_guest_start(guest, emulate_code, emulate_code_end);
		debug_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.gpr[5], NR_EMULATED);
		TEST_ASSERT_EQ(guest->regs.gpr[6], NR_EMULATED - 1);
		TEST_ASSERT_EQ(guest->regs.srr0, 0);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (timespec_to_ns(timespec_sub(end, now)) > 0);
	WRITE_ONCE(migrated.stop, true);
	TEST_ASSERT(!pthread_join(thread, NULL), "pthread_join() failed");
	kvm_sched_setaffinity(0, sizeof(migrated.cpus), &migrated.cpus);
	TEST_ASSERT(migrated.nr_moves > 1, "The thread was never moved");
}

/*
 * Instructions that KVM has to read while another thread makes the host take
 * the shadow mappings of the guest's code away.  A Program interrupt or a DSI
 * comes from another instruction than the guest has.
 */
struct remapper {
	void *code;
	pthread_t thread;
	struct timespec end;
	bool stop;
};

static void *remap(void *arg)
{
	struct remapper *remapper = arg;
	size_t size = getpagesize();

	while (!READ_ONCE(remapper->stop)) {
		mprotect(remapper->code, size, PROT_READ);
		mprotect(remapper->code, size, PROT_READ | PROT_WRITE);
	}
	return NULL;
}

static bool remap_goes_on(struct remapper *remapper)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return timespec_to_ns(timespec_sub(remapper->end, now)) > 0;
}

static void start_remap(struct debug_guest *guest, struct remapper *remapper)
{
	remapper->code = addr_gpa2hva(guest->vm, GUEST_CODE);
	remapper->stop = false;
	clock_gettime(CLOCK_MONOTONIC, &remapper->end);
	remapper->end.tv_sec += REMAP_SECONDS;
	debug_guest_start_thread(&remapper->thread, remap, remapper);
}

static void end_remap(struct remapper *remapper)
{
	WRITE_ONCE(remapper->stop, true);
	TEST_ASSERT(!pthread_join(remapper->thread, NULL), "pthread_join() failed");
}

static bool has_one_cpu(void)
{
	cpu_set_t cpus;

	kvm_sched_getaffinity(0, sizeof(cpus), &cpus);
	return CPU_COUNT(&cpus) < 2;
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

static void run_remapped(struct debug_guest *guest, const u32 *label)
{
	struct remapper remapper;

	guest->regs.gpr[7] = GUEST_MMIO;
	debug_guest_start(guest, remap_code, remap_code_end);
	start_remap(guest, &remapper);
	do {
		debug_guest_goto(guest, label);
		debug_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.gpr[5], NR_EMULATED);
		TEST_ASSERT_EQ(guest->regs.srr0, 0);
	} while (remap_goes_on(&remapper));
	end_remap(&remapper);
}

/* No clause: instructions that KVM emulates */
TEST_F(pr_run, remap_emulated)
{
	if (has_one_cpu())
		SKIP(return, "There is one CPU only");

	run_remapped(&self->guest, remap_code);
}

/* No clause: stores to MMIO that KVM completes */
TEST_F(pr_run, remap_mmio)
{
	struct debug_guest *guest = &self->guest;
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
/*
 * C1: an instruction of a facility that another thread replaces by a software
 * breakpoint, and back, while KVM is about to emulate it
 */
#define SPR_FSCR	153
#define FSCR_EBB	BIT_ULL(7)
#define MTSPR_EBBHR	0x7ca4cba6	/* mtspr 804, r5 */

GUEST_ASM(replace_code,
	  "	mtspr	" __stringify(SPR_FSCR) ", %r7\n"
	  "replace_inst: nop\n"
	  "	b	replace_inst\n");

GUEST_LABELS(replace_inst[]);

struct replacer {
	struct debug_guest *guest;
	u64 addr;
	bool stop;
};

static void *replace(void *arg)
{
	struct replacer *replacer = arg;

	while (!READ_ONCE(replacer->stop)) {
		debug_guest_write32(replacer->guest, replacer->addr, 0x00dddd00);
		debug_guest_write32(replacer->guest, replacer->addr, MTSPR_EBBHR);
	}
	return NULL;
}

TEST_F(pr_run, replace_facility)
{
	struct debug_guest *guest = &self->guest;
	struct replacer replacer = { .guest = guest };
	struct timespec end, now;
	pthread_t thread;

	if (!(getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07))
		SKIP(return, "The CPU has no FSCR");
	if (has_one_cpu())
		SKIP(return, "There is one CPU only");

	guest->regs.gpr[7] = FSCR_EBB;
	debug_guest_start(guest, replace_code, replace_code_end);
	replacer.addr = debug_guest_addr(guest, replace_inst);
	debug_guest_write32(guest, replacer.addr, MTSPR_EBBHR);
	debug_guest_control(guest, GUESTDBG_SW_BP);
	debug_guest_start_thread(&thread, replace, &replacer);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += REMAP_SECONDS;
	do {
		debug_guest_expect_stop(guest, replace_inst);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (timespec_to_ns(timespec_sub(end, now)) > 0);
	WRITE_ONCE(replacer.stop, true);
	TEST_ASSERT(!pthread_join(thread, NULL), "pthread_join() failed");
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

static void start_irq_guest(struct debug_guest *guest, u32 dec)
{
	debug_guest_load(guest, VEC_EXTERNAL, external_handler,
			 external_handler_end);
	debug_guest_load(guest, VEC_DECREMENTER, decrementer_handler,
			 decrementer_handler_end);
	debug_guest_load(guest, VEC_SYSCALL, syscall_handler,
			 syscall_handler_end);

	guest->regs.gpr[7] = MSR_GUEST_REAL | MSR_EE;
	guest->regs.gpr[8] = dec;
	debug_guest_start(guest, irq_code, irq_code_end);
}

static void expect_report(struct debug_guest *guest, u64 r5)
{
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], r5);
}

/* No clause: one that is masked stays pending and is delivered once. */
TEST_F(pr_run, external_masked)
{
	struct debug_guest *guest = &self->guest;

	start_irq_guest(guest, NO_DECREMENTER);
	debug_guest_raise_external(guest);
	expect_report(guest, 1);
	expect_report(guest, 0x500);
	expect_report(guest, 2);
}

/* No clause: the external interrupt comes before the decrementer's. */
TEST_F(pr_run, external_before_decrementer)
{
	struct debug_guest *guest = &self->guest;

	start_irq_guest(guest, 1);
	expect_report(guest, 1);
	poll(NULL, 0, 20);	/* ms, for the decrementer to expire */
	debug_guest_raise_external(guest);
	expect_report(guest, 0x500);
	expect_report(guest, 0x900);
	expect_report(guest, 2);
}

/* No clause: one that is masked does not keep a system call waiting. */
TEST_F(pr_run, syscall_while_external_masked)
{
	struct debug_guest *guest = &self->guest;

	start_irq_guest(guest, NO_DECREMENTER);
	guest->regs.pc = debug_guest_addr(guest, irq_code_sc);
	debug_guest_set_regs(guest);
	debug_guest_raise_external(guest);
	expect_report(guest, 0xc00);
	expect_report(guest, 0x500);
	expect_report(guest, 4);
}

/* No clause: an interrupt that is no machine check leaves MSR[ME] as it was. */
TEST_F(pr_run, interrupt_keeps_me)
{
	struct debug_guest *guest = &self->guest;
	u64 me;

	for (me = 0; me <= MSR_ME; me += MSR_ME) {
		start_irq_guest(guest, NO_DECREMENTER);
		guest->regs.msr = (MSR_GUEST_REAL & ~MSR_ME) | me;
		guest->regs.pc = debug_guest_addr(guest, irq_code_sc);
		debug_guest_set_regs(guest);
		expect_report(guest, 0xc00);
		TEST_ASSERT_EQ(guest->regs.msr & MSR_ME, me);
		TEST_ASSERT_EQ(guest->regs.srr1 & MSR_ME, me);
	}
}

/*
 * What is where no memory is cannot be executed, and what has been executed
 * before is not repeated there.
 */
GUEST_ASM(nowhere_code,
	  "	mtctr	%r8\n"
	  "	lwz	%r6, 0(%r7)\n"
	  "	bctr\n"
	  "nowhere_divdeu: .long 0x7d0a4b12\n"	/* divdeu r8, r10, r9 */
	  "	bctr\n");

GUEST_LABELS(nowhere_divdeu[]);

GUEST_ASM(machine_check_handler,
	  "	li	%r5, 0x200\n"
	  GUEST_ASM_OSI);

GUEST_ASM(bctr_handler,
	  "	bctr\n");

static void start_nowhere(struct debug_guest *guest)
{
	debug_guest_load(guest, VEC_MACHINE_CHECK, machine_check_handler,
			 machine_check_handler_end);
	debug_guest_load(guest, VEC_PROGRAM, bctr_handler, bctr_handler_end);
	guest->regs.gpr[7] = GUEST_MMIO;
	guest->regs.gpr[8] = GUEST_MMIO + 0x40;
	debug_guest_start(guest, nowhere_code, nowhere_code_end);
}

static void expect_machine_check(struct debug_guest *guest)
{
	expect_report(guest, 0x200);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_MMIO + 0x40);
	TEST_ASSERT_EQ(guest->regs.srr1, MSR_GUEST_REAL);
}

/* No clause: a load from MMIO is not made again with another address. */
TEST_F(pr_run, fetch_from_nowhere)
{
	struct debug_guest *guest = &self->guest;

	start_nowhere(guest);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0x66, 4);
	expect_machine_check(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0x66666666);
}

/*
 * No clause: nor does KVM look at an instruction that some CPUs do not have,
 * which causes a Program interrupt there, and do as it says.
 */
TEST_F(pr_run, fetch_from_nowhere_after_illegal)
{
	struct debug_guest *guest = &self->guest;

	start_nowhere(guest);
	guest->regs.ctr = GUEST_MMIO + 0x40;
	guest->regs.pc = debug_guest_addr(guest, nowhere_divdeu);
	debug_guest_set_regs(guest);
	expect_machine_check(guest);
}

TEST_HARNESS_MAIN
