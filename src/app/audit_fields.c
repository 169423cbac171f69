// SPDX-License-Identifier: BSD-2-Clause
#include "app/audit_fields.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "app/audit_record.h"
#include "base/array.h"

#define KEY(name) .key = (name), .intro = "\"" name "\":", .intro_len = sizeof(name) + 2
#define NEEDED(name, kind, to_key)                                                      \
	{                                                                               \
		KEY(name), .type = AUDIT_FIELD_##kind, .to = (to_key), .required = true \
	}
#define MAYBE(name, kind, to_key)                                     \
	{                                                             \
		KEY(name), .type = AUDIT_FIELD_##kind, .to = (to_key) \
	}
#define CHECKED(name, kind) MAYBE(name, kind, AUDIT_KEY_MAX)
/* A text of which the record keeps so much as there is room for in one of its members. */
#define KEPT(name, kind, needed, member)                                                          \
	{                                                                                         \
		KEY(name), .type = AUDIT_FIELD_##kind, .to = AUDIT_KEY_MAX, .required = (needed), \
			   .keep_at = offsetof(struct audit_record, member),                      \
			   .keep_bytes = sizeof(((struct audit_record *)0)->member)               \
	}

static const struct audit_field packet_fields[] = {
	CHECKED("interface", TEXT),
	CHECKED("src_ip", IP),
	CHECKED("dst_ip", IP),
	CHECKED("src_port", U16),
	CHECKED("dst_port", U16),
	CHECKED("protocol", U8),
	CHECKED("packet_type", U8),
	CHECKED("packet_len", U32),
	CHECKED("seq_num", U32),
	CHECKED("ack_num", U32),
	CHECKED("tcp_flags", U8),
	CHECKED("flags", FLAGS),
	CHECKED("icmp_type", U8),
	CHECKED("icmp_code", U8),
	CHECKED("ttl", U8),
	CHECKED("vlan", U16),
	CHECKED("vlan_inner", U16),
	CHECKED("outer_src_ip", IP),
	CHECKED("outer_dst_ip", IP),
	CHECKED("tunnel", TEXT),
	CHECKED("fragment", TEXT),
	CHECKED("parse", TEXT),
	CHECKED("sample_rate", U32),
	NEEDED("cpu", U16, AUDIT_CPU),
	NEEDED("cpu_seq", U64, AUDIT_CPU_SEQ),
};

static const struct audit_field count_fields[] = {
	NEEDED("snapshot", U64, AUDIT_SNAPSHOT),
	CHECKED("interface", TEXT),
	CHECKED("src_ip", IP),
	NEEDED("packets", U64, AUDIT_PACKETS),
	NEEDED("bytes", U64, AUDIT_BYTES),
};

static const struct audit_field snapshot_fields[] = {
	MAYBE("total", BOOL, AUDIT_IS_TOTAL),
	NEEDED("snapshot", U64, AUDIT_SNAPSHOT),
	KEPT("interval_start", TIME, false, interval_start),
	KEPT("interval_end", TIME, false, interval_end),
	CHECKED("counts", TEXT),
	CHECKED("sources", U64),
	NEEDED("listed", U64, AUDIT_LISTED),
	NEEDED("seen", U64, AUDIT_SEEN),
	MAYBE("not_ip", U64, AUDIT_NOT_IP),
	MAYBE("no_source", U64, AUDIT_NO_SOURCE),
	MAYBE("undetermined", U64, AUDIT_UNDETERMINED),
	MAYBE("not_selected", U64, AUDIT_NOT_SELECTED),
	NEEDED("counted", U64, AUDIT_COUNTED),
	NEEDED("counted_bytes", U64, AUDIT_COUNTED_BYTES),
	MAYBE("unlisted_packets", U64, AUDIT_UNLISTED_PACKETS),
	MAYBE("unlisted_bytes", U64, AUDIT_UNLISTED_BYTES),
	MAYBE("unattributed_packets", U64, AUDIT_UNATTRIBUTED_PACKETS),
	MAYBE("unattributed_bytes", U64, AUDIT_UNATTRIBUTED_BYTES),
	MAYBE("unattributed_full", U64, AUDIT_UNATTRIBUTED_FULL),
	MAYBE("unattributed_busy", U64, AUDIT_UNATTRIBUTED_BUSY),
	MAYBE("unattributed_no_memory", U64, AUDIT_UNATTRIBUTED_NO_MEMORY),
	MAYBE("unattributed_other", U64, AUDIT_UNATTRIBUTED_OTHER),
};

