#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-clean beside dmon-match with ten rules and jq that passes records on, on
# 200,000 container records; then what a container more takes.
# usage: sh bench/clean.sh [RUNS]
build=${DM_BUILD:-build}
here=$(dirname "$0")
tmp=$(mktemp -d) || exit 4
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

"$build/bench/gen-records" 1000 200 >"$tmp/records"
ls -l "$tmp/records" | awk '{ printf "%.1f MB\n", $5 / 1e6 }'
for peer in "$build/dmon-match -r $here/ten-rules.yml $tmp/records" \
	"jq -c . $tmp/records"; do
	/usr/bin/python3 "$here/pairs.py" "${1:-5}" \
		"$build/dmon-clean $tmp/records" "$peer"
done
for options in "--glitches off" "--missing last" \
	"--glitches remove --missing linear" --report; do
	echo "with $options:"
	/usr/bin/python3 "$here/pairs.py" 1 \
		"$build/dmon-clean $options $tmp/records" true | awk 'NR == 1'
done

for n in 1000 11000; do
	"$build/bench/gen-records" $n 12 >"$tmp/records"
	/usr/bin/python3 "$here/pairs.py" 1 \
		"$build/dmon-clean $tmp/records" true | awk 'NR == 1'
done
