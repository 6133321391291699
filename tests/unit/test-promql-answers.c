/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions that were put to Prometheus 3's own engine, with its answers:
 * dmon must give the same. tests/fixtures/promql/README says how a file is
 * made.
 *
 *	test-promql-answers [FILE...]
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>

#include "promql-memory.h"

#define FILES "tests/fixtures/promql/*.txt"

/* Of a value that went through functions of Go's own, which differ from C's
 * in the last bits; all others are the same to the bit. */
#define TOLERANCE 1e-12
static const char *const of_go[] = {"exp(", "ln(", "log", "sin", "cos", "tan",
    "sinh", "cosh", "tanh", "deg(", "rad(", "^"};
static bool exact;

struct lines {
	char **p;
	size_t n;
};

static void add_line(struct lines *l, const char *text, size_t n)
{
	l->p = realloc(l->p, (l->n + 1) * sizeof(*l->p));
	if (!l->p)
		abort();
	l->p[l->n] = strndup(text, n);
	if (!l->p[l->n++])
		abort();
}

static void clear_lines(struct lines *l)
{
	while (l->n)
		free(l->p[--l->n]);
}

static int cmp_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_number(struct dm_buf *b, double v)
{
	dm_buf_addf(b, isnan(v) ? "NaN" : isinf(v) ? "%+f" : "%.17g", v);
}

/* name{a="b",c="d"} */
static void add_series(struct dm_buf *b, const struct dm_element *el)
{
	dm_buf_add_cstr(b, "= ");
	if (el->name)
		dm_buf_add_str(b, el->name->text);
	dm_buf_add_char(b, '{');
	for (size_t i = 0; i < el->labels->n; i++)
		dm_buf_addf(b, "%s%.*s=\"%.*s\"", i ? "," : "",
		    (int)el->labels->pairs[i].name.n,
		    el->labels->pairs[i].name.p,
		    (int)el->labels->pairs[i].value.n,
		    el->labels->pairs[i].value.p);
	dm_buf_add_char(b, '}');
}

/* An instant's value, a line an element. */
static void add_value(struct lines *l, const struct dm_value *v)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	if (v->kind == DM_EXPR_SCALAR) {
		dm_buf_add_cstr(&b, "= scalar ");
		add_number(&b, v->scalar);
		add_line(l, b.p, b.n);
	} else if (v->kind == DM_EXPR_STRING) {
		dm_buf_add_cstr(&b, "= string \"");
		for (size_t i = 0; i < v->string.n; i++) {
			if (strchr("\"\\", v->string.p[i]))
				dm_buf_add_char(&b, '\\');
			dm_buf_add_char(&b, v->string.p[i]);
		}
		dm_buf_add_char(&b, '"');
		add_line(l, b.p, b.n);
	}
	for (size_t i = 0; i < v->n; i++) {
		dm_buf_clear(&b);
		add_series(&b, &v->elements[i]);
		dm_buf_add_char(&b, ' ');
		add_number(&b, v->elements[i].value);
		add_line(l, b.p, b.n);
	}
}

/* A range vector's value, a line a series. */
static void add_series_lines(struct lines *l, const struct dm_value *v)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	for (size_t i = 0; i < v->n; i++) {
		const struct dm_value_series *s = &v->series[i];
		const struct dm_element el = {s->labels, s->name, 0};

		dm_buf_clear(&b);
		add_series(&b, &el);
		for (size_t k = 0; k < s->n; k++) {
			dm_buf_addf(
			    &b, " %lld:", (long long)s->p[k].t_us / 1000);
			add_number(&b, s->p[k].v);
		}
		add_line(l, b.p, b.n);
	}
}

/* One step of a range: put behind the lines of its series. */
static void add_step(struct lines *l, const struct dm_value *v, int64_t ms)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	size_t n = v->kind == DM_EXPR_SCALAR ? 1 : v->n;

	for (size_t i = 0; i < n; i++) {
		const struct dm_element *el =
		    v->kind == DM_EXPR_SCALAR ? NULL : &v->elements[i];
		size_t k = 0, name_n;

		dm_buf_clear(&b);
		if (v->kind == DM_EXPR_SCALAR)
			dm_buf_add_cstr(&b, "= {}");
		else
			add_series(&b, el);
		name_n = b.n;
		while (k < l->n && (strncmp(l->p[k], b.p, name_n) != 0 ||
				       l->p[k][name_n] != ' '))
			k++;
		if (k == l->n)
			add_line(l, b.p, b.n);
		dm_buf_clear(&b);
		dm_buf_addf(&b, "%s %lld:", l->p[k], (long long)ms);
		add_number(
		    &b, v->kind == DM_EXPR_SCALAR ? v->scalar : el->value);
		free(l->p[k]);
		l->p[k] = strndup(b.p, b.n);
	}
}

static bool same_number(double a, double b)
{
	if (isnan(a) || isnan(b) || isinf(a) || isinf(b))
		return (isnan(a) && isnan(b)) || a == b;
	if (exact)
		return a == b;
	return fabs(a - b) <= TOLERANCE * fmax(fabs(a), fabs(b)) ||
	       fabs(a - b) < 1e-300;
}

/* Series letter by letter, numbers near enough. */
static bool same_line(const char *a, const char *b)
{
	const char *name = strrchr(a, '}');
	size_t n = name ? (size_t)(name + 1 - a) : 9;
	char *end_a, *end_b;

	if (strcmp(a, b) == 0)
		return true;
	if (strlen(a) < n || strncmp(a, b, n) != 0 ||
	    strncmp(a, "= string", 8) == 0)
		return false;
	for (a += n, b += n; *a; a = end_a, b = end_b) {
		double x = strtod(a, &end_a), y = strtod(b, &end_b);

		if (end_a == a || end_b == b || !same_number(x, y) ||
		    *end_a != *end_b)
			return false;
		end_a += *end_a == ':';
		end_b += *end_b == ':';
	}
	return *b == '\0';
}

