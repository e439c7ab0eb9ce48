// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watchpoints of KVM Book3S PR and each form of load and store
 *
 * An instruction runs in the guest, once for each distance from the watched bytes.
 * Loads beside these bytes come before it, so that their pages may be mapped.  It has to stop if its access overlaps them, and then nothing of it may
 * be visible.  If it does not stop, or when the watchpoint is off, it has to do
 * what it does without a debugger.
 *
 * W2  The guest stops before the instruction, and again if nothing changes.
 * W3  Every access that overlaps stops the guest, and no other one does.
 */
#include <sys/auxv.h>

#include "debug_fixture.h"

#define READ		KVMPPC_DEBUG_WATCH_READ
#define WRITE		KVMPPC_DEBUG_WATCH_WRITE
#define WATCH_LEN	6

/* r5 is the base, r6 the index, r7 or another register 7 the data. */
#define D_FORM(_op)	((_op) << 26 | 7 << 21 | 5 << 16)
#define X_FORM(_xop)	(31 << 26 | 7 << 21 | 5 << 16 | 6 << 11 | (_xop) << 1)
/* The same with the pair of r8 and r9, or VSR 39, which is VR 7 */
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
#define NO_INDEX	0x800	/* has the form of X_FORM(), but no index */
#define LENGTH		0x1000	/* has its length in r6 */
#define MAYBE		0x2000	/* need not stop, as there is no reservation */

