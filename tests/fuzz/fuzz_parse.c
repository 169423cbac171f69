// SPDX-License-Identifier: BSD-2-Clause
/* A frame, as an interface of each kind would hand it over, through all programs' parsers. */
#include "frames.h"
#include "fuzz.h"
#include "view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (enum parse_link link = 0; link < PARSE_LINK_MAX; link++) {
		struct frame_bytes frame;
		struct view_inner view;

		frame_copy(&frame, link, data, size);
		FUZZ_CHECK(view_look_inner("input", &frame, link, &view), "link %u: see above",
			   link);
		frame_free(&frame);
	}
	return 0;
}
