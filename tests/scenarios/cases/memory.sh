# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='a process that takes memory until the kernel ends it'
wants='ContainerOutOfMemory ContainerMemoryExhausted'
within=5
lasts=8
setup() { box '/suite/actor memory 100'; }
