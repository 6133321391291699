# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='core_pattern of the host written'
wants='HostHelperChanged HostHelperWritten'
lasts=3
host='HostHelper.* core_pattern'
setup() {
	cat /proc/sys/kernel/core_pattern >"$S/was"
	box 'echo "|/nonexistent/dmon-suite" >/proc/sys/kernel/core_pattern' \
		--security-opt systempaths=unconfined \
		--security-opt apparmor=unconfined
}
clean() {
	[ ! -s "$S/was" ] ||
		cat "$S/was" >/proc/sys/kernel/core_pattern
}
