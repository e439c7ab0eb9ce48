// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guest exits and debugger's steps cost, counted in instructions of the
 * host: QEMU runs with -icount shift=0, so that its clock ticks once per
 * instruction, and a difference of two times is a number of instructions.
 *
 * Prints lines of "name value", the value being instructions per event.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#define RAM		0x3000000u
#define CODE		0x10000u
#define FRESH		0x100000u	/* pages that no loop touched before */
#define EVENTS		512
#define ROUNDS		9
#define TIME_LIMIT	60	/* seconds of the host's clock */

/*
 * Guest code: r5 counts down, r6 is the step between the pages, and an OSI
 * system call (magic values in r3 and r4) ends a run.  Not by ctr: the host's
 * system call entry, which guests' system calls pass through, overwrites it.
 */
#define GUEST(name, body)						\
	extern const uint32_t name[], name##_end[];			\
	asm(".pushsection .rodata\n.balign 4\n"				\
	    #name ":\n"							\
	    "	mr	14, 5\n"						\
	    "1:\n" body							\
	    "	addic.	14, 14, -1\n"					\
	    "	bne	1b\n"						\
	    "	sc\n"							\
	    "	b	" #name "\n"					\
	    #name "_end:\n.popsection\n")

#define OSI_R3		0x113724fa
#define OSI_R4		0x77810f9b
#define PV_R0		0x4b564d21	/* "KVM!" */

GUEST(native, "	nop\n");
GUEST(emulated, "	mfspr	7, 272\n");		/* SPRG0 */
/* A PV hypercall (KVM_HC_FEATURES in r11), for which r3 must not be OSI's. */
GUEST(hypercall, "	mr	3, 11\n	mr	11, 12\n	sc\n	mr	3, 10\n	mr	4, 9\n");
GUEST(pagefault, "	stw	5, 0(8)\n	add	8, 8, 6\n");
GUEST(store, "	stw	5, 8(8)\n");
GUEST(load, "	lwz	7, 8(8)\n");
GUEST(reserve, "2:	lwarx	7, 0, 8\n	stwcx.	7, 0, 8\n	bne-	2b\n");
GUEST(own_page, "	lis	8, 1\n	stw	5, 0x800(8)\n");	/* at CODE */

static int vm, vcpu;
static bool is_750;	/* 32 bits, big endian, and dcbz clears 32 bytes */
static struct kvm_run *run;
static uint8_t *ram;

static void die(const char *what)
{
	printf("bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void xioctl(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg) < 0)
		die(what);
}

static uint64_t now(void)
{
	struct timeval tv;

	/* The vDSO's, so that there is no system call in it. */
	gettimeofday(&tv, NULL);
	return tv.tv_sec * 1000000ull + tv.tv_usec;
}

static void create(void)
{
	struct kvm_userspace_memory_region region = { .memory_size = RAM };
	struct kvm_enable_cap osi = { .cap = KVM_CAP_PPC_OSI };
	int kvm = open("/dev/kvm", O_RDWR);
	long size;

	if (kvm < 0)
		die("/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 2L /* KVM_VM_PPC_PR */);
	if (vm < 0)
		die("KVM_CREATE_VM");
	ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(ram, 0, RAM);
	region.userspace_addr = (uintptr_t)ram;
	xioctl(vm, KVM_SET_USER_MEMORY_REGION, &region, "memory");
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0L);
	if (vcpu < 0)
		die("KVM_CREATE_VCPU");
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0L);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	xioctl(vcpu, KVM_ENABLE_CAP, &osi, "KVM_CAP_PPC_OSI");
}

static void start(const uint32_t *code, const uint32_t *end, unsigned int events)
{
	struct kvm_regs regs;
	unsigned int i;
	uint32_t word;

	/* An OSI exit is completed by the next KVM_RUN, which sets all GPRs. */
	run->immediate_exit = 1;
	ioctl(vcpu, KVM_RUN, 0L);
	run->immediate_exit = 0;

	for (i = 0; i < end - code; i++) {
		word = is_750 ? htobe32(code[i]) : code[i];
		memcpy(ram + CODE + 4 * i, &word, 4);
	}
	xioctl(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
	regs.pc = CODE;
	regs.msr = 0x1000;
#ifdef __powerpc64__
	if (!is_750)
		regs.msr |= 1ull << 63;
#endif
#ifdef __LITTLE_ENDIAN__
	if (!is_750)
		regs.msr |= 1;
#endif
	regs.gpr[0] = PV_R0;
	regs.gpr[3] = regs.gpr[10] = OSI_R3;
	regs.gpr[4] = regs.gpr[9] = OSI_R4;
	regs.gpr[5] = events;
	regs.gpr[6] = 0x10000;	/* shadow pages of real mode */
	regs.gpr[8] = FRESH;
	regs.gpr[11] = regs.gpr[12] = (42 << 16) | 3;	/* KVM_HC_FEATURES */
	xioctl(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
}

static void go(uint32_t reason)
{
	struct kvm_regs regs;

	if (ioctl(vcpu, KVM_RUN, 0L) == 0 && run->exit_reason == reason)
		return;
	xioctl(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
	printf("bench: exit reason %u instead of %u, pc 0x%llx srr0 0x%llx srr1 0x%llx\n",
	       run->exit_reason, reason, (unsigned long long)regs.pc,
	       (unsigned long long)regs.srr0, (unsigned long long)regs.srr1);
	exit(1);
}

/* A guest that never exits ends the program, with its registers. */
static void too_long(int sig)
{
	(void)sig;
	run->immediate_exit = 1;
}

/* Forget all shadow pages, so that each access faults once. */
static void forget(void)
{
	struct kvm_sregs sregs;

	xioctl(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	xioctl(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * The cost of an event, from runs with many and with one: what is common to
 * both cancels out. The median, as the host's timer ticks now and then.
 */
static void measure(const char *name, const uint32_t *code, const uint32_t *end,
		    int faults)
{
	uint64_t many[ROUNDS], one[ROUNDS], t;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		start(code, end, EVENTS + 1);
		if (faults)
			forget();
		t = now();
		go(KVM_EXIT_OSI);
		many[i] = now() - t;
		start(code, end, 1);
		if (faults)
			forget();
		t = now();
		go(KVM_EXIT_OSI);
		one[i] = now() - t;
	}
	qsort(many, ROUNDS, sizeof(*many), compare);
	qsort(one, ROUNDS, sizeof(*one), compare);
	printf("%s %.1f\n", name, (many[ROUNDS / 2] - one[ROUNDS / 2]) * 1000.0 / EVENTS);
}

/* Of the times for EVENTS events each */
static void print_median(const char *name, uint64_t *times)
{
	qsort(times, ROUNDS, sizeof(*times), compare);
	printf("%s %.1f\n", name, times[ROUNDS / 2] * 1000.0 / EVENTS);
}

/* The cost of a KVM_RUN that ends for the reason given, whatever it runs. */
static void measure_runs(const char *name, const uint32_t *code, const uint32_t *end,
			 uint32_t control, uint32_t reason)
{
	struct kvm_guest_debug debug = { .control = control };
	uint64_t times[ROUNDS], t;
	int i, j;

	start(code, end, reason == KVM_EXIT_DEBUG ? 1 << 20 : 1);
	xioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG");
	for (i = 0; i < ROUNDS; i++) {
		t = now();
		for (j = 0; j < EVENTS; j++)
			go(reason);
		times[i] = now() - t;
	}
	debug.control = 0;
	xioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG");
	print_median(name, times);
}

/*
 * The time of KVM_GET_REGS and KVM_SET_REGS. With hits, that of KVM_RUNs to the
 * watchpoint as well, each from behind the access that hit.
 */
static uint64_t time_registers(bool hits)
{
	struct kvm_regs regs;
	uint64_t t = now();
	int i;

	for (i = 0; i < EVENTS; i++) {
		if (hits)
			go(KVM_EXIT_DEBUG);
		xioctl(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
		if (hits)
			regs.pc += 4;
		xioctl(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	}
	return now() - t;
}

/* The cost of a KVM_RUN from behind a watched access to the next one */
static void measure_hits(const char *name)
{
	uint64_t times[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++)
		times[i] = time_registers(true) - time_registers(false);
	print_median(name, times);
}

static void set_watch(uint64_t addr, uint32_t type, int nr)
{
	struct kvm_guest_debug debug = { .control = KVM_GUESTDBG_ENABLE |
						    KVM_GUESTDBG_USE_HW_BP };
	int i;

	for (i = 0; i < nr; i++) {
		debug.arch.bp[i].addr = addr + 0x1000 * i;
		debug.arch.bp[i].type = type;
		debug.arch.bp[i].reserved = 4;	/* len, in newer headers */
	}
	xioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG");
}

static void watch_off(void)
{
	struct kvm_guest_debug debug = {};

	xioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG");
}

/* Watchpoints and hardware breakpoints; a kernel that has none prints nothing. */
static void measure_watches(void)
{
	uint64_t times[ROUNDS], t;
	int i, j;

	if (ioctl(vm, KVM_CHECK_EXTENSION, (long)KVM_CAP_GUEST_DEBUG_HW_WPS) < 16)
		return;

	measure("watch_none", store, store_end, 0);
	set_watch(FRESH + 0x10000, KVMPPC_DEBUG_WATCH_WRITE | KVMPPC_DEBUG_WATCH_READ, 16);
	measure("watch_elsewhere", store, store_end, 0);
	set_watch(FRESH, KVMPPC_DEBUG_WATCH_WRITE, 1);
	measure("watch_load", load, load_end, 0);
	measure("watch_store", store, store_end, 0);
	set_watch(FRESH + 4, KVMPPC_DEBUG_WATCH_WRITE, 1);
	measure("watch_reserve", reserve, reserve_end, 0);

	/* The loop has three instructions. */
	set_watch(CODE + 0x800, KVMPPC_DEBUG_BREAKPOINT, 1);
	measure("break_loop", native, native_end, 0);

	start(store, store_end, 1 << 20);
	set_watch(FRESH + 8, KVMPPC_DEBUG_WATCH_WRITE, 1);
	for (i = 0; i < ROUNDS; i++) {
		t = now();
		for (j = 0; j < EVENTS; j++)
			go(KVM_EXIT_DEBUG);
		times[i] = now() - t;
	}
	print_median("watch_hit_again", times);
	measure_hits("watch_hit");
	watch_off();
}

/*
 * A 750, in whose code KVM replaces dcbz on 64-bit hosts: exits to userspace,
 * and stores to a page that has run.
 */
static void measure_750(void)
{
	struct kvm_sregs sregs;

	is_750 = true;
	create();
	xioctl(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.pvr = 0x00080200;
	xioctl(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	measure_runs("750_exit", native, native_end, 0, KVM_EXIT_OSI);
	measure("750_store", own_page, own_page_end, 0);
}

int main(void)
{
	setlinebuf(stdout);
	create();
	signal(SIGALRM, too_long);
	alarm(TIME_LIMIT);
	measure("emulated", emulated, emulated_end, 0);
	measure("hypercall", hypercall, hypercall_end, 0);
	measure("pagefault", pagefault, pagefault_end, 1);
	measure_runs("osi_exit", native, native_end, 0, KVM_EXIT_OSI);
	measure_runs("step_native", native, native_end, KVM_GUESTDBG_ENABLE |
		     KVM_GUESTDBG_SINGLESTEP, KVM_EXIT_DEBUG);
	measure_runs("step_emulated", emulated, emulated_end, KVM_GUESTDBG_ENABLE |
		     KVM_GUESTDBG_SINGLESTEP, KVM_EXIT_DEBUG);
	measure_watches();
#ifdef __powerpc64__
	measure_750();
#endif
	return 0;
}
