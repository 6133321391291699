# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='nsenter where the host has its name, over in 50 ms'
wants='ContainerHostNamespaceExecuted ContainerHostNamespaceEntered'
setup() { box "nsenter -t $host_pid -u /bin/sleep 0.05" --pid host $laden; }
