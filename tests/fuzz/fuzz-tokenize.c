/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* A sentence, by a vocabulary of some letters: spans lie within it, in its
 * order, and begin and end at characters. The first byte has the options. */
#include <stdlib.h>

#include "base/utf8.h"
#include "tag/tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char pieces[] =
    "[UNK]\n[CLS]\n[SEP]\na\nb\ne\n##a\n##b\n##e\nab\n##ab\n%\n9\n##0\n.\n"
    "\xe5\xae\xb9\n\xe5\x99\xa8\n\xc3\xa9\n##\xc3\xa9\ni\n##\n";

static void check(const struct dm_tokens *t, struct dm_str text, size_t max)
{
	uint32_t at = 0;

	if (t->n < 2 || t->n > max || t->list[0].id != 1 ||
	    t->list[t->n - 1].id != 2)
		abort();
	for (size_t i = 1; i + 1 < t->n; i++) {
		const struct dm_token *x = &t->list[i];

		/* Parts of one character have it all. */
		if (x->begin < at || x->end <= x->begin || x->end > text.n ||
		    !dm_utf8_len(text.p + x->begin, text.n - x->begin))
			abort();
		at = x->begin;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str text = {(const char *)data + 1, size - 1};
	struct dm_normal_options o;
	struct dm_tokens t = {0};
	struct dm_vocab v = {0};
	struct dm_buf b = {0};
	struct dm_err err;

	if (size == 0)
		return 0;
	o = (struct dm_normal_options){data[0] & 1, data[0] & 2, data[0] & 4};
	dm_buf_add(&b, pieces, sizeof(pieces) - 1);
	if (dm_vocab_read(&v, &b, &err) < 0)
		abort();
	if (dm_tokenize(&v, &o, text, 128, &t, &err) == 0)
		check(&t, text, 128);
	else if (err.code != DM_ELIMIT)
		abort();
	dm_tokens_release(&t);
	dm_vocab_release(&v);
	return 0;
}
