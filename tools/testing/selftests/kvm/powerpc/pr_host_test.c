// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest of KVM PR must not be able to do to its host
 *
 * Each case is a bug that KVM PR has had.  On a kernel with the bug, 'fscr' ends in
 * an oops that kills the test.  The other cases do no harm there.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "debug_suite.h"

ASM_GUEST_SUITE(pr_host, MSR_GUEST_REAL);

#ifdef CONFIG_64BIT
#define SLB_NR		64		/* entries that a guest of KVM PR has */
#define SLB_ESID	0xc00000000ULL	/* valid bit is bit 27 of RB */
#define SLB_RB(_nr)	(SLB_ESID << 28 | BIT_ULL(27) | (_nr))
#define SLB_RS		0x123456000ULL

/* r5 is an index, r8 and r9 RB and RS of an entry. */
GUEST_ASM(slb_read_code,
	  "	slbmfee	%r6, %r5\n"
	  "	slbmfev	%r7, %r5\n"
	  GUEST_ASM_OSI);

GUEST_ASM(slb_write_code,
	  "	slbmte	%r9, %r8\n"
	  GUEST_ASM_OSI);

/* To the OSI exit, and KVM takes back the GPRs at once. */
static void run_slb(struct asm_guest *guest, const u32 *code)
{
	asm_guest_start(guest, code);
	asm_guest_run_to_osi(guest);
}

static void expect_slb(struct asm_guest *guest, u64 nr, u64 rb, u64 rs)
{
	guest->regs.gpr[5] = nr;
	guest->regs.gpr[6] = 0x99;
	guest->regs.gpr[7] = 0x99;
	run_slb(guest, slb_read_code);
	TEST_ASSERT(guest->regs.gpr[6] == rb && guest->regs.gpr[7] == rs,
		    "SLB entry %" PRIu64 ": slbmfee 0x%llx, slbmfev 0x%llx", nr,
		    guest->regs.gpr[6], guest->regs.gpr[7]);
}

static void write_slb(struct asm_guest *guest, u64 rb, u64 rs)
{
	guest->regs.gpr[8] = rb;
	guest->regs.gpr[9] = rs;
	run_slb(guest, slb_write_code);
}

/*
 * The members behind vcpu->arch.slb[] hold addresses of host functions.  slbmfee and
 * slbmfev must not return them.  slbmte is tested only after that, because it would
 * overwrite them on a kernel with the bug.
 */
TEST_F(pr_host, slb_index)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_sregs sregs;

	expect_slb(guest, SLB_NR, 0, 0);
	expect_slb(guest, SLB_NR + 1, 0, 0);

	write_slb(guest, SLB_RB(SLB_NR - 1), SLB_RS);
	expect_slb(guest, SLB_NR - 1, SLB_RB(0), SLB_RS);

	write_slb(guest, SLB_RB(SLB_NR), SLB_RS);
	expect_slb(guest, SLB_NR, 0, 0);

	/* KVM_SET_SREGS cannot, either. */
	vcpu_sregs_get(guest->vcpu, &sregs);
	sregs.u.s.ppc64.slb[0].slbe = SLB_RB(SLB_NR);
	sregs.u.s.ppc64.slb[0].slbv = SLB_RS;
	vcpu_sregs_set(guest->vcpu, &sregs);
	expect_slb(guest, SLB_NR, 0, 0);
	expect_slb(guest, SLB_NR - 1, SLB_RB(0), SLB_RS);
}

/*
 * SPRG3, which problem state can read.  Linux has the CPU's number there, for
 * getcpu() in the vDSO.
 */
#define GUESTS_SPRG3	0x4141414142424242ULL
#define NR_LOOKS	100
#define LOOK_INTERVAL	200000		/* ns */

GUEST_ASM(sprg3_code,
	  "	mtsprg	3, %r5\n"
	  "	mtctr	%r8\n"
	  "1:	bdnz	1b\n"
	  GUEST_ASM_OSI);

