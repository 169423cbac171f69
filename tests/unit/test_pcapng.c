// SPDX-License-Identifier: BSD-2-Clause
/* Files of several interfaces and sections, each with its own ways, and what is wrong in broken
 * ones. Whole captures are test_capture_file.c's.
 */
#include <errno.h>
#include <inttypes.h>

#include <criterion/criterion.h>

#include "frame.h"
#include "lib/pcapng.h"

/* Blocks as hex, in the order of the machines that most files come from. */
#define SECTION		     "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ff*8 1c000000 "
#define SECTION_BIG	     "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ff*8 0000001c "
#define INTERFACE(link)	     "01000000 14000000 " link " 0000 00000000 14000000 "
#define INTERFACE_SNAP(snap) "01000000 14000000 0100 0000 " snap " 14000000 "
#define INTERFACE_BIG	     "00000001 00000014 0071 0000 00000000 00000014 "
#define RESOLUTION(of)	     "01000000 1c000000 0100 0000 00000000 0900 0100 " of "000000 1c000000 "
#define OFFSET(s)	     "01000000 24000000 0100 0000 00000000 0e00 0800 " s " 0000 0000 24000000 "
#define FCS(of)		     "01000000 1c000000 0100 0000 00000000 0d00 0100 " of "000000 1c000000 "
#define PACKET_AT(number, high, low) \
	"06000000 24000000 " number " " high " " low " 03000000 40000000 616263 00 24000000 "
#define PACKET(number) PACKET_AT(number "000000", "00000000", "40420f00")
#define PACKET_BIG     "00000006 00000024 00*4 00*4 000f4240 00000003 00000040 616263 00 00000024 "
#define PACKET_OLD     "02000000 24000000 0000 0000 00*4 40420f00 03000000 40000000 616263 00 24000000 "
#define PACKET_OPTION(of) \
	"06000000 2c000000 00*4 00*4 40420f00 03000000 40000000 616263 00 " of " 2c000000 "
#define PACKET_FLAGS(flags) PACKET_OPTION("0200 0400 " flags)
#define PACKET_SIMPLE(of)   "03000000 14000000 " of " 616263 00 14000000 "
#define UNKNOWN		    "adde0000 10000000 deadbeef 10000000 "

struct want {
	uint16_t link_type;
	uint64_t timestamp_ns;
	uint32_t wire_len;
	uint32_t fcs_len;
};

#define WANTS  5
#define SECOND 1000000000

