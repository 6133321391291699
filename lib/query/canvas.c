/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/canvas.h"

#include "base/utf8.h"

int dm_canvas_init(struct dm_canvas *c, size_t columns, size_t rows,
    enum dm_ink ink, struct dm_err *err)
{
	*c = (struct dm_canvas){
	    .columns = columns,
	    .rows = rows,
	    .width = ink == DM_INK_BRAILLE ? 2 * columns : columns,
	    .height = ink == DM_INK_BRAILLE ? 4 * rows : rows,
	    .ink = ink,
	};
	c->spots = calloc(columns * rows + 1, sizeof(*c->spots));
	return c->spots ? 0 : dm_err_nomem(err);
}

void dm_canvas_release(struct dm_canvas *c)
{
	free(c->spots);
	*c = (struct dm_canvas){0};
}

static void put_dot(struct dm_canvas *c, size_t x, size_t y, unsigned owner)
{
	/* By column and row from above. Source: Unicode 15, 21.1. */
	static const unsigned char bits[2][4] = {
	    {0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
	size_t from_above = c->height - 1 - y;
	bool braille = c->ink == DM_INK_BRAILLE;
	struct dm_spot *s = braille
				? &c->spots[from_above / 4 * c->columns + x / 2]
				: &c->spots[from_above * c->columns + x];

	s->dots |= braille ? bits[x % 2][from_above % 4] : 1;
	s->owner = (unsigned char)owner;
}

/* Source: Bresenham, Algorithm for computer control of a digital plotter,
 * 1965. */
void dm_canvas_line(struct dm_canvas *c, size_t x0, size_t y0, size_t x1,
    size_t y1, unsigned owner)
{
	long x = (long)x0, y = (long)y0;
	long dx = labs((long)x1 - x), dy = -labs((long)y1 - y);
	long step_x = x < (long)x1 ? 1 : -1, step_y = y < (long)y1 ? 1 : -1;
	long error = dx + dy, twice;

	for (;;) {
		put_dot(c, (size_t)x, (size_t)y, owner);
		if (x == (long)x1 && y == (long)y1)
			return;
		twice = 2 * error;
		if (twice >= dy) {
			error += dy;
			x += step_x;
		}
		if (twice <= dx) {
			error += dx;
			y += step_y;
		}
	}
}

void dm_color_add(struct dm_buf *b, unsigned owner)
{
	/* Those that are told apart best come first. */
	static const unsigned char colors[] = {
	    36, 33, 35, 32, 34, 31, 96, 93, 95, 92};

	if (owner == 0)
		dm_buf_add_cstr(b, "\033[m");
	else
		dm_buf_addf(
		    b, "\033[%um", colors[(owner - 1) % sizeof(colors)]);
}

static void add_spot(
    struct dm_buf *b, const struct dm_canvas *c, const struct dm_spot *s)
{
	if (s->dots == 0)
		dm_buf_add_char(b, ' ');
	else if (c->ink == DM_INK_BRAILLE)
		dm_utf8_add(b, 0x2800u + s->dots);
	else if (c->ink == DM_INK_STAR)
		dm_buf_add_char(b, '*');
	else
		dm_buf_add_char(b, (char)('a' + s->owner - 1));
}

void dm_canvas_add_row(
    struct dm_buf *b, const struct dm_canvas *c, size_t row, bool color)
{
	const struct dm_spot *s = &c->spots[row * c->columns];
	size_t n = c->columns;
	unsigned now = 0;

	while (n && s[n - 1].dots == 0)
		n--;
	for (size_t i = 0; i < n; i++) {
		if (color && s[i].dots && s[i].owner != now) {
			now = s[i].owner;
			dm_color_add(b, now);
		}
		add_spot(b, c, &s[i]);
	}
	if (now)
		dm_color_add(b, 0);
}
