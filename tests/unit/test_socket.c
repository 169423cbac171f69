// SPDX-License-Identifier: BSD-2-Clause
/* Tests of outputs to sockets, step by step: a driver without a writer's thread, and readers in the
 * test.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "output/queue.h"
#include "output/outputs.h"
#include "output/spec.h"

#define PATIENCE_MS 20000 /* longer than any test takes unless it fails */
#define LINES	    20000
#define LINE_BYTES  400

/* --- replacements of sendmmsg(2) and the resolver --- */

static int sendmmsg_errors; /* number of calls of sendmmsg(2) that fail */
static int sendmmsg_error; /* the errno of these calls */

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's are reserved
int sendmmsg(int fd, struct mmsghdr *messages, unsigned int n, int flags)
{
	if (sendmmsg_errors > 0) {
		sendmmsg_errors--;
		errno = sendmmsg_error;
		return -1;
	}
	return (int)syscall(SYS_sendmmsg, fd, messages, n, flags);
}

/* ports of the addresses that every name resolves to; NULL ends them */
static const char *resolved_ports[3];
static int resolver_code;

static struct addrinfo *new_address(const char *port, struct addrinfo *next)
{
	struct addrinfo *a = calloc(1, sizeof(*a) + sizeof(struct sockaddr_in));
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };

	cr_assert_not_null(a);
	in.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	a->ai_addr = (struct sockaddr *)(a + 1);
	a->ai_addrlen = sizeof(in);
	a->ai_next = next;
	memcpy(a->ai_addr, &in, sizeof(in));
	return a;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's are reserved
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	struct addrinfo *list = NULL;

	(void)host;
	(void)hints;
	if (resolver_code)
		return resolver_code;
	if (!resolved_ports[0]) {
		*ret = new_address(port, NULL);
		return 0;
	}
	for (size_t i = 2; i-- > 0;) {
		if (resolved_ports[i])
			list = new_address(resolved_ports[i], list);
	}
	*ret = list;
	return 0;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's are reserved
void freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;

		free(list);
		list = next;
	}
}

/* --- an output, and its lines --- */

static char dir[64];
static struct driver driver;
static struct queue *queue;
static unsigned int n_put;

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	(void)snprintf(dir, sizeof(dir), "/tmp/test_socket.XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(queue_new(&queue, 16 << 20), 0);
}

static void teardown(void)
{
	char command[96];

	if (driver.ops)
		driver.ops->close(driver.ctx);
	queue_free(queue);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_expect_eq(system(command), 0); // NOLINT(cert-env33-c)
}

TestSuite(socket, .init = setup, .fini = teardown, .timeout = 120);

static void open_driver(const char *text)
{
	struct output_spec spec = { 0 };
	struct reason why = { 0 };

	cr_assert_eq(output_spec_parse(text, &spec, &why), 0, "%s: %s", text, why.text);
	cr_assert_eq(spec.kind->open(&driver, spec.target, spec.settings, false, &why), 0, "%s: %s",
		     text, why.text);
	output_spec_free(&spec);
}

/* Make line n: its number, and padding of varying length. Returns the length. */
static size_t numbered(char *ret, unsigned int n)
{
	return (size_t)snprintf(ret, LINE_BYTES, "{\"n\":%u,\"pad\":\"%0*d\"}\n", n,
				(int)(1 + n * 37 % 300), 0);
}

static void put_lines(unsigned int n)
{
	char text[LINE_BYTES];

	for (unsigned int end = n_put + n; n_put < end; n_put++)
		cr_assert(queue_put(queue, text, numbered(text, n_put), RECORD_STATS));
	(void)queue_publish(queue);
}

static uint64_t written(void)
{
	struct queue_counts c;

	queue_counts(queue, &c);
	return c.written;
}

static uint64_t dropped(void)
{
	struct queue_counts c;

	queue_counts(queue, &c);
	return c.dropped;
}

static void wait_fd(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	cr_assert_eq(poll(&p, 1, PATIENCE_MS), 1, "waited in vain for %x", events);
}

