// SPDX-License-Identifier: BSD-2-Clause
/* The kernel's result is the host's, on frames changed at random: class, record and verdict,
 * through every program of every variant. From the environment:
 *
 *   MUTANTS   how many frames (100 000)
 *   SEED      of the random numbers (1)
 *   CAPTURES  a folder of captures: their frames first, as they are, then to be changed as well
 *
 * `make soak` is the long run. What is found comes as hex: a frame for tests/frames.h.
 */
#include <dirent.h>
#include <limits.h>
#include <time.h>

#include "frames.h"
#include "lib/capture_file.h"
#include "mutate.h"
#include "prog.h"

#define MUTANTS	     100000
#define CAPTURED_MAX 100000 /* frames that are kept, to be changed */
#define FAULTS_MAX   8

static const char *const variant_names[PROG_VARIANT_MAX] = {
	[PROG_FRAGS] = "frags",
	[PROG_RING] = "ring",
	[PROG_PERF] = "perf",
};

struct mutants {
	struct prog p;
	struct mutate mutate;
	int fds[PROG_MAX];
	struct packet_totals totals; /* after the last run */
	__u64 ran[PROG_MAX][PARSE_CLASS_MAX];
	unsigned faults;
	__u8 ip[MUTANT_MAX] __attribute__((aligned(8))); /* a frame that begins with IP */
	__u8 ethernet[2 + MUTANT_MAX] __attribute__((aligned(8))); /* one with IP so aligned */
};

/* What one run gets, and what the kernel makes of it. */
struct trial {
	enum prog_which which;
	const __u8 *data;
	size_t len;
	size_t linear; /* bytes in reach; len: all of them */
	int verdict; /* or -errno */
	enum parse_class class; /* PARSE_CLASS_MAX: of none, or of several */
	unsigned records;
};

static __u64 setting(const char *name, __u64 otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* The one class that the totals have one more of. */
static enum parse_class class_of(const struct packet_totals *more)
{
	const __u64 terms[PARSE_CLASS_MAX] = {
		[PARSE_NOT_IP] = more->not_ip,
		[PARSE_NO_SOURCE] = more->no_source,
		[PARSE_UNDETERMINED] = more->undetermined,
		[PARSE_NOT_SELECTED] = more->not_selected,
		[PARSE_COUNTED] = more->counted,
	};
	enum parse_class class = PARSE_CLASS_MAX;
	__u64 sum = 0;

	for (enum parse_class i = 0; i < PARSE_CLASS_MAX; i++) {
		sum += terms[i];
		if (terms[i])
			class = i;
	}
	return sum == 1 && more->seen == 1 ? class : PARSE_CLASS_MAX;
}

static void run_in_kernel(struct mutants *m, struct trial *t)
{
	struct xdp_md ctx = { .data_end = (__u32)t->linear };
	bool split = t->linear < t->len;
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = t->data, .data_size_in = (__u32)t->len,
		    .ctx_in = split ? &ctx : NULL, .ctx_size_in = split ? sizeof(ctx) : 0,
		    .repeat = 1);
	int err = bpf_prog_test_run_opts(m->fds[t->which], &run);
	struct packet_totals now, more;

	t->verdict = err ? err : (int)run.retval;
	prog_totals(&m->p, 0, &now);
	more = now;
	prog_minus(&more, &m->totals);
	m->totals = now;
	t->class = class_of(&more);
	t->records = prog_drain(&m->p);
}

