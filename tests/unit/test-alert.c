/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "rules/alert.h"

#define N_ELEMENTS 4
#define STEPS	   400

/* What is told of one element: a letter for each change. */
struct told {
	char text[N_ELEMENTS][STEPS + 1];
	size_t n[N_ELEMENTS];
};

struct fixture {
	struct dm_labels_pool *pool;
	struct dm_labels *labels[N_ELEMENTS];
	struct dm_rule_group group;
	struct dm_rule rule;
	struct told told;
	unsigned active;
};

static const char letters[] = "?PFRD";

static int changed(void *ctx, const struct dm_rule *rule, struct dm_alert *a,
    int64_t t_us, struct dm_err *err)
{
	struct fixture *f = ctx;
	struct dm_str x = dm_labels_get(a->of.labels, DM_STR("x"));
	size_t i = (size_t)(x.p[0] - '0');

	(void)t_us;
	(void)err;
	assert_ptr_equal(rule, &f->rule);
	assert_true(dm_str_is(
	    dm_labels_get(a->of.labels, DM_STR("alertname")), "Test"));
	f->told.text[i][f->told.n[i]++] = letters[a->status];
	return 0;
}

static int active(void *ctx, const struct dm_rule *rule, struct dm_alert *a,
    int64_t t_us, struct dm_err *err)
{
	struct fixture *f = ctx;

	(void)rule;
	(void)a;
	(void)t_us;
	(void)err;
	f->active++;
	return 0;
}

static void setup(struct fixture *f)
{
	*f = (struct fixture){.rule = {.is_alert = true}};
	f->rule.group = &f->group;
	f->rule.name = (char *)"Test";
	assert_int_equal(dm_labels_pool_new(&f->pool, NULL), 0);
	assert_int_equal(dm_tracking_new(sizeof(struct dm_alert), NULL,
			     &f->rule.memory, NULL),
	    0);
	for (size_t i = 0; i < N_ELEMENTS; i++) {
		char value[] = {(char)('0' + i), '\0'};
		struct dm_label x = {DM_STR("x"), dm_str(value)};

		assert_int_equal(
		    dm_labels_new(f->pool, &x, 1, &f->labels[i], NULL), 0);
	}
}

static void teardown(struct fixture *f)
{
	dm_tracking_free(f->rule.memory);
	for (size_t i = 0; i < N_ELEMENTS; i++)
		dm_labels_unref(f->labels[i]);
	assert_int_equal(dm_labels_pool_count(f->pool), 0);
	dm_labels_pool_free(f->pool);
}

/* Evaluate with the elements whose bit is set. */
static int update(
    struct fixture *f, unsigned bits, int64_t t_us, struct dm_err *err)
{
	const struct dm_alert_sink sink = {f, changed, active};
	struct dm_element e[N_ELEMENTS];
	size_t n = 0;

	f->active = 0;
	for (size_t i = N_ELEMENTS; i-- > 0;)
		if (bits & 1U << i)
			e[n++] = (struct dm_element){
			    f->labels[i], NULL, (double)t_us};
	return dm_alerts_update(
	    &f->rule, e, n, t_us, false, f->pool, &sink, err);
}

/* AlertingRule.Eval for a single element, as rules/alerting.go has it. */
struct model {
	enum {
		INACTIVE,
		PENDING,
		FIRING
	} state;
	int64_t active_at, keep_since; /* -1: zero time */
};

static void model_step(struct model *m, bool is, int64_t t,
    const struct dm_rule *rule, char *told, size_t *n)
{
	bool was_new = false;

	if (is && m->state == INACTIVE) {
		*m = (struct model){PENDING, t, -1};
		was_new = true;
	}
	if (m->state == INACTIVE)
		return;
	if (!is) {
		bool keep = false;

		if (m->state == FIRING && rule->keep_firing_us > 0) {
			if (m->keep_since < 0)
				m->keep_since = t;
			keep = t - m->keep_since < rule->keep_firing_us;
		}
		if (!keep) {
			told[(*n)++] = m->state == FIRING ? 'R' : 'D';
			m->state = INACTIVE;
			return;
		}
	} else {
		m->keep_since = -1;
	}
	if (m->state == PENDING && t - m->active_at >= rule->for_us) {
		m->state = FIRING;
		told[(*n)++] = 'F';
	} else if (was_new) {
		told[(*n)++] = 'P';
	}
}

