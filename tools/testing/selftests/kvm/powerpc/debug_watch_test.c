// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watchpoints and hardware breakpoints of KVM Book3S PR: KVM_GUESTDBG_USE_HW_BP
 *
 * Each case names the clause that it proves:
 *
 * A1  A step is exactly one event.
 * B1  The guest never sees the debugger's MSR[SE].
 * B2  The guest's own MSR[SE] and MSR[BE] work on.
 * W1  Up to 16 entries; what makes no sense is refused, and nothing changes.
 * W2  The guest stops before the instruction, and again if nothing changes.
 * W3  Every access that overlaps stops the guest, and no other one does; the
 *     guest runs as without watchpoints.
 * W4  Watchpoints go with steps, and with the guest's own tracing.
 * W5  They are set, changed and cleared at any stop.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "debug_fixture.h"

#define READ		KVMPPC_DEBUG_WATCH_READ
#define WRITE		KVMPPC_DEBUG_WATCH_WRITE
#define BREAK		KVMPPC_DEBUG_BREAKPOINT
#define GUESTDBG_HW	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP)
#define NR_ENTRIES	16

static void set_watches(struct debug_guest *guest, u32 control, const u64 *addrs,
			const u32 *lens, u32 type, int nr)
{
	struct kvm_guest_debug debug = { .control = GUESTDBG_HW | control };
	int i;

	for (i = 0; i < nr; i++) {
		debug.arch.bp[i].addr = addrs[i];
		debug.arch.bp[i].len = lens[i];
		debug.arch.bp[i].type = type;
	}
	vcpu_guest_debug_set(guest->vcpu, &debug);
}

static void watch(struct debug_guest *guest, u64 addr, u32 len, u32 type)
{
	set_watches(guest, 0, &addr, &len, type, 1);
}

static void watch_step(struct debug_guest *guest, u64 addr, u32 len, u32 type)
{
	set_watches(guest, KVM_GUESTDBG_SINGLESTEP, &addr, &len, type, 1);
}

static void expect_hit_at(struct debug_guest *guest, u64 pc, u64 addr, u32 status)
{
	struct kvm_debug_exit_arch *arch = &guest->vcpu->run->debug.arch;

	debug_guest_run(guest, KVM_EXIT_DEBUG);
	TEST_ASSERT(guest->regs.pc == pc && arch->address == addr &&
		    arch->status == status,
		    "Hit at 0x%llx, wanted 0x%llx; address 0x%llx, wanted 0x%llx; status 0x%x, wanted 0x%x",
		    (unsigned long long)guest->regs.pc, (unsigned long long)pc,
		    (unsigned long long)arch->address, (unsigned long long)addr,
		    arch->status, status);
}

static void expect_hit(struct debug_guest *guest, const u32 *label, u64 addr,
		       u32 status)
{
	u64 pc = debug_guest_addr(guest, label);

	expect_hit_at(guest, pc, addr, status);
	expect_hit_at(guest, pc, addr, status);
}

static void expect_step(struct debug_guest *guest, const u32 *label)
{
	debug_guest_expect_stop(guest, label);
}

/* Without the debugger, to the next system call */
static void run_off(struct debug_guest *guest)
{
	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_complete(guest);
}

static void run_on(struct debug_guest *guest)
{
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_complete(guest);
}

static const struct {
	u64 addr;
	u32 len;
	u32 type;
	bool valid;
} entries[] = {
	{ GUEST_DATA, 1, WRITE, true },
	{ GUEST_DATA, 1, READ, true },
	{ GUEST_DATA + 1, 3, READ | WRITE, true },
	{ GUEST_DATA, 0x10000000, WRITE, true },
	{ -1ULL, 1, WRITE, true },
	{ GUEST_CODE, 0, BREAK, true },
	{ GUEST_CODE, 4, BREAK, true },
	{ -1ULL, -1U, KVMPPC_DEBUG_NONE, true },
	{ GUEST_DATA, 0, WRITE, false },
	{ GUEST_DATA, 0, READ, false },
	{ -1ULL, 2, WRITE, false },
	{ -4ULL, 5, READ | WRITE, false },
	{ GUEST_CODE + 2, 4, BREAK, false },
	{ GUEST_CODE, 1, BREAK, false },
	{ GUEST_CODE, 8, BREAK, false },
	{ GUEST_CODE, 4, BREAK | READ, false },
	{ GUEST_CODE, 4, BREAK | WRITE, false },
	{ GUEST_DATA, 4, 1, false },
	{ GUEST_DATA, 4, WRITE | 1, false },
	{ GUEST_DATA, 4, 16, false },
	{ GUEST_DATA, 4, WRITE | 0x80000000, false },
};

GUEST_ASM(store_code,
	  "	nop\n"
	  "store_1: stw	%r7, 0(%r5)\n"
	  "store_2: lwz	%r8, 0(%r5)\n"
	  "store_3: nop\n"
	  "	sc\n");

