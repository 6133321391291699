/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
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

int dm_render_json(
    struct dm_buf *b, const struct dm_result *r, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf middle = {0};

	if (r->kind == DM_EXPR_STRING)
		add_string_record(b, r);
	for (size_t i = 0; i < r->n; i++)
		add_records(b, &middle, &r->series[i]);
	return middle.failed ? dm_err_nomem(err) : dm_buf_ok(b, err);
}
