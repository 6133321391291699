/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Write a unit-test file for `promtool test rules`: random series, random
 * expressions, and as expected values what dmon's evaluator makes of them.
 * promtool then says whether Prometheus makes the same.
 *
 *	promql-cases SEED EXPRESSIONS >cases.yaml
 *
 * Debian's promtool is 2.42: samples and steps of subqueries stand so that
 * none is on the left border of a range or of the lookback, which are open
 * since Prometheus 3; values stay far from 0, where 3 extrapolates
 * differently; and there is no topk, which may take any of several equal
 * values.
 */
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "base/time.h"
#include "promql-fixture.h"

#define STEP_S 10
#define POINTS 60
#define EVAL_S 525 /* no sample stands at 525 minus a range or offset */

static uint64_t state;

/* Source: Marsaglia, Xorshift RNGs, 2003. */
static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % n);
}

static const char *pick(const char *const *from, size_t n)
{
	return from[below((unsigned)n)];
}

#define PICK(array) pick((array), DM_COUNT(array))

static const char *const metrics[] = {"requests", "errors", "level"};
static const char *const hosts[] = {"h1", "h2", "h3"};
static const char *const zones[] = {"east", "west"};

static void one_series(struct fixture *f, const char *metric, const char *host,
    const char *zone, bool counter)
{
	struct dm_labels_pool *pool = dm_window_pool(f->window);
	struct dm_label l[] = {
	    {DM_STR("host"), dm_str(host)}, {DM_STR("zone"), dm_str(zone)}};
	struct dm_labels *labels;
	const struct dm_name *name;
	long v = 1000 + below(50);

	if (dm_labels_name(pool, dm_str(metric), &name, &f->err) < 0 ||
	    dm_labels_new(pool, l, 2, &labels, &f->err) < 0)
		abort();
	printf(
	    "      - series: '%s{host=\"%s\",zone=\"%s\"}'\n        values: '",
	    metric, host, zone);
	for (int i = 0; i < POINTS; i++) {
		v = counter ? (below(25) ? v + below(9) : 1000)
			    : 900 + (long)below(400);
		if (below(12) == 0) {
			printf("_ ");
			continue;
		}
		printf("%ld ", v);
		if (dm_window_put(f->window, name, labels,
			i * STEP_S * DM_US_PER_S, (double)v, &f->err) < 0)
			abort();
	}
	printf("'\n");
	dm_labels_unref(labels);
}

static void series(struct fixture *f)
{
	for (size_t m = 0; m < DM_COUNT(metrics); m++) {
		for (size_t h = 0; h < DM_COUNT(hosts); h++) {
			for (size_t z = 0; z < DM_COUNT(zones); z++) {
				if (below(8))
					one_series(f, metrics[m], hosts[h],
					    zones[z], m < 2);
			}
		}
	}
}

static void selector(struct dm_buf *b, size_t n_metrics)
{
	static const char *const matchers[] = {"", "", "", "{host=\"h1\"}",
	    "{host!=\"h2\"}", "{zone=~\"e.*\"}", "{zone!~\"(?i)EAST|x\"}",
	    "{host=~\"h[23]\",zone=\"west\"}",
	    "{host=~`[[:word:]]{2}`,zone!=``}", "{zone=~\"(?P<z>\\\\pL+)st\"}",
	    "{__name__=~\"re.*|level\"}"};
	const char *m = PICK(matchers);

	if (strstr(m, "__name__"))
		dm_buf_add_cstr(b, m);
	else
		dm_buf_addf(b, "%s%s", pick(metrics, n_metrics), m);
}

static const char *modifier(void)
{
	static const char *const modifiers[] = {
	    "", "", "", "", " offset 1m", " @ start()", " @ end() offset 30s"};

	return PICK(modifiers);
}

static void vector(struct dm_buf *b, unsigned depth);

