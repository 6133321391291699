# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="nsenter among the host's processes, for four seconds"
wants='ContainerHostNamespaceExecuted ContainerHostNamespaceEntered'
setup() {
	box "nsenter -p/hostproc/$host_pid/ns/pid /bin/sleep 4" \
		-v /proc:/hostproc:ro $laden
}
