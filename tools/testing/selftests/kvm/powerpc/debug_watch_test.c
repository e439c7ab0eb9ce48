// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watchpoints and hardware breakpoints of KVM Book3S PR: KVM_GUESTDBG_USE_HW_BP
 */
#include "debug_suite.h"

DEBUG_FIXTURE(debug);
DEBUG_VARIANTS(debug);
DEBUG_VARIANTS_TRANSLATED(debug);

#define READ		KVMPPC_DEBUG_WATCH_READ
#define WRITE		KVMPPC_DEBUG_WATCH_WRITE
#define BREAK		KVMPPC_DEBUG_BREAKPOINT
#define GUESTDBG_HW	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP)
#define NR_ENTRIES	16
#define VALUE		0x12345678

static void set_watch(struct asm_guest *guest, u32 control, u64 addr, u32 len, u32 type)
{
	struct kvm_guest_debug debug = {
		.control = GUESTDBG_HW | control,
		.arch.bp[0] = { addr, type, { len } },
	};

	vcpu_guest_debug_set(guest->vcpu, &debug);
}

static void watch(struct asm_guest *guest, u64 addr, u32 len, u32 type)
{
	set_watch(guest, 0, addr, len, type);
}

static void watch_step(struct asm_guest *guest, u64 addr, u32 len, u32 type)
{
	set_watch(guest, KVM_GUESTDBG_SINGLESTEP, addr, len, type);
}

/* The guest stops at the hit, and again if nothing changes. */
static void expect_hit_at(struct asm_guest *guest, u64 pc, u64 addr, u32 status)
{
	struct kvm_debug_exit_arch *arch = &guest->vcpu->run->debug.arch;
	int i;

	for (i = 0; i < 2; i++) {
		asm_guest_run(guest, KVM_EXIT_DEBUG);
		TEST_ASSERT(guest->regs.pc == pc && arch->address == addr &&
			    arch->status == status,
			    "Hit at 0x%llx, wanted 0x%" PRIx64 "; address 0x%llx, wanted 0x%" PRIx64
			    "; status 0x%x, wanted 0x%x", guest->regs.pc, pc,
			    arch->address, addr, arch->status, status);
	}
}

static void expect_hit(struct asm_guest *guest, const u32 *label, u64 addr, u32 status)
{
	expect_hit_at(guest, asm_guest_addr(guest, label), addr, status);
}

static void expect_break(struct asm_guest *guest, u64 addr)
{
	expect_hit_at(guest, addr, addr, BREAK);
}

/* Turn debugging off, and run to the end of the code. */
static void run_off(struct asm_guest *guest)
{
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run_to_osi(guest);
}

/* Where the guest finds its data */
static u64 data_ea(const struct asm_guest *guest)
{
	return asm_guest_data_addr(guest, GUEST_DATA);
}

/*
 * r5 is the data's address, r6 the same for handlers, which run in real mode.  r9 is
 * how often a loop runs.
 */
static void start_at(struct asm_guest *guest, const u32 *code, gpa_t gpa)
{
	guest->regs.gpr[5] = asm_guest_data_addr(guest, gpa);
	guest->regs.gpr[6] = gpa;
	guest->regs.gpr[7] = VALUE;
	guest->regs.gpr[8] = 0;
	guest->regs.gpr[9] = 100;
	guest->regs.gpr[12] = 0;
	asm_guest_start(guest, code);
}

static void start(struct asm_guest *guest, const u32 *code)
{
	asm_guest_write32(guest, GUEST_DATA, 0);
	start_at(guest, code, GUEST_DATA);
}

GUEST_ASM(store_code,
	  "	nop\n"
	  "	stw	%r7, 0(%r5)\n"
	  "	lwz	%r8, 0(%r5)\n"
	  "	nop\n"
	  "	sc\n");

#define STORE	(store_code + 1)
#define LOAD	(store_code + 2)

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

/* The capabilities, and what is accepted in the first slot and in the last one. (W1) */
TEST_F(debug, control)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_guest_debug debug;
	unsigned int i;
	int slot, ret;

	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_GUEST_DEBUG_HW_BPS), NR_ENTRIES);
	TEST_ASSERT_EQ(vm_check_cap(guest->vm, KVM_CAP_GUEST_DEBUG_HW_WPS), NR_ENTRIES);
	TEST_ASSERT(vm_check_cap(guest->vm, KVM_CAP_SET_GUEST_DEBUG2) &
		    KVM_GUESTDBG_USE_HW_BP, "DEBUG2 lacks USE_HW_BP");

	start(guest, store_code);
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		watch(guest, data_ea(guest) + 3, 1, WRITE);
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
			expect_hit(guest, STORE, data_ea(guest) + 3, WRITE);
	}

	/* Without both bits the entries are not looked at. */
	memset(&debug, 0xff, sizeof(debug));
	debug.control = KVM_GUESTDBG_USE_HW_BP;
	vcpu_guest_debug_set(guest->vcpu, &debug);
	debug.control = KVM_GUESTDBG_ENABLE;
	vcpu_guest_debug_set(guest->vcpu, &debug);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[8], VALUE);
}

