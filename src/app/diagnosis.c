// SPDX-License-Identifier: BSD-2-Clause
#include "app/diagnosis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define KIB(bytes) ((uint64_t)(bytes) >> 10)
#define GRANT                                                                                 \
	"run as root, or: setcap cap_bpf,cap_net_admin,cap_perfmon=ep $(command -v xdptail) " \
	"(before Linux 5.8: cap_sys_admin)"

static const char *const result_names[DIAGNOSIS_RESULT_MAX] = {
	[DIAGNOSIS_OK] = "ok",
	[DIAGNOSIS_WARNING] = "warning",
	[DIAGNOSIS_PROBLEM] = "problem",
};

const char *diagnosis_result_name(enum diagnosis_result result)
{
	return result_names[result];
}

__attribute__((format(printf, 4, 5))) static void
find(struct diagnosis *d, const char *check, enum diagnosis_result result, const char *fmt, ...)
{
	struct finding *f = &d->list[d->n++];
	va_list args;

	*f = (struct finding){ .check = check, .result = result };
	va_start(args, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	text_mask(f->text, strlen(f->text)); /* names of interfaces are any bytes */
}

/* What to do about the last finding. */
__attribute__((format(printf, 2, 3))) static void advise(struct diagnosis *d, const char *fmt, ...)
{
	struct finding *f = &d->list[d->n - 1];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(f->advice, sizeof(f->advice), fmt, args);
	va_end(args);
	text_mask(f->advice, strlen(f->advice));
}

static void find_unknown(struct diagnosis *d, const char *check)
{
	find(d, check, DIAGNOSIS_WARNING, "not known: it may not be tried without capabilities");
	advise(d, "run as root to know");
}

/* --- the kernel --- */

static void check_kernel(const struct xdptail_probe *p, struct diagnosis *d)
{
	find(d, "kernel", DIAGNOSIS_OK, "Linux %s", p->kernel);
}

static void check_capabilities(const struct xdptail_probe *p, struct diagnosis *d)
{
	if (!p->capabilities_missing[0]) {
		find(d, "capabilities", DIAGNOSIS_OK, "all that it takes are there");
		return;
	}
	find(d, "capabilities", DIAGNOSIS_PROBLEM, "missing: %s", p->capabilities_missing);
	advise(d, "%s", GRANT);
}

/* Only kernels of distributions before 5.4 made it a hindrance. */
static void check_lockdown(const struct xdptail_probe *p, struct diagnosis *d)
{
	bool refused = p->open_err == -EPERM && !p->capabilities_missing[0];

	if (!p->lockdown[0])
		find(d, "lockdown", DIAGNOSIS_OK, "not told by this kernel");
	else if (!strcmp(p->lockdown, "none") || !refused)
		find(d, "lockdown", DIAGNOSIS_OK, "%s, no hindrance", p->lockdown);
	else {
		find(d, "lockdown", DIAGNOSIS_WARNING, "%s, and BPF is refused, perhaps by it",
		     p->lockdown);
		advise(d, "boot without Secure Boot, or a kernel from 5.4 on");
	}
}

static void check_program(const struct xdptail_probe *p, struct diagnosis *d)
{
	if (!p->open_err)
		find(d, "program", DIAGNOSIS_OK, "the kernel takes the BPF program");
	else if (p->open_err == -EPERM && p->capabilities_missing[0])
		find_unknown(d, "program");
	else
		find(d, "program", DIAGNOSIS_PROBLEM, "%s", p->open_reason);
}

/* What is there or not, and what it means. */
static const struct feature {
	const char *check;
	size_t answer; /* its offset in struct xdptail_probe */
	const char *yes;
	const char *no;
	const char *advice;
} features[] = {
	{ "ring_buffer", offsetof(struct xdptail_probe, ring_buffer), "there",
	  "none (Linux 5.8, 64 bits): samples come through perf buffers, at a higher cost",
	  "a newer kernel, where cost matters" },
	{ "frags", offsetof(struct xdptail_probe, frags),
	  "programs can take frames that lie in several buffers",
	  "no programs for frames that lie in several buffers (Linux 5.18)",
	  "where the MTU is larger than a buffer, lower it or expect generic mode" },
	{ "batch", offsetof(struct xdptail_probe, batch), "counts are read many at once",
	  "counts are read one by one (before Linux 5.6)", "with many sources: --max-sources" },
	{ "links", offsetof(struct xdptail_probe, links), "what is attached ends with its process",
	  "none (Linux 5.9): if xdptail is killed its program stays attached",
	  "then: ip link set dev IF xdp off" },
};

static void check_features(const struct xdptail_probe *p, struct diagnosis *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		const struct feature *f = &features[i];
		enum xdptail_answer answer;

		memcpy(&answer, (const char *)p + f->answer, sizeof(answer));
		if (answer == XDPTAIL_YES) {
			find(d, f->check, DIAGNOSIS_OK, "%s", f->yes);
		} else if (answer == XDPTAIL_NO) {
			find(d, f->check, DIAGNOSIS_WARNING, "%s", f->no);
			advise(d, "%s", f->advice);
		} else {
			find_unknown(d, f->check);
		}
	}
}

