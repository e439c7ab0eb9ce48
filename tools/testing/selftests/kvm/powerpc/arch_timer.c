// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test the decrementer, the timer of powerpc: its interrupt comes after the time
 * that was set, and not much later, while vCPUs move from CPU to CPU
 */
#include <sys/platform/ppc.h>

#include "kvm_util.h"
#include "processor.h"
#include "timer_test.h"
#include "ucall_common.h"

#define DEC_MAX		0x7fffffff

static u64 ticks_per_ms;

static struct test_vcpu_shared_data *guest_data(void)
{
	return &vcpu_shared_data[guest_get_vcpuid()];
}

static void decrementer_handler(struct ex_regs *regs)
{
	u64 period = test_args.timer_period_ms * ticks_per_ms;
	struct test_vcpu_shared_data *data = guest_data();

	mtspr(SPRN_DEC, DEC_MAX);
	GUEST_ASSERT(__builtin_ppc_get_timebase() - data->xcnt >= period);
	WRITE_ONCE(data->nr_iter, data->nr_iter + 1);
}

static void guest_code(void)
{
	u64 period = test_args.timer_period_ms * ticks_per_ms;
	u64 margin = test_args.timer_err_margin_us * ticks_per_ms / 1000;
	struct test_vcpu_shared_data *data = guest_data();
	u64 now;
	u32 i;

	mtspr(SPRN_DEC, DEC_MAX);
	local_irq_enable();

	for (i = 0; i < test_args.nr_iter; i++) {
		data->xcnt = __builtin_ppc_get_timebase();
		mtspr(SPRN_DEC, period);
		for (;;) {
			/* An interrupt that comes later than this is late. */
			now = __builtin_ppc_get_timebase();
			if (READ_ONCE(data->nr_iter) != i)
				break;
			__GUEST_ASSERT(now - data->xcnt < period + margin,
				       "DEC was 0x%" PRIx64 ", 0x%" PRIx64 " ticks ago",
				       period, now - data->xcnt);
		}
		GUEST_ASSERT_EQ(data->nr_iter, i + 1);
	}

	GUEST_DONE();
}

struct kvm_vm *test_vm_create(void)
{
	struct kvm_vm *vm = vm_create_with_vcpus(test_args.nr_vcpus, guest_code, vcpus);

	vm_install_exception_handler(vm, VEC_DECREMENTER, decrementer_handler);

	/* KVM guests have the host's timebase. */
	ticks_per_ms = __ppc_get_timebase_freq() / 1000;
	TEST_ASSERT(test_args.timer_period_ms * ticks_per_ms <= DEC_MAX,
		    "-p %u does not fit into the decrementer", test_args.timer_period_ms);
	sync_global_to_guest(vm, ticks_per_ms);
	sync_global_to_guest(vm, test_args);

	return vm;
}

void test_vm_cleanup(struct kvm_vm *vm)
{
	kvm_vm_free(vm);
}
