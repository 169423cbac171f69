// SPDX-License-Identifier: BSD-2-Clause
#include "lib/interfaces.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/attach.h"
#include "lib/feature.h"
#include "lib/monitor.h"
#include "lib/names.h"
#include "lib/retry.h"

struct interface {
	const char *asked; /* the name that it was asked for by; borrowed of names */
	enum xdptail_mode mode; /* likewise */
	uint32_t name; /* number of what it is called, while it is attached */
	uint32_t ifindex; /* in this network namespace */
	struct attachment hook; /* its index is that where the interface is now */
	bool returns; /* it was attached once */
	bool moved; /* to another network namespace */
	bool unsettled; /* whether it is could not be found out */
	bool down;
	bool due; /* to be attached: there is one of this name */
	int refused; /* why that failed last time, and was told; 0: it did not */
	struct monitor_link refused_as; /* what it was like then */
};

struct interfaces {
	struct interfaces_spec spec;
	int monitor_fd; /* -1: there is none */
	bool lost; /* messages, or answers: all have to be asked for */
	struct names names;
	unsigned int n;
	struct interface list[XDPTAIL_INTERFACES_MAX];
};

int interfaces_new(struct interfaces **ret, const struct interfaces_spec *spec)
{
	struct interfaces *i = calloc(1, sizeof(*i));

	if (!i)
		return -ENOMEM;
	i->spec = *spec;
	i->monitor_fd = monitor_open();
	if (i->monitor_fd < 0) /* a sandbox without AF_NETLINK: there is the look once a second */
		i->monitor_fd = -1;
	*ret = i;
	return 0;
}

/* Without a link the kernel is asked to detach an index, which is another's here once its owner has
 * moved: the program then stays with that.
 */
static void unhook(struct interface *s)
{
	if (s->moved && s->hook.link_fd < 0)
		s->hook.attached = false;
	attach_close(&s->hook);
}

void interfaces_free(struct interfaces *i)
{
	if (!i)
		return;
	for (unsigned int n = 0; n < i->n; n++)
		unhook(&i->list[n]);
	if (i->monitor_fd >= 0)
		close(i->monitor_fd);
	names_free(&i->names);
	free(i);
}

int interfaces_fd(const struct interfaces *i)
{
	return i->monitor_fd;
}

bool interfaces_need_netlink(const struct interfaces *i)
{
	for (unsigned int n = 0; n < i->n; n++) {
		if (i->list[n].hook.attached && i->list[n].hook.link_fd < 0)
			return true;
	}
	return i->spec.wait && feature_links() < 0;
}

unsigned int interfaces_attached(const struct interfaces *i)
{
	unsigned int attached = 0;

	for (unsigned int n = 0; n < i->n; n++)
		attached += i->list[n].hook.attached;
	return attached;
}

const char *interfaces_text(const struct interfaces *i, uint32_t name)
{
	return names_text(&i->names, name);
}

void interfaces_next(struct interfaces *i)
{
	names_next(&i->names);
}

static void report(const struct interfaces *i, const struct interface *s, enum xdptail_state state,
		   const char *reason)
{
	const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = names_text(&i->names, s->name),
		.ifindex = s->ifindex,
		.state = state,
		.mode = s->hook.mode,
		.reason = reason,
	};

	if (i->spec.fn)
		i->spec.fn(i->spec.arg, &event);
}

/* Report an interface that is asked for, and not attached. ifindex 0: there is none. */
static void report_absent(const struct interfaces *i, const struct interface *s,
			  enum xdptail_state state, uint32_t ifindex, const char *reason)
{
	const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = s->asked,
		.ifindex = ifindex,
		.state = state,
		.mode = XDPTAIL_MODE_AUTO,
		.reason = reason,
	};

	if (i->spec.fn)
		i->spec.fn(i->spec.arg, &event);
}

static struct interface *find_asked(struct interfaces *i, const char *name)
{
	for (unsigned int n = 0; n < i->n; n++) {
		if (!strcmp(i->list[n].asked, name))
			return &i->list[n];
	}
	return NULL;
}

/* Attached, and packets carry this index. */
static struct interface *find_index(struct interfaces *i, uint32_t ifindex)
{
	for (unsigned int n = 0; n < i->n; n++) {
		struct interface *s = &i->list[n];

		if (s->hook.attached && s->hook.ifindex == ifindex)
			return s;
	}
	return NULL;
}

static void remove_interface(struct interfaces *i, struct interface *s)
{
	size_t behind = (size_t)(&i->list[i->n] - (s + 1));

	memmove(s, s + 1, behind * sizeof(*s));
	i->n--;
}

