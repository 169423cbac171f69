// SPDX-License-Identifier: BSD-2-Clause
#include "lib/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "lib/capabilities.h"
#include "lib/feature.h"
#include "lib/handle.h"
#include "lib/memlock.h"

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

/* A probe that is not permitted gives no answer. */
static enum xdptail_answer answer_of_errno(int err)
{
	if (err == -EPERM)
		return XDPTAIL_UNKNOWN;
	return err ? XDPTAIL_NO : XDPTAIL_YES;
}

static void probe_features(struct xdptail_probe *p)
{
	p->ring_buffer = answer_of_errno(feature_ring_buffer());
	p->frags = answer_of_errno(feature_frags());
	p->batch = answer_of_errno(feature_batch());
	p->links = answer_of_errno(feature_links());
	p->memcg = answer_of_errno(feature_memcg());
	p->btf = access(BTF, F_OK) ? XDPTAIL_NO : XDPTAIL_YES;
}

static void probe_process(struct xdptail_probe *p)
{
	struct utsname uts = { 0 };

	(void)uname(&uts);
	(void)snprintf(p->kernel, sizeof(p->kernel), "%.64s", uts.release);
	(void)capabilities_missing(p->capabilities_missing, sizeof(p->capabilities_missing));
	p->memlock_bytes = memlock_limit();
	p->possible_cpus = (uint32_t)libbpf_num_possible_cpus();
	p->online_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	read_lockdown(p);
}

/* Records the limit after it was raised. */
static void note_memlock(struct xdptail_probe *p, const struct xdptail_options *o)
{
	const struct object_spec spec = {
		.transport = o->transport,
		.ring_bytes = o->ring_bytes,
		.max_sources = o->max_sources,
		.max_map_bytes = o->max_map_bytes,
	};

	if (p->capabilities_missing[0] || !memlock_refuses())
		return;
	p->memlock_bytes = memlock_limit();
	p->memlock_needed = object_locked_bytes(&spec);
}

/* Records the result of xdptail_open(). */
static void note_open(struct xdptail_probe *p, const struct xdptail *x, int err)
{
	p->open_err = err;
	if (err) {
		(void)snprintf(p->open_reason, sizeof(p->open_reason), "%.511s", xdptail_reason(x));
		if (err == -EPERM)
			note_memlock(p, &x->options.o);
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
	probe_process(&p); /* comes before xdptail_open(), which may raise the limit */
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
