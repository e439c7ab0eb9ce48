/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fixtures of tests that run small guests, each with a variant for each kind of
 * guest that the host can have
 */
#ifndef SELFTEST_KVM_DEBUG_SUITE_H
#define SELFTEST_KVM_DEBUG_SUITE_H

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asm_guest.h"
#include "kselftest_harness.h"

#ifndef PTRACE_SINGLEBLOCK
#define PTRACE_SINGLEBLOCK	0x100
#endif

#ifdef CONFIG_64BIT
#define DEBUG_VARIANTS_64(_name)						\
	FIXTURE_VARIANT_ADD(_name, guest64)					\
	{									\
		.msr = MSR_GUEST_REAL,						\
	};									\
										\
	/* A 64-bit CPU in 32-bit mode */					\
	FIXTURE_VARIANT_ADD(_name, mode32)					\
	{									\
		.msr = MSR_GUEST_REAL & ~MSR_SF,				\
	}

#define DEBUG_VARIANTS_SLB(_name)						\
	FIXTURE_VARIANT_ADD(_name, slb)						\
	{									\
		.msr = MSR_GUEST_REAL | MSR_IR | MSR_DR,			\
		.mmu = GUEST_MMU_SLB,						\
	};									\
										\
	FIXTURE_VARIANT_ADD(_name, papr)					\
	{									\
		.msr = MSR_GUEST_REAL | MSR_IR | MSR_DR,			\
		.mmu = GUEST_MMU_PAPR,						\
	}
#else
#define DEBUG_VARIANTS_64(_name)	kvm_static_assert(true)
#define DEBUG_VARIANTS_SLB(_name)	kvm_static_assert(true)
#endif

/*
 * Big-endian guests of little-endian hosts.  Little-endian guests of big-endian hosts
 * are not tested.
 */
#ifdef __LITTLE_ENDIAN__
#define DEBUG_VARIANTS_64BE(_name)						\
	FIXTURE_VARIANT_ADD(_name, guest64be)					\
	{									\
		.msr = MSR_GUEST_REAL & ~MSR_LE,				\
	}

#define DEBUG_VARIANTS_32BE(_name)						\
	FIXTURE_VARIANT_ADD(_name, guest32be)					\
	{									\
		.msr = MSR_GUEST_REAL & ~(MSR_SF | MSR_LE),			\
		.cpu32 = true,							\
	}

#define DEBUG_VARIANTS_TRANSLATED_BE(_name)					\
	FIXTURE_VARIANT_ADD(_name, slb_be)					\
	{									\
		.msr = (MSR_GUEST_REAL & ~MSR_LE) | MSR_IR | MSR_DR,		\
		.mmu = GUEST_MMU_SLB,						\
	};									\
										\
	FIXTURE_VARIANT_ADD(_name, sr_be)					\
	{									\
		.msr = (MSR_GUEST_REAL & ~(MSR_SF | MSR_LE)) | MSR_IR | MSR_DR, \
		.mmu = GUEST_MMU_SR,						\
	};									\
										\
	FIXTURE_VARIANT_ADD(_name, bat_be)					\
	{									\
		.msr = (MSR_GUEST_REAL & ~(MSR_SF | MSR_LE)) | MSR_IR | MSR_DR, \
		.mmu = GUEST_MMU_BAT,						\
	}
#else
#define DEBUG_VARIANTS_64BE(_name)		kvm_static_assert(true)
#define DEBUG_VARIANTS_32BE(_name)		kvm_static_assert(true)
#define DEBUG_VARIANTS_TRANSLATED_BE(_name)	kvm_static_assert(true)
#endif

/**
 * DEBUG_FIXTURE() - define a fixture with a guest to debug
 * @_name: of the fixture
 *
 * Its variants have an msr, which the guest starts with, a guest_mmu, and the
 * flags cpu32 and reattach of struct asm_guest_config.
 */
#define DEBUG_FIXTURE(_name)							\
	FIXTURE(_name)								\
	{									\
		struct asm_guest guest;						\
	};									\
										\
	FIXTURE_VARIANT(_name)							\
	{									\
		u64 msr;							\
		enum guest_mmu mmu;						\
		bool cpu32;							\
		bool reattach;							\
	};									\
										\
	FIXTURE_SETUP(_name)							\
	{									\
		const struct asm_guest_config config = {			\
			.msr = variant->msr,					\
			.mmu = variant->mmu,					\
			.cpu32 = variant->cpu32,				\
			.reattach = variant->reattach,				\
		};								\
										\
		__asm_guest_create(&self->guest, &config);			\
	}									\
										\
	FIXTURE_TEARDOWN(_name)							\
	{									\
		asm_guest_destroy(&self->guest);				\
	}									\
	kvm_static_assert(true)

/**
 * DEBUG_VARIANTS() - guests in real mode, as variants of a DEBUG_FIXTURE()
 * @_name: of the fixture
 */
#define DEBUG_VARIANTS(_name)							\
	DEBUG_VARIANTS_64(_name);						\
	DEBUG_VARIANTS_64BE(_name);						\
	DEBUG_VARIANTS_32BE(_name);						\
	FIXTURE_VARIANT_ADD(_name, guest32)					\
	{									\
		.msr = MSR_GUEST_REAL & ~MSR_SF,				\
		.cpu32 = true,							\
	}

/**
 * DEBUG_VARIANTS_TRANSLATED() - guests with MSR[IR] and MSR[DR] on, as variants
 * @_name: of the fixture
 */
