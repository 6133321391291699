/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/map.h"

#include <sys/random.h>

#define ROTL(x, b) ((x) << (b) | (x) >> (64 - (b)))

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[0] = ROTL(v[0], 32);
	v[2] += v[3];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[2] = ROTL(v[2], 32);
}

static const uint64_t *hash_key(void)
{
	static uint64_t key[2];
	static bool drawn;

	if (!drawn) {
		/* Should the kernel have none to give, order stays the only
		 * thing that an attacker can reach. */
		if (getrandom(key, sizeof(key), GRND_NONBLOCK) < 0)
			key[0] = (uint64_t)(uintptr_t)&key;
		drawn = true;
	}
	return key;
}

uint64_t dm_hash(const void *p, size_t n)
{
	const uint64_t *k = hash_key();
	const unsigned char *s = p;
	uint64_t v[4] = {k[0] ^ 0x736f6d6570736575u, k[1] ^ 0x646f72616e646f6du,
	    k[0] ^ 0x6c7967656e657261u, k[1] ^ 0x7465646279746573u};
	uint64_t m, tail = (uint64_t)n << 56;
	size_t left = n;

	for (; left >= 8; left -= 8, s += 8) {
		memcpy(&m, s, 8);
		v[3] ^= m;
		sip_round(v);
		v[0] ^= m;
	}
	for (size_t i = 0; i < left; i++)
		tail |= (uint64_t)s[i] << (8 * i);
	v[3] ^= tail;
	sip_round(v);
	v[0] ^= tail;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void dm_map_release(struct dm_map *m)
{
	free(m->slots);
	*m = (struct dm_map){0};
}

void dm_map_clear(struct dm_map *m)
{
	if (m->cap)
		memset(m->slots, 0, m->cap * sizeof(*m->slots));
	m->n = 0;
}

static struct dm_str key_of(const struct dm_map_slot *s)
{
	return (struct dm_str){s->key, s->key_n};
}

/* The key's slot, or the free one where it would stand. */
static size_t find(const struct dm_map *m, struct dm_str key, uint32_t hash)
{
	size_t mask = m->cap - 1, i = hash & mask;

	while (m->slots[i].value && (m->slots[i].hash != hash ||
					!dm_str_eq(key_of(&m->slots[i]), key)))
		i = (i + 1) & mask;
	return i;
}

void *dm_map_get_hashed(
    const struct dm_map *m, struct dm_str key, uint64_t hash)
{
	return m->n ? m->slots[find(m, key, (uint32_t)hash)].value : NULL;
}

void *dm_map_get(const struct dm_map *m, struct dm_str key)
{
	return m->n ? dm_map_get_hashed(m, key, dm_hash(key.p, key.n)) : NULL;
}

static int grow(struct dm_map *m, struct dm_err *err)
{
	struct dm_map bigger = {.cap = m->cap ? 2 * m->cap : 16};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return dm_err_nomem(err);
	for (size_t i = 0; i < m->cap; i++) {
		struct dm_map_slot *s = &m->slots[i];

		if (s->value)
			bigger.slots[find(&bigger, key_of(s), s->hash)] = *s;
	}
	bigger.n = m->n;
	free(m->slots);
	*m = bigger;
	return 0;
}

int dm_map_put_hashed(struct dm_map *m, struct dm_str key, uint64_t hash,
    void *value, struct dm_err *err)
{
	struct dm_map_slot *s;

	if (m->n >= m->cap / 4 * 3 && grow(m, err) < 0)
		return -1;
	s = &m->slots[find(m, key, (uint32_t)hash)];
	if (!s->value)
		m->n++;
	*s =
	    (struct dm_map_slot){key.p, (uint32_t)key.n, (uint32_t)hash, value};
	return 0;
}

int dm_map_put(
    struct dm_map *m, struct dm_str key, void *value, struct dm_err *err)
{
	return dm_map_put_hashed(m, key, dm_hash(key.p, key.n), value, err);
}

void *dm_map_remove(struct dm_map *m, struct dm_str key)
{
	size_t mask = m->cap - 1, hole, i;
	void *value;

	if (!m->n)
		return NULL;
	hole = find(m, key, (uint32_t)dm_hash(key.p, key.n));
	value = m->slots[hole].value;
	if (!value)
		return NULL;
	for (i = (hole + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;

		/* Move back whoever's home does not lie behind the hole. */
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct dm_map_slot){0};
	m->n--;
	return value;
}

void *dm_map_next(const struct dm_map *m, size_t *pos)
{
	while (*pos < m->cap) {
		void *value = m->slots[(*pos)++].value;

		if (value)
			return value;
	}
	return NULL;
}
