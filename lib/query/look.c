/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/look.h"

#include "base/num.h"
#include "base/time.h"
#include "query/grid.h"
#include "query/index.h"

/* How many values of a label are shown. */
#define EXAMPLES 6

static int render(struct dm_buf *b, const struct dm_grid *g,
    const struct dm_view *view, struct dm_err *err)
{
	return dm_grid_render(b, g, view->is_terminal ? view->columns : 0,
	    view->ascii ? "~" : "\xe2\x80\xa6", err);
}

struct metrics {
	struct dm_grid grid;
	struct dm_str only; /* this metric; empty: all */
	size_t n;
};

static void metrics_release(struct metrics *m)
{
	dm_grid_release(&m->grid);
}

static void add_time(struct dm_grid *g, int64_t us)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	dm_time_add_rfc3339(&b, us);
	dm_grid_add(g, dm_buf_str(&b));
	g->text.failed |= b.failed;
}

static void add_count(struct dm_grid *g, uint64_t n, const char *behind)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	dm_num_add_u64(&b, n);
	dm_buf_add_cstr(&b, behind);
	dm_grid_add(g, dm_buf_str(&b));
	g->text.failed |= b.failed;
}

static void add_header(struct dm_grid *g, const char *const *names, size_t n)
{
	g->n_columns = n;
	g->right_from = n;
	for (size_t i = 0; i < n; i++)
		dm_grid_add(g, dm_str(names[i]));
}

static int add_metric(
    void *to, const struct dm_catalog_metric *m, struct dm_err *err)
{
	struct metrics *all = to;

	(void)err;
	if (all->only.n && !dm_str_eq(all->only, m->name))
		return 0;
	all->n++;
	dm_grid_add(&all->grid, m->name);
	dm_grid_add(&all->grid, m->kind);
	add_count(&all->grid, m->n_series, "");
	add_time(&all->grid, m->first_us);
	add_time(&all->grid, m->last_us);
	return 0;
}

static int list_metrics(struct dm_buf *b, const struct dm_catalog *catalog,
    struct metrics *m, const struct dm_view *view, struct dm_err *err)
{
	static const char *const names[] = {
	    "metric", "kind", "series", "first", "last"};

	add_header(&m->grid, names, DM_COUNT(names));
	m->grid.cut_from = 3;
	if (catalog->metrics(catalog->ctx, add_metric, m, err) < 0)
		return -1;
	if (m->n == 0)
		return m->only.n ? dm_err_set(err, DM_ENODATA,
				       "there is no metric %.*s",
				       (int)m->only.n, m->only.p)
				 : 0;
	return render(b, &m->grid, view, err);
}

int dm_look_metrics(struct dm_buf *b, const struct dm_catalog *catalog,
    const struct dm_view *view, struct dm_err *err)
{
	DM_CLEANUP(metrics_release) struct metrics m = {0};

	if (list_metrics(b, catalog, &m, view, err) < 0)
		return -1;
	if (m.n == 0)
		dm_buf_add_cstr(b, "no metrics\n");
	return dm_buf_ok(b, err);
}

/* A label: how many values, and some of them. */
static int add_label(
    struct dm_grid *g, const struct dm_index_label *l, struct dm_err *err)
{
	DM_AUTO_FREE const char **values = NULL;
	DM_AUTO_BUF struct dm_buf b = {0};
	size_t n;

	if (dm_index_sorted(&l->values, &values, &n, err) < 0)
		return -1;
	dm_grid_add(g, dm_str(l->name));
	add_count(g, n, l->more ? "+" : "");
	for (size_t i = 0; i < n && i < EXAMPLES; i++) {
		if (i)
			dm_buf_add_cstr(&b, ", ");
		dm_buf_add_cstr(&b, values[i]);
	}
	if (n > EXAMPLES)
		dm_buf_add_cstr(&b, ", ...");
	dm_grid_add(g, dm_buf_str(&b));
	return dm_buf_ok(&b, err);
}

int dm_look_metric(struct dm_buf *b, const struct dm_catalog *catalog,
    struct dm_str metric, const struct dm_view *view, struct dm_err *err)
{
	static const char *const header[] = {"label", "values", ""};
	DM_CLEANUP(metrics_release) struct metrics m = {.only = metric};
	DM_AUTO_INDEX struct dm_index x = {0};
	DM_AUTO_GRID struct dm_grid g = {0};
	DM_AUTO_FREE const char **names = NULL;
	size_t n;

	if (list_metrics(b, catalog, &m, view, err) < 0 ||
	    dm_index_read(&x, catalog, metric, err) < 0 ||
	    dm_index_names(&x, &names, &n, err) < 0)
		return -1;
	add_header(&g, header, DM_COUNT(header));
	g.cut_from = 2;
	for (size_t i = 0; i < n; i++) {
		if (add_label(
			&g, dm_map_get(&x.labels, dm_str(names[i])), err) < 0)
			return -1;
	}
	dm_buf_add_char(b, '\n');
	return render(b, &g, view, err);
}
