/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_MODEL_H
#define DM_TAG_MODEL_H

#include "tag/config.h"
#include "tag/kernels.h"
#include "tag/tokens.h"

/*
 * A BertForTokenClassification out of its folder: config.json, vocab.txt,
 * model.safetensors, and tokenizer_config.json if it is there. Its matrices
 * may be F32, F16, BF16, or I8 as safetensors.h says.
 */
struct dm_model;

struct dm_model_options {
	/* Whose arithmetic; NULL: dm_kernels_best(). */
	const struct dm_kernels *kernels;
	/* Make floats of I8 weights when they are read: four times the
	 * memory, and what goes into a layer is not rounded to bytes. */
	bool floats;
};

#define DM_AUTO_MODEL DM_CLEANUP(dm_model_cleanup)

/**
 * @o    {0} for the defaults
 * @ret  to be freed
 * Errors name the file, and the tensor or key that is missing, of another
 * shape than config.json says, or damaged.
 */
int dm_model_open(const char *folder, const struct dm_model_options *o,
    struct dm_model **ret, struct dm_err *err) DM_MUST_CHECK;

void dm_model_free(struct dm_model *m);

static inline void dm_model_cleanup(struct dm_model **m)
{
	dm_model_free(*m);
}

const struct dm_tag_config *dm_model_config(const struct dm_model *m);

/** Cut a text for this model; see dm_tokenize. */
int dm_model_tokenize(const struct dm_model *m, struct dm_str text,
    struct dm_tokens *ret, struct dm_err *err) DM_MUST_CHECK;

/** What the model makes of a text; lent until the next time. */
struct dm_encoded {
	size_t n;	     /* tokens */
	const float *hidden; /* [n][hidden], the last layer's */
	const float *logits; /* [n][n_labels] */
};

/**
 * Run the model.
 * @t  of dm_model_tokenize
 * DM_EPARSE where what comes out are no finite numbers.
 */
int dm_model_encode(struct dm_model *m, const struct dm_tokens *t,
    struct dm_encoded *ret, struct dm_err *err) DM_MUST_CHECK;

#endif
