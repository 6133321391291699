/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/test-file.h"

#include <math.h>
#include <strings.h>

#include "base/map.h"
#include "base/num.h"
#include "base/time.h"
#include "rules/reading.h"

#define MINUTE_US (60 * DM_US_PER_S)

/* An array for the items of a list, zeroed; *ret_n where it has memory. */
static void *items_new(struct dm_reading *r, const struct dm_yaml_node *list,
    size_t bytes, size_t *ret_n)
{
	void *p = list ? calloc(list->n_children + 1, bytes) : NULL;

	*ret_n = 0;
	if (list && !p)
		dm_reading_no_memory(r);
	if (p)
		*ret_n = list->n_children;
	return p;
}

/* A list of texts. */
static char **read_texts(struct dm_reading *r, const struct dm_yaml_node *map,
    const char *key, size_t *ret_n)
{
	const struct dm_yaml_node *list = dm_reading_list(r, map, key);
	char **texts = items_new(r, list, sizeof(*texts), ret_n);

	for (size_t i = 0; i < *ret_n; i++) {
		const struct dm_yaml_node *n = list->children[i];

		if (n->type != DM_YAML_SCALAR)
			dm_reading_wrong(r, n, "%s: not a text", key);
		texts[i] = dm_str_dup(
		    n->type == DM_YAML_SCALAR ? n->text : DM_STR(""));
		if (!texts[i])
			dm_reading_no_memory(r);
	}
	return texts;
}

/* A mapping of texts to texts. */
static void read_label_list(struct dm_reading *r,
    const struct dm_yaml_node *map, const char *key, struct dm_label_list *ret)
{
	const struct dm_yaml_node *n = dm_yaml_get(map, key);
	struct dm_err e = {0};

	if (!n || dm_yaml_is_null(n))
		return;
	if (n->type != DM_YAML_MAPPING) {
		dm_reading_wrong(r, n, "%s must be a mapping", key);
		return;
	}
	for (size_t i = 0; i < n->n_children; i += 2) {
		const struct dm_yaml_node *name = n->children[i];
		const struct dm_yaml_node *value = n->children[i + 1];

		if (value->type != DM_YAML_SCALAR)
			dm_reading_wrong(r, value, "%s: %s must be a text", key,
			    name->text.p);
		else if (dm_label_list_put(ret, name->text,
			     dm_yaml_is_null(value) ? DM_STR("") : value->text,
			     &e) < 0)
			dm_reading_tell(r, &e);
	}
}

static bool read_metric(struct dm_reading *r, const struct dm_yaml_node *n,
    struct dm_label_list *ret)
{
	struct dm_err e = {0};
	size_t offset = 0;

	if (dm_metric_parse(n->text, ret, &offset, &e) == 0)
		return true;
	dm_reading_tell_at(r, n, offset, &e);
	return false;
}

static void read_series(struct dm_reading *r, const struct dm_yaml_node *map,
    struct dm_test_series *ret)
{
	static const char *const known[] = {"series", "values", NULL};
	const struct dm_yaml_node *series, *values;
	struct dm_err e = {0};
	size_t offset = 0;

	if (!dm_reading_keys(r, map, "input_series", known))
		return;
	series = dm_reading_scalar(r, map, "series");
	values = dm_reading_scalar(r, map, "values");
	if (!series)
		dm_reading_wrong(r, map, "input_series: series is missing");
	else if (read_metric(r, series, &ret->metric) &&
		 !dm_label_list_find(&ret->metric, DM_STR(DM_LABEL_NAME)))
		dm_reading_wrong(r, series, "a series needs a metric's name");
	if (values &&
	    dm_values_parse(values->text, &ret->values, &offset, &e) < 0)
		dm_reading_tell_at(r, values, offset, &e);
}

static void read_expected_alert(struct dm_reading *r,
    const struct dm_yaml_node *map, const char *alertname,
    struct dm_test_alert *ret)
{
	static const char *const known[] = {
	    "exp_labels", "exp_annotations", NULL};
	struct dm_err e = {0};

	if (!dm_yaml_is_null(map)) {
		if (!dm_reading_keys(r, map, "exp_alerts", known))
			return;
		read_label_list(r, map, "exp_labels", &ret->labels);
		read_label_list(r, map, "exp_annotations", &ret->annotations);
	}
	if (alertname && dm_label_list_put(&ret->labels, DM_STR("alertname"),
			     dm_str(alertname), &e) < 0)
		dm_reading_tell(r, &e);
}

