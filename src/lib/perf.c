// SPDX-License-Identifier: BSD-2-Clause
/* Perf buffers, for kernels without a ring buffer: one libbpf buffer for each CPU that is online,
 * so that CPUs can come and go one by one. The BPF program counts lost samples; the kernel's
 * PERF_RECORD_LOST comes late or never, and is ignored.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "lib/capabilities.h"
#include "lib/transport.h"

#define WAKE_PART     8 /* a buffer that is filled to one part in so many wakes the reader */
#define ONLINE_CPUS   "/sys/devices/system/cpu/online"
#define PARANOID      "/proc/sys/kernel/perf_event_paranoid"
#define PARANOID_MOST 2 /* highest level of the upstream kernel */

struct perf_cpu {
	struct perf_buffer *pb; /* owned; NULL: this CPU is offline */
	uint64_t watermark;
	uint64_t enabled_ns; /* the event's enabled time at the last tick */
};

struct perf {
	struct perf_cpu *cpus; /* owned; one for each possible CPU */
	bool *online; /* owned; scratch of perf_tick() */
	int n_cpus;
	int next; /* the CPU to drain first, so that none starves behind a busy one */
	int map_fd; /* borrowed */
	int epoll_fd; /* borrowed */
	size_t pages; /* pages per CPU */
	bool wake_per_record; /* each record wakes the reader, as no batches are wanted */
	transport_fn fn;
	void *arg;
	unsigned int taken; /* records in the present drain */
	unsigned int max;
	bool stopped;
};

struct raw_sample {
	struct perf_event_header header;
	__u32 size;
	char data[];
};

static enum bpf_perf_event_ret on_event(void *ctx, int cpu, struct perf_event_header *event)
{
	const struct raw_sample *sample = (const struct raw_sample *)event;
	struct perf *perf = ctx;

	(void)cpu;
	if (event->type != PERF_RECORD_SAMPLE)
		return LIBBPF_PERF_EVENT_CONT;
	perf->stopped = perf->fn(perf->arg, sample->data, sample->size) != 0;
	perf->taken++;
	if (perf->stopped || perf->taken >= perf->max)
		return LIBBPF_PERF_EVENT_DONE;
	return LIBBPF_PERF_EVENT_CONT;
}

/* Marks the CPUs that are online, from a list such as "0-3,5". Returns 0 or -errno. */
static int read_online(bool *online, int n_cpus)
{
	FILE *file = fopen(ONLINE_CPUS, "re");
	int first, last;
	int sep = ',';

	if (!file)
		return -errno;
	memset(online, 0, (size_t)n_cpus * sizeof(*online));
	while (sep == ',' &&
	       fscanf(file, "%d", &first) == 1) { // NOLINT(cert-err34-c): the kernel's
		last = first;
		sep = fgetc(file);
		if (sep == '-') {
			if (fscanf(file, "%d", &last) != 1) // NOLINT(cert-err34-c)
				break;
			sep = fgetc(file);
		}
		for (int cpu = first; cpu <= last && cpu < n_cpus; cpu++)
			online[cpu] = true;
	}
	fclose(file);
	return 0;
}

static int online_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (int)n : 1;
}

static size_t pages_per_cpu(uint32_t ring_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = 1;

	while (pages * 2 * page * (size_t)online_count() <= ring_bytes)
		pages *= 2;
	return pages;
}

uint32_t transport_perf_bytes(uint32_t ring_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (uint32_t)(pages_per_cpu(ring_bytes) * page * (size_t)online_count());
}

/* A wake-up is an interrupt that a CPU sends to itself, and costs as much as fifty records (6.4 us
 * of 6.5 for each, in a virtual machine). So only a buffer that fills up wakes the reader, which
 * polls the others at the next tick, or when the next batch is due.
 */
static struct perf_event_attr event_attr(const struct perf *perf)
{
	const size_t bytes = perf->pages * (size_t)sysconf(_SC_PAGESIZE);

