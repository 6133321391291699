/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/label-list.h"

#include "rules/go-print.h"

bool dm_is_label_name(struct dm_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c != '_' && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && !(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return s.n > 0 && !dm_str_is(s, DM_LABEL_NAME);
}

static void pair_release(struct dm_label *l)
{
	free((char *)(uintptr_t)l->name.p);
	free((char *)(uintptr_t)l->value.p);
}

void dm_label_list_release(struct dm_label_list *p)
{
	for (size_t i = 0; i < p->n; i++)
		pair_release(&p->p[i]);
	free(p->p);
	*p = (struct dm_label_list){0};
}

/* Where a name stands, or would stand. */
static size_t place_of(const struct dm_label_list *p, struct dm_str name)
{
	size_t lo = 0, hi = p->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (dm_str_cmp(p->p[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct dm_label *dm_label_list_find(
    const struct dm_label_list *p, struct dm_str name)
{
	size_t i = place_of(p, name);

	return i < p->n && dm_str_eq(p->p[i].name, name) ? &p->p[i] : NULL;
}

static int grow(struct dm_label_list *p)
{
	size_t cap = p->cap ? 2 * p->cap : 4;
	void *more;

	if (p->n < p->cap)
		return 0;
	more = realloc(p->p, cap * sizeof(*p->p));
	if (!more)
		return -1;
	p->p = more;
	p->cap = cap;
	return 0;
}

int dm_label_list_put(struct dm_label_list *p, struct dm_str name,
    struct dm_str value, struct dm_err *err)
{
	struct dm_label copy = {
	    {dm_str_dup(name), name.n}, {dm_str_dup(value), value.n}};
	size_t i = place_of(p, name);

	if (p->n >= DM_LABEL_LIST_MAX) {
		pair_release(&copy);
		return dm_err_set(
		    err, DM_ELIMIT, "more than %d labels", DM_LABEL_LIST_MAX);
	}
	if (!copy.name.p || !copy.value.p || grow(p) < 0) {
		pair_release(&copy);
		return dm_err_nomem(err);
	}
	if (i < p->n && dm_str_eq(p->p[i].name, name)) {
		pair_release(&p->p[i]);
	} else {
		memmove(p->p + i + 1, p->p + i, (p->n - i) * sizeof(*p->p));
		p->n++;
	}
	p->p[i] = copy;
	return 0;
}

int dm_label_list_put_labels(struct dm_label_list *p,
    const struct dm_name *name, const struct dm_labels *labels,
    struct dm_err *err)
{
	for (size_t i = 0; i < labels->n; i++)
		if (dm_label_list_put(p, labels->pairs[i].name,
			labels->pairs[i].value, err) < 0)
			return -1;
	if (!name)
		return 0;
	return dm_label_list_put(p, DM_STR(DM_LABEL_NAME), name->text, err);
}

int dm_label_list_cmp(
    const struct dm_label_list *a, const struct dm_label_list *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		int order = dm_str_cmp(a->p[i].name, b->p[i].name);

		if (order == 0)
			order = dm_str_cmp(a->p[i].value, b->p[i].value);
		if (order != 0)
			return order;
	}
	return (a->n > b->n) - (a->n < b->n);
}

void dm_label_list_print(struct dm_buf *b, const struct dm_label_list *p)
{
	dm_buf_add_char(b, '{');
	for (size_t i = 0; i < p->n; i++) {
		if (i > 0)
			dm_buf_add_cstr(b, ", ");
		dm_buf_add_str(b, p->p[i].name);
		dm_buf_add_char(b, '=');
		dm_go_quote(b, p->p[i].value);
	}
	dm_buf_add_char(b, '}');
}
