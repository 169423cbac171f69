// SPDX-License-Identifier: BSD-2-Clause
#include "lib/object_refusal.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/time.h"
#include "base/array.h"
#include "lib/capabilities.h"
#include "lib/kernel_error.h"
#include "lib/memlock.h"

#define KIB(bytes)    (((bytes) + 1023) >> 10)
#define TRY_MS	      5000 /* a verifier may take a second for one program */
#define CHANGES_MAX   3
#define ADVICE_BYTES  256
#define ALL_PACKETS   "count_packets"
#define TCP_PACKETS   "count_tcp_packets"
#define RELEASE_BYTES 65
#define REPORT \
	"to report it, send what xdptail doctor and xdptail -v say to whoever packaged xdptail"

static void read_release(char ret[RELEASE_BYTES])
{
	struct utsname uts = { 0 };

	(void)uname(&uts); /* cannot fail with a valid buffer */
	(void)snprintf(ret, RELEASE_BYTES, "%.64s", uts.release);
}

/* --- what would work --- */

/* Changes the options. Returns false if it would change nothing, or is not possible. */
typedef bool (*change_fn)(struct object_spec *spec, enum xdptail_transport transport);

static bool drop_decap(struct object_spec *spec, enum xdptail_transport transport)
{
	const bool changes = spec->decap;

	(void)transport;
	spec->decap = false;
	return changes;
}

static bool use_perf(struct object_spec *spec, enum xdptail_transport transport)
{
	spec->transport = XDPTAIL_TRANSPORT_PERF;
	return !spec->ebpf_program && transport != XDPTAIL_TRANSPORT_PERF;
}

static bool use_ring(struct object_spec *spec, enum xdptail_transport transport)
{
	const bool changes = spec->transport == XDPTAIL_TRANSPORT_PERF;

	(void)transport;
	spec->transport = XDPTAIL_TRANSPORT_RINGBUF;
	return !spec->ebpf_program && changes;
}

static bool use_function(struct object_spec *spec, const char *from, const char *to)
{
	const bool changes = !spec->ebpf_program && !strcmp(spec->function_name, from);

	spec->function_name = to;
	return changes;
}

static bool use_all_packets(struct object_spec *spec, enum xdptail_transport transport)
{
	(void)transport;
	return use_function(spec, TCP_PACKETS, ALL_PACKETS);
}

static bool use_tcp_packets(struct object_spec *spec, enum xdptail_transport transport)
{
	(void)transport;
	return use_function(spec, ALL_PACKETS, TCP_PACKETS);
}

static const struct change {
	const char *words; /* as options on the command line */
	change_fn fn;
} changes[] = {
	{ "without --decap", drop_decap },
	{ "--transport perf", use_perf },
	{ "--transport ringbuf", use_ring },
	{ "-a", use_all_packets },
	{ "--function-name " TCP_PACKETS, use_tcp_packets },
};
#define N_CHANGES (ARRAY_SIZE(changes))

/* Finds the changes that have an effect: at most CHANGES_MAX, because each of the others excludes
 * one of these.
 */
static size_t find_changes(const struct object_failure *f, const struct object_spec *spec,
			   const struct change *ret[CHANGES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < N_CHANGES && n < CHANGES_MAX; i++) {
		struct object_spec changed = *spec;

		if (changes[i].fn(&changed, f->transport))
			ret[n++] = &changes[i];
	}
	return n;
}

struct trial {
	const struct object_failure *f; /* borrowed, as all pointers here */
	const struct object_spec *spec;
	const struct change *list[CHANGES_MAX];
	size_t n;
	int64_t end_ms;
};

static bool would_load(const struct trial *t, unsigned int set)
{
	struct object_spec changed = *t->spec;

	for (unsigned int i = 0; i < CHANGES_MAX; i++) {
		if (set >> i & 1)
			/* it has an effect, as find_changes() has checked */
			(void)t->list[i]->fn(&changed, t->f->transport);
	}
	return object_would_load(&changed);
}

/* Appends for example "without --decap and -a", behind a ", or " if there is text already. */
static void add_words(char text[ADVICE_BYTES], const struct change *const list[], unsigned int set)
{
	const char *joint = *text ? ", or " : "";

	for (unsigned int i = 0; i < CHANGES_MAX; i++) {
		size_t len = strlen(text);

		if (!(set >> i & 1))
			continue;
		(void)snprintf(text + len, ADVICE_BYTES - len, "%s%s", joint, list[i]->words);
		joint = " and ";
	}
}

/* Tries all sets of size changes. Returns false if there is no time for more. */
static bool try_sets(const struct trial *t, int size, char text[ADVICE_BYTES])
{
	for (unsigned int set = 1; set < 1U << t->n; set++) {
		if (__builtin_popcount(set) != size)
			continue;
		if (time_monotonic_ms() >= t->end_ms)
			return false;
		if (would_load(t, set))
			add_words(text, t->list, set);
	}
	return true;
}

/* Finds the smallest sets of option changes with which the program loads, by trying them; "" if
 * none was found. *ret_tried: there was something to try.
 */
static void find_advice(const struct object_failure *f, const struct object_spec *spec,
			char ret[ADVICE_BYTES], bool *ret_tried)
{
	struct trial t = { .f = f, .spec = spec, .end_ms = time_monotonic_ms() + TRY_MS };
	bool goes_on = true;

	t.n = find_changes(f, spec, t.list);
	*ret = '\0';
	for (int size = 1; goes_on && !*ret && size <= (int)t.n; size++)
		goes_on = try_sets(&t, size, ret);
	*ret_tried = t.n != 0;
}

