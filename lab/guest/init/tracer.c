// SPDX-License-Identifier: GPL-2.0-only
/*
 * First process of a guest: a debugger of its own. It single-steps its child
 * through known assembly, for ever, and checks where each step leads to.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define GPR(n)	((void *)((n) * sizeof(long)))	/* for PTRACE_PEEKUSER */
#define NIP	GPR(32)

volatile unsigned long tracer_steps, tracer_wrong, tracer_wrong_at;

/*
 * A counter, a call, a store and a load, a loop, and a system call (getpid).
 * The last is reported after the instruction that follows it: Linux 7.3 goes
 * back to user space with MSR[SE] set and has no report of its own.
 */
extern const unsigned int traced[];
asm(".pushsection .text\n"
    ".globl traced, traced_body\n"
    "traced:	addi	31, 31, 1\n"		/* 0 */
    "	bl	traced_body\n"			/* 1 */
    "	li	5, 2\n"				/* 2 */
    "	mtctr	5\n"				/* 3 */
    "1:	mfctr	6\n"				/* 4, twice */
    "	bdnz	1b\n"				/* 5 */
    "	li	0, 20\n"			/* 6 */
    "	sc\n"					/* 7 */
    "	b	traced\n"			/* 8 */
    "traced_body:	stw	31, -8(1)\n"	/* 9 */
    "	lwz	6, -8(1)\n"			/* 10 */
    "	mfcr	7\n"				/* 11 */
    "	blr\n"					/* 12 */
    ".popsection\n");

static const unsigned char expected[] = { 0, 1, 9, 10, 11, 12, 2, 3, 4, 5, 4, 5, 6, 7 };

#define COUNT	(sizeof(expected) / sizeof(expected[0]))

/* A place for breakpoints: once for each step. */
__attribute__((noinline)) void stepped(unsigned long nip, unsigned long must)
{
	asm volatile("" : "+r" (nip), "+r" (must));	/* or it would go */
	if (nip != must) {
		tracer_wrong_at = nip;
		tracer_wrong++;
	}
	tracer_steps++;
}

static void child(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	asm volatile("b	traced");
	__builtin_unreachable();
}

static long next(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
		return -1;
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
		return -1;
	return ptrace(PTRACE_PEEKUSER, pid, NIP, 0);
}

int main(void)
{
	unsigned long start = (unsigned long)traced, rounds;
	unsigned int i;
	int status;
	pid_t pid;

	printf("guest: up\n");
	fflush(stdout);
	pid = fork();
	if (!pid)
		child();
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	tracer_steps = tracer_wrong = 0;	/* or a debugger found no page there */
	while (next(pid) != (long)start)
		;
	rounds = ptrace(PTRACE_PEEKUSER, pid, GPR(31), 0);
	for (i = 1;; i++) {
		stepped(next(pid), start + 4 * expected[i % COUNT]);
		/* What is executed twice, or not at all, would show here. */
		if (i % COUNT == 1 && ptrace(PTRACE_PEEKUSER, pid, GPR(31), 0) != (long)++rounds)
			tracer_wrong++;
	}
}
