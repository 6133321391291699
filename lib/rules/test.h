/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEST_H
#define DM_RULES_TEST_H

#include "base/err.h"
#include "base/str.h"

/** What is told of a run of unit tests; none may be NULL. */
struct dm_test_sink {
	void *ctx;
	/** A file is wrong: the tests', or one of the rules'. */
	void (*wrong)(void *ctx, const struct dm_err *err);
	/** A pattern among rule_files that matches no file. */
	void (*unmatched)(void *ctx, const char *pattern);
	/** A test has failed: what promtool prints of it, some lines without
	 * the last newline. */
	void (*failed)(void *ctx, struct dm_str text);
};

/**
 * Run a file of promtool's unit tests. Groups are evaluated by the engine
 * that evaluates live records, on the live window; when and in which order
 * is promtool's: all groups at each multiple of evaluation_interval, up to
 * the last eval_time, whatever their own interval; those named in
 * group_eval_order by that, others with the first of them, as they stand in
 * the files. Samples up to an evaluation's time are there, and no others.
 * Source: Prometheus 3, cmd/promtool/unittest.go.
 *
 * Returns 0 where the tests have run, passed or failed; or -1: where a file
 * is wrong or can't be read, or a test has more evaluations or samples than
 * are allowed, with the first of what sink->wrong has been told; DM_ENOMEM.
 */
int dm_test_run(const char *path, const struct dm_test_sink *sink,
    struct dm_err *err) DM_MUST_CHECK;

#endif
