/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/tracked.h"

static int grow(struct dm_tracked ***p, size_t *n, uint32_t id)
{
	size_t want = *n ? *n : 64;
	struct dm_tracked **now;

	if (id < *n)
		return 0;
	while (want <= id)
		want *= 2;
	now = realloc(*p, want * sizeof(*now));
	if (!now)
		return -1;
	memset(now + *n, 0, (want - *n) * sizeof(*now));
	*p = now;
	*n = want;
	return 0;
}

static struct dm_tracked *get(
    struct dm_tracked *const *p, size_t n, uint32_t id)
{
	return id < n ? p[id] : NULL;
}

static void item_free(struct dm_tracked *item)
{
	dm_labels_unref(item->labels);
	dm_labels_unref(item->element);
	dm_label_list_release(&item->annotations);
	free((char *)(uintptr_t)item->json.p);
	free(item);
}

int dm_tracking_new(size_t item_bytes, const struct dm_template_env *env,
    struct dm_tracking **ret, struct dm_err *err)
{
	struct dm_tracking *t = calloc(1, sizeof(*t));

	if (!t)
		return dm_err_nomem(err);
	t->item_bytes = item_bytes;
	t->env = env;
	*ret = t;
	return 0;
}

void dm_tracking_free(struct dm_tracking *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		item_free(t->items[i]);
	free(t->items);
	free(t->by_element);
	free(t->by_labels);
	free(t);
}

/* Where expanded texts lie until the label set is made. */
struct texts {
	struct dm_buf *p;
	size_t n;
};

static void texts_release(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		dm_buf_release(&t->p[i]);
	free(t->p);
}

static int set_labels(const struct dm_rule *rule,
    const struct dm_element *element, struct texts *texts,
    struct dm_labels_builder *b, struct dm_err *err)
{
	struct dm_template_data data = {
	    element->labels, element->name, element->value, rule->memory->env};

	texts->p = calloc(rule->labels.n + 1, sizeof(*texts->p));
	if (!texts->p)
		return dm_err_nomem(err);
	texts->n = rule->labels.n;
	for (size_t i = 0; i < rule->labels.n; i++) {
		const struct dm_rule_text *l = &rule->labels.items[i];

		if (dm_template_expand(l->template, &data, &texts->p[i], err) <
		    0)
			return -1;
		dm_labels_builder_set(b, l->name, dm_buf_str(&texts->p[i]));
	}
	if (rule->is_alert)
		dm_labels_builder_set(
		    b, DM_STR("alertname"), dm_str(rule->name));
	return 0;
}

int dm_rule_labels(const struct dm_rule *rule, const struct dm_element *element,
    struct dm_labels_pool *pool, struct dm_labels **ret, struct dm_err *err)
{
	DM_AUTO_LABELS_BUILDER struct dm_labels_builder b = {0};
	DM_CLEANUP(texts_release) struct texts texts = {0};

	if (!rule->is_alert && rule->labels.n == 0) {
		*ret = dm_labels_ref(element->labels);
		return 0;
	}
	dm_labels_builder_start(&b, element->labels);
	if (set_labels(rule, element, &texts, &b, err) < 0)
		return -1;
	return dm_labels_builder_done(&b, pool, ret, err);
}

/* Do the labels depend on more than the element's? */
static bool labels_change(const struct dm_rule *rule)
{
	for (size_t i = 0; i < rule->labels.n; i++) {
		const struct dm_template *t = rule->labels.items[i].template;

		if (dm_template_uses_value(t) || dm_template_is_fleeting(t))
			return true;
	}
	return false;
}

/* Add an item of these labels at the end. */
static struct dm_tracked *item_add(
    struct dm_tracking *t, struct dm_labels *labels)
{
	struct dm_tracked *item;

	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 8;
		void *p = realloc(t->items, cap * sizeof(*t->items));

		if (!p)
			return NULL;
		t->items = p;
		t->cap = cap;
	}
	if (grow(&t->by_labels, &t->n_by_labels, labels->id) < 0)
		return NULL;
	item = calloc(1, t->item_bytes);
	if (!item)
		return NULL;
	item->labels = dm_labels_ref(labels);
	item->is_new = true;
	t->by_labels[labels->id] = item;
	t->items[t->n++] = item;
	return item;
}

/* The item of an element, by its labels if the element is not known. */
static int find(struct dm_tracking *t, const struct dm_rule *rule, bool change,
    const struct dm_element *e, struct dm_labels_pool *pool,
    struct dm_tracked **ret, struct dm_err *err)
{
	DM_AUTO_LABELS struct dm_labels *labels = NULL;

