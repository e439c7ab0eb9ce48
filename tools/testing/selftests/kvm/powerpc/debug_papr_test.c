// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single-stepping over the hypercalls of PAPR guests of KVM Book3S PR, each of
 * those that the kernel completes, or hands to userspace
 *
 * Each case names the clause that it proves:
 *
 * A5  An interrupt that a hypercall makes deliverable is the next event.
 * A7  A hypercall is one step, whether the kernel completes it (at once) or
 *     userspace (in the KVM_RUN that follows the exit).
 * A10 -EINTR loses nothing and reports nothing twice.
 * B3  A hypercall causes no Trace interrupt.
 */
#ifdef CONFIG_64BIT
#include <endian.h>
#include <linux/sizes.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "debug_fixture.h"

#define H_SUCCESS		0
#define H_PARAMETER		-4
#define H_PTEG_FULL		-6
#define H_NOT_FOUND		-7
#define H_P2			-55

#define H_REMOVE		0x04
#define H_ENTER			0x08
#define H_PROTECT		0x18
#define H_GET_TCE		0x1c
#define H_PUT_TCE		0x20
#define H_LOGICAL_CI_LOAD	0x3c
#define H_LOGICAL_CI_STORE	0x40
#define H_EOI			0x64
#define H_CPPR			0x68
#define H_IPI			0x6c
#define H_IPOLL			0x70
#define H_XIRR			0x74
#define H_CEDE			0xe0
#define H_CONFER		0xe4
#define H_PROD			0xe8
#define H_BULK_REMOVE		0x124
#define H_STUFF_TCE		0x138
#define H_PUT_TCE_INDIRECT	0x13c
#define H_XIRR_X		0x2fc
#define H_SET_MODE		0x31c
#define H_RTAS			0xf000

/* The instruction that guests of PR put in the place of sc 1 */
GUEST_ASM(papr_code,
	  "	.long	0x7c000268\n"
	  "papr_1: addi	%r30, %r30, 1\n"
	  "papr_2: nop\n");

GUEST_LABELS(papr_1[], papr_2[]);

static void start_hcall(struct debug_guest *guest, u64 nr, const u64 *args)
{
	int i;

	guest->regs.gpr[3] = nr;
	for (i = 0; i < 9; i++)
		guest->regs.gpr[4 + i] = args[i];
	guest->regs.gpr[30] = 0;
	debug_guest_start(guest, papr_code, papr_code_end);
	debug_guest_control(guest, GUESTDBG_STEP);
}

/* The stop behind it, and one more instruction */
static void stop_hcall(struct debug_guest *guest)
{
	debug_guest_expect_stop(guest, papr_1);
	TEST_ASSERT_EQ(guest->regs.gpr[30], 0);
}

#define ARGS(...)	((const u64[9]) { __VA_ARGS__ })

/* A hypercall that the kernel completes; the return value */
static s64 kernel_hcall(struct debug_guest *guest, u64 nr, const u64 *args)
{
	s64 ret;

	start_hcall(guest, nr, args);
	stop_hcall(guest);
	ret = guest->regs.gpr[3];
	debug_guest_expect_stop(guest, papr_2);
	TEST_ASSERT_EQ(guest->regs.gpr[30], 1);
	return ret;
}

/* One that userspace completes */
static void userspace_hcall(struct debug_guest *guest, u64 nr, const u64 *args)
{
	struct kvm_run *run = guest->vcpu->run;
	int i;

	start_hcall(guest, nr, args);
	debug_guest_run(guest, KVM_EXIT_PAPR_HCALL);
	TEST_ASSERT_EQ(run->papr_hcall.nr, nr);
	for (i = 0; i < 9; i++)
		TEST_ASSERT_EQ(run->papr_hcall.args[i], args[i]);
	run->papr_hcall.ret = 0x1234;
	run->papr_hcall.args[0] = 0x5678;
	stop_hcall(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[3], 0x1234);
	TEST_ASSERT_EQ(guest->regs.gpr[4], 0x5678);
	debug_guest_expect_stop(guest, papr_2);
}

static void start_papr(struct debug_guest *guest)
{
	vcpu_enable_cap(guest->vcpu, KVM_CAP_PPC_PAPR, 0);
}

