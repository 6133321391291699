/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* An expression: parsed, and where it is one, evaluated on a small window,
 * twice at one time, and as a range query. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/promql-fixture.h"

#define US_PER_S INT64_C(1000000)

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
	for (unsigned t = 980; t <= 1000; t += 10) {
		char line[200];

		snprintf(line, sizeof(line),
		    "{\"ts\":%u,\"kind\":\"host\",\"labels\":{\"instance\":"
		    "\"i\","
		    "\"job\":\"j\",\"v\":\"%u\"},\"metrics\":{\"target_info\":"
		    "1,"
		    "\"d\":%u}}",
		    t, t / 20, t);
		if (fixture_line(f, line) < 0)
			abort();
	}
}

static bool bind(struct fixture *f, struct dm_expr *e)
{
	struct dm_querier q = dm_window_querier(f->window);

	dm_expr_set_samples_max(e, 20000);
	return dm_expr_bind(e, &q, &f->err) == 0;
}

static void run(struct fixture *f, struct dm_expr *once, struct dm_expr *range)
{
	bool is_bound = bind(f, once);
	bool has_range = dm_expr_set_range(range, 980 * US_PER_S,
			     1000 * US_PER_S, 5 * US_PER_S, &f->err) == 0 &&
			 bind(f, range);

	load(f);
	for (unsigned i = 0; is_bound && i < 2; i++)
		fixture_eval(f, once, 1000);
	for (unsigned t = 980; has_range && t <= 1000; t += 5)
		fixture_eval(f, range, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dm_str text = {(const char *)data, size};
	struct dm_expr *once = NULL, *range = NULL;
	struct fixture f;

	fixture_start(&f);
	if (dm_expr_parse(text, &once, &f.err) == 0 &&
	    dm_expr_parse(text, &range, &f.err) == 0)
		run(&f, once, range);
	dm_expr_free(once);
	dm_expr_free(range);
	fixture_stop(&f);
	return 0;
}