static const struct {
	const char *name;
	const char *hex;
	struct want want[WANTS]; /* up to one of no length; each is "abc" */
	const char *why; /* NULL: it ends well */
} files[] = {
	{ "an interface and no packet", SECTION INTERFACE("0100"), { { 0 } }, NULL },
	{ "two links",
	  SECTION INTERFACE("0100") INTERFACE("6500") PACKET("01") PACKET("00"),
	  { { 101, SECOND, 64, 0 }, { 1, SECOND, 64, 0 } },
	  NULL },
	{ "an interface behind a packet",
	  SECTION INTERFACE("0100") PACKET("00") INTERFACE("7100") PACKET("01"),
	  { { 1, SECOND, 64, 0 }, { 113, SECOND, 64, 0 } },
	  NULL },
	{ "five interfaces",
	  SECTION INTERFACE("0100") INTERFACE("0200") INTERFACE("0300") INTERFACE("0400")
		  INTERFACE("0500") PACKET("04") PACKET("00"),
	  { { 5, SECOND, 64, 0 }, { 1, SECOND, 64, 0 } },
	  NULL },
	{ "two sections: interfaces are counted anew",
	  SECTION INTERFACE("0100") PACKET("00") SECTION INTERFACE("6500") PACKET("00"),
	  { { 1, SECOND, 64, 0 }, { 101, SECOND, 64, 0 } },
	  NULL },
	{ "two sections of different byte orders",
	  SECTION INTERFACE("0100") PACKET("00") SECTION_BIG INTERFACE_BIG PACKET_BIG,
	  { { 1, SECOND, 64, 0 }, { 113, SECOND, 64, 0 } },
	  NULL },
	{ "resolutions: nanoseconds, seconds, 2^-20",
	  SECTION RESOLUTION("09") RESOLUTION("00") RESOLUTION("94") PACKET("00") PACKET("01")
		  PACKET("02"),
	  { { 1, 1000000, 64, 0 },
	    { 1, UINT64_C(1000000) * SECOND, 64, 0 },
	    { 1, 953674316, 64, 0 } },
	  NULL },
	{ "the finest resolutions",
	  SECTION RESOLUTION("13") RESOLUTION("bf") PACKET_AT("00000000", "00000080", "00000000")
		  PACKET_AT("01000000", "00000080", "00000000"),
	  { { 1, 922337203, 64, 0 }, { 1, SECOND, 64, 0 } },
	  NULL },
	{ "an offset, a negative one, one that leaves nothing",
	  SECTION OFFSET("0a*1 00*7") OFFSET("ff*8") OFFSET("fe ff*7") PACKET("00") PACKET("01")
		  PACKET("02"),
	  { { 1, UINT64_C(11) * SECOND, 64, 0 }, { 1, 0, 64, 0 }, { 1, 0, 64, 0 } },
	  NULL },
	{ "a time beyond what there is",
	  SECTION RESOLUTION("00") PACKET_AT("00000000", "ffffffff", "ffffffff"),
	  { { 1, UINT64_MAX, 64, 0 } },
	  NULL },
	{ "a packet of the obsolete kind",
	  SECTION INTERFACE("0100") PACKET_OLD,
	  { { 1, SECOND, 64, 0 } },
	  NULL },
	{ "simple packets: whole, cut by the interface",
	  SECTION INTERFACE_SNAP("03000000") PACKET_SIMPLE("03000000") PACKET_SIMPLE("40000000"),
	  { { 1, 0, 3, 0 }, { 1, 0, 64, 0 } },
	  NULL },
	{ "simple packets have no time: that of the one before",
	  SECTION INTERFACE("0100") PACKET_SIMPLE("03000000") PACKET("00")
		  PACKET_SIMPLE("03000000"),
	  { { 1, 0, 3, 0 }, { 1, SECOND, 64, 0 }, { 1, SECOND, 3, 0 } },
	  NULL },
	{ "check sequences of an interface: 4 bytes, 32 bits, 16 bits, none",
	  SECTION FCS("04") FCS("20") FCS("10") FCS("00") PACKET("00") PACKET("01") PACKET("02")
		  PACKET("03"),
	  { { 1, SECOND, 64, 4 },
	    { 1, SECOND, 64, 4 },
	    { 1, SECOND, 64, 2 },
	    { 1, SECOND, 64, 0 } },
	  NULL },
	{ "check sequences of packets: 4 bytes, not said",
	  SECTION INTERFACE("0100") PACKET_FLAGS("81000000") PACKET_FLAGS("01000000"),
	  { { 1, SECOND, 64, 4 }, { 1, SECOND, 64, 0 } },
	  NULL },
	{ "a packet's flags go before its interface, if they say it",
	  SECTION FCS("04") PACKET_FLAGS("41000000") PACKET_FLAGS("01000000"),
	  { { 1, SECOND, 64, 2 }, { 1, SECOND, 64, 4 } },
	  NULL },
	{ "options of a packet that are longer than its block",
	  SECTION INTERFACE("0100") PACKET_OPTION("0100 0500 00000000"),
	  { { 1, SECOND, 64, 0 } },
	  NULL },
	{ "other blocks",
	  UNKNOWN SECTION UNKNOWN INTERFACE("0100") UNKNOWN PACKET("00") UNKNOWN,
	  { { 1, SECOND, 64, 0 } },
	  NULL },
	{ "more kept than the interface keeps",
	  SECTION INTERFACE_SNAP("01000000") PACKET("00"),
	  { { 1, SECOND, 64, 0 } },
	  NULL },

	{ "nothing", "", { { 0 } }, "describes no interface" },
	{ "no interface", SECTION UNKNOWN, { { 0 } }, "describes no interface" },
	{ "a packet before its interface", SECTION PACKET("00"), { { 0 } }, "is not described" },
	{ "a simple packet before its interface",
	  SECTION PACKET_SIMPLE("03000000"),
	  { { 0 } },
	  "is not described" },
	{ "a packet of no interface",
	  SECTION INTERFACE("0100") PACKET("00") PACKET("01"),
	  { { 1, SECOND, 64, 0 } },
	  "is not described" },
	{ "a packet of the interface of another section",
	  SECTION INTERFACE("0100") INTERFACE("0100") PACKET("01") SECTION INTERFACE("0100")
		  PACKET("01"),
	  { { 1, SECOND, 64, 0 } },
	  "is not described" },
	{ "no byte order",
	  "0a0d0d0a 1c000000 4d3c2b1b 0100 0000 ff*8 1c000000",
	  { { 0 } },
	  "has no byte order" },
	{ "version 2",
	  "0a0d0d0a 1c000000 4d3c2b1a 0200 0000 ff*8 1c000000",
	  { { 0 } },
	  "another version" },
	{ "a section too short",
	  "0a0d0d0a 10000000 4d3c2b1a 10000000",
	  { { 0 } },
	  "another version" },
	{ "a section of no body",
	  "0a0d0d0a 0c000000 4d3c2b1a 0c000000",
	  { { 0 } },
	  "a length that cannot be" },
	{ "a block of 8 bytes", SECTION "01000000 08000000", { { 0 } }, "a length that cannot be" },
	{ "a block of 21 bytes",
	  SECTION "01000000 15000000 00*9 15000000",
	  { { 0 } },
	  "a length that cannot be" },
	{ "a block beyond 16 MiB that breaks off",
	  SECTION "01000000 04000001 00*9",
	  { { 0 } },
	  "ends within a block" },
	{ "another length at the end",
	  SECTION INTERFACE("0100") "06000000 0c000000 10000000",
	  { { 0 } },
	  "another length at its end" },
	{ "an interface too short",
	  SECTION "01000000 10000000 01000000 10000000",
	  { { 0 } },
	  "too short" },
	{ "a packet too short",
	  SECTION INTERFACE("0100") "06000000 1c000000 00*16 1c000000",
	  { { 0 } },
	  "too short" },
	{ "a simple packet too short",
	  SECTION INTERFACE("0100") "03000000 0c000000 0c000000",
	  { { 0 } },
	  "too short" },
	{ "a packet longer than its block",
	  SECTION INTERFACE("0100") "06000000 24000000 00*12 05000000 40000000 616263 00 24000000",
	  { { 0 } },
	  "longer than its block" },
	{ "a simple packet longer than its block",
	  SECTION INTERFACE("0100") PACKET_SIMPLE("05000000"),
	  { { 0 } },
	  "longer than its block" },
	{ "an option longer than its block",
	  SECTION "01000000 18000000 0100 0000 00000000 0900 0100 18000000",
	  { { 0 } },
	  "an option that is longer" },
	{ "a resolution of 10^-20", SECTION RESOLUTION("14"), { { 0 } }, "finer than" },
	{ "a resolution of 2^-64", SECTION RESOLUTION("c0"), { { 0 } }, "finer than" },
};

