// SPDX-License-Identifier: BSD-2-Clause
#include "lib/prog_run.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/kernel_error.h"

/* The kernel has room for 17 more pages, or for none. */
#define SPLIT_MAX (PROG_RUN_REACH + 16 * 4096)

struct prog_run {
	const struct object *object; /* borrowed */
	unsigned int cpus; /* possible ones */
	unsigned int cpu; /* the CPU to run on */
	cpu_set_t before; /* CPUs that the thread may use otherwise */
	struct sample_counter *counters; /* owned: cpus of them */
	bool no_split; /* this kernel does not accept frames in several buffers */
	uint8_t split[SPLIT_MAX]; /* a frame, and behind it bytes that the program cannot reach */
};

/* The part of a frame that is given to the program. */
struct input {
	const uint8_t *data;
	size_t reach; /* bytes that the program can reach */
	size_t len; /* bytes that the program counts: those on the wire */
	int program_fd;
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
	/* if it fails, the thread stays on one CPU, which does no harm */
	(void)sched_setaffinity(0, sizeof(p->before), &p->before);
}

unsigned int prog_run_cpu(const struct prog_run *p)
{
	return p->cpu;
}

/* Does IP follow the made-up header, as that states? The program for IP does not check it. */
static bool begins_with_ip(const struct capture_frame *frame)
{
	const uint8_t *ip = frame->data + frame->made_up;
	uint16_t type;

	if (frame->made_up != ETH_HLEN || frame->len <= frame->made_up)
		return false;
	type = (uint16_t)(ip[-2] << 8 | ip[-1]);
	return (type == ETH_P_IP && *ip >> 4 == 4) || (type == ETH_P_IPV6 && *ip >> 4 == 6);
}

static struct input make_input(const struct prog_run *p, const struct capture_frame *frame)
{
	bool is_ip = begins_with_ip(frame);
	size_t skip = is_ip ? frame->made_up : 0;

	return (struct input){
		.data = frame->data + skip,
		.reach = frame->len - skip,
		.len = frame->wire_len,
		.program_fd = p->object->program_fd[is_ip ? LINK_IP : LINK_ETHERNET],
	};
}

static bool can_take(const struct prog_run *p, const struct input *input)
{
	if (input->program_fd < 0 || input->reach < ETH_HLEN || input->reach > input->len)
		return false;
	if (input->len <= PROG_RUN_REACH && input->reach == input->len)
		return true;
	return p->object->frags && (input->reach == input->len || !p->no_split) &&
	       input->len <= SPLIT_MAX;
}

/* The bytes behind the frame are whatever the buffer holds, because the program cannot reach them.
 */
static int run_split(struct prog_run *p, const struct input *input)
{
	struct xdp_md ctx = {
		.data_end = input->reach < PROG_RUN_REACH ? (__u32)input->reach : PROG_RUN_REACH,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = p->split, .data_size_in = (__u32)input->len,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = 1);
	int err;

	memcpy(p->split, input->data, input->reach);
	err = bpf_prog_test_run_opts(input->program_fd, &opts);
	p->no_split = err == -EINVAL;
	return err;
}

static int run_whole(const struct input *input)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = input->data,
		    .data_size_in = (__u32)input->len, .repeat = 1);

	return bpf_prog_test_run_opts(input->program_fd, &opts);
}

int prog_run_frame(struct prog_run *p, const struct capture_frame *frame, struct reason *r)
{
	const struct input input = make_input(p, frame);
	int err;

	if (!can_take(p, &input))
		return 0;
	err = input.reach == input.len ? run_whole(&input) : run_split(p, &input);
	if (err == -EINVAL) /* the kernel takes no more than a page, or does not split frames */
		return 0;
	if (err)
		return reason_set(r, err, "the kernel does not run the program on a frame: %s",
				  kernel_error_text(err));
	return 1;
}

static int read_counters(struct prog_run *p)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(p->object->sample_counter_fd, &zero, p->counters);
}

static int explain_run(struct reason *r, int err)
{
	return reason_set(r, err, "cannot read or write the map \"sample_counter\": %s",
			  kernel_error_text(err));
}

int prog_run_get_counter(struct prog_run *p, struct sample_counter *ret, struct reason *r)
{
	int err = read_counters(p);

	if (err)
		return explain_run(r, err);
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
	return err ? explain_run(r, err) : 0;
}
