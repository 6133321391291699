# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='docker exec for maintenance, every two seconds'
setup() { box ''; }
attack() {
	go
	while sleep 2; do
		dockerd_client exec "$name" sh -c 'ps; df; sleep 0.5'
	done >/dev/null 2>&1 &
	echo $! >"$S/loop"
}
clean() { [ ! -s "$S/loop" ] || kill "$(cat "$S/loop")" 2>/dev/null || :; }
