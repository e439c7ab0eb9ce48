// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debugging guests of KVM Book3S PR that have address translation: by an SLB and
 * a hashed page table, by segment registers and a hashed page table, by BATs
 *
 * debug_test has variants with translation as well.  This program tests what is
 * there with translation only: its interrupts, and where addresses come from.
 */
#include "debug_suite.h"

DEBUG_FIXTURE(translated);
DEBUG_VARIANTS_TRANSLATED(translated);

#define MSR_32		(MSR_GUEST_REAL & ~MSR_SF)
#define MSR_32BE	(MSR_32 & ~MSR_LE)

#define VARIANT(_name, _mmu, _msr)					\
	FIXTURE_VARIANT_ADD(translated, _name)				\
	{								\
		.msr = _msr,						\
		.mmu = GUEST_MMU_##_mmu,				\
	}

VARIANT(bat_problem, BAT, MSR_32 | MSR_IR | MSR_DR | MSR_PR);
VARIANT(bat_split, BAT, MSR_32 | MSR_DR);
VARIANT(bat_split_problem, BAT, MSR_32 | MSR_DR | MSR_PR);
VARIANT(sr_problem, SR, MSR_32 | MSR_IR | MSR_DR | MSR_PR);
VARIANT(sr_split, SR, MSR_32 | MSR_DR);
#ifdef CONFIG_64BIT
VARIANT(slb_problem, SLB, MSR_GUEST_REAL | MSR_IR | MSR_DR | MSR_PR);
VARIANT(slb_split, SLB, MSR_GUEST_REAL | MSR_DR);
VARIANT(papr_problem, PAPR, MSR_GUEST_REAL | MSR_IR | MSR_DR | MSR_PR);
#endif
#ifdef __LITTLE_ENDIAN__
VARIANT(bat_be_split_problem, BAT, MSR_32BE | MSR_DR | MSR_PR);
VARIANT(sr_be_problem, SR, MSR_32BE | MSR_IR | MSR_DR | MSR_PR);
#endif

#define VALUE	0x12345678

/* r5 and r6 are addresses of data, r8 is the target of the jump. */
GUEST_ASM(code,
	  "	lwz	%r7, 0(%r5)\n"
	  "	bl	code_lr\n"
	  "	nop\n"
	  "code_lr: mflr	%r9\n"
	  "code_store: stw	%r7, 4(%r6)\n"
	  "code_jump: mtctr	%r8\n"
	  "	bctr\n"
	  "	nop\n"
	  "code_sc: sc\n"
	  "	nop\n"
	  "code_bp: " GUEST_ASM_SW_BP
	  "code_rfi: " GUEST_ASM_RFI
	  "code_mtsrin: lwz %r7, 0(%r5)\n"
	  "	mtsrin	%r8, %r5\n"
	  "	lwz	%r7, 4(%r5)\n");

GUEST_LABELS(code_lr[], code_store[], code_jump[], code_sc[], code_bp[], code_rfi[],
	     code_mtsrin[]);

static bool has_slb(const struct asm_guest *guest)
{
	return guest->config.mmu == GUEST_MMU_SLB || guest->config.mmu == GUEST_MMU_PAPR;
}

/* Let the guest begin at a label, with an address in r5 and r6, and step. */
static void start(struct asm_guest *guest, const u32 *label, u64 ea)
{
	asm_guest_load_rfi_handler(guest, VEC_SYSCALL);
	asm_guest_write32(guest, GUEST_DATA, VALUE);
	guest->regs.msr = guest->config.msr;
	guest->regs.gpr[3] = 0;
	guest->regs.gpr[5] = ea;
	guest->regs.gpr[6] = ea;
	asm_guest_start(guest, code);
	guest->regs.gpr[8] = asm_guest_addr(guest, code_sc);
	asm_guest_goto(guest, label);
	asm_guest_control(guest, GUESTDBG_STEP);
}

