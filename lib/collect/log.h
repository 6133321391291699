/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_LOG_H
#define DM_COLLECT_LOG_H

#include "collect/docker-engine.h"
#include "collect/docker-log.h"
#include "collect/log-file.h"
#include "collect/log-pattern.h"
#include "collect/log-size.h"
#include "collect/source.h"

/*
 * The source `log`, in parts: log-tell.c writes what has matched, log-files.c
 * reads files of the host, log-follow.c containers' logs, log-size.c looks at
 * how they grow.
 *
 * Reading is bounded by time: in each tick so much is spent on the host's
 * files, and so much on the containers' logs. What comes faster waits where it
 * is, and is skipped, and counted, when it has waited too long.
 */

#define DM_LOG_TICK_NS	   INT64_C(200000000)
#define DM_LOG_WORK_NS	   INT64_C(8000000) /* of a tick, of each sort */
#define DM_LOG_FILES_MAX   256
#define DM_LOG_FOLLOWS_MAX 128
#define DM_LOG_TEXT_BYTES  512 /* of a line, in a record */
#define DM_LOG_GROUP_BYTES 128 /* of a group, likewise */
/* Of one name in a second; what is more is counted only. */
#define DM_LOG_TELLS_MAX 50

/** A file of the host. */
struct dm_log_watched {
	struct dm_log_file file;
	dm_log_set set;
	bool said;   /* that it can't be read */
	bool absent; /* when it was looked for last */
};

struct dm_logs {
	struct dm_collect *c;
	unsigned index;
	const struct dm_log_patterns *patterns;
	dm_log_set globs;    /* those about files of the host */
	bool too_many;	     /* containers to follow, and said so */
	bool too_many_files; /* likewise */
	struct dm_buf target, scratch;
	struct dm_buf out; /* records, until they are asked for */
	int set, timer;
	int64_t until_ns; /* of what is being read: no more behind this */

	struct dm_log_watched *files;
	size_t n_files, cap_files, next_file;
	int64_t globbed_ns; /* 0: not yet */

	struct dm_log_sizes sizes;
	size_t follows;
	int64_t follow_ns; /* spent on containers' logs in this tick */

	/* By the pattern that is the first of its name. */
	uint64_t matches[DM_LOG_PATTERNS_MAX]; /* in the host's files */
	unsigned told[DM_LOG_PATTERNS_MAX];    /* in this second */
	int64_t second_ns;		       /* when it began */
	uint64_t untold;		       /* in it */
	uint64_t lost, failed;
	int64_t last_ts_us;	/* of a file's event */
	uint64_t lines, cut;	/* of containers and files that have gone */
	uint64_t skipped_bytes; /* of those files */
	uint64_t lines_now, cut_now; /* of the others, in this sweep */
};

struct dm_log_follow; /* log-follow.c */

/** Of one container. */
struct dm_log_kept {
	struct dm_log_size size;
	dm_log_set set; /* of patterns that look for something in its log */
	struct dm_log_follow *follow;
};

/** What a line is of. */
struct dm_log_subject {
	const struct dm_container *container; /* or NULL, and */
	const char *file;
	int64_t ts_us;
};

/**
 * A line has matched: write it, unless there have been too many.
 * @i  the pattern
 */
void dm_log_tell(struct dm_logs *l, size_t i, struct dm_str line,
    const struct dm_log_subject *s);

/** The seconds that DM_LOG_TELLS_MAX speaks of. */
void dm_log_tell_tick(struct dm_logs *l, int64_t now_ns);

/** Something was skipped, beyond what can be said in lines. */
void dm_log_tell_skipped(struct dm_logs *l, const struct dm_log_subject *s,
    const char *metric, double value);

/** Read on in the host's files; in each tick. -1: DM_ENOMEM. */
int dm_log_files_tick(struct dm_logs *l, struct dm_err *err) DM_MUST_CHECK;
void dm_log_files_release(struct dm_logs *l);

/** Follow a container's log from now on or, where it is new, from its
 * beginning. */
int dm_log_follow_begin(struct dm_logs *l, struct dm_container *container,
    struct dm_err *err) DM_MUST_CHECK;
/** There is something to hear of this one; in each tick, of all. */
void dm_log_follow_hear(struct dm_logs *l, struct dm_container *container);
void dm_log_follow_tick(struct dm_logs *l);
/** It has ended: take what there still is. */
void dm_log_follow_end(struct dm_logs *l, struct dm_container *container);
/**
 * Its metrics, for a sweep.
 * @set    of patterns
 * @lines  gets the lines read, added, and cut those that were too long
 */
void dm_log_follow_write(const struct dm_log_follow *f, dm_log_set set,
    struct dm_part *part, uint64_t *lines, uint64_t *cut);

#endif
