/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked for: argv and the config file to struct options. One table (options_table.h)
 * has a row for each option. Neither prints nor exits.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"
#include "base/reason.h"
#include "json/tree.h"
#include "output/outputs.h"

enum options_action { /* what is to be done at all */
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_LIST_INTERFACES,
};

#define OPTIONS_FUNCTION_ALL "count_packets"

struct command_line {
	int argc;
	char *const *argv;
};

struct options {
	enum options_action action;
	bool print_config;
	const char *config; /* the file that is read, too; NULL: none */
	struct json_tree config_tree; /* owned; strings that came from the file point into it */
	const char *interfaces[XDPTAIL_INTERFACES_MAX]; /* each named once */
	unsigned int n_interfaces; /* 0 only with read, or where action is not OPTIONS_RUN */
	bool wait_interface; /* for those that are not there */
	const char *read; /* a capture file; NULL: interfaces */
	const char *function_name;
	const char *ebpf_program; /* path of the object that it is in; NULL: ours */
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
	uint32_t output_timeout_s; /* of a capture's outputs that fail; 0: none */
	struct output_spec outputs[OUTPUTS_MAX]; /* owned: options_free() */
	unsigned int n_outputs; /* at least 1 after options_parse() */
	bool timestamps_ns;
	uint32_t batch_ms;
	bool decap; /* the packets inside tunnels */
	const char *tunnel_port; /* as written; NULL: the defaults */
	struct xdptail_tunnel_ports tunnel_ports; /* what it says */
	const char *user; /* whom to become; NULL: nobody else */
	const char *metrics_file; /* NULL: none; ends in .prom */
	bool prog_run; /* read: through the program in the kernel */
	bool trace;
	bool flush; /* -l: no gathering, a line goes out as its packet comes in */
	int verbose; /* -q −1, -v +1 each */
};

/* The config file that argv names is read, too; argv wins. Strings are borrowed from argv. The
 * first of -D, -V and -h ends the parsing. 0; -EINVAL with a reason that names the option
 * (in the file: the file, the line and the key), what was found, and what is allowed; or another
 * -errno, for which the file could not be read or taken, likewise with a sentence. *ret is owned by
 * the caller: options_free().
 */
int options_parse(struct options *ret, int argc, char *const argv[], struct reason *why);

/* A config file alone: 0 if everything in it can be. As options_parse(). */
int options_check_config(const char *path, struct reason *why);

/* The settings of a run as a config file that means the same. Owned by the caller: free(). NULL: no
 * memory.
 */
char *options_print_config(const struct options *o);

/* Calls fn with the name of each option that differs between two runs, and whether a run that is
 * under way can change it.
 */
void options_compare(const struct options *a, const struct options *b,
		     void (*fn)(void *arg, const char *name, bool live), void *arg);

/* Free what options_parse() has filled in. */
void options_free(struct options *o);
void options_free_outputs(struct options *o);

/* Would the kernel accept this as the name of an interface? */
bool options_names_interface(const char *name);

/* The text of --help, made from the table. Owned by the caller: free(). NULL: no memory. */
char *options_help(void);

#endif
