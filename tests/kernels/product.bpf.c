// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A BPF program that older kernels refuse: what moves a pointer into the packet is a product of two
 * unknown numbers, whose bounds their verifiers forget. Otherwise it is xdptail's count_packets.
 */
#include "xdptail.bpf.c"

PROGRAM
int count_by_product(struct xdp_md *ctx)
{
	const __u8 *data = (const void *)(long)ctx->data;
	const __u8 *end = (const void *)(long)ctx->data_end;

	if (data + 2 <= end) {
		data += (__u64)data[0] * data[1];
		if (data + 1 <= end)
			__asm__ volatile("" : : "r"(*data)); /* so it is read */
	}
	return observe_xdp(ctx, PARSE_LINK_ETHERNET, false, false);
}
