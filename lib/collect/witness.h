/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_WITNESS_H
#define DM_COLLECT_WITNESS_H

#include "base/sha256.h"
#include "collect/reread.h"
#include "collect/source.h"
#include "collect/witness-text.h"

/*
 * The source `witness`: what an escape changes on the host, held against what
 * it was when the collector started.
 */

enum dm_witness_kind {
	DM_WITNESS_TEXT,	/* a short text, compared whole */
	DM_WITNESS_MODULES,	/* the names in /proc/modules */
	DM_WITNESS_HIERARCHIES, /* of cgroup v1, in /proc/self/cgroup */
	DM_WITNESS_BINFMT,	/* binfmt_misc: who executes what */
	DM_WITNESS_FILE,	/* what stat says of it */
	DM_WITNESS_FOLDER, /* what stat says of it and of all that is in it */
};

enum dm_witness_root {
	DM_WITNESS_PROCFS,
	DM_WITNESS_SYSFS,
	DM_WITNESS_ROOTFS,
	DM_WITNESS_ROOTS
};

struct dm_witness_place {
	const char *what; /* several places may bear one name, side by side */
	enum dm_witness_kind kind;
	enum dm_witness_root root;
	const char *path; /* relative to the root */
};

extern const struct dm_witness_place dm_witness_places[];
extern const size_t dm_witness_n_places;

struct dm_witness {
	struct dm_witness_place is;
	char *path; /* where is.path is not a constant */
	/* It lies in a process's mounts: path begins with "PID/root", of so
	 * many bytes. 0: it does not. */
	size_t root_n;
	uint64_t device; /* of a release_agent: which hierarchy; else 0 */
	/* It has been seen. Texts are looked at only if they are there. */
	bool known;
	bool dirty;	   /* something was done to it since the last look */
	bool written;	   /* the same, and not right after it was told of */
	bool hash;	   /* its content is to be hashed */
	bool changed;	   /* it differs from the baseline */
	int wd;		   /* of what inotify watches for it; -1: nothing */
	uint64_t first;	   /* hash of the baseline */
	struct dm_buf now; /* empty: a file or folder that is not there */
	struct dm_reread file; /* of a text, kept open */
	int64_t said_ns;
};

/** A file whose content is being hashed, a piece in each sweep. */
struct dm_witness_hash {
	struct dm_witness *of; /* NULL: none */
	int fd;
	uint64_t left; /* bytes, of more it is given up */
	struct dm_sha256 sha;
};

struct dm_witnesses {
	struct dm_witness *list;
	size_t n, cap;
	size_t n_first; /* those from the start; the others may come and go */
	uint64_t
	    searched; /* hash of the hierarchies whose agents were sought */
	int64_t glanced_ns;
	int roots[DM_WITNESS_ROOTS];
	int inotify;
	bool said_watch; /* that a folder can't be watched */
	uint64_t lost;	 /* times that inotify's queue was full */
	unsigned turns, serial;
	struct dm_buf target; /* labels of instance and job */
	struct dm_buf text, old, now, mounts;
	struct dm_entries entries;
	struct dm_witness_hash hash;
	struct dm_part heard; /* what is written between sweeps */
};

/* One thing is told of so often between sweeps. */
#define DM_WITNESS_AGAIN_NS INT64_C(1000000000)

static inline bool dm_witness_just_said(
    const struct dm_witness *w, int64_t now_ns)
{
	return w->said_ns && now_ns - w->said_ns < DM_WITNESS_AGAIN_NS;
}

/* witness.c */

/** @path  NULL, or one that is not a constant, and is consumed */
int dm_witness_add(struct dm_witnesses *s, const struct dm_witness_place *is,
    char *path, struct dm_err *err) DM_MUST_CHECK;

/* witness-agents.c */

/** Add those that the host has mounted. The list has its place then. */
int dm_witness_agents_open(
    struct dm_witnesses *s, struct dm_err *err) DM_MUST_CHECK;

/**
 * Where there are other hierarchies than before, or it is the turn: look for
 * those that are not known yet, and write the events of what they have become.
 */
int dm_witness_agents_find(struct dm_witnesses *s, const struct dm_collect *c,
    bool turn, struct dm_part *part, struct dm_err *err) DM_MUST_CHECK;

/** Does a line of mountinfo show the root of a hierarchy? @ret_folder  where,
 * as it is written there */
bool dm_witness_agent_mount(
    struct dm_str line, uint64_t *ret_device, struct dm_str *ret_folder);

/* witness-look.c */

/**
 * Open a path below a root, links in it taken as that root's.
 * Returns the descriptor, or -1 with errno.
 */
int dm_witness_open(
    const struct dm_witnesses *s, const struct dm_witness *w, int flags);

/**
 * See what it is now, into s->text.
 * Returns 1, 0 where it can't be seen, or -1 with DM_ENOMEM.
 */
int dm_witness_see(struct dm_witnesses *s, struct dm_witness *w,
    struct dm_err *err) DM_MUST_CHECK;

/* witness-say.c */

/** Look, and write the events of what has changed into the part. */
int dm_witness_look(struct dm_witnesses *s, struct dm_witness *w,
    struct dm_part *part, struct dm_err *err) DM_MUST_CHECK;

/** Hash on; the event says what came out. */
void dm_witness_hash_step(struct dm_witnesses *s, struct dm_part *part);

/** For each name whether it differs from the baseline. */
void dm_witness_rows(const struct dm_witnesses *s, struct dm_part *part);

/* witness-watch.c */

/** Watch what can be watched for it; does nothing if that is done. Returns 0
 * or an errno. */
int dm_witness_watch(const struct dm_witnesses *s, struct dm_witness *w);

/** Take what inotify has, without waiting: mark those to which something was
 * done. */
void dm_witness_heard(struct dm_witnesses *s);

#endif
