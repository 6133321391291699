/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_COLLECT_H
#define DM_COLLECT_COLLECT_H

#include "collect/source.h"
#include "collect/tick.h"

/** The collector: finds containers, asks sources, writes records. */
struct dm_collector;

struct dm_collector_options {
	struct dm_collect_options collect; /* the texts are lent */
	const char *const *sources;	   /* their names */
	size_t n_sources; /* 0: all, as soon as they are wanted */
	/** Something worth a line on standard error; may be NULL. */
	void (*warn)(void *ctx, const char *source, const struct dm_err *err);
	/** Takes records as text, several times a sweep; 0, or -1 with err. */
	int (*write)(void *ctx, struct dm_str text, struct dm_err *err);
	/** See struct dm_collect; may be NULL. */
	void (*audit)(void *ctx, const struct dm_posture_report *report);
	void *ctx;
};

/** Returns DM_EINVAL for a source that there is not, and for an option that
 * is wrong. */
int dm_collector_new(const struct dm_collector_options *options,
    struct dm_collector **ret, struct dm_err *err) DM_MUST_CHECK;
void dm_collector_free(struct dm_collector *c);

/**
 * One whole sweep.
 * @ts_us   of all its records
 * @missed  how many sweeps have been left out since the start
 * Returns -1 when it cannot be written or memory has run out; a source that
 * fails is said in its sweep record.
 */
int dm_collector_sweep(struct dm_collector *c, int64_t ts_us, uint64_t missed,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Wait for the next tick, or until a signal asks to stop, and meanwhile write
 * what sources hear of.
 */
int dm_collector_wait(struct dm_collector *c, struct dm_tick *tick,
    struct dm_err *err) DM_MUST_CHECK;

/** Did all sources succeed in the last sweep? */
bool dm_collector_succeeded(const struct dm_collector *c);

#endif
