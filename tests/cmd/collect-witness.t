#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `witness`: on a tree that the test makes, and changes.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip_all "no jq"

R=$T/root
P=$R/proc
S=$R/sys
k=$P/sys/kernel
mkdir -p "$k/yama" "$P/sys/fs/binfmt_misc" "$P/sys/net/ipv4" "$P/sys/vm" \
	"$S/kernel" "$S/fs/cgroup/memory" "$S/fs/cgroup/pids" "$R/usr/bin" \
	"$R/usr/sbin" "$R/etc/cron.d" "$R/etc/systemd/system" \
	"$R/var/spool" "$R/root" "$P/self"
printf '4:memory:/\n3:pids:/\n0::/\n' >"$P/self/cgroup"
echo core >"$k/core_pattern"
echo /sbin/modprobe >"$k/modprobe"
echo 0 >"$k/tainted"
echo 1 >"$k/yama/ptrace_scope"
echo 1 >"$P/sys/net/ipv4/ip_forward"
echo 0 >"$P/sys/vm/overcommit_memory"
echo enabled >"$P/sys/fs/binfmt_misc/status"
printf 'overlay 126976 3 - Live 0x0\nxfs 99 0 - Live 0x0\n' >"$P/modules"
echo >"$S/kernel/uevent_helper"
for h in memory pids; do
	echo >"$S/fs/cgroup/$h/release_agent"
	: >"$S/fs/cgroup/$h/cgroup.procs"
done
box=$S/fs/cgroup/memory/docker/$(printf 'ada1f00d%.0s' 1 2 3 4 5 6 7 8)
mkdir -p "$box"
: >"$box/cgroup.procs"
echo 0 >"$box/notify_on_release"
echo one >"$R/usr/bin/runc"
echo two >"$R/usr/sbin/dockerd"
echo root:x:0:0 >"$R/etc/passwd"
echo a >"$R/etc/cron.d/a"
# A link of the tree's is the tree's.
echo shadow >"$R/etc/real"
ln -s /etc/real "$R/etc/shadow"

dmon-collect -i 100ms --procfs "$P" --sysfs "$S" --rootfs "$R" witness \
	>"$T/out" 2>"$T/err" &
pid=$!
at_exit "kill $pid 2>/dev/null; wait $pid"
sweeps() {
	n=$(grep -c '"up":1' "$T/out")
}
next() { # wait for two more sweeps
	sweeps
	want=$((n + 2))
	until_ok eval 'sweeps; [ $n -ge $want ]'
}
events() { # WHAT: what its events said, one a line
	jq -r --arg what "$1" 'select(.kind == "event"
		and .labels.what == $what) | .metrics | to_entries |
		map(select(.key != "host_event_witness_info")) |
		map("\(.key | ltrimstr("host_event_witness_"))=\(.value)") |
		join(" ")' "$T/out" | grep -v '^$'
}
info() { # WHAT: path, old and new of its first event
	jq -r --arg what "$1" 'select(.metrics.host_event_witness_info
		and .labels.what == $what).labels |
		"\(.path): \(.old) -> \(.new)"' "$T/out" | head -n 1
}
now() { # WHAT
	jq -r --arg what "$1" 'select(.kind == "host"
		and .labels.what == $what).metrics.node_witness_changed' \
		"$T/out" | tail -n 1
}
has() { # WHAT TEXT: an event says so
	events "$1" | grep -q "$2"
}
# changes WHAT WHERE OLD NEW: of a setting
changes() {
	until_ok has "$1" change=1
	is "$(events "$1" | sed -n 1p)" "change=1 undone=0" "$1: it is told of"
	is "$(info "$1")" "$2: $3 -> $4" "what it was and is"
	next
	is "$(now "$1")" 1 "it differs from the baseline"
}
until_ok grep -q '"up":1' "$T/out"
started=$?
ok $started "it starts"
[ $started -eq 0 ] || done_testing
next
is "$(grep -c '"kind":"event"' "$T/out")" 0 "the baseline is no event"
jq -r 'select(.labels.what and .kind == "host") |
	.metrics.node_witness_changed' "$T/out" | sort -u >"$T/values"
is "$(cat "$T/values")" 0 "and nothing differs from it"
is "$(now selinux)" "" "a setting that is not there has no row"
is "$(now ld_preload)" 0 "a file that is not there has one"