/* Two that packets would have the same index of, because one of them is in another namespace. */
static int refuse_index(struct interfaces *i, const char *name, const struct interface *other,
			struct reason *r)
{
	if (!other->moved)
		return reason_set(r, -EBUSY, "\"%.15s\" is attached already, as \"%s\"", name,
				  other->asked);
	return reason_set(r, -EBUSY,
			  "\"%.15s\" has the index (%u) that \"%s\" has in the network namespace "
			  "to which it was moved: their packets could not be told apart",
			  name, other->hook.ifindex, names_text(&i->names, other->name));
}

static int hook_up(struct interfaces *i, struct interface *s, struct reason *r)
{
	uint32_t ifindex = if_nametoindex(s->asked);
	const struct interface *other = ifindex ? find_index(i, ifindex) : NULL;
	int err;

	if (other)
		return refuse_index(i, s->asked, other, r);
	if (names_add(&i->names, s->asked, &s->name))
		return reason_set(r, -ENOMEM, "out of memory");
	err = attach_open(&s->hook, i->spec.program_fd, s->asked, s->mode, r);
	if (err)
		return err;
	s->ifindex = s->hook.ifindex;
	s->moved = false;
	s->unsettled = false;
	s->down = false;
	s->due = false;
	s->refused = 0;
	report(i, s, s->returns ? XDPTAIL_STATE_BACK : XDPTAIL_STATE_ATTACHED,
	       r->text[0] ? r->text : NULL);
	s->returns = true;
	if (i->monitor_fd >= 0 && monitor_ask(i->monitor_fd, s->ifindex))
		i->lost = true; /* it may be down, which else is not told */
	return 0;
}

int interfaces_attach(struct interfaces *i, const char *name, enum xdptail_mode mode,
		      struct reason *r)
{
	struct interface *s = &i->list[i->n];
	uint32_t number;
	int err;

	if (find_asked(i, name))
		return reason_set(r, -EBUSY, "\"%.15s\" is attached already, or waited for", name);
	if (strlen(name) >= IF_NAMESIZE)
		return reason_set(r, -ENODEV,
				  "\"%.15s\"... is no interface: names have %d bytes at most", name,
				  IF_NAMESIZE - 1);
	if (i->n == XDPTAIL_INTERFACES_MAX)
		return reason_set(r, -ENOSPC, "no more than %d interfaces", XDPTAIL_INTERFACES_MAX);
	if (names_add(&i->names, name, &number))
		return reason_set(r, -ENOMEM, "out of memory");
	*s = (struct interface){ .mode = mode, .hook = { .link_fd = -1 } };
	s->asked = names_text(&i->names, number);
	i->n++; /* whoever is told of it may ask how many there are */
	err = hook_up(i, s, r);
	if (err == -ENODEV && i->spec.wait) {
		report_absent(i, s, XDPTAIL_STATE_GONE, 0,
			      "there is no such interface yet; it is waited for");
		return 1;
	}
	if (err)
		i->n--;
	return err;
}

/* It is attached no more: for good, unless it is waited for. */
static void leave(struct interfaces *i, struct interface *s, enum xdptail_state state,
		  const char *reason)
{
	names_retire(&i->names, s->hook.ifindex, s->name);
	unhook(s);
	report(i, s, state, reason);
	s->moved = false;
	if (!i->spec.wait)
		remove_interface(i, s);
}

static int detach_one(struct interfaces *i, struct interface *s)
{
	bool attached = s->hook.attached;

	if (attached) {
		names_retire(&i->names, s->hook.ifindex, s->name);
		unhook(s);
		report(i, s, XDPTAIL_STATE_DETACHED, NULL);
	}
	remove_interface(i, s);
	return attached;
}

int interfaces_detach(struct interfaces *i, const char *name, struct reason *r)
{
	struct interface *s = name ? find_asked(i, name) : NULL;
	int attached = 0;

	if (s)
		return detach_one(i, s);
	if (name)
		return reason_set(r, -ENODEV, "\"%.15s\" is not attached", name);
	while (i->n)
		attached += detach_one(i, i->list);
	return attached;
}

/* Another one that packets would have the same index of. */
static const struct interface *find_rival(const struct interfaces *i, const struct interface *s)
{
	for (unsigned int n = 0; n < i->n; n++) {
		const struct interface *other = &i->list[n];

		if (other != s && other->hook.attached && other->hook.ifindex == s->hook.ifindex)
			return other;
	}
	return NULL;
}

