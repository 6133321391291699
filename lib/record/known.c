/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/known.h"

static void forget_identity(struct dm_known *k, struct dm_identity *identity)
{
	if (identity->user && k->forget)
		k->forget(k->ctx, identity);
	free(identity);
}

static void free_shapes(struct dm_known *k)
{
	struct dm_shape *shape;
	size_t pos = 0;

	while ((shape = dm_map_next(&k->shapes, &pos)))
		free(shape);
	dm_map_clear(&k->shapes);
	k->n_shapes = 0;
}

void dm_known_release(struct dm_known *k)
{
	struct dm_identity *identity;
	size_t pos = 0;

	while ((identity = dm_map_next(&k->identities, &pos)))
		forget_identity(k, identity);
	dm_map_release(&k->identities);
	free_shapes(k);
	dm_map_release(&k->shapes);
	for (size_t i = 0; i < k->n_names; i++)
		free(k->by_id[i]);
	free(k->by_id);
	dm_map_release(&k->names);
	dm_buf_release(&k->key);
}

void dm_known_let_names_go(struct dm_known *k)
{
	struct dm_identity *identity;
	size_t pos = 0;

	if (k->names.n - k->n_pinned < DM_NAMES_MAX &&
	    k->name_bytes < DM_NAMES_BYTES)
		return;
	while ((identity = dm_map_next(&k->identities, &pos)))
		identity->shape = NULL;
	free_shapes(k);
	for (size_t i = 0; i < k->n_names; i++) {
		struct dm_name *name = k->by_id[i];

		if (!name || name->pinned)
			continue;
		dm_map_remove(&k->names, name->text);
		k->name_bytes -= name->text.n;
		k->by_id[i] = NULL;
		free(name);
	}
	k->free_id = 0;
	k->epoch++;
}

/* k->free_id is one, and has a place. */
static int find_free_id(struct dm_known *k, struct dm_err *err)
{
	size_t cap = k->cap_names ? 2 * k->cap_names : 64;
	void *by_id;

	while (k->free_id < k->n_names && k->by_id[k->free_id])
		k->free_id++;
	if (k->free_id == k->cap_names) {
		by_id = realloc(k->by_id, cap * sizeof(*k->by_id));
		if (!by_id)
			return dm_err_nomem(err);
		k->by_id = by_id;
		k->cap_names = cap;
	}
	return 0;
}

struct dm_name *dm_known_name(
    struct dm_known *k, struct dm_str text, struct dm_err *err)
{
	uint64_t hash = dm_hash(text.p, text.n);
	struct dm_name *name = dm_map_get_hashed(&k->names, text, hash);
	char *at;

	if (name)
		return name;
	if (find_free_id(k, err) < 0)
		return NULL;
	name = calloc(1, sizeof(*name) + text.n + 3);
	if (!name) {
		dm_err_nomem(err);
		return NULL;
	}
	at = name->bytes;
	*at++ = '"';
	memcpy(at, text.p, text.n);
	memcpy(at + text.n, "\":", 2);
	name->text = (struct dm_str){at, text.n};
	name->key = (struct dm_str){name->bytes, text.n + 3};
	/* Only what is written as it stands can be known by its bytes. */
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\' ||
		    (unsigned char)text.p[i] < 0x20)
			name->key.n = 0;
	}
	name->id = (uint32_t)k->free_id;
	if (dm_map_put_hashed(&k->names, name->text, hash, name, err) < 0) {
		free(name);
		return NULL;
	}
	k->name_bytes += text.n;
	k->by_id[name->id] = name;
	if (name->id == k->n_names)
		k->n_names++;
	return name;
}

struct dm_shape *dm_known_shape(
    struct dm_known *k, const struct dm_metric *metrics, size_t n)
{
	struct dm_shape *shape, *made;
	struct dm_str key;

	if (n > 1024)
		return NULL;
	made = calloc(1, sizeof(*made) + n * sizeof(*made->names));
	if (!made)
		return NULL;
	for (size_t i = 0; i < n; i++)
		made->names[i] = k->by_id[metrics[i].name];
	key = (struct dm_str){
	    (const char *)made->names, n * sizeof(*made->names)};
	shape = dm_map_get(&k->shapes, key);
	if (shape || k->n_shapes >= DM_SHAPES_MAX ||
	    dm_map_put(&k->shapes, key, made, NULL) < 0) {
		free(made);
		return shape;
	}
	made->id = ++k->n_shapes;
	made->n = (uint32_t)n;
	return made;
}

static size_t identity_size(const struct dm_identity *identity)
{
	/* The text, the struct, a slot in the table and malloc's own. */
	return sizeof(*identity) + identity->kind.n + identity->labels.n + 64;
}

static struct dm_str identity_key(const struct dm_identity *identity)
{
	return (struct dm_str){
	    identity->kind.p, identity->kind.n + 1 + identity->labels.n};
}

/* Let go of those that were not among the last n / 2 records, n being how
 * many there are: half of them or more, never the last one. */
static int let_go(struct dm_known *k, struct dm_err *err)
{
	uint64_t horizon = k->clock - k->identities.n / 2;
	struct dm_map kept = {0};
	struct dm_identity *identity;
	size_t pos = 0;

	while ((identity = dm_map_next(&k->identities, &pos))) {
		if (identity->next && identity->next->used < horizon)
			identity->next = NULL;
		if (identity->used >= horizon &&
		    dm_map_put_hashed(&kept, identity_key(identity),
			identity->hash, identity, err) < 0) {
			dm_map_release(&kept);
			return -1;
		}
	}
	for (pos = 0; (identity = dm_map_next(&k->identities, &pos));) {
		if (identity->used < horizon) {
			k->identity_bytes -= identity_size(identity);
			forget_identity(k, identity);
		}
	}
	dm_map_release(&k->identities);
	k->identities = kept;
	return 0;
}

struct dm_identity *dm_known_identity(struct dm_known *k, struct dm_str kind,
    struct dm_str labels, struct dm_err *err)
{
	struct dm_identity *identity;
	uint64_t hash;

	dm_buf_clear(&k->key);
	dm_buf_add_str(&k->key, kind);
	dm_buf_add_char(&k->key, '\0');
	dm_buf_add_str(&k->key, labels);
	if (dm_buf_ok(&k->key, err) < 0)
		return NULL;
	hash = dm_hash(k->key.p, k->key.n);
	identity = dm_map_get_hashed(&k->identities, dm_buf_str(&k->key), hash);
	if (identity)
		return identity;
	if (k->identity_bytes > DM_IDENTITY_BYTES && let_go(k, err) < 0)
		return NULL;
	identity = dm_identity_new(kind, labels, err);
	if (!identity)
		return NULL;
	identity->hash = hash;
	if (dm_map_put_hashed(&k->identities, identity_key(identity), hash,
		identity, err) < 0) {
		free(identity);
		return NULL;
	}
	identity->used = k->clock;
	k->identity_bytes += identity_size(identity);
	return identity;
}
