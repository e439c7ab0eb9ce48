// SPDX-License-Identifier: GPL-2.0-only
/*
 * pilot PORT PRELOAD QEMU ARGUMENTS...
 *
 * Starts QEMU, with PRELOAD in it unless that is "-", and sits at its gdbstub, close to it: a step
 * and the registers after it cost one exchange over two FIFOs in the target, and
 * only what has changed goes to the other side of PORT, a terminal with an
 * emulated, slow line.  lab/lockstep/rsp.py is the other side.
 *
 * Commands, a line each:
 *   p PACKET    pass a packet of the gdb remote protocol on, hand its answer back
 *   r N N ...   the registers (hexadecimal numbers) that 'g' does not cover
 *   n COUNT     that many steps; the state before the first and after each
 *
 * Answers: '<', length (4 bytes, big endian), the packet; or a state, '.',
 * count, and so many pairs of index (1 byte) and value (4 bytes): the words
 * that have changed.  After '!' comes what went wrong, as a packet.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAX_WORDS	255
#define PORT_TRIES	2000
#define PORT_WAIT_US	5000
#define LOOK_MS		1000	/* how often it is asked whether QEMU is still there */
/* Not a socket: a kernel without CONFIG_NET has none. */
#define FIFO		"/tmp/pilot"

static int port, stub_in, stub_out;
static char outbuf[8192];
static size_t outlen;
static char ask[2048];		/* the packets that read a state */
static size_t ask_len;
static int answers = 1;		/* and how many there are */
static uint8_t state[MAX_WORDS * 4];
static int whole = 1;		/* tell all of the next state */

static void put_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			perror("pilot: write");
			exit(1);
		}
		data += n;
		len -= n;
	}
}

static void flush(void)
{
	put_all(port, outbuf, outlen);
	outlen = 0;
}

static void put(const void *data, size_t len)
{
	if (outlen + len > sizeof(outbuf))
		flush();
	if (len > sizeof(outbuf)) {
		put_all(port, data, len);
		return;
	}
	memcpy(outbuf + outlen, data, len);
	outlen += len;
}

static void put_packet(char tag, const char *text, size_t len)
{
	char head[5] = { tag, len >> 24, len >> 16, len >> 8, len };

	put(head, sizeof(head));
	put(text, len);
	flush();
}

static void fail(const char *text)
{
	put_packet('!', text, strlen(text));
	tcdrain(port);
	exit(1);
}

/* Append a packet to a buffer; its length. */
static size_t frame(char *to, const char *text, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += text[i];
	*to = '$';
	memcpy(to + 1, text, len);
	sprintf(to + 1 + len, "#%02x", sum);
	return len + 4;
}

/* The next byte from the stub, waited for while QEMU is there. */
static int stub_byte(void)
{
	static uint8_t buf[65536];
	static ssize_t have, at;

	while (at == have) {
		struct pollfd more = { .fd = stub_in, .events = POLLIN };
		int ready;

		have = read(stub_in, buf, sizeof(buf));
		at = 0;
		if (have > 0)
			break;
		have = 0;
		ready = poll(&more, 1, LOOK_MS);
		if (ready < 0 && errno != EINTR)
			fail("poll");
		if (!ready && waitpid(-1, NULL, WNOHANG) > 0)
			fail("QEMU has ended");
	}
	return buf[at++];
}

/* One packet; acknowledgements are not looked at. */
static size_t packet(char *to, size_t size)
{
	size_t len = 0;
	int c;

	while (stub_byte() != '$')
		;
	while ((c = stub_byte()) != '#') {
		if (len == size)
			fail("packet too long");
		to[len++] = c;
	}
	stub_byte();
	stub_byte();
	return len;
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Tell what has changed since the last state that was told. */
static void tell_state(void)
{
	static char hex[MAX_WORDS * 8 + 8];
	uint8_t now[MAX_WORDS * 4], told[2 + MAX_WORDS * 5];
	size_t len = 0, bytes, n = 2;

	for (int i = 0; i < answers; i++)
		len += packet(hex + len, sizeof(hex) - len);
	bytes = len / 2;
	if (len % 8 || bytes > sizeof(now) || (len && strchr("Ex", hex[0])))
		fail("the registers are not whole words");
	for (size_t i = 0; i < bytes; i++)
		now[i] = digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]);
	told[0] = '.';
	for (size_t i = 0; i < bytes; i += 4) {
		if (!whole && !memcmp(now + i, state + i, 4))
			continue;
		told[n] = i / 4;
		memcpy(told + n + 1, now + i, 4);
		n += 5;
	}
	told[1] = (n - 2) / 5;
	memcpy(state, now, bytes);
	whole = 0;
	put(told, n);
}

