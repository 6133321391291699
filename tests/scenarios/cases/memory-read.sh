# SPDX-License-Identifier: GPL-3.0-or-later
# process_vm_readv(2) raises no event.
truth=escape
says='the memory of a process of the host read'
wants='ContainerTraceForeign'
setup() {
	where=$(sed -n '1s/-.*//p' "/proc/$host_pid/maps")
	box "/suite/actor spy $host_pid $where" --pid host $laden
}