static const struct audit_field stats_fields[] = {
	MAYBE("total", BOOL, AUDIT_IS_TOTAL),
	NEEDED("sampled", U64, AUDIT_SAMPLED),
	NEEDED("delivered", U64, AUDIT_DELIVERED),
	MAYBE("lost_ring_full", U64, AUDIT_LOST_RING_FULL),
	MAYBE("lost_no_buffer", U64, AUDIT_LOST_NO_BUFFER),
	MAYBE("lost_other", U64, AUDIT_LOST_OTHER),
	MAYBE("lost_undecodable", U64, AUDIT_LOST_UNDECODABLE),
	MAYBE("discarded", U64, AUDIT_DISCARDED),
	CHECKED("cpu_ms", U64),
	CHECKED("rss_kb", U64),
	CHECKED("ring_high_water", U64),
	CHECKED("longest_wait_ms", U64),
};

static const struct audit_field sink_fields[] = {
	MAYBE("total", BOOL, AUDIT_IS_TOTAL),
	KEPT("sink", TEXT, true, name),
	NEEDED("made", U64, AUDIT_MADE),
	NEEDED("written", U64, AUDIT_WRITTEN),
	CHECKED("bytes", U64),
	MAYBE("filtered", U64, AUDIT_FILTERED),
	MAYBE("dropped_queue_full", U64, AUDIT_DROPPED_QUEUE_FULL),
	MAYBE("dropped_error", U64, AUDIT_DROPPED_ERROR),
	MAYBE("queued", U64, AUDIT_QUEUED),
	CHECKED("disconnects", U64),
};

static const struct audit_field start_fields[] = {
	CHECKED("version", TEXT),
	CHECKED("schema", TEXT),
	KEPT("hostname", TEXT, false, name),
	CHECKED("kernel", TEXT),
	CHECKED("function_name", TEXT),
	CHECKED("transport", TEXT),
	MAYBE("capture", TEXT, AUDIT_IS_CAPTURE),
	CHECKED("ring_bytes", U64),
	CHECKED("sample_mode", TEXT),
	CHECKED("sample_rate", U32),
	CHECKED("interval_s", U32),
	CHECKED("max_sources", U32),
	CHECKED("map_type", TEXT),
	CHECKED("map_bytes", U64),
	CHECKED("capabilities", LIST),
	MAYBE("repeated", BOOL, AUDIT_REPEATED),
	MAYBE("joined", BOOL, AUDIT_JOINED),
	MAYBE("file", U64, AUDIT_FILE),
	CHECKED("prog_run", BOOL),
	CHECKED("decap", BOOL),
	CHECKED("ebpf_program", TEXT),
	KEPT("sink", TEXT, false, sink),
};

static const struct audit_field interface_fields[] = {
	CHECKED("interface", TEXT), CHECKED("ifindex", U32), CHECKED("state", TEXT),
	CHECKED("hook", TEXT),	    CHECKED("mode", TEXT),   CHECKED("counts", TEXT),
	CHECKED("reason", TEXT),
};

static const struct audit_field loss_fields[] = {
	CHECKED("where", TEXT), CHECKED("cause", TEXT), CHECKED("records", U64),
	CHECKED("first", TIME), CHECKED("last", TIME),
};

static const struct audit_field clock_fields[] = { CHECKED("step_ns", INT) };

static const struct audit_field stop_fields[] = {
	KEPT("reason", TEXT, false, name),
	MAYBE("exit", U8, AUDIT_EXIT),
	CHECKED("dropped_error", U64),
};