static void read_alert_test(struct dm_reading *r,
    const struct dm_yaml_node *map, struct dm_alert_test *ret)
{
	static const char *const known[] = {
	    "eval_time", "alertname", "exp_alerts", NULL};
	const struct dm_yaml_node *list;

	if (!dm_reading_keys(r, map, "alert_rule_test", known))
		return;
	ret->at_us = dm_reading_duration(r, map, "eval_time");
	ret->alertname = dm_reading_text(r, map, "alertname");
	if (ret->alertname && !*ret->alertname)
		dm_reading_wrong(
		    r, map, "an alert_rule_test needs an alertname");
	list = dm_reading_list(r, map, "exp_alerts");
	ret->expected = items_new(r, list, sizeof(*ret->expected), &ret->n);
	for (size_t i = 0; i < ret->n; i++)
		read_expected_alert(
		    r, list->children[i], ret->alertname, &ret->expected[i]);
}

static bool is_one_of(struct dm_str s, const char *const words[static 3])
{
	return dm_str_is(s, words[0]) || dm_str_is(s, words[1]) ||
	       dm_str_is(s, words[2]);
}

/* A number as YAML 1.1 writes it. Source: yaml.v2, resolve.go. */
static bool yaml_number(struct dm_str s, double *ret)
{
	static const char *const inf[] = {".inf", ".Inf", ".INF"};
	static const char *const nan[] = {".nan", ".NaN", ".NAN"};
	bool minus = s.n > 0 && s.p[0] == '-';
	bool sign = minus || (s.n > 0 && s.p[0] == '+');
	struct dm_str digits = {s.p + sign, s.n - sign};
	char text[64];
	size_t n = 0;
	uint64_t hex;

	if (is_one_of(s, nan)) {
		*ret = NAN;
		return true;
	}
	if (is_one_of(digits, inf)) {
		*ret = minus ? -INFINITY : INFINITY;
		return true;
	}
	if (dm_str_starts(digits, "0x") &&
	    dm_str_hex64((struct dm_str){digits.p + 2, digits.n - 2}, &hex)) {
		*ret = minus ? -(double)hex : (double)hex;
		return true;
	}
	for (size_t i = 0; i < s.n && n < sizeof(text); i++)
		if (s.p[i] != '_')
			text[n++] = s.p[i];
	return digits.n > 0 &&
	       (digits.p[0] == '.' ||
		   (digits.p[0] >= '0' && digits.p[0] <= '9')) &&
	       dm_num_parse_user((struct dm_str){text, n}, ret);
}

static void read_sample(struct dm_reading *r, const struct dm_yaml_node *map,
    struct dm_test_sample *ret)
{
	static const char *const known[] = {
	    "labels", "value", "histogram", NULL};
	const struct dm_yaml_node *n;

	if (!dm_reading_keys(r, map, "exp_samples", known))
		return;
	n = dm_reading_scalar(r, map, "labels");
	if (n && n->text.n > 0)
		read_metric(r, n, &ret->labels);
	n = dm_reading_scalar(r, map, "histogram");
	if (n && n->text.n > 0)
		dm_reading_wrong(r, n, "native histograms are not supported");
	n = dm_reading_scalar(r, map, "value");
	if (n &&
	    (n->style != DM_YAML_PLAIN || !yaml_number(n->text, &ret->value)))
		dm_reading_wrong(
		    r, n, "value: not a number: \"%s\"", n->text.p);
}

/* An error's line and column of the expression, to its place in the file. */
static void read_expr(
    struct dm_reading *r, const struct dm_yaml_node *n, struct dm_expr **ret)
{
	struct dm_err e = {0};

	if (dm_expr_parse(n->text, ret, &e) < 0) {
		dm_reading_tell_in(r, n, &e);
		return;
	}
	if (dm_expr_kind(*ret) != DM_EXPR_VECTOR &&
	    dm_expr_kind(*ret) != DM_EXPR_SCALAR)
		dm_reading_wrong(r, n,
		    "expr must be an instant vector or a scalar, not a %s",
		    dm_value_kind_name(dm_expr_kind(*ret)));
}

static void read_expr_test(struct dm_reading *r, const struct dm_yaml_node *map,
    struct dm_expr_test *ret)
{
	static const char *const known[] = {
	    "expr", "eval_time", "exp_samples", NULL};
	const struct dm_yaml_node *n;

