// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which registers KVM PR gives access to, that all of them keep what userspace puts
 * into them, and that they reach the guest
 *
 * There is no KVM_GET_REG_LIST on powerpc, so the list is found out by asking for
 * every ID that there could be.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "debug_suite.h"

/* What a range of registers depends on */
enum needs {
	ALWAYS,
	HOST64,
	ALTIVEC,
	VSX,
	TM,		/* CONFIG_PPC_TRANSACTIONAL_MEM of the host's kernel */
	SINGLE,		/* KVM_REG_PPC_DEBUG_INST: cannot be set */
};

static const struct reg_range {
	u64 first;
	unsigned int count;
	enum needs needs;
} ranges[] = {
	{ KVM_REG_PPC_HIOR, 1, ALWAYS },
	{ KVM_REG_PPC_DAR, 1, ALWAYS },
	{ KVM_REG_PPC_DSISR, 1, ALWAYS },
	{ KVM_REG_PPC_AMR, 1, HOST64 },
	{ KVM_REG_PPC_UAMOR, 1, HOST64 },
	{ KVM_REG_PPC_IAMR, 1, HOST64 },
	{ KVM_REG_PPC_FPR0, 32, ALWAYS },
	{ KVM_REG_PPC_VR0, 32, ALTIVEC },
	{ KVM_REG_PPC_VSR0, 32, VSX },
	{ KVM_REG_PPC_FPSCR, 1, ALWAYS },
	{ KVM_REG_PPC_VSCR, 1, ALTIVEC },
	{ KVM_REG_PPC_DEBUG_INST, 1, SINGLE },
	{ KVM_REG_PPC_FSCR, 1, ALWAYS },
	{ KVM_REG_PPC_EBBHR, 1, ALWAYS },
	{ KVM_REG_PPC_EBBRR, 1, ALWAYS },
	{ KVM_REG_PPC_BESCR, 1, ALWAYS },
	{ KVM_REG_PPC_TAR, 1, ALWAYS },
	{ KVM_REG_PPC_IC, 1, ALWAYS },
	{ KVM_REG_PPC_VTB, 1, ALWAYS },
	{ KVM_REG_PPC_VRSAVE, 1, ALWAYS },
	{ KVM_REG_PPC_LPCR, 1, ALWAYS },
	{ KVM_REG_PPC_LPCR_64, 1, ALWAYS },
	{ KVM_REG_PPC_TFHAR, 1, TM },
	{ KVM_REG_PPC_TFIAR, 1, TM },
	{ KVM_REG_PPC_TEXASR, 1, TM },
	{ KVM_REG_PPC_TM_GPR0, 32, TM },
	{ KVM_REG_PPC_TM_VSR0, 64, TM },
	{ KVM_REG_PPC_TM_CR, 1, TM },
	{ KVM_REG_PPC_TM_LR, 1, TM },
	{ KVM_REG_PPC_TM_CTR, 1, TM },
	{ KVM_REG_PPC_TM_FPSCR, 1, TM },
	{ KVM_REG_PPC_TM_AMR, 1, TM },
	{ KVM_REG_PPC_TM_PPR, 1, TM },
	{ KVM_REG_PPC_TM_VRSAVE, 1, TM },
	{ KVM_REG_PPC_TM_VSCR, 1, TM },
	{ KVM_REG_PPC_TM_DSCR, 1, TM },
	{ KVM_REG_PPC_TM_TAR, 1, TM },
	{ KVM_REG_PPC_TM_XER, 1, TM },
};

/* IDs are tried up to here, below KVM_REG_PPC_TM and from there on. */
#define NR_IDS		0x400

static const u64 sizes[] = {
	KVM_REG_SIZE_U8, KVM_REG_SIZE_U16, KVM_REG_SIZE_U32, KVM_REG_SIZE_U64,
	KVM_REG_SIZE_U128, KVM_REG_SIZE_U256, KVM_REG_SIZE_U512,
};

/* As big as the biggest register; in units that any of them consists of */
union value {
	u32 word[16];
	u64 dword[8];
};

FIXTURE(regs)
{
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
	bool tm;
};

static int get_reg(struct kvm_vcpu *vcpu, u64 id, union value *value)
{
	return __vcpu_get_reg(vcpu, id, value) ? -errno : 0;
}

