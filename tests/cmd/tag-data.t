#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The sentences that the tagger is judged by are marked as models/tagger's
# GUIDELINE asks.
. "$(dirname "$0")/lib.sh"

if ! command -v python3 >/dev/null; then
	skip "no python3" "held-out sentences are marked as they should be"
else
	python3 tests/tag/check.py >"$T/out" 2>&1
	is $? 0 "held-out sentences are marked as they should be"
	sed 's/\[METRIC /[METRICS /' tests/tag/heldout.en.ndjson >"$T/wrong.ndjson"
	python3 tests/tag/check.py "$T/wrong.ndjson" >"$T/out" 2>&1
	is $? 1 "and what is not is found"
fi
done_testing
