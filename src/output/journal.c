// SPDX-License-Identifier: BSD-2-Clause
#include "output/journal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "output/journal_entry.h"
#include "output/journal_limit.h"
#include "output/setting.h"

#define DEFAULT_PATH  "/run/systemd/journal/socket"
#define TAG_MAX	      48 /* bytes; the limit of an APP-NAME (RFC 5424, 6) */
#define BATCH	      64 /* entries per system call */
#define HEADERS_BYTES (64U << 10) /* bytes of all headers of a batch */
/* bytes, as libsystemd requests; the kernel grants what it allows */
#define SEND_BUFFER (8 << 20)

struct journal_settings {
	char tag[SETTING_TEXT_BYTES];
	uint64_t fields; /* enum journal_fields */
};

struct journal {
	struct sockaddr_un address;
	int fd; /* owned; -1: not connected */
	struct journal_form form;
	struct journal_limit limit;
	_Atomic uint64_t disconnects;

	/* Entries ready to be sent; they stand for the first lines in the queue. */
	size_t first;
	size_t end;
	struct queue_line lines[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH][2]; /* header and line */
	char headers[HEADERS_BYTES];
};

static int connect_journal(struct journal *j)
{
	const int size = SEND_BUFFER;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	/* best effort: only for speed */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(fd, (const struct sockaddr *)&j->address, sizeof(j->address))) {
		err = -errno;
		close(fd);
		return err;
	}
	j->fd = fd;
	return 0;
}

/* Make as many entries as headers has room for, at least one. What one call does not send stays
 * ready.
 */
static void make_entries(struct journal *j, const struct queue *queue)
{
	size_t n = queue_lines(queue, j->lines, BATCH);
	char *header = j->headers;

	for (j->first = j->end = 0; j->end < n; j->end++) {
		const struct queue_line *line = &j->lines[j->end];
		struct iovec *parts = j->parts[j->end];

		if (j->headers + sizeof(j->headers) - header < JOURNAL_HEADER_BYTES)
			break;
		parts[0].iov_base = header;
		parts[0].iov_len = journal_header(&j->form, line, header);
		parts[1].iov_base = (void *)(uintptr_t)line->text; /* the kernel only reads it */
		parts[1].iov_len = line->len;
		j->messages[j->end].msg_hdr = (struct msghdr){ .msg_iov = parts, .msg_iovlen = 2 };
		header += parts[0].iov_len;
	}
}

static void entries_sent(struct journal *j, struct queue *queue, size_t n)
{
	size_t bytes = 0;

	for (size_t i = j->first; i < j->first + n; i++)
		bytes += j->lines[i].len;
	j->first += n;
	queue_written(queue, bytes);
	journal_limit_count(&j->limit, n, time_monotonic_ms());
}

static int journal_write(void *ctx, struct queue *queue)
{
	struct journal *j = ctx;
	int err = j->fd < 0 ? connect_journal(j) : 0;
	int n;

	if (err)
		return err;
	if (j->first == j->end)
		make_entries(j, queue);
	n = sendmmsg(j->fd, j->messages + j->first, (unsigned int)(j->end - j->first),
		     MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0) {
		entries_sent(j, queue, (size_t)n);
		return 0;
	}
	if (errno != EMSGSIZE)
		return -errno;
	/* EMSGSIZE: no retry can help. It takes a very small send buffer for an entry not to fit.
	 */
	j->first++;
	queue_drop_first(queue);
	return 0;
}

/* Reconnect later after any error. Lines are kept while they fit the queue. */
static enum driver_outcome journal_outcome(void *ctx, int error)
{
	struct journal *j = ctx;

	if (j->fd < 0)
		return DRIVER_KEEP;
	close(j->fd);
	j->fd = -1;
	if (error != -ENOBUFS && error != -ENOMEM)
		atomic_fetch_add_explicit(&j->disconnects, 1, memory_order_relaxed);
	return DRIVER_KEEP;
}

static int journal_fd(const void *ctx)
{
	const struct journal *j = ctx;

	return j->fd;
}

static const char *journal_warning(const void *ctx, unsigned int n)
{
	const struct journal *j = ctx;

	return n ? NULL : journal_limit_warning(&j->limit);
}

static uint64_t journal_disconnects(const void *ctx)
{
	const struct journal *j = ctx;

	return atomic_load_explicit(&j->disconnects, memory_order_relaxed);
}

static void journal_close(void *ctx)
{
	struct journal *j = ctx;

	if (j->fd >= 0)
		close(j->fd);
	free(j);
}

static const struct driver_ops journal_ops = {
	.write = journal_write,
	.outcome = journal_outcome,
	.fd = journal_fd,
	.warning = journal_warning,
	.disconnects = journal_disconnects,
	.close = journal_close,
};

static int journal_check(const char *target, struct reason *why)
{
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (strlen(target) > max)
		return reason_set(
			why, -EINVAL,
			"\"%.120s…\" is too long for the path of a socket: the limit is %zu bytes",
			target, max);
	return 0;
}

static int journal_open(struct driver *ret, const char *target, const void *settings, bool replaces,
			struct reason *why)
{
	const struct journal_settings *s = settings;
	struct journal *j = calloc(1, sizeof(*j));

	(void)replaces; /* each instance has a connection of its own */
	if (!j)
		return reason_set(why, -ENOMEM, "not enough memory for the output");
	j->fd = -1;
	j->address.sun_family = AF_UNIX;
	/* it fits: journal_check() has checked the length */
	memcpy(j->address.sun_path, target, strlen(target) + 1);
	journal_form_init(&j->form, s->tag, getpid(), (enum journal_fields)s->fields);
	*ret = (struct driver){
		.ops = &journal_ops,
		.ctx = j,
		.retry_ms = DRIVER_RETRY_MS,
		.retry_max_ms = DRIVER_RETRY_MS,
	};
	return 0;
}

static const struct setting_choice fields[] = {
	{ "index", JOURNAL_FIELDS_INDEX },
	{ "all", JOURNAL_FIELDS_ALL },
	{ "none", JOURNAL_FIELDS_NONE },
	{ NULL, 0 },
};

static const struct setting journal_settings_table[] = {
	{ "tag", SETTING_TEXT, offsetof(struct journal_settings, tag), 1, TAG_MAX, NULL,
	  "xdptail" },
	{ "fields", SETTING_CHOICE, offsetof(struct journal_settings, fields), 0, 0, fields,
	  "index" },
	{ NULL, SETTING_NUMBER, 0, 0, 0, NULL, NULL },
};

const struct output_kind journal_kind = {
	.name = "journal",
	.target = "SOCKET",
	.default_target = DEFAULT_PATH,
	.settings = journal_settings_table,
	.settings_size = sizeof(struct journal_settings),
	.check = journal_check,
	.open = journal_open,
};
