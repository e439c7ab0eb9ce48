// SPDX-License-Identifier: GPL-2.0-only
/*
 * A debugger of one guest, by /dev/kvm alone: for hosts that no QEMU is
 * packaged for.
 *
 * stepper GUEST.ELF BREAKPOINT STEPS LOOK
 *
 * Runs the guest to a software breakpoint, steps on from there, and at last
 * steps over the mfmsr at LOOK. It prints what a person would have asked for,
 * and "stop ADDRESS" for each stop.
 */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/kvm.h>

#define MEMORY		(4UL << 20)
#define LIMIT		5		/* seconds for each run of the guest */
#define SW_BREAKPOINT	0x00dddd00
#define MSR_ME		0x1000
#define PVR_G4		0x000c0209	/* 7400, as QEMU's -cpu G4 */

static int vcpu;
static struct kvm_run *run;
static uint8_t *memory;
static volatile sig_atomic_t late;

static void die(const char *what)
{
	printf("stepper: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int call(int fd, unsigned long request, void *arg, const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		die(what);
	return ret;
}

static void on_alarm(int sig)
{
	(void)sig;
	late = 1;
}

static uint32_t *word_at(uint32_t address)
{
	if (address > MEMORY - 4) {
		errno = EFAULT;
		die("address");
	}
	return (uint32_t *)(memory + address);
}

static uint32_t load(const char *path)
{
	static uint8_t file[1 << 20];
	Elf32_Ehdr *eh = (void *)file;
	int fd = open(path, O_RDONLY);
	Elf32_Phdr *ph;
	uint16_t i;

	if (fd < 0 || read(fd, file, sizeof(file)) < (ssize_t)sizeof(*eh))
		die(path);
	close(fd);
	ph = (void *)(file + be32toh(eh->e_phoff));
	for (i = 0; i < be16toh(eh->e_phnum); i++) {
		uint32_t size = be32toh(ph[i].p_filesz);

		if (be32toh(ph[i].p_type) != PT_LOAD || !size)
			continue;
		word_at(be32toh(ph[i].p_paddr) + size);
		memcpy(word_at(be32toh(ph[i].p_paddr)), file + be32toh(ph[i].p_offset), size);
	}
	return be32toh(eh->e_entry);
}

static void create(uint32_t entry)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = MEMORY,
		.userspace_addr = (uintptr_t)memory,
	};
	int kvm = open("/dev/kvm", O_RDWR), vm, size;
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	if (kvm < 0)
		die("/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 2UL /* KVM_VM_PPC_PR */);
	if (vm < 0)	/* 32-bit hosts know the default only */
		vm = call(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	call(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	vcpu = call(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	size = call(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		die("mmap of the vCPU");
	call(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.pvr = PVR_G4;
	call(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	call(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
	regs.pc = entry;
	regs.msr = MSR_ME;
	call(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
}

/* Let the guest run until it stops; 0 if it had to be interrupted. */
static int go(uint32_t control)
{
	/* Again and again: the first may come just before KVM_RUN. */
	struct itimerval limit = { { 0, 100000 }, { LIMIT, 0 } }, off = { 0 };
	struct kvm_guest_debug debug = { .control = KVM_GUESTDBG_ENABLE | control };
	struct kvm_regs regs;
	int ret, stopped;

	call(vcpu, KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG");
	late = 0;
	setitimer(ITIMER_REAL, &limit, NULL);
	do {
		ret = ioctl(vcpu, KVM_RUN, NULL);
	} while (ret < 0 && errno == EINTR && !late);
	setitimer(ITIMER_REAL, &off, NULL);
	if (ret < 0 && errno != EINTR)
		die("KVM_RUN");
	stopped = !ret && run->exit_reason == KVM_EXIT_DEBUG;
	if (!ret && !stopped)
		printf("exit %u, not a debug exit\n", run->exit_reason);
	else if (!stopped)
		printf("did not stop: interrupted after %d s\n", LIMIT);
	call(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
	printf("stop %#llx\n", (unsigned long long)regs.pc);
	return stopped;
}

static int step(void)
{
	printf("(kvm) KVM_RUN, single-step\n");
	return go(KVM_GUESTDBG_SINGLESTEP);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	uint32_t at, original;
	struct kvm_regs regs;
	long steps;

	if (argc != 5) {
		fprintf(stderr, "usage: stepper GUEST.ELF BREAKPOINT STEPS LOOK\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGALRM, &action, NULL);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap of the guest");
	create(load(argv[1]));

	at = strtoul(argv[2], NULL, 0);
	printf("(kvm) breakpoint at reported\n");
	original = *word_at(at);
	*word_at(at) = htobe32(SW_BREAKPOINT);
	printf("(kvm) KVM_RUN\n");
	if (!go(KVM_GUESTDBG_USE_SW_BP))
		return 0;
	*word_at(at) = original;
	/* QEMU and gdb flush the caches here too. */
	__builtin___clear_cache((char *)word_at(at), (char *)(word_at(at) + 1));

	for (steps = strtol(argv[3], NULL, 0); steps > 0 && step(); steps--)
		;

	printf("(kvm) set pc = look\n");
	call(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
	regs.pc = strtoul(argv[4], NULL, 0);
	call(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	printf("stop %#llx\n", (unsigned long long)regs.pc);
	if (!step())
		return 0;
	call(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
	printf("r9 %#llx\n", (unsigned long long)regs.gpr[9]);
	return 0;
}
