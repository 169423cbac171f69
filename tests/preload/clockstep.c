// SPDX-License-Identifier: BSD-2-Clause
/* LD_PRELOAD library that steps the wall clock forward by an hour, for this process only, as soon
 * as the file named by XDPTAIL_STEP_FILE exists. Setting the machine's clock would step it for all
 * processes.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STEP_S 3600

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	const char *file = getenv("XDPTAIL_STEP_FILE");
	int err;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	err = real(id, ts);
	if (!err && id == CLOCK_REALTIME && file && !access(file, F_OK))
		ts->tv_sec += STEP_S;
	return err;
}
