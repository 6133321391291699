/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/pairs.h"

#include "base/array.h"
#include "record/scan.h"
#include "record/write.h"

void dm_pairs_release(struct dm_pairs *l)
{
	free(l->p);
	dm_buf_release(&l->plain);
	*l = (struct dm_pairs){0};
}

static struct dm_str name_of(const struct dm_pair *p)
{
	return (struct dm_str){p->plain->p + p->name, p->name_n};
}

static struct dm_str value_of(const struct dm_pair *p)
{
	return (struct dm_str){p->plain->p + p->value, p->value_n};
}

static bool is_string(struct dm_str json)
{
	return json.n >= 2 && json.p[0] == '"' && json.p[json.n - 1] == '"';
}

static int add_pair(struct dm_pairs *l, struct dm_str name, struct dm_str value,
    struct dm_err *err)
{
	struct dm_pair *p;

	if (dm_array_grow(&l->p, l->n, &l->cap, sizeof(*l->p), err) < 0)
		return -1;
	p = &l->p[l->n++];
	p->plain = &l->plain;
	p->name = l->plain.n;
	dm_json_unquote(&l->plain, name);
	p->name_n = l->plain.n - p->name;
	p->value = l->plain.n;
	dm_json_unquote(&l->plain, value);
	p->value_n = l->plain.n - p->value;
	return 0;
}

int dm_pairs_read(struct dm_pairs *l, struct dm_str labels, struct dm_err *err)
{
	struct dm_str rest = labels, name, value;

	l->n = 0;
	dm_buf_clear(&l->plain);
	while (labels.n && dm_json_member(&rest, &name, &value)) {
		if (is_string(name) && is_string(value) &&
		    add_pair(l, name, value, err) < 0)
			return -1;
	}
	return dm_buf_ok(&l->plain, err);
}

struct dm_str dm_pairs_get(const struct dm_pairs *l, struct dm_str name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (dm_str_eq(name_of(&l->p[i]), name))
			return value_of(&l->p[i]);
	}
	return DM_STR("");
}

static int cmp_pairs(const void *a, const void *b)
{
	return dm_str_cmp(name_of(a), name_of(b));
}

int dm_pairs_canonical(
    struct dm_pairs *l, struct dm_buf *ret, struct dm_err *err)
{
	if (l->n)
		qsort(l->p, l->n, sizeof(*l->p), cmp_pairs);
	dm_buf_clear(ret);
	dm_buf_add_char(ret, '{');
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			dm_buf_add_char(ret, ',');
		dm_json_quote(ret, name_of(&l->p[i]));
		dm_buf_add_char(ret, ':');
		dm_json_quote(ret, value_of(&l->p[i]));
	}
	dm_buf_add_char(ret, '}');
	return dm_buf_ok(ret, err);
}

/* As dm_selector_match, by those matchers that are for the metric's name
 * (`value`), or by those that are not. */
static int match(const struct dm_selector *s, bool of_name,
    const struct dm_pairs *l, struct dm_str value, struct dm_err *err)
{
	bool undecided = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct dm_matcher *m = &s->matchers[i];
		int rc;

		if (dm_str_is(m->name_str, DM_LABEL_NAME) != of_name)
			continue;
		rc = dm_matcher_match(
		    m, of_name ? value : dm_pairs_get(l, m->name_str), err);
		if (rc == 0)
			return 0;
		undecided |= rc < 0;
	}
	return undecided ? -1 : 1;
}

int dm_pairs_match(
    const struct dm_pairs *l, const struct dm_selector *s, struct dm_err *err)
{
	return match(s, false, l, DM_STR(""), err);
}

bool dm_selector_names(const struct dm_selector *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (dm_str_is(s->matchers[i].name_str, DM_LABEL_NAME))
			return true;
	}
	return s->name.n > 0;
}

int dm_selector_match_name(
    const struct dm_selector *s, struct dm_str name, struct dm_err *err)
{
	if (s->name.n && !dm_str_eq(s->name, name))
		return 0;
	return match(s, true, NULL, name, err);
}
