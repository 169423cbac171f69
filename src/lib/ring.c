// SPDX-License-Identifier: BSD-2-Clause
/* The ring buffer, which libbpf reads. Its two positions are mapped a second time, to see how much
 * is waiting and when the watermark has been passed (libbpf 1.3 and newer report both).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "lib/transport.h"

struct ring {
	struct ring_buffer *rb; /* owned */
	const unsigned long *consumer; /* a page for each; MAP_FAILED while not mapped */
	const unsigned long *producer;
	size_t page;
	unsigned long watermark;
	int map_fd; /* borrowed */
	int epoll_fd; /* borrowed */
	transport_fn fn;
	void *arg;
	unsigned int taken; /* records in the present drain */
	unsigned int max;
};

/* A negative result ends libbpf's drain, which otherwise lasts as long as records keep coming
 * (libbpf 1.1). The record has been consumed in either case.
 */
static int on_ring_record(void *ctx, void *data, size_t size)
{
	struct ring *ring = ctx;
	int stop = ring->fn(ring->arg, data, size);

	ring->taken++;
	return stop || ring->taken >= ring->max ? -ECANCELED : 0;
}

static const unsigned long *map_position(int map_fd, size_t page, size_t offset)
{
	return mmap(NULL, page, PROT_READ, MAP_SHARED, map_fd, (off_t)offset);
}

static void unmap_position(const unsigned long *position, size_t page)
{
	if (position != MAP_FAILED)
		(void)munmap((void *)(uintptr_t)position, page);
}

static unsigned long load_ring_position(const unsigned long *position)
{
	return __atomic_load_n(position, __ATOMIC_ACQUIRE);
}

static void ring_close(void *ctx)
{
	struct ring *ring = ctx;

	ring_buffer__free(ring->rb);
	unmap_position(ring->consumer, ring->page);
	unmap_position(ring->producer, ring->page);
	free(ring);
}

int transport_ring_open(void **ret_ctx, const struct transport_spec *spec, int epoll_fd,
			struct reason *r)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	struct ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return reason_set(r, -ENOMEM, "out of memory");
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->map_fd = spec->map_fd;
	ring->epoll_fd = epoll_fd;
	ring->fn = spec->fn;
	ring->arg = spec->arg;
	ring->consumer = map_position(spec->map_fd, ring->page, 0);
	ring->producer = map_position(spec->map_fd, ring->page, ring->page);
	ring->rb = ring_buffer__new(spec->map_fd, on_ring_record, ring, NULL);
	if (ring->consumer == MAP_FAILED || ring->producer == MAP_FAILED || !ring->rb ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, spec->map_fd, &ev)) {
		err = reason_set(r, errno ? -errno : -ENOMEM, "cannot map the ring buffer: %s",
				 strerror(errno));
		ring_close(ring);
		return err;
	}
	*ret_ctx = ring;
	return 0;
}

static unsigned int ring_drain(void *ctx, unsigned int max)
{
	struct ring *ring = ctx;

	ring->taken = 0;
	ring->max = max;
	(void)ring_buffer__consume(ring->rb); /* the only error is our own -ECANCELED */
	return ring->taken;
}

static uint64_t ring_waiting(void *ctx)
{
	const struct ring *ring = ctx;

	return load_ring_position(ring->producer) - load_ring_position(ring->consumer);
}

static void ring_set_watermark(void *ctx)
{
	struct ring *ring = ctx;

	ring->watermark = load_ring_position(ring->producer);
}

static bool ring_is_drained(void *ctx)
{
	const struct ring *ring = ctx;

	return (long)(load_ring_position(ring->consumer) - ring->watermark) >= 0;
}

static int ring_arm(void *ctx)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	struct ring *ring = ctx;

	return epoll_ctl(ring->epoll_fd, EPOLL_CTL_MOD, ring->map_fd, &ev) ? -errno : 0;
}

const struct transport_ops transport_ring_ops = {
	.drain = ring_drain,
	.waiting = ring_waiting,
	.set_watermark = ring_set_watermark,
	.is_drained = ring_is_drained,
	.arm = ring_arm,
	.close = ring_close,
};