GUEST_LABELS(store_1[], store_2[], store_3[]);

static void start_at(struct debug_guest *guest, const u32 *code, const u32 *end,
		     u64 addr)
{
	guest->regs.gpr[5] = addr;
	guest->regs.gpr[7] = 0x12345678;
	guest->regs.gpr[8] = 0;
	debug_guest_start(guest, code, end);
}

#define START(_guest, _code)	start_at(_guest, _code, _code##_end, GUEST_DATA)

/* W1 */
TEST_F(debug, control)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_guest_debug debug;
	int i, slot, ret;

	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_GUEST_DEBUG_HW_BPS), NR_ENTRIES);
	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_GUEST_DEBUG_HW_WPS), NR_ENTRIES);
	TEST_ASSERT(vm_check_cap(guest->vm, KVM_CAP_SET_GUEST_DEBUG2) &
		    KVM_GUESTDBG_USE_HW_BP, "DEBUG2 lacks USE_HW_BP");

	START(guest, store_code);
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		watch(guest, GUEST_DATA + 3, 1, WRITE);

		for (slot = 0; slot < NR_ENTRIES; slot += NR_ENTRIES - 1) {
			memset(&debug, 0, sizeof(debug));
			debug.control = GUESTDBG_HW;
			debug.arch.bp[slot].addr = entries[i].addr;
			debug.arch.bp[slot].len = entries[i].len;
			debug.arch.bp[slot].type = entries[i].type;
			ret = __vcpu_ioctl(guest->vcpu, KVM_SET_GUEST_DEBUG, &debug);
			TEST_ASSERT(entries[i].valid ? !ret : ret == -1 && errno == EINVAL,
				    "Entry %d in slot %d: %d, errno %d", i, slot, ret, errno);
		}

		if (!entries[i].valid)
			expect_hit(guest, store_1, GUEST_DATA + 3, WRITE);
	}

	/* Without the bit, or all of it off, the entries are not looked at. */
	memset(&debug, 0xff, sizeof(debug));
	debug.control = KVM_GUESTDBG_ENABLE;
	vcpu_guest_debug_set(guest->vcpu, &debug);
	run_on(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0x12345678);
}

/* W1, W2: each of 16, and holes between them */
TEST_F(debug, sixteen)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_guest_debug debug = { .control = GUESTDBG_HW };
	u64 addr;
	int i;

	for (i = 0; i < NR_ENTRIES; i++) {
		debug.arch.bp[i].addr = GUEST_DATA + 0x1100 * i + i % 4;
		debug.arch.bp[i].len = 1;
		debug.arch.bp[i].type = i % 3 ? i & 1 ? READ : WRITE :
					KVMPPC_DEBUG_NONE;
	}
	vcpu_guest_debug_set(guest->vcpu, &debug);

	for (i = 0; i < NR_ENTRIES; i++) {
		addr = GUEST_DATA + 0x1100 * i;
		start_at(guest, store_code, store_code_end, addr);
		if (i % 3) {
			expect_hit(guest, i & 1 ? store_2 : store_1, addr + i % 4,
				   i & 1 ? READ : WRITE);
			debug_guest_goto(guest, store_3);
		}
		run_on(guest);
	}
}

/* W4: a hit instead of the step; the step once there is no watchpoint */
TEST_F(debug, step)
{
	struct debug_guest *guest = &self->guest;

	START(guest, store_code);
	watch_step(guest, GUEST_DATA, 4, READ | WRITE);
	expect_step(guest, store_1);
	expect_hit(guest, store_1, GUEST_DATA, WRITE);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA), 0x44000002);
	debug_guest_control(guest, GUESTDBG_STEP);
	expect_step(guest, store_2);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA), 0x12345678);
	watch_step(guest, GUEST_DATA, 4, READ | WRITE);
	expect_hit(guest, store_2, GUEST_DATA, READ);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);
	/* Beside the watched bytes, in the same page: ordinary steps */
	watch_step(guest, GUEST_DATA + 4, 4, READ | WRITE);
	expect_step(guest, store_3);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0x12345678);
	START(guest, store_code);
	expect_step(guest, store_1);
	expect_step(guest, store_2);
	expect_step(guest, store_3);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
}

GUEST_ASM(neighbour_code,
	  "	li	%r9, 200\n"
	  "	mtctr	%r9\n"
	  "1:	lwz	%r8, 4(%r5)\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stw	%r8, 4(%r5)\n"
	  "	stw	%r8, -4(%r5)\n"
	  "	bdnz	1b\n"
	  "	mfmsr	%r9\n"
	  "	sc\n");

