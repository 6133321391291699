#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Run TAP tests and count: the last line is "N passed, N failed, N skipped".
# usage: [DM_BUILD=folder] sh tests/prove.sh TEST...
set -u
cd "$(dirname "$0")/.." || exit 4
log=$(mktemp)
trap 'rm -f "$log"' EXIT
jobs=$(nproc 2>/dev/null || echo 1)

prove -v -j "$jobs" --exec '' "$@" >"$log" 2>&1 3>&1
status=$?
# A test in C says what went wrong before its line; one in sh, behind it.
grep -nE '^not ok|^# (FAIL|  )|^Bail out' "$log" | sed -n '1,200p'
sed -n '/^Test Summary Report/,$p' "$log"
awk -v status="$status" '
	/^ok .*# *[Ss][Kk][Ii][Pp]/ { skipped++; sub(/^.*# */, ""); print "skipped: " $0; next }
	/^1\.\.0 .*[Ss][Kk][Ii][Pp]/ { skipped++; print "skipped: " $0; next }
	/ skipped: / && /\.\. skipped/ { next }
	/^ok / { passed++ }
	/^not ok / { failed++ }
	END {
		# One that died, or did not keep its plan, has failed too.
		if (status && !failed)
			failed = 1
		line = sprintf("%d passed, %d failed", passed, failed)
		if (skipped)
			line = line sprintf(", %d skipped", skipped)
		print line
	}' "$log"
exit "$status"
