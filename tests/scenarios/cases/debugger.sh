# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a debugger that traces a process of its container'
setup() {
	box 'sleep 3000 &
		while sleep 1; do /suite/actor trace $!; done' \
		--cap-add SYS_PTRACE
}
