# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says="a container says that it has its gateway's address"
wants='ContainerArpConflict ContainerGatewayChanged ContainerNeighboursContested'
within=5
lasts=6
# Both are at a bridge, which is in no container's namespace.
setup() {
	unshare -n sleep 600 >/dev/null 2>&1 &
	echo $! >"$S/router"
	part=neighbour box 'while sleep 1; do ping -c 1 -W 1 10.9.8.254; done'
	box '/suite/actor arp 10.9.8.254'
	nsenter -t "$(cat "$S/router")" -n sh -c 'ip link add lan type bridge
		ip addr add 10.9.8.254/24 dev lan; ip link set lan up'
	plug 10.9.8.1 "$(box_pid)"
	plug 10.9.8.2 "$(box_pid neighbour)"
}
plug() { # ADDRESS PID
	port=port${1##*.}
	ip link add eth0 netns "$2" type veth \
		peer name "$port" netns "$(cat "$S/router")"
	nsenter -t "$(cat "$S/router")" -n ip link set "$port" master lan up
	nsenter -t "$2" -n sh -c "ip addr add $1/24 dev eth0
		ip link set eth0 up; ip route add default via 10.9.8.254"
}
clean() {
	dockerd_client kill "$name" >/dev/null
	kill "$(cat "$S/router")"
}
