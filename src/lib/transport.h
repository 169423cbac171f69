/* SPDX-License-Identifier: BSD-2-Clause */
/* Records from the kernel: a ring buffer, or a perf buffer per CPU, behind one interface.
 *
 * A batch gathers before it is read: the first record wakes the reader, the fd is then disarmed (it
 * is level-triggered) and a timer decides when to drain. One batch follows on the other while there
 * are records, each on its timer; then the fd is armed again. With perf buffers the kernel would
 * wake the reader for each record, so there the first record is found at the next tick.
 */
#ifndef LIB_TRANSPORT_H
#define LIB_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

/* Takes one record, which is borrowed. A result other than 0 ends the drain; the record counts as
 * taken.
 */
typedef int (*transport_fn)(void *arg, const void *data, size_t size);

/* The functions of a ring buffer or a set of perf buffers. */
struct transport_ops {
	/* The first records of a batch wake nobody unless batch_ms is 0; the reader has to poll. */
	bool wakes_late;
	/* Reads at most max records. Returns their number. */
	unsigned int (*drain)(void *ctx, unsigned int max);
	/* Returns the bytes that wait to be read, over all CPUs. */
	uint64_t (*waiting)(void *ctx);
	/* set_watermark() stores the kernel's write position as watermark; is_drained() says
	 * whether it has been read.
	 */
	void (*set_watermark)(void *ctx);
	bool (*is_drained)(void *ctx);
	/* Makes the epoll instance report new records again. */
	int (*arm)(void *ctx);
	/* Called once a second; or NULL. */
	int (*tick)(void *ctx, struct reason *r);
	void (*close)(void *ctx);
};

struct transport_spec {
	bool perf;
	int map_fd;
	uint32_t ring_bytes; /* perf: the sum over the online CPUs */
	uint32_t batch_ms; /* the longest time that a batch may gather */
	transport_fn fn;
	void *arg; /* argument of fn */
};

struct transport;

/* Returns 0, or -errno with the reason set. */
int transport_open(struct transport **ret, const struct transport_spec *spec, struct reason *r);
void transport_close(struct transport *t); /* NULL is fine */

/* An epoll fd, readable when transport_wait() has something to report. */
int transport_fd(const struct transport *t);

/* Adds another fd to wait on, which is borrowed. Returns 0 or -errno. */
int transport_watch(struct transport *t, int fd);

enum transport_event {
	TRANSPORT_DUE = 1 << 0, /* a batch has gathered, or a drain left records */
	TRANSPORT_TICK = 1 << 1, /* a tenth of a second has passed */
	TRANSPORT_WATCHED = 1 << 2, /* the fd of transport_watch() is readable */
};

/* Waits for at most timeout_ms (−1: no limit). Returns events or-ed, 0 for none, or -errno. */
int transport_wait(struct transport *t, int timeout_ms);

/* Makes waiting records due now. */
void transport_gather_no_more(struct transport *t);

/* Delivers at most max records; a smaller result means that there are no more. */
unsigned int transport_drain(struct transport *t, unsigned int max);

/* Returns how many milliseconds a batch should gather, from the time and the number of records of
 * the last one: some thousands of records at the same rate, at most most_ms, at least 1. So a flood
 * is drained in pieces that fit caches and the outputs' queues, and the rest waits in the ring.
 */
uint32_t transport_gather_ms(uint32_t gathered_ms, uint64_t records, uint32_t most_ms);

/* Adapts to CPUs that came or went. Returns 0 or -errno. */
int transport_tick(struct transport *t, struct reason *r);

void transport_set_watermark(struct transport *t);
bool transport_is_drained(struct transport *t);

/* Bytes that wait to be read; and the maximum seen since the last call. */
uint64_t transport_waiting(const struct transport *t);
uint64_t transport_high_water(struct transport *t);

/* The two kinds of buffers. ret_ctx is owned by the caller and released with ops->close. epoll_fd
 * is borrowed, and gets the fds that wake the reader, one-shot.
 */
extern const struct transport_ops transport_ring_ops;
extern const struct transport_ops transport_perf_ops;
int transport_ring_open(void **ret_ctx, const struct transport_spec *spec, int epoll_fd,
			struct reason *r);
int transport_perf_open(void **ret_ctx, const struct transport_spec *spec, int epoll_fd,
			struct reason *r);

/* Returns the actual bytes of perf buffers of ring_bytes in total: each CPU has a power of two of
 * pages.
 */
uint32_t transport_perf_bytes(uint32_t ring_bytes);

#endif
