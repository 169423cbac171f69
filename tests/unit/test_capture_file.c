// SPDX-License-Identifier: BSD-2-Clause
/* Captures of every kind give the frames that went into them; broken ones give all up to the break.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <zlib.h>
#include <zstd.h>

#include "captures.h"
#include "frames.h"
#include "lib/capture_file.h"

#define FIRST_NS 1795318900123456789ULL
#define STEP_NS	 1000000007ULL /* seconds and nanoseconds both change */
#define HEADER	 24 /* bytes of pcap before its first record */
#define RECORD	 16 /* bytes of a record before its frame */

#define CUT_FRAMES 20 /* of a capture that is cut, or has something behind it */

/* A file without a name, and the name under which it is opened. */
struct file {
	int fd;
	char path[64];
};

static void file_make(struct file *ret, const void *bytes, size_t len)
{
	ret->fd = memfd_create("capture", 0);
	cr_assert_geq(ret->fd, 0, "memfd_create: %s", strerror(errno));
	cr_assert_eq(write(ret->fd, bytes, len), (ssize_t)len, "write: %s", strerror(errno));
	(void)snprintf(ret->path, sizeof(ret->path), "/proc/self/fd/%d", ret->fd);
}

/* The whole of a capture in memory. */
struct image {
	char *bytes; /* owned: free() */
	size_t len;
};

/* What went into it, as an Ethernet frame. */
struct sent {
	uint8_t *data; /* owned: free() */
	size_t len;
	uint64_t time_ns;
	size_t wire_len;
	size_t kept; /* bytes of the Ethernet frame that the capture has */
};

static size_t make_frames(struct sent **ret)
{
	*ret = calloc(FRAME_CASES, sizeof(**ret));
	cr_assert_not_null(*ret);
	for (size_t i = 0; i < FRAME_CASES; i++) {
		struct sent *s = &(*ret)[i];

		s->len = frame_unhex(frame_cases[i].hex, NULL);
		s->data = malloc(s->len + 1);
		cr_assert_not_null(s->data);
		(void)frame_unhex(frame_cases[i].hex, s->data);
		s->time_ns = FIRST_NS + i * STEP_NS;
	}
	return FRAME_CASES;
}

static void free_frames(struct sent *frames, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(frames[i].data);
	free(frames);
}

static void make_image(struct image *ret, const struct captures_spec *spec, struct sent *frames,
		       size_t n)
{
	FILE *f = open_memstream(&ret->bytes, &ret->len);

	cr_assert_not_null(f);
	captures_begin(f, spec);
	for (size_t i = 0; i < n; i++) {
		struct sent *s = &frames[i];
		struct captures_header h;

		s->wire_len = captures_frame(f, spec, s->time_ns, s->data, s->len);
		if (!captures_convert(spec, s->data, s->len, &h))
			continue;
		s->kept = s->len;
		if (spec->snap && s->wire_len > spec->snap) {
			size_t cut = s->wire_len - spec->snap;

			/* a link header that is cut leaves nothing of the frame */
			s->kept = spec->snap < h.len ? 0 : s->len - cut;
		}
		if (!captures_formats[spec->format].ns)
			s->time_ns -= s->time_ns % 1000;
	}
	cr_assert_eq(fclose(f), 0);
}

/* As gzip(1) makes it, in as many members as asked for. */
static void compress_image(struct image *ret, const struct image *from, size_t members)
{
	struct file file;
	size_t done = 0;
	off_t len;

	file_make(&file, "", 0);
	for (size_t i = 1; i <= members; i++) {
		size_t until = from->len * i / members;
		gzFile gz = gzdopen(dup(file.fd), "ab");

		cr_assert_not_null(gz);
		cr_assert_eq(gzwrite(gz, from->bytes + done, (unsigned int)(until - done)),
			     (int)(until - done));
		cr_assert_eq(gzclose(gz), Z_OK);
		done = until;
	}
	len = lseek(file.fd, 0, SEEK_END);
	ret->len = (size_t)len;
	ret->bytes = malloc(ret->len);
	cr_assert_eq(pread(file.fd, ret->bytes, ret->len, 0), len);
	close(file.fd);
}

static void append(struct image *to, const void *bytes, size_t len)
{
	to->bytes = realloc(to->bytes, to->len + len + 1);
	cr_assert_not_null(to->bytes);
	memcpy(to->bytes + to->len, bytes, len);
	to->len += len;
}