/* Each of 16 entries stops the guest, and each of fewer with holes between them. (W1, W2) */
TEST_F(debug, sixteen)
{
	struct kvm_guest_debug debug = { .control = GUESTDBG_HW };
	struct asm_guest *guest = &self->guest;
	u64 ea = data_ea(guest);
	int round, i;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < NR_ENTRIES; i++) {
			bool used = !round || i % 3;

			debug.arch.bp[i].addr = ea + 0x1100 * i + i % 4;
			debug.arch.bp[i].len = 1;
			debug.arch.bp[i].type = !used ? KVMPPC_DEBUG_NONE : i & 1 ? READ : WRITE;
		}
		vcpu_guest_debug_set(guest->vcpu, &debug);

		for (i = 0; i < NR_ENTRIES; i++) {
			start_at(guest, store_code, GUEST_DATA + 0x1100 * i);
			if (debug.arch.bp[i].type) {
				expect_hit(guest, i & 1 ? LOAD : STORE, debug.arch.bp[i].addr,
					   debug.arch.bp[i].type);
				asm_guest_goto(guest, LOAD + 1);
			}
			asm_guest_run_to_osi(guest);
		}
	}
}

/* A hit comes instead of the step, and the step once there is no watchpoint. (W4) */
TEST_F(debug, step)
{
	struct asm_guest *guest = &self->guest;
	u64 ea = data_ea(guest);

	start(guest, store_code);
	watch_step(guest, ea, 4, READ | WRITE);
	asm_guest_expect_stop(guest, STORE);
	expect_hit(guest, STORE, ea, WRITE);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 0);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, LOAD);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), VALUE);
	watch_step(guest, ea, 4, READ | WRITE);
	expect_hit(guest, LOAD, ea, READ);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0);

	/* Beside the watched bytes, in the same page: ordinary steps */
	watch_step(guest, ea + 4, 4, READ | WRITE);
	asm_guest_expect_stop(guest, LOAD + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[8], VALUE);
	start(guest, store_code);
	asm_guest_expect(guest, STOP_AT(STORE), STOP_AT(LOAD), STOP_AT(LOAD + 1));
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
	  "	sc\n");

/* Hundreds of accesses beside the watched bytes, from each side. (W3) */
TEST_F(debug, neighbours)
{
	static const u32 types[] = { WRITE, READ | WRITE };
	struct asm_guest *guest = &self->guest;
	gpa_t gpa;
	unsigned int i;

	for (gpa = GUEST_DATA + 0x800; gpa <= GUEST_DATA + 0x1000; gpa += 0x800) {
		for (i = 0; i < ARRAY_SIZE(types); i++) {
			start_at(guest, neighbour_code, gpa);
			watch(guest, guest->regs.gpr[5], 4, types[i]);
			asm_guest_write32(guest, gpa + 4, 0);
			asm_guest_write32(guest, gpa - 4, 0);
			asm_guest_run_to_osi(guest);
			TEST_ASSERT_EQ(asm_guest_read32(guest, gpa + 4), 200);
			TEST_ASSERT_EQ(asm_guest_read32(guest, gpa - 4), 200);
		}
	}
}

GUEST_ASM(atomic_code,
	  "	mtctr	%r9\n"
	  "1:	lwarx	%r8, 0, %r5\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stwcx.	%r8, 0, %r5\n"
	  "	bne-	1b\n"
	  "	bdnz	1b\n"
	  "	mfcr	%r9\n"
	  "	sc\n");

#define LARX	(atomic_code + 1)
#define STCX	(atomic_code + 3)

/* lwarx and stwcx. succeed in a page that is watched. (W3) */
TEST_F(debug, atomic_neighbour)
{
	static const u32 types[] = { READ, WRITE };
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		start(guest, atomic_code);
		watch(guest, data_ea(guest) + 4, 4, types[i]);
		asm_guest_run_to_osi(guest);
		TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 100);
		TEST_ASSERT_EQ(guest->regs.gpr[9] & 0xf0000000, 0x20000000);
	}
}

static void check_forbidden_stcx(struct asm_guest *guest, u64 ea)
{
	check_data_storage(guest, asm_guest_addr(guest, STCX), ea, DSISR_PROT | DSISR_STORE);
}

/*
 * stwcx. to a word that the guest may only read causes a data storage interrupt, in
 * a watched page, beside a breakpoint, and stepped. (A4, W3)
 */
TEST_F(debug, atomic_read_only)
{
	static const u32 types[] = { READ, WRITE, BREAK };
	struct asm_guest *guest = &self->guest;
	u64 ea = GUEST_EA_RAM_RO + GUEST_DATA;
	unsigned int i;

	if (variant->mmu == GUEST_MMU_REAL)
		SKIP(return, "The guest is in real mode");

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		guest->regs.msr = variant->msr;
		start(guest, atomic_code);
		guest->regs.gpr[5] = ea;
		asm_guest_set_regs(guest);
		watch(guest, types[i] == BREAK ? asm_guest_addr(guest, STCX + 3) : ea + 4, 4,
		      types[i]);
		asm_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.pc, VEC_DATA_STORAGE + 4);
		check_forbidden_stcx(guest, ea);
		asm_guest_run_immediate_exit(guest);
	}

	guest->regs.msr = variant->msr;
	guest->regs.gpr[5] = ea;
	asm_guest_goto(guest, LARX);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect(guest, STOP_AT(LARX + 1), STOP_AT(STCX), STOP_PC(VEC_DATA_STORAGE));
	check_forbidden_stcx(guest, ea);
}

/* At each hit: remove the watchpoint, step, and set it again, as gdb does. */
static void pass_atomics(struct asm_guest *guest, const u32 *label, u32 type)
{
	int i, hits = 0;

	start(guest, atomic_code);
	for (i = 0; i < 300; i++) {
		watch(guest, data_ea(guest), 4, type);
		TEST_ASSERT(!__asm_guest_run(guest), "KVM_RUN failed");
		if (guest->vcpu->run->exit_reason == KVM_EXIT_OSI)
			break;
		TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, label));
		TEST_ASSERT_EQ(guest->vcpu->run->debug.arch.status, type);
		hits++;
		asm_guest_control(guest, GUESTDBG_STEP);
		asm_guest_expect_stop(guest, label + 1);
	}
	TEST_ASSERT_EQ(guest->vcpu->run->exit_reason, KVM_EXIT_OSI);
	asm_guest_run_immediate_exit(guest);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 100);
	TEST_ASSERT(hits >= 100 && hits <= 102, "%d hits", hits);
}

