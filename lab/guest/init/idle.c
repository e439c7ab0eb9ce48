// SPDX-License-Identifier: GPL-2.0-only
/*
 * First process of a guest: life for a debugger to look at. It makes system
 * calls, takes page faults and switches between two processes, for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	65536

volatile unsigned long rounds;

/* Problem state, no system call: a place for breakpoints. */
__attribute__((noinline)) unsigned long work(unsigned long n)
{
	asm volatile("" : "+r" (n));	/* or calls of it would go */
	return n * 3 + 1;
}

/* A variable on the stack: a watchpoint on it ends when sum() returns. */
__attribute__((noinline)) unsigned long sum(unsigned long n)
{
	volatile unsigned long total = 0;

	for (int i = 0; i < 3; i++)
		total += n;
	return total;
}

static void touch(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED) {
		*page = 1;
		munmap(page, PAGE);
	}
}

int main(void)
{
	int there[2], back[2];
	char byte = 0;

	printf("guest: up\n");
	fflush(stdout);
	if (pipe(there) || pipe(back))
		return 1;
	if (!fork()) {
		while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
			;
		_exit(1);
	}
	for (;;) {
		work(rounds++);
		sum(rounds);
		touch();
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			return 1;
	}
}
