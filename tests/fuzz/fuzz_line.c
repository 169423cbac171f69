// SPDX-License-Identifier: BSD-2-Clause
/* Records of any values: each becomes one line, short enough, of which another reader (json-c)
 * makes the same values, key by key and no more keys.
 */
#include <inttypes.h>
#include <stdbool.h>

#include "fuzz.h"
#include "record/record.h"
#include "reading.h"

#define NAME_MAX_LEN	96 /* of text from outside, escaped: record.c cuts the rest */
#define TEXT_MAX_LEN	255
#define PROGRAM_MAX_LEN 96
#define KERNEL_MAX_LEN	64
#define VERSION_MAX_LEN 32
/* there is room for so much of a start's output, object and capture together */
#define SHARED_LEN 190
#define TEXT_CAP   300
#define ESCAPE_LEN 6

/* What a case has in hand. */
struct fuzz_line {
	bool started; /* a start record was made */
	struct fuzz_input in;
	struct record_writer *writer; /* owned */
	uint64_t now_ns;
	bool ns;
};

static void begin(struct fuzz_line *f, struct reading *r, int err, const struct record *line,
		  enum record_type type)
{
	FUZZ_CHECK(!err, "%s: %s", record_type_name(type), strerror(-err));
	read_line(r, line, type, f->now_ns, f->ns);
}

static const char *const fragment_names[] = { "none", "first", "later" };
static const char *const parse_names[] = { "ok", "truncated", "malformed", "too_deep" };
static const char *const tunnel_names[] = { "none", "vxlan", "geneve", "gre", "ipip",
					    "4in6", "6in4",  "6in6",   "gtpu" };

static void has_packet_options(struct reading *r, const struct xdptail_packet *p)
{
	if (p->has & XDPTAIL_HAS_PORTS) {
		has_u64(r, "src_port", p->src_port);
		has_u64(r, "dst_port", p->dst_port);
	}
	if (p->has & XDPTAIL_HAS_PROTOCOL) {
		has_u64(r, "protocol", p->protocol);
		has_u64(r, "packet_type", p->packet_type);
	}
	if (p->has & XDPTAIL_HAS_TCP) {
		has_u64(r, "seq_num", p->seq_num);
		has_u64(r, "ack_num", p->ack_num);
		has_u64(r, "tcp_flags", p->tcp_flags);
		has_flags(r, p->tcp_flags);
	}
	if (p->has & XDPTAIL_HAS_ICMP) {
		has_u64(r, "icmp_type", p->icmp_type);
		has_u64(r, "icmp_code", p->icmp_code);
	}
	if (p->has & XDPTAIL_HAS_VLAN)
		has_u64(r, "vlan", p->vlan);
	if (p->has & XDPTAIL_HAS_VLAN_INNER)
		has_u64(r, "vlan_inner", p->vlan_inner);
	if (p->has & XDPTAIL_HAS_TUNNEL) {
		has_ip(r, "outer_src_ip", p->outer_src_ip, p->outer_ip_version == 4);
		has_ip(r, "outer_dst_ip", p->outer_dst_ip, p->outer_ip_version == 4);
		has_word(r, "tunnel", tunnel_names[p->tunnel]);
	}
	if (p->has & XDPTAIL_HAS_FRAGMENT)
		has_word(r, "fragment", fragment_names[p->fragment]);
	if (p->has & XDPTAIL_HAS_PARSE)
		has_word(r, "parse", parse_names[p->parse]);
}

