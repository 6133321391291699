#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The source `network` on live namespaces: containers that the test makes.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || skip_all "needs root"
for tool in unshare nsenter ip ss python3; do
	command -v $tool >/dev/null || skip_all "needs $tool"
done
unshare -n -m true 2>/dev/null || skip_all "the kernel refuses namespaces"

# Cgroups as Docker's in each hierarchy that there is. container ID COMMAND:
# run a command in a new one.
trees=
for h in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/cpuacct \
	/sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup/systemd; do
	[ -f "$h/cgroup.procs" ] && [ ! -L "$h" ] || continue
	[ -d "$h/docker" ] || { mkdir "$h/docker" 2>/dev/null &&
		at_exit "rmdir $h/docker 2>/dev/null"; } || continue
	trees="$trees $h/docker"
done
[ "$trees" ] || skip_all "no cgroup hierarchy can be written"
new_id() {
	od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}
none_left() {
	left=$(cat "$@" 2>/dev/null)
	[ -z "$left" ] || { kill -9 $left; false; }
}
container() {
	id=$1
	shift
	procs=
	for h in $trees; do
		mkdir "$h/$id" || continue
		at_exit "rmdir $h/$id"
		procs="$procs $h/$id/cgroup.procs"
	done
	at_exit "until_ok none_left $procs"
	sh -c 'for f in '"$procs"'; do echo $$ >$f || exit; done
		exec "$@"' sh "$@" &
}

# Listens on IPv4 and IPv6, is connected to itself, leaves one connection in
# TIME_WAIT, loses one datagram.
cat >"$T/actor.py" <<'EOF'
import socket, struct, time
v4 = socket.create_server(("127.0.0.1", 5000))
v6 = socket.create_server(("::1", 5001), family=socket.AF_INET6)
kept = []
for server, address in ((v4, ("127.0.0.1", 5000)), (v6, ("::1", 5001))):
    kept.append(socket.create_connection(address))
    kept.append(server.accept()[0])
a = socket.create_connection(("127.0.0.1", 5000))
b = v4.accept()[0]
a.close()
b.recv(1)
b.close()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 5002))
udp.sendto(b"nobody", ("127.0.0.1", 5003))
udp.sendto(b"queued", ("127.0.0.1", 5002))
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.sendto(b"x" * 100, ("10.99.0.2", 9))
# As tcpdump: SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC.
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sniffer.setsockopt(263, 1, struct.pack("iHH8s",
    socket.if_nametoindex("eth1"), 1, 0, b""))
print("ready", flush=True)
time.sleep(600)
EOF
a=$(new_id)
container "$a" unshare -n -m sh -c '
	mount -t sysfs sysfs /sys
	ip link set lo up
	ip link add eth0 type veth peer name eth1 &&
	ip address add 10.99.0.1/24 dev eth0
	ip link set eth0 up
	ip link set eth1 up
	exec python3 "$1"' sh "$T/actor.py" >"$T/ready" 2>"$T/why"
pid=$!
until_ok eval '[ -s "$T/ready" ] || ! kill -0 $pid'
[ -s "$T/ready" ] || skip_all "no namespace: $(head -n 1 "$T/why")"
b=$(new_id)
container "$b" nsenter -n -t $pid sleep 600 # a pod's second container
b_pid=$!
c=$(new_id)
container "$c" sleep 600 # of the host's network
until_ok eval '[ "$(readlink /proc/$b_pid/ns/net)" = \
	"$(readlink /proc/$pid/ns/net)" ]'

dmon-collect -n 1 network >"$T/all" 2>"$T/err"
is "$?" 0 "a sweep succeeds"
is "$(cat "$T/err")" "" "and has nothing to say"
grep "$a" "$T/all" >"$T/mine"
# value NAME [LABEL-TEXT]
value() {
	grep -F "${2:-\"metrics\"}" "$T/mine" |
		sed -n "s/.*[\"]$1\":\([^,}]*\).*/\1/p" | head -n 1
}
tcp() {
	value "container_network_tcp${2-}_usage_total" "\"tcp_state\":\"$1\""
}
in_it() {
	nsenter -n -t $pid "$@"
}

