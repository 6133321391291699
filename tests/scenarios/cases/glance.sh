# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing that polls or hears the kernel's process events can see that.
truth=escape
says="the host's mount namespace entered and left, nothing executed"
wants='ContainerEscapeExecuted ContainerEscape'
setup() {
	box "/suite/actor glance /proc/$host_pid/ns/mnt" --pid host $laden
}