/* Each stop's address is the guest's, in split real mode too. (A1, A4, C4) */
TEST_F(translated, step)
{
	struct asm_guest *guest = &self->guest;

	start(guest, code, GUEST_EA_RAM + GUEST_DATA);
	asm_guest_expect(guest, STOP_AT(code + 1), STOP_AT(code_lr),
			 STOP_AT(code_store), STOP_AT(code_jump),
			 STOP_AT(code_jump + 1), STOP_AT(code_sc),
			 STOP_PC(VEC_SYSCALL));
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, code_sc + 1));
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr);
	TEST_ASSERT_EQ(guest->regs.lr, asm_guest_addr(guest, code + 2));
	TEST_ASSERT_EQ(guest->regs.gpr[7], VALUE);
	TEST_ASSERT_EQ(asm_guest_read32(guest, GUEST_DATA + 4), VALUE);
	asm_guest_expect(guest, STOP_AT(code_sc + 1), STOP_AT(code_bp));
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
}

/* A software breakpoint stops at the guest's address. (C1, C4) */
TEST_F(translated, sw_breakpoint)
{
	start(&self->guest, code_sc + 1, 0);
	asm_guest_control(&self->guest, GUESTDBG_SW_BP);
	asm_guest_expect(&self->guest, STOP_AT(code_bp), STOP_AT(code_bp));
	TEST_ASSERT_EQ(self->guest.regs.msr, variant->msr);
}

/* Stepping survives rfi and rfid from real mode to translation. (A3) */
TEST_F(translated, step_rfi)
{
	struct asm_guest *guest = &self->guest;

	start(guest, code_rfi, 0);
	guest->regs.pc -= guest->ea_offset;
	guest->regs.msr &= ~(MSR_IR | MSR_DR | MSR_PR);
	guest->regs.srr0 = asm_guest_addr(guest, code + 2);
	guest->regs.srr1 = variant->msr;
	asm_guest_set_regs(guest);
	asm_guest_expect_stop(guest, code + 2);
	TEST_ASSERT_EQ(guest->regs.msr, variant->msr);
	asm_guest_expect_stop(guest, code_lr);
}

/* A load and a store to MMIO are one step each. (A6) */
TEST_F(translated, step_mmio)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;

	start(guest, code, GUEST_EA_MMIO);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, GUEST_MMIO);
	memset(run->mmio.data, 0x5a, sizeof(run->mmio.data));
	asm_guest_expect_stop(guest, code + 1);
	TEST_ASSERT_EQ(guest->regs.gpr[7], 0x5a5a5a5a);

	asm_guest_goto(guest, code_store);
	asm_guest_run(guest, KVM_EXIT_MMIO);
	TEST_ASSERT_EQ(run->mmio.phys_addr, GUEST_MMIO + 4);
	asm_guest_expect_stop(guest, code_jump);
}

/* A load or store, at a label, that causes an interrupt which is skipped */
static void step_fault(struct asm_guest *guest, const u32 *label, u64 ea,
		       u64 vector, u32 dsisr)
{
	asm_guest_load_skip_handler(guest, vector);
	start(guest, label, ea);
	asm_guest_expect_pc(guest, vector);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, label));
	TEST_ASSERT_EQ(guest->regs.srr1, guest->config.msr);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DAR),
		       ea + (label == code_store ? 4 : 0));
	if (vector == VEC_DATA_STORAGE)
		TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DSISR), dsisr);
	asm_guest_step_skip_handler(guest);
	TEST_ASSERT_EQ(guest->regs.pc, asm_guest_addr(guest, label + 1));
	TEST_ASSERT_EQ(guest->regs.msr, guest->config.msr);
}

/* Where nothing is mapped, the step stops at 0x300, and DSISR says why. (A4) */
TEST_F(translated, step_data_storage)
{
	step_fault(&self->guest, code, GUEST_EA_UNMAPPED, VEC_DATA_STORAGE,
		   DSISR_NOHPTE);
	step_fault(&self->guest, code_store, GUEST_EA_UNMAPPED, VEC_DATA_STORAGE,
		   DSISR_NOHPTE | DSISR_STORE);
}

