/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/map.h"
#include "rules/label-list.h"
#include "rules/reading.h"
#include "rules/rule.h"

/* Reads one rule file. Source of what is right and wrong: Prometheus,
 * model/rulefmt/rulefmt.go. */

struct reader {
	struct dm_reading in;
	struct dm_rule_set *set;
	struct dm_map names; /* of the file's groups */
	bool full;	     /* it has been told that labels are too much */
};

static bool is_metric_name(struct dm_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c != '_' && c != ':' && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && !(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return s.n > 0;
}

/* A text that an alerting rule expands, or that stands as it is. */
static struct dm_template *read_template(
    struct reader *r, const struct dm_yaml_node *n, bool expanded)
{
	struct dm_str text = dm_yaml_is_null(n) ? DM_STR("") : n->text;
	struct dm_template *t = NULL;
	struct dm_err e = {0};
	size_t offset = 0;
	int rc = expanded ? dm_template_parse(text, &t, &offset, &e)
			  : dm_template_plain(text, &t, &e);

	if (rc == 0)
		return t;
	dm_reading_tell_at(&r->in, n, offset, &e);
	return NULL;
}

static void text_release(struct dm_rule_text *t)
{
	free((char *)(uintptr_t)t->name.p);
	dm_template_free(t->template);
}

static void texts_release(struct dm_rule_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		text_release(&t->items[i]);
	free(t->items);
	*t = (struct dm_rule_texts){0};
}

static int text_cmp(const void *a, const void *b)
{
	const struct dm_rule_text *x = a, *y = b;

	return dm_str_cmp(x->name, y->name);
}

/* A text behind the others; not yet in its place. */
static void texts_add(
    struct reader *r, struct dm_rule_texts *t, struct dm_rule_text text)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 4;
		void *p = realloc(t->items, cap * sizeof(*t->items));

		if (!p) {
			text_release(&text);
			dm_reading_no_memory(&r->in);
			return;
		}
		t->items = p;
		t->cap = cap;
	}
	t->items[t->n++] = text;
}

/* A mapping of texts: labels or annotations. Those that ret has stay. */
static void read_texts(struct reader *r, const struct dm_yaml_node *map,
    const char *key, bool expanded, struct dm_rule_texts *ret)
{
	const struct dm_yaml_node *n = dm_yaml_get(map, key);
	size_t n_before = ret->n;

	if (!n || dm_yaml_is_null(n))
		return;
	if (n->type != DM_YAML_MAPPING) {
		dm_reading_wrong(&r->in, n, "%s must be a mapping", key);
		return;
	}
	if (n->n_children / 2 > DM_LABEL_LIST_MAX) {
		dm_reading_wrong(
		    &r->in, n, "%s: more than %d", key, DM_LABEL_LIST_MAX);
		return;
	}
	for (size_t i = 0; i < n->n_children; i += 2) {
		const struct dm_yaml_node *name = n->children[i];
		const struct dm_yaml_node *value = n->children[i + 1];
		struct dm_rule_text text = {.name = name->text};

		if (n_before > 0 && bsearch(&text, ret->items, n_before,
					sizeof(text), text_cmp))
			continue;
		if (!dm_is_label_name(name->text))
			dm_reading_wrong(&r->in, name,
			    "%s: invalid name \"%s\"", key, name->text.p);
		if (value->type != DM_YAML_SCALAR) {
			dm_reading_wrong(&r->in, value, "%s: %s must be a text",
			    key, name->text.p);
			continue;
		}
		text.template = read_template(r, value, expanded);
		text.name.p = dm_str_dup(name->text);
		if (!text.name.p)
			dm_reading_no_memory(&r->in);
		if (text.name.p && text.template)
			texts_add(r, ret, text);
		else
			text_release(&text);
	}
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(*ret->items), text_cmp);
}

static void read_expr(
    struct reader *r, const struct dm_yaml_node *map, struct dm_rule *rule)
{
	const struct dm_yaml_node *n = dm_reading_scalar(&r->in, map, "expr");
	struct dm_err e = {0};

	if (!n || n->text.n == 0) {
		dm_reading_wrong(&r->in, n ? n : map, "expr must be set");
		return;
	}
	if (dm_expr_parse(n->text, &rule->expr, &e) < 0 ||
	    dm_expr_check_stream(rule->expr, &e) < 0) {
		dm_reading_tell_in(&r->in, n, &e);
		return;
	}
	if (dm_expr_kind(rule->expr) != DM_EXPR_VECTOR &&
	    dm_expr_kind(rule->expr) != DM_EXPR_SCALAR)
		dm_reading_wrong(&r->in, n,
		    "a rule's expr must be an instant vector or a "
		    "scalar, not a %s",
		    dm_value_kind_name(dm_expr_kind(rule->expr)));
}

