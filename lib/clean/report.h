/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_REPORT_H
#define DM_CLEAN_REPORT_H

#include "base/buf.h"
#include "base/map.h"

/*
 * What there is of each metric, and which say nothing that others don't. A
 * metric takes 4 KiB whatever its length: copies are found by a sum over all
 * values, near copies by a sample of records that is the same for all metrics.
 */

#define DM_REPORT_SAMPLE      256
#define DM_REPORT_METRICS_MAX 2048

struct dm_report_point {
	uint64_t key; /* of the record; the smallest ones are kept */
	double x;
};

struct dm_report_metric {
	struct dm_str name;
	uint64_t n, n_missing, n_impossible, n_glitches, n_resets, n_changes;
	double min, max, last;
	uint64_t sum;	 /* over records and values: equal in copies */
	bool is_sampled; /* of a host, container or process, or an event */
	bool is_kept;	 /* the user wants it */
	/* of the table: */
	const struct dm_report_metric *copied; /* of that, and how exactly */
	double r;
	uint32_t n_points, greatest; /* which has the greatest key */
	struct dm_report_point points[DM_REPORT_SAMPLE];
};

struct dm_report {
	struct dm_map by_name;
	struct dm_report_metric **metrics; /* in the order in which they came */
	size_t n_metrics, cap_metrics;
	uint64_t n_left_out; /* values of further metrics */
	uint64_t n_records, n_changed, n_back, n_twice, n_sweeps, n_lost;
};

struct dm_report *dm_report_new(struct dm_err *err);
void dm_report_free(struct dm_report *r);

/** The metric, new if need be; *ret is NULL if there are too many. */
int dm_report_metric(struct dm_report *r, struct dm_str name,
    struct dm_report_metric **ret, struct dm_err *err) DM_MUST_CHECK;

/**
 * A value in the record that is counted.
 * @x  what it is compared by with other metrics: a counter's rate; NaN: not
 */
void dm_report_value(
    const struct dm_report *r, struct dm_report_metric *m, double v, double x);

/** The table, for people. */
void dm_report_table(struct dm_report *r, struct dm_buf *b);

/** The selectors of what the table says might be dropped, one a line. */
void dm_report_propose(struct dm_report *r, struct dm_buf *b);

#endif
