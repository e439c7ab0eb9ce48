// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests of KVM Book3S PR that trace themselves, with and without a debugger
 *
 * Each case names the clause that it proves:
 *
 * B2  The debugger's steps leave the guest's MSR[SE] and MSR[BE] alone; its own
 *     Trace interrupt is the next event after the stop.
 * B3  Instructions that KVM emulates are traced, too.
 * B4  A free run and a stepped one end in the same state.
 */
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debug_fixture.h"

#ifndef PTRACE_SINGLEBLOCK
#define PTRACE_SINGLEBLOCK	0x100
#endif

/* Records where it was, at r29. */
GUEST_ASM(trace_handler,
	  "	mfsrr0	%r30\n"
	  "	stwu	%r30, 4(%r29)\n"
	  GUEST_ASM_RFI);

GUEST_ASM(rfi_handler, GUEST_ASM_RFI);

/* r5 is GUEST_MMIO, r7 the MSR without SE and BE. */
GUEST_ASM(trace_code,
	  "	li	%r8, 1\n"
	  "tr_1: mfmsr	%r6\n"
	  "tr_2: mtsprg	0, %r8\n"
	  "tr_3: b	tr_5\n"
	  "	nop\n"
	  "tr_5: cmpwi	%r8, 2\n"
	  "tr_6: beq	tr_5\n"
	  "tr_7: sc\n"
	  "tr_8: trap\n"
	  "tr_9: lwz	%r10, 0(%r5)\n"
	  "tr_10: bl	tr_11\n"
	  "tr_11: mtmsr	%r7\n"
	  "tr_12: nop\n"
	  "tr_13: nop\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(tr_1[], tr_2[], tr_3[], tr_5[], tr_6[], tr_7[], tr_8[], tr_9[],
	     tr_10[], tr_11[], tr_12[], tr_13[]);

/* What happens under step, in this order, and which MSR bits make it traced */
struct trace_event {
	const u32 *label;
	u64 vector;
	u64 traced_by;
	bool mmio;
};

static const struct trace_event events[] = {
	{ .label = tr_1, .traced_by = MSR_SE },
	{ .label = tr_2, .traced_by = MSR_SE },
	{ .label = tr_3, .traced_by = MSR_SE },
	{ .label = tr_5, .traced_by = MSR_SE | MSR_BE },
	{ .label = tr_6, .traced_by = MSR_SE },
	{ .label = tr_7, .traced_by = MSR_SE | MSR_BE },	/* not taken */
	{ .vector = VEC_SYSCALL },
	{ .label = tr_8 },					/* by rfi */
	{ .vector = VEC_PROGRAM },
	{ .label = tr_9 },					/* by rfi */
	{ .label = tr_10, .traced_by = MSR_SE, .mmio = true },
	{ .label = tr_11, .traced_by = MSR_SE | MSR_BE },
	{ .label = tr_12, .traced_by = MSR_SE },
	{ .label = tr_13 },
};

/*
 * Does the CPU trace branches?  Some emulated ones do not.  Ask the host's
 * ptrace(), which uses MSR[BE] as well.
 */
static bool cpu_traces_branches(void)
{
	int status;
	pid_t pid;

	pid = fork();
	TEST_ASSERT(pid >= 0, "fork() failed");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}

	TEST_ASSERT(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status),
		    "The child did not stop");
	TEST_ASSERT(!ptrace(PTRACE_SINGLEBLOCK, pid, NULL, NULL),
		    "ptrace() failed, errno: %d", errno);
	TEST_ASSERT(waitpid(pid, &status, 0) == pid, "waitpid() failed");
	if (WIFEXITED(status))
		return false;

	TEST_ASSERT_EQ(WSTOPSIG(status), SIGTRAP);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

static void start_trace(struct debug_guest *guest, u64 msr, u64 trace)
{
	debug_guest_load(guest, VEC_TRACE, trace_handler, trace_handler_end);
	debug_guest_load(guest, VEC_SYSCALL, rfi_handler, rfi_handler_end);
	debug_guest_load_skip_handler(guest, VEC_PROGRAM);

	guest->regs.msr = msr | trace;
	guest->regs.gpr[3] = 0;
	guest->regs.gpr[5] = GUEST_MMIO;
	guest->regs.gpr[7] = msr;
	guest->regs.gpr[29] = GUEST_DATA - 4;
	debug_guest_start(guest, trace_code, trace_code_end);
}

static void load_mmio(struct debug_guest *guest)
{
	debug_guest_run(guest, KVM_EXIT_MMIO);
	memset(guest->vcpu->run->mmio.data, 0x5a,
	       sizeof(guest->vcpu->run->mmio.data));
}

