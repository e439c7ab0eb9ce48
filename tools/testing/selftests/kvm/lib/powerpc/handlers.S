/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt vectors of 64-bit guests
 *
 * What is between powerpc_vectors and powerpc_vectors_end gets copied to the
 * guest physical address that KVM_REG_PPC_HIOR names, and runs there in real
 * mode.  SPRG0 holds the real address of the vCPU's struct vcpu_exception.
 */
#include "processor.h"

#ifdef __powerpc64__

.macro VECTOR vec
	. = powerpc_vectors + \vec
	mtsprg	1, %r31
	mtsprg	2, %r30
	li	%r30, \vec
	b	to_handler
.endm

	.section .rodata, "a"
	.balign	8
	.globl	powerpc_vectors
powerpc_vectors:
	VECTOR	VEC_SYSTEM_RESET
	VECTOR	VEC_MACHINE_CHECK
	VECTOR	VEC_DATA_STORAGE

	. = powerpc_vectors + VEC_DATA_SEGMENT
	mtsprg	1, %r31
	mtsprg	2, %r30
	mfspr	%r30, SPRN_DAR
	b	add_segment

	VECTOR	VEC_INST_STORAGE

	. = powerpc_vectors + VEC_INST_SEGMENT
	mtsprg	1, %r31
	mtsprg	2, %r30
	mfsrr0	%r30
	b	add_segment

	VECTOR	VEC_EXTERNAL
	VECTOR	VEC_ALIGNMENT
	VECTOR	VEC_PROGRAM
	VECTOR	VEC_FP_UNAVAIL
	VECTOR	VEC_DECREMENTER
	VECTOR	VEC_SYSCALL
	VECTOR	VEC_TRACE
	VECTOR	VEC_PERFMON
	VECTOR	VEC_ALTIVEC_UNAVAIL
	VECTOR	VEC_VSX_UNAVAIL
	VECTOR	VEC_FACILITY_UNAVAIL

	. = powerpc_vectors + VEC_END
/*
 * Put the segment of the address in r30 into the next SLB entry in turn.  Leave
 * the condition register alone, so that it need not be saved.
 */
add_segment:
	mfsprg	%r31, 0
	std	%r28, VCPU_EX_GPR28(%r31)
	std	%r29, VCPU_EX_GPR29(%r31)

	ld	%r29, VCPU_EX_SLB_TURN(%r31)
	addi	%r29, %r29, 1
	clrldi	%r29, %r29, 64 - NR_SLB_TURN_BITS
	std	%r29, VCPU_EX_SLB_TURN(%r31)

	/* RB: ESID, valid, index */
	srdi	%r30, %r30, SEGMENT_SHIFT
	addi	%r29, %r29, NR_SLB_BOLTED
	oris	%r29, %r29, 1 << (27 - 16)
	rldimi	%r29, %r30, SEGMENT_SHIFT, 0

	/* RS: VSID, no keys; lis extends the sign */
	lis	%r28, VSID_MULTIPLIER@h
	ori	%r28, %r28, VSID_MULTIPLIER@l
	clrldi	%r28, %r28, 32
	mulld	%r30, %r30, %r28
	clrldi	%r30, %r30, 64 - VSID_BITS
	sldi	%r30, %r30, SLB_VSID_SHIFT
	slbmte	%r30, %r29

	ld	%r28, VCPU_EX_GPR28(%r31)
	ld	%r29, VCPU_EX_GPR29(%r31)
	mfsprg	%r30, 2
	mfsprg	%r31, 1
	rfid

/*
 * Continue with translation on.  powerpc_exception_entry has no stack frame yet, so
 * registers are kept in struct vcpu_exception.  This structure, the code and the stack
 * are in bolted segments, so no segment interrupt overwrites it.
 */
to_handler:
	mfsprg	%r31, 0
	std	%r28, VCPU_EX_GPR28(%r31)
	std	%r29, VCPU_EX_GPR29(%r31)
	mfsprg	%r29, 2
	std	%r29, VCPU_EX_GPR30(%r31)
	mfsprg	%r29, 1
	std	%r29, VCPU_EX_GPR31(%r31)
	mfsrr0	%r29
	std	%r29, VCPU_EX_SRR0(%r31)
	mfsrr1	%r29
	std	%r29, VCPU_EX_SRR1(%r31)

	ld	%r29, VCPU_EX_ENTRY(%r31)
	mtsrr0	%r29
	ld	%r29, VCPU_EX_MSR(%r31)
	mtsrr1	%r29
	ld	%r31, VCPU_EX_SELF(%r31)
	rfid

	.globl	powerpc_vectors_end
powerpc_vectors_end:

/*
 * Translated, in supervisor state: r31 points to struct vcpu_exception, r30 is
 * the vector, and r28 and r29 are free.
 */
	.text
	.balign	4
	.globl	powerpc_exception_entry
powerpc_exception_entry:
	mfcr	%r28

	/* An interrupted context in real mode has no stack that is of use. */
	ld	%r29, VCPU_EX_SRR1(%r31)
	andi.	%r29, %r29, MSR_DR_BIT
	ld	%r29, VCPU_EX_STACK(%r31)
	beq	1f
	subi	%r29, %r1, STACK_RED_ZONE
1:	subi	%r29, %r29, EX_FRAME_SIZE
	clrrdi	%r29, %r29, 4

	std	%r1, 0(%r29)
	.irp	r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
	std	%r\r, EX_GPR(\r)(%r29)
	.endr
	std	%r28, EX_CR(%r29)
	std	%r30, EX_VECTOR(%r29)
	.irp	r, 28, 29, 30, 31
	ld	%r0, VCPU_EX_GPR28 + 8 * (\r - 28)(%r31)
	std	%r0, EX_GPR(\r)(%r29)
	.endr
	ld	%r0, VCPU_EX_SRR0(%r31)
	std	%r0, EX_PC(%r29)
	ld	%r0, VCPU_EX_SRR1(%r31)
	std	%r0, EX_MSR(%r29)
	mflr	%r0
	std	%r0, EX_LR(%r29)
	mfctr	%r0
	std	%r0, EX_CTR(%r29)
	mfxer	%r0
	std	%r0, EX_XER(%r29)
	mfspr	%r0, SPRN_DAR
	std	%r0, EX_DAR(%r29)
	mfspr	%r0, SPRN_DSISR
	std	%r0, EX_DSISR(%r29)

	mr	%r1, %r29
	addi	%r3, %r1, STACK_FRAME_HEADER
	ld	%r2, VCPU_EX_TOC(%r31)
	ld	%r12, VCPU_EX_ROUTE(%r31)
	mtctr	%r12
	bctrl

	ld	%r0, EX_PC(%r1)
	mtsrr0	%r0
	ld	%r0, EX_MSR(%r1)
	mtsrr1	%r0
	ld	%r0, EX_CR(%r1)
	mtcr	%r0
	ld	%r0, EX_LR(%r1)
	mtlr	%r0
	ld	%r0, EX_CTR(%r1)
	mtctr	%r0
	ld	%r0, EX_XER(%r1)
	mtxer	%r0
	.irp	r, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	%r\r, EX_GPR(\r)(%r1)
	.endr
	ld	%r1, EX_GPR(1)(%r1)
	rfid

#endif /* __powerpc64__ */

	.section .note.GNU-stack, "", %progbits
