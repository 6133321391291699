/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_PAIRS_H
#define DM_STORE_PAIRS_H

#include "base/buf.h"
#include "series/matcher.h"

/* A label, unescaped: places in `plain`, which moves as it grows. */
struct dm_pair {
	const struct dm_buf *plain;
	size_t name, name_n, value, value_n;
};

/** The labels of one identity, read from JSON. {0} is empty; use it again. */
struct dm_pairs {
	struct dm_pair *p;
	size_t n, cap;
	struct dm_buf plain;
};

#define DM_AUTO_PAIRS DM_CLEANUP(dm_pairs_release)
void dm_pairs_release(struct dm_pairs *l);

/**
 * Read a JSON object of strings; members that are none are left out.
 * @labels  empty: no labels
 */
int dm_pairs_read(
    struct dm_pairs *l, struct dm_str labels, struct dm_err *err) DM_MUST_CHECK;

/** The value of a label, or an empty text. */
struct dm_str dm_pairs_get(const struct dm_pairs *l, struct dm_str name);

/** Sort, and write as the database has them: a JSON object without blanks,
 * with the fewest escapes. */
int dm_pairs_canonical(
    struct dm_pairs *l, struct dm_buf *ret, struct dm_err *err) DM_MUST_CHECK;

/** Do the labels match, whatever the metric's name? 1, 0, or -1 where that
 * can't be found out: see dm_selector_match. */
int dm_pairs_match(const struct dm_pairs *l, const struct dm_selector *s,
    struct dm_err *err) DM_MUST_CHECK;

/** Does it ask for a metric's name? */
bool dm_selector_names(const struct dm_selector *s);

/** Does a metric's name match? 1, 0, or -1 as dm_pairs_match. */
int dm_selector_match_name(const struct dm_selector *s, struct dm_str name,
    struct dm_err *err) DM_MUST_CHECK;

#endif
