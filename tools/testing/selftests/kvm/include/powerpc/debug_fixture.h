/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of guest debugging tests: `debug`, with a guest of each word size
 * and byte order that the host can have.  Nothing but tests should include it,
 * each of them once.
 */
#ifndef SELFTEST_KVM_DEBUG_FIXTURE_H
#define SELFTEST_KVM_DEBUG_FIXTURE_H

#include "debug_guest.h"
#include "kselftest_harness.h"

FIXTURE(debug)
{
	struct debug_guest guest;
};

FIXTURE_VARIANT(debug)
{
	u64 msr;
};

#ifdef CONFIG_64BIT
FIXTURE_VARIANT_ADD(debug, guest64)
{
	.msr = MSR_GUEST_REAL,
};

#ifdef __LITTLE_ENDIAN__
FIXTURE_VARIANT_ADD(debug, guest64be)
{
	.msr = MSR_GUEST_REAL & ~MSR_LE,
};
#endif
#endif /* CONFIG_64BIT */

FIXTURE_VARIANT_ADD(debug, guest32)
{
	.msr = MSR_GUEST_REAL & ~MSR_SF,
};

FIXTURE_SETUP(debug)
{
	debug_guest_create(&self->guest, variant->msr);
}

FIXTURE_TEARDOWN(debug)
{
	debug_guest_destroy(&self->guest);
}

#endif /* SELFTEST_KVM_DEBUG_FIXTURE_H */
