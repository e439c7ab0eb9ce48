// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay TRACE ROM
 *
 * Steps a guest of KVM PR, by /dev/kvm alone, through what a reference did
 * (lab/lockstep/replay.py records it), and compares the registers after every step, each
 * access to devices, and the memory at the end.  What a load from a device must
 * read, the trace tells: it is what the reference had in the register then.
 *
 * The trace is big-endian: MAGIC; the number of steps, the PVR and how many bits
 * the guest's registers have, u32; the size of the memory, the address and the
 * size of the ROM, u64; the registers, u64; for each step the instruction, u32,
 * how many registers changed and how many may differ, u8, the changed ones, u8
 * number and u64 value, the others, u8 rule, u8 number and u64 mask of bits; then
 * the number of pages of memory that are not empty, and for each its number and
 * its CRC-32, u32.
 *
 * Exit status: 0 no difference, 1 a difference, 2 something else is wrong.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/kvm.h>

#ifndef KVM_GUESTDBG_BLOCKIRQ
#define KVM_GUESTDBG_BLOCKIRQ	0x00100000
#endif

#define MAGIC		0x4b564d5354455053	/* KVMSTEPS */
#define VM_PPC_PR	2UL
#define LIMIT		20	/* seconds in which some steps must be made */
#define PAGE		4096
#define SHOWN		10	/* instructions before a difference */
#define MAX_RULES	32

/* Numbers of registers in the trace, GPRs first */
enum { PC = 32, MSR, CR, LR, CTR, XER, SRR0, SRR1, SPRG0, DAR = SPRG0 + 4, DSISR, NR_REGS };

static const char *const names[NR_REGS - PC] = {
	"pc", "msr", "cr", "lr", "ctr", "xer", "srr0", "srr1",
	"sprg0", "sprg1", "sprg2", "sprg3", "dar", "dsisr",
};

static struct {
	uint32_t steps, pvr, bits;
	uint64_t ram_size, rom_at, rom_size;
} head;

static int vm, vcpu;
static struct kvm_run *run;
static uint8_t *ram;
static const uint8_t *at, *end;		/* of the trace */
static uint32_t step;
static uint64_t accesses, by_rule[MAX_RULES];
static struct { uint64_t pc; uint32_t word; } last[SHOWN];

static void die(int status, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	printf("step %" PRIu32 ": ", step);
	vprintf(text, args);
	printf("\n");
	exit(status);
}

static int call(int fd, unsigned long request, void *arg, const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		die(2, "%s: %s", what, strerror(errno));
	return ret;
}

static uint64_t take(int size)
{
	uint64_t val = 0;

	if (end - at < size)
		die(2, "the trace ends too early");
	while (size--)
		val = val << 8 | *at++;
	return val;
}

static void *map_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		die(2, "%s: %s", path, strerror(errno));
	*size = st.st_size;
	map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		die(2, "%s: %s", path, strerror(errno));
	close(fd);
	return map;
}

static void *memory(uint32_t slot, uint64_t gpa, uint64_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};

	if (mem == MAP_FAILED)
		die(2, "memory: %s", strerror(errno));
	call(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	return mem;
}

