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

#define DATAGRAMS    64 /* per sendmmsg(2): enough to hide its cost */
#define STREAM_BYTES (64U << 10) /* per send(2): enough to hide its cost */
#define STREAM_LINES 256
#define RETRY_MAX_MS 30000 /* for a host; a local process is retried every second */
#define REFUSAL_MS   100 /* time for a datagram and the ICMP error that answers it */
/* wait for an interface whose queue is full, which poll(2) does not report */
#define PAUSE_MS	   2
#define STREAM_HAS_ROOM(s) ((s)->len + FRAME_BYTES <= STREAM_BYTES && (s)->n < STREAM_LINES)

/* Frames ready to be sent, and the lines of the queue that they stand for. */
struct stream {
	char bytes[STREAM_BYTES];
	size_t len;
	size_t sent;
	size_t n; /* number of frames */
	size_t first; /* first frame that is not completely sent */
	struct {
		size_t end; /* end of the frame in bytes */
		size_t line_len;
	} frames[STREAM_LINES];
};

struct datagrams {
	struct mmsghdr messages[DATAGRAMS];
	struct iovec vectors[DATAGRAMS][2]; /* header and line */
	char headers[DATAGRAMS][FRAME_HEADER_BYTES];
};

struct socket_output {
	struct endpoint endpoint;
	struct encoder encoder;
	bool confirmed; /* a reader is known to be there; with UDP only after a line was sent */
	bool is_journal; /* the reader is journald */
	struct journal_limit limit;
	struct queue_line lines[STREAM_LINES];
	union {
		struct stream stream;
		struct datagrams datagrams;
	};
};

static enum frame_end frame_end(const struct socket_output *o)
{
	if (o->endpoint.type == SOCK_DGRAM)
		return FRAME_DATAGRAM;
	return o->endpoint.transport == ENDPOINT_TCP ? FRAME_OCTETS : FRAME_NEWLINE;
}

static void add_frame(struct socket_output *o, const struct queue_line *line)
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

static void reset_stream(struct stream *s)
{
	s->len = s->sent = s->n = s->first = 0;
}

static void fill_stream(struct socket_output *o, const struct queue *queue)
{
	size_t n = queue_lines(queue, o->lines, STREAM_LINES);

	reset_stream(&o->stream);
	for (size_t i = 0; i < n && STREAM_HAS_ROOM(&o->stream); i++)
		add_frame(o, &o->lines[i]);
}

/* Count sent bytes. A line counts as written when the last byte of its frame is sent. */
static void count_sent(struct stream *s, size_t sent, struct queue *queue)
{
	size_t written = 0;

	s->sent += sent;
	while (s->first < s->n && s->frames[s->first].end <= s->sent)
		written += s->frames[s->first++].line_len;
	if (written)
		queue_written(queue, written);
}

static int write_stream(struct socket_output *o, struct queue *queue)
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
	count_sent(s, (size_t)n, queue);
	return 0;
}

static void set_datagram(struct socket_output *o, size_t i)
{
	struct datagrams *d = &o->datagrams;
	struct queue_line *line = &o->lines[i];
	size_t header_len = encoder_header(&o->encoder, line, FRAME_DATAGRAM, d->headers[i]);

	d->vectors[i][0] = (struct iovec){ d->headers[i], header_len };
	/* msg_iov is also used for receiving, hence not const; sending only reads */
	d->vectors[i][1].iov_len = encoder_text_len(line, FRAME_DATAGRAM);
	memcpy(&d->vectors[i][1].iov_base, &line->text, sizeof(line->text));
	d->messages[i] = (struct mmsghdr){
		.msg_hdr.msg_iov = d->vectors[i],
		.msg_hdr.msg_iovlen = 2,
	};
}

/* Returns whether the socket belongs to journald: on most systems /dev/log is a link to its socket.
 */
static bool is_journal_socket(const char *path)
{
	static const char journal[] = "/run/systemd/journal/";
	char real[PATH_MAX];

	return realpath(path, real) && !strncmp(real, journal, sizeof(journal) - 1);
}

static void count_for_journal(struct socket_output *o, unsigned int lines)
{
	if (o->is_journal)
		journal_limit_count(&o->limit, lines, time_monotonic_ms());
}

/* Wait for a refusal of the first datagram. With UDP the first line is sent alone, and counts
 * unless it is refused: a host without a reader responds with an ICMP error. 0, or the -errno of
 * the refusal, and then the line was not read.
 */
static int await_refusal(struct socket_output *o)
{
	struct pollfd refusal = { .fd = o->endpoint.fd }; /* errors need not be requested */

	if (o->confirmed)
		return 0;
	if (poll(&refusal, 1, REFUSAL_MS) > 0)
		return endpoint_error(&o->endpoint);
	o->confirmed = true;
	return 0;
}

