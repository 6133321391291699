/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "base/utf8.h"
#include "rules/engine-parts.h"

/* Rules are looked at again so often at most. */
#define LOOK_AGAIN_NS INT64_C(1000000000)
/* ALERTS is said again so often. */
#define SAY_AGAIN_US (60 * DM_US_PER_S)

/* file, group: without the folder, so that rules are known again when the
 * same files are named by another path. */
static char *group_key(const struct dm_rule_group *g)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	const char *slash = strrchr(g->file, '/');
	const char *file = slash ? slash + 1 : g->file;

	dm_utf8_add_escaped(&b, file, strlen(file));
	dm_buf_add_char(&b, '\x1f');
	dm_buf_add_cstr(&b, g->name);
	return b.failed ? NULL : dm_str_dup(dm_buf_str(&b));
}

/* Who a rule is, up to which of those alike. */
static void add_rule_key(struct dm_buf *b, const struct dm_rule *rule)
{
	dm_buf_addf(b, "%s\x1f%s\x1f%s\x1f", rule->group->key,
	    rule->is_alert ? "alert" : "record", rule->name);
	for (size_t i = 0; i < rule->labels.n; i++) {
		dm_buf_add_str(b, rule->labels.items[i].name);
		dm_buf_add_char(b, '=');
		dm_buf_add_str(
		    b, dm_template_text(rule->labels.items[i].template));
		dm_buf_add_char(b, '\x1f');
	}
}

/* @latest  by what those alike have in common */
static int set_rule_key(
    struct dm_rule *rule, struct dm_map *latest, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	const struct dm_rule *before;
	struct dm_str common;

	add_rule_key(&b, rule);
	common = dm_buf_str(&b);
	before = dm_map_get(latest, common);
	rule->nth = before ? before->nth + 1 : 0;
	dm_buf_addf(&b, "%u", rule->nth);
	if (dm_buf_ok(&b, err) < 0)
		return -1;
	rule->key = dm_str_dup(dm_buf_str(&b));
	if (!rule->key)
		return dm_err_nomem(err);
	common.p = rule->key;
	return dm_map_put(latest, common, rule, err);
}

/* Keys of a set's groups and rules; no two rules' are alike. */
static int set_keys(struct dm_rule_set *set, struct dm_err *err)
{
	struct dm_map latest = {0};
	int rc = 0;

	for (size_t i = 0; i < set->n && rc == 0; i++) {
		struct dm_rule_group *g = set->groups[i];

		g->key = group_key(g);
		if (!g->key)
			rc = dm_err_nomem(err);
		for (size_t k = 0; k < g->n_rules && rc == 0; k++)
			rc = set_rule_key(&g->rules[k], &latest, err);
	}
	dm_map_release(&latest);
	return rc;
}

static int bind_texts(struct dm_engine *e, const struct dm_rule_texts *t,
    const struct dm_querier *q, bool *ret_fleeting, struct dm_err *err)
{
	*ret_fleeting = false;
	for (size_t i = 0; i < t->n; i++) {
		if (dm_template_bind(t->items[i].template, q,
			e->options.subquery_step_us, err) < 0)
			return -1;
		*ret_fleeting |= dm_template_is_fleeting(t->items[i].template);
	}
	return 0;
}

static int bind_rule(
    struct dm_engine *e, struct dm_rule *rule, struct dm_err *err)
{
	struct dm_querier q = dm_window_querier(e->window);
	size_t bytes = rule->is_alert ? sizeof(struct dm_alert)
				      : sizeof(struct dm_tracked);
	bool fleeting;

	q.scratch = e->scratch;
	if (!rule->is_alert &&
	    dm_labels_name(e->pool, dm_str(rule->name), &rule->metric, err) < 0)
		return -1;
	if (dm_tracking_new(bytes, &e->env, &rule->memory, err) < 0)
		return -1;
	if (bind_texts(e, &rule->labels, &q, &fleeting, err) < 0 ||
	    bind_texts(
		e, &rule->annotations, &q, &rule->keeps_annotations, err) < 0)
		return -1;
	if (e->options.subquery_step_us > 0)
		dm_expr_set_subquery_step(
		    rule->expr, e->options.subquery_step_us);
	return dm_expr_bind(rule->expr, &q, err);
}

