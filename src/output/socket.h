/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines to a socket that somebody else listens on. While nobody does they wait, as far as there is
 * room, and it is tried again: such an output never ends by itself.
 *
 * A line counts as written when the kernel has taken it whole. What a reader had not read when it
 * died is lost with it: a gap in record_seq shows that, and disconnects says that there was one.
 * What was half sent is sent again whole, on the next connection.
 */
#ifndef OUTPUT_SOCKET_H
#define OUTPUT_SOCKET_H

#include "output/driver.h"
#include "output/endpoint.h"
#include "output/encoder.h"

/* Copies both. 0, or -ENOMEM with a sentence in err. */
int socket_open(struct driver *ret, const struct endpoint *endpoint, const struct encoder *encoder,
		char *err, size_t err_cap);

/* unix:PATH, a stream socket: the lines as they are. */
extern const struct output_kind unix_kind;

#endif
