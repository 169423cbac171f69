// SPDX-License-Identifier: BSD-2-Clause
/* The names of outputs to sockets, and what is refused before anything is opened. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "output/endpoint.h"
#include "output/spec.h"

#define A50  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define A100 A50 A50
#define A250 A100 A100 A50

Test(endpoint, hosts_understood)
{
	static const struct {
		const char *text;
		const char *host;
		const char *port;
	} cases[] = {
		{ "loghost", "loghost", "" },
		{ "loghost:601", "loghost", "601" },
		{ "log-1.example.com.:65535", "log-1.example.com.", "65535" },
		{ "192.0.2.1", "192.0.2.1", "" },
		{ "192.0.2.1:1", "192.0.2.1", "1" },
		{ "[::1]", "::1", "" },
		{ "[2001:db8::1]:601", "2001:db8::1", "601" },
		{ "[fe80::1%eth0]:601", "fe80::1%eth0", "601" },
		{ "[loghost]:601", "loghost", "601" },
		{ A250 "aaaaa:514", A250 "aaaaa", "514" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endpoint e;
		struct reason why = { 0 };
		int got = endpoint_set_host(&e, ENDPOINT_TCP, cases[i].text, "what", &why);

		cr_assert_eq(got, 0, "%s: %d, %s", cases[i].text, got, why.text);
		cr_expect_str_eq(e.host, cases[i].host, "%s: %s", cases[i].text, e.host);
		cr_expect_str_eq(e.port, cases[i].port, "%s: %s", cases[i].text, e.port);
		cr_expect_eq(e.fd, -1);
	}
}

Test(endpoint, targets_understood)
{
	static const struct {
		const char *text;
		const char *name;
	} cases[] = {
		{ "syslog", "syslog:/dev/log" },
		{ "syslog:/run/x", "syslog:/run/x" },
		{ "syslog:unix:/run/x", "syslog:unix:/run/x" },
		{ "syslog:unix:///run/x", "syslog:unix:///run/x" },
		{ "syslog:udp://[::1]:601,facility=local7,tag=x,cookie=cee",
		  "syslog:udp://[::1]:601" },
		{ "syslog:tcp://h,events=loss,tag=" A50 ",tag=" A50,
		  NULL }, /* a tag has at most 32 bytes */
		{ "unix:x", "unix:x" },
		{ "unix:/run/a\\,b", "unix:/run/a,b" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct output_spec spec = { 0 };
		struct reason why = { 0 };
		int got = output_spec_parse(cases[i].text, &spec, &why);

		cr_expect_eq(got, cases[i].name ? 0 : -EINVAL, "%s: %d, %s", cases[i].text, got,
			     why.text);
		cr_expect(got || !strcmp(spec.name, cases[i].name), "%s: %s", cases[i].text,
			  spec.name);
		output_spec_free(&spec);
	}
}

Test(endpoint, refused)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{ "syslog:", "missing target for \"syslog\": use syslog:TARGET" },
		{ "syslog:loghost", "\"loghost\" is not a target for syslog; use /PATH, "
				    "unix:///PATH, udp://HOST[:PORT] or tcp://HOST[:PORT]" },
		{ "syslog:dev/log", "is not a target for syslog" },
		{ "syslog:unix:log", "is not a target for syslog" },
		{ "syslog:unix://log", "is not a target for syslog" },
		{ "syslog:unix:", "is not a target for syslog" },
		{ "syslog:TCP://h", "is not a target for syslog" },
		{ "syslog:tls://h", "is not a target for syslog" },
		{ "syslog:udp:h", "is not a target for syslog" },
		{ "syslog:udp://", "\"udp://\": expected a host name or address after the //" },
		{ "syslog:udp://:514", "expected a host name or address after the //" },
		{ "syslog:udp://h/x", "expected a host name or address after the //" },
		{ "syslog:udp://h x", "expected a host name or address after the //" },
		{ "syslog:udp://user@h", "expected a host name or address after the //" },
		{ "syslog:udp://" A250 "aaaaaa", "expected a host name or address after the //" },
		{ "syslog:udp://[]:1", "expected a host name or address after the //" },
		{ "syslog:udp://[::1]1", "expected a host name or address after the //" },
		{ "syslog:udp://[::1", "\"udp://[::1\": missing ]" },
		{ "syslog:udp://::1", "an IPv6 address needs brackets: [::1]" },
		{ "syslog:tcp://2001:db8::1", "an IPv6 address needs brackets" },
		{ "syslog:tcp://h:", "\"tcp://h:\": \"\" is not a port from 1 to 65535" },
		{ "syslog:tcp://h:0", "\"0\" is not a port" },
		{ "syslog:tcp://h:65536", "\"65536\" is not a port" },
		{ "syslog:tcp://h:-1", "\"-1\" is not a port" },
		{ "syslog:tcp://h: 1", "\" 1\" is not a port" },
		{ "syslog:tcp://h:5x", "\"5x\" is not a port" },
		{ "syslog:tcp://h:514/", "\"514/\" is not a port" },
		{ "syslog:tcp://[::1]:syslog", "\"syslog\" is not a port" },
		{ "syslog:/" A100 "12345678", "the path of a socket has 1 to 107 bytes, not 109" },
		{ "syslog:unix:///" A100 "12345678", "the path of a socket has 1 to 107 bytes" },
		{ "unix:" A100 "12345678", "the path of a socket has 1 to 107 bytes, not 108" },
		{ "unix", "missing target for \"unix\": use unix:PATH" },
		{ "unix:x,tag=a", "unknown setting tag: the settings of unix" },
		{ "syslog,facility=kern", "facility: \"kern\" is not one of user, mail, daemon" },
		{ "syslog,facility=3", "facility: \"3\" is not one of" },
		{ "syslog,cookie=yes", "cookie: \"yes\" is not one of none, cee" },
		{ "syslog,tag=", "tag: \"\" is not 1 to 32 printable ASCII characters" },
		{ "syslog,tag=a b", "tag: \"a b\" is not 1 to 32" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct output_spec spec = { 0 };
		struct reason why = { 0 };
		int got = output_spec_parse(cases[i].text, &spec, &why);

		cr_expect_eq(got, -EINVAL, "%s: %d", cases[i].text, got);
		cr_expect(strstr(why.text, cases[i].says), "%s: got \"%s\", want \"%s\"",
			  cases[i].text, why.text, cases[i].says);
		output_spec_free(&spec);
	}
}

/* A tag must not contain a character that ends it for readers of the local form. */
Test(endpoint, tags_refused)
{
	static const char *const tags[] = { "a:b", "a[1", "]" };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct output_spec spec = { 0 };
		struct driver driver;
		char text[64];
		struct reason why = { 0 };
		int got;

		(void)snprintf(text, sizeof(text), "syslog,tag=%s", tags[i]);
		cr_assert_eq(output_spec_parse(text, &spec, &why), 0, "%s", why.text);
		got = spec.kind->open(&driver, spec.target, spec.settings, false, &why);
		cr_expect_eq(got, -EINVAL, "%s: %d", text, got);
		cr_expect(strstr(why.text, "which would end the tag"), "%s: %s", text, why.text);
		output_spec_free(&spec);
	}
}