/* Who a group is to Prometheus: "file;name". */
static int group_labels(
    struct dm_engine *e, struct dm_rule_group *g, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_label l = {.name = DM_STR("rule_group")};

	dm_utf8_add_escaped(&b, g->file, strlen(g->file));
	dm_buf_add_char(&b, ';');
	dm_buf_add_cstr(&b, g->name);
	if (dm_buf_ok(&b, err) < 0)
		return -1;
	l.value = dm_buf_str(&b);
	return dm_labels_new(e->pool, &l, 1, &g->labels, err);
}

int dm_engine_bind(
    struct dm_engine *e, struct dm_rule_set *set, struct dm_err *err)
{
	if (set_keys(set, err) < 0)
		return -1;
	for (size_t i = 0; i < set->n; i++) {
		struct dm_rule_group *g = set->groups[i];

		if (group_labels(e, g, err) < 0)
			return -1;
		for (size_t k = 0; k < g->n_rules; k++)
			if (bind_rule(e, &g->rules[k], err) < 0)
				return -1;
	}
	return 0;
}

void dm_engine_rules_release(struct dm_rule_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		struct dm_rule_group *g = set->groups[i];

		dm_labels_unref(g->labels);
		for (size_t k = 0; k < g->n_rules; k++)
			dm_tracking_free(g->rules[k].memory);
	}
	dm_rule_set_release(set);
}

/* What the rules in force record is not taken from the stream. */
static int set_own_names(struct dm_engine *e, struct dm_err *err)
{
	DM_AUTO_FREE struct dm_str *names =
	    calloc(dm_rule_set_count(&e->rules) + 5, sizeof(*names));
	size_t n = 0;
	bool alerts = false;

	if (!names)
		return dm_err_nomem(err);
	e->offset_us = 0;
	for (size_t i = 0; i < e->rules.n; i++) {
		const struct dm_rule_group *g = e->rules.groups[i];

		if (g->query_offset_us > e->offset_us)
			e->offset_us = g->query_offset_us;
		for (size_t k = 0; k < g->n_rules; k++) {
			alerts |= g->rules[k].is_alert;
			if (!g->rules[k].is_alert)
				names[n++] = g->rules[k].metric->text;
		}
	}
	if (alerts) {
		names[n++] = e->alerts_name->text;
		names[n++] = e->for_state_name->text;
	}
	if (e->counts && e->rules.n > 0) {
		names[n++] = e->failures_name->text;
		names[n++] = e->evaluations_name->text;
		names[n++] = e->set_back_name->text;
	}
	if (e->n_event_names > 0)
		memset(e->event_names, 0, e->n_event_names);
	return dm_window_set_own_names(e->window, names, n, err);
}

/* Are rules of this file or folder in force? */
static bool is_in_force(const struct dm_engine *e, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < e->rules.n; i++) {
		const struct dm_rule_group *g = e->rules.groups[i];

		if (g->n_rules > 0 && dm_str_starts(dm_str(g->file), path) &&
		    (g->file[n] == '/' || g->file[n] == '\0'))
			return true;
	}
	return false;
}

/* A folder without rule files is taken, but not without a word, and not
 * instead of what is in force: somebody may be exchanging its files. */
static int tell_no_files(
    const struct dm_engine *e, const char *path, struct dm_err *err)
{
	bool wrong = is_in_force(e, path);
	struct dm_err said = {0};

	dm_err_set(&said, DM_ENODATA, "%s",
	    wrong ? "no rule files any more" : "warning: no rule files");
	dm_err_file(&said, path);
	if (e->options.say)
		e->options.say(e->options.ctx, &said);
	if (wrong && err)
		*err = said;
	return wrong ? -1 : 0;
}

static int read_rules(
    struct dm_engine *e, struct dm_rule_set *ret, struct dm_err *err)
{
	const struct dm_engine_options *o = &e->options;
	int rc = 0;

	for (size_t i = 0; i < o->n_paths; i++) {
		struct dm_err later, *why = rc < 0 ? &later : err;
		size_t before = ret->n_files;

		if (dm_rule_set_read(ret, o->paths[i], o->say, o->ctx, why) <
			0 ||
		    (ret->n_files == before &&
			tell_no_files(e, o->paths[i], why) < 0))
			rc = -1;
	}
	return rc == 0 ? dm_engine_bind(e, ret, err) : -1;
}

