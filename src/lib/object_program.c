// SPDX-License-Identifier: BSD-2-Clause
#include "lib/object_program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>
#include <bpf/libbpf.h>

#include "base/array.h"
#include "lib/feature.h"

/* Suffixes of a program's name: one of these, or the first and then the second, gives the sibling
 * for tunnels, or for frames that begin at IP. Users name the program without a suffix.
 */
#define DECAP	   "_decap"
#define LINK_IS_IP "_ip"
#define NAME_BYTES 128

static bool ends_in(const char *name, const char *tail)
{
	size_t len = strlen(name);
	size_t tail_len = strlen(tail);

	return len > tail_len && strcmp(name + len - tail_len, tail) == 0;
}

static bool is_sibling(const struct bpf_object *obj, const char *name)
{
	static const char *const tails[] = { DECAP, LINK_IS_IP };
	char named[NAME_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		if (!ends_in(name, tails[i]))
			continue;
		(void)snprintf(named, sizeof(named), "%.*s", (int)(strlen(name) - strlen(tails[i])),
			       name);
		if (bpf_object__find_program_by_name(obj, named))
			return true;
	}
	return false;
}

bool object_program_has_frags(const struct bpf_program *prog)
{
	return bpf_program__flags(prog) & BPF_F_XDP_HAS_FRAGS;
}

static struct bpf_program *find_named_program(struct bpf_object *obj,
					      const struct object_spec *spec, const char *link)
{
	char name[NAME_BYTES];

	(void)snprintf(name, sizeof(name), "%s%s%s", spec->function_name, spec->decap ? DECAP : "",
		       link);
	return bpf_object__find_program_by_name(obj, name);
}

/* An object of ours has no other programs. */
static int check_program(const struct bpf_program *prog, const char *file, struct reason *r)
{
	const char *name = bpf_program__name(prog);

	if (bpf_program__type(prog) != BPF_PROG_TYPE_XDP ||
	    bpf_program__expected_attach_type(prog) != BPF_XDP)
		return reason_set(
			r, -EINVAL,
			"%.300s: the program \"%.64s\" is of section \"%.64s\", need \"xdp\" "
			"or \"xdp.frags\"",
			file, name, bpf_program__section_name(prog));
	if (object_program_has_frags(prog) && feature_frags())
		return reason_set(
			r, -EOPNOTSUPP,
			"%.300s: the program \"%.64s\" takes frames in several buffers, which "
			"this kernel has not (Linux 5.18); build it for section \"xdp\"",
			file, name);
	return 0;
}

int object_program_choose(struct bpf_object *obj, const struct object_spec *spec,
			  struct bpf_program *ret[LINK_MAX], struct reason *r)
{
	bool named = false;
	struct bpf_program *prog;
	char names[256] = "";
	size_t len = 0;

	bpf_object__for_each_program(prog, obj)
	{
		const char *name = bpf_program__name(prog);

		(void)bpf_program__set_autoload(prog, false);
		if (is_sibling(obj, name))
			continue;
		named = named || strcmp(name, spec->function_name) == 0;
		if (len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s\"%s\"",
						len ? ", " : "", name);
	}
	if (!named)
		return reason_set(r, -ENOENT, "there is no program \"%.64s\"; there are %s",
				  spec->function_name, names);
	ret[LINK_ETHERNET] = find_named_program(obj, spec, "");
	if (!ret[LINK_ETHERNET])
		return reason_set(
			r, -ENOENT,
			"the program \"%.64s\" cannot look into tunnels: there is no \"%.64s" DECAP
			"\" beside it",
			spec->function_name, spec->function_name);
	if (!feature_unaligned())
		ret[LINK_IP] = find_named_program(obj, spec, LINK_IS_IP);
	for (int link = 0; link < LINK_MAX; link++) {
		int err = ret[link] && spec->ebpf_program ?
				  check_program(ret[link], spec->ebpf_program, r) :
				  0;

		if (err)
			return err;
		if (ret[link])
			(void)bpf_program__set_autoload(ret[link], true);
	}
	return 0;
}
