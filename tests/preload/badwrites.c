// SPDX-License-Identifier: BSD-2-Clause
/* LD_PRELOAD library that makes writing to files fail in various ways. XDPTAIL_WRITES has words
 * separated by commas:
 *
 *   short   of four writes to a regular file the first is interrupted, the second writes one
 *           byte, the third half of the bytes, and the last all
 *   sync    fdatasync(2) fails with an I/O error
 *   hang    renaming waits until a process has the pipe XDPTAIL_PIPE open for writing
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_word(const char *word)
{
	const char *words = getenv("XDPTAIL_WRITES");

	return words && strstr(words, word);
}

static bool is_regular(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
__attribute__((visibility("default"))) ssize_t write(int fd, const void *text, size_t len)
{
	static ssize_t (*real)(int, const void *, size_t);
	static atomic_uint n_writes;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "write");
	if (!has_word("short") || fd <= STDERR_FILENO || !is_regular(fd))
		return real(fd, text, len);
	switch (atomic_fetch_add(&n_writes, 1) % 4) {
	case 0:
		errno = EINTR;
		return -1;
	case 1:
		return real(fd, text, len ? 1 : 0);
	case 2:
		return real(fd, text, len - len / 2);
	default:
		return real(fd, text, len);
	}
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
__attribute__((visibility("default"))) int fdatasync(int fd)
{
	static int (*real)(int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
	if (!has_word("sync"))
		return real(fd);
	errno = EIO;
	return -1;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
__attribute__((visibility("default"))) int renameat(int from_dir, const char *from, int to_dir,
						    const char *to)
{
	static int (*real)(int, const char *, int, const char *);
	const char *pipe = getenv("XDPTAIL_PIPE");
	int fd;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "renameat");
	fd = has_word("hang") && pipe ? open(pipe, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0)
		close(fd);
	return real(from_dir, from, to_dir, to);
}
