# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="a disk of the host opened and read (one of the suite's own)"
wants='ContainerBlockDeviceOpen'
setup() {
	truncate -s 4M "$S/image"
	losetup -f --show "$S/image" >"$S/disk"
	box 'exec 3</dev/disk
		dd bs=512 count=1 of=/dev/null <&3 2>/dev/null
		sleep 3' --device "$(cat "$S/disk"):/dev/disk:r"
}
clean() {
	[ ! -s "$S/disk" ] || losetup -d "$(cat "$S/disk")" 2>/dev/null || :
}
