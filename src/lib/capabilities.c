// SPDX-License-Identifier: BSD-2-Clause
#include "lib/capabilities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* CAP_PERFMON is needed because the verifier otherwise rejects comparisons of packet pointers. */
static const struct {
	int bit;
	const char *name;
} needed[] = {
	{ CAP_BPF_BIT, "CAP_BPF" },
	{ CAP_NET_ADMIN_BIT, "CAP_NET_ADMIN" },
	{ CAP_PERFMON_BIT, "CAP_PERFMON" },
};

static uint64_t effective_capabilities(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	uint64_t caps = 0;
	char text[256];

	if (!file)
		return 0;
	while (fgets(text, sizeof(text), file)) {
		if (strncmp(text, "CapEff:", 7) == 0)
			caps = strtoull(text + 7, NULL, 16);
	}
	fclose(file);
	return caps;
}

unsigned int capabilities_missing(char *ret, size_t size)
{
	uint64_t caps = effective_capabilities();
	unsigned int n = 0;
	size_t len = 0;

	*ret = '\0';
	if (caps >> CAP_SYS_ADMIN_BIT & 1)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (caps >> needed[i].bit & 1)
			continue;
		len += (size_t)snprintf(ret + len, size - len, "%s%s", n ? ", " : "",
					needed[i].name);
		n++;
	}
	return n;
}

bool capabilities_perfmon(void)
{
	uint64_t caps = effective_capabilities();

	return caps >> CAP_SYS_ADMIN_BIT & 1 || caps >> CAP_PERFMON_BIT & 1;
}
