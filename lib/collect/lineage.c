/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/lineage.h"

static struct dm_str key_of(const pid_t *pid)
{
	return (struct dm_str){(const char *)pid, sizeof(*pid)};
}

static void drop(struct dm_lineage *l, struct dm_born *b)
{
	dm_lineage_unref(l, b->origin);
	free(b);
}

void dm_lineage_forget(struct dm_lineage *l)
{
	struct dm_born *b;
	size_t pos = 0;

	while ((b = dm_map_next(&l->by_pid, &pos)))
		drop(l, b);
	dm_map_clear(&l->by_pid);
	l->ended = NULL;
}

static void free_origin(struct dm_origin *o)
{
	free(o->id);
	free(o->cgroup);
	free(o);
}

void dm_lineage_release(struct dm_lineage *l)
{
	struct dm_origin *o;
	size_t pos = 0;

	dm_lineage_forget(l);
	while ((o = dm_map_next(&l->by_id, &pos)))
		free_origin(o);
	dm_map_release(&l->by_pid);
	dm_map_release(&l->by_id);
}

struct dm_origin *dm_lineage_origin(
    struct dm_lineage *l, struct dm_str id, struct dm_str cgroup)
{
	struct dm_origin *o = dm_map_get(&l->by_id, id);

	if (o)
		return o;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->id = dm_str_dup(id);
	o->cgroup = dm_str_dup(cgroup);
	if (o->id && o->cgroup &&
	    dm_map_put(&l->by_id, dm_str(o->id), o, NULL) == 0)
		return o;
	free_origin(o);
	return NULL;
}

void dm_lineage_unref(struct dm_lineage *l, struct dm_origin *o)
{
	if (!o || --o->refs > 0)
		return;
	dm_map_remove(&l->by_id, dm_str(o->id));
	free_origin(o);
}

struct dm_born *dm_lineage_find(const struct dm_lineage *l, pid_t pid)
{
	return dm_map_get(&l->by_pid, key_of(&pid));
}

struct dm_born *dm_lineage_add(
    struct dm_lineage *l, pid_t pid, struct dm_origin *origin)
{
	struct dm_born *b = dm_lineage_find(l, pid);

	if (b) {
		dm_lineage_move(l, b, origin);
		b->start = 0;
		b->ended = 0;
		return b;
	}
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->pid = pid;
	if (dm_map_put(&l->by_pid, key_of(&b->pid), b, NULL) < 0) {
		free(b);
		return NULL;
	}
	dm_lineage_move(l, b, origin);
	return b;
}

void dm_lineage_move(
    struct dm_lineage *l, struct dm_born *b, struct dm_origin *origin)
{
	struct dm_origin *was = b->origin;

	if (origin)
		origin->refs++;
	b->origin = origin;
	dm_lineage_unref(l, was);
}

void dm_lineage_end(struct dm_lineage *l, struct dm_born *b)
{
	b->ended = 1;
	if (b->listed)
		return;
	b->listed = true;
	b->next = l->ended;
	l->ended = b;
}

void dm_lineage_bury(struct dm_lineage *l)
{
	struct dm_born *b = l->ended, *next;

	l->ended = NULL;
	for (; b; b = next) {
		next = b->next;
		b->listed = false;
		if (b->ended > 1) {
			(void)dm_map_remove(&l->by_pid, key_of(&b->pid));
			drop(l, b);
		} else if (b->ended) {
			dm_lineage_end(l, b);
			b->ended = 2;
		}
	}
}
