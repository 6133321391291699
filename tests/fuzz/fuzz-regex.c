/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* A pattern, a NUL, a text: where the pattern matches the text, its group 0
 * is all of it. */
#include <stdlib.h>

#include "series/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match(struct dm_regex *r, struct dm_str text)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_err err;

	if (dm_regex_expand(r, text, DM_STR("$0"), &b, &err) == 1 &&
	    !dm_str_eq(dm_buf_str(&b), text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const char *nul = size ? memchr(p, '\0', size) : NULL;
	size_t n = nul ? (size_t)(nul - p) : size;
	struct dm_str text = {p + n + 1, nul ? size - n - 1 : 0};
	struct dm_regex *r;
	struct dm_err err;

	if (dm_regex_new((struct dm_str){p, n}, &r, &err) < 0)
		return 0;
	match(r, text);
	match(r, (struct dm_str){p, n});
	dm_regex_free(r);
	return 0;
}
