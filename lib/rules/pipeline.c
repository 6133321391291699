/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "base/num.h"
#include "base/utf8.h"
#include "rules/template-reader.h"

/* Reads what stands within an action. */

static int fail_name(struct reader *r, struct dm_str name, const char *what)
{
	r->at -= name.n;
	return dm_err_set(r->err, DM_EPARSE, "template: %s \"%.*s\"", what,
	    (int)(name.n < 64 ? name.n : 64), name.p);
}

static struct texpr *expr_new(struct reader *r, enum texpr_kind kind)
{
	struct texpr *e = alloc(r, sizeof(*e));

	if (e)
		e->kind = kind;
	return e;
}

static int arg_add(struct reader *r, struct texpr *call, struct texpr *arg)
{
	if (call->n_args == call->cap_args) {
		size_t cap = call->cap_args ? 2 * call->cap_args : 4;
		struct texpr **p = alloc(r, cap * sizeof(*p));

		if (!p)
			return -1;
		if (call->n_args > 0)
			memcpy(p, call->args, call->n_args * sizeof(*p));
		call->args = p;
		call->cap_args = cap;
	}
	call->args[call->n_args++] = arg;
	return 0;
}

/* A string's escape, as in Go; the backslash has been taken. */
static int take_escape(struct reader *r, struct dm_buf *b)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	char c = peek(r);
	const char *known = c ? strchr(from, c) : NULL;
	unsigned digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	struct dm_str hex;
	uint64_t code;

	r->at++;
	if (known) {
		dm_buf_add_char(b, to[known - from]);
		return 0;
	}
	hex = (struct dm_str){r->s.p + r->at, digits};
	if (digits == 0 || r->s.n - r->at < digits || !dm_str_hex64(hex, &code))
		return fail(r, "an escape that is not known");
	r->at += digits;
	if (digits == 2)
		dm_buf_add_char(b, (char)code);
	else if (code <= 0x10ffff)
		dm_utf8_add(b, (uint32_t)code);
	else
		return fail(r, "an escape beyond Unicode");
	return 0;
}

static int take_quoted_text(struct reader *r, char quote, struct dm_buf *b)
{
	r->at++;
	for (;;) {
		char c = peek(r);

		if (r->at >= r->s.n || (c == '\n' && quote == '"'))
			return fail(r, "a text without its end");
		r->at++;
		if (c == quote)
			return dm_buf_ok(b, r->err);
		if (c == '\\' && quote == '"') {
			if (take_escape(r, b) < 0)
				return -1;
		} else {
			dm_buf_add_char(b, c);
		}
	}
}

int dm_template_quoted(struct reader *r, struct dm_str *ret)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	char quote, *copy;

	skip_blanks(r);
	quote = peek(r);
	if (quote != '"' && quote != '`')
		return fail(r, "a text in quotes was expected");
	if (take_quoted_text(r, quote, &b) < 0)
		return -1;
	copy = alloc(r, b.n + 1);
	if (!copy)
		return -1;
	if (b.n > 0)
		memcpy(copy, b.p, b.n);
	*ret = (struct dm_str){copy, b.n};
	return 0;
}

static int take_quoted(struct reader *r, struct texpr **ret)
{
	struct texpr *e = expr_new(r, TE_CONST);

	if (!e || dm_template_quoted(r, &e->value.s) < 0)
		return -1;
	e->value.type = TV_STRING;
	*ret = e;
	return 0;
}

/* As Go reads integers with a base of 0: 0x1f, 0b1, 0o7, 07, 1_000. */
static bool whole_number(struct dm_str s, int64_t *ret)
{
	char digits[80];
	bool minus = s.n > 0 && s.p[0] == '-';
	size_t n = 0, at = minus || (s.n > 0 && s.p[0] == '+');
	int base = 10;
	char *end;

	if (at + 1 < s.n && s.p[at] == '0') {
		char mark = s.p[at + 1] | 0x20;

		base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
		at += mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
	}
	for (; at < s.n && n + 1 < sizeof(digits); at++)
		if (s.p[at] != '_')
			digits[n++] = s.p[at];
	digits[n] = '\0';
	if (at < s.n || n == 0 || !is_name_char(digits[0]))
		return false;
	errno = 0;
	*ret = strtoll(digits, &end, base);
	if (minus)
		*ret = -*ret;
	return *end == '\0' && errno == 0;
}

