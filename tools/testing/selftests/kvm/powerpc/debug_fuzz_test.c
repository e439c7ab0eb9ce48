// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random ioctls by a debugger, at random times, do not break the guest or the host.
 *
 * In short bursts, vCPUs run random guests while two threads do to them what
 * userspace can, in any order: KVM_SET_GUEST_DEBUG with known and unknown bits,
 * registers, interrupts, signals, and memory that comes, goes and moves.  After
 * each burst the guests are put in order again, and have to run and to step as
 * if nothing had been.
 *
 * There are two kinds of guests.  "programs" are made of pieces that never set
 * MSR[SE] or MSR[BE], so nobody may ever find them set.  "noise" is any words,
 * in any state, with any translation.
 *
 * The seed determines the code and the calls of the two threads, but not their timing.
 */
#include "debug_suite.h"

#define GUESTDBG_VALID							\
	(GUESTDBG_STEP | KVM_GUESTDBG_USE_SW_BP |			\
	 KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_BLOCKIRQ)
#define MSR_TRACE	(MSR_SE | MSR_BE)
#define MSR_RANDOM	(MSR_EE | MSR_PR | MSR_FP | MSR_VEC | MSR_ME | MSR_RI)

#define MAX_VCPUS	2
#define NR_THREADS	2		/* that disturb them */
#define NR_CALLS	100		/* of each of them, in a burst */
#define BURST_LIMIT	60		/* seconds; it takes one at most */

#define ATOM_SIZE	32
#define CODE_WORDS	1024
#define SLOT_GPA	0x200000	/* of the memory that comes and goes */
#define SLOT_SIZE	0x20000
#define SEEN		0x100		/* the MSRs that the guest saw */

/*
 * Pieces of programs, of the same size each.  r5 to r20 are random, r22 may go
 * to SRR0, so it must not be an address of data, which is random, too; r23 is
 * MSR[PR], r24 GUEST_MMIO, r25 SLOT_GPA, r29 a value for the MSR, r30 what it
 * must not have, r31 GUEST_DATA.
 */
#define ATOM(_code)							\
	"1:\n" _code "	.fill (32 - (. - 1b)) / 4, 4, 0x60000000\n"
#define SAFE_MSR							\
	"	andc	%r29, %r5, %r30\n"				\
	"	ori	%r29, %r29, " __stringify(GUEST_LE) "\n"
#define RECORD								\
	"	lwz	%r26, " __stringify(SEEN) "(%r31)\n"			\
	"	or	%r26, %r26, %r28\n"				\
	"	stw	%r26, " __stringify(SEEN) "(%r31)\n"

#ifdef __LITTLE_ENDIAN__
#define GUEST_LE	1
#else
#define GUEST_LE	0
#endif

GUEST_ASM(atoms,
	  /* by the CPU */
	  ATOM("add %r5, %r6, %r7\n xor %r6, %r5, %r8\n rlwinm %r8, %r5, 7, 0, 31\n")
	  ATOM("cmpw %r5, %r6\n bgt 2f\n addi %r5, %r5, 1\n blt 2f\n neg %r6, %r5\n2:\n")
	  ATOM("li %r22, 3\n mtctr %r22\n2: addi %r5, %r5, 3\n bdnz 2b\n")
	  ATOM("stw %r5, 0x200(%r31)\n lwz %r6, 0x204(%r31)\n stfd %f1, 0x200(%r31)\n"
	       "fmr %f2, %f1\n")
	  ATOM(".long 0x10000484\n")	/* vor v0, v0, v0 */
	  /* by KVM */
	  ATOM("mfmsr %r28\n" RECORD)
	  ATOM("mfsrr1 %r28\n" RECORD)
	  ATOM(SAFE_MSR "mtmsr %r29\n nop\n mfmsr %r28\n")
	  ATOM(SAFE_MSR "oris %r29, %r29, 4\n mtmsr %r29\n" SAFE_MSR)	/* MSR[POW] */
	  ATOM("bl 2f\n2: mflr %r22\n addi %r22, %r22, 24\n mtsrr0 %r22\n mtsrr1 %r29\n"
	       GUEST_ASM_RFI)
	  ATOM("mtsprg 0, %r5\n mfsprg %r6, 1\n mfpvr %r7\n mtdec %r5\n")
	  ATOM(".long 0x7c002a64\n eieio\n isync\n")	/* tlbie r5 */
#ifdef CONFIG_64BIT
	  ATOM(SAFE_MSR "mtmsrd %r29, 1\n slbia\n mtmsrd %r29\n")
#else
	  ATOM("mtsr 7, %r5\n mfsr %r6, 7\n")
#endif
	  /* by userspace */
	  ATOM("stw %r5, 0(%r24)\n lbz %r6, 5(%r24)\n lhbrx %r7, 0, %r24\n stfd %f1, 8(%r24)\n")
	  ATOM("lwz %r5, 0x40(%r25)\n stw %r6, 0x48(%r25)\n lwzu %r7, 8(%r25)\n"
	       "subi %r25, %r25, 8\n")
	  ATOM("mr %r3, %r5\n sc\n")
	  ATOM("lis %r0, 0x4b56\n ori %r0, %r0, 0x4d21\n li %r11, 3\n sc\n li %r0, 0\n")
	  ATOM(GUEST_ASM_OSI)
	  ATOM(GUEST_ASM_OSI)
	  /* interrupts */
	  ATOM("trap\n .long 0\n addi %r21, %r31, 1\n lwarx %r21, 0, %r21\n")
	  ATOM(GUEST_ASM_SW_BP)
	  ATOM("twgt %r5, %r6\n" GUEST_ASM_SW_BP));