	return (struct perf_event_attr){
		.size = sizeof(struct perf_event_attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = !perf->wake_per_record,
		.wakeup_watermark = perf->wake_per_record ? 1 : (__u32)(bytes / WAKE_PART),
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED,
	};
}

static int open_cpu(struct perf *perf, int cpu)
{
	struct perf_event_attr attr = event_attr(perf);
	LIBBPF_OPTS(perf_buffer_raw_opts, opts, .cpu_cnt = 1, .cpus = &cpu, .map_keys = &cpu);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	struct perf_buffer *pb;
	int err;

	pb = perf_buffer__new_raw(perf->map_fd, perf->pages, &attr, on_event, perf, &opts);
	if (!pb)
		return -errno;
	if (epoll_ctl(perf->epoll_fd, EPOLL_CTL_ADD, perf_buffer__buffer_fd(pb, 0), &ev)) {
		err = -errno;
		perf_buffer__free(pb);
		return err;
	}
	perf->cpus[cpu] = (struct perf_cpu){ .pb = pb };
	return 0;
}

static void close_cpu(struct perf *perf, int cpu)
{
	/* this also removes its fd from the epoll instance */
	perf_buffer__free(perf->cpus[cpu].pb);
	perf->cpus[cpu].pb = NULL;
}

/* Returns the buffer's first page, which has its positions (linux/perf_event.h). */
static const struct perf_event_mmap_page *positions_page(const struct perf_cpu *c)
{
	size_t size;
	void *page;

	if (!c->pb || perf_buffer__buffer(c->pb, 0, &page, &size))
		return NULL;
	return page;
}

static uint64_t load_perf_position(const __u64 *position)
{
	return __atomic_load_n(position, __ATOMIC_ACQUIRE);
}

static void perf_close(void *ctx)
{
	struct perf *perf = ctx;

	for (int cpu = 0; perf->cpus && cpu < perf->n_cpus; cpu++)
		close_cpu(perf, cpu);
	free(perf->cpus);
	free(perf->online);
	free(perf);
}

static bool has_waiting(const struct perf_cpu *c)
{
	const struct perf_event_mmap_page *page = positions_page(c);

	return page && load_perf_position(&page->data_head) != page->data_tail;
}

/* Compares the event's enabled time with that of the last call. The event of a CPU that went
 * offline and came back between two ticks stays disabled for good, so its enabled time has not
 * changed.
 */
static bool check_disabled(struct perf_cpu *c)
{
	struct {
		uint64_t value;
		uint64_t enabled_ns;
	} now = { 0 };
	bool off;

	if (read(perf_buffer__buffer_fd(c->pb, 0), &now, sizeof(now)) != sizeof(now))
		return true;
	off = now.enabled_ns == c->enabled_ns;
	c->enabled_ns = now.enabled_ns;
	return off;
}

static bool can_open_event(const struct perf *perf, int cpu)
{
	struct perf_event_attr attr = event_attr(perf);
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	const bool permitted = fd >= 0 || (errno != EPERM && errno != EACCES);

	if (fd >= 0)
		close(fd);
	return permitted;
}

/* Returns the sysctl kernel.perf_event_paranoid, or 0 if it cannot be read. Levels above 2 are an
 * addition of Debian and Ubuntu; on Debian's 5.10 only CAP_SYS_ADMIN overrides them.
 */
static long read_paranoid(void)
{
	FILE *file = fopen(PARANOID, "re");
	char line[32] = "";

	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	(void)fclose(file); /* nothing was written */
	return strtol(line, NULL, 10);
}

/* The kernel does not permit the call at all. seccomp usually answers EPERM. */
static int explain_no_permission(struct reason *r, int err, int cpu)
{
	long level = read_paranoid();

	if (err == -EACCES && level > PARANOID_MOST)
		return reason_set(
			r, -EPERM,
			"not permitted to open a perf buffer on CPU %d: this kernel wants CAP_SYS_ADMIN "
			"for it while the sysctl kernel.perf_event_paranoid is %ld; set it to %d, or "
			"choose the ring buffer (--transport ringbuf)",
			cpu, level, PARANOID_MOST);
	return reason_set(r, -EPERM,
			  "not permitted to open a perf buffer on CPU %d although CAP_PERFMON is "
			  "there: seccomp stands in the way of perf_event_open",
			  cpu);
}

/* Two calls can fail with EPERM: perf_event_open for lack of a capability or because of a policy,
 * and mmap for lack of memory that may be locked.
 */
static int explain_cpu_open(const struct perf *perf, struct reason *r, int err, int cpu)
{
	if (err != -EACCES && err != -EPERM)
		return reason_set(r, err, "cannot open a perf buffer on CPU %d: %s", cpu,
				  strerror(-err));
	if (!capabilities_perfmon())
		return reason_set(
			r, -EPERM,
			"not permitted to open a perf buffer on CPU %d: CAP_PERFMON is missing "
			"(before Linux 5.8: CAP_SYS_ADMIN)",
			cpu);
	if (!can_open_event(perf, cpu))
		return explain_no_permission(r, err, cpu);
	return reason_set(
		r, -EPERM,
		"not permitted to map a perf buffer on CPU %d: it is larger than "
		"RLIMIT_MEMLOCK allows; raise that, grant CAP_IPC_LOCK, or choose a smaller "
		"ring (--ring-size)",
		cpu);
}

/* Follows the CPUs that come and go. The buffer of an offline CPU is read before it is closed:
 * perf_drain() works without the CPU.
 */
static int perf_tick(void *ctx, struct reason *r)
{
	struct perf *perf = ctx;
	int err = read_online(perf->online, perf->n_cpus);

	if (err)
		return reason_set(r, err, "cannot read %s: %s", ONLINE_CPUS, strerror(-err));
	for (int cpu = 0; cpu < perf->n_cpus; cpu++) {
		struct perf_cpu *c = &perf->cpus[cpu];

		if (c->pb && !has_waiting(c) && (!perf->online[cpu] || check_disabled(c)))
			close_cpu(perf, cpu);
		if (c->pb || !perf->online[cpu])
			continue;
		err = open_cpu(perf, cpu);
		if (err)
			return explain_cpu_open(perf, r, err, cpu);
	}
	return 0;
}

int transport_perf_open(void **ret_ctx, const struct transport_spec *spec, int epoll_fd,
			struct reason *r)
{
	struct perf *perf = calloc(1, sizeof(*perf));
	int err = -ENOMEM;

