/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_PROMQL_PROMQL_H
#define DM_PROMQL_PROMQL_H

#include "series/series.h"

/**
 * PromQL as Prometheus 3 has it: parse, bind to a source of samples, and
 * evaluate, any number of times.
 *
 *	dm_expr_parse(text, &expr, err);
 *	dm_expr_bind(expr, &querier, err);
 *	dm_expr_eval(expr, t_us, &value, err);	(lent until the next eval)
 *	dm_expr_free(expr);
 */
struct dm_expr;

enum dm_value_kind {
	DM_EXPR_SCALAR,
	DM_EXPR_VECTOR, /* an instant vector */
	DM_EXPR_RANGE,	/* a range vector */
	DM_EXPR_STRING,
};

/** One element of a vector. */
struct dm_element {
	struct dm_labels *labels;
	const struct dm_name *name; /* NULL: it has none (any more) */
	double value;
};

/** One series of a range vector: samples in order, no markers. */
struct dm_value_series {
	struct dm_labels *labels;
	const struct dm_name *name; /* NULL: it has none (any more) */
	const struct dm_sample *p;
	size_t n; /* > 0 */
};

/** What an expression comes to. All is lent: take a reference of labels
 * that are to be kept. */
struct dm_value {
	enum dm_value_kind kind;
	double scalar;
	struct dm_str string;
	/* No two of equal name and labels: of a vector, or of a range. */
	const struct dm_element *elements;
	const struct dm_value_series *series;
	size_t n;
};

/**
 * Parse and check an expression.
 * Returns 0, or -1 with DM_EPARSE, err->line and err->column (of the
 * expression's text, from 1) and a message that says what was expected or
 * what is not supported; DM_ELIMIT when it is nested too deeply.
 */
int dm_expr_parse(
    struct dm_str text, struct dm_expr **ret, struct dm_err *err) DM_MUST_CHECK;
void dm_expr_free(struct dm_expr *e);
static inline void dm_expr_cleanup(struct dm_expr **e)
{
	dm_expr_free(*e);
}
#define DM_AUTO_EXPR DM_CLEANUP(dm_expr_cleanup)

/** Of what kind its value will be. Rules want a scalar or a vector. */
enum dm_value_kind dm_expr_kind(const struct dm_expr *e);
/** "scalar", "instant vector", "range vector", "string". */
const char *dm_value_kind_name(enum dm_value_kind kind);

/** The text it was parsed from. */
struct dm_str dm_expr_text(const struct dm_expr *e);

/** Its selectors, to know which metrics it names and how far it reaches. */
size_t dm_expr_n_selectors(const struct dm_expr *e);
const struct dm_selector *dm_expr_selector(const struct dm_expr *e, size_t i);

/** Is it one selector and nothing else: no range, no offset? */
bool dm_expr_is_selector(const struct dm_expr *e);

/**
 * Can it be evaluated on a stream, of which only the end is kept?
 * Returns 0, or -1 with the place: DM_EINVAL for a time that is fixed (@),
 * DM_EPARSE for a duration that is none where there is no range.
 */
int dm_expr_check_stream(struct dm_expr *e, struct dm_err *err) DM_MUST_CHECK;

/** Does one of its selectors match series of this metric name? */
bool dm_expr_names(const struct dm_expr *e, struct dm_str metric);

/* How many samples an evaluation may look at.
 * Source: Prometheus 3, --query.max-samples. */
#define DM_EXPR_SAMPLES_MAX 50000000

/**
 * It will be evaluated at steps of a range query: start() and end() are the
 * query's, and the querier's samples will not change meanwhile, so that what
 * one step has found out can serve the next. Without it start() and end()
 * are the time of the evaluation, as in an instant query or a rule. Before
 * it is bound; selectors' reach may change.
 * Returns 0, or -1 with DM_EINVAL, or DM_EPARSE for a duration that is none
 * with such a range, as in [step() - 5m].
 */
int dm_expr_set_range(struct dm_expr *e, int64_t start_us, int64_t end_us,
    int64_t step_us, struct dm_err *err) DM_MUST_CHECK;

/**
 * What step() and range() are in durations, where start and end are not known
 * yet: to know how far selectors reach. Returns as dm_expr_set_range, which
 * sets them too.
 */
int dm_expr_set_lengths(struct dm_expr *e, int64_t range_us, int64_t step_us,
    struct dm_err *err) DM_MUST_CHECK;

/** Instead of DM_EXPR_SAMPLES_MAX; evaluations beyond fail with DM_ELIMIT, and
 * so do those that take more than ten times as many steps without samples. */
void dm_expr_set_samples_max(struct dm_expr *e, uint64_t n);

/** The step of subqueries that name none, instead of a minute: Prometheus
 * takes its global evaluation_interval. > 0. */
void dm_expr_set_subquery_step(struct dm_expr *e, int64_t step_us);

/**
 * Say where samples come from. Once for an expression; querier->ctx must
 * outlive it.
 * Returns 0, or -1 with what the querier says, or DM_EPARSE for a duration
 * that is none in an instant query: [step()].
 */
int dm_expr_bind(struct dm_expr *e, const struct dm_querier *querier,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Evaluate at a time.
 * @ret  lent until the expression is evaluated again, rests or is freed, and
 *       as long as the querier's series are not changed; a range vector, only
 *       until another expression is evaluated that shares its scratch
 * Returns 0, or -1 with DM_EINVAL where Prometheus gives an error as well
 * (e.g. many-to-many matching), DM_ELIMIT with the limit, DM_ENOMEM, or what
 * the querier says.
 */
int dm_expr_eval(struct dm_expr *e, int64_t t_us, struct dm_value *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** Its value is not needed any more, nor the memory that it takes. */
void dm_expr_rest(struct dm_expr *e);

/** What evaluations need while they run, shared by expressions that are
 * evaluated one after the other: for querier->scratch. */
struct dm_scratch;
int dm_scratch_new(struct dm_scratch **ret, struct dm_err *err) DM_MUST_CHECK;
/** The expressions must have been freed. */
void dm_scratch_free(struct dm_scratch *s);

/** The functions there are, one by one from 0, in no order; NULL behind the
 * last. */
const char *dm_expr_function_name(size_t nth);

#endif
