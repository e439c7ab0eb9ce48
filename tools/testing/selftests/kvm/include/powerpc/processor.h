/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Book3S processor definitions for guests of KVM selftests
 */
#ifndef SELFTEST_KVM_PROCESSOR_H
#define SELFTEST_KVM_PROCESSOR_H

/* Interrupt vectors, as offsets from the interrupt prefix (HIOR) */
#define VEC_SYSTEM_RESET	0x100
#define VEC_MACHINE_CHECK	0x200
#define VEC_DATA_STORAGE	0x300
#define VEC_DATA_SEGMENT	0x380
#define VEC_INST_STORAGE	0x400
#define VEC_INST_SEGMENT	0x480
#define VEC_EXTERNAL		0x500
#define VEC_ALIGNMENT		0x600
#define VEC_PROGRAM		0x700
#define VEC_FP_UNAVAIL		0x800
#define VEC_DECREMENTER		0x900
#define VEC_SYSCALL		0xc00
#define VEC_TRACE		0xd00
#define VEC_PERFMON		0xf00
#define VEC_ALTIVEC_UNAVAIL	0xf20
#define VEC_VSX_UNAVAIL		0xf40
#define VEC_FACILITY_UNAVAIL	0xf60
#define VEC_END			0x1000

/*
 * Guests translate by segments of 256 MB.  These SLB entries are set up for the
 * lowest ones and stay; those that follow are filled in on demand, in turn.
 */
#define SEGMENT_SHIFT		28
#define NR_SLB_BOLTED		32
#define NR_SLB_TURN_BITS	5	/* log2 of the number of the others */
#define SLB_VSID_SHIFT		12
#define VSID_BITS		36	/* as many as an ESID has */
#define VSID_MULTIPLIER		0x9e3779b1 /* odd, thus no VSID occurs twice */

/* Special-purpose registers */
#define SPRN_LR			8
#define SPRN_CTR		9
#define SPRN_AMR_USER		13	/* AMR, as problem state has it */
#define SPRN_DSISR		18
#define SPRN_DAR		19
#define SPRN_DEC		22
#define SPRN_SRR0		26
#define SPRN_SRR1		27
#define SPRN_AMR		29
#define SPRN_FSCR		153
#define SPRN_VRSAVE		256
#define SPRN_SPRG3_USER		259	/* SPRG3, as problem state reads it */
#define SPRN_SPRG0		272
#define SPRN_SPRG1		273
#define SPRN_SPRG2		274
#define SPRN_SPRG3		275
#define SPRN_PVR		287
#define SPRN_EBBHR		804
#define SPRN_TAR		815
#define SPRN_GQR0		912
#define SPRN_HID2_GEKKO		920
#define SPRN_HID0		1008
#define SPRN_PIR		1023

/* Offsets in struct vcpu_exception */
#define VCPU_EX_SELF		0
#define VCPU_EX_ENTRY		8
#define VCPU_EX_MSR		16
#define VCPU_EX_ROUTE		24
#define VCPU_EX_TOC		32
#define VCPU_EX_STACK		40
#define VCPU_EX_SLB_TURN	48
#define VCPU_EX_SRR0		56
#define VCPU_EX_SRR1		64
#define VCPU_EX_GPR28		72
#define VCPU_EX_GPR29		80
#define VCPU_EX_GPR30		88
#define VCPU_EX_GPR31		96

/* The frame that an interrupt makes on the stack: a header and struct ex_regs */
#define STACK_RED_ZONE		288
#define STACK_FRAME_HEADER	112
#define EX_GPR(n)		(STACK_FRAME_HEADER + 8 * (n))
#define EX_PC			EX_GPR(32)
#define EX_MSR			EX_GPR(33)
#define EX_LR			EX_GPR(34)
#define EX_CTR			EX_GPR(35)
#define EX_CR			EX_GPR(36)
#define EX_XER			EX_GPR(37)
#define EX_DAR			EX_GPR(38)
#define EX_DSISR		EX_GPR(39)
#define EX_VECTOR		EX_GPR(40)
#define EX_FRAME_SIZE		(EX_GPR(41) + 8) /* a multiple of 16 */
#define MSR_DR_BIT		0x10

