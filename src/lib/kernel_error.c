// SPDX-License-Identifier: BSD-2-Clause
#include "lib/kernel_error.h"

#include <errno.h>
#include <string.h>

#include "lib/retry.h"

int kernel_error(int err)
{
	if (!err || err == -E2BIG || retry_is_worth_it(err))
		return err;
	return err == -EPERM || err == -EACCES ? -EPERM : -EOPNOTSUPP;
}

const char *kernel_error_text(int err)
{
	if (err == -KERNEL_ENOTSUPP)
		return "the kernel has no support for it, perhaps in its JIT compiler (ENOTSUPP)";
	return strerror(-err);
}
