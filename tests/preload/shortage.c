// SPDX-License-Identifier: BSD-2-Clause
/* LD_PRELOAD library that makes one call fail for lack of a resource. XDPTAIL_SHORTAGE names the
 * resource: memory, threads, or descriptors. The file XDPTAIL_SHORTAGE_FILE has the number of the
 * call that fails, counted from main() on; a SIGHUP reads the file again and restarts the count,
 * until the main thread waits for events. Only calls of the main thread are counted. The failure is
 * reported on stderr.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,readability-identifier-naming)

/* The libc's own functions, which need no dlsym(), which would allocate. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static long left; /* calls until the one that fails; 0: none fails */

/* Read the number with system calls, because this library may replace the libc's functions. */
static long read_number(void)
{
	const char *path = getenv("XDPTAIL_SHORTAGE_FILE");
	char text[24] = "";
	long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 0;
	(void)!syscall(SYS_read, fd, text, sizeof(text) - 1);
	(void)syscall(SYS_close, fd);
	return strtol(text, NULL, 10);
}

/* Returns whether this call is to fail. */
static bool fails(const char *what)
{
	const char *want;
	char text[64];
	int len;

	if (!left || syscall(SYS_gettid) != getpid())
		return false;
	want = getenv("XDPTAIL_SHORTAGE");
	if (!want || strcmp(want, what) != 0 || --left)
		return false;
	len = snprintf(text, sizeof(text), "shortage of %s\n", what);
	(void)!syscall(SYS_write, STDERR_FILENO, text, len);
	return true;
}

#define REAL(name, ret, ...)             \
	static ret (*real)(__VA_ARGS__); \
	if (!real)                       \
	*(void **)&real = dlsym(RTLD_NEXT, name)

EXPORTED ssize_t read(int fd, void *into, size_t len)
{
	const struct signalfd_siginfo *info = into;
	ssize_t n = syscall(SYS_read, fd, into, len);

	if (n == sizeof(*info) && len == sizeof(*info) && info->ssi_signo == SIGHUP)
		left = read_number();
	return n;
}

EXPORTED int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	REAL("epoll_wait", int, int, struct epoll_event *, int, int);
	if (timeout_ms < 0)
		left = 0;
	return real(fd, events, max, timeout_ms);
}

/* --- memory --- */

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

EXPORTED void *malloc(size_t size)
{
	return fails("memory") ? no_memory() : __libc_malloc(size);
}

EXPORTED void *calloc(size_t n, size_t size)
{
	return fails("memory") ? no_memory() : __libc_calloc(n, size);
}

EXPORTED void *realloc(void *old, size_t size)
{
	return fails("memory") ? no_memory() : __libc_realloc(old, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
	return fails("memory") ? no_memory() : __libc_memalign(alignment, size);
}

/* --- threads --- */

EXPORTED int pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*fn)(void *),
			    void *arg)
{
	REAL("pthread_create", int, pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	return fails("threads") ? EAGAIN : real(ret, attr, fn, arg);
}

/* --- descriptors --- */

static int no_descriptor(void)
{
	errno = EMFILE;
	return -1;
}

EXPORTED int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails("descriptors") ? no_descriptor() :
				      (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

EXPORTED int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails("descriptors") ? no_descriptor() :
				      (int)syscall(SYS_openat, dir, path, flags, mode);
}

EXPORTED int eventfd(unsigned int count, int flags)
{
	return fails("descriptors") ? no_descriptor() : (int)syscall(SYS_eventfd2, count, flags);
}

EXPORTED int fcntl(int fd, int command, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd == STDIN_FILENO && command == F_GETFD) /* main() does this first */
		left = read_number();
	if (command == F_DUPFD_CLOEXEC && fails("descriptors"))
		return no_descriptor();
	return (int)syscall(SYS_fcntl, fd, command, arg);
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name,readability-identifier-naming)
