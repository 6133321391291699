#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# dmon-collect: options, what --list says, an engine that nobody spoke of.
. "$(dirname "$0")/lib.sh"

none="--procfs $T/none --sysfs $T/none --rootfs $T/none"

# ---- wrong usage, before anything is measured ----
for address in /var/run/docker.sock http://x:1 tcp://x unix://x ''; do
	dmon-collect -n 1 --docker "$address" host >"$T/out" 2>"$T/err"
	is "$?/$(wc -c <"$T/out")" 2/0 "--docker '$address' is wrong usage"
	grep -q "^dmon-collect: the engine's address is " "$T/err"
	ok $? "and it says why"
done
dmon-collect -n 1 --label a.b --label a_b host >"$T/out" 2>"$T/err"
is "$?/$(wc -c <"$T/out")" 2/0 "two labels of one name are wrong usage"
dmon-collect -n 1 nonesuch >"$T/out" 2>"$T/err"
is "$?/$(wc -c <"$T/out")" 2/0 "a source that there is not is wrong usage"

# ---- up ----
sweeps() { # FILE: of the sweep records, what the source is and how it went
	sed -n 's/.*"kind":"sweep".*"source":"\([a-z]*\)".*success":\([01]\).*/\1 \2/p
		s/.*"kind":"sweep".*"up":\([01]\).*/up \1/p' "$1"
}
dmon-collect -n 1 $none cgroup network proc host >"$T/out" 2>"$T/err"
is $? 0 "a sweep in which every source fails"
is "$(sweeps "$T/out" | tr '\n' ' ')" \
	"cgroup 0 network 0 proc 0 host 0 up 0 " "its up is 0"
dmon-collect -n 1 --sysfs "$T/none" cgroup host >"$T/out" 2>"$T/err"
is "$(sweeps "$T/out" | tr '\n' ' ')" "cgroup 0 host 1 up 1 " \
	"one source is enough for up to be 1"

# ---- --list ----
dmon-collect --list $none >"$T/out" 2>"$T/err"
is "$?/$(sed 's/.*: //' "$T/out" | sort -u)" 0/missing "--list: all is missing"
if [ "$(id -u)" -ne 0 ] || ! setpriv --reuid=65534 --regid=65534 \
	--clear-groups true 2>/dev/null; then
	skip "not root" "--list as nobody"
else
	chmod 755 "$T"
	cp "$build/dmon-collect" "$T/"
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$T/dmon-collect" --list >"$T/out" 2>"$T/err"
	is "$(sed -n '/^proc /s/.*: //p' "$T/out")" "in part" \
		"--list as nobody: processes are seen in part"
	is "$(sed -n '/^network /s/.*: //p' "$T/out")" "in part" \
		"and their networks"
	is "$(sed -n '/^host /s/.*: //p' "$T/out")" "there" "the host is there"
fi

# ---- an engine that nobody spoke of ----
# In a mount namespace, where the usual socket is a test's own.
sed -n '/^until_ok()/,/^}/p' tests/cmd/lib.sh >"$T/inside"
cat >>"$T/inside" <<'END'
mkdir -p /run && mount -t tmpfs none /run || exit 9
[ -e /var/run ] || ln -s /run /var/run
"$build/dmon-collect" -i 100ms docker >"$T/named" 2>"$T/named.err" &
named=$!
"$build/dmon-collect" -i 100ms --docker unix:///var/run/docker.sock \
	>"$T/given" 2>"$T/given.err" &
given=$!
"$build/dmon-collect" -i 100ms >"$T/live" 2>"$T/live.err" &
live=$!
trap 'kill $named $given $live $engine 2>/dev/null; wait' EXIT
engine=
has() { # FILE N WHAT: N times at least
	[ "$(grep -c "$3" "$1")" -ge "$2" ]
}
until_ok has "$T/live" 3 '"up":1' || exit 8
cp "$T/live" "$T/before"
cp "$T/live.err" "$T/before.err"
"$build/tests/fake-engine" /var/run/docker.sock "$T" &
engine=$!
until_ok has "$T/live" 1 'docker.*success":1' || exit 7
kill $engine
rm /var/run/docker.sock
until_ok has "$T/live" 3 'docker.*success":0' || exit 6
END
echo '{"ApiVersion":"1.41"}' >"$T/version"
echo '[]' >"$T/list"
echo '* ok' >"$T/mode"
if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>/dev/null; then
	skip "no mount namespace" "an engine that nobody spoke of"
else
	export build T
	unshare -m sh "$T/inside" 2>"$T/err"
	is $? 0 "an engine that nobody spoke of comes and goes"
	grep -h -e '"source":"docker"' -e '^dmon-collect: docker' \
		"$T/before" "$T/before.err" >"$T/said"
	is "$(cat "$T/said")" "" "nothing is said of it before it is there"
	grep -q "docker: .*docker.sock: can't connect" "$T/live.err"
	ok $? "its loss is said"
	is "$(sweeps "$T/named" | head -n 2 | tr '\n' ' ')" "docker 0 up 0 " \
		"where it was named it is missed from the start"
	is "$(sweeps "$T/given" | head -n 1)" "docker 0" \
		"and where its address was given"
fi
done_testing
