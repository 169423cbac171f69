// SPDX-License-Identifier: BSD-2-Clause
#include "output/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/array.h"
#include "output/endpoint.h"
#include "output/encoder.h"
#include "output/setting.h"
#include "output/socket.h"
#include "output/spec.h"

#define PORT   "514" /* assigned to UDP by RFC 5426, and common for TCP (RFC 6587) */
#define QUOTED "\"%.100s\""

_Static_assert(FRAME_BYTES <= 1280 - 48, "fits IPv6's smallest MTU, with both headers");

struct syslog_settings {
	uint64_t facility;
	uint64_t cookie;
	char tag[SETTING_TEXT_BYTES];
};
_Static_assert(sizeof(struct syslog_settings) <= SPEC_KIND_BYTES, "there is room for them");

/* Facilities of RFC 5424, table 1, with the names of syslog.conf(5). The kernel's own is reserved.
 */
static const struct setting_choice facilities[] = {
	{ "user", 1 },	  { "mail", 2 },    { "daemon", 3 },  { "auth", 4 },	{ "syslog", 5 },
	{ "lpr", 6 },	  { "news", 7 },    { "uucp", 8 },    { "cron", 9 },	{ "authpriv", 10 },
	{ "ftp", 11 },	  { "local0", 16 }, { "local1", 17 }, { "local2", 18 }, { "local3", 19 },
	{ "local4", 20 }, { "local5", 21 }, { "local6", 22 }, { "local7", 23 }, { NULL, 0 },
};

static const struct setting_choice cookies[] = {
	{ "none", 0 },
	{ "cee", 1 },
	{ NULL, 0 },
};

#define AT(member) offsetof(struct syslog_settings, member)

static const struct setting settings_table[] = {
	{ "facility", SETTING_CHOICE, AT(facility), 0, 0, facilities, "daemon" },
	{ "tag", SETTING_TEXT, AT(tag), 1, FRAME_TAG_MAX, NULL, "xdptail" },
	{ "cookie", SETTING_CHOICE, AT(cookie), 0, 0, cookies, "none" },
	{ NULL, SETTING_NUMBER, 0, 0, 0, NULL, NULL },
};

/* The first row whose prefix matches applies. */
static const struct scheme {
	const char *prefix;
	size_t path_bytes; /* bytes of the prefix that belong to the path */
	enum endpoint_transport transport;
	enum frame_form form;
} schemes[] = {
	{ "unix:///", 1, ENDPOINT_UNIX_ANY, FRAME_RFC5424 },
	{ "unix:/", 1, ENDPOINT_UNIX_ANY, FRAME_LOCAL },
	{ "/", 1, ENDPOINT_UNIX_ANY, FRAME_LOCAL },
	{ "udp://", 0, ENDPOINT_UDP, FRAME_RFC5424 },
	{ "tcp://", 0, ENDPOINT_TCP, FRAME_RFC5424 },
};

static const struct scheme *find_scheme(const char *target)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (!strncmp(target, schemes[i].prefix, strlen(schemes[i].prefix)))
			return &schemes[i];
	}
	return NULL;
}

static int parse_target(const char *target, struct endpoint *ret, enum frame_form *ret_form,
			struct reason *why)
{
	const struct scheme *scheme = find_scheme(target);
	const char *rest;
	int error;

	/* unix://PATH, with two slashes, would have a host name */
	if (!scheme || !strncmp(target, "unix://", 7) != !strncmp(target, "unix:///", 8))
		return reason_set(
			why, -EINVAL,
			QUOTED
			" is not a target for syslog; use /PATH, unix:///PATH, udp://HOST[:PORT] "
			"or tcp://HOST[:PORT]",
			target);
	*ret_form = scheme->form;
	rest = target + strlen(scheme->prefix) - scheme->path_bytes;
	if (scheme->transport == ENDPOINT_UNIX_ANY)
		return endpoint_set_path(ret, scheme->transport, rest, why);
	error = endpoint_set_host(ret, scheme->transport, rest, target, why);
	if (!error && !ret->port[0])
		(void)snprintf(ret->port, sizeof(ret->port), PORT);
	return error;
}

static int syslog_check(const char *target, struct reason *why)
{
	struct endpoint endpoint;
	enum frame_form form;

	return parse_target(target, &endpoint, &form, why);
}

static int syslog_open(struct driver *ret, const char *target, const void *settings, bool replaces,
		       struct reason *why)
{
	const struct syslog_settings *s = settings;
	struct utsname uts = { 0 };
	struct frame_settings frame;
	struct endpoint endpoint;
	enum frame_form form;
	struct encoder encoder;
	int error = parse_target(target, &endpoint, &form, why);

	(void)replaces; /* each instance has a connection of its own */
	if (error)
		return error;
	if (strpbrk(s->tag, ":[]"))
		return reason_set(why, -EINVAL,
				  "tag: " QUOTED
				  " contains one of the characters :[], which would end the tag",
				  s->tag);
	(void)uname(&uts); /* fails only for an invalid pointer */
	frame = (struct frame_settings){
		.form = form,
		.facility = (unsigned int)s->facility,
		.tag = s->tag,
		.hostname = uts.nodename,
		.pid = (unsigned int)getpid(),
		.cee = s->cookie != 0,
	};
	encoder_init(&encoder, &frame);
	return socket_open(ret, &endpoint, &encoder, why);
}

const struct output_kind syslog_kind = {
	.name = "syslog",
	.target = "TARGET",
	.default_target = "/dev/log",
	.settings = settings_table,
	.settings_size = sizeof(struct syslog_settings),
	.check = syslog_check,
	.open = syslog_open,
};
