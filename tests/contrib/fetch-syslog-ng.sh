#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-syslog-ng.sh DIR: unpack Debian's syslog-ng into DIR, once, and print DIR. Its package
# excludes rsyslog's, so it can't be installed beside it. SYSLOG_NG=DIR has the system tests use it,
# too.
set -eu

mkdir -p "$1"
root=$(cd "$1" && pwd)
if ! [ -x "$root/usr/sbin/syslog-ng" ]; then
	debs=$(mktemp -d)
	trap 'rm -rf "$debs"' EXIT
	chmod 0755 "$debs"
	(cd "$debs" && apt-get -q download syslog-ng-core libivykis0 libnet1 libwrap0) >&2
	for deb in "$debs"/*.deb; do
		dpkg -x "$deb" "$root"
	done
fi
echo "$root"
