// SPDX-License-Identifier: BSD-2-Clause
/* LD_PRELOAD library that answers system calls as an older kernel would. XDPTAIL_OLD is a list
 * separated by commas:
 *
 *   batch     no batch operations on maps (before 5.6)
 *   walk      no walk over the keys of a map: no kernel was like that, but reading can fail
 *   ringbuf   no BPF ring buffer (before 5.8)
 *   link      no BPF links for XDP (before 5.9)
 *   split     no frames in several buffers for BPF_PROG_RUN as the caller splits them (before 6.18)
 *   run       no BPF_PROG_RUN at all
 *   frags     no XDP programs for frames in several buffers (before 5.18)
 *   netlink   no netlink sockets: no kernel is like that, but a sandbox can be
 *   late      messages of rtnetlink arrive after an index has lost its name, and not before: the
 *             kernel removes the name of an interface first
 *   bpf       no call of bpf(2) without CAP_BPF (before 5.19, with the sysctl
 *             unprivileged_bpf_disabled)
 *   admin     no call of bpf(2) without CAP_SYS_ADMIN (before 5.8, with the same sysctl)
 *   memlock   each map alone counts against RLIMIT_MEMLOCK (before 5.11)
 *   bpf=E     every call of bpf(2) fails with the errno E, one of those below
 *   hook=E    attaching through a link fails in the driver with the errno E: ENOSPC, EIO
 *   maps=E    creating a map of a mebibyte or more fails with the errno E: ENOMEM, E2BIG, EINVAL
 *   verifier=E
 *             the verifier rejects all our programs with the errno E, and its log says why:
 *             EINVAL, EACCES, E2BIG, EPERM; or without a log: ENOMEM, EMFILE, ENOSYS, EFAULT,
 *             EBADF, ENOTSUPP
 *   refuses=A+B
 *             the verifier rejects only the programs A and B: "ring" stands for those that write
 *             to the ring buffer, anything else for the first 15 characters of a name, which are
 *             all that the kernel has
 *   silent    the verifier writes no log
 *   cpus=N    N possible CPUs, as some firmware announces; not below the real number
 *
 * libbpf makes its system calls through syscall(), and finds the CPUs in a file of sysfs. This
 * library replaces the functions for both, and socket(), recvfrom() and if_indextoname().
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>

/* replaces the one of libc */
#define AS(name)     __asm__(name) __attribute__((visibility("default")))
#define POSSIBLE     "/sys/devices/system/cpu/possible"
#define ARGUMENTS    6
#define SIZE_TO(end) (offsetof(union bpf_attr, end) + sizeof(((union bpf_attr *)0)->end))

/* Linux 5.18; older headers lack it */
#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

#define KERNEL_ENOTSUPP 524 /* not an errno of user space, but the kernel returns it */

typedef long (*syscall_fn)(long number, ...);
typedef int (*socket_fn)(int domain, int type, int protocol);
typedef ssize_t (*recvfrom_fn)(int fd, void *buffer, size_t size, int flags, void *from,
			       socklen_t *from_len);
typedef char *(*if_indextoname_fn)(unsigned int ifindex, char *name);
typedef int (*open_fn)(const char *path, int flags, ...);
typedef int (*openat_fn)(int dir, const char *path, int flags, ...);
typedef FILE *(*fopen_fn)(const char *path, const char *mode);

/* Find the libc's function of this name. *ret is a pointer to a function. */
static void find_next(const char *name, void *ret)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (!symbol)
		abort();
	memcpy(ret, &symbol, sizeof(symbol));
}

/* Returns the text after a word such as "cpus=", or the empty end of another word in the list.
 * NULL: the word is not in the list.
 */
static const char *find_word(const char *word)
{
	const char *list = getenv("XDPTAIL_OLD");
	size_t len = strlen(word);

	while (list && *list) {
		if (!strncmp(list, word, len) &&
		    (word[len - 1] == '=' || !list[len] || list[len] == ','))
			return list + len;
		list += strcspn(list, ",");
		list += *list == ',';
	}
	return NULL;
}

static int announced_cpus(void)
{
	const char *number = find_word("cpus=");

	return number ? (int)strtol(number, NULL, 10) : 0;
}

