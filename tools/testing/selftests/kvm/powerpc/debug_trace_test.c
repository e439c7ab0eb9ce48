// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests of KVM Book3S PR that trace themselves, with and without a debugger
 */
#include "debug_suite.h"

DEBUG_SUITE_ALL(debug);

/* Store SRR0 at the address in r29. */
GUEST_ASM(trace_handler,
	  "	mfsrr0	%r30\n"
	  "	stwu	%r30, 4(%r29)\n"
	  GUEST_ASM_RFI);

/* r5 is the address of GUEST_MMIO, r7 the MSR without SE and BE. */
GUEST_ASM(trace_code,
	  "	li	%r8, 1\n"
	  "	mfmsr	%r6\n"
	  "	mtsprg	0, %r8\n"
	  "	b	. + 8\n"
	  "	nop\n"
	  "	cmpwi	%r8, 2\n"
	  "	beq	. - 4\n"
	  "	sc\n"
	  "	trap\n"
	  "	lwz	%r10, 0(%r5)\n"
	  "	bl	. + 4\n"
	  "	mtmsr	%r7\n"
	  "	nop\n"
	  "	nop\n"
	  GUEST_ASM_OSI);

/* What happens under step, in this order, and which MSR bits make it traced */
struct trace_event {
	const u32 *label;
	u64 vector;
	u64 traced_by;
	bool mmio;
};

static const struct trace_event events[] = {
	{ .label = trace_code + 1, .traced_by = MSR_SE },
	{ .label = trace_code + 2, .traced_by = MSR_SE },
	{ .label = trace_code + 3, .traced_by = MSR_SE },
	{ .label = trace_code + 5, .traced_by = MSR_SE | MSR_BE },
	{ .label = trace_code + 6, .traced_by = MSR_SE },
	{ .label = trace_code + 7, .traced_by = MSR_SE | MSR_BE },	/* not taken */
	{ .vector = VEC_SYSCALL },
	{ .label = trace_code + 8 },					/* by rfi */
	{ .vector = VEC_PROGRAM },
	{ .label = trace_code + 9 },					/* by rfi */
	{ .label = trace_code + 10, .traced_by = MSR_SE, .mmio = true },
	{ .label = trace_code + 11, .traced_by = MSR_SE | MSR_BE },
	{ .label = trace_code + 12, .traced_by = MSR_SE },
	{ .label = trace_code + 13 },
};

static void start_trace(struct asm_guest *guest, u64 msr, u64 trace)
{
	asm_guest_load(guest, VEC_TRACE, trace_handler);
	asm_guest_load_rfi_handler(guest, VEC_SYSCALL);
	asm_guest_load_skip_handler(guest, VEC_PROGRAM);

	guest->regs.msr = msr | trace;
	guest->regs.gpr[3] = 0;
	guest->regs.gpr[5] = asm_guest_mmio_addr(guest);
	guest->regs.gpr[7] = msr;
	guest->regs.gpr[10] = 0;
	guest->regs.gpr[29] = GUEST_DATA - 4;
	asm_guest_start(guest, trace_code);
}

static void load_mmio(struct asm_guest *guest)
{
	asm_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0x5a,
	       sizeof(guest->vcpu->run->mmio.data));
}

/* What the handler has recorded must be what the table says. */
static void check_record(struct asm_guest *guest, u64 trace)
{
	gpa_t gpa = GUEST_DATA;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!(events[i].traced_by & trace))
			continue;
		TEST_ASSERT(asm_guest_read32(guest, gpa) ==
			    asm_guest_addr(guest, events[i].label),
			    "Traced at 0x%x instead of 0x%" PRIx64,
			    asm_guest_read32(guest, gpa),
			    asm_guest_addr(guest, events[i].label));
		gpa += 4;
	}
	TEST_ASSERT(guest->regs.gpr[29] + 4 == gpa, "%d Trace interrupts too many",
		    (s32)(guest->regs.gpr[29] + 4 - gpa) / 4);
	TEST_ASSERT_EQ(guest->regs.gpr[10], 0x5a5a5a5a);
	TEST_ASSERT_EQ(guest->regs.gpr[6], guest->regs.gpr[7] | trace);
	TEST_ASSERT_EQ(guest->regs.msr, guest->regs.gpr[7]);
}