static void compare(struct fixture *f, unsigned seed)
{
	struct model models[N_ELEMENTS] = {0};
	struct told want = {0};
	unsigned random = seed, bits = 0;
	int64_t t = 1000;

	for (int step = 0; step < STEPS; step++) {
		unsigned n_active = 0;

		random = random * 1103515245 + 12345;
		t += 1 + (random >> 16) % 3;
		bits ^= (random >> 20) & (random >> 24) & 0xf;
		assert_int_equal(update(f, bits, t, NULL), 0);
		for (size_t i = 0; i < N_ELEMENTS; i++) {
			model_step(&models[i], bits >> i & 1, t, &f->rule,
			    want.text[i], &want.n[i]);
			n_active += models[i].state != INACTIVE;
		}
		assert_int_equal(f->active, n_active);
	}
	for (size_t i = 0; i < N_ELEMENTS; i++)
		assert_string_equal(f->told.text[i], want.text[i]);
}

static void test_life(void **state)
{
	static const int64_t times[][2] = {
	    {0, 0}, {5, 0}, {0, 6}, {5, 6}, {1, 1}, {7, 20}};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(times); i++) {
		for (unsigned seed = 1; seed <= 8; seed++) {
			struct fixture f;

			setup(&f);
			f.rule.for_us = times[i][0];
			f.rule.keep_firing_us = times[i][1];
			compare(&f, seed);
			teardown(&f);
		}
	}
}

static void test_limit(void **state)
{
	struct fixture f;
	struct dm_err err = {0};

	(void)state;
	setup(&f);
	f.group.limit = 2;
	assert_int_equal(update(&f, 3, 1, &err), 0);
	assert_int_equal(update(&f, 7, 2, &err), -1);
	assert_int_equal(err.code, DM_EINVAL);
	assert_string_equal(err.msg, "exceeded limit of 2 with 3 alerts");
	/* Nothing has changed: the two fire on, the third never was. */
	assert_string_equal(f.told.text[0], "F");
	assert_string_equal(f.told.text[1], "F");
	assert_string_equal(f.told.text[2], "");
	assert_int_equal(update(&f, 6, 3, &err), 0);
	assert_string_equal(f.told.text[0], "FR");
	assert_string_equal(f.told.text[1], "F");
	assert_string_equal(f.told.text[2], "F");
	teardown(&f);
}

/* A label of the rule that covers the one in which elements differ. */
static void test_same_labels(void **state)
{
	struct fixture f;
	struct dm_err err = {0};
	struct dm_rule_text x = {.name = DM_STR("x")};

	(void)state;
	setup(&f);
	assert_int_equal(dm_template_plain(DM_STR("3"), &x.template, NULL), 0);
	f.rule.labels = (struct dm_rule_texts){&x, 1, 1};
	assert_int_equal(update(&f, 1, 1, &err), 0);
	assert_string_equal(f.told.text[3], "F");
	assert_int_equal(update(&f, 3, 2, &err), -1);
	assert_int_equal(err.code, DM_EINVAL);
	/* Another element takes the same alert over. */
	assert_int_equal(update(&f, 2, 3, &err), 0);
	assert_int_equal(update(&f, 1, 4, &err), 0);
	assert_string_equal(f.told.text[3], "F");
	assert_int_equal(update(&f, 0, 5, &err), 0);
	assert_string_equal(f.told.text[3], "FR");
	dm_template_free(x.template);
	teardown(&f);
}

/* A label that is the value: each value is an alert of its own. */
static void test_value_label(void **state)
{
	struct fixture f;
	struct dm_rule_text v = {.name = DM_STR("v")};

	(void)state;
	setup(&f);
	assert_int_equal(
	    dm_template_parse(DM_STR("{{ $value }}"), &v.template, NULL, NULL),
	    0);
	f.rule.labels = (struct dm_rule_texts){&v, 1, 1};
	assert_int_equal(update(&f, 1, 1, NULL), 0);
	assert_int_equal(update(&f, 1, 2, NULL), 0);
	assert_int_equal(update(&f, 1, 2, NULL), 0);
	assert_string_equal(f.told.text[0], "FRF");
	dm_template_free(v.template);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_limit),
	    cmocka_unit_test(test_same_labels),
	    cmocka_unit_test(test_value_label),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
