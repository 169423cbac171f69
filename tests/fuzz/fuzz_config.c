// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as a config file: it is refused with one printable line that names it, or what it says
 * can be written as a config file again, which says the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/options.h"
#include "fuzz.h"

static char path[32];

static void store(int fd, const void *data, size_t size)
{
	FUZZ_CHECK(!ftruncate(fd, 0), "%d", errno);
	FUZZ_CHECK(pwrite(fd, data, size, 0) == (ssize_t)size, "%d", errno);
}

static int parse(struct options *ret, struct reason *why)
{
	static char program[] = "xdptail", f[] = "-f", i[] = "-ilo"; /* options point into them */
	char *argv[] = { program, f, path, i, NULL };

	return options_parse(ret, 4, argv, why);
}

static void check_refusal(const char *err)
{
	FUZZ_CHECK(*err, "no message");
	FUZZ_CHECK(strstr(err, path), "the file is not named: %s", err);
	for (const char *c = err; *c; c++)
		FUZZ_CHECK((unsigned char)*c >= 0x20 && *c != 0x7f, "a control character");
}

static void check_again(int fd, const char *printed)
{
	struct options again;
	struct reason why = { 0 };
	char *printed_again;

	store(fd, printed, strlen(printed));
	FUZZ_CHECK(!parse(&again, &why), "%s is refused: %s", printed, why.text);
	printed_again = options_print_config(&again);
	FUZZ_CHECK(printed_again && !strcmp(printed, printed_again), "%s became %s", printed,
		   printed_again);
	free(printed_again);
	options_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct reason why = { 0 };
	struct options o;
	char *printed;

	if (fd < 0) {
		fd = memfd_create("config", MFD_CLOEXEC);
		FUZZ_CHECK(fd >= 0, "%d", errno);
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	store(fd, data, size);
	if (parse(&o, &why)) {
		check_refusal(why.text);
		return 0;
	}
	printed = options_print_config(&o);
	FUZZ_CHECK(printed, "no memory");
	check_again(fd, printed);
	free(printed);
	options_free(&o);
	return 0;
}
