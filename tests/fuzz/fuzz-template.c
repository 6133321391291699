/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void expand(const struct dm_template *t)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_labels_pool *pool;
	struct dm_label pairs[] = {{DM_STR("a"), DM_STR("(x+)+y xxxxxxxxxxxx")},
	    {DM_STR("b"), DM_STR("\xff\n\"")}};
	struct dm_template_data data = {.value = -12.385};
	struct dm_labels *labels;

	if (dm_labels_pool_new(&pool, NULL) < 0 ||
	    dm_labels_new(pool, pairs, 2, &labels, NULL) < 0)
		abort();
	data.labels = labels;
	if (dm_template_expand(t, &data, &b, NULL) < 0 ||
	    b.n > 3 * DM_TEMPLATE_MAX_BYTES)
		abort();
	dm_labels_unref(labels);
	dm_labels_pool_free(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dm_str text = {(const char *)data, n};
	struct dm_template *t;
	struct dm_err err = {0};
	size_t offset = 0;

	if (dm_template_parse(text, &t, &offset, &err) < 0) {
		if (err.code == DM_OK || offset > n)
			abort();
		return 0;
	}
	expand(t);
	dm_template_free(t);
	return 0;
}
