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
	const char *requested; /* the requested name; borrowed from names */
	enum xdptail_mode mode; /* the requested mode */
	uint32_t name; /* number of the present name, while attached */
	uint32_t ifindex; /* in this network namespace */
	/* its ifindex is the one in the namespace where the interface is now */
	struct attachment attachment;
	bool was_attached; /* it was attached before */
	bool moved; /* it is in another network namespace */
	bool moved_unknown; /* whether it was moved is unknown */
	bool down;
	bool due; /* to be attached: an interface of the requested name exists */
	int attach_error; /* -errno of the last failed attempt, which was reported; 0: none */
	struct monitor_link failed_state; /* state of the interface at that attempt */
};

struct interfaces {
	struct interfaces_spec spec;
	int monitor_fd; /* -1: there is none */
	/* messages or answers were lost: the state of all interfaces has to be queried */
	bool messages_lost;
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
	/* a sandbox without AF_NETLINK: interfaces_tick() has to find everything */
	if (i->monitor_fd < 0)
		i->monitor_fd = -1;
	*ret = i;
	return 0;
}

/* Without a link the kernel detaches by index. After a move that index may belong to another
 * interface here, so the program then stays attached.
 */
static void detach(struct interface *s)
{
	if (s->moved && s->attachment.link_fd < 0)
		s->attachment.attached = false;
	attach_close(&s->attachment);
}

void interfaces_free(struct interfaces *i)
{
	if (!i)
		return;
	for (unsigned int n = 0; n < i->n; n++)
		detach(&i->list[n]);
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
		if (i->list[n].attachment.attached && i->list[n].attachment.link_fd < 0)
			return true;
	}
	return i->spec.wait && feature_links() < 0;
}

unsigned int interfaces_attached(const struct interfaces *i)
{
	unsigned int attached = 0;

	for (unsigned int n = 0; n < i->n; n++)
		attached += i->list[n].attachment.attached;
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
		.mode = s->attachment.mode,
		.reason = reason,
	};

	if (i->spec.fn)
		i->spec.fn(i->spec.arg, &event);
}

/* Reports an interface that is requested and not attached. ifindex 0: it does not exist. */
static void report_absent(const struct interfaces *i, const struct interface *s,
			  enum xdptail_state state, uint32_t ifindex, const char *reason)
{
	const struct xdptail_interface event = {
		.size = sizeof(event),
		.interface = s->requested,
		.ifindex = ifindex,
		.state = state,
		.mode = XDPTAIL_MODE_AUTO,
		.reason = reason,
	};

	if (i->spec.fn)
		i->spec.fn(i->spec.arg, &event);
}

static struct interface *find_requested(struct interfaces *i, const char *name)
{
	for (unsigned int n = 0; n < i->n; n++) {
		if (!strcmp(i->list[n].requested, name))
			return &i->list[n];
	}
	return NULL;
}