static int set_reg(struct kvm_vcpu *vcpu, u64 id, union value *value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)value };

	return __vcpu_ioctl(vcpu, KVM_SET_ONE_REG, &reg) ? -errno : 0;
}

FIXTURE_SETUP(regs)
{
	union value value;

	powerpc_require_pr();
	self->vm = vm_create_barebones();
	self->vcpu = __vm_vcpu_add(self->vm, 0);
	self->tm = !get_reg(self->vcpu, KVM_REG_PPC_TFHAR, &value);
	TEST_ASSERT(self->tm || !host_has_tm(), "KVM has no registers for transactions");
}

FIXTURE_TEARDOWN(regs)
{
	kvm_vm_free(self->vm);
}

static bool is_there(const struct reg_range *range, bool tm)
{
	switch (range->needs) {
	case HOST64:
		return MSR_HOST_SF;
	case ALTIVEC:
		return host_has_altivec();
	case VSX:
		return host_has_vsx();
	case TM:
		return tm;
	default:
		return true;
	}
}

static const struct reg_range *find_range(u64 id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (id >= ranges[i].first && id < ranges[i].first + ranges[i].count)
			return &ranges[i];
	}

	return NULL;
}

/* Precisely the registers of the list can be read, by any ID. */
TEST_F(regs, list)
{
	const struct reg_range *range;
	unsigned int i, size;
	union value value;
	u64 id;
	int ret;

	for (size = 0; size < ARRAY_SIZE(sizes); size++) {
		for (i = 0; i < 2 * NR_IDS; i++) {
			id = KVM_REG_PPC | sizes[size] | (i % NR_IDS);
			if (i >= NR_IDS)
				id |= KVM_REG_PPC_TM;

			ret = get_reg(self->vcpu, id, &value);
			range = find_range(id);
			if (range && is_there(range, self->tm))
				TEST_ASSERT(!ret, "Cannot read 0x%" PRIx64 ": %d", id, ret);
			else
				TEST_ASSERT(ret == -EINVAL || ret == -ENXIO,
					    "0x%" PRIx64 " is not in the list, reading it: %d",
					    id, ret);
		}
	}
}

/* PREFIX and SCV, which KVM PR cannot give its guests */
#define FSCR_REFUSED		0x3000ULL

/* On 32-bit hosts, many a register is a long in the kernel. */
static u64 pattern(u64 id, unsigned int round)
{
	u64 x = (id ^ id >> 24) * 0x9e3779b97f4a7c15ULL;

	x ^= x >> 29;
	if (round)
		x = ~x;
#ifndef CONFIG_64BIT
	if (KVM_REG_SIZE(id) == 8 && find_range(id)->first != KVM_REG_PPC_FPR0)
		x = (u32)x;
#endif
	return x;
}

static void make_value(u64 id, unsigned int round, union value *value)
{
	unsigned int i;

	memset(value, 0, sizeof(*value));
	if (KVM_REG_SIZE(id) == 4)
		value->word[0] = pattern(id, round);
	else
		for (i = 0; i < KVM_REG_SIZE(id) / 8; i++)
			value->dword[i] = pattern(id + ((u64)i << 20), round);

	/* These have IDs of 64 bits, and are registers of 32. */
	if (id == KVM_REG_PPC_TM_CR || id == KVM_REG_PPC_TM_VRSAVE)
		value->dword[0] = (u32)value->dword[0];

	if (id == KVM_REG_PPC_FSCR)
		value->dword[0] &= ~FSCR_REFUSED;

	/* Of LPCR, KVM PR keeps only the byte order of interrupts. */
	if (id == KVM_REG_PPC_LPCR || id == KVM_REG_PPC_LPCR_64) {
		memset(value, 0, sizeof(*value));
		if (id == KVM_REG_PPC_LPCR)
			value->word[0] = round ? LPCR_ILE : 0;
		else
			value->dword[0] = round ? LPCR_ILE : 0;
	}
}

static bool settable(const struct reg_range *range, bool tm)
{
	/* The FPRs are in the VSRs: they get their values as FPRs. */
	return is_there(range, tm) && range->needs != SINGLE &&
	       range->first != KVM_REG_PPC_VSR0;
}

/*
 * A register that is set reads back the same, after all of the others
 * have been set, too.
 */