static void enable_hcall(struct debug_guest *guest, u64 nr, bool enable)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_PPC_ENABLE_HCALL,
		.args = { nr, enable },
	};

	vm_ioctl(guest->vm, KVM_ENABLE_CAP, &cap);
}

/* A hash table of the smallest size, in userspace as it is for PAPR guests */
#define HPT_SIZE	SZ_256K
#define H_EXACT		BIT_ULL(63 - 24)
#define H_AVPN		BIT_ULL(63 - 32)

#define HPTE_V		0x4000123400000001ULL	/* valid */
#define HPTE_V_OTHER	0x4000567800000001ULL
#define HPTE_R		0x0000000000010190ULL
#define HPTE_R_PP	3

#define BULK_REQUEST	0x4000000000000000ULL
#define BULK_RESPONSE	0x8000000000000000ULL
#define BULK_END	0xc000000000000000ULL
#define BULK_CODE	0xf000000000000000ULL

static u64 *create_hpt(struct debug_guest *guest)
{
	struct kvm_sregs sregs;
	u64 *hpt = aligned_alloc(HPT_SIZE, HPT_SIZE);

	TEST_ASSERT(hpt, "aligned_alloc() failed");
	memset(hpt, 0, HPT_SIZE);
	vcpu_sregs_get(guest->vcpu, &sregs);
	sregs.u.s.sdr1 = (uintptr_t)hpt;
	vcpu_sregs_set(guest->vcpu, &sregs);
	return hpt;
}

static void check_hpte(const u64 *hpt, int nr, u64 v, u64 r)
{
	TEST_ASSERT_EQ(be64toh(hpt[2 * nr]), v);
	if (v)
		TEST_ASSERT_EQ(be64toh(hpt[2 * nr + 1]), r);
}

/* A7: H_ENTER, H_PROTECT, H_REMOVE */
TEST_F(debug, hpt)
{
	struct debug_guest *guest = &self->guest;
	u64 *hpt;

	start_papr(guest);
	hpt = create_hpt(guest);

	/* The first free entry of the group */
	TEST_ASSERT_EQ(kernel_hcall(guest, H_ENTER, ARGS(0, 8, HPTE_V, HPTE_R)),
		       H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], 8);
	check_hpte(hpt, 8, HPTE_V, HPTE_R);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_ENTER, ARGS(0, 8, HPTE_V, HPTE_R)),
		       H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], 9);
	check_hpte(hpt, 9, HPTE_V, HPTE_R);

	/* This entry, and no other */
	TEST_ASSERT_EQ(kernel_hcall(guest, H_ENTER,
				    ARGS(H_EXACT, 11, HPTE_V, HPTE_R)), H_SUCCESS);
	check_hpte(hpt, 10, 0, 0);
	check_hpte(hpt, 11, HPTE_V, HPTE_R);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_ENTER,
				    ARGS(H_EXACT, 11, HPTE_V_OTHER, HPTE_R)),
		       H_PTEG_FULL);
	check_hpte(hpt, 11, HPTE_V, HPTE_R);

	TEST_ASSERT_EQ(kernel_hcall(guest, H_PROTECT,
				    ARGS(HPTE_R_PP | H_AVPN, 11, HPTE_V & ~0x7fULL)),
		       H_SUCCESS);
	check_hpte(hpt, 11, HPTE_V, HPTE_R | HPTE_R_PP);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PROTECT, ARGS(0, 12, 0)),
		       H_NOT_FOUND);

	TEST_ASSERT_EQ(kernel_hcall(guest, H_REMOVE, ARGS(0, 11, 0)), H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], HPTE_V);
	TEST_ASSERT_EQ(guest->regs.gpr[5], HPTE_R | HPTE_R_PP);
	check_hpte(hpt, 11, 0, 0);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_REMOVE, ARGS(0, 11, 0)),
		       H_NOT_FOUND);
	free(hpt);
}

