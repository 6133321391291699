#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# examples/follow.sh: what a user did, by a database.
. "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip_all "no jq"

dmon-store -d "$T/dmon.db" >/dev/null <<'END'
{"ts":10,"kind":"host","labels":{"instance":"n","job":"dmon","session":"602","start":"1","how":"ssh","tty":"pts/0","user":"alice","login":"alice","from":"192.0.2.7"},"metrics":{"node_session_info":1}}
{"ts":12.5,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","pid":"321","start":"5","comm":"cat","exe":"/bin/cat","user":"root","session":"320"},"metrics":{"container_event_info":1}}
{"ts":12.5,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","pid":"321","start":"5"},"metrics":{"container_event_exec":1}}
{"ts":13,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602"},"metrics":{"container_event_session_info":1}}
{"ts":13,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3"},"metrics":{"container_event_session_opened":1}}
{"ts":13,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602"},"metrics":{"container_session_info":1}}
{"ts":14,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602"},"metrics":{"container_session_info":1}}
{"ts":15,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602","to":"www\n"},"metrics":{"container_event_session_info":1}}
{"ts":15,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3"},"metrics":{"container_event_session_uid_change":1,"container_event_session_uid":33}}
{"ts":15,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"999","start":"3","how":"exec","tty":"pts/0","user":"alice","login":"bob"},"metrics":{"container_session_info":1}}
{"ts":16,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3","how":"exec","tty":"pts/0","user":"root","login":"alice","client":"602"},"metrics":{"container_event_session_info":1}}
{"ts":16,"kind":"event","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"320","start":"3"},"metrics":{"container_event_session_closed":1,"container_event_session_seconds":6}}
{"ts":17,"kind":"container","labels":{"instance":"n","job":"dmon","id":"/docker/a","name":"web","session":"998","start":"3","how":"exec","tty":"pts/0","user":"alice"},"metrics":{"container_session_info":1}}
END
ok $? "sessions are stored"
cat >"$T/expected" <<'END'
1970-01-01T00:00:10Z  n session 602: ssh on pts/0 from 192.0.2.7, as alice
1970-01-01T00:00:12Z  web session 320: /bin/cat, as root
1970-01-01T00:00:13Z  web session 320: exec on pts/0, out of session 602, as root
1970-01-01T00:00:15Z  web session 320: becomes www?
1970-01-01T00:00:16Z  web session 320: over
END
sh examples/follow.sh "$T/dmon.db" alice 1 100 >"$T/got"
same "$T/got" "$T/expected" "what alice did, and nobody else"
sh examples/follow.sh "$T/dmon.db" alice 11 13 >"$T/got"
is "$(cat "$T/got")" "" "before her session is known nothing is hers"
sh examples/follow.sh "$T/dmon.db" mallory 1 100 >"$T/got"
is "$?:$(cat "$T/got")" 0: "nothing of one who was not there"
sh examples/follow.sh "$T/dmon.db" 2>/dev/null
ok "$([ $? -ne 0 ]; echo $?)" "without a user it says how it is used"
done_testing
