/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_QUERY_VIEW_H
#define DM_QUERY_VIEW_H

#include "query/result.h"

enum dm_format {
	DM_FORMAT_TABLE,
	DM_FORMAT_JSON,
	DM_FORMAT_CSV,
	DM_FORMAT_PROMETHEUS,
	DM_FORMAT_CHART,
};

/** How results are shown, and on what. */
struct dm_view {
	enum dm_format format;
	bool human; /* numbers in tables are */
	bool is_terminal;
	size_t columns, rows; /* of it; of a chart where it is none */
	bool ascii;	      /* it shows nothing else */
	bool color;
};

/** The format of a name: table, json, csv, prometheus, chart. */
bool dm_format_of(struct dm_str name, enum dm_format *ret) DM_MUST_CHECK;
const char *dm_format_name(enum dm_format format);

/** How many steps a range had best have, where the user chose none. */
unsigned dm_view_points(const struct dm_view *v);

/** Add a result. */
int dm_view_add(struct dm_buf *b, const struct dm_view *v,
    const struct dm_result *r, struct dm_err *err) DM_MUST_CHECK;

#endif
