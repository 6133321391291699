# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a build in nested user namespaces'
setup() {
	box 'while sleep 0.5; do
			unshare -Urmpf sh -c "mount -t tmpfs x /tmp
				for i in 1 2 3 4 5; do
					seq 2000 | gzip >/tmp/\$i.gz
				done"
		done' --security-opt seccomp=unconfined \
		--security-opt apparmor=unconfined
}
