/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql-memory.h"

#include <stdio.h>
#include <stdlib.h>

struct found {
	const struct dm_series **series;
	size_t n;
};

static void check(int rc, const struct dm_err *err)
{
	if (rc < 0) {
		fprintf(stderr, "memory: %s\n", err->msg);
		abort();
	}
}

void memory_start(struct memory *m)
{
	struct dm_err err;

	*m = (struct memory){0};
	check(dm_labels_pool_new(&m->pool, &err), &err);
}

void memory_stop(struct memory *m)
{
	for (size_t i = 0; i < m->n; i++) {
		dm_labels_unref(m->series[i].labels);
		free((void *)m->series[i].p);
	}
	free(m->series);
	dm_labels_pool_free(m->pool);
}

/* A series is written as the selector of itself. */
static void name_series(
    struct memory *m, struct dm_series *s, struct dm_str text)
{
	DM_AUTO_LABELS_BUILDER struct dm_labels_builder b = {0};
	DM_AUTO_EXPR struct dm_expr *e = NULL;
	const struct dm_selector *sel;
	struct dm_err err;

	check(dm_expr_parse(text, &e, &err), &err);
	sel = dm_expr_selector(e, 0);
	check(dm_labels_name(m->pool, sel->name, &s->name, &err), &err);
	dm_labels_builder_start(&b, NULL);
	for (size_t i = 0; i < sel->n; i++)
		dm_labels_builder_set(
		    &b, sel->matchers[i].name_str, sel->matchers[i].value_str);
	check(dm_labels_builder_done(&b, m->pool, &s->labels, &err), &err);
}

static void add_sample(struct dm_series *s, const char *text)
{
	struct dm_sample *p = (struct dm_sample *)s->p;
	char *end;

	p = realloc(p, (s->n + 1) * sizeof(*p));
	if (!p)
		abort();
	s->p = p;
	p += s->n++;
	p->t_us = strtoll(text, &end, 10) * 1000;
	p->v = strcmp(end, ":stale") == 0 ? dm_stale() : strtod(end + 1, NULL);
	s->n_stale += dm_is_stale(p->v);
	s->near[1] = *p;
}

void memory_add(struct memory *m, const char *line)
{
	struct dm_series s = {.drop = DM_DROP_UNKNOWN};
	size_t n = strcspn(line, "{ ");
	char *rest, *word, *save;

	if (line[n] == '{')
		n = (size_t)(strstr(line, "}") + 1 - line);
	name_series(m, &s, (struct dm_str){line, n});
	rest = strdup(line + n);
	for (word = strtok_r(rest, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		add_sample(&s, word);
	free(rest);
	m->series = realloc(m->series, (m->n + 1) * sizeof(s));
	if (!m->series)
		abort();
	m->series[m->n++] = s;
}

static int memory_prepare(void *ctx, const struct dm_selector *selector,
    void **ret_handle, struct dm_err *err)
{
	struct memory *m = ctx;
	struct found *f = calloc(1, sizeof(*f));

	(void)err;
	if (f)
		f->series = calloc(m->n + 1, sizeof(void *));
	if (!f || !f->series)
		abort();
	for (size_t i = 0; i < m->n; i++) {
		if (dm_selector_match(selector, m->series[i].name,
			m->series[i].labels, NULL) > 0)
			f->series[f->n++] = &m->series[i];
	}
	*ret_handle = f;
	return 0;
}

static int memory_select(void *ctx, void *handle, int64_t from_us,
    int64_t to_us, struct dm_series_set *ret, struct dm_err *err)
{
	const struct found *f = handle;

	(void)ctx, (void)from_us, (void)to_us, (void)err;
	*ret = (struct dm_series_set){f->series, f->n};
	return 0;
}

static void memory_release(void *ctx, void *handle)
{
	struct found *f = handle;

	(void)ctx;
	free(f->series);
	free(f);
}

struct dm_querier memory_querier(struct memory *m)
{
	return (struct dm_querier){.ctx = m,
	    .pool = m->pool,
	    .prepare = memory_prepare,
	    .select = memory_select,
	    .release = memory_release};
}
