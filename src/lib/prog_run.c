// SPDX-License-Identifier: BSD-2-Clause
#include "lib/prog_run.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* A page, less what the kernel keeps in it. A program for one buffer is given no more of a longer
 * frame (6.18), without a word.
 */
#define LINEAR_MAX 3072

struct prog_run {
	const struct object *object; /* borrowed */
	unsigned int cpus; /* possible ones */
	unsigned int cpu; /* the one to run on */
	cpu_set_t before; /* where the thread may run otherwise */
	struct sample_counter *counters; /* owned: cpus of them */
};

int prog_run_open(struct prog_run **ret, const struct object *o, struct reason *r)
{
	struct prog_run *p = calloc(1, sizeof(*p));

	if (!p)
		return reason_set(r, -ENOMEM, "out of memory");
	p->object = o;
	p->cpus = (unsigned int)libbpf_num_possible_cpus();
	p->cpu = (unsigned int)sched_getcpu();
	p->counters = calloc(p->cpus, sizeof(*p->counters));
	if (!p->counters || p->cpu >= p->cpus) {
		prog_run_close(p);
		return reason_set(r, -ENOMEM, "out of memory");
	}
	*ret = p;
	return 0;
}

void prog_run_close(struct prog_run *p)
{
	if (!p)
		return;
	free(p->counters);
	free(p);
}

int prog_run_begin(struct prog_run *p, struct reason *r)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(p->cpu, &one);
	if (sched_getaffinity(0, sizeof(p->before), &p->before) ||
	    sched_setaffinity(0, sizeof(one), &one))
		return reason_set(r, -errno, "cannot stay on CPU %u: %s", p->cpu, strerror(errno));
	return 0;
}

void prog_run_end(struct prog_run *p)
{
	/* if it fails, the thread stays where it is, and runs all the same */
	(void)sched_setaffinity(0, sizeof(p->before), &p->before);
}

unsigned int prog_run_cpu(const struct prog_run *p)
{
	return p->cpu;
}

/* The program takes what it is given to be all there was on the wire. */
static bool takes(const struct prog_run *p, const struct capture_frame *frame)
{
	return frame->len == frame->wire_len && frame->len >= ETH_HLEN &&
	       (p->object->frags || frame->len <= LINEAR_MAX);
}

int prog_run_frame(struct prog_run *p, const struct capture_frame *frame, struct reason *r)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data,
		    .data_size_in = (__u32)frame->len, .repeat = 1);
	int err;

	if (!takes(p, frame))
		return 0;
	err = bpf_prog_test_run_opts(p->object->program_fd[LINK_ETHERNET], &opts);
	if (err == -EINVAL) /* a kernel that takes no more than a page, for any program */
		return 0;
	if (err)
		return reason_set(r, err, "the kernel does not run the program on a frame: %s",
				  strerror(-err));
	return 1;
}

static int read_counters(struct prog_run *p)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(p->object->sample_counter_fd, &zero, p->counters);
}

static int explain(struct reason *r, int err)
{
	return reason_set(r, err, "cannot read or write the map \"sample_counter\": %s",
			  strerror(-err));
}

int prog_run_get_counter(struct prog_run *p, struct sample_counter *ret, struct reason *r)
{
	int err = read_counters(p);

	if (err)
		return explain(r, err);
	*ret = p->counters[p->cpu];
	return 0;
}

int prog_run_set_counter(struct prog_run *p, const struct sample_counter *counter, struct reason *r)
{
	const __u32 zero = 0;
	int err = read_counters(p);

	p->counters[p->cpu] = *counter;
	if (!err)
		err = bpf_map_update_elem(p->object->sample_counter_fd, &zero, p->counters,
					  BPF_ANY);
	return err ? explain(r, err) : 0;
}
