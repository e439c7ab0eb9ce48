// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watchpoints of KVM Book3S PR and each form of load and store
 *
 * An instruction runs in the guest, once for each distance from the watched bytes.
 * Loads beside these bytes come before it, so that their pages may be mapped.
 * The guest has to stop if the access overlaps them, and then nothing of it may be
 * visible.  If it does not stop, or when the watchpoint is off, it has to do what
 * it does without a debugger.
 */
#include "debug_suite.h"

DEBUG_FIXTURE(debug);
DEBUG_VARIANTS(debug);
DEBUG_VARIANTS_TRANSLATED(debug);

#define READ		KVMPPC_DEBUG_WATCH_READ
#define WRITE		KVMPPC_DEBUG_WATCH_WRITE
#define WATCH_LEN	6

/* r5 is the base, r6 the index, r7 or another register 7 the data. */
#define D(_op)		((u32)(_op) << 26 | 7 << 21 | 5 << 16)
#define X(_xop)		(31 << 26 | 7 << 21 | 5 << 16 | 6 << 11 | (_xop) << 1)
/* An atomic memory operation, with its function code */
#define AMO(_xop, _fc)	((X(_xop) & ~(31 << 11)) | (_fc) << 11)
/* The same with r8, the first of a pair, or VSR 39, which is VR 7 */
#define PAIR(_inst)	((_inst) + (1 << 21))
#define VR7(_inst)	((_inst) | 1)

#define LOAD		0x01
#define STORE		0x02
#define ALIGNED		0x04	/* causes an interrupt if it is not */
#define DOWN		0x08	/* is aligned by the CPU */
#define NEEDS_64	0x10
#define NEEDS_BE	0x20	/* causes an interrupt in little-endian mode */
#define NEEDS_VEC	0x40
#define NEEDS_VSX	0x80
#define NEEDS_207	0x100
#define NO_ACCESS	0x200
#define NEEDS_300	0x400
#define NO_INDEX	0x800	/* has the form of X(), but no index */
#define LENGTH		0x1000	/* has its length in r6 */
#define MAYBE		0x2000	/* need not stop, as there is no reservation */
#define SECOND		0x4000	/* r5 is the address of the second half */
#define ATOMIC		(LOAD | STORE | ALIGNED | NO_INDEX | NEEDS_300)

