/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "promql/parse.h"

#include "base/array.h"

static int fail_free(struct dm_node *n)
{
	dm_node_free(n);
	return -1;
}

static int add_matcher(struct dm_parser *p, struct dm_node *n, unsigned at,
    enum dm_match op, struct dm_str name, struct dm_str value)
{
	struct dm_selector *s = &n->selector;
	struct dm_matcher *bigger;
	struct dm_err why;

	if (n->has_name && dm_str_is(name, DM_LABEL_NAME))
		return dm_expr_error(p->e, at, DM_EPARSE, p->err,
		    "metric name must not be set twice");
	if (op == DM_MATCH_EQ && dm_str_is(name, DM_LABEL_NAME) && value.n &&
	    s->name.n == 0) {
		s->name.p = dm_str_dup(value);
		s->name.n = value.n;
		return s->name.p ? 0 : dm_err_nomem(p->err);
	}
	bigger = realloc(s->matchers, (s->n + 1) * sizeof(*bigger));
	if (!bigger)
		return dm_err_nomem(p->err);
	s->matchers = bigger;
	if (dm_matcher_init(&s->matchers[s->n], op, name, value, &why) < 0)
		return dm_expr_error(p->e, at, why.code, p->err, "%s", why.msg);
	s->n++;
	return 0;
}

static int parse_matcher_value(
    struct dm_parser *p, struct dm_node *n, unsigned at, struct dm_str name)
{
	enum dm_match op;

	switch (p->token.type) {
	case DM_TOKEN_ASSIGN:
		op = DM_MATCH_EQ;
		break;
	case DM_TOKEN_NE:
		op = DM_MATCH_NE;
		break;
	case DM_TOKEN_RE_MATCH:
		op = DM_MATCH_RE;
		break;
	case DM_TOKEN_RE_DIFFER:
		op = DM_MATCH_NRE;
		break;
	default:
		return dm_parse_unexpected(p, "one of =, !=, =~, !~");
	}
	dm_parse_next(p);
	if (p->token.type != DM_TOKEN_STRING)
		return dm_parse_unexpected(p, "a quoted string");
	if (add_matcher(p, n, at, op, name, dm_buf_str(&p->string)) < 0)
		return -1;
	dm_parse_next(p);
	return 0;
}

/* a="b", "a.b"="c", or "metric". */
static int parse_matcher(struct dm_parser *p, struct dm_node *n)
{
	DM_AUTO_FREE char *name = NULL;
	unsigned at = p->token.at;
	bool quoted = p->token.type == DM_TOKEN_STRING;
	struct dm_str text = quoted ? dm_buf_str(&p->string) : p->token.text;

	if ((!quoted && !dm_token_is_name(&p->token)) || text.n == 0 ||
	    (!quoted && memchr(text.p, ':', text.n)))
		return dm_parse_unexpected(p, "a label name or \"}\"");
	name = dm_str_dup(text);
	if (!name)
		return dm_err_nomem(p->err);
	text.p = name;
	dm_parse_next(p);
	if (quoted && (p->token.type == DM_TOKEN_COMMA ||
			  p->token.type == DM_TOKEN_RBRACE))
		return add_matcher(
		    p, n, at, DM_MATCH_EQ, DM_STR(DM_LABEL_NAME), text);
	return parse_matcher_value(p, n, at, text);
}

static int parse_matchers(struct dm_parser *p, struct dm_node *n)
{
	dm_parse_next(p);
	while (p->token.type != DM_TOKEN_RBRACE) {
		if (parse_matcher(p, n) < 0)
			return -1;
		if (p->token.type == DM_TOKEN_COMMA)
			dm_parse_next(p);
		else if (p->token.type != DM_TOKEN_RBRACE)
			return dm_parse_unexpected(p, "\",\" or \"}\"");
	}
	dm_parse_next(p);
	return 0;
}

static int add_selector(struct dm_parser *p, struct dm_node *n)
{
	struct dm_expr *e = p->e;

	if (dm_array_grow(&e->selectors, e->n_selectors, &e->cap_selectors,
		sizeof(struct dm_node *), p->err) < 0)
		return -1;
	e->selectors[e->n_selectors++] = n;
	return 0;
}

