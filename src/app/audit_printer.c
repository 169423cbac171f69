// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_printer.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "app/answer.h"
#include "base/array.h"
#include "base/text.h"
#include "record/record.h"

static const char *const verdict_texts[] = {
	[AUDIT_WHOLE] = "whole",
	[AUDIT_INCOMPLETE] = "incomplete, consistent",
	[AUDIT_BROKEN] = "does not add up",
};
_Static_assert(sizeof(verdict_texts) / sizeof(verdict_texts[0]) == AUDIT_VERDICT_MAX,
	       "a text each");

static const char *const verdict_names[] = {
	[AUDIT_WHOLE] = "whole",
	[AUDIT_INCOMPLETE] = "incomplete",
	[AUDIT_BROKEN] = "broken",
};
_Static_assert(ARRAY_SIZE(verdict_names) == AUDIT_VERDICT_MAX, "a name each");

static enum audit_verdict worst_of(const struct audit_state *state)
{
	enum audit_verdict worst = state->findings.worst;

	for (const struct audit_run *run = state->runs.first; run; run = run->next) {
		if (run->findings.worst > worst)
			worst = run->findings.worst;
	}
	return worst;
}

/* The verdict on all files. There is none when no record could be read. */
static const char *verdict_text_all(const struct audit_state *state)
{
	if (state->unread && !state->records && worst_of(state) < AUDIT_BROKEN)
		return "no verdict, because nothing could be read";
	return verdict_texts[worst_of(state)];
}

static const char *verdict_text_run(const struct audit_run *run)
{
	if (run->exit && run->findings.worst == AUDIT_INCOMPLETE)
		return "the run failed, but its records are consistent";
	return verdict_texts[run->findings.worst];
}

static uint64_t records(const struct audit_run *run, enum record_type type)
{
	return run->numbers[type].seen.numbers;
}

