#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `proc` on live processes: a container that the test makes.
. "$(dirname "$0")/lib.sh"

actor=$build/tests/cmd/proc-actor
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -x "$actor" ] || skip_all "proc-actor is not built"

# A cgroup as Docker's in each hierarchy that there is.
id=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
procs=
for h in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/cpuacct \
	/sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup/systemd; do
	[ -f "$h/cgroup.procs" ] && [ ! -L "$h" ] || continue
	[ -d "$h/docker" ] || { mkdir "$h/docker" 2>/dev/null &&
		at_exit "rmdir $h/docker 2>/dev/null"; } || continue
	mkdir "$h/docker/$id" 2>/dev/null || continue
	at_exit "rmdir $h/docker/$id"
	procs="$procs $h/docker/$id/cgroup.procs"
done
[ "$procs" ] || skip_all "no cgroup hierarchy can be written"

# Ends what is in the cgroup, and waits until it is empty.
none_left() {
	left=$(cat $procs)
	[ -z "$left" ] || { kill -9 $left; false; }
}
end_actors() {
	until_ok none_left
}
at_exit end_actors

# A disk that the host has mounted.
truncate -s 4M "$T/image"
mkdir "$T/mounted"
if mkfs.ext4 -q "$T/image" && disk=$(losetup -f --show "$T/image"); then
	at_exit "losetup -d $disk"
	if mount "$disk" "$T/mounted"; then
		at_exit "umount $T/mounted"
		export DM_DISK="$disk"
	fi
fi 2>/dev/null

mkdir "$T/root"
"$actor" container "$T/root" $procs -- idle mnt chroot cwd nnp userns nobody \
	thread caps traced memfd deleted later evil fuse disk many memory \
	>"$T/ready" 2>"$T/why" &
outer=$!
until_ok eval '[ -s "$T/ready" ] || ! kill -0 $outer'
[ -s "$T/ready" ] || skip_all "the kernel refuses: $(head -n 1 "$T/why")"

# One of them lives in a filesystem that never answers.
timeout -k 5 60 dmon-collect -n 1 proc >"$T/all" 2>"$T/err"
is "$?" 0 "a sweep succeeds"
is "$(cat "$T/err")" "" "and has nothing to say"
grep "$id" "$T/all" >"$T/mine"

# pid_of COMM (as JSON) in the file $at; row COMM: the process's record;
# value COMM METRIC
at=$T/mine
pid_of() {
	grep -F "\"comm\":\"$1\"" "$at" |
		sed -n 's/.*"pid":"\([0-9]*\)".*/\1/p' | tail -n 1
}
row() {
	grep -F "\"pid\":\"$(pid_of "$1")\"" "$at" |
		grep -v '"comm":' | grep -v '"tid":'
}
metric() {
	sed -n "s/.*\"container_process_$1\":\([^,}]*\).*/\1/p" | tail -n 1
}
value() {
	row "$1" | metric "$2"
}

is "$(value first namespace_state)" 1 "the first process has state 1"
is "$(value first host_namespaces)" $((1 + 64 + 256)) \
	"it has the host's user and time namespaces only"
is "$(value idle namespace_state)" 1 "what it starts has state 1"
is "$(value idle foreign_root)" 0 "and the same root"
is "$(value idle foreign_cwd)" 0 "and a working directory of its own mounts"
is "$(value idle deleted_executable)" 0 "and an executable that is there"
is "$(value idle parent_pid)" "$(pid_of first)" "its parent is the first"
is "$(value idle runtime_setup)" 0 "it is no runtime's"
is "$(value idle threads)" 1 "it has one thread"
is "$(value idle uid)" 0 "it is root"
pid=$(pid_of idle)
is "$(value idle open_fds)" "$(ls "/proc/$pid/fd" | wc -l)" \
	"its descriptors are counted"
is "$(value idle capabilities_effective)" \
	$((0x$(sed -n 's/^CapEff:\t//p' "/proc/$pid/status"))) \
	"its capabilities are the kernel's"
is "$(value idle capabilities_bounding)" \
	$((0x$(sed -n 's/^CapBnd:\t//p' "/proc/$pid/status"))) \
	"its bounding set too"
is "$(row idle | sed -n 's/.*"start":"\([0-9]*\)".*/\1/p')" \
	"$(cut -d' ' -f22 "/proc/$pid/stat")" "its start is the kernel's"
ok "$(grep -qF "\"exe\":\"$(readlink "/proc/$pid/exe")\",\"user\":\"root\"" \
	"$T/mine"; echo $?)" "its executable and user are told"

is "$(value mnt namespace_state)" 9 \
	"one that entered the host's mount namespace has state 9"
is "$(value mnt host_namespaces)" $((1 + 8 + 64 + 256)) \
	"which is told as the host's"
is "$(value mnt foreign_root)" 1 "its root is not the container's"
is "$(value chroot namespace_state)" 1 "chroot leaves the namespaces alone"
is "$(value chroot foreign_root)" 1 "but gives another root"
is "$(value cwd foreign_cwd)" 1 "a working directory on the host's mount"
is "$(value cwd foreign_root)" 0 "with the container's root"
is "$(value nnp no_new_privs)" 1 "no_new_privs"
is "$(value idle no_new_privs)" 0 "not for others"
is "$(value userns namespace_state)" 65 "a user namespace of its own"
is "$(value userns uid)" 0 "its user outside"
is "$(value userns container_uid)" 7 "and inside, by its map"
is "$(value nobody uid)" 65534 "a user that is not root"
is "$(value nobody capabilities_effective)" 0 "has no capabilities"
is "$(($(value idle capabilities_effective) - \
	$(value caps capabilities_effective)))" $((1 << 21)) \
	"a capability that was given up"
