/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__) && __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)	  ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define PAGE_BYTES (2u << 20) /* a huge one */
#define SPAN_BYTES (128u << 10)
#define N_SPANS	   (PAGE_BYTES / SPAN_BYTES)
#define HEAD_BYTES 64 /* in front of a span's pieces */

struct free_piece {
	struct free_piece *next;
};

struct dm_arena_span {
	struct dm_arena_span *prev, *next; /* in one of the arena's lists */
	struct free_piece *given_back;
	uint32_t class;
	uint32_t n_pieces;
	uint32_t n_begun; /* the others have never been used */
	uint32_t n_used;
	uint32_t n_used_spans; /* of its page, in the first of them alone */
};

_Static_assert(sizeof(struct dm_arena_span) <= HEAD_BYTES, "room for it");

/*
 * Sizes, in units of 64 bytes: 1, 2, 3; 4, 5, 6, 7; 9, 11, 13, 15; 19, 23, 27,
 * 31; ... Odd ones, where it matters: pieces that are read at the same offset
 * would else meet in few sets of the caches.
 */
static unsigned class_of(size_t bytes)
{
	size_t units =
	    (bytes + DM_ARENA_ALIGN_BYTES - 1) / DM_ARENA_ALIGN_BYTES;
	unsigned shift;

	if (units < 4)
		return (unsigned)units - 1;
	shift = 61 - (unsigned)__builtin_clzll(units);
	return 4 * shift + (unsigned)(units >> shift) - 1;
}

static size_t class_bytes(unsigned class)
{
	unsigned shift = (class - 3) / 4;
	size_t units;

	if (class < 3)
		units = class + 1;
	else
		units = ((size_t)((class - 3) % 4 + 5) << shift) - 1;
	return units * DM_ARENA_ALIGN_BYTES;
}

size_t dm_arena_round(size_t bytes)
{
	return bytes > DM_ARENA_MAX_BYTES ? bytes
					  : class_bytes(class_of(bytes));
}

static void link_span(struct dm_arena_span **list, struct dm_arena_span *s)
{
	s->prev = NULL;
	s->next = *list;
	if (s->next)
		s->next->prev = s;
	*list = s;
}

static void unlink_span(struct dm_arena_span **list, struct dm_arena_span *s)
{
	if (s->prev)
		s->prev->next = s->next;
	else
		*list = s->next;
	if (s->next)
		s->next->prev = s->prev;
}

static struct dm_arena_span *span_of(void *p)
{
	return (struct dm_arena_span *)((uintptr_t)p &
					~(uintptr_t)(SPAN_BYTES - 1));
}

static struct dm_arena_span *first_of_page(void *p)
{
	return (struct dm_arena_span *)((uintptr_t)p &
					~(uintptr_t)(PAGE_BYTES - 1));
}

static struct dm_arena_span *nth_span(struct dm_arena_span *first, size_t i)
{
	return (struct dm_arena_span *)((char *)first + i * SPAN_BYTES);
}

static bool new_page(struct dm_arena *a)
{
	struct dm_arena_span *first = aligned_alloc(PAGE_BYTES, PAGE_BYTES);

	if (!first)
		return false;
	/* Where there are no huge ones, small ones do. */
	(void)madvise(first, PAGE_BYTES, MADV_HUGEPAGE);
	first->n_used_spans = 0;
	for (size_t i = N_SPANS; i--;)
		link_span(&a->empty, nth_span(first, i));
	a->n_empty += N_SPANS;
	a->n_pages++;
	return true;
}

static void free_page(struct dm_arena *a, struct dm_arena_span *first)
{
	for (size_t i = 0; i < N_SPANS; i++)
		unlink_span(&a->empty, nth_span(first, i));
	a->n_empty -= N_SPANS;
	a->n_pages--;
	free(first);
}

static struct dm_arena_span *open_span(struct dm_arena *a, unsigned class)
{
	size_t room = SPAN_BYTES - HEAD_BYTES;
	struct dm_arena_span *s;

	if (!a->empty && !new_page(a))
		return NULL;
	s = a->empty;
	unlink_span(&a->empty, s);
	a->n_empty--;
	first_of_page(s)->n_used_spans++;
	s->class = class;
	s->given_back = NULL;
	s->n_pieces = (uint32_t)(room / class_bytes(class));
	s->n_begun = s->n_used = 0;
	ASAN_POISON_MEMORY_REGION((char *)s + HEAD_BYTES, room);
	link_span(&a->open[class], s);
	return s;
}

/* Nothing in it is used. */
static void close_span(struct dm_arena *a, struct dm_arena_span *s)
{
	struct dm_arena_span *first = first_of_page(s);

	unlink_span(&a->open[s->class], s);
	link_span(&a->empty, s);
	a->n_empty++;
	/* One page's worth is kept for what comes next. */
	if (--first->n_used_spans == 0 && a->n_empty > N_SPANS)
		free_page(a, first);
}

void *dm_arena_alloc(struct dm_arena *a, size_t bytes)
{
	struct dm_arena_span *s;
	struct free_piece *p;
	unsigned class;

	if (bytes > DM_ARENA_MAX_BYTES)
		return malloc(bytes);
	class = class_of(bytes);
	bytes = class_bytes(class);
	s = a->open[class] ? a->open[class] : open_span(a, class);
	if (!s)
		return NULL;
	if (s->given_back) {
		p = s->given_back;
		ASAN_UNPOISON_MEMORY_REGION(p, bytes);
		s->given_back = p->next;
	} else {
		p = (struct free_piece *)((char *)s + HEAD_BYTES +
					  bytes * s->n_begun++);
		ASAN_UNPOISON_MEMORY_REGION(p, bytes);
	}
	if (++s->n_used == s->n_pieces)
		unlink_span(&a->open[class], s);
	return p;
}

void dm_arena_free(struct dm_arena *a, void *p, size_t bytes)
{
	struct free_piece *piece = p;
	struct dm_arena_span *s;

	if (!p || bytes > DM_ARENA_MAX_BYTES) {
		free(p);
		return;
	}
	s = span_of(p);
	if (s->n_used == s->n_pieces)
		link_span(&a->open[s->class], s);
	piece->next = s->given_back;
	s->given_back = piece;
	ASAN_POISON_MEMORY_REGION(p, class_bytes(s->class));
	if (--s->n_used == 0)
		close_span(a, s);
}

void *dm_arena_piece(void *place)
{
	struct dm_arena_span *s = span_of(place);
	char *pieces = (char *)s + HEAD_BYTES;
	size_t bytes = class_bytes(s->class);

	return pieces + (size_t)((char *)place - pieces) / bytes * bytes;
}

void dm_arena_release(struct dm_arena *a)
{
	while (a->empty)
		free_page(a, first_of_page(a->empty));
}