/* Interrupts: what caused one is skipped, so that guests get around. */
GUEST_ASM(skip_handler,
	  "	mfsrr0	%r22\n"
	  "	addi	%r22, %r22, 4\n"
	  "	mtsrr0	%r22\n"
	  GUEST_ASM_RFI);

/* Into problem state, or out of it */
GUEST_ASM(syscall_handler,
	  "	mfsrr1	%r28\n"
	  "	xor	%r28, %r28, %r23\n"
	  "	mtsrr1	%r28\n"
	  GUEST_ASM_RFI);

/* What has to work after each burst */
GUEST_ASM(check_code,
	  "	li	%r5, 1\n"
	  "	mfmsr %r6\n"
	  "	addi %r5, %r5, 1\n"
	  "	mtsprg 0, %r5\n"
	  "	stw	%r5, 0(%r31)\n"
	  "	nop\n"
	  GUEST_ASM_OSI);

static const u64 one_regs[] = {
	KVM_REG_PPC_FPR(1), KVM_REG_PPC_FPSCR, KVM_REG_PPC_DAR,
	KVM_REG_PPC_DSISR, KVM_REG_PPC_FSCR, KVM_REG_PPC_TAR,
	/* Noise only: where interrupts go, and in which byte order */
	KVM_REG_PPC_HIOR, KVM_REG_PPC_LPCR_64,
};

#define NR_SAFE_REGS	(ARRAY_SIZE(one_regs) - 2)

static struct cpu {
	struct asm_guest guest;	/* all share one VM */
	struct kvm_regs regs;		/* to start from */
	struct kvm_sregs sregs;
	u64 one_reg[ARRAY_SIZE(one_regs)];
	struct asm_guest_thread thread;
	int wanted;			/* by this many threads */
} cpus[MAX_VCPUS];

static unsigned int nr_cpus;
enum { SEED, SECONDS };
static struct suite_option options[] = {
	[SEED]		= { "s", "seed", 0x5eed },
	[SECONDS]	= { "t", "seconds", 6 },
};

static bool noise, stop;
static void *slot_mem;

/* Counters, and what must stay 0 */
static unsigned long bursts, exits, stops, refused, accepted, traces, junk_stops;
static struct kvm_regs traced;	/* when the first trace was seen */

#define COUNT(_what)	__atomic_fetch_add(&(_what), 1, __ATOMIC_RELAXED)

static __thread struct kvm_run *my_run;

static void seed_thread(unsigned int nr)
{
	suite_seed(options[SEED].value, bursts * 16 + nr);
}

static void rnd_regs(const struct cpu *cpu, struct kvm_regs *regs)
{
	unsigned int i;

	*regs = cpu->regs;
	for (i = noise ? 0 : 5; i < (noise ? 32 : 21); i++)
		regs->gpr[i] = (unsigned long)rnd();
	regs->cr = (u32)rnd();
	regs->ctr = (unsigned long)rnd();
	regs->pc = GUEST_CODE + 4 * below(CODE_WORDS);
	regs->srr0 = GUEST_CODE + 4 * below(CODE_WORDS);
	regs->msr = MSR_GUEST_REAL | (rnd() & MSR_RANDOM);
	regs->srr1 = MSR_GUEST_REAL | (rnd() & MSR_RANDOM);
	if (noise && below(2)) {
		regs->pc = (unsigned long)rnd();
		regs->msr = (unsigned long)rnd();
	}
}