TEST_F(regs, round_trip)
{
	unsigned int i, n, round;
	union value want, value;
	u64 id;
	int ret;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < ARRAY_SIZE(ranges); i++) {
			if (!settable(&ranges[i], self->tm))
				continue;
			for (n = 0; n < ranges[i].count; n++) {
				id = ranges[i].first + n;
				make_value(id, round / 2, &want);
				value = want;
				if (round % 2) {
					memset(&value, 0, sizeof(value));
					ret = get_reg(self->vcpu, id, &value);
				} else {
					ret = set_reg(self->vcpu, id, &value);
				}
				TEST_ASSERT(!ret && !memcmp(&want, &value, sizeof(want)),
					    "0x%" PRIx64 ": %d, was set to 0x%" PRIx64 " 0x%" PRIx64
					    ", is 0x%" PRIx64 " 0x%" PRIx64, id, ret,
					    want.dword[0], want.dword[1],
					    value.dword[0], value.dword[1]);
			}
		}
	}
}

/* FSCR does not get the bits that KVM PR cannot honour. */
TEST_F(regs, fscr)
{
	union value value = { .dword[0] = -1ULL };

	if (sizeof(long) < sizeof(u64))
		SKIP(return, "no FSCR on 32-bit hosts");

	ASSERT_EQ(0, set_reg(self->vcpu, KVM_REG_PPC_FSCR, &value));
	ASSERT_EQ(0, get_reg(self->vcpu, KVM_REG_PPC_FSCR, &value));
	ASSERT_EQ(~FSCR_REFUSED, value.dword[0]);
}

/* A VSR is one number of 128 bits, in the byte order of the host. */
#ifdef __LITTLE_ENDIAN__
#define UPPER	1
#else
#define UPPER	0
#endif

/* The upper half of VSR n is FPR n. */
TEST_F(regs, vsrs_contain_fprs)
{
	union value value;
	unsigned int n;

	if (!host_has_vsx())
		SKIP(return, "no VSX");

	for (n = 0; n < 32; n++) {
		value.dword[UPPER] = 0x1111000000000000ULL + n;
		value.dword[!UPPER] = 0x2222000000000000ULL + n;
		ASSERT_EQ(0, set_reg(self->vcpu, KVM_REG_PPC_VSR0 + n, &value));
	}

	for (n = 0; n < 32; n++) {
		ASSERT_EQ(0, get_reg(self->vcpu, KVM_REG_PPC_FPR0 + n, &value));
		ASSERT_EQ(0x1111000000000000ULL + n, value.dword[0]);

		value.dword[0] = 0x3333000000000000ULL + n;
		ASSERT_EQ(0, set_reg(self->vcpu, KVM_REG_PPC_FPR0 + n, &value));
		ASSERT_EQ(0, get_reg(self->vcpu, KVM_REG_PPC_VSR0 + n, &value));
		ASSERT_EQ(0x3333000000000000ULL + n, value.dword[UPPER]);
		ASSERT_EQ(0x2222000000000000ULL + n, value.dword[!UPPER]);
	}
}

/* Userspace can read the breakpoint instruction, and not change it. */
TEST_F(regs, debug_inst)
{
	union value value = {};

	ASSERT_EQ(0, get_reg(self->vcpu, KVM_REG_PPC_DEBUG_INST, &value));
	EXPECT_EQ(INST_SW_BREAKPOINT, value.word[0]);
	EXPECT_EQ(-EINVAL, set_reg(self->vcpu, KVM_REG_PPC_DEBUG_INST, &value));
}

/* PVRs of guests with either MMU; KVM does not need the host to be one. */
#define PVR_970FX		0x003c0300
#define PVR_POWER10		0x00800200

/* MSR bits that not all CPUs have; MSR_TM depends on the host, too. */
#define MSR_ISF			BIT_ULL(61)
#define MSR_ILE			BIT_ULL(16)
#define MSR_TGPR		BIT_ULL(17)
#define MSR_E300_CE		BIT_ULL(7)
#define MSR_PMM			BIT_ULL(2)
#define MSR_RESERVED		BIT_ULL(3)
#define MSR_SOME		(MSR_SF | MSR_ISF | MSR_VEC | MSR_VSX | MSR_ILE | \
				 MSR_TGPR | MSR_PMM | MSR_LE | MSR_E300_CE | \
				 MSR_RESERVED)
/* With MSR_PR no interrupt or trace makes a difference. */
#define MSR_ALWAYS		(MSR_EE | MSR_PR | MSR_ME | MSR_IR | MSR_DR | MSR_RI)

