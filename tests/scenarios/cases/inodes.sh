# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='a container that fills a file system with empty files'
wants='HostInodesExhausted HostInodesLow'
within=5
lasts=10
host='HostInodesExhausted|HostInodesLow'
setup() {
	mkdir "$S/suite-inodes"
	mount -t tmpfs -o size=8m,nr_inodes=500 x "$S/suite-inodes"
	box 'i=0; while :; do : >/data/$i || break; i=$((i + 1)); done' \
		-v "$S/suite-inodes:/data"
}
clean() { umount -l "$S/suite-inodes" 2>/dev/null || :; }
