# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='an archive unpacked and deleted, time after time'
setup() {
	box 'cd / && tar -cf /tmp/x.tar bin
		while sleep 1; do
			mkdir /tmp/d
			tar -xf /tmp/x.tar -C /tmp/d
			rm -r /tmp/d
		done'
}
