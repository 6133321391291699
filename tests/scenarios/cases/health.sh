# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a health check every second'
setup() {
	box '' --health-cmd uptime --health-interval 1s --health-timeout 5s
}
