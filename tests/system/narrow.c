// SPDX-License-Identifier: BSD-2-Clause
/* narrow: copy stdin, a pipe, to stdout, and let the pipe hold no more than a page. Says
 * "ready" to stderr when it is that narrow.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	char buf[1000];
	ssize_t n;

	if (fcntl(STDIN_FILENO, F_SETPIPE_SZ, 4096) != 4096) {
		perror("narrow: F_SETPIPE_SZ");
		return 1;
	}
	fputs("ready\n", stderr);
	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		if (write(STDOUT_FILENO, buf, (size_t)n) != n)
			return 1;
	}
	return n < 0;
}
