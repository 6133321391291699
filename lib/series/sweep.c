/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/window-impl.h"

#include "base/array.h"

/*
 * Targets and their sweeps, as design.md has them: who begins one, who ends
 * it, and what is stale then.
 */

static struct dm_swept *new_target(const struct dm_labels *labels)
{
	struct dm_str instance = dm_labels_get(labels, DM_STR("instance"));
	struct dm_str job = dm_labels_get(labels, DM_STR("job"));
	struct dm_swept *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->key_bytes = instance.n + 1 + job.n;
	t->key = malloc(t->key_bytes);
	if (!t->key) {
		free(t);
		return NULL;
	}
	if (instance.n)
		memcpy(t->key, instance.p, instance.n);
	t->key[instance.n] = '\xff';
	if (job.n)
		memcpy(t->key + instance.n + 1, job.p, job.n);
	t->pub.instance = (struct dm_str){t->key, instance.n};
	t->pub.job = (struct dm_str){t->key + instance.n + 1, job.n};
	t->pub.last_us = INT64_MIN;
	t->sweep_us = t->behind_us = INT64_MIN;
	return t;
}

void dm_sweep_target_free(struct dm_swept *t)
{
	if (!t)
		return;
	free(t->key);
	free(t->live);
	free(t);
}

static int add_target(
    struct dm_window *w, struct dm_swept *t, struct dm_err *err)
{
	if (dm_array_grow(&w->targets, w->n_targets, &w->cap_targets,
		sizeof(struct dm_swept *), err) < 0)
		return -1;
	if (dm_map_put(&w->targets_by_key,
		(struct dm_str){t->key, t->key_bytes}, t, err) < 0)
		return -1;
	w->targets[w->n_targets++] = t;
	return 0;
}

int dm_sweep_target(struct dm_window *w, const struct dm_labels *labels,
    struct dm_swept **ret, struct dm_err *err)
{
	struct dm_swept *t = new_target(labels), *known;

	if (!t)
		return dm_err_nomem(err);
	known = dm_map_get(
	    &w->targets_by_key, (struct dm_str){t->key, t->key_bytes});
	if (known || add_target(w, t, err) < 0) {
		dm_sweep_target_free(t);
		t = known;
	}
	*ret = t;
	return t ? 0 : -1;
}

int dm_sweep_live(struct dm_swept *t, struct dm_kept *k, struct dm_err *err)
{
	if (dm_array_grow(&t->live, t->n_live, &t->cap_live,
		sizeof(struct dm_kept *), err) < 0)
		return -1;
	t->live[t->n_live++] = k;
	k->seen = DM_SEEN_LONG_AGO;
	return 0;
}

/* A whole sweep has ended: what it lacks is stale. */
static int mark_stale(
    struct dm_window *w, struct dm_swept *t, struct dm_err *err)
{
	size_t kept = 0;

	if (t->n_seen == t->n_live)
		return 0;
	for (size_t i = 0; i < t->n_live; i++) {
		struct dm_kept *k = t->live[i];

		if (k->seen == t->sweep) {
			t->live[kept++] = k;
			continue;
		}
		if (dm_kept_add(&w->keeper, k, t->sweep_us, dm_stale(), err) <
		    0)
			return -1;
		dm_kept_trim(&w->keeper, k);
		k->seen = 0;
	}
	t->n_live = kept;
	return 0;
}

static int end_open(struct dm_window *w, struct dm_swept *t,
    struct dm_window_seen *ret, struct dm_err *err)
{
	t->open = false;
	ret->ended_us[ret->n_ended++] = t->sweep_us;
	return mark_stale(w, t, err);
}

static void begin(struct dm_swept *t, int64_t ts_us)
{
	t->open = true;
	t->sweep_us = ts_us;
	t->n_behind = 0;
	if (++t->sweep < DM_SEEN_FIRST)
		t->sweep = DM_SEEN_FIRST; /* the numbers went round */
	t->n_seen = 0;
}

void dm_sweep_set_back(struct dm_swept *t, int64_t t_us)
{
	if (dm_clock_is_behind(t->pub.last_us, t_us))
		t->pub.last_us = t_us;
	if (!dm_clock_is_behind(t->sweep_us, t_us))
		return;
	t->open = false;
	t->sweep_us = t_us;
	t->n_behind = 0;
}

