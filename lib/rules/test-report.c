/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/test-report.h"

#include "base/utf8.h"
#include "rules/go-print.h"

/* Longer names are cut. */
#define NAME_MAX_BYTES 1024

static void add_name(struct dm_buf *b, const char *name)
{
	char text[NAME_MAX_BYTES];

	dm_buf_add(
	    b, text, dm_utf8_printable(text, sizeof(text), name, strlen(name)));
}

static void add_alerts(
    struct dm_buf *b, const struct dm_test_alert *alerts, size_t n)
{
	dm_buf_add_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		dm_buf_addf(b, "%s\n            %zu:\n              Labels:",
		    i > 0 ? "," : "", i);
		dm_label_list_print(b, &alerts[i].labels);
		dm_buf_add_cstr(b, "\n              Annotations:");
		dm_label_list_print(b, &alerts[i].annotations);
	}
	dm_buf_add_cstr(b, n > 0 ? "\n            ]" : "]");
}

void dm_test_report_alerts(struct dm_buf *b, const struct dm_rule_test *test,
    const struct dm_alert_test *t, const struct dm_test_alert *got,
    size_t n_got)
{
	if (*test->name) {
		dm_buf_add_cstr(b, "    name: ");
		add_name(b, test->name);
		dm_buf_add_cstr(b, ",\n");
	}
	dm_buf_add_cstr(b, "    alertname: ");
	add_name(b, t->alertname);
	dm_buf_add_cstr(b, ", time: ");
	dm_go_model_duration(b, t->at_us);
	dm_buf_add_cstr(b, ", \n        exp:");
	add_alerts(b, t->expected, t->n);
	dm_buf_add_cstr(b, ", \n        got:");
	add_alerts(b, got, n_got);
}

static void begin_expr(struct dm_buf *b, const struct dm_expr_test *t)
{
	dm_buf_add_cstr(b, "    expr: ");
	dm_go_quote(b, dm_expr_text(t->expr));
	dm_buf_add_cstr(b, ", time: ");
	dm_go_model_duration(b, t->at_us);
	dm_buf_add_char(b, ',');
}

static void add_samples(
    struct dm_buf *b, const struct dm_test_sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			dm_buf_add_cstr(b, ", ");
		dm_label_list_print(b, &samples[i].labels);
		dm_buf_add_char(b, ' ');
		dm_go_float_exp(b, samples[i].value);
	}
	if (n == 0)
		dm_buf_add_cstr(b, "nil");
}

void dm_test_report_samples(struct dm_buf *b, const struct dm_expr_test *t,
    const struct dm_test_sample *got, size_t n_got)
{
	begin_expr(b, t);
	dm_buf_add_cstr(b, "\n        exp: ");
	add_samples(b, t->expected, t->n);
	dm_buf_add_cstr(b, "\n        got: ");
	add_samples(b, got, n_got);
}

void dm_test_report_expr(
    struct dm_buf *b, const struct dm_expr_test *t, const struct dm_err *why)
{
	begin_expr(b, t);
	dm_buf_addf(b, " err: %s", why->msg);
}

void dm_test_report_rule(
    struct dm_buf *b, const char *rule, int64_t t_us, const struct dm_err *why)
{
	int64_t ns;

	dm_buf_add_cstr(b, "    rule: ");
	add_name(b, rule);
	dm_buf_add_cstr(b, ", time: ");
	if (__builtin_mul_overflow(t_us, INT64_C(1000), &ns))
		ns = INT64_MAX;
	dm_go_duration(b, ns);
	dm_buf_addf(b, ", err: %s", why->msg);
}
