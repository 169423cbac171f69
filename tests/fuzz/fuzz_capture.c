// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as a capture file: it opens or says why not, ends after finitely many frames, and each of
 * them can be read to its last byte and parsed.
 */
#include <errno.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "lib/capture_file.h"
#include "parse.h"

/* A block of a capture has no fewer bytes; deflate makes at most 1032 out of one (zlib.h's author, in
 * its technical notes).
 */
#define BLOCK_BYTES    8
#define DEFLATE_FACTOR 1032

static volatile uint8_t sum; /* so that reading is not left out */

static void check_frame(const struct capture_frame *frame)
{
	const struct parse_frame bytes = {
		.data = frame->data,
		.end = frame->data + frame->len,
		.wire_len = frame->wire_len,
	};
	struct packet_info pkt = { 0 };
	struct parse_walk walk;

	FUZZ_CHECK(frame->len <= CAPTURE_FRAME_MAX + ETHER_HDR_LEN, "%zu bytes", frame->len);
	FUZZ_CHECK(((uintptr_t)frame->data + ETHER_HDR_LEN) % 4 == 0, "%p",
		   (const void *)frame->data);
	for (size_t i = 0; i < frame->len; i++)
		sum = (uint8_t)(sum + frame->data[i]);
	if (parse_classify(&walk, &bytes, PARSE_LINK_ETHERNET, 0) == PARSE_COUNTED)
		parse_fill(&walk, &pkt, 0);
}

static void read_all(struct capture_file *c, size_t most)
{
	struct capture_frame frame;
	struct reason r = { 0 };
	size_t frames = 0;
	int more;

	for (;;) {
		more = capture_file_next(c, &frame, &r);
		if (more != 1)
			break;
		check_frame(&frame);
		FUZZ_CHECK(++frames <= most, "%zu frames", frames);
	}
	FUZZ_CHECK(!more || more == -EBADMSG || more == -EIO, "%d: %s", more, r.text);
	FUZZ_CHECK(!more == !r.text[0], "%d: \"%s\"", more, r.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture_file *c = NULL;
	struct reason r = { 0 };
	int fd = memfd_create("capture", MFD_CLOEXEC);
	char path[32];
	int err;

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no file");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = capture_file_open(&c, path, NULL, NULL, &r);
	FUZZ_CHECK(!err == (c != NULL), "%d", err);
	FUZZ_CHECK(!err || r.text[0], "%d and no reason", err);
	if (!err)
		read_all(c, size * DEFLATE_FACTOR / BLOCK_BYTES);
	capture_file_close(c);
	close(fd);
	return 0;
}
