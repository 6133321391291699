/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_SHELF_H
#define DM_SERIES_SHELF_H

#include <stdint.h>

#include "base/arena.h"

/*
 * Where series stand: those of one metric side by side, in the order in
 * which they came. That is the order in which records touch them, container
 * after container, and in which evaluation walks along them, so that memory
 * is read as it comes.
 */

/* What a series takes. */
#define DM_SHELF_PLACE_BYTES 80

struct dm_shelf_board;

struct dm_shelf {
	struct dm_shelf_board *free; /* boards with free places */
	size_t n_places;
};

/** A shelf for each metric; {0} is empty. */
struct dm_shelves {
	struct dm_shelf *by_id; /* of the metric's name */
	size_t n;
};

/** A place for a series of a metric, its bytes as they were left; NULL
 * without memory. */
void *dm_shelves_take(
    struct dm_shelves *shelves, struct dm_arena *arena, uint32_t id);

void dm_shelves_give_back(struct dm_shelves *shelves, struct dm_arena *arena,
    uint32_t id, void *place);

/** All places must have been given back. */
void dm_shelves_release(struct dm_shelves *shelves);

#endif
