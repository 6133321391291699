#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source engine, with an engine that tells what it is told to, and one that
# misbehaves.
. "$(dirname "$0")/lib.sh"

"$build/tests/fake-engine" "$T/sock" "$T" &
engine=$!
at_exit 'kill $engine 2>/dev/null'
until_ok test -S "$T/sock"

id=ada1deadbeef5566778899aabbccddeeff00112233445566778899aabbccddee
event() { # ACTION NANOSECONDS [ATTRIBUTE...]
	printf '{"Type":"container","Action":"%s","Actor":{"ID":"%s",' "$1" $id
	printf '"Attributes":{%s"name":"web","image":"alpine",' "$3"
	printf '"com.example/tier":"a\\"b"}},"timeNano":%s}\n' "$2"
}
collect() {
	dmon-collect -i 100ms --instance n --docker "unix://$T/sock" \
		--label com.example/tier engine >"$T/out" 2>"$T/err" &
	collector=$!
	at_exit "kill $collector 2>/dev/null"
	until_ok grep -q '"dmon_source_success":1' "$T/out"
}
finish() {
	kill $collector
	wait $collector
	is $? 0 "${1}the collector ends well"
}
# told JQ-EXPRESSION: is it so of all event records together?
told() {
	grep '"kind":"event"' "$T/out" | jq -se "$1" >/dev/null
}

: >"$T/events"
printf '{"Id":"%s","Name":"/web","Config":{"Image":"alpine"},
	"HostConfig":{"Privileged":true,"PidMode":"host"}}' $id >"$T/$id"
collect
ok $? "an engine that has nothing to tell is there"
{
	event create 1795476513120000000
	echo 'this is no JSON'
	head -c 300000 /dev/zero | tr '\0' x
	echo
	echo '{"Type":"container","Action":"start","Actor":{"ID":"../../x"}}'
	event 'exec_create: sh -c \"\u001b[2J\"' 1795476513220000000
	event resize 1795476513300000000
	event die 1795476513320000000 '"exitCode":"137",'
	event oom 99999999999000000000
	event pause 4102444800000000000
} >>"$T/events"
until_ok told 'any(.labels.action == "pause")'
ok $? "what is told between sweeps is heard"
told 'map(select(.labels.action)) | map(.labels.action) ==
	["create", "exec_create", "exec_create", "die", "pause"]'
ok $? "all that it knows, in order; what can't be read is skipped"
told 'map(select(.labels.action == "create")) == [{
	ts: 1795476513.12, kind: "event",
	labels: {instance: "n", job: "dmon", id: "/docker/'$id'", name: "web",
		image: "alpine", container_label_com_example_tier: "a\"b",
		action: "create"},
	metrics: {container_event_engine: 1}}]' ||
	told 'any(.labels.id == "/system.slice/docker-'$id'.scope")'
ok $? "at the engine's time, with the labels of its container"
told 'map(select(.labels.command)) | length == 1 and
	.[0].metrics == {container_event_engine_info: 1} and
	.[0].labels.command == "sh -c \"\u001b[2J\""'
ok $? "a command stands in a record of its own"
told 'any(.metrics.container_event_exit_code == 137)'
ok $? "and numbers beside what they are of"
told 'map(select(.labels.action == "pause"))[0].ts < now'
ok $? "a clock that is ahead is not believed"
until_ok told 'any(.metrics.container_event_declared_privileged == 1 and
	.metrics.container_event_declared_host_namespaces == 2)'
ok $? "who was made is asked for its details"
until_ok grep -q '"dmon_engine_events_rejected_total":4' "$T/out"
ok $? "what can't be read is counted"
grep -q '"dmon_engine_connections_total":1' "$T/out"
ok $? "and does not end the connection"
finish
is "$(cat "$T/err")" "" "there is nothing to say"
grep -c since "$T/log" >"$T/since"
is "$(cat "$T/since")" 0 "only what comes is asked for"

# The engine goes, and comes back.
now=$(date +%s)
: >"$T/events"
collect
now=$(date +%s%N)
event start $now >>"$T/events"
until_ok told 'any(.labels.action == "start")'
kill $engine
wait $engine 2>/dev/null
until_ok grep -q '"dmon_source_success":0' "$T/out"
ok $? "an engine that goes is a source that fails"
event die $((now + 1)) >"$T/events"
"$build/tests/fake-engine" "$T/sock" "$T" &
engine=$!
until_ok told 'any(.labels.action == "die")'
ok $? "it is asked again when it has come back"
is "$(sed -n 's/^GET .*&since=\([0-9]*\)\.\([0-9]*\) .*/\1\2/p' "$T/log" |
	tail -n 1)" $((now + 1)) "for all since the last that it told"
finish
is "$(grep -c ' engine: ' "$T/err")" 1 "its loss is said once"

sweeps() { # MODE: fifteen sweeps, a tenth of a second apart
	echo "$1" >"$T/mode"
	dmon-collect -i 100ms -n 15 --docker "unix://$T/sock" engine host \
		>"$T/out" 2>"$T/err"
}
for mode in 'events hang' 'events drop' 'events garbage' 'events headers' \
	'events 500' 'events long500'; do
	sweeps "$mode"
	is $? 0 "$mode: the collector goes on"
	is "$(grep -c '"up":1' "$T/out")" 15 "$mode: with every sweep"
	grep -q '"dmon_source_success":0' "$T/out"
	ok $? "$mode: the source has failed"
	is "$(grep -c ' engine: ' "$T/err")" 1 "$mode: which is said once"
	is "$(jq '.metrics.dmon_sweeps_missed_total // empty' "$T/out" |
		sed 1,2d | sort -u | wc -l)" 1 "$mode: none but the first late"
done
# A line without an end: it is left out, or where it comes fast, too much.
sweeps 'events endless'
is $? 0 "events endless: the collector goes on"
is "$(grep -c '"up":1' "$T/out")" 15 "events endless: with every sweep"
grep -q -e '"dmon_source_success":0' \
	-e '"dmon_engine_events_rejected_total":1' "$T/out"
ok $? "events endless: it is not taken"
event create 1795476515000000000 >"$T/events"
for mode in hang drop garbage endless deep half 500 text; do
	sweeps "$id $mode"
	is $? 0 "details $mode: the collector goes on"
	grep -q '"dmon_source_success":0' "$T/out"
	ok $((! $?)) "details $mode: events are heard all the same"
	grep -q '"action":"create"' "$T/out"
	ok $? "details $mode: and told"
done
done_testing
