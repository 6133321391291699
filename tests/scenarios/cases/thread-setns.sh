# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="one thread of a process enters the host's network"
wants='ContainerHostNamespaceExecuted ContainerHostNamespaceEntered'
setup() {
	box "/suite/actor thread /proc/$host_pid/ns/net" --pid host $laden
}