static int write_datagrams(struct socket_output *o, struct queue *queue)
{
	size_t n = queue_lines(queue, o->lines, o->confirmed ? DATAGRAMS : 1);
	size_t written = 0;
	int sent, err;

	for (size_t i = 0; i < n; i++)
		set_datagram(o, i);
	sent = sendmmsg(o->endpoint.fd, o->datagrams.messages, (unsigned int)n,
			MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno == EMSGSIZE) { /* it will never fit, so it is dropped, and counted */
		queue_drop_first(queue);
		return 0;
	}
	if (sent < 0)
		return -errno;
	err = await_refusal(o);
	if (err)
		return err;
	for (int i = 0; i < sent; i++)
		written += o->lines[i].len;
	queue_written(queue, written);
	count_for_journal(o, (unsigned int)sent);
	return 0;
}

/* Pause without reporting a failure: on -EINTR the writer retries at once. */
static int pause_briefly(void)
{
	(void)poll(NULL, 0, PAUSE_MS);
	return -EINTR;
}

static int socket_write(void *ctx, struct queue *queue)
{
	struct socket_output *o = ctx;
	bool is_new = o->endpoint.state != ENDPOINT_CONNECTED;
	int ret = endpoint_connect(&o->endpoint);

	if (ret)
		return ret;
	if (is_new) {
		o->confirmed = o->endpoint.transport != ENDPOINT_UDP;
		o->is_journal = is_journal_socket(o->endpoint.path);
	}
	encoder_set_time(&o->encoder, time(NULL));
	if (o->endpoint.type == SOCK_STREAM)
		ret = write_stream(o, queue);
	else
		ret = write_datagrams(o, queue);
	return ret == -ENOBUFS ? pause_briefly() : ret;
}

static enum driver_outcome socket_outcome(void *ctx, int error)
{
	struct socket_output *o = ctx;

	(void)error; /* any error is handled by a new connection */
	endpoint_disconnect(&o->endpoint, o->confirmed);
	reset_stream(&o->stream);
	return DRIVER_KEEP;
}

static int socket_fd(const void *ctx)
{
	const struct socket_output *o = ctx;

	return o->endpoint.fd;
}

static int socket_error(void *ctx)
{
	const struct socket_output *o = ctx;

	return endpoint_error(&o->endpoint);
}

static uint64_t socket_disconnects(const void *ctx)
{
	const struct socket_output *o = ctx;

	return atomic_load_explicit(&o->endpoint.n_lost, memory_order_relaxed);
}

static const char *socket_warning(const void *ctx, unsigned int n)
{
	const struct socket_output *o = ctx;

	return n ? NULL : journal_limit_warning(&o->limit);
}

static void socket_close(void *ctx)
{
	struct socket_output *o = ctx;

	endpoint_disconnect(&o->endpoint, false);
	free(o);
}

static const struct driver_ops socket_ops = {
	.write = socket_write,
	.outcome = socket_outcome,
	.fd = socket_fd,
	.error = socket_error,
	.warning = socket_warning,
	.disconnects = socket_disconnects,
	.close = socket_close,
};

int socket_open(struct driver *ret, const struct endpoint *endpoint, const struct encoder *encoder,
		struct reason *why)
{
	struct socket_output *o = calloc(1, sizeof(*o));
	bool tcp = endpoint->transport == ENDPOINT_TCP;

	if (!o)
		return reason_set(why, -ENOMEM, "not enough memory for the output");
	o->endpoint = *endpoint;
	o->encoder = *encoder;
	*ret = (struct driver){
		.ops = &socket_ops,
		.ctx = o,
		.hangup = tcp ? POLLRDHUP : 0,
		.retry_ms = DRIVER_RETRY_MS,
		.retry_max_ms = tcp ? RETRY_MAX_MS : DRIVER_RETRY_MS,
	};
	return 0;
}

static int unix_check(const char *path, struct reason *why)
{
	struct endpoint endpoint;

	return endpoint_set_path(&endpoint, ENDPOINT_UNIX_STREAM, path, why);
}

static int unix_open(struct driver *ret, const char *path, const void *settings, bool replaces,
		     struct reason *why)
{
	const struct frame_settings plain = { .form = FRAME_LINE };
	struct endpoint endpoint;
	struct encoder encoder;
	int error = endpoint_set_path(&endpoint, ENDPOINT_UNIX_STREAM, path, why);

	(void)settings; /* there are none */
	(void)replaces; /* each instance has a connection of its own */
	if (error)
		return error;
	encoder_init(&encoder, &plain);
	return socket_open(ret, &endpoint, &encoder, why);
}

const struct output_kind unix_kind = {
	.name = "unix",
	.target = "PATH",
	.check = unix_check,
	.open = unix_open,
};