static bool matches_all(const struct dm_selector *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!dm_matcher_matches(&s->matchers[i], DM_STR("")))
			return false;
	}
	return s->name.n == 0;
}

int dm_parse_selector(struct dm_parser *p, struct dm_node **ret)
{
	struct dm_node *n = dm_parse_node(p, DM_NODE_SELECTOR, DM_EXPR_VECTOR);

	if (!n)
		return -1;
	if (p->token.type == DM_TOKEN_NAME) {
		if (add_matcher(p, n, p->token.at, DM_MATCH_EQ,
			DM_STR(DM_LABEL_NAME), p->token.text) < 0)
			return fail_free(n);
		n->has_name = true;
		dm_parse_next(p);
	}
	if (p->token.type == DM_TOKEN_LBRACE && parse_matchers(p, n) < 0)
		return fail_free(n);
	if (matches_all(&n->selector)) {
		dm_expr_error(p->e, n->at, DM_EPARSE, p->err,
		    "vector selector must contain at least one non-empty "
		    "matcher");
		return fail_free(n);
	}
	n->mixed = n->selector.name.n == 0;
	if (add_selector(p, n) < 0)
		return fail_free(n);
	*ret = n;
	return 0;
}

int dm_parse_info(struct dm_parser *p, struct dm_node **ret)
{
	struct dm_node *n = dm_parse_node(p, DM_NODE_INFO, DM_EXPR_VECTOR);

	if (!n)
		return -1;
	if (p->token.type != DM_TOKEN_LBRACE) {
		dm_parse_unexpected(p, "label selectors in braces only");
		return fail_free(n);
	}
	if (parse_matchers(p, n) < 0)
		return fail_free(n);
	*ret = n;
	return 0;
}

/* Whose info series: those of target_info, where no name is told, and of all
 * that end in _info, where it is only told which not.
 * Source: prometheus promql/info.go, effectiveInfoNameMatchers. */
static int name_info(struct dm_parser *p, struct dm_node *n)
{
	const struct dm_selector *s = &n->selector;
	bool is_told = s->name.n, is_named = is_told;

	for (size_t i = 0; i < s->n; i++) {
		const struct dm_matcher *m = &s->matchers[i];

		if (!dm_str_is(m->name_str, DM_LABEL_NAME))
			continue;
		is_told = true;
		is_named |= m->op == DM_MATCH_EQ || m->op == DM_MATCH_RE;
	}
	if (is_named)
		return 0;
	return add_matcher(p, n, n->at, is_told ? DM_MATCH_RE : DM_MATCH_EQ,
	    DM_STR(DM_LABEL_NAME),
	    is_told ? DM_STR(".+_info") : DM_STR("target_info"));
}

/* The info series are those of the same instance and job. */
static int complete_info(struct dm_parser *p, struct dm_node *n)
{
	struct dm_node *info;

	if (n->n_args == 1) {
		info = dm_parse_node(p, DM_NODE_INFO, DM_EXPR_VECTOR);
		if (!info || dm_parse_add_arg(p, n, info) < 0)
			return -1;
	}
	n->on = true;
	if (dm_parse_add_name(p, &n->names, DM_STR("instance")) < 0 ||
	    dm_parse_add_name(p, &n->names, DM_STR("job")) < 0 ||
	    name_info(p, n->args[1]) < 0)
		return -1;
	return add_selector(p, n->args[1]);
}

static enum dm_value_kind kind_of_letter(char c)
{
	return c == 'r'		      ? DM_EXPR_RANGE
	       : c == 'v' || c == 'l' ? DM_EXPR_VECTOR
	       : c == 's'	      ? DM_EXPR_SCALAR
				      : DM_EXPR_STRING;
}

static int check_arg(struct dm_parser *p, const struct dm_node *arg,
    enum dm_value_kind kind, const char *where, const char *name)
{
	if (arg->kind == kind)
		return 0;
	return dm_expr_error(p->e, arg->at, DM_EPARSE, p->err,
	    "expected type %s in %s %s, got %s", dm_value_kind_name(kind),
	    where, name, dm_value_kind_name(arg->kind));
}