/* A7: H_BULK_REMOVE */
TEST_F(debug, hpt_bulk)
{
	struct debug_guest *guest = &self->guest;
	u64 *hpt;

	start_papr(guest);
	hpt = create_hpt(guest);
	hpt[2 * 8] = htobe64(HPTE_V);
	hpt[2 * 9] = htobe64(HPTE_V);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_BULK_REMOVE,
				    ARGS(BULK_REQUEST | 8, 0, BULK_REQUEST | 10, 0,
					 BULK_REQUEST | 9, 0, BULK_END, 0)),
		       H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4] & BULK_CODE, BULK_RESPONSE);
	TEST_ASSERT_EQ(guest->regs.gpr[6] & BULK_CODE, BULK_RESPONSE | BIT_ULL(60));
	TEST_ASSERT_EQ(guest->regs.gpr[8] & BULK_CODE, BULK_RESPONSE);
	check_hpte(hpt, 8, 0, 0);
	check_hpte(hpt, 9, 0, 0);
	free(hpt);
}

/* Counts the Trace interrupts, and keeps where the last one was. */
GUEST_ASM(trace_handler,
	  "	mfsrr0	%r30\n"
	  "	addi	%r31, %r31, 1\n"
	  GUEST_ASM_RFI);

GUEST_ASM(traced_code,
	  "	.long	0x7c000268\n"
	  "	mtmsr	%r28\n"
	  "traced_2: mr	%r29, %r3\n"
	  GUEST_ASM_OSI);

GUEST_LABELS(traced_2[]);

/* B3: there is no Trace interrupt after a hypercall; mtmsr clears SE and is traced. */
TEST_F(debug, not_traced)
{
	struct debug_guest *guest = &self->guest;
	u64 *hpt;

	start_papr(guest);
	hpt = create_hpt(guest);
	debug_guest_load(guest, VEC_TRACE, trace_handler, trace_handler_end);
	guest->regs.msr = variant->msr | MSR_SE;
	guest->regs.gpr[3] = H_REMOVE;
	guest->regs.gpr[4] = 0;
	guest->regs.gpr[5] = 8;
	guest->regs.gpr[28] = variant->msr;
	guest->regs.gpr[31] = 0;
	debug_guest_start(guest, traced_code, traced_code_end);
	debug_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT_EQ(guest->regs.gpr[29], H_NOT_FOUND);
	TEST_ASSERT_EQ(guest->regs.gpr[31], 1);
	TEST_ASSERT_EQ(guest->regs.gpr[30], debug_guest_addr(guest, traced_2));
	free(hpt);
}

#define SET_MODE_CIABR	1
#define SET_MODE_DAWR0	2
#define SET_MODE_AIL	3
#define SET_MODE_LE	4
#define SET_MODE_DAWR1	5

/* A7: the guest's byte order is userspace's, and so is a hypercall that is off. */
TEST_F(debug, userspace)
{
	struct debug_guest *guest = &self->guest;

	start_papr(guest);
	userspace_hcall(guest, H_SET_MODE, ARGS(1, SET_MODE_LE));
	userspace_hcall(guest, H_GET_TCE, ARGS(1, 2, 3, 4, 5, 6, 7, 8, 9));
	userspace_hcall(guest, H_XIRR, ARGS(0));	/* no in-kernel XICS */
	userspace_hcall(guest, H_RTAS, ARGS(0));	/* no token defined */

	enable_hcall(guest, H_ENTER, false);
	userspace_hcall(guest, H_ENTER, ARGS(0, 8, HPTE_V, HPTE_R));
}

/* A7: H_SET_MODE for what guests of PR do not have */
TEST_F(debug, set_mode)
{
	static const u64 none[] = { SET_MODE_CIABR, SET_MODE_DAWR0, SET_MODE_DAWR1 };
	struct debug_guest *guest = &self->guest;
	unsigned int i;

	start_papr(guest);
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		TEST_ASSERT_EQ(kernel_hcall(guest, H_SET_MODE, ARGS(0, none[i])), H_P2);
		TEST_ASSERT_EQ(kernel_hcall(guest, H_SET_MODE,
					    ARGS(0, none[i], GUEST_CODE, 3)), H_P2);
	}
	TEST_ASSERT_EQ(kernel_hcall(guest, H_SET_MODE, ARGS(0, SET_MODE_AIL)), H_SUCCESS);
}

/* A7: H_CONFER, to all processors, to one, or to one that is not there */
TEST_F(debug, confer)
{
	struct debug_guest *guest = &self->guest;

	start_papr(guest);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_CONFER, ARGS(-1)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_CONFER, ARGS(0, 0)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_CONFER, ARGS(7, 0)), H_PARAMETER);
}

