/* SPDX-License-Identifier: BSD-2-Clause */
/* A record's bytes to a struct xdptail_packet: validated, and in host order from here on. Pure. */
#ifndef LIB_DECODE_H
#define LIB_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

/* data need not be aligned and may be longer than a record, as perf pads it. One of a
 * packet in a tunnel is longer than the others (bpf/abi.h).
 * ret->interface is left NULL: names are the handle's. ret->timestamp_ns is in the record's clock.
 * 0, or -EBADMSG when this is no record of ours; *ret and *ret_generation are untouched then.
 */
int decode_record(const void *data, size_t size, struct xdptail_packet *ret,
		  unsigned int *ret_generation);

#endif
