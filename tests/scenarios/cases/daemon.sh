# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a daemon that locks itself in and gives up root'
setup() { box 'mkdir /tmp/jail; /suite/actor daemon /tmp/jail'; }
