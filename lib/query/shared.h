/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_SHARED_H
#define DM_QUERY_SHARED_H

#include "query/result.h"

/** The label's value, or an empty text; __name__ is a label too. */
struct dm_str dm_result_label(
    const struct dm_result_series *s, struct dm_str name);

/** The names of labels in which series differ, __name__ first. Lent by the
 * result; free *ret. */
int dm_result_differing(const struct dm_result *r, struct dm_str **ret,
    size_t *ret_n, struct dm_err *err) DM_MUST_CHECK;

/** Add a line: the time or range, and what all series share, that is all but
 * what they differ in. Printable. */
int dm_render_heading(struct dm_buf *b, const struct dm_result *r,
    const struct dm_str *differing, size_t n, struct dm_err *err) DM_MUST_CHECK;

#endif
