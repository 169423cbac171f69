// SPDX-License-Identifier: BSD-2-Clause
#include "app/options_table.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

#define EDITS_MAX 2 /* how far from a name a slip may be: two letters swapped */

static const struct choice sample_modes[] = {
	{ "every", XDPTAIL_SAMPLE_EVERY },
	{ "random", XDPTAIL_SAMPLE_RANDOM },
	{ NULL, 0 },
};

static const struct choice modes[] = {
	{ "auto", XDPTAIL_MODE_AUTO },
	{ "native", XDPTAIL_MODE_NATIVE },
	{ "generic", XDPTAIL_MODE_GENERIC },
	{ "drv", XDPTAIL_MODE_NATIVE }, /* ip-link(8)'s word */
	{ "skb", XDPTAIL_MODE_GENERIC }, /* xdp-loader's word */
	{ NULL, 0 },
};

static const struct choice transports[] = {
	{ "auto", XDPTAIL_TRANSPORT_AUTO },
	{ "ringbuf", XDPTAIL_TRANSPORT_RINGBUF },
	{ "perf", XDPTAIL_TRANSPORT_PERF },
	{ NULL, 0 },
};

static const struct choice timestamps[] = {
	{ "us", false },
	{ "ns", true },
	{ NULL, 0 },
};

#define FIELD(f)	  .field = offsetof(struct parser, f), .size = sizeof(((struct parser *)NULL)->f)
#define SWITCH(f)	  .type = ROW_SWITCH, FIELD(f), .value = 1
#define ACTION(a)	  .type = ROW_ACTION, FIELD(o.action), .value = (a)
#define STEP(f, by)	  .type = ROW_STEP, FIELD(f), .value = (by)
#define IN(k, f, lo, hi)  .type = ROW_NUMBER, FIELD(f), .number = { k, lo, hi }
#define NUMBER(f, lo, hi) IN(NUMBER_PLAIN, f, lo, hi)
#define BYTES(f, lo, hi)  IN(NUMBER_BYTES, f, lo, hi)
#define TIME(f, lo, hi)	  IN(NUMBER_SECONDS, f, lo, hi)
#define CHOICE(f, list)	  .type = ROW_CHOICE, FIELD(f), .choices = (list)
#define STRING(f)	  .type = ROW_STRING, FIELD(f)

