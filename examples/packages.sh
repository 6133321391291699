# SPDX-License-Identifier: GPL-3.0-or-later
# Debian's packages that dmon is built, run and tested with. To be sourced.

packages_build='gcc make autoconf automake pkg-config libc6-dev
	libcurl4-openssl-dev libjansson-dev libyaml-dev libpcre2-dev
	libsqlite3-dev libreadline-dev libutf8proc-dev libgsl-dev'
# What the quickstart shows results with.
packages_run='jq sqlite3'
packages_test='libcmocka-dev perl jq sqlite3 strace mandoc python3
	busybox-static prometheus prometheus-node-exporter docker.io iproute2 util-linux procps
	tmux'

# install_missing SET...: install with apt-get what is not there yet.
install_missing() {
	missing=
	for set in "$@"; do
		for p in $(eval "echo \$packages_$set"); do
			dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
				grep -q '^install ok installed' ||
				missing="$missing $p"
		done
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "missing packages; as root: apt-get install$missing" >&2
		return 4
	fi
	echo "installing:$missing" >&2
	# Nothing that is installed here is to start by itself.
	policy=/usr/sbin/policy-rc.d
	made=
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod +x $policy
		made=1
	fi
	status=0
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends $missing; } \
		>/tmp/dmon-apt.log 2>&1 || status=$?
	[ -z "$made" ] || rm -f $policy
	[ $status -eq 0 ] || tail -n 20 /tmp/dmon-apt.log >&2
	return $status
}
