#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-match with ten rules beside jq with one comparison, on 200,000 container
# records; then on records of dmon-collect's own, where a file is given.
# usage: sh bench/match.sh [RUNS [RECORDS-OF-DMON-COLLECT]]
build=${DM_BUILD:-build}
here=$(dirname "$0")
tmp=$(mktemp -d) || exit 4
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

beside_jq() { # FILE RUNS
	ls -l "$1" | awk '{ printf "%.1f MB\n", $5 / 1e6 }'
	/usr/bin/python3 "$here/pairs.py" "$2" \
		"$build/dmon-match -r $here/ten-rules.yml $1" \
		"jq -c 'select(.metrics.container_processes>38)' $1"
}
"$build/bench/gen-records" 1000 200 >"$tmp/records"
beside_jq "$tmp/records" "${1:-5}"
echo "no window longer than a minute:"
sed 's/\[5m\]/[1m]/' "$here/ten-rules.yml" >"$tmp/minute.yml"
/usr/bin/python3 "$here/pairs.py" 1 \
	"$build/dmon-match -r $tmp/minute.yml $tmp/records" true | sed 1q
[ -z "${2:-}" ] || beside_jq "$2" "${1:-5}"
