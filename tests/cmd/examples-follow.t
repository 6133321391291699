#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# examples/follow.sh: what a user did, or who was in a container, by a database.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip_all "no jq"

# Alice logs in, and has a session in web; bob has one, and one is of nobody.
dmon-store -d "$T/dmon.db" >/dev/null <<'END'
{"ts":10,"kind":"host","labels":{"instance":"n","job":"dmon","session":"602","start":"1","how":"ssh","tty":"pts/0","user":"alice","login":"alice","from":"192.0.2.7"},"metrics":{"node_session_info":1}}
{"ts":12.5,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","pid":"321","start":"5","comm":"cat","exe":"/bin/busybox","user":"root","session":"320"},"metrics":{"container_event_info":1}}
{"ts":12.5,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","pid":"321","start":"5"},"metrics":{"container_event_exec":1}}
{"ts":12.6,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","pid":"322","start":"6","comm":"su","user":"root","session":"320"},"metrics":{"container_event_info":1}}
{"ts":12.6,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","pid":"322","start":"6"},"metrics":{"container_event_exec":1}}
{"ts":13,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602"},"metrics":{"container_event_session_info":1}}
{"ts":13,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3"},"metrics":{"container_event_session_opened":1}}
{"ts":13,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602"},"metrics":{"container_session_info":1}}
{"ts":13,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3"},"metrics":{"container_session_processes":1,"container_session_start_time_seconds":11.25}}
{"ts":14,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602"},"metrics":{"container_session_info":1}}
{"ts":15,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602","to":"www\n\u009b2J\u202e"},"metrics":{"container_event_session_info":1}}
{"ts":15,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3"},"metrics":{"container_event_session_uid_change":1,"container_event_session_uid":33}}
{"ts":15,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"999","start":"3","how":"exec","tty":"pts/0","user":"alice","login":"bob"},"metrics":{"container_session_info":1}}
{"ts":16,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602"},"metrics":{"container_event_session_info":1}}
{"ts":16,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3"},"metrics":{"container_event_session_closed":1,"container_event_session_seconds":6}}
{"ts":16.5,"kind":"event","labels":{"instance":"n","job":"dmon","session":"602","start":"1","how":"ssh","tty":"pts/0","user":"alice","login":"alice","from":"192.0.2.7"},"metrics":{"host_event_session_info":1}}
{"ts":16.5,"kind":"event","labels":{"instance":"n","job":"dmon","session":"602","start":"1"},"metrics":{"host_event_session_closed":1,"host_event_session_seconds":7}}
{"ts":17,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"998","start":"3","how":"exec","tty":"pts/0","user":"alice"},"metrics":{"container_session_info":1}}
END
ok $? "sessions are stored"
follow() {
	sh examples/follow.sh "$T/dmon.db" "$@" >"$T/got" 2>"$T/err"
}
cat >"$T/expected" <<'END'
1970-01-01T00:00:10Z  n session 602: ssh on pts/0 from 192.0.2.7, as alice
1970-01-01T00:00:11Z  web session 320: exec on pts/0, out of session 602, as root, by alice
1970-01-01T00:00:12Z  web session 320: cat (/bin/busybox), as root
1970-01-01T00:00:12Z  web session 320: su (?), as root
1970-01-01T00:00:15Z  web session 320: becomes www??2J?
1970-01-01T00:00:16Z  web session 320: over
1970-01-01T00:00:16Z  n session 602: over
END
follow alice 1 100
same "$T/got" "$T/expected" "what alice did, and nobody else"
cat >"$T/expected" <<'END'
1970-01-01T00:00:15Z  web session 999: exec on pts/0, as alice, by bob
1970-01-01T00:00:17Z  web session 998: exec on pts/0, as alice, by whom is not known
END
follow container:web 14.5 100
grep -v " 320: " "$T/got" >"$T/rest"
same "$T/rest" "$T/expected" "who was in a container"
is "$(grep -c " 320: " "$T/got")" 3 "and alice with what she did"

# Nobody has logged in; what is short is nobody's.
dmon-store -d "$T/dmon.db" >/dev/null <<'END'
{"ts":200,"kind":"host","labels":{"instance":"m","job":"dmon","session":"70","start":"1","how":"tty","tty":"tty1","user":"root"},"metrics":{"node_session_info":1}}
{"ts":201,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","action":"exec_create","command":"sh"},"metrics":{"container_event_engine_info":1}}
{"ts":201,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","action":"exec_start","command":"sh -c \u001b[2J"},"metrics":{"container_event_engine_info":1}}
{"ts":202,"kind":"container","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","session":"80","start":"3","how":"exec","user":"www","client":"70"},"metrics":{"container_session_info":1}}
{"ts":210,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","action":"exec_start","command":"cat /etc/shadow"},"metrics":{"container_event_engine_info":1}}
{"ts":210.2,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","pid":"89","start":"5","comm":"runc","exe":"/usr/bin/runc","user":"root","session":"89"},"metrics":{"container_event_info":1}}
{"ts":210.2,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","pid":"89","start":"5"},"metrics":{"container_event_exec":1,"container_event_runtime_setup":1}}
{"ts":210.3,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","pid":"90","start":"5","comm":"cat","exe":"/bin/busybox","user":"root","session":"90"},"metrics":{"container_event_info":1}}
{"ts":210.3,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","pid":"90","start":"5"},"metrics":{"container_event_exec":1}}
{"ts":211,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","pid":"33","start":"5","comm":"date","exe":"/bin/busybox","user":"root","session":"7"},"metrics":{"container_event_info":1}}
{"ts":211,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","pid":"33","start":"5"},"metrics":{"container_event_exec":1}}
{"ts":220,"kind":"host","labels":{"instance":"m","job":"dmon","session":"70","start":"1","how":"tty","tty":"tty1","user":"root"},"metrics":{"node_session_info":1}}
{"ts":290,"kind":"event","labels":{"instance":"m","job":"dmon","id":"/docker/0123456789abcdef","name":"db","action":"archive-path","path":"/etc"},"metrics":{"container_event_engine_info":1}}
END
cat >"$T/expected" <<'END'
1970-01-01T00:03:20Z  m session 70: tty on tty1, as root
1970-01-01T00:03:21Z  db: exec_start sh -c ?[2J, by whom is not known
1970-01-01T00:03:22Z  db session 80: exec, out of session 70, as www, by root
1970-01-01T00:03:30Z  db: exec_start cat /etc/shadow, by whom is not known
1970-01-01T00:03:30Z  db session 90: cat (/bin/busybox), as root, by whom is not known
END
follow root 1 300
same "$T/got" "$T/expected" \
	"one without a login; what may be his, while he is there"
follow www 1 300
is "$?:$(cat "$T/got")" 1: "a user of a container has done nothing"
follow container:0123456789ab 215 300
is "$?:$(cat "$T/got")" "0:1970-01-01T00:04:50Z  db: archive-path /etc, by \
whom is not known" "a container by its number"

follow alice 11 13
is "$?:$(cat "$T/got")" 1: "before her session is known nothing is hers"
follow "$(printf 'mallory\033')" 1 100
is "$?:$(cat "$T/got" "$T/err")" "1:follow.sh: nothing of mallory?" \
	"nothing of one who was not there"
follow container:nowhere 1 100
is "$?:$(cat "$T/got" "$T/err")" "1:follow.sh: nothing of container:nowhere" \
	"nothing of no container"
follow alice never 100
is "$?:$(cat "$T/got")" 2: "a wrong time"
grep -q never "$T/err"
ok $? "is told of"
sh examples/follow.sh "$T/none.db" alice 1 100 >"$T/got" 2>"$T/err"
is "$?:$(cat "$T/got")" 4: "no database"
grep -q none.db "$T/err"
ok $? "is told of"
for args in "" alice "alice 1" "alice 1 2 3"; do
	# shellcheck disable=SC2086 # words
	follow $args
	is "$?:$(cut -d : -f 1 "$T/err")" 2:usage "wrong usage: '$args'"
done
done_testing
