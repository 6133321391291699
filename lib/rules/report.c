/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/write.h"
#include "rules/engine-parts.h"

/* What rules write: alert records, and samples of kind recorded. */

static void begin(
    struct dm_engine *e, int64_t t_us, const char *kind, struct dm_str labels)
{
	dm_buf_clear(&e->line);
	dm_record_begin(&e->line, t_us, kind);
	if (labels.n > 0)
		dm_record_label_text(&e->line, labels);
	dm_record_metrics(&e->line);
}

/* The line goes behind what the callback has written. */
static int finish(struct dm_engine *e, struct dm_err *err)
{
	dm_buf_add_str(e->out, dm_buf_str(&e->line));
	if (dm_buf_ok(&e->line, err) < 0)
		return -1;
	return dm_buf_ok(e->out, err);
}

/* A recorded sample; its labels as json say them. */
static int put(struct dm_engine *e, const struct dm_name *name,
    struct dm_labels *labels, struct dm_str json, int64_t t_us, double value,
    struct dm_err *err)
{
	begin(e, t_us, "recorded", json);
	dm_json_quote(&e->line, name->text);
	if (dm_is_stale(value)) {
		dm_buf_add_cstr(&e->line, ":null");
	} else {
		dm_buf_add_char(&e->line, ':');
		dm_num_add(&e->line, value);
	}
	dm_record_end(&e->line);
	if (finish(e, err) < 0)
		return -1;
	return dm_window_put(e->window, name, labels, t_us, value, err);
}

int dm_engine_put(struct dm_engine *e, const struct dm_name *name,
    struct dm_tracked *item, int64_t t_us, double value, struct dm_err *err)
{
	struct dm_str json;

	if (dm_tracked_json(item, &json, err) < 0)
		return -1;
	return put(e, name, item->labels, json, t_us, value, err);
}

static int expand_all(struct dm_engine *e, const struct dm_rule *rule,
    const struct dm_alert *a, struct dm_label_list *ret, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_template_data data = {
	    a->of.element, a->of.name, a->of.value, &e->env};

	for (size_t i = 0; i < rule->annotations.n; i++) {
		const struct dm_rule_text *t = &rule->annotations.items[i];

		dm_buf_clear(&text);
		if (dm_template_expand(t->template, &data, &text, err) < 0 ||
		    dm_label_list_put(ret, t->name, dm_buf_str(&text), err) < 0)
			return -1;
	}
	return 0;
}

int dm_engine_annotations(struct dm_engine *e, const struct dm_rule *rule,
    struct dm_alert *a, struct dm_label_list *scratch,
    const struct dm_label_list **ret, struct dm_err *err)
{
	struct dm_tracked *item = &a->of;

	*ret = rule->keeps_annotations ? &item->annotations : scratch;
	if (!rule->keeps_annotations)
		return expand_all(e, rule, a, scratch, err);
	if (item->annotated == item->seen)
		return 0;
	item->annotated = item->seen;
	dm_label_list_release(&item->annotations);
	return expand_all(e, rule, a, &item->annotations, err);
}

static int add_annotations(struct dm_engine *e, const struct dm_rule *rule,
    struct dm_alert *a, struct dm_err *err)
{
	DM_AUTO_LABEL_LIST struct dm_label_list scratch = {0};
	const struct dm_label_list *l;

	if (dm_engine_annotations(e, rule, a, &scratch, &l, err) < 0)
		return -1;
	dm_buf_add_cstr(&e->line, ",\"annotations\":{");
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			dm_buf_add_char(&e->line, ',');
		dm_json_quote(&e->line, l->p[i].name);
		dm_buf_add_char(&e->line, ':');
		dm_json_quote(&e->line, l->p[i].value);
	}
	dm_buf_add_char(&e->line, '}');
	return 0;
}

static void add_time(struct dm_engine *e, const char *name, int64_t t_us)
{
	dm_buf_addf(&e->line, ",\"%s\":\"", name);
	dm_time_add_rfc3339(&e->line, t_us);
	dm_buf_add_char(&e->line, '"');
}

static int write_alert(struct dm_engine *e, const struct dm_rule *rule,
    struct dm_alert *a, int64_t t_us, struct dm_err *err)
{
	struct dm_str json;
	bool over =
	    a->status == DM_ALERT_RESOLVED || a->status == DM_ALERT_DROPPED;

	if (dm_tracked_json(&a->of, &json, err) < 0)
		return -1;
	begin(e, t_us, "alert", json);
	dm_record_members(&e->line);
	dm_buf_addf(&e->line,
	    ",\"status\":\"%s\",\"value\":", dm_alert_status_name(a->status));
	dm_num_add(&e->line, a->of.value);
	if (add_annotations(e, rule, a, err) < 0)
		return -1;
	/* As Prometheus tells Alertmanager: since when it fires. */
	add_time(e, "startsAt",
	    a->fired_us == DM_NEVER ? a->active_us : a->fired_us);
	if (over)
		add_time(e, "endsAt", t_us);
	dm_buf_addf(&e->line, ",\"fingerprint\":\"%016lx\"",
	    dm_labels_fingerprint(a->of.labels));
	dm_record_members_end(&e->line);
	return finish(e, err);
}

