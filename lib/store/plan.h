/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_PLAN_H
#define DM_STORE_PLAN_H

#include "series/interval.h"
#include "store/spans.h"

/** A target of which something is asked for. */
struct dm_plan_target {
	struct dm_buf key;
	/* Its last sweep that ended before all that is asked for: that it
	 * sends sweep records is known from there. 0: none. */
	int64_t before_us;
	int64_t before_id;
	/* Without such a one, its first in what is asked for; INT64_MAX:
	 * there is none. */
	int64_t first_us;
	int64_t first_id;
};

/** Which records of a database a query needs. */
struct dm_plan {
	const struct dm_db *db;
	const struct dm_store_fill *fill;
	int64_t start_us, end_us;		     /* of the evaluations */
	struct dm_interval wanted[DM_SELECTORS_MAX]; /* for each selector */
	struct dm_store_range ranges[DM_SELECTORS_MAX];
	size_t n_ranges;
	/* By its named: what selectors match, and 0 for sweep records. */
	struct dm_selection selection;
	/* Until this id also all that may begin or end a sweep of a target
	 * that has not yet sent a sweep record. 0: nothing more. */
	int64_t all_until_id;
	struct dm_selection all;
	struct dm_map targets; /* struct dm_plan_target by its key */
};

/** Look through the identities. */
int dm_plan_make(struct dm_plan *p, struct dm_err *err) DM_MUST_CHECK;
void dm_plan_release(struct dm_plan *p);

/** Is a record of the time asked for, of an identity found in a selection? */
bool dm_plan_wants(
    const struct dm_plan *p, const struct dm_wanted *w, int64_t ts_us);

#endif