/* Call the driver as a writer does until it returns -EAGAIN or an error, or the queue is empty,
 * which is 0. A connection in progress is waited for.
 */
static int write_all(void)
{
	int err = 0;

	while (!err && queue_waiting(queue)) {
		err = driver.ops->write(driver.ctx, queue);
		if (err == -EAGAIN && !written()) {
			wait_fd(driver.ops->fd(driver.ctx), POLLOUT);
			err = driver.ops->write(driver.ctx, queue);
		}
		if (err == -EINTR)
			err = 0;
	}
	return err;
}

static void fail_driver(int error)
{
	cr_assert_eq(driver.ops->outcome(driver.ctx, error), DRIVER_KEEP, "%d", error);
}

/* --- readers --- */

static int listen_unix(int type, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)unlink(path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 8), 0);
	return fd;
}

/* Listen on the loopback interface. The port is printed to text. */
static int listen_inet(int type, char text[8], uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) },
				       .sin_port = htons(port) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int one = 1;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(text, 8, "%u", ntohs(address.sin_port));
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 8), 0);
	return fd;
}

static int accept_one(int listener)
{
	int fd;

	wait_fd(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(fd, 0);
	return fd;
}

struct reader {
	int fd;
	char text[1 << 16];
	size_t have;
	bool at_end;
};

static void read_more(struct reader *r)
{
	ssize_t n;

	wait_fd(r->fd, POLLIN);
	n = read(r->fd, r->text + r->have, sizeof(r->text) - r->have);
	r->at_end = n <= 0;
	r->have += n > 0 ? (size_t)n : 0;
}

static bool starts_number(const struct reader *r, size_t *ret_octets, size_t *ret_header)
{
	const char *blank = memchr(r->text, ' ', r->have);

	if (!blank)
		return false;
	*ret_octets = strtoul(r->text, NULL, 10);
	*ret_header = (size_t)(blank + 1 - r->text);
	return r->have >= *ret_octets + *ret_header;
}

/* Read the next frame: a line or, with octets, as many bytes as the number before them. False at
 * the end, and then the reader holds a truncated frame.
 */
static bool next_frame(struct reader *r, bool octets, char ret[2048])
{
	for (;;) {
		const char *newline = memchr(r->text, '\n', r->have);
		size_t head = 0, len = 0;
		bool whole = octets ? starts_number(r, &len, &head) : newline != NULL;

		if (!octets && whole)
			len = (size_t)(newline + 1 - r->text);
		if (whole) {
			(void)snprintf(ret, 2048, "%.*s", (int)len, r->text + head);
			r->have -= head + len;
			memmove(r->text, r->text + head + len, r->have);
			return true;
		}
		if (r->at_end)
			return false;
		read_more(r);
	}
}

static unsigned int number_in(const char *frame)
{
	const char *at = strstr(frame, "{\"n\":");

	cr_assert_not_null(at, "no line in \"%s\"", frame);
	return (unsigned int)strtoul(at + 5, NULL, 10);
}

/* Check that all frames until the end are whole lines that count up from first. Returns how many
 * there were.
 */
static unsigned int read_numbered(struct reader *r, bool octets, unsigned int first,
				  unsigned int most)
{
	char frame[2048], want[LINE_BYTES];
	unsigned int n = 0;

	while (n < most && next_frame(r, octets, frame)) {
		size_t len = numbered(want, first + n);
		const char *line = strchr(frame, '{');

		if (octets)
			want[len - 1] = '\0';
		cr_assert(line && !strcmp(line, want), "got \"%s\", want \"%s\"", frame, want);
		n++;
	}
	return n;
}

/* --- tests --- */

/* A reader stops inside a frame and dies: the frame that it did not receive whole is sent again,
 * whole.
 */
Test(socket, partial_frame_is_sent_again)
{
	static const struct {
		const char *name;
		const char *output; /* precedes the path; NULL: TCP */
		bool octets;
	} cases[] = {
		{ "unix", "unix:", false },
		{ "5424 on a stream", "syslog:unix://", false },
		{ "tcp", NULL, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct reader r;
		char text[128], port[8];
		int listener;
		uint64_t before;

		n_put = 0;
		queue_free(queue);
		cr_assert_eq(queue_new(&queue, 32 << 20), 0);
		if (cases[i].output) {
			listener = listen_unix(SOCK_STREAM, "s");
			(void)snprintf(text, sizeof(text), "%s%s/s", cases[i].output, dir);
		} else {
			listener = listen_inet(SOCK_STREAM, port, 0);
			(void)snprintf(text, sizeof(text), "syslog:tcp://127.0.0.1:%s", port);
		}
		open_driver(text);
		put_lines(80000);
		cr_assert_eq(write_all(), -EAGAIN, "%s", cases[i].name);
		before = written();
		cr_assert(before > 0 && before < n_put, "%s: %lu", cases[i].name, before);
		r = (struct reader){ .fd = accept_one(listener) };
		cr_assert_eq(read_numbered(&r, cases[i].octets, 0, 10), 10);
		close(r.fd);

		/* a process that ends with unread data */
		cr_assert_lt(write_all(), 0, "%s", cases[i].name);
		cr_expect_eq(written(), before, "%s", cases[i].name);
		fail_driver(-EPIPE);
		cr_expect_eq(driver.ops->disconnects(driver.ctx), 1, "%s", cases[i].name);
		for (int err = -EAGAIN; err == -EAGAIN;) {
			err = driver.ops->write(driver.ctx, queue);
			if (err == -EAGAIN && written() == before)
				wait_fd(driver.ops->fd(driver.ctx), POLLOUT);
		}
		r = (struct reader){ .fd = accept_one(listener) };
		cr_assert_eq(read_numbered(&r, cases[i].octets, (unsigned int)before, 100), 100,
			     "%s", cases[i].name);
		driver.ops->close(driver.ctx);
		driver.ops = NULL;
		(void)read_numbered(&r, cases[i].octets, (unsigned int)before + 100, n_put);
		close(r.fd);
		close(listener);
	}
}

/* A reader of small pieces receives every byte, in order. */
Test(socket, slow_reader)
{
	static struct reader r;
	int listener = listen_unix(SOCK_STREAM, "s");
	unsigned int got = 0;
	int err;

	open_driver("unix:s");
	put_lines(LINES);
	cr_assert_eq(write_all(), -EAGAIN);
	r.fd = accept_one(listener);
	do {
		got += read_numbered(&r, false, got, 97);
		err = driver.ops->write(driver.ctx, queue);
	} while (queue_waiting(queue) && (!err || err == -EAGAIN));
	cr_assert_eq(written(), LINES);
	driver.ops->close(driver.ctx);
	driver.ops = NULL;
	got += read_numbered(&r, false, got, LINES);
	cr_expect_eq(got, LINES, "%u", got);
	cr_expect_eq(r.have, 0, "%zu bytes of a half line", r.have);
}

/* "socat -u" shuts down its writing side, and reads on. */
Test(socket, reader_that_will_not_write)
{
	static struct reader r;
	int listener = listen_unix(SOCK_STREAM, "s");

	open_driver("unix:s");
	put_lines(1);
	cr_assert_eq(write_all(), 0);
	r.fd = accept_one(listener);
	cr_assert_eq(shutdown(r.fd, SHUT_WR), 0);
	put_lines(1);
	cr_expect_eq(write_all(), 0);
	cr_expect_eq(read_numbered(&r, false, 0, 2), 2);
	cr_expect_eq(driver.hangup, 0);
}

/* TCP would accept one more send, and lose it. */
Test(socket, tcp_reader_closes)
{
	char port[8], text[64];
	int listener = listen_inet(SOCK_STREAM, port, 0);
	static struct reader r;

	(void)snprintf(text, sizeof(text), "syslog:tcp://localhost:%s", port);
	open_driver(text);
	put_lines(3);
	cr_assert_eq(write_all(), 0);
	r.fd = accept_one(listener);
	cr_assert_eq(read_numbered(&r, true, 0, 3), 3);
	close(r.fd);
	wait_fd(driver.ops->fd(driver.ctx), driver.hangup);
	put_lines(1);
	cr_expect_eq(driver.ops->write(driver.ctx, queue), -EPIPE);
	cr_expect_eq(written(), 3);
	fail_driver(-EPIPE);
	cr_expect_eq(driver.ops->fd(driver.ctx), -1);
	cr_expect_eq(driver.ops->disconnects(driver.ctx), 1);
}

/* One address of a host refuses the connection; the next one is tried at once. */
Test(socket, next_address)
{
	char closed[8], open[8];
	static struct reader r;
	int listener;

	close(listen_inet(SOCK_STREAM, closed, 0));
	listener = listen_inet(SOCK_STREAM, open, 0);
	resolved_ports[0] = closed;
	resolved_ports[1] = open;
	open_driver("syslog:tcp://loghost");
	put_lines(2);
	for (int err = -EAGAIN; queue_waiting(queue);) {
		err = driver.ops->write(driver.ctx, queue);
		cr_assert(!err || err == -EAGAIN, "%s", strerror(-err));
		if (err)
			wait_fd(driver.ops->fd(driver.ctx), POLLOUT);
		cr_expect_eq(driver.ops->error(driver.ctx), err ? 0 : -EPIPE);
	}
	r.fd = accept_one(listener);
	cr_expect_eq(read_numbered(&r, true, 0, 2), 2);
	cr_expect_eq(driver.ops->disconnects(driver.ctx), 0);
}

/* The driver reports the error of the connection, and the queue is unchanged. */
Test(socket, nobody_is_there)
{
	char closed[8], text[64];
	static const struct {
		int code;
		int want;
	} codes[] = {
		{ EAI_NONAME, -EADDRNOTAVAIL },
		{ EAI_AGAIN, -ENONET },
		{ EAI_MEMORY, -ENOMEM },
	};
	int err;

	close(listen_inet(SOCK_STREAM, closed, 0));
	(void)snprintf(text, sizeof(text), "syslog:tcp://loghost:%s", closed);
	open_driver(text);
	put_lines(1);
	err = driver.ops->write(driver.ctx, queue);
	if (err == -EAGAIN) {
		wait_fd(driver.ops->fd(driver.ctx), POLLOUT);
		cr_expect_eq(driver.ops->error(driver.ctx), 0);
		err = driver.ops->write(driver.ctx, queue);
	}
	cr_expect_eq(err, -ECONNREFUSED, "%s", strerror(-err));
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		resolver_code = codes[i].code;
		err = driver.ops->write(driver.ctx, queue);
		cr_expect_eq(err, codes[i].want, "%d: %s", codes[i].code, strerror(-err));
	}
	driver.ops->close(driver.ctx);
	open_driver("unix:nothing");
	cr_expect_eq(driver.ops->write(driver.ctx, queue), -ENOENT);
	driver.ops->close(driver.ctx);
	close(listen_unix(SOCK_STREAM, "closed"));
	open_driver("unix:closed");
	cr_expect_eq(driver.ops->write(driver.ctx, queue), -ECONNREFUSED);
	cr_expect_eq(driver.ops->disconnects(driver.ctx), 0);
	cr_expect(written() == 0 && dropped() == 0 && queue_waiting(queue));
}

static unsigned int receive(int fd, char ret[2048])
{
	ssize_t n = recv(fd, ret, 2047, MSG_DONTWAIT);

	cr_assert_geq(n, 0, "%s", strerror(errno));
	ret[n] = '\0';
	cr_assert_eq(memchr(ret, '\n', (size_t)n), NULL, "a newline in \"%s\"", ret);
	return number_in(ret);
}

/* The writer waits with poll(2) for a full datagram socket, and continues where it stopped. */
Test(socket, datagrams_wait)
{
	int fd = listen_unix(SOCK_DGRAM, "s");
	unsigned int got = 0;
	char text[128], frame[2048];
	struct pollfd writable = { .events = POLLOUT };

	(void)snprintf(text, sizeof(text), "syslog:%s/s", dir);
	open_driver(text);
	put_lines(2000);
	cr_assert_eq(write_all(), -EAGAIN);
	writable.fd = driver.ops->fd(driver.ctx);
	cr_expect_eq(poll(&writable, 1, 0), 0, "it says that it is writable");
	while (got < 2000) {
		cr_assert_eq(receive(fd, frame), got, "%u: \"%s\"", got, frame);
		got++;
		if (!queue_waiting(queue))
			continue;
		wait_fd(writable.fd, POLLOUT);
		cr_assert(write_all() == -EAGAIN || !queue_waiting(queue));
	}
	cr_expect_eq(written(), 2000);
	cr_expect_eq(dropped(), 0);
	cr_expect(!strncmp(frame, "<30>", 4) && strstr(frame, " xdptail["), "\"%s\"", frame);
}

/* A restarted daemon has another socket at the same path; it may be of another type. */
Test(socket, daemon_comes_back)
{
	static const int types[] = { SOCK_DGRAM, SOCK_DGRAM, SOCK_STREAM, SOCK_DGRAM };
	unsigned int n = 0;
	char text[128], frame[2048];

	(void)snprintf(text, sizeof(text), "syslog:unix:%s/s,cookie=cee", dir);
	open_driver(text);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++, n++) {
		static struct reader r;
		int fd = listen_unix(types[i], "s");
		int err;

		put_lines(1);
		err = driver.ops->write(driver.ctx, queue);
		if (i > 0) {
			cr_assert(err == -ECONNREFUSED || err == -EPIPE, "%zu: %s", i,
				  strerror(-err));
			fail_driver(err);
			err = driver.ops->write(driver.ctx, queue);
		}
		cr_assert_eq(err, 0, "%zu: %s", i, strerror(-err));
		r = (struct reader){ .fd = types[i] == SOCK_STREAM ? accept_one(fd) : fd };
		if (types[i] == SOCK_STREAM)
			cr_assert(next_frame(&r, false, frame));
		else
			(void)receive(fd, frame);
		cr_expect_eq(number_in(frame), n, "%zu: \"%s\"", i, frame);
		cr_expect(strstr(frame, "]: @cee: {"), "%zu: \"%s\"", i, frame);
		if (r.fd != fd)
			close(r.fd);
		close(fd);
	}
	cr_expect_eq(driver.ops->disconnects(driver.ctx), 3);
	cr_expect(written() == 4 && dropped() == 0);
}