/* A7, A8: H_PROD, which ends an H_CEDE that comes later, but not two */
TEST_F(debug, prod)
{
	struct debug_guest *guest = &self->guest;
	struct debug_guest_waker waker;

	start_papr(guest);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PROD, ARGS(7)), H_PARAMETER);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PROD, ARGS(0)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_CEDE, ARGS(0)), H_SUCCESS);

	start_hcall(guest, H_CEDE, ARGS(0));
	debug_guest_wake_later(guest, &waker);
	stop_hcall(guest);
	debug_guest_expect_woken(&waker);
	TEST_ASSERT_EQ(guest->regs.gpr[3], H_SUCCESS);
}

/* A10: KVM_RUN that takes the result, but may not run the guest */
TEST_F(debug, immediate_exit)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_run *run = guest->vcpu->run;
	int i;

	start_papr(guest);
	start_hcall(guest, H_GET_TCE, ARGS(0));
	debug_guest_run(guest, KVM_EXIT_PAPR_HCALL);
	run->papr_hcall.ret = 0x1234;
	for (i = 0; i < 2; i++) {
		debug_guest_complete(guest);
		TEST_ASSERT_EQ(guest->regs.pc, debug_guest_addr(guest, papr_1));
		TEST_ASSERT_EQ(guest->regs.gpr[3], 0x1234);
	}
	stop_hcall(guest);
	debug_guest_expect_stop(guest, papr_2);
	TEST_ASSERT_EQ(guest->regs.gpr[30], 1);
}

/*
 * A7: H_LOGICAL_CI_STORE, which the kernel completes if it has the device; no
 * device in the kernel can be loaded from.
 */
TEST_F(debug, logical_ci)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_ioeventfd ioeventfd = {
		.addr = GUEST_MMIO,
		.len = 4,
	};
	u64 count;

	start_papr(guest);
	userspace_hcall(guest, H_LOGICAL_CI_LOAD, ARGS(4, GUEST_MMIO));
	userspace_hcall(guest, H_LOGICAL_CI_STORE, ARGS(4, GUEST_MMIO, 1));

	enable_hcall(guest, H_LOGICAL_CI_LOAD, true);
	enable_hcall(guest, H_LOGICAL_CI_STORE, true);
	userspace_hcall(guest, H_LOGICAL_CI_LOAD, ARGS(4, GUEST_MMIO));
	userspace_hcall(guest, H_LOGICAL_CI_STORE, ARGS(4, GUEST_MMIO, 1));

	if (!vm_check_cap(guest->vm, KVM_CAP_IOEVENTFD))
		SKIP(return, "KVM_IOEVENTFD is not available");

	ioeventfd.fd = eventfd(0, EFD_NONBLOCK);
	TEST_ASSERT(ioeventfd.fd >= 0, "eventfd() failed");
	vm_ioctl(guest->vm, KVM_IOEVENTFD, &ioeventfd);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_LOGICAL_CI_STORE,
				    ARGS(4, GUEST_MMIO, 1)), H_SUCCESS);
	TEST_ASSERT(read(ioeventfd.fd, &count, sizeof(count)) == sizeof(count) &&
		    count == 1, "Wanted one signal");
	userspace_hcall(guest, H_LOGICAL_CI_STORE, ARGS(4, GUEST_MMIO + 4, 1));
	close(ioeventfd.fd);
}

/* A7: H_PUT_TCE, H_PUT_TCE_INDIRECT, H_STUFF_TCE */
#define LIOBN		0x80000001
#define NR_TCES		16
#define TCE(_nr)	(GUEST_DATA + ((_nr) << 12) + 3) /* read and write */

