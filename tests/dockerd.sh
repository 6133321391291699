# SPDX-License-Identifier: GPL-3.0-or-later
# A Docker engine of one's own, in a folder, with nothing of the machine's but
# its kernel: no network, no bridge, no firewall rules. For tests and for
# examples/record.sh. After
#	. tests/dockerd.sh
#	dockerd_start FOLDER || echo "$dockerd_why"
# run `dockerd_client run …` and, in any case, `dockerd_stop` at the end.

dockerd_why=
dockerd_folder=
dockerd_pid=

# dockerd_start FOLDER [DOCKERD-OPTION...]; FOLDER is made.
dockerd_start() {
	dockerd_folder=$1
	shift
	if [ "$(id -u)" -ne 0 ]; then
		dockerd_why="a Docker engine needs root"
		return 1
	fi
	for dockerd_program in dockerd docker containerd runc busybox; do
		command -v $dockerd_program >/dev/null && continue
		dockerd_why="there is no $dockerd_program"
		return 1
	done
	mkdir -p "$dockerd_folder/data" "$dockerd_folder/exec" || return 1
	dockerd_again "$@" || return 1
	dockerd_image || {
		dockerd_why="the image can't be made"
		return 1
	}
}

# The engine itself; also after dockerd_kill.
dockerd_again() {
	rm -f "$dockerd_folder/pid"
	dockerd -H "unix://$dockerd_folder/sock" \
		--data-root "$dockerd_folder/data" \
		--exec-root "$dockerd_folder/exec" \
		--pidfile "$dockerd_folder/pid" --storage-driver vfs \
		--iptables=false --ip6tables=false --bridge=none \
		"$@" >>"$dockerd_folder/log" 2>&1 &
	dockerd_pid=$!
	dockerd_tries=0
	until dockerd_client version >/dev/null 2>&1; do
		dockerd_tries=$((dockerd_tries + 1))
		if [ $dockerd_tries -gt 300 ] || ! kill -0 $dockerd_pid; then
			dockerd_why="dockerd does not start here: $(
				tail -n 1 "$dockerd_folder/log")"
			return 1
		fi
		sleep 0.1
	done 2>/dev/null
}

dockerd_client() {
	DOCKER_HOST=unix://$dockerd_folder/sock DOCKER_CONFIG=$dockerd_folder \
		docker "$@"
}

# The image "busybox" from the machine's own static busybox.
dockerd_image() {
	dockerd_root=$dockerd_folder/root
	mkdir -p "$dockerd_root/bin" "$dockerd_root/tmp" "$dockerd_root/etc"
	cp "$(command -v busybox)" "$dockerd_root/bin/busybox" || return 1
	for dockerd_applet in $("$dockerd_root/bin/busybox" --list); do
		[ "$dockerd_applet" = busybox ] ||
			ln -sf busybox "$dockerd_root/bin/$dockerd_applet"
	done
	echo 'root:x:0:0:root:/:/bin/sh' >"$dockerd_root/etc/passwd"
	tar -C "$dockerd_root" -c . |
		dockerd_client import - busybox:test >/dev/null
}

# Ends the engine at once, as a crash does; its containers may live on.
dockerd_kill() {
	kill -KILL "$dockerd_pid" 2>/dev/null
	wait "$dockerd_pid" 2>/dev/null
	dockerd_pid=
}

# Ends the engine, its containers and what it mounted.
dockerd_stop() {
	[ -n "$dockerd_folder" ] || return 0
	if [ -n "$dockerd_pid" ]; then
		dockerd_ids=$(dockerd_client ps -aq 2>/dev/null)
		# shellcheck disable=SC2086 # one argument an id
		[ -z "$dockerd_ids" ] ||
			dockerd_client rm -f $dockerd_ids >/dev/null 2>&1
		kill "$dockerd_pid" 2>/dev/null
		wait "$dockerd_pid" 2>/dev/null
		dockerd_pid=
	fi
	dockerd_containerd=$(cat \
		"$dockerd_folder/exec/containerd/containerd.pid" 2>/dev/null) &&
		grep -qs "$dockerd_folder" "/proc/$dockerd_containerd/cmdline" &&
		kill "$dockerd_containerd" 2>/dev/null
	awk -v d="$dockerd_folder/" 'index($2, d) == 1 { print $2 }' \
		/proc/mounts | sort -r | while read -r dockerd_mount; do
		umount -l "$dockerd_mount"
	done
	rm -rf "$dockerd_folder"
	dockerd_folder=
}
