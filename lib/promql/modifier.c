/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "base/time.h"
#include "promql/parse.h"

/* Beyond that, Go's durations overflow. */
#define DURATION_MAX_S 9223372036.0

/* Stands for a length that is worked out later. */
#define LATE_US 1

/* Microseconds fit, and all ranges and offsets before them. */
#define AT_MAX_S 4e12

/* A duration under calculation, in seconds. Two that are written as such are
 * exact; what was calculated is cut to milliseconds, as Prometheus does. */
struct span {
	double s;
	int64_t us;
	bool calculated;
	bool by_query; /* its step or range is part of it */
};

static int parse_sum(struct dm_parser *p, struct span *ret);

static bool is_length(const struct dm_parser *p)
{
	return p->token.type == DM_TOKEN_DURATION ||
	       p->token.type == DM_TOKEN_NUMBER;
}

static int out_of_range(struct dm_parser *p, unsigned at)
{
	return dm_expr_error(
	    p->e, at, DM_EPARSE, p->err, "duration out of range");
}

/* 5m, or 300: what is written as such. */
static int parse_literal(struct dm_parser *p, struct span *ret)
{
	if (!(p->token.number <= DURATION_MAX_S))
		return out_of_range(p, p->token.at);
	ret->s = p->token.number;
	ret->us = p->token.type == DM_TOKEN_DURATION
		      ? p->token.us
		      : llround(p->token.number * 1e6);
	ret->calculated = false;
	ret->by_query = false;
	dm_parse_next(p);
	return 0;
}

/* Is it known yet? */
static bool is_late(const struct dm_parser *p, const struct span *span)
{
	return span->by_query && !p->again;
}

static int too_deep(struct dm_parser *p)
{
	return dm_expr_error(p->e, p->token.at, DM_ELIMIT, p->err,
	    "the expression is nested too deeply");
}

static int parse_wrapped(struct dm_parser *p, struct span *ret)
{
	dm_parse_next(p);
	if (++p->depth > DM_EXPR_DEPTH_MAX)
		return too_deep(p);
	if (parse_sum(p, ret) < 0)
		return -1;
	p->depth--;
	ret->calculated = true;
	return dm_parse_expect(p, DM_TOKEN_RPAREN, "\")\"");
}

/* step(), range() */
static int parse_query_length(struct dm_parser *p, int64_t us, struct span *ret)
{
	*ret = (struct span){
	    .s = dm_go_seconds(us), .calculated = true, .by_query = true};
	dm_parse_next(p);
	if (dm_parse_expect(p, DM_TOKEN_LPAREN, "\"(\"") < 0)
		return -1;
	return dm_parse_expect(p, DM_TOKEN_RPAREN, "\")\"");
}

/* max_of(5m, step()) */
static int parse_choice(struct dm_parser *p, bool max, struct span *ret)
{
	struct span right;

	dm_parse_next(p);
	if (++p->depth > DM_EXPR_DEPTH_MAX)
		return too_deep(p);
	if (dm_parse_expect(p, DM_TOKEN_LPAREN, "\"(\"") < 0 ||
	    parse_sum(p, ret) < 0 ||
	    dm_parse_expect(p, DM_TOKEN_COMMA, "\",\"") < 0 ||
	    parse_sum(p, &right) < 0)
		return -1;
	p->depth--;
	ret->s = max ? dm_go_max(ret->s, right.s) : dm_go_min(ret->s, right.s);
	ret->calculated = true;
	ret->by_query |= right.by_query;
	return dm_parse_expect(p, DM_TOKEN_RPAREN, "\")\"");
}

static int parse_operand(struct dm_parser *p, struct span *ret)
{
	if (dm_parse_is_word(p, "step"))
		return parse_query_length(p, p->e->query_step_us, ret);
	if (dm_parse_is_word(p, "range"))
		return parse_query_length(p, p->e->query_range_us, ret);
	if (dm_parse_is_word(p, "max_of") || dm_parse_is_word(p, "min_of"))
		return parse_choice(p, dm_parse_is_word(p, "max_of"), ret);
	if (p->token.type == DM_TOKEN_LPAREN)
		return parse_wrapped(p, ret);
	if (!is_length(p))
		return dm_parse_unexpected(p, "a duration");
	return parse_literal(p, ret);
}

