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
#define SPRN_DSISR		18
#define SPRN_DAR		19
#define SPRN_SRR0		26
#define SPRN_SRR1		27
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

struct kvm_vcpu;
struct kvm_vm;

/* Machine State Register; bits 0 to 31 are the same on 32-bit and on 64-bit */
/* A 32-bit CPU that has what others have, and AltiVec */
#define PVR_7400		0x000c0209

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
#define MSR_SE			BIT_ULL(10)	/* Single-step trace */
#define MSR_BE			BIT_ULL(9)	/* Branch trace */
#define MSR_IR			BIT_ULL(5)	/* Instruction relocation */
#define MSR_DR			BIT_ULL(4)	/* Data relocation */
#define MSR_RI			BIT_ULL(1)	/* Recoverable interrupt */
#define MSR_LE			BIT_ULL(0)	/* Little-endian mode */

/* Logical Partitioning Control Register: endianness of interrupts */
#define LPCR_ILE		BIT_ULL(25)

/* Why it came to a Program interrupt, in SRR1 */
#define SRR1_PROGILL		0x00080000
#define SRR1_PROGPRIV		0x00040000
#define SRR1_PROGTRAP		0x00020000

/* A system call with these two values in r3 and r4 exits to userspace */
#define OSI_SC_MAGIC_R3		0x113724fa
#define OSI_SC_MAGIC_R4		0x77810f9b

/* What KVM reports as software breakpoint: KVM_REG_PPC_DEBUG_INST */
#define INST_SW_BREAKPOINT	0x00dddd00

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

/* Spread the groups of segments that are used alike over the hash table. */
static inline u64 esid_to_vsid(u64 esid)
{
	return esid * VSID_MULTIPLIER & (BIT_ULL(VSID_BITS) - 1);
}

void powerpc_vcpu_mmu_setup(struct kvm_vcpu *vcpu);

#define HPTE_R_G		BIT_ULL(3)	/* guarded */
#define HPTE_R_N		BIT_ULL(2)	/* no execute */

void powerpc_pg_set_flags(struct kvm_vm *vm, gva_t gva, u64 flags);

/* Supervisor state, no translation, no interrupts */
#define MSR_GUEST_REAL		(MSR_HOST_SF | MSR_HOST_LE | MSR_ME)

#ifdef CONFIG_64BIT
/* Supervisor state, translated, no interrupts: what test code runs with */
#define MSR_GUEST		(MSR_GUEST_REAL | MSR_IR | MSR_DR | MSR_RI)

/* The interrupted context.  What a handler changes here, it changes there. */
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

/*
 * Have interrupts through @vector handled; NULL: as unexpected ones, which is
 * what all of them are at first.  Handlers run translated, in supervisor state
 * and on the interrupted context's stack.  Only general purpose registers are
 * saved, so handlers must leave floating point and vectors alone.
 */
void vm_install_exception_handler(struct kvm_vm *vm, int vector,
				  exception_handler_fn handler);

/* lib/powerpc/handlers.S */
extern const char powerpc_vectors[], powerpc_vectors_end[];
extern const char powerpc_exception_entry[];
#endif /* CONFIG_64BIT */

struct kvm_vcpu *vm_vcpu_add_real_mode(struct kvm_vm *vm, u32 vcpu_id);
const char *powerpc_vector_name(u64 pc);

/* KVM_GET_SREGS and KVM_SET_SREGS have the words of a BAT in different order. */
static inline u64 swap_bat_words(u64 bat)
{
	return bat << 32 | bat >> 32;
}

static inline void cpu_relax(void)
{
	asm volatile("" ::: "memory");
}

#endif /* !__ASSEMBLER__ */

#endif /* SELFTEST_KVM_PROCESSOR_H */