/* What the handler has recorded must be what the table says. */
static void check_record(struct debug_guest *guest, u64 trace)
{
	gpa_t gpa = GUEST_DATA;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!(events[i].traced_by & trace))
			continue;
		TEST_ASSERT(debug_guest_read32(guest, gpa) ==
			    debug_guest_addr(guest, events[i].label),
			    "Traced at 0x%x instead of 0x%" PRIx64,
			    debug_guest_read32(guest, gpa),
			    debug_guest_addr(guest, events[i].label));
		gpa += 4;
	}
	TEST_ASSERT(guest->regs.gpr[29] + 4 == gpa, "%u Trace interrupts too many",
		    (u32)(guest->regs.gpr[29] + 4 - gpa) / 4);
	TEST_ASSERT_EQ(guest->regs.gpr[10], 0x5a5a5a5a);
	TEST_ASSERT_EQ(guest->regs.gpr[6], guest->regs.gpr[7] | trace);
	TEST_ASSERT_EQ(guest->regs.msr, guest->regs.gpr[7]);
}

static void trace_freely(struct debug_guest *guest, u64 msr, u64 trace)
{
	start_trace(guest, msr, trace);
	load_mmio(guest);
	debug_guest_run(guest, KVM_EXIT_OSI);
	check_record(guest, trace);
}

static void trace_stepped(struct debug_guest *guest, u64 msr, u64 trace)
{
	const struct trace_event *ev;

	start_trace(guest, msr, trace);
	debug_guest_control(guest, GUESTDBG_STEP);
	for (ev = events; ev < events + ARRAY_SIZE(events); ev++) {
		if (ev->mmio)
			load_mmio(guest);

		debug_guest_expect_pc(guest, ev->label ?
				      debug_guest_addr(guest, ev->label) :
				      ev->vector);
		if (ev->vector == VEC_PROGRAM) {
			/* ends at tr_9, the next event */
			debug_guest_step_skip_handler(guest);
			ev++;
		}

		if (!(ev->traced_by & trace))
			continue;

		debug_guest_expect_pc(guest, VEC_TRACE);
		TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, ev->label));
		debug_guest_expect_pc(guest, VEC_TRACE + 4);
		debug_guest_expect_pc(guest, VEC_TRACE + 8);
		debug_guest_expect_stop(guest, ev->label);
	}

	debug_guest_control(guest, GUESTDBG_OFF);
	debug_guest_run(guest, KVM_EXIT_OSI);
	check_record(guest, trace);
}

/* A1, B3: the table itself; without tracing, nothing is traced. */
TEST_F(debug, no_trace)
{
	trace_freely(&self->guest, variant->msr, 0);
}

/* A1, B2 */
TEST_F(debug, no_trace_stepped)
{
	trace_stepped(&self->guest, variant->msr, 0);
}

/* B3 */
TEST_F(debug, trace_se)
{
	trace_freely(&self->guest, variant->msr, MSR_SE);
}

/* B2 */
TEST_F(debug, trace_se_stepped)
{
	trace_stepped(&self->guest, variant->msr, MSR_SE);
}

/* B3: branches, taken and not taken, are nothing that KVM emulates. */
TEST_F(debug, trace_be)
{
	if (!cpu_traces_branches())
		SKIP(return, "The CPU does not trace branches");

	trace_freely(&self->guest, variant->msr, MSR_BE);
}

/* B2 */
TEST_F(debug, trace_be_stepped)
{
	if (!cpu_traces_branches())
		SKIP(return, "The CPU does not trace branches");

	trace_stepped(&self->guest, variant->msr, MSR_BE);
}

GUEST_ASM(bctar_code,
	  "	.long	0x4e800460\n"		/* bctar */
	  "	nop\n"
	  "bctar_2: nop\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(bctar_2[]);

/* B2: bctar is a branch that MSR[BE] traces. */
TEST_F(debug, trace_bctar_stepped)
{
	struct debug_guest *guest = &self->guest;
	unsigned long target;

	if (!(getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07))
		SKIP(return, "The CPU has no bctar");
	if (!cpu_traces_branches())
		SKIP(return, "The CPU does not trace branches");

	debug_guest_load(guest, VEC_TRACE, rfi_handler, rfi_handler_end);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FSCR, 0x100);	/* TAR */
	guest->regs.msr = variant->msr | MSR_BE;
	debug_guest_start(guest, bctar_code, bctar_code_end);
	target = debug_guest_addr(guest, bctar_2);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_TAR, target);
	/*
	 * KVM loads the guest's TAR at a Facility Unavailable interrupt.  QEMU's
	 * TCG raises none for bctar, and takes the TAR of this process.
	 */
	asm volatile("mtspr 815, %0" : : "r" (target));

	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, bctar_2);
	debug_guest_expect_pc(guest, VEC_TRACE);
	TEST_ASSERT_EQ(guest->regs.srr0, target);
	debug_guest_expect_stop(guest, bctar_2);
}