static void check_msr(const struct kvm_regs *regs)
{
	if (!noise && (regs->msr | regs->srr1) & MSR_TRACE && !COUNT(traces))
		traced = *regs;
}

/* Watchpoints and hardware breakpoints that are accepted */
static void rnd_watches(struct kvm_guest_debug_arch *arch)
{
	static const u32 types[] = {
		KVMPPC_DEBUG_NONE, KVMPPC_DEBUG_BREAKPOINT, KVMPPC_DEBUG_WATCH_READ,
		KVMPPC_DEBUG_WATCH_WRITE,
		KVMPPC_DEBUG_WATCH_READ | KVMPPC_DEBUG_WATCH_WRITE,
	};
	static const u32 places[] = {
		0, GUEST_CODE, GUEST_DATA, GUEST_MMIO, SLOT_GPA,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arch->bp); i++) {
		arch->bp[i].type = types[below(ARRAY_SIZE(types))];
		arch->bp[i].addr = places[below(ARRAY_SIZE(places))] + below(0x1400);
		arch->bp[i].len = 1 + below(below(4) ? 8 : 0x2000);
		if (arch->bp[i].type == KVMPPC_DEBUG_BREAKPOINT) {
			arch->bp[i].addr &= ~3ULL;
			arch->bp[i].len = 4;
		}
	}
}

static void set_debug(struct cpu *cpu)
{
	struct kvm_guest_debug debug;
	bool valid_watches = below(4);
	unsigned int i;
	int ret;

	for (i = 0; i < sizeof(debug) / sizeof(u32); i++)
		((u32 *)&debug)[i] = rnd();
	if (below(4))
		debug.control &= GUESTDBG_VALID;
	if (valid_watches)
		rnd_watches(&debug.arch);
	ret = __vcpu_ioctl(cpu->guest.vcpu, KVM_SET_GUEST_DEBUG, &debug);
	if (!(debug.control & ~GUESTDBG_VALID) &&
	    (valid_watches || !(debug.control & KVM_GUESTDBG_USE_HW_BP)))
		TEST_ASSERT(!ret, "Control 0x%x: errno %d", debug.control, errno);
	else if (ret == -1 && errno == EINVAL)
		COUNT(refused);
	else if (debug.control & ~GUESTDBG_VALID)
		COUNT(accepted);
}

/* ioctls that wait for KVM_RUN to return */
static void change_vcpu(struct cpu *cpu)
{
	struct kvm_vcpu *vcpu = cpu->guest.vcpu;
	struct kvm_sregs sregs = cpu->sregs;
	u64 *p = (void *)&sregs.u.s;
	struct kvm_regs regs;
	unsigned int i;

	switch (below(8)) {
	case 0:
		rnd_regs(cpu, &regs);
		vcpu_regs_set(vcpu, &regs);
		break;
	case 1:
		vcpu_regs_get(vcpu, &regs);
		check_msr(&regs);
		break;
	case 2:
		i = below(noise ? ARRAY_SIZE(one_regs) : NR_SAFE_REGS);
		__vcpu_set_reg(vcpu, one_regs[i], rnd());
		break;
	case 3:
		if (!noise)
			break;
		for (i = 0; i < sizeof(sregs.u.s) / sizeof(*p); i++)
			p[i] = below(4) ? 0 : rnd() & (below(2) ? -1ULL : 0xfffff);
		if (below(2))
			sregs.pvr = 0x00083203;	/* a 750 */
		vcpu_sregs_set(vcpu, &sregs);
		break;
	default:
		set_debug(cpu);
	}
}

static void set_slot(u64 gpa, u64 size, u32 flags)
{
	static bool there;
	struct kvm_userspace_memory_region region = {
		.slot = 1, .flags = flags, .guest_phys_addr = gpa,
		.memory_size = size, .userspace_addr = (uintptr_t)slot_mem,
	};

	if (size || there)
		vm_ioctl(cpus[0].guest.vm, KVM_SET_USER_MEMORY_REGION, &region);
	there = size;
}