static void packet(struct fuzz_line *f)
{
	struct xdptail_packet p;
	char interface[TEXT_CAP];
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &p, sizeof(p));
	p.interface = fuzz_text(&f->in, interface, sizeof(interface));
	p.timestamp_ns = f->now_ns;
	p.ip_version = p.ip_version % 2 ? 4 : 6;
	p.fragment %= XDPTAIL_FRAGMENT_MAX;
	p.parse %= XDPTAIL_PARSE_MAX;
	p.tunnel %= XDPTAIL_TUNNEL_MAX;
	p.outer_ip_version = p.outer_ip_version % 2 ? 4 : 6;
	err = record_packet(f->writer, &p, &line);
	begin(f, &r, err, &line, RECORD_PACKET);
	has_text(&r, "interface", p.interface, NAME_MAX_LEN);
	has_ip(&r, "src_ip", p.src_ip, p.ip_version == 4);
	has_ip(&r, "dst_ip", p.dst_ip, p.ip_version == 4);
	has_u64(&r, "packet_len", p.packet_len);
	has_u64(&r, "ttl", p.ttl);
	has_u64(&r, "sample_rate", p.sample_rate);
	has_u64(&r, "cpu", p.cpu);
	has_u64(&r, "cpu_seq", p.cpu_seq);
	has_packet_options(&r, &p);
	close_reading(&r);
}

static void count(struct fuzz_line *f)
{
	struct xdptail_source source;
	struct record_count c = { .source = &source };
	char interface[TEXT_CAP];
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &source, sizeof(source));
	fuzz_take(&f->in, &c.snapshot, sizeof(c.snapshot));
	source.interface = fuzz_text(&f->in, interface, sizeof(interface));
	err = record_count(f->writer, f->now_ns, &c, &line);
	begin(f, &r, err, &line, RECORD_COUNT);
	has_u64(&r, "snapshot", c.snapshot);
	has_text(&r, "interface", source.interface, NAME_MAX_LEN);
	has_ip(&r, "src_ip", source.src_ip, is_mapped(source.src_ip));
	has_u64(&r, "packets", source.packets);
	has_u64(&r, "bytes", source.bytes);
	close_reading(&r);
}

static void has_nonzero(struct reading *r, const char *key, uint64_t want)
{
	if (want)
		has_u64(r, key, want);
}

static void has_counts(struct reading *r, const struct xdptail_counts *c)
{
	has_u64(r, "seen", c->seen);
	has_u64(r, "not_ip", c->not_ip);
	has_u64(r, "no_source", c->no_source);
	has_u64(r, "undetermined", c->undetermined);
	has_u64(r, "not_selected", c->not_selected);
	has_u64(r, "counted", c->counted);
	has_u64(r, "counted_bytes", c->counted_bytes);
	has_u64(r, "unattributed_packets", c->unattributed_packets);
	has_u64(r, "unattributed_bytes", c->unattributed_bytes);
	has_nonzero(r, "unattributed_full", c->unattributed_full);
	has_nonzero(r, "unattributed_busy", c->unattributed_busy);
	has_nonzero(r, "unattributed_no_memory", c->unattributed_no_memory);
	has_nonzero(r, "unattributed_other", c->unattributed_other);
}

static void snapshot(struct fuzz_line *f)
{
	struct xdptail_counts c;
	struct record_snapshot s = { .counts = &c };
	uint8_t flags = fuzz_byte(&f->in);
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &c, sizeof(c));
	s.total = flags & 1;
	s.aggregates = flags & 2;
	fuzz_take(&f->in, &s.snapshot, sizeof(s.snapshot));
	fuzz_take(&f->in, &s.listed, sizeof(s.listed));
	fuzz_take(&f->in, &s.unlisted_packets, sizeof(s.unlisted_packets));
	fuzz_take(&f->in, &s.unlisted_bytes, sizeof(s.unlisted_bytes));
	err = record_snapshot(f->writer, f->now_ns, &s, &line);
	begin(f, &r, err, &line, RECORD_SNAPSHOT);
	if (s.total)
		(void)value_of(&r, "total", json_type_boolean);
	else
		has_u64(&r, "sources", c.n_sources);
	has_u64(&r, "snapshot", s.snapshot);
	has_time(&r, "interval_start", c.interval_start_ns);
	has_time(&r, "interval_end", c.interval_end_ns);
	has_word(&r, "counts", s.aggregates ? "aggregates" : "frames");
	has_u64(&r, "listed", s.listed);
	has_u64(&r, "unlisted_packets", s.unlisted_packets);
	has_u64(&r, "unlisted_bytes", s.unlisted_bytes);
	has_counts(&r, &c);
	close_reading(&r);
}