/* The word that stwcx. stores to is watched. (W2, W3) */
TEST_F(debug, watch_atomic_write)
{
	pass_atomics(&self->guest, STCX, WRITE);
}

/* The word that lwarx loads is watched. (W2, W3) */
TEST_F(debug, watch_atomic_read)
{
	pass_atomics(&self->guest, LARX, READ);
}

/* The debugger steps through the loop, which ends. (A1, B1) */
TEST_F(debug, step_atomic)
{
	struct asm_guest *guest = &self->guest;
	int i;

	start(guest, atomic_code);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, LARX);
	for (i = 0; i < 5; i++)
		asm_guest_expect(guest, STOP_AT(LARX + 1), STOP_AT(STCX), STOP_AT(STCX + 1),
				 STOP_AT(STCX + 2), STOP_AT(LARX));
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 5);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
	run_off(guest);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 100);
}

GUEST_ASM(pass_code,
	  "1:	lwarx	%r8, 0, %r5\n"
	  "	mfmsr	%r11\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stwcx.	%r8, 0, %r5\n"
	  "	bne-	1b\n"
	  "	sc\n");

/*
 * From lwarx to a breakpoint after stwcx., over an instruction that KVM emulates, it
 * succeeds with a watchpoint elsewhere, too. (C1, W3)
 */
TEST_F(debug, pass_over_sequence)
{
	struct asm_guest *guest = &self->guest;

	if (variant->msr & MSR_PR)
		SKIP(return, "mfmsr is privileged");

	start(guest, pass_code);
	asm_guest_write32(guest, guest->code + 4 * sizeof(u32), INST_SW_BREAKPOINT);
	set_watch(guest, KVM_GUESTDBG_USE_SW_BP, data_ea(guest) + 0x1000, 4, WRITE);
	asm_guest_expect_stop(guest, pass_code + 4);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 1);
}

GUEST_ASM(lmw_code,
	  "	.long	46 << 26 | 28 << 21 | 5 << 16\n"	/* lmw r28, 0(r5) */
	  "	sc\n");

/*
 * lmw causes an Alignment interrupt in little-endian mode and is no access.  In the
 * page of a watched load, KVM looks at each instruction before the CPU does. (W3)
 */
TEST_F(debug, alignment_interrupt)
{
	struct asm_guest *guest = &self->guest;

	if (!(variant->msr & MSR_LE))
		SKIP(return, "lmw causes no Alignment interrupt in big-endian mode");

	asm_guest_load_skip_handler(guest, VEC_ALIGNMENT);
	start_at(guest, lmw_code, guest->code + 0x800);
	watch(guest, guest->regs.gpr[5], 4, READ);
	asm_guest_run_to_osi(guest);
}

GUEST_ASM(between_code,
	  "	li	%r9, 20\n"
	  "	addi	%r10, %r5, 0x1000\n"
	  "1:	lwarx	%r8, 0, %r10\n"
	  "	lwz	%r11, 0(%r5)\n"
	  "	add	%r8, %r8, %r11\n"
	  "	stwcx.	%r8, 0, %r10\n"
	  "	bne-	1b\n"
	  "	addic.	%r9, %r9, -1\n"
	  "	bne	1b\n"
	  "	sc\n");

/* A load from the watched page, between lwarx and stwcx. to another one. (W3) */
TEST_F(debug, between)
{
	struct asm_guest *guest = &self->guest;

	start(guest, between_code);
	asm_guest_write32(guest, GUEST_DATA, 3);
	asm_guest_write32(guest, GUEST_DATA + 0x1000, 0);
	watch(guest, data_ea(guest) + 4, 4, READ);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 0x1000), 60);
}

GUEST_ASM(store_between_code,
	  "	li	%r9, 20\n"
	  "	addi	%r11, %r5, 8\n"
	  "1:	lwarx	%r8, 0, %r10\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stwu	%r8, 4(%r11)\n"
	  "	lhau	%r7, 2(%r11)\n"
	  "	addi	%r11, %r11, -6\n"
	  "	stwcx.	%r8, 0, %r10\n"
	  "	bne-	1b\n"
	  "	addic.	%r9, %r9, -1\n"
	  "	bne	1b\n"
	  "	sc\n");

/* A store to the watched page, between lwarx and stwcx. to it or another one. (W3) */
TEST_F(debug, store_between)
{
	struct asm_guest *guest = &self->guest;
	gpa_t word;
	int i;

	for (i = 0; i < 4; i++) {
		word = GUEST_DATA + (i & 1 ? 0 : 0x1000);
		asm_guest_write32(guest, word, 0);
		guest->regs.gpr[10] = asm_guest_data_addr(guest, word);
		start(guest, store_between_code);
		watch(guest, data_ea(guest) + 4, 4, i & 2 ? READ : WRITE);
		asm_guest_run_to_osi(guest);
		TEST_ASSERT_EQ(asm_guest_read32(guest, word), 20);
		TEST_ASSERT_EQ(guest->regs.gpr[11], data_ea(guest) + 8);
	}
}

