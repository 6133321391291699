/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_RENDER_H
#define DM_QUERY_RENDER_H

#include "query/result.h"

/* A result as text, added to a buffer. */

struct dm_table_options {
	size_t columns; /* labels are cut so that it fits; 0: they are not */
	bool human;	/* values as people read them, rather than exact */
	bool ascii;	/* what is cut ends with "~" */
};

/**
 * For people: a line that says what all series share, then a column for each
 * label in which they differ. Fit for a terminal, whatever labels hold.
 */
int dm_render_table(struct dm_buf *b, const struct dm_result *r,
    const struct dm_table_options *options, struct dm_err *err) DM_MUST_CHECK;

/**
 * RFC 4180: a header, then a row for each value: time (RFC 3339), __name__
 * where a series has one, labels, value.
 * @printable  make texts fit for a terminal
 */
int dm_render_csv(struct dm_buf *b, const struct dm_result *r, bool printable,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * A record of kind "recorded" for each value; its metric is called "value"
 * where a series has no name. Of a string, a record with the member "string".
 * @printable  escape what is not fit for a terminal
 */
int dm_render_json(struct dm_buf *b, const struct dm_result *r, bool printable,
    struct dm_err *err) DM_MUST_CHECK;

/** One line: what Prometheus's HTTP API would answer. */
int dm_render_prometheus(struct dm_buf *b, const struct dm_result *r,
    bool printable, struct dm_err *err) DM_MUST_CHECK;

#endif
