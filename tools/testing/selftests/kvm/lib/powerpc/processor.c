// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM selftest powerpc library code - CPU-related functions
 */
#include "kvm_util.h"
#include "processor.h"
#include "ucall_common.h"

/* Every effective address is valid, there is no canonical form. */
void vm_populate_gva_bitmap(struct kvm_vm *vm)
{
	u64 nr_pages = 1ULL << (vm->va_bits - vm->page_shift);

	sparsebit_set_num(vm->vpages_valid, 0, nr_pages);
}

void vcpu_arch_dump(FILE *stream, struct kvm_vcpu *vcpu, u8 indent)
{
	struct kvm_regs regs;
	unsigned int i;

	vcpu_regs_get(vcpu, &regs);

	fprintf(stream, "%*svCPU ID: %u\n", indent, "", vcpu->id);
	fprintf(stream, "%*spc:   0x%016llx  msr:  0x%016llx\n",
		indent + 2, "", regs.pc, regs.msr);
	fprintf(stream, "%*ssrr0: 0x%016llx  srr1: 0x%016llx\n",
		indent + 2, "", regs.srr0, regs.srr1);
	fprintf(stream, "%*slr:   0x%016llx  ctr:  0x%016llx\n",
		indent + 2, "", regs.lr, regs.ctr);
	fprintf(stream, "%*scr:   0x%08llx          xer:  0x%08llx\n",
		indent + 2, "", regs.cr, regs.xer);

	for (i = 0; i < ARRAY_SIZE(regs.gpr); i += 2)
		fprintf(stream, "%*sr%-4u 0x%016llx  r%-4u 0x%016llx\n",
			indent + 2, "", i, regs.gpr[i], i + 1, regs.gpr[i + 1]);
}

const char *powerpc_vector_name(u64 pc)
{
	switch (pc) {
	case VEC_SYSTEM_RESET:
		return "System Reset";
	case VEC_MACHINE_CHECK:
		return "Machine Check";
	case VEC_DATA_STORAGE:
		return "Data Storage";
	case VEC_DATA_SEGMENT:
		return "Data Segment";
	case VEC_INST_STORAGE:
		return "Instruction Storage";
	case VEC_INST_SEGMENT:
		return "Instruction Segment";
	case VEC_EXTERNAL:
		return "External";
	case VEC_ALIGNMENT:
		return "Alignment";
	case VEC_PROGRAM:
		return "Program";
	case VEC_FP_UNAVAIL:
		return "Floating-Point Unavailable";
	case VEC_DECREMENTER:
		return "Decrementer";
	case VEC_SYSCALL:
		return "System Call";
	case VEC_TRACE:
		return "Trace";
	case VEC_PERFMON:
		return "Performance Monitor";
	case VEC_ALTIVEC_UNAVAIL:
		return "AltiVec Unavailable";
	case VEC_VSX_UNAVAIL:
		return "VSX Unavailable";
	case VEC_FACILITY_UNAVAIL:
		return "Facility Unavailable";
	default:
		return NULL;
	}
}

static struct kvm_vcpu *powerpc_vcpu_add(struct kvm_vm *vm, u32 vcpu_id,
					 gpa_t vectors)
{
	struct kvm_vcpu *vcpu = __vm_vcpu_add(vm, vcpu_id);

	/* Let the guest exit: by OSI for ucalls, or by PAPR, which is all that HV has. */
	vcpu_enable_cap(vcpu, vm->type == KVM_VM_PPC_HV ? KVM_CAP_PPC_PAPR :
							  KVM_CAP_PPC_OSI, 0);

	vcpu_set_reg(vcpu, KVM_REG_PPC_HIOR, vectors);
	if (MSR_HOST_LE)
		vcpu_set_reg(vcpu, KVM_REG_PPC_LPCR_64, LPCR_ILE);

	return vcpu;
}

struct kvm_vcpu *vm_vcpu_add_real_mode(struct kvm_vm *vm, u32 vcpu_id)
{
	struct kvm_vcpu *vcpu = powerpc_vcpu_add(vm, vcpu_id, 0);
	struct kvm_regs regs;

#ifndef CONFIG_64BIT
	struct kvm_sregs sregs;

