/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_CHOICE_H
#define DM_CLEAN_CHOICE_H

#include "promql/promql.h"
#include "record/record.h"

/* Which metrics are wanted. */

#define DM_CHOICE_MAX 4096 /* selectors in a list */

/** A list of selectors; {0} is empty. */
struct dm_choice {
	struct dm_expr **exprs;
	size_t n, cap;
};

void dm_choice_release(struct dm_choice *c);

/** Add a selector. Returns 0, or -1 with DM_EPARSE or DM_ELIMIT. */
int dm_choice_add(
    struct dm_choice *c, struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

/** Add those of a file: one a line; what stands behind a # is a comment.
 * Returns as dm_choice_add, with err->line. */
int dm_choice_add_lines(
    struct dm_choice *c, struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

enum dm_chosen {
	DM_CHOSEN_NO,
	DM_CHOSEN_MAYBE,
	DM_CHOSEN_YES
};

/** Does the list have a metric, by its name alone? */
enum dm_chosen dm_choice_by_name(
    const struct dm_choice *c, struct dm_str metric);

/** A metric passes if `select` is empty or has it, and `drop` has it not or
 * `keep` has it. */
struct dm_choices {
	struct dm_choice select, drop, keep;
};

void dm_choices_release(struct dm_choices *c);

/** Does it pass, by its name alone? */
enum dm_chosen dm_choices_by_name(
    const struct dm_choices *c, struct dm_str metric);

/**
 * Does it pass? A regular expression that gives up matches nothing.
 * @labels  a record's, as they stand; or n = 0
 * Returns 1, 0, or -1 with DM_ENOMEM.
 */
int dm_choices_pass(const struct dm_choices *c, struct dm_str metric,
    struct dm_str labels, struct dm_err *err) DM_MUST_CHECK;

#endif