static void stats(struct fuzz_line *f)
{
	struct record_stats s;
	uint8_t flags = fuzz_byte(&f->in);
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &s, sizeof(s));
	s.total = flags & 1;
	s.perf = flags & 2;
	err = record_stats(f->writer, f->now_ns, &s, &line);
	begin(f, &r, err, &line, RECORD_STATS);
	if (s.total)
		(void)value_of(&r, "total", json_type_boolean);
	has_u64(&r, "sampled", s.sampled);
	has_u64(&r, "delivered", s.delivered);
	has_u64(&r, "lost_ring_full", s.lost_ring_full);
	if (s.perf) {
		has_u64(&r, "lost_no_buffer", s.lost_no_buffer);
		has_u64(&r, "lost_other", s.lost_other);
	}
	has_u64(&r, "lost_undecodable", s.lost_undecodable);
	has_u64(&r, "discarded", s.discarded);
	has_u64(&r, "cpu_ms", s.cpu_ms);
	has_u64(&r, "rss_kb", s.rss_kb);
	has_u64(&r, "ring_high_water", s.ring_high_water);
	has_u64(&r, "longest_wait_ms", s.longest_wait_ms);
	close_reading(&r);
}

static void sink(struct fuzz_line *f)
{
	struct record_sink s;
	uint8_t flags = fuzz_byte(&f->in);
	char name[TEXT_CAP];
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &s, sizeof(s));
	s.total = flags & 1;
	s.sink = fuzz_text(&f->in, name, sizeof(name));
	err = record_sink(f->writer, f->now_ns, &s, &line);
	begin(f, &r, err, &line, RECORD_SINK);
	if (s.total)
		(void)value_of(&r, "total", json_type_boolean);
	has_text(&r, "sink", s.sink, TEXT_MAX_LEN);
	has_u64(&r, "made", s.made);
	has_u64(&r, "written", s.written);
	has_u64(&r, "bytes", s.bytes);
	has_u64(&r, "filtered", s.filtered);
	has_u64(&r, "dropped_queue_full", s.dropped_queue_full);
	has_u64(&r, "dropped_error", s.dropped_error);
	has_u64(&r, "queued", s.queued);
	has_nonzero(&r, "disconnects", s.disconnects);
	close_reading(&r);
}

/* The same for the head of another file: two keys in place of those that say what the line itself
 * is.
 */
static void repeat(struct fuzz_line *f, const struct record *line, int keys)
{
	char text[RECORD_MAX_BYTES];
	struct record again = { .text = text, .type = RECORD_START, .record_seq = 1 };
	struct reading r;
	int err = record_repeat(line->text, line->len, f->now_ns, 2, text, &again.len);

	begin(f, &r, err, &again, RECORD_START);
	(void)value_of(&r, "repeated", json_type_boolean);
	has_u64(&r, "file", 2);
	r.keys += keys - 4; /* those that every line has are asked for in both */
	close_reading(&r);
}

/* At most, in a line. */
static size_t len_of(const char *text)
{
	return !text ? 0 : is_plain(text) ? strlen(text) : ESCAPE_LEN * strlen(text);
}

/* Texts of a start that share their room are whole when all of them fit. */
static void has_shared(struct reading *r, const struct record_start *s, const char *key,
		       const char *want, size_t max)
{
	size_t sum = len_of(s->sink) + len_of(s->ebpf_program) + len_of(s->capture);

	has_text(r, key, want, sum <= SHARED_LEN ? max : 0);
}

