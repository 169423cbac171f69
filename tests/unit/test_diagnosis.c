/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/diagnosis.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A machine on which all is well. */
static struct xdptail_probe healthy(void)
{
	return (struct xdptail_probe){
		.size = sizeof(struct xdptail_probe),
		.kernel = "6.18.0",
		.lockdown = "none",
		.ring_buffer = XDPTAIL_YES,
		.frags = XDPTAIL_YES,
		.batch = XDPTAIL_YES,
		.links = XDPTAIL_YES,
		.btf = XDPTAIL_YES,
		.memcg = XDPTAIL_YES,
		.memlock_bytes = 65536,
		.possible_cpus = 4,
		.online_cpus = 4,
		.transport = XDPTAIL_TRANSPORT_RINGBUF,
		.ring_bytes = 16U << 20,
		.map_bytes = 24U << 20,
		.interface = "eth0",
		.ifindex = 2,
		.driver = "ice",
		.up = XDPTAIL_YES,
		.native = XDPTAIL_YES,
		.native_frags = XDPTAIL_YES,
		.mtu = 1500,
		.native_mtu_max = 3498,
		.lro = XDPTAIL_NO,
		.gro_hw = XDPTAIL_NO,
		.gro = XDPTAIL_YES,
		.rxvlan = XDPTAIL_NO,
		.mode = XDPTAIL_MODE_NATIVE,
	};
}

static void no_permission(struct xdptail_probe *p)
{
	p->open_err = -EPERM;
	strcpy(p->open_reason, "not permitted");
	p->transport = XDPTAIL_TRANSPORT_AUTO;
	p->ring_bytes = 0;
	p->map_bytes = 0;
}

static void no_capability(struct xdptail_probe *p)
{
	no_permission(p);
	strcpy(p->capabilities_missing, "CAP_BPF, CAP_PERFMON");
	p->ring_buffer = XDPTAIL_UNKNOWN;
	p->links = XDPTAIL_UNKNOWN;
	p->memcg = XDPTAIL_UNKNOWN;
}

static void in_lockdown(struct xdptail_probe *p)
{
	strcpy(p->lockdown, "integrity");
}

static void refused_in_lockdown(struct xdptail_probe *p)
{
	no_permission(p);
	in_lockdown(p);
}

static void lockdown_not_told(struct xdptail_probe *p)
{
	p->lockdown[0] = '\0';
}

static void program_refused(struct xdptail_probe *p)
{
	p->open_err = -EACCES;
	strcpy(p->open_reason, "the kernel does not take the BPF program");
}

static void without_ring(struct xdptail_probe *p)
{
	p->ring_buffer = XDPTAIL_NO;
	p->transport = XDPTAIL_TRANSPORT_PERF;
}

static void of_old(struct xdptail_probe *p)
{
	p->frags = XDPTAIL_NO;
	p->batch = XDPTAIL_NO;
	p->links = XDPTAIL_NO;
	p->btf = XDPTAIL_NO;
	p->memcg = XDPTAIL_NO;
}

static void of_old_refused(struct xdptail_probe *p)
{
	of_old(p);
	no_permission(p);
}

static void of_old_unlimited(struct xdptail_probe *p)
{
	of_old(p);
	p->memlock_bytes = UINT64_MAX;
}

static void short_of_memlock(struct xdptail_probe *p)
{
	of_old_refused(p);
	p->memlock_needed = 33792U << 10;
}

static void short_of_all_memlock(struct xdptail_probe *p)
{
	short_of_memlock(p);
	p->memcg = XDPTAIL_UNKNOWN; /* no probe was loaded either */
	p->memlock_bytes = 0;
}

static void shared(struct xdptail_probe *p)
{
	p->shared_counts = 1;
	p->possible_cpus = 128;
	p->online_cpus = 128;
}

static void shared_by_few(struct xdptail_probe *p)
{
	shared(p);
	p->possible_cpus = 64;
	p->online_cpus = 2;
}

static void not_there(struct xdptail_probe *p)
{
	const struct xdptail_probe whole = *p;

	memset(p->interface, 0, sizeof(*p) - offsetof(struct xdptail_probe, interface));
	memcpy(p->interface, whole.interface, sizeof(p->interface));
	p->attach_err = -ENODEV;
	strcpy(p->attach_reason, "there is no interface \"eth0\" here");
}

static void name_of_controls(struct xdptail_probe *p)
{
	strcpy(p->interface, "e\n\xff");
}

static void down(struct xdptail_probe *p)
{
	p->up = XDPTAIL_NO;
}

static void ixgbe(struct xdptail_probe *p)
{
	strcpy(p->driver, "ixgbe");
}

