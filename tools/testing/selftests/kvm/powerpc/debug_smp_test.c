// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debugging guests of KVM Book3S PR while other threads are at work: on other
 * vCPUs, and on the guest's memory
 *
 * Each case names the clause that it proves:
 *
 * A1  A step of one vCPU is a step of this vCPU, whatever the others do.
 * A6  An access to memory that is just gone is MMIO, and still one step.
 * A9  What KVM does behind the guest's back is not a stop.
 * B1  The guest never sees the debugger's MSR[SE].
 */
#include <pthread.h>

#include "debug_fixture.h"

static void join_thread(pthread_t thread)
{
	TEST_ASSERT(!pthread_join(thread, NULL), "pthread_join() failed");
}

/* Three instructions, for ever: one that KVM emulates, and two that it does not */
GUEST_ASM(loop_code,
	  "1:	mfmsr	%r6\n"
	  "	addi	%r7, %r7, 1\n"
	  "	b	1b\n");

#define LOOP_LEN	3
#define NR_STEPS	300
#define CODE_2		0x20000		/* of the second vCPU */

struct stepper {
	struct kvm_vcpu *vcpu;
	unsigned int nr_bad;
	int ret;
};

/* The second vCPU's debugger; it leaves the judgment to the main thread. */
static void *step_loop(void *arg)
{
	struct stepper *stepper = arg;
	struct kvm_run *run = stepper->vcpu->run;
	unsigned int i;

	for (i = 1; i <= NR_STEPS && !stepper->ret; i++) {
		stepper->ret = __vcpu_run(stepper->vcpu);
		if (run->exit_reason != KVM_EXIT_DEBUG || run->debug.arch.status ||
		    run->debug.arch.address != CODE_2 + i % LOOP_LEN * 4)
			stepper->nr_bad++;
	}
	return NULL;
}

/* A1, B1: two debuggers at the same time */
TEST_F(debug, both_stepped)
{
	struct kvm_guest_debug debug = { .control = GUESTDBG_STEP };
	struct debug_guest *guest = &self->guest;
	struct kvm_regs regs = guest->regs;
	struct stepper stepper = {};
	pthread_t thread;
	int i;

	if (kvm_check_cap(KVM_CAP_MAX_VCPUS) < 2)
		SKIP(return, "KVM has one vCPU only, as the host's kernel is not SMP");

	stepper.vcpu = vm_vcpu_add_real_mode(guest->vm, 1);
	if (guest->swap)
		vcpu_set_reg(stepper.vcpu, KVM_REG_PPC_LPCR_64,
			     variant->msr & MSR_LE ? LPCR_ILE : 0);
	debug_guest_load(guest, CODE_2, loop_code, loop_code_end);
	regs.pc = CODE_2;
	regs.gpr[7] = 0;
	vcpu_regs_set(stepper.vcpu, &regs);
	vcpu_guest_debug_set(stepper.vcpu, &debug);

	guest->regs.gpr[7] = 0;
	debug_guest_start(guest, loop_code, loop_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_start_thread(&thread, step_loop, &stepper);
	for (i = 1; i <= NR_STEPS; i++)
		debug_guest_expect_stop(guest, loop_code + i % LOOP_LEN);
	join_thread(thread);

	TEST_ASSERT_EQ(guest->regs.gpr[6], variant->msr);
	TEST_ASSERT_EQ(guest->regs.gpr[7], NR_STEPS / LOOP_LEN);
	TEST_ASSERT(!stepper.ret, "KVM_RUN of the second vCPU failed");
	TEST_ASSERT(!stepper.nr_bad, "%u of %u stops of the second vCPU are wrong",
		    stepper.nr_bad, NR_STEPS);
	vcpu_regs_get(stepper.vcpu, &regs);
	TEST_ASSERT_EQ(regs.gpr[6], variant->msr);
	TEST_ASSERT_EQ(regs.gpr[7], NR_STEPS / LOOP_LEN);
}

/* A memory slot that another thread deletes and creates all the time */
#define SLOT_GPA	0x8000000
#define SLOT_SIZE	0x10000
#define SLOT_VALUE	0x12345678
#define MMIO_VALUE	0x5a5a5a5a
#define NR_LOADS	60	/* and more, until there were both kinds */
#define MAX_LOADS	5000

GUEST_ASM(load_code,
	  "1:	lwz	%r6, 0(%r5)\n"
	  "load_1: addi	%r7, %r7, 1\n"
	  "	b	1b\n");

GUEST_LABELS(load_1[]);

struct changer {
	struct kvm_vm *vm;
	void *hva;
	bool stop;
};

static void *change_slot(void *arg)
{
	struct changer *changer = arg;
	u64 size = 0;

	while (!READ_ONCE(changer->stop)) {
		vm_set_user_memory_region(changer->vm, 1, 0, SLOT_GPA, size,
					  changer->hva);
		size = SLOT_SIZE - size;
	}
	return NULL;
}

/* A step over the load, which brings what the memory has, or the device */
static bool step_load(struct debug_guest *guest)
{
	struct kvm_run *run = guest->vcpu->run;
	bool mmio;

	TEST_ASSERT(!__debug_guest_run(guest), "KVM_RUN failed");
	mmio = run->exit_reason == KVM_EXIT_MMIO;
	if (mmio) {
		TEST_ASSERT_EQ(run->mmio.phys_addr, SLOT_GPA);
		memset(run->mmio.data, MMIO_VALUE & 0xff, sizeof(run->mmio.data));
		debug_guest_expect_stop(guest, load_1);
	}
	TEST_ASSERT_EQ(run->exit_reason, KVM_EXIT_DEBUG);
	TEST_ASSERT_EQ(guest->regs.pc, debug_guest_addr(guest, load_1));
	TEST_ASSERT_EQ(guest->regs.gpr[6], mmio ? MMIO_VALUE : SLOT_VALUE);
	return mmio;
}

/* A1, A6, A9 */
TEST_F(debug, changing_slots)
{
	struct debug_guest *guest = &self->guest;
	struct changer changer = { .vm = guest->vm };
	unsigned int i, nr_mmio = 0;
	pthread_t thread;

	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, SLOT_GPA, 1,
				    SLOT_SIZE >> guest->vm->page_shift, 0);
	changer.hva = addr_gpa2hva(guest->vm, SLOT_GPA);
	debug_guest_write32(guest, SLOT_GPA, SLOT_VALUE);

	guest->regs.gpr[5] = SLOT_GPA;
	guest->regs.gpr[7] = 0;
	debug_guest_start(guest, load_code, load_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_start_thread(&thread, change_slot, &changer);
	for (i = 0; i < NR_LOADS || !nr_mmio || nr_mmio == i; i++) {
		TEST_ASSERT(i < MAX_LOADS, "%u of %u loads were MMIO", nr_mmio, i);
		nr_mmio += step_load(guest);
		debug_guest_expect_stop(guest, load_1 + 1);
		debug_guest_expect_stop(guest, load_code);
	}
	WRITE_ONCE(changer.stop, true);
	join_thread(thread);

	TEST_ASSERT_EQ(guest->regs.gpr[7], i);
	pr_info("%u of %u loads were MMIO\n", nr_mmio, i);
}

TEST_HARNESS_MAIN
