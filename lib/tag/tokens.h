/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_TOKENS_H
#define DM_TAG_TOKENS_H

#include "tag/normal.h"
#include "tag/vocab.h"

struct dm_token {
	uint32_t id;
	uint32_t begin, end; /* bytes of the text; 0, 0 of [CLS] and [SEP] */
};

/** A text's tokens, [CLS] first and [SEP] last. {0} is empty. */
struct dm_tokens {
	struct dm_token *list;
	size_t n, cap;
	struct dm_normal normal; /* scratch */
};

/* A word of more characters is [UNK], as in the reference. */
#define DM_TOKEN_WORD_CHARS 100

/**
 * Cut a text into word pieces, as BERT's tokenizer does; names of special
 * tokens in the text are text.
 * @text  any bytes
 * @max   how many tokens the model takes, with [CLS] and [SEP]; >= 2
 * @ret   replaced; its memory is used again
 * DM_ELIMIT where the text has more.
 * Source: huggingface/tokenizers, models/wordpiece/mod.rs.
 */
int dm_tokenize(const struct dm_vocab *v, const struct dm_normal_options *o,
    struct dm_str text, size_t max, struct dm_tokens *ret,
    struct dm_err *err) DM_MUST_CHECK;

void dm_tokens_release(struct dm_tokens *t);

#endif
