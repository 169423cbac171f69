/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked for: argv to struct options. One table has a row for each option, and makes
 * the parser, its messages, and --help. Neither prints nor exits.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"
#include "sink/sink.h"

enum options_action { /* what is to be done at all */
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_LIST_INTERFACES,
};

struct options {
	enum options_action action;
	const char *interface; /* NULL only where action is not OPTIONS_RUN */
	const char *read; /* a capture file; NULL: interface */
	const char *function_name;
	uint32_t sample_rate;
	enum xdptail_sample_mode sample_mode;
	enum xdptail_mode mode;
	enum xdptail_transport transport;
	uint32_t ring_bytes;
	uint32_t interval_s; /* 0: only at the end */
	uint32_t max_sources;
	uint64_t max_map_bytes;
	uint32_t top; /* count lines a snapshot; 0: all */
	uint64_t count; /* stop after so many packet records; 0: no limit */
	uint32_t duration_s; /* 0: no limit */
	const char *outputs[SINK_MAX];
	unsigned int n_outputs; /* at least 1 after options_parse() */
	bool timestamps_ns;
	uint32_t batch_ms;
	bool decap; /* the packets inside tunnels */
	bool prog_run; /* read: through the program in the kernel */
	bool trace;
	bool flush; /* -l: no gathering, a line goes out as its packet comes in */
	int verbose; /* -q −1, -v +1 each */
};

/* Strings are borrowed from argv. The first of -D, -V and -h ends the parsing. 0, or -EINVAL with
 * a sentence in err that names the option, what was found, and what is allowed.
 */
int options_parse(struct options *ret, int argc, char *const argv[], char *err, size_t err_cap);

/* The text of --help, made from the table. Owned by the caller: free(). NULL: no memory. */
char *options_help(void);

#endif