static const struct form {
	const char *name;
	u32 inst;
	u32 size;
	u32 flags;
} forms[] = {
	{ "lbz", D(34), 1, LOAD }, { "lbzu", D(35), 1, LOAD }, { "lhz", D(40), 2, LOAD },
	{ "lhzu", D(41), 2, LOAD }, { "lha", D(42), 2, LOAD }, { "lhau", D(43), 2, LOAD },
	{ "lwz", D(32), 4, LOAD }, { "lwzu", D(33), 4, LOAD }, { "lbzx", X(87), 1, LOAD },
	{ "lbzux", X(119), 1, LOAD }, { "lhzx", X(279), 2, LOAD }, { "lhzux", X(311), 2, LOAD },
	{ "lhax", X(343), 2, LOAD }, { "lhaux", X(375), 2, LOAD }, { "lwzx", X(23), 4, LOAD },
	{ "lwzux", X(55), 4, LOAD }, { "lhbrx", X(790), 2, LOAD }, { "lwbrx", X(534), 4, LOAD },
	{ "stb", D(38), 1, STORE }, { "stbu", D(39), 1, STORE }, { "sth", D(44), 2, STORE },
	{ "sthu", D(45), 2, STORE }, { "stw", D(36), 4, STORE }, { "stwu", D(37), 4, STORE },
	{ "stbx", X(215), 1, STORE }, { "stbux", X(247), 1, STORE },
	{ "sthx", X(407), 2, STORE }, { "sthux", X(439), 2, STORE },
	{ "stwx", X(151), 4, STORE }, { "stwux", X(183), 4, STORE },
	{ "sthbrx", X(918), 2, STORE }, { "stwbrx", X(662), 4, STORE },
	{ "ld", D(58), 8, LOAD | NEEDS_64 }, { "ldu", D(58) | 1, 8, LOAD | NEEDS_64 },
	{ "lwa", D(58) | 2, 4, LOAD | NEEDS_64 }, { "ldx", X(21), 8, LOAD | NEEDS_64 },
	{ "ldux", X(53), 8, LOAD | NEEDS_64 }, { "lwax", X(341), 4, LOAD | NEEDS_64 },
	{ "lwaux", X(373), 4, LOAD | NEEDS_64 },
	{ "ldbrx", X(532), 8, LOAD | NEEDS_64 | NEEDS_207 },
	{ "std", D(62), 8, STORE | NEEDS_64 }, { "stdu", D(62) | 1, 8, STORE | NEEDS_64 },
	{ "stdx", X(149), 8, STORE | NEEDS_64 }, { "stdux", X(181), 8, STORE | NEEDS_64 },
	{ "stdbrx", X(660), 8, STORE | NEEDS_64 | NEEDS_207 }, { "lfs", D(48), 4, LOAD },
	{ "lfsu", D(49), 4, LOAD }, { "lfd", D(50), 8, LOAD }, { "lfdu", D(51), 8, LOAD },
	{ "lfsx", X(535), 4, LOAD }, { "lfsux", X(567), 4, LOAD }, { "lfdux", X(631), 8, LOAD },
	{ "stfsux", X(695), 4, STORE }, { "stfdux", X(759), 8, STORE },
	{ "lfdx", X(599), 8, LOAD }, { "stfs", D(52), 4, STORE }, { "stfsu", D(53), 4, STORE },
	{ "stfd", D(54), 8, STORE }, { "stfdu", D(55), 8, STORE },
	{ "stfsx", X(663), 4, STORE }, { "stfdx", X(727), 8, STORE },
	{ "stfiwx", X(983), 4, STORE }, { "lfiwax", X(855), 4, LOAD | NEEDS_207 },
	{ "lfiwzx", X(887), 4, LOAD | NEEDS_207 },
	{ "lq", PAIR(D(56)), 16, LOAD | ALIGNED | NEEDS_64 | NEEDS_207 },
	{ "stq", PAIR(D(62)) | 2, 16, STORE | ALIGNED | NEEDS_64 | NEEDS_207 },
	{ "lqarx", PAIR(X(276)), 16, LOAD | ALIGNED | NEEDS_64 | NEEDS_207 },
	{ "lwarx", X(20), 4, LOAD | ALIGNED },
	{ "stwcx.", X(150) | 1, 4, STORE | MAYBE | ALIGNED },
	{ "ldarx", X(84), 8, LOAD | ALIGNED | NEEDS_64 },
	{ "stdcx.", X(214) | 1, 8, STORE | MAYBE | ALIGNED | NEEDS_64 },
	{ "lbarx", X(52), 1, LOAD | NEEDS_207 },
	{ "stbcx.", X(694) | 1, 1, STORE | MAYBE | NEEDS_207 },
	{ "lharx", X(116), 2, LOAD | ALIGNED | NEEDS_207 },
	{ "sthcx.", X(726) | 1, 2, STORE | MAYBE | ALIGNED | NEEDS_207 },
	{ "lmw r28", 46U << 26 | 28 << 21 | 5 << 16, 16, LOAD | NEEDS_BE },
	{ "stmw r28", 47U << 26 | 28 << 21 | 5 << 16, 16, STORE | NEEDS_BE },
	{ "lswi 7", PAIR(X(597)) + (1 << 11), 7, LOAD | NEEDS_BE | NO_INDEX },
	{ "stswi 7", PAIR(X(725)) + (1 << 11), 7, STORE | NEEDS_BE | NO_INDEX },
	{ "lswx 7", PAIR(X(533)), 7, LOAD | NEEDS_BE },
	{ "stswx 7", PAIR(X(661)), 7, STORE | NEEDS_BE },
	{ "lvx", X(103), 16, LOAD | DOWN | NEEDS_VEC },
	{ "lvxl", X(359), 16, LOAD | DOWN | NEEDS_VEC },
	{ "lvebx", X(7), 1, LOAD | DOWN | NEEDS_VEC },
	{ "lvehx", X(39), 2, LOAD | DOWN | NEEDS_VEC },
	{ "lvewx", X(71), 4, LOAD | DOWN | NEEDS_VEC },
	{ "stvx", X(231), 16, STORE | DOWN | NEEDS_VEC },
	{ "stvxl", X(487), 16, STORE | DOWN | NEEDS_VEC },
	{ "stvebx", X(135), 1, STORE | DOWN | NEEDS_VEC },
	{ "stvehx", X(167), 2, STORE | DOWN | NEEDS_VEC },
	{ "stvewx", X(199), 4, STORE | DOWN | NEEDS_VEC },
	{ "lxsdx", X(588), 8, LOAD | NEEDS_VSX }, { "lxvd2x", X(844), 16, LOAD | NEEDS_VSX },
	{ "lxvdsx", X(332), 8, LOAD | NEEDS_VSX }, { "lxvw4x", X(780), 16, LOAD | NEEDS_VSX },
	{ "lxsiwzx", X(12), 4, LOAD | NEEDS_VSX | NEEDS_207 },
	{ "lxsiwax", X(76), 4, LOAD | NEEDS_VSX | NEEDS_207 },
	{ "lxsspx", X(524), 4, LOAD | NEEDS_VSX | NEEDS_207 },
	{ "stxsdx", X(716), 8, STORE | NEEDS_VSX }, { "stxvd2x", X(972), 16, STORE | NEEDS_VSX },
	{ "stxvw4x", X(908), 16, STORE | NEEDS_VSX },
	{ "stxsiwx", X(140), 4, STORE | NEEDS_VSX | NEEDS_207 },
	{ "stxsspx", X(652), 4, STORE | NEEDS_VSX | NEEDS_207 },
	{ "lxv", D(61) | 1, 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxv", D(61) | 5, 16, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxsd", D(57) | 2, 8, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "lxssp", D(57) | 3, 4, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxsd", D(61) | 2, 8, STORE | NEEDS_VSX | NEEDS_300 },
	{ "stxssp", D(61) | 3, 4, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvx", X(268), 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "lxvx, VR", VR7(X(268)), 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxvx", X(396), 16, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvh8x", X(812), 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxvh8x", X(940), 16, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvb16x", X(876), 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxvb16x", X(1004), 16, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvwsx", X(364), 4, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "lxsibzx", X(781), 1, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "lxsihzx", X(813), 2, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxsibx", X(909), 1, STORE | NEEDS_VSX | NEEDS_300 },
	{ "stxsihx", X(941), 2, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvl 5", X(269), 5, LOAD | NEEDS_VSX | NEEDS_300 | NEEDS_64 | LENGTH },
	{ "lxvll 5", X(301), 5, LOAD | NEEDS_VSX | NEEDS_300 | NEEDS_64 | LENGTH },
	{ "stxvl 5", X(397), 5, STORE | NEEDS_VSX | NEEDS_300 | NEEDS_64 | LENGTH },
	{ "stxvll 5", X(429), 5, STORE | NEEDS_VSX | NEEDS_300 | NEEDS_64 | LENGTH },
	{ "lwat add", AMO(582, 0), 4, ATOMIC }, { "lwat swap", AMO(582, 8), 4, ATOMIC },
	{ "lwat increment", AMO(582, 24), 8, ATOMIC },
	{ "lwat decrement", AMO(582, 28), 8, ATOMIC | SECOND },
	{ "ldat add", AMO(614, 0), 8, ATOMIC | NEEDS_64 },
	{ "ldat increment", AMO(614, 24), 16, ATOMIC | NEEDS_64 },
	{ "ldat decrement", AMO(614, 28), 16, ATOMIC | NEEDS_64 | SECOND },
	{ "stwat add", AMO(710, 0), 4, ATOMIC }, { "stwat twin", AMO(710, 24), 8, ATOMIC },
	{ "stdat add", AMO(742, 0), 8, ATOMIC | NEEDS_64 },
	{ "stdat twin", AMO(742, 24), 16, ATOMIC | NEEDS_64 },
	{ "dcbz", X(1014) & ~(31 << 21), 0, STORE | DOWN },
	{ "dcbst", X(54) & ~(31 << 21), 1, LOAD | NO_ACCESS },
	{ "dcbf", X(86) & ~(31 << 21), 1, LOAD | NO_ACCESS },
	{ "dcbt", X(278) & ~(31 << 21), 1, LOAD | NO_ACCESS },
	{ "dcbtst", X(246) & ~(31 << 21), 1, LOAD | NO_ACCESS },
	{ "icbi", X(982) & ~(31 << 21), 1, LOAD | NO_ACCESS },
};

/* KVM emulates the first load, but not the second one, which is not aligned. */
GUEST_ASM(form_code,
	  "	lbz	%r10, 0(%r11)\n"
	  "	lwz	%r12, 1(%r13)\n"
	  "	nop\n"
	  "	sc\n");

#define FORM	(form_code + 2)

static bool has_form(const struct asm_guest *guest, const struct form *form)
{
	u32 flags = form->flags;
	u64 msr = guest->config.msr;

	return !((flags & NEEDS_64 && !(msr & MSR_SF)) ||
		 (flags & NEEDS_BE && msr & MSR_LE) ||
		 (flags & NEEDS_VEC && !asm_guest_has_altivec(guest)) ||
		 (flags & NEEDS_VSX && (!host_has_vsx() || guest->cpu32)) ||
		 (flags & NEEDS_207 && (!host_has_isa_2_07() || guest->cpu32)) ||
		 (flags & NEEDS_300 && !host_has_isa_3_0()) ||
		 /* On 64-bit hosts, KVM replaces it: see debug_watch_test. */
		 (!form->size && guest->cpu32 && MSR_HOST_SF));
}

static void set_watch(struct asm_guest *guest, u64 addr, u32 type)
{
	struct kvm_guest_debug debug = {
		.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP,
		.arch.bp[3] = { addr, type, { WATCH_LEN } },
	};

	vcpu_guest_debug_set(guest->vcpu, &debug);
}

#define AREA		0x2000
#define AREA_START	(GUEST_DATA + 0x1000 - AREA / 2)

#define DATA_SIZE	32

static u8 before[AREA], after[AREA];

static void *area(struct asm_guest *guest)
{
	return addr_gpa2hva(guest->vm, AREA_START);
}

/* VSR 7 or FPR 7, and VR 7 */
static void get_data(struct asm_guest *guest, const struct form *form, u64 *data)
{
	memset(data, 0, DATA_SIZE);
	if (form->flags & NEEDS_VSX)
		vcpu_get_reg_addr(guest->vcpu, KVM_REG_PPC_VSR(7), data);
	else
		data[0] = vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(7));
	if (form->flags & (NEEDS_VEC | NEEDS_VSX))
		vcpu_get_reg_addr(guest->vcpu, KVM_REG_PPC_VR(7), data + 2);
}

static void reset_data(struct asm_guest *guest, const struct form *form)
{
	static const u64 data[] = { 0x3ff0203040506070, 0x8190a1b2c3d4e5f6 };

	if (form->flags & NEEDS_VSX)
		vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_VSR(7), data);
	else
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(7), data[0]);
	if (form->flags & (NEEDS_VEC | NEEDS_VSX))
		vcpu_set_reg_addr(guest->vcpu, KVM_REG_PPC_VR(7), data);
}

