/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest of "make demo": the instructions in which the 2019 report lost its
 * single-stepping, at the address that the report gives for them. 32-bit, real
 * mode, no operating system. expected.toml says where a debugger must stop.
 * "clear" is for the watchpoint that CLIENT=patched shows.
 */
	.set	SRR0, 26
	.set	SRR1, 27

	/* System Reset: nothing here raises one, so whoever is here was sent. */
	.section .reset, "ax"
system_reset:
	b	.

	/* System Call: back to where it came from. */
	.section .syscall, "ax"
system_call:
	mfspr	r11, SRR1
	rfi

	.text
	.globl	_start
_start:
	lis	r3, words@ha
	addi	r3, r3, words@l
	lis	r5, landed@ha
	addi	r5, r5, landed@l
	b	reported

	.org	0xa4		/* 0x20f0a4 */
reported:
	lwz	r16, 0x1c(r3)
	mtspr	SRR0, r5
	li	r0, 0x3000	/* MSR: machine checks and floating point on */
	mtspr	SRR1, r0
	rfi
	trap			/* never reached */

landed:
	mfmsr	r9
	mr	r10, r9
	sc
count:				/* whoever lost us finds us here */
	addi	r12, r12, 1
	b	count

look:
	mfmsr	r9		/* what can the guest see of the debugger? */
	nop
	b	count

	/* Clears the words, and one more: its last store overwrites "victim". */
clear:
	li	r4, 9
	mtctr	r4
	li	r6, 0
	subi	r7, r3, 4
1:	stwu	r6, 4(r7)
	bdnz	1b
	b	count

	.balign	32
words:
	.long	0, 0, 0, 0, 0, 0, 0, 0x2019
	.globl	victim
victim:
	.long	0x2019