#define FILES (sizeof(files) / sizeof(files[0]))

static FILE *open_hex(const char *hex, size_t cut, uint8_t **ret_bytes)
{
	size_t len = frame_unhex(hex, NULL);
	FILE *file;

	*ret_bytes = malloc(len + 1);
	cr_assert_not_null(*ret_bytes);
	(void)frame_unhex(hex, *ret_bytes);
	file = len > cut ? fmemopen(*ret_bytes, len - cut, "rb") : fopen("/dev/null", "rbe");
	cr_assert_not_null(file, "%s", strerror(errno));
	return file;
}

static bool packet_is(const char *name, const struct pcapng_packet *got, const struct want *want)
{
	if (got->len == 3 && !memcmp(got->data, "abc", 3) && got->link_type == want->link_type &&
	    got->timestamp_ns == want->timestamp_ns && got->wire_len == want->wire_len &&
	    got->fcs_len == want->fcs_len && got->reach == got->len)
		return true;
	fprintf(stderr,
		"%s: got %zu bytes of %u, %u of them FCS, link %u, at %" PRIu64
		"; want 3 of %u, %u, %u, %" PRIu64 "\n",
		name, got->len, got->wire_len, got->fcs_len, got->link_type, got->timestamp_ns,
		want->wire_len, want->fcs_len, want->link_type, want->timestamp_ns);
	return false;
}

