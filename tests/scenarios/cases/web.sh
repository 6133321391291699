# SPDX-License-Identifier: GPL-3.0-or-later
truth=normal
says='a web server that is asked without a pause'
setup() {
	box 'httpd -p 8080 -h /etc
		while sleep 0.1; do
			wget -qO /dev/null localhost:8080/passwd
		done'
}
