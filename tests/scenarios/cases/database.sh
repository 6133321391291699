# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='small writes, each to the disk at once'
setup() {
	box 'while sleep 0.2; do
			dd if=/dev/zero of=/tmp/x bs=4k count=1 conv=fsync
		done 2>/dev/null'
}
