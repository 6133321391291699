/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "query/cell.h"
#include "query/grid.h"
#include "query/human.h"
#include "query/render.h"
#include "query/shared.h"

struct table {
	const struct dm_result *r;
	const struct dm_table_options *o;
	struct dm_str *names; /* labels that have a column */
	size_t n_names;
	bool is_short; /* long identifiers are shortened */
	struct dm_grid grid;
	struct dm_buf tmp;
};

static void table_release(struct table *t)
{
	free(t->names);
	dm_grid_release(&t->grid);
	dm_buf_release(&t->tmp);
}

static const char *mark_of(const struct table *t)
{
	return t->o->ascii ? "~" : "\xe2\x80\xa6";
}

static struct dm_str format_value(struct table *t, double v, enum dm_unit unit)
{
	dm_buf_clear(&t->tmp);
	if (t->o->human)
		dm_human_add(&t->tmp, v, unit, DM_HUMAN_DIGITS);
	else
		dm_exact_add(&t->tmp, v);
	return dm_buf_str(&t->tmp);
}

static struct dm_str format_label(
    struct table *t, const struct dm_result_series *s, struct dm_str name)
{
	struct dm_str value = dm_result_label(s, name);

	if (!t->is_short)
		return value;
	dm_buf_clear(&t->tmp);
	dm_cell_add_short(&t->tmp, value, mark_of(t));
	return dm_buf_str(&t->tmp);
}

static void add_header(struct table *t)
{
	if (dm_result_is_matrix(t->r))
		dm_grid_add(&t->grid, DM_STR("time"));
	for (size_t i = 0; i < t->n_names; i++)
		dm_grid_add(&t->grid, t->names[i]);
	dm_grid_add(&t->grid, DM_STR("value"));
}

static void add_series(struct table *t, const struct dm_result_series *s)
{
	enum dm_unit unit = s->name ? dm_unit_of(s->name->text) : DM_UNIT_NONE;
	struct dm_grid *g = &t->grid;
	size_t above = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (dm_result_is_matrix(t->r)) {
			dm_buf_clear(&t->tmp);
			dm_time_add_rfc3339(&t->tmp, s->points[i].t_us);
			dm_grid_add(g, dm_buf_str(&t->tmp));
		}
		for (size_t k = 0; k < t->n_names; k++) {
			if (i)
				dm_grid_repeat(g, above + k);
			else
				dm_grid_add(g, format_label(t, s, t->names[k]));
		}
		above = g->n - t->n_names;
		dm_grid_add(g, format_value(t, s->points[i].v, unit));
	}
}

static void build(struct table *t)
{
	size_t n_columns = t->n_names + (dm_result_is_matrix(t->r) ? 2 : 1);

	dm_grid_release(&t->grid);
	t->grid.n_columns = n_columns;
	t->grid.right_from = n_columns - 1;
	t->grid.cut_from = dm_result_is_matrix(t->r) ? 1 : 0;
	add_header(t);
	for (size_t i = 0; i < t->r->n; i++)
		add_series(t, &t->r->series[i]);
}

/* A scalar or a string at one time: nothing but the value. */
static int add_single(struct dm_buf *b, struct table *t, struct dm_err *err)
{
	const struct dm_result *r = t->r;

	if (r->kind == DM_EXPR_STRING)
		dm_cell_add(b, (struct dm_str){r->string, r->string_n});
	else
		dm_buf_add_str(
		    b, format_value(t, r->series[0].points[0].v, DM_UNIT_NONE));
	dm_buf_add_char(b, '\n');
	return dm_buf_ok(b, err);
}

int dm_render_table(struct dm_buf *b, const struct dm_result *r,
    const struct dm_table_options *options, struct dm_err *err)
{
	DM_CLEANUP(table_release) struct table t = {.r = r, .o = options};

	if (!dm_result_is_matrix(r) && r->kind != DM_EXPR_VECTOR)
		return add_single(b, &t, err);
	if (dm_result_differing(r, &t.names, &t.n_names, err) < 0 ||
	    dm_render_heading(b, r, t.names, t.n_names, err) < 0)
		return -1;
	if (r->n == 0)
		return dm_buf_ok(b, err);
	build(&t);
	if (options->columns && dm_grid_columns(&t.grid) > options->columns) {
		t.is_short = true;
		build(&t);
	}
	if (t.tmp.failed)
		return dm_err_nomem(err);
	return dm_grid_render(b, &t.grid, options->columns, mark_of(&t), err);
}
