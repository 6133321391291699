/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/array.h"
#include "base/time.h"
#include "series/window-impl.h"

#define PRUNE_EVERY_US (30 * DM_US_PER_S)
#define PRUNE_SPARE    1024
/* How long a target is remembered of which nothing is left. */
#define TARGET_KEEP_US (3600 * DM_US_PER_S)

int dm_window_new(struct dm_window **ret, struct dm_err *err)
{
	struct dm_window *w = calloc(1, sizeof(*w));

	if (!w)
		return dm_err_nomem(err);
	if (dm_labels_pool_new(&w->pool, err) < 0) {
		free(w);
		return -1;
	}
	w->generation = 1;
	w->keeper.horizon_us = INT64_MIN / 2;
	w->pruned_us = INT64_MIN / 2;
	*ret = w;
	return 0;
}

static void selection_free(struct dm_selection *s)
{
	for (size_t i = 0; i < s->selector.n; i++)
		dm_matcher_release(&s->selector.matchers[i]);
	free(s->selector.matchers);
	free((char *)s->selector.name.p);
	free(s->series);
	free(s->undecided);
	free(s);
}

static void clear_own_names(struct dm_window *w)
{
	size_t pos = 0;
	void *name;

	while ((name = dm_map_next(&w->own, &pos)))
		free(name);
	dm_map_clear(&w->own);
}

void dm_window_free(struct dm_window *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n_selections; i++)
		selection_free(w->selections[i]);
	for (size_t i = 0; i < w->series.n; i++)
		dm_kept_free(&w->keeper, w->series.p[i]);
	for (size_t i = 0; i < w->n_targets; i++)
		dm_sweep_target_free(w->targets[i]);
	clear_own_names(w);
	dm_map_release(&w->own);
	dm_series_index_release(&w->series);
	dm_map_release(&w->targets_by_key);
	free(w->selections);
	dm_keeper_release(&w->keeper);
	free(w->targets);
	free(w->ending);
	free(w->names);
	dm_buf_release(&w->scratch);
	dm_labels_builder_release(&w->builder);
	dm_labels_pool_free(w->pool);
	free(w);
}

struct dm_labels_pool *dm_window_pool(struct dm_window *w)
{
	return w->pool;
}

size_t dm_window_n_series(const struct dm_window *w)
{
	return w->series.n;
}

size_t dm_window_n_samples(const struct dm_window *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->series.n; i++)
		n += w->series.p[i]->s.n;
	return n;
}

int dm_window_set_own_names(struct dm_window *w, const struct dm_str *names,
    size_t n, struct dm_err *err)
{
	clear_own_names(w);
	w->generation++;
	for (size_t i = 0; i < n; i++) {
		char *copy;

		if (dm_map_get(&w->own, names[i]))
			continue;
		copy = dm_str_dup(names[i]);
		if (!copy)
			return dm_err_nomem(err);
		if (dm_map_put(&w->own, (struct dm_str){copy, names[i].n}, copy,
			err) < 0) {
			free(copy);
			return -1;
		}
	}
	return 0;
}

static int copy_selector(
    struct dm_selector *dst, const struct dm_selector *src, struct dm_err *err)
{
	char *name = dm_str_dup(src->name);

	if (!name)
		return dm_err_nomem(err);
	dst->name = (struct dm_str){name, src->name.n};
	dst->reach_us = src->reach_us;
	dst->matchers = calloc(src->n ? src->n : 1, sizeof(*dst->matchers));
	if (!dst->matchers)
		return dm_err_nomem(err);
	for (; dst->n < src->n; dst->n++) {
		const struct dm_matcher *m = &src->matchers[dst->n];

		if (dm_matcher_init(&dst->matchers[dst->n], m->op, m->name_str,
			m->value_str, err) < 0)
			return -1;
	}
	return 0;
}

/* Where it belongs to it. */
static int selection_add(
    struct dm_selection *sel, struct dm_kept *k, struct dm_err *err)
{
	struct dm_err why;
	int rc =
	    dm_selector_match(&sel->selector, k->s.name, k->s.labels, &why);

	if (rc == 0)
		return 0;
	if (rc < 0 && why.code == DM_ENOMEM)
		return dm_err_nomem(err);
	if (dm_kept_keep_us(k) < sel->selector.reach_us)
		dm_kept_set_keep_us(k, sel->selector.reach_us);
	if (rc < 0) {
		if (dm_array_grow(&sel->undecided, sel->n_undecided,
			&sel->cap_undecided, sizeof(struct dm_series *),
			err) < 0)
			return -1;
		sel->undecided[sel->n_undecided++] = &k->s;
		return 0;
	}
	if (dm_array_grow(&sel->series, sel->n, &sel->cap,
		sizeof(struct dm_series *), err) < 0)
		return -1;
	sel->series[sel->n++] = &k->s;
	return 0;
}

