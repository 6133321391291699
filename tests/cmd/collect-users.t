#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `users`: on a tree that the test makes, and changes.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip_all "no jq"

R=$T/root
P=$R/proc
S=$R/sys
mkdir -p "$P" "$S/fs/cgroup" "$R/etc" "$R/var/run"
printf 'cpu 1 2 3 4\nbtime 1795476000\n' >"$P/stat"
echo '5000.00 9000.00' >"$P/uptime"
echo cpu memory pids >"$S/fs/cgroup/cgroup.controllers"
: >"$S/fs/cgroup/cgroup.procs"
printf '%s\n' root:x:0:0:: alice:x:1000:1000:: 'b"o\b:x:1001:1001::' \
	>"$R/etc/passwd"

# process PID PARENT SESSION TTY UID EXE [START]: in ticks, 1000 + PID
process() {
	mkdir -p "$P/$1/ns" "$P/$1/fd"
	for n in mnt pid net user; do
		[ -L "$P/$1/ns/$n" ] || ln -s "$n:[4026531840]" "$P/$1/ns/$n"
	done
	ln -sfn "$6" "$P/$1/exe"
	printf 'Uid:\t%s\t%s\t%s\t%s\n' "$5" "$5" "$5" "$5" >"$P/$1/status"
	echo 4294967295 >"$P/$1/loginuid"
	echo 4294967295 >"$P/$1/sessionid"
	# A name that looks as if the fields behind it were others.
	echo "$1 (a) S 1 1 1 34816 (b) S $2 $3 $3 $4 -1 4194304 0 0 0 0 1 1 0" \
		"0 20 0 1 0 ${7:-$((1000 + $1))} 1000000 100 18446744073709551615" \
		"1 1 $((140000000000 + $1)) 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0" \
		>"$P/$1/stat.new"
	mv "$P/$1/stat.new" "$P/$1/stat"
}
pts() {
	echo $((136 * 256 + $1))
}
sshd=/usr/sbin/sshd
process 1 0 1 0 0 /sbin/init
process 500 1 500 0 0 $sshd

# By ssh: a shell, then sudo, with a terminal of its own.
process 600 500 600 0 0 $sshd
process 601 600 600 0 1000 $sshd
process 602 601 602 "$(pts 0)" 1000 /bin/bash
process 603 602 602 "$(pts 0)" 0 /usr/bin/sudo
process 604 603 604 "$(pts 1)" 0 /bin/bash
ln -s 'socket:[4711]' "$P/600/fd/4"
ln -s 'socket:[4712]' "$P/601/fd/9"
mkdir "$P/600/net" "$P/601/net"
rest='00000000:00000000 00:00000000 00000000 0 0'
cat >"$P/600/net/tcp" <<END
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
   0: 00000000:0016 00000000:0000 0A $rest 4700 1
   1: 0100000A:0016 070200C0:D2F0 01 $rest 4711 1
   2: 0100007F:0990 0100007F:0050 01 $rest 4712 1
END
cp "$P/600/net/tcp" "$P/601/net/tcp"

# By ssh: sftp within sshd, without a terminal.
process 700 500 700 0 0 $sshd
process 701 700 700 0 1001 $sshd
process 702 701 702 0 1001 $sshd
echo 1001 >"$P/702/loginuid"
echo 3 >"$P/702/sessionid"

# On the console; one waits there.
process 800 1 800 0 0 /bin/login
process 801 800 801 1025 1000 /bin/bash
process 802 1 802 1026 0 /sbin/agetty

