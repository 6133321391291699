/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/query.h"

#include "base/time.h"
#include "query/cell.h"
#include "query/sorted.h"

/* A series under construction, and the next one of the same labels. */
struct built {
	const struct dm_name *name;
	struct dm_labels *labels; /* holds a reference */
	struct built *next;
	size_t at; /* in the result */
};

struct run {
	const struct dm_query *q;
	struct dm_window *window;
	bool cached; /* the window is the cache's */
	bool loaded; /* it has all that was to be loaded, of this version */
	uint64_t version;
	struct dm_expr *expr;
	struct dm_query_load load;
	struct dm_sorted sorted;
	const struct dm_selector **selectors;
	struct dm_result result;
	struct built **by_labels; /* by their id */
	size_t n_by_labels;
	size_t n_points;
};

/* A window that has been loaded may be of use to the next query. */
static void leave_window(struct run *r)
{
	if (!r->loaded || !r->q->cache)
		dm_window_free(r->window);
	else
		dm_query_cache_put(r->q->cache, r->q->text, r->window,
		    r->load.start_us, r->load.end_us,
		    r->q->is_range ? r->load.step_us : 0, r->version,
		    r->q->max_samples);
}

static void run_release(struct run *r)
{
	for (size_t i = 0; i < r->n_by_labels; i++) {
		struct built *b = r->by_labels[i], *next;

		for (; b; b = next) {
			next = b->next;
			dm_labels_unref(b->labels);
			free(b);
		}
	}
	free(r->by_labels);
	dm_expr_free(r->expr);
	free(r->selectors);
	if (!r->cached)
		leave_window(r);
	dm_result_release(&r->result);
}

/* What records can have, and no calculation goes beyond. */
static bool is_time(int64_t us)
{
	return us >= INT64_C(-62167219200) * DM_US_PER_S &&
	       us < INT64_C(253402300800) * DM_US_PER_S;
}

static int check_order(const struct dm_query_load *l, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	if (l->start_us <= l->end_us)
		return 0;
	dm_buf_add_cstr(&text, "the range ends before it begins: from ");
	dm_time_add_rfc3339(&text, l->start_us);
	dm_buf_add_cstr(&text, " to ");
	dm_time_add_rfc3339(&text, l->end_us);
	return dm_err_set(err, DM_EINVAL, "%s", dm_buf_cstr(&text));
}

int dm_query_resolve(
    struct dm_query_load *l, int64_t data_end_us, struct dm_err *err)
{
	int64_t range_us;

	if (data_end_us == INT64_MIN)
		data_end_us = l->now_us;
	l->start_us = dm_moment_at(&l->start, data_end_us);
	l->end_us = dm_moment_at(&l->end, data_end_us);
	if (!is_time(l->start_us) || !is_time(l->end_us))
		return dm_err_set(
		    err, DM_EINVAL, "the time is beyond the years 0 to 9999");
	if (check_order(l, err) < 0)
		return -1;
	if (!l->is_range)
		return 0;
	range_us = l->end_us - l->start_us;
	if (l->step_us == 0)
		l->step_us = dm_step_for(range_us, l->points);
	if (range_us / l->step_us >= DM_QUERY_STEPS_MAX)
		return dm_err_set(err, DM_ELIMIT,
		    "the range has %lld steps, and may have %d: take a longer "
		    "step or a shorter range",
		    (long long)(range_us / l->step_us) + 1, DM_QUERY_STEPS_MAX);
	return l->expr ? dm_expr_set_lengths(l->expr, range_us, l->step_us, err)
		       : 0;
}

static int check_kind(const struct run *r, struct dm_err *err)
{
	enum dm_value_kind kind = dm_expr_kind(r->expr);

	if (!r->q->is_range || kind == DM_EXPR_SCALAR || kind == DM_EXPR_VECTOR)
		return 0;
	return dm_err_set(err, DM_EINVAL,
	    "the expression is a %s; a range wants an instant vector or a "
	    "scalar at each step",
	    dm_value_kind_name(kind));
}

static int list_selectors(struct run *r, struct dm_err *err)
{
	const struct dm_query *q = r->q;
	size_t n = dm_expr_n_selectors(r->expr);

	r->selectors = calloc(n + 1, sizeof(*r->selectors));
	if (!r->selectors)
		return dm_err_nomem(err);
	for (size_t i = 0; i < n; i++)
		r->selectors[i] = dm_expr_selector(r->expr, i);
	r->load = (struct dm_query_load){
	    .expr = r->expr,
	    .selectors = r->selectors,
	    .n_selectors = n,
	    .start = q->start,
	    .end = q->end,
	    .is_range = q->is_range,
	    .step_us = q->step_us,
	    .points = q->points,
	    .now_us = q->now_us,
	    .max_samples = q->max_samples,
	    .stop = q->stop,
	    .stop_ctx = q->stop_ctx,
	};
	return 0;
}

