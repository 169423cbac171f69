/* SPDX-License-Identifier: BSD-2-Clause */
/* What the command exits with: the manual's list. */
#ifndef APP_EXIT_CODE_H
#define APP_EXIT_CODE_H

enum exit_code {
	EXIT_CODE_DONE = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_PERMISSION = 3,
	EXIT_CODE_ATTACH = 4,
	EXIT_CODE_OUTPUT = 5,
};

/* After an -errno: FAILED where it may be gone at the next start, which whoever starts us may then
 * try; what else it stands for is otherwise.
 */
int exit_code_of_error(int err, enum exit_code otherwise);

/* The exit status after xdptail_open() or xdptail_attach() has failed with this -errno. */
int exit_code_of_open(int err);
int exit_code_of_attach(int err);

#endif
