/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_WINDOW_H
#define DM_SERIES_WINDOW_H

#include "record/scan.h"
#include "series/series.h"

/**
 * The live window: the samples of a stream of records that the prepared
 * selectors can still reach, the stream's targets, and when their sweeps
 * end. A metric that no selector matches costs next to nothing.
 *
 *	dm_window_new(&w, err);
 *	querier = dm_window_querier(w);
 *	... dm_expr_bind(expr, &querier, err) ...	(prepares selectors)
 *	dm_window_record(w, scanner, &record, &seen, err);	(each record)
 *	for (i < seen.n_ended) evaluate at seen.ended_us[i];
 *	dm_window_advance(w, t_us);		(evaluated up to there)
 *	while (dm_window_end_sweep(w, &t_us, err) > 0) ...	(end of input)
 *
 * What a record means for sweeps and staleness is in design.md, "Sweeps and
 * time". Where that leaves it open:
 * - A second sample of the same series and time is dropped, as Prometheus
 *   does; but a value takes the place of a marker that it is stale.
 * - A target has "sent" a sweep record when it was one without `source` and
 *   its `up` was not 0: the records that --silence writes do not turn a
 *   target that ends its sweeps by its next ts into another.
 * - A null in a host, container or process record is as if the metric was
 *   missing; in others it makes the series stale at once.
 * - A target whose own last sweep was far ahead is set back as all are by
 *   dm_window_set_back, when DM_CLOCK_SWEEPS of its sweeps in a row have been
 *   far behind that. Of a target that sends no sweep records each new ts
 *   there counts, and is told as the end of a sweep, to be counted.
 * - Samples of sweep records and of kinds loss, action and rule last until
 *   written again, or five minutes. Kind alert and unknown kinds have none.
 */
struct dm_window;

/*
 * Times are compared with the latest there has been, and one that was wrong
 * would keep all that come after it from being new. Therefore: where so many
 * sweeps in a row lie further back than this, it was the clock that was
 * wrong, and it is set back to the last of them.
 */
#define DM_CLOCK_STEP_US (60 * INT64_C(1000000))
#define DM_CLOCK_SWEEPS	 10

/** Does a time lie so far before a clock (INT64_MIN: there is none)? */
static inline bool dm_clock_is_behind(int64_t clock_us, int64_t t_us)
{
	return t_us + DM_CLOCK_STEP_US < clock_us;
}

int dm_window_new(struct dm_window **ret, struct dm_err *err) DM_MUST_CHECK;
/** Expressions bound to it must have been freed; the scanner too, or its
 * identities must have been forgotten (dm_window_forget). */
void dm_window_free(struct dm_window *w);
static inline void dm_window_cleanup(struct dm_window **w)
{
	dm_window_free(*w);
}
#define DM_AUTO_WINDOW DM_CLEANUP(dm_window_cleanup)

/** Label sets and names of the window. It lives as long as the window. */
struct dm_labels_pool *dm_window_pool(struct dm_window *w);

/** To bind expressions. Several expressions' equal selectors share one
 * list of series. Binding new ones and freeing old ones at any time is how
 * rules are reloaded: samples that new selectors still want are kept,
 * others go when the window advances next. */
struct dm_querier dm_window_querier(struct dm_window *w);

/**
 * Metrics that the rules record themselves: what records say of them is not
 * taken in; dm_window_put is. Replaces the names set before; copies them.
 */
int dm_window_set_own_names(struct dm_window *w, const struct dm_str *names,
    size_t n, struct dm_err *err) DM_MUST_CHECK;

/* What to say of dm_window_seen.left_out. */
#define DM_WINDOW_LEFT_OUT                                                     \
	"selectors want the samples of too many different metric names"

/** What a record was. */
struct dm_window_seen {
	/** Times of sweeps that have ended with it, to be evaluated now, in
	 * this order. Markers of staleness have been set. */
	int64_t ended_us[2];
	unsigned n_ended;
	/** The last of them says that its target is down: nobody has sampled
	 * it, and its time tells nothing of a clock. */
	bool down;
	/** Metrics of it are left out: there are too many names of which
	 * somebody wants samples. */
	bool left_out;
	/** It was an event; its samples are in, whose names can be told by
	 * record->metrics. Its time is record->ts_us. */
	bool event;
};

/**
 * Take in a record. record->identity->user is the window's.
 * @scanner  that has read it
 */
int dm_window_record(struct dm_window *w, const struct dm_scanner *scanner,
    const struct dm_record *record, struct dm_window_seen *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** An identity goes: for dm_scanner_new and dm_filter.forget. */
void dm_window_forget(struct dm_window *w, struct dm_identity *identity);

/**
 * The end of input: ends the oldest sweep that its target would have ended
 * by its next ts. Returns 1 with its time, 0 when there is none left, -1 on
 * error.
 */
int dm_window_end_sweep(
    struct dm_window *w, int64_t *ret_us, struct dm_err *err) DM_MUST_CHECK;

/**
 * A sample that a rule records: lasts until put again, until stale (value
 * dm_stale()), or five minutes. Dropped where no selector wants it.
 */
int dm_window_put(struct dm_window *w, const struct dm_name *name,
    struct dm_labels *labels, int64_t t_us, double value,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * No evaluation will be asked for before t_us: samples out of reach from
 * there may go. Goes back by dm_window_set_back only. Call it after each sweep
 * with the time of the oldest last evaluation; without any, nothing is ever
 * dropped.
 */
void dm_window_advance(struct dm_window *w, int64_t t_us);

/**
 * The clock was wrong, and evaluation goes on from t_us: samples that are
 * later are dropped, and targets that are far ahead begin sweeps anew.
 */
void dm_window_set_back(struct dm_window *w, int64_t t_us);

/** A target: who was sampled, by whom. */
struct dm_target {
	struct dm_str instance;
	struct dm_str job;
	int64_t last_us; /* the greatest ts of its records */
	/** The consumer's own, 0 at first, e.g. when it was last heard. */
	int64_t user;
};

size_t dm_window_n_targets(const struct dm_window *w);
struct dm_target *dm_window_target(struct dm_window *w, size_t i);
/** The target of the record taken in last; NULL for a record without one
 * (only host, container, process and sweep records have). */
struct dm_target *dm_window_last_target(struct dm_window *w);

/** For tests and for reports: series kept, samples kept. */
size_t dm_window_n_series(const struct dm_window *w);
size_t dm_window_n_samples(const struct dm_window *w);

/**
 * Add what must be remembered from one run to the next: targets, whether
 * their series were live, samples in reach. Lines of JSON objects, each
 * beginning with {"window": so that others can stand beside them.
 */
int dm_window_save(
    struct dm_window *w, struct dm_buf *b, struct dm_err *err) DM_MUST_CHECK;

/**
 * Take back one such line. Bind the expressions first: series that nobody
 * wants are dropped.
 */
int dm_window_restore_line(
    struct dm_window *w, struct dm_str line, struct dm_err *err) DM_MUST_CHECK;

#endif
