/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "base/time.h"
#include "promql/parse.h"

/* Beyond that, Go's durations overflow. */
#define DURATION_MAX_S 9223372036.0

/* Microseconds fit, and all ranges and offsets before them. */
#define AT_MAX_S 4e12

/* A duration under calculation, in seconds. Two that are written as such are
 * exact; what was calculated is cut to milliseconds, as Prometheus does. */
struct span {
	double s;
	int64_t us;
	bool calculated;
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
	dm_parse_next(p);
	return 0;
}

static int parse_wrapped(struct dm_parser *p, struct span *ret)
{
	dm_parse_next(p);
	if (++p->depth > DM_EXPR_DEPTH_MAX)
		return dm_expr_error(p->e, p->token.at, DM_ELIMIT, p->err,
		    "the expression is nested too deeply");
	if (parse_sum(p, ret) < 0)
		return -1;
	p->depth--;
	ret->calculated = true;
	return dm_parse_expect(p, DM_TOKEN_RPAREN, "\")\"");
}

static int parse_operand(struct dm_parser *p, struct span *ret)
{
	static const char *const late[] = {"step", "range", "max_of", "min_of"};

	for (size_t i = 0; i < DM_COUNT(late); i++) {
		if (dm_parse_is_word(p, late[i]))
			return dm_expr_error(p->e, p->token.at, DM_EPARSE,
			    p->err, "%s() is not supported in a duration",
			    late[i]);
	}
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
	*ret = (struct span){.s = pow(ret->s, right.s), .calculated = true};
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
		if (op != DM_TOKEN_MUL && right.s == 0)
			return dm_expr_error(p->e, at, DM_EPARSE, p->err,
			    "division of a duration by zero");
		ret->s = dm_operate(op, ret->s, right.s);
		ret->calculated = true;
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
	}
	return 0;
}

static int span_us(
    struct dm_parser *p, unsigned at, const struct span *span, int64_t *ret)
{
	if (!(fabs(span->s) <= DURATION_MAX_S))
		return out_of_range(p, at);
	*ret = span->calculated ? (int64_t)(span->s * 1000) * 1000 : span->us;
	return 0;
}

/* In brackets. */
static int parse_length(struct dm_parser *p, int64_t *ret)
{
	unsigned at = p->token.at;
	struct span span;

	if (parse_sum(p, &span) < 0 || span_us(p, at, &span, ret) < 0)
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
    struct dm_parser *p, unsigned at, int64_t range_us, struct dm_node **node)
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
	n->range_us = range_us;
	if (dm_parse_add_arg(p, n, *node) < 0) {
		*node = n;
		return -1;
	}
	*node = n;
	if (p->token.type != DM_TOKEN_RBRACKET &&
	    parse_length(p, &n->step_us) < 0)
		return -1;
	return dm_parse_expect(p, DM_TOKEN_RBRACKET, "\"]\"");
}

/* Returns whether the node stands in parentheses still. */
static int parse_bracket(
    struct dm_parser *p, bool *wrapped, struct dm_node **node)
{
	unsigned at = p->token.at;
	int64_t us;

	dm_parse_next(p);
	if (parse_length(p, &us) < 0)
		return -1;
	if (p->token.type == DM_TOKEN_COLON) {
		*wrapped = false;
		dm_parse_next(p);
		return parse_subquery(p, at, us, node);
	}
	if (dm_parse_expect(p, DM_TOKEN_RBRACKET, "\":\" or \"]\"") < 0 ||
	    check_range(p, at, *wrapped, *node) < 0)
		return -1;
	(*node)->range_us = us;
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

/* One length, or one in parentheses: foo offset 5m + 1 adds to foo. */
static int parse_offset(struct dm_parser *p, bool wrapped, struct dm_node *n)
{
	bool minus = false;
	struct span span;
	unsigned at;

	if (check_modifiable(p, "offset", wrapped, n) < 0)
		return -1;
	if (n->has_offset)
		return dm_expr_error(p->e, p->token.at, DM_EPARSE, p->err,
		    "offset may not be set multiple times");
	dm_parse_next(p);
	at = p->token.at;
	for (; p->token.type == DM_TOKEN_SUB || p->token.type == DM_TOKEN_ADD;
	     dm_parse_next(p))
		minus ^= p->token.type == DM_TOKEN_SUB;
	if (parse_operand(p, &span) < 0 ||
	    span_us(p, at, &span, &n->offset_us) < 0)
		return -1;
	if (minus)
		n->offset_us = -n->offset_us;
	n->has_offset = true;
	return 0;
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
		else if (dm_parse_is_word(p, "anchored") ||
			 dm_parse_is_word(p, "smoothed"))
			rc = dm_expr_error(p->e, p->token.at, DM_EPARSE, p->err,
			    "the modifiers anchored and smoothed are not "
			    "supported");
		else
			return 0;
	}
	return -1;
}
