// SPDX-License-Identifier: BSD-2-Clause
#include "lib/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The interval in which an interface is removed has its earlier counts. Samples of it may stay in
 * the ring for one more interval, if nobody reads them before the counts are taken.
 */
#define INTERVALS_KEPT 2

void names_free(struct names *n)
{
	for (size_t i = 0; i < n->n_texts; i++)
		free(n->texts[i]);
	free(n->texts);
	free(n->past);
	*n = (struct names){ 0 };
}

int names_add(struct names *n, const char *text, uint32_t *ret)
{
	char **texts;

	for (size_t i = 0; i < n->n_texts; i++) {
		if (!strcmp(n->texts[i], text)) {
			*ret = (uint32_t)i + 1;
			return 0;
		}
	}
	texts = reallocarray(n->texts, n->n_texts + 1, sizeof(*texts));
	if (!texts)
		return -ENOMEM;
	n->texts = texts;
	texts[n->n_texts] = strdup(text);
	if (!texts[n->n_texts])
		return -ENOMEM;
	*ret = (uint32_t)++n->n_texts;
	return 0;
}

const char *names_text(const struct names *n, uint32_t name)
{
	return name && name <= n->n_texts ? n->texts[name - 1] : "?";
}

void names_retire(struct names *n, uint32_t ifindex, uint32_t name)
{
	struct name_past *past = reallocarray(n->past, n->n_past + 1, sizeof(*past));

	if (!past)
		return;
	n->past = past;
	past[n->n_past++] = (struct name_past){ .ifindex = ifindex, .name = name };
}

uint32_t names_last(const struct names *n, uint32_t ifindex)
{
	for (size_t i = n->n_past; i > 0; i--) {
		if (n->past[i - 1].ifindex == ifindex)
			return n->past[i - 1].name;
	}
	return NAMES_UNKNOWN;
}

void names_next(struct names *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->n_past; i++) {
		if (++n->past[i].intervals < INTERVALS_KEPT)
			n->past[kept++] = n->past[i];
	}
	n->n_past = kept;
}
