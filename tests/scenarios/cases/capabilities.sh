# SPDX-License-Identifier: GPL-3.0-or-later
# As docker exec --privileged does it, by hand: that gives all capabilities,
# and not every machine has them all to give.
truth=escape
says="a shell that has more capabilities than its container"
wants='ContainerCapabilitiesGained'
lasts=8
setup() { box ''; }
attack() {
	pid=$(box_pid)
	go
	sh -c '
		for f in $(sed "s/.*:\([^:]*\):\(.*\)/\1\2/; s/^name=//
			s/^\//unified\//" "/proc/$1/cgroup"); do
			echo $$ >"/sys/fs/cgroup/$f/cgroup.procs"
		done 2>/dev/null
		exec nsenter -t "$1" -m -p -n -u -i /bin/sleep 5' sh "$pid" \
		>/dev/null 2>&1 &
}
