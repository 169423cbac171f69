// SPDX-License-Identifier: BSD-2-Clause
#include "lib/ethtool.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

#define FEATURES_MAX 1024 /* the kernel has about 64 */

/* Returns 0 or -1. data is a struct ethtool_*, which begins with the command. */
static int query_ethtool(int fd, const char *interface, void *data)
{
	struct ifreq request = { .ifr_data = data };

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ioctl(fd, SIOCETHTOOL, &request);
}

static size_t count_features(int fd, const char *interface)
{
	union {
		struct ethtool_sset_info info;
		char bytes[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} sets = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };
	uint32_t count;

	if (query_ethtool(fd, interface, &sets) || !sets.info.sset_mask)
		return 0;
	memcpy(&count, sets.bytes + sizeof(sets.info), sizeof(count));
	return count > FEATURES_MAX ? 0 : count;
}

enum xdptail_answer ethtool_is_on(const char *name, const char *names, size_t n,
				  const uint32_t *active)
{
	for (size_t i = 0; i < n; i++) {
		if (strncmp(names + i * ETHTOOL_NAME_BYTES, name, ETHTOOL_NAME_BYTES) != 0)
			continue;
		return active[i / 32] >> i % 32 & 1 ? XDPTAIL_YES : XDPTAIL_NO;
	}
	return XDPTAIL_UNKNOWN;
}

static void read_features(const struct ethtool_gstrings *names, const struct ethtool_gfeatures *f,
			  struct ethtool *ret)
{
	const char *text = (const char *)names->data;
	uint32_t active[FEATURES_MAX / 32] = { 0 };
	size_t n = f->size * 32UL < names->len ? f->size * 32UL : names->len;

	for (size_t i = 0; i < f->size && i < FEATURES_MAX / 32; i++)
		active[i] = f->features[i].active;
	ret->lro = ethtool_is_on("rx-lro", text, n, active);
	ret->gro_hw = ethtool_is_on("rx-gro-hw", text, n, active);
	ret->gro = ethtool_is_on("rx-gro", text, n, active);
	ret->rxvlan = ethtool_is_on("rx-vlan-hw-parse", text, n, active);
}

static void query_offloads(int fd, const char *interface, struct ethtool *ret)
{
	const size_t n = count_features(fd, interface);
	const size_t blocks = (n + 31) / 32;
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + n * ETHTOOL_NAME_BYTES);
	struct ethtool_gfeatures *f = calloc(1, sizeof(*f) + blocks * sizeof(f->features[0]));

	if (!n || !names || !f)
		goto out;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = (uint32_t)n;
	f->cmd = ETHTOOL_GFEATURES;
	f->size = (uint32_t)blocks;
	if (!query_ethtool(fd, interface, names) && !query_ethtool(fd, interface, f) &&
	    names->len <= n && f->size <= blocks)
		read_features(names, f, ret);

out:
	free(names);
	free(f);
}

void ethtool_ask(const char *interface, struct ethtool *ret)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	/* any socket works, and generic netlink may be the only family that a sandbox allows */
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	*ret = (struct ethtool){ 0 };
	if (fd < 0)
		return;
	if (!query_ethtool(fd, interface, &info))
		(void)snprintf(ret->driver, sizeof(ret->driver), "%.31s", info.driver);
	query_offloads(fd, interface, ret);
	close(fd);
}
