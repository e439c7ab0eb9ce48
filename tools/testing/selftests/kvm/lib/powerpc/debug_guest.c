// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small guests under a debugger
 */
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "debug_guest.h"
#include "kvm_syscalls.h"

#define POISON		0xa5
#define RUN_TIME_LIMIT	3	/* seconds; exits take 1 ms on emulated hosts */
#define INST_SC		0x44000002

static struct kvm_run *watched_run;
static sig_atomic_t timed_out;

static void time_is_up(__always_unused int signum)
{
	WRITE_ONCE(timed_out, 1);

	/* The signal may arrive before KVM_RUN is there to be interrupted. */
	watched_run->immediate_exit = 1;
}

static void start_watch(struct kvm_run *run)
{
	struct sigaction sa = { .sa_handler = time_is_up };
	struct itimerval limit = { .it_value.tv_sec = RUN_TIME_LIMIT };

	WRITE_ONCE(timed_out, 0);
	watched_run = run;
	TEST_ASSERT(!sigaction(SIGALRM, &sa, NULL), "sigaction() failed");
	TEST_ASSERT(!setitimer(ITIMER_REAL, &limit, NULL), "setitimer() failed");
}

static void stop_watch(struct kvm_run *run)
{
	struct itimerval off = {};

	TEST_ASSERT(!setitimer(ITIMER_REAL, &off, NULL), "setitimer() failed");
	if (READ_ONCE(timed_out))
		run->immediate_exit = 0;
}

static void read_regs(struct debug_guest *guest)
{
	vcpu_regs_get(guest->vcpu, &guest->regs);
}

static const char *where(u64 pc)
{
	static char buf[64];
	const char *vector = powerpc_vector_name(pc);

	snprintf(buf, sizeof(buf), "0x%" PRIx64 "%s%s%s", pc,
		 vector ? " (" : "", vector ?: "", vector ? " vector)" : "");
	return buf;
}

static u32 to_guest(struct debug_guest *guest, u32 val)
{
	return guest->swap ? __builtin_bswap32(val) : val;
}

u32 debug_guest_read32(struct debug_guest *guest, gpa_t gpa)
{
	return to_guest(guest, *(u32 *)addr_gpa2hva(guest->vm, gpa));
}

void debug_guest_write32(struct debug_guest *guest, gpa_t gpa, u32 val)
{
	*(u32 *)addr_gpa2hva(guest->vm, gpa) = to_guest(guest, val);
}

void debug_guest_load(struct debug_guest *guest, gpa_t gpa,
		      const u32 *start, const u32 *end)
{
	const u32 *inst;

	for (inst = start; inst < end; inst++, gpa += sizeof(*inst))
		debug_guest_write32(guest, gpa, *inst);
}

/*
 * Does KVM run this guest at all? If not, each test would have to wait for its
 * time limit to learn it.
 */
static void probe(struct debug_guest *guest)
{
	guest->regs.pc = GUEST_CODE;	/* a system call, as everywhere */
	debug_guest_set_regs(guest);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT(guest->regs.pc == GUEST_CODE + sizeof(u32),
		    "KVM does not run the guest: it started at 0x%x and is at 0x%llx",
		    GUEST_CODE, (unsigned long long)guest->regs.pc);

	debug_guest_complete(guest);
}

void debug_guest_create(struct debug_guest *guest, u64 msr)
{
	gpa_t gpa;

	memset(guest, 0, sizeof(*guest));
	guest->swap = (msr & MSR_LE) != MSR_HOST_LE;

	guest->vm = vm_create_barebones();
	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, 0, 0,
				    GUEST_RAM_SIZE >> guest->vm->page_shift, 0);
	for (gpa = 0; gpa < GUEST_RAM_SIZE; gpa += sizeof(u32))
		debug_guest_write32(guest, gpa, INST_SC);

	guest->vcpu = vm_vcpu_add_real_mode(guest->vm, 0);
	if (guest->swap)
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_LPCR_64,
			     msr & MSR_LE ? LPCR_ILE : 0);

	read_regs(guest);
	guest->regs.msr = msr;
	guest->regs.gpr[3] = OSI_SC_MAGIC_R3;
	guest->regs.gpr[4] = OSI_SC_MAGIC_R4;

	/*
	 * Paravirtualized guests announce a critical section, in which KVM
	 * holds interrupts back, by storing r1 in the magic page.  Others look
	 * as if they were in one while r1 is 0.
	 */
	guest->regs.gpr[1] = GUEST_STACK;

	probe(guest);
}

void debug_guest_destroy(struct debug_guest *guest)
{
	kvm_vm_free(guest->vm);
}

