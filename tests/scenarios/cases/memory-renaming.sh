# SPDX-License-Identifier: GPL-3.0-or-later
# ContainerMemoryHigh has for: 10s; memory is filled within a second.
truth=dos
says='a process that fills its memory limit, and renames itself every second'
wants='ContainerMemoryHigh'
within=5
crosses=10
lasts=18
setup() { box '/suite/actor memory 59'; }
