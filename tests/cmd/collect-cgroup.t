#!/bin/sh
# SPDX-FileCopyrightText: the dmon authors
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-collect on recorded trees, and on trees that change under it.
. "$(dirname "$0")/lib.sh"

fix=$top/tests/fixtures/collect
A=ada1f00dada1f00dada1f00dada1f00dada1f00dada1f00dada1f00dada1f00d
B=bada55bada55bada55bada55bada55bada55bada55bada55bada55bada55bada
chmod 755 "$T"

# collect SYSFS [option ...]
collect() {
	sys=$1
	shift
	dmon-collect --procfs "$fix/proc" --sysfs "$sys" "$@" cgroup
}

# Times that are of this run; a start is the recording's where a process of
# it is recorded, and the folder's otherwise.
normal() {
	sed -e 's/"ts":[0-9.]*/"ts":0/' \
	    -e 's/\("container_last_seen":\)[0-9.]*/\10/' \
	    -e '/_seconds":1795000123.45,/!s/\("container_start_time_seconds":\)[0-9.]*/\10/' \
	    -e 's/\(duration_seconds":\)[0-9.e-]*/\10/' \
	    -e 's/\("process_cpu_seconds_total":\)[0-9.e-]*/\10/' \
	    -e 's/\("dmon_sweeps_missed_total":\)[0-9]*/\10/'
}

for layout in v1 v2 mixed; do
	golden=tests/golden/collect/$layout.ndjson
	collect "$fix/$layout/sys" -n 1 >"$T/out" 2>"$T/err"
	is $? 0 "$layout: exit status"
	normal <"$T/out" >"$T/normal"
	[ -z "$DM_GOLDEN_UPDATE" ] || cp "$T/normal" $golden
	same "$T/normal" $golden "$layout: records"
	is "$(cat "$T/err" | grep -v CAP_SYS_PTRACE)" "" "$layout: no complaint"
done

# With hardly any descriptors, files are opened and closed again.
(
	ulimit -n 16
	collect "$fix/v1/sys" -i 10ms -n 12 2>"$T/err"
) | normal | tail -n 9 >"$T/normal"
same "$T/normal" tests/golden/collect/v1.ndjson "16 descriptors are enough"

# Worked out by hand from the recorded files.
collect "$fix/v2/sys" -n 1 >"$T/out" 2>/dev/null
grep -q "docker-$A.*\"container_memory_working_set_bytes\":10135646208," \
	"$T/out"
ok $? "working set is usage less inactive_file: 13071106048 - 2935459840"
grep -q "cri-containerd-$B.scope\"}.*\"container_memory_working_set_bytes\":0," \
	"$T/out"
ok $? "but not below 0"
grep -q "cri-containerd-$B.scope\"}.*\"container_processes\":3}" "$T/out"
ok $? "processes of a cgroup within are counted, those of a container not"

# --- a tree of our own, v1
S=$T/sys
cg=$S/fs/cgroup
mkdir -p "$cg/cpuacct/docker"
: >"$cg/cpuacct/cgroup.procs"
echo 1000000000 >"$cg/cpuacct/docker/cpuacct.usage"
# container ID CPU-NANOSECONDS
container() {
	mkdir "$cg/new"
	: >"$cg/new/cgroup.procs"
	echo "$2" >"$cg/new/cpuacct.usage"
	mv "$cg/new" "$cg/cpuacct/docker/$1"
}
container $A 5000000000

