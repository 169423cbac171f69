// SPDX-License-Identifier: BSD-2-Clause
#include "app/exit_code.h"

#include <errno.h>

int exit_code_of_open(int err)
{
	switch (err) {
	case -EPERM:
		return EXIT_CODE_PERMISSION;
	case -EINVAL:
	case -ENOENT:
		return EXIT_CODE_USAGE;
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
		return EXIT_CODE_FAILED;
	default:
		return EXIT_CODE_ATTACH;
	}
}

int exit_code_of_attach(int err)
{
	return err == -EPERM ? EXIT_CODE_PERMISSION : EXIT_CODE_ATTACH;
}
