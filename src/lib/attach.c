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

#define NEAREST_MAX 3 /* names offered for one that does not exist */

static __u32 mode_flag(enum xdptail_mode mode)
{
	return mode == XDPTAIL_MODE_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

/* How many single-letter edits apart two short names are (Levenshtein), at most IF_NAMESIZE. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[IF_NAMESIZE + 1];
	size_t len = strnlen(b, IF_NAMESIZE);

	for (size_t j = 0; j <= len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= len; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len];
}

/* The next nearest name after those of a smaller distance (or the same, earlier in the list). */
static const struct if_nameindex *nearest(const struct if_nameindex *list, const char *name,
					  const bool *taken, size_t n)
{
	const struct if_nameindex *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!taken[i] &&
		    (!best || distance(list[i].if_name, name) < distance(best->if_name, name)))
			best = &list[i];
	}
	return best;
}

static int explain_no_interface(struct reason *r, const char *interface)
{
	struct if_nameindex *list = if_nameindex();
	bool taken[256] = { false };
	char names[NEAREST_MAX * (IF_NAMESIZE + 4)] = "";
	size_t len = 0;
	size_t n = 0;

	while (list && list[n].if_index && n < sizeof(taken))
		n++;
	for (size_t i = 0; i < NEAREST_MAX && i < n; i++) {
		const struct if_nameindex *best = nearest(list, interface, taken, n);

		taken[best - list] = true;
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s\"%s\"",
					len ? ", " : "", best->if_name);
	}
	(void)reason_set(r, -ENODEV, "there is no interface \"%.15s\" here%s%s", interface,
			 n ? "; nearest: " : "", names);
	if (list)
		if_freenameindex(list);
	return -ENODEV;
}

/* What ip-link calls the place of a program: "xdp" alone takes it for native where that exists. */
static const char *hook_name(const struct bpf_xdp_query_opts *query)
{
	switch (query->attach_mode) {
	case XDP_ATTACHED_SKB:
		return "xdpgeneric";
	case XDP_ATTACHED_HW:
		return "xdpoffload";
	default:
		return "xdp";
	}
}

/* Who is there already, by id and name; the kernel keeps 15 characters of a name. */
static const char *describe_other(uint32_t ifindex, char *ret, size_t size)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	__u32 id;
	int fd;

	(void)snprintf(ret, size, "another program");
	if (bpf_xdp_query((int)ifindex, 0, &query))
		return "xdp";
	id = query.prog_id     ? query.prog_id :
	     query.drv_prog_id ? query.drv_prog_id :
	     query.skb_prog_id ? query.skb_prog_id :
				 query.hw_prog_id;
	if (!id)
		return "xdp";
	(void)snprintf(ret, size, "program id %u", id);
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return hook_name(&query);
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.name[0])
		(void)snprintf(ret, size, "program id %u, \"%.15s\"", id, info.name);
	close(fd);
	return hook_name(&query);
}

static int explain_occupied(struct reason *r, int err, const char *interface, uint32_t ifindex)
{
	char other[64];
	const char *hook = describe_other(ifindex, other, sizeof(other));

	return reason_set(
		r, err,
		"\"%s\" has an XDP program already (%s), and it is not ours to replace; stop "
		"what put it there, or: ip link set dev %s %s off",
		interface, other, interface, hook);
}

/* The link call gives a bare errno (TRAPS A56); what usually stands behind it. */
static const struct {
	int err;
	const char *meaning;
} refusals[] = {
	{ ERANGE, "its MTU is too large for this driver's XDP; lower it (often 3498 or less)" },
	{ EOPNOTSUPP, "its driver has no XDP, or an offload (LRO, GRO_HW, checksum) stands against "
		      "it; see ethtool -k" },
	{ EINVAL, "its driver refuses this setup: often the MTU, LRO, or the number of queues "
		  "(ethtool -l)" },
	{ ENOSPC, "its driver has too few transmit queues left for XDP (ethtool -l)" },
	{ ENOMEM, "its driver found no memory for XDP queues" },
	{ ENETDOWN, "it is down, and its driver wants it up first" },
	{ EIO, "its driver failed to set up its queues; the kernel log may say more" },
};

static const char *refusal_meaning(int err)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (refusals[i].err == -err)
			return refusals[i].meaning;
	}
	return "the kernel log may say more";
}

static int explain_refusal(struct reason *r, int err, const char *interface, enum xdptail_mode mode)
{
	if (err == -EPERM || err == -EACCES)
		return reason_set(r, -EPERM,
				  "not permitted to attach to \"%s\": CAP_NET_ADMIN is missing",
				  interface);
	return reason_set(r, err, "\"%s\" refuses XDP in %s mode: %s (%s)", interface,
			  mode == XDPTAIL_MODE_GENERIC ? "generic" : "native", refusal_meaning(err),
			  strerror(-err));
}

/* A link where the kernel has them. Before 5.9 it answers EINVAL, and netlink is the only way: what
 * it attaches outlives us if we are killed (TRAPS A33). A driver that says EINVAL says it twice.
 */
static int hook(struct attachment *a, enum xdptail_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode_flag(mode));
	__u32 flags = mode_flag(mode) | XDP_FLAGS_UPDATE_IF_NOEXIST;
	int err;

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
			"frames of \"%.15s\" begin with IP, and this kernel takes no "
			"program that reads them (its machine cannot read unaligned words)",
			interface);
	*ret_fd = program_fd[link];
	return 0;
}

int attach_open(struct attachment *ret, const int program_fd[LINK_MAX], const char *interface,
		enum xdptail_mode mode, struct reason *r)
{
	struct attachment a = { .link_fd = -1 };
	int err;

	reason_clear(r);
	a.ifindex = if_nametoindex(interface);
	if (!a.ifindex)
		return explain_no_interface(r, interface);
	err = choose_program(program_fd, interface, &a.program_fd, r);
	if (err)
		return err;

	a.mode = mode == XDPTAIL_MODE_GENERIC ? XDPTAIL_MODE_GENERIC : XDPTAIL_MODE_NATIVE;
	err = hook(&a, a.mode);
	if (is_refusal(err) && mode == XDPTAIL_MODE_AUTO) {
		(void)explain_refusal(r, err, interface, a.mode);
		a.mode = XDPTAIL_MODE_GENERIC;
		err = hook(&a, a.mode);
	}
	if (err == -EBUSY || err == -EEXIST)
		return explain_occupied(r, -EBUSY, interface, a.ifindex);
	if (err)
		return explain_refusal(r, err, interface, a.mode);
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
		return if_indextoname(a->ifindex, name) ? a->ifindex : 0;
	if (bpf_obj_get_info_by_fd(a->link_fd, &info, &len))
		return a->ifindex;
	return info.xdp.ifindex;
}

bool attach_is_here(const struct attachment *a)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(a->program_fd, &info, &len) ||
	    bpf_xdp_query((int)a->ifindex, 0, &query))
		return false;
	return query.prog_id == info.id || query.drv_prog_id == info.id ||
	       query.skb_prog_id == info.id;
}
