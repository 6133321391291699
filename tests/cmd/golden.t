#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Golden cases: tests/golden/PROGRAM/CASE/ holds args (words of the shell), in
# (if it has any input), and what came out: out, err, status. The program runs
# in that folder. DM_GOLDEN_UPDATE=1 writes what comes out instead.
. "$(dirname "$0")/lib.sh"

# None of this is looked at by a terminal.
for case in tests/golden/*/*/; do
	case=${case%/}
	program=$(basename "$(dirname "$case")")
	name=$program/$(basename "$case")
	input=/dev/null
	[ -f "$case/in" ] && input=in
	(
		cd "$case" || exit 4
		eval "set -- $(cat args 2>/dev/null)"
		"$program" "$@" <"$input" >"$T/out" 2>"$T/err"
		echo $? >"$T/status"
	)
	if [ -n "${DM_GOLDEN_UPDATE:-}" ]; then
		for f in out err status; do
			cp "$T/$f" "$case/$f"
		done
		ok 0 "$name (written)"
		continue
	fi
	for f in out err status; do
		same "$T/$f" "$case/$f" "$name: $f"
	done
done
done_testing
