// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "app/options.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ARGS_MAX      64

/* A number that is not the default's, as "name=value ". */
static void put_number(FILE *f, const char *name, uint64_t value, uint64_t def)
{
	if (value != def)
		fprintf(f, " %s=%" PRIu64, name, value);
}

/* What was asked for beyond the defaults, in words. */
static void describe(const struct options *o, char *ret, size_t cap)
{
	static const char *const actions[] = {
		[OPTIONS_RUN] = "run",
		[OPTIONS_HELP] = "help",
		[OPTIONS_VERSION] = "version",
		[OPTIONS_LIST_INTERFACES] = "list",
	};
	FILE *f = fmemopen(ret, cap, "w");

	fprintf(f, "%s", actions[o->action]);
	for (unsigned int i = 0; i < o->n_interfaces; i++)
		fprintf(f, " %s", o->interfaces[i]);
	if (o->wait_interface)
		fputs(" wait-interface", f);
	if (o->read)
		fprintf(f, " read=%s", o->read);
	if (o->prog_run)
		fputs(" prog-run", f);
	if (o->decap)
		fputs(" decap", f);
	for (int i = 0; o->tunnel_port && i < XDPTAIL_TUNNEL_PORTS; i++)
		fprintf(f, " %u/%u/%u", o->tunnel_ports.vxlan[i], o->tunnel_ports.geneve[i],
			o->tunnel_ports.gtpu[i]);
	if (strcmp(o->function_name, "count_tcp_packets") != 0)
		fprintf(f, " %s", o->function_name);
	if (o->ebpf_program)
		fprintf(f, " ebpf=%s", o->ebpf_program);
	put_number(f, "sample", o->sample_rate, 10);
	put_number(f, "sample-mode", o->sample_mode, XDPTAIL_SAMPLE_EVERY);
	put_number(f, "mode", o->mode, XDPTAIL_MODE_AUTO);
	put_number(f, "transport", o->transport, XDPTAIL_TRANSPORT_AUTO);
	put_number(f, "ring-size", o->ring_bytes, 16U << 20);
	put_number(f, "interval", o->interval_s, 10);
	put_number(f, "count", o->count, 0);
	put_number(f, "duration", o->duration_s, 0);
	put_number(f, "batch", o->batch_ms, 20);
	if (o->metrics_file)
		fprintf(f, " metrics=%s", o->metrics_file);
	if (o->timestamps_ns)
		fputs(" ns", f);
	if (o->trace)
		fputs(" trace", f);
	if (o->flush)
		fputs(" flush", f);
	if (o->verbose)
		fprintf(f, " verbose%+d", o->verbose);
	if (o->n_outputs != 1 || strcmp(o->outputs[0].name, "stdout") != 0) {
		for (unsigned int i = 0; i < o->n_outputs; i++)
			fprintf(f, " %s", o->outputs[i].name);
	}
	fclose(f);
}

/* Parse twice, for the second time must not know of the first. want: what describe() says; NULL:
 * it is refused, and the message has the text refused in it.
 */
static void check(const char *name, int argc, char *const argv[], const char *want,
		  const char *refused)
{
	for (int time = 1; time <= 2; time++) {
		union {
			struct options o;
			unsigned char bytes[sizeof(struct options)];
		} result;
		unsigned char untouched[sizeof(result)];
		char got[1024] = "";
		struct reason why = { 0 };
		int r;

		memset(untouched, 0xa5, sizeof(untouched));
		memcpy(result.bytes, untouched, sizeof(untouched));
		r = options_parse(&result.o, argc, argv, &why);
		if (want) {
			cr_expect_eq(r, 0, "%s, time %d: got %d \"%s\", want \"%s\"", name, time, r,
				     why.text, want);
			cr_expect_str_eq(why.text, "", "%s: got a message \"%s\"", name, why.text);
			if (r == 0)
				describe(&result.o, got, sizeof(got));
			if (r == 0)
				options_free(&result.o);
			cr_expect_str_eq(got, want, "%s, time %d: got \"%s\", want \"%s\"", name,
					 time, got, want);
			continue;
		}
		cr_expect_eq(r, -EINVAL, "%s, time %d: got %d, want %d", name, time, r, -EINVAL);
		cr_expect(strstr(why.text, refused), "%s, time %d: got \"%s\", want \"%s\"", name,
			  time, why.text, refused);
		cr_expect_null(strpbrk(why.text, "\n\r\t\033"), "%s: got a control character",
			       name);
		cr_expect_eq(memcmp(result.bytes, untouched, sizeof(untouched)), 0,
			     "%s: the result was touched", name);
	}
}