struct observer {
	struct asm_guest_preemptor preemptor;
	u64 expected;
	unsigned int nr_looks;
	unsigned int nr_bad;
};

static void *look_often(void *arg)
{
	const struct timespec interval = { .tv_nsec = LOOK_INTERVAL };
	struct observer *observer = arg;

	/* It preempts the one that starts it: the guest has not run yet. */
	observer->expected = mfspr(SPRN_SPRG3_USER);
	while (!READ_ONCE(observer->preemptor.thread.stop)) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &interval, NULL);
		if (mfspr(SPRN_SPRG3_USER) != observer->expected)
			observer->nr_bad++;
		WRITE_ONCE(observer->nr_looks, observer->nr_looks + 1);
	}
	return NULL;
}

/*
 * Processes that run on the CPU between two instructions of the guest
 * find what the kernel has put into SPRG3, not what the guest has.
 */
TEST_F(pr_host, sprg3)
{
	struct asm_guest *guest = &self->guest;
	struct observer observer = {};

	if (asm_guest_start_preemptor(&observer.preemptor, look_often, &observer))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");

	guest->regs.gpr[5] = GUESTS_SPRG3;
	guest->regs.gpr[8] = 100000;
	while (READ_ONCE(observer.nr_looks) < NR_LOOKS) {
		asm_guest_start(guest, sprg3_code);
		asm_guest_run(guest, KVM_EXIT_OSI);
	}
	asm_guest_stop_preemptor(&observer.preemptor);
	TEST_ASSERT(observer.expected != GUESTS_SPRG3, "The guest's SPRG3 is there");
	TEST_ASSERT(!observer.nr_bad, "SPRG3 was another one %u of %u times",
		    observer.nr_bad, observer.nr_looks);
}

GUEST_ASM(fscr_code,
	  "	mtspr	" __stringify(SPRN_FSCR) ", %r5\n"
	  "	mfspr	%r6, " __stringify(SPRN_FSCR) "\n"
	  GUEST_ASM_OSI);

/* The guest can set FSCR[TAR] on a host whose CPU has no FSCR. */
TEST_F(pr_host, fscr)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.gpr[5] = FSCR_TAR;
	asm_guest_start(guest, fscr_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], FSCR_TAR);
}

/*
 * The bits of keys 4 to 7, which every host with keys lets processes change.  Problem
 * state has AMR as SPR 13, privileged code as SPR 29.
 */
#define AMR_KEYS	0x00ff000000000000ULL
#define AMR_BY_SPR13	0x00a5000000000000ULL
#define AMR_BY_SPR29	0x5a5a5a5a5a5a5a5aULL
#define AMR_BY_IOCTL	0x123456789abcdef0ULL

#define READ_AMR							\
	"	mfspr	%r5, " __stringify(SPRN_AMR_USER) "\n"		\
	"	mfspr	%r6, " __stringify(SPRN_AMR) "\n"

GUEST_ASM(amr_code,
	  READ_AMR
	  GUEST_ASM_OSI
	  "	mtspr	" __stringify(SPRN_AMR_USER) ", %r8\n"
	  READ_AMR
	  GUEST_ASM_OSI
	  READ_AMR
	  "	mtspr	" __stringify(SPRN_AMR) ", %r9\n"
	  GUEST_ASM_OSI
	  READ_AMR
	  GUEST_ASM_OSI
	  READ_AMR
	  GUEST_ASM_OSI);

static void expect_amr(struct asm_guest *guest, u64 want, u64 mask)
{
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6] & mask, want & mask);

	if (!host_quirk(inst_mfspr(SPRN_AMR_USER, 5)))
		TEST_ASSERT_EQ(guest->regs.gpr[5] & AMR_KEYS, want & AMR_KEYS);
}

/*
 * Where the host has memory keys, the guest has an AMR of its own.  It
 * starts with 0, not with what the host's kernel has there, and what the guest
 * writes is there again after an exit to the host.
 */
