// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as a capture file: it opens or says why not, ends after finitely many frames, and each
 * of them can be read to its last byte and parsed.
 */
#include <errno.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "lib/capture_file.h"
#include "parse.h"

/* A block of a capture has no fewer bytes; deflate makes at most 1032 out of one (zlib.h's author,
 * in its technical notes), and zstd a block of 128 KiB of no fewer than four.
 */
#define BLOCK_BYTES   8
#define UNPACK_FACTOR ((128U << 10) / 4)

#define FRAMES_MAX 100000 /* more of them take longer than they are worth */

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

	FUZZ_CHECK(frame->len - frame->made_up <= frame->wire_len, "%zu bytes of %u", frame->len,
		   frame->wire_len);
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

	do {
		more = capture_file_next(c, &frame, &r);
		if (more == 1)
			check_frame(&frame);
		frames += more == 1;
		FUZZ_CHECK(frames <= most, "%zu frames", frames);
	} while (more == 1 && frames < FRAMES_MAX);
	if (more == 1)
		return;
	FUZZ_CHECK(!more || more == -EBADMSG || more == -EIO, "%d: %s", more, r.text);
	FUZZ_CHECK(!more == !r.text[0], "%d: \"%s\"", more, r.text);
}

/* capture_link_fn */
static void on_link(void *arg, uint32_t link_type, const char *name)
{
	(void)arg;
	FUZZ_CHECK(link_type <= UINT16_MAX, "%u", link_type);
	FUZZ_CHECK(!name || *name, "%u", link_type);
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
		capture_file_set_link_fn(c, on_link, NULL);
	if (!err)
		read_all(c, size * UNPACK_FACTOR / BLOCK_BYTES);
	capture_file_close(c);
	close(fd);
	return 0;
}
