#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source kmsg on logs that are written into a pipe.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/root/dev"
mkfifo "$T/root/dev/kmsg"
exec 3<>"$T/root/dev/kmsg"
dmon-collect -i 1 --instance n --rootfs "$T/root" kmsg \
	>"$T/out" 2>"$T/err" &
collector=$!
at_exit 'kill $collector 2>/dev/null'
until_ok grep -q '"dmon_kernel_messages_total":0' "$T/out"
ok $? "a log that says nothing is there"

# told JQ-EXPRESSION: is it so of all event and loss records together?
told() {
	grep '"kind":"\(event\|loss\)"' "$T/out" | jq -se "$1" >/dev/null
}
id=/docker/05da6e513f9870877ccb1ec058f2e1127e7d16213c3385ed4ab15fedd28268cc
cat tests/fixtures/kmsg/linux-6.18 >&3
until_ok told 'any(.metrics.node_event_segfault == 1) or
	any(.metrics.container_event_segfault == 1)'
ok $? "what is written between sweeps is heard"
told 'map(select(.metrics.container_event_oom_kill)) | map(del(.ts)) == [{
	kind: "event", labels: {instance: "n", job: "dmon", id: "'$id'",
		pid: "1408"},
	metrics: {container_event_oom_kill: 1, container_event_oom_kill_uid: 0}}]'
ok $? "a kill is its container's, and told once"
told 'map(select(.metrics.container_event_kernel_info and
	.labels.pid == "1408")) | length == 1 and
	(.[0].labels.text | startswith("oom-kill:constraint=") and
		length <= 512)'
ok $? "the text stands in a record of its own, cut"
told 'any(.metrics.container_event_forks_refused == 1)'
ok $? "so is a fork that was refused"
told 'map(select(.kind == "loss")) | length > 0 and
	.[-1].labels.source == "kmsg"'
ok $? "what is missing is a loss"

before=$(grep -c '"kind":"event"' "$T/out")
printf '12,998,1,-;nf_conntrack: table full, dropping packet\n' >&3
printf 'no record\n\n\377\n6,x,1,-;nf_conntrack: table full\n' >&3
n=$(grep -c '^[0-9]' tests/fixtures/kmsg/linux-6.18)
until_ok grep -q "\"dmon_kernel_messages_total\":$((n + 1))," "$T/out"
ok $? "what a program writes into the log is read"
is "$(grep -c '"kind":"event"' "$T/out")" "$before" "and not believed"
printf '4,999,1,-;nf_conntrack: table full, dropping packet\n' >&3
printf '6,1000,1,-;x\\xff"[7]: segfault at 0\n' >&3
printf '6,1001,1,-;TCP: Possible SYN flooding on port 80. Sending.\n' >&3
until_ok told 'any(.metrics.node_event_syn_flood == 1 and
	.metrics.node_event_syn_flood_port == 80)'
ok $? "a flood, and at which port"
told 'any(.metrics.node_event_conntrack_full == 1)'
ok $? "a table that is full"
told 'any(.labels.text == "x\\\\xff\"[7]: segfault at 0")'
ok $? "a name is escaped, and can be read back"

exec 3>&-
kill $collector
wait $collector
is $? 0 "the collector ends well"
is "$(cat "$T/err")" "" "there is nothing to say"

dmon-collect -n 2 -i 100ms --rootfs "$T" kmsg >"$T/out" 2>"$T/err"
is $? 0 "a log that is not there stops nobody"
grep -q "^dmon-collect: kmsg: $T/dev/kmsg: No such file" "$T/err"
ok $? "and is named"
is "$(grep -c '"source":"kmsg".*"dmon_source_success":0' "$T/out")" 2 \
	"in each sweep the source has failed"
done_testing
