// SPDX-License-Identifier: GPL-2.0-only
/*
 * ucall support. A ucall is a "hypercall to userspace".
 */
#include "kvm_util.h"
#include "processor.h"

void *ucall_arch_get_ucall(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	if (run->exit_reason != KVM_EXIT_OSI)
		return NULL;

	return (void *)(uintptr_t)run->osi.gprs[5];
}
