/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/array.h"

#include <stdint.h>
#include <string.h>

int dm_array_grow(
    void *array, size_t n, size_t *cap, size_t item_bytes, struct dm_err *err)
{
	size_t more = *cap ? 2 * *cap : 8;
	void *p;

	if (n < *cap)
		return 0;
	if (more <= n || more > SIZE_MAX / item_bytes)
		return dm_err_nomem(err);
	/* Whatever it is a pointer to, a pointer is copied as bytes. */
	memcpy(&p, array, sizeof(p));
	p = realloc(p, more * item_bytes);
	if (!p)
		return dm_err_nomem(err);
	memcpy(array, &p, sizeof(p));
	*cap = more;
	return 0;
}
