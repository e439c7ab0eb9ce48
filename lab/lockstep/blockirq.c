// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a QEMU: its single-steps hold back asynchronous interrupts, as
 * those of TCG do.  QEMU would ask for it by itself if the kernel headers that
 * it was built with had the bit for powerpc.
 */
#include <linux/kvm.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef KVM_GUESTDBG_BLOCKIRQ
#define KVM_GUESTDBG_BLOCKIRQ	0x00100000
#endif

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == KVM_SET_GUEST_DEBUG) {
		struct kvm_guest_debug *debug = arg;

		if (debug->control & KVM_GUESTDBG_SINGLESTEP)
			debug->control |= KVM_GUESTDBG_BLOCKIRQ;
	}
	return syscall(SYS_ioctl, fd, request, arg);
}
