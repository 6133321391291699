/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_WINDOW_IMPL_H
#define DM_SERIES_WINDOW_IMPL_H

#include "series/index.h"
#include "series/kept.h"
#include "series/window.h"

/* A selector that is bound, and all series that it matches. */
struct dm_selection {
	struct dm_selector selector; /* a copy */
	size_t refs;
	const struct dm_series **series;
	size_t n, cap;
	/* Of these it could not be found out: see dm_selector_match. */
	const struct dm_series **undecided;
	size_t n_undecided, cap_undecided;
};

/* A target, and the sweep that is being told. */
struct dm_swept {
	struct dm_target pub; /* first: lent as such */
	char *key;	      /* instance \xff job */
	size_t key_bytes;
	size_t entities;   /* who is of this target */
	bool sends;	   /* it ends its sweeps by sweep records */
	bool open;	   /* a sweep has begun at sweep_us, and not ended */
	int64_t sweep_us;  /* the last sweep begun; INT64_MIN: none */
	unsigned n_behind; /* sweeps in a row, far before sweep_us */
	int64_t behind_us; /* the last of them */
	uint32_t sweep;	   /* its serial, from DM_SEEN_FIRST on, as k->seen */
	size_t n_seen;	   /* of live, those that this sweep had */
	struct dm_kept **live;
	size_t n_live, cap_live;
};

/* How the samples of a record last. */
enum dm_lasting {
	DM_LAST_NONE,  /* no samples */
	DM_LAST_SWEEP, /* until a whole sweep lacks them */
	DM_LAST_END,   /* a sweep record that ends a sweep */
	DM_LAST_LONG,  /* until written again */
	DM_LAST_EVENT, /* for that moment */
};

/* Packed, as there are as many of them as of series. */
struct dm_wanted {
	uint32_t metric; /* where it stands in the record */
	struct dm_kept *kept;
} __attribute__((packed));

/* What the window knows of an identity. */
struct dm_entity {
	struct dm_labels *labels;
	struct dm_swept *target; /* or NULL */
	enum dm_lasting lasting;
	uint32_t shape; /* 0: wanted holds for none */
	uint64_t generation;
	struct dm_wanted *wanted;
	size_t n_wanted, cap_wanted;
};

/* A scanner's metric name. */
struct dm_window_name {
	const struct dm_name *name; /* NULL: nobody wants it */
	bool left_out;		    /* somebody does, but there are too many */
	uint64_t generation;
};

struct dm_window {
	struct dm_labels_pool *pool;
	struct dm_selection **selections;
	size_t n_selections, cap_selections;
	bool some_released; /* what they had kept is still there */
	struct dm_keeper keeper;
	struct dm_series_index series;
	struct dm_map own;	      /* names that rules record */
	struct dm_window_name *names; /* by the scanner's ids */
	size_t n_names;
	const struct dm_scanner *scanner; /* whose ids they are */
	uint64_t scanner_epoch;
	/* Changes when something that entities or names remember does. */
	uint64_t generation;
	struct dm_swept **targets;
	size_t n_targets, cap_targets;
	struct dm_map targets_by_key;
	struct dm_swept *last_target;
	/* At the end of input: whose sweeps are to be ended, the last first. */
	struct dm_swept **ending;
	size_t n_ending;
	int64_t pruned_us;
	size_t pruned_n;
	struct dm_buf scratch;
	struct dm_labels_builder builder;
};

/** The series, made if somebody wants it; *ret is NULL where nobody does. */
int dm_window_series(struct dm_window *w, const struct dm_name *name,
    struct dm_labels *labels, struct dm_kept **ret,
    struct dm_err *err) DM_MUST_CHECK;

/** Drop what nobody can reach. */
void dm_window_prune(struct dm_window *w);

/** The target of a label set, new if need be. */
int dm_sweep_target(struct dm_window *w, const struct dm_labels *labels,
    struct dm_swept **ret, struct dm_err *err) DM_MUST_CHECK;
void dm_sweep_target_free(struct dm_swept *target);

/** A record of a target has come: begins and ends sweeps. */
int dm_sweep_note(struct dm_window *w, const struct dm_entity *e, int64_t ts_us,
    struct dm_window_seen *ret, struct dm_err *err) DM_MUST_CHECK;

/** The record that ends a sweep has been taken in. */
int dm_sweep_close(struct dm_window *w, struct dm_swept *target, int64_t ts_us,
    bool up, struct dm_window_seen *ret, struct dm_err *err) DM_MUST_CHECK;

/** The clock was wrong: where it is far ahead, it goes on from t_us. */
void dm_sweep_set_back(struct dm_swept *target, int64_t t_us);

/** A series is alive, of this target. */
int dm_sweep_live(struct dm_swept *target, struct dm_kept *k,
    struct dm_err *err) DM_MUST_CHECK;

#endif