static void run_neighbours(struct debug_guest *guest, u64 addr)
{
	start_at(guest, neighbour_code, neighbour_code_end, addr);
	debug_guest_write32(guest, addr + 4, 0);
	run_on(guest);
	TEST_ASSERT_EQ(debug_guest_read32(guest, addr + 4), 200);
	TEST_ASSERT_EQ(debug_guest_read32(guest, addr - 4), 200);
	TEST_ASSERT_EQ(guest->regs.gpr[9], guest->regs.msr);
}

/* W3: hundreds of accesses beside the watched bytes, from each side */
TEST_F(debug, neighbours)
{
	struct debug_guest *guest = &self->guest;
	u64 addr;

	for (addr = GUEST_DATA + 0x800; addr <= GUEST_DATA + 0x1000; addr += 0x800) {
		watch(guest, addr, 4, WRITE);
		run_neighbours(guest, addr);
		watch(guest, addr, 4, READ | WRITE);
		run_neighbours(guest, addr);
	}
}

GUEST_ASM(atomic_code,
	  "	li	%r9, 100\n"
	  "	mtctr	%r9\n"
	  "atomic_1: lwarx %r8, 0, %r5\n"
	  "	addi	%r8, %r8, 1\n"
	  "atomic_2: stwcx. %r8, 0, %r5\n"
	  "	bne-	atomic_1\n"
	  "atomic_3: bdnz	atomic_1\n"
	  "	mfcr	%r9\n"
	  "	sc\n");

GUEST_LABELS(atomic_1[], atomic_2[], atomic_3[]);

/* W3: lwarx and stwcx. in a page that is watched */
TEST_F(debug, atomic_neighbour)
{
	struct debug_guest *guest = &self->guest;
	u32 type;

	for (type = READ; type; type = type == READ ? WRITE : 0) {
		debug_guest_write32(guest, GUEST_DATA, 0);
		START(guest, atomic_code);
		watch(guest, GUEST_DATA + 4, 4, type);
		run_on(guest);
		TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA), 100);
		TEST_ASSERT_EQ(guest->regs.gpr[9] & 0xf0000000, 0x20000000);
	}
}

/* Stop at each store conditional, pass it as gdb does, until the loop ends. */
static void pass_atomics(struct debug_guest *guest, const u32 *label, u32 type)
{
	int i, hits = 0;
	u64 pc;

	debug_guest_write32(guest, GUEST_DATA, 0);
	START(guest, atomic_code);
	pc = debug_guest_addr(guest, label);
	for (i = 0; i < 300; i++) {
		watch(guest, GUEST_DATA, 4, type);
		TEST_ASSERT(!__debug_guest_run(guest), "KVM_RUN failed");
		if (guest->vcpu->run->exit_reason == KVM_EXIT_OSI)
			break;
		TEST_ASSERT_EQ(guest->regs.pc, pc);
		TEST_ASSERT_EQ(guest->vcpu->run->debug.arch.status, type);
		hits++;
		debug_guest_control(guest, GUESTDBG_STEP);
		debug_guest_expect_pc(guest, pc + 4);
	}
	TEST_ASSERT_EQ(guest->vcpu->run->exit_reason, KVM_EXIT_OSI);
	debug_guest_complete(guest);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA), 100);
	TEST_ASSERT(hits >= 100 && hits <= 102, "%d hits", hits);
}

/* W3: a load from the watched page, between lwarx and stwcx. to another one */
GUEST_ASM(between_code,
	  "	li	%r9, 20\n"
	  "	addi	%r10, %r5, 0x1000\n"
	  "between_1: lwarx %r8, 0, %r10\n"
	  "	lwz	%r11, 0(%r5)\n"
	  "	add	%r8, %r8, %r11\n"
	  "	stwcx.	%r8, 0, %r10\n"
	  "	bne-	between_1\n"
	  "	addic.	%r9, %r9, -1\n"
	  "	bne	between_1\n"
	  "	sc\n");

TEST_F(debug, between)
{
	struct debug_guest *guest = &self->guest;

	debug_guest_write32(guest, GUEST_DATA, 3);
	debug_guest_write32(guest, GUEST_DATA + 0x1000, 0);
	START(guest, between_code);
	watch(guest, GUEST_DATA + 4, 4, READ);
	run_on(guest);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 0x1000), 60);
}

/* W3: a store to the watched page, between lwarx and stwcx. to it or another one */
GUEST_ASM(store_between_code,
	  "	li	%r9, 20\n"
	  "	addi	%r11, %r5, 8\n"
	  "store_between_1: lwarx %r8, 0, %r10\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stwu	%r8, 4(%r11)\n"
	  "	lhau	%r7, 2(%r11)\n"
	  "	addi	%r11, %r11, -6\n"
	  "	stwcx.	%r8, 0, %r10\n"
	  "	bne-	store_between_1\n"
	  "	addic.	%r9, %r9, -1\n"
	  "	bne	store_between_1\n"
	  "	sc\n");

