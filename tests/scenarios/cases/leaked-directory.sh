# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='a program is run in a directory of the host, by a leaked descriptor'
wants='ContainerForeignDirectoryExecuted ContainerForeignDirectory'
setup() {
	"$S/actor" give "$S/socket" / >/dev/null 2>&1 &
	echo $! >"$S/giver"
	box '/suite/actor take /suite/socket /bin/sleep 3'
}
clean() { kill "$(cat "$S/giver")" 2>/dev/null || :; }
