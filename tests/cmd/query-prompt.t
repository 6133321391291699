#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The prompt of dmon-query as one sits before it, in a terminal of tmux.
. "$(dirname "$0")/lib.sh"

command -v tmux >/dev/null || skip_all "no tmux"
# Debian's tmux wants a locale whose characters are UTF-8.
locale -a 2>/dev/null | grep -qi '^C.utf-\?8$' || skip_all "no C.UTF-8"

zcat examples/recording.ndjson.gz >"$T/rec"
dmon-store -d "$T/dmon.db" --only "$T/rec"
mkdir "$T/home"

socket=$T/tmux
t() {
	LC_ALL=C.UTF-8 tmux -S "$socket" -f /dev/null "$@"
}
at_exit 't kill-server 2>/dev/null'

# usage: begin [VARIABLE=VALUE]...: the prompt, on 80 by 24
begin() {
	[ ! -e "$socket" ] || t kill-server
	socket=${socket}x
	t new-session -d -x 80 -y 24 "env -i PATH=$build:/bin:/usr/bin \
		HOME=$T/home TERM=screen LC_ALL=C.UTF-8 INPUTRC=/dev/null $* \
		dmon-query -d $T/dmon.db; echo status \$?; sleep 30"
	until_ok shown '^dmon> $'
}
screen() {
	t capture-pane -p -J | sed 's/ *$//; /^$/d'
}
# usage: shown REGEX: is there a line?
shown() {
	screen | sed 's/$/ /' | grep -q -e "$1"
}
# usage: keys KEY...; waits REGEX NAME
keys() {
	t send-keys "$@"
}
waits() {
	until_ok shown "$1"
	ok $? "$2"
}
clear_screen() {
	keys C-l
	until_ok sh -c '[ "$(LC_ALL=C.UTF-8 tmux -S "$1" capture-pane -p |
		grep -c .)" -le 1 ]' - "$socket"
}

begin
ok $? "there is a prompt"
keys '1 + 1' Enter
waits '^2 $' "an expression"
keys 'sum(' Enter
waits '^   -> $' "an open bracket goes on"
keys 'up)' Enter
waits '^ *1 $' "on the next line"
clear_screen

# ---- completion ----
keys 'container_memory_wo' Tab
waits '^dmon> container_memory_working_set_bytes $' "a metric"
keys '{na' Tab
waits 'bytes{name $' "a label"
keys '="w' Tab
waits 'name="web" $' "a value, with its quote"
keys '}' Enter
waits 'container_memory_working_set_bytes{id=.*name="web"' "it is answered"
keys 'coun' Tab Tab Tab
waits 'count_over_time(' "functions are listed"
keys C-c
clear_screen
keys '\d container_process_na' Tab Enter
waits '^container_process_namespace_state  process ' "metrics behind \\\\d"
clear_screen

# ---- wrong, and dropped ----
keys 'rate(up[5m]' Enter
waits '^   -> $' "one that is open"
keys C-c
waits '^dmon> $' "Ctrl-C drops it"
keys 'rate(up)' Enter
waits '^     ^ $' "a caret shows where it is wrong"
waits '^1:6: ' "and the message why"
clear_screen
keys '\at end-10s' Enter 'time()' Enter
waits '^1795512337 $' "\\\\at"

# ---- Ctrl-C while a query runs ----
keys '\range end-10000s end 1s' Enter
waits '^from end-2h46m40s to end by 1s $' "\\\\range"
clear_screen
keys 'sum(count_over_time({__name__=~".+"}[1h])) + count(rate({__name__=~".+"}[2h]))' Enter
sleep 0.5
keys C-c
waits '^interrupted $' "Ctrl-C interrupts a query"
keys '7 * 6' C-u '\at end' Enter '7 * 6' Enter
waits '^42 $' "and the prompt goes on"
clear_screen

# ---- charts, and history ----
keys '\chart' Enter '\range end-1m' Enter
keys 'container_memory_working_set_bytes{name="eater"}' Enter
waits '^64MiB ┤' "a chart"
waits '^━ min ' "its legend"
screen >"$T/chart"
test "$(wc -l <"$T/chart")" -eq 24
ok $? "it fills the terminal"
t capture-pane -p -e | grep -q "$(printf '\033\[3[0-9]m')"
ok $? "in colours"
keys Up
waits '^dmon> container_memory_working_set_bytes{name="eater"} $' \
	"the line before"
keys C-u '\q' Enter
waits '^status 0 $' "\\\\q"
is "$(stat -c %a "$T/home/.local/state/dmon/history")" 600 \
	"the history is its owner's"
grep -qx 'sum( up)' "$T/home/.local/state/dmon/history"
ok $? "an expression of two lines is one entry"
begin NO_COLOR=1
keys Up Up
waits 'dmon> container_memory_working_set_bytes{name="eater"} $' \
	"the history is kept"
keys C-u '\range end-1m' Enter '\chart' Enter C-l
keys 'container_memory_working_set_bytes' Enter
waits '^a .* min 876KiB ' "NO_COLOR: letters"
t resize-window -x 60 -y 12
sleep 0.3
keys C-l 'up{}' Enter
waits '^━ min 1' "another size"
is "$(screen | LC_ALL=C.UTF-8 wc -L)" 60 "is heeded"
keys C-d
waits '^status 0 $' "Ctrl-D"
begin XDG_STATE_HOME="$T/state"
keys '1' Enter
waits '^1 $' "with another place for the history"
t list-panes -F '#{pane_pid}' >"$T/pid"
pkill -TERM -P "$(cat "$T/pid")" dmon-query
waits '^status 0 $' "SIGTERM"
is "$(cat "$T/state/dmon/history")" 1 "it is there"
done_testing