static void create(const char *rom)
{
	int kvm = open("/dev/kvm", O_RDWR), size;
	struct kvm_sregs sregs;
	size_t rom_size;
	void *image = map_file(rom, &rom_size);

	if (kvm < 0)
		die(2, "/dev/kvm: %s", strerror(errno));
	vm = ioctl(kvm, KVM_CREATE_VM, VM_PPC_PR);
	if (vm < 0)	/* 32-bit hosts know the default only */
		vm = call(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	if (rom_size != head.rom_size)
		die(2, "the ROM has %zu bytes, not %" PRIu64, rom_size, head.rom_size);
	ram = memory(0, 0, head.ram_size);
	memcpy(memory(1, head.rom_at, head.rom_size), image, rom_size);
	vcpu = call(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	size = call(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		die(2, "mmap of the vCPU: %s", strerror(errno));
	call(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.pvr = head.pvr;
	call(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
}

/* DAR and DSISR, which struct kvm_regs does not have */
static void one_reg(unsigned long request, int number, uint64_t *val)
{
	uint32_t word = *val;
	struct kvm_one_reg reg = {
		.id = number == DAR ? KVM_REG_PPC_DAR : KVM_REG_PPC_DSISR,
		.addr = number == DAR ? (uintptr_t)val : (uintptr_t)&word,
	};

	call(vcpu, request, &reg, "KVM_GET/SET_ONE_REG");
	if (number == DSISR)
		*val = word;
}

static void exchange(struct kvm_regs *regs, uint64_t *state, int set)
{
	__u64 *const where[] = {
		&regs->pc, &regs->msr, &regs->cr, &regs->lr, &regs->ctr, &regs->xer, &regs->srr0,
		&regs->srr1, &regs->sprg0, &regs->sprg1, &regs->sprg2, &regs->sprg3,
	};

	for (int i = 0; i < DAR; i++) {
		__u64 *reg = i < PC ? &regs->gpr[i] : where[i - PC];

		if (set)
			*reg = state[i];
		else	/* A 64-bit CPU computes more than a 32-bit guest can see. */
			state[i] = head.bits == 32 ? (uint32_t)*reg : *reg;
	}
}

static void get_state(uint64_t *state)
{
	struct kvm_regs regs;

	call(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
	exchange(&regs, state, 0);
	one_reg(KVM_GET_ONE_REG, DAR, &state[DAR]);
	one_reg(KVM_GET_ONE_REG, DSISR, &state[DSISR]);
}

static void set_state(uint64_t *state)
{
	struct kvm_regs regs;

	call(vcpu, KVM_GET_REGS, &regs, "KVM_GET_REGS");
	exchange(&regs, state, 1);
	call(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	one_reg(KVM_SET_ONE_REG, DAR, &state[DAR]);
	one_reg(KVM_SET_ONE_REG, DSISR, &state[DSISR]);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* lhbrx, lwbrx, ldbrx and the stores */
static int is_reversed(uint32_t word)
{
	uint32_t xo = word >> 1 & 0x3ff;

	return word >> 26 == 31 && (xo == 790 || xo == 534 || xo == 532 || xo == 918 || xo == 662 || xo == 660);
}

/* An access to a device, by an instruction with one register of data */
static void device(uint32_t word, const uint64_t *before, const uint64_t *after)
{
	int reg = word >> 21 & 31, len = run->mmio.len;
	uint64_t val = run->mmio.is_write ? before[reg] : after[reg];
	uint8_t bytes[8];

	accesses++;
	for (int i = 0; i < len; i++)
		bytes[is_reversed(word) ? i : len - 1 - i] = val >> 8 * i;
	if (!run->mmio.is_write)
		memcpy(run->mmio.data, bytes, len);
	else if (memcmp(run->mmio.data, bytes, len))
		die(1, "a store to %#" PRIx64 " that is not of r%d", (uint64_t)run->mmio.phys_addr, reg);
}

static void one_step(uint32_t word, const uint64_t *before, const uint64_t *after)
{
	/* What a stop does not fill in is junk. */
	memset(&run->debug, 0x5a, sizeof(run->debug));
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, NULL) < 0)
			die(errno == EINTR ? 1 : 2, "at %#" PRIx64 " (%08x): KVM_RUN: %s", before[PC], word,
			    errno == EINTR ? "no stop within the time limit" : strerror(errno));
		if (run->exit_reason == KVM_EXIT_DEBUG)
			break;
		if (run->exit_reason != KVM_EXIT_MMIO)
			die(1, "at %#" PRIx64 " (%08x): exit %u, no stop", before[PC], word, run->exit_reason);
		device(word, before, after);
	}
	if (run->debug.arch.address != after[PC] || run->debug.arch.status)
		die(1, "at %#" PRIx64 " (%08x): debug.arch has address %#" PRIx64 " and status %#x, not %#" PRIx64
		    " and 0", before[PC], word, (uint64_t)run->debug.arch.address, run->debug.arch.status, after[PC]);
}

static void report(const uint64_t *before, const uint64_t *kvm, const uint64_t *tcg)
{
	printf("difference after step %" PRIu32 "\n  %-8s %18s %18s %18s\n", step, "", "before", "KVM", "TCG");
	for (int i = 0; i < NR_REGS; i++) {
		char gpr[8];

		snprintf(gpr, sizeof(gpr), "r%d", i);
		printf("%c %-8s %#18" PRIx64 " %#18" PRIx64 " %#18" PRIx64 "\n", kvm[i] == tcg[i] ? ' ' : '>',
		       i < PC ? gpr : names[i - PC], before[i], kvm[i], tcg[i]);
	}
	printf("the last instructions\n");
	for (uint32_t i = step > SHOWN ? step - SHOWN : 0; i < step; i++)
		printf("  %#" PRIx64 ": %08" PRIx32 "\n", last[i % SHOWN].pc, last[i % SHOWN].word);
	exit(1);
}

/* The bits of each register that may differ, by which rule */
static void take_rules(int count, uint64_t *mask, uint8_t *rule)
{
	while (count--) {
		uint8_t number = take(1), reg = take(1);

		if (number >= MAX_RULES || reg >= NR_REGS)
			die(2, "the trace is damaged");
		rule[reg] = number;
		mask[reg] = take(8);
	}
}

static void follow(uint64_t *state)
{
	uint64_t next[NR_REGS], kvm[NR_REGS], mask[NR_REGS] = { 0 };
	uint32_t word = take(4);
	int changes = take(1), may = take(1), allowed = 0;
	uint8_t rule[NR_REGS];

	memcpy(next, state, sizeof(next));
	while (changes--) {
		uint8_t reg = take(1);

		if (reg >= NR_REGS)
			die(2, "the trace is damaged");
		next[reg] = take(8);
	}
	take_rules(may, mask, rule);

	last[step % SHOWN].pc = state[PC];
	last[step % SHOWN].word = word;
	one_step(word, state, next);
	step++;
	get_state(kvm);
	for (int i = 0; i < NR_REGS; i++) {
		if ((kvm[i] ^ next[i]) & ~mask[i])
			report(state, kvm, next);
		if (kvm[i] != next[i]) {
			by_rule[rule[i]]++;
			allowed = 1;
		}
	}
	if (allowed)
		set_state(next);
	memcpy(state, next, sizeof(next));
}

static uint32_t crc32_of(const uint8_t *data, size_t len)
{
	static uint32_t table[256];
	uint32_t crc = ~0U;

	for (uint32_t i = 0; !table[255] && i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
	}
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *data++) & 0xff];
	return ~crc;
}

static void compare_memory(void)
{
	static const uint8_t empty[PAGE];
	uint32_t left = take(4), full = left ? take(4) : UINT32_MAX, page;

	for (page = 0; page < head.ram_size / PAGE; page++) {
		uint8_t *data = ram + (size_t)page * PAGE;
		int differs;

		if (page != full) {
			differs = memcmp(data, empty, PAGE);
		} else {
			differs = crc32_of(data, PAGE) != take(4);
			full = --left ? take(4) : UINT32_MAX;
		}
		if (differs)
			die(1, "memory at %#" PRIx32 " differs", page * PAGE);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_BLOCKIRQ,
	};
	uint64_t state[NR_REGS], now[NR_REGS];
	size_t size;

	if (argc != 3)
		return 2;
	at = map_file(argv[1], &size);
	end = at + size;
	if (take(8) != MAGIC)
		die(2, "%s is no trace", argv[1]);
	head.steps = take(4);
	head.pvr = take(4);
	head.bits = take(4);
	head.ram_size = take(8);
	head.rom_at = take(8);
	head.rom_size = take(8);
	for (int i = 0; i < NR_REGS; i++)
		state[i] = take(8);
	create(argv[2]);
	sigaction(SIGALRM, &action, NULL);
	set_state(state);
	get_state(now);
	if (memcmp(now, state, sizeof(now)))
		report(state, now, state);
	call(vcpu, KVM_SET_GUEST_DEBUG, &debug, "KVM_SET_GUEST_DEBUG");
	while (step < head.steps) {
		if (!(step & 0xff))
			alarm(LIMIT);
		follow(state);
	}
	alarm(0);
	compare_memory();
	for (int i = 0; i < MAX_RULES; i++) {
		if (by_rule[i])
			printf("rule %d %" PRIu64 "\n", i, by_rule[i]);
	}
	printf("same %" PRIu32 " %" PRIu64 "\n", step, accesses);
	return 0;
}
