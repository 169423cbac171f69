/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/audit.h"
#include "audit_stream.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT_BYTES    4096

static const struct {
	const char *name;
	const char *argv[4];
	int want;
	const char *want_out; /* part of it */
	const char *want_err;
} commands[] = {
	{ "help", { "audit", "--help" }, AUDIT_WHOLE, "Usage: xdptail audit", "" },
	{ "unknown option",
	  { "audit", "--jason" },
	  AUDIT_BROKEN,
	  "",
	  "unknown option \"--jason\"" },
	{ "unknown letter", { "audit", "-xh" }, AUDIT_BROKEN, "", "unknown option \"-xh\"" },
	{ "no such file",
	  { "audit", "/nonexistent" },
	  AUDIT_INCOMPLETE,
	  "0 runs, 0 records in 1 file: no verdict",
	  "cannot read \"/nonexistent\": No such file" },
	{ "a file named as an option",
	  { "audit", "--", "--json" },
	  AUDIT_INCOMPLETE,
	  "0 records",
	  "cannot read \"--json\"" },
	{ "stdin", { "audit" }, AUDIT_INCOMPLETE, "1 run, 64 records in 1 file", "" },
	{ "stdin by name", { "audit", "-" }, AUDIT_INCOMPLETE, "1 run, 64 records", "" },
	{ "nothing",
	  { "audit", "--json", "/dev/null" },
	  AUDIT_INCOMPLETE,
	  "{\"verdict\":\"incomplete\",\"exit\":1,\"files\":1,\"records\":0",
	  "" },
};

/* Put another file in the place of a standard one; returns what was there. */
static int replace_fd(int fd, int with)
{
	int was = dup(fd);

	cr_assert_geq(was, 0);
	cr_assert_eq(dup2(with, fd), fd);
	return was;
}

static void restore_fd(int fd, int was)
{
	cr_assert_eq(dup2(was, fd), fd);
	close(was);
}

static void take(int fd, char ret[TEXT_BYTES])
{
	ssize_t len = pread(fd, ret, TEXT_BYTES - 1, 0);

	cr_assert_geq(len, 0);
	ret[len] = '\0';
	close(fd);
}

static int run(char *const *argv, const char *input, char out[TEXT_BYTES], char err[TEXT_BYTES])
{
	int files[3] = { stream_file(input, strlen(input)), stream_file("", 0),
			 stream_file("", 0) };
	int was[3];
	int argc = 0;
	int code;

	cr_assert_eq(lseek(files[0], 0, SEEK_SET), 0);
	while (argv[argc])
		argc++;
	(void)fflush(stdout);
	for (int fd = 0; fd < 3; fd++)
		was[fd] = replace_fd(fd, files[fd]);
	code = audit_main(argc, argv);
	for (int fd = 0; fd < 3; fd++)
		restore_fd(fd, was[fd]);
	close(files[0]);
	take(files[1], out);
	take(files[2], err);
	return code;
}

/* The input of all of them is a run in which samples were lost. */
Test(audit_command, commands)
{
	struct stream s;
	char *input;

	stream_make(&s, STREAM_RUN, 0);
	input = stream_text(&s, 0, s.n);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		char out[TEXT_BYTES];
		char err[TEXT_BYTES];
		int got = run((char *const *)(uintptr_t)commands[i].argv, input, out, err);

		cr_expect_eq(got, commands[i].want, "%s: got %d, want %d", commands[i].name, got,
			     commands[i].want);
		cr_expect(strstr(out, commands[i].want_out), "%s: got %s, want %s",
			  commands[i].name, out, commands[i].want_out);
		cr_expect(strstr(err, commands[i].want_err) &&
				  (err[0] == '\0') == !commands[i].want_err[0],
			  "%s: got %s, want %s", commands[i].name, err, commands[i].want_err);
	}
	free(input);
	stream_free(&s);
}