/* As zstd(1) makes it, in as many frames as asked for, with one to be skipped before each. */
static void compress_zstd(struct image *ret, const struct image *from, size_t frames)
{
	static const char skipped[] = "\x5a\x2a\x4d\x18\x03\0\0\0abc";
	size_t room = ZSTD_compressBound(from->len);
	char *bytes = malloc(room);
	size_t done = 0;

	cr_assert_not_null(bytes);
	*ret = (struct image){ 0 };
	for (size_t i = 1; i <= frames; i++) {
		size_t until = from->len * i / frames;
		size_t n = ZSTD_compress(bytes, room, from->bytes + done, until - done, 3);

		cr_assert(!ZSTD_isError(n), "%s", ZSTD_getErrorName(n));
		if (frames > 1)
			append(ret, skipped, sizeof(skipped) - 1);
		append(ret, bytes, n);
		done = until;
	}
	free(bytes);
}

static bool frame_is(const char *name, const struct capture_frame *got, const struct sent *want)
{
	const struct parse_frame got_bytes = frame_reach(got->data, got->len, got->wire_len);
	struct parse_frame want_bytes;
	struct packet_info got_pkt, want_pkt;
	struct frame_bytes copy;
	enum parse_class got_class, want_class;
	bool good = true;

	frame_alloc(&copy, PARSE_LINK_ETHERNET, want->kept);
	memcpy(copy.data, want->data, want->kept);
	want_bytes = frame_reach(copy.data, copy.len, got->wire_len);
	want_class = frame_parse(&want_bytes, PARSE_LINK_ETHERNET, 0, &want_pkt);
	got_class = frame_parse(&got_bytes, PARSE_LINK_ETHERNET, 0, &got_pkt);
	frame_free(&copy);
	if (got_class != want_class) {
		fprintf(stderr, "%s: class: got %d, want %d\n", name, got_class, want_class);
		good = false;
	}
	if (got->wire_len != want->wire_len || got->timestamp_ns != want->time_ns) {
		fprintf(stderr, "%s: got %u bytes at %" PRIu64 ", want %zu at %" PRIu64 "\n", name,
			got->wire_len, got->timestamp_ns, want->wire_len, want->time_ns);
		good = false;
	}
	return frame_compare(name, &got_pkt, &want_pkt) == 0 && good;
}

static bool is_carried(const struct captures_spec *spec, const struct sent *s)
{
	struct captures_header h;

	return captures_convert(spec, s->data, s->len, &h);
}

/* Every frame that the link carries comes out, and nothing else does. */
static void expect_frames(const char *name, const char *path, const struct captures_spec *spec,
			  const struct sent *frames, size_t n)
{
	struct capture_file *c = NULL;
	struct capture_frame got;
	struct reason r = { 0 };
	int err = capture_file_open(&c, path, NULL, NULL, &r);

	cr_assert_eq(err, 0, "%s: got %d: %s", name, err, r.text);
	for (size_t i = 0; i < n; i++) {
		if (!is_carried(spec, &frames[i]))
			continue;
		err = capture_file_next(c, &got, &r);
		cr_assert_eq(err, 1, "%s: %s: got %d: %s", name, frame_cases[i].name, err, r.text);
		cr_expect(frame_is(frame_cases[i].name, &got, &frames[i]), "%s: %s: see above",
			  name, frame_cases[i].name);
	}
	err = capture_file_next(c, &got, &r);
	cr_expect_eq(err, 0, "%s: at the end: got %d: %s", name, err, r.text);
	capture_file_close(c);
}

static void expect_image(const char *name, const struct image *image,
			 const struct captures_spec *spec, const struct sent *frames, size_t n)
{
	struct file file;

	file_make(&file, image->bytes, image->len);
	expect_frames(name, file.path, spec, frames, n);
	close(file.fd);
}

/* In its own memory, because times are rounded where a format has no nanoseconds. */
static void expect_spec(const struct captures_spec *spec)
{
	struct image image, compressed;
	struct sent *frames;
	size_t n = make_frames(&frames);
	char name[64];

	(void)snprintf(name, sizeof(name), "%s, %s, snap %u", captures_formats[spec->format].name,
		       captures_links[spec->link].name, spec->snap);
	make_image(&image, spec, frames, n);
	expect_image(name, &image, spec, frames, n);
	compress_image(&compressed, &image, 1);
	expect_image(name, &compressed, spec, frames, n);
	free(compressed.bytes);
	compress_zstd(&compressed, &image, 1);
	expect_image(name, &compressed, spec, frames, n);
	free(compressed.bytes);
	free(image.bytes);
	free_frames(frames, n);
}