/* A new selector wants what other ones have had kept, as far as it goes. */
static int fill_selection(
    struct dm_window *w, struct dm_selection *sel, struct dm_err *err)
{
	for (size_t i = 0; i < w->series.n; i++) {
		if (selection_add(sel, w->series.p[i], err) < 0)
			return -1;
	}
	return 0;
}

static int new_selection(struct dm_window *w,
    const struct dm_selector *selector, void **ret_handle, struct dm_err *err)
{
	struct dm_selection *sel = calloc(1, sizeof(*sel));

	if (!sel)
		return dm_err_nomem(err);
	if (copy_selector(&sel->selector, selector, err) < 0 ||
	    fill_selection(w, sel, err) < 0 ||
	    dm_array_grow(&w->selections, w->n_selections, &w->cap_selections,
		sizeof(sel), err) < 0) {
		selection_free(sel);
		return -1;
	}
	sel->refs = 1;
	w->selections[w->n_selections++] = sel;
	w->generation++;
	*ret_handle = sel;
	return 0;
}

/* Somebody wants these series, and so far back. */
static void keep(const struct dm_series **series, size_t n, int64_t reach_us)
{
	for (size_t i = 0; i < n; i++) {
		struct dm_kept *k = (struct dm_kept *)series[i];

		if (dm_kept_keep_us(k) < reach_us)
			dm_kept_set_keep_us(k, reach_us);
	}
}

static void reach_further(struct dm_selection *sel, int64_t reach_us)
{
	if (reach_us <= sel->selector.reach_us)
		return;
	sel->selector.reach_us = reach_us;
	keep(sel->series, sel->n, reach_us);
	keep(sel->undecided, sel->n_undecided, reach_us);
}

static int window_prepare(void *ctx, const struct dm_selector *selector,
    void **ret_handle, struct dm_err *err)
{
	struct dm_window *w = ctx;

	for (size_t i = 0; i < w->n_selections; i++) {
		struct dm_selection *sel = w->selections[i];

		if (!dm_selector_equal(&sel->selector, selector))
			continue;
		reach_further(sel, selector->reach_us);
		sel->refs++;
		*ret_handle = sel;
		return 0;
	}
	return new_selection(w, selector, ret_handle, err);
}

static int window_select(void *ctx, void *handle, int64_t from_us,
    int64_t to_us, struct dm_series_set *ret, struct dm_err *err)
{
	const struct dm_selection *sel = handle;

	(void)ctx, (void)from_us, (void)to_us;
	if (sel->n_undecided)
		return dm_err_set(err, DM_ELIMIT,
		    "it takes too long to find out whether a regular "
		    "expression matches labels of %zu series, one of them "
		    "%.*s",
		    sel->n_undecided, (int)sel->undecided[0]->name->text.n,
		    sel->undecided[0]->name->text.p);
	*ret = (struct dm_series_set){sel->series, sel->n};
	return 0;
}

/* What a selector that has gone had kept is not kept any more. */
static void forget_reach(struct dm_window *w)
{
	for (size_t i = 0; i < w->series.n; i++)
		dm_kept_set_keep_us(w->series.p[i], DM_KEEP_NONE);
	for (size_t i = 0; i < w->n_selections; i++) {
		const struct dm_selection *sel = w->selections[i];

		keep(sel->series, sel->n, sel->selector.reach_us);
		keep(sel->undecided, sel->n_undecided, sel->selector.reach_us);
	}
	w->some_released = false;
}

static void window_release(void *ctx, void *handle)
{
	struct dm_window *w = ctx;
	struct dm_selection *sel = handle;
	size_t i = 0;

	if (--sel->refs)
		return;
	while (w->selections[i] != sel)
		i++;
	w->selections[i] = w->selections[--w->n_selections];
	selection_free(sel);
	w->some_released = true;
}

struct dm_querier dm_window_querier(struct dm_window *w)
{
	return (struct dm_querier){
	    .ctx = w,
	    .pool = w->pool,
	    .prepare = window_prepare,
	    .select = window_select,
	    .release = window_release,
	};
}

static bool is_wanted(const struct dm_window *w, const struct dm_name *name,
    const struct dm_labels *labels)
{
	for (size_t i = 0; i < w->n_selections; i++) {
		if (dm_selector_match(
			&w->selections[i]->selector, name, labels, NULL))
			return true;
	}
	return false;
}