static void ixgbe_generic(struct xdptail_probe *p)
{
	ixgbe(p);
	p->native = XDPTAIL_NO;
	p->mode = XDPTAIL_MODE_GENERIC;
	strcpy(p->attach_reason, "refuses native mode");
}

static void occupied(struct xdptail_probe *p)
{
	p->program_id = 7;
	strcpy(p->program_name, "other_program");
	p->program_mode = XDPTAIL_MODE_GENERIC;
	p->attach_err = -EBUSY;
	p->mode = XDPTAIL_MODE_AUTO;
}

static void occupied_above(struct xdptail_probe *p)
{
	strcpy(p->upper, "bond0");
	p->attach_err = -EBUSY;
	p->mode = XDPTAIL_MODE_AUTO;
}

static void jumbo(struct xdptail_probe *p)
{
	p->mtu = 9000;
}

static void jumbo_one_buffer(struct xdptail_probe *p)
{
	jumbo(p);
	p->native_frags = XDPTAIL_NO;
}

static void jumbo_old(struct xdptail_probe *p)
{
	jumbo(p);
	p->frags = XDPTAIL_NO;
}

static void jumbo_not_told(struct xdptail_probe *p)
{
	jumbo(p);
	p->native = XDPTAIL_UNKNOWN;
	p->native_frags = XDPTAIL_UNKNOWN;
	p->mode = XDPTAIL_MODE_AUTO;
}

static void offloaded(struct xdptail_probe *p)
{
	p->lro = XDPTAIL_YES;
	p->gro_hw = XDPTAIL_YES;
	p->rxvlan = XDPTAIL_YES;
}

static void other_frames(struct xdptail_probe *p)
{
	p->attach_err = -EOPNOTSUPP;
	strcpy(p->attach_reason, "begin with neither");
	p->mode = XDPTAIL_MODE_AUTO;
}

#define OK	DIAGNOSIS_OK
#define WARNING DIAGNOSIS_WARNING
#define PROBLEM DIAGNOSIS_PROBLEM

/* text, advice: parts of them; advice "": there is none. */
static const struct {
	const char *name;
	void (*change)(struct xdptail_probe *p);
	const char *check;
	enum diagnosis_result result;
	const char *text;
	const char *advice;
} cases[] = {
	{ "no capability", no_capability, "capabilities", PROBLEM, "missing: CAP_BPF, CAP_PERFMON",
	  "run as root" },
	{ "no capability", no_capability, "program", WARNING, "not known", "root" },
	{ "no capability", no_capability, "ring_buffer", WARNING, "not known", "root" },
	{ "no capability", no_capability, "links", WARNING, "not known", "root" },
	{ "no capability", no_capability, "memlock", WARNING, "not known", "root" },
	{ "no permission", no_permission, "capabilities", OK, "there", "" },
	{ "no permission", no_permission, "program", PROBLEM, "not permitted", "" },
	{ "no permission", no_permission, "lockdown", OK, "none", "" },
	{ "lockdown", in_lockdown, "lockdown", OK, "integrity, no hindrance", "" },
	{ "lockdown and refused", refused_in_lockdown, "lockdown", WARNING, "perhaps by it",
	  "Secure Boot" },
	{ "lockdown not told", lockdown_not_told, "lockdown", OK, "not told", "" },
	{ "program refused", program_refused, "program", PROBLEM, "does not take", "" },
	{ "no ring buffer", without_ring, "ring_buffer", WARNING, "perf buffers", "newer" },
	{ "no ring buffer", without_ring, "transport", OK, "auto chooses perf buffers", "" },
	{ "old", of_old, "frags", WARNING, "5.18", "MTU" },
	{ "old", of_old, "batch", WARNING, "one by one", "--max-sources" },
	{ "old", of_old, "links", WARNING, "stays attached", "xdp off" },
	{ "old", of_old, "btf", OK, "not there, and not needed", "" },
	{ "old", of_old, "memlock", OK, "64 KiB and could be raised", "" },
	{ "old, refused", of_old_refused, "memlock", OK, "64 KiB, no hindrance", "" },
	{ "locked memory", short_of_memlock, "memlock", WARNING, "is 64 KiB", "ulimit -l 33792" },
	{ "locked memory", short_of_memlock, "program", PROBLEM, "not permitted", "" },
	{ "no memory left to lock", short_of_all_memlock, "memlock", WARNING, "is 0 KiB",
	  "ulimit" },
	{ "old, no limit", of_old_unlimited, "memlock", OK, "unlimited", "" },
	{ "shared counts", shared, "memory", WARNING, "128 possible CPUs (128 on line) share one",
	  "in less time" },
	{ "shared, few on line", shared_by_few, "memory", OK,
	  "64 possible CPUs (2 on line) share one", "--max-map-memory, for each to have its own" },
	{ "no interface", not_there, "interface", PROBLEM, "there is no interface", "" },
	{ "a name of controls", name_of_controls, "interface", OK, "e?? is there", "" },
	{ "down", down, "interface", WARNING, "eth0 is down", "ip link set dev eth0 up" },
	{ "ixgbe", ixgbe, "driver", WARNING, "ixgbe may take the link down", "-m generic" },
	{ "ixgbe, generic", ixgbe_generic, "driver", OK, "ixgbe", "" },
	{ "ixgbe, generic", ixgbe_generic, "xdp", OK, "announces no native mode", "" },
	{ "ixgbe, generic", ixgbe_generic, "gro", WARNING, "merged", "ethtool -K eth0 gro off" },
	{ "ixgbe, generic", ixgbe_generic, "mode", WARNING, "generic mode: refuses native", "" },
	{ "another program", occupied, "attached", PROBLEM, "id 7, \"other_program\"",
	  "ip link set dev eth0 xdpgeneric off" },
	{ "one above", occupied_above, "attached", PROBLEM, "\"bond0\", which is on top",
	  "watch bond0" },
	{ "jumbo", jumbo, "mtu", OK, "9000", "" },
	{ "jumbo, one buffer", jumbo_one_buffer, "mtu", WARNING, "does not take",
	  "ip link set dev eth0 mtu 3498" },
	{ "jumbo, old kernel", jumbo_old, "mtu", WARNING, "does not take", "mtu 3498" },
	{ "jumbo, not told", jumbo_not_told, "mtu", WARNING, "may not take", "mtu 3498" },
	{ "jumbo, not told", jumbo_not_told, "xdp", OK, "not told", "" },
	{ "jumbo, not told", jumbo_not_told, "mode", OK, "would try native mode", "" },
	{ "offloads", offloaded, "lro", WARNING, "on", "ethtool -K eth0 lro off" },
	{ "offloads", offloaded, "gro_hw", WARNING, "on", "ethtool -K eth0 rx-gro-hw off" },
	{ "offloads", offloaded, "rxvlan", WARNING, "on", "ethtool -K eth0 rxvlan off" },
	{ "other frames", other_frames, "mode", PROBLEM, "begin with neither", "" },
};

