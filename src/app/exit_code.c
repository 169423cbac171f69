// SPDX-License-Identifier: BSD-2-Clause
#include "app/exit_code.h"

#include <errno.h>
#include <stddef.h>

#include "base/array.h"

/* Shortages, and what other processes, disks and networks do for a while. */
static const int passing[] = {
	ENOMEM,	    EMFILE,	  ENFILE,  EAGAIN,    EINTR,	    EIO,
	ENOSPC,	    EDQUOT,	  ENOBUFS, ENOLCK,    ETXTBSY,	    ETIMEDOUT,
	ECONNRESET, ECONNREFUSED, ESTALE,  EHOSTDOWN, EHOSTUNREACH, EBUSY,
};

int exit_code_of_error(int err, enum exit_code otherwise)
{
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		if (err == -passing[i])
			return EXIT_CODE_FAILED;
	}
	return otherwise;
}

int exit_code_of_open(int err)
{
	switch (err) {
	case -EPERM:
		return EXIT_CODE_PERMISSION;
	case -EINVAL:
	case -ENOENT:
		return EXIT_CODE_USAGE;
	case -EBUSY:
		return EXIT_CODE_ATTACH;
	default:
		return exit_code_of_error(err, EXIT_CODE_ATTACH);
	}
}

/* No disk is involved: -ENOSPC and -EIO are a driver's refusal, which no other start changes. */
int exit_code_of_attach(int err)
{
	switch (err) {
	case -EPERM:
		return EXIT_CODE_PERMISSION;
	case -EBUSY: /* another program is there */
	case -ENOSPC: /* too few queues, or too many interfaces */
	case -EIO: /* queues that could not be set up */
		return EXIT_CODE_ATTACH;
	default:
		return exit_code_of_error(err, EXIT_CODE_ATTACH);
	}
}
