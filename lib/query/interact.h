/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_INTERACT_H
#define DM_QUERY_INTERACT_H

#include "query/prompt.h"

struct dm_interact {
	struct dm_prompt *prompt;
	/** Show what a line has come to. Returns 0, or -1 with err to end. */
	int (*show)(void *ctx, const struct dm_buf *out,
	    const struct dm_buf *said, struct dm_err *err);
	void *ctx;
	const char *history; /* a file, made if need be; NULL: none */
};

/**
 * Read lines from the terminal by Readline, until the end of input, \q or
 * SIGTERM. SIGINT drops what has been typed; it must be blocked (see
 * dm_signals_install), and stays pending while a query runs, so that its stop
 * callback can see it.
 */
int dm_interact_terminal(
    const struct dm_interact *i, struct dm_err *err) DM_MUST_CHECK;

/** Read lines from a file, to its end or \q. */
int dm_interact_file(
    const struct dm_interact *i, int fd, struct dm_err *err) DM_MUST_CHECK;

#endif
