/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include <jansson.h>

#include "record/write.h"
#include "rules/engine-parts.h"

/*
 * What is remembered from one run to the next: lines of JSON. The first
 * tells the version, the last how many stand before it, so that one that was
 * cut short is not taken for a whole one.
 */

#define STATE_VERSION 1

static void add_time(struct dm_buf *b, const char *name, int64_t t_us)
{
	dm_buf_addf(b, ",\"%s\":", name);
	if (t_us == DM_NEVER)
		dm_buf_add_cstr(b, "null");
	else
		dm_num_add_i64(b, t_us);
}

static void save_item(
    struct dm_buf *b, const struct dm_rule *rule, const struct dm_tracked *item)
{
	dm_buf_addf(b, "{\"%s\":", rule->is_alert ? "alert" : "series");
	dm_json_quote(b, dm_str(rule->key));
	dm_buf_add_cstr(b, ",\"labels\":");
	dm_labels_add_json(b, item->labels);
	dm_buf_add_cstr(b, ",\"element\":");
	dm_labels_add_json(b, item->element);
	dm_buf_add_cstr(b, ",\"name\":");
	if (item->name)
		dm_json_quote(b, item->name->text);
	else
		dm_buf_add_cstr(b, "null");
	dm_buf_add_cstr(b, ",\"value\":");
	dm_num_add(b, item->value);
}

/* Of a rule that keeps them. */
static void save_annotations(struct dm_buf *b, const struct dm_label_list *l)
{
	dm_buf_add_cstr(b, ",\"annotations\":{");
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			dm_buf_add_char(b, ',');
		dm_json_quote(b, l->p[i].name);
		dm_buf_add_char(b, ':');
		dm_json_quote(b, l->p[i].value);
	}
	dm_buf_add_char(b, '}');
}

static void save_rule(struct dm_buf *b, const struct dm_rule *rule)
{
	for (size_t i = 0; i < rule->memory->n; i++) {
		const struct dm_tracked *item = rule->memory->items[i];
		const struct dm_alert *a = (const struct dm_alert *)item;

		save_item(b, rule, item);
		if (rule->is_alert) {
			dm_buf_addf(b, ",\"status\":%d,\"said\":%d",
			    (int)a->status, (int)a->said);
			add_time(b, "active", a->active_us);
			add_time(b, "fired", a->fired_us);
			add_time(b, "keep_since", a->keep_since_us);
			add_time(b, "said_minute", a->said_minute);
		}
		if (rule->keeps_annotations)
			save_annotations(b, &item->annotations);
		dm_buf_add_cstr(b, "}\n");
	}
}

int dm_engine_save(struct dm_engine *e, struct dm_buf *b, struct dm_err *err)
{
	size_t from = b->n, lines = 0;

	dm_buf_addf(b, "{\"dmon-match\":%d", STATE_VERSION);
	add_time(b, "now", e->now_us);
	dm_buf_addf(b, ",\"behind\":%u,\"set_back\":%" PRIu64 "}\n",
	    e->n_behind, e->n_set_back);
	for (size_t i = 0; i < e->rules.n; i++) {
		const struct dm_rule_group *g = e->rules.groups[i];

		dm_buf_add_cstr(b, "{\"group\":");
		dm_json_quote(b, dm_str(g->key));
		add_time(b, "slot", g->last_slot);
		dm_buf_addf(b,
		    ",\"evaluations\":%" PRIu64 ",\"failures\":%" PRIu64
		    ",\"said_failures\":%" PRIu64,
		    g->evaluations, g->failures, g->said_failures);
		add_time(b, "said_minute", g->said_minute);
		dm_buf_add_cstr(b, "}\n");
		for (size_t k = 0; k < g->n_rules; k++)
			save_rule(b, &g->rules[k]);
	}
	if (dm_window_save(e->window, b, err) < 0 || dm_buf_ok(b, err) < 0)
		return -1;
	for (size_t i = from; i < b->n; i++)
		lines += b->p[i] == '\n';
	dm_buf_addf(b, "{\"end\":%zu}\n", lines);
	return dm_buf_ok(b, err);
}

static void json_cleanup(json_t **j)
{
	json_decref(*j);
}
#define AUTO_JSON DM_CLEANUP(json_cleanup)

static int damaged(struct dm_err *err)
{
	return dm_err_set(err, DM_EPARSE, "the state is damaged");
}

/* DM_NEVER where it is null or missing. */
static int64_t get_time(const json_t *j, const char *name)
{
	const json_t *v = json_object_get(j, name);

	return json_is_integer(v) ? json_integer_value(v) : DM_NEVER;
}

