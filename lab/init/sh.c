// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest useful shell for 'make shell': no package of a shell exists
 * for 32-bit and big-endian hosts any more. No quotes, no pipes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS	64

static void complain(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
}

static void cat(const char *name)
{
	char data[4096];
	ssize_t n;
	int fd = open(name, O_RDONLY);

	if (fd < 0) {
		complain(name);
		return;
	}
	while ((n = read(fd, data, sizeof(data))) > 0)
		fwrite(data, 1, n, stdout);
	close(fd);
}

static void ls(const char *name)
{
	DIR *d = opendir(name);
	struct dirent *e;

	if (!d) {
		complain(name);
		return;
	}
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			printf("%s%s\n", e->d_name, e->d_type == DT_DIR ? "/" : "");
	closedir(d);
}

static void dmesg(void)
{
	int size = klogctl(10, NULL, 0);
	char *data = malloc(size > 0 ? size : 1);
	int n = data ? klogctl(3, data, size) : -1;

	if (n > 0)
		fwrite(data, 1, n, stdout);
	free(data);
}

static int execute(char **argv)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		complain(argv[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		complain("fork");
		return 1;
	}
	if (WIFSIGNALED(status)) {
		printf("%s\n", strsignal(WTERMSIG(status)));
		return 128 + WTERMSIG(status);
	}
	return WEXITSTATUS(status);
}

int main(void)
{
	char line[1024], *argv[MAX_ARGS + 1], *save;
	int n, code = 0;

	setenv("PATH", "/bin:/lab", 1);
	printf("Commands: ls cat cd echo dmesg exit, and programs by path (/bin holds the tests).\n");
	for (;;) {
		printf("lab# ");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			return code;
		n = 0;
		for (char *w = strtok_r(line, " \t\r\n", &save); w && n < MAX_ARGS; w = strtok_r(NULL, " \t\r\n", &save))
			argv[n++] = w;
		argv[n] = NULL;
		if (!n)
			continue;
		if (!strcmp(argv[0], "exit"))
			return n > 1 ? atoi(argv[1]) : code;
		code = 0;
		if (!strcmp(argv[0], "ls")) {
			ls(n > 1 ? argv[1] : ".");
		} else if (!strcmp(argv[0], "cat")) {
			for (int i = 1; i < n; i++)
				cat(argv[i]);
		} else if (!strcmp(argv[0], "cd")) {
			if (chdir(n > 1 ? argv[1] : "/"))
				complain(n > 1 ? argv[1] : "/");
		} else if (!strcmp(argv[0], "dmesg")) {
			dmesg();
		} else if (!strcmp(argv[0], "echo")) {
			for (int i = 1; i < n; i++)
				printf("%s%s", argv[i], i + 1 < n ? " " : "");
			printf("\n");
		} else {
			fflush(stdout);
			code = execute(argv);
		}
	}
}