static const struct cpu {
	const char *name;
	u32 pvr;
	u64 msr;		/* bits of MSR_SOME that it has */
} cpus[] = {
	{ "603e", 0x00060101, MSR_ILE | MSR_TGPR | MSR_LE },
	{ "G2", 0x00811014, MSR_ILE | MSR_TGPR | MSR_LE },
	{ "e300c3", 0x00850010, MSR_ILE | MSR_TGPR | MSR_LE | MSR_E300_CE },
	{ "604e", 0x00090204, MSR_ILE | MSR_PMM | MSR_LE },
	{ "750", PVR_750, MSR_ILE | MSR_PMM | MSR_LE },
	{ "750P", 0x10080100, MSR_ILE | MSR_PMM | MSR_LE },
	{ "750FX", 0x70000203, MSR_ILE | MSR_PMM | MSR_LE },
	{ "7400", PVR_7400, MSR_VEC | MSR_ILE | MSR_PMM | MSR_LE },
	{ "7447A", 0x80030102, MSR_VEC | MSR_ILE | MSR_PMM | MSR_LE },
#ifdef CONFIG_64BIT
	{ "POWER4", 0x00350201, MSR_SF | MSR_PMM },
	{ "970FX", PVR_970FX, MSR_SF | MSR_VEC | MSR_PMM },
	{ "POWER5+", 0x003b0201, MSR_SF | MSR_PMM },
	{ "POWER6", 0x003e0201, MSR_SF | MSR_VEC | MSR_PMM | MSR_LE },
	{ "POWER7", 0x003f0201, MSR_SF | MSR_VEC | MSR_VSX | MSR_PMM | MSR_LE },
	{ "POWER8", 0x004d0200, MSR_SF | MSR_VEC | MSR_VSX | MSR_PMM | MSR_LE },
	{ "POWER10", PVR_POWER10, MSR_SF | MSR_VEC | MSR_VSX | MSR_PMM | MSR_LE },
	{ "POWER12", 0x00830100, MSR_SF | MSR_VEC | MSR_VSX | MSR_PMM | MSR_LE },
	{ "POWER9", 0x004e1202, MSR_SF | MSR_VEC | MSR_VSX | MSR_PMM | MSR_LE },
#endif
};

static void expect_msr(struct kvm_vcpu *vcpu, const struct cpu *cpu)
{
	struct kvm_regs regs;

	vcpu_regs_get(vcpu, &regs);
	TEST_ASSERT(regs.msr == (MSR_ALWAYS | cpu->msr),
		    "%s: the MSR is 0x%llx, should be 0x%llx", cpu->name,
		    regs.msr, MSR_ALWAYS | cpu->msr);
}

/*
 * The MSR has the bits that the guest's CPU has, and is cut down when
 * KVM_SET_SREGS gives the vCPU another one.
 */
TEST_F(regs, msr_of_cpu)
{
	struct kvm_sregs sregs = {};
	struct kvm_regs regs = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cpus); i++) {
		sregs.pvr = cpus[i].pvr;
		vcpu_sregs_set(self->vcpu, &sregs);

		regs.msr = MSR_ALWAYS | MSR_SOME;
		vcpu_regs_set(self->vcpu, &regs);
		expect_msr(self->vcpu, &cpus[i]);
	}

	/* From the one that has the most to the one that has the least */
	sregs.pvr = cpus[0].pvr;
	vcpu_sregs_set(self->vcpu, &sregs);
	vcpu_regs_get(self->vcpu, &regs);
	TEST_ASSERT_EQ(regs.msr & ~(MSR_ALWAYS | cpus[0].msr), 0);
}

/*
 * A 970 has neither 64 KB pages nor 1 TB segments, and a POWER10 has both,
 * whatever the host has.
 */
TEST_F(regs, smmu_info)
{
	struct kvm_sregs sregs = { .pvr = PVR_970FX };
	struct kvm_ppc_smmu_info info;

#ifndef CONFIG_64BIT
	SKIP(return, "no 64-bit guests");
#endif
	vcpu_sregs_set(self->vcpu, &sregs);
	vm_ioctl(self->vm, KVM_PPC_GET_SMMU_INFO, &info);
	ASSERT_EQ(0, info.flags & KVM_PPC_1T_SEGMENTS);
	ASSERT_EQ(24, info.sps[1].page_shift);

	sregs.pvr = PVR_POWER10;
	vcpu_sregs_set(self->vcpu, &sregs);
	vm_ioctl(self->vm, KVM_PPC_GET_SMMU_INFO, &info);
	ASSERT_NE(0, info.flags & KVM_PPC_1T_SEGMENTS);
	ASSERT_EQ(16, info.sps[1].page_shift);
}

