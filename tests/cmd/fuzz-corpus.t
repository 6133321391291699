#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every input that fuzzing has kept, through its target.
. "$(dirname "$0")/lib.sh"

for target in "$build"/tests/fuzz/fuzz-*; do
	[ -f "$target" ] && [ -x "$target" ] || continue
	name=${target##*/fuzz-}
	case $name in *.*) continue ;; esac
	find "tests/fuzz/corpus/$name" -type f -print0 2>/dev/null |
		xargs -0 "$target" >"$T/out" 2>&1
	ok $? "$name: $(find "tests/fuzz/corpus/$name" -type f | wc -l) inputs"
	sed 's/^/#   /' "$T/out" | head -n 40
done
done_testing