static int take_number(struct reader *r, struct texpr **ret)
{
	size_t from = r->at;
	struct dm_str s;
	struct texpr *e = expr_new(r, TE_CONST);
	char last = '\0';

	if (!e)
		return -1;
	if (peek(r) == '+' || peek(r) == '-')
		r->at++;
	while (is_name_char(peek(r)) || peek(r) == '.' ||
	       ((last == 'e' || last == 'E') &&
		   (peek(r) == '+' || peek(r) == '-')))
		last = r->s.p[r->at++];
	s = (struct dm_str){r->s.p + from, r->at - from};
	if (whole_number(s, &e->value.i)) {
		e->value.type = TV_INT;
	} else if (memchr(s.p, 'n', s.n) == NULL &&
		   memchr(s.p, 'N', s.n) == NULL &&
		   dm_num_parse_user(s, &e->value.f)) {
		e->value.type = TV_FLOAT;
	} else {
		return fail_name(r, s, "not a number");
	}
	*ret = e;
	return 0;
}

static int take_variable(struct reader *r, struct texpr **ret)
{
	struct dm_str name;
	struct texpr *e = expr_new(r, TE_VAR);

	if (!e)
		return -1;
	r->at++;
	name = take_name(r);
	for (unsigned i = r->n_vars; i-- > 0;) {
		if (!dm_str_eq(r->vars[i]->name, name))
			continue;
		e->var = r->vars[i];
		r->t->uses_value |=
		    e->var->slot == TVAR_VALUE || e->var->slot == TVAR_ROOT;
		*ret = e;
		return 0;
	}
	return fail_name(r, name, "an undefined variable");
}

static int take_paren(struct reader *r, struct texpr **ret)
{
	int rc;

	if (r->depth >= DM_TEMPLATE_MAX_DEPTH)
		return fail(r, "nested too deeply");
	r->at++;
	r->depth++;
	rc = dm_template_pipeline(r, ret);
	r->depth--;
	if (rc < 0)
		return -1;
	skip_blanks(r);
	if (peek(r) != ')')
		return fail(r, "a ) is missing");
	r->at++;
	return 0;
}

/* .Name.name… behind an operand. */
static int take_fields(struct reader *r, struct texpr **e)
{
	while (peek(r) == '.') {
		struct texpr *field = expr_new(r, TE_FIELD);

		if (!field)
			return -1;
		r->at++;
		field->name = take_name(r);
		if (field->name.n == 0)
			return fail(r, "a name is missing behind the dot");
		if ((*e)->kind == TE_DOT || (*e)->kind == TE_VAR)
			r->t->uses_value |= dm_str_is(field->name, "Value");
		if (arg_add(r, field, *e) < 0)
			return -1;
		*e = field;
	}
	return 0;
}

static int take_dot(struct reader *r, struct texpr **ret)
{
	struct texpr *e = expr_new(r, TE_DOT);
	char next = r->at + 1 < r->s.n ? r->s.p[r->at + 1] : '\0';

	if (!e)
		return -1;
	if (next >= '0' && next <= '9')
		return take_number(r, ret);
	e->dot = r->dot;
	*ret = e;
	if (is_name_char(next))
		return take_fields(r, ret);
	/* The whole: printed, it shows the value. */
	r->t->uses_value = true;
	r->at++;
	return 0;
}

/* Words of the language that stand at the start of an action only, and
 * functions that are not built. */
static bool is_refused(struct dm_str name)
{
	static const char *const names[] = {"block", "break", "call",
	    "continue", "define", "else", "end", "if", "js", "range",
	    "template", "tmpl", "with"};

	for (size_t i = 0; i < DM_COUNT(names); i++)
		if (dm_str_is(name, names[i]))
			return true;
	return false;
}

/* A call of query: its argument is looked at when all has been read. */
static int take_query(struct reader *r, struct texpr *e, size_t at)
{
	struct tquery *q = alloc(r, sizeof(*q));

	if (!q)
		return -1;
	e->kind = TE_QUERY;
	e->query = q;
	q->at = at;
	q->call = e;
	q->next = r->t->queries;
	r->t->queries = q;
	return 0;
}

