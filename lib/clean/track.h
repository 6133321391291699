/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CLEAN_TRACK_H
#define DM_CLEAN_TRACK_H

#include "base/map.h"
#include "record/record.h"

/* What is remembered of series, until they have been gone for a while. */

#define DM_TRACK_LASTS_US   (300 * INT64_C(1000000))
#define DM_TRACK_SERIES_MAX 2097152 /* of all; the oldest go */
#define DM_TRACK_RECORD_MAX 2048    /* of a record; further ones are not */
#define DM_TRACK_WINDOW	    7

/* A series: 64 bytes. */
struct dm_track_series {
	uint32_t name; /* the scanner's */
	uint8_t n;     /* values in the window */
	uint8_t at;    /* where the next one goes */
	bool has_last : 1;
	bool round : 1;	   /* the track's, where it was in the record */
	bool rejected : 1; /* `other` was too far beyond `last` */
	bool suspect : 1;  /* `last` is far off, and `other` before it */
	uint8_t missing;   /* so many sweeps in a row */
	int64_t last_us;
	double last;
	double other;
	float other_s; /* seconds from the earlier of both to the later */
	float window[DM_TRACK_WINDOW];
};

/** Who is sampled by whom: instance and job. */
struct dm_track_target {
	uint32_t refs;
	uint32_t n_cpus;     /* 0: not known */
	double memory_bytes; /* 0: not known */
	int64_t latest_us;   /* of its sweeps */
	int64_t back_us;     /* of the last one that was earlier */
	unsigned n_back;     /* sweeps in a row that were earlier */
	uint64_t n_sweeps;
	int64_t step_us; /* from one to the next, at least; 0: not known */
	struct dm_str key;
	char bytes[];
};

/** The series of one identity. */
struct dm_track {
	struct dm_track *older, *newer;
	struct dm_identity *identity;
	struct dm_track_target *target;
	uint64_t serial; /* never given twice */
	int64_t far_us;	 /* when values of it were far off last, */
	uint32_t n_far;	 /* and how many */
	bool round;	 /* another one with each record */
	int64_t last_us; /* INT64_MIN: not yet */
	struct dm_track_series *series;
	uint32_t n, cap;
};

/** {0} is none. */
struct dm_tracks {
	struct dm_map targets;
	struct dm_track *oldest, *newest;
	size_t n, n_series;
	uint64_t serial;
};

/** Let go of all. */
void dm_tracks_release(struct dm_tracks *t);

/** The identity's track, which becomes the newest one; NULL with err. It is
 * the identity's user. */
struct dm_track *dm_tracks_get(
    struct dm_tracks *t, struct dm_identity *identity, struct dm_err *err);

void dm_tracks_forget(struct dm_tracks *t, struct dm_identity *identity);

/** Those that have had nothing for a while before ts_us go, as do the oldest
 * where there are too many; the newest stays. */
void dm_tracks_expire(struct dm_tracks *t, int64_t ts_us);

/**
 * The series of a name, new if need be; NULL without memory.
 * @guess  where it stood last time
 */
struct dm_track_series *dm_track_series(
    struct dm_tracks *t, struct dm_track *track, uint32_t guess, uint32_t name);

/** Let go of one of its series; those behind it move up. */
void dm_track_remove(struct dm_track *track, uint32_t i);

/** One reference less. */
void dm_track_target_unref(struct dm_tracks *t, struct dm_track_target *target);

/** Let go of its series. */
void dm_track_clear(struct dm_tracks *t, struct dm_track *track);

#endif
