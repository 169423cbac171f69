// SPDX-License-Identifier: BSD-2-Clause
#include "lib/options.h"

#include <errno.h>
#include <string.h>

#include "lib/tunnel.h"

void xdptail_options_init(struct xdptail_options *o, size_t size)
{
	const struct xdptail_options defaults = {
		.size = size,
		.transport = XDPTAIL_TRANSPORT_AUTO,
		.sample_mode = XDPTAIL_SAMPLE_EVERY,
		.sample_rate = 10,
		.ring_bytes = 16U << 20,
		.max_sources = 65536,
		.batch_ms = 20,
		.capture_fd = -1,
	};

	memset(o, 0, size);
	memcpy(o, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

/* The caller may be compiled against another version: members that it does not know keep their
 * defaults, and those that we do not know must be unset.
 */
static int copy_members(struct xdptail_options *ret, const struct xdptail_options *o,
			struct reason *r)
{
	static const struct xdptail_options none = { 0 };
	const char *tail = (const char *)o + sizeof(*ret);

	xdptail_options_init(ret, sizeof(*ret));
	if (!o)
		return 0;
	if (o->size < sizeof(none.size))
		return reason_set(r, -EINVAL,
				  "options without a size: call "
				  "xdptail_options_init() first");
	for (size_t i = sizeof(*ret); i < o->size; i++) {
		if (*tail++)
			return reason_set(r, -EINVAL,
					  "an option is set that this version does not know");
	}
	memcpy(ret, o, o->size < sizeof(*ret) ? o->size : sizeof(*ret));
	return 0;
}

static int check_range(struct reason *r, const char *name, uint64_t value, uint64_t min,
		       uint64_t max)
{
	if (value >= min && value <= max)
		return 0;
	return reason_set(r, -EINVAL, "%s: %llu is not from %llu to %llu", name,
			  (unsigned long long)value, (unsigned long long)min,
			  (unsigned long long)max);
}

static int copy_text(struct reason *r, const char *name, char *ret, size_t cap, const char *text)
{
	const size_t len = strlen(text);

	if (len >= cap)
		return reason_set(r, -EINVAL, "%s is longer than %zu bytes", name, cap - 1);
	memcpy(ret, text, len + 1);
	return 0;
}

static int copy_path(struct handle_options *ret, struct reason *r)
{
	if (!*ret->o.ebpf_program)
		return reason_set(r, -EINVAL, "ebpf_program is empty; NULL stands for no file");
	return copy_text(r, "ebpf_program", ret->ebpf_program, sizeof(ret->ebpf_program),
			 ret->o.ebpf_program);
}

int options_copy(struct handle_options *ret, const struct xdptail_options *from, struct reason *r)
{
	const struct xdptail_options *o = &ret->o;
	int err = copy_members(&ret->o, from, r);

	if (!err)
		err = copy_text(r, "function_name", ret->function_name, sizeof(ret->function_name),
				o->function_name ? o->function_name : "count_tcp_packets");
	if (!err && o->ebpf_program)
		err = copy_path(ret, r);
	if (err)
		return err;
	err = check_range(r, "sample_rate", o->sample_rate, 0, XDPTAIL_SAMPLE_RATE_MAX);
	if (!err)
		err = check_range(r, "sample_mode", o->sample_mode, 0, XDPTAIL_SAMPLE_MODE_MAX - 1);
	if (!err)
		err = check_range(r, "transport", o->transport, 0, XDPTAIL_TRANSPORT_PERF);
	if (!err)
		err = check_range(r, "ring_bytes", o->ring_bytes, XDPTAIL_RING_BYTES_MIN,
				  XDPTAIL_RING_BYTES_MAX);
	if (!err)
		err = check_range(r, "max_sources", o->max_sources, 1, XDPTAIL_MAX_SOURCES_MAX);
	if (!err)
		err = check_range(r, "batch_ms", o->batch_ms, 0, XDPTAIL_BATCH_MS_MAX);
	if (!err)
		err = tunnel_ports(&ret->tunnel_ports, &o->tunnel_ports, r);
	return err;
}

const char *options_own_object(const struct handle_options *o)
{
	return *o->ebpf_program ? o->ebpf_program : NULL;
}
