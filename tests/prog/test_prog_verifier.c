// SPDX-License-Identifier: BSD-2-Clause
/* What the programs cost the verifier, against verifier.txt, which has a column for each kernel;
 * the kernel refuses a program at a million instructions, and older ones at fewer branches than
 * newer ones. With VERIFIER_TELL=1 figures are told and not compared, for figures.sh.
 */
#include <sys/utsname.h>

#include "prog.h"

#define VERIFIER_FILE "tests/prog/verifier.txt" /* tests run in the top directory */
#define LOG_BYTES     65536
#define LOG_STATS     4 /* libbpf's log level for the verifier's figures alone */
#define TOLERANCE     10 /* percent */
#define MOST	      60000 /* by whatever compiler, on whatever kernel */
#define MOST_DECAP    100000 /* with --decap */
#define COLUMNS_MAX   16
#define COMPILER      "clang version "

static const char *const variant_names[] = {
	[PROG_FRAGS] = "frags",
	[PROG_RING] = "ring",
	[PROG_PERF] = "perf",
};
_Static_assert(sizeof(variant_names) / sizeof(variant_names[0]) == PROG_VARIANT_MAX, "one each");

static void load_alone(struct prog *p, enum prog_variant variant, enum prog_which which,
		       __u32 flags, char log[LOG_BYTES])
{
	const struct constants constants = { .tunnel_ports = PARSE_TUNNEL_PORTS };
	const struct prog_setup setup = { 0 };
	struct bpf_program *program;
	size_t size = 0;
	const void *elf = prog_elf(variant, &size);
	int err;

	memset(p, 0, sizeof(*p));
	p->variant = variant;
	p->object = bpf_object__open_mem(elf, size, NULL);
	cr_assert_not_null(p->object, "opening the object: %s", strerror(errno));
	bpf_object__for_each_program(program, p->object)
	{
		bool wanted = !strcmp(bpf_program__name(program), prog_names[which]);

		cr_assert_eq(bpf_program__set_autoload(program, wanted), 0);
		if (!wanted)
			continue;
		cr_assert_eq(bpf_program__set_log_buf(program, log, LOG_BYTES), 0);
		cr_assert_eq(bpf_program__set_log_level(program, LOG_STATS), 0);
		cr_assert_eq(bpf_program__set_flags(program, bpf_program__flags(program) | flags),
			     0);
	}
	err = bpf_map__set_initial_value(prog_map(p, ".rodata.constants"), &constants,
					 sizeof(constants));
	cr_assert_eq(err, 0, "constants: %s", strerror(-err));
	prog_set_counts(p, &setup);
	if (variant != PROG_PERF)
		cr_assert_eq(
			bpf_map__set_max_entries(prog_map(p, "packet_events"), PROG_RING_BYTES), 0);
	err = bpf_object__load(p->object);
	if (err)
		prog_explain(p, err);
}

/* Of the compiler that made the object, from its debug information; 0 if it does not say. */
static unsigned long compiler_major(enum prog_variant variant)
{
	size_t size = 0;
	const char *elf = prog_elf(variant, &size);
	const char *at = memmem(elf, size, COMPILER, strlen(COMPILER));

	return at ? strtoul(at + strlen(COMPILER), NULL, 10) : 0;
}

/* The words behind the first two of the line that begins with them; their number, 0 without such a
 * line.
 */
static size_t file_words(const char *first, const char *second, char words[COLUMNS_MAX][16])
{
	FILE *file = fopen(VERIFIER_FILE, "re");
	size_t count = 0;
	char line[256];
	char *save;

	cr_assert_not_null(file, "%s: %s", VERIFIER_FILE, strerror(errno));
	while (!count && fgets(line, sizeof(line), file)) {
		const char *word = strtok_r(line, " \n", &save);

		if (!word || strcmp(word, first) != 0)
			continue;
		word = strtok_r(NULL, " \n", &save);
		if (!word || strcmp(word, second) != 0)
			continue;
		while (count < COLUMNS_MAX && (word = strtok_r(NULL, " \n", &save)))
			(void)snprintf(words[count++], sizeof(words[0]), "%s", word);
	}
	(void)fclose(file); /* nothing was written */
	return count;
}

/* Of the kernel that runs, such as "6.18". */
static void kernel_series(char ret[16])
{
	struct utsname name;
	char *end;

	cr_assert_eq(uname(&name), 0);
	(void)strtoul(name.release, &end, 10);
	cr_assert_eq(*end, '.', "%s", name.release);
	(void)strtoul(end + 1, &end, 10);
	(void)snprintf(ret, 16, "%.*s", (int)(end - name.release), name.release);
}

