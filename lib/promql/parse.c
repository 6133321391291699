/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <strings.h>

#include "base/array.h"
#include "base/utf8.h"
#include "promql/parse.h"

int dm_expr_error(const struct dm_expr *e, unsigned at, enum dm_code code,
    struct dm_err *err, const char *fmt, ...)
{
	unsigned line = 1, column = 1;
	char msg[DM_ERR_MSG_BYTES];
	va_list ap;

	for (size_t i = 0; i < at && i < e->text_n; i++) {
		if (e->text[i] == '\n') {
			line++;
			column = 1;
		} else if ((e->text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return dm_err_at(err, code, line, column, "%s", msg);
}

static int parse_expr(
    struct dm_parser *p, unsigned binding, struct dm_node **ret);

void dm_parse_next(struct dm_parser *p)
{
	p->token = dm_lex(
	    (struct dm_str){p->e->text, p->e->text_n}, p->after, &p->string);
	if (p->string.failed)
		p->token.type = DM_TOKEN_ERROR;
	p->after = p->token.type == DM_TOKEN_ERROR
		       ? p->e->text_n
		       : p->token.at + p->token.text.n;
}

bool dm_parse_is_word(const struct dm_parser *p, const char *word)
{
	return p->token.type == DM_TOKEN_NAME &&
	       p->token.text.n == strlen(word) &&
	       strncasecmp(p->token.text.p, word, p->token.text.n) == 0;
}

int dm_parse_unexpected(struct dm_parser *p, const char *expected)
{
	const struct dm_token *t = &p->token;
	int n = t->text.n > 40 ? 40 : (int)t->text.n;

	if (p->string.failed)
		return dm_err_nomem(p->err);
	if (t->type == DM_TOKEN_ERROR)
		return dm_expr_error(p->e, t->at, DM_EPARSE, p->err, "%.*s",
		    (int)t->text.n, t->text.p);
	if (t->type == DM_TOKEN_END)
		return dm_expr_error(p->e, t->at, DM_EPARSE, p->err,
		    "unexpected end of the expression, expected %s", expected);
	return dm_expr_error(p->e, t->at, DM_EPARSE, p->err,
	    "unexpected \"%.*s\", expected %s", n, t->text.p, expected);
}

int dm_parse_expect(
    struct dm_parser *p, enum dm_token_type type, const char *what)
{
	if (p->token.type != type)
		return dm_parse_unexpected(p, what);
	dm_parse_next(p);
	return 0;
}

struct dm_node *dm_parse_node(
    struct dm_parser *p, enum dm_node_type type, enum dm_value_kind kind)
{
	struct dm_node *n = calloc(1, sizeof(*n));

	if (!n) {
		dm_err_nomem(p->err);
		return NULL;
	}
	n->type = type;
	n->kind = kind;
	n->at = p->token.at;
	n->depth = 1;
	return n;
}

static int room_for_arg(struct dm_parser *p, struct dm_node *node)
{
	if (node->n_args == DM_EXPR_ARGS_MAX)
		return dm_expr_error(p->e, node->at, DM_ELIMIT, p->err,
		    "more than %d arguments", DM_EXPR_ARGS_MAX);
	return dm_array_grow(&node->args, node->n_args, &node->cap_args,
	    sizeof(struct dm_node *), p->err);
}

int dm_parse_add_arg(
    struct dm_parser *p, struct dm_node *node, struct dm_node *arg)
{
	if (room_for_arg(p, node) < 0) {
		dm_node_free(arg);
		return -1;
	}
	node->args[node->n_args++] = arg;
	if (node->depth <= arg->depth)
		node->depth = arg->depth + 1;
	node->mixed |= arg->mixed;
	if (node->depth > DM_EXPR_DEPTH_MAX)
		return dm_expr_error(p->e, node->at, DM_ELIMIT, p->err,
		    "the expression is nested too deeply");
	return 0;
}

int dm_parse_add_name(
    struct dm_parser *p, struct dm_names *names, struct dm_str name)
{
	size_t cap = names->cap ? 2 * names->cap : 4;
	char *copy = dm_str_dup(name);
	struct dm_str *bigger;

	if (!copy)
		return dm_err_nomem(p->err);
	if (names->n == names->cap) {
		bigger = realloc(names->p, cap * sizeof(*bigger));
		if (!bigger) {
			free(copy);
			return dm_err_nomem(p->err);
		}
		names->p = bigger;
		names->cap = cap;
	}
	names->p[names->n++] = (struct dm_str){copy, name.n};
	return 0;
}

int dm_parse_names(struct dm_parser *p, struct dm_names *ret)
{
	struct dm_str name;

	if (dm_parse_expect(p, DM_TOKEN_LPAREN, "\"(\"") < 0)
		return -1;
	while (p->token.type != DM_TOKEN_RPAREN) {
		name = p->token.type == DM_TOKEN_STRING ? dm_buf_str(&p->string)
							: p->token.text;
		if (p->token.type != DM_TOKEN_NAME &&
		    (p->token.type != DM_TOKEN_STRING || name.n == 0))
			return dm_parse_unexpected(p, "a label name or \")\"");
		if (dm_parse_add_name(p, ret, name) < 0)
			return -1;
		dm_parse_next(p);
		if (p->token.type == DM_TOKEN_COMMA)
			dm_parse_next(p);
		else if (p->token.type != DM_TOKEN_RPAREN)
			return dm_parse_unexpected(p, "\",\" or \")\"");
	}
	dm_parse_next(p);
	return 0;
}

static int parse_number(struct dm_parser *p, struct dm_node **ret)
{
	struct dm_node *n = dm_parse_node(p, DM_NODE_NUMBER, DM_EXPR_SCALAR);

	if (!n)
		return -1;
	n->number = p->token.number;
	dm_parse_next(p);
	*ret = n;
	return 0;
}

static int parse_string(struct dm_parser *p, struct dm_node **ret)
{
	struct dm_node *n = dm_parse_node(p, DM_NODE_STRING, DM_EXPR_STRING);

	if (!n)
		return -1;
	n->string = dm_str_dup(dm_buf_str(&p->string));
	n->string_n = p->string.n;
	if (!n->string) {
		free(n);
		return dm_err_nomem(p->err);
	}
	dm_parse_next(p);
	*ret = n;
	return 0;
}

static int parse_arg(
    struct dm_parser *p, const struct dm_node *node, struct dm_node **ret)
{
	if (node->function && node->n_args && strchr(node->function->args, 'l'))
		return dm_parse_info(p, ret);
	return parse_expr(p, 0, ret);
}

int dm_parse_args(struct dm_parser *p, struct dm_node *node)
{
	struct dm_node *arg;

	if (dm_parse_expect(p, DM_TOKEN_LPAREN, "\"(\"") < 0)
		return -1;
	if (p->token.type == DM_TOKEN_RPAREN) {
		dm_parse_next(p);
		return 0;
	}
	for (;;) {
		if (parse_arg(p, node, &arg) < 0 ||
		    dm_parse_add_arg(p, node, arg) < 0)
			return -1;
		if (p->token.type != DM_TOKEN_COMMA)
			break;
		dm_parse_next(p);
	}
	return dm_parse_expect(p, DM_TOKEN_RPAREN, "\",\" or \")\"");
}

/* Words that are no names of metrics, unlike others of the language. */
static bool is_reserved(const struct dm_parser *p)
{
	static const char *const words[] = {
	    "on", "ignoring", "bool", "group_left", "group_right", "atan2"};

	for (size_t i = 0; i < DM_COUNT(words); i++) {
		if (dm_parse_is_word(p, words[i]))
			return true;
	}
	return false;
}

/* A name: an aggregation, a function or a metric, as what follows says. */
static int parse_name(struct dm_parser *p, struct dm_node **ret)
{
	struct dm_str text = {p->e->text, p->e->text_n};
	DM_AUTO_BUF struct dm_buf string = {0};
	struct dm_token next = dm_lex(text, p->after, &string);
	enum dm_token_type op = dm_lex_aggregation(p->token.text);
	bool by =
	    next.type == DM_TOKEN_NAME &&
	    ((next.text.n == 2 && strncasecmp(next.text.p, "by", 2) == 0) ||
		(next.text.n == 7 &&
		    strncasecmp(next.text.p, "without", 7) == 0));

	if (op != DM_TOKEN_NAME && (next.type == DM_TOKEN_LPAREN || by))
		return dm_parse_aggregate(p, op, ret);
	if (is_reserved(p))
		return dm_parse_unexpected(p, "an expression");
	if (next.type == DM_TOKEN_LPAREN)
		return dm_parse_call(p, ret);
	return dm_parse_selector(p, ret);
}

static int drop(struct dm_node **node)
{
	dm_node_free(*node);
	*node = NULL;
	return -1;
}

static int parse_atom(struct dm_parser *p, struct dm_node **ret)
{
	bool wrapped = false;

	switch (p->token.type) {
	case DM_TOKEN_NUMBER:
	case DM_TOKEN_DURATION:
		if (parse_number(p, ret) < 0)
			return -1;
		break;
	case DM_TOKEN_STRING:
		if (parse_string(p, ret) < 0)
			return -1;
		break;
	case DM_TOKEN_NAME:
		if (parse_name(p, ret) < 0)
			return -1;
		break;
	case DM_TOKEN_LBRACE:
		if (dm_parse_selector(p, ret) < 0)
			return -1;
		break;
	case DM_TOKEN_LPAREN:
		dm_parse_next(p);
		if (parse_expr(p, 0, ret) < 0)
			return -1;
		if (dm_parse_expect(p, DM_TOKEN_RPAREN, "\")\"") < 0)
			return drop(ret);
		wrapped = true;
		break;
	default:
		return dm_parse_unexpected(p, "an expression");
	}
	return dm_parse_modifiers(p, wrapped, ret) < 0 ? drop(ret) : 0;
}

/* A sign binds weaker than ^ and as tightly as *. */
static int parse_unary(struct dm_parser *p, struct dm_node **ret)
{
	struct dm_node *n, *arg;
	enum dm_token_type sign = p->token.type;

	if (sign != DM_TOKEN_SUB && sign != DM_TOKEN_ADD)
		return parse_atom(p, ret);
	n = dm_parse_node(p, DM_NODE_UNARY, DM_EXPR_SCALAR);
	if (!n)
		return -1;
	dm_parse_next(p);
	if (parse_expr(p, DM_BINDING_POW, &arg) < 0)
		return drop(&n);
	n->kind = arg->kind;
	n->op = sign;
	if (dm_parse_add_arg(p, n, arg) < 0)
		return drop(&n);
	if (n->kind != DM_EXPR_SCALAR && n->kind != DM_EXPR_VECTOR) {
		dm_expr_error(p->e, n->at, DM_EPARSE, p->err,
		    "unary expression only allowed on expressions of type "
		    "scalar or instant vector, got %s",
		    dm_value_kind_name(n->kind));
		return drop(&n);
	}
	*ret = n;
	return 0;
}

static unsigned binding_of(enum dm_token_type op)
{
	switch (op) {
	case DM_TOKEN_OR:
		return 1;
	case DM_TOKEN_AND:
	case DM_TOKEN_UNLESS:
		return 2;
	case DM_TOKEN_EQ:
	case DM_TOKEN_NE:
	case DM_TOKEN_LT:
	case DM_TOKEN_LE:
	case DM_TOKEN_GT:
	case DM_TOKEN_GE:
		return 3;
	case DM_TOKEN_ADD:
	case DM_TOKEN_SUB:
		return 4;
	case DM_TOKEN_MUL:
	case DM_TOKEN_DIV:
	case DM_TOKEN_MOD:
	case DM_TOKEN_ATAN2:
		return 5;
	case DM_TOKEN_POW:
		return DM_BINDING_POW;
	default:
		return 0;
	}
}

static enum dm_token_type operator_at(const struct dm_parser *p)
{
	return p->token.type == DM_TOKEN_NAME ? dm_lex_operator(p->token.text)
					      : p->token.type;
}

/* The operator has been seen, left is what stood before it. */
static int parse_right(struct dm_parser *p, enum dm_token_type op,
    struct dm_node *left, struct dm_node **ret)
{
	struct dm_node *n = dm_parse_node(p, DM_NODE_BINARY, DM_EXPR_SCALAR);
	unsigned binding = binding_of(op);
	struct dm_node *right;

	if (!n) {
		dm_node_free(left);
		return -1;
	}
	n->op = op;
	if (dm_parse_add_arg(p, n, left) < 0)
		return drop(&n);
	dm_parse_next(p);
	if (dm_parse_matching(p, n) < 0 ||
	    /* ^ binds to the right. */
	    parse_expr(p, op == DM_TOKEN_POW ? binding : binding + 1, &right) <
		0 ||
	    dm_parse_add_arg(p, n, right) < 0 ||
	    dm_parse_check_binary(p, n) < 0)
		return drop(&n);
	*ret = n;
	return 0;
}

/* Operators that bind at least so tightly. */
static int parse_expr(
    struct dm_parser *p, unsigned binding, struct dm_node **ret)
{
	struct dm_node *left;
	int rc;

	if (++p->depth > DM_EXPR_DEPTH_MAX)
		return dm_expr_error(p->e, p->token.at, DM_ELIMIT, p->err,
		    "the expression is nested too deeply");
	rc = parse_unary(p, &left);
	while (rc == 0) {
		enum dm_token_type op = operator_at(p);
		unsigned b = binding_of(op);

		if (b == 0 || b < binding)
			break;
		rc = parse_right(p, op, left, &left);
	}
	p->depth--;
	if (rc == 0)
		*ret = left;
	return rc;
}

static int parse_all(struct dm_expr *e, struct dm_err *err)
{
	struct dm_parser p = {.e = e, .err = err};
	int rc;

	dm_parse_next(&p);
	if (p.token.type == DM_TOKEN_END)
		rc = dm_expr_error(e, 0, DM_EPARSE, err, "no expression found");
	else
		rc = parse_expr(&p, 0, &e->root);
	if (rc == 0 && p.token.type != DM_TOKEN_END)
		rc = dm_parse_unexpected(&p, "an operator or the end");
	/* An instant's, unless lengths are set. What is wrong with them is
	 * said when it is bound. */
	if (rc == 0 && dm_expr_lengths(e, NULL) < 0)
		rc = 0;
	if (rc == 0)
		dm_expr_reach(e);
	dm_buf_release(&p.string);
	return rc;
}

int dm_expr_parse(struct dm_str text, struct dm_expr **ret, struct dm_err *err)
{
	struct dm_expr *e;

	if (text.n > DM_EXPR_BYTES_MAX)
		return dm_err_set(err, DM_ELIMIT,
		    "the expression is longer than %d bytes",
		    DM_EXPR_BYTES_MAX);
	e = calloc(1, sizeof(*e));
	if (!e)
		return dm_err_nomem(err);
	e->text = dm_str_dup(text);
	e->text_n = text.n;
	if (!e->text) {
		free(e);
		return dm_err_nomem(err);
	}
	e->scratch = &e->own;
	e->default_step_us = DM_EXPR_STEP_US;
	e->samples_max = DM_EXPR_SAMPLES_MAX;
	if (parse_all(e, err) < 0) {
		dm_expr_free(e);
		return -1;
	}
	*ret = e;
	return 0;
}