static void steps(long count)
{
	char reply[256];
	size_t len, plain = ask_len;

	/* The step's packet goes with the questions: one wake-up of QEMU less. */
	len = plain + frame(ask + plain, "s", 1);
	while (count-- > 0) {
		put_all(stub_out, ask, len);
		tell_state();
		len = plain + 5;
		if (packet(reply, sizeof(reply)) < 3 || strncmp(reply, "T05", 3))
			fail("no stop by a step");
	}
	put_all(stub_out, ask, plain);
	tell_state();
	flush();
}

static void registers(char *list)
{
	char *save;

	ask_len = frame(ask, "g", 1);
	answers = 1;
	for (char *w = strtok_r(list, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char text[32];
		int n = snprintf(text, sizeof(text), "p%s", w);

		if (ask_len + n + 16 > sizeof(ask))
			fail("too many registers");
		ask_len += frame(ask + ask_len, text, n);
		answers++;
	}
	whole = 1;
}

static void pass(const char *text)
{
	static char out[70000], in[70000];

	put_all(stub_out, out, frame(out, text, strlen(text)));
	put_packet('<', in, packet(in, sizeof(in)));
}

/* A line, or 0 at the end. */
static int command(char *line, size_t size)
{
	size_t n = 0;
	char c;

	while (read(port, &c, 1) == 1) {
		if (c == '\n') {
			line[n] = 0;
			return 1;
		}
		if (n < size - 1)
			line[n++] = c;
	}
	return 0;
}

static void open_port(const char *name)
{
	struct termios tio;
	int tries = PORT_TRIES;

	/* A virtio port comes some time after its driver. */
	do {
		port = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	} while (port < 0 && (errno == ENOENT || errno == ENXIO) && tries-- && !usleep(PORT_WAIT_US));
	if (port < 0) {
		perror(name);
		exit(1);
	}
	if (!tcgetattr(port, &tio)) {
		cfmakeraw(&tio);
		tcsetattr(port, TCSANOW, &tio);
	}
}

/* One end of a FIFO.  It stays open for both directions, so that there is no end of file before QEMU has come. */
static int fifo(const char *path, int flags)
{
	int fd;

	if (mkfifo(path, 0600) || (fd = open(path, O_RDWR | O_CLOEXEC | flags)) < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void start_qemu(const char *preload, char **argv, int argc)
{
	char *args[argc + 5];

	stub_out = fifo(FIFO ".in", 0);
	stub_in = fifo(FIFO ".out", O_NONBLOCK);
	memcpy(args, argv, argc * sizeof(*args));
	memcpy(args + argc, (char *[]){ "-chardev", "pipe,id=pilot,path=" FIFO, "-gdb", "chardev:pilot", NULL },
	       5 * sizeof(*args));
	if (!fork()) {
		if (strcmp(preload, "-"))
			setenv("LD_PRELOAD", preload, 1);
		execv(args[0], args);
		perror(args[0]);
		_exit(127);
	}
}

int main(int argc, char **argv)
{
	const struct sched_param none = { 0 };
	static char line[70000];

	if (argc < 4)
		return 2;
	open_port(argv[1]);
	start_qemu(argv[2], argv + 3, argc - 3);
	/*
	 * Run when QEMU has said all that it has to say, not at each of its
	 * writes: a switch between the two costs this machine its TLB, and
	 * that costs as much as all the rest of a step.
	 */
	if (sched_setscheduler(0, SCHED_IDLE, &none))
		perror("pilot: sched_setscheduler");
	registers(line);
	put_packet('<', "pilot", 5);	/* what was sent before may be lost */
	while (command(line, sizeof(line))) {
		if (line[0] == 'p')
			pass(line + 2);
		else if (line[0] == 'r')
			registers(line + 1);
		else if (line[0] == 'n')
			steps(strtol(line + 1, NULL, 10));
		else
			fail("unknown command");
	}
	return 0;
}