	/* By default it is a 750, which does not have AltiVec. */
	vcpu_sregs_get(vcpu, &sregs);
	sregs.pvr = PVR_7400;
	vcpu_sregs_set(vcpu, &sregs);
#endif

	memset(&regs, 0, sizeof(regs));
	regs.msr = MSR_GUEST_REAL;
	vcpu_regs_set(vcpu, &regs);

	return vcpu;
}

#ifdef CONFIG_64BIT
/* What handlers.S needs of a vCPU, one page each; above it is the stack. */
struct vcpu_exception {
	u64 self;		/* effective address of this structure */
	u64 entry;		/* the first code that runs translated */
	u64 msr;		/* the MSR of that code, and of handlers */
	u64 route;		/* the C function that the code calls */
	u64 toc;		/* r2 of the C function */
	u64 stack;		/* for interrupts of contexts without one */
	u64 slb_turn;		/* the SLB entry to be filled next */
	u64 srr0, srr1;
	u64 gpr28_31[4];
};

#define ASSERT_VCPU_EX(_member, _offset)				\
	kvm_static_assert(offsetof(struct vcpu_exception, _member) == (_offset))

ASSERT_VCPU_EX(self, VCPU_EX_SELF);
ASSERT_VCPU_EX(entry, VCPU_EX_ENTRY);
ASSERT_VCPU_EX(msr, VCPU_EX_MSR);
ASSERT_VCPU_EX(route, VCPU_EX_ROUTE);
ASSERT_VCPU_EX(toc, VCPU_EX_TOC);
ASSERT_VCPU_EX(stack, VCPU_EX_STACK);
ASSERT_VCPU_EX(slb_turn, VCPU_EX_SLB_TURN);
ASSERT_VCPU_EX(srr0, VCPU_EX_SRR0);
ASSERT_VCPU_EX(srr1, VCPU_EX_SRR1);
ASSERT_VCPU_EX(gpr28_31[0], VCPU_EX_GPR28);
ASSERT_VCPU_EX(gpr28_31[1], VCPU_EX_GPR29);
ASSERT_VCPU_EX(gpr28_31[2], VCPU_EX_GPR30);
ASSERT_VCPU_EX(gpr28_31[3], VCPU_EX_GPR31);

#define ASSERT_EX_REGS(_member, _offset)				\
	kvm_static_assert(STACK_FRAME_HEADER +				\
			  offsetof(struct ex_regs, _member) == (_offset))

ASSERT_EX_REGS(gpr[31], EX_GPR(31));
ASSERT_EX_REGS(pc, EX_PC);
ASSERT_EX_REGS(msr, EX_MSR);
ASSERT_EX_REGS(lr, EX_LR);
ASSERT_EX_REGS(ctr, EX_CTR);
ASSERT_EX_REGS(cr, EX_CR);
ASSERT_EX_REGS(xer, EX_XER);
ASSERT_EX_REGS(dar, EX_DAR);
ASSERT_EX_REGS(dsisr, EX_DSISR);
ASSERT_EX_REGS(vector, EX_VECTOR);
kvm_static_assert(STACK_FRAME_HEADER + sizeof(struct ex_regs) <= EX_FRAME_SIZE);

/* Vectors are at least this far from each other. */
#define VECTOR_SHIFT	5

struct handlers {
	exception_handler_fn handlers[VEC_END >> VECTOR_SHIFT];
};

/* Per VM: what the guest has here is not what the host has. */
static gva_t exception_handlers;

/* Guest code may use all that the compiler may assume of the host's CPU. */
static u64 guest_msr(void)
{
	u64 msr = MSR_GUEST | MSR_FP;

	if (host_has_altivec())
		msr |= MSR_VEC;
	if (host_has_vsx())
		msr |= MSR_VSX;
	return msr;
}

/* Where a function begins, and what it wants in r2 */
static u64 function_entry(const void *function, u64 *toc)
{
#if _CALL_ELF == 2
	*toc = 0;		/* made by the function itself, from r12 */
	return (uintptr_t)function;
#else
	const u64 *descriptor = function;

	*toc = descriptor[1];
	return descriptor[0];
#endif
}