/* One index can't be two interfaces': the one that was moved is given up. */
static void give_up(struct interfaces *i, struct interface *s, const struct interface *rival)
{
	char reason[160];

	(void)snprintf(
		reason, sizeof(reason),
		"its index there (%u) is that of \"%s\" here: their packets could not be told "
		"apart",
		s->hook.ifindex, names_text(&i->names, rival->name));
	leave(i, s, XDPTAIL_STATE_DETACHED, reason);
}

/* It is in another network namespace now, or here again, under this index. */
static void settle(struct interfaces *i, struct interface *s, uint32_t ifindex)
{
	const struct interface *rival;
	int here;

	if (s->hook.ifindex != ifindex)
		names_retire(&i->names, s->hook.ifindex, s->name);
	s->hook.ifindex = ifindex;
	rival = find_rival(i, s);
	here = rival ? 0 : attach_is_current(&s->hook); /* a rival runs the same program */
	s->unsettled = here < 0; /* the next tick does it */
	if (s->unsettled)
		return;
	s->moved = !here;
	if (!s->moved) {
		s->ifindex = ifindex;
		report(i, s, XDPTAIL_STATE_BACK, NULL);
		return;
	}
	report(i, s, XDPTAIL_STATE_MOVED,
	       s->hook.link_fd >= 0 ?
		       "it is in another network namespace, and counted on under the name that it had" :
		       "it is in another network namespace, and counted on under the name that it had; "
		       "without BPF links (Linux 5.9) the program stays on it, until: ip -n NAMESPACE "
		       "link set dev NAME xdp off");
	s->down = false; /* what happens to it there is not told */
	if (rival)
		give_up(i, s, rival);
}

static void on_left(struct interfaces *i, struct interface *s, const struct monitor_link *link)
{
	uint32_t ifindex = attach_index(&s->hook);

	if (s->moved) /* another one, which has the same index here */
		return;
	if (s->hook.link_fd < 0 && link->moved)
		ifindex = link->new_ifindex ? link->new_ifindex : link->ifindex;
	if (ifindex)
		settle(i, s, ifindex);
	else
		leave(i, s, XDPTAIL_STATE_GONE, "the interface was deleted");
}

static void rename_to(struct interfaces *i, struct interface *s, const char *name)
{
	char reason[32 + IF_NAMESIZE];
	uint32_t to;

	if (!name[0] || !strcmp(name, names_text(&i->names, s->name)))
		return;
	if (names_add(&i->names, name, &to)) {
		i->lost = true;
		return;
	}
	(void)snprintf(reason, sizeof(reason), "it was called \"%s\"",
		       names_text(&i->names, s->name));
	s->name = to;
	report(i, s, XDPTAIL_STATE_RENAMED, reason);
}

static void on_news(struct interfaces *i, struct interface *s, const struct monitor_link *link)
{
	bool down = !link->up || !link->carrier;

	if (s->moved && attach_is_current(&s->hook)) /* it is, or perhaps */
		settle(i, s, link->ifindex);
	if (s->moved)
		return;
	rename_to(i, s, link->name);
	if (down == s->down)
		return;
	s->down = down;
	if (!down)
		report(i, s, XDPTAIL_STATE_UP, NULL);
	else
		report(i, s, XDPTAIL_STATE_DOWN, link->up ? "no carrier" : "it was set down");
}

/* One that is waited for. After a refusal something has to be different, or a driver that takes the
 * link down for each attempt would get one for each message that this makes.
 */
static void on_awaited(struct interface *s, const struct monitor_link *link)
{
	const struct monitor_link *as = &s->refused_as;

	if (s->refused && as->ifindex == link->ifindex && as->mtu == link->mtu &&
	    as->up == link->up)
		return;
	s->refused_as = *link;
	s->due = true;
}

/* monitor_fn */
static void on_link(void *arg, const struct monitor_link *link)
{
	struct interfaces *i = arg;
	struct interface *s = find_index(i, link->ifindex);

	if (s && link->left)
		on_left(i, s, link);
	else if (s)
		on_news(i, s, link);
	s = link->left ? NULL : find_asked(i, link->name);
	if (s && !s->hook.attached)
		on_awaited(s, link);
}

static void close_monitor(struct interfaces *i)
{
	close(i->monitor_fd);
	i->monitor_fd = -1;
}

/* 0 or -errno, as monitor_read(). */
static int take_messages(struct interfaces *i)
{
	int result = monitor_read(i->monitor_fd, on_link, i);

	if (result < 0)
		close_monitor(i);
	else if (result & MONITOR_LOST)
		i->lost = true;
	return result;
}