/* Finds the attached interface whose packets carry this index. */
static struct interface *find_index(struct interfaces *i, uint32_t ifindex)
{
	for (unsigned int n = 0; n < i->n; n++) {
		struct interface *s = &i->list[n];

		if (s->attachment.attached && s->attachment.ifindex == ifindex)
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

/* Explains that packets of two interfaces would carry the same index. */
static int explain_same_index(struct interfaces *i, const char *name, const struct interface *other,
			      struct reason *r)
{
	if (!other->moved)
		return reason_set(r, -EBUSY, "\"%.15s\" is attached already, as \"%s\"", name,
				  other->requested);
	return reason_set(r, -EBUSY,
			  "\"%.15s\" has the index (%u) that \"%s\" has in the network namespace "
			  "to which it was moved: their packets could not be told apart",
			  name, other->attachment.ifindex, names_text(&i->names, other->name));
}

static int attach_requested(struct interfaces *i, struct interface *s, struct reason *r)
{
	uint32_t ifindex = if_nametoindex(s->requested);
	const struct interface *other = ifindex ? find_index(i, ifindex) : NULL;
	int err;

	if (other)
		return explain_same_index(i, s->requested, other, r);
	if (names_add(&i->names, s->requested, &s->name))
		return reason_set(r, -ENOMEM, "out of memory");
	err = attach_open(&s->attachment, i->spec.program_fd, s->requested, s->mode, r);
	if (err)
		return err;
	s->ifindex = s->attachment.ifindex;
	s->moved = false;
	s->moved_unknown = false;
	s->down = false;
	s->due = false;
	s->attach_error = 0;
	report(i, s, s->was_attached ? XDPTAIL_STATE_BACK : XDPTAIL_STATE_ATTACHED,
	       r->text[0] ? r->text : NULL);
	s->was_attached = true;
	if (i->monitor_fd >= 0 && monitor_ask(i->monitor_fd, s->ifindex))
		i->messages_lost = true; /* it may be down, which no message would report */
	return 0;
}

int interfaces_attach(struct interfaces *i, const char *name, enum xdptail_mode mode,
		      struct reason *r)
{
	struct interface *s = &i->list[i->n];
	uint32_t number;
	int err;

	if (find_requested(i, name))
		return reason_set(r, -EBUSY, "\"%.15s\" is attached already, or waited for", name);
	if (strlen(name) >= IF_NAMESIZE)
		return reason_set(r, -ENODEV,
				  "\"%.15s\"... is no interface: names have %d bytes at most", name,
				  IF_NAMESIZE - 1);
	if (i->n == XDPTAIL_INTERFACES_MAX)
		return reason_set(r, -ENOSPC, "no more than %d interfaces", XDPTAIL_INTERFACES_MAX);
	if (names_add(&i->names, name, &number))
		return reason_set(r, -ENOMEM, "out of memory");
	*s = (struct interface){ .mode = mode, .attachment = { .link_fd = -1 } };
	s->requested = names_text(&i->names, number);
	i->n++; /* the callback may ask for the number of interfaces */
	err = attach_requested(i, s, r);
	if (err == -ENODEV && i->spec.wait) {
		report_absent(i, s, XDPTAIL_STATE_GONE, 0,
			      "there is no such interface yet; it is waited for");
		return 1;
	}
	if (err)
		i->n--;
	return err;
}

/* The interface is not attached any more. Without wait_interface it is removed from the list. */
static void end_attachment(struct interfaces *i, struct interface *s, enum xdptail_state state,
			   const char *reason)
{
	names_retire(&i->names, s->attachment.ifindex, s->name);
	detach(s);
	report(i, s, state, reason);
	s->moved = false;
	if (!i->spec.wait)
		remove_interface(i, s);
}

static int detach_one(struct interfaces *i, struct interface *s)
{
	bool attached = s->attachment.attached;

	if (attached) {
		names_retire(&i->names, s->attachment.ifindex, s->name);
		detach(s);
		report(i, s, XDPTAIL_STATE_DETACHED, NULL);
	}
	remove_interface(i, s);
	return attached;
}

int interfaces_detach(struct interfaces *i, const char *name, struct reason *r)
{
	struct interface *s = name ? find_requested(i, name) : NULL;
	int attached = 0;

	if (s)
		return detach_one(i, s);
	if (name)
		return reason_set(r, -ENODEV, "\"%.15s\" is not attached", name);
	while (i->n)
		attached += detach_one(i, i->list);
	return attached;
}

/* Finds another interface whose packets carry the same index. */
static const struct interface *find_rival(const struct interfaces *i, const struct interface *s)
{
	for (unsigned int n = 0; n < i->n; n++) {
		const struct interface *other = &i->list[n];

		if (other != s && other->attachment.attached &&
		    other->attachment.ifindex == s->attachment.ifindex)
			return other;
	}
	return NULL;
}

/* Detaches the interface that was moved, because packets of both would carry the same index. */
static void detach_moved(struct interfaces *i, struct interface *s, const struct interface *rival)
{
	char reason[160];

	(void)snprintf(
		reason, sizeof(reason),
		"its index there (%u) is that of \"%s\" here: their packets could not be told "
		"apart",
		s->attachment.ifindex, names_text(&i->names, rival->name));
	end_attachment(i, s, XDPTAIL_STATE_DETACHED, reason);
}

/* The interface has this index now: in another network namespace, or here after its return. */
static void update_index(struct interfaces *i, struct interface *s, uint32_t ifindex)
{
	const struct interface *rival;
	int here;

	if (s->attachment.ifindex != ifindex)
		names_retire(&i->names, s->attachment.ifindex, s->name);
	s->attachment.ifindex = ifindex;
	rival = find_rival(i, s);
	here = rival ? 0 : attach_is_current(&s->attachment); /* a rival runs the same program */
	s->moved_unknown = here < 0; /* the next tick tries again */
	if (s->moved_unknown)
		return;
	s->moved = !here;
	if (!s->moved) {
		s->ifindex = ifindex;
		report(i, s, XDPTAIL_STATE_BACK, NULL);
		return;
	}
	report(i, s, XDPTAIL_STATE_MOVED,
	       s->attachment.link_fd >= 0 ?
		       "it is in another network namespace, and counted on under the name that it had" :
		       "it is in another network namespace, and counted on under the name that it had; "
		       "without BPF links (Linux 5.9) the program stays on it, until: ip -n NAMESPACE "
		       "link set dev NAME xdp off");
	s->down = false; /* its state there is not reported */
	if (rival)
		detach_moved(i, s, rival);
}

static void on_removal(struct interfaces *i, struct interface *s, const struct monitor_link *link)
{
	uint32_t ifindex = attach_index(&s->attachment);

	if (s->moved) /* the message is about another interface with this index */
		return;
	if (s->attachment.link_fd < 0 && link->moved)
		ifindex = link->new_ifindex ? link->new_ifindex : link->ifindex;
	if (ifindex)
		update_index(i, s, ifindex);
	else
		end_attachment(i, s, XDPTAIL_STATE_GONE, "the interface was deleted");
}

static void update_name(struct interfaces *i, struct interface *s, const char *name)
{
	char reason[32 + IF_NAMESIZE];
	uint32_t to;

	if (!name[0] || !strcmp(name, names_text(&i->names, s->name)))
		return;
	if (names_add(&i->names, name, &to)) {
		i->messages_lost = true;
		return;
	}
	(void)snprintf(reason, sizeof(reason), "it was called \"%s\"",
		       names_text(&i->names, s->name));
	s->name = to;
	report(i, s, XDPTAIL_STATE_RENAMED, reason);
}

static void on_change(struct interfaces *i, struct interface *s, const struct monitor_link *link)
{
	bool down = !link->up || !link->carrier;

	if (s->moved && attach_is_current(&s->attachment)) /* true also if that is unknown */
		update_index(i, s, link->ifindex);
	if (s->moved)
		return;
	update_name(i, s, link->name);
	if (down == s->down)
		return;
	s->down = down;
	if (!down)
		report(i, s, XDPTAIL_STATE_UP, NULL);
	else
		report(i, s, XDPTAIL_STATE_DOWN, link->up ? "no carrier" : "it was set down");
}

/* Decides whether to attach to an interface that was waited for. After a refusal something has to
 * be different: a driver that takes the link down for each attempt would otherwise cause a new
 * attempt by its own messages.
 */
static void on_awaited_change(struct interface *s, const struct monitor_link *link)
{
	const struct monitor_link *as = &s->failed_state;

	if (s->attach_error && as->ifindex == link->ifindex && as->mtu == link->mtu &&
	    as->up == link->up)
		return;
	s->failed_state = *link;
	s->due = true;
}

/* monitor_fn: handles one message. */
static void on_link(void *arg, const struct monitor_link *link)
{
	struct interfaces *i = arg;
	struct interface *s = find_index(i, link->ifindex);

	if (s && link->removed)
		on_removal(i, s, link);
	else if (s)
		on_change(i, s, link);
	s = link->removed ? NULL : find_requested(i, link->name);
	if (s && !s->attachment.attached)
		on_awaited_change(s, link);
}

static void close_monitor(struct interfaces *i)
{
	close(i->monitor_fd);
	i->monitor_fd = -1;
}

/* Returns 0 or -errno, as monitor_read(). */
static int read_messages(struct interfaces *i)
{
	int result = monitor_read(i->monitor_fd, on_link, i);

	if (result < 0)
		close_monitor(i);
	else if (result & MONITOR_LOST)
		i->messages_lost = true;
	return result;
}

/* Queries the state that lost messages may have reported. If messages are lost again, the next tick
 * repeats it.
 */
static void query_all(struct interfaces *i)
{
	i->messages_lost = false;
	for (unsigned int n = i->n; n > 0; n--) {
		const struct interface *s = &i->list[n - 1];

		if (!s->attachment.attached || s->moved)
			continue;
		if (monitor_ask(i->monitor_fd, s->ifindex))
			i->messages_lost = true;
		if (read_messages(i) < 0)
			return;
		if (n > i->n + 1) /* some were removed */
			n = i->n + 1;
	}
}

/* Returns false if there is nothing more to read. */
static bool read_monitor(struct interfaces *i)
{
	const bool knew_of_loss = i->messages_lost;
	int result = i->monitor_fd < 0 ? 0 : read_messages(i);

	if (result < 0)
		return false;
	if (i->messages_lost && !knew_of_loss)
		query_all(i);
	return result & MONITOR_MORE;
}

/* Attaches to an interface that exists again. Each reason for a failure is reported once. */
static void retry_attach(struct interfaces *i, struct interface *s)
{
	uint32_t ifindex = if_nametoindex(s->requested);
	struct reason r = { "" };
	int err;

	s->due = false;
	err = ifindex ? attach_requested(i, s, &r) : -ENODEV;
	if (err == -ENODEV)
		err = 0;
	if (err && err != s->attach_error)
		report_absent(i, s, XDPTAIL_STATE_DETACHED, ifindex, r.text);
	s->attach_error = err;
}

static void attach_due(struct interfaces *i)
{
	for (unsigned int n = 0; n < i->n; n++) {
		if (i->list[n].due && !i->list[n].attachment.attached)
			retry_attach(i, &i->list[n]);
	}
}

void interfaces_check(struct interfaces *i)
{
	(void)read_monitor(i); /* the fd stays readable while there is more */
	attach_due(i);
}

/* Checks for changes that messages would have reported. */
static void check_name(struct interfaces *i, struct interface *s)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(s->ifindex, name))
		update_name(i, s, name);
	else if (errno == ENXIO)
		update_index(i, s, s->attachment.ifindex);
}

