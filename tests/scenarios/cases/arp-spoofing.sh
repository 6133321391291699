# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says="a container says that it has its neighbour's address"
wants='ContainerArpConflict ContainerGatewayChanged ContainerNeighboursContested'
within=5
lasts=6
setup() {
	part=neighbour box ''
	box '/suite/actor arp 10.9.8.2'
	cable neighbour
}
