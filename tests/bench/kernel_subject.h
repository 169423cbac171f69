/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that is measured, loaded: its settings, and a reader that takes what it samples. */
#ifndef TESTS_BENCH_KERNEL_SUBJECT_H
#define TESTS_BENCH_KERNEL_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include <bpf/libbpf.h>
#include <linux/types.h>

#define SUBJECT_RATES 4

struct subject {
	const char *name;
	const char *function;
	const void *(*elf)(size_t *size);
	bool ours; /* has our settings: the rate changes while it is loaded */
	bool frags;
	bool may_sample;
	unsigned int n_rates;
	__u32 rates[SUBJECT_RATES]; /* 0: it takes no samples */
	struct bpf_object *object; /* owned, as the readers; set by subject_load() */
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	int fd;
	unsigned long records; /* read since it was loaded */
};

/* All there are; NULL behind the last. */
struct subject *subject_at(size_t i);

/* Each ends the process with a sentence when it fails. */
void subject_fail(const char *what);

/* For so many sources. cpu: the one that it will run on. */
void subject_load(struct subject *s, __u32 sources, int cpu);
void subject_set_rate(const struct subject *s, __u32 rate);
void subject_drain(struct subject *s);
void subject_unload(struct subject *s);

#endif