TEST_F(debug, store_between)
{
	struct debug_guest *guest = &self->guest;
	u64 word;
	int i;

	for (i = 0; i < 4; i++) {
		word = GUEST_DATA + (i & 1 ? 0 : 0x1000);
		debug_guest_write32(guest, word, 0);
		guest->regs.gpr[10] = word;
		START(guest, store_between_code);
		watch(guest, GUEST_DATA + 4, 4, i & 2 ? READ : WRITE);
		run_on(guest);
		TEST_ASSERT_EQ(debug_guest_read32(guest, word), 20);
		TEST_ASSERT_EQ(guest->regs.gpr[11], GUEST_DATA + 8);
	}
}

/* W2, W3: the word that stwcx. stores to is watched. */
TEST_F(debug, watch_atomic_write)
{
	pass_atomics(&self->guest, atomic_2, WRITE);
}

/* W2, W3 */
TEST_F(debug, watch_atomic_read)
{
	pass_atomics(&self->guest, atomic_1, READ);
}

/* A1, B1: The debugger steps through the loop, which ends. */
TEST_F(debug, step_atomic)
{
	struct debug_guest *guest = &self->guest;
	int i;

	debug_guest_write32(guest, GUEST_DATA, 0);
	START(guest, atomic_code);
	debug_guest_control(guest, GUESTDBG_STEP);
	expect_step(guest, atomic_code + 1);
	expect_step(guest, atomic_1);
	for (i = 0; i < 5; i++) {
		expect_step(guest, atomic_1 + 1);
		expect_step(guest, atomic_2);
		expect_step(guest, atomic_2 + 1);
		expect_step(guest, atomic_3);
		expect_step(guest, atomic_1);
	}
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA), 5);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
	run_off(guest);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA), 100);
}

GUEST_ASM(page_code,
	  "	li	%r9, 20\n"
	  "	mtctr	%r9\n"
	  "page_1: lwarx	%r8, 0, %r5\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stwcx.	%r8, 0, %r5\n"
	  "	bne-	page_1\n"
	  "	stw	%r8, 4(%r5)\n"
	  "	mfmsr	%r10\n"
	  "	lwz	%r11, 4(%r5)\n"
	  "	bdnz	page_1\n"
	  "page_2: lwz	%r8, 8(%r5)\n"
	  "page_3: stw	%r8, 12(%r5)\n"
	  "	sc\n");

GUEST_LABELS(page_1[], page_2[], page_3[]);

/* W3: code and data in one page, which is watched for loads */
TEST_F(debug, code_and_data)
{
	struct debug_guest *guest = &self->guest;
	u64 data = GUEST_CODE + 0x400;
	int i;

	for (i = 0; i < 4; i++) {
		debug_guest_write32(guest, data, 0);
		start_at(guest, page_code, page_code_end, data);
		watch(guest, data + (i & 1 ? 12 : 8), 4, i & 2 ? READ | WRITE : READ);
		if (!(i & 1))
			expect_hit(guest, page_2, data + 8, READ);
		else if (i & 2)
			expect_hit(guest, page_3, data + 12, WRITE);
		if (i != 1)
			debug_guest_control(guest, GUESTDBG_OFF);
		run_on(guest);
		TEST_ASSERT_EQ(debug_guest_read32(guest, data), 20);
		TEST_ASSERT_EQ(guest->regs.gpr[11], 20);
		TEST_ASSERT_EQ(guest->regs.gpr[10], variant->msr);
	}
}

/* W3: MMIO stops before KVM_EXIT_MMIO. */
TEST_F(debug, mmio)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;

	start_at(guest, store_code, store_code_end, GUEST_MMIO);
	watch(guest, GUEST_MMIO + 3, 1, WRITE);
	expect_hit(guest, store_1, GUEST_MMIO + 3, WRITE);
	watch(guest, GUEST_MMIO + 2, 1, READ);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT(run->mmio.is_write && run->mmio.phys_addr == GUEST_MMIO,
		    "Not the store");
	expect_hit(guest, store_2, GUEST_MMIO + 2, READ);
	watch(guest, GUEST_MMIO + 4, 4, READ | WRITE);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	memset(run->mmio.data, 0x5a, sizeof(run->mmio.data));
	run_on(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0x5a5a5a5a);
}

GUEST_ASM(count_handler,
	  "	addi	%r12, %r12, 1\n"
	  GUEST_ASM_RFI);

static u64 run_traced(struct debug_guest *guest, u64 msr)
{
	debug_guest_load(guest, VEC_TRACE, count_handler, count_handler_end);
	debug_guest_write32(guest, GUEST_DATA, 0);
	START(guest, atomic_code);
	guest->regs.gpr[12] = 0;
	guest->regs.msr |= msr;
	debug_guest_set_regs(guest);
	run_on(guest);
	guest->regs.msr &= ~msr;
	return guest->regs.gpr[12];
}