	*ret = get(t->by_element, t->n_by_element, e->labels->id);
	if (*ret && !change && (*ret)->name == e->name)
		return 0;
	if (dm_rule_labels(rule, e, pool, &labels, err) < 0)
		return -1;
	*ret = get(t->by_labels, t->n_by_labels, labels->id);
	if (!*ret)
		*ret = item_add(t, labels);
	return *ret ? 0 : dm_err_nomem(err);
}

static int item_cmp(const void *a, const void *b)
{
	return dm_labels_cmp((*(struct dm_tracked *const *)a)->labels,
	    (*(struct dm_tracked *const *)b)->labels);
}

int dm_tracking_match(struct dm_tracking *t, const struct dm_rule *rule,
    const struct dm_element *elements, size_t n, struct dm_labels_pool *pool,
    struct dm_err *err)
{
	bool change = labels_change(rule);
	size_t known = t->n;

	t->evaluation++;
	for (size_t i = 0; i < n; i++) {
		struct dm_tracked *item;

		if (find(t, rule, change, &elements[i], pool, &item, err) < 0) {
			dm_tracking_undo(t);
			return -1;
		}
		if (item->seen == t->evaluation) {
			dm_tracking_undo(t);
			return dm_err_set(err, DM_EINVAL,
			    "vector contains metrics with the same labelset "
			    "after applying %s labels",
			    rule->is_alert ? "alert" : "rule");
		}
		item->seen_before = item->seen;
		item->seen = t->evaluation;
		item->next = &elements[i];
	}
	if (t->n > known + 1)
		qsort(t->items + known, t->n - known, sizeof(*t->items),
		    item_cmp);
	return 0;
}

void dm_tracking_undo(struct dm_tracking *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct dm_tracked *item = t->items[i];

		if (item->next)
			item->seen = item->seen_before;
		item->next = NULL;
		if (item->is_new)
			dm_tracking_drop(t, i);
	}
	dm_tracking_compact(t);
}

int dm_tracked_json(
    struct dm_tracked *item, struct dm_str *ret, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	if (!item->json.p) {
		dm_labels_add_json(&b, item->labels);
		if (dm_buf_ok(&b, err) < 0)
			return -1;
		item->json.p = dm_str_dup((struct dm_str){b.p + 1, b.n - 2});
		if (!item->json.p)
			return dm_err_nomem(err);
		item->json.n = b.n - 2;
	}
	*ret = item->json;
	return 0;
}

static void element_clear(struct dm_tracking *t, struct dm_tracked *item)
{
	if (item->element &&
	    get(t->by_element, t->n_by_element, item->element->id) == item)
		t->by_element[item->element->id] = NULL;
	dm_labels_unref(item->element);
	item->element = NULL;
}

static int item_store(
    struct dm_tracking *t, struct dm_tracked *item, struct dm_err *err)
{
	const struct dm_element *e = item->next;

	item->next = NULL;
	item->is_new = false;
	item->value = e->value;
	item->name = e->name;
	if (item->element == e->labels)
		return 0;
	if (grow(&t->by_element, &t->n_by_element, e->labels->id) < 0)
		return dm_err_nomem(err);
	element_clear(t, item);
	item->element = dm_labels_ref(e->labels);
	t->by_element[e->labels->id] = item;
	return 0;
}

int dm_tracking_store(struct dm_tracking *t, struct dm_err *err)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i]->next && item_store(t, t->items[i], err) < 0)
			return -1;
	return 0;
}

void dm_tracking_drop(struct dm_tracking *t, size_t i)
{
	struct dm_tracked *item = t->items[i];

	element_clear(t, item);
	t->by_labels[item->labels->id] = NULL;
	t->items[i] = NULL;
	item_free(item);
}

void dm_tracking_compact(struct dm_tracking *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->items[i])
			t->items[n++] = t->items[i];
	t->n = n;
}

int dm_tracking_restore(struct dm_tracking *t, struct dm_labels *labels_take,
    struct dm_labels *element_take, const struct dm_name *name,
    struct dm_tracked **ret, struct dm_err *err)
{
	DM_AUTO_LABELS struct dm_labels *labels = labels_take;
	DM_AUTO_LABELS struct dm_labels *element = element_take;
	struct dm_tracked *item = NULL;

	if (get(t->by_labels, t->n_by_labels, labels->id))
		return dm_err_set(err, DM_EPARSE, "the same labels twice");
	if (grow(&t->by_element, &t->n_by_element, element->id) == 0)
		item = item_add(t, labels);
	if (!item)
		return dm_err_nomem(err);
	item->is_new = false;
	item->name = name;
	item->element = dm_steal(&element);
	t->by_element[item->element->id] = item;
	*ret = item;
	return 0;
}
