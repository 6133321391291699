/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/test-run.h"

#include <glob.h>
#include <libgen.h>
#include <stdio.h>

#include "base/file.h"
#include "rules/engine-parts.h"
#include "rules/test.h"
#include "rules/yaml.h"

/* A test that goes on for longer has been written by mistake. */
#define EVALUATIONS_MAX 10000000
#define SAMPLES_MAX	50000000

/* A series of the test, and which of its values comes next. */
struct source {
	const struct dm_name *name;
	struct dm_labels *labels;
	const struct dm_values *values;
	struct dm_values_at at;
	int64_t t_us; /* of the next value */
};

/* A group, and when it is its turn. */
struct turn {
	struct dm_rule_group *group;
	size_t place, index;
};

/* One test under way. */
struct run {
	const struct dm_test_file *file;
	struct dm_rule_test *test;
	const struct dm_test_sink *sink;
	struct dm_engine *e;
	struct source *sources;
	struct turn *turns;
	struct dm_alert_test **alerts; /* in order of their times */
	size_t next_alert;
	int64_t now_us;
	uint64_t n_samples;
	bool failed; /* an evaluation */
	struct dm_buf report, discard;
	struct dm_err *err;
};

static void run_release(struct run *r)
{
	for (size_t i = 0; r->sources && i < r->test->n_series; i++)
		dm_labels_unref(r->sources[i].labels);
	for (size_t i = 0; i < r->test->n_exprs; i++) {
		dm_expr_free(r->test->exprs[i].expr);
		r->test->exprs[i].expr = NULL;
	}
	dm_engine_free(r->e);
	free(r->sources);
	free(r->turns);
	free(r->alerts);
	dm_buf_release(&r->report);
	dm_buf_release(&r->discard);
}

/* A check has been made: tell what it found. */
static int tell(struct run *r)
{
	if (dm_buf_ok(&r->report, r->err) < 0)
		return -1;
	if (r->report.n > 0)
		r->sink->failed(r->sink->ctx, dm_buf_str(&r->report));
	dm_buf_clear(&r->report);
	return 0;
}

static void rule_failed(
    void *ctx, const struct dm_rule *rule, const struct dm_err *why)
{
	struct run *r = ctx;

	r->failed = true;
	dm_test_report_rule(&r->report, rule->name, r->now_us, why);
	if (tell(r) < 0)
		return; /* said again when the evaluation has ended */
}

/* The labels of a series: of the window's pool. */
static int source_init(
    struct run *r, const struct dm_test_series *s, struct source *ret)
{
	DM_AUTO_LABELS_BUILDER struct dm_labels_builder b = {0};
	struct dm_str name = {0};

	dm_labels_builder_start(&b, NULL);
	for (size_t i = 0; i < s->metric.n; i++) {
		const struct dm_label *l = &s->metric.p[i];

		if (dm_str_is(l->name, DM_LABEL_NAME))
			name = l->value;
		else
			dm_labels_builder_set(&b, l->name, l->value);
	}
	*ret = (struct source){.values = &s->values, .t_us = r->test->start_us};
	if (dm_labels_name(r->e->pool, name, &ret->name, r->err) < 0)
		return -1;
	return dm_labels_builder_done(&b, r->e->pool, &ret->labels, r->err);
}

static int open_sources(struct run *r)
{
	r->sources = calloc(r->test->n_series + 1, sizeof(*r->sources));
	if (!r->sources)
		return dm_err_nomem(r->err);
	for (size_t i = 0; i < r->test->n_series; i++)
		if (source_init(r, &r->test->series[i], &r->sources[i]) < 0)
			return -1;
	return 0;
}

static int too_much(struct run *r, const char *what, int max)
{
	struct dm_err e = {0};

	dm_err_set(&e, DM_ELIMIT, "test %s: more than %d %s", r->test->name,
	    max, what);
	r->sink->wrong(r->sink->ctx, &e);
	if (r->err)
		*r->err = e;
	return -1;
}

/* Values up to now go into the window. */
static int feed(struct run *r, struct source *s)
{
	double value;
	bool gap;

	while (s->t_us <= r->now_us) {
		if (!dm_values_next(s->values, &s->at, &value, &gap)) {
			s->t_us = INT64_MAX;
			return 0;
		}
		if (++r->n_samples > SAMPLES_MAX)
			return too_much(r, "samples", SAMPLES_MAX);
		if (!gap && dm_window_put(r->e->window, s->name, s->labels,
				s->t_us, value, r->err) < 0)
			return -1;
		s->t_us += r->test->interval_us;
	}
	return 0;
}