/* The record is of kind rule: its samples last as long as recorded ones. */
int dm_engine_say_counts(
    struct dm_engine *e, struct dm_rule_group *g, struct dm_err *err)
{
	int64_t minute = dm_floor_div(e->now_us, e->say_again_us);

	if (!e->counts ||
	    (g->said_failures == g->failures && g->said_minute == minute))
		return 0;
	g->said_failures = g->failures;
	g->said_minute = minute;
	dm_buf_clear(&e->labels);
	dm_labels_add_json(&e->labels, g->labels);
	if (dm_buf_ok(&e->labels, err) < 0)
		return -1;
	begin(e, e->now_us, "rule",
	    (struct dm_str){e->labels.p + 1, e->labels.n - 2});
	dm_record_metric_u64(&e->line, DM_RULE_FAILURES, g->failures);
	dm_record_metric_u64(&e->line, DM_RULE_EVALUATIONS, g->evaluations);
	dm_record_end(&e->line);
	if (finish(e, err) < 0 ||
	    dm_window_put(e->window, e->failures_name, g->labels, e->now_us,
		(double)g->failures, err) < 0)
		return -1;
	return dm_window_put(e->window, e->evaluations_name, g->labels,
	    e->now_us, (double)g->evaluations, err);
}

int dm_engine_say_set_back(struct dm_engine *e, struct dm_err *err)
{
	begin(e, e->now_us, "rule", (struct dm_str){"", 0});
	dm_record_metric_u64(&e->line, DM_SET_BACK, e->n_set_back);
	dm_record_end(&e->line);
	if (finish(e, err) < 0)
		return -1;
	return dm_window_put(e->window, e->set_back_name, e->no_labels,
	    e->now_us, (double)e->n_set_back, err);
}

/* One of the two series of an alert. */
static int say_state(struct dm_engine *e, const struct dm_alert *a,
    enum dm_alert_status status, int64_t t_us, double value, struct dm_err *err)
{
	DM_AUTO_LABELS_BUILDER struct dm_labels_builder b = {0};
	DM_AUTO_LABELS struct dm_labels *labels = NULL;

	dm_labels_builder_start(&b, a->of.labels);
	dm_labels_builder_set(
	    &b, DM_STR("alertstate"), dm_str(dm_alert_status_name(status)));
	if (dm_labels_builder_done(&b, e->pool, &labels, err) < 0)
		return -1;
	dm_buf_clear(&e->labels);
	dm_labels_add_json(&e->labels, labels);
	if (dm_buf_ok(&e->labels, err) < 0)
		return -1;
	return put(e, e->alerts_name, labels,
	    (struct dm_str){e->labels.p + 1, e->labels.n - 2}, t_us, value,
	    err);
}

/* Nothing is said when nothing has changed within the minute. */
static int alert_active(void *ctx, const struct dm_rule *rule,
    struct dm_alert *a, int64_t t_us, struct dm_err *err)
{
	DM_AUTO_LABEL_LIST struct dm_label_list scratch = {0};
	const struct dm_label_list *l;
	struct dm_engine *e = ctx;
	int64_t at_us = t_us - rule->group->query_offset_us;
	int64_t minute = dm_floor_div(at_us, e->say_again_us);

	if (rule->keeps_annotations &&
	    dm_engine_annotations(e, rule, a, &scratch, &l, err) < 0)
		return -1;
	if (a->said == a->status && a->said_minute == minute)
		return 0;
	if (a->said != a->status && a->said != DM_ALERT_NONE &&
	    say_state(e, a, a->said, at_us, dm_stale(), err) < 0)
		return -1;
	a->said = a->status;
	a->said_minute = minute;
	if (say_state(e, a, a->status, at_us, 1, err) < 0)
		return -1;
	return dm_engine_put(e, e->for_state_name, &a->of, at_us,
	    (double)dm_floor_div(a->active_us, DM_US_PER_S), err);
}

static int alert_changed(void *ctx, const struct dm_rule *rule,
    struct dm_alert *a, int64_t t_us, struct dm_err *err)
{
	struct dm_engine *e = ctx;
	int64_t at_us = t_us - rule->group->query_offset_us;
	enum dm_severity severity =
	    dm_severity_of(dm_labels_get(a->of.labels, DM_STR("severity")));

	if (a->status == DM_ALERT_FIRING && severity > e->fired)
		e->fired = severity;
	if (write_alert(e, rule, a, t_us, err) < 0)
		return -1;
	if (a->status != DM_ALERT_RESOLVED && a->status != DM_ALERT_DROPPED)
		return 0;
	if (a->said == DM_ALERT_NONE)
		return 0;
	if (say_state(e, a, a->said, at_us, dm_stale(), err) < 0)
		return -1;
	return dm_engine_put(
	    e, e->for_state_name, &a->of, at_us, dm_stale(), err);
}

struct dm_alert_sink dm_engine_sink(struct dm_engine *e)
{
	return (struct dm_alert_sink){e, alert_changed, alert_active};
}
