// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debugging guests of KVM Book3S PR that have address translation: 32-bit ones
 * with BATs, on each host; and memory that changes under the debugger
 *
 * Each case names the clause that it proves:
 *
 * A3  rfi may turn translation on, and interrupts turn it off.
 * A4  Storage interrupts: the step stops at the vector.
 * A6  MMIO through translation
 * A9  What KVM does behind the guest's back is not a stop.
 * C1  Software breakpoints work in problem state.
 * C4  In split real mode the addresses are the guest's, without KVM's offset.
 */
#include "debug_guest.h"
#include "kselftest_harness.h"

#define DSISR_READ_ONLY	0x0a000000	/* a store to what is only to be read */

FIXTURE(bat)
{
	struct debug_guest guest;
};

/* The state that the guest is in, on top of a 32-bit guest's real mode */
FIXTURE_VARIANT(bat)
{
	u64 msr;
};

FIXTURE_VARIANT_ADD(bat, supervisor)
{
	.msr = MSR_IR | MSR_DR,
};

FIXTURE_VARIANT_ADD(bat, problem)
{
	.msr = MSR_IR | MSR_DR | MSR_PR,
};

FIXTURE_VARIANT_ADD(bat, split_supervisor)
{
	.msr = MSR_DR,
};

FIXTURE_VARIANT_ADD(bat, split_problem)
{
	.msr = MSR_DR | MSR_PR,
};

#ifdef __LITTLE_ENDIAN__
FIXTURE_VARIANT_ADD(bat, big_endian)
{
	.msr = MSR_IR | MSR_DR | MSR_LE,	/* to be turned over */
};

FIXTURE_VARIANT_ADD(bat, big_endian_split_problem)
{
	.msr = MSR_DR | MSR_PR | MSR_LE,
};
#endif

FIXTURE_SETUP(bat)
{
	debug_guest_create(&self->guest,
			   (MSR_GUEST_REAL & ~MSR_SF) ^ (variant->msr & MSR_LE));
}

FIXTURE_TEARDOWN(bat)
{
	debug_guest_destroy(&self->guest);
}

/* r5 and r6 are addresses, r8 the target of an indirect branch. */
GUEST_ASM(bat_code,
	  "	lwz	%r7, 0(%r5)\n"
	  "bat_1: bl	bat_3\n"
	  "bat_2: nop\n"
	  "bat_3: mflr	%r9\n"
	  "bat_4: stw	%r7, 4(%r6)\n"
	  "bat_5: mtctr %r8\n"
	  "bat_6: bctr\n"
	  "bat_7: nop\n"
	  "bat_8: sc\n"
	  "bat_9: nop\n"
	  "bat_bp: " GUEST_ASM_SW_BP
	  "bat_rfi: " GUEST_ASM_RFI);

GUEST_LABELS(bat_1[], bat_2[], bat_3[], bat_4[], bat_5[], bat_6[], bat_7[],
	     bat_8[], bat_9[], bat_bp[], bat_rfi[]);

GUEST_ASM(rfi_handler, GUEST_ASM_RFI);

/* Code translated or not, data always */
static void start_bat(struct debug_guest *guest, u64 msr)
{
	debug_guest_use_bats(guest);
	debug_guest_load(guest, VEC_SYSCALL, rfi_handler, rfi_handler_end);
	debug_guest_load_skip_handler(guest, VEC_DATA_STORAGE);
	debug_guest_load_skip_handler(guest, VEC_INST_STORAGE);
	debug_guest_write32(guest, GUEST_DATA, 0x12345678);

	guest->ea_offset = msr & MSR_IR ? GUEST_BAT_RAM : 0;
	guest->regs.msr |= msr & ~MSR_LE;
	guest->regs.gpr[3] = 0;
	guest->regs.gpr[5] = GUEST_BAT_RAM + GUEST_DATA;
	guest->regs.gpr[6] = GUEST_BAT_RAM + GUEST_DATA;
	debug_guest_start(guest, bat_code, bat_code_end);
	guest->regs.gpr[8] = debug_guest_addr(guest, bat_8);
	debug_guest_set_regs(guest);
}

