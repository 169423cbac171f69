// SPDX-License-Identifier: BSD-2-Clause
/* LD_PRELOAD library that makes calls of a running monitor fail temporarily. XDPTAIL_FAIL has words
 * separated by commas, each KIND=FIRST:TIMES:ERRNO. From the FIRST call of the kind on, counted
 * from the attachment of the program, TIMES calls fail with that errno; TIMES 0: all of them. The
 * kinds are:
 *
 *   bpf      any command of bpf(2)
 *   flip     the update of an array of maps, which waits for the grace period
 *   batch    a batch operation on a map, which removes the first elements all the same, like a
 *            kernel that runs out of memory on the way (ENOMEM)
 *   wait     epoll_wait(2)
 *   receive  recvfrom(2)
 *
 * With "log=FILE", FILE finally has a line "KIND TIMES" for each kind: how often it has failed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/bpf.h>

/* replaces the one of libc */
#define AS(name)  __asm__(name) __attribute__((visibility("default")))
#define ARGUMENTS 6

enum kind {
	KIND_BPF,
	KIND_FLIP,
	KIND_BATCH,
	KIND_WAIT,
	KIND_RECEIVE,
	KIND_MAX
};

static const char *const kind_names[] = {
	[KIND_BPF] = "bpf=",   [KIND_FLIP] = "flip=",	    [KIND_BATCH] = "batch=",
	[KIND_WAIT] = "wait=", [KIND_RECEIVE] = "receive=",
};
_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == KIND_MAX, "one for each");

typedef long (*syscall_fn)(long number, ...);
typedef int (*epoll_wait_fn)(int fd, struct epoll_event *events, int max, int timeout_ms);
typedef ssize_t (*recvfrom_fn)(int fd, void *buffer, size_t size, int flags, void *from,
			       socklen_t *from_len);

static atomic_bool attached; /* a program was attached to an interface */
static atomic_ulong calls[KIND_MAX];
static atomic_ulong failures[KIND_MAX];

/* Find the libc's function of this name. *ret is a pointer to a function. */
static void find_next(const char *name, void *ret)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (!symbol)
		abort();
	memcpy(ret, &symbol, sizeof(symbol));
}

/* Returns the text after the word, or NULL. */
static const char *find_word(const char *word)
{
	const char *list = getenv("XDPTAIL_FAIL");
	size_t len = strlen(word);

	while (list && *list) {
		if (!strncmp(list, word, len))
			return list + len;
		list += strcspn(list, ",");
		list += *list == ',';
	}
	return NULL;
}

/* The errno with which this call fails; 0: it does not fail. */
static int fails(enum kind kind)
{
	const char *word = find_word(kind_names[kind]);
	unsigned long first, times, n;
	char *end;

	if (!word || !attached)
		return 0;
	n = atomic_fetch_add(&calls[kind], 1) + 1;
	first = strtoul(word, &end, 10);
	times = strtoul(end + 1, &end, 10);
	if (n < first || (times && n - first >= times))
		return 0;
	atomic_fetch_add(&failures[kind], 1);
	return (int)strtol(end + 1, NULL, 10);
}

__attribute__((destructor)) static void write_log(void)
{
	const char *word = find_word("log=");
	FILE *file = word && attached ? fopen(word, "we") : NULL;

	if (!file)
		return;
	for (int kind = 0; kind < KIND_MAX; kind++)
		(void)fprintf(file, "%.*s %lu\n", (int)strcspn(kind_names[kind], "="),
			      kind_names[kind], (unsigned long)failures[kind]);
	fclose(file);
}

static long call(long number, const long a[ARGUMENTS])
{
	static syscall_fn next;

	if (!next)
		find_next("syscall", &next);
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long fail(int err)
{
	errno = err;
	return -1;
}

static bool is_of_maps(int map_fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { 0 };
	const long args[ARGUMENTS] = { BPF_OBJ_GET_INFO_BY_FD, (long)&attr, sizeof(attr) };

	attr.info.bpf_fd = (__u32)map_fd;
	attr.info.info = (__u64)(unsigned long)&info;
	attr.info.info_len = sizeof(info);
	return !call(__NR_bpf, args) && info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS;
}

/* Some elements were removed before memory ran out. The last batch is returned unchanged. */
static long take_some(const long a[ARGUMENTS], union bpf_attr *attr, int err)
{
	long result;

	attr->batch.count /= 32; /* more than fit one bucket */
	result = call(__NR_bpf, a);
	return result ? result : fail(err);
}

static long call_bpf(const long a[ARGUMENTS])
{
	union bpf_attr *attr = (union bpf_attr *)a[1]; // NOLINT: an argument
	int cmd = (int)a[0];
	long result;
	int err;

	err = fails(KIND_BPF);
	if (!err && cmd == BPF_MAP_UPDATE_ELEM && find_word("flip=") &&
	    is_of_maps((int)attr->map_fd))
		err = fails(KIND_FLIP);
	if (err)
		return fail(err);
	err = cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH ? fails(KIND_BATCH) : 0;
	if (err)
		return take_some(a, attr, err);
	result = call(__NR_bpf, a);
	if (cmd == BPF_LINK_CREATE && result >= 0)
		attached = true;
	return result;
}

long passing_syscall(long number, ...) AS("syscall");

long passing_syscall(long number, ...)
{
	long a[ARGUMENTS];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < ARGUMENTS; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	return number == __NR_bpf ? call_bpf(a) : call(number, a);
}

int passing_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
	AS("epoll_wait");

int passing_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	static epoll_wait_fn next;
	int err = fails(KIND_WAIT);

	if (!next)
		find_next("epoll_wait", &next);
	return err ? (int)fail(err) : next(fd, events, max, timeout_ms);
}

ssize_t passing_recvfrom(int fd, void *buffer, size_t size, int flags, void *from,
			 socklen_t *from_len) AS("recvfrom");

ssize_t passing_recvfrom(int fd, void *buffer, size_t size, int flags, void *from,
			 socklen_t *from_len)
{
	static recvfrom_fn next;
	int err = fails(KIND_RECEIVE);

	if (!next)
		find_next("recvfrom", &next);
	return err ? fail(err) : next(fd, buffer, size, flags, from, from_len);
}
