/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_LOAD_H
#define DM_STORE_LOAD_H

#include "store/extract.h"

/** A record that is asked for. */
struct dm_loaded {
	int64_t ts_us;
	int64_t id; /* of a text, for messages */
	/* In plan->selection; NULL: it is wanted for sweeps alone. */
	const struct dm_wanted *wanted;
	/* Its metrics, as dm_extract has them, from batch->metrics[at] on;
	 * or, where n is 0, its text, from batch->text.p + at on. */
	uint32_t n;
	uint32_t at, text_n;
};

/** Some records, in the order stored. */
struct dm_batch {
	struct dm_loaded *rows;
	size_t n, cap;
	struct dm_extracted *metrics;
	size_t n_metrics, cap_metrics;
	struct dm_buf text;
};

/** Reads what is asked for, on a connection that may be its own. */
struct dm_load {
	const struct dm_plan *plan;
	struct dm_spans spans;
	struct dm_extract extract;
	size_t last; /* found in spans.selection */
	struct dm_batch batch;
};

/** The plan has been made; it and the database must live longer. */
int dm_load_open(struct dm_load *l, const struct dm_plan *plan,
    const struct dm_db *db, struct dm_err *err) DM_MUST_CHECK;
void dm_load_release(struct dm_load *l);

/** Where to go on: records by their ids, of plan->selection or plan->all. */
void dm_load_seek(struct dm_load *l, int64_t first_id, int64_t last_id,
    const struct dm_selection *selection);

/**
 * The next part, into l->batch, in bounded memory. The first record of an
 * identity always comes as its text.
 * Returns 1 where more may come, 0 at the end, -1 on error.
 */
int dm_load_part(struct dm_load *l, struct dm_err *err) DM_MUST_CHECK;

#endif
