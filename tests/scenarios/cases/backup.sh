# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a backup over the network, 80 MB a second'
setup() {
	part=target box '/suite/actor sink'
	box '/suite/actor flood 10.9.8.2 64000 1250'
	cable target
}
