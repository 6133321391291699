# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="nsenter into the host's mount namespace, for four seconds"
wants='ContainerEscapeExecuted ContainerEscape'
setup() { box "nsenter -t $host_pid -m /bin/sleep 4" --pid host $laden; }
