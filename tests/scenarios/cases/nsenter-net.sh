# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="nsenter into the host's network, for four seconds"
wants='ContainerHostNamespaceExecuted ContainerHostNamespaceEntered'
setup() { box "nsenter -t $host_pid -n /bin/sleep 4" --pid host $laden; }