void debug_guest_set_regs(struct debug_guest *guest)
{
	vcpu_regs_set(guest->vcpu, &guest->regs);
}

void debug_guest_start(struct debug_guest *guest, const u32 *start,
		       const u32 *end)
{
	debug_guest_load(guest, GUEST_CODE, start, end);
	guest->blob = start;
	guest->regs.pc = GUEST_CODE + guest->ea_offset;
	debug_guest_set_regs(guest);
}

void debug_guest_control(struct debug_guest *guest, u32 control)
{
	struct kvm_guest_debug debug = { .control = control };

	vcpu_guest_debug_set(guest->vcpu, &debug);
}

void debug_guest_raise_external(struct debug_guest *guest)
{
	struct kvm_interrupt irq = { .irq = KVM_INTERRUPT_SET };

	vcpu_ioctl(guest->vcpu, KVM_INTERRUPT, &irq);
}

u64 debug_guest_addr(struct debug_guest *guest, const u32 *label)
{
	return GUEST_CODE + guest->ea_offset +
	       (label - guest->blob) * sizeof(*label);
}

/*
 * kvm_run's exit information is a union, and KVM writes only what an exit is
 * documented to have.  Fill it with non-zero bytes so that a field which KVM
 * leaves alone does not look as if it had been cleared; but keep an answer
 * that KVM has yet to pick up.
 */
static void poison_run(struct debug_guest *guest)
{
	struct kvm_run *run = guest->vcpu->run;

	if (!guest->completion)
		memset(run->padding, POISON, sizeof(run->padding));
}

int debug_guest_try_run(struct debug_guest *guest)
{
	struct kvm_run *run = guest->vcpu->run;
	int ret;

	poison_run(guest);

	start_watch(run);
	ret = __vcpu_run(guest->vcpu) ? -errno : 0;
	stop_watch(run);

	read_regs(guest);
	errno = 0;

	guest->completion = !ret && (run->exit_reason == KVM_EXIT_MMIO ||
				     run->exit_reason == KVM_EXIT_OSI ||
				     run->exit_reason == KVM_EXIT_PAPR_HCALL);
	return timed_out ? -ETIME : ret;
}

int __debug_guest_run(struct debug_guest *guest)
{
	int ret = debug_guest_try_run(guest);

	TEST_ASSERT(ret != -ETIME,
		    "Guest is stuck at %s, msr 0x%" PRIx64 ", srr0 0x%" PRIx64
		    ", srr1 0x%" PRIx64,
		    where(guest->regs.pc), (u64)guest->regs.msr,
		    (u64)guest->regs.srr0, (u64)guest->regs.srr1);
	return ret;
}

void debug_guest_run(struct debug_guest *guest, u32 exit_reason)
{
	struct kvm_run *run = guest->vcpu->run;
	int ret = __debug_guest_run(guest);

	TEST_ASSERT(!ret, "KVM_RUN failed at %s, errno: %d",
		    where(guest->regs.pc), -ret);
	TEST_ASSERT(run->exit_reason == exit_reason,
		    "Wanted exit %s, got %s at %s",
		    exit_reason_str(exit_reason),
		    exit_reason_str(run->exit_reason), where(guest->regs.pc));
}

void debug_guest_complete(struct debug_guest *guest)
{
	struct kvm_run *run = guest->vcpu->run;

	run->immediate_exit = 1;
	TEST_ASSERT_EQ(__debug_guest_run(guest), -EINTR);
	run->immediate_exit = 0;
}

void debug_guest_expect_stops(struct debug_guest *guest,
			      const struct guest_stop *stops, size_t nr)
{
	struct kvm_debug_exit_arch *arch = &guest->vcpu->run->debug.arch;
	struct kvm_debug_exit_arch bad = {};
	size_t i, nr_bad = 0;
	u64 pc;

	for (i = 0; i < nr; i++) {
		pc = stops[i].label ? debug_guest_addr(guest, stops[i].label) :
				      stops[i].pc;

		debug_guest_run(guest, KVM_EXIT_DEBUG);
		TEST_ASSERT(guest->regs.pc == pc,
			    "Stop %zu of %zu: wanted at 0x%" PRIx64 ", is at %s",
			    i + 1, nr, pc, where(guest->regs.pc));

		if ((arch->address != pc || arch->status) && !nr_bad++)
			bad = *arch;
	}

	/* Last, so that stops in the wrong places are not hidden by it. */
	TEST_ASSERT(!nr_bad,
		    "C3: debug.arch is wrong in %zu of %zu stops, first: address 0x%" PRIx64
		    ", status 0x%x",
		    nr_bad, nr, (u64)bad.address, bad.status);
}

