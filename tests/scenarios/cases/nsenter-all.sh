# SPDX-License-Identifier: GPL-3.0-or-later
# Among the host's processes it is already (--pid host): setns(2) leads into
# the namespace of processes that one is in, and into those below, only.
truth=escape
says="nsenter into all of the host's namespaces, for four seconds"
wants='ContainerEscapeExecuted ContainerEscape'
setup() {
	box "nsenter -t $host_pid -m -u -i -n -p /bin/sleep 4" --pid host $laden
}