static double get_value(const json_t *j)
{
	const json_t *v = json_object_get(j, "value");
	double d = 0;

	if (json_is_number(v))
		return json_number_value(v);
	dm_num_parse_user(
	    dm_str(json_is_string(v) ? json_string_value(v) : "NaN"), &d);
	return d;
}

static int get_labels(struct dm_engine *e, const json_t *j, const char *name,
    struct dm_labels **ret, struct dm_err *err)
{
	DM_AUTO_LABELS_BUILDER struct dm_labels_builder b = {0};
	json_t *map = json_object_get(j, name);
	const char *key;
	json_t *v;

	if (!json_is_object(map))
		return damaged(err);
	dm_labels_builder_start(&b, NULL);
	json_object_foreach(map, key, v)
	{
		if (!json_is_string(v))
			return damaged(err);
		dm_labels_builder_set(&b, dm_str(key),
		    (struct dm_str){
			json_string_value(v), json_string_length(v)});
	}
	return dm_labels_builder_done(&b, e->pool, ret, err);
}

/* An item's labels, element and metric name. */
static int restore_item(struct dm_engine *e, const json_t *j,
    struct dm_rule *rule, struct dm_tracked **ret, struct dm_err *err)
{
	DM_AUTO_LABELS struct dm_labels *labels = NULL;
	DM_AUTO_LABELS struct dm_labels *element = NULL;
	const json_t *text = json_object_get(j, "name");
	const struct dm_name *name = NULL;

	if (get_labels(e, j, "labels", &labels, err) < 0 ||
	    get_labels(e, j, "element", &element, err) < 0)
		return -1;
	if (json_is_string(text) &&
	    dm_labels_name(
		e->pool, dm_str(json_string_value(text)), &name, err) < 0)
		return -1;
	if (dm_tracking_restore(rule->memory, dm_steal(&labels),
		dm_steal(&element), name, ret, err) < 0)
		return -1;
	(*ret)->value = get_value(j);
	return 0;
}

static int restore_alert(
    const json_t *j, struct dm_alert *a, struct dm_err *err)
{
	int64_t status = get_time(j, "status"), said = get_time(j, "said");

	if ((status != DM_ALERT_PENDING && status != DM_ALERT_FIRING) ||
	    (said != DM_ALERT_NONE && said != DM_ALERT_PENDING &&
		said != DM_ALERT_FIRING))
		return damaged(err);
	a->status = (enum dm_alert_status)status;
	a->said = (enum dm_alert_status)said;
	a->active_us = get_time(j, "active");
	a->fired_us = get_time(j, "fired");
	a->keep_since_us = get_time(j, "keep_since");
	a->said_minute = get_time(j, "said_minute");
	if (a->active_us == DM_NEVER ||
	    (a->status == DM_ALERT_FIRING) != (a->fired_us != DM_NEVER))
		return damaged(err);
	return 0;
}

/* Its rule was there when the state was saved, and is gone now: end it. The
 * third part of a key is "alert" or "record", the fourth its name. */
static int end_gone(struct dm_engine *e, const json_t *j, const char *key,
    bool is_alert, struct dm_err *err)
{
	struct dm_str rest = dm_str(key), name = {0};
	struct dm_rule_group group = {0};
	struct dm_rule rule = {.group = &group, .is_alert = is_alert};
	struct dm_tracked *item;
	int rc = -1;

	for (int i = 0; i < 4; i++)
		if (!dm_str_cut(&rest, '\x1f', &name))
			return damaged(err);
	if (!is_alert && dm_labels_name(e->pool, name, &rule.metric, err) < 0)
		return -1;
	if (dm_tracking_new(
		sizeof(struct dm_alert), &e->env, &rule.memory, err) < 0)
		return -1;
	if (restore_item(e, j, &rule, &item, err) == 0 &&
	    (!is_alert ||
		restore_alert(j, (struct dm_alert *)item, err) == 0)) {
		e->out = &e->backlog;
		rc = dm_engine_rule_end(e, &rule, err);
	}
	dm_tracking_free(rule.memory);
	return rc;
}

static int restore_annotations(
    const json_t *j, struct dm_label_list *ret, struct dm_err *err)
{
	json_t *map = json_object_get(j, "annotations");
	const char *key;
	json_t *v;

	json_object_foreach(map, key, v)
	{
		struct dm_str text = {
		    json_string_value(v), json_string_length(v)};

		if (!json_is_string(v))
			return damaged(err);
		if (dm_label_list_put(ret, dm_str(key), text, err) < 0)
			return -1;
	}
	return 0;
}

