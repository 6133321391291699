/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/test-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Every error has its place in the file. */
static void error(void *ctx, const struct dm_err *err)
{
	const struct dm_str *text = ctx;
	unsigned lines = 2;

	for (size_t i = 0; i < text->n; i++)
		lines += text->p[i] == '\n' || text->p[i] == '\r' ||
			 (text->p[i] & 0x80);
	if (err->code == DM_OK || err->line > lines)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dm_str text = {(const char *)data, n};
	struct dm_test_file f;
	struct dm_err err = {0};

	if (dm_test_file_parse(&f, "fuzz.yml", text, error, &text, &err) < 0) {
		if (err.code == DM_OK)
			abort();
	} else if (f.interval_us <= 0) {
		abort();
	}
	dm_test_file_release(&f);
	return 0;
}