/* The metrics that rules write without being asked. */
static int own_names(struct dm_engine *e, struct dm_err *err)
{
	const struct {
		const char *text;
		const struct dm_name **ret;
	} names[] = {{"ALERTS", &e->alerts_name},
	    {"ALERTS_FOR_STATE", &e->for_state_name},
	    {DM_RULE_FAILURES, &e->failures_name},
	    {DM_RULE_EVALUATIONS, &e->evaluations_name},
	    {DM_SET_BACK, &e->set_back_name}};

	for (size_t i = 0; i < DM_COUNT(names); i++)
		if (dm_labels_name(
			e->pool, dm_str(names[i].text), names[i].ret, err) < 0)
			return -1;
	return 0;
}

static int engine_open(struct dm_engine *e, struct dm_err *err)
{
	if (dm_window_new(&e->window, err) < 0 ||
	    dm_scratch_new(&e->scratch, err) < 0)
		return -1;
	e->pool = dm_window_pool(e->window);
	if (dm_labels_new(e->pool, NULL, 0, &e->no_labels, err) < 0 ||
	    own_names(e, err) < 0)
		return -1;
	e->stamp = dm_rule_stamp(e->options.paths, e->options.n_paths);
	e->looked_ns = dm_time_mono_ns();
	if (read_rules(e, &e->rules, err) < 0)
		return -1;
	return set_own_names(e, err);
}

int dm_engine_new(const struct dm_engine_options *options,
    struct dm_engine **ret, struct dm_err *err)
{
	struct dm_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return dm_err_nomem(err);
	e->options = *options;
	e->now_us = e->said_behind_us = DM_NEVER;
	e->say_again_us = SAY_AGAIN_US;
	e->counts = true;
	e->env = (struct dm_template_env){.external = options->external,
	    .n_external = options->n_external,
	    .external_url = options->external_url};
	if (engine_open(e, err) < 0) {
		dm_engine_free(e);
		return -1;
	}
	*ret = e;
	return 0;
}

void dm_engine_free(struct dm_engine *e)
{
	if (!e)
		return;
	dm_engine_rules_release(&e->rules);
	dm_scratch_free(e->scratch);
	dm_labels_unref(e->no_labels);
	dm_window_free(e->window);
	free(e->event_names);
	free(e->hot);
	dm_buf_release(&e->backlog);
	dm_buf_release(&e->labels);
	dm_buf_release(&e->line);
	free(e);
}

size_t dm_engine_n_rules(const struct dm_engine *e)
{
	return dm_rule_set_count(&e->rules);
}

enum dm_severity dm_engine_fired(const struct dm_engine *e)
{
	return e->fired;
}

int dm_engine_start(void *ctx, struct dm_scanner *scanner, struct dm_err *err)
{
	struct dm_engine *e = ctx;

	(void)err;
	e->scanner = scanner;
	return 0;
}

void dm_engine_forget(void *ctx, struct dm_identity *identity)
{
	struct dm_engine *e = ctx;

	dm_window_forget(e->window, identity);
}

static void group_goes_on(
    struct dm_rule_group *g, const struct dm_rule_group *was)
{
	g->last_slot = was->last_slot;
	g->evaluations = was->evaluations;
	g->failures = was->failures;
	g->said_failures = was->said_failures;
	g->said_minute = was->said_minute;
}

static int groups_go_on(const struct dm_rule_set *set,
    const struct dm_rule_set *old, struct dm_err *err)
{
	struct dm_map by_key = {0};
	int rc = 0;

	for (size_t i = 0; i < old->n && rc == 0; i++)
		rc = dm_map_put(
		    &by_key, dm_str(old->groups[i]->key), old->groups[i], err);
	for (size_t i = 0; i < set->n && rc == 0; i++) {
		const struct dm_rule_group *was =
		    dm_map_get(&by_key, dm_str(set->groups[i]->key));

		if (was)
			group_goes_on(set->groups[i], was);
	}
	dm_map_release(&by_key);
	return rc;
}

/* The old rules' memory goes to the new ones that are the same; what is left
 * ends. */
