/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_PROMPT_H
#define DM_QUERY_PROMPT_H

#include "query/query.h"
#include "query/view.h"
#include "series/catalog.h"

/**
 * Queries as they are typed, line by line: what they mean and what is
 * answered. Nothing here knows of a terminal.
 */
struct dm_prompt_options {
	struct dm_query_back back;
	struct dm_catalog catalog;
	struct dm_query query; /* what all have in common */
	struct dm_view view;
	/** Look again at how large the terminal is; or NULL. */
	void (*look)(void *ctx, struct dm_view *view);
	void *ctx;
};

struct dm_prompt;

int dm_prompt_new(const struct dm_prompt_options *options,
    struct dm_prompt **ret, struct dm_err *err) DM_MUST_CHECK;
void dm_prompt_free(struct dm_prompt *p);
static inline void dm_prompt_cleanup(struct dm_prompt **p)
{
	dm_prompt_free(*p);
}
#define DM_AUTO_PROMPT DM_CLEANUP(dm_prompt_cleanup)

enum dm_prompt_state {
	DM_PROMPT_DONE, /* and ready for the next */
	DM_PROMPT_MORE, /* the expression goes on */
	DM_PROMPT_QUIT,
};

/**
 * A line, without its newline.
 * @out   gets what is answered
 * @said  gets what went wrong, if anything, as lines
 */
enum dm_prompt_state dm_prompt_line(struct dm_prompt *p, struct dm_str line,
    struct dm_buf *out, struct dm_buf *said);

/** The end of input: what is unfinished is taken as it is. */
void dm_prompt_end(
    struct dm_prompt *p, struct dm_buf *out, struct dm_buf *said);

/** Forget an expression that is not finished. */
void dm_prompt_drop(struct dm_prompt *p);

/** What has been typed of it, newlines included; empty: nothing. */
struct dm_str dm_prompt_pending(const struct dm_prompt *p);

/** How many expressions and commands went wrong. */
size_t dm_prompt_failed(const struct dm_prompt *p);

const struct dm_catalog *dm_prompt_catalog(const struct dm_prompt *p);

#endif