static void expect_file(size_t f)
{
	const char *name = files[f].name;
	const char *why = "";
	struct pcapng *p = NULL;
	struct pcapng_packet got = { 0 };
	uint8_t *bytes;
	FILE *file = open_hex(files[f].hex, 0, &bytes);
	int more = pcapng_open(&p, file, &why);

	if (more)
		(void)fclose(file);
	else
		more = pcapng_next(p, &got);
	for (size_t i = 0; files[f].want[i].wire_len; i++) {
		cr_assert_eq(more, 1, "%s: packet %zu: got %d", name, i, more);
		cr_expect(packet_is(name, &got, &files[f].want[i]), "%s: packet %zu: see above",
			  name, i);
		more = pcapng_next(p, &got);
	}
	cr_expect_eq(more, files[f].why ? -EBADMSG : 0, "%s: at the end: got %d", name, more);
	if (files[f].why) {
		why = p ? pcapng_why(p) : why;
		cr_expect_not_null(strstr(why, files[f].why), "%s: got \"%s\", want \"%s\"", name,
				   why, files[f].why);
	}
	pcapng_close(p);
	free(bytes);
}

Test(pcapng, files)
{
	for (size_t f = 0; f < FILES; f++)
		expect_file(f);
}

/* A file that ends too soon is whole only between two blocks; every byte less is seen. */
Test(pcapng, cut_anywhere)
{
	static const char hex[] = SECTION INTERFACE("0100") PACKET("00");
	size_t len = frame_unhex(hex, NULL);

	for (size_t cut = 1; cut <= len; cut++) {
		struct pcapng *p = NULL;
		struct pcapng_packet got;
		const char *why = "";
		uint8_t *bytes;
		FILE *file = open_hex(hex, cut, &bytes);
		int err = pcapng_open(&p, file, &why);
		int want = cut > 36 ? -EBADMSG : 0; /* behind the interface it opens */

		cr_expect_eq(err, want, "cut by %zu: got %d, want %d: %s", cut, err, want, why);
		if (err) {
			(void)fclose(file);
		} else {
			want = cut == 36 ? 0 : -EBADMSG;
			err = pcapng_next(p, &got);
			cr_expect_eq(err, want, "cut by %zu: next: got %d, want %d", cut, err,
				     want);
		}
		pcapng_close(p);
		free(bytes);
	}
}

static void put(FILE *file, const char *hex)
{
	uint8_t bytes[256];
	size_t len = frame_unhex(hex, NULL);

	cr_assert_leq(len, sizeof(bytes));
	(void)frame_unhex(hex, bytes);
	cr_assert_eq(fwrite(bytes, 1, len, file), len);
}

/* In the byte order of the section. */
static void put32(FILE *file, uint32_t value)
{
	const uint8_t bytes[] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
				  (uint8_t)(value >> 24) };

	cr_assert_eq(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
}

#define LONG_BYTES (17U << 20) /* of a body; Wireshark writes up to 128 MiB */

