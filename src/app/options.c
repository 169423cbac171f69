// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define FUNCTION_ALL "count_packets"
#define QUOTED	     "\"%.100s\"" /* a very long value must leave room for what is wrong with it */
#define LONG_BASE    256 /* getopt_long()'s value for a long option: this and its row's index */
#define EDITS_MAX    2 /* how far from a name a slip may be: two letters swapped */

struct parser {
	struct options o;
	bool all; /* -a */
	uint64_t given; /* a bit for each row */
	char *err;
	size_t err_cap;
};

struct choice {
	const char *name; /* NULL ends a list */
	unsigned int value;
};

/* Where an option has a meaning. */
enum scope {
	SCOPE_ALL,
	SCOPE_INTERFACE,
	SCOPE_KERNEL, /* where the kernel's program runs: on an interface, or with --prog-run */
	SCOPE_CAPTURE,
};

/* Everything there is to say about an option. */
struct row { // NOLINT(clang-analyzer-optin.performance.Padding): in the order in which rows are written
	char letter; /* 0: none */
	const char *name;
	const char *metavar; /* NULL: a switch */
	const char *help;
	const char *def; /* taken as if typed, unless the option was; NULL: all zero */
	int (*take)(struct parser *p, const struct row *row, const char *arg);
	size_t field; /* its offset in struct parser */
	uint64_t min;
	uint64_t max;
	const struct choice *choices;
	unsigned short size; /* of the field */
	short value; /* what a switch stores, or adds */
	enum scope scope;
};

static const struct choice sample_modes[] = {
	{ "every", XDPTAIL_SAMPLE_EVERY },
	{ "random", XDPTAIL_SAMPLE_RANDOM },
	{ NULL, 0 },
};

static const struct choice modes[] = {
	{ "auto", XDPTAIL_MODE_AUTO },
	{ "native", XDPTAIL_MODE_NATIVE },
	{ "generic", XDPTAIL_MODE_GENERIC },
	{ "drv", XDPTAIL_MODE_NATIVE }, /* ip-link(8)'s word */
	{ "skb", XDPTAIL_MODE_GENERIC }, /* xdp-loader's word */
	{ NULL, 0 },
};

static const struct choice transports[] = {
	{ "auto", XDPTAIL_TRANSPORT_AUTO },
	{ "ringbuf", XDPTAIL_TRANSPORT_RINGBUF },
	{ "perf", XDPTAIL_TRANSPORT_PERF },
	{ NULL, 0 },
};

static const struct choice timestamps[] = {
	{ "us", false },
	{ "ns", true },
	{ NULL, 0 },
};

/* Letters that tcpdump's users type by habit, and what to do instead. */
static const struct {
	char letter;
	const char *advice;
} habits[] = {
	{ 'n', "addresses are never resolved" },
	{ 'w', "use -o file:PATH" },
};

/* Add to the message. Always -EINVAL, so that a refusal is one statement. */
__attribute__((format(printf, 2, 3))) static int refuse(struct parser *p, const char *fmt, ...)
{
	const size_t used = p->err_cap ? strlen(p->err) : 0;
	va_list args;

	if (!p->err_cap)
		return -EINVAL;
	va_start(args, fmt);
	(void)vsnprintf(p->err + used, p->err_cap - used, fmt, args); /* cut short is good enough */
	va_end(args);
	return -EINVAL;
}

/* argv is from outside, and err is to be one line. */
static void mask_controls(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
	}
}

static void store(struct parser *p, const struct row *row, uint64_t value)
{
	void *field = (char *)p + row->field;

	switch (row->size) {
	case sizeof(bool):
		*(bool *)field = value != 0;
		break;
	case sizeof(uint32_t): /* and enums */
		*(uint32_t *)field = (uint32_t)value;
		break;
	case sizeof(uint64_t):
		*(uint64_t *)field = value;
		break;
	}
}

