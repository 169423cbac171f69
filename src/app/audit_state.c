// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/audit_checks.h"
#include "app/audit_prefix.h"
#include "app/audit_reader.h"
#include "app/audit_record.h"

#define RUN_KEY "\"run\":\""

/* A file while it is read. */
struct file {
	const char *name; /* borrowed; as in findings */
	struct audit_run *run; /* run of the last record; borrowed; or NULL */
	uint64_t truncated; /* line number of a truncated last line; 0: none */
	struct audit_run *truncated_run; /* run of the truncated line; borrowed; NULL: unknown */
};

int audit_state_init(struct audit_state *state)
{
	*state = (struct audit_state){ 0 };
	return audit_fast_new(&state->fast);
}

void audit_state_free(struct audit_state *state)
{
	audit_runs_free(&state->runs);
	json_tree_free(&state->tree);
	audit_fast_free(state->fast);
	audit_findings_free(&state->findings);
}

static void find_nuls(struct audit_state *state, const struct file *file,
		      const struct audit_line *line)
{
	if (line->nuls)
		audit_find(
			&state->findings, AUDIT_KIND_NULS, AUDIT_INCOMPLETE,
			"\"%s\", line %" PRIu64 ": %" PRIu64
			" NUL bytes come before it: a hole, as copytruncate or a crash leaves it",
			file->name, line->number, line->nuls);
}

static void find_bad(struct audit_state *state, const struct file *file, uint64_t number,
		     const char *what)
{
	audit_find(&state->findings, AUDIT_KIND_LINE, AUDIT_BROKEN, "\"%s\", line %" PRIu64 ": %s",
		   file->name, number, what);
}

/* Report a truncated line. A crashed writer explains it (by_crash) only when it is the last line of
 * its file or the next run starts after it.
 */
static void report_truncated(struct audit_state *state, struct file *file, bool by_crash)
{
	if (!file->truncated)
		return;
	if (by_crash && file->truncated_run)
		file->truncated_run->truncated++;
	if (by_crash)
		audit_find(&state->findings, AUDIT_KIND_TORN, AUDIT_INCOMPLETE,
			   "\"%s\", line %" PRIu64
			   ": it is truncated, as after a crash or on a full disk",
			   file->name, file->truncated);
	else
		find_bad(state, file, file->truncated, "it is not JSON: it is truncated");
	file->truncated = 0;
}

/* Find the run that a truncated line names; without a name it is the run of the record before. */
static int find_truncated_run(struct audit_state *state, struct file *file, const char *text,
			      size_t len)
{
	const char *key = memmem(text, len, RUN_KEY, strlen(RUN_KEY));
	const char *digits = key ? key + strlen(RUN_KEY) : NULL;
	uint64_t id;

	file->truncated_run = file->run;
	if (!digits || text + len - digits < RECORD_RUN_DIGITS ||
	    !audit_is_run(digits, RECORD_RUN_DIGITS, &id))
		return 0;
	return audit_runs_get(&state->runs, id, &file->truncated_run);
}

static int take_record(struct audit_state *state, struct file *file,
		       const struct audit_record *record)
{
	int err;

	report_truncated(state, file, record->type == RECORD_START);
	err = audit_runs_get(&state->runs, record->run, &file->run);
	if (err)
		return err;
	state->records++;
	return audit_run_take(file->run, record, state->files);
}

/* Remove what a log put before a record. False: the line belongs to another program. */
static bool strip_prefix(struct audit_state *state, struct audit_line *line)
{
	size_t bytes = 0;

	if (line->text[0] == '{')
		return true;
	if (audit_prefix_find(line->text, line->len, &bytes) == AUDIT_PREFIX_OTHERS) {
		state->others++;
		return false;
	}
	line->text += bytes;
	line->len -= bytes;
	return true;
}

static int read_text_of_line(struct audit_state *state, struct file *file, struct audit_line *line)
{
	struct audit_record record;
	struct reason why; /* not cleared, for this is done for each line */
	int err;

	if (!strip_prefix(state, line))
		return 0;
	if (audit_fast_read(state->fast, line->text, line->len, &record))
		return take_record(state, file, &record);
	err = audit_record_json(&state->tree, line->text, line->len, &record, &why);
	if (!err)
		return take_record(state, file, &record);
	if (err != -ENODATA && err != -EBADMSG)
		return err;
	report_truncated(state, file, false);
	if (err == -EBADMSG || line->text[0] != '{') {
		find_bad(state, file, line->number, why.text);
		return 0;
	}
	file->truncated = line->number;
	return find_truncated_run(state, file, line->text, line->len);
}

static int take_line(struct audit_state *state, struct file *file, struct audit_line *line)
{
	find_nuls(state, file, line);
	if (line->form == AUDIT_LINE_LONG) {
		report_truncated(state, file, false);
		find_bad(state, file, line->number,
			 "it is longer than 65536 bytes, and was skipped");
		return 0;
	}
	/* After a crash a file may end with NUL bytes. */
	while (line->form == AUDIT_LINE_CUT && line->len && !line->text[line->len - 1])
		line->len--;
	if (!line->len || (line->len == 1 && line->text[0] == '\r'))
		return 0;
	return read_text_of_line(state, file, line);
}

static int read_lines(struct audit_state *state, struct file *file, struct audit_reader *reader)
{
	struct audit_line line;
	int n = audit_reader_next(reader, &line);

	while (n > 0) {
		int err = take_line(state, file, &line);

		if (err)
			return err;
		n = audit_reader_next(reader, &line);
	}
	report_truncated(state, file, true);
	return n;
}

const char *audit_state_reason(int err)
{
	switch (err) {
	case -EBADMSG:
		return "its compressed data is damaged";
	case -ENODATA:
		return "its compressed data is truncated";
	default:
		return strerror(-err);
	}
}

int audit_state_read(struct audit_state *state, const char *path)
{
	struct file file = { .name = strcmp(path, "-") == 0 ? "stdin" : path };
	struct audit_reader *reader = NULL;
	int err = audit_reader_open(&reader, path);

	state->files++;
	if (!err)
		err = read_lines(state, &file, reader);
	audit_reader_close(reader);
	if (!err)
		return 0;
	state->unread++;
	/* Damaged data contradicts what was written; a file that is short or unreadable does not.
	 */
	audit_find(&state->findings, AUDIT_KIND_FILE,
		   err == -EBADMSG ? AUDIT_BROKEN : AUDIT_INCOMPLETE, "cannot read \"%s\": %s",
		   file.name, audit_state_reason(err));
	return err;
}

enum audit_verdict audit_state_check(struct audit_state *state)
{
	enum audit_verdict worst;

	if (!state->records && state->unread < state->files)
		audit_find(&state->findings, AUDIT_KIND_EMPTY, AUDIT_INCOMPLETE,
			   "no record was found");
	if (state->others)
		audit_find(&state->findings, AUDIT_KIND_OTHERS, AUDIT_WHOLE,
			   "lines of other programs, ignored: %" PRIu64, state->others);
	worst = state->findings.worst;
	for (struct audit_run *run = state->runs.first; run; run = run->next) {
		audit_checks_run(run, state->unread > 0);
		if (run->findings.worst > worst)
			worst = run->findings.worst;
		if (run->findings.err)
			state->findings.err = run->findings.err;
	}
	return worst;
}
