// SPDX-License-Identifier: BSD-2-Clause
#include "app/capability_names.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/array.h"

/* In the order of their bits: linux/capability.h. */
static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

void capability_names(struct capability_names *ret, uint64_t caps)
{
	size_t n = 0;

	if (__builtin_popcountll(caps) > CAPABILITY_NAMES_MAX) {
		(void)snprintf(ret->mask, sizeof(ret->mask), "0x%016" PRIx64, caps);
		ret->list[n++] = ret->mask;
		caps = 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (caps >> i & 1)
			ret->list[n++] = names[i];
	}
	ret->list[n] = NULL;
}