is "$(value traced tracer_pid)" "$(pid_of tracer)" "a tracer"
is "$(value memfd memfd_executable)" 1 "an executable in memory only"
is "$(value deleted deleted_executable)" 1 "an executable deleted"
is "$(value deleted memfd_executable)" 0 "that was a file"

is "$(value thread namespace_state)" 1 "a process is as its leader is"
if [ "$(pid_of disk)" ]; then
	is "$(value disk block_device_fds) $(value disk host_disk_fds)" "1 1" \
		"the host's own disk, by another name"
	is "$(value many block_device_fds)" "" "one behind 600 files is not yet seen"
else
	skip "no disk can be mounted and opened" "the host's own disk"
	skip "no disk can be mounted and opened" "one behind 600 files"
fi
if [ "$(pid_of memory)" ]; then
	is "$(value memory memory_device_fds)" 1 "the host's memory"
else
	skip "/dev/mem can't be opened" "the host's memory"
fi
is "$(value idle block_device_fds)$(value idle memory_device_fds)" "" \
	"others have no such descriptors"

thread=$(grep -F "\"pid\":\"$(pid_of thread)\"" "$T/mine" | grep '"tid":')
is "$(printf '%s\n' "$thread" | wc -l)" 1 "one thread differs from it"
is "$(printf '%s\n' "$thread" | metric namespace_state)" 33 \
	"by its own UTS namespace"
is "$(grep -c '"tid":' "$T/mine")" 1 "and it is the only thread told"

if [ "$(pid_of nofuse)" ]; then
	skip "no FUSE here" "a root that never answers"
else
	is "$(value fuse foreign_root)" 1 "a root that never answers"
fi

# The name's byte that is no UTF-8, quote and newline are escaped.
evil='a) R 1 (b\n\\xff\"'
is "$(value "$evil" namespace_state)" 1 "a hostile name"
is "$(value "$evil" state)" 1 "does not feign another state"
is "$(grep -c '"kind":"process"' "$T/mine")" \
	"$((2 * $(cat ${procs##* } | wc -l) + 1))" \
	"each process has two records, a thread one"

# A runtime that enters from outside: told, but no measure for others.
cp "$actor" "$T/runc"
"$T/runc" join $procs >"$T/joined" &
until_ok test -s "$T/joined"
dmon-collect -n 1 proc | grep "$id" >"$T/entered"
at=$T/entered
is "$(value runc runtime_setup)" 1 "a runtime's process is known"
is "$(value runc namespace_state)" $((1 + 2 + 4 + 8 + 16 + 32 + 128)) \
	"and its namespaces are told as they are"
is "$(value idle namespace_state)" 1 "the others' state is unchanged"

# A change between two sweeps.
dmon-collect -i 200ms -n 15 proc >"$T/sweeps" &
collector=$!
until_ok grep "$id" "$T/sweeps"
at=$T/mine
later=$(pid_of later)
kill -USR1 "$later"
wait $collector
grep "$id" "$T/sweeps" | grep -F "\"pid\":\"$later\"" |
	grep -v '"comm":' >"$T/later"
is "$(head -n 1 "$T/later" | metric namespace_state)" 1 "1 at first"
is "$(tail -n 1 "$T/later" | metric namespace_state)" 9 \
	"9 once it has entered the host's mount namespace"
is "$(metric foreign_root <"$T/later")" 1 "with the host's root"
if [ "$(pid_of many)" ]; then
	is "$(grep "$id" "$T/sweeps" | grep -F "\"pid\":\"$(pid_of many)\"" |
		metric host_disk_fds)" 1 "a disk behind 600 files is seen later"
else
	skip "no disk can be mounted and opened" "a disk behind 600 files"
fi

# Without privileges: what can be seen, and how many can not.
if command -v setpriv >/dev/null &&
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		test -x "$(command -v dmon-collect)"; then
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		dmon-collect -i 100ms -n 2 proc >"$T/nobody" 2>"$T/nobody.err"
	is "$?" 0 "as nobody the sweep goes on"
	grep "$id" "$T/nobody" >"$T/at"
	at=$T/at
	is "$(value idle namespace_state)" "" "without namespaces"
	ok "$([ "$(value idle resident_memory_bytes)" -gt 0 ]; echo $?)" \
		"with memory"
	is "$(grep -c 'processes cannot be seen whole' "$T/nobody.err")" 1 \
		"it is said once"
	hidden=$(sed -n 's/.*"dmon_processes_hidden":\([0-9]*\).*/\1/p' \
		"$T/at" | tail -n 1)
	ok "$([ "${hidden:-0}" -ge 14 ]; echo $?)" "and counted"
else
	skip "as nobody" "the program can't be run as another user here"
fi

# Fewer descriptors than processes: they are not kept, and all is as it was,
# at the latest in the second sweep.
(ulimit -n 24 && dmon-collect -i 100ms -n 4 proc) >"$T/few" 2>"$T/few.err"
is "$?" 0 "a sweep with few descriptors"
grep "$id" "$T/few" | tail -n "$(wc -l <"$T/entered")" >"$T/at"
at=$T/at
is "$(value mnt namespace_state)" 9 "sees the same"
is "$(sed -n 's/^.*\("pid":"[0-9]*"\).*/\1/p' "$T/at" | sort)" \
	"$(sed -n 's/^.*\("pid":"[0-9]*"\).*/\1/p' "$T/entered" | sort)" \
	"of each process"

end_actors
wait $outer 2>/dev/null
dmon-collect -n 1 proc >"$T/after" 2>"$T/err"
is "$?" 0 "a sweep after all have ended"
is "$(grep "$id" "$T/after" | grep -c '"kind":"process"')" 0 "finds none"
done_testing
