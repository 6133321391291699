# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says="a monitor that sees the host's processes, and reads them"
setup() {
	box 'while sleep 2; do cat /proc/[0-9]*/stat >/dev/null 2>&1; done' \
		--pid host
}