/* Steps are multiples of ten seconds, and no border of a range is one. */
static void subquery(struct dm_buf *b)
{
	static const char *const inner[] = {"rate(%s[65s])", "%s", "-%s",
	    "max_over_time(%s[35s])", "sum by (host) (%s)"};
	static const char *const steps[] = {
	    "[2m:10s]", "[1m:20s]", "[5m:50s]", "[100s:10s]"};
	const char *call = PICK(inner);
	DM_AUTO_BUF struct dm_buf s = {0};

	dm_buf_addf(&s, "%s", pick(metrics, 2));
	dm_buf_add_cstr(b, "(");
	for (const char *p = call; *p; p++) {
		if (*p == '%' && p[1] == 's')
			dm_buf_add_str(b, dm_buf_str(&s));
		else if (*p != 's' || p == call || p[-1] != '%')
			dm_buf_add_char(b, *p);
	}
	dm_buf_addf(b, ")%s%s", PICK(steps), modifier());
}

static void range_call(struct dm_buf *b)
{
	static const char *const calls[] = {"rate", "increase", "delta",
	    "irate", "idelta", "changes", "resets", "sum_over_time",
	    "min_over_time", "max_over_time", "count_over_time",
	    "last_over_time", "present_over_time"};
	static const char *const ranges[] = {
	    "[1m]", "[2m]", "[5m]", "[30s]", "[3m] offset 1m"};

	const char *call = PICK(calls);

	dm_buf_addf(b, "%s(", call);
	if (below(4) == 0) {
		subquery(b);
		dm_buf_add_cstr(b, ")");
		return;
	}
	/* A level is no counter: it would "reset" all the time. */
	selector(b, strcmp(call, "rate") && strcmp(call, "increase") ? 3 : 2);
	dm_buf_addf(b, "%s)", PICK(ranges));
}

/* Functions that set labels, of dates and others of two arguments. */
static void other_call(struct dm_buf *b, unsigned depth)
{
	static const char *const calls[][2] = {
	    {"label_replace(", ", \"host\", \"$2-$1\", \"host\", \"(h)(.)\")"},
	    {"label_replace(", ", \"new\", \"${z}x\", \"zone\", "
			       "\"(?P<z>.)(.*)st\")"},
	    {"label_join(", ", \"new\", \"/\", \"zone\", \"nope\", \"host\")"},
	    {"sum by (v) (count_values(\"v\", ", "))"},
	    {"count_values by (host) (\"zone\", ", ")"},
	    {"hour(1e5 * ", ")"},
	    {"day_of_month(1e7 * ", ")"},
	    {"day_of_year(-1e6 * ", ")"},
	    {"days_in_month(1e7 * ", ")"},
	    {"year(1e8 * ", ")"},
	    {"clamp(", ", 950, 1100)"},
	    {"round(sin(", "), 0.001)"},
	    {"round(rad(", "), 0.001)"},
	};
	size_t i = below(DM_COUNT(calls));

	dm_buf_add_cstr(b, calls[i][0]);
	dm_buf_add_cstr(b, "(");
	vector(b, depth - 1);
	dm_buf_addf(b, ")%s", calls[i][1]);
}