/* A store to a read-only page stops at 0x300. (A4) */
TEST_F(translated, step_read_only)
{
	start(&self->guest, code, GUEST_EA_RAM_RO + GUEST_DATA);
	asm_guest_expect_stop(&self->guest, code + 1);
	TEST_ASSERT_EQ(self->guest.regs.gpr[7], VALUE);
	step_fault(&self->guest, code_store, GUEST_EA_RAM_RO + GUEST_DATA,
		   VEC_DATA_STORAGE, DSISR_PROT | DSISR_STORE);
}

/* Without an SLB entry, a load or store stops at 0x380. (A4) */
TEST_F(translated, step_data_segment)
{
	if (!has_slb(&self->guest))
		SKIP(return, "The guest has no SLB");

	step_fault(&self->guest, code, GUEST_EA_NOWHERE, VEC_DATA_SEGMENT, 0);
	step_fault(&self->guest, code_store, GUEST_EA_NOWHERE, VEC_DATA_SEGMENT, 0);
}

/* A jump to where the guest cannot fetch from, and back again */
static void step_fetch_fault(struct asm_guest *guest, u64 ea, u64 vector, u64 cause)
{
	asm_guest_load_rfi_handler(guest, vector);
	start(guest, code_jump, 0);
	guest->regs.gpr[8] = ea;
	asm_guest_set_regs(guest);
	asm_guest_expect(guest, STOP_AT(code_jump + 1), STOP_PC(ea), STOP_PC(vector));
	TEST_ASSERT_EQ(guest->regs.srr0, ea);
	TEST_ASSERT_EQ(guest->regs.srr1, guest->config.msr | cause);

	guest->regs.srr0 = asm_guest_addr(guest, code + 2);
	asm_guest_set_regs(guest);
	asm_guest_expect(guest, STOP_AT(code + 2), STOP_AT(code_lr));
	TEST_ASSERT_EQ(guest->regs.msr, guest->config.msr);
}

/* A jump ends at its target, and the next step at 0x400. (A1, A4) */
TEST_F(translated, step_inst_storage)
{
	if (!(variant->msr & MSR_IR))
		SKIP(return, "Instruction addresses are real");

	step_fetch_fault(&self->guest, GUEST_EA_UNMAPPED, VEC_INST_STORAGE,
			 SRR1_ISI_NOHPTE);
}

/* Without an SLB entry, the next step ends at 0x480. (A1, A4) */
TEST_F(translated, step_inst_segment)
{
	if (!(variant->msr & MSR_IR) || !has_slb(&self->guest))
		SKIP(return, "The guest has no SLB, or does not use it for code");

	step_fetch_fault(&self->guest, GUEST_EA_NOWHERE, VEC_INST_SEGMENT, 0);
}

#define SRR1_ISI_N_G	0x10000000

/* A fetch from a guarded page ends at 0x400, with memory there or without. (A1, A4) */
TEST_F(translated, step_fetch_guarded)
{
	struct asm_guest *guest = &self->guest;

	if (!(variant->msr & MSR_IR) || variant->mmu == GUEST_MMU_BAT)
		SKIP(return, "No page table for code");

	asm_guest_map(guest, GUEST_EA_UNMAPPED, GUEST_DATA, GUEST_PROT_RW | HPTE_R_G);
	asm_guest_map(guest, GUEST_EA_UNMAPPED + 0x1000, GUEST_MMIO,
		      GUEST_PROT_RW | HPTE_R_G);
	step_fetch_fault(guest, GUEST_EA_UNMAPPED, VEC_INST_STORAGE, SRR1_ISI_N_G);
	if (MSR_HOST_SF) {
		/*
		 * KVM has mapped the page for data now.  32-bit hosts cannot forbid to
		 * execute a single page.
		 */
		start(guest, code, GUEST_EA_UNMAPPED);
		asm_guest_expect_stop(guest, code + 1);
		step_fetch_fault(guest, GUEST_EA_UNMAPPED, VEC_INST_STORAGE, SRR1_ISI_N_G);
	}
	step_fetch_fault(guest, GUEST_EA_UNMAPPED + 0x1000, VEC_INST_STORAGE,
			 SRR1_ISI_N_G);
}

