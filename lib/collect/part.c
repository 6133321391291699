/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/source.h"

void dm_metrics_u64(struct dm_metrics *m, const char *name, uint64_t value)
{
	dm_record_metric_u64(&m->text, name, value);
	m->n++;
}

void dm_metrics_double(struct dm_metrics *m, const char *name, double value)
{
	dm_record_metric(&m->text, name, value);
	m->n++;
}

void dm_metrics_scaled(
    struct dm_metrics *m, const char *name, int64_t value, unsigned decimals)
{
	dm_record_metric_scaled(&m->text, name, value, decimals);
	m->n++;
}

void dm_part_clear(struct dm_part *p)
{
	dm_buf_clear(&p->main.text);
	p->main.n = 0;
	dm_buf_clear(&p->text);
	p->n_rows = 0;
}

void dm_part_release(struct dm_part *p)
{
	dm_buf_release(&p->main.text);
	dm_buf_release(&p->text);
	free(p->rows);
	*p = (struct dm_part){0};
}

/* Out of memory is remembered where the texts remember theirs. */
static bool add_row(struct dm_part *p)
{
	size_t cap = p->cap_rows ? 2 * p->cap_rows : 4;
	struct dm_row *rows;

	if (p->n_rows < p->cap_rows) {
		p->n_rows++;
		return true;
	}
	rows = reallocarray(p->rows, cap, sizeof(*rows));
	if (!rows) {
		p->text.failed = true;
		return false;
	}
	p->rows = rows;
	p->cap_rows = cap;
	p->n_rows++;
	return true;
}

void dm_row_begin(struct dm_part *p, const char *kind)
{
	if (!add_row(p))
		return;
	/* The brace tells dm_record_label that no comma is due. */
	dm_buf_add_char(&p->text, '{');
	p->rows[p->n_rows - 1] = (struct dm_row){
	    .kind = kind,
	    .labels = (uint32_t)p->text.n,
	};
}

void dm_row_metrics(struct dm_part *p)
{
	struct dm_row *row;

	if (p->text.failed)
		return;
	row = &p->rows[p->n_rows - 1];
	row->labels_n = (uint32_t)p->text.n - row->labels;
	dm_buf_add_char(&p->text, '{');
	row->metrics = (uint32_t)p->text.n;
}

void dm_row_u64(struct dm_part *p, const char *name, uint64_t value)
{
	if (p->text.failed)
		return;
	dm_record_metric_u64(&p->text, name, value);
	p->rows[p->n_rows - 1].n++;
}

void dm_row_double(struct dm_part *p, const char *name, double value)
{
	if (p->text.failed)
		return;
	dm_record_metric(&p->text, name, value);
	p->rows[p->n_rows - 1].n++;
}

void dm_row_scaled(
    struct dm_part *p, const char *name, int64_t value, unsigned decimals)
{
	if (p->text.failed)
		return;
	dm_record_metric_scaled(&p->text, name, value, decimals);
	p->rows[p->n_rows - 1].n++;
}

void dm_row_end(struct dm_part *p)
{
	struct dm_row *row;

	if (p->text.failed)
		return;
	row = &p->rows[p->n_rows - 1];
	row->metrics_n = (uint32_t)p->text.n - row->metrics;
}
