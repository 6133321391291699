/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/choice.h"

#include "record/scan.h"

void dm_choice_release(struct dm_choice *c)
{
	for (size_t i = 0; i < c->n; i++)
		dm_expr_free(c->exprs[i]);
	free(c->exprs);
}

void dm_choices_release(struct dm_choices *c)
{
	dm_choice_release(&c->select);
	dm_choice_release(&c->drop);
	dm_choice_release(&c->keep);
}

static int make_room(struct dm_choice *c, struct dm_err *err)
{
	size_t cap = c->cap ? 2 * c->cap : 8;
	void *exprs;

	if (c->n < c->cap)
		return 0;
	if (c->n == DM_CHOICE_MAX)
		return dm_err_set(
		    err, DM_ELIMIT, "at most %d selectors", DM_CHOICE_MAX);
	exprs = realloc(c->exprs, cap * sizeof(*c->exprs));
	if (!exprs)
		return dm_err_nomem(err);
	c->exprs = exprs;
	c->cap = cap;
	return 0;
}

int dm_choice_add(struct dm_choice *c, struct dm_str text, struct dm_err *err)
{
	DM_AUTO_EXPR struct dm_expr *e = NULL;

	if (make_room(c, err) < 0 || dm_expr_parse(text, &e, err) < 0)
		return -1;
	if (!dm_expr_is_selector(e))
		return dm_err_set(err, DM_EPARSE,
		    "no selector such as {__name__=\"container_processes\"}");
	c->exprs[c->n++] = dm_steal(&e);
	return 0;
}

int dm_choice_add_lines(
    struct dm_choice *c, struct dm_str text, struct dm_err *err)
{
	unsigned number = 0;
	struct dm_str line;

	while (dm_str_line(&text, &line)) {
		struct dm_str trimmed = dm_str_trim(line);

		number++;
		if (trimmed.n == 0 || trimmed.p[0] == '#')
			continue;
		if (dm_choice_add(c, line, err) < 0) {
			err->line = number;
			return -1;
		}
	}
	return 0;
}

static bool is_of_name(const struct dm_matcher *m)
{
	return dm_str_is(m->name_str, DM_LABEL_NAME);
}

/* No, where the name is another one; maybe, where labels count too. */
static enum dm_chosen selector_by_name(
    const struct dm_selector *s, struct dm_str metric)
{
	enum dm_chosen chosen = DM_CHOSEN_YES;

	if (s->name.n && !dm_str_eq(s->name, metric))
		return DM_CHOSEN_NO;
	for (size_t i = 0; i < s->n; i++) {
		if (!is_of_name(&s->matchers[i]))
			chosen = DM_CHOSEN_MAYBE;
		else if (!dm_matcher_matches(&s->matchers[i], metric))
			return DM_CHOSEN_NO;
	}
	return chosen;
}

/* Returns 1, 0, or -1 without memory. */
static int labels_match(
    const struct dm_selector *s, struct dm_str labels, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf value = {0};

	for (size_t i = 0; i < s->n; i++) {
		const struct dm_matcher *m = &s->matchers[i];
		struct dm_str quoted;

		if (is_of_name(m))
			continue;
		dm_buf_clear(&value);
		if (labels.n && dm_json_find(labels, m->name, &quoted))
			dm_json_unquote(&value, quoted);
		if (dm_buf_ok(&value, err) < 0)
			return -1;
		if (!dm_matcher_matches(m, dm_buf_str(&value)))
			return 0;
	}
	return 1;
}

enum dm_chosen dm_choice_by_name(
    const struct dm_choice *c, struct dm_str metric)
{
	enum dm_chosen best = DM_CHOSEN_NO;

	for (size_t i = 0; i < c->n && best != DM_CHOSEN_YES; i++) {
		enum dm_chosen chosen =
		    selector_by_name(dm_expr_selector(c->exprs[i], 0), metric);

		best = chosen > best ? chosen : best;
	}
	return best;
}

/* Returns 1, 0, or -1 without memory. */
static int list_has(const struct dm_choice *c, struct dm_str metric,
    struct dm_str labels, struct dm_err *err)
{
	int has = 0;

	for (size_t i = 0; i < c->n && has == 0; i++) {
		const struct dm_selector *s = dm_expr_selector(c->exprs[i], 0);

		if (selector_by_name(s, metric) != DM_CHOSEN_NO)
			has = labels_match(s, labels, err);
	}
	return has;
}

/* As dm_choices_pass, with "maybe" between no and yes. */
enum dm_chosen dm_choices_by_name(
    const struct dm_choices *c, struct dm_str metric)
{
	enum dm_chosen selected = DM_CHOSEN_YES, kept;

	if (c->select.n)
		selected = dm_choice_by_name(&c->select, metric);
	kept = DM_CHOSEN_YES - dm_choice_by_name(&c->drop, metric);
	if (kept != DM_CHOSEN_YES) {
		enum dm_chosen keep = dm_choice_by_name(&c->keep, metric);

		kept = keep > kept ? keep : kept;
	}
	return selected < kept ? selected : kept;
}

int dm_choices_pass(const struct dm_choices *c, struct dm_str metric,
    struct dm_str labels, struct dm_err *err)
{
	int has = c->select.n ? list_has(&c->select, metric, labels, err) : 1;

	if (has != 1)
		return has;
	has = list_has(&c->drop, metric, labels, err);
	if (has != 1)
		return has < 0 ? -1 : 1;
	return list_has(&c->keep, metric, labels, err);
}
