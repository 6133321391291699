/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_CANVAS_H
#define DM_QUERY_CANVAS_H

#include "base/buf.h"

enum dm_ink {
	DM_INK_BRAILLE, /* eight dots a character */
	DM_INK_STAR,	/* one dot a character: * */
	DM_INK_LETTER,	/* a, b, c…: whose dot it is */
};

/**
 * Dots on a field of characters. {0} is none. Dots count from the left and
 * from below.
 */
struct dm_canvas {
	size_t columns, rows; /* in characters */
	size_t width, height; /* in dots */
	enum dm_ink ink;
	struct dm_spot {
		unsigned char dots;  /* U+2800 plus these */
		unsigned char owner; /* from 1, who drew there last */
	} * spots;
};

int dm_canvas_init(struct dm_canvas *c, size_t columns, size_t rows,
    enum dm_ink ink, struct dm_err *err) DM_MUST_CHECK;
void dm_canvas_release(struct dm_canvas *c);
#define DM_AUTO_CANVAS DM_CLEANUP(dm_canvas_release)

/** A line from dot to dot, both within the canvas. @owner  from 1 to 26 */
void dm_canvas_line(struct dm_canvas *c, size_t x0, size_t y0, size_t x1,
    size_t y1, unsigned owner);

/** Add a row, counted from above, without blanks at its end. */
void dm_canvas_add_row(
    struct dm_buf *b, const struct dm_canvas *c, size_t row, bool color);

/** Add the sequence that switches to an owner's colour; 0: back. */
void dm_color_add(struct dm_buf *b, unsigned owner);

#endif
