/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
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
	size_t cap = all->cap ? 2 * all->cap : 16;
	struct alert *p;

	if (dm_scan(all->scanner, line, &record, err) < 0)
		return dm_err_wrap(err, "an alert's record is damaged");
	if (all->n == all->cap) {
		p = realloc(all->p, cap * sizeof(*p));
		if (!p)
			return dm_err_nomem(err);
		all->p = p;
		all->cap = cap;
	}
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

int dm_look_alerts(struct dm_buf *b, const struct dm_catalog *catalog,
    int64_t at_us, const struct dm_view *view, struct dm_err *err)
{
	static const char *const header[] = {
	    "status", "since", "severity", "alert", "summary"};
	DM_CLEANUP(alerts_release) struct alerts all = {0};
	DM_AUTO_GRID struct dm_grid g = {
	    .n_columns = DM_COUNT(header), .right_from = DM_COUNT(header)};

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
	for (size_t i = 0; i < DM_COUNT(header); i++)
		dm_grid_add(&g, dm_str(header[i]));
	for (size_t i = 0; i < all.n; i++) {
		dm_grid_add(&g, dm_str(all.p[i].status));
		dm_grid_add(&g, dm_str(all.p[i].since));
		dm_grid_add(&g, dm_str(all.p[i].severity));
		dm_grid_add(&g, dm_str(all.p[i].name));
		dm_grid_add(&g, dm_str(all.p[i].what));
	}
	return dm_grid_render(b, &g, view->is_terminal ? view->columns : 0,
	    view->ascii ? "~" : "\xe2\x80\xa6", err);
}