TEST_F(pr_host, amr)
{
	struct asm_guest *guest = &self->guest;
	int key = syscall(__NR_pkey_alloc, 0, 0);

	if (key < 0)
		SKIP(return, "The host has no memory keys");
	syscall(__NR_pkey_free, key);

	guest->regs.gpr[5] = -1ULL;
	guest->regs.gpr[6] = -1ULL;
	guest->regs.gpr[8] = AMR_BY_SPR13;
	guest->regs.gpr[9] = AMR_BY_SPR29;
	asm_guest_start(guest, amr_code);

	expect_amr(guest, 0, -1ULL);
	expect_amr(guest, AMR_BY_SPR13, AMR_KEYS);
	expect_amr(guest, AMR_BY_SPR13, AMR_KEYS);
	expect_amr(guest, AMR_BY_SPR29, -1ULL);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_AMR), AMR_BY_SPR29);

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_AMR, AMR_BY_IOCTL);
	expect_amr(guest, AMR_BY_IOCTL, -1ULL);
}
#endif /* CONFIG_64BIT */

/*
 * The guest executes NR_ILLEGAL illegal instructions.  KVM may log ten in five seconds,
 * the kernel's default rate limit.
 */
#define NR_RUNS		15
#define NR_PER_RUN	20
#define NR_ILLEGAL	(NR_RUNS * NR_PER_RUN)
#define MAX_BURST	10
#define INTERVAL	5

GUEST_ASM(flood_code,
	  "1:	li	%r5, " __stringify(NR_PER_RUN) "\n"
	  "2:	.long	0\n"
	  "	addi	%r5, %r5, -1\n"
	  "	cmpwi	%r5, 0\n"
	  "	bne	2b\n"
	  GUEST_ASM_OSI
	  "	b	1b\n");

/* Lines about emulation that the kernel has logged; lines that were lost count, too. */
static unsigned int count_log(int fd)
{
	unsigned int nr = 0;
	char line[8192];	/* The read of a longer record fails with EINVAL. */
	ssize_t len;

	for (;;) {
		len = read(fd, line, sizeof(line));
		if (len < 0 && errno == EAGAIN)
			return nr;
		TEST_ASSERT(len >= 0 || errno == EPIPE,
			    "Reading /dev/kmsg failed, errno: %d", errno);
		nr += len < 0 || memmem(line, len, "emulat", strlen("emulat"));
	}
}

/* What the guest cannot do does not fill the host's log. */
TEST_F(pr_host, log_flood)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	struct asm_guest *guest = &self->guest;
	unsigned int i, nr, max;
	time_t start;

	if (fd < 0)
		SKIP(return, "/dev/kmsg cannot be read: %s", strerror(errno));

	asm_guest_load_skip_handler(guest, VEC_PROGRAM);
	asm_guest_start(guest, flood_code);
	TEST_ASSERT(lseek(fd, 0, SEEK_END) >= 0, "lseek() failed");

	start = time(NULL);
	for (i = 0; i < NR_RUNS; i++) {
		asm_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.gpr[5], 0);
	}
	nr = count_log(fd);
	close(fd);

	/* Each interval that has begun has its burst, and a line about the rest. */
	max = (MAX_BURST + 1) * ((time(NULL) - start) / INTERVAL + 2);
	TEST_ASSERT(nr <= max, "%u lines in the log for %u instructions", nr,
		    NR_ILLEGAL);
}

/* PTRACE_SET_DEBUGREG: an address, translated, and reads and writes of it */
#define WATCH(_addr)	((_addr) | 7UL)

/* A process that sets a watchpoint on the test's thread */
struct watcher {
	pid_t pid;
	volatile struct {
		int attached;
		unsigned int nr_hits;
	} *shared;
};