/* Where the expression's place in a question begins. */
static const char *expression(const char *question)
{
	size_t words = *question == 'q' ? 2 : 4;

	while (words--)
		question = strchr(question, ' ') + 1;
	return question;
}

/* What dmon says; an error as "! why". */
static void ask(struct memory *m, const char *question, struct lines *ret)
{
	struct dm_querier q = memory_querier(m);
	DM_AUTO_EXPR struct dm_expr *e = NULL;
	long long from, to = 0, step = 1;
	struct dm_value v;
	struct dm_err err;
	int rc;

	sscanf(question + 2, "%lld", &from);
	if (*question == 'r')
		sscanf(question + 2, "%lld %lld %lld", &from, &to, &step);
	rc = dm_expr_parse(dm_str(expression(question)), &e, &err);
	if (rc == 0 && *question == 'r')
		rc = dm_expr_set_range(
		    e, from * 1000, to * 1000, step * 1000, &err);
	if (rc == 0)
		rc = dm_expr_bind(e, &q, &err);
	for (long long t = from; rc == 0 && (t == from || t <= to); t += step) {
		rc = dm_expr_eval(e, t * 1000, &v, &err);
		if (rc == 0 && v.kind == DM_EXPR_RANGE)
			add_series_lines(ret, &v);
		else if (rc == 0 && *question == 'q')
			add_value(ret, &v);
		else if (rc == 0)
			add_step(ret, &v, t);
	}
	if (rc < 0) {
		clear_lines(ret);
		add_line(ret, "! ", 2);
		add_line(ret, err.msg, strlen(err.msg));
	} else if (ret->n == 0) {
		add_line(ret, "= nothing", 9);
	}
}

static void sort_lines(struct lines *l)
{
	qsort(l->p, l->n, sizeof(*l->p), cmp_lines);
}

/* Of equal values, sorts may put any first. */
static bool same_values(const struct lines *a, const struct lines *b)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!same_number(strtod(strrchr(a->p[i], ' '), NULL),
			strtod(strrchr(b->p[i], ' '), NULL)))
			return false;
	}
	return true;
}

static bool same_lines(const struct lines *a, const struct lines *b)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!same_line(a->p[i], b->p[i]))
			return false;
	}
	return true;
}

static bool is_same(
    const char *question, struct lines *got, struct lines *expected)
{
	const char *e = expression(question);

	exact = true;
	for (size_t i = 0; i < DM_COUNT(of_go); i++)
		exact = exact && !strstr(e, of_go[i]);
	if (expected->n && got->p[0][0] == '!')
		return expected->p[0][0] == '!';
	if (expected->n != got->n)
		return false;
	if (*question == 'q' && strncmp(e, "sort_by", 7) == 0)
		return same_lines(got, expected);
	if (*question == 'q' &&
	    (strncmp(e, "sort", 4) == 0 || strncmp(e, "topk", 4) == 0 ||
		strncmp(e, "bottomk", 7) == 0) &&
	    !same_values(got, expected))
		return false;
	sort_lines(got);
	sort_lines(expected);
	return same_lines(got, expected);
}

static bool compare(
    const char *question, struct lines *got, struct lines *expected)
{
	if (is_same(question, got, expected))
		return true;
	print_message("# %s\n", question);
	for (size_t i = 0; i < expected->n && i < 8; i++)
		print_message("#  expected %.300s\n", expected->p[i]);
	for (size_t i = 0; i < got->n && i < 8; i++)
		print_message("#  got      %.300s\n", got->p[i]);
	return false;
}

static unsigned flush(struct memory *m, char **question, struct lines *expected)
{
	struct lines got = {0};
	bool same = true;

	if (*question) {
		ask(m, *question, &got);
		same = compare(*question, &got, expected);
	}
	clear_lines(&got);
	clear_lines(expected);
	free(got.p);
	free(*question);
	*question = NULL;
	return !same;
}

static void check_file(const char *path, unsigned *bad, unsigned *n)
{
	FILE *f = fopen(path, "re");
	struct lines expected = {0};
	char *line = NULL, *question = NULL;
	struct memory m;
	size_t cap = 0;
	ssize_t len;

	assert_non_null(f);
	memory_start(&m);
	while ((len = getline(&line, &cap, f)) > 0) {
		line[len - 1] = '\0';
		if (*line == '=' || *line == '!') {
			add_line(&expected, line, (size_t)len - 1);
			continue;
		}
		*bad += flush(&m, &question, &expected);
		if (*line == 's')
			memory_add(&m, line + 2);
		if (*line == 'q' || *line == 'r')
			question = strdup(line);
		*n += *line == 'q' || *line == 'r';
	}
	*bad += flush(&m, &question, &expected);
	memory_stop(&m);
	free(expected.p);
	free(line);
	fclose(f);
}

static char **files;

static void test_answers(void **state)
{
	unsigned bad = 0, n = 0;

	(void)state;
	for (char **f = files; *f; f++)
		check_file(*f, &bad, &n);
	print_message("# %u questions, %u answered otherwise\n", n, bad);
	assert_true(n > 0);
	assert_int_equal(bad, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers)};
	glob_t g = {0};
	int rc;

	if (argc < 2 && glob(FILES, 0, NULL, &g) == 0)
		files = g.gl_pathv;
	else
		files = argv + 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	globfree(&g);
	return rc;
}
