# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='a container that fills a file system'
wants='HostFilesystemFull HostFilesystemFillsNow HostFilesystemLow'
within=5
lasts=10
host='HostFilesystemFull|HostFilesystemFillsNow|HostFilesystemLow'
setup() {
	mkdir "$S/suite-disk"
	mount -t tmpfs -o size=8m x "$S/suite-disk"
	box 'dd if=/dev/zero of=/data/x bs=64k 2>/dev/null' \
		-v "$S/suite-disk:/data"
}
clean() { umount -l "$S/suite-disk" 2>/dev/null || :; }
