/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/chart.h"

#include <math.h>

#include "query/axis.h"
#include "query/canvas.h"
#include "query/cell.h"
#include "query/grid.h"
#include "query/shared.h"

/* What is left of a chart that has less room than it needs. */
#define COLUMNS_MIN 24
#define ROWS_MIN    4

struct chart {
	const struct dm_result *r;
	const struct dm_chart_options *o;
	struct dm_str *names; /* in which series differ */
	size_t n_names;
	const struct dm_result_series *drawn[DM_CHART_SERIES_MAX];
	size_t n_drawn;
	enum dm_unit unit;
	struct dm_axis y, x;
	size_t label_columns; /* of the y axis */
	struct dm_canvas canvas;
};

static void chart_release(struct chart *c)
{
	free(c->names);
	dm_axis_release(&c->y);
	dm_axis_release(&c->x);
	dm_canvas_release(&c->canvas);
}

/* The greatest finite value; -Inf where there is none. */
static double highest(const struct dm_result_series *s)
{
	double high = -INFINITY;

	for (size_t i = 0; i < s->n; i++) {
		if (isfinite(s->points[i].v) && s->points[i].v > high)
			high = s->points[i].v;
	}
	return high;
}

static double lowest(const struct dm_result_series *s)
{
	double low = INFINITY;

	for (size_t i = 0; i < s->n; i++) {
		if (isfinite(s->points[i].v) && s->points[i].v < low)
			low = s->points[i].v;
	}
	return low;
}

/* Where there are too many series, those that reach highest; in order. */
static void choose_series(struct chart *c)
{
	double highs[DM_CHART_SERIES_MAX];

	for (size_t i = 0; i < c->r->n; i++) {
		const struct dm_result_series *s = &c->r->series[i];
		double high = highest(s);
		size_t least = 0;

		if (high == -INFINITY)
			continue;
		if (c->n_drawn < DM_CHART_SERIES_MAX) {
			highs[c->n_drawn] = high;
			c->drawn[c->n_drawn++] = s;
			continue;
		}
		for (size_t k = 1; k < c->n_drawn; k++)
			if (highs[k] <= highs[least])
				least = k;
		if (high <= highs[least])
			continue;
		for (size_t k = least; k + 1 < c->n_drawn; k++) {
			highs[k] = highs[k + 1];
			c->drawn[k] = c->drawn[k + 1];
		}
		highs[c->n_drawn - 1] = high;
		c->drawn[c->n_drawn - 1] = s;
	}
}

/* The unit that all of them have. */
static enum dm_unit common_unit(const struct chart *c)
{
	enum dm_unit unit = DM_UNIT_NONE;

	for (size_t i = 0; i < c->n_drawn; i++) {
		const struct dm_name *name = c->drawn[i]->name;
		enum dm_unit u = name ? dm_unit_of(name->text) : DM_UNIT_NONE;

		if (i && u != unit)
			return DM_UNIT_NONE;
		unit = u;
	}
	return unit;
}

static size_t legend_rows(const struct chart *c)
{
	return c->n_drawn + (c->n_drawn < c->r->n);
}

static int make_axes(struct chart *c, struct dm_err *err)
{
	double low = INFINITY, high = -INFINITY;
	size_t used = 3 + legend_rows(c); /* a heading, the axis, its times */
	size_t rows = c->o->rows, columns = c->o->columns;

	rows = rows > used + ROWS_MIN ? rows - used : ROWS_MIN;
	for (size_t i = 0; i < c->n_drawn; i++) {
		low = fmin(low, lowest(c->drawn[i]));
		high = fmax(high, highest(c->drawn[i]));
	}
	c->unit = common_unit(c);
	if (dm_axis_of_values(
		&c->y, low, high, (unsigned)(rows / 4 + 1), c->unit, err) < 0)
		return -1;
	for (size_t i = 0; i < c->y.n; i++) {
		size_t n = dm_cell_columns(dm_axis_text(&c->y, i));

		if (n > c->label_columns)
			c->label_columns = n;
	}
	used = c->label_columns + 2;
	columns = columns > used + COLUMNS_MIN ? columns - used : COLUMNS_MIN;
	if (dm_axis_of_times(
		&c->x, c->r->start_us, c->r->end_us, columns, err) < 0)
		return -1;
	return dm_canvas_init(&c->canvas, columns, rows,
	    c->n_drawn > 1 && !c->o->color ? DM_INK_LETTER
	    : c->o->ascii		   ? DM_INK_STAR
					   : DM_INK_BRAILLE,
	    err);
}

