/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything there is to say about each option: one table, of which the command line, the config
 * file,
 * --help and --print-config are made. For these; others see options.h.
 */
#ifndef APP_OPTIONS_TABLE_H
#define APP_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/options.h"
#include "base/number.h"
#include "base/reason.h"

#define OPTIONS_ROWS_MAX 64
/* a very long value must leave room for what is wrong with it */
#define OPTIONS_QUOTED "\"%.100s\""

/* An option's name as a word of JSON has underscores where the command line has dashes. */
#define OPTIONS_KEY_BYTES 32

/* What has been taken so far. */
struct parser {
	struct options o; /* owned: options_free() */
	bool all; /* -a */
	uint64_t given; /* a bit for each row */
	const char *file; /* the config file; NULL: there is none */
	unsigned int line[OPTIONS_ROWS_MAX]; /* of it, where the row's value stands; 0: argv */
	struct reason *why; /* borrowed */
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

/* What an option takes, and how that is written in a config file. */
enum row_type {
	ROW_SWITCH, /* nothing; true or false */
	ROW_STEP, /* nothing, and may be repeated; true, false, or how often */
	ROW_ACTION, /* nothing; ends the parsing, and is not in a config file */
	ROW_WISH, /* nothing; not in a config file */
	ROW_NUMBER, /* a number, or a string with a unit where there are units */
	ROW_CHOICE, /* a string */
	ROW_STRING, /* a string */
	ROW_PATH, /* of a config file: not in one */
	ROW_INTERFACE, /* a string, or an array of them */
	ROW_PORTS, /* a string: of tunnels */
	ROW_OUTPUT, /* a string, an object, or an array of these */
	ROW_TYPE_MAX
};

struct row { // NOLINT(clang-analyzer-optin.performance.Padding): in the order in which rows are
	     // written
	char letter; /* 0: none */
	const char *name;
	const char *metavar; /* NULL: a switch */
	const char *help;
	const char *def; /* taken as if typed, unless the option was; NULL: all zero */
	enum row_type type;
	size_t field; /* its offset in struct parser */
	struct number number;
	const struct choice *choices;
	unsigned short size; /* of the field */
	short value; /* what a switch stores, or adds */
	enum scope scope;
	bool live; /* SIGHUP changes it while we run */
};

extern const struct row options_rows[];
extern const size_t options_n_rows;

/* Add to the message. Always -EINVAL, so that a refusal is one statement. */
__attribute__((format(printf, 2, 3))) int options_refuse(struct parser *p, const char *fmt, ...);

/* Refuse the value of a row: the message begins with where it was written. */
__attribute__((format(printf, 3, 4))) int
options_refuse_row(struct parser *p, const struct row *row, const char *fmt, ...);

/* A value as it is written on the command line; NULL for what takes none. 0, -EINVAL or -ENOMEM. */
int options_take(struct parser *p, const struct row *row, const char *arg);

/* An output; takes *spec over. 0 or -EINVAL. */
int options_take_output(struct parser *p, const struct row *row, struct output_spec *spec);

/* As if it had not been given. */
void options_forget(struct parser *p, const struct row *row);

/* The row of that name, or NULL; and the one whose name is nearest to what was typed, or NULL:
 * nothing is near enough.
 */
const struct row *options_find(const char *name);
const struct row *options_nearest(const char *typed, size_t len);

bool options_is_near(const char *typed, const char *name); /* Is it a slip? */

bool options_is_key(const struct row *row); /* of a config file */
void options_key(const struct row *row, char ret[OPTIONS_KEY_BYTES]);

/* Has the row a meaning for such a run? */
bool options_applies(const struct options *o, const struct row *row);

#endif
