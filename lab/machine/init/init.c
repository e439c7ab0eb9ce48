// SPDX-License-Identifier: GPL-2.0-only
/*
 * First process of a target.
 *
 * Says what machine and kernel this is, runs what /lab/plan lists, each with
 * a limit of its own, and ends the machine. All of it goes to a second
 * terminal, so that kernel messages never mix with test output.
 *
 * The plan is a list of NUL-terminated words; see lab/machine/protocol.py, its writer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <linux/kvm.h>

#define MAX_ARGS	256
#define DEVICE_WAIT_MS	10000

static char *next_word, *last_word;
static const char *nonce = "";
static int result = 2;

static void finish(const char *how)
{
	/* Let the terminal drain before the machine goes. */
	tcdrain(result);
	sync();
	reboot(strcmp(how, "poweroff") ? RB_AUTOBOOT : RB_POWER_OFF);
	for (;;)
		pause();
}

static void die(const char *what)
{
	dprintf(2, "lab init: %s: %s\n", what, strerror(errno));
	finish("restart");
}

static void put(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(result, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("cannot write results");
		data += n;
		len -= n;
	}
}

/* A line of our own: it starts on a new line whatever was printed before. */
static void __attribute__((format(printf, 1, 2))) mark(const char *fmt, ...)
{
	char line[1024];
	va_list args;
	int n, m;

	n = snprintf(line, sizeof(line), "\n@lab:%s ", nonce);
	va_start(args, fmt);
	m = vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	va_end(args);
	n = m < (int)sizeof(line) - n - 1 ? n + m : (int)sizeof(line) - 2;
	line[n++] = '\n';
	put(line, n);
}

static char *word(void)
{
	char *w = next_word;

	if (w >= last_word) {
		errno = EINVAL;
		die("plan ends early");
	}
	next_word += strlen(w) + 1;
	return w;
}

static void read_plan(void)
{
	int fd = open("/lab/plan", O_RDONLY);
	struct stat st;
	char *data;

	if (fd < 0 || fstat(fd, &st))
		die("/lab/plan");
	data = malloc(st.st_size + 1);
	if (!data || read(fd, data, st.st_size) != st.st_size)
		die("/lab/plan");
	close(fd);
	data[st.st_size] = 0;
	next_word = data;
	last_word = data + st.st_size;
}

static void mount_on(const char *root, const char *dir, const char *type)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", root, dir);
	mkdir(path, 0755);
	if (mount(type, path, type, 0, NULL) && errno != EBUSY)
		die(path);
}

static void mount_all(const char *root)
{
	char path[256];

	mount_on(root, "/proc", "proc");
	mount_on(root, "/sys", "sysfs");
	mount_on(root, "/dev", "devtmpfs");
	mount_on(root, "/dev/shm", "tmpfs");
	mount_on(root, "/tmp", "tmpfs");

	/* devtmpfs has no names for the files that a process has open. */
	snprintf(path, sizeof(path), "%s/dev/stdout", root);
	if (symlink("/proc/self/fd/1", path) && errno != EEXIST)
		die(path);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* A raw terminal: bytes pass as they are, in both directions. */
static int open_raw(const char *name)
{
	long long end = now_ms() + DEVICE_WAIT_MS;
	struct termios tio;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	/*
	 * A virtio port is announced by the host some time after its driver's
	 * start, and its node appears before it can be opened. So does hvc0.
	 */
	do {
		fd = open(path, O_RDWR | O_NOCTTY);
	} while (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV) &&
		 now_ms() < end && !usleep(5000));
	if (fd < 0)
		die(path);
	if (!tcgetattr(fd, &tio)) {
		cfmakeraw(&tio);
		tcsetattr(fd, TCSANOW, &tio);
	}
	return fd;
}

static int create_pr_vm(int kvm)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 2UL /* KVM_VM_PPC_PR */);

	if (vm < 0 && errno == EINVAL)	/* 32-bit hosts know the default only */
		vm = ioctl(kvm, KVM_CREATE_VM, 0UL);
	return vm;
}

/* Keep a VM for as long as the machine runs. If there is no KVM PR, the facts tell it. */
static void hold_vm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		return;
	create_pr_vm(kvm);	/* KVM closes it in the programs */
	close(kvm);
}

static void tell_vm(const char *kind, int vm)
{
	mark("fact %s %s", kind, vm < 0 ? strerror(errno) : "yes");
	close(vm);
}

static void tell_kvm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0) {
		mark("fact kvm %s", strerror(errno));
		return;
	}
	mark("fact kvm yes");
	tell_vm("pr", create_pr_vm(kvm));
	tell_vm("hv", ioctl(kvm, KVM_CREATE_VM, 1UL /* KVM_VM_PPC_HV */));
	close(kvm);
}

static void tell_facts(void)
{
	struct utsname un;
	char line[512];
	FILE *f;

	uname(&un);
	mark("fact release %s", un.release);
	mark("fact machine %s", un.machine);
	f = fopen("/proc/cpuinfo", "r");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (*line)
			mark("fact cpuinfo %s", line);
	}
	if (f)
		fclose(f);
	tell_kvm();
	mark("facts end");
}

