#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Comments wrap at 100 columns: clang-format sees to those of C, and this to those that begin with
# "#" or "--", of scripts, configurations and SQL.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0
while IFS= read -r -d '' file; do
	expand -- "$file" | grep -nE '^ *(#|--) .*' | grep -E '^[0-9]+:.{101}' | sed "s|^|$file:|" &&
		status=1
done < <(git ls-files -z -- . ':!*.[ch]' ':!*.md' ':!*.jsonl' ':!*.svg' ':!*.txt' ':!LICENSES')
[ "$status" -eq 0 ] || echo "width.sh: these comments are wider than 100 columns" >&2
exit "$status"
