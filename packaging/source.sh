#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# source.sh TARBALL BUILT: the sources as a tarball, under the directory that it is named for: of a
# checkout what git tracks, as it lies there; elsewhere every file outside BUILT. The same bytes for
# the same contents.
set -euo pipefail

tarball=$(realpath -m "$1")
built=$(realpath -m "$2")
cd "$(dirname "$0")/.."
top=$(pwd -P)
name=$(basename "$tarball" .tar.gz)
# That of the latest entry: the tarball changes with its contents, and with nothing else.
latest=$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -n 1)

git_here() {
	git -c safe.directory="$top" "$@" 2>/dev/null
}

files() {
	if [ "$(git_here rev-parse --show-toplevel)" = "$top" ]; then
		git_here ls-files
	else
		find . -path "./$(realpath --relative-to=. "$built")" -prune -o -type f -printf '%P\n'
	fi
}

existing() {
	while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

mkdir -p "$(dirname "$tarball")"
files | existing | LC_ALL=C sort |
	tar --create --no-recursion --files-from=- --transform="s|^|$name/|" --format=ustar \
		--mtime="$latest" --owner=0 --group=0 --numeric-owner --mode=u+rw,go-w,a+rX |
	gzip -9n >"$tarball.new"
mv "$tarball.new" "$tarball"