Test(capture_file, every_format_and_link)
{
	for (unsigned int format = 0; format < CAPTURES_FORMAT_MAX; format++) {
		for (unsigned int link = 0; link < CAPTURES_PPP; link++) {
			const struct captures_spec spec = { .format = format, .link = link };

			expect_spec(&spec);
		}
	}
}

Test(capture_file, short_snap)
{
	static const uint32_t snaps[] = { 1, 3, 4, 13, 14, 15, 16, 20, 33, 34, 40, 41, 54, 96 };

	for (unsigned int link = 0; link < CAPTURES_PPP; link++) {
		for (size_t i = 0; i < sizeof(snaps) / sizeof(snaps[0]); i++) {
			struct captures_spec spec = { CAPTURES_PCAP_NS_LE, link, snaps[i] };

			expect_spec(&spec);
			spec.format = CAPTURES_PCAPNG_BE;
			expect_spec(&spec);
		}
	}
}

Test(capture_file, gzip_members)
{
	const struct captures_spec spec = { .format = CAPTURES_PCAPNG_NS_LE };
	struct image image, compressed;
	struct sent *frames;
	size_t n = make_frames(&frames);

	make_image(&image, &spec, frames, n);
	for (size_t members = 2; members < 40; members += 7) {
		compress_image(&compressed, &image, members);
		/* padding behind the last, as tapes have it */
		compressed.bytes = realloc(compressed.bytes, compressed.len + 512);
		cr_assert_not_null(compressed.bytes);
		memset(compressed.bytes + compressed.len, 0, 512);
		compressed.len += 512;
		expect_image("members", &compressed, &spec, frames, n);
		free(compressed.bytes);
	}
	free(image.bytes);
	free_frames(frames, n);
}

Test(capture_file, zstd_frames)
{
	static const char padding[512] = { 0 };
	const struct captures_spec spec = { .format = CAPTURES_PCAPNG_NS_LE };
	struct image image, compressed, other;
	struct sent *frames;
	size_t n = make_frames(&frames);

	make_image(&image, &spec, frames, n);
	for (size_t parts = 2; parts < 40; parts += 7) {
		compress_zstd(&compressed, &image, parts);
		append(&compressed, padding, sizeof(padding));
		expect_image("frames", &compressed, &spec, frames, n);
		free(compressed.bytes);
	}
	/* a member of the one, and a frame of the other */
	compress_zstd(&compressed, &(struct image){ image.bytes, 1000 }, 1);
	compress_image(&other, &(struct image){ image.bytes + 1000, image.len - 1000 }, 1);
	append(&compressed, other.bytes, other.len);
	expect_image("both", &compressed, &spec, frames, n);
	free(other.bytes);
	free(compressed.bytes);
	free(image.bytes);
	free_frames(frames, n);
}

/* The end of a capture, behind its last frame: 0 or -errno. */
static int end_of(const struct image *image, size_t *ret_frames, struct reason *r)
{
	struct capture_file *c = NULL;
	struct capture_frame frame;
	struct file file;
	int err;

	file_make(&file, image->bytes, image->len);
	*ret_frames = 0;
	err = capture_file_open(&c, file.path, NULL, NULL, r);
	if (!err) {
		for (;;) {
			err = capture_file_next(c, &frame, r);
			if (err != 1)
				break;
			(*ret_frames)++;
		}
		capture_file_close(c);
	}
	close(file.fd);
	return err;
}

/* What was meant to be read, and is not, is not passed over in silence. */
Test(capture_file, something_behind_compressed)
{
	static const struct {
		const char *bytes;
		size_t len;
	} tails[] = { { "x", 1 },
		      { "\0\0x", 3 },
		      { "\x1f", 1 },
		      { "\x28\xb5\x2f", 3 },
		      { "\xd4\xc3\xb2\xa1", 4 } };
	const struct captures_spec spec = { .format = CAPTURES_PCAP_LE };
	struct image image, compressed;
	struct sent *frames;
	size_t n = make_frames(&frames);
	size_t got;

	make_image(&image, &spec, frames, CUT_FRAMES);
	for (size_t i = 0; i < 2 * sizeof(tails) / sizeof(tails[0]); i++) {
		struct reason r = { 0 };
		int err;

		if (i % 2)
			compress_zstd(&compressed, &image, 1);
		else
			compress_image(&compressed, &image, 1);
		append(&compressed, tails[i / 2].bytes, tails[i / 2].len);
		err = end_of(&compressed, &got, &r);
		cr_expect_eq(err, -EBADMSG, "tail %zu: got %d: %s", i, err, r.text);
		cr_expect_eq(got, CUT_FRAMES, "tail %zu: got %zu frames", i, got);
		cr_expect_not_null(strstr(r.text, "behind what is compressed"), "tail %zu: \"%s\"",
				   i, r.text);
		free(compressed.bytes);
	}
	free(image.bytes);
	free_frames(frames, n);
}