/* clang-format off */
const struct row options_rows[] = {
	{ 'i', "interface", "IF", "interface to watch; may be repeated", NULL,
	  .type = ROW_INTERFACE },
	{ 0, "wait-interface", NULL, "wait for those not there, or gone", NULL,
	  SWITCH(o.wait_interface), .scope = SCOPE_INTERFACE },
	{ 'r', "read", "FILE", "pcap or pcapng, not an interface; - is stdin", NULL,
	  STRING(o.read) },
	{ 'f', "config", "FILE", "JSON: long options as keys, with _ for -", NULL,
	  .type = ROW_PATH, FIELD(o.config) },
	{ 0, "prog-run", NULL, "captures: through the kernel's program", NULL,
	  SWITCH(o.prog_run), .scope = SCOPE_CAPTURE },
	{ 'a', "all", NULL, "every IP protocol: --function-name " OPTIONS_FUNCTION_ALL, NULL, SWITCH(all) },
	{ 0, "function-name", "NAME", "BPF program", "count_tcp_packets", STRING(o.function_name) },
	{ 0, "ebpf-program", "FILE", "BPF object that has it, not ours", NULL,
	  STRING(o.ebpf_program), .scope = SCOPE_KERNEL },
	{ 0, "decap", NULL, "the packets inside tunnels, not those around", NULL, SWITCH(o.decap) },
	{ 0, "tunnel-port", "KIND=PORT,...", "of vxlan, geneve, gtpu, in place of its own", NULL,
	  .type = ROW_PORTS, FIELD(o.tunnel_port) },
	{ 'N', "sample", "N", "one record in N packets; 1 all, 0 none", "10",
	  NUMBER(o.sample_rate, 0, XDPTAIL_SAMPLE_RATE_MAX), .live = true },
	{ 0, "sample-mode", "every|random", "each Nth packet, or N apart on average", "every",
	  CHOICE(o.sample_mode, sample_modes), .live = true },
	{ 'm', "mode", "auto|native|generic", "XDP mode; drv and skb are aliases", "auto",
	  CHOICE(o.mode, modes), .scope = SCOPE_INTERFACE },
	{ 0, "transport", "auto|ringbuf|perf", "how samples leave the kernel", "auto",
	  CHOICE(o.transport, transports), .scope = SCOPE_KERNEL },
	{ 0, "ring-size", "BYTES", "room for samples", "16M",
	  BYTES(o.ring_bytes, XDPTAIL_RING_BYTES_MIN, XDPTAIL_RING_BYTES_MAX), .scope = SCOPE_KERNEL },
	{ 0, "interval", "TIME", "between snapshots; 0: only at the end", "10",
	  TIME(o.interval_s, 0, 86400), .live = true },
	{ 0, "max-sources", "N", "addresses counted apart at a time", "65536",
	  NUMBER(o.max_sources, 1, XDPTAIL_MAX_SOURCES_MAX), .scope = SCOPE_KERNEL },
	{ 0, "max-map-memory", "BYTES", "for counting; above it, all CPUs share", NULL,
	  BYTES(o.max_map_bytes, 1U << 16, 1ULL << 40), .scope = SCOPE_KERNEL },
	{ 0, "top", "N", "count lines a snapshot, heaviest; 0 all", "1024",
	  NUMBER(o.top, 0, XDPTAIL_MAX_SOURCES_MAX), .live = true },
	{ 'c', "count", "N", "stop after N packet records", NULL,
	  NUMBER(o.count, 1, (1ULL << 53) - 1) },
	{ 0, "duration", "TIME", "stop after a time", NULL,
	  TIME(o.duration_s, 1, 31536000), .scope = SCOPE_INTERFACE },
	{ 'o', "output", "OUT", "where lines go: see below; may be repeated", "stdout",
	  .type = ROW_OUTPUT, .live = true },
	{ 0, "output-timeout", "TIME", "captures: how long one may fail; 0: ever", "60",
	  TIME(o.output_timeout_s, 0, 86400), .scope = SCOPE_CAPTURE },
	{ 0, "metrics-file", "FILE", "figures for Prometheus; .prom", NULL,
	  STRING(o.metrics_file), .live = true },
	{ 0, "timestamps", "us|ns", "six or nine fraction digits", "us",
	  CHOICE(o.timestamps_ns, timestamps) },
	{ 0, "batch", "MS", "how long samples may gather", "20",
	  NUMBER(o.batch_ms, 0, XDPTAIL_BATCH_MS_MAX), .scope = SCOPE_INTERFACE },
	{ 0, "user", "NAME", "user to become once all is set up", NULL, STRING(o.user) },
	{ 0, "trace", NULL, "samples to the kernel's trace pipe, too", NULL, SWITCH(o.trace), .scope = SCOPE_INTERFACE },
	{ 'l', "flush", NULL, "each line goes out at once: --batch 0", NULL, SWITCH(o.flush) },
	{ 'q', "quiet", NULL, "errors only", NULL, STEP(o.verbose, -1), .live = true },
	{ 'v', "verbose", NULL, "more about what is done; may be repeated", NULL,
	  STEP(o.verbose, 1), .live = true },
	{ 'D', "list-interfaces", NULL, "list interfaces", NULL, ACTION(OPTIONS_LIST_INTERFACES) },
	{ 0, "print-config", NULL, "print the settings in effect, and end", NULL,
	  .type = ROW_WISH, FIELD(o.print_config), .value = 1 },
	{ 'V', "version", NULL, "print the version", NULL, ACTION(OPTIONS_VERSION) },
	{ 'h', "help", NULL, "print this", NULL, ACTION(OPTIONS_HELP) },
};
/* clang-format on */
const size_t options_n_rows = ARRAY_SIZE(options_rows);
_Static_assert(ARRAY_SIZE(options_rows) <= OPTIONS_ROWS_MAX,
	       "struct parser has a bit for each row");

/* Add to the message. Always -EINVAL, so that a refusal is one statement. */
int options_refuse(struct parser *p, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args); /* cut short is good enough */
	va_end(args);
	reason_add(p->why, "%s", text);
	return -EINVAL;
}

int options_refuse_row(struct parser *p, const struct row *row, const char *fmt, ...)
{
	const unsigned int line = p->line[row - options_rows];
	char text[512], key[OPTIONS_KEY_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args); /* likewise */
	va_end(args);
	if (!line)
		return options_refuse(p, "--%s: %s", row->name, text);
	options_key(row, key);
	return options_refuse(p, "%s:%u: %s: %s", p->file, line, key, text);
}

static void store(struct parser *p, const struct row *row, uint64_t value)
{
	void *field = (char *)p + row->field;

	switch (row->size) {
	case sizeof(bool):
		*(bool *)field = value != 0;
		break;
	case sizeof(uint32_t): /* enums are of this size, too */
		*(uint32_t *)field = (uint32_t)value;
		break;
	case sizeof(uint64_t):
		*(uint64_t *)field = value;
		break;
	}
}

static int take_value(struct parser *p, const struct row *row, const char *arg)
{
	(void)arg; /* a switch has none */
	store(p, row, (uint64_t)row->value);
	return 0;
}