static void route_exception(struct ex_regs *regs)
{
	struct handlers *table = (struct handlers *)exception_handlers;
	exception_handler_fn handler;

	handler = table->handlers[regs->vector >> VECTOR_SHIFT];
	if (handler)
		return handler(regs);

	for (;;)
		ucall(UCALL_UNHANDLED, 5, regs->vector, regs->pc, regs->msr,
		      regs->dar, regs->dsisr);
}

void assert_on_unhandled_exception(struct kvm_vcpu *vcpu)
{
	const char *name;
	struct ucall uc;

	if (vcpu->run->exit_reason != KVM_EXIT_OSI ||
	    get_ucall(vcpu, &uc) != UCALL_UNHANDLED)
		return;

	name = powerpc_vector_name(uc.args[0]);
	TEST_FAIL("Unexpected interrupt 0x%" PRIx64 " (%s) at pc 0x%" PRIx64
		  ", msr 0x%" PRIx64 ", dar 0x%" PRIx64 ", dsisr 0x%" PRIx64,
		  uc.args[0], name ?: "unknown", uc.args[1], uc.args[2],
		  uc.args[3], uc.args[4]);
}

void kvm_arch_vm_post_create(struct kvm_vm *vm, unsigned int nr_vcpus)
{
	size_t size = powerpc_vectors_end - powerpc_vectors;

	vm->arch.vectors = vm_phy_pages_alloc(vm, vm_page_align(vm, size) >> vm->page_shift,
					      vm->page_size,
					      vm->memslots[MEM_REGION_CODE]);
	memcpy(addr_gpa2hva(vm, vm->arch.vectors), powerpc_vectors, size);

	vm->handlers = __vm_alloc(vm, sizeof(struct handlers),
				  KVM_UTIL_MIN_VADDR, MEM_REGION_DATA);
	memset(addr_gva2hva(vm, vm->handlers), 0, sizeof(struct handlers));
	write_guest_global(vm, exception_handlers, vm->handlers);
}

void vm_install_exception_handler(struct kvm_vm *vm, int vector,
				  exception_handler_fn handler)
{
	struct handlers *table = addr_gva2hva(vm, vm->handlers);

	TEST_ASSERT(vector >= 0 && vector < VEC_END, "No vector: 0x%x", vector);
	table->handlers[vector >> VECTOR_SHIFT] = handler;
}

/* Lets the guest find struct vcpu_exception, and returns its real address. */
static gpa_t vcpu_exception_setup(struct kvm_vm *vm)
{
	gva_t gva = __vm_alloc(vm, vm->page_size, KVM_UTIL_MIN_VADDR,
			       MEM_REGION_DATA);
	struct vcpu_exception *ex = addr_gva2hva(vm, gva);

	memset(ex, 0, sizeof(*ex));
	ex->self = gva;
	ex->entry = (uintptr_t)powerpc_exception_entry;
	ex->msr = guest_msr();
	ex->route = function_entry(route_exception, &ex->toc);
	ex->stack = gva + vm->page_size;

	TEST_ASSERT(gva >> SEGMENT_SHIFT < NR_SLB_BOLTED &&
		    ex->entry >> SEGMENT_SHIFT < NR_SLB_BOLTED,
		    "Interrupts need memory in bolted segments, not 0x%" PRIx64 " or 0x%" PRIx64,
		    gva, ex->entry);

	return addr_gva2gpa(vm, gva);
}

/* The other one is that of struct vcpu_exception. */
#define NR_STACK_PAGES	(DEFAULT_STACK_PGS - 1)

struct kvm_vcpu *vm_arch_vcpu_add(struct kvm_vm *vm, u32 vcpu_id)
{
	size_t stack_size = NR_STACK_PAGES * vm->page_size;
	struct kvm_vcpu *vcpu;
	struct kvm_regs regs;
	gva_t stack;

	stack = __vm_alloc(vm, stack_size, DEFAULT_GUEST_STACK_VADDR_MIN,
			   MEM_REGION_DATA);
	TEST_ASSERT((stack + stack_size - 1) >> SEGMENT_SHIFT < NR_SLB_BOLTED,
		    "Interrupts need a stack in bolted segments, not at 0x%" PRIx64, stack);

	vcpu = powerpc_vcpu_add(vm, vcpu_id, vm->arch.vectors);
	powerpc_vcpu_mmu_setup(vcpu);

