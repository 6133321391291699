/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/load.h"

#include "base/array.h"

/* A part ends with so much text. */
#define PART_BYTES (1024 * 1024)

int dm_load_open(struct dm_load *l, const struct dm_plan *plan,
    const struct dm_db *db, struct dm_err *err)
{
	l->plan = plan;
	l->spans.db = db;
	l->spans.ranges = plan->ranges;
	l->spans.n_ranges = plan->n_ranges;
	if (dm_spans_open(&l->spans, err) < 0)
		return -1;
	return dm_extract_open(&l->extract, plan, err);
}

void dm_load_release(struct dm_load *l)
{
	dm_spans_release(&l->spans);
	dm_extract_release(&l->extract);
	free(l->batch.rows);
	free(l->batch.metrics);
	dm_buf_release(&l->batch.text);
}

void dm_load_seek(struct dm_load *l, int64_t first_id, int64_t last_id,
    const struct dm_selection *selection)
{
	l->spans.next_id = first_id;
	l->spans.end_id = last_id;
	l->spans.selection = selection;
	l->last = 0;
}

/* Who is read behind another will likely be so again. */
static const struct dm_wanted *find(struct dm_load *l, int64_t identity)
{
	const struct dm_selection *s = l->spans.selection;
	const struct dm_wanted *w;

	if (l->last + 1 < s->n && s->wanted[l->last + 1].id == identity) {
		l->last++;
		return &s->wanted[l->last];
	}
	w = dm_selection_find(s, identity);
	if (w)
		l->last = (size_t)(w - s->wanted);
	return w;
}

static int add_metrics(
    struct dm_load *l, struct dm_loaded *row, struct dm_err *err)
{
	struct dm_batch *b = &l->batch;

	for (size_t i = 0; i < row->n; i++) {
		if (dm_array_grow(&b->metrics, b->n_metrics, &b->cap_metrics,
			sizeof(*b->metrics), err) < 0)
			return -1;
		b->metrics[b->n_metrics++] = l->extract.metrics[i];
	}
	row->at = (uint32_t)b->n_metrics - row->n;
	return 0;
}

static int add_text(struct dm_load *l, struct dm_loaded *row, sqlite3_stmt *st,
    struct dm_str text, struct dm_err *err)
{
	row->id = sqlite3_column_int64(st, DM_ROW_ID);
	row->at = (uint32_t)l->batch.text.n;
	row->text_n = (uint32_t)text.n;
	dm_buf_add_str(&l->batch.text, text);
	return dm_buf_ok(&l->batch.text, err);
}

static int take(void *ctx, sqlite3_stmt *st, struct dm_err *err)
{
	struct dm_load *l = ctx;
	struct dm_batch *b = &l->batch;
	int64_t identity = sqlite3_column_int64(st, DM_ROW_IDENTITY);
	const struct dm_wanted *w = find(l, identity);
	struct dm_loaded row = {
	    .ts_us = sqlite3_column_int64(st, DM_ROW_TS_US),
	};
	struct dm_str text;

	if (!w || !dm_plan_wants(l->plan, w, row.ts_us))
		return 0;
	if (l->spans.selection != &l->plan->selection)
		w = dm_selection_find(&l->plan->selection, identity);
	text = dm_spans_text(st);
	row.wanted = w;
	row.n = w ? dm_extract(&l->extract, w, text) : 0;
	if ((row.n ? add_metrics(l, &row, err)
		   : add_text(l, &row, st, text, err)) < 0 ||
	    dm_array_grow(&b->rows, b->n, &b->cap, sizeof(*b->rows), err) < 0)
		return -1;
	b->rows[b->n++] = row;
	return b->text.n >= PART_BYTES;
}

int dm_load_part(struct dm_load *l, struct dm_err *err)
{
	l->batch.n = 0;
	l->batch.n_metrics = 0;
	dm_buf_clear(&l->batch.text);
	return dm_spans_part(&l->spans, take, l, err);
}
