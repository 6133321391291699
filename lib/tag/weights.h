/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_WEIGHTS_H
#define DM_TAG_WEIGHTS_H

#include "tag/config.h"
#include "tag/kernels.h"
#include "tag/safetensors.h"

/** y = W x + b, packed as floats or as bytes. */
struct dm_linear {
	size_t n_in, n_out;
	float *floats;	/* or NULL */
	uint8_t *bytes; /* or NULL */
	size_t k_padded;
	float *scale; /* of bytes; dm_panel_round(n_out) */
	float *bias;  /* dm_panel_round(n_out) */
};

struct dm_norm {
	float *weight, *bias;
};

/** Rows that are read as they are needed. */
struct dm_embedding {
	const struct dm_tensor *rows;
	float *scale; /* of I8, else NULL */
};

struct dm_layer {
	struct dm_linear attention_in; /* query, key, value beneath it */
	struct dm_linear attention_out;
	struct dm_norm attention_norm;
	struct dm_linear intermediate, output;
	struct dm_norm output_norm;
};

struct dm_weights {
	struct dm_safetensors *file;
	struct dm_embedding words, positions, types;
	struct dm_norm embedding_norm;
	struct dm_layer *layers;
	size_t n_layers;
	struct dm_linear classifier;
};

/**
 * Read the weights that a configuration asks for.
 * @w     {0}; to be released after a failure too
 * @file  is taken, after a failure too
 * @bytes keep matrices of I8 as bytes
 */
int dm_weights_read(struct dm_weights *w, struct dm_safetensors *file,
    const struct dm_tag_config *c, bool bytes,
    struct dm_err *err) DM_MUST_CHECK;

void dm_weights_release(struct dm_weights *w);

#endif
