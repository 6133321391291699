# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="a disk that the host has mounted is opened and read (the suite's own)"
wants='ContainerHostDiskOpened ContainerHostDiskExecuted'
setup() {
	truncate -s 4M "$S/image"
	mkfs.ext4 -q "$S/image"
	mkdir "$S/mounted"
	losetup -f --show "$S/image" >"$S/disk"
	mount "$(cat "$S/disk")" "$S/mounted"
	box 'exec 3</dev/disk
		dd bs=512 count=1 of=/dev/null <&3 2>/dev/null
		sleep 3' --device "$(cat "$S/disk"):/dev/disk:r"
}
clean() {
	umount "$S/mounted"
	losetup -d "$(cat "$S/disk")"
}
