// SPDX-License-Identifier: BSD-2-Clause
#include "lib/object_layout.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "abi.h"
#include "base/array.h"
#include "lib/members.h"

#define SHOWN "%.300s: " /* cuts a path, so that the rest of the sentence fits */

#define RING  "packet_events"
#define PERF  "packet_events_perf"
#define COUNT "packet_count"

struct map {
	const char *name;
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries; /* 0: object.c sets it */
	__u32 flags;
};

#define ANY_FLAGS ~0U /* accepts the flags that libbpf sets by itself */

static const struct map maps[] = {
	{ "settings", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct settings), 1, 0 },
	{ "sample_counter", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct sample_counter), 1, 0 },
	{ "packet_totals", BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct packet_totals),
	  ABI_GENERATIONS, 0 },
	{ COUNT "_0", BPF_MAP_TYPE_PERCPU_HASH, sizeof(struct count_key),
	  sizeof(struct count_value), 0, 0 },
	{ COUNT "_1", BPF_MAP_TYPE_PERCPU_HASH, sizeof(struct count_key),
	  sizeof(struct count_value), 0, 0 },
	{ COUNT, BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, ABI_GENERATIONS, 0 },
	{ ".rodata.constants", BPF_MAP_TYPE_ARRAY, 4, sizeof(struct constants), 1, ANY_FLAGS },
};

static const struct map ring = { RING, BPF_MAP_TYPE_RINGBUF, 0, 0, 0, 0 };
static const struct map perf = { PERF, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0, 0 };

struct member {
	const char *name;
	__u32 offset;
	__u32 size;
};

/* clang-format off */
#define MEMBER(type, member)                                                    \
	{ #member, offsetof(struct type, member), sizeof(((const struct type *)0)->member) },
/* clang-format on */

/* A user's object may lack the padding, or name it differently: the size of the struct shows it. */
#define MEMBERS_OF(LIST) LIST(MEMBER, MEMBERS_NONE)

static const struct member packet_info_members[] = { MEMBERS_OF(MEMBERS_PACKET_INFO) };
static const struct member tunnel_info_members[] = { MEMBERS_OF(MEMBERS_TUNNEL_INFO) };
static const struct member settings_members[] = { MEMBERS_OF(MEMBERS_SETTINGS) };
static const struct member packet_totals_members[] = { MEMBERS_OF(MEMBERS_PACKET_TOTALS) };
static const struct member sample_counter_members[] = { MEMBERS_OF(MEMBERS_SAMPLE_COUNTER) };
static const struct member count_key_members[] = { MEMBERS_OF(MEMBERS_COUNT_KEY) };
static const struct member count_value_members[] = { MEMBERS_OF(MEMBERS_COUNT_VALUE) };
static const struct member tunnel_ports_members[] = { MEMBERS_OF(MEMBERS_TUNNEL_PORTS) };
static const struct member constants_members[] = { MEMBERS_OF(MEMBERS_CONSTANTS) };

#define LAYOUT(type)                                                                   \
	{                                                                              \
#type, sizeof(struct type), type##_members, ARRAY_SIZE(type##_members) \
	}

static const struct layout {
	const char *name;
	__u32 size;
	const struct member *members;
	size_t n_members;
} layouts[] = {
	LAYOUT(packet_info),   LAYOUT(tunnel_info),    LAYOUT(settings),
	LAYOUT(packet_totals), LAYOUT(sample_counter), LAYOUT(count_key),
	LAYOUT(count_value),   LAYOUT(tunnel_ports),   LAYOUT(constants),
};

static const char *type_name(__u32 type)
{
	const char *name = libbpf_bpf_map_type_str(type);

	return name ? name : "unknown";
}

static int check_number(struct reason *r, const char *file, const char *map, const char *what,
			__u32 got, __u32 want)
{
	if (got == want)
		return 0;
	return reason_set(r, -EINVAL, SHOWN "map \"%s\": %s %u, need %u", file, map, what, got,
			  want);
}

static int check_shape(const struct bpf_map *map, const char *file, const struct map *want,
		       struct reason *r)
{
	int err = 0;

	if (bpf_map__type(map) != want->type)
		return reason_set(r, -EINVAL, SHOWN "map \"%s\": type %s, need %s", file,
				  want->name, type_name(bpf_map__type(map)), type_name(want->type));
	err = check_number(r, file, want->name, "key size", bpf_map__key_size(map), want->key_size);
	if (!err)
		err = check_number(r, file, want->name, "value size", bpf_map__value_size(map),
				   want->value_size);
	if (!err && want->max_entries)
		err = check_number(r, file, want->name, "max_entries", bpf_map__max_entries(map),
				   want->max_entries);
	if (!err && want->flags != ANY_FLAGS)
		err = check_number(r, file, want->name, "flags", bpf_map__map_flags(map),
				   want->flags);
	return err;
}

static int check_map(const struct bpf_object *obj, const char *file, const struct map *want,
		     struct reason *r)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(obj, want->name);

	if (!map)
		return reason_set(r, -EINVAL,
				  SHOWN "map \"%s\" is missing; build it from the headers of this "
					"version",
				  file, want->name);
	return check_shape(map, file, want, r);
}

