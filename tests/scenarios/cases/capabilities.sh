# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='a shell that has more capabilities than its container'
wants='ContainerCapabilitiesGained'
lasts=8
setup() { box 'sleep 20'; }
attack() {
	go
	timeout 20 env DOCKER_HOST="unix://$dockerd_folder/sock" \
		docker exec --privileged "$name" sleep 6
}
