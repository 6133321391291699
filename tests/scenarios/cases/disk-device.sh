# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="the host's disk opened"
wants='ContainerBlockDeviceOpen'
setup() {
	disk=$(awk '$2 == "/" && $1 ~ /^\/dev\// { print $1; exit }' \
		/proc/mounts)
	box 'exec 3</dev/disk
		dd bs=512 count=1 of=/dev/null <&3 2>/dev/null
		sleep 3' --device "${disk:-/dev/loop0}:/dev/disk:r"
}
