/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines at the prompt: completed, and answered from a few hostile series.
 * What is shown must be fit for a terminal. */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/utf8.h"
#include "query/complete.h"
#include "query/prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define END_US (1000 * DM_US_PER_S)

static const char hostile[] = "\033[31m\xc2\x9b\n\"\\ \xe5\xae\xb9";

static void check(int rc, const struct dm_err *err)
{
	if (rc < 0) {
		fprintf(stderr, "%s\n", err->msg);
		abort();
	}
}

static int each_metric(void *ctx,
    int (*each)(
	void *to, const struct dm_catalog_metric *m, struct dm_err *err),
    void *to, struct dm_err *err)
{
	const struct dm_catalog_metric m = {DM_STR("a"), DM_STR("container"), 2,
	    END_US - 100 * DM_US_PER_S, END_US};

	(void)ctx;
	return each(to, &m, err);
}

static int each_series(void *ctx, struct dm_str metric,
    int (*each)(void *to, struct dm_str labels, struct dm_err *err), void *to,
    struct dm_err *err)
{
	(void)ctx, (void)metric;
	return each(to,
	    DM_STR("{\"x\":\"\\u001b[31m\\n\\\"\\\\\",\"yz\":\"ab\"}"), err);
}

static int each_alert(void *ctx, int64_t at_us,
    int (*each)(void *to, struct dm_str line, struct dm_err *err), void *to,
    struct dm_err *err)
{
	(void)ctx, (void)at_us;
	return each(to,
	    DM_STR("{\"ts\":1,\"kind\":\"alert\",\"status\":\"firing\","
		   "\"labels\":{\"alertname\":\"\\u001b\"}}"),
	    err);
}

static int end_of(void *ctx, int64_t *ret_us, struct dm_err *err)
{
	(void)ctx, (void)err;
	*ret_us = END_US;
	return 0;
}

static void put(struct dm_window *w, const char *name, const char *value,
    int64_t t_us, double v)
{
	struct dm_labels_pool *pool = dm_window_pool(w);
	struct dm_label l = {DM_STR("x"), dm_str(value)};
	DM_AUTO_LABELS struct dm_labels *labels = NULL;
	const struct dm_name *n;
	struct dm_err err;

	check(dm_labels_name(pool, dm_str(name), &n, &err), &err);
	check(dm_labels_new(pool, &l, 1, &labels, &err), &err);
	check(dm_window_put(w, n, labels, t_us, v, &err), &err);
}

static int load(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	(void)ctx;
	if (dm_query_resolve(l, END_US, err) < 0)
		return -1;
	for (int64_t t = 900; t <= 1000; t += 10) {
		put(l->window, "a", "1", t * DM_US_PER_S, (double)(t % 70));
		put(l->window, "a", hostile, t * DM_US_PER_S, -1e300);
		put(l->window, "b_bytes", "1", t * DM_US_PER_S, 2.5 * 1e9);
	}
	return 0;
}

/* How often it may be asked to stop before it does: queries may be long. */
static unsigned patience;

static bool stop(void *ctx)
{
	(void)ctx;
	return patience-- == 0;
}

static void check_shown(struct dm_str text)
{
	for (size_t i = 0, n; i < text.n; i += n) {
		unsigned char a = (unsigned char)text.p[i];

		n = dm_utf8_len(text.p + i, text.n - i);
		if (n == 0 || (a < 0x20 && a != '\n' && a != '\r') ||
		    a == 0x7f ||
		    (n == 2 && a == 0xc2 &&
			(unsigned char)text.p[i + 1] < 0xa0))
			abort();
	}
}

static void complete(const struct dm_prompt *p, struct dm_str line)
{
	struct dm_completion c;
	struct dm_err err;

	check(dm_complete(dm_prompt_catalog(p), line, &c, &err), &err);
	if (c.from > line.n)
		abort();
	for (size_t i = 0; i < c.n; i++) {
		check_shown(dm_str(c.words[i]));
		/* Each begins with what has been typed. */
		if (strlen(c.words[i]) < line.n - c.from ||
		    memcmp(c.words[i], line.p + c.from, line.n - c.from) != 0)
			abort();
	}
	dm_completion_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dm_prompt_options o = {
	    .back = {NULL, load, NULL},
	    .catalog = {NULL, each_metric, each_series, each_alert, end_of},
	    .query = {.start = DM_MOMENT_END,
		.end = DM_MOMENT_END,
		.max_samples = 10000,
		.stop = stop},
	    .view = {.columns = 60, .rows = 12, .is_terminal = true},
	};
	struct dm_str rest = {(const char *)data, size}, line;
	DM_AUTO_BUF struct dm_buf out = {0};
	DM_AUTO_BUF struct dm_buf said = {0};
	struct dm_prompt *p;
	struct dm_err err;

	patience = 2000;
	check(dm_prompt_new(&o, &p, &err), &err);
	while (patience && dm_str_line(&rest, &line)) {
		complete(p, line);
		if (dm_prompt_line(p, line, &out, &said) == DM_PROMPT_QUIT)
			break;
	}
	dm_prompt_end(p, &out, &said);
	check_shown(dm_buf_str(&out));
	check_shown(dm_buf_str(&said));
	dm_prompt_free(p);
	return 0;
}
