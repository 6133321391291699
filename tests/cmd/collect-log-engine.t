#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `log` on containers: the growth of the files that an engine
# writes, and what patterns find in what it hands out, also where it misbehaves.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip_all "no jq"

"$build/tests/fake-engine" "$T/sock" "$T" &
engine=$!
at_exit 'kill $engine 2>/dev/null'
until_ok test -S "$T/sock"

id=ada1deadbeef5566778899aabbccddeeff00112233445566778899aabbccddee
R=$T/root
F=$R/var/lib/docker/containers/$id
S=$R/sys
mkdir -p "$F/local-logs" "$S/fs/cgroup/docker/$id" "$R/proc"
for folder in '' docker "docker/$id"; do
	: >"$S/fs/cgroup/$folder/cgroup.procs"
done
echo 'cpu memory' >"$S/fs/cgroup/cgroup.controllers"
echo '{"Version":"20.10","ApiVersion":"1.41"}' >"$T/version"
printf '[{"Id":"%s","Names":["/web-1"],"State":"running"}]' $id >"$T/list"
details() { # DRIVER OPTIONS [TTY]
	printf '{"Id":"%s","LogPath":"/var/lib/docker/containers/%s/log",
		"HostnamePath":"/var/lib/docker/containers/%s/hostname",
		"Config":{"Tty":%s},"HostConfig":{"LogConfig":
		{"Type":"%s","Config":{%s}}}}' $id $id $id "${3:-false}" \
		"$1" "$2" >"$T/$id"
}
cat >"$T/patterns" <<'END'
error	container:web-.*	^ERROR (?P<what>.*)
other	container:db	ERROR
END
collect() { # [SOURCE]
	dmon-collect -i 100ms --instance n --procfs "$R/proc" --sysfs "$S" \
		--rootfs "$R" --docker "unix://$T/sock" \
		--log "$T/patterns" log "$@" >"$T/out" 2>"$T/err" &
	collector=$!
	at_exit "kill $collector 2>/dev/null"
	until_ok grep -q '"source":"log"' "$T/out"
}
finish() {
	kill $collector
	wait $collector
	is $? 0 "$1: it ends well"
}
size() { # METRIC: in the last sweep
	jq -r --arg m "container_log_$1" \
		'.metrics[$m] | select(. != null)' "$T/out" | tail -n 1
}
grown() { # METRIC VALUE NAME
	until_ok eval "[ \"\$(size $1)\" = $2 ]"
	ok $? "$3"
	[ "$(size "$1")" = "$2" ] || echo "# $(size "$1")"
}
put() { # BYTES: to the log
	head -c "$1" /dev/zero >>"$F/log"
}
put_3() { # BYTES: to what is open
	head -c "$1" /dev/zero >&3
}
rm -f "$T/logs"
details json-file '"max-size":"10k","max-file":"3"'
put 700
collect docker
grown bytes_total 700 "what is there counts"
is "$(size size_bytes) $(size limit_bytes)" "700 30000" "the file, its limit"
is "$(jq -r 'select(.metrics.container_log_bytes_total).labels.name' \
	"$T/out" | tail -n 1)" web-1 "in the container's record"
put 300
grown bytes_total 1000 "it grows"
for i in 1 2 3 4; do
	put 9500
	mv "$F/log" "$F/log.1"
	: >"$F/log"
done
put 123
# The first had 10500 in the end, and the others are taken for full.
grown bytes_total 40123 "a file that is begun anew four times at once"
grown size_bytes 123 "is small"
mv "$F/log" "$F/gone"
sleep 0.3
echo 12345 >"$F/log"
grown bytes_total $((40123 + 10000 - 123 + 6)) "one that is not there for a while"
finish json-file

# An engine before version 23 that is to keep one file empties it.
rm "$F"/log*
details json-file '"max-size":"10k"'
put 9000
collect docker
grown bytes_total 9000 "one file"
exec 3>>"$F/log"
for i in 1 2 3 4; do
	exec 3>&-
	exec 3>"$F/log"
done
put_3 7
grown bytes_total 40007 "that is emptied four times"
finish "one file"
exec 3>&-
rm "$F/log"
details json-file ''
put 9000
collect docker
grown limit_bytes 0 "no limit"
for i in 1 2 3 4; do
	put 0
done
put 1000
grown bytes_total 10000 "that it is opened again is nothing"
: >"$F/log"
put 5
grown bytes_total 10005 "and what somebody else does to it counts once"
finish "no limit"
details local ''
echo 1234567 >"$F/local-logs/container.log"
collect docker
grown bytes_total 8 "the driver local"
is "$(size limit_bytes)" $((100 * 1024 * 1024)) "and what it has by itself"
finish local
details journald ''
collect docker
until_ok grep -q '"name":"web-1"' "$T/out"
sleep 0.5
is "$(size bytes_total)" "" "a driver that writes no file has no size"
is "$(grep ' log: ' "$T/err")" "" "of which nothing is said"
finish journald

