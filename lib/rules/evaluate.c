/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/engine-parts.h"

/* Evaluates rules: groups at sweeps, single rules at events. */

static void say_failed(
    struct dm_engine *e, const struct dm_rule *rule, const struct dm_err *why)
{
	struct dm_err said = *why;

	if (e->failed) {
		e->failed(e->failed_ctx, rule, why);
		return;
	}

	if (!e->options.say)
		return;
	said.line = rule->line;
	said.column = 0;
	dm_err_wrap(&said, "%s", rule->name);
	dm_err_file(&said, rule->group->file);
	e->options.say(e->options.ctx, &said);
}

/* One evaluation: what expressions look at, and the time it has. Only where
 * an event came late they are not the same. */
struct moment {
	int64_t query_us, t_us;
};

static bool is_late(const struct moment *m)
{
	return m->query_us < m->t_us;
}

/* The series that a recording rule has now; those it had before end. */
static int record_series(struct dm_engine *e, struct dm_rule *rule,
    const struct dm_element *elements, size_t n, const struct moment *m,
    struct dm_err *err)
{
	int64_t at_us = m->query_us - rule->group->query_offset_us;
	struct dm_tracking *t = rule->memory;
	int rc = 0;

	if (dm_tracking_match(t, rule, elements, n, e->pool, err) < 0)
		return -1;
	if (rule->group->limit > 0 && n > rule->group->limit) {
		dm_tracking_undo(t);
		return dm_err_set(err, DM_EINVAL,
		    "exceeded limit of %lu with %zu series", rule->group->limit,
		    n);
	}
	if (dm_tracking_store(t, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		struct dm_tracked *s = t->items[i];
		bool is = s->seen == t->evaluation;

		if (!is && is_late(m))
			continue;
		if (rc == 0)
			rc = dm_engine_put(e, rule->metric, s, at_us,
			    is ? s->value : dm_stale(), err);
		if (!is)
			dm_tracking_drop(t, i);
	}
	dm_tracking_compact(t);
	return rc;
}

static int apply(struct dm_engine *e, struct dm_rule *rule,
    const struct dm_value *v, const struct moment *m, struct dm_err *err)
{
	struct dm_alert_sink sink = dm_engine_sink(e);
	struct dm_element one = {e->no_labels, NULL, v->scalar};
	const struct dm_element *elements = v->elements;
	size_t n = v->n;

	if (v->kind == DM_EXPR_SCALAR) {
		elements = &one;
		n = 1;
	}
	if (!rule->is_alert)
		return record_series(e, rule, elements, n, m, err);
	return dm_alerts_update(
	    rule, elements, n, m->t_us, is_late(m), e->pool, &sink, err);
}

/* An evaluation has failed: what was active still is, and ALERTS goes on
 * saying so. */
static int hold_alerts(struct dm_engine *e, struct dm_rule *rule,
    const struct moment *m, struct dm_err *err)
{
	struct dm_alert_sink sink = dm_engine_sink(e);

	for (size_t i = 0; i < rule->memory->n; i++)
		if (sink.active(sink.ctx, rule,
			(struct dm_alert *)rule->memory->items[i], m->t_us,
			err) < 0)
			return -1;
	return 0;
}

/* What Prometheus calls a failed evaluation is said once, and the rule is
 * tried again next time. */
static int evaluate(struct dm_engine *e, struct dm_rule *rule,
    const struct moment *m, struct dm_err *err)
{
	struct dm_value v;
	struct dm_err why = {0};
	int64_t query_us = m->query_us - rule->group->query_offset_us;
	bool done;

	e->env.t_us = m->t_us;
	rule->group->evaluations++;
	done = dm_expr_eval(rule->expr, query_us, &v, &why) == 0 &&
	       apply(e, rule, &v, m, &why) == 0;
	dm_expr_rest(rule->expr);
	if (done) {
		rule->failed = false;
		return 0;
	}
	if (why.code != DM_EINVAL && why.code != DM_ELIMIT) {
		if (err)
			*err = why;
		return -1;
	}
	rule->group->failures++;
	if (!rule->failed)
		say_failed(e, rule, &why);
	rule->failed = true;
	return rule->is_alert ? hold_alerts(e, rule, m, err) : 0;
}

static int evaluate_group(
    struct dm_engine *e, struct dm_rule_group *g, struct dm_err *err)
{
	const struct moment now = {e->now_us, e->now_us};

	for (size_t i = 0; i < g->n_rules; i++)
		if (evaluate(e, &g->rules[i], &now, err) < 0)
			return -1;
	return dm_engine_say_counts(e, g, err);
}

int dm_engine_evaluate(struct dm_engine *e, struct dm_rule_group *g,
    int64_t t_us, struct dm_err *err)
{
	e->now_us = t_us;
	return evaluate_group(e, g, err);
}

int dm_engine_sweep(
    struct dm_engine *e, int64_t t_us, bool down, struct dm_err *err)
{
	int64_t was_us = e->now_us, horizon_us;