GUEST_ASM(pages_code,
	  "1:	lwzu	%r7, 0x1000(%r5)\n"
	  "	fadd	%f1, %f1, %f2\n"
	  "	b	1b\n");

/*
 * That KVM maps a page which the guest uses first, or loads its floating-point
 * registers, is no stop. (A9)
 */
TEST_F(translated, step_fresh_pages)
{
	unsigned int i;

	self->guest.regs.msr |= MSR_FP;
	self->guest.regs.gpr[5] = GUEST_EA_RAM;
	asm_guest_start_step(&self->guest, pages_code);
	for (i = 1; i < 64; i++)
		asm_guest_expect(&self->guest, STOP_AT(pages_code + 1),
				 STOP_AT(pages_code + 2), STOP_AT(pages_code));
}

/* What KVM_SET_SREGS takes: KVM_GET_SREGS gives the words of BATs swapped. */
static void get_bat_sregs(struct asm_guest *guest, struct kvm_sregs *sregs)
{
	unsigned int i;

	vcpu_sregs_get(guest->vcpu, sregs);
	for (i = 0; i < ARRAY_SIZE(sregs->u.s.ppc32.dbat); i++) {
		sregs->u.s.ppc32.ibat[i] = swap_bat_words(sregs->u.s.ppc32.ibat[i]);
		sregs->u.s.ppc32.dbat[i] = swap_bat_words(sregs->u.s.ppc32.dbat[i]);
	}
}

/*
 * A BAT translates addresses of its own segment only, not of another one with the
 * same VSID. (A4)
 */
TEST_F(translated, equal_vsids)
{
	struct kvm_sregs sregs;

	if (variant->mmu != GUEST_MMU_BAT)
		SKIP(return, "The guest does not use BATs");

	get_bat_sregs(&self->guest, &sregs);
	sregs.u.s.ppc32.sr[GUEST_EA_NOWHERE >> SEGMENT_SHIFT] =
		sregs.u.s.ppc32.sr[GUEST_EA_RAM >> SEGMENT_SHIFT];
	vcpu_sregs_set(self->guest.vcpu, &sregs);
	start(&self->guest, code, GUEST_EA_RAM + GUEST_DATA);
	asm_guest_expect_stop(&self->guest, code + 1);
	step_fault(&self->guest, code, GUEST_EA_NOWHERE + GUEST_DATA,
		   VEC_DATA_STORAGE, DSISR_NOHPTE);
}

#define DBAT_BESIDE	((GUEST_EA_RAM + 0xe000003ULL) << 32 | 2)	/* 128K, valid */

/*
 * A BAT leaves other addresses of its segment to the segment register: after mtsrin
 * of another VSID, they are not mapped. (A4)
 */
TEST_F(translated, other_vsid)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_sregs sregs;

	if (variant->mmu != GUEST_MMU_SR || variant->msr & (MSR_IR | MSR_PR))
		SKIP(return, "The guest translates instructions or is in problem state");

	get_bat_sregs(guest, &sregs);
	sregs.u.s.ppc32.dbat[3] = DBAT_BESIDE;
	vcpu_sregs_set(guest->vcpu, &sregs);
	start(guest, code_mtsrin, GUEST_EA_RAM + GUEST_DATA);
	asm_guest_expect(guest, STOP_AT(code_mtsrin + 1), STOP_AT(code_mtsrin + 2),
			 STOP_PC(VEC_DATA_STORAGE));
	TEST_ASSERT_EQ(guest->regs.gpr[7], VALUE);
	TEST_ASSERT_EQ(guest->regs.srr0, asm_guest_addr(guest, code_mtsrin + 2));
}