/* A datagram that never fits is dropped and counted; one that does not fit now is retried. */
Test(socket, datagrams_that_do_not_fit)
{
	int fd = listen_unix(SOCK_DGRAM, "s");
	char text[128], frame[2048];

	(void)snprintf(text, sizeof(text), "syslog:unix://%s/s", dir);
	open_driver(text);
	put_lines(3);
	sendmmsg_error = EMSGSIZE;
	sendmmsg_errors = 1;
	cr_expect_eq(write_all(), 0);
	cr_expect_eq(dropped(), 1);
	cr_expect_eq(written(), 2);
	cr_expect_eq(receive(fd, frame), 1);
	cr_expect_eq(receive(fd, frame), 2);

	put_lines(1);
	sendmmsg_error = ENOBUFS;
	sendmmsg_errors = 3;
	cr_expect_eq(driver.ops->write(driver.ctx, queue), -EINTR);
	cr_expect_eq(written(), 2);
	cr_expect_eq(write_all(), 0);
	cr_expect_eq(sendmmsg_errors, 0);
	cr_expect_eq(receive(fd, frame), 3);
	cr_expect(written() == 3 && dropped() == 1);
}

/* UDP reports no delivery, but it reports a refusal. The driver waits for a refusal of the first
 * datagram, so that line is sent again; later ones count as written even if nobody receives them.
 */
