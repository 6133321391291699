/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_PROMQL_EXPR_H
#define DM_PROMQL_EXPR_H

#include "promql/lex.h"
#include "promql/promql.h"

/* The tree of an expression, private to lib/promql. */

#define DM_EXPR_DEPTH_MAX 200
#define DM_EXPR_ARGS_MAX  250
#define DM_EXPR_BYTES_MAX (64 * 1024)

/* Scalar arguments of a function of series or values. */
#define DM_EXPR_SCALARS_MAX 4

/* What one evaluation may cost beside its samples: the nodes that are
 * evaluated, and the elements that they come to. */
#define DM_EXPR_WORK_PER_SAMPLE 10 /* of those allowed */
#define DM_EXPR_NODE_WORK	16

/* A subquery's step where it names none.
 * Source: Prometheus 3, global.evaluation_interval. */
#define DM_EXPR_STEP_US (60 * INT64_C(1000000))

enum dm_node_type {
	DM_NODE_NUMBER,
	DM_NODE_STRING,
	DM_NODE_SELECTOR, /* instant, or range where range_us is not 0 */
	DM_NODE_INFO,	  /* a selector that its call, info(), looks at */
	DM_NODE_SUBQUERY,
	DM_NODE_UNARY, /* minus; a plus is dropped */
	DM_NODE_BINARY,
	DM_NODE_AGGREGATE,
	DM_NODE_CALL,
};

enum dm_group_side {
	DM_GROUP_NONE,
	DM_GROUP_LEFT,
	DM_GROUP_RIGHT
};

/** The time that a selector or subquery looks at, less its offset. */
enum dm_at {
	DM_AT_EVAL,  /* the evaluation's */
	DM_AT_TIME,  /* @ 1795476513 */
	DM_AT_START, /* @ start() */
	DM_AT_END,   /* @ end() */
};

/** What a selector sees beside its range, as far as the lookback. */
enum dm_extend {
	DM_EXTEND_NONE,
	DM_EXTEND_ANCHORED, /* the sample before it */
	DM_EXTEND_SMOOTHED, /* and the one behind it */
};

/** Elements that grow. */
struct dm_vec {
	struct dm_element *p;
	size_t n, cap;
};

/** Label names in by (…), on (…), group_left (…). */
struct dm_names {
	struct dm_str *p; /* each its own allocation */
	size_t n, cap;
};

/** From a label set to the one that it is grouped under; by its id. */
struct dm_grouped {
	uint64_t serial; /* of the set that this was said of */
	struct dm_labels *group;
};

struct dm_node {
	enum dm_node_type type;
	enum dm_value_kind kind;
	unsigned at;	/* offset in the text, for messages */
	unsigned depth; /* of the tree below */
	bool mixed;	/* its elements may have different metric names */
	struct dm_node **args;
	size_t n_args, cap_args;
	double number;
	char *string;
	size_t string_n;
	/* of a selector */
	struct dm_selector selector;
	bool has_name; /* before the braces */
	void *handle;
	/* of a selector or subquery */
	int64_t offset_us, range_us;
	bool has_offset;
	enum dm_at at_kind;
	int64_t at_us;
	int64_t step_us; /* of a subquery; 0: the default */
	enum dm_extend extend;
	/* Where the durations stand that the query's step or range is part
	 * of; 0: they are known. */
	unsigned range_at, step_at, offset_at;
	struct dm_subquery *subquery;
	/* of an operator or aggregation */
	enum dm_token_type op;
	bool return_bool;
	bool on;	      /* on or by; false: ignoring or without */
	bool matching;	      /* on or ignoring was said */
	bool grouped_by_name; /* __name__ is among by (…) or on (…) */
	bool drops_name;      /* matching one to one does */
	enum dm_group_side side;
	bool has_fill[2]; /* left, right: fill_left (…), fill_right (…) */
	double fill[2];
	struct dm_names names;
	struct dm_names include;
	/* of a call */
	const struct dm_function *function;
	struct dm_regex *regex;
	/* of the evaluation */
	struct dm_vec out;
	double scalar;
	struct dm_grouped *cache;
	size_t n_cache;
	bool is_constant; /* in a range query: all of it is under @ */
	bool is_done;	  /* and has been evaluated */
	struct dm_labels **kept;
	size_t n_kept;
	uint32_t *hints; /* of each series, how many samples had passed */
	size_t n_hints;
};