/* Memory and registers in front of the instruction */
static void reset_guest(struct asm_guest *guest, const struct form *form,
			const struct kvm_regs *regs)
{
	u32 *word = area(guest);
	unsigned int i;

	for (i = 0; i < AREA / sizeof(*word); i++)
		word[i] = 0x01020304 * (i % 63 + 1);
	memcpy(before, word, AREA);
	guest->regs = *regs;
	asm_guest_set_regs(guest);
	reset_data(guest, form);
}

static bool same_regs(const struct kvm_regs *a, const struct kvm_regs *b)
{
	return a->pc == b->pc && a->cr == b->cr && a->msr == b->msr && a->xer == b->xer &&
	       !memcmp(a->gpr, b->gpr, sizeof(a->gpr));
}

/* KVM_RUN that ends at the end of the code */
static void run_to_end(struct asm_guest *guest, const struct form *form, u64 ea, u64 watched,
		       u32 type)
{
	TEST_ASSERT(!__asm_guest_run(guest), "KVM_RUN failed");
	TEST_ASSERT(guest->vcpu->run->exit_reason == KVM_EXIT_OSI,
		    "%s at 0x%" PRIx64 " stops at 0x%llx, 0x%" PRIx64 " is watched (%u)",
		    form->name, ea, guest->regs.pc, watched, type);
	asm_guest_run_immediate_exit(guest);
}

