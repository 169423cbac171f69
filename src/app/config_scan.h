/* SPDX-License-Identifier: BSD-2-Clause */
/* What a config file has beyond JSON, and what is to be said of it by line: comments, keys that are
 * given twice, which line a key is in. Pure: text in, text out.
 */
#ifndef APP_CONFIG_SCAN_H
#define APP_CONFIG_SCAN_H

#include <stddef.h>

#define CONFIG_SCAN_KEYS_MAX 1000
#define CONFIG_SCAN_DEPTH    8 /* objects and arrays inside each other */

struct config_scan {
	unsigned int lines[CONFIG_SCAN_KEYS_MAX]; /* of each key, in the order of the text */
	size_t n;
	unsigned int line; /* where it ended: of what is wrong, or the last */
};

/* Blank out comments (// and # to the end of a line, and C's) in place, and note where keys are. 0,
 * or -EINVAL with a sentence in err, and ret->line the line that it is about. What is wrong
 * otherwise config_json_parse() will say.
 */
int config_scan(char *text, size_t len, struct config_scan *ret, char *err, size_t err_cap);

#endif