static int turn_cmp(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* Groups in the order that the file asks for. */
static int open_turns(struct run *r)
{
	const struct dm_rule_set *set = &r->e->rules;
	struct dm_map order = {0};
	int rc = 0;

	r->turns = calloc(set->n + 1, sizeof(*r->turns));
	if (!r->turns)
		return dm_err_nomem(r->err);
	for (size_t i = 0; i < r->file->n_order && rc == 0; i++)
		rc = dm_map_put(&order, dm_str(r->file->order[i]),
		    &r->file->order[i], r->err);
	for (size_t i = 0; i < set->n && rc == 0; i++) {
		char **place = dm_map_get(&order, dm_str(set->groups[i]->name));

		r->turns[i] = (struct turn){set->groups[i],
		    place ? (size_t)(place - r->file->order) : 0, i};
	}
	dm_map_release(&order);
	if (rc == 0 && set->n > 1)
		qsort(r->turns, set->n, sizeof(*r->turns), turn_cmp);
	return rc;
}

static int at_cmp(const void *a, const void *b)
{
	const struct dm_alert_test *x = *(struct dm_alert_test *const *)a;
	const struct dm_alert_test *y = *(struct dm_alert_test *const *)b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x < y ? -1 : x > y; /* of one array */
}

static int open_alerts(struct run *r)
{
	size_t n = r->test->n_alerts;

	r->alerts = calloc(n + 1, sizeof(struct dm_alert_test *));
	if (!r->alerts)
		return dm_err_nomem(r->err);
	for (size_t i = 0; i < n; i++)
		r->alerts[i] = &r->test->alerts[i];
	if (n > 1)
		qsort(r->alerts, n, sizeof(struct dm_alert_test *), at_cmp);
	return 0;
}

/* A selector of a test's own expression. Nothing is dropped from the window
 * of a test, so that a fixed time (@) can be looked at as well. */
struct asked {
	struct dm_selector selector;
	void *handle;
};

static int ask_prepare(void *ctx, const struct dm_selector *selector,
    void **ret_handle, struct dm_err *err)
{
	const struct dm_querier q = dm_window_querier(ctx);
	struct asked *a = calloc(1, sizeof(*a));

	if (!a)
		return dm_err_nomem(err);
	a->selector = *selector;
	a->selector.is_fixed = false;
	if (q.prepare(q.ctx, &a->selector, &a->handle, err) < 0) {
		free(a);
		return -1;
	}
	*ret_handle = a;
	return 0;
}

static int ask_select(void *ctx, void *handle, int64_t from_us, int64_t to_us,
    struct dm_series_set *ret, struct dm_err *err)
{
	const struct dm_querier q = dm_window_querier(ctx);
	struct asked *a = handle;

	return q.select(q.ctx, a->handle, from_us, to_us, ret, err);
}

static void ask_release(void *ctx, void *handle)
{
	const struct dm_querier q = dm_window_querier(ctx);
	struct asked *a = handle;

	q.release(q.ctx, a->handle);
	free(a);
}

/* The engine with the rules, and with what the test's expressions want to
 * be kept. */
static int open_engine(struct run *r)
{
	const struct dm_engine_options options = {
	    .paths = (const char *const *)r->file->rule_files,
	    .n_paths = r->file->n_rule_files,
	    .interval_us = r->file->interval_us,
	    .subquery_step_us = r->file->interval_us,
	    .external = r->test->external_labels.p,
	    .n_external = r->test->external_labels.n,
	    .external_url = r->test->external_url,
	    .say = r->sink->wrong,
	    .ctx = r->sink->ctx,
	};
	struct dm_querier q = {.prepare = ask_prepare,
	    .select = ask_select,
	    .release = ask_release};

	if (dm_engine_new(&options, &r->e, r->err) < 0)
		return -1;
	r->e->out = &r->discard;
	r->e->say_again_us = 1;
	r->e->counts = false;
	r->e->failed = rule_failed;
	r->e->failed_ctx = r;
	q.ctx = r->e->window;
	q.pool = r->e->pool;
	for (size_t i = 0; i < r->test->n_exprs; i++) {
		dm_expr_set_subquery_step(
		    r->test->exprs[i].expr, r->file->interval_us);
		if (dm_expr_bind(r->test->exprs[i].expr, &q, r->err) < 0)
			return -1;
	}
	return 0;
}

/* One evaluation of all groups. */
static int evaluate(struct run *r)
{
	for (size_t i = 0; i < r->test->n_series; i++)
		if (feed(r, &r->sources[i]) < 0)
			return -1;
	for (size_t i = 0; i < r->e->rules.n; i++)
		if (dm_engine_evaluate(
			r->e, r->turns[i].group, r->now_us, r->err) < 0)
			return -1;
	dm_buf_clear(&r->discard);
	return dm_buf_ok(&r->report, r->err);
}

/* The alerts that are asked for before the next evaluation. */
static int check_alerts(struct run *r)
{
	int64_t until_us = r->now_us - r->test->start_us + r->file->interval_us;

	for (; r->next_alert < r->test->n_alerts; r->next_alert++) {
		struct dm_alert_test *t = r->alerts[r->next_alert];

		if (t->at_us >= until_us)
			break;
		if (dm_test_check_alerts(r->e, r->test, t, &r->report, r->err) <
			0 ||
		    tell(r) < 0)
			return -1;
	}
	return 0;
}

static int64_t last_us(const struct dm_rule_test *t)
{
	int64_t us = 0;

	for (size_t i = 0; i < t->n_alerts; i++)
		us = t->alerts[i].at_us > us ? t->alerts[i].at_us : us;
	for (size_t i = 0; i < t->n_exprs; i++)
		us = t->exprs[i].at_us > us ? t->exprs[i].at_us : us;
	return us;
}

static int run_test(struct run *r)
{
	const struct dm_rule_test *t = r->test;
	int64_t n = last_us(t) / r->file->interval_us;

	if (open_engine(r) < 0 || open_turns(r) < 0 || open_sources(r) < 0 ||
	    open_alerts(r) < 0)
		return -1;
	if (n >= EVALUATIONS_MAX)
		return too_much(r, "evaluations", EVALUATIONS_MAX);
	for (int64_t i = 0; i <= n && !r->failed; i++) {
		r->now_us = t->start_us + i * r->file->interval_us;
		if (evaluate(r) < 0)
			return -1;
		if (!r->failed && check_alerts(r) < 0)
			return -1;
	}
	for (size_t i = 0; i < t->n_exprs && !r->failed; i++)
		if (dm_test_check_expr(&t->exprs[i],
			t->start_us + t->exprs[i].at_us, r->file->fuzzy,
			&r->report, r->err) < 0 ||
		    tell(r) < 0)
			return -1;
	return 0;
}

/* The files of patterns that are relative to the file that names them. */
struct found {
	char **p;
	size_t n, cap;
};

static void found_release(struct found *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->p[i]);
	free(f->p);
}