/* KVM_GET_SREGS returns what KVM_SET_SREGS was given for the 64-bit MMU. */
TEST_F(regs, sregs_slb)
{
	struct kvm_sregs sregs, now;
	unsigned int i, nr;

#ifndef CONFIG_64BIT
	SKIP(return, "no 64-bit guests");
#endif
	vcpu_sregs_get(self->vcpu, &sregs);

	/* All entries in use; then half of them, so that the others have to go. */
	for (nr = 64; nr; nr -= 32) {
		memset(&sregs.u, 0, sizeof(sregs.u));
		sregs.pvr = PVR_970FX;
		sregs.u.s.sdr1 = 0x3fff000000ULL + nr;
		for (i = 0; i < 64; i++) {
			sregs.u.s.ppc64.slb[i].slbe = i;
			if (i >= nr)
				continue;
			sregs.u.s.ppc64.slb[i].slbe |= (i * 0x123ULL + nr) << SEGMENT_SHIFT |
						       SLB_ESID_V;
			sregs.u.s.ppc64.slb[i].slbv = (0x987654321ULL - i) << SLB_VSID_SHIFT;
		}
		vcpu_sregs_set(self->vcpu, &sregs);

		vcpu_sregs_get(self->vcpu, &now);
		EXPECT_EQ(sregs.pvr, now.pvr);
		EXPECT_EQ(sregs.u.s.sdr1, now.u.s.sdr1);
		for (i = 0; i < 64; i++) {
			EXPECT_EQ(sregs.u.s.ppc64.slb[i].slbe, now.u.s.ppc64.slb[i].slbe);
			EXPECT_EQ(sregs.u.s.ppc64.slb[i].slbv, now.u.s.ppc64.slb[i].slbv);
		}
	}
}

static void check_sr_bat(struct kvm_vcpu *vcpu, u32 pvr)
{
	struct kvm_sregs sregs, now;
	unsigned int i;

	vcpu_sregs_get(vcpu, &sregs);
	memset(&sregs.u, 0, sizeof(sregs.u));
	sregs.pvr = pvr;
	sregs.u.s.sdr1 = 0x00ab0003;
	for (i = 0; i < 16; i++)
		sregs.u.s.ppc32.sr[i] = 0x20000000 | (0x5000 + i * 0x111);
	for (i = 0; i < 8; i++) {
		/* Upper half: BEPI, BL 256K, Vs, Vp.  Lower half: BRPN, WIMG, PP. */
		sregs.u.s.ppc32.ibat[i] = (0x10000007ULL + (i << 24)) << 32 |
					  (0x20000012 + (i << 24));
		sregs.u.s.ppc32.dbat[i] = (0x80000007ULL + (i << 24)) << 32 |
					  (0x40000012 + (i << 24));
	}
	vcpu_sregs_set(vcpu, &sregs);

	vcpu_sregs_get(vcpu, &now);
	TEST_ASSERT_EQ(sregs.pvr, now.pvr);
	TEST_ASSERT_EQ(sregs.u.s.sdr1, now.u.s.sdr1);
	for (i = 0; i < 16; i++)
		TEST_ASSERT_EQ(sregs.u.s.ppc32.sr[i], now.u.s.ppc32.sr[i]);
	for (i = 0; i < 8; i++) {
		TEST_ASSERT_EQ(sregs.u.s.ppc32.ibat[i],
			       swap_bat_words(now.u.s.ppc32.ibat[i]));
		TEST_ASSERT_EQ(sregs.u.s.ppc32.dbat[i],
			       swap_bat_words(now.u.s.ppc32.dbat[i]));
	}
}

/*
 * KVM_GET_SREGS returns what KVM_SET_SREGS was given for the 32-bit MMU, with one
 * exception: the halves of BATs are the other way round.  QEMU knows it, so that
 * this must stay.
 */