# What it says.
frame() { # STREAM TEXT: as the engine has it
	printf "\\$1\\0\\0\\0\\0\\0\\0\\$(printf %o ${#2})%s" "$2"
}
stamp() { # SECONDS: ago, as the engine has it
	date -u -d "-$1 seconds" +%Y-%m-%dT%H:%M:%S.%NZ
}
found() {
	jq -r 'select(.metrics.container_event_log_info).labels | '"$1" "$T/out"
}
says() { # TEXT NAME
	until_ok eval "found .what | grep -qx '$1'"
	ok $? "$2"
}
: >"$T/logs"
rm -f "$T/log"
collect
until_ok grep -q '^GET .*/logs' "$T/log"
ok $? "a container that a pattern is about is asked"
grep -q "^GET /containers/$id/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=[0-9]*\.[0-9]\{9\} " "$T/log"
ok $? "for what it says from now on"
at=$(stamp 0)
line="$at ERROR one
"
{
	frame 1 "$line"
	frame 1 "$at ERR"
	frame 2 "$at ERROR of the other stream
"
	frame 1 "OR two
"
	frame 1 "$at ERROR three
$at ERROR four
$at fine
"
	printf '\1\0\0\0\0\0\0\0'
} >>"$T/logs"
for what in one two three four 'of the other stream'; do
	says "$what" "it finds $what"
done
is "$(found '"\(.instance) \(.name) \(.pattern) \(.text)"' | head -n 1)" \
	"n web-1 error ERROR one" "in the container's event"
until_ok eval '[ "$(size matches_total)" = 5 ]'
ok $? "which are counted"
is "$(jq -r 'select(.metrics.container_event_log_match).ts' "$T/out" |
	head -n 1)" "$(date -d "$at" +%s.%N | cut -c 1-17 | sed 's/0*$//')" \
	"at the engine's time"
grep -q '"pattern":"other"' "$T/out"
ok $((! $?)) "not of another container's pattern"

# Bytes that are no frames end the connection, and it is made anew from there.
printf 'no frames at all' >>"$T/logs"
until_ok eval '[ "$(grep -c "^GET .*/logs" "$T/log")" -gt 1 ]'
ok $? "broken frames: it asks again"
is "$(sed -n 's/^GET .*since=\([0-9.]*\) .*/\1/p' "$T/log" | tail -n 1)" \
	"$(date -d "$at" +%s.%N | perl -pe 's/\.(.*)/sprintf ".%09d", $1 + 1/e')" \
	"for what is behind the last one"
finish frames
is "$(grep ' log: ' "$T/err")" "" "of which nothing is said"

: >"$T/logs"
details json-file '' true
rm -f "$T/log"
collect
until_ok grep -q '^GET .*/logs' "$T/log"
printf '%s ERROR tty\r\n' "$(stamp 1)" >>"$T/logs"
says tty "of a terminal it comes without frames"
finish tty
details none ''
rm -f "$T/log"
collect docker
until_ok grep -q '"container_running":1' "$T/out"
sleep 0.5
grep -q '^GET .*/logs' "$T/log"
ok $((! $?)) "the driver none is not asked"
finish none

# An engine that misbehaves.
details json-file ''
for mode in hang drop garbage headers endless 500 long500 half 404; do
	[ $mode != 404 ] || rm "$T/logs"
	echo "logs $mode" >"$T/mode"
	[ $mode != 404 ] || : >"$T/mode"
	rm -f "$T/log"
	collect
	until_ok grep -q '^GET .*/logs' "$T/log"
	ok $? "$mode: it asks"
	n=$(grep -c '"up":1' "$T/out")
	until_ok eval '[ "$(grep -c "\"up\":1" "$T/out")" -gt '$((n + 5))' ]'
	ok $? "$mode: sweeps go on"
	finish $mode
	[ "$(grep -c ' log: ' "$T/err")" -le 1 ]
	ok $? "$mode: it is said once at most"
done
echo 'logs 500' >"$T/mode"
collect
until_ok grep -q 'log of container' "$T/err"
is "$(grep ' log: ' "$T/err")" "dmon-collect: log: the log of container ada1deadbeef: unix://$T/sock: HTTP status 500: the engine is ill" \
	"what can't be read is said"
finish 500

# One that says more than can be looked at.
: >"$T/mode"
yes "$(stamp 100) $(head -c 100 /dev/zero | tr '\0' x)" |
	head -c 4000000 >"$T/flood"
details json-file '' true
: >"$T/logs"
rm -f "$T/log"
collect
until_ok grep -q '^GET .*/logs' "$T/log"
cat "$T/flood" "$T/flood" "$T/flood" "$T/flood" >>"$T/logs"
until_ok eval '[ -n "$(size skipped_seconds_total)" ] &&
	[ "$(size skipped_seconds_total)" != 0 ]'
ok $? "a flood: it is skipped when it is old"
grep -q '"source":"log"},"metrics":{"dmon_log_seconds_lost":1[0-9][0-9]' "$T/out"
ok $? "which a record of loss says"
until_ok eval '[ "$(size behind_seconds_total)" != 0 ]'
ok $? "it was behind, which is counted"
until_ok eval '[ "$(grep -c "^GET .*/logs" "$T/log")" -gt 1 ]'
ok $? "and it is asked anew"
finish flood
done_testing