/** By a label set's id: what the running operation has noted for it. */
struct dm_slot {
	uint64_t epoch; /* noted now, or something older */
	size_t index;
};

/** What an evaluation needs while it runs. */
struct dm_scratch {
	struct dm_slot *slots[2];
	size_t n_slots[2];
	uint64_t epochs[2]; /* what is noted now, in each */
	uint64_t epoch;
	struct dm_buf samples; /* of a range, without markers */
	struct dm_buf values;  /* of a range function */
	struct dm_buf work;    /* of an aggregation */
	struct dm_vec *spare;  /* that no node holds */
	size_t n_spare, cap_spare;
};

struct dm_expr {
	char *text;
	size_t text_n;
	struct dm_node *root;
	struct dm_node **selectors;
	size_t n_selectors, cap_selectors;
	struct dm_querier querier;
	bool bound;
	/* of the query */
	bool has_range;
	int64_t start_us, end_us;
	int64_t query_step_us, query_range_us; /* 0 of an instant */
	bool has_lengths; /* durations that these are part of */
	int64_t default_step_us;
	uint64_t samples_max;
	/* of the evaluation */
	int64_t outer_us; /* what was asked for */
	int64_t t_us;	  /* in a subquery, one of its steps */
	uint64_t n_samples;
	uint64_t n_work;
	struct dm_labels **held; /* label sets made by this evaluation */
	size_t n_held, cap_held;
	struct dm_labels_builder builder;
	struct dm_buf buf;
	struct dm_scratch *scratch; /* the querier's, or its own */
	struct dm_scratch own;
};

/** What a range function sees of one series: t_us in (start, end], or in
 * (from, to] where it is extended. */
struct dm_range {
	const struct dm_sample *p;
	size_t n;	       /* > 0 */
	struct dm_sample last; /* p[n - 1], nearer */
	int64_t start_us, end_us;
	int64_t from_us, to_us;
	enum dm_extend extend;
	bool rises;	 /* no value is less than the one before it */
	int64_t eval_us; /* the evaluation's: end_us without the offset */
	double *scratch; /* n doubles */
};

/** False: no result for this series. */
typedef bool dm_range_fn(
    const struct dm_range *r, const double *args, double *ret);
typedef double dm_math_fn(double v, const double *args);
typedef int dm_call_fn(
    struct dm_expr *e, struct dm_node *node, struct dm_err *err);

/** A function: one of range, plain, math and call is set. */
struct dm_function {
	const char *name;
	enum dm_value_kind ret;
	/* One letter an argument: r range, v vector, s scalar, t string;
	 * l labels in braces; those behind a '?' may be left out, '*' repeats
	 * the last. */
	const char *args;
	dm_range_fn *range;
	double (*plain)(double v);
	dm_math_fn *math;
	dm_call_fn *call;
	dm_call_fn *check; /* once it is parsed */
	/* Of range: what is wrong with the scalars, or NULL. */
	const char *(*wrong)(const double *args);
	bool keeps_name;
	bool by_time; /* its value changes with the time of the evaluation */
	bool anchors, smooths; /* takes ranges that are extended so */
	double missing;	       /* the first scalar, where it is left out */
};

#define DM_CALL(fn_name, kind, letters, fn)                                    \
	{                                                                      \
		.name = (fn_name), .ret = (kind), .args = (letters),           \
		.call = (fn)                                                   \
	}

