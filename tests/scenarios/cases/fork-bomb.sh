# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='children that have children'
wants='ContainerForkBomb ContainerForkStorm'
within=5
lasts=8
setup() { box '/suite/actor bomb'; }
