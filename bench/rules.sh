#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# All shipped rules over what dmon-collect says of many containers: dmon-match
# on a file of that; then live, beside Prometheus with the same rule files,
# which scrapes the same sweeps, and once more without rules, for what its
# scraping costs.
# usage: sh bench/rules.sh [SWEEPS [CONTAINERS]]
# Needs root. DM_BUILD is the build folder.
build=${DM_BUILD:-build}
here=$(dirname "$0")
sweeps=${1:-60}
tmp=$(mktemp -d) || exit 4
making=
trap 'kill $making 2>/dev/null && wait $making; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

mkfifo "$tmp/in"
"$build/bench/mkcontainers" -n "${2:-1000}" 0<>"$tmp/in" >"$tmp/ready" &
making=$!
until [ -s "$tmp/ready" ]; do
	kill -0 $making 2>/dev/null || exit 4
	sleep 0.2
done

# The same rules with each group at each sweep.
mkdir "$tmp/often" "$tmp/none" "$tmp/with" "$tmp/without"
for file in "$here"/../rules/*.yml; do
	case $file in
	*.test.yml) ;;
	*) sed '/^ *interval:/d' "$file" >"$tmp/often/${file##*/}" ;;
	esac
done

"$build/dmon-collect" -i 1 -n "$sweeps" >"$tmp/records" || exit 4
wc -c <"$tmp/records" | awk -v n="$sweeps" \
	'{ printf "%d sweeps, %.1f MB each; as they are, then all at 1 s:\n",
		n, $1 / n / 1e6 }'
/usr/bin/python3 "$here/pairs.py" 3 \
	"$build/dmon-match -r $here/../rules $tmp/records" \
	"$build/dmon-match -r $tmp/often $tmp/records" >"$tmp/pairs" || exit 4
sed '$d' "$tmp/pairs" | awk -v n="$sweeps" \
	'{ printf "%6.1f ms a sweep  %s\n", 1000 * $1 / n, $0 }'
rm "$tmp/records"

live() { # RULES FOLDER
	"$build/dmon-collect" -i 1 -n "$sweeps" | /usr/bin/python3 \
		"$here/rules.py" "$2" 10 "$1" "$build/dmon-match"
}
echo "live, the rules as they are:"
live "$here/../rules" "$tmp/with"
echo "live, without rules:"
echo 'groups: []' >"$tmp/none/none.yml"
live "$tmp/none" "$tmp/without"