/* W4, B2: the guest traces itself, beside the watched bytes. */
TEST_F(debug, branch_trace)
{
	struct debug_guest *guest = &self->guest;
	u64 traces = run_traced(guest, MSR_BE);

	TEST_ASSERT(traces >= 200, "%llu Trace interrupts", (unsigned long long)traces);
	watch(guest, GUEST_DATA + 4, 4, READ | WRITE);
	TEST_ASSERT_EQ(run_traced(guest, MSR_BE), traces);
	watch(guest, GUEST_CODE + 0x400, 4, READ | WRITE);
	TEST_ASSERT_EQ(run_traced(guest, MSR_BE), traces);
}

/* Hardware breakpoints, at all kinds of instructions */
GUEST_ASM(break_code,
	  "	li	%r9, 3\n"
	  "break_1: addi %r9, %r9, 1\n"
	  "break_2: mfmsr %r10\n"
	  "break_3: stw	%r9, 0(%r5)\n"
	  "break_4: b	break_6\n"
	  "break_5: nop\n"
	  "break_6: trap\n"
	  "break_7: lwarx %r8, 0, %r5\n"
	  "break_8: stwcx. %r8, 0, %r5\n"
	  "break_9: nop\n"
	  "	sc\n");

GUEST_LABELS(break_1[], break_2[], break_3[], break_4[], break_5[], break_6[],
	     break_7[], break_8[], break_9[]);

static void expect_break(struct debug_guest *guest, u64 addr)
{
	expect_hit_at(guest, addr, addr, BREAK);
	expect_hit_at(guest, addr, addr, BREAK);
}

/* W2 */
TEST_F(debug, breakpoint)
{
	static const u32 *const stops[] = {
		break_code, break_1, break_2, break_3, break_4, break_6, break_7,
		break_8, break_9,
	};
	struct debug_guest *guest = &self->guest;
	u64 addr;
	int i;

	debug_guest_load_skip_handler(guest, VEC_PROGRAM);
	for (i = 0; i < ARRAY_SIZE(stops); i++) {
		START(guest, break_code);
		addr = debug_guest_addr(guest, stops[i]);
		watch(guest, addr, 0, BREAK);
		expect_break(guest, addr);
		run_off(guest);
		TEST_ASSERT_EQ(guest->regs.gpr[9], 4);
		TEST_ASSERT_EQ(guest->regs.gpr[10], variant->msr);
	}

	/* Never reached, in the same page, and in the page of the data */
	START(guest, break_code);
	watch(guest, debug_guest_addr(guest, break_5), 4, BREAK);
	run_on(guest);
	START(guest, break_code);
	watch(guest, GUEST_DATA + 0x10, 4, BREAK);
	run_on(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[9], 4);
}

/* W2, W5: at a vector, and behind rfi */
TEST_F(debug, breakpoint_vector)
{
	struct debug_guest *guest = &self->guest;
	u64 addr;

	START(guest, break_code);
	addr = debug_guest_addr(guest, break_7);
	watch(guest, VEC_PROGRAM, 4, BREAK);
	expect_break(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, addr - 4);
	debug_guest_load_skip_handler(guest, VEC_PROGRAM);
	watch(guest, VEC_PROGRAM + 12, 4, BREAK);
	expect_break(guest, VEC_PROGRAM + 12);
	watch(guest, addr, 4, BREAK);
	expect_break(guest, addr);
	run_off(guest);
}

/* W4: a step ends in front of the breakpoint; the next one does not begin. */
TEST_F(debug, breakpoint_step)
{
	struct debug_guest *guest = &self->guest;
	u64 addr;

	START(guest, break_code);
	addr = debug_guest_addr(guest, break_1);
	watch_step(guest, addr, 4, BREAK);
	expect_step(guest, break_1);
	expect_break(guest, addr);
	debug_guest_control(guest, GUESTDBG_STEP);
	expect_step(guest, break_2);
	watch_step(guest, addr, 4, BREAK);
	expect_step(guest, break_3);
	expect_step(guest, break_4);
	expect_step(guest, break_6);
}

/*
 * Two vCPUs increment a word.  The second one is watched if asked to.  The loop
 * counts in r9: the host's system call entry changes CTR.
 */
#define CODE_2		0x20000
#define INCREMENTS	2000

GUEST_ASM(race_code,
	  "race_1: lwarx %r8, 0, %r5\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stwcx.	%r8, 0, %r5\n"
	  "	bne-	race_1\n"
	  "	addic.	%r9, %r9, -1\n"
	  "	bne	race_1\n"
	  "	sc\n");

static void *run_second(void *vcpu)
{
	struct kvm_vcpu *second = vcpu;
	int ret;

	do {
		ret = __vcpu_run(second);
	} while (ret && errno == EINTR);
	return NULL;
}

