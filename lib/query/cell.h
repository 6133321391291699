/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_CELL_H
#define DM_QUERY_CELL_H

#include "base/buf.h"

/* Texts on a terminal. */

/** Add a text as dm_utf8_printable makes it. */
void dm_cell_add(struct dm_buf *b, struct dm_str text);

/** How many columns a printable text takes; characters that are wide take
 * two, those that are put on others none. */
size_t dm_cell_columns(struct dm_str printable);

/**
 * Add as much of a printable text as fits into so many columns; where that
 * is not all of it, with a mark at its end.
 * @mark  of one column: "…" or "~"
 */
void dm_cell_add_cut(struct dm_buf *b, struct dm_str printable, size_t columns,
    const char *mark);

/** Add a text in which what is 32 hexadecimal digits or more is cut to 12, as
 * Docker does, and the mark. */
void dm_cell_add_short(struct dm_buf *b, struct dm_str text, const char *mark);

#endif