static void read_name(
    struct reader *r, const struct dm_yaml_node *map, struct dm_rule *rule)
{
	const struct dm_yaml_node *alert =
	    dm_reading_scalar(&r->in, map, "alert");
	const struct dm_yaml_node *record =
	    dm_reading_scalar(&r->in, map, "record");

	if (alert && alert->text.n == 0)
		alert = NULL;
	if (record && record->text.n == 0)
		record = NULL;
	if (alert && record)
		dm_reading_wrong(
		    &r->in, record, "either alert or record, not both");
	else if (!alert && !record)
		dm_reading_wrong(&r->in, map, "a rule needs alert or record");
	if (record && !is_metric_name(record->text))
		dm_reading_wrong(&r->in, record, "not a metric's name: \"%s\"",
		    record->text.p);
	rule->is_alert = alert != NULL;
	rule->name = dm_reading_text(&r->in, map, alert ? "alert" : "record");
}

static void refuse_for_record(
    struct reader *r, const struct dm_yaml_node *map, const char *key)
{
	const struct dm_yaml_node *n = dm_yaml_get(map, key);

	if (n && !dm_yaml_is_null(n) &&
	    (n->type != DM_YAML_SCALAR ||
		dm_reading_duration(&r->in, map, key) != 0) &&
	    (n->type == DM_YAML_SCALAR || n->n_children > 0))
		dm_reading_wrong(&r->in, n, "%s in a recording rule", key);
}

/* What is wrong with them is told once for the group: check_labels. */
static void read_group_labels(
    struct reader *r, const struct dm_yaml_node *group, struct dm_rule *rule)
{
	const struct dm_yaml_node *labels = dm_yaml_get(group, "labels");
	struct reader quiet = *r;
	struct dm_err e = {0};

	if (!labels || r->full)
		return;
	if (!dm_yaml_repeat(r->in.y, labels)) {
		r->full = true;
		dm_reading_wrong(&r->in, labels,
		    "these labels, of each rule, are too much in all");
		return;
	}
	quiet.in.error = NULL;
	quiet.in.first = &e;
	quiet.in.n_errors = 0;
	read_texts(&quiet, group, "labels", rule->is_alert, &rule->labels);
	if (e.code == DM_ENOMEM)
		dm_reading_tell(&r->in, &e);
}

static void read_rule(struct reader *r, const struct dm_yaml_node *map,
    const struct dm_yaml_node *group, struct dm_rule *rule)
{
	static const char *const known[] = {"record", "alert", "expr", "for",
	    "keep_firing_for", "labels", "annotations", NULL};

	if (!dm_reading_keys(&r->in, map, "a rule", known))
		return;
	rule->line = map->line;
	read_name(r, map, rule);
	read_expr(r, map, rule);
	read_texts(r, map, "labels", rule->is_alert, &rule->labels);
	read_group_labels(r, group, rule);
	if (rule->is_alert) {
		rule->for_us = dm_reading_duration(&r->in, map, "for");
		rule->keep_firing_us =
		    dm_reading_duration(&r->in, map, "keep_firing_for");
		read_texts(r, map, "annotations", true, &rule->annotations);
		return;
	}
	refuse_for_record(r, map, "for");
	refuse_for_record(r, map, "keep_firing_for");
	refuse_for_record(r, map, "annotations");
}

static void read_rules(
    struct reader *r, const struct dm_yaml_node *map, struct dm_rule_group *g)
{
	const struct dm_yaml_node *n = dm_reading_list(&r->in, map, "rules");

	if (!n)
		return;
	g->rules = calloc(n->n_children + 1, sizeof(*g->rules));
	if (!g->rules) {
		dm_reading_no_memory(&r->in);
		return;
	}
	for (size_t i = 0; i < n->n_children; i++) {
		struct dm_rule *rule = &g->rules[g->n_rules++];

		rule->group = g;
		read_rule(r, n->children[i], map, rule);
	}
}

static void read_limit(
    struct reader *r, const struct dm_yaml_node *map, struct dm_rule_group *g)
{
	const struct dm_yaml_node *n = dm_reading_scalar(&r->in, map, "limit");