static const struct form {
	const char *name;
	u32 inst;
	u32 size;
	u32 flags;
} forms[] = {
	{ "lbz", D_FORM(34), 1, LOAD },
	{ "lbzu", D_FORM(35), 1, LOAD },
	{ "lhz", D_FORM(40), 2, LOAD },
	{ "lhzu", D_FORM(41), 2, LOAD },
	{ "lha", D_FORM(42), 2, LOAD },
	{ "lhau", D_FORM(43), 2, LOAD },
	{ "lwz", D_FORM(32), 4, LOAD },
	{ "lwzu", D_FORM(33), 4, LOAD },
	{ "lbzx", X_FORM(87), 1, LOAD },
	{ "lbzux", X_FORM(119), 1, LOAD },
	{ "lhzx", X_FORM(279), 2, LOAD },
	{ "lhzux", X_FORM(311), 2, LOAD },
	{ "lhax", X_FORM(343), 2, LOAD },
	{ "lhaux", X_FORM(375), 2, LOAD },
	{ "lwzx", X_FORM(23), 4, LOAD },
	{ "lwzux", X_FORM(55), 4, LOAD },
	{ "lhbrx", X_FORM(790), 2, LOAD },
	{ "lwbrx", X_FORM(534), 4, LOAD },
	{ "stb", D_FORM(38), 1, STORE },
	{ "stbu", D_FORM(39), 1, STORE },
	{ "sth", D_FORM(44), 2, STORE },
	{ "sthu", D_FORM(45), 2, STORE },
	{ "stw", D_FORM(36), 4, STORE },
	{ "stwu", D_FORM(37), 4, STORE },
	{ "stbx", X_FORM(215), 1, STORE },
	{ "stbux", X_FORM(247), 1, STORE },
	{ "sthx", X_FORM(407), 2, STORE },
	{ "sthux", X_FORM(439), 2, STORE },
	{ "stwx", X_FORM(151), 4, STORE },
	{ "stwux", X_FORM(183), 4, STORE },
	{ "sthbrx", X_FORM(918), 2, STORE },
	{ "stwbrx", X_FORM(662), 4, STORE },
	{ "ld", D_FORM(58), 8, LOAD | NEEDS_64 },
	{ "ldu", D_FORM(58) | 1, 8, LOAD | NEEDS_64 },
	{ "lwa", D_FORM(58) | 2, 4, LOAD | NEEDS_64 },
	{ "ldx", X_FORM(21), 8, LOAD | NEEDS_64 },
	{ "ldux", X_FORM(53), 8, LOAD | NEEDS_64 },
	{ "lwax", X_FORM(341), 4, LOAD | NEEDS_64 },
	{ "lwaux", X_FORM(373), 4, LOAD | NEEDS_64 },
	{ "ldbrx", X_FORM(532), 8, LOAD | NEEDS_64 | NEEDS_207 },
	{ "std", D_FORM(62), 8, STORE | NEEDS_64 },
	{ "stdu", D_FORM(62) | 1, 8, STORE | NEEDS_64 },
	{ "stdx", X_FORM(149), 8, STORE | NEEDS_64 },
	{ "stdux", X_FORM(181), 8, STORE | NEEDS_64 },
	{ "stdbrx", X_FORM(660), 8, STORE | NEEDS_64 | NEEDS_207 },
	{ "lfs", D_FORM(48), 4, LOAD },
	{ "lfsu", D_FORM(49), 4, LOAD },
	{ "lfd", D_FORM(50), 8, LOAD },
	{ "lfdu", D_FORM(51), 8, LOAD },
	{ "lfsx", X_FORM(535), 4, LOAD },
	{ "lfsux", X_FORM(567), 4, LOAD },
	{ "lfdux", X_FORM(631), 8, LOAD },
	{ "stfsux", X_FORM(695), 4, STORE },
	{ "stfdux", X_FORM(759), 8, STORE },
	{ "lfdx", X_FORM(599), 8, LOAD },
	{ "stfs", D_FORM(52), 4, STORE },
	{ "stfsu", D_FORM(53), 4, STORE },
	{ "stfd", D_FORM(54), 8, STORE },
	{ "stfdu", D_FORM(55), 8, STORE },
	{ "stfsx", X_FORM(663), 4, STORE },
	{ "stfdx", X_FORM(727), 8, STORE },
	{ "stfiwx", X_FORM(983), 4, STORE },
	{ "lfiwax", X_FORM(855), 4, LOAD | NEEDS_207 },
	{ "lfiwzx", X_FORM(887), 4, LOAD | NEEDS_207 },
	{ "lq", PAIR(D_FORM(56)), 16, LOAD | ALIGNED | NEEDS_64 | NEEDS_207 },
	{ "stq", PAIR(D_FORM(62)) | 2, 16, STORE | ALIGNED | NEEDS_64 | NEEDS_207 },
	{ "lqarx", PAIR(X_FORM(276)), 16, LOAD | ALIGNED | NEEDS_64 | NEEDS_207 },
	{ "lwarx", X_FORM(20), 4, LOAD | ALIGNED },
	{ "stwcx.", X_FORM(150) | 1, 4, STORE | MAYBE | ALIGNED },
	{ "ldarx", X_FORM(84), 8, LOAD | ALIGNED | NEEDS_64 },
	{ "stdcx.", X_FORM(214) | 1, 8, STORE | MAYBE | ALIGNED | NEEDS_64 },
	{ "lbarx", X_FORM(52), 1, LOAD | NEEDS_207 },
	{ "stbcx.", X_FORM(694) | 1, 1, STORE | MAYBE | NEEDS_207 },
	{ "lharx", X_FORM(116), 2, LOAD | ALIGNED | NEEDS_207 },
	{ "sthcx.", X_FORM(726) | 1, 2, STORE | MAYBE | ALIGNED | NEEDS_207 },
	{ "lmw r28", 46 << 26 | 28 << 21 | 5 << 16, 16, LOAD | NEEDS_BE },
	{ "stmw r28", 47 << 26 | 28 << 21 | 5 << 16, 16, STORE | NEEDS_BE },
	{ "lswi 7", 31 << 26 | 8 << 21 | 5 << 16 | 7 << 11 | 597 << 1, 7,
	  LOAD | NEEDS_BE | NO_INDEX },
	{ "stswi 7", 31 << 26 | 8 << 21 | 5 << 16 | 7 << 11 | 725 << 1, 7,
	  STORE | NEEDS_BE | NO_INDEX },
	{ "lswx 7", 31 << 26 | 8 << 21 | 5 << 16 | 6 << 11 | 533 << 1, 7, LOAD | NEEDS_BE },
	{ "stswx 7", 31 << 26 | 8 << 21 | 5 << 16 | 6 << 11 | 661 << 1, 7, STORE | NEEDS_BE },
	{ "lvx", X_FORM(103), 16, LOAD | DOWN | NEEDS_VEC },
	{ "lvxl", X_FORM(359), 16, LOAD | DOWN | NEEDS_VEC },
	{ "lvebx", X_FORM(7), 1, LOAD | DOWN | NEEDS_VEC },
	{ "lvehx", X_FORM(39), 2, LOAD | DOWN | NEEDS_VEC },
	{ "lvewx", X_FORM(71), 4, LOAD | DOWN | NEEDS_VEC },
	{ "stvx", X_FORM(231), 16, STORE | DOWN | NEEDS_VEC },
	{ "stvxl", X_FORM(487), 16, STORE | DOWN | NEEDS_VEC },
	{ "stvebx", X_FORM(135), 1, STORE | DOWN | NEEDS_VEC },
	{ "stvehx", X_FORM(167), 2, STORE | DOWN | NEEDS_VEC },
	{ "stvewx", X_FORM(199), 4, STORE | DOWN | NEEDS_VEC },
	{ "lxsdx", X_FORM(588), 8, LOAD | NEEDS_VSX },
	{ "lxvd2x", X_FORM(844), 16, LOAD | NEEDS_VSX },
	{ "lxvdsx", X_FORM(332), 8, LOAD | NEEDS_VSX },
	{ "lxvw4x", X_FORM(780), 16, LOAD | NEEDS_VSX },
	{ "lxsiwzx", X_FORM(12), 4, LOAD | NEEDS_VSX },
	{ "lxsiwax", X_FORM(76), 4, LOAD | NEEDS_VSX },
	{ "lxsspx", X_FORM(524), 4, LOAD | NEEDS_VSX },
	{ "stxsdx", X_FORM(716), 8, STORE | NEEDS_VSX },
	{ "stxvd2x", X_FORM(972), 16, STORE | NEEDS_VSX },
	{ "stxvw4x", X_FORM(908), 16, STORE | NEEDS_VSX },
	{ "stxsiwx", X_FORM(140), 4, STORE | NEEDS_VSX },
	{ "stxsspx", X_FORM(652), 4, STORE | NEEDS_VSX },
	{ "lxv", D_FORM(61) | 1, 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxv", D_FORM(61) | 5, 16, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxsd", D_FORM(57) | 2, 8, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "lxssp", D_FORM(57) | 3, 4, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxsd", D_FORM(61) | 2, 8, STORE | NEEDS_VSX | NEEDS_300 },
	{ "stxssp", D_FORM(61) | 3, 4, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvx", X_FORM(268), 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "lxvx, VR", VR7(X_FORM(268)), 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxvx", X_FORM(396), 16, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvh8x", X_FORM(812), 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxvh8x", X_FORM(940), 16, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvb16x", X_FORM(876), 16, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxvb16x", X_FORM(1004), 16, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvwsx", X_FORM(364), 4, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "lxsibzx", X_FORM(781), 1, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "lxsihzx", X_FORM(813), 2, LOAD | NEEDS_VSX | NEEDS_300 },
	{ "stxsibx", X_FORM(909), 1, STORE | NEEDS_VSX | NEEDS_300 },
	{ "stxsihx", X_FORM(941), 2, STORE | NEEDS_VSX | NEEDS_300 },
	{ "lxvl 5", X_FORM(269), 5, LOAD | NEEDS_VSX | NEEDS_300 | NEEDS_64 | LENGTH },
	{ "lxvll 5", X_FORM(301), 5, LOAD | NEEDS_VSX | NEEDS_300 | NEEDS_64 | LENGTH },
	{ "stxvl 5", X_FORM(397), 5, STORE | NEEDS_VSX | NEEDS_300 | NEEDS_64 | LENGTH },
	{ "stxvll 5", X_FORM(429), 5, STORE | NEEDS_VSX | NEEDS_300 | NEEDS_64 | LENGTH },
	{ "dcbz", X_FORM(1014) & ~(31 << 21), 0, STORE | DOWN },
	{ "dcbst", X_FORM(54) & ~(31 << 21), 1, LOAD | NO_ACCESS },
	{ "dcbf", X_FORM(86) & ~(31 << 21), 1, LOAD | NO_ACCESS },
	{ "dcbt", X_FORM(278) & ~(31 << 21), 1, LOAD | NO_ACCESS },
	{ "dcbtst", X_FORM(246) & ~(31 << 21), 1, LOAD | NO_ACCESS },
	{ "icbi", X_FORM(982) & ~(31 << 21), 1, LOAD | NO_ACCESS },
};

/* KVM emulates the first load, but not the second one, which is not aligned. */
GUEST_ASM(form_code,
	  "	lbz	%r10, 0(%r11)\n"
	  "	lwz	%r12, 1(%r13)\n"
	  "form: nop\n"
	  "	sc\n");

GUEST_LABELS(form[]);

#define FORM_PC		(GUEST_CODE + 8)

static bool has_form(const struct form *form, u64 msr)
{
#ifdef CONFIG_64BIT
	unsigned long cap = getauxval(AT_HWCAP), cap2 = getauxval(AT_HWCAP2);
	bool have_vsx = cap & PPC_FEATURE_HAS_VSX, have_207 = cap2 & PPC_FEATURE2_ARCH_2_07;
	bool have_300 = cap2 & PPC_FEATURE2_ARCH_3_00;
#else
	unsigned long cap = getauxval(AT_HWCAP);
	bool have_vsx = false, have_207 = false, have_300 = false;
#endif

	return !((form->flags & NEEDS_64 && !(msr & MSR_SF)) ||
		 (form->flags & NEEDS_BE && msr & MSR_LE) ||
		 (form->flags & NEEDS_VEC && !(cap & PPC_FEATURE_HAS_ALTIVEC)) ||
		 (form->flags & NEEDS_VSX && !have_vsx) ||
		 (form->flags & NEEDS_207 && !have_207) ||
		 (form->flags & NEEDS_300 && !have_300));
}

/* What dcbz clears in this guest */
static u32 dcbz_size(u64 msr)
{
	return getauxval(AT_DCACHEBSIZE);
}

static void set_watch(struct debug_guest *guest, u64 addr, u32 type)
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

static void *area(struct debug_guest *guest)
{
	return addr_gpa2hva(guest->vm, AREA_START);
}

/* VSR 7 or FPR 7, and VR 7 */
static void get_data(struct debug_guest *guest, const struct form *form, u64 *data)
{
	memset(data, 0, DATA_SIZE);
	if (form->flags & NEEDS_VSX)
		debug_guest_get_one_reg(guest, KVM_REG_PPC_VSR(7), data);
	else
		data[0] = vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(7));
	if (form->flags & (NEEDS_VEC | NEEDS_VSX))
		debug_guest_get_one_reg(guest, KVM_REG_PPC_VR(7), data + 2);
}

static void reset_data(struct debug_guest *guest, const struct form *form)
{
	static const u64 data[] = { 0x3ff0203040506070, 0x8190a1b2c3d4e5f6 };

	if (form->flags & NEEDS_VSX)
		debug_guest_set_one_reg(guest, KVM_REG_PPC_VSR(7), data);
	else
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(7), data[0]);
	if (form->flags & (NEEDS_VEC | NEEDS_VSX))
		debug_guest_set_one_reg(guest, KVM_REG_PPC_VR(7), data);
}