# One write each, as settings are written.
set_to() { # TEXT FILE
	printf '%s\n' "$1" 1<>"$2"
}
set_to '|/x %' "$k/core_pattern"
changes core_pattern /proc/sys/kernel/core_pattern core '|/x %'
set_to 9 "$k/yama/ptrace_scope"
changes ptrace_scope /proc/sys/kernel/yama/ptrace_scope 1 9
set_to 4 "$k/tainted"
changes tainted /proc/sys/kernel/tainted 0 4
set_to 0 "$P/sys/net/ipv4/ip_forward"
changes ip_forward /proc/sys/net/ipv4/ip_forward 1 0
set_to 1 "$P/sys/vm/overcommit_memory"
changes overcommit_memory /proc/sys/vm/overcommit_memory 0 1
set_to /tmp/x "$S/kernel/uevent_helper"
changes uevent_helper /sys/kernel/uevent_helper "" /tmp/x
set_to /tmp/y "$S/fs/cgroup/pids/release_agent"
changes release_agent /sys/fs/cgroup/pids/release_agent "" /tmp/y
printf 'enabled\ninterpreter /tmp/x\n' >"$T/evil"
mv "$T/evil" "$P/sys/fs/binfmt_misc/evil"
changes binfmt_misc /proc/sys/fs/binfmt_misc "" \
	'evil enabled interpreter /tmp/x '
printf 'overlay 126976 4 - Live 0x0\nevil 99 0 - Live 0x0\n' \
	1<>"$P/modules"
changes modules /proc/modules xfs evil

printf '4:memory:/x\n3:rdma:/\n0::/\n' 1<>"$P/self/cgroup"
changes hierarchies /proc/self/cgroup pids rdma

# Written, but as it was.
set_to /sbin/modprobe "$k/modprobe"
until_ok has modprobe undone=1
is "$(events modprobe | sed -n 1p)" "change=1 undone=1" \
	"modprobe: what is written, but as before, is told of"
next
is "$(events core_pattern | wc -l)" 1 "what has changed is told of once"
is "$(now modprobe)" 0 "it does not differ from the baseline"

# Files.
echo evil >>"$R/usr/bin/runc"
until_ok has runtime content_info
is "$(events runtime | sed -n 1p)" "change=1 undone=0 in_place=1" \
	"runc is written to: it is told of at once"
is "$(jq -r 'select(.metrics.host_event_witness_content_info) |
	"\(.labels.path) \(.labels.sha256)"' "$T/out")" \
	"/usr/bin/runc $(sha256sum <"$R/usr/bin/runc" | cut -d' ' -f1)" \
	"with the hash of what it is now"
next
is "$(now runtime)" 1 "it differs"
echo two >"$T/dockerd"
mv "$T/dockerd" "$R/usr/sbin/dockerd"
until_ok has runtime in_place=0
ok $? "another dockerd takes its place: that is another matter"
echo /x.so >"$T/preload"
mv "$T/preload" "$R/etc/ld.so.preload"
until_ok has ld_preload change=1
case $(info ld_preload) in
"/etc/ld.so.preload:  -> device "*"mode 100"*) ok 0 "a file that comes" ;;
*) ok 1 "a file that comes: $(info ld_preload)" ;;
esac
rm "$R/etc/passwd"
until_ok has passwd change=1
case $(info passwd) in
"/etc/passwd: device "*"owner "*" -> ") ok 0 "a file that goes" ;;
*) ok 1 "a file that goes: $(info passwd)" ;;
esac
echo more >>"$R/etc/real"
until_ok has shadow change=1
ok $? "a link is that of the tree"
mkdir "$R/root/.ssh"
echo key >"$R/root/.ssh/authorized_keys"
until_ok has authorized_keys change=1
ok $? "a file in a folder that was not there"

# Folders: what came and went again before anybody looked, too.
echo '* * * * * root true' >"$R/etc/cron.d/b\"$(printf '\001\377')"
until_ok has cron change=1
jq -r 'select(.metrics.host_event_witness_info
	and .labels.what == "cron").labels.new' "$T/out" >"$T/new"
