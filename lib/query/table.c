/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "query/cell.h"
#include "query/human.h"
#include "query/render.h"
#include "query/shared.h"

#define GAP	  2 /* columns between columns */
#define LEAST_CUT 8 /* labels are not cut to less */

/* A piece of the text below, printable. */
struct cell {
	size_t at, n, columns;
};

struct table {
	const struct dm_result *r;
	const struct dm_table_options *o;
	struct dm_str *names; /* labels that have a column */
	size_t n_names;
	size_t time_columns; /* 0: there is no column of times */
	size_t value_columns;
	size_t *widths;	    /* of each name */
	struct cell *cells; /* n_names of the header, then of each series */
	struct dm_buf text;
	struct dm_buf tmp;
};

static void table_release(struct table *t)
{
	free(t->names);
	free(t->widths);
	free(t->cells);
	dm_buf_release(&t->text);
	dm_buf_release(&t->tmp);
}

static struct cell add_cell(struct table *t, struct dm_str text)
{
	struct cell c = {.at = t->text.n};

	dm_cell_add(&t->text, text);
	c.n = t->text.n - c.at;
	c.columns = dm_cell_columns((struct dm_str){t->text.p + c.at, c.n});
	return c;
}

static int make_cells(struct table *t, struct dm_err *err)
{
	const struct dm_result *r = t->r;

	t->cells = calloc((r->n + 1) * t->n_names + 1, sizeof(*t->cells));
	t->widths = calloc(t->n_names + 1, sizeof(*t->widths));
	if (!t->cells || !t->widths)
		return dm_err_nomem(err);
	for (size_t i = 0; i <= r->n; i++) {
		struct cell *row = &t->cells[i * t->n_names];

		for (size_t k = 0; k < t->n_names; k++) {
			row[k] = add_cell(t,
			    i ? dm_result_label(&r->series[i - 1], t->names[k])
			      : t->names[k]);
			if (row[k].columns > t->widths[k])
				t->widths[k] = row[k].columns;
		}
	}
	return dm_buf_ok(&t->text, err);
}

static void format_value(struct table *t, double v, enum dm_unit unit)
{
	dm_buf_clear(&t->tmp);
	if (t->o->human)
		dm_human_add(&t->tmp, v, unit, DM_HUMAN_DIGITS);
	else
		dm_exact_add(&t->tmp, v);
}

static enum dm_unit unit_of(const struct dm_result_series *s)
{
	return s->name ? dm_unit_of(s->name->text) : DM_UNIT_NONE;
}

static void measure_points(struct table *t)
{
	t->value_columns = strlen("value");
	for (size_t i = 0; i < t->r->n; i++) {
		const struct dm_result_series *s = &t->r->series[i];

		for (size_t k = 0; k < s->n; k++) {
			format_value(t, s->points[k].v, unit_of(s));
			if (t->tmp.n > t->value_columns)
				t->value_columns = t->tmp.n;
			if (!t->r->is_range)
				continue;
			dm_buf_clear(&t->tmp);
			dm_time_add_rfc3339(&t->tmp, s->points[k].t_us);
			if (t->tmp.n > t->time_columns)
				t->time_columns = t->tmp.n;
		}
	}
}

/* Make the widest labels narrower until all fits. */
static void fit(struct table *t)
{
	size_t all = t->value_columns;

	if (t->time_columns)
		all += t->time_columns + GAP;
	for (size_t i = 0; i < t->n_names; i++)
		all += t->widths[i] + GAP;
	while (t->o->columns && all > t->o->columns) {
		size_t widest = 0;

		for (size_t i = 1; i < t->n_names; i++) {
			if (t->widths[i] > t->widths[widest])
				widest = i;
		}
		if (t->n_names == 0 || t->widths[widest] <= LEAST_CUT)
			break;
		t->widths[widest]--;
		all--;
	}
}

static void add_padded(struct dm_buf *b, struct dm_str text, size_t columns)
{
	dm_buf_add_str(b, text);
	dm_buf_addf(b, "%*s", (int)(columns - text.n + GAP), "");
}

/* The labels' cells, each as wide as its column. */
static void add_row(struct dm_buf *b, struct table *t, const struct cell *row)
{
	for (size_t k = 0; k < t->n_names; k++) {
		size_t columns = row[k].columns;

		if (columns > t->widths[k])
			columns = t->widths[k];
		dm_buf_clear(&t->tmp);
		dm_cell_add_cut(&t->tmp,
		    (struct dm_str){t->text.p + row[k].at, row[k].n},
		    t->widths[k], t->o->ascii ? "~" : "\xe2\x80\xa6");
		columns = dm_cell_columns(dm_buf_str(&t->tmp));
		dm_buf_add(b, t->tmp.p, t->tmp.n);
		dm_buf_addf(b, "%*s", (int)(t->widths[k] - columns + GAP), "");
	}
}

static void add_header(struct dm_buf *b, struct table *t)
{
	if (t->time_columns)
		add_padded(b, DM_STR("time"), t->time_columns);
	add_row(b, t, t->cells);
	dm_buf_addf(b, "%*s\n", (int)t->value_columns, "value");
}

static void add_points(struct dm_buf *b, struct table *t, size_t i)
{
	const struct dm_result_series *s = &t->r->series[i];
	DM_AUTO_BUF struct dm_buf labels = {0};

	add_row(&labels, t, &t->cells[(i + 1) * t->n_names]);
	for (size_t k = 0; k < s->n; k++) {
		if (t->time_columns) {
			dm_buf_clear(&t->tmp);
			dm_time_add_rfc3339(&t->tmp, s->points[k].t_us);
			add_padded(b, dm_buf_str(&t->tmp), t->time_columns);
		}
		dm_buf_add(b, labels.p, labels.n);
		format_value(t, s->points[k].v, unit_of(s));
		dm_buf_addf(b, "%*s", (int)(t->value_columns - t->tmp.n), "");
		dm_buf_add(b, t->tmp.p, t->tmp.n);
		dm_buf_add_char(b, '\n');
	}
	b->failed |= labels.failed;
}

/* A scalar or a string at one time: nothing but the value. */
static int add_single(struct dm_buf *b, struct table *t, struct dm_err *err)
{
	const struct dm_result *r = t->r;

	if (r->kind == DM_EXPR_STRING) {
		dm_cell_add(b, (struct dm_str){r->string, r->string_n});
	} else {
		format_value(t, r->series[0].points[0].v, DM_UNIT_NONE);
		dm_buf_add(b, t->tmp.p, t->tmp.n);
	}
	dm_buf_add_char(b, '\n');
	return dm_buf_ok(b, err);
}

int dm_render_table(struct dm_buf *b, const struct dm_result *r,
    const struct dm_table_options *options, struct dm_err *err)
{
	DM_CLEANUP(table_release) struct table t = {.r = r, .o = options};

	if (!r->is_range && r->kind != DM_EXPR_VECTOR)
		return add_single(b, &t, err);
	if (dm_result_differing(r, &t.names, &t.n_names, err) < 0 ||
	    dm_render_heading(b, r, t.names, t.n_names, err) < 0)
		return -1;
	if (r->n == 0)
		return dm_buf_ok(b, err);
	if (make_cells(&t, err) < 0)
		return -1;
	measure_points(&t);
	fit(&t);
	add_header(b, &t);
	for (size_t i = 0; i < r->n; i++)
		add_points(b, &t, i);
	return t.tmp.failed ? dm_err_nomem(err) : dm_buf_ok(b, err);
}
