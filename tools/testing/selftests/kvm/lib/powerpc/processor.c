// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM selftest powerpc library code - CPU-related functions
 *
 * So far, guests run in real mode (MSR[IR] = MSR[DR] = 0), from code that the
 * test copies into memory of a VM made by vm_create_barebones().  Whatever
 * would need a guest page table ends the test and says so.
 */
#include "kvm_util.h"
#include "processor.h"
#include "ucall_common.h"

#define NO_PAGING "Guest address translation is not implemented on powerpc"

void virt_arch_pgd_alloc(__always_unused struct kvm_vm *vm)
{
	TEST_FAIL(NO_PAGING);
}

void virt_arch_pg_map(__always_unused struct kvm_vm *vm, gva_t gva, gpa_t gpa)
{
	TEST_FAIL(NO_PAGING ", cannot map 0x%" PRIx64 " to 0x%" PRIx64, gva, gpa);
}

gpa_t addr_arch_gva2gpa(__always_unused struct kvm_vm *vm, gva_t gva)
{
	TEST_FAIL(NO_PAGING ", cannot translate 0x%" PRIx64, gva);
}

void virt_arch_dump(FILE *stream, __always_unused struct kvm_vm *vm, u8 indent)
{
	fprintf(stream, "%*s" NO_PAGING "\n", indent, "");
}

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
	fprintf(stream, "%*spc:   0x%016" PRIx64 "  msr:  0x%016" PRIx64 "\n",
		indent + 2, "", (u64)regs.pc, (u64)regs.msr);
	fprintf(stream, "%*ssrr0: 0x%016" PRIx64 "  srr1: 0x%016" PRIx64 "\n",
		indent + 2, "", (u64)regs.srr0, (u64)regs.srr1);
	fprintf(stream, "%*slr:   0x%016" PRIx64 "  ctr:  0x%016" PRIx64 "\n",
		indent + 2, "", (u64)regs.lr, (u64)regs.ctr);
	fprintf(stream, "%*scr:   0x%08" PRIx64 "          xer:  0x%08" PRIx64 "\n",
		indent + 2, "", (u64)regs.cr, (u64)regs.xer);

	for (i = 0; i < ARRAY_SIZE(regs.gpr); i += 2)
		fprintf(stream, "%*sr%-4u 0x%016" PRIx64 "  r%-4u 0x%016" PRIx64 "\n",
			indent + 2, "", i, (u64)regs.gpr[i],
			i + 1, (u64)regs.gpr[i + 1]);
}

/*
 * The name of the interrupt that an address is the vector of, or NULL.  Good
 * for messages: a guest that went astray is usually found at a vector.
 */
const char *powerpc_vector_name(u64 pc)
{
	switch (pc) {
	case VEC_SYSTEM_RESET:
		return "System Reset";
	case VEC_DATA_STORAGE:
		return "Data Storage";
	case VEC_INST_STORAGE:
		return "Instruction Storage";
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

/*
 * Add a vCPU for a guest in real mode: supervisor state, word size and byte
 * order of the host, interrupts disabled and with their vectors at 0.
 */
struct kvm_vcpu *vm_vcpu_add_real_mode(struct kvm_vm *vm, u32 vcpu_id)
{
	struct kvm_vcpu *vcpu = __vm_vcpu_add(vm, vcpu_id);
	struct kvm_regs regs;

	/* How the guest can exit: by ucalls; HV knows PAPR guests only. */
	vcpu_enable_cap(vcpu, vm->type == KVM_VM_PPC_HV ? KVM_CAP_PPC_PAPR :
							  KVM_CAP_PPC_OSI, 0);

	vcpu_set_reg(vcpu, KVM_REG_PPC_HIOR, 0);
	if (MSR_HOST_LE)
		vcpu_set_reg(vcpu, KVM_REG_PPC_LPCR_64, LPCR_ILE);

	memset(&regs, 0, sizeof(regs));
	regs.msr = MSR_GUEST_REAL;
	vcpu_regs_set(vcpu, &regs);

	return vcpu;
}

struct kvm_vcpu *vm_arch_vcpu_add(__always_unused struct kvm_vm *vm,
				  u32 vcpu_id)
{
	TEST_FAIL(NO_PAGING ", cannot give vCPU %u a stack; see vm_vcpu_add_real_mode()",
		  vcpu_id);
}

void vcpu_arch_set_entry_point(__always_unused struct kvm_vcpu *vcpu,
			       void *guest_code)
{
	TEST_FAIL(NO_PAGING ", cannot run %p", guest_code);
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

u32 guest_get_vcpuid(void)
{
	return mfspr(SPRN_PIR);
}

void assert_on_unhandled_exception(__always_unused struct kvm_vcpu *vcpu)
{
}

unsigned long __weak powerpc_vm_type = KVM_VM_PPC_PR;

/*
 * The kind of KVM that the test is about must be compiled in or loaded.  PR
 * needs a host which uses the hash MMU, HV one which is in hypervisor mode.  A
 * VM can be created by name only if all of this holds.
 */
void kvm_selftest_arch_init(void)
{
	int kvm_fd = open_path_or_exit(KVM_DEV_PATH, O_RDWR);
	bool hv = VM_TYPE_DEFAULT == KVM_VM_PPC_HV;
	int vm_fd;

	vm_fd = __kvm_ioctl(kvm_fd, KVM_CREATE_VM, (void *)VM_TYPE_DEFAULT);
	__TEST_REQUIRE(vm_fd >= 0,
		       "KVM %s is not available (not built in or not loaded, or the host %s): %s",
		       hv ? "HV" : "PR",
		       hv ? "has no hypervisor mode" : "uses the radix MMU",
		       strerror(errno));

	kvm_close(vm_fd);
	kvm_close(kvm_fd);
}