/* The column of the file that has this kernel's figures, counted from 1; 0: none has. */
static size_t kernel_column(void)
{
	char words[COLUMNS_MAX][16];
	size_t count = file_words("on", "kernel", words);
	char series[16];

	kernel_series(series);
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(words[i], series))
			return i + 1;
	}
	return 0;
}

/* What the file says of a program; 0: nothing. */
static unsigned long file_value(const char *variant, const char *program, size_t column)
{
	char words[COLUMNS_MAX][16];
	size_t count = file_words(variant, program, words);

	return column && column <= count ? strtoul(words[column - 1], NULL, 10) : 0;
}

static unsigned long processed(enum prog_variant variant, enum prog_which which)
{
	static const char figure[] = "processed ";
	static char log[LOG_BYTES];
	const char *at;
	struct prog p;

	load_alone(&p, variant, which, 0, log);
	bpf_object__close(p.object);
	at = strstr(log, figure);
	cr_assert_not_null(at, "the verifier's log has no figures: \"%.200s\"", log);
	return strtoul(at + strlen(figure), NULL, 10);
}

static void compare(const char *variant, const char *program, unsigned long got, size_t column)
{
	unsigned long want = file_value(variant, program, column);

	cr_expect_leq(got * 100, want * (100 + TOLERANCE),
		      "%s %s: instructions verified: got %lu, want %lu, and %d %% more at most",
		      variant, program, got, want, TOLERANCE);
	if (got * 100 < want * (100 - TOLERANCE))
		fprintf(stderr, "verifier.txt can be lowered: %s %s %lu (is %lu)\n", variant,
			program, got, want);
}

static void prog_verifier(enum prog_variant variant)
{
	unsigned long want = file_value("by", "clang", 1);
	unsigned long clang = compiler_major(variant);
	size_t column = kernel_column();
	bool told = clang != want || !column || getenv("VERIFIER_TELL");
	char series[16];

	kernel_series(series);
	for (enum prog_which which = 0; which < PROG_MAX; which++) {
		unsigned long most = prog_is_decap(which) ? MOST_DECAP : MOST;
		unsigned long got = processed(variant, which);

		cr_expect_leq(got, most, "%s %s: instructions verified: got %lu, want %lu at most",
			      variant_names[variant], prog_names[which], got, most);
		if (told)
			fprintf(stderr, "clang %lu: Linux %s: %s %s %lu\n", clang, series,
				variant_names[variant], prog_names[which], got);
		else
			compare(variant_names[variant], prog_names[which], got, column);
	}
	if (told)
		cr_skip_test("verifier.txt has no figures of clang %lu on Linux %s", clang, series);
}
PROG_TEST(prog_verifier)

/* Before about 6.10 the verifier forgets the bounds of a product of two unknown numbers, so that a
 * pointer cannot be moved by one. Two products there are: what clang makes of the remainder in
 * sample_gap(), which is inlined twice, and moves no pointer.
 */
#define PRODUCTS 2

static void prog_products(enum prog_variant variant)
{
	struct bpf_program *program;
	struct bpf_object *object;
	size_t size = 0;
	const void *elf = prog_elf(variant, &size);

	object = bpf_object__open_mem(elf, size, NULL);
	cr_assert_not_null(object, "opening the object: %s", strerror(errno));
	bpf_object__for_each_program(program, object)
	{
		const struct bpf_insn *insns = bpf_program__insns(program);
		unsigned products = 0;

		for (size_t i = 0; i < bpf_program__insn_cnt(program); i++) {
			__u8 class = BPF_CLASS(insns[i].code);

			products += (class == BPF_ALU || class == BPF_ALU64) &&
				    BPF_OP(insns[i].code) == BPF_MUL &&
				    BPF_SRC(insns[i].code) == BPF_X;
		}
		cr_expect_leq(products, PRODUCTS, "%s %s: products of registers: got %u, want %d",
			      variant_names[variant], bpf_program__name(program), products,
			      PRODUCTS);
	}
	bpf_object__close(object);
}
PROG_TEST(prog_products)

/* Where words can only be read where they are aligned (some RISC-V and MIPS). Frames that begin at
 * IP are out of reach there; src/lib/object.c knows.
 */
static void prog_aligned_words(enum prog_variant variant)
{
	static const enum prog_which programs[] = { PROG_ALL, PROG_TCP, PROG_ALL_DECAP,
						    PROG_TCP_DECAP };
	static char log[LOG_BYTES];

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct prog p;

		load_alone(&p, variant, programs[i], BPF_F_STRICT_ALIGNMENT, log);
		bpf_object__close(p.object);
	}
}
PROG_TEST(prog_aligned_words)
