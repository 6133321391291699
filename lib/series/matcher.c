/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/matcher.h"

#include "record/write.h"

int dm_matcher_init(struct dm_matcher *ret, enum dm_match op,
    struct dm_str name, struct dm_str value, struct dm_err *err)
{
	struct dm_matcher m = {.op = op};

	m.name = dm_str_dup(name);
	m.value = dm_str_dup(value);
	if (!m.name || !m.value) {
		dm_matcher_release(&m);
		return dm_err_nomem(err);
	}
	m.name_str = (struct dm_str){m.name, name.n};
	m.value_str = (struct dm_str){m.value, value.n};
	if ((op == DM_MATCH_RE || op == DM_MATCH_NRE) &&
	    dm_regex_new(value, &m.regex, err) < 0) {
		dm_matcher_release(&m);
		return -1;
	}
	*ret = m;
	return 0;
}

void dm_matcher_release(struct dm_matcher *m)
{
	free(m->name);
	free(m->value);
	dm_regex_free(m->regex);
	*m = (struct dm_matcher){0};
}

int dm_matcher_match(
    const struct dm_matcher *m, struct dm_str value, struct dm_err *err)
{
	int rc;

	switch (m->op) {
	case DM_MATCH_EQ:
		return dm_str_eq(m->value_str, value);
	case DM_MATCH_NE:
		return !dm_str_eq(m->value_str, value);
	case DM_MATCH_RE:
		return dm_regex_match(m->regex, value, err);
	case DM_MATCH_NRE:
		rc = dm_regex_match(m->regex, value, err);
		return rc < 0 ? rc : !rc;
	}
	return 0;
}

bool dm_matcher_matches(const struct dm_matcher *m, struct dm_str value)
{
	return dm_matcher_match(m, value, NULL) > 0;
}

int dm_selector_match(const struct dm_selector *s, const struct dm_name *name,
    const struct dm_labels *labels, struct dm_err *err)
{
	const struct dm_matcher *m;
	struct dm_str value;
	int rc, undecided = 0;

	if (s->name.n && !dm_str_eq(s->name, name->text))
		return 0;
	for (size_t i = 0; i < s->n; i++) {
		m = &s->matchers[i];
		value = dm_str_is(m->name_str, DM_LABEL_NAME)
			    ? name->text
			    : dm_labels_get(labels, m->name_str);
		rc = dm_matcher_match(m, value, err);
		if (rc == 0)
			return 0;
		undecided |= rc < 0;
	}
	return undecided ? -1 : 1;
}

bool dm_selector_equal(const struct dm_selector *a, const struct dm_selector *b)
{
	if (!dm_str_eq(a->name, b->name) || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct dm_matcher *x = &a->matchers[i];
		const struct dm_matcher *y = &b->matchers[i];

		if (x->op != y->op || !dm_str_eq(x->name_str, y->name_str) ||
		    !dm_str_eq(x->value_str, y->value_str))
			return false;
	}
	return true;
}

void dm_selector_print(struct dm_buf *b, const struct dm_selector *s)
{
	static const char *const ops[] = {"=", "!=", "=~", "!~"};

	dm_buf_add_str(b, s->name);
	if (s->n == 0)
		return;
	dm_buf_add_char(b, '{');
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			dm_buf_add_char(b, ',');
		dm_buf_add_str(b, s->matchers[i].name_str);
		dm_buf_add_cstr(b, ops[s->matchers[i].op]);
		dm_json_quote(b, s->matchers[i].value_str);
	}
	dm_buf_add_char(b, '}');
}