	memset(&regs, 0, sizeof(regs));
	regs.msr = guest_msr();
	regs.sprg0 = vcpu_exception_setup(vm);
	regs.gpr[1] = stack + stack_size - STACK_FRAME_HEADER;
	vcpu_regs_set(vcpu, &regs);

	return vcpu;
}

void vcpu_arch_set_entry_point(struct kvm_vcpu *vcpu, void *guest_code)
{
	struct kvm_regs regs;
	u64 toc;

	vcpu_regs_get(vcpu, &regs);
	regs.pc = function_entry(guest_code, &toc);
	regs.gpr[2] = toc;
	regs.gpr[12] = regs.pc;
	vcpu_regs_set(vcpu, &regs);
}

void vcpu_args_set(struct kvm_vcpu *vcpu, unsigned int num, ...)
{
	struct kvm_regs regs;
	va_list ap;
	unsigned int i;

	TEST_ASSERT(num >= 1 && num <= 8, "Unsupported number of args, num: %u",
		    num);

	vcpu_regs_get(vcpu, &regs);

	va_start(ap, num);
	for (i = 0; i < num; i++)
		regs.gpr[i + 3] = va_arg(ap, u64);
	va_end(ap);

	vcpu_regs_set(vcpu, &regs);
}

#endif /* CONFIG_64BIT */

u32 guest_get_vcpuid(void)
{
	return mfspr(SPRN_PIR);
}

unsigned long powerpc_default_vm_type = KVM_VM_PPC_PR;

/* A VM can be created by its type only if that kind of KVM can run guests. */
bool powerpc_has_vm_type(unsigned long type)
{
	int kvm_fd = open_path_or_exit(KVM_DEV_PATH, O_RDWR);
	int vm_fd = __kvm_ioctl(kvm_fd, KVM_CREATE_VM, (void *)type);

	TEST_ASSERT(vm_fd >= 0 || errno == EINVAL, "KVM_CREATE_VM: errno %d", errno);
	if (vm_fd >= 0)
		kvm_close(vm_fd);
	kvm_close(kvm_fd);
	return vm_fd >= 0;
}

bool powerpc_host_is_partition(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	bool found = false;
	char line[256];

	TEST_ASSERT(file, "/proc/cpuinfo cannot be read");
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, "pSeries");
	fclose(file);

	return found;
}

void kvm_selftest_arch_init(void)
{
	if (powerpc_has_vm_type(KVM_VM_PPC_PR))
		return;

	__TEST_REQUIRE(powerpc_has_vm_type(KVM_VM_PPC_HV),
		       "Neither KVM PR nor KVM HV is available");
	powerpc_default_vm_type = KVM_VM_PPC_HV;
}

void powerpc_require_pr(void)
{
	__TEST_REQUIRE(VM_TYPE_DEFAULT == KVM_VM_PPC_PR,
		       "KVM PR is not built in or not loaded, or the host uses the radix MMU");
}

void vcpu_interrupt(struct kvm_vcpu *vcpu, u32 irq)
{
	struct kvm_interrupt interrupt = { .irq = irq };

	vcpu_ioctl(vcpu, KVM_INTERRUPT, &interrupt);
}

const char *host_quirk(u32 inst)
{
	u32 rs = inst >> 21 & 31, ra = inst >> 16 & 31, rb = inst >> 11 & 31;

	if ((inst & 0xfc0007fe) == 0x7c000378 && rs == ra && ra == rb)
		return "QEMU pauses at or rx,rx,rx and forgets the Trace interrupt";
	if ((inst & 0xfc0007fc) == 0xf0000290 || (inst & 0xfc1807fe) == 0xf00002d0)
		return "QEMU aborts at xxspltw and xxspltib if the CPU has no VSX";
	if (inst == INST_SC_1 && !host_has_isa_2_07())
		return "QEMU does not survive sc 1 if the CPU has no hypervisor mode";
	if ((inst & 0xfc1fffff) == inst_mfspr(SPRN_AMR_USER, 0) &&
	    host_has_isa_2_07() && !mfspr(SPRN_AMR_USER))
		return "QEMU reads 0 from SPR 13";
	return NULL;
}
