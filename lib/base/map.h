/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_MAP_H
#define DM_BASE_MAP_H

#include "base/err.h"
#include "base/str.h"

/**
 * Keyed 64-bit hash of bytes, SipHash-1-3 with a key drawn once a process:
 * attackers choose names, and must not choose collisions.
 * Source: Aumasson, Bernstein: SipHash, 2012.
 */
uint64_t dm_hash(const void *p, size_t n);

struct dm_map_slot {
	const char *key;
	uint32_t key_n;
	uint32_t hash; /* its lower half */
	void *value;   /* NULL: free slot */
};

/**
 * A hash table from bytes to a pointer that is not NULL. Keys are lent: they
 * must live as long as their entry, usually inside the value, and are shorter
 * than 4 GiB. {0} is empty.
 * Linear probing, removal by shifting back.
 */
struct dm_map {
	struct dm_map_slot *slots;
	size_t n;
	size_t cap; /* 0 or a power of two */
};

/** Frees the table, not the values. */
void dm_map_release(struct dm_map *m);

/** Forget all entries; the memory is kept. */
void dm_map_clear(struct dm_map *m);

/** The value, or NULL. */
void *dm_map_get(const struct dm_map *m, struct dm_str key);
void *dm_map_get_hashed(
    const struct dm_map *m, struct dm_str key, uint64_t hash);

/**
 * Add or replace. The key lent last is kept.
 * Returns 0, or -1 with DM_ENOMEM and nothing changed.
 */
int dm_map_put(struct dm_map *m, struct dm_str key, void *value,
    struct dm_err *err) DM_MUST_CHECK;
int dm_map_put_hashed(struct dm_map *m, struct dm_str key, uint64_t hash,
    void *value, struct dm_err *err) DM_MUST_CHECK;

/** Returns the value that was there, or NULL. */
void *dm_map_remove(struct dm_map *m, struct dm_str key);

/** Walk: start with *pos = 0; NULL at the end. No change meanwhile. */
void *dm_map_next(const struct dm_map *m, size_t *pos);

#endif
