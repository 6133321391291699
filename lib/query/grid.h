/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_GRID_H
#define DM_QUERY_GRID_H

#include "base/buf.h"

/**
 * A table of texts in aligned columns.
 *
 *	struct dm_grid g = {.n_columns = 2};
 *	dm_grid_add(&g, DM_STR("name"));  dm_grid_add(&g, DM_STR("value"));
 *	…
 *	dm_grid_render(&b, &g, 80, "~", err);
 *	dm_grid_release(&g);
 */
struct dm_grid {
	size_t n_columns;
	/** Columns before it are never cut. */
	size_t cut_from;
	/** Columns from here on are aligned to the right and never cut. */
	size_t right_from;
	/* its own: */
	struct dm_grid_cell {
		size_t at, n; /* in text */
		size_t columns;
	} * cells;
	size_t n, cap;
	struct dm_buf text; /* printable */
};

void dm_grid_release(struct dm_grid *g);
#define DM_AUTO_GRID DM_CLEANUP(dm_grid_release)

/** Add the next cell, row by row; any text. */
void dm_grid_add(struct dm_grid *g, struct dm_str text);
/** The same text as that of cell i. */
void dm_grid_repeat(struct dm_grid *g, size_t i);

/** How wide it is when nothing is cut. */
size_t dm_grid_columns(const struct dm_grid *g);

/**
 * Add its rows as lines, without blanks at their ends.
 * @limit  the widest columns are cut until all fit, but for short ones; 0:
 *         nothing is cut
 * @mark   the end of what is cut, of one column
 */
int dm_grid_render(struct dm_buf *b, const struct dm_grid *g, size_t limit,
    const char *mark, struct dm_err *err) DM_MUST_CHECK;

#endif