GUEST_ASM(pointer_code,
	  "	mr	%r11, %r5\n"
	  "	addi	%r10, %r5, 0x1000\n"
	  "	li	%r20, 0\n"
	  "1:	lwarx	%r8, 0, %r10\n"
	  "	addi	%r20, %r20, 1\n"
	  "	stwu	%r20, 4(%r11)\n"
	  "	stwcx.	%r8, 0, %r10\n"
	  "	bne-	1b\n"
	  "	sc\n");

/* KVM interprets one of 17 of these stores, and comes back to it with a hit. (W2, W4) */
TEST_F(debug, hit_between)
{
	struct asm_guest *guest = &self->guest;
	int i;

	for (i = 0; i < 2 * 17; i++) {
		start(guest, pointer_code);
		watch(guest, data_ea(guest) + 8, 4, WRITE);
		expect_hit(guest, pointer_code + 5, data_ea(guest) + 8, WRITE);
		TEST_ASSERT_EQ(guest->regs.gpr[20], 2);
		TEST_ASSERT_EQ(guest->regs.gpr[11], data_ea(guest) + 4);
	}
	run_off(guest);
}

GUEST_ASM(loads_code,
	  "	li	%r9, 1000\n"
	  "	mtctr	%r9\n"
	  "1:	lwz	%r8, 0(%r5)\n"
	  "	bdnz	1b\n"
	  "	sc\n");

/* After a watched stwcx., loads cost an exit until the watchpoint is removed. */
TEST_F(debug, loads_after_atomics)
{
	struct asm_guest *guest = &self->guest;
	u64 exits;

	start(guest, atomic_code);
	watch(guest, data_ea(guest) + 4, 4, WRITE);
	asm_guest_run_to_osi(guest);

	asm_guest_control(guest, GUESTDBG_OFF);
	start(guest, loads_code);
	asm_guest_run_to_osi(guest);

	start(guest, loads_code);
	watch(guest, data_ea(guest) + 4, 4, WRITE);
	exits = vcpu_get_stat(guest->vcpu, sum_exits);
	asm_guest_run_to_osi(guest);
	exits = vcpu_get_stat(guest->vcpu, sum_exits) - exits;
	TEST_ASSERT(exits < 500, "%" PRIu64 " exits", exits);
}

GUEST_ASM(page_code,
	  "	li	%r9, 20\n"
	  "	mtctr	%r9\n"
	  "1:	lwarx	%r8, 0, %r5\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stwcx.	%r8, 0, %r5\n"
	  "	bne-	1b\n"
	  "	stw	%r8, 4(%r5)\n"
	  "	mfmsr	%r10\n"
	  "	lwz	%r11, 4(%r5)\n"
	  "	bdnz	1b\n"
	  "	lwz	%r8, 8(%r5)\n"
	  "	stw	%r8, 12(%r5)\n"
	  "	sc\n");

/* Code and data are in one page, which is watched for loads. (W3) */
TEST_F(debug, code_and_data)
{
	struct asm_guest *guest = &self->guest;
	gpa_t data = guest->code + 0x400;
	u64 ea;
	int i;

	for (i = 0; i < 4; i++) {
		asm_guest_write32(guest, data, 0);
		guest->regs.gpr[10] = 0;
		guest->regs.gpr[11] = 0;
		start_at(guest, page_code, data);
		ea = guest->regs.gpr[5];
		watch(guest, ea + (i & 1 ? 12 : 8), 4, i & 2 ? READ | WRITE : READ);
		if (!(i & 1))
			expect_hit(guest, page_code + 10, ea + 8, READ);
		else if (i & 2)
			expect_hit(guest, page_code + 11, ea + 12, WRITE);
		if (i != 1)
			asm_guest_control(guest, GUESTDBG_OFF);
		asm_guest_run_to_osi(guest);
		TEST_ASSERT_EQ(asm_guest_read32(guest, data), 20);
		TEST_ASSERT_EQ(guest->regs.gpr[11], 20);
		TEST_ASSERT_EQ(guest->regs.gpr[10], variant->msr);
	}
}

/* A watched load or store to MMIO stops before KVM_EXIT_MMIO. (W3) */
TEST_F(debug, mmio)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;
	u64 ea = asm_guest_mmio_addr(guest);

	start(guest, store_code);
	guest->regs.gpr[5] = ea;
	asm_guest_set_regs(guest);
	watch(guest, ea + 3, 1, WRITE);
	expect_hit(guest, STORE, ea + 3, WRITE);
	watch(guest, ea + 2, 1, READ);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT(run->mmio.is_write && run->mmio.phys_addr == GUEST_MMIO,
		    "Not the store");
	expect_hit(guest, LOAD, ea + 2, READ);
	watch(guest, ea + 4, 4, READ | WRITE);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	memset(run->mmio.data, 0x5a, sizeof(run->mmio.data));
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[8], 0x5a5a5a5a);
}

GUEST_ASM(count_handler,
	  "	addi	%r12, %r12, 1\n"
	  GUEST_ASM_RFI);

GUEST_ASM(swap_code,
	  "	mtctr	%r9\n"
	  "1:	lwarx	%r8, 0, %r5\n"
	  "	stwcx.	%r9, 0, %r5\n"
	  "	bne-	1b\n"
	  "	bdnz	1b\n"
	  "	sc\n");

static u64 run_traced(struct asm_guest *guest, const u32 *code)
{
	asm_guest_load(guest, VEC_TRACE, count_handler);
	guest->regs.msr |= MSR_BE;
	guest->regs.gpr[12] = 0;
	start(guest, code);
	asm_guest_run_to_osi(guest);
	return guest->regs.gpr[12];
}