static int take_value(struct parser *p, const struct row *row, const char *arg)
{
	(void)arg; /* a switch has none */
	store(p, row, (uint64_t)row->value);
	return 0;
}

static int take_step(struct parser *p, const struct row *row, const char *arg)
{
	(void)arg; /* a switch has none */
	*(int *)(void *)((char *)p + row->field) += row->value;
	return 0;
}

/* Digits only, for strtoull() alone would take " 1" and "-1". *ret_end is behind the last. */
static int parse_digits(const char *text, uint64_t *ret, const char **ret_end)
{
	unsigned long long value;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return -errno;
	*ret = value;
	*ret_end = end;
	return 0;
}

static int take_number(struct parser *p, const struct row *row, const char *arg)
{
	const char *end = arg;
	uint64_t value = 0;

	if (parse_digits(arg, &value, &end) || *end || value < row->min || value > row->max)
		return refuse(p, "--%s: " QUOTED " is not a number from %ju to %ju", row->name, arg,
			      (uintmax_t)row->min, (uintmax_t)row->max);
	store(p, row, value);
	return 0;
}

/* The unit that a suffix stands for; 0: no suffix of ours. */
static uint64_t unit_of(const char *suffix)
{
	if (!*suffix)
		return 1;
	if (!strcmp(suffix, "K"))
		return 1U << 10;
	if (!strcmp(suffix, "M"))
		return 1U << 20;
	return 0;
}

static int take_size(struct parser *p, const struct row *row, const char *arg)
{
	const char *suffix = "";
	uint64_t value = 0, unit = 0;

	if (!parse_digits(arg, &value, &suffix))
		unit = unit_of(suffix);
	if (!unit || value > row->max / unit || value * unit < row->min)
		return refuse(p, "--%s: " QUOTED " is not a size from %juK to %juM", row->name, arg,
			      (uintmax_t)row->min >> 10, (uintmax_t)row->max >> 20);
	store(p, row, value * unit);
	return 0;
}

static int take_choice(struct parser *p, const struct row *row, const char *arg)
{
	const struct choice *c;

	for (c = row->choices; c->name; c++) {
		if (!strcmp(c->name, arg)) {
			store(p, row, c->value);
			return 0;
		}
	}
	(void)refuse(p, "--%s: " QUOTED " is not one of", row->name, arg);
	for (c = row->choices; c->name; c++)
		(void)refuse(p, "%s %s", c == row->choices ? "" : ",", c->name);
	return -EINVAL;
}

static int take_string(struct parser *p, const struct row *row, const char *arg)
{
	if (!*arg)
		return refuse(p, "--%s: the value is empty", row->name);
	*(const char **)(void *)((char *)p + row->field) = arg;
	return 0;
}

/* What the kernel would accept as a name. With a colon it would drop the rest of it. */
static bool names_interface(const char *name)
{
	return *name && strlen(name) < IF_NAMESIZE && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && !strpbrk(name, "/: \t\n\v\f\r");
}

static int take_interface(struct parser *p, const struct row *row, const char *arg)
{
	if (!names_interface(arg))
		return refuse(p,
			      "--%s: " QUOTED " cannot be the name of an interface: 1 to %d bytes, "
			      "no \"/\", \":\" or blank",
			      row->name, arg, IF_NAMESIZE - 1);
	if (p->o.interface)
		return refuse(p,
			      "--%s: " QUOTED " comes after \"%s\", but only one interface can be "
			      "watched at a time",
			      row->name, arg, p->o.interface);
	p->o.interface = arg;
	return 0;
}