is "$(value container_network_transmit_bytes_total '"interface":"eth0"')" \
	"$(in_it ip -s link show eth0 |
		awk 'tx { print $1; exit } /TX:/ { tx = 1 }')" \
	"eth0 has sent what ip says"
ok "$(grep -q '"interface":"lo"' "$T/mine"; test $? = 1; echo $?)" \
	"the loopback is left out"
for family in 4 6; do
	[ $family = 4 ] && f= || f=6
	for s in listen:listening established:established; do
		is "$(tcp ${s%:*} $f)" \
			"$(in_it ss -Htn$family state ${s#*:} | wc -l)" \
			"TCP over IPv$family: as many ${s%:*} as ss counts"
	done
done
is "$(tcp established)" 2 "which are two"
is "$(tcp timewait)" 1 "one is in TIME_WAIT"
is "$(tcp synsent)" "" "what never was has no row"
is "$(value container_network_tcp_sockets)" 3 "sockstat counts three"
is "$(value container_network_tcp_timewait_sockets)" 1 "and one more"
is "$(value container_network_udp_usage_total '"udp_state":"listen"')" 2 \
	"two UDP sockets"
ok "$([ "$(value container_network_udp_usage_total \
	'"udp_state":"rxqueued"')" -gt 0 ]; echo $?)" "bytes wait in one"
is "$(value container_network_udp_no_ports_total)" 1 \
	"a datagram found no socket"
is "$(value container_network_advance_tcp_stats_total \
	'"tcp_state":"activeopens"')" 3 "three connections were opened"
if [ "$(tail -n 1 /proc/$pid/mountinfo | grep -c ' - sysfs ')" = 1 ]; then
	is "$(value container_network_promiscuous '"interface":"eth0"')" 0 \
		"eth0 is not promiscuous"
	is "$(value container_network_promiscuous '"interface":"eth1"')" 1 \
		"eth1, where a sniffer listens, is"
else
	skip "no sysfs can be mounted" "eth0 is not promiscuous"
	skip "no sysfs can be mounted" "eth1, where a sniffer listens, is"
fi
is "$(grep "$b" "$T/all" | grep -c container_network)" 0 \
	"what shares its namespace is counted once"
is "$(grep "$c" "$T/all" | grep -c container_network)" 0 \
	"the host's traffic is no container's"

# One of which the gateway and a neighbour are the same: who spoofs ARP looks
# like that. The peer of its interface is in a namespace that is no container.
unshare -n sleep 600 &
peer=$!
at_exit "kill $peer 2>/dev/null"
d=$(new_id)
container "$d" unshare -n sleep 600
d_pid=$!
until_ok eval '[ "$(readlink /proc/$d_pid/ns/net)" != "$(readlink \
	/proc/self/ns/net)" ] && [ "$(readlink /proc/$peer/ns/net)" != \
	"$(readlink /proc/self/ns/net)" ]'
in_peer() {
	nsenter -n -t $peer "$@"
}
in_d() {
	nsenter -n -t $d_pid "$@"
}
greet() { # a datagram each, so that their MACs are asked for
	in_d python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for last in "12":
    s.sendto(b"x", ("10.99.7." + last, 9))'
	until_ok eval '[ "$(in_d cat /proc/net/arp | grep -c " 0x2 ")" = 2 ]'
}
arp() { # METRIC
	grep "$d" "$T/arp" |
		sed -n "s/.*\"container_network_$1\":\([0-9]*\).*/\1/p" |
		tail -n 1
}
in_d ip link add eth0 type veth peer name p &&
	in_d ip link set p netns $peer &&
	in_d ip address add 10.99.7.3/24 dev eth0 &&
	in_d ip link set eth0 up &&
	in_peer ip address add 10.99.7.1/24 dev p &&
	in_peer ip link set p up &&
	in_d ip route add default via 10.99.7.1