/* Source: prometheus promql/functions.go, AnchoredSafeFunctions,
 * SmoothedSafeFunctions. */
static int check_extend(
    struct dm_parser *p, const struct dm_node *arg, const struct dm_function *f)
{
	const char *wrong = NULL;

	if (arg->kind != DM_EXPR_RANGE || arg->type != DM_NODE_SELECTOR)
		return 0;
	if (arg->extend == DM_EXTEND_ANCHORED && !f->anchors)
		wrong = "an anchored range can only be used with changes, "
			"delta, increase, rate and resets";
	if (arg->extend == DM_EXTEND_SMOOTHED && !f->smooths)
		wrong = "a smoothed range can only be used with delta, "
			"increase and rate";
	return wrong ? dm_expr_error(
			   p->e, arg->at, DM_EPARSE, p->err, "%s", wrong)
		     : 0;
}

/* Against a function's letters: see struct dm_function. */
static int check_args(struct dm_parser *p, const struct dm_node *n)
{
	const struct dm_function *f = n->function;
	const char *a = f->args;
	char letter = '\0';
	bool optional = false;
	size_t i = 0;

	for (; i < n->n_args; i++) {
		optional |= *a == '?';
		a += *a == '?';
		if (*a && *a != '*')
			letter = *a++;
		else if (*a != '*')
			return dm_expr_error(p->e, n->at, DM_EPARSE, p->err,
			    "too many arguments in call to %s", f->name);
		if (check_arg(p, n->args[i], kind_of_letter(letter),
			"call to function", f->name) < 0 ||
		    check_extend(p, n->args[i], f) < 0)
			return -1;
	}
	if (*a && *a != '?' && *a != '*' && !optional)
		return dm_expr_error(p->e, n->at, DM_EPARSE, p->err,
		    "too few arguments in call to %s", f->name);
	return 0;
}

int dm_parse_call(struct dm_parser *p, struct dm_node **ret)
{
	const struct dm_function *f = dm_function_find(p->token.text);
	struct dm_node *n;

	if (!f)
		return dm_expr_error(p->e, p->token.at, DM_EPARSE, p->err,
		    "function %.*s %s",
		    (int)(p->token.text.n > 60 ? 60 : p->token.text.n),
		    p->token.text.p, dm_function_missing(p->token.text));
	n = dm_parse_node(p, DM_NODE_CALL, f->ret);
	if (!n)
		return -1;
	n->function = f;
	dm_parse_next(p);
	if (dm_parse_args(p, n) < 0 || check_args(p, n) < 0 ||
	    (strchr(f->args, 'l') && complete_info(p, n) < 0) ||
	    (f->check && f->check(p->e, n, p->err) < 0))
		return fail_free(n);
	*ret = n;
	return 0;
}

/* by or without, before the arguments or behind them. */
static int parse_grouping(struct dm_parser *p, struct dm_node *n, bool *seen)
{
	bool by = dm_parse_is_word(p, "by");

	if (*seen || (!by && !dm_parse_is_word(p, "without")))
		return 0;
	*seen = true;
	n->on = by;
	dm_parse_next(p);
	if (dm_parse_names(p, &n->names) < 0)
		return -1;
	for (size_t i = 0; i < n->names.n; i++) {
		if (by && dm_str_is(n->names.p[i], DM_LABEL_NAME))
			n->grouped_by_name = true;
	}
	return 0;
}

/* The label that count_values sets is one of the group's. */
static int check_count_values(struct dm_parser *p, struct dm_node *n)
{
	struct dm_str label = {n->args[0]->string, n->args[0]->string_n};

	if (label.n == 0)
		return dm_expr_error(p->e, n->args[0]->at, DM_EPARSE, p->err,
		    "count_values needs the name of a label");
	if (!n->on)
		return 0;
	n->grouped_by_name |= dm_str_is(label, DM_LABEL_NAME);
	return dm_parse_add_name(p, &n->names, label);
}

