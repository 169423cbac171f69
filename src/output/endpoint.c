// SPDX-License-Identifier: BSD-2-Clause
#include "output/endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"
#include "output/driver.h"

#define QUOTED	  "\"%.100s\"" /* a very long value must not displace the error message */
#define SYN_TRIES 3 /* try the next address after 15 s instead of two minutes */

static void init_endpoint(struct endpoint *e, enum endpoint_transport transport)
{
	bool stream = transport == ENDPOINT_TCP || transport == ENDPOINT_UNIX_STREAM;

	*e = (struct endpoint){
		.transport = transport,
		.type = stream ? SOCK_STREAM : SOCK_DGRAM,
		.fd = -1,
	};
}

int endpoint_set_path(struct endpoint *ret, enum endpoint_transport transport, const char *path,
		      struct reason *why)
{
	size_t len = strlen(path);

	if (len == 0 || len >= ENDPOINT_PATH_BYTES)
		return reason_set(why, -EINVAL,
				  QUOTED ": the path of a socket has 1 to %zu bytes, not %zu", path,
				  ENDPOINT_PATH_BYTES - 1, len);
	init_endpoint(ret, transport);
	memcpy(ret->path, path, len + 1);
	return 0;
}

/* Whether the characters and the length are those of a name or an address. Only the writer finds
 * out whether there is such a host.
 */
static bool is_host_name(const char *host, size_t len, bool in_brackets)
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	if (len == 0 || len >= ENDPOINT_HOST_BYTES)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!strchr(name, host[i]) && !(in_brackets && strchr(":%", host[i])))
			return false;
	}
	return true;
}

static bool is_port(const char *port)
{
	static const struct number ports = { NUMBER_PLAIN, 1, UINT16_MAX };
	uint64_t number;

	return strlen(port) < ENDPOINT_PORT_BYTES && number_read(&ports, port, &number);
}

int endpoint_set_host(struct endpoint *ret, enum endpoint_transport transport, const char *text,
		      const char *whole_text, struct reason *why)
{
	bool in_brackets = *text == '[';
	const char *host = text + in_brackets;
	size_t len = strcspn(host, in_brackets ? "]" : ":");
	const char *rest = host + len;

	if (in_brackets && *rest++ != ']')
		return reason_set(why, -EINVAL, QUOTED ": missing ]", whole_text);
	if (!in_brackets && strchr(rest, ':') != strrchr(rest, ':'))
		return reason_set(why, -EINVAL, QUOTED ": an IPv6 address needs brackets: [%.50s]",
				  whole_text, text);
	if (!is_host_name(host, len, in_brackets) || (*rest && *rest != ':'))
		return reason_set(
			why, -EINVAL,
			QUOTED
			": expected a host name or address after the //, optionally followed by "
			":PORT",
			whole_text);
	if (*rest && !is_port(rest + 1))
		return reason_set(why, -EINVAL, QUOTED ": " QUOTED " is not a port from 1 to 65535",
				  whole_text, rest + 1);
	init_endpoint(ret, transport);
	memcpy(ret->host, host, len);
	(void)snprintf(ret->port, sizeof(ret->port), "%s", *rest ? rest + 1 : "");
	return 0;
}

static void close_socket(struct endpoint *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	e->state = ENDPOINT_CLOSED;
}

static void free_addresses(struct endpoint *e)
{
	if (e->addresses)
		freeaddrinfo(e->addresses);
	e->addresses = e->next = NULL;
}