static void check_form(struct asm_guest *guest, const struct form *form, u32 size, u64 ea,
		       u64 watched, u32 type)
{
	u64 first = form->flags & DOWN ? ea & ~(size - 1ULL) : ea;
	u32 types = type & ((form->flags & STORE ? WRITE : 0) | (form->flags & LOAD ? READ : 0));
	u32 status = types & WRITE ?: types;
	bool hit = !(form->flags & NO_ACCESS) && types &&
		   first < watched + WATCH_LEN && first + size > watched;
	struct kvm_debug_exit_arch *arch = &guest->vcpu->run->debug.arch;
	struct kvm_regs regs = guest->regs, stop, want;
	bool indexed = form->inst >> 26 == 31 && !(form->flags & (NO_INDEX | LENGTH));
	u64 page = watched & ~0xfffULL, next = (watched + WATCH_LEN - 1) & ~0xfffULL;
	u64 want_data[DATA_SIZE / sizeof(u64)], data[DATA_SIZE / sizeof(u64)];
	int i;

	regs.pc = asm_guest_addr(guest, form_code);
	regs.msr = guest->config.msr | MSR_FP |
		   (form->flags & (NEEDS_VEC | NEEDS_VSX) ? MSR_VEC : 0) |
		   (form->flags & NEEDS_VSX ? MSR_VSX : 0);
	regs.gpr[3] = OSI_SC_MAGIC_R3;
	regs.gpr[4] = OSI_SC_MAGIC_R4;
	regs.gpr[5] = indexed ? ea - 0x30 : form->flags & SECOND ? ea + size / 2 : ea;
	regs.gpr[6] = form->flags & LENGTH ? (u64)form->size << 56 : 0x30;
	regs.xer = 7;			/* length of lswx and stswx */
	regs.gpr[7] = 0x1122334455667788 & (regs.msr & MSR_SF ? ~0ULL : 0xffffffff);
	for (i = 8; i < 32; i++)
		regs.gpr[i] = 0x01010101 * i;
	regs.gpr[11] = page + 0x10;
	regs.gpr[13] = next + 0x10 + 0x20 * (page == next);
	asm_guest_write32(guest, guest->code + 4 * (FORM - form_code), form->inst);
	asm_guest_sync_code(guest, guest->code + 4 * (FORM - form_code), 4);

	/* What it does without a debugger */
	asm_guest_control(guest, GUESTDBG_OFF);
	reset_guest(guest, form, &regs);
	run_to_end(guest, form, ea, watched, 0);
	want = guest->regs;
	stop = regs;
	stop.pc = asm_guest_addr(guest, FORM);
	stop.gpr[10] = want.gpr[10];
	stop.gpr[12] = want.gpr[12];
	get_data(guest, form, want_data);
	memcpy(after, area(guest), AREA);

	set_watch(guest, watched, type);
	reset_guest(guest, form, &regs);
	for (i = 0; hit && i < 2; i++) {
		TEST_ASSERT(!__asm_guest_run(guest), "KVM_RUN failed");
		if (form->flags & MAYBE && guest->vcpu->run->exit_reason == KVM_EXIT_OSI)
			break;
		TEST_ASSERT(guest->vcpu->run->exit_reason == KVM_EXIT_DEBUG,
			    "%s at 0x%" PRIx64 " does not stop, 0x%" PRIx64 " is watched (%u)",
			    form->name, ea, watched, type);
		TEST_ASSERT(arch->address == watched && arch->status == status,
			    "%s: address 0x%llx, status 0x%x", form->name, arch->address,
			    arch->status);
		TEST_ASSERT(same_regs(&guest->regs, &stop) &&
			    !memcmp(before, area(guest), AREA),
			    "%s has changed something before the stop", form->name);
	}
	if (hit && i < 2) {
		asm_guest_run_immediate_exit(guest);
	} else {
		if (hit)
			asm_guest_control(guest, GUESTDBG_OFF);
		run_to_end(guest, form, ea, watched, type);
	}
	get_data(guest, form, data);
	TEST_ASSERT(same_regs(&guest->regs, &want) && !memcmp(data, want_data, DATA_SIZE),
		    "%s: registers differ", form->name);
	TEST_ASSERT(!memcmp(after, area(guest), AREA), "%s: memory differs", form->name);
}

