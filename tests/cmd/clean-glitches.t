#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-clean --glitches: what stands out alone, and what does not.
. "$(dirname "$0")/lib.sh"
. tests/cmd/clean-stream.sh
command -v jq >/dev/null || skip_all "no jq"

# usage: gauge EXPRESSION: container_processes of 20 sweeps, as awk says of t
gauge() {
	sweeps "for (t = 1; t <= 20; t++)
		say(t, \"\\\"container_processes\\\":\" ($1))"
}
counter() {
	sweeps "for (t = 1; t <= 20; t++)
		say(t, \"\\\"container_execs_total\\\":\" ($1))"
}
flags() { # how often
	dmon-clean | listed | grep -c ' glitch '
}

gauge '12 + t % 3 + (t == 12 ? 900 : 0)' >"$T/in"
dmon-clean "$T/in" >"$T/out"
is "$(listed <"$T/out")" "13 container_processes glitch 912" \
	"a value that stands out alone: the next record tells of it"
grep -q '"was":912,"ts":12}' "$T/out"
ok $? "and when it was"
jq -c 'del(.clean)' "$T/out" >"$T/back"
same "$T/back" "$T/in" "and no value is changed"
dmon-clean --glitches off "$T/in" >"$T/out"
same "$T/out" "$T/in" "off: nothing is said"

is "$(gauge '12 + t % 3 - (t == 12 ? 12 : 0)' | flags)" 1 "far below"
is "$(gauge '12 + t % 3 + (t >= 12 ? 900 : 0)' | flags)" 0 "a level shift"
is "$(gauge '12 + t % 3 + (t == 12 || t == 13 ? 900 : 0)' | flags)" 0 \
	"a burst of two"
is "$(gauge '12 + t % 3 + (t == 20 ? 900 : 0)' | flags)" 0 \
	"the last one: nobody knows yet"
is "$(gauge 't * t' | flags)" 0 "steady growth"
is "$(gauge '2 ^ t' | flags)" 0 "exponential growth"
is "$(gauge 't == 4 ? 900 : 3' | flags)" 0 "before seven are known"
is "$(gauge 't == 12 ? 7 : 3' | flags)" 0 "a few more, of few"
is "$(gauge 't % 2 ? 3 : 900' | flags)" 0 "to and fro"
is "$(gauge 't == 12 ? "1e300" : 3' | flags)" 0 "an impossible one is none"

counter '100000 + 10 * t + (t == 12 ? 50000 : 0)' >"$T/c"
is "$(dmon-clean "$T/c" | listed)" \
	"13 container_execs_total glitch 150120" "a counter, up and back"
counter 't == 12 ? 0 : 100000 + 10 * t' >"$T/c"
is "$(dmon-clean "$T/c" | listed)" \
	"13 container_execs_total glitch 0" "a counter, down and back"
is "$(counter '100000 + 10 * t + (t >= 12 ? 50000 : 0)' | flags)" 0 \
	"a burst of what is counted"
is "$(counter 't < 12 ? 100000 + 10 * t : 10 * (t - 12)' | flags)" 0 \
	"a counter that begins anew"
is "$(counter 't == 12 ? 5 : 0' | flags)" 0 \
	"a counter that has hardly begun begins anew"
is "$(counter 't == 12 ? 100 : t == 13 ? 0 : t < 12 ? 10 * t : 10 * (t - 13)' |
	flags)" 0 "a counter that begins anew twice"

# What happens shows in several places.
sweeps 'for (t = 1; t <= 20; t++)
	say(t, "\"container_processes\":" (t == 12 ? 90 : 3) \
	    ",\"container_threads\":" (t == 12 ? 90 : 3))' >"$T/both"
is "$(flags <"$T/both")" 0 "what stands out in company"

values() {
	jq -r '.metrics.container_processes' | sed -n 11,13p | tr '\n' ' '
}
is "$(dmon-clean --glitches remove "$T/in" | values)" "14 null 13 " \
	"remove: a missing value"
is "$(dmon-clean --glitches remove --missing last "$T/in" | values)" \
	"14 14 13 " "remove, last"
is "$(dmon-clean --glitches remove --missing linear "$T/in" | values)" \
	"14 13.5 13 " "remove, linear"
is "$(dmon-clean --glitches remove "$T/in" | listed)" \
	"12 container_processes glitch 912" "remove: what was there is listed"
gauge '12 + t % 3 + (t >= 12 ? 900 : 0)' >"$T/shift"
dmon-clean --glitches remove "$T/shift" >"$T/out"
same "$T/out" "$T/shift" "remove: not a level shift"
gauge '12 + t % 3 + (t == 20 ? 900 : 0)' >"$T/end"
dmon-clean --glitches remove "$T/end" >"$T/out"
same "$T/out" "$T/end" "remove: not the last one"
dmon-clean --glitches remove "$T/both" >"$T/out"
same "$T/out" "$T/both" "remove: not in company"

# A glitch, and then a gap.
gauge 't == 12 ? 900 : t == 13 ? "null" : 10' |
	dmon-clean --glitches remove --missing linear |
	jq -r '.metrics.container_processes' | tr '\n' ' ' >"$T/values"
is "$(cat "$T/values")" \
	"10 10 10 10 10 10 10 10 10 10 10 10 10 10 10 10 10 10 10 10 " \
	"remove, linear: a gap behind it is filled past it"

dmon-clean --glitches some </dev/null >"$T/o" 2>"$T/e"
is $? 2 "--glitches some: 2"
done_testing