static void race(struct debug_guest *guest, struct kvm_vcpu *second, u32 type)
{
	struct kvm_regs regs;
	pthread_t thread;

	debug_guest_write32(guest, GUEST_DATA, 0);
	start_at(guest, race_code, race_code_end, GUEST_DATA);
	guest->regs.gpr[9] = INCREMENTS;
	debug_guest_set_regs(guest);

	regs = guest->regs;
	regs.pc = CODE_2;
	vcpu_regs_set(second, &regs);
	debug_guest_start_thread(&thread, run_second, second);
	run_on(guest);
	TEST_ASSERT(!pthread_join(thread, NULL), "pthread_join() failed");
	TEST_ASSERT_EQ(second->run->exit_reason, KVM_EXIT_OSI);
	second->run->immediate_exit = 1;
	__vcpu_run(second);
	second->run->immediate_exit = 0;
	TEST_ASSERT(debug_guest_read32(guest, GUEST_DATA) == 2 * INCREMENTS,
		    "The sum is %u, type %u", debug_guest_read32(guest, GUEST_DATA), type);
}

/* W3: beside the watched bytes; W5: on one vCPU, and on both */
TEST_F(debug, atomic_race)
{
	struct kvm_guest_debug debug = {
		.control = GUESTDBG_HW,
		.arch.bp[0] = { GUEST_DATA + 8, WRITE, { 4 } },
	};
	struct debug_guest *guest = &self->guest;
	struct kvm_vcpu *second;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	second = vm_vcpu_add_real_mode(guest->vm, 1);
	if (guest->swap)
		vcpu_set_reg(second, KVM_REG_PPC_LPCR_64,
			     variant->msr & MSR_LE ? LPCR_ILE : 0);
	debug_guest_load(guest, CODE_2, race_code, race_code_end);

	watch(guest, GUEST_DATA + 4, 4, READ);
	race(guest, second, READ);
	watch(guest, GUEST_DATA + 4, 4, WRITE);
	race(guest, second, WRITE);
	vcpu_guest_debug_set(second, &debug);
	race(guest, second, READ | WRITE);
	debug.arch.bp[0].type = READ;
	vcpu_guest_debug_set(second, &debug);
	race(guest, second, READ);
	watch(guest, GUEST_CODE + 0x800, 4, BREAK);
	race(guest, second, BREAK);
}

/* Interrupts at any time, while accesses beside the watched bytes are let through */
#define TICKS		"2"	/* times 0x10000 */

GUEST_ASM(tick_handler,
	  "	addi	%r12, %r12, 1\n"
	  "	lis	%r13, " TICKS "\n"
	  "	mtdec	%r13\n"
	  "	lwz	%r13, 8(%r5)\n"
	  "	addi	%r13, %r13, 1\n"
	  "	stw	%r13, 8(%r5)\n"
	  GUEST_ASM_RFI);

GUEST_ASM(tick_code,
	  "	lis	%r13, " TICKS "\n"
	  "	mtdec	%r13\n"
	  "	li	%r9, 200\n"
	  "1:	lwz	%r8, 4(%r5)\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stw	%r8, 4(%r5)\n"
	  "	addic.	%r9, %r9, -1\n"
	  "	bne	1b\n"
	  "	sc\n");

static void run_ticks(struct debug_guest *guest)
{
	debug_guest_load(guest, VEC_DECREMENTER, tick_handler, tick_handler_end);
	debug_guest_write32(guest, GUEST_DATA + 4, 0);
	debug_guest_write32(guest, GUEST_DATA + 8, 0);
	START(guest, tick_code);
	guest->regs.gpr[12] = 0;
	guest->regs.msr |= MSR_EE;
	debug_guest_set_regs(guest);
	run_on(guest);
	guest->regs.msr &= ~MSR_EE;
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 4), 200);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 8), guest->regs.gpr[12]);
}

/* W3 */
TEST_F(debug, interrupts)
{
	struct debug_guest *guest = &self->guest;

	watch(guest, GUEST_DATA, 4, READ | WRITE);
	run_ticks(guest);
	TEST_ASSERT(guest->regs.gpr[12], "There was no interrupt");
	watch(guest, GUEST_CODE + 0x800, 4, READ);
	run_ticks(guest);
	watch(guest, VEC_DECREMENTER + 0x80, 4, BREAK);
	run_ticks(guest);
}

/* A thread that interrupts KVM_RUN all the time */
static bool stop_signals;

static void no_action(int signum)
{
}

static void *send_signals(void *thread)
{
	while (!READ_ONCE(stop_signals)) {
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
		usleep(200);
	}
	return NULL;
}

