# SPDX-License-Identifier: GPL-3.0-or-later
# The kernel is told to run a program of the attacker's when a control group
# is left: the program, in a hierarchy of the suite's own, in which no process
# ever is; that it be run, in the container's control group too, in whose
# hierarchy no program is named. So nothing is ever run.
truth=escape
says="release_agent armed, in a hierarchy of the suite's own"
wants='ContainerNotifiesOnRelease HostHelperChanged HostHelperWritten'
host='HostHelper.* release_agent|HostHierarchiesChanged hierarchies'
lasts=5
setup() {
	box 'mkdir /tmp/c /tmp/m
		mount -t cgroup -o none,name=dmon-suite x /tmp/c
		mount -t cgroup -o memory x /tmp/m
		mkdir /tmp/c/x
		echo 1 >/tmp/c/x/notify_on_release
		echo /nonexistent/dmon-suite >/tmp/c/release_agent
		own=/tmp/m$(sed -n "s/.*:memory://p" /proc/self/cgroup)
		echo 1 >$own/notify_on_release
		sleep 3
		echo 0 >$own/notify_on_release
		echo >/tmp/c/release_agent' $laden
}
clean() {
	mkdir -p "$S/c"
	mount -t cgroup -o none,name=dmon-suite x "$S/c"
	echo >"$S/c/release_agent"
	[ ! -d "$S/c/x" ] || rmdir "$S/c/x"
	umount "$S/c"
}
