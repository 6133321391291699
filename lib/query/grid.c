/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/grid.h"

#include "base/array.h"
#include "query/cell.h"

#define GAP	  2  /* between columns */
#define LEAST_CUT 11 /* columns are not cut to less: a date, a mark */

void dm_grid_release(struct dm_grid *g)
{
	free(g->cells);
	dm_buf_release(&g->text);
	*g = (struct dm_grid){0};
}

static struct dm_grid_cell *new_cell(struct dm_grid *g)
{
	if (dm_array_grow(&g->cells, g->n, &g->cap, sizeof(*g->cells), NULL) <
	    0) {
		g->text.failed = true;
		return NULL;
	}
	return &g->cells[g->n++];
}

void dm_grid_add(struct dm_grid *g, struct dm_str text)
{
	struct dm_grid_cell *c = new_cell(g);
	size_t at = g->text.n;

	if (!c)
		return;
	dm_cell_add(&g->text, text);
	*c = (struct dm_grid_cell){.at = at, .n = g->text.n - at};
	c->columns = dm_cell_columns((struct dm_str){g->text.p + at, c->n});
}

void dm_grid_repeat(struct dm_grid *g, size_t i)
{
	struct dm_grid_cell *c = new_cell(g);

	if (c)
		*c = g->cells[i];
}

static void measure(const struct dm_grid *g, size_t *widths)
{
	memset(widths, 0, g->n_columns * sizeof(*widths));
	for (size_t i = 0; i < g->n; i++) {
		size_t *w = &widths[i % g->n_columns];

		if (g->cells[i].columns > *w)
			*w = g->cells[i].columns;
	}
}

static size_t sum_of(const struct dm_grid *g, const size_t *widths)
{
	size_t all = (g->n_columns - 1) * GAP;

	for (size_t i = 0; i < g->n_columns; i++)
		all += widths[i];
	return all;
}

size_t dm_grid_columns(const struct dm_grid *g)
{
	DM_AUTO_FREE size_t *widths = calloc(g->n_columns, sizeof(*widths));

	if (!widths || g->n_columns == 0)
		return 0;
	measure(g, widths);
	return sum_of(g, widths);
}

/* The widest of the columns that may be cut; n_columns: none. */
static size_t widest(const struct dm_grid *g, const size_t *widths)
{
	size_t found = g->n_columns;

	for (size_t i = g->cut_from; i < g->n_columns && i < g->right_from;
	     i++) {
		if (widths[i] > LEAST_CUT &&
		    (found == g->n_columns || widths[i] > widths[found]))
			found = i;
	}
	return found;
}

static void fit(const struct dm_grid *g, size_t *widths, size_t limit)
{
	size_t all = sum_of(g, widths), i;

	for (; limit && all > limit; all--) {
		i = widest(g, widths);
		if (i == g->n_columns)
			return;
		widths[i]--;
	}
}

static void add_cell(struct dm_buf *b, const struct dm_grid *g, size_t i,
    size_t width, const char *mark, size_t *blanks)
{
	const struct dm_grid_cell *c = &g->cells[i];
	struct dm_str text = {g->text.p + c->at, c->n};
	size_t column = i % g->n_columns, before = b->n, used = c->columns;

	if (column >= g->right_from)
		*blanks += width - c->columns;
	if (c->n)
		dm_buf_addf(b, "%*s", (int)*blanks, "");
	if (used > width) {
		before = b->n;
		dm_cell_add_cut(b, text, width, mark);
		used = dm_cell_columns(
		    (struct dm_str){b->p + before, b->n - before});
	} else {
		dm_buf_add_str(b, text);
	}
	if (c->n)
		*blanks = 0;
	if (column < g->right_from)
		*blanks += width - used;
	*blanks += GAP;
}

int dm_grid_render(struct dm_buf *b, const struct dm_grid *g, size_t limit,
    const char *mark, struct dm_err *err)
{
	DM_AUTO_FREE size_t *widths = calloc(g->n_columns + 1, sizeof(*widths));
	size_t blanks = 0; /* not written unless something follows */

	if (!widths || g->text.failed)
		return dm_err_nomem(err);
	measure(g, widths);
	fit(g, widths, limit);
	for (size_t i = 0; i < g->n; i++) {
		add_cell(b, g, i, widths[i % g->n_columns], mark, &blanks);
		if ((i + 1) % g->n_columns)
			continue;
		dm_buf_add_char(b, '\n');
		blanks = 0;
	}
	return dm_buf_ok(b, err);
}