/* More memory than anybody expects a reader to take. */
Test(capture_file, zstd_window_too_large)
{
	static const char head[] = "\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00";
	struct image image = { 0 };
	struct reason r = { 0 };
	size_t got;

	append(&image, head, sizeof(head) - 1);
	cr_expect_eq(end_of(&image, &got, &r), -EINVAL);
	cr_expect_not_null(strstr(r.text, "more than 128 MiB"), "got \"%s\"", r.text);
	free(image.bytes);
}

Test(capture_file, standard_input)
{
	const struct captures_spec spec = { .format = CAPTURES_PCAP_NS_BE };
	struct image image, compressed;
	struct file file;
	struct sent *frames;
	size_t n = make_frames(&frames);

	make_image(&image, &spec, frames, n);
	compress_image(&compressed, &image, 1);
	file_make(&file, image.bytes, image.len);
	cr_assert_eq(lseek(file.fd, 0, SEEK_SET), 0);
	cr_assert_eq(dup2(file.fd, STDIN_FILENO), STDIN_FILENO);
	expect_frames("plain", "-", &spec, frames, n);
	close(file.fd);
	file_make(&file, compressed.bytes, compressed.len);
	cr_assert_eq(lseek(file.fd, 0, SEEK_SET), 0);
	cr_assert_eq(dup2(file.fd, STDIN_FILENO), STDIN_FILENO);
	expect_frames("compressed", "-", &spec, frames, n);
	close(file.fd);
	free(compressed.bytes);
	free(image.bytes);
	free_frames(frames, n);
}

/* Frames of one capture that come before byte cut, and whether that lies between two records. */
static size_t frames_before(const struct sent *frames, size_t n, size_t cut, bool *ret_between)
{
	size_t at = HEADER;
	size_t i;

	for (i = 0; i < n && at + RECORD + frames[i].len <= cut; i++)
		at += RECORD + frames[i].len;
	*ret_between = at == cut;
	return i;
}

/* All frames before the cut, and then it is said. */
Test(capture_file, cut_at_every_byte)
{
	const struct captures_spec spec = { .format = CAPTURES_PCAP_LE };
	struct image image;
	struct sent *frames;
	size_t n = make_frames(&frames);

	make_image(&image, &spec, frames, CUT_FRAMES);
	for (size_t cut = HEADER; cut <= image.len; cut++) {
		struct capture_file *c = NULL;
		struct capture_frame frame;
		struct reason r = { 0 };
		struct file file;
		size_t got = 0;
		size_t want;
		bool between;
		int err;

		file_make(&file, image.bytes, cut);
		err = capture_file_open(&c, file.path, NULL, NULL, &r);
		cr_assert_eq(err, 0, "cut at %zu: got %d: %s", cut, err, r.text);
		do {
			err = capture_file_next(c, &frame, &r);
			got += err == 1;
		} while (err == 1);
		want = frames_before(frames, CUT_FRAMES, cut, &between);
		cr_expect_eq(got, want, "cut at %zu: got %zu frames, want %zu", cut, got, want);
		cr_expect_eq(err, between ? 0 : -EBADMSG, "cut at %zu: got %d: %s", cut, err,
			     r.text);
		capture_file_close(c);
		close(file.fd);
	}
	free(image.bytes);
	free_frames(frames, n);
}

/* What is left of compressed data may be any frames, but it is never the whole. */
static void expect_cuts(const struct image *compressed)
{
	size_t opened = 0;
	size_t got;

	for (size_t cut = 0; cut < compressed->len; cut++) {
		struct reason r = { 0 };
		int err = end_of(&(struct image){ compressed->bytes, cut }, &got, &r);

		cr_expect(err == -EBADMSG || (err == -EINVAL && !got), "cut at %zu: got %d: %s",
			  cut, err, r.text);
		opened += err == -EBADMSG;
	}
	cr_expect_gt(opened, 0);
}

