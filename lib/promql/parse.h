/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_PROMQL_PARSE_H
#define DM_PROMQL_PARSE_H

#include "promql/expr.h"

/* The parser's parts: parse.c has what binds how, clause.c what stands
 * inside, modifier.c what follows an operand. */

#define DM_BINDING_POW 6

struct dm_parser {
	struct dm_expr *e;
	struct dm_token token; /* the one that is looked at */
	size_t after;	       /* where the next one begins */
	struct dm_buf string;  /* of the token, if it is a string */
	unsigned depth;
	bool again; /* durations of step() and range(), which are known now */
	struct dm_err *err;
};

void dm_parse_next(struct dm_parser *p);
bool dm_parse_is_word(const struct dm_parser *p, const char *word);

/** "unexpected X, expected …". Returns -1. */
int dm_parse_unexpected(struct dm_parser *p, const char *expected);
int dm_parse_expect(
    struct dm_parser *p, enum dm_token_type type, const char *what);

/** NULL with p->err set. */
struct dm_node *dm_parse_node(
    struct dm_parser *p, enum dm_node_type type, enum dm_value_kind kind);
/** Takes arg, in any case. */
int dm_parse_add_arg(
    struct dm_parser *p, struct dm_node *node, struct dm_node *arg);

/** Copies the name. */
int dm_parse_add_name(
    struct dm_parser *p, struct dm_names *names, struct dm_str name);

/** (a, b, c) of label names, and of expressions. */
int dm_parse_names(struct dm_parser *p, struct dm_names *ret);
int dm_parse_args(struct dm_parser *p, struct dm_node *node);

/**
 * What may follow an operand: [5m], [1h:1m], offset, @.
 * @wrapped  it stood in parentheses
 * @node     may be put into a new one; freed by the caller in any case
 */
int dm_parse_modifiers(
    struct dm_parser *p, bool wrapped, struct dm_node **node);

int dm_parse_selector(struct dm_parser *p, struct dm_node **ret);
/** Behind the first argument of info(): labels in braces. */
int dm_parse_info(struct dm_parser *p, struct dm_node **ret);
int dm_parse_call(struct dm_parser *p, struct dm_node **ret);
int dm_parse_aggregate(
    struct dm_parser *p, enum dm_token_type op, struct dm_node **ret);

/** bool, on, ignoring, group_left, group_right behind an operator. */
int dm_parse_matching(struct dm_parser *p, struct dm_node *node);
/** Do the sides fit? Sets node->kind. */
int dm_parse_check_binary(struct dm_parser *p, struct dm_node *node);

#endif
