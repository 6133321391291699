#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# 200 simulated series beside R's arima: likelihoods, forecasts, their errors.
set -eu
here=$(dirname "$0")
build=${DM_BUILD:-$here/../build}
command -v Rscript >/dev/null || {
	echo "arima.sh: there is no R (Debian's r-base-core)" >&2
	exit 4
}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
Rscript "$here/arima-r.R" "$T/series" "$T/r" 2>/dev/null
"$build/bench/arima-fit" <"$T/series" >"$T/own"
awk -f "$here/arima-r.awk" "$T/r" "$T/own" "$T/series"
