# SPDX-License-Identifier: GPL-3.0-or-later
# A build does that for less than a minute.
truth=dos
says='all CPUs taken, by one without a quota'
wants='ContainerCpuHogsHost'
within=5
crosses=60
lasts=90
alone=yes
setup() {
	box 'for i in $(seq "$(nproc)"); do
			(while :; do :; done) &
		done
		wait' --cpus 0 --cpu-shares 2
}