/* The same of one by time. */
#define DM_CALL_AT(fn_name, kind, letters, fn)                                 \
	{                                                                      \
		.name = (fn_name), .ret = (kind), .args = (letters),           \
		.call = (fn), .by_time = true                                  \
	}

const struct dm_function *dm_function_find(struct dm_str name);

/** Why there is no such function. */
const char *dm_function_missing(struct dm_str name);

extern const struct dm_function dm_functions_range[];
extern const struct dm_function dm_functions_over_time[];
extern const struct dm_function dm_functions_math[];
extern const struct dm_function dm_functions_call[];
extern const struct dm_function dm_functions_date[];
extern const struct dm_function dm_functions_label[];
extern const struct dm_function dm_functions_sort[];
extern const struct dm_function dm_functions_histogram[];
extern const struct dm_function dm_functions_info[];

/** As Go's Duration.Seconds. */
static inline double dm_go_seconds(int64_t us)
{
	return (double)(us / 1000000) + (double)(us % 1000000 * 1000) / 1e9;
}

/** As Go's math.Max and math.Min, which give NaN for any NaN. */
double dm_go_max(double a, double b);
double dm_go_min(double a, double b);

void dm_node_free(struct dm_node *node);

/** An error about a place in the text. Returns -1. */
int dm_expr_error(const struct dm_expr *e, unsigned at, enum dm_code code,
    struct dm_err *err, const char *fmt, ...) DM_PRINTF(5, 6);

/* Evaluation: each leaves its result in node->out or node->scalar. */
int dm_eval(
    struct dm_expr *e, struct dm_node *node, struct dm_err *err) DM_MUST_CHECK;
int dm_eval_binary(
    struct dm_expr *e, struct dm_node *node, struct dm_err *err) DM_MUST_CHECK;
int dm_eval_aggregate(
    struct dm_expr *e, struct dm_node *node, struct dm_err *err) DM_MUST_CHECK;

/** Set how far its selectors look, and what is constant in a range query. */
void dm_expr_reach(struct dm_expr *e);

/** Work out the durations that the query's step or range is part of. Returns
 * 0, or -1 where one is none. */
int dm_expr_lengths(struct dm_expr *e, struct dm_err *err) DM_MUST_CHECK;

/** Set from and to: the range, or what it is extended to. */
void dm_range_extend(struct dm_range *r, enum dm_extend extend);

/** rate, increase and delta of a range that is extended. */
bool dm_range_extended(
    const struct dm_range *r, bool is_counter, bool is_rate, double *ret);

/** The first sample that counts: the last one that is not behind the start of
 * an anchored range. False: there is none behind the start. */
bool dm_range_anchor(const struct dm_range *r, size_t *ret);

/** The values of a smoothed selector without a range. */
int dm_eval_smoothed(
    struct dm_expr *e, struct dm_node *node, struct dm_err *err) DM_MUST_CHECK;

/** Of samples without markers, in a range that is extended: those in it, and
 * one at each end. Added to e->scratch->samples; how many that were. */
size_t dm_eval_extend(struct dm_expr *e, const struct dm_range *r);

/** The time that a selector or subquery looks at now. */
int64_t dm_node_time(const struct dm_expr *e, const struct dm_node *node);

/**
 * The series of a range selector or a subquery, and its range: samples in
 * (*ret_start, *ret_end], maybe others around them.
 */
int dm_eval_series(struct dm_expr *e, struct dm_node *node, int64_t *ret_start,
    int64_t *ret_end, struct dm_series_set *ret,
    struct dm_err *err) DM_MUST_CHECK;

void dm_subquery_free(struct dm_subquery *s);

/** Count samples that have been looked at; too many are an error. */
static inline bool dm_eval_has_too_many(struct dm_expr *e, size_t n)
{
	e->n_samples += n;
	return e->n_samples > e->samples_max;
}

/** Says so. Returns -1. */
int dm_eval_too_many(const struct dm_expr *e, struct dm_err *err);

/** Room for n elements in all, none of which is there yet. */
int dm_vec_reserve(struct dm_expr *e, struct dm_vec *v, size_t n,
    struct dm_err *err) DM_MUST_CHECK;