static void change_memory(void)
{
	static u8 bitmap[SLOT_SIZE / 4096 / 8 + 8];
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = bitmap };

	set_slot(0, 0, 0);
	switch (below(4)) {
	case 0:
		break;
	case 1:
		set_slot(SLOT_GPA, SLOT_SIZE, KVM_MEM_LOG_DIRTY_PAGES);
		sched_yield();
		vm_ioctl(cpus[0].guest.vm, KVM_GET_DIRTY_LOG, &log);
		break;
	default:
		set_slot(SLOT_GPA + SLOT_SIZE, SLOT_SIZE, 0);
		set_slot(SLOT_GPA, SLOT_SIZE, 0);	/* moves */
		TEST_ASSERT(!madvise(slot_mem, SLOT_SIZE, MADV_DONTNEED),
			    "madvise() failed");
	}
}

static void *disturb(void *nr)
{
	struct cpu *cpu;
	unsigned int i;

	seed_thread(MAX_VCPUS + (uintptr_t)nr);
	for (i = 0; i < NR_CALLS; i++) {
		cpu = &cpus[below(nr_cpus)];
		switch (below(8)) {
		case 0:
			vcpu_interrupt(cpu->guest.vcpu, below(2) ? KVM_INTERRUPT_SET :
								   KVM_INTERRUPT_UNSET);
			break;
		case 1:
			if (!nr)	/* one thread is enough */
				change_memory();
			break;
		case 2:
			pthread_kill(cpu->thread.thread, SIGUSR1);
			break;
		default:
			__atomic_fetch_add(&cpu->wanted, 1, __ATOMIC_SEQ_CST);
			pthread_kill(cpu->thread.thread, SIGUSR1);
			change_vcpu(cpu);
			__atomic_fetch_sub(&cpu->wanted, 1, __ATOMIC_SEQ_CST);
		}
	}
	return NULL;
}

static void handle_exit(struct cpu *cpu, struct kvm_run *run)
{
	struct kvm_regs regs;

	COUNT(exits);
	switch (run->exit_reason) {
	case KVM_EXIT_DEBUG:
		COUNT(stops);
		switch (run->debug.arch.status) {
		case 0:
		case KVMPPC_DEBUG_BREAKPOINT:
		case KVMPPC_DEBUG_WATCH_READ:
		case KVMPPC_DEBUG_WATCH_WRITE:
			break;
		default:
			COUNT(junk_stops);
		}
		vcpu_regs_get(cpu->guest.vcpu, &regs);
		check_msr(&regs);
		if (!below(4)) {	/* A breakpoint would stop it for ever. */
			regs.pc += 4;
			vcpu_regs_set(cpu->guest.vcpu, &regs);
		}
		break;
	case KVM_EXIT_OSI:
		run->osi.gprs[5] = (unsigned long)rnd();
		break;
	case KVM_EXIT_MMIO:
	case KVM_EXIT_PAPR_HCALL:
		break;
	default:
		TEST_FAIL("Exit %s", exit_reason_str(run->exit_reason));
	}
}

static void kick(int signum)
{
	struct kvm_run *run = READ_ONCE(my_run);

	if (run)
		WRITE_ONCE(run->immediate_exit, 1);	/* KVM_RUN may be next. */
}

static void *run_vcpu(void *arg)
{
	struct cpu *cpu = arg;
	struct kvm_run *run = cpu->guest.vcpu->run;

	seed_thread(cpu - cpus);
	WRITE_ONCE(my_run, run);
	while (!READ_ONCE(stop)) {
		if (READ_ONCE(cpu->wanted))
			sched_yield();
		else if (!__vcpu_run(cpu->guest.vcpu))
			handle_exit(cpu, run);
		else
			TEST_ASSERT(errno == EINTR, "KVM_RUN: errno %d", errno);
		WRITE_ONCE(run->immediate_exit, 0);
	}
	WRITE_ONCE(my_run, NULL);
	WRITE_ONCE(run->immediate_exit, 0);
	return NULL;
}

