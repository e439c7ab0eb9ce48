/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Book3S processor definitions for guests of KVM selftests
 */
#ifndef SELFTEST_KVM_PROCESSOR_H
#define SELFTEST_KVM_PROCESSOR_H

#include <linux/bits.h>
#include <linux/types.h>

struct kvm_vcpu;
struct kvm_vm;

/* Machine State Register; bits 0 to 31 are the same on 32-bit and on 64-bit */
#define MSR_SF			BIT_ULL(63)	/* 64-bit mode */
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

/* Interrupt vectors, as offsets from the interrupt prefix (HIOR) */
#define VEC_SYSTEM_RESET	0x100
#define VEC_DATA_STORAGE	0x300
#define VEC_INST_STORAGE	0x400
#define VEC_EXTERNAL		0x500
#define VEC_ALIGNMENT		0x600
#define VEC_PROGRAM		0x700
#define VEC_FP_UNAVAIL		0x800
#define VEC_DECREMENTER		0x900
#define VEC_SYSCALL		0xc00
#define VEC_TRACE		0xd00
#define VEC_ALTIVEC_UNAVAIL	0xf20
#define VEC_VSX_UNAVAIL		0xf40
#define VEC_FACILITY_UNAVAIL	0xf60

/* Why it came to a Program interrupt, in SRR1 */
#define SRR1_PROGILL		0x00080000
#define SRR1_PROGPRIV		0x00040000
#define SRR1_PROGTRAP		0x00020000

/* A system call with these two values in r3 and r4 exits to userspace */
#define OSI_SC_MAGIC_R3		0x113724fa
#define OSI_SC_MAGIC_R4		0x77810f9b

/* What KVM reports as software breakpoint: KVM_REG_PPC_DEBUG_INST */
#define INST_SW_BREAKPOINT	0x00dddd00

#define SPRN_PIR		1023

#define mfspr(spr)					\
({							\
	unsigned long __v;				\
							\
	asm volatile("mfspr %0, %1"			\
		     : "=r" (__v)			\
		     : "i" (spr));			\
	__v;						\
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

/* Supervisor state, no translation, no interrupts */
#define MSR_GUEST_REAL		(MSR_HOST_SF | MSR_HOST_LE | MSR_ME)

struct kvm_vcpu *vm_vcpu_add_real_mode(struct kvm_vm *vm, u32 vcpu_id);
const char *powerpc_vector_name(u64 pc);

static inline void cpu_relax(void)
{
	asm volatile("" ::: "memory");
}

#endif /* SELFTEST_KVM_PROCESSOR_H */