	if (n && !dm_str_u64(n->text, &g->limit))
		dm_reading_wrong(
		    &r->in, n, "limit: not a whole number: \"%s\"", n->text.p);
}

static void check_group_name(
    struct reader *r, const struct dm_yaml_node *map, struct dm_rule_group *g)
{
	struct dm_err e = {0};

	if (!g->name)
		return;
	if (g->name[0] == '\0')
		dm_reading_wrong(&r->in, map, "a group needs a name");
	if (dm_map_get(&r->names, dm_str(g->name)))
		dm_reading_wrong(&r->in, map,
		    "group \"%s\" is there already in this file", g->name);
	else if (dm_map_put(&r->names, dm_str(g->name), g, &e) < 0)
		dm_reading_tell(&r->in, &e);
}

/* A new group at the end of the set. */
static struct dm_rule_group *group_add(struct reader *r)
{
	struct dm_rule_set *set = r->set;
	struct dm_rule_group *g;

	if (set->n == set->cap) {
		size_t cap = set->cap ? 2 * set->cap : 8;
		void *p = realloc(set->groups, cap * sizeof(g));

		if (!p) {
			dm_reading_no_memory(&r->in);
			return NULL;
		}
		set->groups = p;
		set->cap = cap;
	}
	g = calloc(1, sizeof(*g));
	if (!g) {
		dm_reading_no_memory(&r->in);
		return NULL;
	}
	g->last_slot = INT64_MIN;
	g->said_minute = INT64_MIN;
	set->groups[set->n++] = g;
	return g;
}

/* A group's labels are read with each rule, but wrong only once, here. */
static void check_labels(struct reader *r, const struct dm_yaml_node *map)
{
	struct dm_rule_texts labels = {0};

	read_texts(r, map, "labels", true, &labels);
	texts_release(&labels);
}

static void read_group(struct reader *r, const struct dm_yaml_node *map)
{
	static const char *const known[] = {"name", "interval", "limit",
	    "query_offset", "labels", "rules", NULL};
	struct dm_rule_group *g;

	if (!dm_reading_keys(&r->in, map, "a group", known))
		return;
	g = group_add(r);
	if (!g)
		return;
	g->file = dm_str_dup(dm_str(r->in.file));
	g->name = dm_reading_text(&r->in, map, "name");
	g->interval_us = dm_reading_duration(&r->in, map, "interval");
	g->query_offset_us = dm_reading_duration(&r->in, map, "query_offset");
	if (!g->file)
		dm_reading_no_memory(&r->in);
	check_group_name(r, map, g);
	check_labels(r, map);
	read_limit(r, map, g);
	read_rules(r, map, g);
}

static void read_groups(struct reader *r)
{
	static const char *const known[] = {"groups", NULL};
	const struct dm_yaml_node *root = r->in.y->root, *n;

	if (!root || dm_yaml_is_null(root))
		return;
	if (!dm_reading_keys(&r->in, root, "a rule file", known))
		return;
	n = dm_reading_list(&r->in, root, "groups");
	for (size_t i = 0; n && i < n->n_children; i++)
		read_group(r, n->children[i]);
}

int dm_rule_set_parse(struct dm_rule_set *set, const char *file,
    struct dm_str text, dm_rule_error_fn error, void *ctx, struct dm_err *err)
{
	DM_AUTO_YAML struct dm_yaml y = {0};
	struct dm_err e = {0};
	struct reader r = {.set = set,
	    .in = {.y = &y,
		.file = file,
		.error = error,
		.ctx = ctx,
		.first = err}};

	if (dm_yaml_parse(text, &y, &e) < 0) {
		dm_reading_tell(&r.in, &e);
		return -1;
	}
	read_groups(&r);
	dm_map_release(&r.names);
	return r.in.n_errors > 0 ? -1 : 0;
}

static void rule_release(struct dm_rule *rule)
{
	free(rule->name);
	free(rule->key);
	dm_expr_free(rule->expr);
	texts_release(&rule->labels);
	texts_release(&rule->annotations);
}

static void group_free(struct dm_rule_group *g)
{
	for (size_t i = 0; i < g->n_rules; i++)
		rule_release(&g->rules[i]);
	free(g->rules);
	free(g->file);
	free(g->name);
	free(g->key);
	free(g);
}

void dm_rule_set_release(struct dm_rule_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		group_free(set->groups[i]);
	free(set->groups);
	*set = (struct dm_rule_set){0};
}

size_t dm_rule_set_count(const struct dm_rule_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += set->groups[i]->n_rules;
	return n;
}