static uint64_t snapshots(const struct audit_run *run)
{
	return records(run, RECORD_SNAPSHOT) - (run->total_seq[RECORD_SNAPSHOT] != 0);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_findings(const struct audit_findings *f, FILE *out)
{
	for (size_t i = 0; i < f->n; i++)
		(void)fprintf(out, "  %s\n", f->list[i].text);
	for (int kind = 0; kind < AUDIT_KIND_MAX; kind++) {
		uint64_t more = audit_findings_more(f, kind);

		if (more)
			(void)fprintf(out, "  and %" PRIu64 " more of the kind \"%s\"\n", more,
				      audit_kind_name(kind));
	}
}

/* The host name comes from the stream, so control characters are replaced. */
static void print_name(const char *name, FILE *out)
{
	char masked[AUDIT_NAME_BYTES];

	(void)snprintf(masked, sizeof(masked), "%s", name); /* a record keeps no longer one */
	text_mask(masked, strlen(masked));
	(void)fputs(masked, out);
}

static void print_run(const struct audit_run *run, FILE *out)
{
	(void)fprintf(out, "run %016" PRIx64, run->id);
	if (run->hostname) {
		(void)fputs(" on host ", out);
		print_name(run->hostname, out);
	}
	(void)fprintf(out, ": %" PRIu64 " packet record%s, %" PRIu64 " snapshot%s, %s\n",
		      records(run, RECORD_PACKET), plural(records(run, RECORD_PACKET)),
		      snapshots(run), plural(snapshots(run)), verdict_text_run(run));
	print_findings(&run->findings, out);
}

static int flush(FILE *out)
{
	return fflush(out) || ferror(out) ? -EIO : 0;
}

int audit_printer_text(const struct audit_state *state, FILE *out)
{
	for (const struct audit_run *run = state->runs.first; run; run = run->next)
		print_run(run, out);
	(void)fprintf(out, "%zu run%s, %" PRIu64 " record%s in %" PRIu64 " file%s: %s\n",
		      state->runs.n, plural(state->runs.n), state->records, plural(state->records),
		      state->files, plural(state->files), verdict_text_all(state));
	print_findings(&state->findings, out);
	return flush(out);
}

/* A JSON object under construction. An error is kept until the object is printed. */
struct answer_members {
	struct json_object *obj; /* owned */
	int err;
};

static void begin_object(struct answer_members *o)
{
	o->obj = json_object_new_object();
	o->err = o->obj ? 0 : -ENOMEM;
}

/* Add value, and take ownership of it. A value of NULL means that its allocation failed. */
static void add_member(struct answer_members *o, const char *key, struct json_object *value)
{
	if (answer_add(o->obj, key, value))
		o->err = -ENOMEM;
}

static void add_u64(struct answer_members *o, const char *key, uint64_t value)
{
	add_member(o, key, json_object_new_uint64(value));
}

static void add_text(struct answer_members *o, const char *key, const char *text)
{
	add_member(o, key, json_object_new_string(text));
}

static void add_verdict(struct answer_members *o, enum audit_verdict verdict)
{
	add_text(o, "verdict", verdict_names[verdict]);
	add_u64(o, "exit", verdict);
}

/* Append o to list, and take ownership of it. */
static int append(struct json_object *list, struct answer_members *o)
{
	int err = answer_append(list, o->obj);

	return err ? err : o->err;
}

static void add_findings(struct answer_members *to, const struct audit_findings *f)
{
	struct json_object *list = json_object_new_array();
	struct answer_members more;

	for (size_t i = 0; i < f->n; i++) {
		struct answer_members o;

		begin_object(&o);
		add_text(&o, "kind", audit_kind_name(f->list[i].kind));
		add_verdict(&o, f->list[i].verdict);
		add_text(&o, "text", f->list[i].text);
		if (append(list, &o))
			to->err = -ENOMEM;
	}
	add_member(to, "findings", list);
	begin_object(&more);
	for (int kind = 0; kind < AUDIT_KIND_MAX; kind++) {
		if (audit_findings_more(f, kind))
			add_u64(&more, audit_kind_name(kind), audit_findings_more(f, kind));
	}
	if (more.err)
		to->err = more.err;
	add_member(to, "more", more.obj);
}

/* Print o on a line, and free it. */
static int print_members(struct answer_members *o, FILE *out)
{
	int err = o->err ? o->err : answer_print(o->obj, false, out);

	if (!err && fputc('\n', out) == EOF)
		err = -EIO;
	json_object_put(o->obj);
	return err;
}

static int print_run_json(const struct audit_run *run, FILE *out)
{
	struct answer_members types;
	struct answer_members o;
	char id[RECORD_RUN_DIGITS + 1];

	begin_object(&o);
	begin_object(&types);
	(void)snprintf(id, sizeof(id), "%016" PRIx64, run->id);
	add_text(&o, "run", id);
	if (run->hostname)
		add_text(&o, "hostname", run->hostname);
	add_verdict(&o, run->findings.worst);
	for (int type = 0; type < RECORD_TYPE_MAX; type++)
		add_u64(&types, record_type_name(type), records(run, type));
	if (types.err)
		o.err = types.err;
	add_member(&o, "records", types.obj);
	add_findings(&o, &run->findings);
	return print_members(&o, out);
}

static int print_all(const struct audit_state *state, FILE *out)
{
	struct answer_members o;
	int err = 0;

	for (const struct audit_run *run = state->runs.first; !err && run; run = run->next)
		err = print_run_json(run, out);
	if (err)
		return err;
	begin_object(&o);
	add_verdict(&o, worst_of(state));
	add_u64(&o, "files", state->files);
	add_u64(&o, "records", state->records);
	add_u64(&o, "runs", state->runs.n);
	add_findings(&o, &state->findings);
	return print_members(&o, out);
}

/* The answer is built in memory and printed at once, because a truncated answer would look like a
 * complete one about fewer runs.
 */
int audit_printer_json(const struct audit_state *state, FILE *out)
{
	char *text = NULL;
	size_t len = 0;
	FILE *whole = open_memstream(&text, &len);
	int err = whole ? print_all(state, whole) : -errno;

	if (whole && !err)
		err = flush(whole);
	if (whole && fclose(whole) && !err)
		err = -ENOMEM;
	if (!err && fwrite(text, 1, len, out) != len)
		err = -EIO;
	free(text);
	return err ? err : flush(out);
}