TEST_F(debug, tce)
{
	struct debug_guest *guest = &self->guest;
	struct kvm_create_spapr_tce_64 args = {
		.liobn = LIOBN,
		.page_shift = 12,
		.size = NR_TCES,
	};
	u64 *tces, *list;
	int fd, i;

	fd = __vm_ioctl(guest->vm, KVM_CREATE_SPAPR_TCE_64, &args);
	if (fd < 0 && errno == ENOTTY)
		SKIP(return, "The kernel has no TCE tables");

	TEST_ASSERT(fd >= 0, "KVM_CREATE_SPAPR_TCE_64 failed, errno: %d", errno);
	tces = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	TEST_ASSERT(tces != MAP_FAILED, "mmap() failed");

	start_papr(guest);
	userspace_hcall(guest, H_PUT_TCE, ARGS(LIOBN + 1, 0, TCE(1)));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PUT_TCE, ARGS(LIOBN, 0x1000, TCE(1))),
		       H_SUCCESS);
	TEST_ASSERT_EQ(tces[1], TCE(1));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PUT_TCE,
				    ARGS(LIOBN, NR_TCES << 12, TCE(1))),
		       H_PARAMETER);

	userspace_hcall(guest, H_PUT_TCE_INDIRECT, ARGS(LIOBN, 0, GUEST_DATA, 2));
	userspace_hcall(guest, H_STUFF_TCE, ARGS(LIOBN, 0, 0, NR_TCES));
	enable_hcall(guest, H_PUT_TCE_INDIRECT, true);
	enable_hcall(guest, H_STUFF_TCE, true);
	list = addr_gpa2hva(guest->vm, GUEST_DATA);
	for (i = 0; i < 2; i++)
		list[i] = htobe64(TCE(5 + i));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_PUT_TCE_INDIRECT,
				    ARGS(LIOBN, 0x2000, GUEST_DATA, 2)),
		       H_SUCCESS);
	TEST_ASSERT_EQ(tces[2], TCE(5));
	TEST_ASSERT_EQ(tces[3], TCE(6));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_STUFF_TCE, ARGS(LIOBN, 0, 0, NR_TCES)),
		       H_SUCCESS);
	for (i = 0; i < NR_TCES; i++)
		TEST_ASSERT_EQ(tces[i], 0);

	munmap(tces, getpagesize());
	close(fd);
}

/* The in-kernel interrupt controller: vCPU 0 is server 0. */
#define IRQ		0x1000
#define XICS_IPI	2
#define CPPR_ALL	0xff			/* nothing is masked */
#define PRIORITY	5
#define XIRR(_cppr, _irq)	((u32)(_cppr) << 24 | (_irq))

static int create_xics(struct debug_guest *guest)
{
	u64 source = (u64)PRIORITY << KVM_XICS_PRIORITY_SHIFT;
	struct kvm_enable_cap cap = { .cap = KVM_CAP_IRQ_XICS };
	int fd = __kvm_create_device(guest->vm, KVM_DEV_TYPE_XICS);

	TEST_ASSERT(fd >= 0, "KVM_CREATE_DEVICE failed, errno: %d", errno);
	cap.args[0] = fd;
	vcpu_ioctl(guest->vcpu, KVM_ENABLE_CAP, &cap);
	kvm_device_attr_set(fd, KVM_DEV_XICS_GRP_SOURCES, IRQ, &source);
	start_papr(guest);
	return fd;
}

static bool has_xics(struct debug_guest *guest)
{
	return vm_check_cap(guest->vm, KVM_CAP_IRQ_XICS) &&
	       !__kvm_test_create_device(guest->vm, KVM_DEV_TYPE_XICS);
}

/* A7: H_CPPR, H_IPI, H_IPOLL, H_XIRR, H_EOI, H_XIRR_X; A5: the interrupt */
TEST_F(debug, xics)
{
	struct debug_guest *guest = &self->guest;
	int fd;

	if (!has_xics(guest))
		SKIP(return, "The kernel has no in-kernel XICS");

	fd = create_xics(guest);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_CPPR, ARGS(CPPR_ALL)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_IPI, ARGS(0, PRIORITY)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_IPOLL, ARGS(0)), H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], XIRR(CPPR_ALL, XICS_IPI));
	TEST_ASSERT_EQ(guest->regs.gpr[5], PRIORITY);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_XIRR, ARGS(0)), H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], XIRR(CPPR_ALL, XICS_IPI));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_IPI, ARGS(0, CPPR_ALL)), H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_EOI, ARGS(XIRR(CPPR_ALL, XICS_IPI))),
		       H_SUCCESS);
	TEST_ASSERT_EQ(kernel_hcall(guest, H_XIRR_X, ARGS(0)), H_SUCCESS);
	TEST_ASSERT_EQ(guest->regs.gpr[4], XIRR(CPPR_ALL, 0));
	TEST_ASSERT_EQ(kernel_hcall(guest, H_IPI, ARGS(7, PRIORITY)), H_PARAMETER);

	/* First the stop behind the hypercall, then that at the vector */
	guest->regs.msr |= MSR_EE;
	start_hcall(guest, H_IPI, ARGS(0, PRIORITY));
	stop_hcall(guest);
	TEST_ASSERT_EQ(guest->regs.gpr[3], H_SUCCESS);
	debug_guest_expect_pc(guest, VEC_EXTERNAL);
	TEST_ASSERT_EQ(guest->regs.srr0, debug_guest_addr(guest, papr_1));
	TEST_ASSERT_EQ(guest->regs.srr1, variant->msr | MSR_EE);
	close(fd);
}

