# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a job of short processes, every second'
setup() {
	box 'while sleep 1; do
			for i in 1 2 3 4 5 6 7 8 9 10; do /bin/busybox true; done
		done'
}
