// SPDX-License-Identifier: BSD-2-Clause
#include "lib/verifier_log.h"

#include <stdbool.h>
#include <string.h>

#include "base/array.h"

/* The beginnings of lines that describe the walk, and not why it ended. */
static const char *const remarks[] = {
	"processed ",
	"verification time ",
	"stack depth ",
	"func#",
	"last_idx ",
	"propagating r",
	"regs=",
	"mark_precise",
	"parent didn",
	"parent already",
	"from ",
	"; ",
	"arg#",
	"Validating ",
	"caller:",
	"callee:",
	"returning from ",
	"to caller at",
	"frame",
	"live regs",
	"max_states",
};

static bool is_remark(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(remarks); i++) {
		if (!strncmp(line, remarks[i], strlen(remarks[i])))
			return true;
	}
	return false;
}

/* "12: (71) r2 = *(u8 *)(r1 +0)", or "12: R1_w=0", which newer kernels write on one line */
static bool is_instruction(const char *line)
{
	const size_t digits = strspn(line, "0123456789");

	return digits && line[digits] == ':';
}

/* "R1=ctx(id=0,off=0)", "R1_w=0", but not "R1 offset is outside of the packet"; "fp-8=mmmm" */
static bool is_registers(const char *line)
{
	size_t digits;

	if (!strncmp(line, "fp-", 3))
		return true;
	if (*line != 'R')
		return false;
	digits = strspn(line + 1, "0123456789");
	return digits && (line[1 + digits] == '=' || line[1 + digits] == '_');
}

static bool is_verdict(const char *line)
{
	return *line != '\n' && *line && !is_remark(line) && !is_instruction(line) &&
	       !is_registers(line);
}

static void copy_line(char ret[VERIFIER_LINE_BYTES], const char *line)
{
	size_t len = strcspn(line, "\n");

	if (len >= VERIFIER_LINE_BYTES)
		len = VERIFIER_LINE_BYTES - 1;
	while (len && line[len - 1] == ' ')
		len--;
	memcpy(ret, line, len);
	ret[len] = '\0';
	for (; *ret; ret++) {
		if (*ret < ' ' || *ret > '~')
			*ret = '?';
	}
}

void verifier_log_verdict(const char *log, char ret[VERIFIER_LINE_BYTES])
{
	*ret = '\0';
	while (*log) {
		const char *line = log + strspn(log, " \t");

		if (is_verdict(line))
			copy_line(ret, line);
		log += strcspn(log, "\n");
		log += *log == '\n';
	}
}