	if (!perf)
		return reason_set(r, err, "out of memory");
	perf->n_cpus = libbpf_num_possible_cpus();
	perf->map_fd = spec->map_fd;
	perf->epoll_fd = epoll_fd;
	perf->pages = pages_per_cpu(spec->ring_bytes);
	perf->wake_per_record = spec->batch_ms == 0;
	perf->fn = spec->fn;
	perf->arg = spec->arg;
	if (perf->n_cpus <= 0) {
		err = reason_set(r, -EINVAL, "cannot tell how many CPUs there are");
		goto fail;
	}
	perf->cpus = calloc((size_t)perf->n_cpus, sizeof(*perf->cpus));
	perf->online = calloc((size_t)perf->n_cpus, sizeof(*perf->online));
	if (!perf->cpus || !perf->online) {
		err = reason_set(r, -ENOMEM, "out of memory");
		goto fail;
	}
	err = perf_tick(perf, r);
	if (err)
		goto fail;
	*ret_ctx = perf;
	return 0;

fail:
	perf_close(perf);
	return err;
}

static unsigned int perf_drain(void *ctx, unsigned int max)
{
	struct perf *perf = ctx;

	perf->taken = 0;
	perf->max = max;
	perf->stopped = false;
	for (int i = 0; i < perf->n_cpus; i++) {
		int cpu = (perf->next + i) % perf->n_cpus;

		if (!perf->cpus[cpu].pb)
			continue;
		(void)perf_buffer__consume_buffer(perf->cpus[cpu].pb, 0);
		if (perf->stopped || perf->taken >= max) {
			perf->next = cpu + 1;
			break;
		}
	}
	return perf->taken;
}

static uint64_t perf_waiting(void *ctx)
{
	const struct perf *perf = ctx;
	uint64_t sum = 0;

	for (int cpu = 0; cpu < perf->n_cpus; cpu++) {
		const struct perf_event_mmap_page *page = positions_page(&perf->cpus[cpu]);

		if (page)
			sum += load_perf_position(&page->data_head) - page->data_tail;
	}
	return sum;
}

static void perf_set_watermark(void *ctx)
{
	struct perf *perf = ctx;

	for (int cpu = 0; cpu < perf->n_cpus; cpu++) {
		const struct perf_event_mmap_page *page = positions_page(&perf->cpus[cpu]);

		if (page)
			perf->cpus[cpu].watermark = load_perf_position(&page->data_head);
	}
}

static bool perf_is_drained(void *ctx)
{
	const struct perf *perf = ctx;

	for (int cpu = 0; cpu < perf->n_cpus; cpu++) {
		const struct perf_event_mmap_page *page = positions_page(&perf->cpus[cpu]);

		if (page && (int64_t)(page->data_tail - perf->cpus[cpu].watermark) < 0)
			return false;
	}
	return true;
}

static int perf_arm(void *ctx)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	const struct perf *perf = ctx;
	int err = 0;

	for (int cpu = 0; cpu < perf->n_cpus; cpu++) {
		const struct perf_cpu *c = &perf->cpus[cpu];

		if (c->pb &&
		    epoll_ctl(perf->epoll_fd, EPOLL_CTL_MOD, perf_buffer__buffer_fd(c->pb, 0), &ev))
			err = -errno;
	}
	return err;
}

const struct transport_ops transport_perf_ops = {
	.wakes_late = true,
	.drain = perf_drain,
	.waiting = perf_waiting,
	.set_watermark = perf_set_watermark,
	.is_drained = perf_is_drained,
	.arm = perf_arm,
	.tick = perf_tick,
	.close = perf_close,
};
