/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of tensors: whatever is accepted lies within it, and the next begins
 * where one ends. */
#include <stdlib.h>

#include "tag/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_floats(const struct dm_tensor *t)
{
	float some[64];

	if (t->dtype == DM_DTYPE_OTHER)
		return;
	for (size_t i = 0; i < t->items; i += DM_COUNT(some)) {
		size_t n = t->items - i;

		dm_tensor_floats(
		    t, i, n < DM_COUNT(some) ? n : DM_COUNT(some), some);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	DM_AUTO_SAFETENSORS struct dm_safetensors *s = NULL;
	const unsigned char *end = NULL;
	const struct dm_tensor *t;
	struct dm_err err = {0};

	if (dm_safetensors_read(data, size, &s, &err) < 0) {
		if (!err.code || !err.msg[0])
			abort();
		return 0;
	}
	for (size_t i = 0; (t = dm_safetensors_at(s, i)); i++) {
		if (t->data < data || t->bytes > size ||
		    t->data + t->bytes > data + size || (end && t->data != end))
			abort();
		if (dm_safetensors_get(s, t->name) != t)
			abort();
		end = t->data + t->bytes;
		read_floats(t);
	}
	return 0;
}
