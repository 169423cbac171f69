// SPDX-License-Identifier: BSD-2-Clause
/* Streams of any bytes: the fast way to read a line takes nothing that the other does not, and
 * takes it as the same; what is said of the whole has its form; and what is whole does not add up
 * when it is there twice.
 */
#include <json-c/json.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/audit_state.h"
#include "app/audit_fast.h"
#include "app/audit_record.h"
#include "app/audit_printer.h"
#include "fuzz.h"

#define ERR_BYTES  160
#define PATH_BYTES 64

static struct audit_fast *fast;
static struct json_tokener *tok; /* for what the audit prints */
static struct json_tree tree;

static void read_both_ways(const char *text, size_t len)
{
	struct audit_record got;
	struct audit_record want;
	struct reason why = { 0 };
	int err;

	if (!audit_fast_read(fast, text, len, &got))
		return;
	err = audit_record_json(&tree, text, len, &want, &why);
	FUZZ_CHECK(!err, "the fast way has taken %.*s: %s", (int)len, text, why.text);
	FUZZ_CHECK(!memcmp(&got, &want, offsetof(struct audit_record, name)) &&
			   !strcmp(got.name, want.name) && !strcmp(got.sink, want.sink),
		   "read as another record: %.*s", (int)len, text);
}

static void read_lines(const char *text, const char *end)
{
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);

		read_both_ways(text, len);
		text += len + 1;
	}
}

/* A verdict, and the sentences or objects that are said of it. */
static enum audit_verdict audit(const char *path, int times, bool json, char **ret_text)
{
	struct audit_state state;
	enum audit_verdict verdict;
	size_t len = 0;
	FILE *out = open_memstream(ret_text, &len);
	int err;

	FUZZ_CHECK(out && !audit_state_init(&state), "no memory");
	for (int i = 0; i < times; i++)
		(void)audit_state_read(&state, path); /* what is no gzip is said in the findings */
	verdict = audit_state_check(&state);
	FUZZ_CHECK(!state.findings.err, "%d", state.findings.err);
	err = json ? audit_printer_json(&state, out) : audit_printer_text(&state, out);
	FUZZ_CHECK(!err && !fclose(out), "%d", err);
	audit_state_free(&state);
	return verdict;
}

/* Each line is an object, and the last one says how it ends. */
static void check_objects(const char *text, enum audit_verdict verdict)
{
	struct json_object *obj = NULL;
	struct json_object *value;

	while (*text) {
		size_t len = strcspn(text, "\n");

		json_object_put(obj);
		json_tokener_reset(tok);
		obj = json_tokener_parse_ex(tok, text, (int)len);
		FUZZ_CHECK(json_object_is_type(obj, json_type_object), "%.*s", (int)len, text);
		text += len + 1;
	}
	FUZZ_CHECK(json_object_object_get_ex(obj, "exit", &value) &&
			   json_object_get_int(value) == (int)verdict,
		   "another verdict than %d", verdict);
	json_object_put(obj);
}

static void check_audit(const char *path)
{
	char *text;
	enum audit_verdict verdict = audit(path, 1, true, &text);

	FUZZ_CHECK(verdict < AUDIT_VERDICT_MAX, "%d", verdict);
	check_objects(text, verdict);
	free(text);
	if (verdict != AUDIT_WHOLE)
		return;
	verdict = audit(path, 2, false, &text);
	FUZZ_CHECK(verdict == AUDIT_BROKEN && strstr(text, "there twice"), "%s", text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char path[PATH_BYTES];
	int fd;

	if (!fast)
		FUZZ_CHECK(!audit_fast_new(&fast) && (tok = json_tokener_new()), "no memory");
	read_lines(text, text + size);
	fd = memfd_create("stream", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no file");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check_audit(path);
	close(fd);
	return 0;
}
