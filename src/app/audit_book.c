// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_book.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/audit_laws.h"
#include "app/audit_prefix.h"
#include "app/audit_reader.h"
#include "app/audit_record.h"

#define ERR_BYTES 160
#define RUN_KEY	  "\"run\":\""

/* A file while it is read. */
struct file {
	const char *name; /* borrowed; as in findings */
	struct audit_run *run; /* of the last record; borrowed; or NULL */
	uint64_t stump; /* number of the last line, when it ends too early; else 0 */
	struct audit_run *stump_run; /* that it belongs to; borrowed; or NULL: not known */
};

int audit_book_init(struct audit_book *book)
{
	*book = (struct audit_book){ .tok = json_tokener_new() };
	return book->tok ? audit_fast_new(&book->fast) : -ENOMEM;
}

void audit_book_free(struct audit_book *book)
{
	audit_runs_free(&book->runs);
	if (book->tok)
		json_tokener_free(book->tok);
	audit_fast_free(book->fast);
	audit_findings_free(&book->findings);
}

static void find_nuls(struct audit_book *book, const struct file *file,
		      const struct audit_line *line)
{
	if (line->nuls)
		audit_find(
			&book->findings, AUDIT_KIND_NULS, AUDIT_INCOMPLETE,
			"\"%s\", line %" PRIu64 ": %" PRIu64
			" NUL bytes come before it: a hole, as copytruncate or a crash leaves it",
			file->name, line->number, line->nuls);
}

static void find_bad(struct audit_book *book, const struct file *file, uint64_t number,
		     const char *what)
{
	audit_find(&book->findings, AUDIT_KIND_LINE, AUDIT_BROKEN, "\"%s\", line %" PRIu64 ": %s",
		   file->name, number, what);
}

/* Was the last line cut off by the end of its writer? Then it is the last of the file, or the next
 * run begins behind it.
 */
static void settle_stump(struct audit_book *book, struct file *file, bool torn)
{
	if (!file->stump)
		return;
	if (torn && file->stump_run)
		file->stump_run->torn++;
	if (torn)
		audit_find(&book->findings, AUDIT_KIND_TORN, AUDIT_INCOMPLETE,
			   "\"%s\", line %" PRIu64
			   ": it is torn, as a crash or a full disk leaves it",
			   file->name, file->stump);
	else
		find_bad(book, file, file->stump, "it is not JSON, it ends too early");
	file->stump = 0;
}

/* The run that a line names which is not whole. */
static int find_stump_run(struct audit_book *book, struct file *file, const char *text, size_t len)
{
	const char *key = memmem(text, len, RUN_KEY, strlen(RUN_KEY));
	const char *digits = key ? key + strlen(RUN_KEY) : NULL;
	uint64_t id;

	file->stump_run = file->run;
	if (!digits || text + len - digits < LINE_RUN_DIGITS ||
	    !audit_is_run(digits, LINE_RUN_DIGITS, &id))
		return 0;
	return audit_runs_get(&book->runs, id, &file->stump_run);
}

static int take_record(struct audit_book *book, struct file *file,
		       const struct audit_record *record)
{
	int err;

	settle_stump(book, file, record->type == LINE_START);
	err = audit_runs_get(&book->runs, record->run, &file->run);
	if (err)
		return err;
	book->records++;
	return audit_run_take(file->run, record, book->files);
}

/* Is there a line of ours in this one? Then what comes before it is taken off. */
static bool strip(struct audit_book *book, struct audit_line *line)
{
	size_t bytes = 0;

	if (line->text[0] == '{')
		return true;
	if (audit_prefix_find(line->text, line->len, &bytes) == AUDIT_PREFIX_OTHERS) {
		book->others++;
		return false;
	}
	line->text += bytes;
	line->len -= bytes;
	return true;
}

static int take_text(struct audit_book *book, struct file *file, struct audit_line *line)
{
	struct audit_record record;
	char err_text[ERR_BYTES];
	int err;

	if (!strip(book, line))
		return 0;
	if (audit_fast_read(book->fast, line->text, line->len, &record))
		return take_record(book, file, &record);
	err = audit_record_json(book->tok, line->text, line->len, &record, err_text,
				sizeof(err_text));
	if (!err)
		return take_record(book, file, &record);
	if (err != -ENODATA && err != -EBADMSG)
		return err;
	settle_stump(book, file, false);
	if (err == -EBADMSG || line->text[0] != '{') {
		find_bad(book, file, line->number, err_text);
		return 0;
	}
	file->stump = line->number;
	return find_stump_run(book, file, line->text, line->len);
}

static int take_line(struct audit_book *book, struct file *file, struct audit_line *line)
{
	find_nuls(book, file, line);
	if (line->form == AUDIT_LINE_LONG) {
		settle_stump(book, file, false);
		find_bad(book, file, line->number,
			 "it is longer than 65536 bytes, and was skipped");
		return 0;
	}
	/* a file that a crash has filled up with zeros */
	while (line->form == AUDIT_LINE_CUT && line->len && !line->text[line->len - 1])
		line->len--;
	if (!line->len || (line->len == 1 && line->text[0] == '\r'))
		return 0;
	return take_text(book, file, line);
}

static int read_lines(struct audit_book *book, struct file *file, struct audit_reader *reader)
{
	struct audit_line line;
	int n = audit_reader_next(reader, &line);

	while (n > 0) {
		int err = take_line(book, file, &line);

		if (err)
			return err;
		n = audit_reader_next(reader, &line);
	}
	settle_stump(book, file, true);
	return n;
}

const char *audit_book_reason(int err)
{
	switch (err) {
	case -EBADMSG:
		return "its compressed data is damaged";
	case -ENODATA:
		return "its compressed data ends too early";
	default:
		return strerror(-err);
	}
}

int audit_book_read(struct audit_book *book, const char *path)
{
	struct file file = { .name = strcmp(path, "-") == 0 ? "stdin" : path };
	struct audit_reader *reader = NULL;
	int err = audit_reader_open(&reader, path);

	book->files++;
	if (!err)
		err = read_lines(book, &file, reader);
	audit_reader_close(reader);
	if (!err)
		return 0;
	book->unread++;
	/* only what was damaged says something else than was written */
	audit_find(&book->findings, AUDIT_KIND_FILE,
		   err == -EBADMSG ? AUDIT_BROKEN : AUDIT_INCOMPLETE, "cannot read \"%s\": %s",
		   file.name, audit_book_reason(err));
	return err;
}

enum audit_verdict audit_book_judge(struct audit_book *book)
{
	enum audit_verdict worst;

	if (!book->records && book->unread < book->files)
		audit_find(&book->findings, AUDIT_KIND_EMPTY, AUDIT_INCOMPLETE,
			   "there is no record in what was read");
	if (book->others)
		audit_find(&book->findings, AUDIT_KIND_OTHERS, AUDIT_WHOLE,
			   "lines of other programs, which were passed over: %" PRIu64,
			   book->others);
	worst = book->findings.worst;
	for (struct audit_run *run = book->runs.first; run; run = run->next) {
		audit_laws_judge(run, book->unread > 0);
		if (run->findings.worst > worst)
			worst = run->findings.worst;
		if (run->findings.err)
			book->findings.err = run->findings.err;
	}
	return worst;
}