static int take_output(struct parser *p, const struct row *row, const char *arg)
{
	struct sink_spec spec;
	char why[512] = "";

	if (p->o.n_outputs == SINK_MAX)
		return refuse(p, "--%s: " QUOTED " is one too many: %d outputs at most", row->name,
			      arg, SINK_MAX);
	if (sink_spec_parse(arg, &spec, why, sizeof(why)))
		return refuse(p, "--%s: %s", row->name, why);
	for (unsigned int i = 0; i < p->o.n_outputs; i++) {
		if (strcmp(p->o.outputs[i].name, spec.name) != 0)
			continue;
		sink_spec_free(&spec);
		return refuse(p,
			      "--%s: " QUOTED " is given twice, and would write every line "
			      "twice",
			      row->name, arg);
	}
	p->o.outputs[p->o.n_outputs++] = spec;
	return 0;
}

#define FIELD(f)	  .field = offsetof(struct parser, f), .size = sizeof(((struct parser *)NULL)->f)
#define SWITCH(f)	  .take = take_value, FIELD(f), .value = 1
#define ACTION(a)	  .take = take_value, FIELD(o.action), .value = (a)
#define STEP(f, by)	  .take = take_step, FIELD(f), .value = (by)
#define NUMBER(f, lo, hi) .take = take_number, FIELD(f), .min = (lo), .max = (hi)
#define SIZE(f, lo, hi)	  .take = take_size, FIELD(f), .min = (lo), .max = (hi)
#define CHOICE(f, list)	  .take = take_choice, FIELD(f), .choices = (list)
#define STRING(f)	  .take = take_string, FIELD(f)

/* clang-format off */
static const struct row rows[] = {
	{ 'i', "interface", "IF", "interface to watch", NULL, .take = take_interface },
	{ 'r', "read", "FILE", "pcap or pcapng, not an interface; - is stdin", NULL,
	  STRING(o.read) },
	{ 0, "prog-run", NULL, "captures: through the kernel's program", NULL,
	  SWITCH(o.prog_run), .scope = SCOPE_CAPTURE },
	{ 'a', "all", NULL, "every IP protocol: --function-name " FUNCTION_ALL, NULL, SWITCH(all) },
	{ 0, "function-name", "NAME", "BPF program", "count_tcp_packets", STRING(o.function_name) },
	{ 'N', "sample", "N", "one record in N packets; 1 all, 0 none", "10",
	  NUMBER(o.sample_rate, 0, XDPTAIL_SAMPLE_RATE_MAX) },
	{ 0, "sample-mode", "every|random", "each Nth packet, or N apart on average", "every",
	  CHOICE(o.sample_mode, sample_modes) },
	{ 'm', "mode", "auto|native|generic", "XDP mode; drv and skb are aliases", "auto",
	  CHOICE(o.mode, modes), .scope = SCOPE_INTERFACE },
	{ 0, "transport", "auto|ringbuf|perf", "how samples leave the kernel", "auto",
	  CHOICE(o.transport, transports), .scope = SCOPE_KERNEL },
	{ 0, "ring-size", "BYTES", "room for samples; K and M are units", "16M",
	  SIZE(o.ring_bytes, XDPTAIL_RING_BYTES_MIN, XDPTAIL_RING_BYTES_MAX), .scope = SCOPE_KERNEL },
	{ 0, "interval", "SECONDS", "between snapshots; 0: only at the end", "10",
	  NUMBER(o.interval_s, 0, 86400) },
	{ 0, "max-sources", "N", "addresses counted apart at a time", "65536",
	  NUMBER(o.max_sources, 1, XDPTAIL_MAX_SOURCES_MAX), .scope = SCOPE_KERNEL },
	{ 0, "max-map-memory", "BYTES", "for counting; above it, all CPUs share", "256M",
	  SIZE(o.max_map_bytes, 1U << 16, 1ULL << 40), .scope = SCOPE_KERNEL },
	{ 0, "top", "N", "count lines a snapshot, heaviest; 0 all", "1024",
	  NUMBER(o.top, 0, XDPTAIL_MAX_SOURCES_MAX) },
	{ 'c', "count", "N", "stop after N packet records", NULL,
	  NUMBER(o.count, 1, (1ULL << 53) - 1) },
	{ 0, "duration", "SECONDS", "stop after a time", NULL,
	  NUMBER(o.duration_s, 1, 31536000), .scope = SCOPE_INTERFACE },
	{ 'o', "output", "OUT", "where lines go: see below; may be repeated", "stdout",
	  .take = take_output },
	{ 0, "timestamps", "us|ns", "six or nine fraction digits", "us",
	  CHOICE(o.timestamps_ns, timestamps) },
	{ 0, "batch", "MS", "how long samples may gather", "20",
	  NUMBER(o.batch_ms, 0, XDPTAIL_BATCH_MS_MAX), .scope = SCOPE_INTERFACE },
	{ 0, "trace", NULL, "samples to the kernel's trace pipe, too", NULL, SWITCH(o.trace), .scope = SCOPE_INTERFACE },
	{ 'l', "flush", NULL, "each line goes out at once: --batch 0", NULL, SWITCH(o.flush) },
	{ 'q', "quiet", NULL, "errors only", NULL, STEP(o.verbose, -1) },
	{ 'v', "verbose", NULL, "more about what is done; may be repeated", NULL,
	  STEP(o.verbose, 1) },
	{ 'D', "list-interfaces", NULL, "list interfaces", NULL, ACTION(OPTIONS_LIST_INTERFACES) },
	{ 'V', "version", NULL, "print the version", NULL, ACTION(OPTIONS_VERSION) },
	{ 'h', "help", NULL, "print this", NULL, ACTION(OPTIONS_HELP) },
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(rows) <= 64, "struct parser has a bit for each row");

