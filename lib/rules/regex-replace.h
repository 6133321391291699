/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_REGEX_REPLACE_H
#define DM_RULES_REGEX_REPLACE_H

#include "base/buf.h"

/**
 * Replace all that matches, as Go's Regexp.ReplaceAllString: the pattern is
 * RE2's and not anchored; $1, ${1}, $name and $$ in the replacement.
 * It back-tracks, within PCRE2's limits.
 * @max_bytes  of the result; DM_ELIMIT beyond
 * Returns 0, or -1 with DM_EPARSE for the pattern, DM_ELIMIT.
 */
int dm_regex_replace_all(struct dm_str pattern, struct dm_str replacement,
    struct dm_str text, size_t max_bytes, struct dm_buf *b,
    struct dm_err *err) DM_MUST_CHECK;

#endif
