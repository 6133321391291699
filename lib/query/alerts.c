/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/array.h"
#include "base/time.h"
#include "query/cell.h"
#include "query/grid.h"
#include "query/look.h"
#include "record/scan.h"

struct alert {
	char *status, *since, *severity, *name, *what;
};

struct alerts {
	struct dm_scanner *scanner;
	struct alert *p;
	size_t n, cap;
};

static void alert_release(struct alert *a)
{
	free(a->status);
	free(a->since);
	free(a->severity);
	free(a->name);
	free(a->what);
}

static void alerts_release(struct alerts *a)
{
	for (size_t i = 0; i < a->n; i++)
		alert_release(&a->p[i]);
	free(a->p);
	dm_scanner_free(a->scanner);
}

/* A member that is a string, as a text; an empty one if there is none. */
static char *text_of(struct dm_str object, const char *member)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_str value;

	if (object.n && object.p[0] == '{' &&
	    dm_json_find(object, member, &value) && value.n &&
	    value.p[0] == '"')
		dm_json_unquote(&b, value);
	return b.failed ? NULL : dm_str_dup(dm_buf_str(&b));
}

/* What it is about: its summary, or else its labels. */
static char *what_of(struct dm_str line, struct dm_str labels)
{
	struct dm_str annotations;
	char *summary;

	if (!dm_json_find(line, "annotations", &annotations))
		return dm_str_dup(labels);
	summary = text_of(annotations, "summary");
	if (!summary || *summary)
		return summary;
	free(summary);
	return dm_str_dup(labels);
}

static int read_alert(struct alert *a, struct dm_str line, struct dm_err *err)
{
	struct dm_str labels = DM_STR("{}");

	dm_json_find(line, "labels", &labels);
	a->status = text_of(line, "status");
	a->since = text_of(line, "startsAt");
	a->severity = text_of(labels, "severity");
	a->name = text_of(labels, "alertname");
	a->what = what_of(line, labels);
	if (!a->status || !a->since || !a->severity || !a->name || !a->what)
		return dm_err_nomem(err);
	return 0;
}

static bool is_active(const struct alert *a)
{
	return strcmp(a->status, "firing") == 0 ||
	       strcmp(a->status, "pending") == 0;
}

static int add_alert(void *to, struct dm_str line, struct dm_err *err)
{
	struct alerts *all = to;
	struct dm_record record;
	struct alert *p;

	if (dm_scan(all->scanner, line, &record, err) < 0)
		return dm_err_wrap(err, "an alert's record is damaged");
	if (dm_array_grow(&all->p, all->n, &all->cap, sizeof(*p), err) < 0)
		return -1;
	p = &all->p[all->n];
	*p = (struct alert){0};
	if (read_alert(p, line, err) < 0) {
		alert_release(p);
		return -1;
	}
	if (is_active(p))
		all->n++;
	else
		alert_release(p);
	return 0;
}

static int cmp_alerts(const void *a, const void *b)
{
	const struct alert *x = a, *y = b;
	int c = strcmp(x->status, y->status); /* firing before pending */

	if (c == 0)
		c = strcmp(x->since, y->since);
	if (c == 0)
		c = strcmp(x->name, y->name);
	return c ? c : strcmp(x->what, y->what);
}

static const char *const header[] = {
    "status", "since", "severity", "alert", "summary"};

/* @n_columns  all, or all but the last */
static void fill_grid(
    struct dm_grid *g, const struct alerts *all, size_t n_columns)
{
	g->n_columns = g->right_from = n_columns;
	for (size_t i = 0; i < n_columns; i++)
		dm_grid_add(g, dm_str(header[i]));
	for (size_t i = 0; i < all->n; i++) {
		const struct alert *a = &all->p[i];

		dm_grid_add(g, dm_str(a->status));
		dm_grid_add(g, dm_str(a->since));
		dm_grid_add(g, dm_str(a->severity));
		dm_grid_add(g, dm_str(a->name));
		if (n_columns == DM_COUNT(header))
			dm_grid_add(g, dm_str(a->what));
	}
}

/* Each summary on a line of its own. */
static int render_narrow(struct dm_buf *b, const struct alerts *all,
    size_t columns, const char *mark, struct dm_err *err)
{
	DM_AUTO_GRID struct dm_grid g = {0};
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_str rest, line;
	size_t i = 0;

	fill_grid(&g, all, DM_COUNT(header) - 1);
	if (dm_grid_render(&text, &g, 0, mark, err) < 0)
		return -1;
	rest = dm_buf_str(&text);
	for (bool is_header = true; dm_str_line(&rest, &line);
	     is_header = false) {
		DM_AUTO_BUF struct dm_buf what = {0};

		dm_buf_add_str(b, line);
		dm_buf_add_char(b, '\n');
		if (is_header)
			continue;
		dm_cell_add(&what, dm_str(all->p[i++].what));
		dm_buf_add_cstr(b, "  ");
		dm_cell_add_cut(
		    b, dm_buf_str(&what), columns > 2 ? columns - 2 : 0, mark);
		dm_buf_add_char(b, '\n');
		b->failed |= what.failed;
	}
	return dm_buf_ok(b, err);
}

static int render(struct dm_buf *b, const struct alerts *all,
    const struct dm_view *view, struct dm_err *err)
{
	const char *mark = view->ascii ? "~" : "\xe2\x80\xa6";
	DM_AUTO_GRID struct dm_grid g = {0};

	fill_grid(&g, all, DM_COUNT(header));
	if (view->is_terminal && dm_grid_columns(&g) > view->columns)
		return render_narrow(b, all, view->columns, mark, err);
	return dm_grid_render(b, &g, 0, mark, err);
}

int dm_look_alerts(struct dm_buf *b, const struct dm_catalog *catalog,
    int64_t at_us, const struct dm_view *view, struct dm_err *err)
{
	DM_CLEANUP(alerts_release) struct alerts all = {0};

	if (dm_scanner_new(NULL, NULL, &all.scanner, err) < 0 ||
	    catalog->alerts(catalog->ctx, at_us, add_alert, &all, err) < 0)
		return -1;
	dm_time_add_rfc3339(b, at_us);
	if (all.n == 0) {
		dm_buf_add_cstr(b, "  no alerts\n");
		return dm_buf_ok(b, err);
	}
	dm_buf_add_char(b, '\n');
	qsort(all.p, all.n, sizeof(*all.p), cmp_alerts);
	return render(b, &all, view, err);
}