static void load_code(struct asm_guest *guest)
{
	static const u16 skipping[] = {
		VEC_SYSTEM_RESET, VEC_MACHINE_CHECK, VEC_DATA_STORAGE,
		VEC_DATA_SEGMENT, VEC_INST_STORAGE, VEC_INST_SEGMENT,
		VEC_ALIGNMENT, VEC_PROGRAM, VEC_FP_UNAVAIL, VEC_TRACE,
		VEC_PERFMON, VEC_ALTIVEC_UNAVAIL, VEC_VSX_UNAVAIL,
		VEC_FACILITY_UNAVAIL,
	};
	const u32 nr_atoms = (atoms_end - atoms) * 4 / ATOM_SIZE;
	u32 *ram = addr_gpa2hva(guest->vm, 0), *code = ram + GUEST_CODE / 4;
	unsigned int i, atom = 0;

	for (i = 0; i < GUEST_RAM_SIZE / 4; i++)
		ram[i] = INST_SC;
	memset(ram + GUEST_DATA / 4, 0, 0x1000);
	for (i = 0; i < ARRAY_SIZE(skipping); i++)
		asm_guest_load(guest, skipping[i], skip_handler);
	asm_guest_load_rfi_handler(guest, VEC_EXTERNAL);
	asm_guest_load_rfi_handler(guest, VEC_DECREMENTER);
	asm_guest_load(guest, VEC_SYSCALL, syscall_handler);

	for (i = 0; i < CODE_WORDS; i++) {
		if (!(i % (ATOM_SIZE / 4)))
			atom = below(nr_atoms) * (ATOM_SIZE / 4);
		code[i] = noise && below(2) ? rnd() : atoms[atom + i % 8];
		/* The host's hypervisor may handle sc 1.  scv has the same opcode. */
		if (code[i] >> 26 == 17 || host_quirk(code[i]))
			code[i] = INST_SC;
	}
	code[i] = 0x48000000 | (-4 * CODE_WORDS & 0x3fffffc);	/* b GUEST_CODE */
	asm_guest_sync_code(guest, 0, GUEST_RAM_SIZE);
}

static void start_check(struct cpu *cpu)
{
	cpu->guest.regs = cpu->regs;
	asm_guest_start(&cpu->guest, check_code);
}

static void check_counts(void)
{
	TEST_ASSERT(!accepted && !traces && !junk_stops,
		    "%lu unknown controls accepted, MSR_SE or MSR_BE seen %lu times, %lu stops with an unknown debug.arch.status\n"
		    "The first time: pc 0x%llx, MSR 0x%llx, SRR1 0x%llx, r29 0x%llx, r30 0x%llx",
		    accepted, traces, junk_stops, traced.pc, traced.msr,
		    traced.srr1, traced.gpr[29], traced.gpr[30]);
}

/* Whatever the debugger has done to the vCPU, it can be put in order again. */
static void check(struct cpu *cpu)
{
	struct asm_guest *guest = &cpu->guest;
	struct kvm_guest_debug junk = { .control = ~GUESTDBG_VALID };
	unsigned int i, step;

	asm_guest_control(guest, GUESTDBG_OFF);
	vcpu_interrupt(guest->vcpu, KVM_INTERRUPT_UNSET);
	vcpu_sregs_set(guest->vcpu, &cpu->sregs);
	for (i = 0; i < ARRAY_SIZE(one_regs); i++)
		__vcpu_set_reg(guest->vcpu, one_regs[i], cpu->one_reg[i]);

	/* An exit may wait for its completion. */
	asm_guest_run_immediate_exit(guest);

	start_check(cpu);
	asm_guest_control(guest, GUESTDBG_STEP);
	if (!__vcpu_ioctl(guest->vcpu, KVM_SET_GUEST_DEBUG, &junk))
		COUNT(accepted);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_run(guest, KVM_EXIT_DEBUG);
	asm_guest_run(guest, KVM_EXIT_DEBUG);
	if ((guest->regs.msr | guest->regs.gpr[6]) & MSR_TRACE)
		COUNT(traces);
	check_counts();

	for (step = 0; step < 2; step++) {
		start_check(cpu);
		asm_guest_control(guest, step ? GUESTDBG_STEP : GUESTDBG_OFF);
		for (i = 0; step && i < 5; i++) {
			/* Refused, it changes nothing. */
			junk.control = rnd() | BIT(8);
			if (!__vcpu_ioctl(guest->vcpu, KVM_SET_GUEST_DEBUG, &junk))
				COUNT(accepted);
			asm_guest_expect_stop(guest, check_code + i + 1);
			TEST_ASSERT_EQ(guest->regs.msr, cpu->regs.msr);
		}
		asm_guest_control(guest, GUESTDBG_OFF);
		asm_guest_run_to_osi(guest);
		TEST_ASSERT_EQ(guest->regs.gpr[5], 2);
		TEST_ASSERT_EQ(guest->regs.gpr[6], cpu->regs.msr);
		TEST_ASSERT_EQ(guest->regs.msr, cpu->regs.msr);
		TEST_ASSERT_EQ(guest->regs.sprg0, 2);
		TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 2);
	}
	check_counts();
}

