# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='processes that end at once, one after the other'
wants='ContainerForkStorm'
within=5
lasts=8
alone=yes
setup() { box '/suite/actor forks' --cpus 1; }
