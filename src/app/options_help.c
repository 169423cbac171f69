// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>

#include "app/options_table.h"

static const char help_head[] =
	"Usage: xdptail -i IF | -r FILE [OPTION]...\n"
	"       xdptail audit [--json] [FILE]...\n"
	"       xdptail doctor [-i IF] [--json]\n"
	"       xdptail check-config FILE\n"
	"Count the packets of an interface, and write one in N as a line of JSON.\n"
	"audit says whether a stream is complete, and adds up.\n"
	"doctor says whether counting would work here, and what to do if not.\n"
	"\n"
	"  xdptail -i eth0 | jq .                       TCP packets, one in ten\n"
	"  xdptail -i eth0 -a -N 100 -o file:out.jsonl  every IP protocol, one in 100\n"
	"  xdptail -r capture.pcap.gz -a -N 1           the same from a capture file\n"
	"  xdptail audit out.jsonl*                     is it complete?\n"
	"  xdptail doctor -i eth0                       would it work, and how?\n"
	"\n";

static const char help_tail[] =
	"\nBYTES may have a unit, K, M or G; TIME is in seconds, or has s, m, h or d.\n"
	"\nOutputs, each with a queue of its own, and settings behind commas:\n"
	"  stdout\n"
	"  file:PATH                  appended to\n"
	"    rotate_size=BYTES        renamed to PATH.TIME before it is larger\n"
	"    rotate_interval=TIME     or when it is older; 1d is 24 hours\n"
	"    keep=N                   of those, the newest (0: all)\n"
	"    compress=gzip            all of those but the newest\n"
	"    fsync=snapshot           make each snapshot durable (never)\n"
	"  syslog[:TARGET]            /PATH (/dev/log), unix:///PATH, udp://HOST[:514],\n"
	"                             tcp://HOST[:514]\n"
	"    facility=NAME tag=TAG    (daemon) (xdptail)\n"
	"    cookie=none|cee          \"@cee:\" before the JSON (none)\n"
	"  unix:PATH                  a stream socket that somebody listens on\n"
	"  journal[:SOCKET]           systemd's; settings: tag=NAME (xdptail), and\n"
	"                             fields=index|all|none, values beside the line\n"
	"  queue=BYTES                room for lines that wait (8M)\n"
	"  events=TYPE,...            only these types of record, and start and stop\n"
	"  when_full=drop|block       captures wait, interfaces do not\n"
	"\n"
	"SIGINT, SIGTERM: detach, write the last snapshot, and end, within 5 s.\n"
	"SIGUSR1: a snapshot now. SIGHUP: files are opened anew, and FILE of -f is\n"
	"read again.\n"
	"\n"
	"Exit status:\n"
	"  0  done\n"
	"  1  failed while running\n"
	"  2  usage\n"
	"  3  not permitted\n"
	"  4  cannot attach\n"
	"  5  the last output is gone\n";

#define HELP_COLUMN 29

static void put_row(FILE *f, const struct row *row)
{
	int column;

	if (row->letter)
		column = fprintf(f, "  -%c, --%s", row->letter, row->name);
	else
		column = fprintf(f, "      --%s", row->name);
	if (row->metavar)
		column += fprintf(f, " %s", row->metavar);
	if (column > HELP_COLUMN - 2) {
		fputc('\n', f);
		column = 0;
	}
	fprintf(f, "%*s%s", HELP_COLUMN - column, "", row->help);
	if (row->def)
		fprintf(f, " (%s)", row->def);
	fputc('\n', f);
}

char *options_help(void)
{
	char *text = NULL;
	size_t len;
	FILE *f;

	f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	fputs(help_head, f);
	for (size_t i = 0; i < options_n_rows; i++)
		put_row(f, &options_rows[i]);
	fputs(help_tail, f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
