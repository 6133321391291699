/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_NORMAL_H
#define DM_TAG_NORMAL_H

#include "base/err.h"
#include "base/str.h"

/** What tokenizer_config.json may turn off. */
struct dm_normal_options {
	bool lower_case;
	bool strip_accents;
	bool split_chinese; /* each Chinese character is a word */
};

/** A character of the normalised text, and the bytes that it stems from. */
struct dm_normal_char {
	uint32_t code;
	uint32_t begin, end;
};

/** {0} is empty. */
struct dm_normal {
	struct dm_normal_char *chars;
	size_t n, cap;
};

/* More than any model takes; its positions are to fit in 32 bits. */
#define DM_NORMAL_MAX_BYTES (1u << 20)

/**
 * Normalise as BERT does: drop controls and what is no character (bytes that
 * are no UTF-8 among them), make every blank a space, set spaces around
 * Chinese characters, decompose (NFD) and drop accents, lower the case.
 * @ret  replaced; its memory is used again
 * DM_ELIMIT beyond DM_NORMAL_MAX_BYTES.
 * As the reference for all characters up to Unicode 8, whose tables it has
 * (four were put in another category since); of later ones 620 are treated
 * otherwise, as utf8proc knows them.
 * Source: huggingface/tokenizers, tokenizers/src/normalizers/bert.rs.
 */
int dm_normalize(struct dm_str text, const struct dm_normal_options *o,
    struct dm_normal *ret, struct dm_err *err) DM_MUST_CHECK;

/** Is it a word of its own? ASCII signs and Unicode's punctuation. */
bool dm_normal_is_punctuation(uint32_t code);

void dm_normal_release(struct dm_normal *n);

#endif
