/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_CHART_H
#define DM_QUERY_CHART_H

#include "query/result.h"

/* More can't be told apart. */
#define DM_CHART_SERIES_MAX 10

struct dm_chart_options {
	size_t columns, rows; /* of the whole, legend included */
	bool ascii;	      /* nothing but ASCII, rather than braille dots */
	bool color;	      /* else several series are drawn with letters */
};

/**
 * Draw the result of a range query.
 * Returns 0, or -1 with DM_EINVAL for that of an instant query.
 */
int dm_render_chart(struct dm_buf *b, const struct dm_result *r,
    const struct dm_chart_options *options, struct dm_err *err) DM_MUST_CHECK;

#endif