/* W3, A10 */
TEST_F(debug, signals)
{
	struct sigaction sa = { .sa_handler = no_action };
	struct debug_guest *guest = &self->guest;
	pthread_t thread, me = pthread_self();
	unsigned int i, breaks = 0;
	int ret;

	sigaction(SIGUSR1, &sa, NULL);
	stop_signals = false;
	debug_guest_start_thread(&thread, send_signals, &me);
	for (i = 0; i < 3; i++) {
		debug_guest_write32(guest, GUEST_DATA, 0);
		START(guest, atomic_code);
		watch(guest, i ? GUEST_CODE + 0x800 : GUEST_DATA + 4, 4,
		      i == 1 ? BREAK : READ | WRITE);
		do {
			ret = debug_guest_try_run(guest);
			breaks += ret == -EINTR;
		} while (ret == -EINTR);
		TEST_ASSERT_EQ(ret, 0);
		TEST_ASSERT_EQ(guest->vcpu->run->exit_reason, KVM_EXIT_OSI);
		do {
			guest->vcpu->run->immediate_exit = 1;
			ret = debug_guest_try_run(guest);
			guest->vcpu->run->immediate_exit = 0;
		} while (ret != -EINTR);
		TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA), 100);
	}
	WRITE_ONCE(stop_signals, true);
	TEST_ASSERT(!pthread_join(thread, NULL), "pthread_join() failed");
	pr_info("%u KVM_RUNs ended early\n", breaks);
}

/* A 32-bit guest's translation by BATs, and split real mode */
static void start_translated(struct debug_guest *guest, u64 msr)
{
	debug_guest_use_bats(guest);
	guest->ea_offset = msr & MSR_IR ? GUEST_BAT_RAM : 0;
	guest->regs.msr |= msr;
	start_at(guest, store_code, store_code_end, GUEST_BAT_RAM + GUEST_DATA);
}

/* W2, W3 */
TEST_F(debug, translated)
{
	static const u64 msrs[] = {
		MSR_IR | MSR_DR, MSR_DR, MSR_IR | MSR_DR | MSR_PR, MSR_DR | MSR_PR,
	};
	struct debug_guest *guest = &self->guest;
	u64 data = GUEST_BAT_RAM + GUEST_DATA, addr, msr = guest->regs.msr;
	int i;

	if (msr & MSR_SF)
		SKIP(return, "Only 32-bit CPUs have BATs");

	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		guest->regs.msr = msr;
		start_translated(guest, msrs[i]);
		watch(guest, data, 4, READ | WRITE);
		expect_hit(guest, store_1, data, WRITE);
		/* The real address, and the other mapping, are not watched. */
		watch(guest, GUEST_DATA, 4, READ | WRITE);
		run_on(guest);

		start_translated(guest, msrs[i]);
		addr = debug_guest_addr(guest, store_2);
		watch(guest, addr, 4, BREAK);
		expect_break(guest, addr);
		watch(guest, data, 1, READ);
		expect_hit(guest, store_2, data, READ);
		watch(guest, addr + 4, 4, BREAK);
		expect_break(guest, addr + 4);

		/* The guest's own fault comes first. */
		start_at(guest, store_code, store_code_end, GUEST_BAT_NOWHERE);
		watch(guest, GUEST_BAT_NOWHERE, 4, READ | WRITE);
		debug_guest_load(guest, VEC_DATA_STORAGE, atomic_code, atomic_code + 1);
		debug_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.pc, VEC_DATA_STORAGE + 8);
		debug_guest_complete(guest);
	}
}

/* W2, W3: dcbz of 32 bytes, which KVM emulates on 64-bit hosts */
GUEST_ASM(dcbz_code,
	  "	dcbz	0, %r5\n"
	  "dcbz_1: dcbz 0, %r5\n"
	  "	sc\n");

GUEST_LABELS(dcbz_1[]);

TEST(dcbz)
{
	u64 msr = (MSR_GUEST_REAL & ~MSR_SF) & ~MSR_LE;
	struct debug_guest guest;

	debug_guest_create(&guest, msr);
	debug_guest_use_bats(&guest);
	START(&guest, dcbz_code);
	watch(&guest, GUEST_DATA + 31, 4, WRITE);
	expect_hit(&guest, dcbz_code, GUEST_DATA + 31, WRITE);
	TEST_ASSERT_EQ(debug_guest_read32(&guest, GUEST_DATA), 0x44000002);
	watch(&guest, GUEST_DATA + 32, 4, READ | WRITE);
	run_on(&guest);
	TEST_ASSERT_EQ(debug_guest_read32(&guest, GUEST_DATA), 0);
	TEST_ASSERT_EQ(debug_guest_read32(&guest, GUEST_DATA + 32), 0x44000002);

	/* Again, patched by now, and by steps */
	START(&guest, dcbz_code);
	watch_step(&guest, GUEST_DATA + 4, 4, READ | WRITE);
	expect_hit(&guest, dcbz_code, GUEST_DATA + 4, WRITE);
	watch_step(&guest, GUEST_DATA - 1, 1, READ | WRITE);
	expect_step(&guest, dcbz_1);
	debug_guest_destroy(&guest);
}