/** All elements of another. */
int dm_vec_copy(struct dm_expr *e, struct dm_vec *v, const struct dm_vec *from,
    struct dm_err *err) DM_MUST_CHECK;

/** It is not needed any more: its memory is for the next who wants some. */
void dm_vec_give_back(struct dm_expr *e, struct dm_vec *v);

void dm_scratch_release(struct dm_scratch *s);

/** A vector of one element, with the labels of e->builder. */
int dm_eval_one(struct dm_expr *e, struct dm_node *node, double v,
    struct dm_err *err) DM_MUST_CHECK;

/** Keep a label set until the next evaluation; takes the reference. */
int dm_eval_hold(struct dm_expr *e, struct dm_labels *labels,
    struct dm_err *err) DM_MUST_CHECK;

/** Give back what is held, but for the first so many. */
void dm_eval_release(struct dm_expr *e, size_t from);

/** Start noting in one of the two arrays: nothing is noted now. */
int dm_slots_begin(
    struct dm_expr *e, unsigned which, struct dm_err *err) DM_MUST_CHECK;

/** The slot of a label set, NULL without memory; lent until the next. */
struct dm_slot *dm_slot(
    struct dm_expr *e, unsigned which, const struct dm_labels *labels);

static inline bool dm_slot_is_noted(
    const struct dm_expr *e, unsigned which, const struct dm_slot *s)
{
	return s->epoch == e->scratch->epochs[which];
}

static inline void dm_slot_note(
    const struct dm_expr *e, unsigned which, struct dm_slot *s, size_t index)
{
	s->epoch = e->scratch->epochs[which];
	s->index = index;
}

/** The set that an element is grouped under by node's on, by, ignoring or
 * without. Lent by the node, or held. NULL with err. */
struct dm_labels *dm_group(struct dm_expr *e, struct dm_node *node,
    const struct dm_element *element, struct dm_err *err);

/**
 * The group of an element of an aggregation: its index, or n of a new one.
 * In slots 0.
 */
int dm_eval_find_group(struct dm_expr *e, struct dm_node *node,
    const struct dm_element *el, size_t n, struct dm_labels **ret_labels,
    size_t *ret, struct dm_err *err) DM_MUST_CHECK;

/** An element of a group that __name__ is part of: the name is no label of
 * the result. */
int dm_eval_take_name(
    struct dm_expr *e, struct dm_element *el, struct dm_err *err) DM_MUST_CHECK;

/* Aggregations of their own; slots 0 are begun, node->out has room for all of
 * in. */
int dm_eval_count_values(struct dm_expr *e, struct dm_node *node,
    const struct dm_vec *in, struct dm_err *err) DM_MUST_CHECK;
int dm_eval_limitk(struct dm_expr *e, struct dm_node *node,
    const struct dm_vec *in, struct dm_err *err) DM_MUST_CHECK;
int dm_eval_limit_ratio(struct dm_expr *e, struct dm_node *node,
    const struct dm_vec *in, struct dm_err *err) DM_MUST_CHECK;

/** What the node remembers of a label set, by its id; NULL with err. */
struct dm_grouped *dm_group_cached(
    struct dm_node *node, size_t id, struct dm_err *err);

/** Room for so many bytes in a scratch buffer; NULL with err. */
void *dm_eval_scratch(struct dm_buf *b, size_t bytes, struct dm_err *err);

/** Refuse elements of equal name and labels. */
int dm_eval_check_unique(struct dm_expr *e, const struct dm_node *node,
    struct dm_err *err) DM_MUST_CHECK;

/** Says that there are two of them. Returns -1. */
int dm_eval_same_labels(
    const struct dm_expr *e, const struct dm_node *node, struct dm_err *err);

/** An arithmetic operator or a comparison, which gives 1 or 0. */
double dm_operate(enum dm_token_type op, double a, double b);

#endif