/* Where on an axis of n dots a value is. */
static size_t dot_of(const struct dm_axis *a, double at, size_t n)
{
	/* Halves, as the difference may be beyond the doubles. */
	double part = (at / 2 - a->low / 2) / (a->high / 2 - a->low / 2);

	if (!(part > 0))
		return 0;
	if (part >= 1)
		return n - 1;
	return (size_t)llround(part * (double)(n - 1));
}

/* Points that follow each other are joined; a gap stays one. */
static void draw(struct chart *c, unsigned owner)
{
	const struct dm_result_series *s = c->drawn[owner - 1];
	const struct dm_sample *last = NULL;
	size_t x, y, last_x = 0, last_y = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct dm_sample *p = &s->points[i];

		if (!isfinite(p->v)) {
			last = NULL;
			continue;
		}
		x = dot_of(&c->x, (double)p->t_us, c->canvas.width);
		y = dot_of(&c->y, p->v, c->canvas.height);
		if (!last || p->t_us - last->t_us > c->r->step_us) {
			last_x = x;
			last_y = y;
		}
		dm_canvas_line(&c->canvas, last_x, last_y, x, y, owner);
		last = p;
		last_x = x;
		last_y = y;
	}
}

static const char *line_of(
    const struct chart *c, const char *unicode, const char *ascii)
{
	return c->o->ascii ? ascii : unicode;
}

/* The end of what is cut. */
static const char *mark_of(const struct chart *c)
{
	return line_of(c, "\xe2\x80\xa6", "~");
}

/* The character row, from above, that the value's dots are in. */
static size_t row_of(const struct chart *c, double value)
{
	size_t dots = c->canvas.height / c->canvas.rows;

	return c->canvas.rows - 1 -
	       dot_of(&c->y, value, c->canvas.height) / dots;
}

static void add_plot(struct dm_buf *b, const struct chart *c)
{
	for (size_t row = 0; row < c->canvas.rows; row++) {
		struct dm_str label = DM_STR("");

		for (size_t i = 0; i < c->y.n; i++) {
			if (row_of(c, c->y.ticks[i].at) == row)
				label = dm_axis_text(&c->y, i);
		}
		dm_buf_addf(b, "%*s", (int)(c->label_columns - label.n), "");
		dm_buf_add_str(b, label);
		dm_buf_add_cstr(b, label.n ? line_of(c, " \xe2\x94\xa4", " +")
					   : line_of(c, " \xe2\x94\x82", " |"));
		dm_canvas_add_row(b, &c->canvas, row, c->o->color);
		dm_buf_add_char(b, '\n');
	}
}

/* The line below the plot, and the times below its marks. */
static void add_times(struct dm_buf *b, const struct chart *c)
{
	size_t columns = c->canvas.columns, at = 0;
	DM_AUTO_BUF struct dm_buf texts = {0};
	size_t tick = 0;

	dm_buf_addf(b, "%*s", (int)c->label_columns, "");
	dm_buf_add_cstr(b, line_of(c, " \xe2\x94\x94", " +"));
	for (size_t i = 0; i < columns; i++) {
		bool mark = tick < c->x.n &&
			    dot_of(&c->x, c->x.ticks[tick].at, columns) == i;
		struct dm_str text;

		dm_buf_add_cstr(b, mark ? line_of(c, "\xe2\x94\xb4", "+")
					: line_of(c, "\xe2\x94\x80", "-"));
		if (!mark)
			continue;
		text = dm_axis_text(&c->x, tick++);
		/* In the middle below its mark, if it fits. */
		if (i < at + text.n / 2 || i + (text.n + 1) / 2 > columns)
			continue;
		dm_buf_addf(&texts, "%*s", (int)(i - text.n / 2 - at), "");
		dm_buf_add_str(&texts, text);
		at = i - text.n / 2 + text.n;
	}
	dm_buf_addf(b, "\n%*s", (int)c->label_columns + 2, "");
	dm_buf_add(b, texts.p, texts.n);
	dm_buf_add_char(b, '\n');
	b->failed |= texts.failed;
}

/* The value of a label, long identifiers shortened. */
static void add_label(struct dm_buf *b, const struct chart *c,
    const struct dm_result_series *s, struct dm_str name)
{
	struct dm_str value = dm_result_label(s, name);

	if (value.n && !dm_str_is(name, DM_LABEL_NAME)) {
		dm_buf_add_str(b, name);
		dm_buf_add_char(b, '=');
	}
	dm_cell_add_short(b, value, mark_of(c));
}