static void vector(struct dm_buf *b, unsigned depth)
{
	static const char *const operators[] = {"+", "-", "*", "/", "%", ">",
	    "<= ", "== bool", "!= bool", "> bool", "and", "or", "unless",
	    "+ ignoring (zone) group_left ()", "and on (host)",
	    "* on (host, zone, __name__)", "or on (__name__)",
	    "- on (zone, host) group_left (__name__)", "unless on (zone)",
	    "or ignoring (host)"};
	static const char *const aggregations[] = {"sum", "min", "max", "count",
	    "group", "sum by (host)", "max by (zone)", "count without (zone)",
	    "min without (host, zone)", "sum by (host, zone)",
	    "quantile by (host) (0.5, "};
	static const char *const calls[] = {
	    "abs", "ceil", "floor", "sgn", "-", "round", "sort"};
	static const char *const scalars[] = {
	    "> 10", "* 2", "- 3.5", "< bool 7", "/ 4", "^ 2", "% 5"};
	const char *a;
	bool rounded;

	switch (depth ? below(8) : below(2)) {
	case 0:
		selector(b, DM_COUNT(metrics));
		dm_buf_add_cstr(b, modifier());
		break;
	case 1:
		range_call(b);
		break;
	case 2:
		dm_buf_add_cstr(b, "(");
		vector(b, depth - 1);
		dm_buf_addf(b, ") %s (", PICK(operators));
		vector(b, depth - 1);
		dm_buf_add_cstr(b, ")");
		break;
	case 3:
	case 4:
		a = PICK(aggregations);
		/* 2.42 adds without compensation. */
		rounded = strncmp(a, "sum", 3) == 0;
		dm_buf_addf(b, "%s%s%s", rounded ? "round(" : "", a,
		    strchr(a, '.') ? "" : " (");
		vector(b, depth - 1);
		dm_buf_add_cstr(b, rounded ? "), 0.0001)" : ")");
		break;
	case 5:
		other_call(b, depth);
		break;
	case 6:
		dm_buf_addf(b, "%s(", PICK(calls));
		vector(b, depth - 1);
		dm_buf_add_cstr(b, ")");
		break;
	default:
		dm_buf_add_cstr(b, "(");
		vector(b, depth - 1);
		dm_buf_addf(b, ") %s", PICK(scalars));
	}
}

/* NaN is never equal to itself, in promtool neither. */
static bool has_nan(const struct dm_value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (isnan(v->elements[i].value))
			return true;
	}
	return false;
}

static void expect(const struct dm_value *v, struct dm_buf *b)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct dm_element *el = &v->elements[i];

		dm_buf_clear(b);
		dm_labels_print(b, el->name, el->labels);
		printf("          - labels: '%s'\n            value: ",
		    dm_buf_cstr(b));
		if (isinf(el->value)) {
			printf("%s.inf\n", el->value < 0 ? "-" : "");
			continue;
		}
		printf("%.17g\n", el->value);
	}
}

/* One expression; false where it is one that Prometheus refuses too, or
 * whose result can't be written. */
static bool one_case(struct fixture *f, struct dm_buf *text)
{
	struct dm_querier q = dm_window_querier(f->window);
	DM_AUTO_EXPR struct dm_expr *e = NULL;
	struct dm_value v;

	dm_buf_clear(text);
	vector(text, 3);
	if (dm_expr_parse(dm_buf_str(text), &e, &f->err) < 0) {
		fprintf(stderr, "%s: %s\n", dm_buf_cstr(text), f->err.msg);
		exit(1);
	}
	if (dm_expr_bind(e, &q, &f->err) < 0 ||
	    dm_expr_eval(e, EVAL_S * DM_US_PER_S, &v, &f->err) < 0 ||
	    has_nan(&v))
		return false;
	printf("      - expr: '%s'\n        eval_time: %ds\n"
	       "        exp_samples:%s\n",
	    dm_buf_cstr(text), EVAL_S, v.n ? "" : " []");
	expect(&v, text);
	return true;
}

int main(int argc, char **argv)
{
	unsigned seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
	struct dm_expr *all[DM_COUNT(metrics)];
	DM_AUTO_BUF struct dm_buf text = {0};
	struct fixture f;

	state = 88172645463325252u + seed * UINT64_C(2654435761);
	fixture_start(&f);
	for (size_t i = 0; i < DM_COUNT(metrics); i++)
		all[i] = fixture_expr(&f, metrics[i]);
	printf("evaluation_interval: %ds\ntests:\n  - interval: %ds\n"
	       "    input_series:\n",
	    STEP_S, STEP_S);
	series(&f);
	printf("    promql_expr_test:\n");
	while (n)
		n -= one_case(&f, &text);
	for (size_t i = 0; i < DM_COUNT(metrics); i++)
		dm_expr_free(all[i]);
	fixture_stop(&f);
	return fflush(stdout) == 0 ? 0 : 1;
}
