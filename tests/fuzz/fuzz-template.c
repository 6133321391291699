/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/template.h"
#include "series/window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* up{a="(x+)+y xx…",b="\xff\n\""}: the sample of a query, and what the
 * template is about. */
static struct dm_labels *put_sample(
    struct dm_window *w, const struct dm_name **ret_name)
{
	struct dm_labels_pool *pool = dm_window_pool(w);
	struct dm_label pairs[] = {{DM_STR("a"), DM_STR("(x+)+y xxxxxxxxxxxx")},
	    {DM_STR("b"), DM_STR("\xff\n\"")}};
	struct dm_labels *labels;

	if (dm_labels_name(pool, DM_STR("up"), ret_name, NULL) < 0 ||
	    dm_labels_new(pool, pairs, 2, &labels, NULL) < 0 ||
	    dm_window_put(w, *ret_name, labels, 1000000, 2.385, NULL) < 0)
		abort();
	return labels;
}

static void expand(struct dm_template *t)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	const struct dm_label external = {DM_STR("e"), DM_STR("f")};
	const struct dm_template_env env = {.t_us = 1500000,
	    .external = &external,
	    .n_external = 1,
	    .external_url = "http://x/y?z"};
	struct dm_template_data data = {.value = -12.385, .env = &env};
	struct dm_labels *labels;
	struct dm_window *w;
	struct dm_querier q;

	if (dm_window_new(&w, NULL) < 0)
		abort();
	q = dm_window_querier(w);
	if (dm_template_bind(t, &q, 0, NULL) < 0)
		abort();
	data.labels = labels = put_sample(w, &data.name);
	if (dm_template_expand(t, &data, &b, NULL) < 0 ||
	    b.n > 3 * DM_TEMPLATE_MAX_BYTES)
		abort();
	dm_template_free(t);
	dm_labels_unref(labels);
	dm_window_free(w);
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
	return 0;
}
