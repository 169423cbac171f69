// SPDX-License-Identifier: BSD-2-Clause
#include "lib/attach.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/retry.h"
#include "lib/refusal.h"

static __u32 mode_flag(enum xdptail_mode mode)
{
	return mode == XDPTAIL_MODE_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

/* attach_hook_fn: makes a BPF link where the kernel has them. Before 5.9 the kernel answers EINVAL,
 * and netlink is the only way; a program attached by netlink stays attached if we are killed. A
 * driver that refuses with EINVAL gives the same answer to netlink.
 */
static int attach_program(struct attachment *a, const void *arg)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode_flag(a->mode));
	__u32 flags = mode_flag(a->mode) | XDP_FLAGS_UPDATE_IF_NOEXIST;
	int err;

	(void)arg; /* everything it needs is in a */
	a->link_fd = bpf_link_create(a->program_fd, (int)a->ifindex, BPF_XDP, &opts);
	if (a->link_fd >= 0)
		return 0;
	err = -errno;
	a->link_fd = -1;
	if (err == -EINVAL)
		err = bpf_xdp_attach((int)a->ifindex, a->program_fd, flags, NULL);
	return err;
}

/* Only the driver's own refusals are a reason to try another mode. */
static bool is_refusal(int err)
{
	return err && err != -EBUSY && err != -EEXIST && err != -EPERM && err != -ENODEV;
}

static int choose_program(const int program_fd[LINK_MAX], const char *interface, int *ret_fd,
			  struct reason *r)
{
	enum link link = LINK_ETHERNET;
	int err = link_of(interface, &link, r);

	if (err)
		return err;
	if (program_fd[link] < 0)
		return reason_set(
			r, -EOPNOTSUPP,
			"frames of \"%.15s\" begin with IP, and there is no program that reads "
			"them: ebpf_program has none (\"NAME_ip\"), or this machine cannot read "
			"unaligned words",
			interface);
	*ret_fd = program_fd[link];
	return 0;
}

int attach_prepare(struct attachment *ret, const int program_fd[LINK_MAX], const char *interface,
		   struct reason *r)
{
	struct attachment a = { .link_fd = -1, .ifindex = if_nametoindex(interface) };
	int err = -errno;

	if (!a.ifindex && retry_is_worth_it(err))
		return reason_set(r, err, "cannot look for the interface \"%.15s\": %s", interface,
				  strerror(-err));
	if (!a.ifindex)
		return refusal_no_interface(r, interface);
	err = choose_program(program_fd, interface, &a.program_fd, r);
	if (err)
		return err;
	(void)snprintf(a.interface, sizeof(a.interface), "%s", interface);
	*ret = a;
	return 0;
}

int attach_in_mode(struct attachment *a, enum xdptail_mode mode, attach_hook_fn fn, const void *arg,
		   struct reason *r)
{
	int err;

	a->mode = mode == XDPTAIL_MODE_GENERIC ? XDPTAIL_MODE_GENERIC : XDPTAIL_MODE_NATIVE;
	err = fn(a, arg);
	if (is_refusal(err) && mode == XDPTAIL_MODE_AUTO) {
		(void)refusal_by_driver(r, err, a->interface, a->mode);
		a->mode = XDPTAIL_MODE_GENERIC;
		err = fn(a, arg);
	}
	if (err == -EBUSY || err == -EEXIST)
		return refusal_occupied(r, -EBUSY, a->interface, a->ifindex);
	if (err)
		return refusal_by_driver(r, err, a->interface, a->mode);
	return 0;
}

int attach_open(struct attachment *ret, const int program_fd[LINK_MAX], const char *interface,
		enum xdptail_mode mode, struct reason *r)
{
	struct attachment a = { .link_fd = -1 };
	int err;

	reason_clear(r);
	err = attach_prepare(&a, program_fd, interface, r);
	if (!err)
		err = attach_in_mode(&a, mode, attach_program, NULL, r);
	if (err)
		return err;
	a.attached = true;
	*ret = a;
	return 0;
}

void attach_close(struct attachment *a)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = a->program_fd);

	if (!a->attached)
		return;
	if (a->link_fd >= 0)
		close(a->link_fd);
	else if (bpf_xdp_detach((int)a->ifindex, mode_flag(a->mode), &opts) == -EINVAL)
		(void)bpf_xdp_detach((int)a->ifindex, mode_flag(a->mode), NULL); /* before 5.7 */
	a->link_fd = -1;
	a->attached = false;
}

uint32_t attach_index(const struct attachment *a)
{
	char name[IF_NAMESIZE];
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);

	if (a->link_fd < 0)
		return if_indextoname(a->ifindex, name) || errno != ENXIO ? a->ifindex : 0;
	if (bpf_obj_get_info_by_fd(a->link_fd, &info, &len))
		return a->ifindex;
	return info.xdp.ifindex;
}

int attach_is_current(const struct attachment *a)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int err = bpf_obj_get_info_by_fd(a->program_fd, &info, &len);

	if (!err)
		err = bpf_xdp_query((int)a->ifindex, 0, &query);
	if (err)
		return retry_is_worth_it(err) ? err : 0;
	return query.prog_id == info.id || query.drv_prog_id == info.id ||
	       query.skb_prog_id == info.id;
}
