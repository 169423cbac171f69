// SPDX-License-Identifier: BSD-2-Clause
#include "lib/memlock.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/feature.h"

#define NO_ATTACH_TYPE ((enum bpf_attach_type)9999)

uint64_t memlock_limit(void)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };

	(void)getrlimit(RLIMIT_MEMLOCK, &limit); /* cannot fail for an existing limit */
	return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

/* libbpf tries to remove the limit, which needs CAP_SYS_RESOURCE, and does nothing if that fails.
 */
void memlock_raise(void)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

	if (!feature_memcg() || !setrlimit(RLIMIT_MEMLOCK, &limit) ||
	    getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &limit); /* if it is refused, the load reports it */
}

/* Loads a program that no kernel accepts. A process that may load programs gets the verifier's
 * answer, which comes before any memory is counted.
 */
static bool may_load_programs(void)
{
	static const struct bpf_insn exit_program[] = { { .code = BPF_JMP | BPF_EXIT } };
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = NO_ATTACH_TYPE);
	int fd = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCK, "xdptail_probe", "Dual BSD/GPL",
			       exit_program, 1, &opts);

	if (fd < 0)
		return errno == EINVAL;
	close(fd);
	return true;
}

/* If even a probe is too large for the limit, it is unknown whether the kernel counts memory that
 * way.
 */
bool memlock_refuses(void)
{
	return memlock_limit() != UINT64_MAX && feature_memcg() && may_load_programs();
}