# What hostile names are made of; LXC lets people choose.
mkdir -p "$cg/cpuacct/lxc/$(printf 'a"b\\\033[1m\377\nc')"
for d in "$cg"/cpuacct/lxc/*; do
	: >"$d/cgroup.procs"
	echo 3 >"$d/cpuacct.usage"
done
collect "$S" -n 1 2>/dev/null | grep -F lxc >"$T/out"
is "$(wc -l <"$T/out" | tr -d ' ')" 1 "a name with a newline stays on a line"
grep -qF '"id":"/lxc/a\"b\\\\\u001b[1m\\xff\nc"' "$T/out"
ok $? "its bytes are escaped"
rm -r "$cg/cpuacct/lxc"

# More processes than a page holds.
seq 100000 109999 >"$cg/cpuacct/docker/$A/cgroup.procs"
collect "$S" -n 1 2>/dev/null | grep -q '"container_processes":10000}'
ok $? "ten thousand processes"

# --- what no container accounts for
dmon-collect --procfs "$fix/proc" --sysfs "$S" -i 50ms cgroup \
	>"$T/live" 2>/dev/null &
pid=$!
at_exit "kill $pid 2>/dev/null"
last_rest() {
	grep '"cgroup":"/docker"' "$T/live" | tail -n 1 |
		grep -q "cpu_seconds_total\":$1}"
}
until_ok last_rest 0
ok $? "at first all is accounted for"
echo 3500000000 >"$cg/cpuacct/docker/cpuacct.usage"
until_ok last_rest 2.5
ok $? "one lived and died in between: 2.5 s of its parent's"
container $B 2000000000
echo 5500000000 >"$cg/cpuacct/docker/cpuacct.usage"
seen_b() {
	grep -q "docker/$B" "$T/live"
}
until_ok seen_b
ok $? "a new container is found while running"
sleep 0.3
last_rest 2.5
ok $? "all that a new one used is its own"
rm -r "$cg/cpuacct/docker/$B"
n=$(wc -l <"$T/live")
lines_after() {
	[ "$(wc -l <"$T/live")" -ge $((n + 20)) ]
}
until_ok lines_after
tail -n 3 "$T/live" | grep -q "docker/$B"
is $? 1 "one that has gone is no longer written"
last_rest 2.5
ok $? "and what it used stays accounted for"

# --- the end
kill -TERM $pid
wait $pid
is $? 0 "SIGTERM ends it in order"
tail -n 1 "$T/live" | grep -q '"kind":"sweep".*"up":1,.*}}$'
ok $? "after a whole sweep"

# --- folders that vanish while they are read
(
	i=0
	while [ $i -lt 400 ]; do
		container $B $i
		rm -rf "$cg/cpuacct/docker/$B"
		i=$((i + 1))
	done
) &
churn=$!
collect "$S" -i 10ms -n 60 >"$T/out" 2>"$T/err"
is $? 0 "containers that come and go: exit status"
is "$(grep -v CAP_SYS_PTRACE "$T/err" | grep -v 'sweep came late')" "" \
	"nothing to complain about"
is "$(grep -c '"up":1' "$T/out")" 60 "all sweeps were made"
is "$(grep -vc '^{"ts":.*}}$' "$T/out")" 0 "of whole lines"
wait $churn

# --- the tick: every ts is a multiple of the interval, and later than the
# last; it comes from the clock, and so lateness does not add up
awk 'match($0, /"ts":[0-9.]+/) {
	us = sprintf("%.0f", substr($0, 6, RLENGTH - 5) * 1e6)
	if (us % 10000) bad++
	if (us < last) back++
	last = us
} END { print bad + 0, back + 0 }' "$T/out" >"$T/tick"
is "$(cat "$T/tick")" "0 0" "sweeps fall on multiples of 10 ms"

# --- without permission
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 700 "$cg/cpuacct/docker"
	mkdir -p "$cg/cpuacct/lxc/web"
	: >"$cg/cpuacct/lxc/web/cgroup.procs"
	echo 3 >"$cg/cpuacct/lxc/web/cpuacct.usage"
	chmod 0 "$cg/cpuacct/lxc/web/cgroup.procs"
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$build/dmon-collect" --procfs "$fix/proc" --sysfs "$S" \
		-n 1 cgroup >"$T/out" 2>"$T/err"
	if [ $? -eq 126 ] || grep -q "failed to execute" "$T/err"; then
		skip "nobody cannot run $build/dmon-collect" "as nobody"
	else
		grep -q '"id":"/lxc/web"' "$T/out"
		ok $? "nobody goes on with what may be seen"
		grep -q 'docker.*Permission denied' "$T/err"
		ok $? "and is told what may not"
		grep -q 'lxc/web/cgroup.procs: Permission denied' "$T/err"
		ok $? "and whose processes"
		grep -q 'CAP_SYS_PTRACE' "$T/err"
		ok $? "and what is missing"
	fi
	chmod 755 "$cg/cpuacct/docker"
else
	skip "not root" "as nobody"
fi

# --- wrong use, and a system that fails
dmon-collect -n 1 nosuchsource >"$T/out" 2>"$T/err"
is $? 2 "a source that there is not: exit status"
grep -q nosuchsource "$T/err"
ok $? "it is named"
dmon-collect -i 1ms 2>/dev/null
is $? 2 "an interval that is too short"
collect "$fix/v2/sys" -n 1 >/dev/full 2>"$T/err"
is $? 4 "output is full"
grep -q 'standard output' "$T/err"
ok $? "and it says so"
collect "$T" -n 1 >"$T/out" 2>"$T/err"
is $? 0 "no cgroups: exit status"
grep -q '"source":"cgroup"},"metrics":{"dmon_source_success":0,' "$T/out"
ok $? "the source has failed, the sweep has not"
collect "$fix/v2/sys" -i 10ms 2>"$T/err" | head -n 1 >/dev/null
is "$(grep -v CAP_SYS_PTRACE "$T/err")" "" "a reader that leaves ends it quietly"
dmon-collect --list >"$T/out" 2>/dev/null
grep -q '^cgroup .*needs cgroup' "$T/out"
ok $? "--list"

done_testing
