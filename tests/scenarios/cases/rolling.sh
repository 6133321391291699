# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a rolling restart: a new one every ten seconds'
setup() { part=0 box 'sleep 1000'; }
attack() {
	now >"$S/began"
	i=0
	while sleep 10; do
		part=$((i + 1)) box 'sleep 1000'
		dockerd_client rm -f "$name.$i"
		i=$((i + 1))
	done >/dev/null 2>&1 &
	echo $! >"$S/loop"
}
clean() { [ ! -s "$S/loop" ] || kill "$(cat "$S/loop")" 2>/dev/null || :; }