/* A sweep that is not a new one: is its clock right, and ours was not? */
static void watch_clock(struct dm_swept *t, int64_t ts_us)
{
	if (!dm_clock_is_behind(t->sweep_us, ts_us)) {
		t->n_behind = 0;
		return;
	}
	t->behind_us = ts_us;
	if (++t->n_behind < DM_CLOCK_SWEEPS)
		return;
	for (size_t i = 0; i < t->n_live; i++)
		dm_kept_cut(t->live[i], ts_us);
	dm_sweep_set_back(t, ts_us);
}

/* A record that opens no sweep, as it is of this one, or late. */
static void note_late(
    struct dm_swept *t, int64_t ts_us, struct dm_window_seen *ret)
{
	if (t->sends || ts_us == t->behind_us ||
	    !dm_clock_is_behind(t->sweep_us, ts_us))
		return;
	watch_clock(t, ts_us);
	ret->ended_us[ret->n_ended++] = ts_us;
}

int dm_sweep_note(struct dm_window *w, const struct dm_entity *e, int64_t ts_us,
    struct dm_window_seen *ret, struct dm_err *err)
{
	struct dm_swept *t = e->target;

	if (ts_us > t->pub.last_us)
		t->pub.last_us = ts_us;
	if (e->lasting != DM_LAST_SWEEP)
		return 0;
	if (ts_us <= t->sweep_us) {
		note_late(t, ts_us, ret);
		return 0;
	}
	/* Of a target that sends, it was cut short: nothing is stale. */
	if (t->open && !t->sends && end_open(w, t, ret, err) < 0)
		return -1;
	begin(t, ts_us);
	return 0;
}

int dm_sweep_close(struct dm_window *w, struct dm_swept *t, int64_t ts_us,
    bool up, struct dm_window_seen *ret, struct dm_err *err)
{
	bool sent = t->sends;

	t->sends = sent || up;
	ret->down = !up;
	if (ts_us < t->sweep_us || (ts_us == t->sweep_us && !t->open)) {
		/* One that is older, or ended already: evaluated all the
		 * same, but it says nothing of what there is now. */
		ret->ended_us[ret->n_ended++] = ts_us;
		if (up)
			watch_clock(t, ts_us);
		return 0;
	}
	if (ts_us > t->sweep_us) {
		if (t->open && !sent && end_open(w, t, ret, err) < 0)
			return -1;
		begin(t, ts_us);
	}
	return end_open(w, t, ret, err);
}

/* The latest first. */
static int ending_cmp(const void *a, const void *b)
{
	const struct dm_swept *x = *(struct dm_swept *const *)a;
	const struct dm_swept *y = *(struct dm_swept *const *)b;

	return (x->sweep_us < y->sweep_us) - (x->sweep_us > y->sweep_us);
}

static bool is_ending(const struct dm_swept *t)
{
	return t->open && !t->sends;
}

/* The sweeps that the end of input ends. */
static int list_ending(struct dm_window *w, struct dm_err *err)
{
	size_t n = 0;
	void *p;

	for (size_t i = 0; i < w->n_targets; i++)
		n += is_ending(w->targets[i]);
	if (n == 0)
		return 0;
	p = realloc(w->ending, n * sizeof(*w->ending));
	if (!p)
		return dm_err_nomem(err);
	w->ending = p;
	for (size_t i = 0; i < w->n_targets; i++)
		if (is_ending(w->targets[i]))
			w->ending[w->n_ending++] = w->targets[i];
	qsort(w->ending, n, sizeof(*w->ending), ending_cmp);
	return 0;
}

int dm_window_end_sweep(
    struct dm_window *w, int64_t *ret_us, struct dm_err *err)
{
	struct dm_window_seen seen = {.n_ended = 0};
	struct dm_swept *t;

	if (w->n_ending == 0 && list_ending(w, err) < 0)
		return -1;
	while (w->n_ending > 0) {
		t = w->ending[--w->n_ending];
		if (!is_ending(t))
			continue; /* the clock has been set back */
		if (end_open(w, t, &seen, err) < 0)
			return -1;
		*ret_us = seen.ended_us[0];
		return 1;
	}
	return 0;
}

size_t dm_window_n_targets(const struct dm_window *w)
{
	return w->n_targets;
}

struct dm_target *dm_window_target(struct dm_window *w, size_t i)
{
	return &w->targets[i]->pub;
}

struct dm_target *dm_window_last_target(struct dm_window *w)
{
	return w->last_target ? &w->last_target->pub : NULL;
}