static void check_btf(const struct xdptail_probe *p, struct diagnosis *d)
{
	find(d, "btf", DIAGNOSIS_OK, "%s, and not needed",
	     p->btf == XDPTAIL_YES ? "there" : "not there");
}

static void check_memlock(const struct xdptail_probe *p, struct diagnosis *d)
{
	if (p->memlock_needed) {
		find(d, "memlock", DIAGNOSIS_WARNING,
		     "RLIMIT_MEMLOCK is %" PRIu64 " KiB, and maps, which count against it before "
		     "Linux 5.11, need about %" PRIu64 " KiB",
		     KIB(p->memlock_bytes), KIB(p->memlock_needed));
		advise(d,
		       "ulimit -l %" PRIu64 "; LimitMEMLOCK=infinity in a unit; or grant "
		       "CAP_SYS_RESOURCE",
		       KIB(p->memlock_needed));
	} else if (p->memcg == XDPTAIL_YES) {
		find(d, "memlock", DIAGNOSIS_OK,
		     "maps count against the control group's memory, not RLIMIT_MEMLOCK");
	} else if (p->memlock_bytes == UINT64_MAX) {
		find(d, "memlock", DIAGNOSIS_OK, "RLIMIT_MEMLOCK is unlimited");
	} else if (p->memcg == XDPTAIL_UNKNOWN) {
		find_unknown(d, "memlock");
	} else {
		find(d, "memlock", DIAGNOSIS_OK,
		     "maps count against RLIMIT_MEMLOCK (before Linux 5.11), which is %" PRIu64
		     " KiB%s",
		     KIB(p->memlock_bytes),
		     p->open_err ? ", no hindrance" : " and could be raised");
	}
}

/* To share counts is no loss where few of the CPUs are there. */
static void check_memory(const struct xdptail_probe *p, struct diagnosis *d)
{
	const bool few = p->online_cpus * 2 < p->possible_cpus;

	if (p->open_err)
		return;
	find(d, "memory", p->shared_counts && !few ? DIAGNOSIS_WARNING : DIAGNOSIS_OK,
	     "%" PRIu64 " KiB for counts, of which %u possible CPUs (%u on line) %s; %" PRIu64
	     " KiB for samples",
	     KIB(p->map_bytes), p->possible_cpus, p->online_cpus,
	     p->shared_counts ? "share one for each source" : "each have their own",
	     KIB(p->ring_bytes));
	if (p->shared_counts)
		advise(d, "fewer --max-sources, or a higher --max-map-memory, %s",
		       few ? "for each to have its own" : "for counting in less time");
}

static void check_transport(const struct xdptail_probe *p, struct diagnosis *d)
{
	if (p->open_err)
		return;
	find(d, "transport", DIAGNOSIS_OK, "auto chooses %s",
	     p->transport == XDPTAIL_TRANSPORT_RINGBUF ? "the ring buffer" :
							 "perf buffers, as there is no ring "
							 "buffer");
}

/* --- the interface --- */

static void check_interface(const struct xdptail_probe *p, struct diagnosis *d)
{
	if (!p->ifindex) {
		find(d, "interface", DIAGNOSIS_PROBLEM, "%s", p->attach_reason);
		return;
	}
	if (p->up != XDPTAIL_NO) {
		find(d, "interface", DIAGNOSIS_OK, "%s is there", p->interface);
		return;
	}
	find(d, "interface", DIAGNOSIS_WARNING, "%s is down, and no packet comes", p->interface);
	advise(d, "ip link set dev %s up", p->interface);
}

/* Drivers that are known to reset the hardware when a native program comes or goes. */
static const char *const resetting[] = { "ixgbe", "i40e", "mlx5_core" };

static void check_driver(const struct xdptail_probe *p, struct diagnosis *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(resetting); i++) {
		if (strcmp(p->driver, resetting[i]) != 0 || p->mode == XDPTAIL_MODE_GENERIC)
			continue;
		find(d, "driver", DIAGNOSIS_WARNING,
		     "%s may take the link down for seconds when a native program is attached or "
		     "detached",
		     p->driver);
		advise(d, "choose the moment, or -m generic");
		return;
	}
	find(d, "driver", DIAGNOSIS_OK, "%s", p->driver[0] ? p->driver : "none");
}

static void check_xdp(const struct xdptail_probe *p, struct diagnosis *d)
{
	if (p->native == XDPTAIL_UNKNOWN)
		find(d, "xdp", DIAGNOSIS_OK,
		     "what the driver can do is not told by this kernel (Linux 6.3)");
	else if (p->native == XDPTAIL_NO)
		find(d, "xdp", DIAGNOSIS_OK, "generic mode; the driver announces no native mode");
	else
		find(d, "xdp", DIAGNOSIS_OK, "native mode%s",
		     p->native_frags == XDPTAIL_YES ? ", also for frames in several buffers" : "");
}

