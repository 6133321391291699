/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_TAGGER_H
#define DM_TAG_TAGGER_H

#include "tag/decode.h"
#include "tag/model.h"

/** A model with what its labels mean. */
struct dm_tagger;

#define DM_AUTO_TAGGER DM_CLEANUP(dm_tagger_cleanup)

/** As dm_model_open. */
int dm_tagger_open(const char *folder, const struct dm_model_options *o,
    struct dm_tagger **ret, struct dm_err *err) DM_MUST_CHECK;

void dm_tagger_free(struct dm_tagger *t);

static inline void dm_tagger_cleanup(struct dm_tagger **t)
{
	dm_tagger_free(*t);
}

/** Lent, for those who want the model's own numbers. */
struct dm_model *dm_tagger_model(struct dm_tagger *t);

/**
 * Tag a text.
 * @text  any bytes; what is no UTF-8 is passed over
 * @ret   replaced, {0} at first; its names are lent by the tagger
 * DM_ELIMIT where the text is longer than the model takes.
 */
int dm_tagger_tag(struct dm_tagger *t, struct dm_str text,
    struct dm_tagged *ret, struct dm_err *err) DM_MUST_CHECK;

#endif