#define DEBUG_VARIANTS_TRANSLATED(_name)					\
	DEBUG_VARIANTS_SLB(_name);						\
	DEBUG_VARIANTS_TRANSLATED_BE(_name);					\
	FIXTURE_VARIANT_ADD(_name, sr)						\
	{									\
		.msr = (MSR_GUEST_REAL & ~MSR_SF) | MSR_IR | MSR_DR,		\
		.mmu = GUEST_MMU_SR,						\
	};									\
										\
	FIXTURE_VARIANT_ADD(_name, bat)						\
	{									\
		.msr = (MSR_GUEST_REAL & ~MSR_SF) | MSR_IR | MSR_DR,		\
		.mmu = GUEST_MMU_BAT,						\
	}

/**
 * DEBUG_SUITE() - define a fixture with a guest to debug, in real mode
 * @_name: of the fixture
 */
#define DEBUG_SUITE(_name)							\
	DEBUG_FIXTURE(_name);							\
	DEBUG_VARIANTS(_name)

/**
 * DEBUG_SUITE_64() - the same, with 64-bit CPUs only, for what 32-bit ones lack
 * @_name: of the fixture
 */
#define DEBUG_SUITE_64(_name)							\
	DEBUG_FIXTURE(_name);							\
	DEBUG_VARIANTS_64(_name);						\
	DEBUG_VARIANTS_64BE(_name)

/**
 * DEBUG_SUITE_ALL() - DEBUG_SUITE() with translated guests and QEMU's way to step
 * @_name: of the fixture
 */
#define DEBUG_SUITE_ALL(_name)							\
	DEBUG_SUITE(_name);							\
	DEBUG_VARIANTS_TRANSLATED(_name);					\
	FIXTURE_VARIANT_ADD(_name, reattach)					\
	{									\
		.msr = MSR_GUEST_REAL,						\
		.reattach = true,						\
	}

/**
 * ASM_GUEST_SUITE() - define a fixture with a guest that nobody debugs
 * @_name: of the fixture
 * @_msr: what the guest starts with
 */
#define ASM_GUEST_SUITE(_name, _msr)						\
	FIXTURE(_name)								\
	{									\
		struct asm_guest guest;						\
	};									\
										\
	FIXTURE_SETUP(_name)							\
	{									\
		asm_guest_create(&self->guest, _msr);				\
	}									\
										\
	FIXTURE_TEARDOWN(_name)							\
	{									\
		asm_guest_destroy(&self->guest);				\
	}									\
	kvm_static_assert(true)

/**
 * check_data_storage() - check the registers that a data storage interrupt sets
 * @guest: the guest
 * @srr0: the instruction's address
 * @dar: the address of the access
 * @dsisr: the cause
 */
static inline void check_data_storage(struct asm_guest *guest, u64 srr0, u64 dar, u32 dsisr)
{
	TEST_ASSERT_EQ(guest->regs.srr0, srr0);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DAR), dar);
	TEST_ASSERT_EQ(vcpu_get_reg(guest->vcpu, KVM_REG_PPC_DSISR), dsisr);
}

/**
 * cpu_traces_branches() - does MSR[BE] trace branches?
 *
 * The Power ISA makes that optional.  Ask the host's ptrace(), which uses MSR[BE].
 *
 * Return: true if it does
 */
static inline bool cpu_traces_branches(void)
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

/**
 * struct suite_option - an option of a test's command line, with a number
 * @letter: the option
 * @what: for the help text
 * @value: the number, at first the default
 */
struct suite_option {
	const char *letter;
	const char *what;
	unsigned long value;
};

/**
 * suite_options() - read the command line, and print what it says
 * @argc: of main()
 * @argv: of main()
 * @options: all that there are
 * @nr: how many
 *
 * The harness has options of its own, so test_harness_run() gets argv[0] only.
 */
static inline void suite_options(int argc, char *argv[], struct suite_option *options,
				 unsigned int nr)
{
	unsigned int i;
	char *end;
	int arg;

	for (arg = 1; arg < argc; arg += 2) {
		for (i = 0; i < nr; i++) {
			if (argv[arg][0] == '-' && !strcmp(argv[arg] + 1, options[i].letter))
				break;
		}
		if (i < nr && arg + 1 < argc)
			options[i].value = strtoul(argv[arg + 1], &end, 0);
		if (i < nr && arg + 1 < argc && end != argv[arg + 1] && !*end)
			continue;
		for (i = 0; i < nr; i++)
			fprintf(stderr, "-%s number: %s (0x%lx)\n", options[i].letter,
				options[i].what, options[i].value);
		exit(KSFT_FAIL);
	}
	for (i = 0; i < nr; i++)
		ksft_print_msg("%s: 0x%lx\n", options[i].what, options[i].value);
}

static __thread struct kvm_random_state suite_rng;

/**
 * suite_seed() - start this thread's random numbers
 * @seed: for example from the command line
 * @nr: distinguishes what has the same seed
 */
static inline void suite_seed(u64 seed, u64 nr)
{
	suite_rng = new_kvm_random_state(1 + (seed * 0x9e3779b9 + nr) % 0x7ffffffe);
}

/* The library's numbers have 31 bits. */
static inline u64 rnd(void)
{
	return kvm_random_u64(&suite_rng) ^ kvm_random_u64(&suite_rng) << 1;
}

static inline u32 below(u32 n)
{
	return kvm_random_u32(&suite_rng) % n;
}

#endif /* SELFTEST_KVM_DEBUG_SUITE_H */