/* An object must have exactly one of the two maps for samples, because only one of them is read. */
static int check_events(const struct bpf_object *obj, const char *file, enum xdptail_transport *ret,
			struct reason *r)
{
	const struct bpf_map *has_ring = bpf_object__find_map_by_name(obj, RING);
	const struct bpf_map *has_perf = bpf_object__find_map_by_name(obj, PERF);
	int err;

	if (has_ring && has_perf)
		return reason_set(r, -EINVAL,
				  SHOWN "there are both maps \"" RING "\" and \"" PERF
					"\", and only one would be read",
				  file);
	if (!has_ring && !has_perf)
		return reason_set(r, -EINVAL,
				  SHOWN "map \"" RING "\" is missing (or \"" PERF
					"\", for a perf buffer)",
				  file);
	err = check_map(obj, file, has_ring ? &ring : &perf, r);
	if (!err)
		*ret = has_ring ? XDPTAIL_TRANSPORT_RINGBUF : XDPTAIL_TRANSPORT_PERF;
	return err;
}

static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *type,
					    const char *name, __u32 *ret_bit)
{
	for (__u32 i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *member = btf_members(type) + i;

		if (strcmp(btf__name_by_offset(btf, member->name_off), name) != 0)
			continue;
		*ret_bit = btf_member_bit_offset(type, i);
		return member;
	}
	return NULL;
}

static int check_member(const struct btf *btf, const struct btf_type *type, const char *file,
			const struct layout *layout, const struct member *want, struct reason *r)
{
	__u32 bit = 0;
	const struct btf_member *member = find_member(btf, type, want->name, &bit);
	__s64 size;

	if (!member)
		return reason_set(r, -EINVAL, SHOWN "struct %s: member \"%s\" is missing", file,
				  layout->name, want->name);
	if (bit != want->offset * 8)
		return reason_set(r, -EINVAL, SHOWN "struct %s: \"%s\" at byte %u, need %u", file,
				  layout->name, want->name, bit / 8, want->offset);
	size = btf__resolve_size(btf, member->type);
	if (size != want->size)
		return reason_set(r, -EINVAL, SHOWN "struct %s: \"%s\" has %lld bytes, need %u",
				  file, layout->name, want->name, (long long)size, want->size);
	return 0;
}

/* A struct that is missing from BTF is used neither by a map nor by the program, as compiled. */
static int check_struct(const struct btf *btf, const char *file, const struct layout *layout,
			struct reason *r)
{
	int id = btf__find_by_name_kind(btf, layout->name, BTF_KIND_STRUCT);
	const struct btf_type *type;
	int err = 0;

	if (id < 0)
		return 0;
	type = btf__type_by_id(btf, (__u32)id);
	for (size_t i = 0; !err && i < layout->n_members; i++)
		err = check_member(btf, type, file, layout, &layout->members[i], r);
	if (!err && type->size != layout->size)
		err = reason_set(r, -EINVAL, SHOWN "struct %s has %u bytes, need %u", file,
				 layout->name, type->size, layout->size);
	return err;
}

int object_layout_check(const struct bpf_object *obj, const char *name,
			enum xdptail_transport *ret_transport, struct reason *r)
{
	const struct btf *btf = bpf_object__btf(obj);
	int err = check_events(obj, name, ret_transport, r);

	for (size_t i = 0; !err && i < ARRAY_SIZE(maps); i++)
		err = check_map(obj, name, &maps[i], r);
	for (size_t i = 0; !err && btf && i < ARRAY_SIZE(layouts); i++)
		err = check_struct(btf, name, &layouts[i], r);
	return err;
}