/* What getopt_long() wants. shorts has room for two bytes a row, and four more. */
static void getopt_tables(struct option *longs, char *shorts)
{
	*shorts++ = '-'; /* positional arguments in their place, as 1; argv is not permuted */
	*shorts++ = ':'; /* a missing value is ':', not '?' */
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].metavar ? required_argument : no_argument;
		longs[i].val = LONG_BASE + (int)i;
		if (!rows[i].letter)
			continue;
		*shorts++ = rows[i].letter;
		if (rows[i].metavar)
			*shorts++ = ':';
	}
}

/* The row that getopt_long() means by c; c is one that getopt_tables() has told it. */
static const struct row *row_of(int c)
{
	size_t i = 0;

	if (c >= LONG_BASE)
		return &rows[c - LONG_BASE];
	while (rows[i].letter != c)
		i++;
	return &rows[i];
}

/* Whether at most so many letters have to be added, removed or replaced to make a into b. */
static bool within(const char *a, size_t a_len, const char *b, unsigned int edits)
{
	while (a_len && *a == *b) {
		a++;
		a_len--;
		b++;
	}
	if (!a_len)
		return strlen(b) <= edits;
	if (!*b)
		return a_len <= edits;
	if (!edits)
		return false;
	edits--;
	return within(a + 1, a_len - 1, b + 1, edits) || within(a + 1, a_len - 1, b, edits) ||
	       within(a, a_len, b + 1, edits);
}

/* NULL: nothing is near enough. */
static const char *nearest_name(const char *typed, size_t len)
{
	for (unsigned int edits = 1; edits <= EDITS_MAX; edits++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			if (within(typed, len, rows[i].name, edits))
				return rows[i].name;
		}
	}
	return NULL;
}

/* The names that typed is short for. Returns how many there are. */
static unsigned int list_meant(struct parser *p, const char *typed, size_t len)
{
	unsigned int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strncmp(rows[i].name, typed, len) == 0)
			(void)refuse(p, "%s--%s", n++ ? " or " : "could be ", rows[i].name);
	}
	return n;
}