is $? 0 "a container with a gateway"
in_d ip neighbour replace 10.99.7.2 lladdr 02:00:00:00:00:02 dev eth0
greet
dmon-collect -n 1 network >"$T/arp"
is "$(arp arp_entries) $(arp arp_conflict)" "2 0" "its two neighbours differ"
in_d ip neighbour del 10.99.7.2 dev eth0
in_peer ip address add 10.99.7.2/24 dev p
greet
dmon-collect -n 1 network >"$T/arp"
is "$(arp arp_entries) $(arp arp_conflict)" "2 1" \
	"one MAC has the gateway's address and another"

# Sweep after sweep: nothing is lost between turns; what comes to be is seen;
# when the first container has gone, the second has the namespace.
dmon-collect -i 100ms network >"$T/live" 2>"$T/err" &
collector=$!
at_exit "kill $collector 2>/dev/null"
lines() {
	[ "$(grep -cF "$1" "$T/live")" -ge "$2" ]
}
gone() {
	! ls -l /proc/$collector/fd | grep -Eq "/($pid|$b_pid|$d_pid)/net/dev"
}
until_ok lines '"up":1' 5
gone
is "$?" 1 "a namespace is held while its container lasts"
cp "$T/live" "$T/arp"
is "$(arp gateway_changes_total)" 0 "the gateway is as it was"
in_peer ip link set p address 02:00:00:00:00:77
in_d ip neighbour flush dev eth0
greet
until_ok eval 'cp "$T/live" "$T/arp"; [ "$(arp gateway_changes_total)" = 1 ]'
ok $? "the gateway has another MAC"
# By IPv6 nobody but the kernel tells.
latest() {
	cp "$T/live" "$T/arp"
	[ "$(arp "$1")" = "$2" ]
}
v6() { # MAC [OPTION...]: of the router's address
	mac=$1
	shift
	in_d ip -6 neighbour replace fe80::1 lladdr "$mac" dev eth0 "$@"
}
if grep -q CAP_NET_BROADCAST "$T/err"; then
	skip "no CAP_NET_BROADCAST" "of neighbours by IPv6"
elif ! v6 02:00:00:00:00:01 router 2>/dev/null; then
	skip "no IPv6" "of neighbours by IPv6"
else
	until_ok latest ndp_entries 1
	is "$(arp ndp_changes_total)" 0 "a router by IPv6 is seen"
	v6 02:00:00:00:06:66
	v6 02:00:00:00:00:01
	until_ok latest router_changes_total 2
	ok $? "another takes its place, and gives it back at once"
	in_d ip neighbour replace 10.99.7.9 lladdr 02:00:00:00:00:09 dev eth0
	until_ok latest arp_entries 3
	before=$(arp arp_changes_total)
	for mac in 2 3 4 9; do
		in_d ip neighbour replace 10.99.7.9 \
			lladdr 02:00:00:00:00:0$mac dev eth0
	done
	until_ok latest arp_changes_total $((before + 4))
	is "$(arp arp_changes_total) $(arp gateway_changes_total)" \
		"$((before + 4)) 1" \
		"an address by IPv4 changes four times and is as it was"
fi
kill -9 $d_pid
kill -9 $(cat $(echo $trees | cut -d' ' -f1)/$a/cgroup.procs)
until_ok eval 'grep -F "$b" "$T/live" | grep -q "\"interface\":\"eth0\""'
ok $? "the namespace goes over to the container that is left"
kill -9 $b_pid
until_ok gone
ok $? "and is let go of when that has ended"
kill $collector
wait $collector
is "$(grep -v "sweep came late" "$T/err")" "" "nothing was amiss"
# Other containers on this machine may have had their turn first.
grep "$a" "$T/live" | sed -n '/"tcp_state":"listen"/,$p' >"$T/since"
is "$(grep -c '"tcp_state":"listen"' "$T/since")" \
	"$(($(grep -c '"container_network_tcp_sockets"' "$T/since") + 1))" \
	"each sweep repeats what was read last"

done_testing