grep -qF 'b"' "$T/new" && grep -qF '\xff device ' "$T/new"
ok $? "a folder: what came, and be it a name that is none"
kill -STOP $pid
echo x >"$R/etc/systemd/system/x"
rm "$R/etc/systemd/system/x"
kill -CONT $pid
until_ok has systemd change=1
ok $? "what came and went between two looks"
next
is "$(now systemd)" 1 "leaves its trace in the folder's times"

# Control groups.
notify() {
	jq -r 'select(.kind == "container").metrics |
		.container_cgroup_notify_on_release' "$T/out" | tail -n 1
}
is "$(notify)" 0 "a container whose control group tells nobody"
kill $pid
wait $pid
is $? 0 "it ends"
echo 1 >"$box/notify_on_release"
is "$(cat "$T/err")" "" "nothing was amiss"
dmon-collect -n 1 --procfs "$P" --sysfs "$S" --rootfs "$R" witness >"$T/out"
is "$(notify)" 1 "one whose does"
dmon-collect -n 1 --procfs "$P" --sysfs "$S" --rootfs "$R" >"$T/out" \
	2>"$T/err"
is "$(grep -c witness "$T/out")" 0 "one sweep alone has no witness"

# A container mounts a hierarchy that was not there, in a file system of its
# own, and names a program. Nothing is ever in it, so nothing is executed.
id=$(printf 'c0ffee00%.0s' 1 2 3 4 5 6 7 8)
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
left() {
	pids=$(cat $procs)
	[ -z "$pids" ] || { kill $pids; false; }
}
mounts() { # in the container
	[ "$procs" ] || return
	mkdir "$T/own"
	mkfifo "$T/go"
	unshare -m sh -c "for f in $procs; do echo \$\$ >\$f || exit; done
		mount -t tmpfs tmpfs '$T/own' && mkdir '$T/own/a b' &&
		: >'$T/ready' && read -r go <'$T/go' &&
		mount -t cgroup -o none,name=dmon-$$ x '$T/own/a b' &&
		echo /nonexistent/dmon >'$T/own/a b/release_agent' &&
		exec sleep 1000" 2>"$T/why" &
	box=$!
	at_exit "until_ok left"
	until_ok eval '[ -e "$T/ready" ] || ! kill -0 $box'
	[ -e "$T/ready" ]
}
if ! mounts 2>"$T/why"; then
	skip "it can't: $(head -n 1 "$T/why")" "a container mounts a hierarchy"
else
	dmon-collect -i 100ms witness >"$T/out" 2>"$T/err" &
	pid=$!
	until_ok grep -q '"up":1' "$T/out"
	echo go >"$T/go"
	until_ok has release_agent change=1
	is "$(info release_agent)" "/proc/$box/root$T/own/a b/release_agent:  -> /nonexistent/dmon" \
		"a container mounts a hierarchy: its release_agent is told of"
	is "$(info hierarchies)" "/proc/self/cgroup:  -> name=dmon-$$" \
		"and the hierarchy"
	until_ok left
	until_ok eval '! grep -q "name=dmon-$$" /proc/self/cgroup'
	ok $? "which is gone when the container is"
	kill $pid
	wait $pid
fi

# What inotify tells of procfs: writing by the host's own mount of it, wherever
# that is bound to, and not by another mount. The value stays what it is.
f=/proc/sys/kernel/kptr_restrict
mkdir "$T/mnt"
by() { # MOUNT: write what is there by a procfs that is mounted like this
	unshare -m sh -c "mount $1 '$T/mnt' &&
		cat $f >'$T/mnt/${f#/proc/}'" 2>"$T/why"
}
dmon-collect -i 100ms witness >"$T/out" 2>"$T/err" &
pid=$!
until_ok grep -q '"up":1' "$T/out"
if ! by '--bind /proc'; then
	skip "$(head -n 1 "$T/why")" "procfs, bound elsewhere"
	skip "$(head -n 1 "$T/why")" "another procfs"
else
	until_ok has kptr_restrict undone=1
	ok $? "procfs, bound elsewhere: writing is told of"
	sleep 1.1 # else it is one with what was told of just now
	had=$(events kptr_restrict | wc -l)
	by '-t proc proc'
	status=$?
	next
	is "$status $(events kptr_restrict | wc -l)" "0 $had" \
		"another procfs: it is not"
fi
done_testing