ASM_GUEST_SUITE(split, MSR_32);

#define DBAT_PLAIN	0x0000000300080002ULL	/* 128K from 0 are at 0x80000 */
#define PLAIN_DATA	(0x80000 + GUEST_CODE)

GUEST_ASM(plain_code,
	  "	mtctr	%r8\n"
	  "	bctr\n"
	  "	nop\n"
	  "plain_load: lwz	%r7, 0(%r5)\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(plain_load[]);

/*
 * When the guest jumps to an address without KVM's offset, KVM takes instructions
 * from there, and data at the same address from where it is translated to.  The
 * second run finds the data mapped.
 */
TEST_F(split, plain_address)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_sregs sregs;
	unsigned int i;

	asm_guest_set_mmu(guest, GUEST_MMU_BAT);
	get_bat_sregs(guest, &sregs);
	sregs.u.s.ppc32.dbat[3] = DBAT_PLAIN;
	vcpu_sregs_set(guest->vcpu, &sregs);
	asm_guest_write32(guest, PLAIN_DATA, VALUE);
	guest->regs.msr |= MSR_DR;
	guest->regs.gpr[5] = GUEST_CODE;
	asm_guest_start(guest, plain_code);
	guest->regs.gpr[8] = asm_guest_addr(guest, plain_load);
	for (i = 0; i < 2; i++) {
		guest->regs.gpr[7] = 0;
		asm_guest_goto(guest, plain_code);
		asm_guest_run(guest, KVM_EXIT_OSI);
		TEST_ASSERT_EQ(guest->regs.gpr[7], VALUE);
		asm_guest_run_immediate_exit(guest);
	}
}

#define FAR_GPA		0x2000000ULL
#define FAR_SIZE	0x10000
#define FAR_SR		0x123
#define DBAT_FAR	((FAR_GPA | 3) << 32 | GUEST_DATA | 2) /* 128K */

GUEST_ASM(far_load,
	  "	lwz	%r7, 0(%r5)\n"
	  "	mtctr	%r5\n"
	  "	bctr\n");

GUEST_ASM(far_exit, GUEST_ASM_OSI);

/* Code at FAR_GPA, and data */
static void load_far(struct asm_guest *guest, const u32 *start, const u32 *end)
{
	asm_guest_set_mmu(guest, GUEST_MMU_BAT);
	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, FAR_GPA, 1,
				    FAR_SIZE >> guest->vm->page_shift, 0);
	asm_guest_write32(guest, GUEST_DATA, VALUE);
	__asm_guest_load(guest, FAR_GPA, start, end);
	guest->regs.msr |= MSR_DR;
}

/* Code in split real mode may be at an address that KVM cannot combine with its offset. */
TEST_F(split, far_address)
{
	struct asm_guest *guest = &self->guest;

	load_far(guest, plain_load, plain_code_end);
	guest->regs.pc = FAR_GPA;
	guest->regs.gpr[5] = GUEST_EA_RAM + GUEST_DATA;
	asm_guest_set_regs(guest);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[7], VALUE);
}

/* The same, where the guest has loaded data from the address of the code. */
TEST_F(split, far_address_of_data)
{
	struct asm_guest *guest = &self->guest;
	struct kvm_sregs sregs;

	load_far(guest, far_exit, far_exit_end);
	get_bat_sregs(guest, &sregs);
	sregs.u.s.ppc32.sr[0] = FAR_SR;
	sregs.u.s.ppc32.dbat[3] = DBAT_FAR;
	vcpu_sregs_set(guest->vcpu, &sregs);
	guest->regs.gpr[5] = FAR_GPA;
	asm_guest_start(guest, far_load);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[7], VALUE);
	TEST_ASSERT_EQ(guest->regs.pc, FAR_GPA + (far_exit_end - far_exit) * 4);
}

TEST_HARNESS_MAIN
