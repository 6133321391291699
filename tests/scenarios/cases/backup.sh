# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a backup over the network, up to 80 MB a second'
setup() {
	part=target box 'sleep 3000 | nc -l -p 9 >/dev/null'
	box 'while sleep 1; do
			dd if=/dev/zero bs=64k count=1250 2>/dev/null
		done | nc 10.9.8.2 9'
	cable target
}