/* Assembly code and C share what is above. */
#ifndef __ASSEMBLER__

#include <linux/bits.h>
#include <linux/types.h>
#include <stdbool.h>
#include <sys/auxv.h>

struct kvm_vcpu;
struct kvm_vm;

/* 32-bit CPUs; the 7400 is the one with AltiVec */
#define PVR_750			0x00080200
#define PVR_7400		0x000c0209

/* Machine State Register; bits 0 to 31 are the same on 32-bit and on 64-bit */
#define MSR_SF			BIT_ULL(63)	/* 64-bit mode */
#define MSR_TS_S		BIT_ULL(33)	/* Transaction suspended */
#define MSR_TM			BIT_ULL(32)	/* Transactional memory available */
#define MSR_VEC			BIT_ULL(25)	/* AltiVec available */
#define MSR_VSX			BIT_ULL(23)	/* VSX available */
#define MSR_POW			BIT_ULL(18)	/* Power management */
#define MSR_EE			BIT_ULL(15)	/* External interrupts enabled */
#define MSR_PR			BIT_ULL(14)	/* Problem state */
#define MSR_FP			BIT_ULL(13)	/* Floating point available */
#define MSR_ME			BIT_ULL(12)	/* Machine checks enabled */
#define MSR_FE0			BIT_ULL(11)	/* Floating-point exceptions, with FE1 */
#define MSR_SE			BIT_ULL(10)	/* Single-step trace */
#define MSR_BE			BIT_ULL(9)	/* Branch trace */
#define MSR_FE1			BIT_ULL(8)	/* Floating-point exceptions, with FE0 */
#define MSR_IR			BIT_ULL(5)	/* Instruction relocation */
#define MSR_DR			BIT_ULL(4)	/* Data relocation */
#define MSR_RI			BIT_ULL(1)	/* Recoverable interrupt */
#define MSR_LE			BIT_ULL(0)	/* Little-endian mode */

/* Logical Partitioning Control Register: endianness of interrupts */
#define LPCR_ILE		BIT_ULL(25)

/* Facility Status and Control Register: what is available */
#define FSCR_TAR		BIT_ULL(8)

/* Hardware Implementation Dependent Register 2 of the Gekko and its successors */
#define HID2_PSE		BIT_ULL(29)	/* Paired singles enabled */

/* SRR1: the bits that an interrupt sets to say why, instead of the MSR's */
#define SRR1_CAUSE		0x783f0000ULL

/* Causes of Program interrupts */
#define SRR1_PROGFPE		0x00100000
#define SRR1_PROGILL		0x00080000
#define SRR1_PROGPRIV		0x00040000
#define SRR1_PROGTRAP		0x00020000
#define SRR1_PROGCAUSE		0x001f0000

/* Causes of Instruction Storage interrupts */
#define SRR1_ISI_NOHPTE		0x40000000

/* Causes of Data Storage interrupts, in DSISR */
#define DSISR_NOHPTE		0x40000000
#define DSISR_PROT		0x08000000
#define DSISR_STORE		0x02000000

/* Instructions */
#define INST_SC			0x44000002
#define INST_SC_1		0x44000022	/* to the hypervisor */
#define INST_RFID		0x4c000024
#define INST_RFI		0x4c000064
#define INST_NOP		0x60000000

/* A system call with these two values in r3 and r4 exits to userspace */
#define OSI_SC_MAGIC_R3		0x113724fa
#define OSI_SC_MAGIC_R4		0x77810f9b

/* What KVM reports as software breakpoint: KVM_REG_PPC_DEBUG_INST */
#define INST_SW_BREAKPOINT	0x00dddd00

static inline u32 inst_spr_field(u32 spr)
{
	return (spr & 0x1f) << 16 | (spr >> 5 & 0x1f) << 11;
}

/**
 * inst_mtspr() - encode mtspr
 * @spr: the special-purpose register
 * @gpr: the number of the source register
 *
 * Return: the instruction
 */
static inline u32 inst_mtspr(u32 spr, u32 gpr)
{
	return 0x7c0003a6 | gpr << 21 | inst_spr_field(spr);
}

