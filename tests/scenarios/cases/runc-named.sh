# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="the same by an attacker's program called runc"
wants='ContainerEscapeExecuted ContainerEscape'
setup() {
	box "cp /bin/busybox /tmp/runc
		(exec -a nsenter /tmp/runc -t $host_pid -m /bin/sleep 0.05)" \
		--pid host $laden
}
