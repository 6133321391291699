/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RECORD_KNOWN_H
#define DM_RECORD_KNOWN_H

#include "base/buf.h"
#include "base/map.h"
#include "record/record.h"

/* What the scanner has seen and knows again: metric names, shapes (lists of
 * names) and identities (kinds with labels). */

/* Beyond these names are let go, in front of the next line. */
#define DM_NAMES_MAX	  65536
#define DM_NAMES_BYTES	  (32u << 20)
#define DM_SHAPES_MAX	  4096
#define DM_IDENTITY_BYTES (32u << 20)

struct dm_name {
	uint32_t id;
	bool pinned;   /* it never goes */
	uint64_t seen; /* in which object last, to find duplicates */
	struct dm_str text;
	struct dm_str key; /* "name": as writers write it; n = 0 if escaped */
	char bytes[];
};

struct dm_shape {
	uint32_t id; /* from 1 */
	uint32_t n;
	struct dm_name *names[];
};

struct dm_known {
	struct dm_map names;	   /* by text */
	struct dm_name **by_id;	   /* NULL: the id is free */
	size_t n_names, cap_names; /* ids */
	size_t free_id;		   /* below it none is */
	size_t n_pinned;
	size_t name_bytes;    /* of those that are not pinned */
	uint64_t epoch;	      /* how often names have been let go */
	struct dm_map shapes; /* by the array of names */
	uint32_t n_shapes;
	struct dm_map identities; /* by kind, a zero byte, labels */
	size_t identity_bytes;
	uint64_t clock; /* counts records */
	void (*forget)(void *ctx, struct dm_identity *identity);
	void *ctx;
	struct dm_buf key; /* scratch */
};

void dm_known_release(struct dm_known *k);

/**
 * Where there are too many names, let go of all that are not pinned, and of
 * all shapes: ids of both begin anew.
 */
void dm_known_let_names_go(struct dm_known *k);

/** The name, new if need be; NULL with err DM_ENOMEM. */
struct dm_name *dm_known_name(
    struct dm_known *k, struct dm_str text, struct dm_err *err);

/** The shape of these metrics; NULL if there are too many or no memory. */
struct dm_shape *dm_known_shape(
    struct dm_known *k, const struct dm_metric *metrics, size_t n);

/** The identity, new if need be; NULL with err. May let others go. */
struct dm_identity *dm_known_identity(struct dm_known *k, struct dm_str kind,
    struct dm_str labels, struct dm_err *err);

#endif
