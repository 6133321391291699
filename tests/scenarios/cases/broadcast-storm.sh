# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='small packets to all, as many as it can'
wants='ContainerSendsFlood ContainerFlooded ContainerMulticastStorm'
within=5
lasts=8
alone=yes
setup() {
	part=neighbour box ''
	box '/suite/actor flood 10.9.8.255 20 0'
	cable neighbour
}