	if (!dm_reading_keys(r, map, "promql_expr_test", known))
		return;
	ret->at_us = dm_reading_duration(r, map, "eval_time");
	n = dm_reading_scalar(r, map, "expr");
	if (n)
		read_expr(r, n, &ret->expr);
	else
		dm_reading_wrong(r, map, "promql_expr_test: expr is missing");
	n = dm_reading_list(r, map, "exp_samples");
	ret->expected = items_new(r, n, sizeof(*ret->expected), &ret->n);
	for (size_t i = 0; i < ret->n; i++)
		read_sample(r, n->children[i], &ret->expected[i]);
}

static void read_start(struct dm_reading *r, const struct dm_yaml_node *map,
    struct dm_rule_test *ret)
{
	const struct dm_yaml_node *n =
	    dm_reading_scalar(r, map, "start_timestamp");
	double seconds;

	if (!n || (dm_num_parse_user(n->text, &seconds) &&
		      dm_time_from_seconds(seconds, &ret->start_us)))
		return;
	if (!dm_time_parse_rfc3339(n->text, &ret->start_us))
		dm_reading_wrong(
		    r, n, "start_timestamp: not a time: \"%s\"", n->text.p);
}

/* A series that comes twice is what was said of it last. */
static void keep_last(struct dm_reading *r, struct dm_rule_test *t)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_map by_metric = {0};
	size_t *ends = calloc(t->n_series + 1, sizeof(*ends));
	struct dm_err e = {0};
	int rc = ends ? 0 : dm_err_nomem(&e);

	for (size_t i = 0; i < t->n_series && rc == 0; i++) {
		dm_label_list_print(&text, &t->series[i].metric);
		ends[i + 1] = text.n;
	}
	if (rc == 0)
		rc = dm_buf_ok(&text, &e);
	for (size_t i = 0; i < t->n_series && rc == 0; i++) {
		struct dm_str key = {text.p + ends[i], ends[i + 1] - ends[i]};
		struct dm_test_series *before = dm_map_get(&by_metric, key);

		if (before)
			dm_values_release(&before->values);
		rc = dm_map_put(&by_metric, key, &t->series[i], &e);
	}
	if (rc < 0)
		dm_reading_tell(r, &e);
	dm_map_release(&by_metric);
	free(ends);
}

static void read_test(struct dm_reading *r, const struct dm_yaml_node *map,
    int64_t interval_us, struct dm_rule_test *ret)
{
	static const char *const known[] = {"name", "interval", "input_series",
	    "alert_rule_test", "promql_expr_test", "external_labels",
	    "external_url", "start_timestamp", NULL};
	const struct dm_yaml_node *list;

	if (!dm_reading_keys(r, map, "a test", known))
		return;
	ret->name = dm_reading_text(r, map, "name");
	ret->external_url = dm_reading_text(r, map, "external_url");
	ret->interval_us = dm_reading_duration(r, map, "interval");
	if (ret->interval_us == 0)
		ret->interval_us = interval_us;
	read_label_list(r, map, "external_labels", &ret->external_labels);
	read_start(r, map, ret);
	list = dm_reading_list(r, map, "input_series");
	ret->series = items_new(r, list, sizeof(*ret->series), &ret->n_series);
	for (size_t i = 0; i < ret->n_series; i++)
		read_series(r, list->children[i], &ret->series[i]);
	keep_last(r, ret);
	list = dm_reading_list(r, map, "alert_rule_test");
	ret->alerts = items_new(r, list, sizeof(*ret->alerts), &ret->n_alerts);
	for (size_t i = 0; i < ret->n_alerts; i++)
		read_alert_test(r, list->children[i], &ret->alerts[i]);
	list = dm_reading_list(r, map, "promql_expr_test");
	ret->exprs = items_new(r, list, sizeof(*ret->exprs), &ret->n_exprs);
	for (size_t i = 0; i < ret->n_exprs; i++)
		read_expr_test(r, list->children[i], &ret->exprs[i]);
}

static void read_order(struct dm_reading *r, const struct dm_yaml_node *map,
    struct dm_test_file *ret)
{
	const struct dm_yaml_node *list;
	struct dm_map seen = {0};
	struct dm_err e = {0};

