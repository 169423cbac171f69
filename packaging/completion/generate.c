// SPDX-License-Identifier: BSD-2-Clause
/* generate < TEMPLATE > COMPLETION
 *
 * Completion for bash or zsh, of the table that makes --help and the parser. A line of the template
 * that is @NAME@, indented or not, stands for what is made here; the others are copied.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/options_table.h"
#include "output/setting.h"
#include "output/spec.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static bool is_file(const struct row *row)
{
	return row->metavar && !strcmp(row->metavar, "FILE");
}

/* Programs of the embedded object: they are no choice, since others may be in an object of the
 * user's.
 */
static bool is_function(const struct row *row)
{
	return !strcmp(row->name, "function-name");
}

static void put_choices(const struct row *row)
{
	for (const struct choice *c = row->choices; c->name; c++)
		printf("%s%s", c == row->choices ? "" : " ", c->name);
}

/* --- bash --- */

static void put_bash_options(void)
{
	fputs("\tlocal options='", stdout);
	for (size_t i = 0; i < options_n_rows; i++) {
		const struct row *row = &options_rows[i];

		if (row->letter)
			printf("-%c ", row->letter);
		printf("--%s%s", row->name, i + 1 < options_n_rows ? " " : "'\n");
	}
}

/* What completes the value of a row; nothing for a number, and then nothing is offered. */
static void put_bash_action(const struct row *row)
{
	if (row->type == ROW_INTERFACE)
		fputs("_xdptail_interfaces", stdout);
	else if (row->type == ROW_OUTPUT)
		fputs("_xdptail_output", stdout);
	else if (is_file(row))
		fputs("_filedir", stdout);
	else if (is_function(row))
		printf("_xdptail_words '%s %s'", row->def, OPTIONS_FUNCTION_ALL);
	else if (row->choices) {
		fputs("_xdptail_words '", stdout);
		put_choices(row);
		putchar('\'');
	} else
		putchar(':');
}

static void put_bash_values(void)
{
	for (size_t i = 0; i < options_n_rows; i++) {
		const struct row *row = &options_rows[i];

		if (!row->metavar)
			continue;
		putchar('\t');
		if (row->letter)
			printf("-%c | ", row->letter);
		printf("--%s) ", row->name);
		put_bash_action(row);
		fputs(" ;;\n", stdout);
	}
}

/* --- both: outputs --- */

static void put_kinds(void)
{
	const struct output_kind *kind;

	fputs("\tlocal kinds='", stdout);
	for (size_t i = 0; (kind = output_spec_kind(i)) != NULL; i++) {
		if (!kind->target || kind->default_target)
			printf("%s ", kind->name);
		if (kind->target)
			printf("%s: ", kind->name);
	}
	fputs("'\n", stdout);
}

static void put_setting_names(const struct setting *table, bool first)
{
	for (; table && table->name; table++, first = false)
		printf("%s%s=", first ? "" : " ", table->name);
}

static void put_kind_settings(void)
{
	const struct output_kind *kind;

	for (size_t i = 0; (kind = output_spec_kind(i)) != NULL; i++) {
		printf("\t%s) settings='", kind->name);
		put_setting_names(output_spec_settings(), true);
		put_setting_names(kind->settings, false);
		fputs("' ;;\n", stdout);
	}
}

static void put_setting_choices(const struct setting *table, const char *kind)
{
	for (; table && table->name; table++) {
		if (!table->choices)
			continue;
		printf("\t%s:%s) values='", kind, table->name);
		for (const struct setting_choice *c = table->choices; c->name; c++)
			printf("%s%s", c == table->choices ? "" : " ", c->name);
		fputs("' ;;\n", stdout);
	}
}

static void put_choices_of_settings(void)
{
	const struct output_kind *kind;

	put_setting_choices(output_spec_settings(), "*");
	for (size_t i = 0; (kind = output_spec_kind(i)) != NULL; i++)
		put_setting_choices(kind->settings, kind->name);
}

/* --- zsh --- */

/* Help, as it may stand in brackets, between single quotes. */
static void put_zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void put_zsh_action(const struct row *row)
{
	printf(":%s:", row->type == ROW_OUTPUT ? "output" : row->name);
	if (row->type == ROW_INTERFACE)
		fputs("_xdptail_interfaces", stdout);
	else if (row->type == ROW_OUTPUT)
		fputs("_xdptail_output", stdout);
	else if (is_file(row))
		fputs("_files", stdout);
	else if (is_function(row))
		printf("(%s %s)", row->def, OPTIONS_FUNCTION_ALL);
	else if (row->choices) {
		putchar('(');
		put_choices(row);
		putchar(')');
	}
}

static void put_zsh_spec(const struct row *row, bool is_last)
{
	const bool repeats = row->type == ROW_STEP || strstr(row->help, "may be repeated");

	fputs("\t\t", stdout);
	if (repeats)
		fputs("'*'", stdout);
	else if (row->letter)
		printf("'(-%c --%s)'", row->letter, row->name);
	if (row->letter)
		printf("{-%c,--%s%s}", row->letter, row->name, row->metavar ? "=" : "");
	else
		printf("--%s%s", row->name, row->metavar ? "=" : "");
	fputs("'[", stdout);
	put_zsh_text(row->help);
	putchar(']');
	if (row->metavar)
		put_zsh_action(row);
	printf("'%s\n", is_last ? "" : " \\");
}

static void put_zsh_specs(void)
{
	for (size_t i = 0; i < options_n_rows; i++)
		put_zsh_spec(&options_rows[i], i + 1 == options_n_rows);
}

static const struct {
	const char *name;
	void (*put)(void);
} parts[] = {
	{ "@BASH_OPTIONS@", put_bash_options },
	{ "@BASH_VALUES@", put_bash_values },
	{ "@KINDS@", put_kinds },
	{ "@SETTINGS@", put_kind_settings },
	{ "@VALUES@", put_choices_of_settings },
	{ "@ZSH_SPECS@", put_zsh_specs },
};

static bool put_part(const char *line)
{
	const size_t blank = strspn(line, " \t");
	const size_t len = strcspn(line + blank, "\n");

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (strlen(parts[i].name) == len && !memcmp(parts[i].name, line + blank, len)) {
			parts[i].put();
			return true;
		}
	}
	return false;
}

int main(void)
{
	char line[512];

	while (fgets(line, sizeof(line), stdin)) {
		if (!put_part(line))
			fputs(line, stdout);
	}
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