/* B2: a debugger that comes and goes leaves the guest its MSR[SE]. */
TEST_F(debug, trace_se_detach)
{
	struct debug_guest *guest = &self->guest;

	start_trace(guest, variant->msr, MSR_SE);
	debug_guest_control(guest, GUESTDBG_STEP);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_SE);
	debug_guest_expect_stop(guest, tr_1);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr | MSR_SE);
	debug_guest_control(guest, GUESTDBG_OFF);
	load_mmio(guest);
	debug_guest_run(guest, KVM_EXIT_OSI);
	check_record(guest, MSR_SE);
}

/*
 * B4: a loop with everything in it, seeded by its counter r8.  r6 is a
 * checksum, r7 the MSR with FP, r9 and r12 are addresses of data.
 */
GUEST_ASM(same_code,
	  "	li	%r8, 20\n"
	  "1:	addi	%r8, %r8, -1\n"
	  "	mulli	%r6, %r6, 31\n"
	  "	add	%r6, %r6, %r8\n"
	  "	mtsprg	1, %r6\n"
	  "	mfmsr	%r10\n"
	  "	add	%r6, %r6, %r10\n"
	  "	stwu	%r6, 4(%r9)\n"
	  "	andi.	%r11, %r8, 3\n"
	  "	bne	2f\n"
	  "	li	%r3, 0\n"
	  "	sc\n"
	  "	mfsrr1	%r11\n"
	  "	xor	%r6, %r6, %r11\n"
	  "2:	andi.	%r11, %r8, 5\n"
	  "	bne	3f\n"
	  "	.long	0\n"
	  "3:	mtmsr	%r7\n"
	  "	lfd	%f1, 0(%r12)\n"
	  "	fadd	%f2, %f2, %f1\n"
	  "	stfd	%f2, 8(%r12)\n"
	  "	mfsprg	%r6, 1\n"
	  "	cmpwi	%r8, 0\n"
	  "	bne	1b\n"
	  GUEST_ASM_OSI);

static void start_same(struct debug_guest *guest, u64 msr)
{
	debug_guest_load(guest, VEC_SYSCALL, rfi_handler, rfi_handler_end);
	debug_guest_load_skip_handler(guest, VEC_PROGRAM);
	guest->regs.gpr[7] = msr | MSR_FP;
	guest->regs.gpr[9] = GUEST_DATA + 0x100;
	guest->regs.gpr[12] = GUEST_DATA;
	debug_guest_start(guest, same_code, same_code_end);
}

TEST_F(debug, same_end)
{
	struct debug_guest *freely = &self->guest, stepped;
	unsigned int nr = 0;
	u64 fpr[2];

	start_same(freely, variant->msr);
	debug_guest_run(freely, KVM_EXIT_OSI);

	debug_guest_create(&stepped, variant->msr);
	start_same(&stepped, variant->msr);
	debug_guest_control(&stepped, GUESTDBG_STEP);
	while (!__debug_guest_run(&stepped) &&
	       stepped.vcpu->run->exit_reason == KVM_EXIT_DEBUG)
		nr++;
	TEST_ASSERT_EQ(stepped.vcpu->run->exit_reason, KVM_EXIT_OSI);
	TEST_ASSERT(nr > 300, "Only %u stops", nr);

	TEST_ASSERT(!memcmp(&freely->regs, &stepped.regs, sizeof(stepped.regs)),
		    "Registers differ");
	TEST_ASSERT(!memcmp(addr_gpa2hva(freely->vm, GUEST_DATA),
			    addr_gpa2hva(stepped.vm, GUEST_DATA), 0x1000),
		    "Memory differs");
	fpr[0] = vcpu_get_reg(freely->vcpu, KVM_REG_PPC_FPR(2));
	fpr[1] = vcpu_get_reg(stepped.vcpu, KVM_REG_PPC_FPR(2));
	TEST_ASSERT_EQ(fpr[0], fpr[1]);
	debug_guest_destroy(&stepped);
}

TEST_HARNESS_MAIN
