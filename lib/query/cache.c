/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/cache.h"

#include "series/interval.h"

static void drop(struct dm_query_cache *c, size_t i)
{
	dm_expr_free(c->entries[i].expr);
	dm_window_free(c->entries[i].window);
	c->entries[i] = c->entries[--c->n];
}

void dm_query_cache_release(struct dm_query_cache *c)
{
	while (c->n)
		drop(c, c->n - 1);
}

/* Was all that the selector can look at loaded for one of the entry's? */
static bool has(const struct dm_query_cached *e, const struct dm_selector *s,
    struct dm_interval wanted)
{
	for (size_t i = 0; i < dm_expr_n_selectors(e->expr); i++) {
		const struct dm_selector *o = dm_expr_selector(e->expr, i);
		struct dm_interval loaded =
		    dm_selector_interval(o, e->start_us, e->end_us);

		if (dm_selector_equal(o, s) &&
		    loaded.from_us <= wanted.from_us &&
		    loaded.to_us >= wanted.to_us)
			return true;
	}
	return false;
}

static bool has_all(const struct dm_query_cached *e,
    const struct dm_selector *const *selectors, size_t n, int64_t start_us,
    int64_t end_us)
{
	for (size_t i = 0; i < n; i++) {
		if (!has(e, selectors[i],
			dm_selector_interval(selectors[i], start_us, end_us)))
			return false;
	}
	return n > 0;
}

struct dm_window *dm_query_cache_find(struct dm_query_cache *c,
    const struct dm_selector *const *selectors, size_t n, int64_t start_us,
    int64_t end_us, uint64_t version)
{
	for (size_t i = 0; i < c->n; i++) {
		struct dm_query_cached *e = &c->entries[i];

		if (e->version != version ||
		    !has_all(e, selectors, n, start_us, end_us))
			continue;
		e->used = ++c->clock;
		return e->window;
	}
	return NULL;
}

static void drop_oldest(struct dm_query_cache *c)
{
	size_t oldest = 0;

	for (size_t i = 1; i < c->n; i++) {
		if (c->entries[i].used < c->entries[oldest].used)
			oldest = i;
	}
	drop(c, oldest);
}

static size_t count_samples(const struct dm_query_cache *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->entries[i].n_samples;
	return n;
}

void dm_query_cache_put(struct dm_query_cache *c, struct dm_str text,
    struct dm_window *window, int64_t start_us, int64_t end_us, int64_t step_us,
    uint64_t version, size_t max_samples)
{
	struct dm_query_cached e = {
	    .window = window,
	    .start_us = start_us,
	    .end_us = end_us,
	    .version = version,
	    .n_samples = dm_window_n_samples(window),
	    .used = ++c->clock,
	};

	/* The expression itself is bound, and so has other fixed times. */
	if (e.n_samples > max_samples ||
	    dm_expr_parse(text, &e.expr, NULL) < 0 ||
	    dm_expr_set_lengths(e.expr, end_us - start_us, step_us, NULL) < 0 ||
	    dm_expr_n_selectors(e.expr) == 0) {
		dm_expr_free(e.expr);
		dm_window_free(window);
		return;
	}
	for (size_t i = c->n; i > 0; i--) {
		if (c->entries[i - 1].version != version)
			drop(c, i - 1);
	}
	while (c->n == DM_QUERY_CACHED ||
	       (c->n && count_samples(c) > max_samples - e.n_samples))
		drop_oldest(c);
	c->entries[c->n++] = e;
}