static int take_step(struct parser *p, const struct row *row, const char *arg)
{
	(void)arg; /* a switch has none */
	*(int *)(void *)((char *)p + row->field) += row->value;
	return 0;
}

static int take_number(struct parser *p, const struct row *row, const char *arg)
{
	char range[NUMBER_RANGE_BYTES];
	uint64_t value = 0;

	if (!number_read(&row->number, arg, &value)) {
		number_range(&row->number, range);
		return options_refuse_row(p, row, OPTIONS_QUOTED " is not %s", arg, range);
	}
	store(p, row, value);
	return 0;
}

static int take_choice(struct parser *p, const struct row *row, const char *arg)
{
	const struct choice *c;

	for (c = row->choices; c->name; c++) {
		if (!strcmp(c->name, arg)) {
			store(p, row, c->value);
			return 0;
		}
	}
	(void)options_refuse_row(p, row, OPTIONS_QUOTED " is not one of", arg);
	for (c = row->choices; c->name; c++)
		(void)options_refuse(p, "%s %s", c == row->choices ? "" : ",", c->name);
	return -EINVAL;
}

static int take_string(struct parser *p, const struct row *row, const char *arg)
{
	if (!*arg)
		return options_refuse_row(p, row, "the value is empty");
	*(const char **)(void *)((char *)p + row->field) = arg;
	return 0;
}

/* With a colon the kernel would drop the rest of the name. */
bool options_names_interface(const char *name)
{
	return *name && strlen(name) < IF_NAMESIZE && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && !strpbrk(name, "/: \t\n\v\f\r");
}

static int take_interface(struct parser *p, const struct row *row, const char *arg)
{
	if (!options_names_interface(arg))
		return options_refuse_row(p, row,
					  OPTIONS_QUOTED
					  " cannot be the name of an interface: 1 to %d bytes, no "
					  "\"/\", \":\" or blank",
					  arg, IF_NAMESIZE - 1);
	for (unsigned int i = 0; i < p->o.n_interfaces; i++) {
		if (!strcmp(p->o.interfaces[i], arg))
			return options_refuse_row(p, row, OPTIONS_QUOTED " is given twice", arg);
	}
	if (p->o.n_interfaces == XDPTAIL_INTERFACES_MAX)
		return options_refuse_row(p, row,
					  OPTIONS_QUOTED " is one too many: %d interfaces at most",
					  arg, XDPTAIL_INTERFACES_MAX);
	p->o.interfaces[p->o.n_interfaces++] = arg;
	return 0;
}

static int refuse_output(struct parser *p, const struct row *row, const struct output_spec *spec)
{
	if (p->o.n_outputs == OUTPUTS_MAX)
		return options_refuse_row(p, row,
					  OPTIONS_QUOTED " is one too many: %d outputs at most",
					  spec->name, OUTPUTS_MAX);
	for (unsigned int i = 0; i < p->o.n_outputs; i++) {
		if (!strcmp(p->o.outputs[i].name, spec->name))
			return options_refuse_row(
				p, row,
				OPTIONS_QUOTED " is given twice, and would write every line twice",
				spec->name);
	}
	return 0;
}

int options_take_output(struct parser *p, const struct row *row, struct output_spec *spec)
{
	int err = refuse_output(p, row, spec);

	if (err)
		output_spec_free(spec);
	else
		p->o.outputs[p->o.n_outputs++] = *spec;
	return err;
}

static int take_output(struct parser *p, const struct row *row, const char *arg)
{
	struct output_spec spec;
	struct reason why = { 0 };
	int err = output_spec_parse(arg, &spec, &why);

	if (!err)
		return options_take_output(p, row, &spec);
	(void)options_refuse_row(p, row, "%s", why.text);
	return err;
}

/* What --tunnel-port knows. */
static const struct tunnel_kind {
	const char *name;
	size_t ports; /* offset in struct xdptail_tunnel_ports */
} tunnel_kinds[] = {
	{ "vxlan", offsetof(struct xdptail_tunnel_ports, vxlan) },
	{ "geneve", offsetof(struct xdptail_tunnel_ports, geneve) },
	{ "gtpu", offsetof(struct xdptail_tunnel_ports, gtpu) },
};

static const struct tunnel_kind *find_tunnel_kind(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(tunnel_kinds); i++) {
		if (strlen(tunnel_kinds[i].name) == len &&
		    !strncmp(tunnel_kinds[i].name, text, len))
			return &tunnel_kinds[i];
	}
	return NULL;
}

/* One "KIND=PORT" of arg. *ret_end is behind it. */
static int take_port(struct parser *p, const struct row *row, const char *item,
		     struct xdptail_tunnel_ports *ports, const char **ret_end)
{
	const size_t len = strcspn(item, "=,");
	const struct tunnel_kind *kind = find_tunnel_kind(item, len);
	uint64_t port = 0;
	uint16_t *place;