GUEST_ASM(skip_handler,
	  "	mfsrr0	%r30\n"
	  "	addi	%r30, %r30, 4\n"
	  "	mtsrr0	%r30\n"
	  GUEST_ASM_RFI);

void debug_guest_load_skip_handler(struct debug_guest *guest, u64 vector)
{
	debug_guest_load(guest, vector, skip_handler, skip_handler_end);
}

void debug_guest_step_skip_handler(struct debug_guest *guest)
{
	u64 vector = guest->regs.pc, next = guest->regs.srr0 + sizeof(u32);
	const struct guest_stop stops[] = {
		STOP_VECTOR(vector + 4), STOP_VECTOR(vector + 8),
		STOP_VECTOR(vector + 12), STOP_VECTOR(next),
	};

	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
}

void debug_guest_start_thread(pthread_t *thread, void *(*func)(void *),
			      void *arg)
{
	sigset_t alarm, old;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, &old);
	TEST_ASSERT(!pthread_create(thread, NULL, func, arg),
		    "pthread_create() failed");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int debug_guest_start_rival(struct debug_guest_rival *rival,
			    void *(*func)(void *), void *arg)
{
	const struct sched_param prio = { .sched_priority = 1 };
	cpu_set_t here;
	int ret;

	kvm_sched_getaffinity(0, sizeof(rival->cpus), &rival->cpus);
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	kvm_sched_setaffinity(0, sizeof(here), &here);

	rival->stop = false;
	debug_guest_start_thread(&rival->thread, func, arg);
	ret = pthread_setschedparam(rival->thread, SCHED_FIFO, &prio);
	TEST_ASSERT(!ret || ret == EPERM, "pthread_setschedparam() failed: %d", ret);
	if (ret)
		debug_guest_end_rival(rival);
	return ret;
}

void debug_guest_end_rival(struct debug_guest_rival *rival)
{
	WRITE_ONCE(rival->stop, true);
	TEST_ASSERT(!pthread_join(rival->thread, NULL), "pthread_join() failed");
	kvm_sched_setaffinity(0, sizeof(rival->cpus), &rival->cpus);
}

#define WAKE_DELAY	50000	/* microseconds */

static void *wake(void *arg)
{
	struct debug_guest_waker *waker = arg;

	usleep(WAKE_DELAY);
	WRITE_ONCE(waker->raised, true);
	debug_guest_raise_external(waker->guest);
	return NULL;
}

void debug_guest_wake_later(struct debug_guest *guest,
			    struct debug_guest_waker *waker)
{
	waker->guest = guest;
	waker->raised = false;
	debug_guest_start_thread(&waker->thread, wake, waker);
}

void debug_guest_expect_woken(struct debug_guest_waker *waker)
{
	bool raised = READ_ONCE(waker->raised);

	TEST_ASSERT(!pthread_join(waker->thread, NULL), "pthread_join() failed");
	TEST_ASSERT(raised, "The guest did not wait for an interrupt");
}

#define PVR_750			0x00080200

#define BAT_BL_1M		(7 << 2)	/* block length, in the upper half */
#define BAT_VALID		3		/* in both states */
#define BAT_RO			1		/* PP, in the lower half */
#define BAT_RW			2
#define BAT(_ea, _ra, _pp)						\
	((u64)((_ea) | BAT_BL_1M | BAT_VALID) << 32 | (_ra) | (_pp))

void debug_guest_use_bats(struct debug_guest *guest)
{
	struct kvm_sregs sregs;
	unsigned int i;

	vcpu_sregs_get(guest->vcpu, &sregs);
	memset(&sregs.u, 0, sizeof(sregs.u));
	sregs.pvr = PVR_750;
	sregs.u.s.sdr1 = GUEST_DATA;	/* holds nothing that looks like a PTE */
	for (i = 0; i < ARRAY_SIZE(sregs.u.s.ppc32.sr); i++)
		sregs.u.s.ppc32.sr[i] = i + 1;

	sregs.u.s.ppc32.ibat[0] = BAT(GUEST_BAT_RAM, 0, BAT_RW);
	sregs.u.s.ppc32.dbat[0] = BAT(GUEST_BAT_RAM, 0, BAT_RW);
	sregs.u.s.ppc32.dbat[1] = BAT(GUEST_BAT_RAM_RO, 0, BAT_RO);
	sregs.u.s.ppc32.dbat[2] = BAT(GUEST_BAT_MMIO, GUEST_MMIO, BAT_RW);
	vcpu_sregs_set(guest->vcpu, &sregs);
}