/* Copy what is there; 0 at the end of the stream. */
static int copy_some(int fd)
{
	char data[4096];
	ssize_t n = read(fd, data, sizeof(data));

	if (n > 0)
		put(data, n);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static void child(char **argv, int out, int interactive, const char *root)
{
	int in = interactive ? dup(0) : open("/dev/null", O_RDONLY);
	struct rlimit core = { 0, 0 };

	setsid();
	if (interactive)
		ioctl(in, TIOCSCTTY, 1);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	setrlimit(RLIMIT_CORE, &core);
	if (*root && chroot(root)) {
		dprintf(2, "lab init: chroot %s: %s\n", root, strerror(errno));
		_exit(127);
	}
	if (chdir("/tmp"))
		_exit(127);
	execv(argv[0], argv);
	dprintf(2, "lab init: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Run one command; its whole process group is gone afterwards. */
static void run(long limit, char **argv, int interactive, const char *root)
{
	long long start = now_ms(), end = start + limit * 1000LL;
	int fds[2] = { -1, interactive ? 0 : -1 }, open_pipe = !interactive;
	int status = 0, late = 0, dead = 0;
	pid_t pid;

	if (!interactive && pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		die("pipe");
	if (!interactive)
		fcntl(fds[1], F_SETFL, 0);	/* only our end must not block */
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		child(argv, fds[1], interactive, root);
	if (!interactive)
		close(fds[1]);
	while (!dead) {
		struct pollfd p = { .fd = open_pipe ? fds[0] : -1, .events = POLLIN };

		/* Its end closes the pipe and wakes us, unless a child of it goes on. */
		if (poll(&p, 1, open_pipe ? 200 : 20) > 0)
			open_pipe = copy_some(fds[0]);
		if (waitpid(pid, &status, WNOHANG) == pid) {
			dead = 1;
		} else if (limit && now_ms() >= end) {
			late = 1;
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			dead = 1;
		}
	}
	kill(-pid, SIGKILL);
	if (!interactive) {
		struct pollfd p = { .fd = fds[0], .events = POLLIN };

		/* What is still in the pipe; a stray child may hold it open. */
		while (open_pipe && poll(&p, 1, 0) > 0)
			open_pipe = copy_some(fds[0]);
		close(fds[0]);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (late)
		mark("end timeout %ld %lld", limit, now_ms() - start);
	else if (WIFSIGNALED(status))
		mark("end signal %d %lld", WTERMSIG(status), now_ms() - start);
	else
		mark("end exit %d %lld", WEXITSTATUS(status), now_ms() - start);
}

static void share(const char *tag, const char *root)
{
	char path[256];

	mkdir(root, 0755);
	if (mount(tag, root, "9p", MS_RDONLY, "trans=virtio,version=9p2000.L,msize=262144,cache=loose"))
		die("9p share");
	mount_all(root);
	/* The files of this boot stay in reach of what runs in there. */
	snprintf(path, sizeof(path), "%s/tmp/lab", root);
	mkdir(path, 0755);
	if (mount("/lab", path, NULL, MS_BIND, NULL))
		die(path);
}

/* Kernels with kmemleak: put what nothing points to any more on the console. */
static void tell_leaks(void)
{
	static const char path[] = "/sys/kernel/debug/kmemleak";
	char data[4096];
	ssize_t n;
	int i, fd;

	if (mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL))
		return;
	fd = open(path, O_RDWR);
	if (fd < 0)
		return;
	/* It suspects what is 5 s old and the same in two scans. */
	for (i = 0; i < 2; i++) {
		sleep(i ? 6 : 0);
		if (write(fd, "scan", 4) != 4)
			die(path);
	}
	while ((n = read(fd, data, sizeof(data))) > 0)
		if (write(2, data, n) != n)
			break;
	close(fd);
}

int main(void)
{
	const char *how = "restart", *root = "";
	char *key;

	mount_all("");
	read_plan();
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		key = word();
		if (!strcmp(key, "nonce")) {
			nonce = word();
		} else if (!strcmp(key, "result")) {
			result = open_raw(word());
		} else if (!strcmp(key, "raw")) {
			open_raw(word());
		} else if (!strcmp(key, "end")) {
			how = word();
		} else if (!strcmp(key, "facts")) {
			tell_facts();
		} else if (!strcmp(key, "hold-vm")) {
			hold_vm();
		} else if (!strcmp(key, "share")) {
			root = "/share";
			share(word(), root);
		} else if (!strcmp(key, "run") || !strcmp(key, "shell")) {
			char *argv[MAX_ARGS + 1] = { NULL };
			char *name = word();
			long limit = strtol(word(), NULL, 10);
			long i, n = strtol(word(), NULL, 10);

			if (n < 1 || n > MAX_ARGS) {
				errno = E2BIG;
				die(name);
			}
			for (i = 0; i < n; i++)
				argv[i] = word();
			mark("begin %s", name);
			run(limit, argv, *key == 's', root);
		} else if (!strcmp(key, "done")) {
			break;
		} else {
			errno = EINVAL;
			die(key);
		}
	}
	tell_leaks();
	mark("done");
	finish(how);
}