/* Messages were lost: ask for what they may have said. What is lost of that as well is asked for by
 * the next tick.
 */
static void ask_all(struct interfaces *i)
{
	i->lost = false;
	for (unsigned int n = i->n; n > 0; n--) {
		const struct interface *s = &i->list[n - 1];

		if (!s->hook.attached || s->moved)
			continue;
		if (monitor_ask(i->monitor_fd, s->ifindex))
			i->lost = true;
		if (take_messages(i) < 0)
			return;
		if (n > i->n + 1) /* some have left */
			n = i->n + 1;
	}
}

/* False: there is no more. */
static bool read_monitor(struct interfaces *i)
{
	const bool knew = i->lost;
	int result = i->monitor_fd < 0 ? 0 : take_messages(i);

	if (result < 0)
		return false;
	if (i->lost && !knew)
		ask_all(i);
	return result & MONITOR_MORE;
}

/* It is there. What stands in the way is told once. */
static void try_again(struct interfaces *i, struct interface *s)
{
	uint32_t ifindex = if_nametoindex(s->asked);
	struct reason r = { "" };
	int err;

	s->due = false;
	err = ifindex ? hook_up(i, s, &r) : -ENODEV;
	if (err == -ENODEV)
		err = 0;
	if (err && err != s->refused)
		report_absent(i, s, XDPTAIL_STATE_DETACHED, ifindex, r.text);
	s->refused = err;
}

static void attach_due(struct interfaces *i)
{
	for (unsigned int n = 0; n < i->n; n++) {
		if (i->list[n].due && !i->list[n].hook.attached)
			try_again(i, &i->list[n]);
	}
}

void interfaces_check(struct interfaces *i)
{
	(void)read_monitor(i); /* the fd stays readable while there is more */
	attach_due(i);
}

/* What messages would have said. */
static void look_at_name(struct interfaces *i, struct interface *s)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(s->ifindex, name))
		rename_to(i, s, name);
	else if (errno == ENXIO)
		settle(i, s, s->hook.ifindex);
}

/* Its index leads nowhere: it was deleted, or it was moved, of which only a message knows. While an
 * interface leaves, its index is gone for long before the message comes, and an answer waits until
 * that is out: so what it has become is read, in this order, from what the kernel sends. Without
 * such a socket there is no program without a link (netlink attaches it).
 */
static void ask_where(struct interfaces *i, const struct interface *s)
{
	if (monitor_ask(i->monitor_fd, s->ifindex))
		i->lost = true;
	(void)read_monitor(i);
}

static bool may_try(const struct interface *s)
{
	/* whoever is there may have left, and memory be free; a driver has not changed its mind */
	return !s->refused || retry_is_worth_it(s->refused);
}

static void look_at(struct interfaces *i, struct interface *s)
{
	uint32_t ifindex;

	if (!s->hook.attached) {
		if (may_try(s))
			s->due = if_nametoindex(s->asked) != 0;
		return;
	}
	if (s->moved && s->hook.link_fd < 0) /* there is nobody to ask */
		return;
	ifindex = attach_index(&s->hook);
	if (!ifindex && s->hook.link_fd < 0 && i->monitor_fd >= 0)
		ask_where(i, s);
	else if (!ifindex)
		leave(i, s, XDPTAIL_STATE_GONE, "the interface was deleted");
	else if (ifindex != s->hook.ifindex || s->unsettled)
		settle(i, s, ifindex);
	else if (i->monitor_fd < 0 && !s->moved)
		look_at_name(i, s);
}

void interfaces_tick(struct interfaces *i)
{
	(void)read_monitor(i); /* likewise */
	if (i->lost && i->monitor_fd >= 0)
		ask_all(i);
	for (unsigned int n = i->n; n > 0; n--) {
		look_at(i, &i->list[n - 1]);
		if (n > i->n + 1) /* some have left */
			n = i->n + 1;
	}
	attach_due(i);
}

static uint32_t name_now(struct interfaces *i, uint32_t ifindex)
{
	const struct interface *s = find_index(i, ifindex);

	return s ? s->name : names_last(&i->names, ifindex);
}

uint32_t interfaces_name(struct interfaces *i, uint32_t ifindex)
{
	uint32_t name = name_now(i, ifindex);
	bool more = true;

	while (name == NAMES_UNKNOWN && more) {
		more = read_monitor(i);
		name = name_now(i, ifindex);
	}
	return name;
}
