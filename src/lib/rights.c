// SPDX-License-Identifier: BSD-2-Clause
/* What a handle still needs after set-up, for callers that drop privileges. */
#include <errno.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>

#include "lib/capabilities.h"
#include "lib/handle.h"
#include "lib/kernel_error.h"

uint64_t xdptail_capabilities(const struct xdptail *x)
{
	uint64_t caps = 0;

	if (x->object.transport == XDPTAIL_TRANSPORT_PERF)
		caps |= CAPABILITIES_PERF;
	if (x->interfaces && interfaces_need_netlink(x->interfaces))
		caps |= CAPABILITIES_NETLINK;
	return caps;
}

/* Reads a program's information, as attach.c reads that of a link. */
static int try_info(const struct xdptail *x)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(x->object.program_fd[LINK_ETHERNET], &info, &len) ? -errno :
											  0;
}

static int try_all(struct xdptail *x)
{
	int err = counts_check_permissions(x->counts, &x->reason);

	if (err)
		return err;
	err = try_info(x);
	if (err)
		return reason_set(&x->reason, err, "cannot ask the kernel about the program: %s",
				  kernel_error_text(err));
	return 0;
}

/* A temporary failure says nothing about privileges. */
int xdptail_check_rights(struct xdptail *x)
{
	struct retry retry = { 0 };
	int err;

	reason_clear(&x->reason);
	if (!x->counts) /* a capture that is parsed without the kernel */
		return 0;
	err = try_all(x);
	while (err && !retry_or_fail(&retry, err, &x->reason)) {
		retry_pause();
		err = try_all(x);
	}
	return err;
}

uint64_t xdptail_progress(const struct xdptail *x)
{
	uint64_t sum = 1; /* never 0, which means idle */

	if (!x->counts || !x->transport)
		return 0;
	if (!x->interval.close_requested && !x->interval.ending && !transport_waiting(x->transport))
		return 0;
	for (int i = 0; i < OUTCOME_MAX; i++)
		sum += x->sums[i];
	return sum + counts_collected(x->counts);
}
