/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_VOCAB_H
#define DM_TAG_VOCAB_H

#include "base/buf.h"
#include "base/map.h"

/** A word piece. */
struct dm_piece {
	struct dm_str text; /* without the ## of one that continues a word */
	uint32_t id;
};

/** vocab.txt: a piece a line, its id the number of the line, from 0. */
struct dm_vocab {
	struct dm_buf text;
	struct dm_piece *pieces;
	size_t n, cap;
	struct dm_map begins;	       /* struct dm_piece, that begin a word */
	struct dm_map continues;       /* those that go on with one */
	size_t max_bytes;	       /* of the longest piece */
	uint32_t unknown, first, last; /* [UNK], [CLS], [SEP] */
};

#define DM_VOCAB_MAX_BYTES  (64u << 20)
#define DM_VOCAB_MAX_PIECES (1u << 20)

/**
 * Read a vocabulary.
 * @v     {0}; to be released after a failure too
 * @text  is taken out of the buffer, which is empty then
 * Of two equal pieces the later counts, as in the reference. DM_EPARSE where
 * [UNK], [CLS] or [SEP] is missing, DM_ELIMIT beyond the limits.
 */
int dm_vocab_read(
    struct dm_vocab *v, struct dm_buf *text, struct dm_err *err) DM_MUST_CHECK;

void dm_vocab_release(struct dm_vocab *v);

#endif
