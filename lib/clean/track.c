/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/track.h"

#include "base/buf.h"
#include "record/scan.h"

#define CPUS_MAX 8192

void dm_track_clear(struct dm_tracks *t, struct dm_track *track)
{
	t->n_series -= track->cap;
	free(track->series);
	track->series = NULL;
	track->n = track->cap = 0;
}

static void unlink_track(struct dm_tracks *t, struct dm_track *track)
{
	*(track->older ? &track->older->newer : &t->oldest) = track->newer;
	*(track->newer ? &track->newer->older : &t->newest) = track->older;
	track->older = track->newer = NULL;
}

static void link_newest(struct dm_tracks *t, struct dm_track *track)
{
	track->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = track;
	t->newest = track;
}

void dm_track_target_unref(struct dm_tracks *t, struct dm_track_target *target)
{
	if (--target->refs)
		return;
	dm_map_remove(&t->targets, target->key);
	free(target);
}

static void free_track(struct dm_tracks *t, struct dm_track *track)
{
	dm_track_clear(t, track);
	unlink_track(t, track);
	dm_track_target_unref(t, track->target);
	track->identity->user = NULL;
	t->n--;
	free(track);
}

void dm_tracks_release(struct dm_tracks *t)
{
	while (t->oldest)
		free_track(t, t->oldest);
	dm_map_release(&t->targets);
}

void dm_tracks_forget(struct dm_tracks *t, struct dm_identity *identity)
{
	if (identity->user)
		free_track(t, identity->user);
}

void dm_tracks_expire(struct dm_tracks *t, int64_t ts_us)
{
	while (t->oldest != t->newest &&
	       (t->oldest->last_us < ts_us - DM_TRACK_LASTS_US ||
		   t->n_series > DM_TRACK_SERIES_MAX))
		free_track(t, t->oldest);
}

static void add_label(
    struct dm_buf *key, const struct dm_identity *identity, const char *name)
{
	struct dm_str value;

	if (identity->labels.n && dm_json_find(identity->labels, name, &value))
		dm_json_unquote(key, value);
	dm_buf_add_char(key, '\0'); /* no label has one */
}

static struct dm_track_target *get_target(
    struct dm_tracks *t, const struct dm_identity *identity, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf key = {0};
	struct dm_track_target *target;

	add_label(&key, identity, "instance");
	add_label(&key, identity, "job");
	if (dm_buf_ok(&key, err) < 0)
		return NULL;
	target = dm_map_get(&t->targets, dm_buf_str(&key));
	if (target) {
		target->refs++;
		return target;
	}
	target = calloc(1, sizeof(*target) + key.n);
	if (!target) {
		dm_err_nomem(err);
		return NULL;
	}
	memcpy(target->bytes, key.p, key.n);
	target->key = (struct dm_str){target->bytes, key.n};
	target->refs = 1;
	target->latest_us = target->back_us = INT64_MIN;
	if (dm_map_put(&t->targets, target->key, target, err) < 0) {
		free(target);
		return NULL;
	}
	return target;
}

/* CPUs have records of their own, and are counted from 0. */
static void count_cpu(
    struct dm_track_target *target, const struct dm_identity *identity)
{
	struct dm_str text;
	uint64_t cpu;

	if (identity->kind_id != DM_KIND_HOST || !identity->labels.n ||
	    !dm_json_find(identity->labels, "cpu", &text))
		return;
	text = (struct dm_str){text.p + 1, text.n - 2};
	if (dm_str_u64(text, &cpu) && cpu < CPUS_MAX && cpu >= target->n_cpus)
		target->n_cpus = (uint32_t)cpu + 1;
}

static struct dm_track *new_track(
    struct dm_tracks *t, struct dm_identity *identity, struct dm_err *err)
{
	struct dm_track *track = calloc(1, sizeof(*track));

	if (!track) {
		dm_err_nomem(err);
		return NULL;
	}
	track->target = get_target(t, identity, err);
	if (!track->target) {
		free(track);
		return NULL;
	}
	count_cpu(track->target, identity);
	track->identity = identity;
	track->serial = ++t->serial;
	track->last_us = INT64_MIN;
	identity->user = track;
	t->n++;
	return track;
}

struct dm_track *dm_tracks_get(
    struct dm_tracks *t, struct dm_identity *identity, struct dm_err *err)
{
	struct dm_track *track = identity->user;

	if (!track) {
		track = new_track(t, identity, err);
		if (!track)
			return NULL;
	} else if (track == t->newest) {
		return track;
	} else {
		unlink_track(t, track);
	}
	link_newest(t, track);
	return track;
}

/* Exactly as many as a record has, usually: they come with the first. */
static bool grow(struct dm_tracks *t, struct dm_track *track)
{
	uint32_t cap = track->cap ? track->cap + track->cap / 2 + 1 : 4;
	void *series = realloc(track->series, cap * sizeof(*track->series));

	if (!series)
		return false;
	t->n_series += cap - track->cap;
	track->series = series;
	track->cap = cap;
	return true;
}

struct dm_track_series *dm_track_series(
    struct dm_tracks *t, struct dm_track *track, uint32_t guess, uint32_t name)
{
	struct dm_track_series *s;

	if (guess < track->n && track->series[guess].name == name)
		return &track->series[guess];
	for (uint32_t i = 0; i < track->n; i++) {
		if (track->series[i].name == name)
			return &track->series[i];
	}
	if (track->n == track->cap && !grow(t, track))
		return NULL;
	s = &track->series[track->n++];
	memset(s, 0, sizeof(*s));
	s->name = name;
	return s;
}

void dm_track_remove(struct dm_track *track, uint32_t i)
{
	track->n--;
	memmove(&track->series[i], &track->series[i + 1],
	    (track->n - i) * sizeof(*track->series));
}