static int take_word(struct reader *r, struct texpr **ret)
{
	struct dm_str name = take_name(r);
	struct texpr *e = expr_new(r, TE_CONST);

	if (!e)
		return -1;
	*ret = e;
	if (dm_str_is(name, "true") || dm_str_is(name, "false")) {
		e->value =
		    (struct tv){.type = TV_BOOL, .b = dm_str_is(name, "true")};
		return 0;
	}
	if (dm_str_is(name, "nil"))
		return 0;
	if (is_refused(name))
		return fail_name(r, name, "not supported:");
	e->func = dm_template_func(name);
	if (!e->func)
		return fail_name(r, name, "an unknown function");
	r->t->is_fleeting |= e->func->fleeting;
	if (dm_str_is(name, "query"))
		return take_query(r, e, r->at - name.n);
	e->kind = dm_str_is(name, "and")  ? TE_AND
		  : dm_str_is(name, "or") ? TE_OR
					  : TE_CALL;
	return 0;
}

static bool is_call(const struct texpr *e)
{
	return e->func != NULL;
}

static bool is_nil(const struct texpr *e)
{
	return e->kind == TE_CONST && e->value.type == TV_NIL;
}

/* Is it a time as a function gives it, or the dot or a variable that is? */
static bool is_time(const struct texpr *e)
{
	if (e->kind == TE_DOT && e->dot)
		return is_time(e->dot);
	if (e->kind == TE_VAR && e->var->is && !e->var->changes)
		return is_time(e->var->is);
	return e->kind == TE_CALL && dm_str_is(dm_str(e->func->name), "toTime");
}

/* What is not built is refused, as far as it can be told. */
static int check_method(struct reader *r, const struct texpr *e)
{
	bool ok;

	if (e->kind != TE_FIELD || (e->n_args == 1 && !is_time(e->args[0])))
		return 0;
	ok = dm_template_has_method(e->name, e->n_args - 1);
	if (e->n_args > 1 && !ok)
		return fail(r, "only a function takes arguments");
	return ok ? 0 : fail(r, "a method of times that is not supported");
}

static int take_operand(struct reader *r, struct texpr **ret)
{
	char c = peek(r);
	bool fields = true;
	int rc;

	if (c == '"' || c == '`') {
		rc = take_quoted(r, ret);
	} else if (c == '$') {
		rc = take_variable(r, ret);
	} else if (c == '(') {
		rc = take_paren(r, ret);
	} else if (c == '.') {
		return take_dot(r, ret);
	} else if ((c >= '0' && c <= '9') || c == '-' || c == '+') {
		rc = take_number(r, ret);
		fields = false;
	} else if (is_name_char(c)) {
		rc = take_word(r, ret);
		fields = false;
	} else {
		return fail(r, "a value is missing");
	}
	return rc == 0 && fields ? take_fields(r, ret) : rc;
}

static bool at_command_end(const struct reader *r)
{
	return at_close(r) || peek(r) == '|' || peek(r) == ')' ||
	       r->at >= r->s.n;
}

/* An operand, or a function and its arguments. */
static int take_command(struct reader *r, struct texpr **ret)
{
	struct texpr *arg;
	bool alone; /* a parenthesis that holds a call is a value */

	skip_blanks(r);
	alone = peek(r) == '(';
	if (take_operand(r, ret) < 0)
		return -1;
	for (;;) {
		bool blanks = skip_blanks(r);

		if (at_command_end(r) && is_nil(*ret))
			return fail(r, "nil is not a command");
		if (at_command_end(r))
			return check_method(r, *ret);
		if (!blanks)
			return fail(r, "not expected here");
		if ((alone || !is_call(*ret)) && (*ret)->kind != TE_FIELD)
			return fail(r, "only a function takes arguments");
		if (take_operand(r, &arg) < 0 || check_method(r, arg) < 0 ||
		    arg_add(r, *ret, arg) < 0)
			return -1;
	}
}

/* What a command gives is the last argument of the one behind it. */
int dm_template_pipeline(struct reader *r, struct texpr **ret)
{
	if (take_command(r, ret) < 0)
		return -1;
	for (;;) {
		struct texpr *next;
		size_t from;

		skip_blanks(r);
		if (peek(r) != '|')
			return 0;
		r->at++;
		skip_blanks(r);
		from = r->at;
		if (take_command(r, &next) < 0)
			return -1;
		if (!is_call(next) || r->s.p[from] == '(') {
			r->at = from;
			return fail(r, "only a function stands behind a |");
		}
		if (arg_add(r, next, *ret) < 0)
			return -1;
		*ret = next;
	}
}
