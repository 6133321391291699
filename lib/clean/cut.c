/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/impl.h"

/* Does a metric pass, by its name or else by its labels? */
static int passes(struct dm_clean *c, const struct dm_record *r,
    const struct dm_metric *m, struct dm_err *err)
{
	enum dm_chosen chosen = dm_clean_name(c, m->name)->chosen;

	if (chosen != DM_CHOSEN_MAYBE)
		return chosen == DM_CHOSEN_YES;
	return dm_choices_pass(&c->o.choices, dm_scan_name(c->scanner, m->name),
	    r->identity->labels, err);
}

static int cut(struct dm_clean *c, const struct dm_record *r, const char *from,
    const char *to, struct dm_err *err)
{
	const struct dm_edit edit = {
	    .at = (uint32_t)(from - r->line.p),
	    .n = (uint32_t)(to - from),
	    .cut = true,
	};

	return dm_edits_add(&c->edits, &edit, DM_STR(""), err);
}

/* A metric stands from the end of the one before it, its comma included. */
int dm_clean_choose(struct dm_clean *c, const struct dm_record *r,
    const struct dm_metric *m, bool *ret_left, struct dm_err *err)
{
	const char *from = m == r->metrics ? NULL : m[-1].text.p + m[-1].text.n;
	int pass = passes(c, r, m, err);
	struct dm_str metrics;

	if (pass < 0)
		return -1;
	if (!from && dm_json_find(r->line, "metrics", &metrics))
		from = metrics.p + 1;
	*ret_left = pass;
	if (!*ret_left)
		return cut(c, r, from, m->text.p + m->text.n, err);
	/* The first that is left has no comma before it. */
	if (c->n_passed++ == 0 && m != r->metrics &&
	    cut(c, r, from, memchr(from, '"', (size_t)(m->text.p - from)),
		err) < 0)
		return -1;
	return 0;
}
