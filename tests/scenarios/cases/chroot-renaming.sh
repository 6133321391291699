# SPDX-License-Identifier: GPL-3.0-or-later
# A daemon does that too, for a moment: it counts after three seconds.
truth=escape
says='chroot without executing anything, renamed every second'
wants='ContainerForeignRootExecuted ContainerForeignRoot'
crosses=3
lasts=8
setup() { box '/suite/actor jail /host' -v /:/host:ro; }
