// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/audit_state.h"
#include "app/audit_printer.h"
#include "app/log.h"

static const char help[] =
	"Usage: xdptail audit [--json] [FILE...]\n"
	"\n"
	"Is a stream complete, and does it add up? Reads the lines that xdptail has written from\n"
	"files, in any order, compressed by gzip or not, or from stdin (no FILE, or \"-\").\n"
	"Lines as syslog daemons or journalctl write them will do, and others among them.\n"
	"\n"
	"      --json   an object for each run and one for all, instead of sentences\n"
	"  -h, --help   this text\n"
	"\n"
	"Exit status:\n"
	"  0  every run is whole, and adds up\n"
	"  1  something is missing that is accounted for, or of which nothing can be known:\n"
	"     dropped or lost records, a truncated last line, a run without an end, or one that\n"
	"     failed, a filtered copy, a file that cannot be read\n"
	"  2  it does not add up\n";

struct audit_arguments {
	bool json;
	bool help;
	const char **paths; /* owned, the strings borrowed; NULL ends them */
};

static bool take_option(struct audit_arguments *w, const char *arg)
{
	if (!strcmp(arg, "--json"))
		w->json = true;
	else if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
		w->help = true;
	else
		return false;
	return true;
}

/* 0; -ENOMEM; or -EINVAL after a sentence on stderr. */
static int parse_arguments_of_audit(struct audit_arguments *w, int argc, char *const argv[])
{
	bool options = true; /* until "--" */
	size_t n = 0;

	w->paths = calloc((size_t)argc + 1, sizeof(*w->paths));
	if (!w->paths)
		return -ENOMEM;
	for (int i = 1; i < argc; i++) {
		if (!options || argv[i][0] != '-' || !argv[i][1]) {
			w->paths[n++] = argv[i];
		} else if (!strcmp(argv[i], "--")) {
			options = false;
		} else if (!take_option(w, argv[i])) {
			log_error("audit: unknown option \"%s\"; the options are --json and --help",
				  argv[i]);
			return -EINVAL;
		}
	}
	if (!n)
		w->paths[n] = "-";
	return 0;
}

static int print_audit_help(void)
{
	return fputs(help, stdout) < 0 || fflush(stdout) ? AUDIT_BROKEN : AUDIT_WHOLE;
}

/* An unreadable file is reported on stderr too, because stdout may be read by a program. */
static int read_file(struct audit_state *state, const char *path)
{
	const struct audit_findings *f = &state->findings;
	int err = audit_state_read(state, path);

	if (err == -ENOMEM || f->err)
		return -ENOMEM;
	if (err)
		log_error("audit: cannot read \"%s\": %s", path, audit_state_reason(err));
	return 0;
}

static int read_files(struct audit_state *state, const char *const *paths)
{
	int err = 0;

	for (; !err && *paths; paths++)
		err = read_file(state, *paths);
	return err;
}

static int audit(const struct audit_arguments *w)
{
	struct audit_state state;
	int verdict = AUDIT_BROKEN;
	int err = audit_state_init(&state);

	if (!err)
		err = read_files(&state, w->paths);
	if (!err) {
		verdict = audit_state_check(&state);
		err = state.findings.err;
	}
	if (!err)
		err = w->json ? audit_printer_json(&state, stdout) :
				audit_printer_text(&state, stdout);
	if (err)
		log_error("audit: %s", strerror(-err));
	audit_state_free(&state);
	return err ? AUDIT_BROKEN : verdict;
}

int audit_main(int argc, char *const argv[])
{
	struct audit_arguments wishes = { 0 };
	int code = AUDIT_BROKEN;
	int err = parse_arguments_of_audit(&wishes, argc, argv);

	if (err == -ENOMEM)
		log_error("audit: %s", strerror(-err));
	if (!err)
		code = wishes.help ? print_audit_help() : audit(&wishes);
	free(wishes.paths);
	return code;
}
