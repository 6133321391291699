/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "series/labels.h"

#define MANY 60000

static char names[MANY][8];

static struct dm_str name_of(size_t i)
{
	return dm_str(names[i]);
}

/* A record of a MiB has so many labels; each is looked for when it is set. */
static void test_many(void **state)
{
	DM_AUTO_LABELS_BUILDER struct dm_labels_builder b = {0};
	DM_AUTO_LABELS_POOL struct dm_labels_pool *pool = NULL;
	DM_AUTO_LABELS struct dm_labels *all = NULL, *some = NULL;
	struct dm_str first;
	struct dm_err err;

	(void)state;
	assert_int_equal(dm_labels_pool_new(&pool, &err), 0);
	for (size_t i = 0; i < MANY; i++)
		snprintf(names[i], sizeof(names[i]), "l%zu", MANY - i);
	dm_labels_builder_start(&b, NULL);
	for (size_t i = 0; i < MANY; i++)
		dm_labels_builder_set(&b, name_of(i), DM_STR("old"));
	for (size_t i = 0; i < MANY; i += 2)
		dm_labels_builder_set(&b, name_of(i), DM_STR("new"));
	dm_labels_builder_set(&b, name_of(1), DM_STR(""));
	assert_int_equal(dm_labels_builder_done(&b, pool, &all, &err), 0);
	assert_int_equal(all->n, MANY - 1);
	assert_true(dm_str_is(dm_labels_get(all, name_of(2)), "new"));
	assert_true(dm_str_is(dm_labels_get(all, name_of(3)), "old"));
	assert_int_equal(dm_labels_get(all, name_of(1)).n, 0);

	/* Places have changed when some have been dropped. */
	dm_labels_builder_start(&b, all);
	dm_labels_builder_set(&b, name_of(4), DM_STR("newer"));
	first = all->pairs[0].name;
	dm_labels_builder_drop(&b, &first, 1);
	dm_labels_builder_set(&b, name_of(5), DM_STR("newer"));
	dm_labels_builder_set(&b, first, DM_STR("again"));
	assert_int_equal(dm_labels_builder_done(&b, pool, &some, &err), 0);
	assert_int_equal(some->n, MANY - 1);
	assert_true(dm_str_is(dm_labels_get(some, name_of(4)), "newer"));
	assert_true(dm_str_is(dm_labels_get(some, name_of(5)), "newer"));
	assert_true(dm_str_is(dm_labels_get(some, first), "again"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
