/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "base/time.h"
#include "rules/engine-parts.h"

/*
 * The time of the last evaluation is the clock, and it goes ahead only: but
 * where it was set by a time that was wrong, rules would wait for ever.
 */

/* It is said again so often. */
#define SAY_BEHIND_US (3600 * DM_US_PER_S)

static void say(struct dm_engine *e, const struct dm_err *what)
{
	if (e->options.say)
		e->options.say(e->options.ctx, what);
}

/* Rules wait for a clock that has stepped back; that must not go unsaid. */
static void say_behind(struct dm_engine *e, int64_t t_us)
{
	struct dm_err said = {0};

	if (e->said_behind_us != DM_NEVER &&
	    e->now_us - e->said_behind_us < SAY_BEHIND_US)
		return;
	e->said_behind_us = e->now_us;
	dm_err_set(&said, DM_ELIMIT,
	    "a sweep is %" PRId64 " s older than the last one evaluated: rules "
	    "wait until its clock has caught up",
	    (e->now_us - t_us) / DM_US_PER_S);
	say(e, &said);
}

static int set_back(struct dm_engine *e, int64_t t_us, struct dm_err *err)
{
	struct dm_err said = {0};

	dm_err_set(&said, DM_ELIMIT,
	    "the last evaluation was %" PRId64
	    " s ahead of the last %d sweeps: "
	    "its clock was wrong, and rules go on from theirs",
	    (e->now_us - t_us) / DM_US_PER_S, DM_CLOCK_SWEEPS);
	say(e, &said);
	e->now_us = t_us;
	e->said_behind_us = DM_NEVER;
	e->n_behind = 0;
	e->n_set_back++;
	dm_window_set_back(e->window, t_us);
	for (size_t i = 0; i < e->rules.n; i++) {
		struct dm_rule_group *g = e->rules.groups[i];

		g->last_slot = DM_NEVER;
		for (size_t k = 0; k < g->n_rules; k++)
			if (g->rules[k].is_alert)
				dm_alerts_set_back(&g->rules[k], t_us);
	}
	return e->counts ? dm_engine_say_set_back(e, err) : 0;
}

int dm_engine_behind(
    struct dm_engine *e, int64_t t_us, bool down, struct dm_err *err)
{
	say_behind(e, t_us);
	if (down || ++e->n_behind < DM_CLOCK_SWEEPS)
		return 0;
	return set_back(e, t_us, err);
}