static const struct verdict {
	const char *name;
	int err;
	const char *log; /* the end of the log, after the walk */
} verdicts[] = {
	{ "EINVAL", EINVAL, "The sequence of 8193 jumps is too complex.\n" },
	{ "EACCES", EACCES,
	  "math between pkt pointer and register with unbounded min value is not allowed\n" },
	{ "E2BIG", E2BIG, "BPF program is too large. Processed 1000001 insn\n" },
	{ "EPERM", EPERM, "R2 pointer comparison prohibited\n" },
	/* errors before the verification starts */
	{ "ENOMEM", ENOMEM, "" },
	{ "EMFILE", EMFILE, "" },
	{ "ENOSYS", ENOSYS, "" },
	{ "EFAULT", EFAULT, "" },
	{ "EBADF", EBADF, "" },
	{ "ENOTSUPP", KERNEL_ENOTSUPP, "" },
	/* errors of calls without a log */
	{ "ENOSPC", ENOSPC, "" },
	{ "EIO", EIO, "" },
};
#define WALK                                                 \
	"0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n"              \
	"; int count_packets(struct xdp_md *ctx)\n"          \
	"0: (bf) r6 = r1\n"                                  \
	"1: R1=ctx(id=0,off=0,imm=0) R6_w=ctx(id=0,off=0)\n" \
	"from 12 to 14: R0=inv1 R10=fp0 fp-8=mmmmmmmm\n"
#define FIGURES                                                                       \
	"processed 4711 insns (limit 1000000) max_states_per_insn 4 total_states 51 " \
	"peak_states 51 mark_read 8\n"

/* Find the verdict that follows "word=". */
static const struct verdict *find_verdict(const char *word)
{
	const char *name = find_word(word);

	for (size_t i = 0; name && i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		size_t len = strlen(verdicts[i].name);

		if (!strncmp(name, verdicts[i].name, len) && (!name[len] || name[len] == ','))
			return &verdicts[i];
	}
	return NULL;
}

static bool has_call(const union bpf_attr *attr, int first, int last)
{
	const struct bpf_insn *insns = (const struct bpf_insn *)(unsigned long)attr->insns;

	for (__u32 i = 0; i < attr->insn_cnt; i++) {
		if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg &&
		    insns[i].imm >= first && insns[i].imm <= last)
			return true;
	}
	return false;
}

static bool is_one_of(const union bpf_attr *attr, const char *list)
{
	for (size_t len; *list && *list != ','; list += len + (list[len] == '+')) {
		len = strcspn(list, "+,");
		if (!strncmp(attr->prog_name, list, len))
			return true;
		if (!strncmp(list, "ring", len) &&
		    has_call(attr, BPF_FUNC_ringbuf_output, BPF_FUNC_ringbuf_query))
			return true;
	}
	return false;
}

/* The errno of the verifier, which also writes the log; 0: it accepts the program. */
static int verify(const union bpf_attr *attr)
{
	const struct verdict *verdict = find_verdict("verifier=");
	const char *list = find_word("refuses=");
	char *log = (char *)(unsigned long)attr->log_buf;

	if (!verdict || strncmp(attr->prog_name, "count_", 6) != 0 ||
	    (list && !is_one_of(attr, list)))
		return 0;
	if (attr->log_level && log && !find_word("silent"))
		(void)snprintf(log, attr->log_size, "%s%s%s", attr->log_level & 3 ? WALK : "",
			       verdict->log, *verdict->log ? FIGURES : "");
	return verdict->err;
}

/* The size of a map, without what the kernel adds to each element. */
static unsigned long map_bytes(const union bpf_attr *attr)
{
	if (attr->map_type == BPF_MAP_TYPE_RINGBUF)
		return attr->max_entries;
	return (unsigned long)attr->max_entries * (attr->key_size + attr->value_size);
}

static int map_refusal(const union bpf_attr *attr)
{
	const struct verdict *verdict = find_verdict("maps=");
	struct rlimit limit;

	if (verdict && map_bytes(attr) >= 1U << 20)
		return verdict->err;
	if (find_word("memlock") && !getrlimit(RLIMIT_MEMLOCK, &limit) &&
	    map_bytes(attr) + 4096 > limit.rlim_cur)
		return EPERM;
	return 0;
}

static int program_refusal(const union bpf_attr *attr)
{
	struct rlimit limit;

	if (find_word("memlock") && attr->prog_type == BPF_PROG_TYPE_XDP) {
		if (!getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur < 4096)
			return EPERM;
		if (has_call(attr, BPF_FUNC_ktime_get_coarse_ns, BPF_FUNC_ktime_get_coarse_ns))
			return EINVAL;
	}
	return verify(attr);
}

