# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a process that renames itself every second'
setup() { box '/suite/actor rename'; }