static void set_option(int fd, int level, int option, int value)
{
	/* best effort: the kernel may not know this option */
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

/* UDP: a datagram that does not fit the queue of the local interface is reported as an error, and
 * routers may fragment one that is too large for the path. TCP: detect a dead host.
 */
static void set_options(const struct endpoint *e, int family)
{
	if (e->transport == ENDPOINT_UDP && family == AF_INET) {
		set_option(e->fd, IPPROTO_IP, IP_RECVERR, 1);
		set_option(e->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	} else if (e->transport == ENDPOINT_UDP) {
		set_option(e->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	} else if (e->transport == ENDPOINT_TCP) {
		set_option(e->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		set_option(e->fd, IPPROTO_TCP, TCP_SYNCNT, SYN_TRIES);
	}
}

static int connect_address(struct endpoint *e, const struct sockaddr *address, socklen_t len)
{
	int err;

	e->fd = socket(address->sa_family, e->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->fd < 0)
		return -errno;
	set_options(e, address->sa_family);
	if (!connect(e->fd, address, len)) {
		e->state = ENDPOINT_CONNECTED;
		return 0;
	}
	err = errno;
	if (err == EINPROGRESS) {
		e->state = ENDPOINT_CONNECTING;
		return -EAGAIN;
	}
	close_socket(e);
	return err == EAGAIN ? -EBUSY : -err; /* EAGAIN: the backlog of a Unix listener is full */
}

static int connect_path(struct endpoint *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct sockaddr *generic = (const struct sockaddr *)&address;
	int ret;

	memcpy(address.sun_path, e->path, sizeof(address.sun_path));
	ret = connect_address(e, generic, sizeof(address));
	if (ret != -EPROTOTYPE || e->transport != ENDPOINT_UNIX_ANY)
		return ret;
	e->type = e->type == SOCK_DGRAM ? SOCK_STREAM : SOCK_DGRAM;
	return connect_address(e, generic, sizeof(address));
}

/* Translate errors of getaddrinfo() to errnos, the only errors an output can fail with. */
static int resolver_error(int code)
{
	switch (code) {
	case EAI_SYSTEM:
		return errno == EAGAIN || !errno ? -ENONET : -errno;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_AGAIN:
		return -ENONET; /* no name server responds */
	default:
		return -EADDRNOTAVAIL; /* the name does not exist */
	}
}

static int resolve(struct endpoint *e)
{
	const struct addrinfo hints = { .ai_socktype = e->type, .ai_flags = AI_NUMERICSERV };
	int code = getaddrinfo(e->host, e->port, &hints, &e->addresses);

	if (code) {
		e->addresses = NULL;
		return resolver_error(code);
	}
	e->next = e->addresses;
	return 0;
}

/* Try one address after the other until one is connected or in progress. */
static int connect_next(struct endpoint *e)
{
	int ret = -EADDRNOTAVAIL;

	while (e->next && ret != 0 && ret != -EAGAIN) {
		const struct addrinfo *a = e->next;

		e->next = a->ai_next;
		ret = connect_address(e, a->ai_addr, a->ai_addrlen);
	}
	if (ret != -EAGAIN)
		free_addresses(e);
	return ret;
}

/* Fetch and clear the pending error of the socket: 0 or -errno. */
static int fetch_error(const struct endpoint *e)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return -errno;
	return -err;
}

static int finish_connecting(struct endpoint *e)
{
	int err = fetch_error(e);
	int ret;

	if (!err) {
		e->state = ENDPOINT_CONNECTED;
		free_addresses(e);
		return 0;
	}
	close_socket(e);
	ret = e->next ? connect_next(e) : err;
	if (ret != -EAGAIN)
		free_addresses(e);
	return ret;
}

int endpoint_connect(struct endpoint *e)
{
	int err;

	switch (e->state) {
	case ENDPOINT_CONNECTED:
		return 0;
	case ENDPOINT_CONNECTING:
		return finish_connecting(e);
	case ENDPOINT_CLOSED:
		break;
	}
	if (e->transport == ENDPOINT_UNIX_ANY || e->transport == ENDPOINT_UNIX_STREAM)
		return connect_path(e);
	err = resolve(e);
	return err ? err : connect_next(e);
}

int endpoint_error(const struct endpoint *e)
{
	int err;

	if (e->state != ENDPOINT_CONNECTED)
		return 0;
	err = fetch_error(e);
	return err ? err : -EPIPE;
}

/* Only TCP is checked: a send to a closed Unix socket fails, and a peer that has only shut down its
 * own writing side, as "socat -u" does, still reads.
 */
bool endpoint_has_hung_up(const struct endpoint *e)
{
	char byte;

	return e->transport == ENDPOINT_TCP &&
	       recv(e->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) == 0;
}

void endpoint_disconnect(struct endpoint *e, bool count_loss)
{
	uint64_t n_lost = atomic_load_explicit(&e->n_lost, memory_order_relaxed);

	/* only the writer's thread writes it, so no atomic addition is needed */
	if (count_loss && e->state == ENDPOINT_CONNECTED)
		atomic_store_explicit(&e->n_lost, n_lost + 1, memory_order_relaxed);
	free_addresses(e);
	close_socket(e);
}
