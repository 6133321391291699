/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TEMPLATE_H
#define DM_RULES_TEMPLATE_H

#include "promql/promql.h"

/* The bounds of a template. Source: dmon-rules(5). */
#define DM_TEMPLATE_MAX_BYTES	65536 /* of what it expands to, or any part */
#define DM_TEMPLATE_MAX_DEPTH	32
#define DM_TEMPLATE_MAX_EFFORT	200000 /* statements, calls, loops */
#define DM_TEMPLATE_MAX_QUERIES 1000

/**
 * The templates of labels and annotations: Go's text/template as Prometheus
 * uses it, with its functions, but for call and js, which are refused when a
 * template is read, as is a query that can't be told then (dmon-rules(5)).
 */
struct dm_template;

/**
 * Read a template.
 * @ret_offset  where in text the error is; may be NULL
 * Returns 0, or -1 with DM_EPARSE.
 */
int dm_template_parse(struct dm_str text, struct dm_template **ret,
    size_t *ret_offset, struct dm_err *err) DM_MUST_CHECK;
/** A text that stands for itself. */
int dm_template_plain(struct dm_str text, struct dm_template **ret,
    struct dm_err *err) DM_MUST_CHECK;
void dm_template_free(struct dm_template *t);

/** The text it was read from. */
struct dm_str dm_template_text(const struct dm_template *t);

/**
 * Say where the samples come from that its queries look at: once, before it
 * is expanded; querier->ctx must outlive it.
 * @step_us  of subqueries that name none; 0: as usual
 */
int dm_template_bind(struct dm_template *t, const struct dm_querier *querier,
    int64_t step_us, struct dm_err *err) DM_MUST_CHECK;

/** Does it look at the value of the element, or only at its labels? */
bool dm_template_uses_value(const struct dm_template *t);
/** Does it look at anything else: at samples, at the time? It then has to be
 * expanded when the element is there, and not later. */
bool dm_template_is_fleeting(const struct dm_template *t);

/** What is the same for all templates of an evaluation. */
struct dm_template_env {
	int64_t t_us;			 /* of the evaluation */
	const struct dm_label *external; /* labels, in order of their names */
	size_t n_external;
	const char *external_url; /* or NULL */
};

/** What a template is about. */
struct dm_template_data {
	const struct dm_labels *labels;
	const struct dm_name *name; /* the label __name__; or NULL */
	double value;
	const struct dm_template_env *env; /* NULL: an empty one */
};

/**
 * Expand. What goes wrong on the way is put into the text, as Prometheus
 * does: "<error expanding template: …>".
 * Returns 0, or -1 with DM_ENOMEM.
 */
int dm_template_expand(const struct dm_template *t,
    const struct dm_template_data *data, struct dm_buf *out,
    struct dm_err *err) DM_MUST_CHECK;

#endif