static int parse_signed(struct dm_parser *p, struct span *ret);

/* a ^ b ^ c is a ^ (b ^ c). */
static int parse_power(struct dm_parser *p, struct span *ret)
{
	struct span right;

	if (parse_operand(p, ret) < 0)
		return -1;
	if (p->token.type != DM_TOKEN_POW)
		return 0;
	dm_parse_next(p);
	if (parse_signed(p, &right) < 0)
		return -1;
	ret->s = pow(ret->s, right.s);
	ret->calculated = true;
	ret->by_query |= right.by_query;
	return 0;
}

static int parse_signed(struct dm_parser *p, struct span *ret)
{
	bool minus = false;

	for (; p->token.type == DM_TOKEN_SUB || p->token.type == DM_TOKEN_ADD;
	     dm_parse_next(p))
		minus ^= p->token.type == DM_TOKEN_SUB;
	if (parse_power(p, ret) < 0)
		return -1;
	if (minus) {
		ret->s = -ret->s;
		ret->us = -ret->us;
	}
	return 0;
}

static int parse_product(struct dm_parser *p, struct span *ret)
{
	if (parse_signed(p, ret) < 0)
		return -1;
	while (p->token.type >= DM_TOKEN_MUL && p->token.type <= DM_TOKEN_MOD) {
		enum dm_token_type op = p->token.type;
		unsigned at = p->token.at;
		struct span right;

		dm_parse_next(p);
		if (parse_signed(p, &right) < 0)
			return -1;
		if (op != DM_TOKEN_MUL && right.s == 0 && !is_late(p, &right))
			return dm_expr_error(p->e, at, DM_EPARSE, p->err,
			    "division of a duration by zero");
		ret->s = dm_operate(op, ret->s, right.s);
		ret->calculated = true;
		ret->by_query |= right.by_query;
	}
	return 0;
}

static int parse_sum(struct dm_parser *p, struct span *ret)
{
	if (parse_product(p, ret) < 0)
		return -1;
	while (p->token.type == DM_TOKEN_ADD || p->token.type == DM_TOKEN_SUB) {
		enum dm_token_type op = p->token.type;
		struct span right;

		dm_parse_next(p);
		if (parse_product(p, &right) < 0)
			return -1;
		ret->s = dm_operate(op, ret->s, right.s);
		ret->calculated = true;
		ret->by_query |= right.by_query;
	}
	return 0;
}

/* @ret_at  where it stands, if it is to be worked out later; else 0 */
static int span_us(struct dm_parser *p, unsigned at, const struct span *span,
    int64_t *ret, unsigned *ret_at)
{
	*ret_at = span->by_query ? at : 0;
	if (is_late(p, span)) {
		p->e->has_lengths = true;
		*ret = LATE_US;
		return 0;
	}
	if (!(fabs(span->s) <= DURATION_MAX_S))
		return out_of_range(p, at);
	*ret = span->calculated ? (int64_t)(span->s * 1000) * 1000 : span->us;
	return 0;
}

/* In brackets. */
static int parse_length(struct dm_parser *p, int64_t *ret, unsigned *ret_at)
{
	unsigned at = p->token.at;
	struct span span;

	if (parse_sum(p, &span) < 0 || span_us(p, at, &span, ret, ret_at) < 0)
		return -1;
	if (*ret <= 0)
		return dm_expr_error(p->e, at, DM_EPARSE, p->err,
		    "a duration must be greater than 0");
	return 0;
}

static int check_range(
    struct dm_parser *p, unsigned at, bool wrapped, const struct dm_node *n)
{
	const char *wrong = NULL;

	if (n->type != DM_NODE_SELECTOR || n->range_us || wrapped)
		wrong = "ranges are only allowed for vector selectors";
	else if (n->has_offset)
		wrong = "no offset modifiers are allowed before a range";
	else if (n->at_kind != DM_AT_EVAL)
		wrong = "no @ modifiers are allowed before a range";
	return wrong ? dm_expr_error(p->e, at, DM_EPARSE, p->err, "%s", wrong)
		     : 0;
}

