/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/map.h"
#include "rules/rule.h"

/* What promtool takes rules for the same by. */
struct identity {
	char *text;
	const struct dm_rule *rule; /* the first of it */
};

/* The name and the labels, in order of their names. */
static void add_identity(struct dm_buf *b, const struct dm_rule *rule)
{
	dm_buf_addf(b, "%d", rule->is_alert);
	dm_buf_add_cstr(b, rule->name);
	for (size_t i = 0; i < rule->labels.n; i++) {
		dm_buf_add_char(b, '\xff');
		dm_buf_add_str(b, rule->labels.items[i].name);
		dm_buf_add_char(b, '\xff');
		dm_buf_add_str(
		    b, dm_template_text(rule->labels.items[i].template));
	}
}

/* @by_identity  keys are freed by the caller */
static int note_rule(const struct dm_rule *rule, struct dm_map *by_identity,
    dm_rule_error_fn tell, void *ctx, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	DM_AUTO_FREE struct identity *own = calloc(1, sizeof(*own));
	const struct identity *before;
	struct dm_err said = {0};

	add_identity(&b, rule);
	if (!own)
		return dm_err_nomem(err);
	if (dm_buf_ok(&b, err) < 0)
		return -1;
	before = dm_map_get(by_identity, dm_buf_str(&b));
	if (before) {
		dm_err_at(&said, DM_EINVAL, rule->line, 0,
		    "warning: duplicate rule: %s \"%s\" with these labels is "
		    "in line %u already",
		    rule->is_alert ? "alert" : "record", rule->name,
		    before->rule->line);
		dm_err_file(&said, rule->group->file);
		tell(ctx, &said);
		return 0;
	}
	own->rule = rule;
	own->text = dm_str_dup(dm_buf_str(&b));
	if (!own->text)
		return dm_err_nomem(err);
	if (dm_map_put(by_identity, (struct dm_str){own->text, b.n}, own, err) <
	    0) {
		free(own->text);
		return -1;
	}
	own = NULL;
	return 0;
}

int dm_rule_set_duplicates(const struct dm_rule_set *set, dm_rule_error_fn tell,
    void *ctx, struct dm_err *err)
{
	struct dm_map by_identity = {0};
	struct identity *id;
	size_t at = 0;
	int rc = 0;

	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; k < set->groups[i]->n_rules && rc == 0; k++)
			rc = note_rule(&set->groups[i]->rules[k], &by_identity,
			    tell, ctx, err);
	while ((id = dm_map_next(&by_identity, &at))) {
		free(id->text);
		free(id);
	}
	dm_map_release(&by_identity);
	return rc;
}
