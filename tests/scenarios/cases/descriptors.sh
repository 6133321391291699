# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='a process that opens 15,000 files'
wants='ContainerFilesGrow'
within=5
lasts=10
setup() { box '/suite/actor files 15000' --ulimit nofile=20000; }
