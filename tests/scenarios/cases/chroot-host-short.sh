# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="chroot into the host's root, which is mounted, over in 50 ms"
wants='ContainerForeignRootExecuted ContainerForeignRoot'
setup() { box 'chroot /host /bin/sleep 0.05' -v /:/host:ro; }