	if (dm_clock_is_behind(e->now_us, t_us))
		return dm_engine_behind(e, t_us, down, err);
	if (!down)
		e->n_behind = 0;
	if (t_us > e->now_us)
		e->now_us = t_us;
	for (size_t i = 0; i < e->rules.n; i++) {
		struct dm_rule_group *g = e->rules.groups[i];
		int64_t interval = g->interval_us > 0 ? g->interval_us
						      : e->options.interval_us;
		int64_t slot = dm_floor_div(e->now_us, interval);

		if (slot <= g->last_slot)
			continue;
		g->last_slot = slot;
		if (evaluate_group(e, g, err) < 0)
			return -1;
	}
	/* Of a time that lies far ahead it is not known yet whether it is
	 * right: samples are kept until the next sweep. */
	horizon_us = dm_clock_is_behind(e->now_us, was_us) && was_us != DM_NEVER
			 ? was_us
			 : e->now_us;
	dm_window_advance(e->window, horizon_us - e->offset_us);
	return 0;
}

/* Does any rule name this metric? Remembered by the name's id. */
static int is_event_name(
    struct dm_engine *e, uint32_t id, bool *ret, struct dm_err *err)
{
	enum {
		UNKNOWN,
		NO,
		YES
	};
	struct dm_str name = dm_scan_name(e->scanner, id);

	if (id >= e->n_event_names) {
		size_t n = 2 * ((size_t)id + 32);
		uint8_t *p = realloc(e->event_names, n);

		if (!p)
			return dm_err_nomem(err);
		memset(p + e->n_event_names, UNKNOWN, n - e->n_event_names);
		e->event_names = p;
		e->n_event_names = n;
	}
	for (size_t i = 0; i < e->rules.n && e->event_names[id] == UNKNOWN; i++)
		for (size_t k = 0; k < e->rules.groups[i]->n_rules; k++)
			if (dm_expr_names(
				e->rules.groups[i]->rules[k].expr, name))
				e->event_names[id] = YES;
	if (e->event_names[id] == UNKNOWN)
		e->event_names[id] = NO;
	*ret = e->event_names[id] == YES;
	return 0;
}

static int hot_add(
    struct dm_engine *e, size_t *n, struct dm_str name, struct dm_err *err)
{
	if (*n == e->cap_hot) {
		size_t cap = e->cap_hot ? 2 * e->cap_hot : 16;
		void *p = realloc(e->hot, cap * sizeof(*e->hot));

		if (!p)
			return dm_err_nomem(err);
		e->hot = p;
		e->cap_hot = cap;
	}
	e->hot[(*n)++] = name;
	return 0;
}

static bool names_hot(
    const struct dm_engine *e, const struct dm_rule *rule, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dm_expr_names(rule->expr, e->hot[i]))
			return true;
	return false;
}

/* The rules that name an event's metric, and those behind them that name
 * what they record. */
static int evaluate_hot(
    struct dm_engine *e, size_t n_hot, int64_t query_us, struct dm_err *err)
{
	const struct moment m = {query_us, e->now_us};

	for (size_t i = 0; i < e->rules.n; i++) {
		struct dm_rule_group *g = e->rules.groups[i];
		uint64_t before = g->evaluations;

		for (size_t k = 0; k < g->n_rules; k++) {
			struct dm_rule *rule = &g->rules[k];

			if (!names_hot(e, rule, n_hot))
				continue;
			if (evaluate(e, rule, &m, err) < 0)
				return -1;
			if (!rule->is_alert &&
			    hot_add(e, &n_hot, dm_str(rule->name), err) < 0)
				return -1;
		}
		if (g->evaluations != before &&
		    dm_engine_say_counts(e, g, err) < 0)
			return -1;
	}
	return 0;
}

int dm_engine_event(
    struct dm_engine *e, const struct dm_record *r, struct dm_err *err)
{
	size_t n_hot = 0;

	if (dm_scan_epoch(e->scanner) != e->event_epoch) {
		if (e->n_event_names > 0)
			memset(e->event_names, 0, e->n_event_names);
		e->event_epoch = dm_scan_epoch(e->scanner);
	}
	for (size_t i = 0; i < r->n_metrics; i++) {
		uint32_t id = r->metrics[i].name;
		bool named = false;

		if (is_event_name(e, id, &named, err) < 0)
			return -1;
		if (named &&
		    hot_add(e, &n_hot, dm_scan_name(e->scanner, id), err) < 0)
			return -1;
	}
	if (n_hot == 0)
		return 0;
	if (e->now_us == DM_NEVER || r->ts_us > e->now_us)
		e->now_us = r->ts_us;
	return evaluate_hot(e, n_hot, r->ts_us, err);
}

int dm_engine_rule_end(
    struct dm_engine *e, struct dm_rule *rule, struct dm_err *err)
{
	const struct moment now = {e->now_us, e->now_us};
	struct dm_alert_sink sink = dm_engine_sink(e);

	if (!rule->memory || rule->memory->n == 0)
		return 0;
	if (rule->is_alert)
		return dm_alerts_end(rule, e->now_us, &sink, err);
	return record_series(e, rule, NULL, 0, &now, err);
}
