# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='a process of another container is traced'
wants='ContainerTraceForeign ContainerTracedFromOutside'
setup() {
	part=victim box 'sleep 1000'
	box '/suite/actor trace 1' --pid container:ptrace.victim $laden
}
