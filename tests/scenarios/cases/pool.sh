# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a pool of threads near its limit'
setup() { box '/suite/actor threads 45'; }
