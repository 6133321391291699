# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='one that writes to the disk without a pause'
wants='ContainerIoHogsHost'
within=5
lasts=20
setup() {
	box 'while :; do
			dd if=/dev/zero of=/tmp/x bs=1M count=24 conv=fsync
		done 2>/dev/null'
}