/* --- sentences --- */

/* EPERM has several causes; the reason says which one applies, and what grants the permission. */
int object_refusal_permission(struct reason *r, uint64_t locked_bytes)
{
	char names[64];
	unsigned int n = capabilities_missing(names, sizeof(names));

	if (n)
		return reason_set(
			r, -EPERM,
			"not permitted to load BPF programs: %s %s missing; run as root, or grant "
			"them: setcap cap_bpf,cap_net_admin,cap_perfmon=ep $(command -v xdptail) "
			"(before Linux 5.8: CAP_SYS_ADMIN)",
			names, n > 1 ? "are" : "is");
	if (memlock_refuses())
		return reason_set(
			r, -EPERM,
			"RLIMIT_MEMLOCK is %" PRIu64 " KiB, and before Linux 5.11 maps count "
			"against it: they need about %" PRIu64 " KiB; raise it (ulimit -l %" PRIu64
			", or LimitMEMLOCK=infinity in a unit), grant CAP_SYS_RESOURCE, or "
			"choose less: --max-sources, --ring-size",
			memlock_limit() >> 10, KIB(locked_bytes), KIB(locked_bytes));
	return reason_set(r, -EPERM,
			  "the kernel refuses BPF programs although the capabilities are there: a "
			  "user namespace, seccomp, lockdown or a security module stands in the "
			  "way");
}

static const char *error_meaning(int err)
{
	return err == -E2BIG ? "it is too large for it" : kernel_error_text(err);
}

/* Writes the name of the user's object with what follows, or "". */
static void describe_file(char ret[304], const struct object_spec *spec)
{
	*ret = '\0';
	if (spec->ebpf_program)
		(void)snprintf(ret, 304, "%.300s: ", spec->ebpf_program);
}

static int explain_verdict(struct reason *r, const struct object_failure *f,
			   const struct object_spec *spec)
{
	char advice[ADVICE_BYTES];
	char release[RELEASE_BYTES];
	char file[304];
	bool tried;

	find_advice(f, spec, advice, &tried);
	read_release(release);
	describe_file(file, spec);
	return reason_set(
		r, -ENOEXEC,
		"%sLinux %s does not take the program \"%s\": its verifier says \"%s\"%s%s; %s",
		file, release, f->program, f->verdict,
		*advice ? "; what would work here, as was tried: " :
		tried	? "; no other options that were tried would work" :
			  "",
		advice, spec->ebpf_program ? "-v shows all that it says" : REPORT);
}

/* Suggests how to make the map smaller. */
static void find_smaller_sizes(const struct object_failure *f, const struct object_spec *spec,
			       char ret[ADVICE_BYTES])
{
	const uint64_t shared = object_count_bytes(spec->max_sources, 1);

	if (strncmp(f->map, "packet_count", 12) != 0)
		(void)snprintf(ret, ADVICE_BYTES, "choose a smaller --ring-size");
	else if (f->shared_counts)
		(void)snprintf(ret, ADVICE_BYTES, "choose fewer --max-sources than %u",
			       spec->max_sources);
	else
		(void)snprintf(ret, ADVICE_BYTES,
			       "choose fewer --max-sources than %u, or --max-map-memory %" PRIu64
			       "K, with which all processors share a source's count",
			       spec->max_sources, KIB(shared));
}

static int explain_map(struct reason *r, const struct object_failure *f,
		       const struct object_spec *spec)
{
	char lower[ADVICE_BYTES];
	char release[RELEASE_BYTES];

	read_release(release);
	find_smaller_sizes(f, spec, lower);
	if (f->err == -ENOMEM)
		return reason_set(r, f->err,
				  "no memory for the map \"%s\" of %" PRIu64 " KiB, of %" PRIu64
				  " KiB for all: %s",
				  f->map, KIB(f->map_bytes), KIB(f->locked_bytes), lower);
	return reason_set(r, kernel_error(f->err),
			  "Linux %s does not take the map \"%s\" of %" PRIu64 " KiB: %s; %s",
			  release, f->map, KIB(f->map_bytes), error_meaning(f->err),
			  f->err == -E2BIG ? lower : REPORT);
}

/* The failure came before the verifier, or the verifier gave no reason. */
static int explain_load(struct reason *r, const struct object_failure *f,
			const struct object_spec *spec)
{
	char advice[ADVICE_BYTES];
	char release[RELEASE_BYTES];
	char file[304];
	bool tried;

	read_release(release);
	describe_file(file, spec);
	if (f->err == -ENOMEM)
		return reason_set(r, f->err,
				  "%sno memory for the program \"%s\" beside %" PRIu64
				  " KiB of maps: "
				  "choose fewer --max-sources, or a smaller --ring-size",
				  file, spec->function_name, KIB(f->locked_bytes));
	find_advice(f, spec, advice, &tried);
	return reason_set(r, kernel_error(f->err),
			  "%sLinux %s does not take the program \"%s\" or its maps: %s%s%s; %s",
			  file, release, spec->function_name, error_meaning(f->err),
			  *advice ? "; what would work here, as was tried: " :
			  tried	  ? "; no other options that were tried would work" :
				    "",
			  advice, spec->ebpf_program ? "-v shows more" : REPORT);
}

int object_refusal(struct reason *r, const struct object_failure *f, const struct object_spec *spec)
{
	if (f->verdict[0] && f->err != -ENOMEM)
		return explain_verdict(r, f, spec);
	if (f->err == -EPERM || f->err == -EACCES)
		return object_refusal_permission(r, f->locked_bytes);
	return f->map[0] ? explain_map(r, f, spec) : explain_load(r, f, spec);
}
