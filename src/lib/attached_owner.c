// SPDX-License-Identifier: BSD-2-Clause
#include "lib/attached_owner.h"

#include <stdio.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static const char *hook_name(__u8 attach_mode)
{
	switch (attach_mode) {
	case XDP_ATTACHED_SKB:
		return "xdpgeneric";
	case XDP_ATTACHED_HW:
		return "xdpoffload";
	default:
		return "xdp";
	}
}

static enum xdptail_mode mode_of(__u8 attach_mode)
{
	switch (attach_mode) {
	case XDP_ATTACHED_DRV:
		return XDPTAIL_MODE_NATIVE;
	case XDP_ATTACHED_SKB:
		return XDPTAIL_MODE_GENERIC;
	default:
		return XDPTAIL_MODE_AUTO;
	}
}

static void find_name(struct attached_owner *o)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(o->id);

	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		(void)snprintf(o->name, sizeof(o->name), "%.15s", info.name);
	close(fd);
}

int attached_owner_of(uint32_t ifindex, struct attached_owner *ret)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct attached_owner o = { 0 };
	int err = bpf_xdp_query((int)ifindex, 0, &query);

	if (err)
		return err;
	o.id = query.prog_id	 ? query.prog_id :
	       query.drv_prog_id ? query.drv_prog_id :
	       query.skb_prog_id ? query.skb_prog_id :
				   query.hw_prog_id;
	o.mode = mode_of(query.attach_mode);
	o.hook = hook_name(query.attach_mode);
	if (o.id)
		find_name(&o);
	*ret = o;
	return 0;
}