/**
 * inst_mfspr() - encode mfspr
 * @spr: the special-purpose register
 * @gpr: the number of the target register
 *
 * Return: the instruction
 */
static inline u32 inst_mfspr(u32 spr, u32 gpr)
{
	return 0x7c0002a6 | gpr << 21 | inst_spr_field(spr);
}

#define mfspr(spr)					\
({							\
	unsigned long __v;				\
							\
	asm volatile("mfspr %0, %1"			\
		     : "=r" (__v)			\
		     : "i" (spr));			\
	__v;						\
})

#define mtspr(spr, val)					\
({							\
	asm volatile("mtspr %0, %1"			\
		     :					\
		     : "i" (spr),			\
		       "r" ((unsigned long)(val))	\
		     : "memory");			\
})

/* What the host has, and thus what code compiled or assembled with a test is */
#ifdef CONFIG_64BIT
#define MSR_HOST_SF		MSR_SF
#else
#define MSR_HOST_SF		0ULL
#endif

#ifdef __LITTLE_ENDIAN__
#define MSR_HOST_LE		MSR_LE
#else
#define MSR_HOST_LE		0ULL
#endif

/* Entries of the segment lookaside buffer */
#define SEGMENT_SIZE		BIT_ULL(SEGMENT_SHIFT)
#define SLB_ESID_V		BIT_ULL(27)

/**
 * esid_to_vsid() - the VSID of a segment of a guest that runs compiled code
 * @esid: the segment's number
 *
 * Groups of segments that are used alike are spread over the hash table.
 *
 * Return: the VSID
 */
static inline u64 esid_to_vsid(u64 esid)
{
	return esid * VSID_MULTIPLIER & (BIT_ULL(VSID_BITS) - 1);
}

/**
 * powerpc_vcpu_mmu_setup() - let a vCPU use the VM's hashed page table
 * @vcpu: the vCPU
 */
void powerpc_vcpu_mmu_setup(struct kvm_vcpu *vcpu);

/* Flags of a mapping */
#define HPTE_R_G		BIT_ULL(3)	/* guarded */
#define HPTE_R_N		BIT_ULL(2)	/* no execute */

/**
 * powerpc_pg_set_flags() - add flags to a mapping
 * @vm: the VM
 * @gva: an address in the page
 * @flags: HPTE_R_...
 */
void powerpc_pg_set_flags(struct kvm_vm *vm, gva_t gva, u64 flags);

/* Supervisor state, no translation, no interrupts */
#define MSR_GUEST_REAL		(MSR_HOST_SF | MSR_HOST_LE | MSR_ME)

#ifdef CONFIG_64BIT
/* Supervisor state, translated, no interrupts: what test code runs with */
#define MSR_GUEST		(MSR_GUEST_REAL | MSR_IR | MSR_DR | MSR_RI)

/**
 * struct ex_regs - registers of the context that was interrupted
 * @gpr: general purpose registers
 * @pc: SRR0
 * @msr: SRR1
 * @lr: link register
 * @ctr: count register
 * @cr: condition register
 * @xer: fixed-point exception register
 * @dar: data address register
 * @dsisr: data storage interrupt status register
 * @vector: of the interrupt
 *
 * When the handler returns, all but the last three are loaded from here.
 */
struct ex_regs {
	u64 gpr[32];
	u64 pc;
	u64 msr;
	u64 lr;
	u64 ctr;
	u64 cr;
	u64 xer;
	u64 dar;
	u64 dsisr;
	u64 vector;
};

typedef void (*exception_handler_fn)(struct ex_regs *regs);

/**
 * vm_install_exception_handler() - set the handler of an interrupt
 * @vm: the VM
 * @vector: of the interrupt
 * @handler: guest code; NULL: the interrupt fails the test
 *
 * A handler runs translated, in supervisor state, and on the stack of the
 * context that was interrupted.  Only general purpose registers are saved, so a
 * handler must not use floating point and vectors.
 */
void vm_install_exception_handler(struct kvm_vm *vm, int vector,
				  exception_handler_fn handler);

/* lib/powerpc/handlers.S */
extern const char powerpc_vectors[], powerpc_vectors_end[];
extern const char powerpc_exception_entry[];
#endif /* CONFIG_64BIT */

