/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "series/shelf.h"

#include <stdlib.h>
#include <string.h>

/* A shelf grows by a quarter or less: by as many places as fill one of few of
 * the arena's sizes. */
#define GROW_PART 4
static const uint32_t board_places[] = {101, 24, 5, 1};

struct free_place {
	struct free_place *next;
};

struct place {
	_Alignas(16) char bytes[DM_SHELF_PLACE_BYTES];
};

struct dm_shelf_board {
	struct dm_shelf_board *prev, *next; /* where it has free places */
	struct free_place *given_back;
	uint32_t n_places;
	uint32_t n_begun; /* the others have never been used */
	uint32_t n_used;
	struct place places[];
};

static struct dm_shelf *shelf(struct dm_shelves *shelves, uint32_t id)
{
	size_t n = id + id / 2 + 16;
	struct dm_shelf *p;

	if (id < shelves->n)
		return &shelves->by_id[id];
	p = realloc(shelves->by_id, n * sizeof(*p));
	if (!p)
		return NULL;
	memset(p + shelves->n, 0, (n - shelves->n) * sizeof(*p));
	shelves->by_id = p;
	shelves->n = n;
	return &p[id];
}

static void link_board(struct dm_shelf *s, struct dm_shelf_board *b)
{
	b->prev = NULL;
	b->next = s->free;
	if (b->next)
		b->next->prev = b;
	s->free = b;
}

static void unlink_board(struct dm_shelf *s, struct dm_shelf_board *b)
{
	if (b->prev)
		b->prev->next = b->next;
	else
		s->free = b->next;
	if (b->next)
		b->next->prev = b->prev;
}

static size_t board_bytes(size_t n_places)
{
	return sizeof(struct dm_shelf_board) + n_places * sizeof(struct place);
}

static struct dm_shelf_board *new_board(
    struct dm_shelf *s, struct dm_arena *arena)
{
	const uint32_t *n = board_places;
	struct dm_shelf_board *b;

	while (*n > 1 && *n > s->n_places / GROW_PART)
		n++;
	b = dm_arena_alloc(arena, board_bytes(*n));
	if (!b)
		return NULL;
	*b = (struct dm_shelf_board){.n_places = *n};
	s->n_places += *n;
	link_board(s, b);
	return b;
}

void *dm_shelves_take(
    struct dm_shelves *shelves, struct dm_arena *arena, uint32_t id)
{
	struct dm_shelf *s = shelf(shelves, id);
	struct dm_shelf_board *b;
	void *place;

	if (!s)
		return NULL;
	b = s->free ? s->free : new_board(s, arena);
	if (!b)
		return NULL;
	if (b->given_back) {
		place = b->given_back;
		b->given_back = b->given_back->next;
	} else {
		place = &b->places[b->n_begun++];
	}
	if (++b->n_used == b->n_places)
		unlink_board(s, b);
	return place;
}

void dm_shelves_give_back(struct dm_shelves *shelves, struct dm_arena *arena,
    uint32_t id, void *place)
{
	struct dm_shelf *s = &shelves->by_id[id];
	struct dm_shelf_board *b = dm_arena_piece(place);
	struct free_place *f = place;

	if (b->n_used == b->n_places)
		link_board(s, b);
	f->next = b->given_back;
	b->given_back = f;
	if (--b->n_used)
		return;
	unlink_board(s, b);
	s->n_places -= b->n_places;
	dm_arena_free(arena, b, board_bytes(b->n_places));
}

void dm_shelves_release(struct dm_shelves *shelves)
{
	free(shelves->by_id);
	*shelves = (struct dm_shelves){NULL, 0};
}
