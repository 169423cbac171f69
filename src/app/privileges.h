/* SPDX-License-Identifier: BSD-2-Clause */
/* What this process may do, and how that becomes less: credentials(7), capabilities(7).
 * Capabilities belong to a thread, and a thread begins with those of the one that starts it: so all
 * of this is called while there is only one.
 */
#ifndef APP_PRIVILEGES_H
#define APP_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/reason.h"

/* A user: whom to become. */
struct privileges_user {
	const char *name; /* borrowed; NULL: nobody but who we are */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned */
	int n_groups;
};

/* name may be NULL. 0; or with a sentence in err -EINVAL: there is no such user, or it is root;
 * -EPERM: we may not become that user; or -errno. *ret is owned by the caller:
 * privileges_user_free().
 */
int privileges_find_user(struct privileges_user *ret, const char *name, struct reason *why);
void privileges_user_free(struct privileges_user *u);

/* Files are opened as that user would, from now on until privileges_return(): whatever can be
 * opened now can be opened again when there is no way back. They are the user's if they are made.
 */
struct privileges_acting {
	bool acting;
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned */
	int n_groups;
	uint64_t effective;
};
int privileges_act(struct privileges_acting *ret, const struct privileges_user *u);
int privileges_return(struct privileges_acting *a); /* 0 or -errno: then nothing is certain */

/* Do things work with what is in effect? 0, -EPERM: no; or another -errno: not for lack of rights.
 */
typedef int (*privileges_try_fn)(void *arg);

struct privileges_need {
	uint64_t keep; /* capabilities, a bit each, that must stay as far as they are there */
	privileges_try_fn fn; /* NULL: nothing has to work */
	void *arg;
};

/* Become the user, and give up all capabilities for good but those that are needed: CAP_BPF and,
 * where that is unknown or not enough, CAP_SYS_ADMIN stay only if need->fn fails without. It is
 * asked before anything is given up for good, and once more in the end. 0, or -errno with a
 * sentence in err.
 */
int privileges_drop(const struct privileges_user *u, const struct privileges_need *need,
		    struct reason *why);

/* The capabilities that this thread has or can take, a bit each. */
uint64_t privileges_left(void);

#endif