/* How long a range is can be known before it is known when it is, and so how
 * far the selectors look. */
static int set_lengths(const struct run *r, struct dm_err *err)
{
	const struct dm_query *q = r->q;
	int64_t start_us = dm_moment_at(&q->start, q->now_us);
	int64_t end_us = dm_moment_at(&q->end, q->now_us);

	if (!q->is_range)
		return dm_expr_set_lengths(r->expr, 0, 0, err);
	if (q->start.from_end != q->end.from_end || !is_time(start_us) ||
	    !is_time(end_us) || end_us < start_us)
		return 0; /* said when it is resolved */
	return dm_expr_set_lengths(r->expr, end_us - start_us,
	    q->step_us ? q->step_us : dm_step_for(end_us - start_us, q->points),
	    err);
}

/* Has all of it been loaded before? */
static int find_cached(
    struct run *r, const struct dm_query_back *back, struct dm_err *err)
{
	struct dm_query_load l = r->load;
	int64_t greatest_us;

	if (back->look(back->ctx, &r->version, &greatest_us, err) < 0 ||
	    dm_query_resolve(&l, greatest_us, err) < 0)
		return -1;
	r->window = dm_query_cache_find(r->q->cache, l.selectors, l.n_selectors,
	    l.start_us, l.end_us, r->version);
	if (!r->window)
		return 0;
	r->cached = true;
	r->load = l;
	return 0;
}

/* Into a window that takes in what the selectors match. */
static int load(
    struct run *r, const struct dm_query_back *back, struct dm_err *err)
{
	struct dm_querier q;
	void *unused;

	if (dm_window_new(&r->window, err) < 0)
		return -1;
	r->load.window = r->window;
	q = dm_window_querier(r->window);
	for (size_t i = 0; i < r->load.n_selectors; i++) {
		if (q.prepare(q.ctx, r->selectors[i], &unused, err) < 0)
			return -1;
	}
	return back->load(back->ctx, &r->load, err);
}

static int get_samples(
    struct run *r, const struct dm_query_back *back, struct dm_err *err)
{
	if (list_selectors(r, err) < 0 || set_lengths(r, err) < 0 ||
	    (r->q->cache && back->look && find_cached(r, back, err) < 0) ||
	    (!r->cached && load(r, back, err) < 0))
		return -1;
	r->loaded = back->look != NULL;
	r->result.kind = dm_expr_kind(r->expr);
	r->result.is_range = r->q->is_range;
	r->result.start_us = r->load.start_us;
	r->result.end_us = r->load.end_us;
	r->result.step_us = r->load.step_us;
	return 0;
}

static int bind(struct run *r, struct dm_err *err)
{
	struct dm_querier querier;

	r->sorted = (struct dm_sorted){
	    .inner = dm_window_querier(r->window),
	    .stop = r->q->stop,
	    .stop_ctx = r->q->stop_ctx,
	};
	querier = dm_sorted_querier(&r->sorted);
	dm_expr_set_samples_max(r->expr, r->q->max_samples);
	if (r->q->is_range && dm_expr_set_range(r->expr, r->load.start_us,
				  r->load.end_us, r->load.step_us, err) < 0)
		return -1;
	return dm_expr_bind(r->expr, &querier, err);
}

static int grow(struct run *r, size_t id, struct dm_err *err)
{
	size_t n = id + id / 2 + 64;
	struct built **p;

	if (id < r->n_by_labels)
		return 0;
	p = realloc(r->by_labels, n * sizeof(struct built *));
	if (!p)
		return dm_err_nomem(err);
	memset(p + r->n_by_labels, 0,
	    (n - r->n_by_labels) * sizeof(struct built *));
	r->by_labels = p;
	r->n_by_labels = n;
	return 0;
}

static int add_series(
    struct run *r, const struct dm_element *el, struct dm_err *err)
{
	const struct dm_labels *l = el->labels;
	DM_AUTO_FREE struct dm_label *copy = malloc((l->n + 1) * sizeof(*copy));
	struct built *b = calloc(1, sizeof(*b));
	struct dm_result_series *s;

	if (!b || !copy) {
		free(b);
		return dm_err_nomem(err);
	}
	if (l->n)
		memcpy(copy, l->pairs, l->n * sizeof(*copy));
	if (dm_result_add(&r->result, el->name ? el->name->text : DM_STR(""),
		copy, l->n, &s, err) < 0) {
		free(b);
		return -1;
	}
	*b = (struct built){.name = el->name,
	    .labels = dm_labels_ref(el->labels),
	    .next = r->by_labels[l->id],
	    .at = r->result.n - 1};
	r->by_labels[l->id] = b;
	return 0;
}