/* Memory and registers in front of the instruction */
static void reset_guest(struct debug_guest *guest, const struct form *form,
			const struct kvm_regs *regs)
{
	u32 *word = area(guest);
	int i;

	for (i = 0; i < AREA / sizeof(*word); i++)
		word[i] = 0x01020304 * (i % 63 + 1);
	memcpy(before, word, AREA);
	guest->regs = *regs;
	debug_guest_set_regs(guest);
	reset_data(guest, form);
}

static bool same_regs(const struct kvm_regs *a, const struct kvm_regs *b)
{
	return a->pc == b->pc && a->cr == b->cr && a->msr == b->msr && a->xer == b->xer &&
	       !memcmp(a->gpr, b->gpr, sizeof(a->gpr));
}

static void check_form(struct debug_guest *guest, const struct form *form, u32 size,
		       u64 ea, u64 watched, u32 type)
{
	u64 first = form->flags & DOWN ? ea & ~(size - 1ULL) : ea;
	u32 status = form->flags & STORE ? WRITE : READ;
	bool hit = !(form->flags & NO_ACCESS) && type & status &&
		   first < watched + WATCH_LEN && first + size > watched;
	struct kvm_debug_exit_arch *arch = &guest->vcpu->run->debug.arch;
	struct kvm_regs regs = guest->regs, want;
	bool indexed = form->inst >> 26 == 31 && !(form->flags & (NO_INDEX | LENGTH));
	u64 page = watched & ~0xfffULL, next = (watched + WATCH_LEN - 1) & ~0xfffULL;
	struct kvm_regs stop;
	u64 want_data[DATA_SIZE / sizeof(u64)], data[DATA_SIZE / sizeof(u64)];
	int i;

	regs.pc = GUEST_CODE;
	regs.msr |= MSR_FP | (form->flags & NEEDS_VEC ? MSR_VEC : 0) |
		    (form->flags & NEEDS_VSX ? MSR_VEC | MSR_VSX : 0);
	regs.gpr[3] = OSI_SC_MAGIC_R3;
	regs.gpr[4] = OSI_SC_MAGIC_R4;
	regs.gpr[5] = indexed ? ea - 0x30 : ea;
	regs.gpr[6] = form->flags & LENGTH ? (u64)form->size << 56 : 0x30;
	regs.xer = 7;			/* length of lswx and stswx */
	regs.gpr[7] = 0x1122334455667788 & (regs.msr & MSR_SF ? ~0ULL : 0xffffffff);
	for (i = 8; i < 32; i++)
		regs.gpr[i] = 0x01010101 * i;
	regs.gpr[11] = page + 0x10;
	regs.gpr[13] = next + 0x10 + 0x20 * (page == next);
	debug_guest_write32(guest, FORM_PC, form->inst);

	/* What it does without a debugger */
	debug_guest_control(guest, GUESTDBG_OFF);
	reset_guest(guest, form, &regs);
	debug_guest_run(guest, KVM_EXIT_OSI);
	debug_guest_complete(guest);
	want = guest->regs;
	stop = regs;
	stop.pc = FORM_PC;
	stop.gpr[10] = want.gpr[10];
	stop.gpr[12] = want.gpr[12];
	get_data(guest, form, want_data);
	memcpy(after, area(guest), AREA);

	set_watch(guest, watched, type);
	reset_guest(guest, form, &regs);
	for (i = 0; hit && i < 2; i++) {
		TEST_ASSERT(!__debug_guest_run(guest), "KVM_RUN failed");
		if (form->flags & MAYBE && guest->vcpu->run->exit_reason == KVM_EXIT_OSI)
			break;
		TEST_ASSERT(guest->vcpu->run->exit_reason == KVM_EXIT_DEBUG,
			    "%s at 0x%llx does not stop, 0x%llx is watched (%u)",
			    form->name, (unsigned long long)ea,
			    (unsigned long long)watched, type);
		TEST_ASSERT(arch->address == watched && arch->status == status,
			    "%s: address 0x%llx, status 0x%x", form->name,
			    (unsigned long long)arch->address, arch->status);
		TEST_ASSERT(same_regs(&guest->regs, &stop) &&
			    !memcmp(before, area(guest), AREA),
			    "%s has changed something before the stop", form->name);
	}
	if (i) {
		debug_guest_control(guest, GUESTDBG_OFF);
		TEST_ASSERT(!__debug_guest_run(guest), "KVM_RUN failed");
	} else if (!hit) {
		TEST_ASSERT(!__debug_guest_run(guest), "KVM_RUN failed");
	}
	TEST_ASSERT(guest->vcpu->run->exit_reason == KVM_EXIT_OSI,
		    "%s at 0x%llx stops at 0x%llx, 0x%llx is watched (%u)", form->name,
		    (unsigned long long)ea, (unsigned long long)guest->regs.pc,
		    (unsigned long long)watched, type);
	debug_guest_complete(guest);
	get_data(guest, form, data);
	TEST_ASSERT(same_regs(&guest->regs, &want) && !memcmp(data, want_data, DATA_SIZE),
		    "%s: registers differ", form->name);
	TEST_ASSERT(!memcmp(after, area(guest), AREA), "%s: memory differs", form->name);
	guest->regs.msr = regs.msr & ~(MSR_FP | MSR_VEC | MSR_VSX);
}

