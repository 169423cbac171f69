// SPDX-License-Identifier: BSD-2-Clause
/* What a handle goes on needing once all is set up, for callers that give up rights. */
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

/* A program's information, as attach.c asks for that of a link. */
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

/* A failure that passes says nothing of rights. */
int xdptail_check_rights(struct xdptail *x)
{
	struct retry retry = { 0 };
	int err;

	reason_clear(&x->reason);
	if (!x->counts) /* a capture, which the kernel has no part in */
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
	uint64_t sum = 1; /* not "idle" */

	if (!x->counts || !x->transport)
		return 0;
	if (!x->interval.wanted && !x->interval.closing && !transport_waiting(x->transport))
		return 0;
	for (int i = 0; i < OUTCOME_MAX; i++)
		sum += x->sums[i];
	return sum + counts_collected(x->counts);
}
