/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_STORE_EXTRACT_H
#define DM_STORE_EXTRACT_H

#include "store/plan.h"

/* So many metrics of a record can be extracted. */
#define DM_EXTRACT_METRICS 4

/** A metric that has been extracted: a number. */
struct dm_extracted {
	uint32_t selector; /* the number of one that names it */
	double value;
};

/**
 * Takes a few metrics out of stored records without reading all of their
 * text, which was checked when it was stored: where a record begins with the
 * same bytes as the last one of its identity, but for its ts, and has the
 * metrics about where that had them.
 */
struct dm_extract {
	const struct dm_plan *plan;
	struct dm_scanner *scanner; /* its own */
	/* A metric's name as it stands in a record ("name":), for each
	 * selector; of no length where the selector has no one name. */
	struct dm_str keys[DM_SELECTORS_MAX];
	struct dm_extract_row *rows; /* as plan->selection.wanted */
	/* {"ts":NUMBER, as the last record began. */
	char begin[40];
	size_t begin_n;
	struct dm_buf heads;
	struct dm_buf names;
	struct dm_extracted metrics[DM_EXTRACT_METRICS];
};

/** Of a plan that has been made. */
int dm_extract_open(struct dm_extract *x, const struct dm_plan *plan,
    struct dm_err *err) DM_MUST_CHECK;
void dm_extract_release(struct dm_extract *x);

/**
 * Extract what the selectors that match an identity want, into x->metrics.
 * @w  in plan->selection
 * Returns how many; 0: all of the text has to be read. Of an identity they
 * are always the same ones, in the same order.
 */
unsigned dm_extract(
    struct dm_extract *x, const struct dm_wanted *w, struct dm_str text);

#endif
