/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/rule.h"

enum dm_severity dm_severity_of(struct dm_str name)
{
	static const char *const names[] = {"", "info", "warning", "critical"};

	for (int i = 1; i < (int)DM_COUNT(names); i++)
		if (dm_str_is(name, names[i]))
			return (enum dm_severity)i;
	return DM_SEVERITY_NONE;
}

/* The severity that a rule's alerts will have; empty where they have none or
 * where it can't be told. */
static struct dm_str severity_of(const struct dm_rule *rule)
{
	for (size_t i = 0; i < rule->labels.n; i++) {
		const struct dm_rule_text *l = &rule->labels.items[i];
		struct dm_str text = dm_template_text(l->template);

		if (dm_str_is(l->name, "severity") &&
		    !(text.n > 0 && memmem(text.p, text.n, "{{", 2)))
			return text;
	}
	return (struct dm_str){0};
}

static void check_rule(
    const struct dm_rule *rule, dm_rule_error_fn tell, void *ctx)
{
	struct dm_str severity = severity_of(rule);
	struct dm_err said = {0};

	if (!rule->is_alert || severity.n == 0 ||
	    dm_severity_of(severity) != DM_SEVERITY_NONE)
		return;
	dm_err_at(&said, DM_EINVAL, rule->line, 0,
	    "warning: alert \"%s\": the severity \"%.*s\" is not info, "
	    "warning or critical: --fail-on passes it over",
	    rule->name, (int)severity.n, severity.p);
	dm_err_file(&said, rule->group->file);
	tell(ctx, &said);
}

void dm_rule_set_severities(
    const struct dm_rule_set *set, dm_rule_error_fn tell, void *ctx)
{
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; k < set->groups[i]->n_rules; k++)
			check_rule(&set->groups[i]->rules[k], tell, ctx);
}