static int hand_over(struct dm_engine *e, struct dm_rule_set *old,
    const struct dm_map *by_key, struct dm_err *err)
{
	if (groups_go_on(&e->rules, old, err) < 0)
		return -1;
	for (size_t i = 0; i < old->n; i++) {
		struct dm_rule_group *g = old->groups[i];

		for (size_t k = 0; k < g->n_rules; k++) {
			struct dm_rule *was = &g->rules[k];
			struct dm_rule *is =
			    dm_map_get(by_key, dm_str(was->key));

			if (is) {
				struct dm_tracking *t = is->memory;

				is->memory = was->memory;
				was->memory = t;
			} else if (dm_engine_rule_end(e, was, err) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

int dm_engine_rules_by_key(
    const struct dm_rule_set *set, struct dm_map *ret, struct dm_err *err)
{
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; k < set->groups[i]->n_rules; k++) {
			struct dm_rule *rule = &set->groups[i]->rules[k];

			if (dm_map_put(ret, dm_str(rule->key), rule, err) < 0)
				return -1;
		}
	return 0;
}

static int replace_rules(
    struct dm_engine *e, struct dm_rule_set *fresh, struct dm_err *err)
{
	struct dm_rule_set old = e->rules;
	struct dm_map by_key = {0};
	int rc = dm_engine_rules_by_key(fresh, &by_key, err);

	if (rc == 0) {
		e->rules = *fresh;
		*fresh = old;
		rc = set_own_names(e, err);
	}
	if (rc == 0)
		rc = hand_over(e, &old, &by_key, err);
	dm_map_release(&by_key);
	return rc;
}

/* Wrong rules leave the old ones in force; why has been said. */
static int reload(struct dm_engine *e, struct dm_err *err)
{
	struct dm_rule_set fresh = {0};
	struct dm_err why = {0};
	int rc = 0;

	e->stamp = dm_rule_stamp(e->options.paths, e->options.n_paths);
	if (read_rules(e, &fresh, &why) == 0) {
		rc = replace_rules(e, &fresh, err);
	} else if (e->options.say) {
		dm_err_set(&why, DM_EPARSE,
		    "rules not read again: the old ones stay in force");
		why.line = why.column = 0;
		why.file[0] = '\0';
		e->options.say(e->options.ctx, &why);
	}
	dm_engine_rules_release(&fresh);
	return rc;
}

static int look_again(struct dm_engine *e, struct dm_err *err)
{
	int64_t now_ns = dm_time_mono_ns();

	if (now_ns - e->looked_ns < LOOK_AGAIN_NS)
		return 0;
	e->looked_ns = now_ns;
	if (dm_rule_stamp(e->options.paths, e->options.n_paths) == e->stamp)
		return 0;
	return reload(e, err);
}

void dm_engine_begin(struct dm_engine *e, struct dm_buf *out)
{
	e->out = out;
	if (e->backlog.n > 0) {
		dm_buf_add_str(out, dm_buf_str(&e->backlog));
		dm_buf_release(&e->backlog);
	}
}

static void say_left_out(struct dm_engine *e)
{
	struct dm_err said = {0};

	if (e->said_left_out || !e->options.say)
		return;
	e->said_left_out = true;
	dm_err_set(&said, DM_ELIMIT,
	    DM_WINDOW_LEFT_OUT ": new ones are left out from now on");
	e->options.say(e->options.ctx, &said);
}

int dm_engine_record(void *ctx, const struct dm_record *r, struct dm_buf *out,
    struct dm_err *err)
{
	struct dm_engine *e = ctx;
	struct dm_window_seen seen = {0};

	dm_engine_begin(e, out);
	if (dm_window_record(e->window, e->scanner, r, &seen, err) < 0)
		return -1;
	if (seen.left_out)
		say_left_out(e);
	if (e->options.silence_us > 0) {
		struct dm_target *t = dm_window_last_target(e->window);

		if (t)
			t->user = dm_time_mono_ns();
	}
	for (unsigned i = 0; i < seen.n_ended; i++) {
		bool down = seen.down && i + 1 == seen.n_ended;

		if (dm_engine_sweep(e, seen.ended_us[i], down, err) < 0)
			return -1;
	}
	if (seen.event && dm_engine_event(e, r, err) < 0)
		return -1;
	return seen.n_ended > 0 ? look_again(e, err) : 0;
}

int dm_engine_hangup(void *ctx, struct dm_buf *out, struct dm_err *err)
{
	struct dm_engine *e = ctx;

	dm_engine_begin(e, out);
	return reload(e, err);
}

int dm_engine_end(void *ctx, struct dm_buf *out, struct dm_err *err)
{
	struct dm_engine *e = ctx;
	int64_t t_us;
	int rc;

	dm_engine_begin(e, out);
	while ((rc = dm_window_end_sweep(e->window, &t_us, err)) > 0)
		if (dm_engine_sweep(e, t_us, false, err) < 0)
			return -1;
	return rc;
}