/* The element's series; labels that are held keep their id. */
static int series_of(struct run *r, const struct dm_element *el,
    struct dm_result_series **ret, struct dm_err *err)
{
	struct built *b;

	if (grow(r, el->labels->id, err) < 0)
		return -1;
	b = r->by_labels[el->labels->id];
	while (b && b->name != el->name)
		b = b->next;
	if (!b && add_series(r, el, err) < 0)
		return -1;
	*ret = &r->result.series[b ? b->at : r->result.n - 1];
	return 0;
}

static int check_points(const struct run *r, struct dm_err *err)
{
	if (r->n_points <= r->q->max_samples)
		return 0;
	return dm_err_set(err, DM_ELIMIT,
	    "the result has more than %zu samples", r->q->max_samples);
}

static int take_elements(struct run *r, int64_t t_us,
    const struct dm_value *value, struct dm_err *err)
{
	struct dm_result_series *s;

	r->n_points += value->n;
	if (check_points(r, err) < 0)
		return -1;
	for (size_t i = 0; i < value->n; i++) {
		const struct dm_element *el = &value->elements[i];

		if (series_of(r, el, &s, err) < 0 ||
		    dm_result_add_point(s, t_us, el->value, err) < 0)
			return -1;
	}
	return 0;
}

/* A range vector: the samples as they are. */
static int take_ranges(
    struct run *r, const struct dm_value *value, struct dm_err *err)
{
	struct dm_result_series *s;

	for (size_t i = 0; i < value->n; i++) {
		const struct dm_value_series *from = &value->series[i];
		const struct dm_element el = {from->labels, from->name, 0};

		r->n_points += from->n;
		if (check_points(r, err) < 0 || series_of(r, &el, &s, err) < 0)
			return -1;
		for (size_t k = 0; k < from->n; k++) {
			if (dm_result_add_point(
				s, from->p[k].t_us, from->p[k].v, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int take_value(struct run *r, int64_t t_us, const struct dm_value *value,
    struct dm_err *err)
{
	struct dm_result_series *s;

	if (value->kind == DM_EXPR_VECTOR)
		return take_elements(r, t_us, value, err);
	if (value->kind == DM_EXPR_RANGE)
		return take_ranges(r, value, err);
	if (value->kind == DM_EXPR_STRING) {
		r->result.string = dm_str_dup(value->string);
		r->result.string_n = value->string.n;
		return r->result.string ? 0 : dm_err_nomem(err);
	}
	if (r->result.n == 0 &&
	    dm_result_add(&r->result, DM_STR(""), NULL, 0, &s, err) < 0)
		return -1;
	return dm_result_add_point(
	    &r->result.series[0], t_us, value->scalar, err);
}

static int evaluate(struct run *r, struct dm_err *err)
{
	int64_t t = r->result.start_us, end = r->result.end_us;
	struct dm_value value;

	for (;;) {
		if (r->q->stop && r->q->stop(r->q->stop_ctx))
			return dm_err_set(err, DM_ESTOP, "interrupted");
		if (dm_expr_eval(r->expr, t, &value, err) < 0 ||
		    take_value(r, t, &value, err) < 0)
			return -1;
		if (!r->result.is_range || end - t < r->result.step_us)
			break;
		t += r->result.step_us;
	}
	if (r->result.is_range)
		dm_result_sort(&r->result);
	return 0;
}

int dm_query_run(const struct dm_query *q, const struct dm_query_back *back,
    struct dm_result *ret, struct dm_err *err)
{
	DM_CLEANUP(run_release) struct run r = {.q = q};

	if (dm_expr_parse(q->text, &r.expr, err) < 0 ||
	    check_kind(&r, err) < 0 || get_samples(&r, back, err) < 0 ||
	    bind(&r, err) < 0 || evaluate(&r, err) < 0)
		return -1;
	*ret = r.result;
	r.result = (struct dm_result){0};
	return 0;
}

void dm_query_caret(
    struct dm_buf *b, struct dm_str text, const struct dm_err *err)
{
	struct dm_str line = DM_STR("");
	size_t at = 0, before, indent;

	if (!err->line || !err->column)
		return;
	for (unsigned i = 0; i < err->line; i++) {
		if (!dm_str_line(&text, &line))
			line = DM_STR("");
	}
	for (unsigned i = 1; i < err->column && at < line.n; i++) {
		do {
			at++;
		} while (
		    at < line.n && ((unsigned char)line.p[at] & 0xc0) == 0x80);
	}
	before = b->n;
	dm_cell_add(b, (struct dm_str){line.p, at});
	indent = dm_cell_columns((struct dm_str){b->p + before, b->n - before});
	dm_cell_add(b, (struct dm_str){line.p + at, line.n - at});
	dm_buf_addf(b, "\n%*s^\n", (int)indent, "");
}
