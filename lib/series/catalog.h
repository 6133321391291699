/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_CATALOG_H
#define DM_SERIES_CATALOG_H

#include "base/err.h"
#include "base/str.h"

/** A metric of one kind of record. */
struct dm_catalog_metric {
	struct dm_str name, kind;
	uint64_t n_series;
	int64_t first_us, last_us; /* of the records of its series */
};

/**
 * What is stored where queries look, for people who look around. Callbacks
 * return 0, or -1 with err to end; texts are lent to them until they return.
 */
struct dm_catalog {
	void *ctx;
	/** Metrics, by name and kind. */
	int (*metrics)(void *ctx,
	    int (*each)(void *to, const struct dm_catalog_metric *m,
		struct dm_err *err),
	    void *to, struct dm_err *err);
	/** The labels (a checked JSON object of strings) of each series of a
	 * metric; of an empty name: of all that have metrics. */
	int (*series)(void *ctx, struct dm_str metric,
	    int (*each)(void *to, struct dm_str labels, struct dm_err *err),
	    void *to, struct dm_err *err);
	/** The last record of each alert until at_us, as its line. */
	int (*alerts)(void *ctx, int64_t at_us,
	    int (*each)(void *to, struct dm_str line, struct dm_err *err),
	    void *to, struct dm_err *err);
	/** The greatest ts. Returns -1 with DM_ENODATA for no records. */
	int (*end)(void *ctx, int64_t *ret_us, struct dm_err *err);
};

#endif