/* The same, with the arguments as one line, split at single blanks. */
static void check_line(const char *line, const char *want, const char *refused)
{
	char *argv[ARGS_MAX] = { NULL };
	char *copy = strdup(line);
	char *rest = copy;
	int argc = 0;

	cr_assert_not_null(copy);
	while (rest && argc < ARGS_MAX - 1)
		argv[argc++] = strsep(&rest, " ");
	check(line, argc, argv, want, refused);
	free(copy);
}

Test(options, taken)
{
	static const struct {
		const char *line;
		const char *want;
	} cases[] = {
		{ "xdptail -i lo", "run lo" },
		{ "xdptail -ilo", "run lo" },
		{ "xdptail --interface lo", "run lo" },
		{ "xdptail --interface=lo", "run lo" },
		{ "xdptail --interf lo", "run lo" },
		{ "xdptail -i lo --", "run lo" },
		{ "xdptail -i lo -a -i eth9 --interface=eth8", "run lo eth9 eth8 count_packets" },
		{ "xdptail -i lo --wait-interface", "run lo wait-interface" },
		{ "xdptail -r x", "run read=x" },
		{ "xdptail -r -", "run read=-" },
		{ "xdptail -i lo --decap", "run lo decap" },
		{ "xdptail -i lo --decap --tunnel-port vxlan=4790", "run lo decap 4790/0/0 0/0/0" },
		{ "xdptail -i lo --decap --tunnel-port vxlan=1,geneve=65535,gtpu=3,vxlan=4",
		  "run lo decap 1/65535/3 4/0/0" },
		{ "xdptail -i lo --decap --tunnel-port gtpu=9 --tunnel-port vxlan=7",
		  "run lo decap 7/0/0 0/0/0" },
		{ "xdptail -i lo --ebpf-program own.o", "run lo ebpf=own.o" },
		{ "xdptail -r x --ebpf-program=own.o --prog-run",
		  "run read=x prog-run ebpf=own.o" },
		{ "xdptail -r x --decap --prog-run", "run read=x prog-run decap" },
		{ "xdptail -r x --prog-run --transport perf --ring-size 64K",
		  "run read=x prog-run transport=2 ring-size=65536" },
		{ "xdptail --read=x.pcap -a -N 1 -c 5",
		  "run read=x.pcap count_packets sample=1 count=5" },
		{ "xdptail -r x -l --interval 0", "run read=x interval=0 batch=0 flush" },
		{ "xdptail -i fifteen-bytes-x", "run fifteen-bytes-x" },
		{ "xdptail -i ...", "run ..." },
		{ "xdptail -i -", "run -" },
		{ "xdptail -i eth0.100@x", "run eth0.100@x" },
		{ "xdptail -i lo -a", "run lo count_packets" },
		{ "xdptail -i lo --all", "run lo count_packets" },
		{ "xdptail -i lo -aa", "run lo count_packets" },
		{ "xdptail -ai lo", "run lo count_packets" },
		{ "xdptail -i lo --function-name count_packets", "run lo count_packets" },
		{ "xdptail -i lo --function-name count_tcp_packets", "run lo" },
		{ "xdptail -i lo --function-name mine", "run lo mine" },
		{ "xdptail -i lo --function-name a --function-name b", "run lo b" },
		{ "xdptail -i lo -a --function-name count_packets", "run lo count_packets" },
		{ "xdptail --function-name count_packets -ai lo", "run lo count_packets" },
		{ "xdptail -i lo --function-name a --function-name count_packets -a",
		  "run lo count_packets" },
		{ "xdptail -i lo -N 100", "run lo sample=100" },
		{ "xdptail -i lo -N100", "run lo sample=100" },
		{ "xdptail -i lo --sample=100", "run lo sample=100" },
		{ "xdptail -i lo --sample 007", "run lo sample=7" },
		{ "xdptail -i lo -N 1 -N 2 --sample 3", "run lo sample=3" },
		{ "xdptail -i lo --sample-mode every", "run lo" },
		{ "xdptail -i lo --sample-mode random", "run lo sample-mode=1" },
		{ "xdptail -i lo --sample-mode random --sample-mode every", "run lo" },
		{ "xdptail -i lo -m auto", "run lo" },
		{ "xdptail -i lo -m native", "run lo mode=1" },
		{ "xdptail -i lo --mode drv", "run lo mode=1" },
		{ "xdptail -i lo -m generic", "run lo mode=2" },
		{ "xdptail -i lo -m skb", "run lo mode=2" },
		{ "xdptail -i lo --transport auto", "run lo" },
		{ "xdptail -i lo --transport ringbuf", "run lo transport=1" },
		{ "xdptail -i lo --transport perf", "run lo transport=2" },
		{ "xdptail -i lo --ring-size 64K", "run lo ring-size=65536" },
		{ "xdptail -i lo --ring-size 1M", "run lo ring-size=1048576" },
		{ "xdptail -i lo --ring-size 1024M", "run lo ring-size=1073741824" },
		{ "xdptail -i lo --ring-size 1048576K", "run lo ring-size=1073741824" },
		{ "xdptail -i lo --ring-size 1G", "run lo ring-size=1073741824" },
		{ "xdptail -i lo --interval 1m", "run lo interval=60" },
		{ "xdptail -i lo --interval 1d --duration 2h",
		  "run lo interval=86400 duration=7200" },
		{ "xdptail -i lo --interval 0", "run lo interval=0" },
		{ "xdptail -i lo -c 1", "run lo count=1" },
		{ "xdptail -i lo --count 5000000000", "run lo count=5000000000" },
		{ "xdptail -i lo --duration 60", "run lo duration=60" },
		{ "xdptail -i lo -o stdout", "run lo" },
		{ "xdptail -i lo -o -", "run lo" },
		{ "xdptail -i lo -o file:/tmp/a", "run lo file:/tmp/a" },
		{ "xdptail -i lo -o file:/tmp/a -o stdout", "run lo file:/tmp/a stdout" },
		{ "xdptail -i lo --output file:/tmp/a --output=file:/tmp/b",
		  "run lo file:/tmp/a file:/tmp/b" },
		{ "xdptail -i lo --metrics-file a.prom", "run lo metrics=a.prom" },
		{ "xdptail -r x --metrics-file /a/b.prom", "run read=x metrics=/a/b.prom" },
		{ "xdptail -i lo --metrics-file a.prom -o file:b.prom",
		  "run lo metrics=a.prom file:b.prom" },
		{ "xdptail -i lo --timestamps us", "run lo" },
		{ "xdptail -i lo --timestamps ns", "run lo ns" },
		{ "xdptail -i lo --timestamps ns --timestamps us", "run lo" },
		{ "xdptail -i lo --batch 0", "run lo batch=0" },
		{ "xdptail -i lo --trace", "run lo trace" },
		{ "xdptail -i lo -l", "run lo batch=0 flush" },
		{ "xdptail -i lo --flush --batch 100", "run lo batch=0 flush" },
		{ "xdptail -i lo -q", "run lo verbose-1" },
		{ "xdptail -i lo -v", "run lo verbose+1" },
		{ "xdptail -i lo -vv --verbose", "run lo verbose+3" },
		{ "xdptail -i lo -qv", "run lo" },
		{ "xdptail -lqai lo", "run lo count_packets batch=0 flush verbose-1" },
		{ "xdptail -D", "list" },
		{ "xdptail --list-interfaces", "list" },
		{ "xdptail -V", "version" },
		{ "xdptail --version", "version" },
		{ "xdptail -h", "help" },
		{ "xdptail --help", "help" },
		{ "xdptail -i lo -h", "help lo" },
		{ "xdptail -h --nonsense", "help" },
		{ "xdptail -hV", "help" },
		{ "xdptail -Vh", "version" },
		{ "xdptail -a --function-name mine -h", "help mine" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_line(cases[i].line, cases[i].want, NULL);
}

Test(options, refused)
{
	static const struct {
		const char *line;
		const char *refused;
	} cases[] = {
		{ "xdptail", "no interface is named: use -i IF (-D lists them), or -r FILE" },
		{ "xdptail -a", "no interface is named" },
		{ "xdptail --", "no interface is named" },

		{ "xdptail -r", "--read: needs a value: --read FILE" },
		{ "xdptail -r ", "--read: the value is empty" },
		{ "xdptail -r x -i lo", "--read: there is --interface too" },
		{ "xdptail -r x --mode auto", "--mode: does not apply to a capture file" },
		{ "xdptail -r x --transport auto", "--transport: does not apply" },
		{ "xdptail -r x --ring-size 16M", "--ring-size: does not apply" },
		{ "xdptail -r x --max-sources 1", "--max-sources: does not apply" },
		{ "xdptail -r x --max-map-memory 1M", "--max-map-memory: does not apply" },
		{ "xdptail -r x --duration 1", "--duration: does not apply" },
		{ "xdptail -r x --batch 20", "--batch: does not apply" },
		{ "xdptail --trace -r x", "--trace: does not apply" },
		{ "xdptail -r x --prog-run --mode auto", "--mode: does not apply" },
		{ "xdptail -r x --ebpf-program own.o", "--ebpf-program: does not apply" },
		{ "xdptail -i lo --ebpf-program=", "--ebpf-program: the value is empty" },
		{ "xdptail -i lo --prog-run", "--prog-run: does not apply to an interface" },

		{ "xdptail -i lo --metrics-file=", "--metrics-file: the value is empty" },
		{ "xdptail -i lo --metrics-file a",
		  "--metrics-file: \"a\" is not read by node_exporter: its name must be NAME.prom" },
		{ "xdptail -i lo --metrics-file a.prom/", "\"a.prom/\" is not read by" },
		{ "xdptail -i lo --metrics-file .prom", "\".prom\" is not read by" },
		{ "xdptail -i lo --metrics-file /a/.b.prom", "\"/a/.b.prom\" is not read by" },
		{ "xdptail -i lo --metrics-file a.prom -o file:a.prom",
		  "--metrics-file: \"a.prom\" is the target of --output too" },

		{ "xdptail -i", "--interface: needs a value: --interface IF" },
		{ "xdptail --interface", "--interface: needs a value: --interface IF" },
		{ "xdptail --interf", "--interface: needs a value" },
		{ "xdptail -i ", "--interface: \"\" cannot be the name of an interface" },
		{ "xdptail --interface=", "--interface: \"\" cannot be the name" },
		{ "xdptail -i .", "--interface: \".\" cannot be the name" },
		{ "xdptail -i ..", "--interface: \"..\" cannot be the name" },
		{ "xdptail -i a/b", "--interface: \"a/b\" cannot be the name" },
		{ "xdptail -i eth0:1", "--interface: \"eth0:1\" cannot be the name" },
		{ "xdptail -i eth\t0", "--interface: \"eth?0\" cannot be the name" },
		{ "xdptail -i sixteen-bytes-xx",
		  "cannot be the name of an interface: 1 to 15 bytes" },
		{ "xdptail -i lo -i lo", "--interface: \"lo\" is given twice" },
		{ "xdptail -i lo -i eth9 -ilo", "--interface: \"lo\" is given twice" },
		{ "xdptail -r x --wait-interface",
		  "--wait-interface: does not apply to a capture" },

		{ "xdptail -i lo -a --function-name mine",
		  "--function-name \"mine\" is given too" },
		{ "xdptail -i lo --function-name mine -a",
		  "--all: is the same as --function-name count" },
		{ "xdptail -i lo -a --function-name count_tcp_packets",
		  "\"count_tcp_packets\" is given" },
		{ "xdptail -i lo --function-name=", "--function-name: the value is empty" },

		{ "xdptail -i lo -N", "--sample: needs a value: --sample N" },
		{ "xdptail -i lo -N -a", "--sample: \"-a\" is not a number from 0 to 1073741824" },
		{ "xdptail -i lo -N-1", "--sample: \"-1\" is not a number from 0 to 1073741824" },
		{ "xdptail -i lo -N 1 -N x", "--sample: \"x\" is not a number" },
		{ "xdptail -i lo -N \t1", "--sample: \"?1\" is not a number" },
		{ "xdptail -i lo -N 1\n", "--sample: \"1?\" is not a number" },
		{ "xdptail -i lo --sample-mode all",
		  "--sample-mode: \"all\" is not one of every, random" },
		{ "xdptail -i lo --sample-mode=",
		  "--sample-mode: \"\" is not one of every, random" },
		{ "xdptail -i lo --sample-mode Every", "--sample-mode: \"Every\" is not one of" },
		{ "xdptail -i lo --tunnel-port vxlan=1", "--tunnel-port: without --decap" },
		{ "xdptail -i lo --decap --tunnel-port=",
		  "\"\" is not KIND=PORT, where KIND is vxlan" },
		{ "xdptail -i lo --decap --tunnel-port 4789", "\"4789\" is not KIND=PORT" },
		{ "xdptail -i lo --decap --tunnel-port vxlan", "\"vxlan\" is not KIND=PORT" },
		{ "xdptail -i lo --decap --tunnel-port vx=1", "\"vx=1\" is not KIND=PORT" },
		{ "xdptail -i lo --decap --tunnel-port vxlan=1,", "\"\" is not KIND=PORT" },
		{ "xdptail -i lo --decap --tunnel-port vxlan=0",
		  "\"0\" is not a UDP port from 1 to" },
		{ "xdptail -i lo --decap --tunnel-port vxlan=65536",
		  "\"65536\" is not a UDP port" },
		{ "xdptail -i lo --decap --tunnel-port vxlan=1x", "\"1x\" is not a UDP port" },
		{ "xdptail -i lo --decap --tunnel-port vxlan=1,vxlan=2,vxlan=3",
		  "vxlan has more than 2 ports" },
		{ "xdptail -i lo -m hw",
		  "--mode: \"hw\" is not one of auto, native, generic, drv, skb" },
		{ "xdptail -i lo -m nativ", "--mode: \"nativ\" is not one of" },
		{ "xdptail -i lo --transport x", "\"x\" is not one of auto, ringbuf, perf" },
		{ "xdptail -i lo --timestamps ms", "--timestamps: \"ms\" is not one of us, ns" },

		{ "xdptail -i lo --ring-size 63K",
		  "--ring-size: \"63K\" is not a number of bytes from 64K to 1G "
		  "(units: K, M, G)" },
		{ "xdptail -i lo --ring-size 1025M", "--ring-size: \"1025M\" is not a number" },
		{ "xdptail -i lo --ring-size 0M", "--ring-size: \"0M\" is not a number" },
		{ "xdptail -i lo --ring-size M", "--ring-size: \"M\" is not a number" },
		{ "xdptail -i lo --ring-size 16MB", "--ring-size: \"16MB\" is not a number" },
		{ "xdptail -i lo --ring-size 16G", "--ring-size: \"16G\" is not a number" },
		{ "xdptail -i lo --ring-size 1.5M", "--ring-size: \"1.5M\" is not a number" },
		{ "xdptail -i lo --ring-size 18014398509481985K", "is not a number" },

		{ "xdptail -i lo -o", "--output: needs a value: --output OUT" },
		{ "xdptail -i lo -o nonsense", "--output: " },
		{ "xdptail -i lo -o nonsense", "nonsense" },
		{ "xdptail -i lo -o ", "--output: " },
		{ "xdptail -i lo -o file:", "--output: " },
		{ "xdptail -i lo -o stdout -o stdout",
		  "\"stdout\" is given twice, and would write every" },
		{ "xdptail -i lo -o - -o stdout", "\"stdout\" is given twice" },
		{ "xdptail -i lo -o stdout -o -", "\"stdout\" is given twice" },
		{ "xdptail -i lo -o file:/a -o file:/a,queue=1M", "is given twice" },
		{ "xdptail -i lo -o stdout,when_full=block",
		  "--output: when_full=block of \"stdout\" is for capture files" },
		{ "xdptail -i lo -o file:/a -o stdout -o file:/a", "\"file:/a\" is given twice" },

		{ "xdptail -i lo --sampel 3", "--sampel: no such option; did you mean --sample?" },
		{ "xdptail -i lo --sampel=3", "--sampel: no such option; did you mean --sample?" },
		{ "xdptail -i lo --interfcae=lo", "did you mean --interface?" },
		{ "xdptail -i lo --samplemode every", "did you mean --sample-mode?" },
		{ "xdptail -i lo --funtion-name x", "did you mean --function-name?" },
		{ "xdptail -i lo --versions",
		  "--versions: no such option; did you mean --version?" },
		{ "xdptail -i lo --Trace", "did you mean --trace?" },
		{ "xdptail --dead-slow", "--dead-slow: no such option" },
		{ "xdptail --=3", "--: no such option" },
		{ "xdptail --s 3", "--s: could be --sample or --sample-mode" },
		{ "xdptail --inter=3", "--inter: could be --interface or --interval" },
		{ "xdptail --ver", "--ver: could be --verbose or --version" },
		{ "xdptail -i lo --all=1", "--all: takes no value" },
		{ "xdptail -i lo --al=1", "--all: takes no value" },
		{ "xdptail -i lo --flush=", "--flush: takes no value" },

		{ "xdptail -n", "-n: no such option; addresses are never resolved" },
		{ "xdptail -nni lo", "-n: no such option; addresses are never resolved" },
		{ "xdptail -i lo -w a.pcap", "-w: no such option; use -o file:PATH" },
		{ "xdptail -s 0", "-s: no such option" },
		{ "xdptail -tttt", "-t: no such option" },
		{ "xdptail -e", "-e: no such option" },
		{ "xdptail -x", "-x: no such option" },
		{ "xdptail -A", "-A: no such option" },
		{ "xdptail -lax", "-x: no such option" },
		{ "xdptail -:", "-:: no such option" },
		{ "xdptail -?", "-?: no such option" },
		{ "xdptail -l-", "--: no such option" },
		{ "xdptail -a\303\251", "\"-a\303\251\": no such option" },
		{ "xdptail -i lo -\n", "\"-?\": no such option" },
		{ "xdptail --a\nb", "--a?b: no such option" },

		{ "xdptail lo", "\"lo\": not an option; did you mean -i lo?" },
		{ "xdptail -i lo tcp port 80", "\"tcp\": not an option; filters (tcpdump's" },
		{ "xdptail -i lo port 80 -h", "\"port\": not an option; filters" },
		{ "xdptail -i lo -- tcp", "\"tcp\": not an option; filters" },
		{ "xdptail -- lo", "\"lo\": not an option; did you mean -i lo?" },
		{ "xdptail -i lo -- -a", "\"-a\": not an option" },
		{ "xdptail -i lo -", "\"-\": not an option" },
		{ "xdptail -i lo ", "\"\": not an option" },
		{ "xdptail -i lo -a tcp -N x", "\"tcp\": not an option" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_line(cases[i].line, NULL, cases[i].refused);
}

struct number {
	const char *name;
	uint64_t min;
	uint64_t max;
	const char *range; /* as a refusal ends */
};

static const struct number numbers[] = {
	{ "sample", 0, 1U << 30, "is not a number from 0 to 1073741824" },
	{ "ring-size", 65536, 1U << 30,
	  "is not a number of bytes from 64K to 1G (units: K, M, G)" },
	{ "interval", 0, 86400,
	  "is not a time from 0 to 86400 seconds (units: s, m, h, d, which is 24 hours)" },
	{ "count", 1, (1ULL << 53) - 1, "is not a number from 1 to 9007199254740991" },
	{ "duration", 1, 31536000,
	  "is not a time from 1 to 31536000 seconds (units: s, m, h, d, which is 24 hours)" },
	{ "batch", 0, 1000, "is not a number from 0 to 1000" },
};

static void check_number(const struct number *n, const char *value, bool taken)
{
	char want[128], name[128], option[32], text[64];
	char program[] = "xdptail", letter[] = "-i", lo[] = "lo";
	char *const argv[] = { program, letter, lo, option, text, NULL };

	snprintf(option, sizeof(option), "--%s", n->name);
	snprintf(text, sizeof(text), "%s", value);
	snprintf(name, sizeof(name), "%s \"%s\"", option, value);
	if (taken)
		snprintf(want, sizeof(want), "run lo %s=%s", n->name, value);
	else
		snprintf(want, sizeof(want), "%s: \"%s\" %s", option, value, n->range);
	check(name, 5, argv, taken ? want : NULL, want);
}

Test(options, numbers_have_limits)
{
	static const char *const never[] = {
		"",
		"-",
		"-1",
		"-0",
		"+1",
		" 1",
		"1 ",
		"1x",
		"x1",
		"0x10",
		"1e3",
		"1.0",
		"1,000",
		"K1",
		"1KK",
		"1 K",
		"ten",
		"18446744073709551615",
		"18446744073709551616",
		"18446744073709551626",
		"99999999999999999999999999999999",
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct number *n = &numbers[i];
		char value[32];

		snprintf(value, sizeof(value), "%" PRIu64, n->min);
		check_number(n, value, true);
		snprintf(value, sizeof(value), "%" PRIu64, n->max);
		check_number(n, value, true);
		snprintf(value, sizeof(value), "%" PRIu64, n->max + 1);
		check_number(n, value, false);
		snprintf(value, sizeof(value), "%" PRIu64, n->min - 1);
		check_number(n, value, false);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(never); j++)
			check_number(&numbers[i], never[j], false);
	}
}

/* 2^32 and its neighbours must not come out as 0 and its neighbours. */
Test(options, numbers_do_not_wrap)
{
	static const char *const wide[] = { "4294967296", "4294967297", "4295032832",
					    "8589934592" };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(wide); j++)
			check_number(&numbers[i], wide[j], numbers[i].max > UINT32_MAX);
	}
}

Test(options, as_many_interfaces_as_there_is_room_for)
{
	char texts[XDPTAIL_INTERFACES_MAX + 1][8], want[1024] = "run";
	char program[] = "xdptail", interface[] = "-i";
	char *argv[2 * (XDPTAIL_INTERFACES_MAX + 1) + 2] = { program };
	size_t used = strlen(want);
	int argc = 1;

	for (size_t i = 0; i <= XDPTAIL_INTERFACES_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "if%zu", i);
		argv[argc++] = interface;
		argv[argc++] = texts[i];
	}
	for (size_t i = 0; i < XDPTAIL_INTERFACES_MAX; i++)
		used += (size_t)snprintf(want + used, sizeof(want) - used, " %s", texts[i]);
	check("all of them", argc - 2, argv, want, NULL);
	check("one more", argc, argv, NULL,
	      "--interface: \"if64\" is one too many: 64 interfaces at most");
}

