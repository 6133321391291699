# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='one that reads files larger than its memory'
setup() {
	box 'dd if=/dev/zero of=/tmp/x bs=1M count=96 2>/dev/null
		while sleep 2; do cat /tmp/x >/dev/null; done'
}
