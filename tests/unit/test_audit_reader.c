/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "app/audit_reader.h"
#include "audit_stream.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* What a file is made of: so many of one byte. */
struct part {
	size_t n;
	char byte;
};

struct want {
	size_t len;
	uint64_t nuls;
	enum audit_line_form form;
};

static const struct {
	const char *name;
	struct part parts[8];
	struct want want[6];
	size_t n;
} cases[] = {
	{ "nothing", { { 0 } }, { { 0 } }, 0 },
	{ "one line", { { 5, 'a' }, { 1, '\n' } }, { { 5, 0, AUDIT_LINE_WHOLE } }, 1 },
	{ "no newline", { { 5, 'a' } }, { { 5, 0, AUDIT_LINE_CUT } }, 1 },
	{ "empty lines", { { 2, '\n' } }, { { 0 }, { 0 } }, 2 },
	{ "longest line",
	  { { AUDIT_LINE_BYTES, 'a' }, { 1, '\n' }, { 1, 'b' }, { 1, '\n' } },
	  { { AUDIT_LINE_BYTES, 0, AUDIT_LINE_WHOLE }, { 1, 0, AUDIT_LINE_WHOLE } },
	  2 },
	{ "too long by one",
	  { { AUDIT_LINE_BYTES + 1, 'a' }, { 1, '\n' }, { 1, 'b' }, { 1, '\n' } },
	  { { 0, 0, AUDIT_LINE_LONG }, { 1, 0, AUDIT_LINE_WHOLE } },
	  2 },
	{ "megabytes long",
	  { { 3000000, 'a' }, { 1, '\n' }, { 1, 'b' }, { 1, '\n' } },
	  { { 0, 0, AUDIT_LINE_LONG }, { 1, 0, AUDIT_LINE_WHOLE } },
	  2 },
	{ "long, without newline", { { 3000000, 'a' } }, { { 0, 0, AUDIT_LINE_LONG } }, 1 },
	{ "hole before a line",
	  { { 3000000, '\0' }, { 4, 'a' }, { 1, '\n' } },
	  { { 4, 3000000, AUDIT_LINE_WHOLE } },
	  1 },
	{ "hole at the end",
	  { { 4, 'a' }, { 1, '\n' }, { 3000000, '\0' } },
	  { { 4, 0, AUDIT_LINE_WHOLE }, { 0, 3000000, AUDIT_LINE_CUT } },
	  2 },
	{ "NUL inside of a line",
	  { { 4, 'a' }, { 2, '\0' }, { 4, 'a' }, { 1, '\n' } },
	  { { 10, 0, AUDIT_LINE_WHOLE } },
	  1 },
	{ "long line of a and NUL",
	  { { 70000, 'a' }, { 600000, '\0' }, { 1, '\n' }, { 1, 'b' }, { 1, '\n' } },
	  { { 0, 0, AUDIT_LINE_LONG }, { 1, 0, AUDIT_LINE_WHOLE } },
	  2 },
	{ "over the end of the buffer",
	  { { 65000, 'a' },
	    { 1, '\n' },
	    { 460000, '\0' },
	    { 30000, 'b' },
	    { 1, '\n' },
	    { 1, 'c' } },
	  { { 65000, 0, AUDIT_LINE_WHOLE },
	    { 30000, 460000, AUDIT_LINE_WHOLE },
	    { 1, 0, AUDIT_LINE_CUT } },
	  3 },
};

static void read_case(const char *name, const char *path, const struct want *want, size_t n)
{
	struct audit_reader *reader = NULL;
	struct audit_line line;
	size_t i = 0;
	int got;

	cr_assert_eq(audit_reader_open(&reader, path), 0, "%s", name);
	for (got = audit_reader_next(reader, &line); got > 0 && i < n; i++) {
		cr_expect(line.len == want[i].len && line.nuls == want[i].nuls &&
				  line.form == want[i].form && line.number == i + 1,
			  "%s, line %zu: got %" PRIu64 ", %zu bytes, %" PRIu64
			  " NULs, form %d, want %zu, %" PRIu64 ", %d",
			  name, i + 1, line.number, line.len, line.nuls, line.form, want[i].len,
			  want[i].nuls, want[i].form);
		got = audit_reader_next(reader, &line);
	}
	cr_expect_eq(got, 0, "%s: after %zu lines got %d, want 0", name, i, got);
	cr_expect_eq(i, n, "%s: got %zu lines, want %zu", name, i, n);
	audit_reader_close(reader);
}

Test(audit_reader, lines)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = stream_file("", 0);
		char path[64];

		for (const struct part *part = cases[i].parts; part->n; part++) {
			char *text = malloc(part->n);

			cr_assert_not_null(text);
			memset(text, part->byte, part->n);
			cr_assert_eq(write(fd, text, part->n), (ssize_t)part->n);
			free(text);
		}
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		read_case(cases[i].name, path, cases[i].want, cases[i].n);
		close(fd);
	}
}

Test(audit_reader, no_such_file)
{
	struct audit_reader *reader = NULL;

	cr_expect_eq(audit_reader_open(&reader, "/nonexistent/file"), -ENOENT);
	cr_expect_null(reader);
}