/* A long option that getopt_long() does not know, or that is short for several. */
static int refuse_long(struct parser *p, const char *arg)
{
	const char *typed = arg + strlen("--");
	const size_t len = strcspn(typed, "=");
	const char *name;

	(void)refuse(p, "--%.*s: ", len < 100 ? (int)len : 100, typed);
	if (len && list_meant(p, typed, len))
		return -EINVAL;
	name = nearest_name(typed, len);
	if (!name)
		return refuse(p, "no such option");
	return refuse(p, "no such option; did you mean --%s?", name);
}

static int refuse_letter(struct parser *p, int letter, const char *arg)
{
	if (letter <= ' ' || letter >= 0x7f)
		return refuse(p, QUOTED ": no such option", arg);
	for (size_t i = 0; i < ARRAY_SIZE(habits); i++) {
		if (habits[i].letter == letter)
			return refuse(p, "-%c: no such option; %s", letter, habits[i].advice);
	}
	return refuse(p, "-%c: no such option", letter);
}

/* getopt_long() said '?', and leaves it to optopt to tell why. */
static int refuse_unknown(struct parser *p, const char *arg)
{
	if (optopt >= LONG_BASE)
		return refuse(p, "--%s: takes no value", row_of(optopt)->name);
	if (optopt)
		return refuse_letter(p, optopt, arg);
	return refuse_long(p, arg);
}

static int refuse_missing(struct parser *p)
{
	const struct row *row = row_of(optopt);

	return refuse(p, "--%s: needs a value: --%s %s", row->name, row->name, row->metavar);
}

static int refuse_positional(struct parser *p, const char *arg)
{
	if (if_nametoindex(arg))
		return refuse(p, QUOTED ": not an option; did you mean -i %s?", arg, arg);
	return refuse(p,
		      QUOTED ": not an option; filters (tcpdump's expressions) are not supported",
		      arg);
}

/* What getopt_long() has found: c is what it returned, arg the element of argv that it is in. */
static int take_one(struct parser *p, int c, const char *arg)
{
	const struct row *row;
	int err;

	switch (c) {
	case 1:
		return refuse_positional(p, optarg);
	case ':':
		return refuse_missing(p);
	case '?':
		return refuse_unknown(p, arg);
	}
	row = row_of(c);
	err = row->take(p, row, optarg);
	if (!err)
		p->given |= 1ULL << (row - rows);
	return err;
}

/* To the end of argv, or to the first option that asks for something else than a run. */
static int take_argv(struct parser *p, int argc, char *const argv[])
{
	struct option longs[ARRAY_SIZE(rows) + 1] = { 0 };
	char shorts[2 * ARRAY_SIZE(rows) + 4] = "";
	int err = 0;

	getopt_tables(longs, shorts);
	opterr = 0;
	optind = 0; /* not 1: glibc then forgets where it was within the last argv, too */
	while (!err && p->o.action == OPTIONS_RUN) {
		const int at = optind ? optind : 1;
		const int c = getopt_long(argc, argv, shorts, longs, NULL);

		if (c == -1)
			break;
		err = take_one(p, c, argv[at]);
	}
	if (!err && p->o.action == OPTIONS_RUN && optind < argc) /* behind "--" */
		err = refuse_positional(p, argv[optind]);
	return err;
}

static int take_defaults(struct parser *p)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(rows); i++) {
		if (rows[i].def && !(p->given & (1ULL << i)))
			err = rows[i].take(p, &rows[i], rows[i].def);
	}
	return err;
}

static bool applies(const struct options *o, enum scope scope)
{
	switch (scope) {
	case SCOPE_ALL:
		break;
	case SCOPE_INTERFACE:
		return !o->read;
	case SCOPE_KERNEL:
		return !o->read || o->prog_run;
	case SCOPE_CAPTURE:
		return o->read;
	}
	return true;
}

/* What has no meaning is refused rather than ignored. */
static int finish_scopes(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (p->given & 1ULL << i && !applies(&p->o, rows[i].scope))
			return refuse(p, "--%s: does not apply to %s", rows[i].name,
				      p->o.read ? "a capture file (--read)" : "an interface");
	}
	return 0;
}