static void trace_freely(struct asm_guest *guest, u64 msr, u64 trace, u32 control)
{
	start_trace(guest, msr, trace);
	asm_guest_control(guest, control);
	load_mmio(guest);
	asm_guest_run_to_osi(guest);
	check_record(guest, trace);
}

static void trace_stepped(struct asm_guest *guest, u64 msr, u64 trace)
{
	const struct trace_event *ev;

	start_trace(guest, msr, trace);
	asm_guest_control(guest, GUESTDBG_STEP);
	for (ev = events; ev < events + ARRAY_SIZE(events); ev++) {
		if (ev->mmio)
			load_mmio(guest);

		asm_guest_expect_pc(guest, ev->label ?
				      asm_guest_addr(guest, ev->label) :
				      ev->vector);
		if (ev->vector == VEC_PROGRAM) {
			/* ends at the next event */
			asm_guest_step_skip_handler(guest);
			ev++;
		}

		if (!(ev->traced_by & trace))
			continue;

		asm_guest_expect_pc(guest, VEC_TRACE);
		TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, ev->label));
		asm_guest_expect_pc(guest, VEC_TRACE + 4);
		asm_guest_expect_pc(guest, VEC_TRACE + 8);
		asm_guest_expect_stop(guest, ev->label);
	}

	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_run_to_osi(guest);
	check_record(guest, trace);
}

static const u64 traces[] = { 0, MSR_SE, MSR_SE | MSR_BE };

/* MSR[SE] traces each instruction, whoever executes it, also with BLOCKIRQ. (B2, B3, D3) */
TEST_F(debug, trace)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(traces); i++) {
		trace_freely(&self->guest, variant->msr, traces[i], GUESTDBG_OFF);
		trace_freely(&self->guest, variant->msr, traces[i],
			     KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_BLOCKIRQ);
	}
}

/* Under step, each Trace interrupt is the next event after the stop. (A1, B2) */
TEST_F(debug, trace_stepped)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(traces); i++)
		trace_stepped(&self->guest, variant->msr, traces[i]);
}

/* MSR[BE] traces branches, taken and not taken. (B3) */
TEST_F(debug, trace_be)
{
	if (!cpu_traces_branches())
		SKIP(return, "The CPU does not trace branches");

	trace_freely(&self->guest, variant->msr, MSR_BE, GUESTDBG_OFF);
}

/* Under step, each Trace interrupt of MSR[BE] is the next event after the stop. (B2) */
TEST_F(debug, trace_be_stepped)
{
	if (!cpu_traces_branches())
		SKIP(return, "The CPU does not trace branches");

	trace_stepped(&self->guest, variant->msr, MSR_BE);
}

GUEST_ASM(process_code,
	  "	li	%r8, 1\n"
	  "	addi	%r8, %r8, 1\n"
	  "	stw	%r8, 0(%r6)\n"
	  "	b	. + 4\n"
	  GUEST_ASM_OSI);

/* A process that is traced, as by the guest's ptrace(), can be stepped. (B2) */
TEST_F(debug, trace_problem_state_stepped)
{
	struct asm_guest *guest = &self->guest;
	u64 msr = variant->msr | MSR_PR | MSR_SE;
	unsigned int i;

	asm_guest_load_rfi_handler(guest, VEC_TRACE);
	guest->regs.msr = msr;
	guest->regs.gpr[6] = asm_guest_data_addr(guest, GUEST_DATA);
	asm_guest_start_step(guest, process_code);
	for (i = 1; i < 9; i++) {
		asm_guest_expect(guest, STOP_AT(process_code + i), STOP_PC(VEC_TRACE));
		TEST_ASSERT_EQ(guest->regs.srr1 & (MSR_PR | MSR_SE), MSR_PR | MSR_SE);
		asm_guest_expect_stop(guest, process_code + i);
		TEST_ASSERT_EQ(guest->regs.msr, msr);
	}
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA), 2);
}

