// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest of KVM PR must not be able to do to its host
 *
 * None of it is about debugging, and each is a fault that KVM PR has had.  A
 * case must not harm a host that still has it: it looks before it leaps.
 */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "debug_guest.h"
#include "kselftest_harness.h"

FIXTURE(pr_host)
{
	struct debug_guest guest;
};

FIXTURE_SETUP(pr_host)
{
	debug_guest_create(&self->guest, MSR_GUEST_REAL);
}

FIXTURE_TEARDOWN(pr_host)
{
	debug_guest_destroy(&self->guest);
}

#ifdef CONFIG_64BIT
#define SLB_NR		64		/* entries that a guest of KVM PR has */
#define SLB_ESID	0xc00000000ULL	/* valid bit is bit 27 of RB */
#define SLB_RB(_nr)	(SLB_ESID << 28 | BIT_ULL(27) | (_nr))
#define SLB_RS		0x123456000ULL

/* r5 is an index, r8 and r9 RB and RS of an entry. */
GUEST_ASM(slb_code,
	  "	.machine push\n"
	  "	.machine power4\n"
	  "	slbmfee	%r6, %r5\n"
	  "	slbmfev	%r7, %r5\n"
	  "	.machine pop\n"
	  GUEST_ASM_OSI
	  "slb_write:\n"
	  "	.machine push\n"
	  "	.machine power4\n"
	  "	slbmte	%r9, %r8\n"
	  "	.machine pop\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(slb_write[]);

/* To the next OSI exit, and KVM takes back the GPRs at once. */
static void run_slb(struct debug_guest *guest)
{
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_complete(guest);
}

static void read_slb(struct debug_guest *guest, u64 nr, u64 *rb, u64 *rs)
{
	guest->regs.gpr[5] = nr;
	debug_guest_start(guest, slb_code, slb_code_end);
	run_slb(guest);
	*rb = guest->regs.gpr[6];
	*rs = guest->regs.gpr[7];
}

static void write_slb(struct debug_guest *guest, u64 rb, u64 rs)
{
	debug_guest_start(guest, slb_code, slb_code_end);
	guest->regs.gpr[8] = rb;
	guest->regs.gpr[9] = rs;
	debug_guest_goto(guest, slb_write);
	run_slb(guest);
}

/*
 * No clause: the guest cannot see KVM's own data behind the SLB, where the
 * addresses of functions are.  If it cannot, it is safe to find out whether it
 * can write to it: the last entry can be set, the next one cannot.
 */
TEST_F(pr_host, slb_index)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_sregs sregs;
	u64 rb, rs;
	int nr;

	for (nr = SLB_NR; nr < SLB_NR + 2; nr++) {
		read_slb(guest, nr, &rb, &rs);
		TEST_ASSERT(!rb && !rs,
			    "SLB entry %d: slbmfee 0x%" PRIx64 ", slbmfev 0x%" PRIx64,
			    nr, rb, rs);
	}

	write_slb(guest, SLB_RB(SLB_NR - 1), SLB_RS);
	read_slb(guest, SLB_NR - 1, &rb, &rs);
	TEST_ASSERT_EQ(rb, SLB_RB(0));
	TEST_ASSERT_EQ(rs, SLB_RS);

	write_slb(guest, SLB_RB(SLB_NR), SLB_RS);
	read_slb(guest, SLB_NR, &rb, &rs);
	TEST_ASSERT_EQ(rb, 0);
	TEST_ASSERT_EQ(rs, 0);

	/* The same by KVM_SET_SREGS */
	vcpu_sregs_get(guest->vcpu, &sregs);
	sregs.u.s.ppc64.slb[0].slbe = SLB_RB(SLB_NR);
	sregs.u.s.ppc64.slb[0].slbv = SLB_RS;
	vcpu_sregs_set(guest->vcpu, &sregs);
	read_slb(guest, SLB_NR, &rb, &rs);
	TEST_ASSERT_EQ(rb, 0);
	TEST_ASSERT_EQ(rs, 0);
	read_slb(guest, SLB_NR - 1, &rb, &rs);
	TEST_ASSERT_EQ(rs, SLB_RS);
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
	struct debug_guest_rival rival;
	u64 expected;
	unsigned int nr_looks;
	unsigned int nr_bad;
};

