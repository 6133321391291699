/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_PROMQL_FIXTURE_H
#define TEST_PROMQL_FIXTURE_H

#include "promql/promql.h"
#include "series/window.h"

/* A window fed with lines, and expressions evaluated on it as text. */
struct fixture {
	struct dm_scanner *scanner;
	struct dm_window *window;
	struct dm_buf out;
	struct dm_err err;
	int64_t ended[64]; /* when sweeps ended */
	size_t n_ended;
};

void fixture_start(struct fixture *f);
void fixture_stop(struct fixture *f);

/** Bind an expression, so that the window keeps what it needs. */
struct dm_expr *fixture_expr(struct fixture *f, const char *text);

/** A record. Returns 0, or -1 with f->err. */
int fixture_line(struct fixture *f, const char *line);

/** A sample put as rules put it: a series "name{a=\"b\"}" of one label at
 * most; label may be NULL. */
void fixture_put(struct fixture *f, const char *name, const char *label,
    const char *value, double t, double v);

/** The value, as "{a=\"b\"} 5; {c=\"d\"} 6"; of a range "{a=\"b\"} 5 6; "; or
 * "error: …". */
const char *fixture_eval(struct fixture *f, struct dm_expr *e, double t);

#endif