/* SIGUSR1 asks for a watchpoint.  It ends with its first hit. */
static void watch(struct watcher *watcher, pid_t pid)
{
	int status, sig;

	if (ptrace(PTRACE_ATTACH, pid, 0, 0)) {
		watcher->shared->attached = -errno;
		_exit(1);
	}

	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		sig = WSTOPSIG(status);
		if (sig == SIGSTOP)
			watcher->shared->attached = 1;
		else if (sig == SIGUSR1)
			ptrace(PTRACE_SET_DEBUGREG, pid, 0, WATCH(GUEST_DATA));
		else if (sig == SIGTRAP)
			watcher->shared->nr_hits++;

		if (sig == SIGSTOP || sig == SIGUSR1 || sig == SIGTRAP)
			sig = 0;
		ptrace(PTRACE_CONT, pid, 0, sig);
	}
	_exit(0);
}

static int start_watcher(struct watcher *watcher)
{
	pid_t pid = getpid();

	watcher->shared = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	TEST_ASSERT(watcher->shared != MAP_FAILED, "mmap() failed");

	watcher->pid = fork();
	TEST_ASSERT(watcher->pid >= 0, "fork() failed, errno: %d", errno);
	if (!watcher->pid)
		watch(watcher, pid);

	while (!watcher->shared->attached)
		sched_yield();
	return watcher->shared->attached;
}

static void end_watcher(struct watcher *watcher)
{
	kill(watcher->pid, SIGKILL);
	waitpid(watcher->pid, NULL, 0);
}

/* The host's memory at the address that the guest has its data at */
static volatile u32 *map_data(void)
{
	void *p = mmap((void *)GUEST_DATA, getpagesize(), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return p == (void *)GUEST_DATA ? p : NULL;
}

GUEST_ASM(watched_code,
	  "	lwz	%r6, 0(%r5)\n"
	  "	stw	%r7, 4(%r5)\n"
	  "	lwz	%r8, 4(%r5)\n"
	  GUEST_ASM_OSI);

/* To the end, and the guest has read and written what it wanted to. */
static void run_watched(struct asm_guest *guest)
{
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT(guest->regs.pc == asm_guest_addr(guest, watched_code_end),
		    "The guest is at 0x%llx", guest->regs.pc);
	TEST_ASSERT_EQ((u32)guest->regs.gpr[6], 0x12345678);
	TEST_ASSERT_EQ((u32)guest->regs.gpr[8], (u32)guest->regs.gpr[7]);
	asm_guest_run_immediate_exit(guest);
}

/*
 * A watchpoint that a debugger of the host has set on the thread of
 * the vCPU does not stop the guest at the same address, and still stops the
 * thread there.
 */
TEST_F(pr_host, watchpoint)
{
	struct asm_guest *guest = &self->guest;
	struct watcher watcher;
	volatile u32 *data;
	int i;

	data = map_data();
	if (!data)
		SKIP(return, "There is no memory for 0x%x", GUEST_DATA);
	if (start_watcher(&watcher) < 0)
		SKIP(return, "The test's process cannot be traced");

	/* Does the CPU have watchpoints? */
	raise(SIGUSR1);
	data[1] = 1;
	if (watcher.shared->nr_hits != 1) {
		end_watcher(&watcher);
		SKIP(return, "The host's CPU does not stop at watchpoints");
	}

	asm_guest_write32(guest, GUEST_DATA, 0x12345678);
	for (i = 0; i < 2; i++) {
		raise(SIGUSR1);
		guest->regs.gpr[5] = GUEST_DATA;
		guest->regs.gpr[7] = i;

		asm_guest_start_step(guest, watched_code);
		asm_guest_expect(guest, STOP_AT(watched_code + 1), STOP_AT(watched_code + 2),
				 STOP_AT(watched_code + 3));
		asm_guest_control(guest, GUESTDBG_OFF);
		run_watched(guest);

		asm_guest_start(guest, watched_code);
		run_watched(guest);

		TEST_ASSERT_EQ(watcher.shared->nr_hits, i + 1);
		data[1] = 1;
		TEST_ASSERT_EQ(watcher.shared->nr_hits, i + 2);
	}
	end_watcher(&watcher);
}

TEST_HARNESS_MAIN
