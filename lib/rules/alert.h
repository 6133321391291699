/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_ALERT_H
#define DM_RULES_ALERT_H

#include "rules/tracked.h"

enum dm_alert_status {
	DM_ALERT_NONE,
	DM_ALERT_PENDING,
	DM_ALERT_FIRING,
	DM_ALERT_RESOLVED, /* was firing */
	DM_ALERT_DROPPED,  /* was pending, never fired */
};

/** "pending", "firing", "resolved", "dropped" */
const char *dm_alert_status_name(enum dm_alert_status status);

#define DM_NEVER INT64_MIN

struct dm_alert {
	struct dm_tracked of; /* first: see dm_tracking */
	enum dm_alert_status status;
	int64_t active_us;     /* since when the expression has it */
	int64_t fired_us;      /* DM_NEVER: not yet */
	int64_t keep_since_us; /* kept firing without its element since */
	/* What ALERTS says of it, and in which minute it was said. */
	enum dm_alert_status said;
	int64_t said_minute;
};

/** Told of each change of state, and of what stays active. */
struct dm_alert_sink {
	void *ctx;
	/** alert->status is the new one; after DM_ALERT_RESOLVED and
	 * DM_ALERT_DROPPED the alert goes. */
	int (*changed)(void *ctx, const struct dm_rule *rule,
	    struct dm_alert *alert, int64_t t_us, struct dm_err *err);
	/** Pending or firing after this evaluation. */
	int (*active)(void *ctx, const struct dm_rule *rule,
	    struct dm_alert *alert, int64_t t_us, struct dm_err *err);
};

/**
 * An evaluation of the rule at t_us has given these elements. What is active
 * are the items of rule->memory, each a struct dm_alert.
 * @late  it looked at an earlier time: it ends nothing
 * Returns 0, or -1 with DM_EINVAL and nothing changed as Prometheus has it:
 * two elements with the same labels, more alerts than the group's limit (where
 * Prometheus forgets them all, and nobody hears of it); or what the sink says.
 * Source: Prometheus, rules/alerting.go, AlertingRule.Eval.
 */
int dm_alerts_update(const struct dm_rule *rule,
    const struct dm_element *elements, size_t n, int64_t t_us, bool late,
    struct dm_labels_pool *pool, const struct dm_alert_sink *sink,
    struct dm_err *err) DM_MUST_CHECK;

/** The clock has been set back: times that are later are t_us now. */
void dm_alerts_set_back(const struct dm_rule *rule, int64_t t_us);

/** End all alerts: their rule has gone. */
int dm_alerts_end(const struct dm_rule *rule, int64_t t_us,
    const struct dm_alert_sink *sink, struct dm_err *err) DM_MUST_CHECK;

#endif