/* A block of another kind, and a packet, both of that length; then one as it should be. */
Test(pcapng, long_blocks)
{
	static const uint8_t chunk[1U << 20] = { 'a', 'b', 'c' };
	struct pcapng_packet got = { 0 };
	struct pcapng *p = NULL;
	const char *why = "";
	FILE *file = tmpfile();

	cr_assert_not_null(file);
	put(file, SECTION INTERFACE("0100"));
	for (uint32_t type = 5; type <= 6; type++) {
		put32(file, type);
		put32(file, LONG_BYTES + 20 + 12);
		put(file, "00*4 00*4 40420f00");
		put32(file, LONG_BYTES);
		put32(file, LONG_BYTES + 1);
		for (size_t done = 0; done < LONG_BYTES; done += sizeof(chunk))
			cr_assert_eq(fwrite(chunk, 1, sizeof(chunk), file), sizeof(chunk));
		put32(file, LONG_BYTES + 20 + 12);
	}
	put(file, PACKET("00"));
	rewind(file);
	cr_assert_eq(pcapng_open(&p, file, &why), 0, "%s", why);
	cr_assert_eq(pcapng_next(p, &got), 1, "%s", pcapng_why(p));
	cr_expect_eq(got.len, LONG_BYTES, "len: got %zu", got.len);
	cr_expect_eq(got.wire_len, LONG_BYTES + 1, "wire_len: got %u", got.wire_len);
	cr_expect_eq(memcmp(got.data, chunk, 4), 0);
	cr_expect_geq(got.reach, 65536, "reach: got %zu", got.reach);
	cr_expect_leq(got.reach, 1U << 20, "reach: got %zu", got.reach);
	cr_assert_eq(pcapng_next(p, &got), 1, "%s", pcapng_why(p));
	cr_expect_eq(got.len, 3, "len: got %zu", got.len);
	cr_expect_eq(pcapng_next(p, &got), 0, "%s", pcapng_why(p));
	pcapng_close(p);
}

/* In each section as many as there may be, and in the second one more. */
Test(pcapng, too_many_interfaces)
{
	struct pcapng_packet got = { 0 };
	struct pcapng *p = NULL;
	const char *why = "";
	FILE *file = tmpfile();

	cr_assert_not_null(file);
	for (size_t section = 0; section < 2; section++) {
		put(file, SECTION);
		for (size_t i = 0; i < PCAPNG_INTERFACES_MAX + section; i++)
			put(file, INTERFACE("0100"));
		put(file, PACKET_AT("ffff0000", "00000000", "40420f00"));
	}
	rewind(file);
	cr_assert_eq(pcapng_open(&p, file, &why), 0, "%s", why);
	cr_assert_eq(pcapng_next(p, &got), 1, "%s", pcapng_why(p));
	cr_expect_eq(pcapng_next(p, &got), -EBADMSG);
	cr_expect_not_null(strstr(pcapng_why(p), "more than 65536 interfaces"), "got \"%s\"",
			   pcapng_why(p));
	pcapng_close(p);
}

/* Its options could not be read to their end. */
Test(pcapng, long_interface)
{
	static const uint8_t comment[65536];
	struct pcapng *p = NULL;
	const char *why = "";
	FILE *file = tmpfile();
	uint32_t total = 20 + 5 * (4 + 65532);

	cr_assert_not_null(file);
	put(file, SECTION);
	put32(file, 1);
	put32(file, total);
	put(file, "0100 0000 00000000");
	for (int i = 0; i < 5; i++) {
		put(file, "0100 fcff");
		cr_assert_eq(fwrite(comment, 1, 65532, file), 65532);
	}
	put32(file, total);
	rewind(file);
	cr_expect_eq(pcapng_open(&p, file, &why), -EBADMSG);
	cr_expect_not_null(strstr(why, "longer than 256 KiB"), "got \"%s\"", why);
	(void)fclose(file);
}