static void check_all(struct debug_guest *guest, u64 watched, u64 msr)
{
	const struct form *form;
	u64 ea, step;
	u32 type, size;
	int where;

	debug_guest_start(guest, form_code, form_code_end);
	for (form = forms; form < forms + ARRAY_SIZE(forms); form++) {
		if (!has_form(form, msr))
			continue;

		size = form->size ?: dcbz_size(msr);
		for (where = 0; where < 4; where++) {
			/* Just not, by one byte, on each side */
			ea = where == 0 ? watched - size : where == 1 ? watched - size + 1 :
			     where == 2 ? watched + WATCH_LEN - 1 : watched + WATCH_LEN;
			step = form->flags & ALIGNED ? size : 1;
			ea &= ~(step - 1);
			type = where == 1 ? READ : where == 2 ? WRITE : READ | WRITE;
			check_form(guest, form, size, ea, watched, type);
			if (where == 1 || where == 2)
				check_form(guest, form, size, ea, watched, READ | WRITE | type);
		}
		check_form(guest, form, size, ea & ~(step - 1), watched,
			   form->flags & STORE ? WRITE : READ);
	}
}

/* W2, W3 */
TEST_F(debug, forms)
{
	check_all(&self->guest, GUEST_DATA + 0x500, variant->msr);
}

/* W2, W3: the watched bytes are on both sides of a page border. */
TEST_F(debug, forms_border)
{
	check_all(&self->guest, GUEST_DATA + 0x1000 - 3, variant->msr);
}

TEST_HARNESS_MAIN
