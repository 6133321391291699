/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands beside a model's weights: config.json with its labels,
 * tokenizer_config.json, vocab.txt; the first byte says which it is. */
#include <stdlib.h>

#include "tag/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_config(struct dm_str text)
{
	struct dm_tag_config c;
	struct dm_labels l;
	struct dm_err err;

	if (dm_tag_config_read(text, &c, &err) < 0)
		return;
	if (c.heads == 0 || c.hidden % c.heads || c.n_labels == 0)
		abort();
	if (dm_labels_read(&c, &l, &err) == 0) {
		for (unsigned i = 0; i < l.n; i++)
			if (l.list[i].kind == DM_LABEL_INSIDE &&
			    (l.list[i].before[0] < 0 ||
				l.list[i].before[1] < 0))
				abort();
		dm_labels_release(&l);
	}
	dm_tag_config_release(&c);
}

static void read_vocab(struct dm_str text)
{
	struct dm_vocab v = {0};
	struct dm_buf b = {0};
	struct dm_err err;

	dm_buf_add_str(&b, text);
	if (dm_vocab_read(&v, &b, &err) == 0 &&
	    (v.unknown >= v.n || v.first >= v.n || v.last >= v.n))
		abort();
	dm_buf_release(&b);
	dm_vocab_release(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str text = {(const char *)data + 1, size - 1};
	struct dm_normal_options o;
	struct dm_err err;

	if (size == 0)
		return 0;
	if (data[0] == 'c')
		read_config(text);
	else if (data[0] == 'v')
		read_vocab(text);
	else if (dm_normal_options_read(text, &o, &err) < 0 && !err.msg[0])
		abort();
	return 0;
}