/* A row of the legend: the labels in which series differ, and values. */
static void add_legend(
    struct dm_grid *g, const struct chart *c, const struct dm_result_series *s)
{
	double values[] = {lowest(s), highest(s), s->points[s->n - 1].v};
	static const char *const names[] = {"min ", "max ", "last "};
	DM_AUTO_BUF struct dm_buf text = {0};

	for (size_t i = 0; i < c->n_names; i++) {
		dm_buf_clear(&text);
		add_label(&text, c, s, c->names[i]);
		dm_grid_add(g, dm_buf_str(&text));
	}
	for (size_t i = 0; i < DM_COUNT(values); i++) {
		dm_buf_clear(&text);
		dm_buf_add_cstr(&text, names[i]);
		dm_human_add(&text, values[i], c->unit, DM_HUMAN_DIGITS);
		dm_grid_add(g, dm_buf_str(&text));
	}
	g->text.failed |= text.failed;
}

/* What a series is drawn with. */
static void add_mark(struct dm_buf *b, const struct chart *c, unsigned owner)
{
	if (c->o->color)
		dm_color_add(b, owner);
	if (c->canvas.ink == DM_INK_LETTER)
		dm_buf_add_char(b, (char)('a' + owner - 1));
	else
		dm_buf_add_cstr(b, line_of(c, "\xe2\x94\x81", "*"));
	if (c->o->color)
		dm_color_add(b, 0);
	dm_buf_add_char(b, ' ');
}

static int add_legends(
    struct dm_buf *b, const struct chart *c, struct dm_err *err)
{
	DM_AUTO_GRID struct dm_grid g = {
	    .n_columns = c->n_names + 3, .right_from = c->n_names};
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_str rest, line;
	size_t room = c->o->columns > 2 ? c->o->columns - 2 : 1;

	for (size_t i = 0; i < c->n_drawn; i++)
		add_legend(&g, c, c->drawn[i]);
	if (dm_grid_render(&text, &g, room, mark_of(c), err) < 0)
		return -1;
	rest = dm_buf_str(&text);
	for (unsigned owner = 1; dm_str_line(&rest, &line); owner++) {
		add_mark(b, c, owner);
		dm_cell_add_cut(b, line, room, mark_of(c));
		dm_buf_add_char(b, '\n');
	}
	return 0;
}

static int add_heading(
    struct dm_buf *b, const struct chart *c, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	if (dm_render_heading(&text, c->r, c->names, c->n_names, err) < 0)
		return -1;
	text.n--; /* its newline */
	dm_cell_add_cut(b, dm_buf_str(&text), c->o->columns, mark_of(c));
	dm_buf_add_char(b, '\n');
	return 0;
}

/* How many series there were too many. */
static void add_rest(struct dm_buf *b, const struct chart *c)
{
	DM_AUTO_BUF struct dm_buf text = {0};

	dm_buf_addf(&text, "%zu more series are not drawn: topk() chooses",
	    c->r->n - c->n_drawn);
	dm_cell_add_cut(b, dm_buf_str(&text), c->o->columns, mark_of(c));
	dm_buf_add_char(b, '\n');
	b->failed |= text.failed;
}

int dm_render_chart(struct dm_buf *b, const struct dm_result *r,
    const struct dm_chart_options *options, struct dm_err *err)
{
	DM_CLEANUP(chart_release) struct chart c = {.r = r, .o = options};

	if (!r->is_range)
		return dm_err_set(
		    err, DM_EINVAL, "a chart wants a range of time");
	if (dm_result_differing(r, &c.names, &c.n_names, err) < 0 ||
	    add_heading(b, &c, err) < 0)
		return -1;
	choose_series(&c);
	if (c.n_drawn == 0) {
		if (r->n)
			dm_buf_add_cstr(b, "nothing but NaN and infinity\n");
		return dm_buf_ok(b, err);
	}
	if (make_axes(&c, err) < 0)
		return -1;
	for (unsigned i = 1; i <= c.n_drawn; i++)
		draw(&c, i);
	add_plot(b, &c);
	add_times(b, &c);
	if (add_legends(b, &c, err) < 0)
		return -1;
	if (c.n_drawn < r->n)
		add_rest(b, &c);
	return dm_buf_ok(b, err);
}
