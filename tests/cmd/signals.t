#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGTERM ends programs that wait: for input that does not come, and for a
# reader who does not read.
. "$(dirname "$0")/lib.sh"
. tests/cmd/match-stream.sh

cat >"$T/r.yml" <<'END'
groups:
  - name: g
    rules:
      - alert: High
        expr: m > 60
END
stream 3000 >"$T/in"
dmon-store -d "$T/db" <"$T/in" >"$T/o"
is $? 0 "a database"
mkfifo "$T/quiet" "$T/stuck"
sleep 1000 >"$T/quiet" &
at_exit "kill $!"

# start PROGRAM ARGUMENTS: its pid goes into $T/pid, its status into $T/status
start() {
	rm -f "$T/pid" "$T/status"
	exec 3<&0
	{
		sh -c 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec "$@"' \
			"$T/pid" "$@"
		echo $? >"$T/status"
	} <&3 &
	exec 3<&-
	until_ok test -s "$T/pid"
	pid=$(cat "$T/pid")
}
# It sleeps, and has done so for a while.
waits() {
	for i in 1 2 3; do
		grep -q '^State:.S' "/proc/$pid/status" || return 1
		sleep 0.1
	done
}
ended() {
	until_ok test -s "$T/status" || kill -KILL "$pid"
	until_ok test -s "$T/status"
	cat "$T/status"
}

for command in "dmon-match -r $T/r.yml --state $T/state" "dmon-store -d $T/db2" \
	"dmon-query count(m)"; do
	start $command <"$T/quiet" >"$T/o"
	until_ok waits
	ok $? "${command%% *} waits"
	kill -TERM "$pid"
	is "$(ended)" 0 "${command%% *}: input that does not come"
done
[ -s "$T/state" ]
ok $? "the state is saved"

# A reader who never reads.
rm -f "$T/state"
for command in "dmon-match -r $T/r.yml --state $T/state $T/in" \
	"dmon-store -d $T/db2 $T/in" "dmon-replay -d $T/db" \
	"dmon-query --format json --step 1s --from 1700000000
		--to 1700003000 m $T/in"; do
	sleep 1000 <"$T/stuck" &
	sleeper=$!
	at_exit "kill $sleeper 2>/dev/null; :"
	start $command >"$T/stuck" 2>"$T/e"
	until_ok waits
	ok $? "${command%% *} waits"
	kill -TERM "$pid"
	is "$(ended)" 4 "${command%% *}: a reader who does not read"
	is "$(cat "$T/e")" "${command%% *}: standard output: ended by a signal\
 while nobody read it" "it is said"
	kill $sleeper
done
[ ! -e "$T/state" ]
ok $? "what has not been read is not in the state"

# A reader who is slow gets all that was handled, in whole lines.
mkfifo "$T/slow"
{
	exec 8<"$T/slow"
	until_ok test -e "$T/go"
	cat <&8 >"$T/read"
	: >"$T/done"
} &
start dmon-match -r "$T/r.yml" --state "$T/state" "$T/in" >"$T/slow" 2>"$T/e"
until_ok waits
kill -TERM "$pid"
: >"$T/go"
is "$(ended)" 0 "a reader who is slow"
until_ok test -e "$T/done"
[ "$(tail -c 1 "$T/read" | wc -l)" -eq 1 ] && [ -s "$T/state" ]
ok $? "gets whole lines, and the state is saved"
n=$(grep -vc '"kind":"\(alert\|recorded\|rule\)"' "$T/read")
head -n "$n" "$T/in" | dmon-match -r "$T/r.yml" >"$T/expected"
same "$T/read" "$T/expected" "all that was made of what was read"
done_testing
