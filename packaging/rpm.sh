#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# rpm.sh TARBALL OUT: RPM packages of the sources in TARBALL, source and binary, in OUT, with the
# log of their making. Where packages are no RPMs (Debian), what is needed is not looked for, and
# systemd's macros are ours.
set -euo pipefail

command -v rpmbuild >/dev/null || {
	echo "rpm.sh: rpmbuild is not here: sudo packaging/deps.sh build rpm" >&2
	exit 1
}
tarball=$(realpath "$1")
out=$(realpath -m "$2")
packaging=$(dirname "$(realpath "$0")")
# What was made before belongs to other sources.
rm -rf "$out"
mkdir -p "$out"
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

options=(--define "_topdir $work" --define "_sourcedir $(dirname "$tarball")" --nocheck)
[ "$(rpm --eval '%{?_unitdir}')" ] || options+=(--load "$packaging/rpm/macros.systemd")
! command -v dpkg >/dev/null || options+=(--nodeps)

echo "rpm.sh: some minutes; what rpmbuild says is in $out/build.log" >&2
# Nothing of the make that calls us.
if ! env -i PATH="$PATH" HOME="$HOME" LC_ALL="${LC_ALL:-C.UTF-8}" \
	rpmbuild -ba "${options[@]}" "$packaging/rpm/xdptail.spec" >"$out/build.log" 2>&1; then
	tail -n 40 "$out/build.log" >&2
	echo "rpm.sh: rpmbuild failed; all it said is in $out/build.log" >&2
	exit 1
fi
find "$work/RPMS" "$work/SRPMS" -name '*.rpm' -exec mv -t "$out" {} +
