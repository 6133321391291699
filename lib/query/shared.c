/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/shared.h"

#include "base/time.h"
#include "query/cell.h"
#include "query/moment.h"

struct dm_str dm_result_label(
    const struct dm_result_series *s, struct dm_str name)
{
	if (dm_str_is(name, DM_LABEL_NAME))
		return s->name ? s->name->text : DM_STR("");
	return dm_labels_get(s->labels, name);
}

static bool differ(const struct dm_result *r, struct dm_str name)
{
	struct dm_str first = dm_result_label(&r->series[0], name);

	for (size_t i = 1; i < r->n; i++) {
		if (!dm_str_eq(dm_result_label(&r->series[i], name), first))
			return true;
	}
	return false;
}

int dm_result_differing(const struct dm_result *r, struct dm_str **ret,
    size_t *ret_n, struct dm_err *err)
{
	DM_AUTO_FREE struct dm_str *all = NULL;
	struct dm_str *names;
	size_t n, kept = 0;

	if (dm_result_label_names(r, &all, &n, err) < 0)
		return -1;
	names = malloc((n + 1) * sizeof(*names));
	if (!names)
		return dm_err_nomem(err);
	if (r->n && differ(r, DM_STR(DM_LABEL_NAME)))
		names[kept++] = DM_STR(DM_LABEL_NAME);
	for (size_t i = 0; i < n; i++) {
		if (differ(r, all[i]))
			names[kept++] = all[i];
	}
	*ret = names;
	*ret_n = kept;
	return 0;
}

static void add_times(struct dm_buf *b, const struct dm_result *r)
{
	dm_time_add_rfc3339(b, r->start_us);
	if (!r->is_range)
		return;
	dm_buf_add_cstr(b, " to ");
	dm_time_add_rfc3339(b, r->end_us);
	dm_buf_add_cstr(b, " by ");
	dm_duration_print(b, r->step_us);
}

int dm_render_heading(struct dm_buf *b, const struct dm_result *r,
    const struct dm_str *differing, size_t n, struct dm_err *err)
{
	DM_AUTO_LABELS_BUILDER struct dm_labels_builder builder = {0};
	DM_AUTO_LABELS struct dm_labels *shared = NULL;
	DM_AUTO_BUF struct dm_buf text = {0};
	const struct dm_name *name;

	add_times(b, r);
	if (r->n == 0) {
		dm_buf_add_cstr(b, "  no series\n");
		return dm_buf_ok(b, err);
	}
	dm_labels_builder_start(&builder, r->series[0].labels);
	dm_labels_builder_drop(&builder, differing, n);
	if (dm_labels_builder_done(&builder, r->pool, &shared, err) < 0)
		return -1;
	name = n && dm_str_is(differing[0], DM_LABEL_NAME) ? NULL
							   : r->series[0].name;
	if (name || shared->n) {
		dm_buf_add_cstr(&text, "  ");
		dm_labels_print(&text, name, shared);
	}
	dm_cell_add(b, dm_buf_str(&text));
	dm_buf_add_char(b, '\n');
	return text.failed ? dm_err_nomem(err) : dm_buf_ok(b, err);
}
