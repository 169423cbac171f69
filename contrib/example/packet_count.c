/* SPDX-License-Identifier: BSD-2-Clause */
/* packet_count INTERFACE [FUNCTION_NAME]: print each second how many packets came in, exactly,
 * until SIGINT or SIGTERM. FUNCTION_NAME is count_tcp_packets (the default) or count_packets.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xdptail.h>

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static int print_count(struct xdptail *x)
{
	uint64_t packets;
	int err = xdptail_get_packet_count(x, &packets);

	if (!err && (printf("%" PRIu64 " packets\n", packets) < 0 || fflush(stdout)))
		err = -EIO;
	return err;
}

/* xdptail_poll() waits, and does what is due meanwhile; there are no samples for it to deliver. */
static int run(struct xdptail *x, const char *interface)
{
	int err = xdptail_attach(x, interface, XDPTAIL_MODE_AUTO);

	while (!err && !stopped) {
		int n = xdptail_poll(x, 1000, 0, NULL, NULL);

		err = n < 0 && n != -EINTR ? n : print_count(x);
	}
	return err;
}

int main(int argc, char *argv[])
{
	struct xdptail_options options;
	struct xdptail *x;
	int err;

	if (argc < 2)
		return fputs("usage: packet_count INTERFACE [FUNCTION_NAME]\n", stderr), 2;
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	xdptail_options_init(&options, sizeof(options));
	options.function_name = argc > 2 ? argv[2] : NULL;
	options.sample_rate = 0; /* counts only */
	err = xdptail_open(&x, &options);
	if (!err)
		err = run(x, argv[1]);
	if (err)
		(void)fprintf(stderr, "packet_count: %s\n",
			      *xdptail_reason(x) ? xdptail_reason(x) : strerror(-err));
	xdptail_close(x); /* detaches */
	return err ? 1 : 0;
}
