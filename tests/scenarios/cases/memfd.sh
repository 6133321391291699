# SPDX-License-Identifier: GPL-3.0-or-later
truth=escape
says='a program run from memory, for three seconds'
wants='ContainerFilelessProgramExecuted ContainerFilelessProgram'
setup() { box '/suite/actor memfd /bin/busybox sleep 3'; }