static void check_attached(const struct xdptail_probe *p, struct diagnosis *d)
{
	static const char *const hooks[XDPTAIL_MODE_MAX] = {
		[XDPTAIL_MODE_AUTO] = "xdpoffload",
		[XDPTAIL_MODE_NATIVE] = "xdp",
		[XDPTAIL_MODE_GENERIC] = "xdpgeneric",
	};

	if (p->program_id) {
		find(d, "attached", DIAGNOSIS_PROBLEM,
		     "there is an XDP program already (id %u, \"%s\"), and a second one is refused",
		     p->program_id, p->program_name[0] ? p->program_name : "?");
		advise(d, "stop what put it there, or: ip link set dev %s %s off", p->interface,
		       hooks[p->program_mode]);
	} else if (p->upper[0]) {
		find(d, "attached", DIAGNOSIS_PROBLEM,
		     "\"%s\", which is on top of it, has an XDP program, and none is allowed below",
		     p->upper);
		advise(d, "watch %s, or detach its program", p->upper);
	} else {
		find(d, "attached", DIAGNOSIS_OK, "no other XDP program");
	}
}

static void check_mtu(const struct xdptail_probe *p, struct diagnosis *d)
{
	bool frags = p->frags == XDPTAIL_YES && p->native_frags == XDPTAIL_YES;

	if (p->mtu <= p->native_mtu_max || frags || p->native == XDPTAIL_NO) {
		find(d, "mtu", DIAGNOSIS_OK, "%u", p->mtu);
		return;
	}
	find(d, "mtu", DIAGNOSIS_WARNING,
	     "%u: more than one buffer holds (about %u), which native mode %s here", p->mtu,
	     p->native_mtu_max,
	     p->frags != XDPTAIL_NO && p->native_frags == XDPTAIL_UNKNOWN ? "may not take" :
									    "does not take");
	advise(d, "for native mode: ip link set dev %s mtu %u", p->interface, p->native_mtu_max);
}

/* Each is a warning when it is on. */
static const struct {
	const char *check;
	size_t answer;
	const char *on;
	const char *name; /* ethtool's */
	bool generic; /* of concern in generic mode only */
} offloads[] = {
	{ "lro", offsetof(struct xdptail_probe, lro),
	  "on: drivers refuse native mode with it, or switch it off themselves", "lro", false },
	{ "gro_hw", offsetof(struct xdptail_probe, gro_hw),
	  "on: some drivers (virtio_net) refuse native mode with it, others switch it off "
	  "themselves",
	  "rx-gro-hw", false },
	{ "rxvlan", offsetof(struct xdptail_probe, rxvlan),
	  "on: the outer VLAN tag is taken off before XDP, and no record has it", "rxvlan", false },
	{ "gro", offsetof(struct xdptail_probe, gro),
	  "on: generic mode comes after it, and counts what was merged as one packet", "gro",
	  true },
};

static void check_offloads(const struct xdptail_probe *p, struct diagnosis *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(offloads); i++) {
		enum xdptail_answer answer;

		memcpy(&answer, (const char *)p + offloads[i].answer, sizeof(answer));
		if (offloads[i].generic && p->mode == XDPTAIL_MODE_NATIVE)
			continue;
		if (answer != XDPTAIL_YES) {
			find(d, offloads[i].check, DIAGNOSIS_OK, "%s",
			     answer == XDPTAIL_NO ? "off" : "not told");
			continue;
		}
		find(d, offloads[i].check, DIAGNOSIS_WARNING, "%s", offloads[i].on);
		advise(d, "ethtool -K %s %s off", p->interface, offloads[i].name);
	}
}

static void check_mode(const struct xdptail_probe *p, struct diagnosis *d)
{
	if (p->attach_err == -EBUSY) /* check_attached() */
		return;
	if (p->attach_err)
		find(d, "mode", DIAGNOSIS_PROBLEM, "%s", p->attach_reason);
	else if (p->mode == XDPTAIL_MODE_NATIVE)
		find(d, "mode", DIAGNOSIS_OK, "auto would choose native mode");
	else if (p->mode == XDPTAIL_MODE_AUTO)
		find(d, "mode", DIAGNOSIS_OK,
		     "auto would try native mode, and take generic mode if the driver refuses");
	else
		find(d, "mode", DIAGNOSIS_WARNING, "auto would choose generic mode: %s",
		     p->attach_reason);
}

typedef void (*check_fn)(const struct xdptail_probe *p, struct diagnosis *d);

void diagnose(const struct xdptail_probe *p, struct diagnosis *ret)
{
	static const check_fn kernel[] = { check_kernel,  check_capabilities, check_lockdown,
					   check_program, check_features,     check_btf,
					   check_memlock, check_memory,	      check_transport };
	static const check_fn interface[] = { check_driver, check_xdp,	    check_attached,
					      check_mtu,    check_offloads, check_mode };

	ret->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++)
		kernel[i](p, ret);
	if (!p->interface[0])
		return;
	check_interface(p, ret);
	for (size_t i = 0; p->ifindex && i < ARRAY_SIZE(interface); i++)
		interface[i](p, ret);
}
