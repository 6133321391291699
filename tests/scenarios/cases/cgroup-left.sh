# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='a process takes itself out of its control groups'
wants='ContainerCgroupLeft'
setup() {
	box 'mkdir /tmp/c
		for c in pids cpu cpuacct memory; do
			mkdir /tmp/c/$c
			mount -t cgroup -o $c x /tmp/c/$c
		done
		sh -c "for c in /tmp/c/*; do
				echo \$\$ >\$c/cgroup.procs
			done
			exec /bin/sleep 0.2"' $laden
}
