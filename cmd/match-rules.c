/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/match-rules.h"

#include <stdio.h>

#include "base/utf8.h"
#include "cmd/common.h"
#include "rules/rule.h"
#include "rules/test.h"

static void print_name(const char *before, const char *name)
{
	char text[DM_ERR_FILE_BYTES];

	dm_utf8_printable(text, sizeof(text), name, strlen(name));
	printf("%s%s\n", before, text);
}

/* What has been checked. */
struct check {
	unsigned n_errors; /* of the file */
	bool wrong;	   /* any file */
	size_t n_files;	   /* of the path */
};

static void check_error(void *ctx, const struct dm_err *err)
{
	struct check *c = ctx;

	c->n_errors++;
	fflush(stdout);
	dm_say_err(err);
}

static void check_warning(void *ctx, const struct dm_err *err)
{
	(void)ctx;
	fflush(stdout);
	dm_say_err(err);
}

static int check_file(void *ctx, const char *path, struct dm_err *err)
{
	struct check *c = ctx;
	DM_AUTO_RULE_SET struct dm_rule_set set = {0};
	struct dm_err why = {0};
	int rc;

	print_name("Checking ", path);
	c->n_files++;
	c->n_errors = 0;
	rc = dm_rule_set_read(&set, path, check_error, c, &why);
	if (rc == 0) {
		dm_rule_set_severities(&set, check_warning, NULL);
		if (dm_rule_set_duplicates(&set, check_warning, NULL, err) < 0)
			return -1;
	}
	if (rc == 0)
		printf(
		    "  SUCCESS: %zu rules found\n\n", dm_rule_set_count(&set));
	else
		printf("  FAILED: %u error%s\n\n", c->n_errors,
		    c->n_errors == 1 ? "" : "s");
	c->wrong |= rc < 0;
	return 0;
}

int dm_match_check(const char *const *paths, size_t n)
{
	struct check c = {0};
	struct dm_err err = {0};

	for (size_t i = 0; i < n; i++) {
		c.n_files = 0;
		if (dm_rule_files(paths[i], check_file, &c, &err) < 0) {
			dm_say_err(&err);
			if (err.code == DM_ENOMEM)
				return DM_EXIT_SYSTEM;
			c.wrong = true;
		} else if (c.n_files == 0) {
			dm_say("%s: no rule files", paths[i]);
			c.wrong = true;
		}
	}
	return c.wrong ? DM_EXIT_USAGE : DM_EXIT_OK;
}

/* A file under test. */
struct test {
	bool failed;
	bool wrong;
};

/* What promtool says stands in two streams: in a terminal they are in
 * order. */
static void begin_failed(struct test *t)
{
	fflush(stdout);
	if (!t->failed && !t->wrong)
		fputs("  FAILED:\n", stderr);
}

static void test_wrong(void *ctx, const struct dm_err *err)
{
	struct test *t = ctx;

	begin_failed(t);
	t->wrong = true;
	dm_say_err(err);
}

static void test_unmatched(void *ctx, const char *pattern)
{
	char text[DM_ERR_FILE_BYTES];

	(void)ctx;
	fflush(stdout);
	dm_utf8_printable(text, sizeof(text), pattern, strlen(pattern));
	fprintf(stderr, "  WARNING: no file match pattern %s\n", text);
}

static void test_failed(void *ctx, struct dm_str text)
{
	struct test *t = ctx;

	begin_failed(t);
	t->failed = true;
	fprintf(stderr, "%.*s\n", (int)text.n, text.p);
	putchar('\n');
}

static int test_file(const char *path)
{
	struct test t = {0};
	const struct dm_test_sink sink = {
	    &t, test_wrong, test_unmatched, test_failed};
	struct dm_err err = {0};
	int rc;

	print_name("Unit Testing:  ", path);
	rc = dm_test_run(path, &sink, &err);
	if (rc < 0 && !t.wrong) {
		dm_say_err(&err);
		return DM_EXIT_SYSTEM;
	}
	if (!t.failed && !t.wrong)
		puts("  SUCCESS");
	putchar('\n');
	return t.wrong ? DM_EXIT_USAGE : t.failed ? DM_EXIT_NEGATIVE : 0;
}

int dm_match_test(const char *const *files, size_t n)
{
	int status = DM_EXIT_OK;

	for (size_t i = 0; i < n; i++) {
		int one = test_file(files[i]);

		status = one > status ? one : status;
	}
	return status;
}