/**
 * vm_vcpu_add_real_mode() - add a vCPU for a guest in real mode
 * @vm: made by vm_create_barebones() or ____vm_create()
 * @vcpu_id: the vCPU's ID
 *
 * The vCPU is in supervisor state, with the word size and byte order of the
 * host.  Interrupts are disabled, and their vectors are at 0.  The guest needs
 * nothing of the library in its memory.
 *
 * Return: the vCPU
 */
struct kvm_vcpu *vm_vcpu_add_real_mode(struct kvm_vm *vm, u32 vcpu_id);

/**
 * powerpc_vector_name() - name of an interrupt
 * @pc: its vector
 *
 * Messages use it because a guest that went astray is usually at a vector.
 *
 * Return: the name, or NULL if @pc is no vector
 */
const char *powerpc_vector_name(u64 pc);

/**
 * powerpc_has_vm_type() - can the host create such a VM?
 * @type: KVM_VM_PPC_PR or KVM_VM_PPC_HV
 *
 * Return: true if it can
 */
bool powerpc_has_vm_type(unsigned long type);

/** powerpc_host_is_partition() - does a hypervisor of PAPR run the host? */
bool powerpc_host_is_partition(void);

/**
 * powerpc_require_pr() - skip the test unless KVM PR can run guests
 */
void powerpc_require_pr(void);

/**
 * vcpu_interrupt() - KVM_INTERRUPT
 * @vcpu: the vCPU
 * @irq: KVM_INTERRUPT_SET, KVM_INTERRUPT_SET_LEVEL or KVM_INTERRUPT_UNSET
 */
void vcpu_interrupt(struct kvm_vcpu *vcpu, u32 irq);

/* What the host's CPU has, and so what its guests can have */

/** host_has_altivec() - does it have AltiVec? */
static inline bool host_has_altivec(void)
{
	return getauxval(AT_HWCAP) & PPC_FEATURE_HAS_ALTIVEC;
}

/** host_has_vsx() - does it have VSX? */
static inline bool host_has_vsx(void)
{
	return getauxval(AT_HWCAP) & PPC_FEATURE_HAS_VSX;
}

/** host_has_tm() - does it have transactional memory? */
static inline bool host_has_tm(void)
{
	return getauxval(AT_HWCAP2) & PPC_FEATURE2_HAS_HTM;
}

/** host_has_isa_2_07() - does it implement Power ISA 2.07, as a POWER8 does? */
static inline bool host_has_isa_2_07(void)
{
	return getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_2_07;
}

/** host_has_isa_3_0() - does it implement Power ISA 3.0, as a POWER9 does? */
static inline bool host_has_isa_3_0(void)
{
	return getauxval(AT_HWCAP2) & PPC_FEATURE2_ARCH_3_00;
}

/**
 * host_quirk() - is an instruction known to go wrong on emulated hosts?
 * @inst: the instruction
 *
 * Return: what goes wrong, or NULL
 */
const char *host_quirk(u32 inst);

/**
 * swap_bat_words() - swap the words of a BAT
 * @bat: the BAT
 *
 * KVM_GET_SREGS and KVM_SET_SREGS have them in different order.
 *
 * Return: the BAT with its words swapped
 */
static inline u64 swap_bat_words(u64 bat)
{
	return bat << 32 | bat >> 32;
}

static inline void cpu_relax(void)
{
	asm volatile("" ::: "memory");
}

#ifdef CONFIG_64BIT
/** local_irq_enable() - set MSR[EE], and MSR[RI] (guest code) */
static __always_inline void local_irq_enable(void)
{
	asm volatile("mtmsrd %0, 1" : : "r" (MSR_EE | MSR_RI) : "memory");
}

/** local_irq_disable() - clear MSR[EE], and set MSR[RI] (guest code) */
static __always_inline void local_irq_disable(void)
{
	asm volatile("mtmsrd %0, 1" : : "r" (MSR_RI) : "memory");
}
#endif

#endif /* !__ASSEMBLER__ */

#endif /* SELFTEST_KVM_PROCESSOR_H */
