/* SPDX-License-Identifier: BSD-2-Clause */
/* Output to a syslog daemon, on this host or another. It does not use syslog(3), which blocks if
 * the daemon does not read. The form of the target selects the format of messages:
 *
 *   /PATH, unix:/PATH        the local form of RFC 3164, as on /dev/log
 *   unix:///PATH             RFC 5424: datagrams, or a stream of lines if the listener has one
 *   udp://HOST[:514]         RFC 5424 in datagrams of at most 1232 bytes, which fit every path
 *   tcp://HOST[:514]         RFC 5424, octets counted (RFC 6587)
 */
#ifndef OUTPUT_SYSLOG_H
#define OUTPUT_SYSLOG_H

#include "output/driver.h"

extern const struct output_kind syslog_kind;

#endif