/* mtmsr that sets MSR[SE] is not traced, and mtmsr that clears it is. (B2) */
GUEST_ASM(mtmsr_code,
	  "	mtmsr	%r6\n"
	  "	nop\n"
	  "	mtmsr	%r7\n"
	  "	nop\n");

TEST_F(debug, trace_mtmsr_stepped)
{
	struct asm_guest *guest = &self->guest;

	asm_guest_load_rfi_handler(guest, VEC_TRACE);
	guest->regs.gpr[6] = variant->msr | MSR_SE;
	guest->regs.gpr[7] = variant->msr;
	asm_guest_start_step(guest, mtmsr_code);
	asm_guest_expect(guest, STOP_AT(mtmsr_code + 1), STOP_AT(mtmsr_code + 2),
			 STOP_PC(VEC_TRACE), STOP_AT(mtmsr_code + 2),
			 STOP_AT(mtmsr_code + 3), STOP_PC(VEC_TRACE),
			 STOP_AT(mtmsr_code + 3), STOP_AT(mtmsr_code + 4));
}

GUEST_ASM(spr_branch_code,
	  "	blr\n"
	  "	nop\n"
	  "	bctr\n"
	  "	nop\n"
	  "	nop\n");

/* MSR[BE] traces branches to LR and to CTR. (B2) */
TEST_F(debug, trace_spr_branch_stepped)
{
	struct asm_guest *guest = &self->guest;
	const u32 *code = spr_branch_code;

	if (!cpu_traces_branches())
		SKIP(return, "The CPU does not trace branches");

	asm_guest_load_rfi_handler(guest, VEC_TRACE);
	guest->regs.msr = variant->msr | MSR_BE;
	asm_guest_start_step(guest, code);
	guest->regs.lr = asm_guest_addr(guest, code + 2);
	guest->regs.ctr = asm_guest_addr(guest, code + 4);
	asm_guest_set_regs(guest);
	asm_guest_expect(guest, STOP_AT(code + 2), STOP_PC(VEC_TRACE), STOP_AT(code + 2),
			 STOP_AT(code + 4), STOP_PC(VEC_TRACE), STOP_AT(code + 4),
			 STOP_AT(code + 5));
}

GUEST_ASM(bctar_code,
	  "	bctar	20, 0, 0\n"
	  "	nop\n"
	  "	nop\n"
	  GUEST_ASM_OSI);

/* bctar is a branch that MSR[BE] traces. (B2) */
TEST_F(debug, trace_bctar_stepped)
{
	struct asm_guest *guest = &self->guest;
	u64 target;

	if (!host_has_isa_2_07() || guest->cpu32)
		SKIP(return, "The CPU has no bctar");
	if (!cpu_traces_branches())
		SKIP(return, "The CPU does not trace branches");

	asm_guest_load_rfi_handler(guest, VEC_TRACE);
	guest->regs.msr = variant->msr | MSR_BE;
	asm_guest_start_step(guest, bctar_code);
	target = asm_guest_addr(guest, bctar_code + 2);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FSCR, FSCR_TAR);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_TAR, target);
	/*
	 * KVM loads the guest's TAR at a Facility Unavailable interrupt.  QEMU's
	 * TCG raises none for bctar, and takes the TAR of this process.
	 */
	mtspr(SPRN_TAR, target);
	asm_guest_expect(guest, STOP_PC(target), STOP_PC(VEC_TRACE));
	TEST_ASSERT_EQ(guest->regs.srr0, target);
	asm_guest_expect_pc(guest, target);
}

/* A debugger that comes and goes leaves the guest its MSR[SE]. (B2) */
TEST_F(debug, trace_se_detach)
{
	struct asm_guest *guest = &self->guest;

	start_trace(guest, variant->msr, MSR_SE);
	asm_guest_control(guest, GUESTDBG_STEP);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_SE);
	asm_guest_expect_stop(guest, trace_code + 1);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_SE);
	asm_guest_control(guest, GUESTDBG_OFF);
	load_mmio(guest);
	asm_guest_run(guest, KVM_EXIT_OSI);
	check_record(guest, MSR_SE);
}

TEST_HARNESS_MAIN
