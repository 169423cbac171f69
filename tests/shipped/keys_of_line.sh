#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keys_of_line.sh LINE.C: the keys of the stream, one a line, in the four ways in which they are
# written there: a row of packet_fields, what add…() takes, a KEY_… of its own, and within a
# literal.
set -eu

{
	sed -n '/packet_fields\[\] = {/,/^};/s/^	{ "\([a-z0-9_]*\)", FIELD_.*/\1/p' "$1"
	grep -o '\badd[a-z0-9_]*(&\?[jr], "[a-z0-9_]*"' "$1" | sed 's/.*"\(.*\)"/\1/'
	sed -n 's/^#define KEY_[A-Z_]*[ 	]*"\([a-z0-9_]*\)".*/\1/p' "$1"
	grep -o '\\"[a-z0-9_][a-z0-9_]*\\":' "$1" | tr -d '\\":'
} | sort -u
