/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/view.h"

#include "query/chart.h"
#include "query/render.h"

static const char *const names[] = {
    [DM_FORMAT_TABLE] = "table",
    [DM_FORMAT_JSON] = "json",
    [DM_FORMAT_CSV] = "csv",
    [DM_FORMAT_PROMETHEUS] = "prometheus",
    [DM_FORMAT_CHART] = "chart",
};

bool dm_format_of(struct dm_str name, enum dm_format *ret)
{
	for (size_t i = 0; i < DM_COUNT(names); i++) {
		if (dm_str_is(name, names[i])) {
			*ret = (enum dm_format)i;
			return true;
		}
	}
	return false;
}

const char *dm_format_name(enum dm_format format)
{
	return names[format];
}

unsigned dm_view_points(const struct dm_view *v)
{
	/* Two dots a column, or what a person reads. */
	return v->format == DM_FORMAT_CHART ? 2 * (unsigned)v->columns : 250;
}

int dm_view_add(struct dm_buf *b, const struct dm_view *v,
    const struct dm_result *r, struct dm_err *err)
{
	const struct dm_table_options table = {
	    .columns = v->is_terminal ? v->columns : 0,
	    .human = v->human,
	    .ascii = v->ascii,
	};
	const struct dm_chart_options chart = {
	    .columns = v->columns,
	    .rows = v->rows - (v->rows > 1), /* for a prompt below */
	    .ascii = v->ascii,
	    .color = v->color,
	};

	switch (v->format) {
	case DM_FORMAT_JSON:
		return dm_render_json(b, r, v->is_terminal, err);
	case DM_FORMAT_CSV:
		return dm_render_csv(b, r, v->is_terminal, err);
	case DM_FORMAT_PROMETHEUS:
		return dm_render_prometheus(b, r, v->is_terminal, err);
	case DM_FORMAT_CHART:
		return dm_render_chart(b, r, &chart, err);
	case DM_FORMAT_TABLE:
		break;
	}
	return dm_render_table(b, r, &table, err);
}
