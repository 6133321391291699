# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="chroot into the host's root, which is mounted, for four seconds"
wants='ContainerForeignRootExecuted ContainerForeignRoot'
setup() { box 'chroot /host /bin/sleep 4' -v /:/host:ro; }
