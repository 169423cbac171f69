/* SPDX-License-Identifier: BSD-2-Clause */
/* The peer of a socket: how it is named, and how to connect to it, as often as needed. A peer that
 * is absent is a temporary error, never a reason not to start.
 *
 * All sockets are non-blocking. Only the look-up of a host name, in endpoint_connect(), can block.
 */
#ifndef OUTPUT_ENDPOINT_H
#define OUTPUT_ENDPOINT_H

#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#define ENDPOINT_PATH_BYTES sizeof(((struct sockaddr_un *)NULL)->sun_path) /* including the NUL */
#define ENDPOINT_HOST_BYTES 256 /* including the NUL */
#define ENDPOINT_PORT_BYTES 6

enum endpoint_transport {
	ENDPOINT_UNIX_STREAM,
	/* datagrams, or a stream if the listener has one; connect() finds out which */
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
	char path[ENDPOINT_PATH_BYTES]; /* path of a Unix socket */
	char host[ENDPOINT_HOST_BYTES]; /* a name or an address, without brackets */
	char port[ENDPOINT_PORT_BYTES];

	enum endpoint_state state;
	int type; /* SOCK_DGRAM or SOCK_STREAM; the last one used, while closed */
	int fd; /* owned; -1: closed */
	struct addrinfo *addresses; /* owned; NULL: one is connected, or all have failed */
	struct addrinfo *next; /* the next address to try */
	_Atomic uint64_t n_lost; /* number of connections lost to a peer that had been there */
};

/* Set the path of a Unix socket. 0, or -EINVAL with a message in err. */
int endpoint_set_path(struct endpoint *ret, enum endpoint_transport transport, const char *path,
		      char *err, size_t err_cap);

/* Parse HOST[:PORT], with an IPv6 address in brackets; without a port, port is "". 0, or -EINVAL
 * with a message in err, which quotes whole_text, of which text is a part.
 */
int endpoint_set_host(struct endpoint *ret, enum endpoint_transport transport, const char *text,
		      const char *whole_text, char *err, size_t err_cap);

/* Connect, or go on connecting. 0: connected; -EAGAIN: call it again when fd is writable or has an
 * error; or -errno: closed, to be retried later.
 */
int endpoint_connect(struct endpoint *e);

/* The error after poll(2) has reported one: -errno, or 0 if endpoint_connect() will find it. */
int endpoint_error(const struct endpoint *e);

/* Returns whether the peer of a stream will read no more: TCP would accept further bytes, and lose
 * them.
 */
bool endpoint_has_hung_up(const struct endpoint *e);

/* Close the connection. count_loss: the peer had been there, so a connection counts as lost. */
void endpoint_disconnect(struct endpoint *e, bool count_loss);

#endif
