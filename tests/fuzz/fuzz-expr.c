/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* An expression: parsed, and where it is one, evaluated twice on a small
 * window. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/promql-fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(struct fixture *f)
{
	for (int t = 900; t <= 1000; t += 10) {
		fixture_put(f, "a", "x", "1", t, t % 70);
		fixture_put(f, "a", "x", "2", t, -t);
		fixture_put(f, "b", "x", "1", t, 2.5 * t);
	}
	fixture_put(f, "b", "x", "2", 1000, 0);
	fixture_put(f, "a", "x", "3", 980, 1);
	fixture_put(f, "a", "x", "3", 990, dm_stale());
	fixture_put(f, "c", NULL, NULL, 1000, 3);
}

static void run(struct fixture *f, struct dm_expr *e)
{
	struct dm_querier q = dm_window_querier(f->window);

	dm_expr_set_samples_max(e, 20000);
	if (dm_expr_bind(e, &q, &f->err) < 0)
		return;
	load(f);
	fixture_eval(f, e, 1000);
	fixture_eval(f, e, 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_expr *e = NULL;
	struct fixture f;

	fixture_start(&f);
	if (dm_expr_parse(
		(struct dm_str){(const char *)data, size}, &e, &f.err) == 0)
		run(&f, e);
	dm_expr_free(e);
	fixture_stop(&f);
	return 0;
}