/* From the first instruction to bat_9 */
static void step_bat(struct debug_guest *guest, u64 msr)
{
	static const struct guest_stop stops[] = {
		STOP_AT(bat_1), STOP_AT(bat_3), STOP_AT(bat_4), STOP_AT(bat_5),
		STOP_AT(bat_6), STOP_AT(bat_8), STOP_VECTOR(VEC_SYSCALL),
	};

	start_bat(guest, msr);
	msr = guest->regs.msr;
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, bat_9));
	TEST_ASSERT_EQ(guest->regs.srr1, msr);
	TEST_ASSERT_EQ(guest->regs.lr, debug_guest_addr(guest, bat_2));
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x12345678);
	TEST_ASSERT_EQ(debug_guest_read32(guest, GUEST_DATA + 4), 0x12345678);
	debug_guest_expect_stop(guest, bat_9);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
	debug_guest_expect_stop(guest, bat_bp);
}

static void break_bat(struct debug_guest *guest, u64 msr)
{
	start_bat(guest, msr);
	debug_guest_goto(guest, bat_9);
	msr = guest->regs.msr;
	debug_guest_control(guest, GUESTDBG_SW_BP);
	debug_guest_expect_stop(guest, bat_bp);
	debug_guest_expect_stop(guest, bat_bp);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
}

/* C4, A4: each address as the guest knows it */
TEST_F(bat, step)
{
	step_bat(&self->guest, variant->msr);
}

/* C1, C4 */
TEST_F(bat, sw_breakpoint)
{
	break_bat(&self->guest, variant->msr);
}

/* A3: from real mode, by rfi */
TEST_F(bat, step_rfi)
{
	struct debug_guest *guest = &self->guest;
	u64 msr;

	start_bat(guest, variant->msr);
	msr = guest->regs.msr;
	guest->regs.srr0 = debug_guest_addr(guest, bat_2);
	guest->regs.srr1 = msr;
	guest->regs.msr &= ~(MSR_IR | MSR_DR | MSR_PR);
	guest->regs.pc = GUEST_CODE + (bat_rfi - bat_code) * sizeof(u32);
	debug_guest_set_regs(guest);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, bat_2);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
	debug_guest_expect_stop(guest, bat_3);
}

/* A6: an MMIO load, and a store */
TEST_F(bat, step_mmio)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;

	start_bat(guest, variant->msr);
	guest->regs.gpr[5] = GUEST_BAT_MMIO;
	guest->regs.gpr[6] = GUEST_BAT_MMIO;
	debug_guest_set_regs(guest);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, GUEST_MMIO);
	memset(run->mmio.data, 0x5a, sizeof(run->mmio.data));
	debug_guest_expect_stop(guest, bat_1);
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x5a5a5a5a);

	debug_guest_goto(guest, bat_4);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, GUEST_MMIO + 4);
	debug_guest_expect_stop(guest, bat_5);
}

/* A4: nothing there, for a load, a store and a branch */
static void step_storage(struct debug_guest *guest, const u32 *label, u64 srr1)
{
	u64 pc = debug_guest_addr(guest, label), msr = guest->regs.msr;

	debug_guest_goto(guest, label);
	debug_guest_expect_pc(guest, VEC_DATA_STORAGE);
	TEST_ASSERT_EQ(guest->regs.srr0, pc);
	TEST_ASSERT_EQ(guest->regs.srr1, srr1);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DAR) & ~0xfffULL,
		       GUEST_BAT_NOWHERE);
	debug_guest_step_skip_handler(guest);
	TEST_ASSERT_EQ(guest->regs.pc, pc + 4);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
}

TEST_F(bat, step_data_storage)
{
	struct debug_guest *guest = &self->guest;

	start_bat(guest, variant->msr);
	guest->regs.gpr[5] = GUEST_BAT_NOWHERE;
	guest->regs.gpr[6] = GUEST_BAT_NOWHERE;
	debug_guest_control(guest, GUESTDBG_STEP);
	step_storage(guest, bat_code, guest->regs.msr);
	step_storage(guest, bat_4, guest->regs.msr);
	debug_guest_expect_stop(guest, bat_6);
}

