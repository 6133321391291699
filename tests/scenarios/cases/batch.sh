# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a job that uses up its CPU quota'
setup() { box 'while :; do :; done' --cpus 0.2; }
