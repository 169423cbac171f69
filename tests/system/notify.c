// SPDX-License-Identifier: BSD-2-Clause
/* notify SOCKET
 *
 * Take the place of systemd: bind a datagram socket to SOCKET (a path, or @NAME in the abstract
 * namespace), print "bound", and then each datagram as a line, its newlines as "|".
 *
 * notify -f SOCKET: send to it until it takes no more, and print how many it took.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static socklen_t take_address(struct sockaddr_un *ret, const char *name)
{
	size_t len = strlen(name);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len >= sizeof(ret->sun_path)) {
		errno = ENAMETOOLONG;
		die(name);
	}
	memcpy(ret->sun_path, name, len);
	if (*name == '@')
		ret->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void print(char *text)
{
	for (char *c = text; *c; c++) {
		if (*c == '\n')
			*c = '|';
	}
	puts(text);
	if (fflush(stdout))
		die("stdout");
}

static void receive(int fd)
{
	char text[4096];

	for (;;) {
		ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

		if (n < 0)
			die("recv");
		text[n] = '\0';
		print(text);
	}
}

static void fill(int fd, const struct sockaddr_un *to, socklen_t len)
{
	unsigned int n = 0;

	while (sendto(fd, "X=1", 3, MSG_DONTWAIT, (const struct sockaddr *)to, len) == 3)
		n++;
	if (errno != EAGAIN)
		die("sendto");
	printf("%u\n", n);
}

int main(int argc, char *argv[])
{
	const int fills = argc == 3 && !strcmp(argv[1], "-f");
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un address;
	char bound[] = "bound";
	socklen_t len;

	if (argc != 2 && !fills) {
		fputs("usage: notify [-f] SOCKET\n", stderr);
		return 2;
	}
	if (fd < 0)
		die("socket");
	len = take_address(&address, argv[argc - 1]);
	if (fills) {
		fill(fd, &address, len);
		return 0;
	}
	if (bind(fd, (const struct sockaddr *)&address, len))
		die(argv[1]);
	print(bound);
	receive(fd);
	return 0;
}
