/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/notation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void metric(struct dm_str text)
{
	DM_AUTO_LABEL_LIST struct dm_label_list l = {0};
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_err err = {0};
	size_t offset = 0;

	if (dm_metric_parse(text, &l, &offset, &err) < 0) {
		if (err.code == DM_OK || offset > text.n || l.n > 0)
			abort();
		return;
	}
	for (size_t i = 1; i < l.n; i++)
		if (dm_str_cmp(l.p[i - 1].name, l.p[i].name) >= 0)
			abort();
	dm_label_list_print(&b, &l);
}

static void values(struct dm_str text)
{
	DM_AUTO_VALUES struct dm_values v = {0};
	struct dm_values_at at = {0};
	struct dm_err err = {0};
	size_t offset = 0, n = 0;
	uint64_t all = 0;
	double value;
	bool gap;

	if (dm_values_parse(text, &v, &offset, &err) < 0) {
		if (err.code == DM_OK || offset > text.n)
			abort();
		return;
	}
	for (size_t i = 0; i < v.n; i++)
		all = v.runs[i].n > 10000 ? 10000 : all + v.runs[i].n;
	while (n < 10000 && dm_values_next(&v, &at, &value, &gap))
		n++;
	if (n < 10000 && n != all)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dm_str text = {(const char *)data, n};

	metric(text);
	values(text);
	return 0;
}
