// SPDX-License-Identifier: BSD-2-Clause
#include "app/options.h"

#include <errno.h>
#include <string.h>

#include "app/config.h"
#include "app/metrics_file.h"
#include "app/options_argv.h"
#include "app/options_table.h"
#include "base/array.h"
#include "base/text.h"

static bool is_given(const struct parser *p, const struct row *row)
{
	return p->given >> (row - options_rows) & 1;
}

static int take_defaults(struct parser *p)
{
	int err = 0;

	for (size_t i = 0; !err && i < options_n_rows; i++) {
		const struct row *row = &options_rows[i];

		if (row->def && !is_given(p, row))
			err = options_take(p, row, row->def);
	}
	return err;
}

/* What has no meaning is refused rather than ignored. */
static int finish_scopes(struct parser *p)
{
	for (size_t i = 0; i < options_n_rows; i++) {
		const struct row *row = &options_rows[i];

		if (is_given(p, row) && !options_applies(&p->o, row))
			return options_refuse_row(p, row, "does not apply to %s",
						  p->o.read ? "a capture file (--read)" :
							      "an interface");
	}
	return 0;
}

/* What comes from an interface can't be told to wait. */
static int finish_outputs(struct parser *p)
{
	for (unsigned int i = 0; !p->o.read && i < p->o.n_outputs; i++) {
		if (p->o.outputs[i].when_full == OUTPUT_BLOCK)
			return options_refuse_row(
				p, options_find("output"),
				"when_full=block of \"%.100s\" is for capture files: packets of an "
				"interface do not wait",
				p->o.outputs[i].name);
	}
	return 0;
}

/* Names that the reader of such files passes over, or that are no files of their own. */
static int finish_metrics(struct parser *p)
{
	static const char suffix[] = METRICS_FILE_SUFFIX;
	const struct row *row = options_find("metrics-file");
	const char *path = p->o.metrics_file;
	size_t len = path ? strlen(path) : 0;
	const char *base = path ? strrchr(path, '/') : NULL;

	if (!path)
		return 0;
	base = base ? base + 1 : path;
	if (len < sizeof(suffix) || strcmp(path + len - (sizeof(suffix) - 1), suffix) != 0 ||
	    *base == '.')
		return options_refuse_row(p, row,
					  OPTIONS_QUOTED " is not read by node_exporter: its name "
							 "must be NAME" METRICS_FILE_SUFFIX,
					  path);
	for (unsigned int i = 0; i < p->o.n_outputs; i++) {
		const char *target = p->o.outputs[i].target;

		if (target && !strcmp(target, path))
			return options_refuse_row(p, row,
						  OPTIONS_QUOTED
						  " is the target of --output too; each takes a "
						  "file of its own",
						  path);
	}
	return 0;
}

static int finish_ports(struct parser *p)
{
	if (!p->o.tunnel_port || p->o.decap)
		return 0;
	return options_refuse_row(p, options_find("tunnel-port"),
				  "without --decap no tunnel is looked into");
}

static int finish_function(struct parser *p, const char *named)
{
	if (p->all && named && strcmp(named, OPTIONS_FUNCTION_ALL) != 0)
		return options_refuse_row(p, options_find("all"),
					  "is the same as --function-name " OPTIONS_FUNCTION_ALL
					  ", but --function-name " OPTIONS_QUOTED " is given too",
					  named);
	if (p->all)
		p->o.function_name = OPTIONS_FUNCTION_ALL;
	return 0;
}

/* What can be said only when all options are known. */
static int finish(struct parser *p)
{
	const char *named = p->o.function_name; /* before the default takes its place */
	int err = take_defaults(p);

	if (err || p->o.action != OPTIONS_RUN)
		return err;
	err = finish_function(p, named);
	if (err)
		return err;
	if (p->o.flush)
		p->o.batch_ms = 0;
	if (p->o.read && p->o.n_interfaces)
		return options_refuse_row(p, options_find("read"),
					  "there is --interface too; one of them is enough");
	err = finish_scopes(p);
	if (!err)
		err = finish_ports(p);
	if (!err)
		err = finish_outputs(p);
	return err ? err : finish_metrics(p);
}

