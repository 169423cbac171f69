// SPDX-License-Identifier: BSD-2-Clause
/* --trace: absent from the verified program unless asked for, and then it writes. */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "frames.h"
#include "prog.h"

#define INSNS_MAX 16384

/* A helper's call shows in the dump as the distance of the kernel's function from the base. */
enum symbol {
	SYMBOL_BASE,
	SYMBOL_PRINTK,
	SYMBOL_VPRINTK,
	SYMBOL_RANDOM, /* behind bpf_get_prandom_u32() */
	SYMBOL_MAX,
};

static const char *const symbols[] = {
	[SYMBOL_BASE] = "__bpf_call_base",
	[SYMBOL_PRINTK] = "bpf_trace_printk",
	[SYMBOL_VPRINTK] = "bpf_trace_vprintk",
	[SYMBOL_RANDOM] = "bpf_user_rnd_u32",
};
_Static_assert(sizeof(symbols) / sizeof(symbols[0]) == SYMBOL_MAX, "one name each");

static void find_addresses(unsigned long long *ret)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		cr_skip_test("/proc/kallsyms: %s", strerror(errno));
	while (getline(&line, &size, file) > 0) {
		char *rest;
		unsigned long long address = strtoull(line, &rest, 16);

		for (size_t i = 0; i < SYMBOL_MAX; i++) {
			size_t len = strlen(symbols[i]);

			/* "address type name", and a module's name may follow */
			if (strlen(rest) > len + 3 && !strncmp(rest + 3, symbols[i], len) &&
			    rest[len + 3] == '\n')
				ret[i] = address;
		}
	}
	free(line);
	(void)fclose(file); /* nothing was written */
}

/* How often the program, as the kernel runs it, calls this helper. */
static unsigned count_calls(int fd, const unsigned long long *addresses, enum symbol symbol)
{
	static struct bpf_insn insns[INSNS_MAX];
	struct bpf_prog_info info = {
		.xlated_prog_insns = (__u64)(uintptr_t)insns,
		.xlated_prog_len = sizeof(insns),
	};
	__u32 size = sizeof(info);
	__s32 distance = (__s32)(addresses[symbol] - addresses[SYMBOL_BASE]);
	unsigned calls = 0;
	int err = bpf_obj_get_info_by_fd(fd, &info, &size);

	cr_assert_eq(err, 0, "program info: %s", strerror(-err));
	cr_assert(info.xlated_prog_insns && info.xlated_prog_len <= sizeof(insns),
		  "instructions: hidden from us, or more than %d", INSNS_MAX);
	for (size_t i = 0; i < info.xlated_prog_len / sizeof(insns[0]); i++)
		calls += insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg &&
			 insns[i].imm == distance;
	return calls;
}

static void prog_trace_calls(enum prog_variant variant)
{
	unsigned long long addresses[SYMBOL_MAX] = { 0 };

	find_addresses(addresses);
	for (size_t i = 0; i < SYMBOL_MAX; i++) {
		if (!addresses[i] && i != SYMBOL_VPRINTK) /* from 5.16 on */
			cr_skip_test("/proc/kallsyms: no address of %s", symbols[i]);
	}
	for (__u32 trace = 0; trace <= 1; trace++) {
		struct prog p;

		prog_open(&p, variant, &(struct prog_setup){ .constants.trace = trace });
		for (enum prog_which which = 0; which < PROG_MAX; which++) {
			int fd = prog_fd(&p, which);
			unsigned calls = count_calls(fd, addresses, SYMBOL_PRINTK);

			if (addresses[SYMBOL_VPRINTK])
				calls += count_calls(fd, addresses, SYMBOL_VPRINTK);
			cr_expect_eq(calls > 0, trace, "%s, trace %u: got %u calls",
				     prog_names[which], trace, calls);
			/* A helper that is always called: else finding none would say nothing. */
			cr_expect_gt(count_calls(fd, addresses, SYMBOL_RANDOM), 0,
				     "%s, trace %u: no call of %s", prog_names[which], trace,
				     symbols[SYMBOL_RANDOM]);
		}
		prog_close(&p);
	}
}
PROG_TEST(prog_trace_calls)

/* A trace of our own: an instance, in a mount that no other process sees. */
struct trace {
	char mount[32];
	char instance[64];
};

static void trace_close(const struct trace *trace)
{
	if (trace->instance[0])
		(void)rmdir(trace->instance); /* what stays behind is named for the test */
	(void)umount2(trace->mount, MNT_DETACH);
	(void)rmdir(trace->mount);
}

static void trace_open(struct trace *ret)
{
	char path[128];
	ssize_t written;
	int fd;

	*ret = (struct trace){ .mount = "/tmp/xdptail-trace-XXXXXX" };
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		cr_skip_test("a mount namespace: %s", strerror(errno));
	cr_assert_not_null(mkdtemp(ret->mount), "\"%s\": %s", ret->mount, strerror(errno));
	if (mount("tracefs", ret->mount, "tracefs", 0, NULL)) {
		int err = errno;

		trace_close(ret);
		cr_skip_test("tracefs: %s", strerror(err));
	}
	(void)snprintf(ret->instance, sizeof(ret->instance), "%s/instances/xdptail-test-%d",
		       ret->mount, getpid());
	(void)snprintf(path, sizeof(path), "%s/events/bpf_trace/bpf_trace_printk/enable",
		       ret->instance);
	fd = mkdir(ret->instance, 0700) ? -1 : open(path, O_WRONLY | O_CLOEXEC);
	written = fd < 0 ? -1 : write(fd, "1", 1);
	if (fd >= 0)
		close(fd);
	if (written != 1) {
		trace_close(ret);
		cr_skip_test("tracefs: this kernel has no instance with bpf_trace_printk");
	}
}

static size_t trace_read(const struct trace *trace, char *text, size_t size)
{
	char path[128];
	size_t len;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/trace", trace->instance);
	file = fopen(path, "re");
	cr_assert_not_null(file, "\"%s\": %s", path, strerror(errno));
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	(void)fclose(file); /* nothing was written */
	return len;
}

static void prog_trace_writes(enum prog_variant variant)
{
	static const char *const wanted[] = {
		"src_ip=0:ffffc0000207",
		"dst_ip=0:ffffc6336408",
		"src_port=443 dst_port=48577 protocol=6",
		"packet_type=0 packet_len=54 tcp_flags=24",
		"seq_num=16909060 ack_num=168496141",
	};
	static char text[65536];
	struct frame_bytes frame;
	struct trace trace;
	struct prog p;

	frame_decode(&frame, PARSE_LINK_ETHERNET,
		     HEX_ETH4 HEX_IP4("45", "0028", "0000", "06") HEX_TCP("5018"));
	prog_open(&p, variant, &(struct prog_setup){ .constants.trace = 1 });
	prog_set(&p, 0, 1, ABI_SAMPLE_EVERY);
	trace_open(&trace);
	prog_run(&p, PROG_TCP, frame.data, frame.len, 1);
	(void)trace_read(&trace, text, sizeof(text));
	trace_close(&trace);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_expect(strstr(text, wanted[i]), "trace: want \"%s\", got:\n%s", wanted[i], text);
	frame_free(&frame);
	prog_close(&p);
}
PROG_TEST(prog_trace_writes)
