/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_DOCKER_SPLIT_H
#define DM_COLLECT_DOCKER_SPLIT_H

#include "base/buf.h"

/** Bounds on what an engine may answer. */
struct dm_split_limits {
	size_t total_bytes;  /* of the whole answer */
	size_t object_bytes; /* of one object */
	unsigned depth;	     /* of brackets in brackets, the list not counted */
};

/**
 * Cuts a JSON answer that comes in pieces, an object or a list of objects,
 * into its objects, so that no more than one of them is ever held: the list
 * of a thousand containers is a megabyte. Only brackets and strings are
 * looked at; what lies between is for the callback's parser to judge.
 */
struct dm_split {
	struct dm_split_limits limits;
	/** One whole object. -1 ends it. */
	int (*object)(void *ctx, struct dm_str json, struct dm_err *err);
	void *ctx;
	struct dm_buf held; /* the object that is being read */
	size_t seen_bytes;
	unsigned depth;
	unsigned char place; /* private: see docker-split.c */
	bool list, string, escape;
};

#define DM_AUTO_SPLIT DM_CLEANUP(dm_split_release)

/** Begin a new answer; limits, object and ctx stay. */
void dm_split_clear(struct dm_split *s);
void dm_split_release(struct dm_split *s);

/**
 * Take the next bytes.
 * Returns -1 with DM_EPARSE, DM_ELIMIT, DM_ENOMEM or the callback's error;
 * it can only be cleared or released then.
 */
int dm_split_add(struct dm_split *s, const char *p, size_t n,
    struct dm_err *err) DM_MUST_CHECK;

/** The answer has ended: -1 with DM_EPARSE if it was not whole. */
int dm_split_end(const struct dm_split *s, struct dm_err *err) DM_MUST_CHECK;

#endif