static int check_aggregate(struct dm_parser *p, struct dm_node *n)
{
	const char *name = dm_token_name(n->op);
	bool counts = n->op == DM_TOKEN_COUNT_VALUES;
	size_t wanted = n->op >= DM_TOKEN_TOPK ? 2 : 1;

	if (n->n_args != wanted)
		return dm_expr_error(p->e, n->at, DM_EPARSE, p->err,
		    "wrong number of arguments for aggregate expression "
		    "provided, expected %zu, got %zu",
		    wanted, n->n_args);
	if (wanted == 2 &&
	    check_arg(p, n->args[0], counts ? DM_EXPR_STRING : DM_EXPR_SCALAR,
		"parameter of", name) < 0)
		return -1;
	if (check_arg(p, n->args[wanted - 1], DM_EXPR_VECTOR, "aggregation",
		name) < 0)
		return -1;
	return counts ? check_count_values(p, n) : 0;
}

int dm_parse_aggregate(
    struct dm_parser *p, enum dm_token_type op, struct dm_node **ret)
{
	struct dm_node *n = dm_parse_node(p, DM_NODE_AGGREGATE, DM_EXPR_VECTOR);
	bool seen = false;

	if (!n)
		return -1;
	n->op = op;
	n->on = true; /* by (): all together */
	dm_parse_next(p);
	if (parse_grouping(p, n, &seen) < 0 || dm_parse_args(p, n) < 0 ||
	    parse_grouping(p, n, &seen) < 0 || check_aggregate(p, n) < 0)
		return fail_free(n);
	if (op != DM_TOKEN_TOPK && op != DM_TOKEN_BOTTOMK &&
	    op != DM_TOKEN_LIMITK && op != DM_TOKEN_LIMIT_RATIO)
		n->mixed = n->grouped_by_name;
	*ret = n;
	return 0;
}

static int parse_sides(struct dm_parser *p, struct dm_node *n)
{
	bool left = dm_parse_is_word(p, "group_left");

	if (!left && !dm_parse_is_word(p, "group_right"))
		return 0;
	n->side = left ? DM_GROUP_LEFT : DM_GROUP_RIGHT;
	dm_parse_next(p);
	return p->token.type == DM_TOKEN_LPAREN ? dm_parse_names(p, &n->include)
						: 0;
}

static bool has_name(const struct dm_names *names, struct dm_str name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (dm_str_eq(names->p[i], name))
			return true;
	}
	return false;
}

/* Which of the names are __name__, and what that does. */
static int check_names(struct dm_parser *p, struct dm_node *n)
{
	const struct dm_str metric = DM_STR(DM_LABEL_NAME);
	bool named = has_name(&n->names, metric);

	n->grouped_by_name = n->on && named;
	n->drops_name = n->on != named;
	n->mixed |= n->grouped_by_name || has_name(&n->include, metric);
	for (size_t i = 0; n->on && i < n->names.n; i++) {
		if (has_name(&n->include, n->names.p[i]))
			return dm_expr_error(p->e, n->at, DM_EPARSE, p->err,
			    "label \"%.60s\" must not occur in ON and GROUP "
			    "clause at once",
			    n->names.p[i].p);
	}
	return 0;
}

/* A name that is a word only where a bracket follows. */
static bool is_fill(const struct dm_parser *p, const char *word)
{
	struct dm_str text = {p->e->text, p->e->text_n};
	DM_AUTO_BUF struct dm_buf unused = {0};

	return dm_parse_is_word(p, word) &&
	       dm_lex(text, p->after, &unused).type == DM_TOKEN_LPAREN;
}

/* (5), (-5m) */
static int parse_fill_value(struct dm_parser *p, double *ret)
{
	bool minus;

	dm_parse_next(p);
	dm_parse_next(p);
	minus = p->token.type == DM_TOKEN_SUB;
	if (minus || p->token.type == DM_TOKEN_ADD)
		dm_parse_next(p);
	if (p->token.type != DM_TOKEN_NUMBER &&
	    p->token.type != DM_TOKEN_DURATION)
		return dm_parse_unexpected(p, "a number");
	*ret = minus ? -p->token.number : p->token.number;
	dm_parse_next(p);
	return dm_parse_expect(p, DM_TOKEN_RPAREN, "\")\"");
}

