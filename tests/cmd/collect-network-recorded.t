#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `network` on a recorded tree.
. "$(dirname "$0")/lib.sh"

fix=$top/tests/fixtures/network
# process PID NAMESPACE: one of the containers of fixtures/collect/v2
process() {
	mkdir -p "$T/proc/$1/ns" "$T/proc/$1/net"
	ln -s "net:[$2]" "$T/proc/$1/ns/net"
	for f in dev sockstat sockstat6 snmp netstat tcp tcp6 udp udp6 \
		arp route; do
		cp "$fix/$f" "$T/proc/$1/net/"
	done
}
collect() {
	dmon-collect -n 1 --procfs "$T/proc" \
		--sysfs tests/fixtures/collect/v2/sys network \
		>"$T/out" 2>"$T/err"
}
rows() {
	grep -F "$1" "$T/out" | grep -F '"kind":"container"' |
		sed 's/^{"ts":[0-9.]*,//; s/"instance":"[^"]*",//'
}

process self 1
process 4242 1001 # Docker's
process 5001 1002 # a pod's
process 7001 1    # Podman's, in the host's namespace
process 6001 1002 # LXC's, in the pod's
collect
is "$?" 0 "a recorded tree is read"
is "$(cat "$T/err")" "" "and nothing is amiss"
rows docker-ada1f00d >"$T/rows"
same "$T/rows" "$fix/rows" "its values are as expected"
is "$(rows libpod | wc -l)" 0 "the host's namespace is no container's"
is "$(rows kubepods | wc -l) $(rows lxc.payload | wc -l)" "12 0" \
	"a namespace that two share is the first's"

# Files that are missing, empty or binary take only their own values away.
for f in tcp netstat sockstat6; do
	head -c 3000 /dev/urandom >"$T/proc/4242/net/$f"
done
rm "$T/proc/4242/net/udp"
: >"$T/proc/4242/net/snmp"
collect
is "$?" 0 "broken files do not stop it"
rows docker-ada1f00d >"$T/rows"
is "$(grep -c 'tcp6_\|advance_tcp\|udp_usage\|udp_no_ports' "$T/rows")" 0 \
	"what can't be read is not told"
is "$(grep -c '"container_network_tcp_sockets":3' "$T/rows")" 1 \
	"what can is"
is "$(grep -c '"container_network_arp_conflict":1' "$T/rows")" 1 \
	"a gateway whose MAC has another address"
rm "$T/proc/4242/net/dev"
collect
is "$(rows docker-ada1f00d | wc -l)" 0 "without net/dev nothing is known"
is "$(rows kubepods | wc -l)" 12 "of that container only"

done_testing
