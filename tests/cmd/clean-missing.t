#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-clean --missing: what takes the place of what is not there.
. "$(dirname "$0")/lib.sh"
. tests/cmd/clean-stream.sh
command -v jq >/dev/null || skip_all "no jq"

# A gauge and a counter, which are null or not named in 4 and 5, and once more
# from 10 to 13; a state that is missing in 4.
sweeps 'for (t = 1; t <= 20; t++) {
	gone = t == 4 || t == 5 || (t >= 10 && t <= 13)
	say(t, "\"container_processes\":" (gone ? "null" : 10 * t) \
	    (t == 4 ? "" : ",\"container_process_uid\":7") \
	    (gone ? "" : ",\"container_execs_total\":" 100 * t)) }' >"$T/in"

values() { # METRIC: of each sweep
	jq -r ".metrics | if has(\"$1\") then .$1 else \"-\" end" | tr '\n' ' '
}
dmon-clean <"$T/in" >"$T/out"
same "$T/out" "$T/in" "left as they are, if nothing is asked for"

dmon-clean --missing last --lag 3 <"$T/in" >"$T/out"
is $? 0 "last"
is "$(values container_processes <"$T/out")" \
	"10 20 30 30 30 60 70 80 90 90 90 90 null 140 150 160 170 180 190 200 " \
	"last: a null, at most three times"
is "$(values container_execs_total <"$T/out")" \
	"100 200 300 300 300 600 700 800 900 900 900 900 - 1400 1500 1600 1700 1800 1900 2000 " \
	"last: what is not named"
is "$(values container_process_uid <"$T/out" | tr -d ' ')" \
	77777777777777777777 "last: a metric that nobody knows"
is "$(listed <"$T/out" | head -n 5)" "4 container_processes null null
4 container_process_uid absent null
4 container_execs_total absent null
5 container_processes null null
5 container_execs_total absent null" "last: each is listed"

dmon-clean --missing linear --lag 4 <"$T/in" >"$T/out"
is $? 0 "linear"
is "$(values container_processes <"$T/out")" \
	"10 20 30 40 50 60 70 80 90 100 110 120 130 140 150 160 170 180 190 200 " \
	"linear: a null"
is "$(values container_execs_total <"$T/out")" \
	"100 200 300 400 500 600 700 800 900 1000 1100 1200 1300 1400 1500 1600 1700 1800 1900 2000 " \
	"linear: what is not named"
is "$(values container_process_uid <"$T/out" | tr -d ' ')" \
	777-7777777777777777 "linear: not what has no line"
dmon-clean --missing linear --lag 3 <"$T/in" >"$T/out"
is "$(values container_processes <"$T/out")" \
	"10 20 30 40 50 60 70 80 90 null null null null 140 150 160 170 180 190 200 " \
	"linear: not beyond the lag"

# An impossible value is a missing one.
sed 's/:50,/:-50,/;s/:null/:-1/' "$T/in" | dmon-clean --missing linear |
	tee "$T/out" | values container_processes >"$T/values"
is "$(cat "$T/values")" \
	"10 20 30 40 50 60 70 80 90 100 110 120 130 140 150 160 170 180 190 200 " \
	"linear: in the place of what can't be"
is "$(listed <"$T/out" | grep -c 'processes range -1$')" 6 \
	"and what was there is listed"

# A counter that begins anew has no line; the end of input.
sweeps 'for (t = 1; t <= 9; t++)
	say(t, "\"container_execs_total\":" \
	    (t == 5 || t == 9 ? "null" : t > 5 ? t : 100 * t))' >"$T/in"
dmon-clean --missing linear "$T/in" >"$T/out"
same "$T/out" "$T/in" "linear: no line to a counter's new beginning, or to none"

# Order is kept, and what is not held back comes at once.
{
	sweeps 'say(1, "\"container_processes\":1"); say(2, "\"container_processes\":null")'
	echo '{"ts":2.5,"kind":"event","metrics":{"container_event_exec":1}}'
	echo '{"ts":2.6,"kind":"unheard of"}'
	sweeps 'say(3, "\"container_processes\":3"); say(4, "\"container_processes\":4")'
} >"$T/in"
dmon-clean --missing linear "$T/in" >"$T/out"
is "$(jq .ts "$T/out" | tr '\n' ' ')" "1 2 2.5 2.6 3 4 " "order is kept"
is "$(values container_processes <"$T/out")" "1 2 - - 3 4 " "and the line drawn"

mkfifo "$T/fifo"
dmon-clean --missing linear <"$T/fifo" >"$T/live" &
pid=$!
at_exit 'kill $pid 2>/dev/null'
exec 3>"$T/fifo"
sed -n 1p "$T/in" >&3
until_ok sh -c "[ \$(wc -l <'$T/live') -eq 1 ]"
ok $? "what misses nothing is not held back"
sed -n 2,4p "$T/in" >&3
sed -n 5p "$T/in" >&3
until_ok sh -c "[ \$(wc -l <'$T/live') -eq 5 ]"
ok $? "and the rest no longer than it must be"
exec 3>&-
wait $pid

# A target that says no more does not hold others up for more than a minute.
{
	sweeps 'say(1, "\"container_processes\":1"); say(2, "\"container_processes\":null")'
	sweeps 'for (t = 3; t < 100; t++) say(t, "\"container_processes\":1")' |
		sed 's/"n"/"m"/'
} >"$T/in"
dmon-clean --missing linear --lag 60 <"$T/fifo" >"$T/live" &
pid=$!
exec 3>"$T/fifo"
cat "$T/in" >&3
until_ok cmp -s "$T/live" "$T/in"
ok $? "a target of which nothing more comes"
exec 3>&-
wait $pid

for wrong in "--missing some" "--lag 0" "--lag 61" "--lag x"; do
	dmon-clean $wrong </dev/null >"$T/o" 2>"$T/e"
	is $? 2 "$wrong: 2"
done
done_testing
