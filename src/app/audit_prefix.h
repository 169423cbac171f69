/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines as syslog daemons and journalctl(1) write them: a time and a name come before ours, and
 * lines of other programs stand between them.
 */
#ifndef APP_AUDIT_PREFIX_H
#define APP_AUDIT_PREFIX_H

#include <stddef.h>

enum audit_prefix {
	AUDIT_PREFIX_NONE, /* the line is not of that kind */
	AUDIT_PREFIX_OURS,
	AUDIT_PREFIX_OTHERS, /* what is behind it is no record of ours, nor the beginning of one */
};

/* With AUDIT_PREFIX_OURS, *ret_bytes is the length of the prefix. */
enum audit_prefix audit_prefix_find(const char *text, size_t len, size_t *ret_bytes);

#endif