/* Behind the colon of [1h:1m]. */
static int parse_subquery(
    struct dm_parser *p, unsigned at, struct dm_node **node)
{
	struct dm_node *n;

	if ((*node)->kind != DM_EXPR_VECTOR)
		return dm_expr_error(p->e, at, DM_EPARSE, p->err,
		    "a subquery is only allowed on an instant vector, got %s",
		    dm_value_kind_name((*node)->kind));
	n = dm_parse_node(p, DM_NODE_SUBQUERY, DM_EXPR_RANGE);
	if (!n)
		return -1;
	n->at = at;
	if (dm_parse_add_arg(p, n, *node) < 0) {
		*node = n;
		return -1;
	}
	*node = n;
	if (p->token.type != DM_TOKEN_RBRACKET &&
	    parse_length(p, &n->step_us, &n->step_at) < 0)
		return -1;
	return dm_parse_expect(p, DM_TOKEN_RBRACKET, "\"]\"");
}

/* Returns whether the node stands in parentheses still. */
static int parse_bracket(
    struct dm_parser *p, bool *wrapped, struct dm_node **node)
{
	unsigned at = p->token.at, length_at;
	int64_t us;

	dm_parse_next(p);
	if (parse_length(p, &us, &length_at) < 0)
		return -1;
	/* :step is a name elsewhere. */
	if (p->token.text.n && *p->token.text.p == ':') {
		*wrapped = false;
		p->after = p->token.at + 1;
		dm_parse_next(p);
		if (parse_subquery(p, at, node) < 0)
			return -1;
		(*node)->range_us = us;
		(*node)->range_at = length_at;
		return 0;
	}
	if (dm_parse_expect(p, DM_TOKEN_RBRACKET, "\":\" or \"]\"") < 0 ||
	    check_range(p, at, *wrapped, *node) < 0)
		return -1;
	(*node)->range_us = us;
	(*node)->range_at = length_at;
	(*node)->kind = DM_EXPR_RANGE;
	return 0;
}

static int check_modifiable(struct dm_parser *p, const char *what, bool wrapped,
    const struct dm_node *n)
{
	if (!wrapped &&
	    (n->type == DM_NODE_SELECTOR || n->type == DM_NODE_SUBQUERY))
		return 0;
	return dm_expr_error(p->e, p->token.at, DM_EPARSE, p->err,
	    "%s must follow a vector selector, a range or a subquery", what);
}

/* One length: foo offset 5m + 1 adds to foo. But what begins with a
 * parenthesis goes on: foo offset (5m) + 1, as Prometheus has it. */
static int parse_offset_length(struct dm_parser *p, struct dm_node *n)
{
	bool minus = false, wrapped = p->token.type == DM_TOKEN_LPAREN;
	unsigned at = p->token.at;
	struct span span;

	for (; p->token.type == DM_TOKEN_SUB || p->token.type == DM_TOKEN_ADD;
	     dm_parse_next(p))
		minus ^= p->token.type == DM_TOKEN_SUB;
	if ((wrapped ? parse_sum(p, &span) : parse_operand(p, &span)) < 0 ||
	    span_us(p, at, &span, &n->offset_us, &n->offset_at) < 0)
		return -1;
	if (minus)
		n->offset_us = -n->offset_us;
	return 0;
}

static int parse_offset(struct dm_parser *p, bool wrapped, struct dm_node *n)
{
	if (check_modifiable(p, "offset", wrapped, n) < 0)
		return -1;
	if (n->has_offset)
		return dm_expr_error(p->e, p->token.at, DM_EPARSE, p->err,
		    "offset may not be set multiple times");
	dm_parse_next(p);
	n->has_offset = true;
	return parse_offset_length(p, n);
}

