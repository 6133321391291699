#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-clean --drop, --keep, --select: which metrics are left.
. "$(dirname "$0")/lib.sh"
. tests/cmd/clean-stream.sh
command -v jq >/dev/null || skip_all "no jq"

cat >"$T/in" <<'END'
{ "ts":1,"metrics" : { "a" : 1 , "b":-2, "c":3 } ,"kind":"container","labels":{"id":"/x","instance":"n"}}
{"ts":2,"kind":"container","labels":{"id":"/x","instance":"n"},"metrics":{"a":1,"c":2},"more":{"a":1}}
{"ts":2,"kind":"container","labels":{"id":"/y","instance":"n"},"metrics":{"a":null,"b":"NaN"}}
{"ts":2,"kind":"event","labels":{"id":"/x","instance":"n"},"metrics":{"a":1}}
{"ts":2,"kind":"sweep","labels":{"instance":"n"},"metrics":{"up":1,"a":1}}
{"ts":2,"kind":"alert","labels":{"id":"/x"},"metrics":{"a":1}}
{"ts":2,"kind":"container","labels":{"id":"/z"},"metrics":{}}
END
left() { # OPTION...: kind, id and what is left
	dmon-clean "$@" "$T/in" | jq -r 'select(.kind == "container" or
		.kind == "event") | [.kind[0:1] + (.labels.id // ""),
		(.metrics | keys_unsorted[])] | join(" ")' | tr '\n' ';'
}
is "$(left)" "c/x a b c;c/x a c;c/y a b;e/x a;c/z;" "all"
is "$(left --drop 'a{}')" "c/x b c;c/x c;c/y b;c/z;" "the first, by name"
is "$(left --drop 'b{}')" "c/x a c;c/x a c;c/y a;e/x a;c/z;" "in the middle"
is "$(left --drop '{__name__=~"b|c"}')" "c/x a;c/x a;c/y a;e/x a;c/z;" \
	"the last ones, by a regular expression"
is "$(left --drop 'a{id="/x"}')" "c/x b c;c/x c;c/y a b;c/z;" "of one container"
is "$(left --drop '{id="/x"}' --keep 'c{}')" "c/x c;c/x c;c/y a b;c/z;" \
	"all but what is kept"
is "$(left --drop '{id!=""}' --keep '{id="/y"}')" "c/y a b;c/z;" "kept by label"
is "$(left --select 'a{}' --select 'b{id="/y"}')" \
	"c/x a;c/x a;c/y a b;e/x a;c/z;" "only what is selected"
is "$(left --select '{id="/x"}' --drop 'a{}')" "c/x b c;c/x c;c/z;" \
	"of what is selected not all"
is "$(dmon-clean --drop '{instance="n"}' --drop '{id!=""}' "$T/in" |
	jq -r .kind | tr '\n' ' ')" "sweep alert container " \
	"what is no measurement stays, sweeps too"
dmon-clean --drop 'nothing{}' "$T/in" >"$T/out"
same "$T/out" "$T/in" "nothing dropped: byte for byte"
is "$(dmon-clean --drop 'a{}' "$T/in" | sed -n 1p)" \
	'{ "ts":1,"metrics" : {"b":-2, "c":3 } ,"kind":"container","labels":{"id":"/x","instance":"n"}}' \
	"the rest as it stood"
is "$(dmon-clean --drop 'a{}' "$T/in" | grep -c '"clean"')" 0 \
	"what was asked for is not listed"

cat >"$T/drop" <<'END'
# What nobody needs.

a{}                 # a comment
{__name__="c",id="/x"}   # "another"
END
is "$(left --drop "$T/drop")" "c/x b;c/y b;c/z;" "a file of selectors"
is "$(left --drop "$T/drop" --keep 'c{}')" "c/x b c;c/x c;c/y b;c/z;" \
	"and an exception"

sweeps 'for (t = 1; t <= 9; t++)
	say(t, (t == 4 ? "" : "\"container_threads\":7,") "\"container_processes\":" (t == 5 ? -1 : t))' |
	dmon-clean --drop 'container_threads{}' --missing last |
	jq -c .metrics >"$T/out"
is "$(sed -n 4,5p "$T/out" | tr '\n' ' ')" \
	'{"container_processes":4} {"container_processes":4} ' \
	"what is dropped is not missed"

wrong() { # MESSAGE OPTION...
	message=$1
	shift
	dmon-clean "$@" </dev/null >"$T/o" 2>"$T/e"
	is $? 2 "$message: 2"
	grep -q "$message" "$T/e"
	ok $? "$message is said"
}
echo 'a b' | cat "$T/drop" - >"$T/bad"
wrong "bad:5:" --drop "$T/bad"
wrong "no selector" --drop 'rate(a{}[5m])'
wrong "none" --drop "$T/none"
done_testing
