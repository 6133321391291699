#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-store on 200,000 container records of a file, beside sqlite3 that
# imports the same lines as they are into a table of one column: a log (WAL),
# synchronous=FULL and a transaction for every 10,000 lines for both.
# usage: sh bench/store.sh [RUNS]
build=${DM_BUILD:-build}
here=$(dirname "$0")
runs=${1:-5}
tmp=$(mktemp -d) || exit 4
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

"$build/bench/gen-records" 1000 200 >"$tmp/records" || exit 4
n=$(wc -l <"$tmp/records")
split -l 10000 "$tmp/records" "$tmp/part."

# dmon-store passes the records on as well; sqlite3 has nothing like it.
cat >"$tmp/ours" <<END
rm -f $tmp/ours.db*
exec $build/dmon-store -d $tmp/ours.db $tmp/records >/dev/null
END
{
	echo "rm -f $tmp/theirs.db*"
	echo "exec sqlite3 $tmp/theirs.db >/dev/null <<END"
	echo "pragma journal_mode=wal;"
	echo "pragma synchronous=full;"
	echo "create table t(line text);"
	echo ".mode tabs" # of which there are none
	for part in "$tmp"/part.*; do # each .import is a transaction
		echo ".import $part t"
	done
	echo END
} >"$tmp/theirs"

clock() { # SCRIPT
	begun=$(date +%s%N)
	sh "$1" || exit 4
	echo $((($(date +%s%N) - begun) / 1000000))
}
# Both have it all?
sh "$tmp/ours" && sh "$tmp/theirs" || exit 4
sqlite3 "$tmp/theirs.db" 'select line from t order by rowid' |
	cmp - "$tmp/records" || exit 4
"$build/dmon-replay" -d "$tmp/ours.db" | cmp - "$tmp/records" || exit 4
echo "$n records, $(wc -c <"$tmp/records") bytes;" \
	"databases of $(wc -c <"$tmp/ours.db") and $(wc -c <"$tmp/theirs.db")"
for i in $(seq "$runs"); do
	echo "$(clock "$tmp/ours") $(clock "$tmp/theirs")"
done >"$tmp/times"
median() { # COLUMN
	cut -d ' ' -f "$1" "$tmp/times" | sort -n |
		sed -n "$(((runs + 1) / 2))p"
}
ours=$(median 1) theirs=$(median 2)
echo "dmon-store: $ours ms, $((n * 1000 / ours)) records/s;" \
	"sqlite3: $theirs ms, $((n * 1000 / theirs)) lines/s;" \
	"theirs/ours $(awk "BEGIN { printf \"%.2f\", $theirs / $ours }")" \
	"(wall clock, medians of $runs)"
/usr/bin/python3 "$here/pairs.py" "$runs" "sh $tmp/ours" "sh $tmp/theirs" |
	sed "s#$tmp/##"