Test(options, as_many_outputs_as_there_is_room_for)
{
	char texts[OUTPUTS_MAX + 1][16], want[512] = "run lo";
	char program[] = "xdptail", interface[] = "-ilo", output[] = "-o";
	char *argv[2 * (OUTPUTS_MAX + 1) + 3] = { program, interface };
	size_t used = strlen(want);
	int argc = 2;

	for (size_t i = 0; i <= OUTPUTS_MAX; i++) {
		snprintf(texts[i], sizeof(texts[i]), "file:/tmp/%zu", i);
		argv[argc++] = output;
		argv[argc++] = texts[i];
	}
	for (size_t i = 0; i < OUTPUTS_MAX; i++)
		used += (size_t)snprintf(want + used, sizeof(want) - used, " %s", texts[i]);
	check("all of them", argc - 2, argv, want, NULL);
	check("one more", argc, argv, NULL,
	      "--output: \"file:/tmp/16\" is one too many: 16 outputs at most");
}

Test(options, a_long_value_does_not_hide_the_reason)
{
	static const struct {
		const char *option;
		const char *refused;
	} cases[] = {
		{ "--sample=", "is not a number from 0 to 1073741824" },
		{ "--ring-size=", "is not a number of bytes from 64K to 1G" },
		{ "--mode=", "is not one of auto, native" },
		{ "--interface=", "cannot be the name of an interface" },
		{ "--", "no such option" },
		{ "-\303\251", "no such option" },
		{ "", "filters (tcpdump's expressions) are not supported" },
	};
	const size_t len = 100000;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = malloc(len + 1), program[] = "xdptail";
		char *const argv[] = { program, text, NULL };

		cr_assert_not_null(text);
		memset(text, '7', len);
		memcpy(text, cases[i].option, strlen(cases[i].option));
		text[len] = '\0';
		check(cases[i].option, 2, argv, NULL, cases[i].refused);
		free(text);
	}
}

