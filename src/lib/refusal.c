// SPDX-License-Identifier: BSD-2-Clause
#include "lib/refusal.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "lib/kernel_error.h"
#include "lib/attached_owner.h"

#define NEAREST_MAX 3 /* similar names offered for one that does not exist */

/* Returns the edit distance of two short names (Levenshtein), at most IF_NAMESIZE. */
static unsigned int edit_distance(const char *a, const char *b)
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

/* Returns the next nearest name, behind those of a smaller distance (or the same, earlier in the
 * list).
 */
static const struct if_nameindex *find_nearest(const struct if_nameindex *list, const char *name,
					       const bool *taken, size_t n)
{
	const struct if_nameindex *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!taken[i] && (!best || edit_distance(list[i].if_name, name) <
						   edit_distance(best->if_name, name)))
			best = &list[i];
	}
	return best;
}

int refusal_no_interface(struct reason *r, const char *interface)
{
	struct if_nameindex *list = if_nameindex();
	bool taken[256] = { false };
	char names[NEAREST_MAX * (IF_NAMESIZE + 4)] = "";
	size_t len = 0;
	size_t n = 0;

	while (list && list[n].if_index && n < sizeof(taken))
		n++;
	for (size_t i = 0; i < NEAREST_MAX && i < n; i++) {
		const struct if_nameindex *best = find_nearest(list, interface, taken, n);

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

int refusal_occupied(struct reason *r, int err, const char *interface, uint32_t ifindex)
{
	struct attached_owner other = { 0 };
	char name[24] = "";

	if (!attached_owner_of(ifindex, &other) &&
	    !other.id) /* the kernel also checks the interface above */
		return reason_set(
			r, err,
			"\"%s\" takes no XDP program while an interface on top of it has one "
			"(a bond, bridge, VLAN or macvlan: ip -d link); watch that one, or detach its "
			"program",
			interface);
	if (other.name[0])
		(void)snprintf(name, sizeof(name), ", \"%s\"", other.name);
	return reason_set(
		r, err,
		"\"%s\" has an XDP program already (program id %u%s), and it is not ours to "
		"replace; stop what put it there, or: ip link set dev %s %s off",
		interface, other.id, name, interface, other.hook ? other.hook : "xdp");
}

/* The usual causes of the bare errno that the link call returns. */
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
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (refusals[i].err == -err)
			return refusals[i].meaning;
	}
	return "the kernel log may say more";
}

int refusal_by_driver(struct reason *r, int err, const char *interface, enum xdptail_mode mode)
{
	if (err == -KERNEL_ENOTSUPP) /* some drivers return this for "not supported" */
		err = -EOPNOTSUPP;
	if (err == -EPERM || err == -EACCES)
		return reason_set(r, -EPERM,
				  "not permitted to attach to \"%s\": CAP_NET_ADMIN is missing",
				  interface);
	return reason_set(r, err, "\"%s\" refuses XDP in %s mode: %s (%s)", interface,
			  mode == XDPTAIL_MODE_GENERIC ? "generic" : "native", refusal_meaning(err),
			  strerror(-err));
}
