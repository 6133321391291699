# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says="docker.sock: a container with the host's root is started"
wants='ContainerForeignRootExecuted ContainerForeignRoot'
within=1
lasts=6
setup() {
	cat >"$S/body" <<-END
		{"Image":"busybox:test","Cmd":["chroot","/host","/bin/sleep","3"],
		"HostConfig":{"Binds":["/:/host:ro"],"NetworkMode":"none",
		"Memory":67108864,"PidsLimit":16,"NanoCpus":100000000}}
	END
	box '/suite/actor engine /docker.sock docker-sock.child \
		"$(cat /suite/body)"' -v "$dockerd_folder/sock:/docker.sock"
}
