#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Which layer may include which of our headers (HACKING.md). Anything else fails, and so does
# a source file in no layer.
set -euo pipefail
cd "$(dirname "$0")/.."

# file (a pattern), then the headers it may include (patterns)
rules() {
	cat <<-'TABLE'
		include/xdptail.h
		bpf/abi.h
		bpf/parse_link.h     abi.h
		bpf/parse.h          abi.h parse_link.h
		bpf/parse_tunnel.h   abi.h parse.h
		bpf/sample.h         abi.h
		bpf/xdptail.bpf.c    abi.h parse.h parse_tunnel.h sample.h
		src/lib/object.c     base/* lib/* abi.h xdptail.h xdptail_*.skel.h
		src/lib/replay.c     base/* lib/* abi.h parse.h parse_tunnel.h sample.h xdptail.h
		src/lib/tunnel.c     base/* lib/* abi.h parse_tunnel.h xdptail.h
		src/lib/*            base/* lib/* abi.h xdptail.h
		src/base/*           base/*
		src/json/*           base/* json/*
		src/record/*         xdptail.h base/* json/* record/*
		src/output/*         base/* output/* record/record.h record/record_values.h
		src/app/main.c       xdptail.h base/* app/* record/record.h output/outputs.h
		src/app/metrics_file.c base/* app/* output/file_lock.h
		src/app/*            xdptail.h base/* json/* app/* record/record.h output/outputs.h
	TABLE
}

allowed() { # FILE: the headers it may include; the first rule that fits is its
	while read -r pattern headers; do
		# shellcheck disable=SC2254 # patterns on purpose
		case $1 in
		$pattern)
			echo "$headers"
			return 0
			;;
		esac
	done < <(rules)
	return 1
}

fits() { # HEADER PATTERNS…
	local header=$1 pattern
	shift
	for pattern in "$@"; do
		# shellcheck disable=SC2254
		case $header in
		$pattern) return 0 ;;
		esac
	done
	return 1
}

status=0
set -f
for file in $(set +f && ls include/*.h bpf/*.[ch] src/*/*.[ch]); do
	if ! headers=$(allowed "$file"); then
		echo "$file: is in no layer"
		status=1
		continue
	fi
	while read -r header; do
		# shellcheck disable=SC2086 # a list of patterns
		if ! fits "$header" $headers; then
			echo "$file: may not include $header"
			status=1
		fi
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$file")
done
set +f

# The app is a client of the public header: no libbpf, and field names are record.c's alone.
if grep -l '#include <bpf/' src/app/*.[ch] src/json/*.[ch] src/record/*.[ch] src/output/*.[ch]; then
	echo "libbpf is used only in src/lib"
	status=1
fi
exit $status
