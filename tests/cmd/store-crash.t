#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at random moments while storing: what was acknowledged on standard
# output is in the database, in order, and the database always opens.
# 50 rounds; with DM_LONG=1 1,000.
. "$(dirname "$0")/lib.sh"

command -v sqlite3 >/dev/null || skip_all "no sqlite3"
rounds=50
[ -z "${DM_LONG:-}" ] || rounds=1000
"$build/bench/gen-records" 50 600 >"$T/in" || skip_all "bench/gen-records"
all=$(wc -c <"$T/in")

size() { wc -c <"$1" | tr -d ' '; }
random() { # N: 0 to N - 1
	echo $(($(od -An -N4 -tu4 /dev/urandom) % $1))
}
pause() { # 30 to 120 ms
	sleep "$(printf '0.%03d' $((30 + $(random 91))))"
}
# Is FILE made of the first bytes of the rest?
is_start_of() { # FILE WHOLE...
	f=$1
	shift
	cat "$@" | head -c "$(size "$f")" | cmp - "$f"
}
wrong() {
	echo "# round $round: $*"
	failed=$((failed + 1))
}

# One round on a database that holds $T/before.
round() { # BATCH
	cat "$T/in" | dmon-store -d "$T/db" --batch "$1" >"$T/ack" &
	pid=$!
	pause
	kill -9 $pid
	wait $pid 2>/dev/null
	acknowledged=$(size "$T/ack")
	[ "$acknowledged" -lt "$all" ] || finished=$((finished + 1))
	[ "$acknowledged" -eq 0 ] || began=$((began + 1))
	[ -e "$T/db" ] || return # killed before it had opened it
	[ "$acknowledged" -eq 0 ] && [ ! -s "$T/db" ] && return
	if ! dmon-replay -d "$T/db" >"$T/now" 2>"$T/err"; then
		# One that was killed while it made its tables.
		grep -q "not a database of dmon's" "$T/err" &&
			[ "$acknowledged" -eq 0 ] && [ ! -s "$T/before" ] ||
			wrong "does not open: $(cat "$T/err")"
		return
	fi
	is_start_of "$T/ack" "$T/in" || wrong "acknowledged what never came"
	is_start_of "$T/now" "$T/before" "$T/in" || wrong "a gap, or disorder"
	[ "$(size "$T/now")" -ge $(($(size "$T/before") + acknowledged)) ] ||
		wrong "acknowledged records are missing"
	mv "$T/now" "$T/before"
}
check_integrity() {
	[ ! -s "$T/db" ] ||
		[ "$(sqlite3 "$T/db" 'pragma integrity_check' 2>&1)" = ok ] ||
		wrong "integrity"
}

failed=0 finished=0 began=0
for round in $(seq $rounds); do
	case $((round % 5)) in
	1) # a fresh one, then four times the same
		rm -f "$T/db"*
		: >"$T/before"
		round 1ms
		;;
	2) round 1ms ;;
	3) round 5ms ;;
	4) round 20ms ;;
	0)
		round 100ms
		check_integrity
		;;
	esac
done
is $failed 0 "kill -9 of dmon-store, $rounds times"
test $began -gt 0 && test $finished -lt $rounds
ok $? "records had been acknowledged, and more were to come"

old_enough() { # of the 600 sweeps of a second each, some twenty
	[ "$(size "$T/ack")" -gt $((all / 30)) ] || ! kill -0 $pid
}

# While old records are deleted: what is left is one piece of the input, to
# at least the last that was acknowledged.
failed=0 deleted=0
for round in $(seq $((rounds / 5))); do
	rm -f "$T/db"*
	cat "$T/in" | dmon-store -d "$T/db" --batch 1ms --keep 5s >"$T/ack" &
	pid=$!
	# So slow a machine that nothing has come to be old yet is waited for.
	until_ok old_enough
	pause
	kill -9 $pid
	wait $pid 2>/dev/null
	[ -s "$T/ack" ] || continue
	dmon-replay -d "$T/db" >"$T/now" || wrong "does not open"
	head -n 1 "$T/now" >"$T/first"
	skipped=$(grep -n -F -x -f "$T/first" "$T/in" | sed 's/:.*//')
	[ -n "$skipped" ] || { wrong "begins with what never came"; continue; }
	[ "$skipped" -eq 1 ] || deleted=$((deleted + 1))
	head -n $((skipped - 1)) "$T/in" >"$T/before"
	cat "$T/before" "$T/now" >"$T/piece"
	is_start_of "$T/piece" "$T/in" || wrong "a gap, or disorder"
	[ "$(size "$T/piece")" -ge "$(size "$T/ack")" ] ||
		wrong "acknowledged records are missing"
	check_integrity
done
is $failed 0 "kill -9 while old records go"
test $deleted -gt 0
ok $? "and some had gone"

# Others in the pipeline: the database has what dmon-store passed on.
mkfifo "$T/fifo"
failed=0
for round in $(seq $((rounds / 10))); do
	rm -f "$T/db"*
	dmon-store -d "$T/db" --batch 5ms <"$T/fifo" >"$T/ack" 2>"$T/err" &
	store=$!
	dmon-match -r bench/ten-rules.yml <"$T/in" >"$T/fifo" &
	pid=$!
	pause
	kill -9 $pid
	wait $pid 2>/dev/null
	wait $store
	status=$?
	case $status in
	0) ;;
	3) grep -q '^dmon-store: .*:[0-9]*: ' "$T/err" || # half a line
		wrong "$(cat "$T/err")" ;;
	*) wrong "dmon-store ended with $status" ;;
	esac
	dmon-replay -d "$T/db" | cmp - "$T/ack" || wrong "not what was passed on"
	check_integrity
done
is $failed 0 "kill -9 of dmon-match before it"

failed=0
for round in $(seq $((rounds / 10))); do
	rm -f "$T/db"*
	head -n 1000 "$T/in" | dmon-store -d "$T/db" --only
	cat "$T/in" | dmon-store -d "$T/db" --batch 5ms >"$T/ack" &
	store=$!
	for i in 1 2 3; do
		dmon-replay -d "$T/db" --speed 2 >"$T/out" &
		pid=$!
		dmon-replay -d "$T/db" --select '{name=~"web-.*"}' >"$T/out2" &
		pid2=$!
		pause
		kill -9 $pid $pid2 2>/dev/null # the second may have ended
		wait $pid $pid2 2>/dev/null
		is_start_of "$T/out" "$T/in" || wrong "not what was stored"
	done
	wait $store || wrong "dmon-store ended with $?"
	cmp "$T/ack" "$T/in" || wrong "not all was passed on"
	head -n 1000 "$T/in" | cat - "$T/in" >"$T/whole"
	dmon-replay -d "$T/db" | cmp - "$T/whole" || wrong "not all is stored"
	check_integrity
done
is $failed 0 "kill -9 of dmon-replay beside dmon-store"
done_testing
