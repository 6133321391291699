/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_COMPLETE_H
#define DM_QUERY_COMPLETE_H

#include "series/catalog.h"

/** What a word that has been begun may become. {0} is nothing. */
struct dm_completion {
	size_t from;  /* where the word begins in the text */
	char **words; /* sorted, each with the whole word */
	size_t n, cap;
	char quote; /* the word is a value in such quotes; else 0 */
};

void dm_completion_release(struct dm_completion *c);
#define DM_AUTO_COMPLETION DM_CLEANUP(dm_completion_release)

/**
 * Complete the end of a text, which is an expression or begins with a
 * backslash: metrics, functions and keywords; within { } and behind by, on
 * and the like labels; within quotes values; commands and what they take.
 * @ret  set up in any case; release it
 */
int dm_complete(const struct dm_catalog *catalog, struct dm_str text,
    struct dm_completion *ret, struct dm_err *err) DM_MUST_CHECK;

/** The prompt's commands, each with its backslash; NULL behind the last. */
extern const char *const dm_prompt_commands[];

/** Is the expression not finished: a bracket or `raw string` open, an
 * operator at its end? */
bool dm_expr_is_open(struct dm_str text);

#endif