Test(options, no_argv_at_all)
{
	char *const argv[] = { NULL };

	check("argc 0", 0, argv, NULL, "no interface is named");
}

Test(options, argv_stays_in_order)
{
	char program[] = "xdptail", interface[] = "-ilo", word[] = "tcp", all[] = "-a";
	char *argv[] = { program, interface, word, all, NULL };
	char *const want[] = { program, interface, word, all, NULL };

	check("a word between", 4, argv, NULL, "\"tcp\": not an option");
	cr_expect_eq(memcmp(argv, want, sizeof(argv)), 0, "argv was permuted");
}

Test(options, help_has_every_option_and_fits)
{
	static const char *const rows[] = {
		"  -i, --interface IF         interface to watch; may be repeated\n",
		"      --wait-interface       ",
		"  -r, --read FILE            pcap",
		"  -a, --all                  every",
		"      --function-name NAME   BPF program (count_tcp_packets)\n",
		"  -N, --sample N             one record in N packets; 1 all, 0 none (10)\n",
		"      --sample-mode every|random\n                             ",
		"  -m, --mode auto|native|generic\n                             XDP mode;",
		"      --transport auto|ringbuf|perf\n                             ",
		"      --ring-size BYTES      ",
		" (16M)\n",
		"      --interval TIME        ",
		"  -c, --count N              stop after N packet records\n",
		"      --duration TIME        ",
		"  -o, --output OUT           ",
		" (stdout)\n",
		"      --timestamps us|ns     ",
		" (us)\n",
		"      --batch MS             ",
		" (20)\n",
		"      --trace                ",
		"  -l, --flush                ",
		"  -q, --quiet                ",
		"  -v, --verbose              ",
		"  -D, --list-interfaces      ",
		"  -V, --version              ",
		"  -h, --help                 ",
		"SIGINT",
		"\n  5  the last output is gone\n",
	};
	char *help = options_help();

	cr_assert_not_null(help);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect(strstr(help, rows[i]), "got\n%s\nwant \"%s\" in it", help, rows[i]);
	for (const char *line = help; *line; line += strcspn(line, "\n") + 1) {
		const int len = (int)strcspn(line, "\n");

		cr_expect(len <= 80, "got %d columns, want 80 at most: %.*s", len, len, line);
		cr_assert_eq(line[len], '\n', "the last line does not end");
	}
	free(help);
}