# A terminal that nobody has logged in by, and one that utmp knows.
process 900 1 900 "$(pts 5)" 1000 /usr/bin/tmux
process 910 1 910 0 0 /usr/sbin/telnetd
process 911 910 911 "$(pts 6)" 1000 /bin/bash
utmp() { # TYPE PID LINE USER HOST
	printf "\\$(printf %o "$1")\\0\\0\\0"
	printf "\\$(printf %o $(($2 % 256)))\\$(printf %o $(($2 / 256)))\\0\\0"
	for field in "$3:32" 6:4 "$4:32" "$5:256" :52; do
		printf %s "${field%:*}" | head -c "${field##*:}"
		head -c "$((${field##*:} - $(printf %s "${field%:*}" | wc -c)))" \
			/dev/zero
	done
}
{
	utmp 7 910 pts/6 alice 'far"\away'
	utmp 7 4321 pts/5 mallory left.behind
} >"$R/var/run/utmp"

# A container, with a shell by exec that alice's client has asked for.
id=$(printf 'ada1f00d%.0s' 1 2 3 4 5 6 7 8)
box=$S/fs/cgroup/docker/$id
mkdir -p "$box"
echo cpu memory pids >"$box/cgroup.controllers"
process 300 1 300 0 0 /bin/sleep
echo 300 >"$box/cgroup.procs"

sessions() { # METRIC of that kind: one line each, from the last whole sweep
	jq -r --arg m "$1" 'select(.metrics[$m]).labels |
		del(.instance, .job, .id, .start) | tojson' "${2:-$T/one}"
}
one() {
	dmon-collect -n 1 --procfs "$P" --sysfs "$S" --rootfs "$R" users \
		>"$T/one" 2>"$T/err"
}
one
is "$?:$(cat "$T/err")" 0: "one sweep"
sessions node_session_info >"$T/got"
cat >"$T/expected" <<'END'
{"session":"602","how":"ssh","tty":"pts/0","user":"alice","login":"alice","from":"192.0.2.7"}
{"session":"604","how":"tty","tty":"pts/1","user":"root","login":"alice","from":"192.0.2.7"}
{"session":"702","how":"ssh","user":"b\"o\\\\b","login":"b\"o\\\\b","audit":"3"}
{"session":"801","how":"login","tty":"tty1","user":"alice","login":"alice"}
{"session":"900","how":"tty","tty":"pts/5","user":"alice"}
{"session":"911","how":"login","tty":"pts/6","user":"alice","login":"alice","from":"far\"\\\\away"}
END
same "$T/got" "$T/expected" "sessions of the host"
is "$(jq .metrics.node_sessions "$T/one" | grep -v null)" 6 "they are counted"
is "$(jq -c 'select(.labels.session == "602").metrics |
	del(.node_session_info) | select(. != {})' "$T/one")" \
	'{"node_session_processes":2,"node_session_start_time_seconds":1795476016.02}' \
	"their processes and when they began"
is "$(jq .metrics.container_sessions "$T/one" | grep -v null)" 0 \
	"a container has none"
is "$(grep -c -e '"kind":"event"' -e container_process "$T/one")" 0 \
	"what is there has not been opened now, and proc is not asked for"

# Now as it goes.
dmon-collect -i 100ms --procfs "$P" --sysfs "$S" --rootfs "$R" users \
	>"$T/out" 2>"$T/err" &
pid=$!
at_exit "kill $pid 2>/dev/null; wait $pid"
sweeps() {
	n=$(grep -c '"up":1' "$T/out")
}
next() { # wait for so many sweeps
	sweeps
	want=$((n + $1))
	until_ok eval 'sweeps; [ $n -ge $want ]'
}
# events KIND METRIC: its info's labels
events() {
	grep '"kind":"event"' "$T/out" >"$T/events"
	jq -rn --arg m "$1_event_session_$2" --arg i "$1_event_session_info" '
		foreach inputs as $r (null;
			if $r.metrics[$i] then {info: $r.labels}
			else . + {is: $r.metrics} end;
			select(.is[$m]) | "\(.info | del(.instance, .job,
				.start, .id) | tojson) \(.is | tojson)")' \
		"$T/events"
}
told() { # KIND METRIC N: are there so many?
	[ "$(events "$1" "$2" | wc -l)" -ge "$3" ]
}
until_ok grep -q '"up":1' "$T/out"
process 620 602 602 "$(pts 0)" 1000 /usr/bin/docker 3000
printf 'docker\0exec\0-it\0ada1f00d\0sh\0' >"$P/620/cmdline"
process 320 2 320 "$(pts 0)" 0 /bin/sh 3050
echo 320 >>"$box/cgroup.procs"
until_ok told container opened 1
is "$(events container opened)" "$(printf '%s %s' \
	'{"session":"320","how":"exec","tty":"pts/0","user":"root","login":"alice","from":"192.0.2.7","client":"602"}' \
	'{"container_event_session_opened":1}')" \
	"exec into a container, and whose client has asked for it"