static u64 read_sprg3(void)
{
	u64 val;

	asm volatile("mfspr %0, 259" : "=r" (val));
	return val;
}

static void *look_often(void *arg)
{
	const struct timespec interval = { .tv_nsec = LOOK_INTERVAL };
	struct observer *observer = arg;

	/* It preempts the one that starts it: the guest has not run yet. */
	observer->expected = read_sprg3();
	while (!READ_ONCE(observer->rival.stop)) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &interval, NULL);
		if (read_sprg3() != observer->expected)
			observer->nr_bad++;
		WRITE_ONCE(observer->nr_looks, observer->nr_looks + 1);
	}
	return NULL;
}

/*
 * No clause: processes that run on the CPU between two instructions of the guest
 * find what the kernel has put into SPRG3, not what the guest has.
 */
TEST_F(pr_host, sprg3)
{
	struct debug_guest *guest = &self->guest;
	struct observer observer = {};

	if (debug_guest_start_rival(&observer.rival, look_often, &observer))
		SKIP(return, "A thread with SCHED_FIFO needs a privilege");

	guest->regs.gpr[5] = GUESTS_SPRG3;
	guest->regs.gpr[8] = 100000;
	while (READ_ONCE(observer.nr_looks) < NR_LOOKS) {
		debug_guest_start(guest, sprg3_code, sprg3_code_end);
		debug_guest_run(guest, KVM_EXIT_OSI);
	}
	debug_guest_end_rival(&observer.rival);
	TEST_ASSERT(observer.expected != GUESTS_SPRG3, "The guest's SPRG3 is there");
	TEST_ASSERT(!observer.nr_bad, "SPRG3 was another one %u of %u times",
		    observer.nr_bad, observer.nr_looks);
}
#endif /* CONFIG_64BIT */

/*
 * Instructions that cannot be emulated, and more of them than anybody wants to
 * read about: KVM may log ten in five seconds, the kernel's usual limit.
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

/* Lines that the kernel has logged since; those that were lost count, too. */
static unsigned int count_log(int fd)
{
	unsigned int nr = 0;
	char line[1024];
	ssize_t len;

	for (;;) {
		len = read(fd, line, sizeof(line));
		if (len < 0 && errno == EAGAIN)
			return nr;
		TEST_ASSERT(len >= 0 || errno == EPIPE,
			    "Reading /dev/kmsg failed, errno: %d", errno);
		nr++;
	}
}

/* No clause: what the guest cannot do does not fill the host's log. */
TEST_F(pr_host, log_flood)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	struct debug_guest *guest = &self->guest;
	unsigned int i, nr, max;
	time_t start;

	if (fd < 0)
		SKIP(return, "/dev/kmsg cannot be read: %s", strerror(errno));

	debug_guest_load_skip_handler(guest, VEC_PROGRAM);
	debug_guest_start(guest, flood_code, flood_code_end);
	TEST_ASSERT(lseek(fd, 0, SEEK_END) >= 0, "lseek() failed");

	start = time(NULL);
	for (i = 0; i < NR_RUNS; i++) {
		debug_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.gpr[5], 0);
	}
	nr = count_log(fd);
	close(fd);

	/* Each interval that has begun has its burst, and a line about the rest. */
	max = (MAX_BURST + 1) * ((time(NULL) - start) / INTERVAL + 2);
	TEST_ASSERT(nr <= max, "%u lines in the log for %u instructions", nr,
		    NR_ILLEGAL);
}

TEST_HARNESS_MAIN
