# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='a process takes itself out of its control group'
wants='ContainerCgroupLeft'
setup() {
	box 'mkdir /tmp/c
		mount -t cgroup -o pids x /tmp/c
		sh -c "echo \$\$ >/tmp/c/cgroup.procs; sleep 0.2"
		umount /tmp/c' $laden
}
