/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_ENGINE_H
#define DM_RULES_ENGINE_H

#include "record/scan.h"
#include "rules/rule.h"

/**
 * Rules over a stream of records: dmon-match without its options. When and
 * at which time rules are evaluated is in design.md, "Sweeps and time"; where
 * that leaves it open:
 * - An event older than the last evaluation: expressions look at its ts, the
 *   alerts' life goes on at the last evaluation's. So it is not missed, and
 *   time does not go back.
 * - ALERTS and ALERTS_FOR_STATE are written when they change, and else once
 *   in each minute counted from 1970.
 * - A rule that goes on reload ends its alerts and its series.
 */
struct dm_engine;

struct dm_engine_options {
	const char *const *paths; /* rule files and folders */
	size_t n_paths;
	int64_t interval_us;	  /* of groups that have none; > 0 */
	int64_t silence_us;	  /* 0: targets may be silent */
	int64_t subquery_step_us; /* of those that name none; 0: as usual */
	/* What templates call $externalLabels, in order of their names, and
	 * $externalURL; NULL: "". */
	const struct dm_label *external;
	size_t n_external;
	const char *external_url;
	/** Something to say: a rule that can't be evaluated or read. */
	void (*say)(void *ctx, const struct dm_err *err);
	void *ctx;
};

/** Reads the rules; options are lent. DM_EPARSE where they are wrong: each
 * error has been told to options->say. */
int dm_engine_new(const struct dm_engine_options *options,
    struct dm_engine **ret, struct dm_err *err) DM_MUST_CHECK;
void dm_engine_free(struct dm_engine *e);

/* The callbacks of a dm_filter, with the engine as ctx. */
int dm_engine_start(void *e, struct dm_scanner *scanner, struct dm_err *err);
int dm_engine_record(
    void *e, const struct dm_record *r, struct dm_buf *out, struct dm_err *err);
int64_t dm_engine_deadline_ns(void *e);
int dm_engine_tick(void *e, struct dm_buf *out, struct dm_err *err);
int dm_engine_hangup(void *e, struct dm_buf *out, struct dm_err *err);
int dm_engine_end(void *e, struct dm_buf *out, struct dm_err *err);
void dm_engine_forget(void *e, struct dm_identity *identity);

size_t dm_engine_n_rules(const struct dm_engine *e);

/** The highest severity of all alerts that have fired. */
enum dm_severity dm_engine_fired(const struct dm_engine *e);

/** What must be remembered from one run to the next, as text. */
int dm_engine_save(
    struct dm_engine *e, struct dm_buf *b, struct dm_err *err) DM_MUST_CHECK;

/** Take it back, before the first record. DM_EPARSE where it is damaged or
 * of another version. Alerts whose rules have gone end. */
int dm_engine_restore(
    struct dm_engine *e, struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

#endif
