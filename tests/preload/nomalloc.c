// SPDX-License-Identifier: BSD-2-Clause
/* LD_PRELOAD library that makes allocations fail. XDPTAIL_MALLOC=N fails the N-th allocation of the
 * process, XDPTAIL_MALLOC=N+ that one and all after it. The file XDPTAIL_MALLOC_MARK is created at
 * the first failure, so that a test knows when there are no more allocations to try.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The functions of glibc that the names below normally stand for. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static unsigned long first; /* number of the first allocation to fail; 0: none */
static bool all;

/* Runs before main(); earlier allocations are not counted. */
__attribute__((constructor)) static void read_wish(void)
{
	const char *wish = getenv("XDPTAIL_MALLOC");
	char *end = NULL;

	if (!wish)
		return;
	first = strtoul(wish, &end, 10);
	all = *end == '+';
}

static void make_mark(void)
{
	const char *path = getenv("XDPTAIL_MALLOC_MARK");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;

	if (fd >= 0)
		close(fd);
}

static bool fails(void)
{
	static atomic_ulong n_calls;
	unsigned long now;

	if (!first)
		return false;
	now = atomic_fetch_add(&n_calls, 1) + 1;
	if (now == first)
		make_mark();
	if (now < first || (now > first && !all))
		return false;
	errno = ENOMEM;
	return true;
}

EXPORT void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's are reserved
EXPORT void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's are reserved
EXPORT void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
