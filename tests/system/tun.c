// SPDX-License-Identifier: BSD-2-Clause
/* tun INTERFACE COUNT HEX...
 * tun -t TYPE INTERFACE
 *
 * Let each of the packets, written as in tests/frames.h, come in COUNT times by a tun device that
 * is there, and print how many it took. Or give the device, which must be down, another hardware
 * type (linux/if_arp.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "frames.h"

#define PACKET_MAX 2048

static int fail(const char *what)
{
	fprintf(stderr, "tun: %s: %s\n", what, strerror(errno));
	return 1;
}

static int open_tun(const char *interface)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, TUNSETIFF, &request)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int set_type(const char *interface, const char *type)
{
	int fd = open_tun(interface);
	int status = 0;

	if (fd < 0)
		return fail(interface);
	if (ioctl(fd, TUNSETLINK, strtoul(type, NULL, 10)))
		status = fail(type);
	close(fd);
	return status;
}

static int send_packet(int fd, const char *hex)
{
	unsigned char packet[PACKET_MAX];
	size_t len = frame_unhex(hex, NULL);

	if (len > sizeof(packet)) {
		errno = EMSGSIZE;
		return -1;
	}
	(void)frame_unhex(hex, packet);
	return write(fd, packet, len) == (ssize_t)len ? 0 : -1;
}

static int send_packets(const char *interface, const char *count, char *const *hexes, int n)
{
	unsigned long rounds = strtoul(count, NULL, 10);
	unsigned long written = 0;
	int fd = open_tun(interface);
	int status = 0;

	if (fd < 0)
		return fail(interface);
	for (unsigned long i = 0; !status && i < rounds * (unsigned long)n; i++) {
		const char *hex = hexes[i % (unsigned long)n];

		if (send_packet(fd, hex))
			status = fail(hex);
		else
			written++;
	}
	printf("%lu\n", written);
	close(fd);
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "-t"))
		return set_type(argv[3], argv[2]);
	if (argc >= 4)
		return send_packets(argv[1], argv[2], argv + 3, argc - 3);
	fprintf(stderr, "usage: tun INTERFACE COUNT HEX... | tun -t TYPE INTERFACE\n");
	return 2;
}