Test(capture_file, compressed_and_cut)
{
	const struct captures_spec spec = { .format = CAPTURES_PCAP_LE };
	struct image image, compressed;
	struct sent *frames;
	size_t n = make_frames(&frames);

	make_image(&image, &spec, frames, CUT_FRAMES);
	compress_image(&compressed, &image, 1);
	expect_cuts(&compressed);
	free(compressed.bytes);
	compress_zstd(&compressed, &image, 3); /* nothing comes out before a block is whole */
	expect_cuts(&compressed);
	free(compressed.bytes);
	free(image.bytes);
	free_frames(frames, n);
}

Test(capture_file, refused)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t len;
		const char *path; /* NULL: the bytes' */
		int err;
		const char *reason;
	} cases[] = {
		{ "empty", "", 0, NULL, -EINVAL, "no capture" },
		{ "a magic number cut short", "\xd4\xc3\xb2", 3, NULL, -EINVAL, "no capture" },
		{ "a header cut short", "\xd4\xc3\xb2\xa1\2\0\4\0", 8, NULL, -EINVAL,
		  "no capture" },
		{ "wrong magic", "\xd4\xc3\xb2\xa2\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0", 24,
		  NULL, -EINVAL, "no capture" },
		{ "text", "{\"timestamp\":\"2026-11-22T03:41:40.704885Z\"}\n", 44, NULL, -EINVAL,
		  "no capture" },
		{ "gzip of nothing but its magic", "\x1f\x8b", 2, NULL, -EINVAL, "no capture" },
		{ "gzip with a broken header", "\x1f\x8b\x99\x99 and so on", 14, NULL, -EINVAL,
		  "no capture" },
		{ "lz4", "\x04\x22\x4d\x18 and so on", 14, NULL, -EINVAL,
		  "compressed by lz4, which is not read (gzip and zstd are): give what \"lz4 -dc\"" },
		{ "xz", "\xfd\x37zXZ\0 and so on", 14, NULL, -EINVAL, "compressed by xz" },
		{ "bzip2", "BZh91AY&SY", 10, NULL, -EINVAL, "compressed by bzip2" },
		{ "zip", "PK\3\4 and so on", 14, NULL, -EINVAL, "compressed by zip" },
		{ "zstd of nothing but its magic", "\x28\xb5\x2f\xfd", 4, NULL, -EINVAL,
		  "end or break off" },
		{ "zstd with a broken header", "\x28\xb5\x2f\xfd\x18 and so on", 14, NULL, -EINVAL,
		  "end or break off" },
		{ "an unknown link", "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x09\0\0\0",
		  24, NULL, -EPROTONOSUPPORT, "link of type 9 (PPP)" },
		{ "missing", "", 0, "/nonexistent/capture", -ENOENT, "/nonexistent/capture" },
		{ "a directory", "", 0, "/proc", -EISDIR, "\"/proc\": Is a directory" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture_file *c = NULL;
		struct reason r = { 0 };
		struct file file;
		int err;

		file_make(&file, cases[i].bytes, cases[i].len);
		err = capture_file_open(&c, cases[i].path ? cases[i].path : file.path, NULL, NULL,
					&r);
		cr_expect_eq(err, cases[i].err, "%s: got %d, want %d", cases[i].name, err,
			     cases[i].err);
		cr_expect(strstr(r.text, cases[i].reason), "%s: got \"%s\", want \"%s\"",
			  cases[i].name, r.text, cases[i].reason);
		cr_expect_null(c, "%s: opened", cases[i].name);
		close(file.fd);
	}
}

/* Longer than the parser can reach: it gets what it can, and the length stands. */
Test(capture_file, long_frame)
{
	const struct captures_spec spec = { .format = CAPTURES_PCAP_LE };
	static uint8_t frame[65549] = { [12] = 0x08, [14] = 0x45 };
	struct capture_file *c = NULL;
	struct capture_frame got;
	struct reason r = { 0 };
	struct image image;
	struct file file;
	FILE *f = open_memstream(&image.bytes, &image.len);

	captures_begin(f, &spec);
	captures_frame(f, &spec, 0, frame, sizeof(frame));
	cr_assert_eq(fclose(f), 0);
	file_make(&file, image.bytes, image.len);
	cr_assert_eq(capture_file_open(&c, file.path, NULL, NULL, &r), 0, "%s", r.text);
	cr_assert_eq(capture_file_next(c, &got, &r), 1, "%s", r.text);
	cr_expect_eq(got.wire_len, sizeof(frame), "wire_len: got %u", got.wire_len);
	cr_expect_eq(got.len, CAPTURE_FRAME_MAX, "len: got %zu", got.len);
	cr_expect_eq(memcmp(got.data, frame, got.len), 0);
	capture_file_close(c);
	close(file.fd);
	free(image.bytes);
}