/* The errno with which a call fails, if it can fail with several; 0: none. */
static int refusal(int cmd, const union bpf_attr *attr, size_t size)
{
	const struct verdict *all = find_verdict("bpf=");
	const struct verdict *hook = find_verdict("hook=");

	if (all)
		return all->err;
	if (cmd == BPF_LINK_CREATE && hook)
		return hook->err;
	if (cmd == BPF_MAP_CREATE && size >= SIZE_TO(max_entries))
		return map_refusal(attr);
	if (cmd == BPF_PROG_LOAD && size >= SIZE_TO(prog_name))
		return program_refusal(attr);
	return 0;
}

static bool is_refused(int cmd, const union bpf_attr *attr, size_t size)
{
	switch (cmd) {
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		return find_word("batch");
	case BPF_MAP_GET_NEXT_KEY:
		return find_word("walk");
	case BPF_MAP_CREATE:
		return size >= SIZE_TO(map_type) && attr->map_type == BPF_MAP_TYPE_RINGBUF &&
		       find_word("ringbuf");
	case BPF_PROG_LOAD:
		return size >= SIZE_TO(prog_flags) && attr->prog_flags & BPF_F_XDP_HAS_FRAGS &&
		       find_word("frags");
	case BPF_LINK_CREATE:
		return find_word("link");
	case BPF_PROG_TEST_RUN:
		return find_word("run") ||
		       (size >= SIZE_TO(test.ctx_in) && attr->test.ctx_in && find_word("split"));
	default:
		return false;
	}
}

