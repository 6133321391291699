/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_STREAM_H
#define DM_QUERY_STREAM_H

#include "query/query.h"
#include "record/stream.h"
#include "series/interval.h"

/**
 * Loads what a query looks at from a stream of records: a dm_filter, to run
 * with `only`. Set the first one, the rest to 0; after the run it has been
 * resolved, unless that failed.
 */
struct dm_query_stream {
	struct dm_query_load *load;
	/* its own: */
	const struct dm_scanner *scanner;
	struct dm_interval wanted; /* where it can be told beforehand */
	bool is_bounded;
	bool only_end;	 /* nothing but what can be seen from the end */
	int64_t last_us; /* the greatest ts; INT64_MIN: none */
	size_t n;
};

struct dm_filter dm_query_stream_filter(struct dm_query_stream *s);

#endif