/* The path is only its name then, and the descriptor stays the caller's. */
Test(capture_file, opened_by_the_caller)
{
	const struct captures_spec spec = { .format = CAPTURES_PCAP_LE };
	static const uint8_t frame[64] = { [12] = 0x08, [14] = 0x45 };
	struct capture_file *c = NULL;
	struct capture_frame got;
	struct reason r = { 0 };
	struct image image;
	struct file file;
	FILE *f = open_memstream(&image.bytes, &image.len);

	captures_begin(f, &spec);
	captures_frame(f, &spec, 0, frame, sizeof(frame));
	cr_assert_eq(fclose(f), 0);
	file_make(&file, image.bytes, image.len);
	cr_assert_eq(lseek(file.fd, 0, SEEK_SET), 0);
	cr_assert_eq(capture_file_open_fd(&c, file.fd, "/no/such/file", NULL, NULL, &r), 0, "%s",
		     r.text);
	cr_assert_eq(capture_file_next(c, &got, &r), 1, "%s", r.text);
	cr_expect_eq(memcmp(got.data, frame, got.len), 0);
	capture_file_close(c);
	cr_expect_eq(close(file.fd), 0, "it was closed");
	free(image.bytes);
}

/* One frame, of which the capture says other lengths than it had: it is of one byte value. */
static void get_one(const struct captures_spec *spec, uint32_t link, uint32_t captured,
		    uint32_t wire, struct capture_frame *ret, struct capture_file **ret_file)
{
	static uint8_t frame[64];
	const uint32_t lengths[] = { captured, wire };
	bool pcapng = captures_formats[spec->format].pcapng;
	struct reason r = { 0 };
	struct image image;
	struct file file;
	FILE *f = open_memstream(&image.bytes, &image.len);

	memset(frame, 0xaa, sizeof(frame));
	captures_begin(f, spec);
	captures_frame(f, spec, 0, frame, captured);
	cr_assert_eq(fclose(f), 0);
	if (!pcapng)
		memcpy(image.bytes + 20, &link, sizeof(link));
	memcpy(image.bytes + (pcapng ? 28 + 32 + 20 : HEADER + 8), lengths, sizeof(lengths));
	file_make(&file, image.bytes, image.len);
	cr_assert_eq(capture_file_open(ret_file, file.path, NULL, NULL, &r), 0, "%s", r.text);
	cr_assert_eq(capture_file_next(*ret_file, ret, &r), 1, "%s", r.text);
	close(file.fd);
	free(image.bytes);
}

/* The lengths are little-endian, as are those that this writes on most machines. */
Test(capture_file, lengths)
{
	static const struct {
		const char *name;
		uint32_t link; /* of pcap, with the length of the check sequence; 1: none */
		uint32_t captured, wire;
		uint32_t want_len, want_wire;
	} cases[] = {
		{ "as long as it was", 1, 64, 64, 64, 64 },
		{ "cut", 1, 64, 1514, 64, 1514 },
		{ "none on the wire", 1, 64, 0, 64, 64 },
		{ "fewer on the wire than there are", 1, 64, 60, 64, 64 },
		{ "with a check sequence", 0x24000001, 64, 64, 60, 60 },
		{ "cut within the check sequence", 0x24000001, 62, 64, 60, 60 },
		{ "cut before it", 0x24000001, 60, 64, 60, 60 },
		{ "cut before it, and more", 0x24000001, 50, 64, 50, 60 },
		{ "with one, and none on the wire", 0x24000001, 64, 0, 60, 60 },
		{ "nothing but a part of one", 0x24000001, 3, 3, 0, 0 },
		{ "a length that is not said to be there", 0x20000001, 64, 64, 64, 64 },
	};

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct captures_spec spec = { .format = i % 2 ? CAPTURES_PCAPNG_LE :
								      CAPTURES_PCAP_LE };
		struct capture_frame got;
		struct capture_file *c;

		if (i % 2 && cases[i / 2].link != 1) /* test_pcapng.c has where it is said there */
			continue;
		get_one(&spec, cases[i / 2].link, cases[i / 2].captured, cases[i / 2].wire, &got,
			&c);
		cr_expect_eq(got.len, cases[i / 2].want_len, "%s: len: got %zu", cases[i / 2].name,
			     got.len);
		cr_expect_eq(got.wire_len, cases[i / 2].want_wire, "%s: wire_len: got %u",
			     cases[i / 2].name, got.wire_len);
		capture_file_close(c);
	}
}

