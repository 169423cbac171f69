/* SPDX-License-Identifier: BSD-2-Clause */
/* The other end of a socket: how it is named, and how to get to it, again and again. Somebody who
 * is not there (yet) is an error of the moment, never of the start.
 *
 * All sockets are non-blocking. What blocks is the look-up of a host's name, in endpoint_connect().
 */
#ifndef OUTPUT_ENDPOINT_H
#define OUTPUT_ENDPOINT_H

#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#define ENDPOINT_PATH_BYTES sizeof(((struct sockaddr_un *)NULL)->sun_path) /* with the NUL */
#define ENDPOINT_HOST_BYTES 256 /* likewise */
#define ENDPOINT_PORT_BYTES 6

enum endpoint_transport {
	ENDPOINT_UNIX_STREAM,
	/* datagrams, or a stream where there is one: found out when connecting */
	ENDPOINT_UNIX_ANY,
	ENDPOINT_UDP,
	ENDPOINT_TCP,
};

enum endpoint_state {
	ENDPOINT_CLOSED,
	ENDPOINT_CONNECTING,
	ENDPOINT_CONNECTED,
};

struct endpoint {
	enum endpoint_transport transport;
	char path[ENDPOINT_PATH_BYTES]; /* of a Unix socket */
	char host[ENDPOINT_HOST_BYTES]; /* a name or an address, without brackets */
	char port[ENDPOINT_PORT_BYTES];

	enum endpoint_state state;
	int type; /* SOCK_DGRAM or SOCK_STREAM; what it was last, while closed */
	int fd; /* owned; −1: closed */
	struct addrinfo *addresses; /* owned; NULL when one of them answered, or none did */
	struct addrinfo *next; /* of them, to be tried */
	_Atomic uint64_t n_lost; /* how often somebody who was there no longer was */
};

/* A path. 0, or -EINVAL with a sentence in err. */
int endpoint_set_path(struct endpoint *ret, enum endpoint_transport transport, const char *path,
		      char *err, size_t err_cap);

/* HOST[:PORT], an IPv6 address in brackets; without a port, port is "". Likewise; the sentence is
 * about what, which text is a part of.
 */
int endpoint_set_host(struct endpoint *ret, enum endpoint_transport transport, const char *text,
		      const char *whole_text, char *err, size_t err_cap);

/* 0 once it is connected; -EAGAIN: call again when fd is writable or has an error; or -errno:
 * closed, try later.
 */
int endpoint_connect(struct endpoint *e);

/* What is wrong, when poll(2) says that something is: -errno; or 0: endpoint_connect() will tell.
 */
int endpoint_error(const struct endpoint *e);

/* The other end of a stream will read no more: TCP would take what is sent, and lose it. */
bool endpoint_has_hung_up(const struct endpoint *e);

/* Close it; a connection to somebody who was there counts as lost. */
void endpoint_disconnect(struct endpoint *e, bool count_loss);

#endif
