#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# deb.sh TARBALL OUT: Debian's packages of the sources in TARBALL, source and binary, in OUT, with
# the log of their making. The unit tests run, too, unless DEB_BUILD_OPTIONS has nocheck.
set -euo pipefail

command -v dpkg-buildpackage >/dev/null || {
	echo "deb.sh: dpkg-buildpackage is not here; on Debian: sudo packaging/deps.sh build deb" >&2
	exit 1
}
tarball=$(realpath "$1")
out=$(realpath -m "$2")
name=$(basename "$tarball" .tar.gz)
version=${name#xdptail-}
# What was made before belongs to other sources.
rm -rf "$out"
mkdir -p "$out"
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

cp "$tarball" "$work/xdptail_$version.orig.tar.gz"
tar -C "$work" -xzf "$tarball"
cp -r "$work/$name/packaging/debian" "$work/$name/debian"
cd "$work/$name"
echo "deb.sh: some minutes; what dpkg-buildpackage says is in $out/build.log" >&2
# Nothing of the make that calls us, whose O= is not that of the package.
if ! env -i PATH="$PATH" HOME="$HOME" TZ="${TZ:-}" LC_ALL="${LC_ALL:-C.UTF-8}" \
	DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-}" DEB_BUILD_PROFILES="${DEB_BUILD_PROFILES:-}" \
	dpkg-buildpackage --no-sign >"$out/build.log" 2>&1; then
	tail -n 40 "$out/build.log" >&2
	echo "deb.sh: dpkg-buildpackage failed; all it said is in $out/build.log" >&2
	exit 1
fi
cd "$work"
find . -maxdepth 1 -type f -exec mv -t "$out" {} +
