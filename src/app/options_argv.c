// SPDX-License-Identifier: BSD-2-Clause
#include "app/options_argv.h"

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <string.h>

#include "base/array.h"

#define LONG_BASE 256 /* getopt_long()'s value for a long option: this and its row's index */

/* Letters that tcpdump's users type by habit, and what to do instead. */
static const struct {
	char letter;
	const char *advice;
} habits[] = {
	{ 'n', "addresses are never resolved" },
	{ 'w', "use -o file:PATH" },
};

/* What getopt_long() wants. shorts has room for two bytes a row, and four more. */
static void getopt_tables(struct option *longs, char *shorts)
{
	*shorts++ = '-'; /* positional arguments in their place, as 1; argv is not permuted */
	*shorts++ = ':'; /* a missing value is ':', not '?' */
	for (size_t i = 0; i < options_n_rows; i++) {
		longs[i].name = options_rows[i].name;
		longs[i].has_arg = options_rows[i].metavar ? required_argument : no_argument;
		longs[i].val = LONG_BASE + (int)i;
		if (!options_rows[i].letter)
			continue;
		*shorts++ = options_rows[i].letter;
		if (options_rows[i].metavar)
			*shorts++ = ':';
	}
}

/* The row that getopt_long() means by c; c is one that getopt_tables() has told it. */
static const struct row *row_of(int c)
{
	size_t i = 0;

	if (c >= LONG_BASE)
		return &options_rows[c - LONG_BASE];
	while (options_rows[i].letter != c)
		i++;
	return &options_rows[i];
}

/* The names that typed is short for. Returns how many there are. */
static unsigned int list_meant(struct parser *p, const char *typed, size_t len)
{
	unsigned int n = 0;

	for (size_t i = 0; i < options_n_rows; i++) {
		if (strncmp(options_rows[i].name, typed, len) == 0)
			(void)options_refuse(p, "%s--%s", n++ ? " or " : "could be ",
					     options_rows[i].name);
	}
	return n;
}

/* A long option that getopt_long() does not know, or that is short for several. */
static int refuse_long(struct parser *p, const char *arg)
{
	const char *typed = arg + strlen("--");
	const size_t len = strcspn(typed, "=");
	const struct row *row;

	(void)options_refuse(p, "--%.*s: ", len < 100 ? (int)len : 100, typed);
	if (len && list_meant(p, typed, len))
		return -EINVAL;
	row = options_nearest(typed, len);
	if (!row)
		return options_refuse(p, "no such option");
	return options_refuse(p, "no such option; did you mean --%s?", row->name);
}

static int refuse_letter(struct parser *p, int letter, const char *arg)
{
	if (letter <= ' ' || letter >= 0x7f)
		return options_refuse(p, OPTIONS_QUOTED ": no such option", arg);
	for (size_t i = 0; i < ARRAY_SIZE(habits); i++) {
		if (habits[i].letter == letter)
			return options_refuse(p, "-%c: no such option; %s", letter,
					      habits[i].advice);
	}
	return options_refuse(p, "-%c: no such option", letter);
}

/* getopt_long() said '?', and leaves it to optopt to tell why. */
static int refuse_unknown(struct parser *p, const char *arg)
{
	if (optopt >= LONG_BASE)
		return options_refuse(p, "--%s: takes no value", row_of(optopt)->name);
	if (optopt)
		return refuse_letter(p, optopt, arg);
	return refuse_long(p, arg);
}

static int refuse_missing(struct parser *p)
{
	const struct row *row = row_of(optopt);

	return options_refuse(p, "--%s: needs a value: --%s %s", row->name, row->name,
			      row->metavar);
}

static int refuse_positional(struct parser *p, const char *arg)
{
	static const char *const commands[] = { "audit", "doctor", "check-config", "--help" };

	if (if_nametoindex(arg))
		return options_refuse(p, OPTIONS_QUOTED ": not an option; did you mean -i %s?", arg,
				      arg);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (options_is_near(arg, commands[i]))
			return options_refuse(p,
					      OPTIONS_QUOTED ": no such command; did you mean %s?",
					      arg, commands[i]);
	}
	return options_refuse(p,
			      OPTIONS_QUOTED
			      ": not an option; filters (tcpdump's expressions) are not supported",
			      arg);
}

/* What getopt_long() has found: c is what it returned, arg the element of argv that it is in. */
static int take_found(struct parser *p, int c, const char *arg)
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
	err = options_take(p, row, optarg);
	if (!err)
		p->given |= 1ULL << (row - options_rows);
	return err;
}

/* To the end of argv, or to the first option that asks for something else than a run. */
int options_take_argv(struct parser *p, int argc, char *const argv[])
{
	struct option longs[OPTIONS_ROWS_MAX + 1] = { 0 };
	char shorts[2 * OPTIONS_ROWS_MAX + 4] = "";
	int err = 0;

	getopt_tables(longs, shorts);
	opterr = 0;
	optind = 0; /* not 1: glibc then forgets where it was within the last argv, too */
	while (!err && p->o.action == OPTIONS_RUN) {
		const int at = optind ? optind : 1;
		const int c = getopt_long(argc, argv, shorts, longs, NULL);

		if (c == -1)
			break;
		err = take_found(p, c, argv[at]);
	}
	if (!err && p->o.action == OPTIONS_RUN && optind < argc) /* behind "--" */
		err = refuse_positional(p, argv[optind]);
	return err;
}