process 321 320 320 "$(pts 0)" 1001 /bin/su
echo 321 >>"$box/cgroup.procs"
until_ok told container uid_change 1
is "$(events container uid_change | sed 's/.*"to"/"to"/')" \
	'"to":"b\"o\\\\b"} {"container_event_session_uid_change":1,"container_event_session_uid":1001}' \
	"it becomes another user"
echo 300 >"$box/cgroup.procs"
rm -r "$P/320" "$P/321"
until_ok told container closed 1
is "$(events container closed | sed 's/.* //')" \
	'{"container_event_session_closed":1,"container_event_session_seconds":4969.5}' \
	"it is over"

# A process of a session of the host's is put into the container.
process 350 2 602 "$(pts 0)" 1000 /bin/sh 3060
echo 350 >>"$box/cgroup.procs"
until_ok told container opened 2
is "$(events container opened | tail -n 1 | sed 's/ .*//')" \
	'{"session":"602","how":"attach","tty":"pts/0","user":"alice","login":"alice","from":"192.0.2.7","client":"602"}' \
	"a process that was put into a container"
echo 300 >"$box/cgroup.procs"
rm -r "$P/350"

# sudo, in the session's own terminal.
process 1100 601 1100 "$(pts 8)" 1000 /bin/bash
until_ok told host opened 1
process 1101 1100 1100 "$(pts 8)" 0 /usr/bin/sudo
until_ok told host uid_change 1
is "$(events host uid_change | sed 's/.*"to"/"to"/')" \
	'"to":"root"} {"host_event_session_uid_change":1,"host_event_session_uid":0}' \
	"a user of the host becomes root"
rm -r "$P/1100" "$P/1101"
until_ok told host closed 1

# Two clients at the same time: it is not known which.
process 621 604 604 "$(pts 1)" 0 /usr/bin/docker 3100
cp "$P/620/cmdline" "$P/621/cmdline"
process 620 602 602 "$(pts 0)" 1000 /usr/bin/docker 3100
process 330 2 330 "$(pts 0)" 0 /bin/sh 3150
echo 330 >>"$box/cgroup.procs"
until_ok told container opened 3
is "$(events container opened | tail -n 1 | sed 's/ .*//')" \
	'{"session":"330","how":"exec","tty":"pts/0","user":"root"}' \
	"where two may have, nobody is named"

# A process of a container that is not in its list yet is none of the host's.
process 340 2 340 "$(pts 0)" 0 /bin/sh
echo "0::/docker/$id" >"$P/340/cgroup"
process 1000 601 1000 "$(pts 9)" 1000 /bin/bash
until_ok told host opened 2
is "$(events host opened | tail -n 1 | sed 's/ .*//')" \
	'{"session":"1000","how":"ssh","tty":"pts/9","user":"alice","login":"alice","from":"192.0.2.7"}' \
	"a session of the host is opened"
rm -r "$P/1000"
until_ok told host closed 2
is "$(events host closed | sed 's/ .*//')" "$(events host opened |
	sed 's/ .*//')" "and closed"
is "$(grep -c '"session":"340"' "$T/out")" 0 "one of a container is not"
is "$(grep -v "a sweep came late" "$T/err")" "" "nothing else to say"
done_testing
