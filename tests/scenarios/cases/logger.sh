# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='one that logs ten lines a second'
setup() { box 'while sleep 0.1; do echo a line of a log; done'; }