struct told {
	uint32_t types[8];
	size_t n;
};

static void on_link(void *arg, uint32_t link_type, const char *name)
{
	struct told *told = arg;

	cr_expect_not_null(name);
	cr_assert_lt(told->n, 8);
	told->types[told->n++] = link_type;
}

/* Frames of one link after the other, and of two that are not read among them. */
Test(capture_file, links_that_are_not_read)
{
	static const uint32_t numbers[] = { 9, 1, 9, 189, 1, 189, 9 };
	const struct captures_spec spec = { .format = CAPTURES_PCAPNG_LE };
	static const uint8_t frame[64] = { [12] = 0x08, [14] = 0x45 };
	struct told told = { 0 };
	struct capture_file *c = NULL;
	struct capture_frame got;
	struct reason r = { 0 };
	struct image image = { 0 };
	struct file file;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct image section;
		FILE *f = open_memstream(&section.bytes, &section.len);

		captures_begin(f, &spec);
		captures_frame(f, &spec, 0, frame, sizeof(frame));
		cr_assert_eq(fclose(f), 0);
		section.bytes[28 + 8] = (char)numbers[i];
		append(&image, section.bytes, section.len);
		free(section.bytes);
	}
	file_make(&file, image.bytes, image.len);
	cr_assert_eq(capture_file_open(&c, file.path, NULL, NULL, &r), 0, "%s", r.text);
	capture_file_set_link_fn(c, on_link, &told);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		cr_assert_eq(capture_file_next(c, &got, &r), 1, "%s", r.text);
		cr_expect_eq(got.len, numbers[i] == 1 ? 64 : 0, "%zu: got %zu", i, got.len);
		cr_expect_eq(got.wire_len, 64, "%zu: got %u", i, got.wire_len);
	}
	cr_expect_eq(capture_file_next(c, &got, &r), 0, "%s", r.text);
	cr_expect_eq(told.n, 2, "got %zu", told.n);
	cr_expect(told.types[0] == 9 && told.types[1] == 189);
	capture_file_close(c);
	close(file.fd);
	free(image.bytes);
}

