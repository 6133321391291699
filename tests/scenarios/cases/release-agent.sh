# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="release_agent armed, in a hierarchy of the suite's own"
wants='ContainerNotifiesOnRelease HostHelperChanged HostHelperWritten'
lasts=5
host='HostHelper.*'
setup() {
	box 'mkdir /tmp/c
		mount -t cgroup -o none,name=dmon-suite x /tmp/c
		mkdir /tmp/c/x
		echo 1 >/tmp/c/x/notify_on_release
		echo /nonexistent/dmon-suite >/tmp/c/release_agent
		sleep 3
		echo >/tmp/c/release_agent' $laden
}
clean() {
	mkdir -p "$S/c"
	mount -t cgroup -o none,name=dmon-suite x "$S/c"
	echo >"$S/c/release_agent"
	[ ! -d "$S/c/x" ] || rmdir "$S/c/x"
	umount "$S/c"
}