TEST_F(regs, sregs_sr_bat)
{
	check_sr_bat(self->vcpu, PVR_750);
	check_sr_bat(self->vcpu, PVR_7400);
	check_sr_bat(self->vcpu, 0x70000203);
	check_sr_bat(self->vcpu, 0x80030102);
	check_sr_bat(self->vcpu, 0x00850010);
}

/*
 * --- KVM_SET_REGS ---
 *
 * What a new MSR brings with it (floating-point registers to be loaded, shadow
 * segments to be dropped) has to happen to the vCPU, whichever thread calls
 * and whether or not the vCPU has run.
 */
ASM_GUEST_SUITE(set_regs, MSR_GUEST_REAL);

#define NR_PROBED_FPRS	18	/* f14 to f31 */

/* Load f14 to f31, make a system call, store them: nothing else in between. */
static long ioctl_with_fprs(int fd, unsigned long cmd, void *arg,
			    const double *in, double *out)
{
	register unsigned long r0 asm("r0") = __NR_ioctl;
	register unsigned long r3 asm("r3") = fd;
	register unsigned long r4 asm("r4") = cmd;
	register unsigned long r5 asm("r5") = (unsigned long)arg;

	asm volatile(".irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
		     "lfd	\\n, 8*(\\n-14)(%[in])\n\t"
		     ".endr\n\t"
		     "sc\n\t"
		     ".irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
		     "stfd	\\n, 8*(\\n-14)(%[out])\n\t"
		     ".endr\n\t"
		     "bns+	1f\n\t"
		     "neg	3, 3\n"
		     "1:"
		     : "+r" (r0), "+r" (r3), "+r" (r4), "+r" (r5)
		     : [in] "b" (in), [out] "b" (out)
		     : "memory", "cr0", "ctr", "xer",
		       "r6", "r7", "r8", "r9", "r10", "r11", "r12",
		       "fr14", "fr15", "fr16", "fr17", "fr18", "fr19",
		       "fr20", "fr21", "fr22", "fr23", "fr24", "fr25",
		       "fr26", "fr27", "fr28", "fr29", "fr30", "fr31");

	return (long)r3;
}

#define NR_TRIES	100

/*
 * MSR[FP] set by KVM_SET_REGS leaves the caller's registers alone.
 * Tried often, since a caller that happens to be preempted in the ioctl gets
 * its registers back whether KVM has overwritten them or not, and with other
 * values each time, since they may have become the guest's. KVM_GET_SREGS makes
 * KVM forget what it has loaded, so that each try is like the first.
 */
TEST_F(set_regs, host_fprs)
{
	struct asm_guest *guest = &self->guest;
	double in[NR_PROBED_FPRS], out[NR_PROBED_FPRS] = {};
	struct kvm_sregs sregs;
	int try, i;
	long ret;

	guest->regs.msr |= MSR_FP;
	for (try = 0; try < NR_TRIES; try++) {
		for (i = 0; i < NR_PROBED_FPRS; i++)
			in[i] = 3.25 + i + try * NR_PROBED_FPRS;

		ret = ioctl_with_fprs(guest->vcpu->fd, KVM_SET_REGS,
				      &guest->regs, in, out);
		TEST_ASSERT(!ret, "KVM_SET_REGS failed, errno: %ld", -ret);
		for (i = 0; i < NR_PROBED_FPRS; i++)
			TEST_ASSERT(in[i] == out[i],
				    "f%d was %f, is %f after KVM_SET_REGS",
				    14 + i, in[i], out[i]);
		vcpu_sregs_get(guest->vcpu, &sregs);
	}
}

/* The guest's registers reach the guest, and come back from it. */
GUEST_ASM(fpr_code,
	  "	fmr	%f15, %f14\n"
	  GUEST_ASM_OSI);

TEST_F(set_regs, guest_fprs)
{
	struct asm_guest *guest = &self->guest;
	u64 val = 0x4002000000000000ULL;	/* 2.25 */
	double junk = 3.25;

	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(14), val);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FPR(15), 0);
	guest->regs.msr |= MSR_FP;
	asm_guest_start(guest, fpr_code);
	/* If KVM_SET_REGS has loaded the guest's registers into the CPU, this changes them. */
	asm volatile("fmr 14, %0\n\tfmr 15, %0" : : "f" (junk) : "fr14", "fr15");
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(14)), val);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_FPR(15)), val);
}