static void start(struct fuzz_line *f)
{
	static const char *const capabilities[] = { "CAP_BPF", "CAP_NET_ADMIN", NULL };
	static const char *const transports[] = { "auto", "ringbuf", "perf", "capture" };
	char capture[TEXT_CAP];
	char version[TEXT_CAP], hostname[TEXT_CAP], kernel[TEXT_CAP], function[TEXT_CAP];
	char program[TEXT_CAP], sink[TEXT_CAP];
	uint8_t flags = fuzz_byte(&f->in);
	struct record_start s;
	struct reading r;
	struct record line;
	int keys;
	int err;

	fuzz_take(&f->in, &s, sizeof(s));
	s.shared_counts = flags & 1;
	s.prog_run = flags & 128;
	s.decap = flags & 32;
	/* the first one has a number for the others */
	s.same = f->started && s.ring_bytes & 1;
	s.repeated = f->started && !s.same;
	s.joined = s.repeated && s.shared_counts;
	s.transport = flags / 2 % XDPTAIL_TRANSPORT_MAX;
	s.sample_mode = flags / 8 % XDPTAIL_SAMPLE_MODE_MAX;
	s.capabilities = capabilities;
	s.capture = flags & 64 ? fuzz_text(&f->in, capture, sizeof(capture)) : NULL;
	s.version = fuzz_text(&f->in, version, sizeof(version));
	s.hostname = fuzz_text(&f->in, hostname, sizeof(hostname));
	s.kernel = fuzz_text(&f->in, kernel, sizeof(kernel));
	s.function_name = fuzz_text(&f->in, function, sizeof(function));
	s.ebpf_program = fuzz_byte(&f->in) & 1 ? fuzz_text(&f->in, program, sizeof(program)) : NULL;
	s.sink = fuzz_text(&f->in, sink, sizeof(sink));
	err = record_start(f->writer, f->now_ns, &s, &line);
	begin(f, &r, err, &line, RECORD_START);
	has_text(&r, "version", s.version, VERSION_MAX_LEN);
	has_word(&r, "schema", RECORD_SCHEMA);
	has_shared(&r, &s, "sink", s.sink, TEXT_MAX_LEN);
	has_text(&r, "hostname", s.hostname, NAME_MAX_LEN);
	has_text(&r, "kernel", s.kernel, KERNEL_MAX_LEN);
	has_text(&r, "function_name", s.function_name, NAME_MAX_LEN);
	if (s.ebpf_program)
		has_shared(&r, &s, "ebpf_program", s.ebpf_program, PROGRAM_MAX_LEN);
	has_word(&r, "transport", transports[s.transport]);
	if (s.capture)
		has_shared(&r, &s, "capture", s.capture, SHARED_LEN);
	else
		has_u64(&r, "ring_bytes", s.ring_bytes);
	if (s.capture && s.prog_run)
		(void)value_of(&r, "prog_run", json_type_boolean);
	has_word(&r, "sample_mode", s.sample_mode == XDPTAIL_SAMPLE_EVERY ? "every" : "random");
	has_u64(&r, "sample_rate", s.sample_rate);
	has_u64(&r, "interval_s", s.interval_s);
	if (s.decap)
		(void)value_of(&r, "decap", json_type_boolean);
	if (!s.capture) {
		has_u64(&r, "max_sources", s.max_sources);
		has_word(&r, "map_type", s.shared_counts ? "hash" : "percpu_hash");
		has_u64(&r, "map_bytes", s.map_bytes);
	}
	(void)value_of(&r, "capabilities", json_type_array);
	if (s.repeated)
		(void)value_of(&r, "repeated", json_type_boolean);
	if (s.joined)
		(void)value_of(&r, "joined", json_type_boolean);
	keys = r.keys - s.repeated - s.joined;
	close_reading(&r);
	repeat(f, &line, keys);
	f->started = true;
}

static void interface(struct fuzz_line *f)
{
	static const char *const modes[] = { "auto", "native", "generic" };
	char name[TEXT_CAP], reason[TEXT_CAP];
	struct xdptail_interface event;
	uint8_t flags = fuzz_byte(&f->in);
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &event, sizeof(event));
	event.interface = fuzz_text(&f->in, name, sizeof(name));
	event.reason = flags & 1 ? fuzz_text(&f->in, reason, sizeof(reason)) : NULL;
	event.state = flags / 2 % XDPTAIL_STATE_MAX;
	event.mode = flags / 16 % XDPTAIL_MODE_MAX;
	err = record_interface(f->writer, f->now_ns, &event, &line);
	begin(f, &r, err, &line, RECORD_INTERFACE);
	has_text(&r, "interface", event.interface, NAME_MAX_LEN);
	if (event.ifindex)
		has_u64(&r, "ifindex", event.ifindex);
	(void)value_of(&r, "state", json_type_string);
	if (event.mode != XDPTAIL_MODE_AUTO) {
		has_word(&r, "hook", "xdp");
		has_word(&r, "mode", modes[event.mode]);
		has_word(&r, "counts",
			 event.mode == XDPTAIL_MODE_GENERIC ? "aggregates" : "frames");
	}
	if (event.reason)
		has_text(&r, "reason", event.reason, TEXT_MAX_LEN);
	close_reading(&r);
}

