/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_ENGINE_PARTS_H
#define DM_RULES_ENGINE_PARTS_H

#include "rules/alert.h"
#include "rules/engine.h"
#include "series/window.h"

/* What engine.c (the stream), evaluate.c (rules), report.c (what they write)
 * and state.c share. */

/* How evaluations are counted. Source: Prometheus, rules/group.go. */
#define DM_RULE_FAILURES    "prometheus_rule_evaluation_failures_total"
#define DM_RULE_EVALUATIONS "prometheus_rule_evaluations_total"
/* How often the clock was wrong. */
#define DM_SET_BACK "dmon_clock_set_back_total"

struct dm_engine {
	struct dm_engine_options options;
	struct dm_window *window;
	struct dm_labels_pool *pool;
	struct dm_scratch *scratch;
	struct dm_scanner *scanner;
	struct dm_rule_set rules;
	struct dm_labels *no_labels; /* of a scalar */
	const struct dm_name *alerts_name, *for_state_name;
	const struct dm_name *failures_name, *evaluations_name;
	const struct dm_name *set_back_name;

	int64_t now_us;		/* of the last evaluation; DM_NEVER: none yet */
	unsigned n_behind;	/* sweeps in a row, far before it */
	int64_t said_behind_us; /* when that was said last, by now_us */
	uint64_t n_set_back;	/* how often it was found to be wrong */
	int64_t offset_us;	/* the greatest query_offset */
	int64_t say_again_us;	/* ALERTS is written so often, or oftener */
	bool counts;		/* write how many evaluations there were */
	struct dm_template_env env;
	/* Told of an evaluation that failed, unless the one before it did. */
	void (*failed)(
	    void *ctx, const struct dm_rule *rule, const struct dm_err *why);
	void *failed_ctx;

	bool said_left_out; /* metrics, as there are too many */

	/* Rule files: */
	uint64_t stamp;
	int64_t looked_ns;

	/* By a name's id in the scanner: do rules look at it as an event's? */
	uint8_t *event_names;
	size_t n_event_names;
	uint64_t event_epoch; /* the scanner's, then */
	struct dm_str *hot;   /* names under way; see dm_engine_event */
	size_t cap_hot;

	struct dm_buf *out;	    /* of the callback under way */
	struct dm_buf backlog;	    /* to be written first of all */
	struct dm_buf labels, line; /* scratch */
	enum dm_severity fired;
};

/** A callback begins: what rules write goes to out, behind what is waiting. */
void dm_engine_begin(struct dm_engine *e, struct dm_buf *out);

/** Make a rule set ready: bound to the window, with keys and memory. */
int dm_engine_bind(struct dm_engine *e, struct dm_rule_set *set,
    struct dm_err *err) DM_MUST_CHECK;
/** Its rules by their keys, which they lend. */
int dm_engine_rules_by_key(const struct dm_rule_set *set, struct dm_map *ret,
    struct dm_err *err) DM_MUST_CHECK;
/** Free a set whose rules may have memory. */
void dm_engine_rules_release(struct dm_rule_set *set);

/**
 * A sweep has ended: evaluate the groups whose slot begins.
 * @down  it says that its target is down
 */
int dm_engine_sweep(struct dm_engine *e, int64_t t_us, bool down,
    struct dm_err *err) DM_MUST_CHECK;
/** A sweep has ended that lies far before the last evaluation: it is not
 * evaluated, but may tell that the clock was wrong. */
int dm_engine_behind(struct dm_engine *e, int64_t t_us, bool down,
    struct dm_err *err) DM_MUST_CHECK;
/** An event: evaluate the rules that name one of its metrics. */
int dm_engine_event(struct dm_engine *e, const struct dm_record *r,
    struct dm_err *err) DM_MUST_CHECK;
/** A rule has gone: end what it has. */
int dm_engine_rule_end(struct dm_engine *e, struct dm_rule *rule,
    struct dm_err *err) DM_MUST_CHECK;
/** Evaluate a group, whether its slot begins or not. */
int dm_engine_evaluate(struct dm_engine *e, struct dm_rule_group *g,
    int64_t t_us, struct dm_err *err) DM_MUST_CHECK;
/**
 * The annotations of an alert: expanded, or as they were when its element was
 * there last.
 * @scratch  empty; what is expanded now
 * @ret      lent, by scratch or by the alert
 */
int dm_engine_annotations(struct dm_engine *e, const struct dm_rule *rule,
    struct dm_alert *a, struct dm_label_list *scratch,
    const struct dm_label_list **ret, struct dm_err *err) DM_MUST_CHECK;

/** Write how many evaluations of a group there were, and how many failed,
 * where that is due. */
int dm_engine_say_counts(struct dm_engine *e, struct dm_rule_group *g,
    struct dm_err *err) DM_MUST_CHECK;

/** Write how often the clock was wrong. */
int dm_engine_say_set_back(
    struct dm_engine *e, struct dm_err *err) DM_MUST_CHECK;

/** What writes the changes of alerts. */
struct dm_alert_sink dm_engine_sink(struct dm_engine *e);
/** Write a recorded sample with the labels of an item and put it into the
 * window; dm_stale(): it has ended. */
int dm_engine_put(struct dm_engine *e, const struct dm_name *name,
    struct dm_tracked *item, int64_t t_us, double value,
    struct dm_err *err) DM_MUST_CHECK;

static inline int64_t dm_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

#endif