/* A file that more than one pattern matches is read once. */
static int found_add(struct found *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->p[i], path) == 0)
			return 0;
	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 8;
		void *p = realloc(f->p, cap * sizeof(*f->p));

		if (!p)
			return -1;
		f->p = p;
		f->cap = cap;
	}
	f->p[f->n] = dm_str_dup(dm_str(path));
	return f->p[f->n] ? (f->n++, 0) : -1;
}

static int find_files(struct found *f, const char *dir, const char *pattern,
    const struct dm_test_sink *sink, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf path = {0};
	glob_t g = {0};
	int rc;

	if (*pattern && *pattern != '/' && strcmp(dir, ".") != 0)
		dm_buf_addf(&path, "%s/", dir);
	dm_buf_add_cstr(&path, pattern);
	rc = glob(dm_buf_cstr(&path), GLOB_PERIOD, NULL, &g);
	if (path.failed || rc == GLOB_NOSPACE)
		return dm_err_nomem(err);
	if (rc != 0)
		sink->unmatched(sink->ctx, dm_buf_cstr(&path));
	for (size_t i = 0; rc == 0 && i < g.gl_pathc; i++)
		if (found_add(f, g.gl_pathv[i]) < 0)
			rc = dm_err_nomem(err);
	globfree(&g);
	return rc < 0 ? -1 : 0;
}

/* The patterns among rule_files are replaced by the files that match. */
static int resolve(struct dm_test_file *f, const char *path,
    const struct dm_test_sink *sink, struct dm_err *err)
{
	DM_AUTO_FREE char *copy = dm_str_dup(dm_str(path));
	DM_CLEANUP(found_release) struct found found = {0};
	const char *dir = copy ? dirname(copy) : NULL;
	struct found old;

	if (!dir)
		return dm_err_nomem(err);
	for (size_t i = 0; i < f->n_rule_files; i++)
		if (find_files(&found, dir, f->rule_files[i], sink, err) < 0)
			return -1;
	old = (struct found){f->rule_files, f->n_rule_files, 0};
	f->rule_files = found.p;
	f->n_rule_files = found.n;
	found = old; /* released */
	return 0;
}

static int read_tests(struct dm_test_file *f, const char *path,
    const struct dm_test_sink *sink, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	if (dm_file_read(path, DM_YAML_MAX_BYTES, &text, err) < 0) {
		sink->wrong(sink->ctx, err);
		return -1;
	}
	if (dm_test_file_parse(
		f, path, dm_buf_str(&text), sink->wrong, sink->ctx, err) < 0)
		return -1;
	return resolve(f, path, sink, err);
}

int dm_test_run(
    const char *path, const struct dm_test_sink *sink, struct dm_err *err)
{
	DM_AUTO_TEST_FILE struct dm_test_file f = {0};
	struct dm_err own = {0};
	int rc = read_tests(&f, path, sink, &own);

	for (size_t i = 0; i < f.n_tests && rc == 0; i++) {
		struct run r = {
		    .file = &f, .test = &f.tests[i], .sink = sink, .err = &own};

		rc = run_test(&r);
		run_release(&r);
	}
	if (rc < 0 && err)
		*err = own;
	return rc;
}
