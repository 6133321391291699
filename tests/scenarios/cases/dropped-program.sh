# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='a program deletes its file as soon as it runs'
wants='ContainerDeletedProgram'
lasts=8
setup() {
	box 'cp /bin/busybox /tmp/x
		(exec -a sleep /tmp/x 4) &
		sleep 0.1
		rm /tmp/x'
}
