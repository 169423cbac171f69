// SPDX-License-Identifier: BSD-2-Clause
#include "output/socket.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "base/time.h"
#include "output/journal_limit.h"

#define DATAGRAMS	   64 /* of one sendmmsg(2): enough to hide its cost */
#define STREAM_BYTES	   (64U << 10) /* of one send(2): likewise */
#define STREAM_LINES	   256
#define RETRY_MAX_MS	   30000 /* of a host; a process of this one is tried every second */
#define REFUSAL_MS	   100 /* there and back */
#define BREATHER_MS	   2 /* for an interface whose queue is full, which poll(2) does not know */
#define STREAM_HAS_ROOM(s) ((s)->len + FRAME_BYTES <= STREAM_BYTES && (s)->n < STREAM_LINES)

/* Frames that are ready to be sent, and what of the queue they stand for. */
struct stream {
	char bytes[STREAM_BYTES];
	size_t len;
	size_t sent;
	size_t n; /* frames */
	size_t first; /* that is not wholly sent */
	struct {
		size_t end; /* in bytes */
		size_t line_len;
	} frames[STREAM_LINES];
};

struct datagrams {
	struct mmsghdr messages[DATAGRAMS];
	struct iovec vectors[DATAGRAMS][2]; /* head and line */
	char heads[DATAGRAMS][FRAME_HEAD_BYTES];
};

struct out {
	struct endpoint endpoint;
	struct encoder encoder;
	bool heard_of; /* by UDP, whether somebody is there is known only when a line was sent */
	bool is_journal; /* who reads is journald */
	struct journal_limit limit;
	struct queue_line lines[STREAM_LINES];
	union {
		struct stream stream;
		struct datagrams datagrams;
	};
};

static enum frame_end frame_end(const struct out *o)
{
	if (o->endpoint.type == SOCK_DGRAM)
		return FRAME_DATAGRAM;
	return o->endpoint.transport == ENDPOINT_TCP ? FRAME_OCTETS : FRAME_NEWLINE;
}

static void add_frame(struct out *o, const struct queue_line *line)
{
	enum frame_end end = frame_end(o);
	struct stream *s = &o->stream;
	size_t text_len = encoder_text_len(line, end);

	s->len += encoder_header(&o->encoder, line, end, s->bytes + s->len);
	memcpy(s->bytes + s->len, line->text, text_len);
	s->len += text_len;
	s->frames[s->n].end = s->len;
	s->frames[s->n].line_len = line->len;
	s->n++;
}

static void empty_stream(struct stream *s)
{
	s->len = s->sent = s->n = s->first = 0;
}

static void fill_stream(struct out *o, const struct queue *queue)
{
	size_t n = queue_lines(queue, o->lines, STREAM_LINES);

	empty_stream(&o->stream);
	for (size_t i = 0; i < n && STREAM_HAS_ROOM(&o->stream); i++)
		add_frame(o, &o->lines[i]);
}

/* The queue learns of a line when the last byte of its frame is on its way. */
static void take_sent(struct stream *s, size_t sent, struct queue *queue)
{
	size_t written = 0;

	s->sent += sent;
	while (s->first < s->n && s->frames[s->first].end <= s->sent)
		written += s->frames[s->first++].line_len;
	if (written)
		queue_written(queue, written);
}

