/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_EXTRACT_H
#define DM_STORE_EXTRACT_H

#include "store/plan.h"

/* So many metrics of a record can be extracted. */
#define DM_EXTRACT_METRICS 4

/**
 * Takes a few metrics out of stored records without reading all of their
 * text, which was checked when it was stored: where a record begins with the
 * same bytes as the last one of its identity, but for its ts, and has the
 * metrics about where that had them.
 */
struct dm_extract {
	const struct dm_plan *plan;
	struct dm_scanner *scanner;
	/* A metric's name as it stands in a record, for each selector; of no
	 * length where the selector has no one name. */
	struct dm_extract_key {
		struct dm_str text; /* "name": */
		uint32_t name;	    /* the scanner's id */
	} keys[DM_SELECTORS_MAX];
	struct dm_extract_row *rows; /* as plan->selection.wanted */
	uint32_t generation;	     /* of identities that can be trusted */
	struct dm_buf heads;
	struct dm_buf names;
	struct dm_metric metrics[DM_EXTRACT_METRICS];
};

/** After dm_plan_make. Set plan and scanner before, the rest to 0. */
int dm_extract_open(struct dm_extract *x, struct dm_err *err) DM_MUST_CHECK;
void dm_extract_release(struct dm_extract *x);

/**
 * Extract what the selectors that match an identity want.
 * @w    in plan->selection
 * @ret  its metrics are lent until the next call; only those wanted
 * Returns false where all of the text has to be read.
 */
bool dm_extract(struct dm_extract *x, const struct dm_wanted *w,
    struct dm_str text, int64_t ts_us, struct dm_record *ret);

/** All of a record's text has been read: what there is to know of it. */
void dm_extract_learn(
    struct dm_extract *x, const struct dm_wanted *w, const struct dm_record *r);

/** An identity of the scanner goes. */
void dm_extract_forget(struct dm_extract *x);

#endif
