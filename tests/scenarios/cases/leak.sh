# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a leak that stays below its limit'
setup() { box "/suite/actor leak 50 $normal_lasts"; }
