/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CMD_QUERY_OPTIONS_H
#define DM_CMD_QUERY_OPTIONS_H

#include "query/query.h"
#include "query/view.h"
#include "record/stream.h"

/* The command line of dmon-query. */

enum query_fail_on {
	QUERY_FAIL_NEVER,
	QUERY_FAIL_EMPTY,
	QUERY_FAIL_ANY,
};

struct query_options {
	struct dm_stream_options stream;
	struct dm_query query; /* its text empty: a prompt is wanted */
	struct dm_view view;
	const char *database; /* NULL: the stream */
	enum query_fail_on fail_on;
	bool sized; /* view's size is the user's wish */
};

/** Read it, or exit. */
void query_options_read(struct query_options *o, int argc, char **argv);

/** Look at the terminal, and at its size unless that is the user's wish. */
void query_options_look(void *ctx, struct dm_view *view);

#endif
