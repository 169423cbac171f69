// SPDX-License-Identifier: BSD-2-Clause
#include "lib/probe.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/attach.h"
#include "lib/ethtool.h"
#include "lib/netdev.h"
#include "lib/attached_owner.h"
#include "base/reason.h"
#include "lib/refusal.h"

static enum xdptail_answer answer_of_bool(bool yes)
{
	return yes ? XDPTAIL_YES : XDPTAIL_NO;
}

static void query_device(struct xdptail_probe *p, struct netdev *device)
{
	struct ethtool ethtool;
	uint64_t features;

	if (!netdev_ask(p->ifindex, device)) {
		p->up = answer_of_bool(device->up);
		p->mtu = device->mtu;
	}
	if (!netdev_xdp_features(p->ifindex, &features)) {
		p->native = answer_of_bool(features & NETDEV_XDP_BASIC);
		p->native_frags = answer_of_bool(features & NETDEV_XDP_FRAGS);
	}
	p->native_mtu_max = ATTACH_MTU_ONE_BUFFER;
	ethtool_ask(p->interface, &ethtool);
	(void)snprintf(p->driver, sizeof(p->driver), "%s", ethtool.driver);
	p->lro = ethtool.lro;
	p->gro_hw = ethtool.gro_hw;
	p->gro = ethtool.gro;
	p->rxvlan = ethtool.rxvlan;
}

static void find_attached_program(struct xdptail_probe *p)
{
	struct attached_owner other = { 0 };

	if (attached_owner_of(p->ifindex, &other) || !other.id)
		return;
	p->program_id = other.id;
	p->program_mode = other.mode;
	(void)snprintf(p->program_name, sizeof(p->program_name), "%s", other.name);
}

/* Does this interface lie on top of ours, and have an XDP program? */
static bool is_occupied_upper(uint32_t upper, uint32_t ifindex, uint32_t master)
{
	struct attached_owner other = { 0 };
	struct netdev device = { 0 };

	if (upper == ifindex || attached_owner_of(upper, &other) || !other.id)
		return false;
	return upper == master || (!netdev_ask(upper, &device) && device.lower == ifindex);
}

/* The kernel refuses to attach below an interface that has a program. */
static void find_upper(struct xdptail_probe *p, uint32_t master)
{
	struct if_nameindex *list = if_nameindex();

	for (size_t i = 0; list && list[i].if_index && !p->upper[0]; i++) {
		if (is_occupied_upper(list[i].if_index, p->ifindex, master))
			(void)snprintf(p->upper, sizeof(p->upper), "%s", list[i].if_name);
	}
	if (list)
		if_freenameindex(list);
}

/* What is known of the interface, and whether our program accepts frames in several buffers. */
struct facts {
	const struct xdptail_probe *probe;
	bool frags;
};

/* Does a frame of this MTU fit in native mode? */
static enum xdptail_answer fits_native(const struct facts *f)
{
	if (f->probe->mtu <= f->probe->native_mtu_max)
		return XDPTAIL_YES;
	return f->frags ? f->probe->native_frags : XDPTAIL_NO;
}

/* attach_hook_fn: predicts the kernel's answer, with its checks in their order. */
static int predict_hook(struct attachment *a, const void *arg)
{
	const struct facts *f = arg;

	if (f->probe->program_id)
		return -EBUSY;
	if (f->probe->upper[0])
		return -EEXIST;
	if (a->mode == XDPTAIL_MODE_GENERIC)
		return 0;
	if (f->probe->native == XDPTAIL_NO)
		return -EOPNOTSUPP;
	return fits_native(f) == XDPTAIL_NO ? -ERANGE : 0;
}

/* Follows the same steps as xdptail_attach(), with predict_hook() as the last. */
static int predict_attach(struct xdptail_probe *p, const struct object *object, struct reason *r)
{
	static const int all_programs[LINK_MAX] = { 0 };
	const struct facts facts = {
		.probe = p,
		.frags = object ? object->frags : p->frags == XDPTAIL_YES,
	};
	struct attachment a = { .link_fd = -1 };
	int err = attach_prepare(&a, object ? object->program_fd : all_programs, p->interface, r);

	if (!err)
		err = attach_in_mode(&a, XDPTAIL_MODE_AUTO, predict_hook, &facts, r);
	if (err)
		return err;
	p->mode = a.mode;
	if (a.mode == XDPTAIL_MODE_NATIVE &&
	    (p->native == XDPTAIL_UNKNOWN || fits_native(&facts) == XDPTAIL_UNKNOWN))
		p->mode = XDPTAIL_MODE_AUTO;
	return 0;
}

void probe_interface(struct xdptail_probe *p, const char *interface, const struct object *object)
{
	struct netdev device = { 0 };
	struct reason reason = { "" };

	(void)snprintf(p->interface, sizeof(p->interface), "%s", interface);
	p->ifindex = if_nametoindex(interface);
	if (p->ifindex) {
		query_device(p, &device);
		find_attached_program(p);
		find_upper(p, device.master);
		p->attach_err = predict_attach(p, object, &reason);
	} else {
		p->attach_err = refusal_no_interface(&reason, interface);
	}
	(void)snprintf(p->attach_reason, sizeof(p->attach_reason), "%.511s", reason.text);
}