/* Each form of access, at four distances from the bytes at a real address */
static void check_all(struct asm_guest *guest, gpa_t gpa)
{
	u64 watched = asm_guest_data_addr(guest, gpa), ea;
	const struct form *form;
	u32 type, size, mask;
	int where;

	asm_guest_start(guest, form_code);
	for (form = forms; form < forms + ARRAY_SIZE(forms); form++) {
		if (!has_form(guest, form))
			continue;

		size = form->size ?: getauxval(AT_DCACHEBSIZE);
		mask = form->flags & ALIGNED ? size - 1 : 0;
		for (where = 0; where < 4; where++) {
			/*
			 * Ends just before the watched bytes, overlaps the first, overlaps
			 * the last, begins just after.
			 */
			ea = where == 0 ? watched - size : where == 1 ? watched - size + 1 :
			     where == 2 ? watched + WATCH_LEN - 1 : watched + WATCH_LEN;
			ea &= ~(u64)mask;
			type = where == 1 ? READ : where == 2 ? WRITE : READ | WRITE;
			check_form(guest, form, size, ea, watched, type);
			if (where == 1 || where == 2)
				check_form(guest, form, size, ea, watched, READ | WRITE);
		}
		check_form(guest, form, size, ea, watched, form->flags & STORE ? WRITE : READ);
	}
}

/* The watched bytes are in one page. (W2, W3) */
TEST_F(debug, forms)
{
	check_all(&self->guest, GUEST_DATA + 0x500);
}

/* The watched bytes are on both sides of a page border. (W2, W3) */
TEST_F(debug, forms_border)
{
	check_all(&self->guest, GUEST_DATA + 0x1000 - 3);
}

TEST_HARNESS_MAIN
