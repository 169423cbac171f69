/* SPDX-License-Identifier: BSD-2-Clause */
/* Decodes a record into a struct xdptail_packet, validated and in host order. It has no state. */
#ifndef LIB_DECODE_H
#define LIB_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "xdptail.h"

/* data need not be aligned and may be longer than a record, because perf pads records. The record
 * of a packet in a tunnel is longer than others (bpf/abi.h). ret->interface is left NULL, as the
 * handle knows the names. ret->timestamp_ns is in the record's clock. Returns 0, or -EBADMSG if
 * this is not a record of ours; *ret and *ret_generation are then untouched.
 */
int decode_record(const void *data, size_t size, struct xdptail_packet *ret,
		  unsigned int *ret_generation);

#endif