static int restore_tracked(struct dm_engine *e, const json_t *j,
    const struct dm_map *rules, const char *key, bool is_alert,
    struct dm_err *err)
{
	struct dm_rule *rule = dm_map_get(rules, dm_str(key));
	struct dm_tracked *item;

	if (!rule)
		return end_gone(e, j, key, is_alert, err);
	if (rule->is_alert != is_alert)
		return damaged(err);
	if (restore_item(e, j, rule, &item, err) < 0 ||
	    restore_annotations(j, &item->annotations, err) < 0)
		return -1;
	return is_alert ? restore_alert(j, (struct dm_alert *)item, err) : 0;
}

/* 0 where it is missing: a state may be older than this is. */
static uint64_t get_count(const json_t *j, const char *name)
{
	int64_t n = get_time(j, name);

	return n > 0 ? (uint64_t)n : 0;
}

static void restore_group(struct dm_engine *e, const char *key, const json_t *j)
{
	for (size_t i = 0; i < e->rules.n; i++) {
		struct dm_rule_group *g = e->rules.groups[i];

		if (strcmp(g->key, key) != 0)
			continue;
		g->last_slot = get_time(j, "slot");
		g->evaluations = get_count(j, "evaluations");
		g->failures = get_count(j, "failures");
		g->said_failures = get_count(j, "said_failures");
		g->said_minute = get_time(j, "said_minute");
	}
}

static int restore_line(struct dm_engine *e, const struct dm_map *rules,
    struct dm_str line, struct dm_err *err)
{
	AUTO_JSON json_t *j = NULL;
	const char *key;

	if (dm_str_starts(line, "{\"window\":"))
		return dm_window_restore_line(e->window, line, err);
	j = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
	if ((key = json_string_value(json_object_get(j, "group")))) {
		restore_group(e, key, j);
		return 0;
	}
	if ((key = json_string_value(json_object_get(j, "alert"))))
		return restore_tracked(e, j, rules, key, true, err);
	if ((key = json_string_value(json_object_get(j, "series"))))
		return restore_tracked(e, j, rules, key, false, err);
	return damaged(err);
}

static int restore_head(
    struct dm_engine *e, struct dm_str line, struct dm_err *err)
{
	AUTO_JSON json_t *j = json_loadb(line.p, line.n, 0, NULL);
	int64_t version = get_time(j, "dmon-match");

	if (version == DM_NEVER)
		return dm_err_set(err, DM_EPARSE, "not a state of dmon-match");
	if (version != STATE_VERSION)
		return dm_err_set(err, DM_EPARSE,
		    "the state is of version %" PRId64 ", not %d", version,
		    STATE_VERSION);
	e->now_us = get_time(j, "now");
	e->n_behind = (unsigned)get_count(j, "behind");
	e->n_set_back = get_count(j, "set_back");
	return 0;
}

/* The last line, and how many it says there are before it. */
static int check_end(struct dm_str text, size_t *ret_body, struct dm_err *err)
{
	AUTO_JSON json_t *j = NULL;
	size_t lines = 0, end = text.n;

	if (end == 0 || text.p[end - 1] != '\n')
		return damaged(err);
	for (end--; end > 0 && text.p[end - 1] != '\n'; end--)
		;
	for (size_t i = 0; i < end; i++)
		lines += text.p[i] == '\n';
	j = json_loadb(text.p + end, text.n - end, 0, NULL);
	if (lines == 0 || get_time(j, "end") != (int64_t)lines)
		return damaged(err);
	*ret_body = end;
	return 0;
}

static int restore_lines(
    struct dm_engine *e, struct dm_str body, struct dm_err *err)
{
	struct dm_map rules = {0};
	struct dm_str line;
	int rc = dm_engine_rules_by_key(&e->rules, &rules, err);

	for (unsigned n = 2; rc == 0 && dm_str_line(&body, &line); n++) {
		rc = restore_line(e, &rules, line, err);
		if (rc < 0 && err && err->line == 0)
			err->line = n;
	}
	dm_map_release(&rules);
	return rc;
}

int dm_engine_restore(
    struct dm_engine *e, struct dm_str text, struct dm_err *err)
{
	struct dm_str body = text, line;

	if (!dm_str_line(&body, &line))
		return damaged(err);
	if (restore_head(e, line, err) < 0 || check_end(text, &body.n, err) < 0)
		return -1;
	body.p = text.p;
	if (!dm_str_line(&body, &line))
		return damaged(err);
	if (restore_lines(e, body, err) < 0)
		return -1;
	return dm_buf_ok(&e->backlog, err);
}
