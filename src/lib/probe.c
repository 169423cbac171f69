// SPDX-License-Identifier: BSD-2-Clause
#include "lib/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "lib/capabilities.h"
#include "lib/feature.h"
#include "lib/handle.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"
#define BTF	 "/sys/kernel/btf/vmlinux"

void probe_parse_lockdown(const char *text, char *ret, size_t size)
{
	const char *begin = strchr(text, '[');
	size_t len = begin ? strcspn(begin + 1, "]") : 0;

	*ret = '\0';
	if (!begin || begin[1 + len] != ']' || len >= size)
		return;
	memcpy(ret, begin + 1, len);
	ret[len] = '\0';
}

static void read_lockdown(struct xdptail_probe *p)
{
	FILE *file = fopen(LOCKDOWN, "re");
	char text[128];

	if (!file) /* securityfs is not mounted in most containers */
		return;
	if (fgets(text, sizeof(text), file))
		probe_parse_lockdown(text, p->lockdown, sizeof(p->lockdown));
	fclose(file);
}

/* Not to be permitted to try is not to know (TRAPS A48). */
static enum xdptail_answer answer(int err)
{
	if (err == -EPERM)
		return XDPTAIL_UNKNOWN;
	return err ? XDPTAIL_NO : XDPTAIL_YES;
}

static void probe_features(struct xdptail_probe *p)
{
	p->ring_buffer = answer(feature_ring_buffer());
	p->frags = answer(feature_frags());
	p->batch = answer(feature_batch());
	p->links = answer(feature_links());
	p->memcg = answer(feature_memcg());
	p->btf = access(BTF, F_OK) ? XDPTAIL_NO : XDPTAIL_YES;
}

static void probe_process(struct xdptail_probe *p)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };
	struct utsname uts = { 0 };

	(void)uname(&uts);
	(void)snprintf(p->kernel, sizeof(p->kernel), "%.64s", uts.release);
	(void)capabilities_missing(p->capabilities_missing, sizeof(p->capabilities_missing));
	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	p->memlock_bytes = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
	p->possible_cpus = (uint32_t)libbpf_num_possible_cpus();
	read_lockdown(p);
}

/* What came out of xdptail_open(). */
static void note_open(struct xdptail_probe *p, const struct xdptail *x, int err)
{
	p->open_err = err;
	if (err) {
		(void)snprintf(p->open_reason, sizeof(p->open_reason), "%.511s", xdptail_reason(x));
		return;
	}
	p->transport = x->object.transport;
	p->ring_bytes = x->object.ring_bytes;
	p->map_bytes = x->object.map_bytes;
	p->shared_counts = x->object.shared_counts;
}

int xdptail_probe(const char *interface, struct xdptail_probe *ret)
{
	struct xdptail_probe p = { .size = ret->size };
	struct xdptail *x = NULL;
	int err;

	if (ret->size < sizeof(ret->size))
		return -EINVAL;
	probe_process(&p); /* first: libbpf raises the limit where it counts */
	err = xdptail_open(&x, NULL);
	if (!x)
		return -ENOMEM;
	note_open(&p, x, err);
	probe_features(&p);
	if (interface)
		probe_interface(&p, interface, err ? NULL : &x->object);
	xdptail_close(x);
	memcpy(ret, &p, p.size < sizeof(p) ? p.size : sizeof(p));
	return 0;
}
