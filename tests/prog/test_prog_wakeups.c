// SPDX-License-Identifier: BSD-2-Clause
/* Waking the reader of a perf buffer is an interrupt that a CPU sends to itself ("IRQ work" in
 * /proc/interrupts), and the dearest part of a record: so it must not come with each.
 */
#include "prog.h"

#include <ctype.h>

#include "lib/transport.h"

#define PACKETS	   10000 /* each of which becomes a record */
#define RING_BYTES (8U << 20) /* a CPU: room for all of them, so an eighth fills once at most */

/* IPv4, TCP, 192.0.2.7 to 198.51.100.8 */
static const __u8 tcp_frame[] = {
	/* clang-format off */
	2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,
	0x45, 0, 0, 0x28, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 7, 198, 51, 100, 8,
	0x01, 0xbb, 0xbd, 0xc1, 1, 2, 3, 4, 10, 11, 12, 13, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0,
	/* clang-format on */
};

/* Number i of a row behind its name. Ends the test if there is none. */
static unsigned long column(char *row, int i)
{
	char *save = NULL;
	char *word = strtok_r(row, " \n", &save);

	for (int n = -1; word && n < i; n++)
		word = strtok_r(NULL, " \n", &save);
	cr_assert(word && isdigit((unsigned char)*word), "/proc/interrupts: no number %d", i);
	return strtoul(word, NULL, 10);
}

/* That this CPU took so far; all CPUs are online, or the columns are others. Skips the test where
 * they are not counted.
 */
static unsigned long interrupts(int cpu)
{
	FILE *file = fopen("/proc/interrupts", "re");
	unsigned long n = 0;
	char *line = NULL;
	size_t cap = 0;
	bool found = false;

	while (file && !found && getline(&line, &cap, file) > 0) {
		found = strstr(line, "IRQ work interrupts") != NULL;
		if (found)
			n = column(line, cpu);
	}
	free(line);
	if (file)
		fclose(file);
	if (!found)
		cr_skip_test("/proc/interrupts: no row of IRQ work");
	return n;
}

static int count_record(void *arg, const void *data, size_t size)
{
	unsigned int *records = arg;

	(void)data;
	(void)size;
	(*records)++;
	return 0;
}

/* Interrupts while as many packets come as become records. */
static unsigned long interrupts_of(const struct prog *p, uint32_t batch_ms)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = tcp_frame, .data_size_in = sizeof(tcp_frame),
		    .repeat = PACKETS);
	unsigned int records = 0;
	const struct transport_spec spec = {
		.perf = true,
		.map_fd = prog_map_fd(p, "packet_events_perf"),
		.ring_bytes = RING_BYTES * (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.batch_ms = batch_ms,
		.fn = count_record,
		.arg = &records,
	};
	struct transport *t = NULL;
	struct reason reason;
	unsigned long before, after;

	cr_assert_eq(transport_open(&t, &spec, &reason), 0, "%s", reason.text);
	before = interrupts(p->cpu);
	cr_assert_eq(bpf_prog_test_run_opts(prog_fd(p, PROG_ALL), &run), 0);
	after = interrupts(p->cpu);
	(void)transport_drain(t, 2 * PACKETS);
	transport_close(t);
	cr_assert_eq(records, PACKETS, "%u records", records);
	return after - before;
}

Test(prog_wakeups, perf_buffer)
{
	unsigned long each, batches;
	struct prog p;

	prog_open(&p, PROG_PERF, &(struct prog_setup){ .unread = true });
	if (sysconf(_SC_NPROCESSORS_ONLN) != sysconf(_SC_NPROCESSORS_CONF))
		cr_skip_test("a CPU is offline");
	prog_set(&p, 0, 1, ABI_SAMPLE_EVERY);
	each = interrupts_of(&p, 0); /* nobody wants to wait for a batch */
	if (each < PACKETS)
		cr_skip_test("waking is no interrupt here: %lu for %d records", each, PACKETS);
	batches = interrupts_of(&p, 20);
	cr_expect_lt(batches, PACKETS / 2, "%lu interrupts for %d records", batches, PACKETS);
	prog_close(&p);
}
