/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_IMPL_H
#define DM_CLEAN_IMPL_H

#include "clean/clean.h"
#include "clean/held.h"
#include "clean/judge.h"
#include "clean/report.h"

/* What the parts of dm_clean share. */

/* What is known of a metric, by the scanner's number of its name. */
struct dm_clean_name {
	const struct dm_range *range; /* NULL: none of it is */
	enum dm_chosen chosen;
	struct dm_report_metric *reported; /* NULL: there is no report */
};

struct dm_clean {
	struct dm_clean_options o;
	const struct dm_scanner *scanner;
	uint64_t epoch; /* of the names below */
	struct dm_clean_name *names;
	size_t n_names;
	uint32_t memory_name; /* the host's memory */
	struct dm_tracks tracks;
	struct dm_report *report; /* NULL: there is none */
	struct dm_held held;
	struct dm_edits edits;	/* of this record, */
	struct dm_track *track; /* whose series it is news of; or NULL */
	size_t n_passed;	/* metrics that were chosen */
};

/** Before anything else of a record: its names. */
int dm_clean_know_names(struct dm_clean *c, struct dm_err *err) DM_MUST_CHECK;

/** What is known of a metric of the record. */
struct dm_clean_name *dm_clean_name(struct dm_clean *c, uint32_t id);

/** Take in a metric that is news of its series, the at-th that is looked at.
 */
int dm_clean_metric(struct dm_clean *c, const struct dm_record *r,
    const struct dm_metric *m, uint32_t *at, struct dm_err *err) DM_MUST_CHECK;

/** Then those that the record before had, and this one has not. */
int dm_clean_absent(struct dm_clean *c, const struct dm_record *r,
    struct dm_err *err) DM_MUST_CHECK;

/** Report a metric of a record that has no series. */
int dm_clean_count(struct dm_clean *c, const struct dm_record *r,
    const struct dm_metric *m, struct dm_err *err) DM_MUST_CHECK;

/** Is the metric left, by what was chosen? Else it is cut out. */
int dm_clean_choose(struct dm_clean *c, const struct dm_record *r,
    const struct dm_metric *m, bool *ret_left,
    struct dm_err *err) DM_MUST_CHECK;

#endif
