#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A damaged database: bytes flipped at random places, one more after the
# other, in the file and its log. dmon-replay and dmon-store say so or do not
# notice; they never crash or hang. 200 places; with DM_LONG=1 2,000.
. "$(dirname "$0")/lib.sh"

places=200
[ -z "${DM_LONG:-}" ] || places=2000
"$build/bench/gen-records" 20 100 >"$T/in" || skip_all "bench/gen-records"
"$build/bench/gen-records" 20 5 >"$T/more"
dmon-store -d "$T/whole.db" --only "$T/in"
# One whose records are in the log still.
mkfifo "$T/fifo"
dmon-store -d "$T/log.db" <"$T/fifo" >"$T/out" &
pid=$!
exec 9>"$T/fifo"
cat "$T/in" >&9
until_ok cmp "$T/out" "$T/in"
kill -9 $pid
exec 9>&-
wait $pid 2>/dev/null

# flip FILE BELOW: another value at a random place, of the first BELOW bytes
flip() {
	set -- "$1" "$2" $(od -An -N8 -tu4 /dev/urandom)
	at=$(($3 % $2))
	was=$(od -An -j $at -N1 -tu1 "$1")
	now=$(((was + 1 + $4 % 255) % 256))
	echo "# $at: $was -> $now" >>"$T/flips"
	printf "\\$(printf %03o $now)" |
		dd of="$1" bs=1 seek=$at conv=notrunc 2>/dev/null
}

failed=0 noticed=0
try() { # PROGRAM...; on the damaged copy
	timeout 20 "$@" >"$T/out" 2>"$T/err"
	status=$?
	case $status in
	0) ;;
	4)
		noticed=$((noticed + 1))
		grep -q '^dmon-[a-z]*: .*bad\.db: ' "$T/err" || {
			echo "# no file is named: $(cat "$T/err")"
			failed=$((failed + 1))
		}
		;;
	*)
		echo "# $* ends with $status"
		sed 's/^/# /' "$T/err"
		cat "$T/flips"
		failed=$((failed + 1))
		;;
	esac
}
look() {
	try dmon-replay -d "$T/bad.db"
	try dmon-replay -d "$T/bad.db" --select '{name=~"web.*"}'
	try dmon-replay -d "$T/bad.db" --select container_threads \
		--from 1795476030
	cp "$T/bad.db" "$T/kept"
	try dmon-store -d "$T/bad.db" --keep 1s "$T/more"
	rm -f "$T/bad.db-"* # what it was told is not to heal it
	mv "$T/kept" "$T/bad.db"
}
copy() { # NAME
	rm -f "$T/bad.db"* "$T/flips"
	cp "$T/$1.db" "$T/bad.db"
	[ ! -s "$T/$1.db-wal" ] || cp "$T/$1.db-wal" "$T/bad.db-wal"
}

# Anywhere, ten on top of each other and then afresh; every other round among
# the first pages, where the tables' roots are.
size=$(wc -c <"$T/whole.db")
for i in $(seq $places); do
	[ $((i % 10)) -ne 1 ] || copy whole
	flip "$T/bad.db" $((i % 20 > 10 ? size : 65536))
	look
done
is $failed 0 "$places places in a database"
echo "# $noticed of $((4 * places)) runs ended with 4"
test $noticed -gt 0
ok $? "some are noticed"

failed=0
size=$(wc -c <"$T/log.db-wal")
for i in $(seq $((places / 5))); do
	copy log
	flip "$T/bad.db-wal" "$size"
	look
done
is $failed 0 "$((places / 5)) places in its log"

# Cut short.
failed=0
for n in 0 1 99 100 511 512 4096 8191 8192 8193 100000 "$((size / 2))"; do
	copy whole
	head -c "$n" "$T/whole.db" >"$T/bad.db"
	look
done
is $failed 0 "cut short"
done_testing