static int add_to_selections(
    struct dm_window *w, struct dm_kept *k, struct dm_err *err)
{
	for (size_t i = 0; i < w->n_selections; i++) {
		if (selection_add(w->selections[i], k, err) < 0)
			return -1;
	}
	return 0;
}

int dm_window_series(struct dm_window *w, const struct dm_name *name,
    struct dm_labels *labels, struct dm_kept **ret, struct dm_err *err)
{
	struct dm_kept *k = dm_series_index_get(&w->series, name, labels);

	*ret = k;
	if (k || !is_wanted(w, name, labels))
		return 0;
	k = dm_kept_new(&w->keeper, name, labels);
	if (!k)
		return dm_err_nomem(err);
	if (dm_series_index_add(&w->series, k, err) < 0) {
		dm_kept_free(&w->keeper, k);
		return -1;
	}
	*ret = k;
	return add_to_selections(w, k, err);
}

int dm_window_put(struct dm_window *w, const struct dm_name *name,
    struct dm_labels *labels, int64_t t_us, double value, struct dm_err *err)
{
	struct dm_kept *k;

	if (dm_window_series(w, name, labels, &k, err) < 0)
		return -1;
	return k ? dm_kept_add(&w->keeper, k, t_us, value, err) : 0;
}

void dm_window_advance(struct dm_window *w, int64_t t_us)
{
	if (t_us <= w->keeper.horizon_us)
		return;
	w->keeper.horizon_us = t_us;
	if (t_us - w->pruned_us >= PRUNE_EVERY_US ||
	    w->series.n > 2 * w->pruned_n + PRUNE_SPARE || w->some_released)
		dm_window_prune(w);
}

void dm_window_set_back(struct dm_window *w, int64_t t_us)
{
	w->keeper.horizon_us = w->pruned_us = INT64_MIN / 2;
	for (size_t i = 0; i < w->series.n; i++)
		dm_kept_cut(w->series.p[i], t_us);
	for (size_t i = 0; i < w->n_targets; i++)
		dm_sweep_set_back(w->targets[i], t_us);
}

static bool is_dead(const struct dm_kept *k)
{
	return dm_kept_keep_us(k) == DM_KEEP_NONE;
}

static size_t prune_list(const struct dm_series **series, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_dead((const struct dm_kept *)series[i]))
			series[kept++] = series[i];
	}
	return kept;
}

static void prune_lists(struct dm_window *w)
{
	size_t kept;

	for (size_t i = 0; i < w->n_selections; i++) {
		struct dm_selection *sel = w->selections[i];

		sel->n = prune_list(sel->series, sel->n);
		sel->n_undecided = prune_list(sel->undecided, sel->n_undecided);
	}
	for (size_t i = 0; i < w->n_targets; i++) {
		struct dm_swept *t = w->targets[i];

		kept = 0;
		for (size_t j = 0; j < t->n_live; j++) {
			if (!is_dead(t->live[j]))
				t->live[kept++] = t->live[j];
			else
				t->n_seen -= t->live[j]->seen == t->sweep;
		}
		t->n_live = kept;
	}
}

static void prune_targets(struct dm_window *w)
{
	size_t kept = 0;

	if (w->n_ending > 0)
		return; /* they are needed still */
	for (size_t i = 0; i < w->n_targets; i++) {
		struct dm_swept *t = w->targets[i];

		if (t->entities || t->n_live || t == w->last_target ||
		    t->pub.last_us > w->keeper.horizon_us - TARGET_KEEP_US) {
			w->targets[kept++] = t;
			continue;
		}
		dm_map_remove(
		    &w->targets_by_key, (struct dm_str){t->key, t->key_bytes});
		dm_sweep_target_free(t);
	}
	w->n_targets = kept;
}

/* Nobody has the dead any more. */
static void bury(struct dm_window *w)
{
	prune_lists(w);
	w->generation++; /* entities must not use them */
	for (size_t i = 0; i < w->series.n; i++) {
		struct dm_kept *k = w->series.p[i];

		if (!is_dead(k))
			continue;
		dm_kept_free(&w->keeper, k);
		w->series.p[i] = NULL;
	}
	dm_series_index_compact(&w->series);
}

void dm_window_prune(struct dm_window *w)
{
	size_t n_dead = 0;

	if (w->some_released)
		forget_reach(w);
	for (size_t i = 0; i < w->series.n; i++) {
		struct dm_kept *k = w->series.p[i];

		if (dm_kept_is_out_of_reach(k, w->keeper.horizon_us))
			dm_kept_set_keep_us(k, DM_KEEP_NONE);
		n_dead += is_dead(k);
	}
	if (n_dead)
		bury(w);
	prune_targets(w);
	w->pruned_us = w->keeper.horizon_us;
	w->pruned_n = w->series.n;
}
