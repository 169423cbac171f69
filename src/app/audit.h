/* SPDX-License-Identifier: BSD-2-Clause */
/* `xdptail audit`: is a stream complete, and does it add up? */
#ifndef APP_AUDIT_H
#define APP_AUDIT_H

/* argv[0] is "audit". Returns the exit code, an enum audit_verdict; usage errors are AUDIT_BROKEN.
 * Those and files that cannot be read are said on stderr.
 */
int audit_main(int argc, char *const argv[]);

#endif