/* Times that have no place in 64 bits of nanoseconds. */
Test(capture_file, times_out_of_range)
{
	static const struct {
		const char *name;
		uint32_t seconds; /* of 64 bits, the high half: pcapng, whole seconds */
		uint32_t low;
		uint64_t want;
	} cases[] = {
		{ "the first second", 0, 0, 0 },
		{ "2038", 0, 0x80000000, 0x80000000ULL * 1000000000 },
		{ "2554", 4, 1266874889, 18446744073ULL * 1000000000 },
		{ "too late", 5, 0, UINT64_MAX },
		{ "the last of 64 bits", 0x80000000, 0, UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct captures_spec spec = { .format = CAPTURES_PCAPNG_LE };
		static const uint8_t frame[64] = { 0 };
		struct capture_file *c = NULL;
		struct capture_frame got;
		struct reason r = { 0 };
		struct image image;
		struct file file;
		FILE *f = open_memstream(&image.bytes, &image.len);

		captures_begin(f, &spec);
		captures_frame(f, &spec, 0, frame, sizeof(frame));
		cr_assert_eq(fclose(f), 0);
		image.bytes[28 + 20] = 0; /* if_tsresol: 10 to the power of −0 */
		for (int byte = 0; byte < 4; byte++) {
			image.bytes[60 + 12 + byte] = (char)(cases[i].seconds >> 8 * byte);
			image.bytes[60 + 16 + byte] = (char)(cases[i].low >> 8 * byte);
		}
		file_make(&file, image.bytes, image.len);
		cr_assert_eq(capture_file_open(&c, file.path, NULL, NULL, &r), 0, "%s", r.text);
		cr_assert_eq(capture_file_next(c, &got, &r), 1, "%s", r.text);
		cr_expect_eq(got.timestamp_ns, cases[i].want, "%s: got %" PRIu64 ", want %" PRIu64,
			     cases[i].name, got.timestamp_ns, cases[i].want);
		capture_file_close(c);
		close(file.fd);
		free(image.bytes);
	}
}

/* The seconds of pcap go beyond 2038. */
Test(capture_file, times_beyond_2038)
{
	static const uint64_t seconds[] = { 0x7fffffff, 0x80000000, 0xffffffff };

	for (unsigned int format = 0; format < CAPTURES_FORMAT_MAX; format++) {
		const struct captures_spec spec = { .format = format };
		struct sent *frames;
		struct image image;
		size_t n = make_frames(&frames);

		for (size_t i = 0; i < n; i++)
			frames[i].time_ns = seconds[i % 3] * 1000000000 + 999999000;
		make_image(&image, &spec, frames, n);
		expect_image(captures_formats[format].name, &image, &spec, frames, n);
		free(image.bytes);
		free_frames(frames, n);
	}
}

/* A writer that gives what it has in pieces, each only when it is waited for. */
struct feeder {
	int fd;
	const struct image *image;
	size_t piece;
	size_t done;
	size_t stop_at; /* then the wait is over */
};

static int feed(void *arg, int fd)
{
	struct feeder *f = arg;
	size_t left = f->image->len - f->done;
	size_t n = f->piece < left ? f->piece : left;
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	if (f->done == f->image->len) /* the end of the file is what is left to read */
		return 0;
	cr_assert_eq(poll(&readable, 1, 0), 0, "there was something to read");
	if (f->done == f->stop_at)
		return 1;
	cr_assert_eq(write(f->fd, f->image->bytes + f->done, n), (ssize_t)n);
	f->done += n;
	if (f->done == f->image->len)
		close(f->fd);
	return 0;
}

static size_t read_fed(struct feeder *f, struct capture_frame *ret_last, int *ret_err)
{
	struct capture_file *c = NULL;
	struct reason r = { 0 };
	int fds[2];
	size_t n = 0;

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
	close(fds[0]);
	f->fd = fds[1];
	*ret_err = capture_file_open(&c, "-", feed, f, &r);
	while (!*ret_err) {
		*ret_err = capture_file_next(c, ret_last, &r);
		if (*ret_err != 1)
			break;
		*ret_err = 0;
		n++;
	}
	capture_file_close(c);
	return n;
}

Test(capture_file, pipe_in_pieces)
{
	static const size_t pieces[] = { 1, 7, 24, 4096 };
	const struct captures_spec spec = { .format = CAPTURES_PCAP_LE };
	struct image images[2];
	struct sent *frames;
	size_t n = make_frames(&frames);

	make_image(&images[0], &spec, frames, CUT_FRAMES);
	compress_image(&images[1], &images[0], 3);
	for (size_t i = 0; i < 2 * sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct feeder f = { .image = &images[i % 2], .piece = pieces[i / 2] };
		struct capture_frame last;
		size_t got;
		int err;

		f.stop_at = f.image->len;
		got = read_fed(&f, &last, &err);
		cr_expect_eq(got, CUT_FRAMES, "%s, %zu bytes at a time: got %zu frames, want %d",
			     i % 2 ? "compressed" : "plain", f.piece, got, CUT_FRAMES);
	}
	free(images[0].bytes);
	free(images[1].bytes);
	free_frames(frames, n);
}

/* A frame is there when its last byte is: nothing behind it is waited for. */
Test(capture_file, pipe_is_not_read_ahead)
{
	const struct captures_spec spec = { .format = CAPTURES_PCAP_LE };
	struct image image;
	struct sent *frames;
	size_t n = make_frames(&frames);

	make_image(&image, &spec, frames, CUT_FRAMES);
	for (size_t cut = HEADER; cut < image.len; cut++) {
		struct feeder f = { .image = &image, .piece = 1, .stop_at = cut };
		struct capture_frame last;
		bool between;
		size_t want = frames_before(frames, CUT_FRAMES, cut, &between);
		int err;
		size_t got = read_fed(&f, &last, &err);

		cr_expect_eq(got, want, "%zu bytes: got %zu frames, want %zu", cut, got, want);
		cr_expect_eq(err, -EINTR, "%zu bytes: got %d", cut, err);
		close(f.fd);
	}
	free(image.bytes);
	free_frames(frames, n);
}
