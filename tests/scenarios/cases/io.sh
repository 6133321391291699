# SPDX-License-Identifier: GPL-3.0-or-later
# A backup does that for less than a minute. Cgroups v1 of newer kernels count
# what a container writes only where it has a limit: one it can't reach.
truth=dos
says='one that keeps the disk busy while another waits for it'
wants='ContainerIoHogsHost'
within=5
crosses=60
lasts=90
alone=yes
setup() {
	disk=$(findmnt -no SOURCE -T "$T")
	part=other box 'until [ -e /suite/began ]; do
			sleep 1
		done
		while :; do
			dd if=/dev/zero of=/tmp/x bs=4k count=10000 oflag=direct
		done 2>/dev/null' --device-write-bps "$disk:1tb"
	box 'for i in 1 2 3 4; do
			(while :; do
				dd if=/dev/zero of=/tmp/$i bs=4M count=64 \
					oflag=direct
			done 2>/dev/null) &
		done
		wait' --cpus 0 --device-write-bps "$disk:1tb"
}
