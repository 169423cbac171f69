/* SPDX-License-Identifier: BSD-2-Clause */
/* Output to a socket that a reader listens on. While there is no reader, lines are kept as long as
 * they fit the queue, and connecting is retried: such an output never ends by itself.
 *
 * A line counts as written when the kernel has accepted it whole. What a reader had not read when
 * it died is lost with it: a gap in record_seq shows that, and disconnects counts the event. A
 * partly sent line is sent again, whole, on the next connection.
 */
#ifndef OUTPUT_SOCKET_H
#define OUTPUT_SOCKET_H

#include "base/reason.h"
#include "output/driver.h"
#include "output/endpoint.h"
#include "output/encoder.h"

/* Open the output. Copies endpoint and encoder. 0, or -ENOMEM with a message in err. */
int socket_open(struct driver *ret, const struct endpoint *endpoint, const struct encoder *encoder,
		struct reason *why);

/* unix:PATH, a stream socket: lines without headers. */
extern const struct output_kind unix_kind;

#endif
