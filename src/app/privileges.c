// SPDX-License-Identifier: BSD-2-Clause
#include "app/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/array.h"

#define BIT(cap)	 (UINT64_C(1) << (cap))
#define CAPABILITIES_MAX 64
#define GROUPS_MAX	 65536 /* a limit of the kernel: NGROUPS_MAX */
#define PASSWD_BYTES	 4096 /* of an entry, to begin with */
#define PASSWD_BYTES_MAX (1U << 20)
#define CHANGES_USER	 (BIT(CAP_SETUID) | BIT(CAP_SETGID))

struct capabilities {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

/* Without libcap: two system calls (capset(2)), which fail only on bad arguments and for more than
 * is permitted.
 */
static int get_capabilities(struct capabilities *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return -errno;
	ret->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	ret->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	ret->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set_capabilities(const struct capabilities *c)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[2] = {
		{ (uint32_t)c->effective, (uint32_t)c->permitted, (uint32_t)c->inheritable },
		{ (uint32_t)(c->effective >> 32), (uint32_t)(c->permitted >> 32),
		  (uint32_t)(c->inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static int set_effective(uint64_t effective)
{
	struct capabilities c = { 0 };
	int err = get_capabilities(&c);

	c.effective = effective;
	return err ? err : set_capabilities(&c);
}

uint64_t privileges_left(void)
{
	struct capabilities c = { 0 };

	(void)get_capabilities(&c);
	return c.effective | c.permitted;
}

/* 0, -ENOENT or -errno; *ret_text, owned by the caller, is what *ret points into. */
static int look_up_user(const char *name, struct passwd *ret, char **ret_text)
{
	struct passwd *found = NULL;
	char *text = NULL;
	int err = ERANGE;

	for (size_t size = PASSWD_BYTES; err == ERANGE && size <= PASSWD_BYTES_MAX; size *= 2) {
		free(text);
		text = malloc(size);
		if (!text)
			return -ENOMEM;
		err = getpwnam_r(name, ret, text, size, &found);
	}
	if (!found) {
		free(text);
		return err ? -err : -ENOENT;
	}
	*ret_text = text;
	return 0;
}

static int find_groups(struct privileges_user *u)
{
	int n = 32;

	for (;;) {
		gid_t *more = realloc(u->groups, (size_t)n * sizeof(*more));
		const int room = n;

		if (!more)
			return -ENOMEM;
		u->groups = more;
		if (getgrouplist(u->name, u->gid, u->groups, &n) >= 0)
			break;
		if (n <= room)
			n = room * 2;
		if (n > GROUPS_MAX)
			return -E2BIG;
	}
	u->n_groups = n;
	return 0;
}

/* Are we that user already, in all respects? */
static bool is_us(const struct privileges_user *u)
{
	uid_t real, effective, saved;

	return !getresuid(&real, &effective, &saved) && real == u->uid && effective == u->uid &&
	       saved == u->uid;
}

static bool may_become(const struct privileges_user *u)
{
	struct capabilities c = { 0 };

	return is_us(u) || (!get_capabilities(&c) && (c.effective & CHANGES_USER) == CHANGES_USER);
}

int privileges_find_user(struct privileges_user *ret, const char *name, struct reason *why)
{
	struct privileges_user u = { .name = name };
	struct passwd entry;
	char *text = NULL;
	int r;

	*ret = (struct privileges_user){ 0 };
	if (!name)
		return 0;
	r = look_up_user(name, &entry, &text);
	if (r == -ENOENT)
		return reason_set(why, -EINVAL, "--user: there is no user \"%.100s\"", name);
	if (r)
		return reason_set(why, r, "--user: cannot look up \"%.100s\": %s", name,
				  strerror(-r));
	u.uid = entry.pw_uid;
	u.gid = entry.pw_gid;
	free(text);
	if (!u.uid)
		return reason_set(
			why, -EINVAL,
			"--user: \"%.100s\" is root; name a user who is not, or leave the "
			"option out",
			name);
	if (!may_become(&u))
		return reason_set(
			why, -EPERM,
			"--user: not permitted to become \"%.100s\": CAP_SETUID and CAP_SETGID "
			"are needed; start as root, or as that user",
			name);
	r = find_groups(&u);
	if (r) {
		privileges_user_free(&u);
		return reason_set(why, r, "--user: cannot find the groups of \"%.100s\": %s", name,
				  strerror(-r));
	}
	*ret = u;
	return 0;
}

void privileges_user_free(struct privileges_user *u)
{
	free(u->groups);
	*u = (struct privileges_user){ 0 };
}

static int remember(struct privileges_acting *a)
{
	struct capabilities c = { 0 };
	int err = get_capabilities(&c);
	int n = getgroups(0, NULL);

	if (err || n < 0)
		return err ? err : -errno;
	a->uid = geteuid();
	a->gid = getegid();
	a->effective = c.effective;
	a->groups = calloc((size_t)n + 1, sizeof(*a->groups));
	if (!a->groups)
		return -ENOMEM;
	a->n_groups = getgroups(n, a->groups);
	return a->n_groups < 0 ? -errno : 0;
}

/* Capabilities that go past the modes of files are out of effect, too; those to come back by stay.
 */
int privileges_act(struct privileges_acting *ret, const struct privileges_user *u)
{
	struct privileges_acting a = { 0 };
	int err = 0;

	*ret = a;
	if (!u->name || is_us(u))
		return 0;
	err = remember(&a);
	if (!err &&
	    (setgroups((size_t)u->n_groups, u->groups) || setegid(u->gid) || seteuid(u->uid)))
		err = -errno;
	if (!err)
		err = set_effective(CHANGES_USER);
	if (err) {
		free(a.groups);
		return err;
	}
	a.acting = true;
	*ret = a;
	return 0;
}

int privileges_return(struct privileges_acting *a)
{
	int err = 0;

	if (!a->acting)
		return 0;
	if (seteuid(a->uid) || setegid(a->gid) || setgroups((size_t)a->n_groups, a->groups))
		err = -errno;
	if (!err)
		err = set_effective(a->effective);
	free(a->groups);
	*a = (struct privileges_acting){ 0 };
	return err;
}

/* Before 5.8 CAP_SYS_ADMIN stood for what CAP_BPF and CAP_PERFMON are now, and it still does where
 * it is what there is.
 */
static uint64_t as_permitted(uint64_t wanted, uint64_t permitted)
{
	const uint64_t parts = BIT(CAP_BPF) | BIT(CAP_PERFMON);

	if (wanted & parts & ~permitted)
		wanted |= BIT(CAP_SYS_ADMIN);
	return wanted & permitted;
}

/* The least with which things work, of those that are permitted. Nothing is given up for good. */
static int choose(const struct privileges_need *need, const struct capabilities *have,
		  uint64_t *ret)
{
	const uint64_t more[] = { 0, BIT(CAP_BPF), BIT(CAP_SYS_ADMIN) };
	uint64_t keep = as_permitted(need->keep, have->permitted);
	int err = need->fn ? -EPERM : 0;

	for (size_t i = 0; err == -EPERM && i < ARRAY_SIZE(more); i++) {
		keep = as_permitted(need->keep | more[i], have->permitted);
		err = set_effective(keep);
		if (!err)
			err = need->fn(need->arg);
	}
	*ret = keep;
	return set_effective(have->effective) ? -EPERM : err;
}

/* What execve(2) could give back; it is not called, and no_new_privs is set besides, so what cannot
 * be dropped for lack of CAP_SETPCAP does no harm.
 */
static void drop_bounding(void)
{
	for (unsigned long cap = 0; cap < CAPABILITIES_MAX; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int become(const struct privileges_user *u)
{
	if (!u->name || is_us(u))
		return 0;
	if (setgroups((size_t)u->n_groups, u->groups) || setresgid(u->gid, u->gid, u->gid))
		return -errno;
	/* capabilities would go with root, those that are to be kept, too */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setresuid(u->uid, u->uid, u->uid))
		return -errno;
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) ? -errno : 0;
}

static int drop_for_good(const struct privileges_user *u, uint64_t keep)
{
	const struct capabilities kept = { .effective = keep, .permitted = keep };
	int err;

	drop_bounding();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	err = become(u);
	return err ? err : set_capabilities(&kept);
}

int privileges_drop(const struct privileges_user *u, const struct privileges_need *need,
		    struct reason *why)
{
	struct capabilities have = { 0 };
	uint64_t keep = 0;
	int r = get_capabilities(&have);

	if (!r)
		r = choose(need, &have, &keep);
	if (r)
		return reason_set(
			why, r,
			"privileges cannot be dropped, for nothing would be counted without "
			"them: %s",
			strerror(-r));
	r = drop_for_good(u, keep);
	if (r)
		return reason_set(why, r, "cannot drop privileges: %s", strerror(-r));
	r = need->fn ? need->fn(need->arg) : 0;
	if (r)
		return reason_set(why, r, "nothing is counted without privileges: %s",
				  strerror(-r));
	return 0;
}
