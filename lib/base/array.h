/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_ARRAY_H
#define DM_BASE_ARRAY_H

#include <stddef.h>

#include "base/err.h"

/**
 * Make room for one more in a malloc'ed array that grows.
 * @array  the address of the pointer to it, which is NULL at first
 * @n      how many are in it
 * @cap    for how many it has room; 0 at first
 * Returns 0, or -1 with DM_ENOMEM, and all is as it was.
 */
int dm_array_grow(void *array, size_t n, size_t *cap, size_t item_bytes,
    struct dm_err *err) DM_MUST_CHECK;

#endif
