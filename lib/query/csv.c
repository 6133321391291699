/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "query/cell.h"
#include "query/human.h"
#include "query/render.h"

/* A field; in quotes where it has to be. */
static void add_field(
    struct dm_buf *b, struct dm_str text, bool printable, struct dm_buf *tmp)
{
	if (printable) {
		dm_buf_clear(tmp);
		dm_cell_add(tmp, text);
		text = dm_buf_str(tmp);
	}
	if (!memchr(text.p, '"', text.n) && !memchr(text.p, ',', text.n) &&
	    !memchr(text.p, '\n', text.n) && !memchr(text.p, '\r', text.n)) {
		dm_buf_add_str(b, text);
		return;
	}
	dm_buf_add_char(b, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			dm_buf_add_char(b, '"');
		dm_buf_add_char(b, text.p[i]);
	}
	dm_buf_add_char(b, '"');
}

static void end_line(struct dm_buf *b)
{
	dm_buf_add_cstr(b, "\r\n");
}

static void add_string(struct dm_buf *b, const struct dm_result *r,
    bool printable, struct dm_buf *tmp)
{
	dm_buf_add_cstr(b, "time,value");
	end_line(b);
	dm_time_add_rfc3339(b, r->start_us);
	dm_buf_add_char(b, ',');
	add_field(b, (struct dm_str){r->string, r->string_n}, printable, tmp);
	end_line(b);
}

struct csv {
	const struct dm_str *names;
	size_t n_names;
	bool named; /* a series has a metric's name */
	bool printable;
	struct dm_buf fields; /* of a series, commas around them */
	struct dm_buf tmp;
};

static void csv_release(struct csv *c)
{
	free((void *)c->names);
	dm_buf_release(&c->fields);
	dm_buf_release(&c->tmp);
}

static void add_header(struct dm_buf *b, struct csv *c)
{
	dm_buf_add_cstr(b, c->named ? "time," DM_LABEL_NAME : "time");
	for (size_t i = 0; i < c->n_names; i++) {
		dm_buf_add_char(b, ',');
		add_field(b, c->names[i], c->printable, &c->tmp);
	}
	dm_buf_add_cstr(b, ",value");
	end_line(b);
}

static void add_series(
    struct dm_buf *b, struct csv *c, const struct dm_result_series *s)
{
	dm_buf_clear(&c->fields);
	if (c->named) {
		dm_buf_add_char(&c->fields, ',');
		add_field(&c->fields, s->name ? s->name->text : DM_STR(""),
		    c->printable, &c->tmp);
	}
	for (size_t i = 0; i < c->n_names; i++) {
		dm_buf_add_char(&c->fields, ',');
		add_field(&c->fields, dm_labels_get(s->labels, c->names[i]),
		    c->printable, &c->tmp);
	}
	dm_buf_add_char(&c->fields, ',');
	for (size_t i = 0; i < s->n; i++) {
		dm_time_add_rfc3339(b, s->points[i].t_us);
		dm_buf_add(b, c->fields.p, c->fields.n);
		dm_exact_add(b, s->points[i].v);
		end_line(b);
	}
}

int dm_render_csv(struct dm_buf *b, const struct dm_result *r, bool printable,
    struct dm_err *err)
{
	DM_CLEANUP(csv_release) struct csv c = {.printable = printable};
	struct dm_str *names;

	if (r->kind == DM_EXPR_STRING) {
		add_string(b, r, printable, &c.tmp);
		return dm_buf_ok(b, err);
	}
	if (dm_result_label_names(r, &names, &c.n_names, err) < 0)
		return -1;
	c.names = names;
	for (size_t i = 0; i < r->n; i++)
		c.named |= r->series[i].name != NULL;
	add_header(b, &c);
	for (size_t i = 0; i < r->n; i++)
		add_series(b, &c, &r->series[i]);
	if (dm_buf_ok(&c.fields, err) < 0 || dm_buf_ok(&c.tmp, err) < 0)
		return -1;
	return dm_buf_ok(b, err);
}
