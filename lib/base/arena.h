/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_ARENA_H
#define DM_BASE_ARENA_H

#include <stddef.h>

/*
 * Memory for very many small pieces that are read all over: it is asked of
 * the system in huge pages, so that the processor finds them without walking
 * page tables. Pieces of about the same size stand together in spans; a span
 * that is empty serves another size, and a huge page of empty spans goes
 * back to the system.
 */

#define DM_ARENA_ALIGN_BYTES 64
/* Larger pieces are malloc's. */
#define DM_ARENA_MAX_BYTES (255 * DM_ARENA_ALIGN_BYTES)
#define DM_ARENA_CLASSES   27

struct dm_arena_span;

/** {0} is empty. */
struct dm_arena {
	struct dm_arena_span *open[DM_ARENA_CLASSES]; /* with free pieces */
	struct dm_arena_span *empty;
	size_t n_empty;
	size_t n_pages; /* of 2 MiB */
};

/** How much a request for so much gives. */
size_t dm_arena_round(size_t bytes);

/**
 * @bytes  > 0
 * Returns a piece that begins at a multiple of DM_ARENA_ALIGN_BYTES, as it was
 * left; NULL without memory.
 */
void *dm_arena_alloc(struct dm_arena *a, size_t bytes);

/**
 * Give a piece back; NULL is fine.
 * @bytes  what was asked for, or what dm_arena_round made of it
 */
void dm_arena_free(struct dm_arena *a, void *p, size_t bytes);

/** The piece, one of at most DM_ARENA_MAX_BYTES, that some place is in. */
void *dm_arena_piece(void *place);

/** All pieces must have been given back. */
void dm_arena_release(struct dm_arena *a);

#endif