static int parse_time(struct dm_parser *p, struct dm_node *n)
{
	unsigned at = p->token.at;
	bool minus = p->token.type == DM_TOKEN_SUB;
	double s;

	if (minus || p->token.type == DM_TOKEN_ADD)
		dm_parse_next(p);
	if (!is_length(p))
		return dm_parse_unexpected(p, "a timestamp, start() or end()");
	s = minus ? -p->token.number : p->token.number;
	if (!(fabs(s) <= AT_MAX_S))
		return dm_expr_error(p->e, at, DM_EPARSE, p->err,
		    "timestamp out of bounds for the @ modifier");
	n->at_kind = DM_AT_TIME;
	n->at_us = llround(s * 1e6);
	dm_parse_next(p);
	return 0;
}

static int parse_at(struct dm_parser *p, bool wrapped, struct dm_node *n)
{
	bool start;

	if (check_modifiable(p, "@", wrapped, n) < 0)
		return -1;
	if (n->at_kind != DM_AT_EVAL)
		return dm_expr_error(p->e, p->token.at, DM_EPARSE, p->err,
		    "@ may not be set multiple times");
	dm_parse_next(p);
	start = dm_parse_is_word(p, "start");
	if (!start && !dm_parse_is_word(p, "end"))
		return parse_time(p, n);
	n->at_kind = start ? DM_AT_START : DM_AT_END;
	dm_parse_next(p);
	if (dm_parse_expect(p, DM_TOKEN_LPAREN, "\"(\"") < 0)
		return -1;
	return dm_parse_expect(p, DM_TOKEN_RPAREN, "\")\"");
}

static int parse_extend(
    struct dm_parser *p, bool wrapped, enum dm_extend extend, struct dm_node *n)
{
	const char *wrong = NULL;

	if (wrapped || n->type != DM_NODE_SELECTOR)
		wrong = "anchored and smoothed must follow a selector or a "
			"range of one";
	else if (n->extend && n->extend != extend)
		wrong = "anchored and smoothed can't be used together";
	if (wrong)
		return dm_expr_error(
		    p->e, p->token.at, DM_EPARSE, p->err, "%s", wrong);
	n->extend = extend;
	dm_parse_next(p);
	return 0;
}

int dm_parse_modifiers(struct dm_parser *p, bool wrapped, struct dm_node **node)
{
	int rc = 0;

	while (rc == 0) {
		if (p->token.type == DM_TOKEN_LBRACKET)
			rc = parse_bracket(p, &wrapped, node);
		else if (dm_parse_is_word(p, "offset"))
			rc = parse_offset(p, wrapped, *node);
		else if (p->token.type == DM_TOKEN_AT)
			rc = parse_at(p, wrapped, *node);
		else if (dm_parse_is_word(p, "anchored"))
			rc =
			    parse_extend(p, wrapped, DM_EXTEND_ANCHORED, *node);
		else if (dm_parse_is_word(p, "smoothed"))
			rc =
			    parse_extend(p, wrapped, DM_EXTEND_SMOOTHED, *node);
		else
			return 0;
	}
	return -1;
}

static void go_to(struct dm_parser *p, unsigned at)
{
	p->after = at;
	dm_parse_next(p);
}

/* No deeper than the tree is. */
static int work_out(struct dm_parser *p, struct dm_node *n)
{
	if (n->range_at) {
		go_to(p, n->range_at);
		if (parse_length(p, &n->range_us, &n->range_at) < 0)
			return -1;
	}
	if (n->step_at) {
		go_to(p, n->step_at);
		if (parse_length(p, &n->step_us, &n->step_at) < 0)
			return -1;
	}
	if (n->offset_at) {
		go_to(p, n->offset_at);
		if (parse_offset_length(p, n) < 0)
			return -1;
	}
	for (size_t i = 0; i < n->n_args; i++) {
		if (work_out(p, n->args[i]) < 0)
			return -1;
	}
	return 0;
}

int dm_expr_lengths(struct dm_expr *e, struct dm_err *err)
{
	struct dm_parser p = {.e = e, .again = true, .err = err};
	int rc;

	if (!e->has_lengths)
		return 0;
	rc = work_out(&p, e->root);
	dm_buf_release(&p.string);
	return rc;
}
