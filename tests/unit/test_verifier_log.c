// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/verifier_log.h"

#define FIGURES                                                                       \
	"processed 4711 insns (limit 1000000) max_states_per_insn 4 total_states 51 " \
	"peak_states 51 mark_read 8\n"

static const struct log_case {
	const char *name;
	const char *log;
	const char *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "taken, Linux 6.18", "verification time 5123 usec\nstack depth 248\n" FIGURES, "" },
	{ "taken, without an end", "processed 2 insns", "" },
	{ "refused, figures only",
	  "math between pkt pointer and register with unbounded min value is not allowed\n" FIGURES,
	  "math between pkt pointer and register with unbounded min value is not allowed" },
	{ "refused, with the walk of Linux 5.10",
	  "func#0 @0\n0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n; void *end = ctx->data_end;\n"
	  "0: (61) r2 = *(u32 *)(r1 +4)\n"
	  "from 12 to 14: R0=inv1 R1=ctx(id=0,off=0,imm=0) R10=fp0\n"
	  "; len = (next + 1) * 8;\n14: (0f) r3 += r4\nlast_idx 14 first_idx 0\n"
	  "regs=10 stack=0 before 13: (57) r4 &= 255\n"
	  "math between pkt pointer and register with unbounded min value is not allowed\n" FIGURES,
	  "math between pkt pointer and register with unbounded min value is not allowed" },
	{ "a reason that begins with a register",
	  "invalid access to packet, off=0 size=4, R1(id=0,off=0,r=0)\n"
	  "R1 offset is outside of the packet\n" FIGURES,
	  "R1 offset is outside of the packet" },
	{ "registers behind the reason",
	  "R2 pointer comparison prohibited\nR1_w=pkt(id=0,off=0,r=0) R2=inv0\n"
	  "R10=fp0\nfp-8=mmmmmmmm\n" FIGURES,
	  "R2 pointer comparison prohibited" },
	{ "too complex", "BPF program is too large. Processed 1000001 insn\n" FIGURES,
	  "BPF program is too large. Processed 1000001 insn" },
	{ "jumps", "The sequence of 8193 jumps is too complex.\n" FIGURES,
	  "The sequence of 8193 jumps is too complex." },
	{ "no newline, a tab, a byte of no ASCII", " \tno such helper\x80 \x1b[m here  ",
	  "no such helper? ?[m here" },
};

Test(verifier_log, the_last_line_that_matters)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char got[VERIFIER_LINE_BYTES] = "not written";

		verifier_log_verdict(cases[i].log, got);
		cr_expect_str_eq(got, cases[i].want, "%s: got \"%s\", want \"%s\"", cases[i].name,
				 got, cases[i].want);
	}
}

Test(verifier_log, a_line_of_any_length)
{
	for (size_t len = 0; len <= (size_t)VERIFIER_LINE_BYTES * 2; len++) {
		char *log = malloc(len + 1);
		char got[VERIFIER_LINE_BYTES];

		memset(log, 'x', len);
		log[len] = '\0';
		verifier_log_verdict(log, got);
		cr_expect_eq(strlen(got), len < VERIFIER_LINE_BYTES ? len : VERIFIER_LINE_BYTES - 1,
			     "%zu", len);
		free(log);
	}
}
