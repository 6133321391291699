/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <utf8proc.h>

#include "base/utf8.h"
#include "query/human.h"
#include "query/render.h"
#include "record/write.h"

static void add_records(
    struct dm_buf *b, struct dm_buf *middle, const struct dm_result_series *s)
{
	dm_buf_clear(middle);
	dm_buf_add_cstr(middle, ",\"kind\":\"recorded\",\"labels\":");
	dm_labels_add_json(middle, s->labels);
	dm_buf_add_cstr(middle, ",\"metrics\":{");
	dm_json_quote(middle, s->name ? s->name->text : DM_STR("value"));
	dm_buf_add_char(middle, ':');
	for (size_t i = 0; i < s->n; i++) {
		dm_buf_add_cstr(b, "{\"ts\":");
		dm_time_add_seconds(b, s->points[i].t_us);
		dm_buf_add(b, middle->p, middle->n);
		dm_num_add(b, s->points[i].v);
		dm_buf_add_cstr(b, "}}\n");
	}
}

static void add_string_record(struct dm_buf *b, const struct dm_result *r)
{
	dm_record_begin(b, r->start_us, "recorded");
	dm_record_metrics(b);
	dm_record_members(b);
	dm_buf_add_cstr(b, ",\"string\":");
	dm_json_quote(b, (struct dm_str){r->string, r->string_n});
	dm_record_members_end(b);
}

/* Is a character of several bytes none that a terminal should get? */
static bool is_unfit(const char *p, unsigned n)
{
	char printable[32];

	return n > 1 &&
	       dm_utf8_printable(printable, sizeof(printable), p, n) != n;
}

static void add_escape(struct dm_buf *b, const char *p, size_t n)
{
	utf8proc_int32_t c;

	utf8proc_iterate((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)n, &c);
	if (c <= 0xffff) {
		dm_buf_addf(b, "\\u%04x", (unsigned)c);
		return;
	}
	c -= 0x10000;
	dm_buf_addf(b, "\\u%04x\\u%04x", 0xd800u | (unsigned)c >> 10,
	    0xdc00u | ((unsigned)c & 0x3ff));
}

/* Add JSON, whose strings may hold what is unfit, as \uNNNN. */
static void add_fit(struct dm_buf *b, struct dm_str json)
{
	for (size_t i = 0, n; i < json.n; i += n) {
		n = dm_utf8_len(json.p + i, json.n - i);
		n += n == 0;
		if (is_unfit(json.p + i, (unsigned)n))
			add_escape(b, json.p + i, n);
		else
			dm_buf_add(b, json.p + i, n);
	}
}

static void add_all(
    struct dm_buf *b, struct dm_buf *middle, const struct dm_result *r)
{
	if (r->kind == DM_EXPR_STRING)
		add_string_record(b, r);
	for (size_t i = 0; i < r->n; i++)
		add_records(b, middle, &r->series[i]);
}

/* [1795476000.5,"0.25"] */
static void add_pair(struct dm_buf *b, const struct dm_sample *p)
{
	dm_buf_add_char(b, '[');
	dm_time_add_seconds(b, p->t_us);
	dm_buf_add_cstr(b, ",\"");
	dm_exact_add(b, p->v);
	dm_buf_add_cstr(b, "\"]");
}

static void add_pairs(struct dm_buf *b, const struct dm_result_series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			dm_buf_add_char(b, ',');
		add_pair(b, &s->points[i]);
	}
}

static void add_metric(struct dm_buf *b, const struct dm_result_series *s)
{
	dm_buf_add_cstr(b, "{\"metric\":{");
	if (s->name) {
		dm_buf_add_cstr(b, "\"" DM_LABEL_NAME "\":");
		dm_json_quote(b, s->name->text);
	}
	for (size_t i = 0; i < s->labels->n; i++) {
		if (i || s->name)
			dm_buf_add_char(b, ',');
		dm_json_quote(b, s->labels->pairs[i].name);
		dm_buf_add_char(b, ':');
		dm_json_quote(b, s->labels->pairs[i].value);
	}
	dm_buf_add_char(b, '}');
}

static void add_series(struct dm_buf *b, const struct dm_result *r)
{
	dm_buf_add_char(b, '[');
	for (size_t i = 0; i < r->n; i++) {
		if (i)
			dm_buf_add_char(b, ',');
		add_metric(b, &r->series[i]);
		dm_buf_add_cstr(b,
		    dm_result_is_matrix(r) ? ",\"values\":[" : ",\"value\":");
		add_pairs(b, &r->series[i]);
		dm_buf_add_cstr(b, dm_result_is_matrix(r) ? "]}" : "}");
	}
	dm_buf_add_char(b, ']');
}

/* Source: Prometheus 3, docs/querying/api.md. */
static void add_answer(struct dm_buf *b, const struct dm_result *r)
{
	dm_buf_addf(b,
	    "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\","
	    "\"result\":",
	    dm_result_is_matrix(r)	? "matrix"
	    : r->kind == DM_EXPR_STRING ? "string"
	    : r->kind == DM_EXPR_SCALAR ? "scalar"
					: "vector");
	if (dm_result_is_matrix(r) || r->kind == DM_EXPR_VECTOR) {
		add_series(b, r);
	} else if (r->kind == DM_EXPR_SCALAR) {
		add_pairs(b, &r->series[0]);
	} else {
		dm_buf_add_char(b, '[');
		dm_time_add_seconds(b, r->start_us);
		dm_buf_add_char(b, ',');
		dm_json_quote(b, (struct dm_str){r->string, r->string_n});
		dm_buf_add_char(b, ']');
	}
	dm_buf_add_cstr(b, "}}\n");
}

/* Add what has been made, fit for a terminal if need be. */
static int finish(struct dm_buf *b, const struct dm_buf *json, bool printable,
    struct dm_err *err)
{
	if (dm_buf_ok(json, err) < 0)
		return -1;
	if (printable)
		add_fit(b, dm_buf_str(json));
	return dm_buf_ok(b, err);
}

int dm_render_json(struct dm_buf *b, const struct dm_result *r, bool printable,
    struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf middle = {0};
	DM_AUTO_BUF struct dm_buf json = {0};
	struct dm_buf *to = printable ? &json : b;

	add_all(to, &middle, r);
	if (dm_buf_ok(&middle, err) < 0)
		return -1;
	return finish(b, to, printable, err);
}

int dm_render_prometheus(struct dm_buf *b, const struct dm_result *r,
    bool printable, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf json = {0};
	struct dm_buf *to = printable ? &json : b;

	add_answer(to, r);
	return finish(b, to, printable, err);
}
