# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='a program run from memory, over in 50 ms'
wants='ContainerFilelessProgramExecuted ContainerFilelessProgram'
setup() { box '/suite/actor memfd /bin/busybox sleep 0.05'; }