/* The guest traces itself, beside the watched bytes. (B2, W4) */
TEST_F(debug, branch_trace)
{
	static const u32 *const codes[] = { atomic_code, swap_code };
	struct asm_guest *guest = &self->guest;
	unsigned int i;

	if (!cpu_traces_branches())
		SKIP(return, "The CPU does not trace branches");

	/*
	 * KVM emulates lwarx and stwcx. in these pages, so an interrupt of the host
	 * does not lose the reservation, and each loop branches twice.
	 */
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		watch(guest, data_ea(guest) + 4, 4, READ | WRITE);
		TEST_ASSERT_EQ(run_traced(guest, codes[i]), 200);
		watch(guest, asm_guest_data_addr(guest, guest->code + 0x400), 4,
		      READ | WRITE);
		TEST_ASSERT_EQ(run_traced(guest, codes[i]), 200);
	}
}

GUEST_ASM(break_code,
	  "	li	%r9, 3\n"
	  "	addi	%r9, %r9, 1\n"
	  "	mfmsr	%r10\n"
	  "	stw	%r9, 0(%r5)\n"
	  "	b	break_trap\n"
	  "break_never: nop\n"
	  "break_trap: trap\n"
	  "break_larx: lwarx %r8, 0, %r5\n"
	  "	stwcx.	%r8, 0, %r5\n"
	  "	nop\n"
	  "	sc\n");

GUEST_LABELS(break_never[], break_trap[], break_larx[]);

/* A hardware breakpoint stops at all kinds of instructions, if it is reached. (W2) */
TEST_F(debug, breakpoint)
{
	struct asm_guest *guest = &self->guest;
	const u32 *word;
	u64 addr;

	asm_guest_load_skip_handler(guest, VEC_PROGRAM);
	for (word = break_code; word < break_larx + 3; word++) {
		guest->regs.gpr[10] = 0;
		start(guest, break_code);
		addr = asm_guest_addr(guest, word);
		watch(guest, addr, 0, BREAK);
		if (word != break_never) {
			expect_break(guest, addr);
			asm_guest_control(guest, GUESTDBG_OFF);
		}
		asm_guest_run_to_osi(guest);
		TEST_ASSERT_EQ(guest->regs.gpr[9], 4);
		TEST_ASSERT_EQ(guest->regs.gpr[10], variant->msr);
	}

	/* It may be in the page of the data, too. */
	start(guest, break_code);
	watch(guest, data_ea(guest) + 0x10, 4, BREAK);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[9], 4);
}

GUEST_ASM(break_loop,
	  "1:	lwarx	%r7, 0, %r5\n"
	  "	mfmsr	%r10\n"
	  "	addi	%r9, %r9, 1\n"
	  "	stwcx.	%r7, 0, %r5\n"
	  "	bne-	1b\n"
	  GUEST_ASM_OSI);

/*
 * A hardware breakpoint stops at a store conditional that KVM interprets, without a
 * reservation. (W2)
 */
TEST_F(debug, breakpoint_stwcx)
{
	struct asm_guest *guest = &self->guest;
	u64 addr;

	/* After it has interpreted a loop, KVM tries to at each emulated instruction. */
	start(guest, break_loop);
	asm_guest_run_to_osi(guest);
	guest->regs.gpr[9] = 0;
	asm_guest_goto(guest, break_loop + 1);
	addr = asm_guest_addr(guest, break_loop + 3);
	watch(guest, addr, 4, BREAK);
	expect_break(guest, addr);
	TEST_ASSERT_EQ(guest->regs.gpr[9], 1);
	run_off(guest);
}

GUEST_ASM(two_pages_code,
	  "	b	1f\n"
	  "	.space	0xff8\n"
	  "1:	lwarx	%r8, 0, %r5\n"		/* the last word of its page */
	  "	addi	%r8, %r8, 1\n"
	  "	stwcx.	%r8, 0, %r5\n"
	  "	bne-	1b\n"
	  "	nop\n"
	  "	sc\n");

/*
 * A hardware breakpoint stops in the page of a store conditional whose lwarx is in
 * another page. (W2, W3)
 */
TEST_F(debug, breakpoint_two_pages)
{
	struct asm_guest *guest = &self->guest;
	u64 addr;

	start(guest, two_pages_code);
	addr = asm_guest_addr(guest, two_pages_code + 1027);
	watch(guest, addr, 0, BREAK);
	expect_break(guest, addr);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 1);
	run_off(guest);
}

GUEST_ASM(dcbt_code,
	  "1:	lwarx	%r8, 0, %r5\n"
	  "	dcbt	0, %r5\n"
	  "	lwz	%r9, 0(%r5)\n"
	  "	nop\n"
	  "	stwcx.	%r8, 0, %r5\n"
	  "	bne-	1b\n"
	  "	sc\n");

/* KVM interprets one of 17 of these loads, and not while it steps the loop. (W2) */
TEST_F(debug, breakpoint_between)
{
	struct kvm_guest_debug debug = { .control = GUESTDBG_HW };
	struct asm_guest *guest = &self->guest;
	int i;

	for (i = 0; i < 2 * 17; i++) {
		start(guest, dcbt_code);
		debug.arch.bp[0].addr = asm_guest_addr(guest, dcbt_code + 3);
		debug.arch.bp[0].type = BREAK;
		debug.arch.bp[1].addr = data_ea(guest) + 8;
		debug.arch.bp[1].type = READ;
		debug.arch.bp[1].len = 4;
		vcpu_guest_debug_set(guest->vcpu, &debug);
		expect_break(guest, debug.arch.bp[0].addr);
	}
	run_off(guest);
}

