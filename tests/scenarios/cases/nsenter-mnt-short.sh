# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="nsenter into the host's mount namespace, over in 50 ms"
wants='ContainerEscapeExecuted ContainerEscape'
setup() { box "nsenter -t $host_pid -m /bin/sleep 0.05" --pid host $laden; }
