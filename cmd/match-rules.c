/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/match-rules.h"

#include <stdio.h>

#include "base/utf8.h"
#include "cmd/common.h"
#include "rules/test.h"

/* A file under test. */
struct test {
	bool failed;
	bool wrong;
};

static void print_name(const char *before, const char *name)
{
	char text[DM_ERR_FILE_BYTES];

	dm_utf8_printable(text, sizeof(text), name, strlen(name));
	printf("%s%s\n", before, text);
}

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
	if (rc < 0 && err.code != DM_EPARSE && err.code != DM_ELIMIT &&
	    err.code != DM_ENODATA) {
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
