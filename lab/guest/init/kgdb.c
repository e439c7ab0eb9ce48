// SPDX-License-Identifier: GPL-2.0-only
/*
 * First process of a guest: has the kernel test its own debugger (kgdbts), for
 * ever: breakpoints and single-steps of the guest's kernel, by itself.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#define TESTS	"/sys/module/kgdbts/parameters/kgdbts"

/* Times a breakpoint is hit, left by a single-step, and set again, in a round */
static const char tests[] = "V1I3";

volatile unsigned long rounds;	/* for a debugger to see */

int main(void)
{
	int fd;

	printf("guest: up\n");
	fflush(stdout);
	if (mount("sys", "/sys", "sysfs", 0, NULL)) {
		perror("guest: /sys");
		return 1;
	}
	fd = open(TESTS, O_WRONLY);
	if (fd < 0) {
		perror("guest: " TESTS);
		return 1;
	}
	for (;;) {
		if (pwrite(fd, tests, sizeof(tests) - 1, 0) != sizeof(tests) - 1) {
			perror("guest: the tests of kgdb");
			return 1;
		}
		rounds++;
	}
}
