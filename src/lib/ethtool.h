/* SPDX-License-Identifier: BSD-2-Clause */
/* An interface's driver and offloads, as ethtool(8) shows them. No privileges are needed. */
#ifndef LIB_ETHTOOL_H
#define LIB_ETHTOOL_H

#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

#define ETHTOOL_NAME_BYTES 32 /* ETH_GSTRING_LEN */

struct ethtool {
	char driver[ETHTOOL_NAME_BYTES]; /* "": unknown */
	enum xdptail_answer lro; /* YES: it is on; UNKNOWN: the kernel did not answer */
	enum xdptail_answer gro_hw;
	enum xdptail_answer gro;
	enum xdptail_answer rxvlan;
};

/* Members of *ret that cannot be read are unknown. */
void ethtool_ask(const char *interface, struct ethtool *ret);

/* Is the feature with this name on? names has n names, each of ETHTOOL_NAME_BYTES and possibly
 * without a final NUL; active has a bit for each, 32 a word.
 */
enum xdptail_answer ethtool_is_on(const char *name, const char *names, size_t n,
				  const uint32_t *active);

#endif