	ret->order = read_texts(r, map, "group_eval_order", &ret->n_order);
	list = dm_yaml_get(map, "group_eval_order");
	for (size_t i = 0; i < ret->n_order && ret->order[i]; i++) {
		struct dm_str name = dm_str(ret->order[i]);

		if (dm_map_get(&seen, name))
			dm_reading_wrong(r, list->children[i],
			    "group name repeated in evaluation order: %s",
			    ret->order[i]);
		if (dm_map_put(&seen, name, ret->order[i], &e) < 0)
			dm_reading_tell(r, &e);
	}
	dm_map_release(&seen);
}

/* Source of the words: yaml.v2, resolve.go. */
static bool read_bool(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key)
{
	static const char *const words[] = {
	    "false", "true", "no", "yes", "off", "on", "n", "y"};
	const struct dm_yaml_node *n = dm_reading_scalar(r, map, key);

	for (size_t i = 0; n && i < DM_COUNT(words); i++)
		if (n->style == DM_YAML_PLAIN &&
		    strcasecmp(n->text.p, words[i]) == 0)
			return i % 2 == 1;
	if (n)
		dm_reading_wrong(
		    r, n, "%s: neither true nor false: \"%s\"", key, n->text.p);
	return false;
}

static void read_file(struct dm_reading *r, const struct dm_yaml_node *root,
    struct dm_test_file *ret)
{
	static const char *const known[] = {"rule_files", "evaluation_interval",
	    "group_eval_order", "tests", "fuzzy_compare", NULL};
	const struct dm_yaml_node *list;

	if (!dm_reading_keys(r, root, "a test file", known))
		return;
	ret->rule_files = read_texts(r, root, "rule_files", &ret->n_rule_files);
	ret->interval_us = dm_reading_duration(r, root, "evaluation_interval");
	if (ret->interval_us == 0)
		ret->interval_us = MINUTE_US;
	ret->fuzzy = read_bool(r, root, "fuzzy_compare");
	read_order(r, root, ret);
	list = dm_reading_list(r, root, "tests");
	ret->tests = items_new(r, list, sizeof(*ret->tests), &ret->n_tests);
	for (size_t i = 0; i < ret->n_tests; i++)
		read_test(
		    r, list->children[i], ret->interval_us, &ret->tests[i]);
}

int dm_test_file_parse(struct dm_test_file *ret, const char *file,
    struct dm_str text, void (*error)(void *ctx, const struct dm_err *err),
    void *ctx, struct dm_err *err)
{
	DM_AUTO_YAML struct dm_yaml y = {0};
	struct dm_err e = {0};
	struct dm_reading r = {
	    .y = &y, .file = file, .error = error, .ctx = ctx, .first = err};

	*ret = (struct dm_test_file){.interval_us = MINUTE_US};
	if (dm_yaml_parse(text, &y, &e) < 0) {
		dm_reading_tell(&r, &e);
		return -1;
	}
	if (y.root && !dm_yaml_is_null(y.root))
		read_file(&r, y.root, ret);
	return r.n_errors > 0 ? -1 : 0;
}

static void alert_test_release(struct dm_alert_test *t)
{
	for (size_t i = 0; i < t->n; i++) {
		dm_label_list_release(&t->expected[i].labels);
		dm_label_list_release(&t->expected[i].annotations);
	}
	free(t->expected);
	free(t->alertname);
}

static void expr_test_release(struct dm_expr_test *t)
{
	for (size_t i = 0; i < t->n; i++)
		dm_label_list_release(&t->expected[i].labels);
	free(t->expected);
	dm_expr_free(t->expr);
}

static void test_release(struct dm_rule_test *t)
{
	for (size_t i = 0; i < t->n_series; i++) {
		dm_label_list_release(&t->series[i].metric);
		dm_values_release(&t->series[i].values);
	}
	for (size_t i = 0; i < t->n_alerts; i++)
		alert_test_release(&t->alerts[i]);
	for (size_t i = 0; i < t->n_exprs; i++)
		expr_test_release(&t->exprs[i]);
	dm_label_list_release(&t->external_labels);
	free(t->name);
	free(t->external_url);
	free(t->series);
	free(t->alerts);
	free(t->exprs);
}

void dm_test_file_release(struct dm_test_file *f)
{
	for (size_t i = 0; i < f->n_rule_files; i++)
		free(f->rule_files[i]);
	for (size_t i = 0; i < f->n_order; i++)
		free(f->order[i]);
	for (size_t i = 0; i < f->n_tests; i++)
		test_release(&f->tests[i]);
	free(f->rule_files);
	free(f->order);
	free(f->tests);
	*f = (struct dm_test_file){0};
}