Test(socket, udp)
{
	char port[8], text[64], frame[2048];
	int fd = listen_inet(SOCK_DGRAM, port, 0);

	close(fd);
	(void)snprintf(text, sizeof(text), "syslog:udp://localhost:%s", port);
	open_driver(text);
	put_lines(100);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(driver.ops->write(driver.ctx, queue), -ECONNREFUSED);
		fail_driver(-ECONNREFUSED);
	}
	cr_expect(written() == 0 && driver.ops->disconnects(driver.ctx) == 0);

	fd = listen_inet(SOCK_DGRAM, text, (uint16_t)strtoul(port, NULL, 10));
	cr_assert_eq(write_all(), 0);
	for (unsigned int i = 0; i < 100; i++)
		cr_assert_eq(receive(fd, frame), i);
	cr_expect_eq(written(), 100);
	close(fd);
	put_lines(1);
	cr_assert_eq(write_all(), 0);
	wait_fd(driver.ops->fd(driver.ctx), 0);
	cr_expect_eq(driver.ops->error(driver.ctx), -ECONNREFUSED);
	fail_driver(-ECONNREFUSED);
	cr_expect_eq(driver.ops->disconnects(driver.ctx), 1);
}

/* --- with a writer's thread --- */

static void expect_counts(struct outputs *s, const char *name, uint64_t want_written,
			  uint64_t want_disconnects)
{
	struct timespec start, now;
	struct output_counts c;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		outputs_counts(s, 0, &c);
	} while ((c.written != want_written || c.disconnects != want_disconnects) &&
		 now.tv_sec - start.tv_sec < PATIENCE_MS / 1000);
	cr_assert_eq(c.written, want_written, "%s: written %lu", name, c.written);
	cr_assert_eq(c.disconnects, want_disconnects, "%s: disconnects %lu", name, c.disconnects);
}