#define GUEST_TAR	0x12345678UL
#define HOST_TAR	0x76543210UL

GUEST_ASM(tar_code,
	  "	mfspr	%r6, " __stringify(SPRN_TAR) "\n"
	  GUEST_ASM_OSI);

/* TAR and FSCR[TAR] reach the guest, and leave the TAR of the thread alone. */
TEST_F(set_regs, tar)
{
	struct asm_guest *guest = &self->guest;

	if (!host_has_isa_2_07())
		SKIP(return, "The CPU has no TAR");

	mtspr(SPRN_TAR, HOST_TAR);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_FSCR, FSCR_TAR);
	vcpu_set_reg(guest->vcpu, KVM_REG_PPC_TAR, GUEST_TAR);
	TEST_ASSERT_EQ(mfspr(SPRN_TAR), HOST_TAR);
	asm_guest_start(guest, tar_code);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[6], GUEST_TAR);
	TEST_ASSERT_EQ(mfspr(SPRN_TAR), HOST_TAR);
}

/*
 * A change of MSR[PR] changes the segments that the host's MMU has to use for
 * the guest, in real mode as well.  Run in one state to have a segment in use;
 * change to the other one, and go on in a page not yet touched: with the old
 * segment still in place, the fault on this page can never be resolved.
 */
GUEST_ASM(report_code,
	  "	addi	%r5, %r5, 1\n"
	  GUEST_ASM_OSI);

static void change_state(struct asm_guest *guest, u64 msr1, u64 msr2)
{
	/* Two pages of a size that any host may use */
	const gpa_t page1 = 0x20000, page2 = 0x40000;

	asm_guest_load(guest, page1, report_code);
	asm_guest_load(guest, page2, report_code);

	guest->regs.msr = msr1;
	guest->regs.pc = page1;
	guest->regs.gpr[5] = 0;
	asm_guest_set_regs(guest);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);

	/* KVM takes the GPRs of the OSI exit back when it runs next. */
	guest->regs.msr = msr2;
	guest->regs.pc = page2;
	asm_guest_set_regs(guest);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 2);
	TEST_ASSERT_EQ(guest->regs.msr, msr2);
}

/* KVM_SET_REGS sets MSR[PR] of a guest that ran. */
TEST_F(set_regs, supervisor_to_problem)
{
	change_state(&self->guest, MSR_GUEST_REAL, MSR_GUEST_REAL | MSR_PR);
}

/* KVM_SET_REGS clears MSR[PR] of a guest that ran. */
TEST_F(set_regs, problem_to_supervisor)
{
	change_state(&self->guest, MSR_GUEST_REAL | MSR_PR, MSR_GUEST_REAL);
}

/*
 * MSR[POW] makes the CPU sleep that executes mtmsr.  Userspace that
 * sets registers does not execute it, and must not be the one that sleeps:
 * nobody could wake it up but by a signal.
 */
static sig_atomic_t slept;

static void wake_up(int signum)
{
	WRITE_ONCE(slept, 1);
}

TEST_F(set_regs, msr_pow)
{
	struct sigaction sa = { .sa_handler = wake_up };
	struct asm_guest *guest = &self->guest;

	TEST_ASSERT(!sigaction(SIGALRM, &sa, NULL), "sigaction() failed");
	guest->regs.gpr[5] = 0;
	guest->regs.msr |= MSR_POW;
	alarm(5);
	asm_guest_start(guest, report_code);
	alarm(0);
	TEST_ASSERT(!READ_ONCE(slept), "KVM_SET_REGS slept until a signal came");

	/* Nor is the guest idle, or has that bit in its MSR. */
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[5], 1);
	TEST_ASSERT_EQ(guest->regs.msr, MSR_GUEST_REAL);
}

#ifdef CONFIG_64BIT
/* MSR[TM] and MSR[TS] do not exist without transactional memory. */
TEST_F(set_regs, no_transactions)
{
	struct asm_guest *guest = &self->guest;

	if (host_has_tm())
		SKIP(return, "The host has transactional memory");

	guest->regs.msr |= MSR_TM | MSR_TS_S;
	asm_guest_set_regs(guest);
	vcpu_regs_get(guest->vcpu, &guest->regs);
	TEST_ASSERT_EQ(guest->regs.msr, MSR_GUEST_REAL);
}
#endif

TEST_HARNESS_MAIN