static void burst(void)
{
	struct asm_guest_thread threads[NR_THREADS];
	struct kvm_regs regs;
	uintptr_t i;

	signal(SIGALRM, SIG_DFL);	/* the end, if a thread gets stuck */
	alarm(BURST_LIMIT);
	seed_thread(15);
	load_code(&cpus[0].guest);
	stop = false;
	for (i = 0; i < nr_cpus; i++) {
		rnd_regs(&cpus[i], &regs);
		vcpu_regs_set(cpus[i].guest.vcpu, &regs);
		asm_guest_start_thread(&cpus[i].thread, run_vcpu, &cpus[i]);
	}
	for (i = 0; i < NR_THREADS; i++)
		asm_guest_start_thread(&threads[i], disturb, (void *)i);
	for (i = 0; i < NR_THREADS; i++)
		asm_guest_join_thread(&threads[i]);
	WRITE_ONCE(stop, true);
	for (i = 0; i < nr_cpus; i++) {
		pthread_kill(cpus[i].thread.thread, SIGUSR1);
		asm_guest_join_thread(&cpus[i].thread);
	}
	alarm(0);

	if (!noise && asm_guest_read32(&cpus[0].guest, GUEST_DATA + SEEN) & MSR_TRACE)
		COUNT(traces);
	load_code(&cpus[0].guest);
	for (i = 0; i < nr_cpus; i++)
		check(&cpus[i]);
	bursts++;
}

static void create_vcpu(struct cpu *cpu)
{
	struct asm_guest *guest = &cpu->guest;
	unsigned int i;

	*guest = cpus[0].guest;
	if (cpu != cpus)
		guest->vcpu = vm_vcpu_add_real_mode(guest->vm, cpu - cpus);
	cpu->regs = guest->regs;
	cpu->regs.gpr[23] = MSR_PR;
	cpu->regs.gpr[24] = GUEST_MMIO;
	cpu->regs.gpr[25] = SLOT_GPA;
	cpu->regs.gpr[29] = MSR_GUEST_REAL;
	cpu->regs.gpr[30] = MSR_TRACE | MSR_IR | MSR_DR | MSR_LE | MSR_POW;
	cpu->regs.gpr[31] = GUEST_DATA;
	vcpu_sregs_get(guest->vcpu, &cpu->sregs);
	for (i = 0; i < ARRAY_SIZE(one_regs); i++) {
		struct kvm_one_reg reg = {
			.id = one_regs[i], .addr = (uintptr_t)&cpu->one_reg[i],
		};

		__vcpu_ioctl(guest->vcpu, KVM_GET_ONE_REG, &reg);
	}
}

FIXTURE(fuzz) {};

FIXTURE_VARIANT(fuzz)
{
	bool noise;
};

FIXTURE_VARIANT_ADD(fuzz, programs) {};

FIXTURE_VARIANT_ADD(fuzz, noise)
{
	.noise = true,
};

FIXTURE_SETUP(fuzz) {}

FIXTURE_TEARDOWN(fuzz) {}

/* For bursts beyond the time given, until each kind of result has been seen */
#define GRACE_SECONDS	60

/* Whatever userspace does, and whenever. (A1, A10, B1, D1) */
TEST_F_TIMEOUT(fuzz, burst, 24 * 3600)
{
	time_t end = time(NULL) + options[SECONDS].value / 2;
	struct sigaction sa = { .sa_handler = kick };
	unsigned int i;

	noise = variant->noise;
	TEST_ASSERT(!sigaction(SIGUSR1, &sa, NULL), "sigaction() failed");
	slot_mem = kvm_mmap(SLOT_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1);
	nr_cpus = min_t(u32, kvm_check_cap(KVM_CAP_MAX_VCPUS), MAX_VCPUS);
	asm_guest_create(&cpus[0].guest, MSR_GUEST_REAL);
	for (i = 0; i < nr_cpus; i++)
		create_vcpu(&cpus[i]);
	load_code(&cpus[0].guest);

	/* Do not start bursts on a kernel that fails the check before them. */
	for (i = 0; i < nr_cpus; i++)
		check(&cpus[i]);
	do {
		burst();
	} while (time(NULL) < end ||
		 ((!refused || !stops) && time(NULL) < end + GRACE_SECONDS));
	TEST_ASSERT(refused && stops, "No control was refused, or no step stopped");
	kvm_vm_free(cpus[0].guest.vm);

	ksft_print_msg("%lu bursts of %u calls, %lu controls refused, %lu exits, %lu stops\n",
		       bursts, NR_THREADS * NR_CALLS, refused, exits, stops);
}

int main(int argc, char *argv[])
{
	suite_options(argc, argv, options, ARRAY_SIZE(options));
	return test_harness_run(1, argv);
}