GUEST_ASM(newer_code,
	  "	li	%r8, 1\n"
	  "	li	%r9, 2\n"
	  "	li	%r10, 4\n"
	  "	li	%r11, 4\n"
	  "	cmpwi	%r8, 1\n"
	  "	.long	0x7d48489e\n"	/* isel r10, r8, r9, eq: since Power ISA 2.03 */
	  "	.long	0x7d0b00f4\n"	/* popcntb r11, r8: since Power ISA 2.02 */
	  "	sc\n"
	  "newer_break: nop\n");

GUEST_LABELS(newer_break[]);

/*
 * An instruction that the CPU lacks causes the same interrupt in a page with a
 * breakpoint. (W3)
 */
TEST_F(debug, breakpoint_newer)
{
	struct asm_guest *guest = &self->guest;
	u64 isel, popcntb;

	asm_guest_load_skip_handler(guest, VEC_PROGRAM);
	start(guest, newer_code);
	run_off(guest);
	isel = guest->regs.gpr[10];
	popcntb = guest->regs.gpr[11];
	start(guest, newer_code);
	watch(guest, asm_guest_addr(guest, newer_break), 4, BREAK);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[10], isel);
	TEST_ASSERT_EQ(guest->regs.gpr[11], popcntb);
}

GUEST_ASM(low_bits_code,
	  "	mtlr	%r5\n"
	  "	blr\n"
	  "	nop\n"
	  "low_bits_next: ori %r7, %r7, 0x38c0\n"	/* 2 bytes further: li r6 */
	  "	ori	%r7, %r7, 0x38c0\n"
	  "	sc\n");

GUEST_LABELS(low_bits_next[]);

/* A branch ignores the low bits of LR, also if KVM interprets it. (W3) */
TEST_F(debug, low_bits)
{
	struct asm_guest *guest = &self->guest;

	start(guest, low_bits_code);
	guest->regs.gpr[5] = asm_guest_addr(guest, low_bits_next) | 2;
	guest->regs.gpr[6] = 0;
	guest->regs.gpr[7] = 0;
	asm_guest_set_regs(guest);
	watch(guest, asm_guest_addr(guest, low_bits_code) + 0x800, 4, BREAK);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[6], 0);
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x38c0);
}

/* A hardware breakpoint may be at a vector, and after rfi. (W2, W5) */
TEST_F(debug, breakpoint_vector)
{
	struct asm_guest *guest = &self->guest;
	u64 addr;

	start(guest, break_code);
	addr = asm_guest_addr(guest, break_larx);
	watch(guest, VEC_PROGRAM, 4, BREAK);
	expect_break(guest, VEC_PROGRAM);
	TEST_ASSERT_EQ(guest->regs.srr0, addr - 4);
	asm_guest_load_skip_handler(guest, VEC_PROGRAM);
	watch(guest, VEC_PROGRAM + 12, 4, BREAK);
	expect_break(guest, VEC_PROGRAM + 12);
	watch(guest, addr, 4, BREAK);
	expect_break(guest, addr);
	run_off(guest);
}

/* A step ends in front of the breakpoint, and the next one does not begin. (W4) */
TEST_F(debug, breakpoint_step)
{
	struct asm_guest *guest = &self->guest;
	u64 addr;

	start(guest, break_code);
	addr = asm_guest_addr(guest, break_code + 1);
	watch_step(guest, addr, 4, BREAK);
	asm_guest_expect_stop(guest, break_code + 1);
	expect_break(guest, addr);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, break_code + 2);
	watch_step(guest, addr, 4, BREAK);
	asm_guest_expect(guest, STOP_AT(break_code + 3), STOP_AT(break_code + 4),
			 STOP_AT(break_trap));
}

#define INCREMENTS	500

static void *run_second(void *second)
{
	asm_guest_run_to_osi(second);
	return NULL;
}

static void race(struct asm_guest *guest, struct asm_guest *second)
{
	struct asm_guest_thread thread;

	start(guest, atomic_code);
	start(second, atomic_code);
	guest->regs.gpr[9] = INCREMENTS;
	second->regs.gpr[9] = INCREMENTS;
	asm_guest_set_regs(guest);
	asm_guest_set_regs(second);
	asm_guest_start_thread(&thread, run_second, second);
	asm_guest_run_to_osi(guest);
	asm_guest_join_thread(&thread);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 2 * INCREMENTS);
}

/*
 * Two vCPUs increment a word beside the watched bytes.  One of them is watched, then
 * both are. (W3, W5)
 */
TEST_F(debug, atomic_race)
{
	struct asm_guest *guest = &self->guest, second;
	u64 ea = data_ea(guest);

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	asm_guest_add(&second, guest, 1);
	watch(guest, ea + 4, 4, READ);
	race(guest, &second);
	watch(guest, ea + 4, 4, WRITE);
	race(guest, &second);
	watch(&second, ea + 8, 4, WRITE);
	race(guest, &second);
	watch(&second, ea + 8, 4, READ);
	race(guest, &second);
	watch(guest, asm_guest_addr(guest, atomic_code) + 0x800, 4, BREAK);
	race(guest, &second);
}

/* A watchpoint is one of the vCPU that it is set on. (W5) */
TEST_F(debug, other_vcpu)
{
	struct asm_guest *guest = &self->guest, second;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	asm_guest_add(&second, guest, 1);
	start(guest, store_code);
	start(&second, store_code);
	watch(guest, data_ea(guest), 4, READ | WRITE);
	asm_guest_run_to_osi(&second);
	expect_hit(guest, STORE, data_ea(guest), WRITE);
	asm_guest_run_to_osi(&second);
}

#define TICKS		"2"	/* times 0x10000 */

