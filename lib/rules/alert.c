/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/alert.h"

/* An evaluation under way. */
struct update {
	struct dm_tracking *t;
	const struct dm_rule *rule;
	int64_t t_us;
	const struct dm_alert_sink *sink;
	struct dm_err *err;
};

const char *dm_alert_status_name(enum dm_alert_status status)
{
	static const char *const names[] = {
	    [DM_ALERT_NONE] = "",
	    [DM_ALERT_PENDING] = "pending",
	    [DM_ALERT_FIRING] = "firing",
	    [DM_ALERT_RESOLVED] = "resolved",
	    [DM_ALERT_DROPPED] = "dropped",
	};

	return names[status];
}

static struct dm_alert *alert_at(const struct dm_tracking *t, size_t i)
{
	return (struct dm_alert *)t->items[i];
}

static bool is_seen(const struct update *u, const struct dm_alert *a)
{
	return a->of.seen == u->t->evaluation;
}

/* Its element is gone: does keep_firing_for hold it? */
static bool is_kept(const struct update *u, const struct dm_alert *a)
{
	int64_t since =
	    a->keep_since_us == DM_NEVER ? u->t_us : a->keep_since_us;

	return a->status == DM_ALERT_FIRING && u->rule->keep_firing_us > 0 &&
	       u->t_us - since < u->rule->keep_firing_us;
}

static bool is_over_limit(const struct update *u)
{
	uint64_t limit = u->rule->group->limit, n = 0;

	for (size_t i = 0; limit > 0 && i < u->t->n; i++)
		n += is_seen(u, alert_at(u->t, i)) ||
		     is_kept(u, alert_at(u->t, i));
	return n > limit;
}

static int end(struct update *u, size_t i)
{
	struct dm_alert *a = alert_at(u->t, i);
	int rc;

	a->status =
	    a->status == DM_ALERT_FIRING ? DM_ALERT_RESOLVED : DM_ALERT_DROPPED;
	rc = u->sink->changed(u->sink->ctx, u->rule, a, u->t_us, u->err);
	dm_tracking_drop(u->t, i);
	return rc;
}

static int go_on(struct update *u, struct dm_alert *a)
{
	enum dm_alert_status was = a->status;

	if (was == DM_ALERT_NONE) {
		a->status = DM_ALERT_PENDING;
		a->active_us = u->t_us;
		a->fired_us = DM_NEVER;
		a->said_minute = DM_NEVER;
	}
	if (is_seen(u, a))
		a->keep_since_us = DM_NEVER;
	else if (a->keep_since_us == DM_NEVER)
		a->keep_since_us = u->t_us;
	if (a->status == DM_ALERT_PENDING &&
	    u->t_us - a->active_us >= u->rule->for_us) {
		a->status = DM_ALERT_FIRING;
		a->fired_us = u->t_us;
	}
	if (a->status != was &&
	    u->sink->changed(u->sink->ctx, u->rule, a, u->t_us, u->err) < 0)
		return -1;
	return u->sink->active(u->sink->ctx, u->rule, a, u->t_us, u->err);
}

static int end_all(struct update *u)
{
	int rc = 0;

	for (size_t i = 0; i < u->t->n; i++)
		if (end(u, i) < 0)
			rc = -1;
	dm_tracking_compact(u->t);
	return rc;
}

int dm_alerts_update(const struct dm_rule *rule,
    const struct dm_element *elements, size_t n, int64_t t_us, bool late,
    struct dm_labels_pool *pool, const struct dm_alert_sink *sink,
    struct dm_err *err)
{
	struct dm_tracking *t = rule->memory;
	struct update u = {t, rule, t_us, sink, err};
	int rc = 0;

	if (n == 0 && t->n == 0)
		return 0;
	if (dm_tracking_match(t, rule, elements, n, pool, err) < 0)
		return -1;
	if (is_over_limit(&u)) {
		dm_tracking_undo(t);
		return dm_err_set(err, DM_EINVAL,
		    "exceeded limit of %lu with %zu alerts", rule->group->limit,
		    n);
	}
	if (dm_tracking_store(t, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n && rc == 0; i++) {
		struct dm_alert *a = alert_at(t, i);

		if (is_seen(&u, a) || (!late && is_kept(&u, a)))
			rc = go_on(&u, a);
		else if (!late)
			rc = end(&u, i);
	}
	dm_tracking_compact(t);
	return rc;
}

int dm_alerts_end(const struct dm_rule *rule, int64_t t_us,
    const struct dm_alert_sink *sink, struct dm_err *err)
{
	struct update u = {rule->memory, rule, t_us, sink, err};

	return end_all(&u);
}

void dm_alerts_set_back(const struct dm_rule *rule, int64_t t_us)
{
	for (size_t i = 0; i < rule->memory->n; i++) {
		struct dm_alert *a = alert_at(rule->memory, i);
		int64_t *const times[] = {
		    &a->active_us, &a->fired_us, &a->keep_since_us};

		for (size_t k = 0; k < DM_COUNT(times); k++)
			if (*times[k] > t_us)
				*times[k] = t_us;
	}
}