static void loss(struct fuzz_line *f)
{
	struct record_loss l = { .cause = "ring_full" };
	char where[TEXT_CAP];
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &l.records, sizeof(l.records));
	fuzz_take(&f->in, &l.first_ns, sizeof(l.first_ns));
	fuzz_take(&f->in, &l.last_ns, sizeof(l.last_ns));
	l.where = fuzz_text(&f->in, where, sizeof(where));
	err = record_loss(f->writer, f->now_ns, &l, &line);
	begin(f, &r, err, &line, RECORD_LOSS);
	has_text(&r, "where", l.where, TEXT_MAX_LEN);
	has_word(&r, "cause", l.cause);
	has_u64(&r, "records", l.records);
	has_time(&r, "first", l.first_ns);
	has_time(&r, "last", l.last_ns);
	close_reading(&r);
}

static void clock_step(struct fuzz_line *f)
{
	int64_t step_ns;
	char text[32];
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &step_ns, sizeof(step_ns));
	err = record_clock(f->writer, f->now_ns, step_ns, &line);
	begin(f, &r, err, &line, RECORD_CLOCK);
	(void)snprintf(text, sizeof(text), "%" PRId64, step_ns);
	if (step_ns < (int64_t)NUMBER_LIMIT && step_ns > -(int64_t)NUMBER_LIMIT)
		FUZZ_CHECK(json_object_get_int64(value_of(&r, "step_ns", json_type_int)) == step_ns,
			   "want %s", text);
	else
		has_word(&r, "step_ns", text);
	close_reading(&r);
}

static void stop(struct fuzz_line *f)
{
	int exit_code = fuzz_byte(&f->in);
	uint64_t lost;
	char reason[TEXT_CAP];
	struct reading r;
	struct record line;
	int err;

	fuzz_take(&f->in, &lost, sizeof(lost));
	err = record_stop(f->writer, f->now_ns, fuzz_text(&f->in, reason, sizeof(reason)),
			  exit_code, lost, &line);
	begin(f, &r, err, &line, RECORD_STOP);
	has_text(&r, "reason", reason, TEXT_MAX_LEN);
	has_u64(&r, "exit", (uint64_t)exit_code);
	has_nonzero(&r, "dropped_error", lost);
	close_reading(&r);
}

static void (*const cases[])(struct fuzz_line *f) = {
	[RECORD_PACKET] = packet,	[RECORD_COUNT] = count, [RECORD_SNAPSHOT] = snapshot,
	[RECORD_STATS] = stats,		[RECORD_SINK] = sink,	[RECORD_START] = start,
	[RECORD_INTERFACE] = interface, [RECORD_LOSS] = loss,	[RECORD_CLOCK] = clock_step,
	[RECORD_STOP] = stop,
};
_Static_assert(sizeof(cases) / sizeof(cases[0]) == RECORD_TYPE_MAX, "one each");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_line f = { .in = { data, data + size } };
	uint8_t type = fuzz_byte(&f.in) % RECORD_TYPE_MAX;

	f.ns = fuzz_byte(&f.in) & 1;
	fuzz_take(&f.in, &f.now_ns, sizeof(f.now_ns));
	FUZZ_CHECK(!record_writer_new(&f.writer, RUN, f.ns), "no memory");
	cases[type](&f);
	if (type == RECORD_START)
		start(&f); /* again, so that it may be one that is repeated */
	record_writer_free(f.writer);
	return 0;
}