static long call(long number, const long a[ARGUMENTS])
{
	static syscall_fn next;

	if (!next)
		find_next("syscall", &next);
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The last number in a list such as "0-1" or "0", plus one. */
static int real_cpus(void)
{
	char text[64] = "";
	open_fn next;
	const char *last;
	ssize_t len;
	int fd;

	find_next("open", &next);
	fd = next(POSSIBLE, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (len <= 0)
		abort();
	last = strrchr(text, '-');
	return (int)strtol(last ? last + 1 : text, NULL, 10) + 1;
}

/* The bytes of one CPU's value; 0: not a per-CPU map. */
static size_t per_cpu_bytes(int map_fd)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr attr = { 0 };
	const long args[ARGUMENTS] = { BPF_OBJ_GET_INFO_BY_FD, (long)&attr, sizeof(attr) };

	attr.info.bpf_fd = (__u32)map_fd;
	attr.info.info = (__u64)(unsigned long)&info;
	attr.info.info_len = sizeof(info);
	if (call(__NR_bpf, args))
		return 0;
	if (info.type != BPF_MAP_TYPE_PERCPU_HASH && info.type != BPF_MAP_TYPE_PERCPU_ARRAY)
		return 0;
	return ((size_t)info.value_size + 7) / 8 * 8;
}

/* The kernel wrote n values for the real CPUs. Move them to where they would be with the announced
 * CPUs, from the last one on, because they move up; the additional CPUs counted nothing.
 */
static void spread(char *values, size_t n, size_t bytes, int announced)
{
	size_t from = bytes * (size_t)real_cpus();
	size_t to = bytes * (size_t)announced;

	for (size_t i = n; to > from && i-- > 0;) {
		memmove(values + i * to, values + i * from, from);
		memset(values + i * to + from, 0, to - from);
	}
}

static void announce_values(int cmd, const union bpf_attr *attr)
{
	int announced = announced_cpus();
	size_t bytes;

	if (!announced)
		return;
	if (cmd == BPF_MAP_LOOKUP_ELEM) {
		bytes = per_cpu_bytes((int)attr->map_fd);
		if (bytes)
			spread((char *)(unsigned long)attr->value, 1, bytes, announced);
	} else if (cmd == BPF_MAP_LOOKUP_BATCH || cmd == BPF_MAP_LOOKUP_AND_DELETE_BATCH) {
		bytes = per_cpu_bytes((int)attr->batch.map_fd);
		if (bytes)
			spread((char *)(unsigned long)attr->batch.values, attr->batch.count, bytes,
			       announced);
	}
}

static bool has_capability(int cap)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	const long args[ARGUMENTS] = { (long)&header, (long)data };

	if (call(SYS_capget, args))
		abort();
	return data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

static bool is_forbidden(void)
{
	if (find_word("admin"))
		return !has_capability(CAP_SYS_ADMIN);
	return find_word("bpf") && !has_capability(CAP_BPF) && !has_capability(CAP_SYS_ADMIN);
}

static long call_bpf(const long a[ARGUMENTS])
{
	const union bpf_attr *attr = (const union bpf_attr *)a[1]; // NOLINT: an argument
	int cmd = (int)a[0];
	long result;
	int err;

	if (is_forbidden()) {
		errno = EPERM;
		return -1;
	}
	err = refusal(cmd, attr, (size_t)a[2]);
	if (err) {
		errno = err;
		return -1;
	}
	if (is_refused(cmd, attr, (size_t)a[2])) {
		errno = find_word("run") ? ENOTSUP : EINVAL;
		return -1;
	}
	result = call(__NR_bpf, a);
	err = errno;
	if (!result || err == ENOENT) /* the last batch is returned with ENOENT */
		announce_values(cmd, attr);
	errno = err;
	return result;
}

long old_syscall(long number, ...) AS("syscall");

long old_syscall(long number, ...)
{
	long a[ARGUMENTS];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < ARGUMENTS; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	return number == __NR_bpf ? call_bpf(a) : call(number, a);
}

int old_socket(int domain, int type, int protocol) AS("socket");

int old_socket(int domain, int type, int protocol)
{
	static socket_fn next;

	if (domain == AF_NETLINK && find_word("netlink")) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if (!next)
		find_next("socket", &next);
	return next(domain, type, protocol);
}

static bool nameless; /* an index was without a name */

ssize_t old_recvfrom(int fd, void *buffer, size_t size, int flags, void *from, socklen_t *from_len)
	AS("recvfrom");

ssize_t old_recvfrom(int fd, void *buffer, size_t size, int flags, void *from, socklen_t *from_len)
{
	static recvfrom_fn next;

	if (!next)
		find_next("recvfrom", &next);
	if (find_word("late") && !nameless) {
		errno = EAGAIN;
		return -1;
	}
	return next(fd, buffer, size, flags, from, from_len);
}

char *old_if_indextoname(unsigned int ifindex, char *name) AS("if_indextoname");

char *old_if_indextoname(unsigned int ifindex, char *name)
{
	static if_indextoname_fn next;
	char *found;

	if (!next)
		find_next("if_indextoname", &next);
	found = next(ifindex, name);
	nameless = nameless || !found;
	return found;
}

/* Open a file that announces the CPUs. -1: the path is another one, or "cpus=" is not in the list.
 */
static int open_announced(const char *path)
{
	int announced = strcmp(path, POSSIBLE) ? 0 : announced_cpus();
	int fd;

	if (!announced)
		return -1;
	fd = memfd_create("possible", MFD_CLOEXEC);
	if (fd < 0 || dprintf(fd, "0-%d\n", announced - 1) < 0 || lseek(fd, 0, SEEK_SET))
		abort();
	return fd;
}

/* The mode argument exists only if the call may create a file. */
#define MODE(flags, args) ((flags) & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0)

#define OPEN(name)                                                  \
	int old_##name(const char *path, int flags, ...) AS(#name); \
	int old_##name(const char *path, int flags, ...)            \
	{                                                           \
		static open_fn next;                                \
		int fd = open_announced(path);                      \
		va_list args;                                       \
		mode_t mode;                                        \
                                                                    \
		va_start(args, flags);                              \
		mode = MODE(flags, args);                           \
		va_end(args);                                       \
		if (!next)                                          \
			find_next(#name, &next);                    \
		return fd < 0 ? next(path, flags, mode) : fd;       \
	}

#define OPENAT(name)                                                         \
	int old_##name(int dir, const char *path, int flags, ...) AS(#name); \
	int old_##name(int dir, const char *path, int flags, ...)            \
	{                                                                    \
		static openat_fn next;                                       \
		int fd = open_announced(path);                               \
		va_list args;                                                \
		mode_t mode;                                                 \
                                                                             \
		va_start(args, flags);                                       \
		mode = MODE(flags, args);                                    \
		va_end(args);                                                \
		if (!next)                                                   \
			find_next(#name, &next);                             \
		return fd < 0 ? next(dir, path, flags, mode) : fd;           \
	}

#define FOPEN(name)                                                     \
	FILE *old_##name(const char *path, const char *mode) AS(#name); \
	FILE *old_##name(const char *path, const char *mode)            \
	{                                                               \
		static fopen_fn next;                                   \
		int fd = open_announced(path);                          \
                                                                        \
		if (!next)                                              \
			find_next(#name, &next);                        \
		return fd < 0 ? next(path, mode) : fdopen(fd, mode);    \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FOPEN(fopen)
FOPEN(fopen64)