static int write_stream(struct out *o, struct queue *queue)
{
	struct stream *s = &o->stream;
	ssize_t n;

	if (endpoint_has_hung_up(&o->endpoint))
		return -EPIPE;
	if (s->sent == s->len)
		fill_stream(o, queue);
	n = send(o->endpoint.fd, s->bytes + s->sent, s->len - s->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	take_sent(s, (size_t)n, queue);
	return 0;
}

static void set_datagram(struct out *o, size_t i)
{
	struct datagrams *d = &o->datagrams;
	struct queue_line *line = &o->lines[i];
	size_t head_len = encoder_header(&o->encoder, line, FRAME_DATAGRAM, d->heads[i]);

	d->vectors[i][0] = (struct iovec){ d->heads[i], head_len };
	/* a vector is also for reading, but the kernel only reads here */
	d->vectors[i][1].iov_len = encoder_text_len(line, FRAME_DATAGRAM);
	memcpy(&d->vectors[i][1].iov_base, &line->text, sizeof(line->text));
	d->messages[i] = (struct mmsghdr){
		.msg_hdr.msg_iov = d->vectors[i],
		.msg_hdr.msg_iovlen = 2,
	};
}

/* /dev/log is journald's on most systems, and a link says so. */
static bool leads_to_journal(const char *path)
{
	static const char journal[] = "/run/systemd/journal/";
	char real[PATH_MAX];

	return realpath(path, real) && !strncmp(real, journal, sizeof(journal) - 1);
}

static void count_for_journal(struct out *o, unsigned int lines)
{
	if (o->is_journal)
		journal_limit_count(&o->limit, lines, time_monotonic_ms());
}

/* The first line by UDP goes alone, and counts when nobody has complained of it: where there is a
 * host but no reader, that host says so. 0, or -errno; then it was not read.
 */
static int listen_for_refusal(struct out *o)
{
	struct pollfd refusal = { .fd = o->endpoint.fd }; /* errors come unasked */

	if (o->heard_of)
		return 0;
	if (poll(&refusal, 1, REFUSAL_MS) > 0)
		return endpoint_error(&o->endpoint);
	o->heard_of = true;
	return 0;
}

static int write_datagrams(struct out *o, struct queue *queue)
{
	size_t n = queue_lines(queue, o->lines, o->heard_of ? DATAGRAMS : 1);
	size_t written = 0;
	int sent, err;

	for (size_t i = 0; i < n; i++)
		set_datagram(o, i);
	sent = sendmmsg(o->endpoint.fd, o->datagrams.messages, (unsigned int)n,
			MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno == EMSGSIZE) { /* it never will fit, so it is dropped, and counted */
		queue_drop_first(queue);
		return 0;
	}
	if (sent < 0)
		return -errno;
	err = listen_for_refusal(o);
	if (err)
		return err;
	for (int i = 0; i < sent; i++)
		written += o->lines[i].len;
	queue_written(queue, written);
	count_for_journal(o, (unsigned int)sent);
	return 0;
}

/* Moments pass without a word: the writer comes again at once. */
static int take_a_breath(void)
{
	(void)poll(NULL, 0, BREATHER_MS);
	return -EINTR;
}

static int out_write(void *ctx, struct queue *queue)
{
	struct out *o = ctx;
	bool is_new = o->endpoint.state != ENDPOINT_CONNECTED;
	int ret = endpoint_connect(&o->endpoint);

	if (ret)
		return ret;
	if (is_new) {
		o->heard_of = o->endpoint.transport != ENDPOINT_UDP;
		o->is_journal = leads_to_journal(o->endpoint.path);
	}
	encoder_set_time(&o->encoder, time(NULL));
	if (o->endpoint.type == SOCK_STREAM)
		ret = write_stream(o, queue);
	else
		ret = write_datagrams(o, queue);
	return ret == -ENOBUFS ? take_a_breath() : ret;
}

static enum driver_outcome out_outcome(void *ctx, int error)
{
	struct out *o = ctx;

	(void)error; /* whatever it was, a new socket is where to begin again */
	endpoint_disconnect(&o->endpoint, o->heard_of);
	empty_stream(&o->stream);
	return DRIVER_KEEP;
}

static int out_fd(const void *ctx)
{
	const struct out *o = ctx;

	return o->endpoint.fd;
}

static int out_error(void *ctx)
{
	const struct out *o = ctx;

	return endpoint_error(&o->endpoint);
}

static uint64_t out_disconnects(const void *ctx)
{
	const struct out *o = ctx;

	return atomic_load_explicit(&o->endpoint.lost, memory_order_relaxed);
}

static const char *out_warning(const void *ctx, unsigned int n)
{
	const struct out *o = ctx;

	return n ? NULL : journal_limit_warning(&o->limit);
}

static void out_close(void *ctx)
{
	struct out *o = ctx;

	endpoint_disconnect(&o->endpoint, false);
	free(o);
}

static const struct driver_ops out_ops = {
	.write = out_write,
	.outcome = out_outcome,
	.fd = out_fd,
	.error = out_error,
	.warning = out_warning,
	.disconnects = out_disconnects,
	.close = out_close,
};

int socket_open(struct driver *ret, const struct endpoint *endpoint, const struct encoder *encoder,
		char *err, size_t err_cap)
{
	struct out *o = calloc(1, sizeof(*o));
	bool tcp = endpoint->transport == ENDPOINT_TCP;

	if (!o)
		return driver_refuse(-ENOMEM, err, err_cap, "there is no memory for an output");
	o->endpoint = *endpoint;
	o->encoder = *encoder;
	*ret = (struct driver){
		.ops = &out_ops,
		.ctx = o,
		.hangup = tcp ? POLLRDHUP : 0,
		.retry_ms = DRIVER_RETRY_MS,
		.retry_max_ms = tcp ? RETRY_MAX_MS : DRIVER_RETRY_MS,
	};
	return 0;
}

static int unix_check(const char *path, char *err, size_t err_cap)
{
	struct endpoint endpoint;

	return endpoint_set_path(&endpoint, ENDPOINT_UNIX_STREAM, path, err, err_cap);
}

static int unix_open(struct driver *ret, const char *path, const void *settings, bool next,
		     char *err, size_t err_cap)
{
	const struct frame_settings as_it_is = { .form = FRAME_LINE };
	struct endpoint endpoint;
	struct encoder encoder;
	int error = endpoint_set_path(&endpoint, ENDPOINT_UNIX_STREAM, path, err, err_cap);

	(void)settings; /* it has none */
	(void)next; /* it is another connection */
	if (error)
		return error;
	encoder_init(&encoder, &as_it_is);
	return socket_open(ret, &endpoint, &encoder, err, err_cap);
}

const struct output_kind unix_kind = {
	.name = "unix",
	.target = "PATH",
	.check = unix_check,
	.open = unix_open,
};