/* Of two options that say the same or exclude each other, the one on the command line wins over the
 * other in the file, too.
 */
static void forget_rivals(struct parser *file, const struct parser *argv)
{
	static const char *const rivals[][2] = {
		{ "interface", "read" },    { "read", "interface" }, { "all", "function-name" },
		{ "function-name", "all" }, { "quiet", "verbose" },  { "verbose", "quiet" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rivals); i++) {
		if (is_given(argv, options_find(rivals[i][0])))
			options_forget(file, options_find(rivals[i][1]));
	}
}

/* argv over the file that it names: what argv gives is forgotten of the file, and taken once more.
 */
static int take_config(struct parser *argv_only, int argc, char *const argv[])
{
	struct parser p = { .why = argv_only->why };
	int err;

	p.file = argv_only->o.config;
	err = config_read(&p);
	for (size_t i = 0; !err && i < options_n_rows; i++) {
		if (is_given(argv_only, &options_rows[i]))
			options_forget(&p, &options_rows[i]);
	}
	if (!err) {
		forget_rivals(&p, argv_only);
		err = options_take_argv(&p, argc, argv);
	}
	options_free(&argv_only->o);
	*argv_only = p;
	return err;
}

int options_parse(struct options *ret, int argc, char *const argv[], struct reason *why)
{
	struct parser p = { .why = why };
	int r;

	reason_clear(why);
	r = options_take_argv(&p, argc, argv);
	if (!r && p.o.config && p.o.action == OPTIONS_RUN)
		r = take_config(&p, argc, argv);
	if (!r)
		r = finish(&p);
	if (!r && p.o.action == OPTIONS_RUN && !p.o.read && !p.o.n_interfaces)
		r = options_refuse(&p,
				   "no interface is named: use -i IF (-D lists them), or -r FILE");
	if (!r)
		*ret = p.o;
	else
		options_free(&p.o);
	if (r)
		text_mask(why->text, strlen(why->text)); /* argv and the file are from outside */
	return r;
}

int options_check_config(const char *path, struct reason *why)
{
	struct parser p = { .why = why, .file = path };
	int r;

	reason_clear(why);
	r = config_read(&p);
	if (!r)
		r = finish(&p);
	options_free(&p.o);
	if (r)
		text_mask(why->text, strlen(why->text)); /* argv and the file are from outside */
	return r;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_interfaces(const struct options *a, const struct options *b)
{
	if (a->n_interfaces != b->n_interfaces)
		return false;
	for (unsigned int i = 0; i < a->n_interfaces; i++) {
		if (!same_text(a->interfaces[i], b->interfaces[i]))
			return false;
	}
	return true;
}

static bool same(const struct parser *a, const struct parser *b, const struct row *row)
{
	const void *a_field = (const char *)a + row->field;
	const void *b_field = (const char *)b + row->field;

	if (row->type == ROW_OUTPUT) /* whoever runs has them, and compares them himself */
		return true;
	if (row->type == ROW_INTERFACE)
		return same_interfaces(&a->o, &b->o);
	if (row->type == ROW_STRING || row->type == ROW_PORTS)
		return same_text(*(const char *const *)a_field, *(const char *const *)b_field);
	return !memcmp(a_field, b_field, row->size);
}

void options_compare(const struct options *a, const struct options *b,
		     void (*fn)(void *arg, const char *name, bool live), void *arg)
{
	const struct parser pa = { .o = *a }, pb = { .o = *b };

	for (size_t i = 0; i < options_n_rows; i++) {
		const struct row *row = &options_rows[i];

		if (options_is_key(row) && !same(&pa, &pb, row))
			fn(arg, row->name, row->live);
	}
}

void options_free_outputs(struct options *o)
{
	while (o->n_outputs)
		output_spec_free(&o->outputs[--o->n_outputs]);
}

void options_free(struct options *o)
{
	options_free_outputs(o);
	json_tree_free(&o->config_tree);
}
