/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql-fixture.h"

#include <stdio.h>

#include "base/num.h"
#include "base/time.h"

static void forget(void *ctx, struct dm_identity *identity)
{
	struct fixture *f = ctx;

	dm_window_forget(f->window, identity);
}

static void check(int rc, const struct dm_err *err)
{
	if (rc < 0) {
		fprintf(stderr, "fixture: %s\n", err->msg);
		abort();
	}
}

void fixture_start(struct fixture *f)
{
	*f = (struct fixture){0};
	check(dm_window_new(&f->window, &f->err), &f->err);
	check(dm_scanner_new(forget, f, &f->scanner, &f->err), &f->err);
}

void fixture_stop(struct fixture *f)
{
	dm_scanner_free(f->scanner);
	dm_window_free(f->window);
	dm_buf_release(&f->out);
}

struct dm_expr *fixture_expr(struct fixture *f, const char *text)
{
	struct dm_querier q = dm_window_querier(f->window);
	struct dm_expr *e;

	check(dm_expr_parse(dm_str(text), &e, &f->err), &f->err);
	check(dm_expr_bind(e, &q, &f->err), &f->err);
	return e;
}

int fixture_line(struct fixture *f, const char *line)
{
	struct dm_window_seen seen;
	struct dm_record r;

	if (dm_scan(f->scanner, dm_str(line), &r, &f->err) < 0 ||
	    dm_window_record(f->window, f->scanner, &r, &seen, &f->err) < 0)
		return -1;
	for (unsigned i = 0; i < seen.n_ended; i++)
		f->ended[f->n_ended++ % DM_COUNT(f->ended)] = seen.ended_us[i];
	return 0;
}

void fixture_put(struct fixture *f, const char *name, const char *label,
    const char *value, double t, double v)
{
	struct dm_labels_pool *pool = dm_window_pool(f->window);
	struct dm_label l = {
	    dm_str(label ? label : "a"), dm_str(label ? value : "")};
	DM_AUTO_LABELS struct dm_labels *labels = NULL;
	const struct dm_name *n;
	int64_t us = 0;

	dm_time_from_seconds(t, &us);
	check(dm_labels_name(pool, dm_str(name), &n, &f->err), &f->err);
	check(dm_labels_new(pool, &l, 1, &labels, &f->err), &f->err);
	check(dm_window_put(f->window, n, labels, us, v, &f->err), &f->err);
}

static void add_series(struct dm_buf *b, const struct dm_value_series *s)
{
	dm_labels_print(b, s->name, s->labels);
	for (size_t i = 0; i < s->n; i++) {
		dm_buf_add_char(b, ' ');
		dm_num_add(b, s->p[i].v);
	}
	dm_buf_add_cstr(b, "; ");
}

const char *fixture_eval(struct fixture *f, struct dm_expr *e, double t)
{
	struct dm_value value;
	int64_t us = 0;

	dm_buf_clear(&f->out);
	dm_time_from_seconds(t, &us);
	if (dm_expr_eval(e, us, &value, &f->err) < 0) {
		dm_buf_addf(&f->out, "error: %s", f->err.msg);
	} else if (value.kind == DM_EXPR_SCALAR) {
		dm_num_add(&f->out, value.scalar);
	} else if (value.kind == DM_EXPR_RANGE) {
		for (size_t i = 0; i < value.n; i++)
			add_series(&f->out, &value.series[i]);
	} else {
		for (size_t i = 0; i < value.n; i++) {
			const struct dm_element *el = &value.elements[i];

			if (i)
				dm_buf_add_cstr(&f->out, "; ");
			dm_labels_print(&f->out, el->name, el->labels);
			dm_buf_add_char(&f->out, ' ');
			dm_num_add(&f->out, el->value);
		}
	}
	return dm_buf_cstr(&f->out);
}