static const struct finding *finding(const struct diagnosis *d, const char *check)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->list[i].check, check) != 0)
			continue;
		cr_expect_null(found, "\"%s\" is found twice", check);
		found = &d->list[i];
	}
	return found;
}

static bool has_problem(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->list[i].result == DIAGNOSIS_PROBLEM)
			return true;
	}
	return false;
}

Test(diagnosis, cases)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct xdptail_probe p = healthy();
		const struct finding *f;
		struct diagnosis d;

		cases[i].change(&p);
		diagnose(&p, &d);
		f = finding(&d, cases[i].check);
		cr_assert(f, "%s: nothing about %s", cases[i].name, cases[i].check);
		cr_expect(f->result == cases[i].result && strstr(f->text, cases[i].text) &&
				  strstr(f->advice, cases[i].advice) &&
				  !f->advice[0] == !cases[i].advice[0],
			  "%s, %s: got %s \"%s\" \"%s\", want %s \"%s\" \"%s\"", cases[i].name,
			  cases[i].check, diagnosis_result_name(f->result), f->text, f->advice,
			  diagnosis_result_name(cases[i].result), cases[i].text, cases[i].advice);
		cr_expect_eq(has_problem(&d), p.open_err || p.attach_err,
			     "%s: problems are not what the errors say", cases[i].name);
	}
}

Test(diagnosis, healthy)
{
	struct xdptail_probe p = healthy();
	struct diagnosis d;
	size_t with_interface;

	diagnose(&p, &d);
	with_interface = d.n;
	for (size_t i = 0; i < d.n; i++) {
		cr_expect_eq(d.list[i].result, DIAGNOSIS_OK, "%s: %s", d.list[i].check,
			     d.list[i].text);
		cr_expect_str_empty(d.list[i].advice, "%s", d.list[i].check);
	}
	cr_expect_null(finding(&d, "gro"), "of no concern in native mode");
	memset(p.interface, 0, sizeof(p) - offsetof(struct xdptail_probe, interface));
	diagnose(&p, &d);
	cr_expect_lt(d.n, with_interface);
	cr_expect_null(finding(&d, "interface"));
	cr_expect_not_null(finding(&d, "transport"));
}
