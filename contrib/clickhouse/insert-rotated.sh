#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# insert-rotated.sh URL FILE: put the files FILE.TIME that xdptail has rotated into ClickHouse, the
# oldest first, and delete each that it has taken. The first that it does not take ends it, and is
# there next time. Killed in between, a file is put twice: duplicates become one row (README.md).
set -euo pipefail

url=$1 file=$2
settings='date_time_input_format=best_effort&input_format_skip_unknown_fields=1'
# By the names that xdptail gives: what others have renamed may still be written to.
for old in "$file".????????T??????.??????Z*; do
	[ -e "$old" ] || continue # there are none
	zcat -f -- "$old" | curl -sS --fail -X POST -T - \
		"$url/?$settings&query=INSERT+INTO+xdptail.stream+FORMAT+JSONEachRow"
	rm -- "$old"
done
