/* SPDX-License-Identifier: BSD-2-Clause */
/* Records from the kernel: a ring buffer, or a perf buffer per CPU, behind one interface.
 *
 * A batch gathers before it is read: the first record wakes us, the fd is then disarmed (it is
 * level-triggered) and a timer decides when to drain. One batch follows on the other while there
 * are records, each on its timer; then the fd is armed again. With perf buffers the kernel would
 * wake us for each record: there the first is found at the next tick.
 */
#ifndef LIB_TRANSPORT_H
#define LIB_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

/* One record, lent. Not 0: enough for this time; the record counts as taken. */
typedef int (*transport_fn)(void *arg, const void *data, size_t size);

/* A ring buffer or a set of perf buffers. */
struct transport_ops {
	/* Unless batch_ms is 0, the first records of a batch wake nobody: it is looked for. */
	bool wakes_late;
	/* Read at most max records. How many were read. */
	unsigned int (*drain)(void *ctx, unsigned int max);
	/* Bytes that wait to be read, over all CPUs. */
	uint64_t (*waiting)(void *ctx);
	/* Remember how far the kernel has written; then, whether reading has come that far. */
	void (*mark)(void *ctx);
	bool (*passed)(void *ctx);
	/* Let the epoll instance report new records again. */
	int (*arm)(void *ctx);
	/* Once a second; NULL: nothing to do then. */
	int (*tick)(void *ctx, struct reason *r);
	void (*close)(void *ctx);
};

struct transport_spec {
	bool perf;
	int map_fd;
	uint32_t ring_bytes; /* perf: the sum over the CPUs online now */
	uint32_t batch_ms; /* the most that a batch may gather */
	transport_fn fn;
	void *arg; /* of fn */
};

struct transport;

/* 0, or -errno with the reason set. */
int transport_open(struct transport **ret, const struct transport_spec *spec, struct reason *r);
void transport_close(struct transport *t); /* NULL is fine */

/* An epoll fd: readable when transport_wait() has something to report. */
int transport_fd(const struct transport *t);

/* Another fd to wait on along with the records; borrowed. 0 or -errno. */
int transport_watch(struct transport *t, int fd);

enum transport_event {
	TRANSPORT_DUE = 1 << 0, /* a batch has gathered, or there was more than one drain took */
	TRANSPORT_TICK = 1 << 1, /* a tenth of a second has passed */
	TRANSPORT_WATCHED = 1 << 2, /* the fd of transport_watch() is readable */
};

/* Wait, at most timeout_ms (−1: no limit). Events or-ed, 0 for none, or -errno. */
int transport_wait(struct transport *t, int timeout_ms);

/* What waits is due now, without gathering. */
void transport_gather_no_more(struct transport *t);

/* Deliver at most max records; fewer means that there are no more. */
unsigned int transport_drain(struct transport *t, unsigned int max);

/* How long a batch gathers, in milliseconds, when the one before gathered so long and had so many
 * records: some thousands at the same rate, at most most_ms, at least one. So a flood is drained in
 * pieces that caches and outputs' queues can hold, and what waits, waits in the ring.
 */
uint32_t transport_gather_ms(uint32_t gathered_ms, uint64_t records, uint32_t most_ms);

/* CPUs may have come or gone. 0 or -errno. */
int transport_tick(struct transport *t, struct reason *r);

void transport_set_watermark(struct transport *t);
bool transport_is_drained(struct transport *t);

/* Bytes that wait to be taken; and the most of them seen since the last call. */
uint64_t transport_waiting(const struct transport *t);
uint64_t transport_high_water(struct transport *t);

/* The two kinds of transport. ret_ctx is owned by the caller and released with ops->close. epoll_fd
 * is borrowed, and gets the fds that wake us, one-shot.
 */
extern const struct transport_ops transport_ring_ops;
extern const struct transport_ops transport_perf_ops;
int transport_ring_open(void **ret_ctx, const struct transport_spec *spec, int epoll_fd,
			struct reason *r);
int transport_perf_open(void **ret_ctx, const struct transport_spec *spec, int epoll_fd,
			struct reason *r);

/* Bytes that perf buffers of ring_bytes in all really have: a power of two of pages a CPU. */
uint32_t transport_perf_bytes(uint32_t ring_bytes);

#endif