/* fill (0), or fill_left (0) and fill_right (0) in any order. */
static int parse_fill(struct dm_parser *p, struct dm_node *n)
{
	static const char *const words[] = {"fill_left", "fill_right"};

	if (is_fill(p, "fill")) {
		n->has_fill[0] = n->has_fill[1] = true;
		if (parse_fill_value(p, &n->fill[0]) < 0)
			return -1;
		n->fill[1] = n->fill[0];
	}
	for (size_t i = 0; i < 2; i++) {
		size_t side = is_fill(p, words[0]) ? 0 : 1;

		if (n->has_fill[side] || !is_fill(p, words[side]))
			break;
		n->has_fill[side] = true;
		if (parse_fill_value(p, &n->fill[side]) < 0)
			return -1;
	}
	n->mixed |= n->has_fill[0] || n->has_fill[1];
	return 0;
}

int dm_parse_matching(struct dm_parser *p, struct dm_node *n)
{
	if (dm_parse_is_word(p, "bool")) {
		if (n->op < DM_TOKEN_EQ || n->op > DM_TOKEN_GE)
			return dm_expr_error(p->e, p->token.at, DM_EPARSE,
			    p->err,
			    "bool modifier can only be used on comparison "
			    "operators");
		n->return_bool = true;
		dm_parse_next(p);
	}
	n->on = dm_parse_is_word(p, "on");
	if (!n->on && !dm_parse_is_word(p, "ignoring"))
		return parse_fill(p, n);
	n->matching = true;
	dm_parse_next(p);
	if (dm_parse_names(p, &n->names) < 0 || parse_sides(p, n) < 0 ||
	    check_names(p, n) < 0)
		return -1;
	return parse_fill(p, n);
}

static bool is_set_operator(enum dm_token_type op)
{
	return op == DM_TOKEN_AND || op == DM_TOKEN_OR || op == DM_TOKEN_UNLESS;
}

int dm_parse_check_binary(struct dm_parser *p, struct dm_node *n)
{
	enum dm_value_kind l = n->args[0]->kind, r = n->args[1]->kind;
	bool vectors = l == r && l == DM_EXPR_VECTOR;
	bool fills = n->has_fill[0] || n->has_fill[1];
	const char *wrong = NULL;

	for (size_t i = 0; i < 2; i++) {
		if (n->args[i]->kind != DM_EXPR_SCALAR &&
		    n->args[i]->kind != DM_EXPR_VECTOR)
			return dm_expr_error(p->e, n->args[i]->at, DM_EPARSE,
			    p->err,
			    "binary expression must contain only scalar and "
			    "instant vector types");
	}
	n->kind = l == DM_EXPR_SCALAR && r == DM_EXPR_SCALAR ? DM_EXPR_SCALAR
							     : DM_EXPR_VECTOR;
	if (is_set_operator(n->op) && !vectors)
		wrong = "set operators are not allowed in binary scalar "
			"expressions";
	else if (is_set_operator(n->op) && n->side != DM_GROUP_NONE)
		wrong = "no grouping allowed for set operations";
	else if (n->matching && !vectors)
		wrong = "vector matching only allowed between instant vectors";
	else if (fills && !vectors)
		wrong = "filling in missing series only allowed between "
			"instant vectors";
	else if (fills && is_set_operator(n->op))
		wrong = "filling in missing series not allowed for set "
			"operators";
	else if (n->kind == DM_EXPR_SCALAR && n->op >= DM_TOKEN_EQ &&
		 n->op <= DM_TOKEN_GE && !n->return_bool)
		wrong = "comparisons between scalars must use BOOL modifier";
	if (!wrong)
		return 0;
	return dm_expr_error(p->e, n->at, DM_EPARSE, p->err, "%s", wrong);
}
