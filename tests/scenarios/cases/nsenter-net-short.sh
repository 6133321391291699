# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="nsenter into the host's network, over in 50 ms"
wants='ContainerHostNamespaceExecuted ContainerHostNamespaceEntered'
setup() { box "nsenter -t $host_pid -n /bin/sleep 0.05" --pid host $laden; }