/* W2: paired singles and floating point that KVM emulates */
GUEST_ASM(ps_code,
	  "	.machine push\n"
	  "	.machine \"750cl\"\n"
	  "	mtspr	920, %r8\n"		/* HID2: they are enabled */
	  "	mtspr	912, %r9\n"		/* GQR0: no scaling */
	  "ps_1: psq_l	%f1, 0(%r5), 0, 0\n"
	  "ps_2: psq_stu %f1, 8(%r5), 0, 0\n"
	  "ps_3: lfs	%f3, 0(%r5)\n"
	  "ps_4: stfdu	%f3, 8(%r5)\n"
	  "ps_5: nop\n"
	  "	sc\n"
	  "	.machine pop\n");

GUEST_LABELS(ps_1[], ps_2[], ps_3[], ps_4[], ps_5[]);

TEST(paired_singles)
{
	struct debug_guest guest;

	debug_guest_create(&guest, MSR_GUEST_REAL & ~MSR_SF & ~MSR_LE);
	debug_guest_use_bats(&guest);
	guest.regs.msr |= MSR_FP;
	start_at(&guest, ps_code, ps_code_end, GUEST_DATA);
	guest.regs.gpr[8] = BIT(29);
	guest.regs.gpr[9] = 0;
	debug_guest_set_regs(&guest);

	watch(&guest, GUEST_DATA + 7, 1, READ);
	expect_hit(&guest, ps_1, GUEST_DATA + 7, READ);
	watch(&guest, GUEST_DATA + 15, 1, WRITE);
	expect_hit(&guest, ps_2, GUEST_DATA + 15, WRITE);
	TEST_ASSERT_EQ(guest.regs.gpr[5], GUEST_DATA);
	watch(&guest, GUEST_DATA + 8, 4, READ);
	expect_hit(&guest, ps_3, GUEST_DATA + 8, READ);
	TEST_ASSERT_EQ(guest.regs.gpr[5], GUEST_DATA + 8);
	watch_step(&guest, GUEST_DATA + 16, 1, WRITE);
	expect_step(&guest, ps_4);
	expect_hit(&guest, ps_4, GUEST_DATA + 16, WRITE);
	debug_guest_control(&guest, GUESTDBG_STEP);
	expect_step(&guest, ps_5);
	TEST_ASSERT_EQ(guest.regs.gpr[5], GUEST_DATA + 16);
	debug_guest_destroy(&guest);
}

/* W4: a software breakpoint at a hardware breakpoint, which comes first */
GUEST_ASM(both_code,
	  "	nop\n"
	  "both_1: " GUEST_ASM_SW_BP
	  "	sc\n");

GUEST_LABELS(both_1[]);

TEST_F(debug, software_breakpoint)
{
	struct debug_guest *guest = &self->guest;
	u64 addr;
	u32 len = 4;

	START(guest, both_code);
	addr = debug_guest_addr(guest, both_1);
	set_watches(guest, KVM_GUESTDBG_USE_SW_BP, &addr, &len, BREAK, 1);
	expect_break(guest, addr);
	addr += 0x100;
	set_watches(guest, KVM_GUESTDBG_USE_SW_BP, &addr, &len, BREAK, 1);
	debug_guest_expect_stop(guest, both_1);
	debug_guest_expect_stop(guest, both_1);
}

/* W5: toggled at each stop, with the pages mapped in between */
TEST_F(debug, toggle)
{
	struct debug_guest *guest = &self->guest;
	int i;

	for (i = 0; i < 200; i++) {
		debug_guest_control(guest, GUESTDBG_OFF);
		start_at(guest, store_code, store_code_end, GUEST_DATA);
		run_on(guest);
		start_at(guest, store_code, store_code_end, GUEST_DATA);
		watch(guest, GUEST_DATA + i % 4, 1, i & 1 ? READ : WRITE);
		expect_hit(guest, i & 1 ? store_2 : store_1, GUEST_DATA + i % 4,
			   i & 1 ? READ : WRITE);
	}
}

/* W1, W3: long ones, over borders of pages and of segments */
TEST_F(debug, long_watch)
{
	struct debug_guest *guest = &self->guest;

	START(guest, store_code);
	watch(guest, GUEST_DATA + 1, 0x10000000, WRITE);
	expect_hit(guest, store_1, GUEST_DATA + 1, WRITE);
	watch(guest, GUEST_DATA - 0x20000, 0x20001, WRITE);
	expect_hit(guest, store_1, GUEST_DATA - 0x20000, WRITE);
	watch(guest, GUEST_DATA - 0x20000, 0x20000, READ | WRITE);
	run_on(guest);
}

TEST_HARNESS_MAIN
