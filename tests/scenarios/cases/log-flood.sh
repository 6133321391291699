# SPDX-License-Identifier: GPL-3.0-or-later
truth=dos
says='a container that writes log lines without a pause'
wants='ContainerLogFlood'
within=5
lasts=7
setup() { box 'timeout 5 yes 0123456789012345678901234567890123456789'; }