/* As the table of frames has it; in one piece, since the variants run side by side. */
static void print_frame(const struct mutants *m, const struct trial *t)
{
	char hex[2 * MUTANT_MAX + 1] = "";

	for (size_t i = 0; i < t->len; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", t->data[i]);
	fprintf(stderr, "%s, %s, %zu bytes of %zu in reach: \"%s\"\n", variant_names[m->p.variant],
		prog_names[t->which], t->linear, t->len, hex);
}

/* A program that does not look into tunnels makes a shorter record. */
static bool record_is(const struct mutants *m, const struct trial *t, struct tunnel_info *want)
{
	static const struct tunnel_info none;
	const struct packet_info *got = &m->p.last;
	const char *name = prog_names[t->which];

	if (!t->records)
		return true;
	want->packet.timestamp_ns = got->timestamp_ns;
	want->packet.cpu_seq = m->p.records;
	want->packet.packet_len = (__u32)t->len;
	want->packet.ifindex = PROG_IFINDEX;
	want->packet.sample_rate = 1;
	want->packet.cpu = (__u16)m->p.cpu;
	return !frame_compare(name, got, &want->packet) &&
	       !frame_compare_inner(name, &m->p.last_inner, prog_is_decap(t->which) ? want : &none);
}

static enum parse_class parse_here(const struct trial *t, struct tunnel_info *ret)
{
	const struct parse_frame frame = frame_reach(t->data, t->linear, t->len);

	if (prog_is_decap(t->which))
		return frame_parse_inner(&frame, prog_link(t->which), prog_is_tcp(t->which), ret);
	memset(ret, 0, sizeof(*ret));
	return frame_parse(&frame, prog_link(t->which), prog_is_tcp(t->which), &ret->packet);
}

static void expect_agreement(struct mutants *m, struct trial *t)
{
	struct tunnel_info want;
	enum parse_class class = parse_here(t, &want);

	run_in_kernel(m, t);
	m->ran[t->which][class]++;
	if (t->verdict == XDP_PASS && t->class == class && t->records == (class == PARSE_COUNTED) &&
	    record_is(m, t, &want))
		return;
	fprintf(stderr, "verdict: got %d, want %d; class: got %d, want %d; records: got %u\n",
		t->verdict, XDP_PASS, t->class, class, t->records);
	print_frame(m, t);
	m->faults++;
}

/* A frame through every program: of the first reach bytes, or all. Those for frames that begin at
 * IP get what is behind the first skip bytes.
 */
static void through_all(struct mutants *m, const struct mutant *x, size_t reach, size_t skip)
{
	memcpy(m->ethernet + 2, x->bytes, x->len);
	memcpy(m->ip, x->bytes + skip, x->len - skip);
	for (enum prog_which which = 0; which < PROG_MAX; which++) {
		bool is_ip = prog_link(which) == PARSE_LINK_IP;
		struct trial t = {
			.which = which,
			.data = is_ip ? m->ip : m->ethernet + 2,
			.len = is_ip ? x->len - skip : x->len,
		};

		t.linear = reach < t.len ? reach : t.len;
		expect_agreement(m, &t);
	}
}

static size_t ethernet_of(const struct mutant *x)
{
	return x->len >= ETH_HLEN + MUTANT_MIN ? ETH_HLEN : 0;
}

/* splits: this kernel, and this variant, can have a frame of which only a part is in reach. */
static void run_mutants(struct mutants *m, __u64 count, bool splits)
{
	struct mutant x;

	for (__u64 i = 0; i < count && m->faults < FAULTS_MAX; i++) {
		size_t reach = MUTANT_MAX;
		size_t skip;

		mutate_next(&m->mutate, &x);
		skip = mutate_below(&m->mutate, 4) ? ethernet_of(&x) : 0;
		if (splits && !mutate_below(&m->mutate, 8))
			reach = MUTANT_MIN + mutate_below(&m->mutate, x.len - MUTANT_MIN + 1);
		through_all(m, &x, reach, skip);
	}
}

/* The frames of a capture, as they are. How many there were. */
static __u64 run_capture(struct mutants *m, const char *path)
{
	struct capture_frame frame;
	struct capture_file *file;
	struct reason r = { 0 };
	struct mutant x;
	__u64 frames = 0;

	if (capture_file_open(&file, path, NULL, NULL, &r)) {
		fprintf(stderr, "%s\n", r.text);
		return 0;
	}
	while (m->faults < FAULTS_MAX && capture_file_next(file, &frame, &r) == 1) {
		x.len = frame.len < MUTANT_MAX ? frame.len : MUTANT_MAX;
		memcpy(x.bytes, frame.data, x.len);
		if (m->mutate.n < CAPTURED_MAX)
			mutate_add(&m->mutate, x.bytes, x.len);
		if (x.len < MUTANT_MIN)
			continue;
		through_all(m, &x, MUTANT_MAX, ethernet_of(&x));
		frames++;
	}
	capture_file_close(file);
	return frames;
}

static __u64 run_captures(struct mutants *m, const char *folder)
{
	DIR *directory = opendir(folder);
	char path[PATH_MAX];
	struct dirent *entry;
	__u64 frames = 0;

	cr_assert_not_null(directory, "%s: %s", folder, strerror(errno));
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		frames += run_capture(m, path);
	}
	(void)closedir(directory); /* it was only read */
	return frames;
}

static bool can_split(const struct mutants *m)
{
	static const __u8 frame[2 * MUTANT_MIN];

	return m->p.variant == PROG_FRAGS &&
	       prog_run_split(&m->p, PROG_ALL, frame, sizeof(frame), MUTANT_MIN) == XDP_PASS;
}

static void open_mutants(struct mutants *m, enum prog_variant variant, __u64 seed)
{
	prog_open(&m->p, variant, &(struct prog_setup){ 0 });
	prog_set(&m->p, 0, 1, ABI_SAMPLE_EVERY);
	mutate_open(&m->mutate, seed);
	for (enum prog_which which = 0; which < PROG_MAX; which++)
		m->fds[which] = prog_fd(&m->p, which);
}

static void expect_every_class(const struct mutants *m)
{
	for (enum prog_which which = 0; which < PROG_MAX; which++) {
		for (enum parse_class class = 0; class < PARSE_CLASS_MAX; class ++) {
			bool of_tcp = class == PARSE_UNDETERMINED || class == PARSE_NOT_SELECTED;

			cr_expect(m->ran[which][class] || (of_tcp && !prog_is_tcp(which)),
				  "%s: no frame of class %d", prog_names[which], class);
		}
	}
}

static void prog_mutants_as_on_the_host(enum prog_variant variant)
{
	static struct mutants m;
	const char *folder = getenv("CAPTURES");
	__u64 count = setting("MUTANTS", MUTANTS);
	__u64 seed = setting("SEED", 1);
	time_t start = time(NULL);
	__u64 captured = 0;
	bool splits;

	open_mutants(&m, variant, seed);
	splits = can_split(&m);
	prog_totals(&m.p, 0, &m.totals);
	(void)prog_drain(&m.p);
	if (folder && *folder)
		captured = run_captures(&m, folder);
	run_mutants(&m, count, splits);
	fprintf(stderr,
		"%s: %llu frames of captures, %llu mutants of %zu (SEED=%llu%s), through %d "
		"programs in %lld s: %u differ\n",
		variant_names[variant], captured, count, m.mutate.n, seed,
		splits ? ", some split" : "", PROG_MAX, (long long)(time(NULL) - start), m.faults);
	cr_expect_eq(m.faults, 0, "SEED=%llu: see above", seed);
	expect_every_class(&m);
	mutate_close(&m.mutate);
	prog_close(&m.p);
}
PROG_TEST(prog_mutants_as_on_the_host)