GUEST_ASM(tick_handler,
	  "	lis	%r13, 0x7fff\n"
	  "	mtdec	%r13\n"
	  "	addi	%r12, %r12, 1\n"
	  "	lwz	%r13, 8(%r6)\n"
	  "	addi	%r13, %r13, 1\n"
	  "	stw	%r13, 8(%r6)\n"
	  GUEST_ASM_RFI);

#define NR_TICKS	"5"

/* The next interrupt comes after the last one, so that the loop gets on. */
GUEST_ASM(tick_code,
	  "	li	%r9, 0\n"
	  "	li	%r10, -1\n"
	  "	lis	%r11, " TICKS "\n"
	  "1:	cmpw	%r10, %r12\n"
	  "	beq	2f\n"
	  "	mr	%r10, %r12\n"
	  "	mtdec	%r11\n"
	  "2:	lwz	%r8, 4(%r5)\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stw	%r8, 4(%r5)\n"
	  "	addi	%r9, %r9, 1\n"
	  "	cmpwi	%r12, " NR_TICKS "\n"
	  "	blt	1b\n"
	  "	sc\n");

static void run_ticks(struct asm_guest *guest)
{
	asm_guest_write32(guest, GUEST_DATA + 4, 0);
	asm_guest_write32(guest, GUEST_DATA + 8, 0);
	guest->regs.msr |= MSR_EE;
	start(guest, tick_code);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 4), guest->regs.gpr[9]);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 8), guest->regs.gpr[12]);
}

/* Interrupts come while accesses beside the watched bytes are let through. (W3) */
TEST_F(debug, interrupts)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load(guest, VEC_DECREMENTER, tick_handler);
	watch(guest, data_ea(guest), 4, READ | WRITE);
	run_ticks(guest);
	watch(guest, asm_guest_data_addr(guest, guest->code + 0x800), 4, READ);
	run_ticks(guest);
	watch(guest, VEC_DECREMENTER + 0x80, 4, BREAK);
	run_ticks(guest);
}

struct signaller {
	struct asm_guest_thread thread;
	pthread_t target;
	useconds_t pause;
};

static void no_action(int signum)
{
}

static void *send_signals(void *arg)
{
	struct signaller *signaller = arg;

	while (!READ_ONCE(signaller->thread.stop)) {
		pthread_kill(signaller->target, SIGUSR1);
		usleep(READ_ONCE(signaller->pause));
	}
	return NULL;
}

/* Signals interrupt KVM_RUN all the time. (A10, W3) */
TEST_F(debug, signals)
{
	struct signaller signaller = { .target = pthread_self(), .pause = 200 };
	struct sigaction sa = { .sa_handler = no_action };
	struct asm_guest *guest = &self->guest;
	unsigned int i, breaks = 0;
	u64 pc;
	int ret;

	sigaction(SIGUSR1, &sa, NULL);
	asm_guest_start_thread(&signaller.thread, send_signals, &signaller);
	for (i = 0; i < 3 || !breaks; i++) {
		start(guest, atomic_code);
		if (i % 3 == 1)
			watch(guest, asm_guest_addr(guest, atomic_code) + 0x800, 4, BREAK);
		else
			watch(guest, i % 3 ? asm_guest_data_addr(guest, guest->code + 0x800) :
			      data_ea(guest) + 4, 4, READ | WRITE);
		for (;;) {
			pc = guest->regs.pc;
			ret = __asm_guest_run(guest);
			if (ret != -EINTR)
				break;
			breaks++;
			if (guest->regs.pc == pc)	/* Let the guest get on. */
				WRITE_ONCE(signaller.pause, signaller.pause + 10);
		}
		TEST_ASSERT_EQ(ret, 0);
		TEST_ASSERT_EQ(guest->vcpu->run->exit_reason, KVM_EXIT_OSI);
		asm_guest_run_immediate_exit(guest);
		TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 100);
	}
	asm_guest_stop_thread(&signaller.thread);
}

/* In which of the guest's states the accesses are, for translated guests */
static const u64 states[] = { MSR_IR | MSR_DR, MSR_DR, MSR_IR | MSR_DR | MSR_PR, MSR_DR | MSR_PR };

/* Addresses are effective ones, in each state and in split real mode. (W2, W3) */
TEST_F(debug, translated)
{
	struct asm_guest *guest = &self->guest;
	u64 ea = data_ea(guest), addr;
	unsigned int i;

	if (variant->mmu == GUEST_MMU_REAL)
		SKIP(return, "The guest is in real mode");

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		guest->regs.msr = (variant->msr & ~(MSR_IR | MSR_DR)) | states[i];
		guest->ea_offset = states[i] & MSR_IR ? GUEST_EA_RAM : 0;
		start(guest, store_code);
		watch(guest, ea, 4, READ | WRITE);
		expect_hit(guest, STORE, ea, WRITE);
		/* The real address is not watched. */
		watch(guest, GUEST_DATA, 4, READ | WRITE);
		asm_guest_run_to_osi(guest);

		start(guest, store_code);
		addr = asm_guest_addr(guest, LOAD);
		watch(guest, addr, 4, BREAK);
		expect_break(guest, addr);
		watch(guest, ea, 1, READ);
		expect_hit(guest, LOAD, ea, READ);
		watch(guest, addr + 4, 4, BREAK);
		expect_break(guest, addr + 4);

		/* The guest's own interrupt comes first. */
		guest->regs.gpr[5] = GUEST_EA_UNMAPPED;
		asm_guest_goto(guest, store_code);
		watch(guest, GUEST_EA_UNMAPPED, 4, READ | WRITE);
		asm_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.pc, VEC_DATA_STORAGE + 4);
		asm_guest_run_immediate_exit(guest);
	}
}

