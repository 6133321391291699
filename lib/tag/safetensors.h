/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_TAG_SAFETENSORS_H
#define DM_TAG_SAFETENSORS_H

#include "base/err.h"
#include "base/str.h"

/*
 * A file of tensors: eight bytes, little-endian, that count those of a JSON
 * header, the header, the data.
 * Source: https://github.com/huggingface/safetensors, README, Format.
 *
 * Ours that are quantised hold beside a matrix NAME of I8, [rows, columns],
 * NAME.scale of F32, [rows]: a weight is its byte, -127 to 127, times the
 * scale of its row. Any weight of two dimensions may be kept so.
 */

enum dm_dtype {
	DM_DTYPE_OTHER, /* known by the format, not read by us */
	DM_DTYPE_F32,
	DM_DTYPE_F16,
	DM_DTYPE_BF16,
	DM_DTYPE_I8,
};

#define DM_TENSOR_RANK 8

struct dm_tensor {
	const char *name;
	enum dm_dtype dtype;
	unsigned rank;
	size_t shape[DM_TENSOR_RANK];
	size_t items;		   /* the shape's product */
	const unsigned char *data; /* not aligned */
	size_t bytes;
};

struct dm_safetensors;

#define DM_AUTO_SAFETENSORS DM_CLEANUP(dm_safetensors_cleanup)

/**
 * Map a file. Who writes models replaces the file, as by dm_file_replace: one
 * that shrinks while it is mapped ends the process by SIGBUS.
 * @ret  to be freed
 * The messages of DM_EPARSE name the tensor and what is wrong with it.
 */
int dm_safetensors_open(const char *path, struct dm_safetensors **ret,
    struct dm_err *err) DM_MUST_CHECK;

/** As dm_safetensors_open, of bytes, which are lent as long as it lives. */
int dm_safetensors_read(const void *bytes, size_t n,
    struct dm_safetensors **ret, struct dm_err *err) DM_MUST_CHECK;

void dm_safetensors_free(struct dm_safetensors *s);

static inline void dm_safetensors_cleanup(struct dm_safetensors **s)
{
	dm_safetensors_free(*s);
}

/** NULL where it has none of that name. */
const struct dm_tensor *dm_safetensors_get(
    const struct dm_safetensors *s, const char *name);

/** The i-th tensor, in the order of their data; NULL beyond the last. */
const struct dm_tensor *dm_safetensors_at(
    const struct dm_safetensors *s, size_t i);

/** It will not be read again soon: its pages need no memory till then. */
void dm_safetensors_drop(
    const struct dm_safetensors *s, const struct dm_tensor *t);

/** Items from..from+n of a tensor of F32, F16 or BF16 as floats; of I8 the
 * bytes themselves. */
void dm_tensor_floats(
    const struct dm_tensor *t, size_t from, size_t n, float *ret);

#endif