/* A7: RTAS, the calls that the kernel completes, and others */
#define RTAS_ARGS	GUEST_DATA
#define RTAS_TOKEN	0x2000
#define RTAS_PARAMETER	-3

static s32 rtas(struct debug_guest *guest, int nr, int nargs, int nret,
		const u32 *args)
{
	__be32 *mem = addr_gpa2hva(guest->vm, RTAS_ARGS);
	int i;

	mem[0] = htobe32(RTAS_TOKEN + nr);
	mem[1] = htobe32(nargs);
	mem[2] = htobe32(nret);
	for (i = 0; i < nargs; i++)
		mem[3 + i] = htobe32(args[i]);
	for (i = 0; i < nret; i++)
		mem[3 + nargs + i] = 0x5a5a5a5a;

	TEST_ASSERT_EQ(kernel_hcall(guest, H_RTAS, ARGS(RTAS_ARGS)), H_SUCCESS);
	return be32toh(mem[3 + nargs]);
}

static u32 rtas_ret(struct debug_guest *guest, int nargs, int nr)
{
	__be32 *mem = addr_gpa2hva(guest->vm, RTAS_ARGS);

	return be32toh(mem[3 + nargs + nr]);
}

TEST_F(debug, rtas)
{
	static const char * const names[] = {
		"ibm,set-xive", "ibm,get-xive", "ibm,int-off", "ibm,int-on",
	};
	enum { SET_XIVE, GET_XIVE, INT_OFF, INT_ON, NONE };
	struct debug_guest *guest = &self->guest;
	struct kvm_rtas_token_args args = {};
	__be32 *mem = addr_gpa2hva(guest->vm, RTAS_ARGS);
	unsigned int i;
	int fd;

	if (!has_xics(guest))
		SKIP(return, "The kernel has no in-kernel XICS");

	fd = create_xics(guest);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		strcpy(args.name, names[i]);
		args.token = RTAS_TOKEN + i;
		vm_ioctl(guest->vm, KVM_PPC_RTAS_DEFINE_TOKEN, &args);
	}

	TEST_ASSERT_EQ(rtas(guest, SET_XIVE, 3, 1, (u32[]){ IRQ, 0, 7 }), 0);
	TEST_ASSERT_EQ(rtas(guest, GET_XIVE, 1, 3, (u32[]){ IRQ }), 0);
	TEST_ASSERT_EQ(rtas_ret(guest, 1, 1), 0);
	TEST_ASSERT_EQ(rtas_ret(guest, 1, 2), 7);
	TEST_ASSERT_EQ(rtas(guest, INT_OFF, 1, 1, (u32[]){ IRQ }), 0);
	TEST_ASSERT_EQ(rtas(guest, INT_ON, 1, 1, (u32[]){ IRQ }), 0);
	TEST_ASSERT_EQ(rtas(guest, INT_ON, 2, 1, (u32[]){ IRQ, 0 }),
		       RTAS_PARAMETER);
	TEST_ASSERT_EQ(rtas(guest, INT_ON, 1, 1, (u32[]){ 0 }), RTAS_PARAMETER);

	/* A call that has no token, and arguments that do not make sense */
	mem[0] = htobe32(RTAS_TOKEN + NONE);
	userspace_hcall(guest, H_RTAS, ARGS(RTAS_ARGS));
	mem[1] = htobe32(16);
	userspace_hcall(guest, H_RTAS, ARGS(RTAS_ARGS));
	userspace_hcall(guest, H_RTAS, ARGS(GUEST_MMIO));
	close(fd);
}

TEST_HARNESS_MAIN

#else

#include "kselftest.h"

int main(void)
{
	ksft_print_header();
	ksft_exit_skip("PAPR guests need a 64-bit host\n");
}

#endif