/* A4 */
TEST_F(bat, step_inst_storage)
{
	struct debug_guest *guest = &self->guest;
	u64 msr;

	if (!(variant->msr & MSR_IR))
		SKIP(return, "Instruction addresses are real");

	start_bat(guest, variant->msr);
	msr = guest->regs.msr;
	guest->regs.gpr[8] = GUEST_BAT_NOWHERE;
	debug_guest_goto(guest, bat_5);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, bat_6);
	debug_guest_expect_pc(guest, GUEST_BAT_NOWHERE);	/* bctr done */
	debug_guest_expect_pc(guest, VEC_INST_STORAGE);
	TEST_ASSERT_EQ(guest->regs.srr0, GUEST_BAT_NOWHERE);
	TEST_ASSERT_EQ(guest->regs.srr1, msr | 0x40000000);	/* no translation */
	debug_guest_expect_pc(guest, VEC_INST_STORAGE + 4);

	/* The handler goes where there is something. */
	guest->regs.srr0 = debug_guest_addr(guest, bat_7);
	guest->regs.pc = VEC_INST_STORAGE + 12;
	debug_guest_set_regs(guest);
	debug_guest_expect_stop(guest, bat_7);
	TEST_ASSERT_EQ(guest->regs.msr, msr);
	debug_guest_expect_stop(guest, bat_8);
}

/* A4: a store to where only loads are allowed */
TEST_F(bat, step_read_only)
{
	struct debug_guest *guest = &self->guest;
	u64 pc;

	start_bat(guest, variant->msr);
	guest->regs.gpr[5] = GUEST_BAT_RAM_RO + GUEST_DATA;
	guest->regs.gpr[6] = GUEST_BAT_RAM_RO + GUEST_DATA;
	debug_guest_set_regs(guest);
	debug_guest_control(guest, GUESTDBG_STEP);
	debug_guest_expect_stop(guest, bat_1);
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x12345678);
	debug_guest_goto(guest, bat_4);
	pc = guest->regs.pc;
	debug_guest_expect_pc(guest, VEC_DATA_STORAGE);
	TEST_ASSERT_EQ(guest->regs.srr0, pc);
	TEST_ASSERT_EQ(debug_guest_get_reg32(guest, KVM_REG_PPC_DSISR),
		       DSISR_READ_ONLY);
	debug_guest_step_skip_handler(guest);
}

/* A9: a load from each page, none of them used before, and FP in between */
GUEST_ASM(pages_code,
	  "1:	lwzu	%r7, 0x1000(%r5)\n"
	  "pages_1: fadd %f1, %f1, %f2\n"
	  "pages_2: b	1b\n");

GUEST_LABELS(pages_1[], pages_2[]);

TEST_F(bat, step_fresh_pages)
{
	struct debug_guest *guest = &self->guest;
	const struct guest_stop stops[] = {
		STOP_AT(pages_1), STOP_AT(pages_2), STOP_AT(pages_code),
	};
	unsigned int i;

	start_bat(guest, variant->msr);
	guest->regs.msr |= MSR_FP;
	guest->regs.gpr[5] = GUEST_BAT_RAM;
	debug_guest_start(guest, pages_code, pages_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
	for (i = 1; i < 64; i++)
		debug_guest_expect_stops(guest, stops, ARRAY_SIZE(stops));
}

/* A9: memory that comes, goes, and moves */
#define SLOT_GPA	0x80000000ULL
#define SLOT_SIZE	0x10000

static void add_slot(struct debug_guest *guest, gpa_t gpa, u32 val)
{
	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, gpa, 1,
				    SLOT_SIZE >> guest->vm->page_shift, 0);
	debug_guest_write32(guest, gpa, val);
}

static void step_load(struct debug_guest *guest, u32 val)
{
	debug_guest_goto(guest, bat_code);
	debug_guest_expect_stop(guest, bat_1);
	TEST_ASSERT_EQ(guest->regs.gpr[7], val);
}

static void step_load_mmio(struct debug_guest *guest, gpa_t gpa)
{
	struct kvm_run *run = guest->vcpu->run;

	debug_guest_goto(guest, bat_code);
	debug_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, gpa);
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
	debug_guest_expect_stop(guest, bat_1);
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0);
}

TEST(memory_slots)
{
	struct debug_guest guest;

	debug_guest_create(&guest, MSR_GUEST_REAL);
	add_slot(&guest, SLOT_GPA, 1);
	guest.regs.gpr[5] = SLOT_GPA;
	debug_guest_start(&guest, bat_code, bat_code_end);
	debug_guest_control(&guest, GUESTDBG_STEP);
	step_load(&guest, 1);
	step_load(&guest, 1);

	vm_mem_region_delete(guest.vm, 1);
	step_load_mmio(&guest, SLOT_GPA);
	add_slot(&guest, SLOT_GPA, 2);
	step_load(&guest, 2);

	vm_mem_region_move(guest.vm, 1, SLOT_GPA + 0x100000);
	step_load_mmio(&guest, SLOT_GPA);
	guest.regs.gpr[5] = SLOT_GPA + 0x100000;
	step_load(&guest, 2);
	debug_guest_destroy(&guest);
}