/* The index is not found: the interface was deleted, or it was moved, which only a message shows.
 * While an interface is removed, its index disappears long before the message comes, and an answer
 * comes only behind that message. So the state is read from the kernel's messages, in their order.
 * Without the socket there cannot be a program without a link, because netlink attaches it.
 */
static void query_state(struct interfaces *i, const struct interface *s)
{
	if (monitor_ask(i->monitor_fd, s->ifindex))
		i->messages_lost = true;
	(void)read_monitor(i);
}

static bool is_worth_a_try(const struct interface *s)
{
	/* another program may be detached by now, and memory free; a driver's refusal stays */
	return !s->attach_error || retry_is_worth_it(s->attach_error);
}

static void check_interface(struct interfaces *i, struct interface *s)
{
	uint32_t ifindex;

	if (!s->attachment.attached) {
		if (is_worth_a_try(s))
			s->due = if_nametoindex(s->requested) != 0;
		return;
	}
	if (s->moved && s->attachment.link_fd < 0) /* its index cannot be queried */
		return;
	ifindex = attach_index(&s->attachment);
	if (!ifindex && s->attachment.link_fd < 0 && i->monitor_fd >= 0)
		query_state(i, s);
	else if (!ifindex)
		end_attachment(i, s, XDPTAIL_STATE_GONE, "the interface was deleted");
	else if (ifindex != s->attachment.ifindex || s->moved_unknown)
		update_index(i, s, ifindex);
	else if (i->monitor_fd < 0 && !s->moved)
		check_name(i, s);
}

void interfaces_tick(struct interfaces *i)
{
	(void)read_monitor(i); /* the next tick reads the rest */
	if (i->messages_lost && i->monitor_fd >= 0)
		query_all(i);
	for (unsigned int n = i->n; n > 0; n--) {
		check_interface(i, &i->list[n - 1]);
		if (n > i->n + 1) /* some were removed */
			n = i->n + 1;
	}
	attach_due(i);
}

static uint32_t current_name(struct interfaces *i, uint32_t ifindex)
{
	const struct interface *s = find_index(i, ifindex);

	return s ? s->name : names_last(&i->names, ifindex);
}

uint32_t interfaces_name(struct interfaces *i, uint32_t ifindex)
{
	uint32_t name = current_name(i, ifindex);
	bool more = true;

	while (name == NAMES_UNKNOWN && more) {
		more = read_monitor(i);
		name = current_name(i, ifindex);
	}
	return name;
}
