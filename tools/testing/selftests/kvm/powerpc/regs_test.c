// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test which registers KVM PR gives access to, and that all of them keep what
 * userspace puts into them
 *
 * No guest runs.  There is no KVM_GET_REG_LIST on powerpc, so the list is found
 * out by asking for every ID that there could be.
 */
#include <sys/auxv.h>

#include "kvm_util.h"
#include "processor.h"
#include "kselftest_harness.h"

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

	self->vm = vm_create_barebones();
	self->vcpu = __vm_vcpu_add(self->vm, 0);
	self->tm = !get_reg(self->vcpu, KVM_REG_PPC_TFHAR, &value);
}

FIXTURE_TEARDOWN(regs)
{
	kvm_vm_free(self->vm);
}

static bool is_there(const struct reg_range *range, bool tm)
{
	unsigned long hwcap = getauxval(AT_HWCAP);

	switch (range->needs) {
	case HOST64:
		return sizeof(long) == sizeof(u64);
	case ALTIVEC:
		return hwcap & PPC_FEATURE_HAS_ALTIVEC;
	case VSX:
		return hwcap & PPC_FEATURE_HAS_VSX;
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

/* No clause: precisely the registers of the list can be read, by any ID. */
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
 * No clause: a register that is set reads back the same, after all of the others
 * have been set, too.
 */
TEST_F(regs, round_trip)
{
	unsigned int i, n, round;
	union value want, value;
	u64 id;
	int ret;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < ARRAY_SIZE(ranges); i++) {
			for (n = 0; n < ranges[i].count; n++) {
				if (!settable(&ranges[i], self->tm))
					continue;
				id = ranges[i].first + n;
				make_value(id, round, &value);
				ret = set_reg(self->vcpu, id, &value);
				TEST_ASSERT(!ret, "Cannot set 0x%" PRIx64 ": %d", id, ret);
			}
		}

		for (i = 0; i < ARRAY_SIZE(ranges); i++) {
			for (n = 0; n < ranges[i].count; n++) {
				if (!settable(&ranges[i], self->tm))
					continue;
				id = ranges[i].first + n;
				make_value(id, round, &want);
				memset(&value, 0, sizeof(value));
				ret = get_reg(self->vcpu, id, &value);
				TEST_ASSERT(!ret && !memcmp(&want, &value, sizeof(want)),
					    "0x%" PRIx64 ": %d, was set to 0x%" PRIx64 " 0x%" PRIx64
					    ", is 0x%" PRIx64 " 0x%" PRIx64, id, ret,
					    want.dword[0], want.dword[1],
					    value.dword[0], value.dword[1]);
			}
		}
	}
}

/* No clause: FSCR does not get the bits that KVM PR cannot honour. */
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

/* No clause: the upper half of VSR n is FPR n. */
TEST_F(regs, vsrs_contain_fprs)
{
	union value value;
	unsigned int n;

	if (!(getauxval(AT_HWCAP) & PPC_FEATURE_HAS_VSX))
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

/* No clause: C1's instruction is known to userspace, and is not to be changed. */
TEST_F(regs, debug_inst)
{
	union value value = {};

	ASSERT_EQ(0, get_reg(self->vcpu, KVM_REG_PPC_DEBUG_INST, &value));
	EXPECT_EQ(INST_SW_BREAKPOINT, value.word[0]);
	EXPECT_EQ(-EINVAL, set_reg(self->vcpu, KVM_REG_PPC_DEBUG_INST, &value));
}

/* PVRs of guests with either MMU; KVM does not need the host to be one. */
#define PVR_970FX		0x003c0300
#define PVR_750			0x00080200
#define PVR_750FX		0x70000203
#define PVR_7447A		0x80030102

/* MSR bits that not all CPUs have; MSR_TM depends on the host, too. */
#define MSR_ISF			BIT_ULL(61)
#define MSR_ILE			BIT_ULL(16)
#define MSR_TGPR		BIT_ULL(17)
#define MSR_PMM			BIT_ULL(2)
#define MSR_RESERVED		BIT_ULL(3)
#define MSR_SOME		(MSR_SF | MSR_ISF | MSR_VEC | MSR_VSX | MSR_ILE | \
				 MSR_TGPR | MSR_PMM | MSR_LE | MSR_RESERVED)
/* With MSR_PR no interrupt or trace makes a difference. */
#define MSR_ALWAYS		(MSR_EE | MSR_PR | MSR_ME | MSR_IR | MSR_DR | MSR_RI)

static const struct cpu {
	const char *name;
	u32 pvr;
	u64 msr;		/* bits of MSR_SOME that it has */
} cpus[] = {
	{ "603e", 0x00060101, MSR_ILE | MSR_TGPR | MSR_LE },
	{ "604e", 0x00090204, MSR_ILE | MSR_PMM | MSR_LE },
	{ "750", PVR_750, MSR_ILE | MSR_PMM | MSR_LE },
	{ "750FX", PVR_750FX, MSR_ILE | MSR_PMM | MSR_LE },
	{ "7400", PVR_7400, MSR_VEC | MSR_ILE | MSR_PMM | MSR_LE },
	{ "7447A", PVR_7447A, MSR_VEC | MSR_ILE | MSR_PMM | MSR_LE },
#ifdef CONFIG_64BIT
	{ "970FX", PVR_970FX, MSR_SF | MSR_VEC | MSR_PMM },
	{ "POWER5+", 0x003b0201, MSR_SF | MSR_PMM },
	{ "POWER6", 0x003e0201, MSR_SF | MSR_VEC | MSR_PMM | MSR_LE },
	{ "POWER7", 0x003f0201, MSR_SF | MSR_VEC | MSR_VSX | MSR_PMM | MSR_LE },
	{ "POWER8", 0x004d0200, MSR_SF | MSR_VEC | MSR_VSX | MSR_PMM | MSR_LE },
	{ "POWER9", 0x004e1202, MSR_SF | MSR_VEC | MSR_VSX | MSR_PMM | MSR_LE },
#endif
};

static void expect_msr(struct kvm_vcpu *vcpu, const struct cpu *cpu)
{
	struct kvm_regs regs;

	vcpu_regs_get(vcpu, &regs);
	TEST_ASSERT(regs.msr == (MSR_ALWAYS | cpu->msr),
		    "%s: the MSR is 0x%llx, should be 0x%" PRIx64, cpu->name,
		    (unsigned long long)regs.msr, (u64)(MSR_ALWAYS | cpu->msr));
}

/*
 * No clause: the MSR has the bits that the guest's CPU has, and is cut down when
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

/* No clause: KVM_GET_SREGS returns what KVM_SET_SREGS was given, 64-bit MMU. */
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
 * No clause: the same, 32-bit MMU. With one exception: KVM_GET_SREGS has always
 * returned the halves of BATs the other way round than KVM_SET_SREGS takes them,
 * and userspace (QEMU) knows it, so that this must stay.
 */
TEST_F(regs, sregs_sr_bat)
{
	check_sr_bat(self->vcpu, PVR_750);
	check_sr_bat(self->vcpu, PVR_7400);
	check_sr_bat(self->vcpu, PVR_750FX);
	check_sr_bat(self->vcpu, PVR_7447A);
}

TEST_HARNESS_MAIN
