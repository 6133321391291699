# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a container that waits'
setup() { box ''; }