static const struct {
	const struct audit_field *list;
	size_t n;
} fields[] = {
	[RECORD_PACKET] = { packet_fields, ARRAY_SIZE(packet_fields) },
	[RECORD_COUNT] = { count_fields, ARRAY_SIZE(count_fields) },
	[RECORD_SNAPSHOT] = { snapshot_fields, ARRAY_SIZE(snapshot_fields) },
	[RECORD_STATS] = { stats_fields, ARRAY_SIZE(stats_fields) },
	[RECORD_SINK] = { sink_fields, ARRAY_SIZE(sink_fields) },
	[RECORD_START] = { start_fields, ARRAY_SIZE(start_fields) },
	[RECORD_INTERFACE] = { interface_fields, ARRAY_SIZE(interface_fields) },
	[RECORD_LOSS] = { loss_fields, ARRAY_SIZE(loss_fields) },
	[RECORD_CLOCK] = { clock_fields, ARRAY_SIZE(clock_fields) },
	[RECORD_STOP] = { stop_fields, ARRAY_SIZE(stop_fields) },
};
_Static_assert(ARRAY_SIZE(fields) == RECORD_TYPE_MAX, "a list for each");

const struct audit_field *audit_fields(enum record_type type, size_t *ret_n)
{
	*ret_n = fields[type].n;
	return fields[type].list;
}

const char *audit_key_name(enum audit_key key)
{
	for (size_t type = 0; type < RECORD_TYPE_MAX; type++) {
		for (size_t i = 0; i < fields[type].n; i++) {
			if (fields[type].list[i].to == key)
				return fields[type].list[i].key;
		}
	}
	return "unknown";
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two digits, of which the value is in a range. */
static bool is_pair(const char *text, int min, int max)
{
	int val = (text[0] - '0') * 10 + text[1] - '0';

	return is_digit(text[0]) && is_digit(text[1]) && val >= min && val <= max;
}

bool audit_is_time(const char *text, size_t len)
{
	if ((len != 27 && len != 30) || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
	    text[13] != ':' || text[16] != ':' || text[19] != '.' || text[len - 1] != 'Z')
		return false;
	if (!is_pair(text, 0, 99) || !is_pair(text + 2, 0, 99) || !is_pair(text + 5, 1, 12) ||
	    !is_pair(text + 8, 1, 31) || !is_pair(text + 11, 0, 23) || !is_pair(text + 14, 0, 59) ||
	    !is_pair(text + 17, 0, 59))
		return false;
	for (size_t i = 20; i < len - 1; i++) {
		if (!is_digit(text[i]))
			return false;
	}
	return true;
}

bool audit_is_ip(const char *text, size_t len)
{
	char buf[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (len >= sizeof(buf) || memchr(text, '\0', len))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return inet_pton(memchr(text, ':', len) ? AF_INET6 : AF_INET, buf, &addr) == 1;
}

bool audit_is_flags(const char *text, size_t len)
{
	const char *letter = "FSRPAUEC";

	for (size_t i = 0; i < len; i++) {
		while (*letter && *letter != text[i])
			letter++;
		if (!*letter)
			return false;
		letter++;
	}
	return true;
}

bool audit_is_run(const char *text, size_t len, uint64_t *ret)
{
	uint64_t val = 0;

	if (len != RECORD_RUN_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (is_digit(c))
			val = val << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			val = val << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret = val;
	return true;
}

uint64_t audit_field_max(enum audit_field_type type)
{
	switch (type) {
	case AUDIT_FIELD_U8:
		return UINT8_MAX;
	case AUDIT_FIELD_U16:
		return UINT16_MAX;
	case AUDIT_FIELD_U32:
		return UINT32_MAX;
	case AUDIT_FIELD_U64:
	case AUDIT_FIELD_INT:
	case AUDIT_FIELD_BOOL:
	case AUDIT_FIELD_IP:
	case AUDIT_FIELD_FLAGS:
	case AUDIT_FIELD_TIME:
	case AUDIT_FIELD_TEXT:
	case AUDIT_FIELD_LIST:
		break;
	}
	return UINT64_MAX;
}
