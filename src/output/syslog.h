/* SPDX-License-Identifier: BSD-2-Clause */
/* A syslog daemon, here or on another host. Never by syslog(3), which waits for a daemon that does
 * not read. What a target looks like says which form its messages have:
 *
 *   /PATH, unix:/PATH        the local form of RFC 3164, as on /dev/log
 *   unix:///PATH             RFC 5424: datagrams, or a stream of lines where there is one
 *   udp://HOST[:514]         RFC 5424 in datagrams of at most 1232 bytes, which fit every path
 *   tcp://HOST[:514]         RFC 5424, octets counted (RFC 6587)
 */
#ifndef OUTPUT_SYSLOG_H
#define OUTPUT_SYSLOG_H

#include "output/driver.h"

extern const struct output_kind syslog_kind;

#endif