/* What comes from an interface can't be told to wait. */
static int finish_outputs(struct parser *p)
{
	for (unsigned int i = 0; !p->o.read && i < p->o.n_outputs; i++) {
		if (p->o.outputs[i].when_full == SINK_BLOCK)
			return refuse(
				p,
				"--output: when_full=block of \"%.100s\" is for capture files: "
				"packets of an interface do not wait",
				p->o.outputs[i].name);
	}
	return 0;
}

/* What can be said only when all options are known. */
static int finish(struct parser *p)
{
	const char *named = p->o.function_name; /* before the default takes its place */
	int err;

	err = take_defaults(p);
	if (err || p->o.action != OPTIONS_RUN)
		return err;
	if (p->all && named && strcmp(named, FUNCTION_ALL) != 0)
		return refuse(p,
			      "--all: is the same as --function-name " FUNCTION_ALL
			      ", but --function-name " QUOTED " is given too",
			      named);
	if (p->all)
		p->o.function_name = FUNCTION_ALL;
	if (p->o.flush)
		p->o.batch_ms = 0;
	if (p->o.read && p->o.interface)
		return refuse(p, "--read: there is --interface too; one of them is enough");
	if (!p->o.read && !p->o.interface)
		return refuse(p, "no interface is named: use -i IF (-D lists them), or -r FILE");
	err = finish_scopes(p);
	return err ? err : finish_outputs(p);
}

int options_parse(struct options *ret, int argc, char *const argv[], char *err, size_t err_cap)
{
	struct parser p = { .err = err, .err_cap = err_cap };
	int r;

	if (err_cap)
		*err = '\0';
	r = take_argv(&p, argc, argv);
	if (!r)
		r = finish(&p);
	if (!r)
		*ret = p.o;
	else
		options_free(&p.o);
	if (r && err_cap)
		mask_controls(err);
	return r;
}

void options_free(struct options *o)
{
	for (unsigned int i = 0; i < o->n_outputs; i++)
		sink_spec_free(&o->outputs[i]);
	o->n_outputs = 0;
}

static const char help_head[] =
	"Usage: xdptail -i IF | -r FILE [OPTION]...\n"
	"       xdptail audit [--json] [FILE]...\n"
	"Count the packets of an interface, and write one in N as a line of JSON.\n"
	"audit says whether a stream is complete, and adds up.\n"
	"\n"
	"  xdptail -i eth0 | jq .                       TCP packets, one in ten\n"
	"  xdptail -i eth0 -a -N 100 -o file:out.jsonl  every IP protocol, one in 100\n"
	"  xdptail -r capture.pcap.gz -a -N 1           the same from a capture file\n"
	"  xdptail audit out.jsonl*                     is it complete?\n"
	"\n";

static const char help_tail[] =
	"\nOutputs, each with a queue of its own, and settings behind commas:\n"
	"  stdout\n"
	"  file:PATH                  appended to\n"
	"  syslog[:TARGET]            /PATH (/dev/log), unix:///PATH, udp://HOST[:514],\n"
	"                             tcp://HOST[:514]\n"
	"    facility=NAME tag=TAG    (daemon) (xdptail)\n"
	"    cookie=none|cee          \"@cee:\" before the JSON (none)\n"
	"  unix:PATH                  a stream socket that somebody listens on\n"
	"  queue=BYTES                room for lines that wait (8M)\n"
	"  events=TYPE,...            only these types of record, and start and stop\n"
	"  when_full=drop|block       captures wait, interfaces do not\n"
	"\n"
	"SIGINT, SIGTERM: detach, write the last snapshot, and end, within 5 s.\n"
	"SIGUSR1: a snapshot now. SIGHUP: files are opened anew.\n"
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
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		put_row(f, &rows[i]);
	fputs(help_tail, f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