/* The connection is refused, then accepted: a connection in progress is waited for, also after a
 * failure; and a reader that goes away is noticed while there is nothing to write.
 */
Test(socket, reader_comes_and_goes)
{
	static struct output_spec spec;
	char port[8], text[64];
	struct reason why = { 0 };
	struct record line = { .text = "x\n", .len = 2, .type = RECORD_START };
	struct outputs *s = NULL;
	int listener, fd;

	close(listen_inet(SOCK_STREAM, port, 0));
	(void)snprintf(text, sizeof(text), "syslog:tcp://127.0.0.1:%s", port);
	cr_assert_eq(output_spec_parse(text, &spec, &why), 0, "%s", why.text);
	cr_assert_eq(outputs_new(&s), 0);
	cr_assert_eq(outputs_add(s, &spec, &why), 0, "%s", why.text);
	cr_assert_eq(outputs_start(s), 0);
	outputs_put(s, &line);
	outputs_flush(s);
	while (!outputs_failing(s, 0))
		(void)poll(NULL, 0, 1);
	cr_expect_eq(outputs_failing(s, 0), -ECONNREFUSED);
	listener = listen_inet(SOCK_STREAM, text, (uint16_t)strtoul(port, NULL, 10));
	expect_counts(s, "it comes", 1, 0);
	cr_expect_eq(outputs_failing(s, 0), 0);
	fd = accept_one(listener);
	wait_fd(fd, POLLIN);
	cr_expect_gt(read(fd, text, sizeof(text)), 2);
	wait_fd(fd, POLLOUT);
	close(fd); /* no unread data, which would cause a reset */
	expect_counts(s, "it goes", 1, 1);
	while (!outputs_failing(s, 0))
		(void)poll(NULL, 0, 1);
	cr_expect_eq(outputs_failing(s, 0), -EPIPE);
	outputs_put(s, &line);
	outputs_flush(s);
	expect_counts(s, "it is back", 2, 1);
	cr_expect_eq(outputs_finish(s, 1000), 0);
	outputs_free(s);
	output_spec_free(&spec);
	close(listener);
}