	if (!kind || item[len] != '=')
		return options_refuse_row(p, row,
					  OPTIONS_QUOTED
					  " is not KIND=PORT, where KIND is vxlan, geneve or gtpu",
					  item);
	if (number_read_digits(item + len + 1, &port, ret_end) || (**ret_end && **ret_end != ',') ||
	    !port || port > UINT16_MAX)
		return options_refuse_row(p, row, OPTIONS_QUOTED " is not a UDP port from 1 to %d",
					  item + len + 1, UINT16_MAX);
	place = (uint16_t *)(void *)((char *)ports + kind->ports);
	if (place[0])
		place++;
	if (*place)
		return options_refuse_row(p, row, "%s has more than %d ports", kind->name,
					  XDPTAIL_TUNNEL_PORTS);
	*place = (uint16_t)port;
	return 0;
}

static int take_ports(struct parser *p, const struct row *row, const char *arg)
{
	struct xdptail_tunnel_ports ports = { 0 };
	const char *item = arg;
	const char *end = arg;
	int err;

	do {
		err = take_port(p, row, item, &ports, &end);
		item = end + 1;
	} while (!err && *end);
	if (err)
		return err;
	p->o.tunnel_ports = ports;
	p->o.tunnel_port = arg;
	return 0;
}

int options_take(struct parser *p, const struct row *row, const char *arg)
{
	static int (*const takes[])(struct parser * p, const struct row *row, const char *arg) = {
		[ROW_SWITCH] = take_value,	  [ROW_STEP] = take_step,
		[ROW_ACTION] = take_value,	  [ROW_WISH] = take_value,
		[ROW_NUMBER] = take_number,	  [ROW_CHOICE] = take_choice,
		[ROW_STRING] = take_string,	  [ROW_PATH] = take_string,
		[ROW_INTERFACE] = take_interface, [ROW_PORTS] = take_ports,
		[ROW_OUTPUT] = take_output,
	};
	_Static_assert(ARRAY_SIZE(takes) == ROW_TYPE_MAX, "a function for each");

	return takes[row->type](p, row, arg);
}

void options_forget(struct parser *p, const struct row *row)
{
	const size_t i = (size_t)(row - options_rows);

	if (row->type == ROW_INTERFACE)
		p->o.n_interfaces = 0;
	else if (row->type == ROW_OUTPUT)
		options_free_outputs(&p->o);
	else
		memset((char *)p + row->field, 0, row->size);
	p->given &= ~(1ULL << i);
	p->line[i] = 0;
}

const struct row *options_find(const char *name)
{
	for (size_t i = 0; i < options_n_rows; i++) {
		if (!strcmp(options_rows[i].name, name))
			return &options_rows[i];
	}
	return NULL;
}

/* Whether at most so many letters have to be added, removed or replaced to make a into b. */
static bool within(const char *a, size_t a_len, const char *b, unsigned int edits)
{
	while (a_len && *a == *b) {
		a++;
		a_len--;
		b++;
	}
	if (!a_len)
		return strlen(b) <= edits;
	if (!*b)
		return a_len <= edits;
	if (!edits)
		return false;
	edits--;
	return within(a + 1, a_len - 1, b + 1, edits) || within(a + 1, a_len - 1, b, edits) ||
	       within(a, a_len, b + 1, edits);
}

const struct row *options_nearest(const char *typed, size_t len)
{
	for (unsigned int edits = 1; edits <= EDITS_MAX; edits++) {
		for (size_t i = 0; i < options_n_rows; i++) {
			if (within(typed, len, options_rows[i].name, edits))
				return &options_rows[i];
		}
	}
	return NULL;
}

bool options_is_near(const char *typed, const char *name)
{
	return within(typed, strlen(typed), name, EDITS_MAX);
}

bool options_is_key(const struct row *row)
{
	return row->type != ROW_ACTION && row->type != ROW_WISH && row->type != ROW_PATH;
}

void options_key(const struct row *row, char ret[OPTIONS_KEY_BYTES])
{
	(void)snprintf(ret, OPTIONS_KEY_BYTES, "%s", row->name);
	for (; *ret; ret++) {
		if (*ret == '-')
			*ret = '_';
	}
}

bool options_applies(const struct options *o, const struct row *row)
{
	switch (row->scope) {
	case SCOPE_ALL:
		break;
	case SCOPE_INTERFACE:
		return !o->read;
	case SCOPE_KERNEL:
		return !o->read || o->prog_run;
	case SCOPE_CAPTURE:
		return o->read;
	}
	return true;
}