/* What KVM_SET_SREGS takes: KVM_GET_SREGS gives the words of BATs swapped. */
static void get_bat_sregs(struct debug_guest *guest, struct kvm_sregs *sregs)
{
	unsigned int i;

	vcpu_sregs_get(guest->vcpu, sregs);
	for (i = 0; i < ARRAY_SIZE(sregs->u.s.ppc32.dbat); i++) {
		sregs->u.s.ppc32.ibat[i] = swap_bat_words(sregs->u.s.ppc32.ibat[i]);
		sregs->u.s.ppc32.dbat[i] = swap_bat_words(sregs->u.s.ppc32.dbat[i]);
	}
}

/*
 * A4: a BAT translates addresses of its own segment only, not of another one
 * that has the same VSID.
 */
TEST_F(bat, equal_vsids)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_sregs sregs;

	start_bat(guest, variant->msr);
	get_bat_sregs(guest, &sregs);
	sregs.u.s.ppc32.sr[GUEST_BAT_NOWHERE >> 28] =
		sregs.u.s.ppc32.sr[GUEST_BAT_RAM >> 28];
	vcpu_sregs_set(guest->vcpu, &sregs);
	debug_guest_control(guest, GUESTDBG_STEP);
	step_load(guest, 0x12345678);
	guest->regs.gpr[5] = GUEST_BAT_NOWHERE + GUEST_DATA;
	debug_guest_goto(guest, bat_code);
	debug_guest_expect_pc(guest, VEC_DATA_STORAGE);
}

/*
 * In split real mode, code at a plain address and data at the same address, but
 * translated, in the same page
 */
#define DBAT_PLAIN	0x0000000300080002ULL	/* 128K from 0 are at 0x80000 */
#define PLAIN_DATA	(0x80000 + GUEST_CODE)

GUEST_ASM(plain_code,
	  "	mtctr	%r8\n"
	  "	bctr\n"
	  "	nop\n"
	  "plain_1: lwz	%r7, 0(%r5)\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(plain_1[]);

static void run_plain(struct debug_guest *guest)
{
	guest->regs.gpr[7] = 0;
	debug_guest_goto(guest, plain_code);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x12345678);
	debug_guest_complete(guest);
}

/*
 * C4: where the guest jumps to a plain address, KVM takes the instructions from
 * there and still the data from where they are.  The second run finds the data
 * mapped when it jumps.
 */
TEST(split_plain_address)
{
	struct debug_guest guest;
	struct kvm_sregs sregs;

	debug_guest_create(&guest, MSR_GUEST_REAL & ~MSR_SF);
	debug_guest_use_bats(&guest);
	get_bat_sregs(&guest, &sregs);
	sregs.u.s.ppc32.dbat[3] = DBAT_PLAIN;
	vcpu_sregs_set(guest.vcpu, &sregs);
	debug_guest_write32(&guest, PLAIN_DATA, 0x12345678);

	debug_guest_start(&guest, plain_code, plain_code_end);
	guest.regs.msr |= MSR_DR;
	guest.regs.gpr[5] = GUEST_CODE;
	guest.regs.gpr[8] = debug_guest_addr(&guest, plain_1);
	run_plain(&guest);
	run_plain(&guest);
	debug_guest_destroy(&guest);
}

/* No clause: code in split real mode that is too far up for KVM to move it */
#define FAR_GPA		0x2000000ULL

TEST(split_far_address)
{
	struct debug_guest guest;

	debug_guest_create(&guest, MSR_GUEST_REAL & ~MSR_SF);
	debug_guest_use_bats(&guest);
	vm_userspace_mem_region_add(guest.vm, VM_MEM_SRC_ANONYMOUS, FAR_GPA, 1,
				    SLOT_SIZE >> guest.vm->page_shift, 0);
	debug_guest_write32(&guest, GUEST_DATA, 0x12345678);
	debug_guest_load(&guest, FAR_GPA, plain_1, plain_code_end);
	guest.regs.pc = FAR_GPA;
	guest.regs.msr |= MSR_DR;
	guest.regs.gpr[5] = GUEST_BAT_RAM + GUEST_DATA;
	debug_guest_set_regs(&guest);
	debug_guest_run(&guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest.regs.gpr[7], 0x12345678);
	debug_guest_destroy(&guest);
}

TEST_HARNESS_MAIN