GUEST_ASM(both_code,
	  "	nop\n"
	  GUEST_ASM_SW_BP
	  "	sc\n");

/* A software breakpoint at a hardware breakpoint, which comes first. (W4) */
TEST_F(debug, software_breakpoint)
{
	struct asm_guest *guest = &self->guest;
	u64 addr;

	start(guest, both_code);
	addr = asm_guest_addr(guest, both_code + 1);
	set_watch(guest, KVM_GUESTDBG_USE_SW_BP, addr, 4, BREAK);
	expect_break(guest, addr);
	set_watch(guest, KVM_GUESTDBG_USE_SW_BP, addr + 0x100, 4, BREAK);
	asm_guest_expect(guest, STOP_AT(both_code + 1), STOP_AT(both_code + 1));
}

/* Watchpoints are toggled at each stop, with the pages mapped in between. (W5) */
TEST_F(debug, toggle)
{
	struct asm_guest *guest = &self->guest;
	int i;

	for (i = 0; i < 200; i++) {
		start(guest, store_code);
		run_off(guest);
		start(guest, store_code);
		watch(guest, data_ea(guest) + i % 4, 1, i & 1 ? READ : WRITE);
		expect_hit(guest, i & 1 ? LOAD : STORE, data_ea(guest) + i % 4,
			   i & 1 ? READ : WRITE);
	}
}

/* Long ranges reach over borders of pages and of segments. (W1, W3) */
TEST_F(debug, long_watch)
{
	struct asm_guest *guest = &self->guest;
	u64 ea = data_ea(guest);

	start(guest, store_code);
	watch(guest, ea + 1, 0x10000000, WRITE);
	expect_hit(guest, STORE, ea + 1, WRITE);
	watch(guest, ea - 0x20000, 0x20001, WRITE);
	expect_hit(guest, STORE, ea - 0x20000, WRITE);
	watch(guest, ea - 0x20000, 0x20000, READ | WRITE);
	asm_guest_run_to_osi(guest);
}

/* A 750 has dcbz of 32 bytes and paired singles.  It runs in real mode here. */
DEBUG_FIXTURE(bat);
FIXTURE_VARIANT_ADD(bat, guest32be)
{
	.msr = MSR_GUEST_REAL & ~(MSR_SF | MSR_LE),
	.mmu = GUEST_MMU_BAT,
};

GUEST_ASM(dcbz_code,
	  "	dcbz	0, %r5\n"
	  "	dcbz	0, %r5\n"
	  "	sc\n");

/* dcbz of 32 bytes, which KVM emulates on 64-bit hosts. (W2, W3) */
TEST_F(bat, dcbz)
{
	struct asm_guest *guest = &self->guest;

	start_at(guest, dcbz_code, GUEST_DATA);
	watch(guest, GUEST_DATA + 31, 4, WRITE);
	expect_hit(guest, dcbz_code, GUEST_DATA + 31, WRITE);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), INST_SC);
	watch(guest, GUEST_DATA + 32, 4, READ | WRITE);
	asm_guest_run_to_osi(guest);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 0);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 32), INST_SC);

	/* Again, patched by now, and by steps */
	start_at(guest, dcbz_code, GUEST_DATA);
	watch_step(guest, GUEST_DATA + 4, 4, READ | WRITE);
	expect_hit(guest, dcbz_code, GUEST_DATA + 4, WRITE);
	watch_step(guest, GUEST_DATA - 1, 1, READ | WRITE);
	asm_guest_expect_stop(guest, dcbz_code + 1);
}

GUEST_ASM(ps_code,
	  "	.machine \"750cl\"\n"
	  "	mtspr	" __stringify(SPRN_HID2_GEKKO) ", %r8\n"
	  "	mtspr	" __stringify(SPRN_GQR0) ", %r9\n"	/* no scaling */
	  "	psq_l	%f1, 0(%r5), 0, 0\n"
	  "	psq_stu %f1, 8(%r5), 0, 0\n"
	  "	lfs	%f3, 0(%r5)\n"
	  "	stfdu	%f3, 8(%r5)\n"
	  "	nop\n"
	  "	sc\n");

/* Paired singles, and floating point that KVM emulates with them. (W2) */
TEST_F(bat, paired_singles)
{
	struct asm_guest *guest = &self->guest;

	guest->regs.msr |= MSR_FP;
	start_at(guest, ps_code, GUEST_DATA);
	guest->regs.gpr[8] = BIT(29);
	guest->regs.gpr[9] = 0;
	asm_guest_set_regs(guest);

	watch(guest, GUEST_DATA + 7, 1, READ);
	expect_hit(guest, ps_code + 2, GUEST_DATA + 7, READ);
	watch(guest, GUEST_DATA + 15, 1, WRITE);
	expect_hit(guest, ps_code + 3, GUEST_DATA + 15, WRITE);
	TEST_ASSERT_EQ(guest->regs.gpr[5], GUEST_DATA);
	watch(guest, GUEST_DATA + 8, 4, READ);
	expect_hit(guest, ps_code + 4, GUEST_DATA + 8, READ);
	TEST_ASSERT_EQ(guest->regs.gpr[5], GUEST_DATA + 8);
	watch_step(guest, GUEST_DATA + 16, 1, WRITE);
	asm_guest_expect_stop(guest, ps_code + 5);
	expect_hit(guest, ps_code + 5, GUEST_DATA + 16, WRITE);
	asm_guest_control(guest, GUESTDBG_STEP);
	asm_guest_expect_stop(guest, ps_code + 6);
	TEST_ASSERT_EQ(guest->regs.gpr[5], GUEST_DATA + 16);
}

TEST_HARNESS_MAIN
