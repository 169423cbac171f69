#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# gather.sh PROGRAM DIRECTORY: make of DIRECTORY a root in which PROGRAM runs, as /usr/sbin/NAME,
# with nothing in it but the libraries that it is linked with, on Debian. What scanners of images
# look for is there, too: what packages these are from, and their copyrights.
set -eu

program=$1
root=$2

# Each library by its real path and by the name that the loader looks for.
libraries() {
	ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p'
}

# Of files, each by its real path: dpkg knows some of them without /usr.
packages_of() { # PATH...
	# shellcheck disable=SC2046 # a list
	dpkg-query -S "$@" $(printf '%s\n' "$@" | sed 's|^/usr||') 2>/dev/null | sed 's/: .*//' >"$root/packages"
	[ "$(wc -l <"$root/packages")" -ge $# ] || {
		echo "gather.sh: not all of these are from packages: $*" >&2
		exit 1
	}
	sort -u "$root/packages"
	rm "$root/packages"
}

take_package() { # NAME[:ARCHITECTURE]
	name=${1%%:*}
	dpkg-query -s "$1" >"$root/var/lib/dpkg/status.d/$name"
	install -D -m 0644 "/usr/share/doc/$name/copyright" "$root/usr/share/doc/$name/copyright"
}

install -d -m 0755 "$root" "$root/dev" "$root/etc" "$root/proc" "$root/run" "$root/sys" \
	"$root/var/lib/dpkg/status.d" "$root/var/log/xdptail"
install -d -m 1777 "$root/tmp"
install -D -m 0755 "$program" "$root/usr/sbin/$(basename "$program")"
libraries=$(libraries)
for library in $libraries; do
	install -D -m 0755 "$(realpath "$library")" "$root$library"
done
# shellcheck disable=SC2046,SC2086 # lists
packages=$(packages_of $(realpath $libraries))
for package in $packages; do
	take_package "$package"
done
printf 'root:x:0:0:root:/:/sbin/nologin\nxdptail:x:65532:65532:xdptail:/:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nxdptail:x:65532:\n' >"$root/etc/group"
printf 'hosts: files dns\npasswd: files\n' >"$root/etc/nsswitch.conf"
