# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='a container listens to all packets'
wants='ContainerPromiscuous'
within=5
lasts=8
setup() {
	part=neighbour box ''
	box 'ip link set eth0 promisc on' --cap-add NET_ADMIN
	cable neighbour
}
