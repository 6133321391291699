/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_LOG_PATTERN_H
#define DM_COLLECT_LOG_PATTERN_H

#include "base/buf.h"
#include "series/regex.h"

/*
 * Pattern files: what is looked for in logs, a line each of
 *
 *	NAME	WHERE	REGULAR EXPRESSION
 *
 * where WHERE is /a/path (a glob) or container:REGULAR-EXPRESSION.
 */

#define DM_LOG_PATTERNS_MAX 64 /* of all files together */
#define DM_LOG_NAME_BYTES   64
#define DM_LOG_FILE_BYTES   (256u * 1024) /* of a pattern file */

struct dm_log_pattern {
	char *name;
	size_t first;		     /* the first pattern of the same name */
	char *glob;		     /* of files of the host; or NULL, and */
	struct dm_regex *containers; /* of containers' names */
	struct dm_regex *regex;
};

struct dm_log_patterns {
	struct dm_log_pattern *list;
	size_t n, cap;
};

/** Some of them: bit i is that of list[i]. */
typedef uint64_t dm_log_set;

/**
 * Add what a pattern file says.
 * @file  its name, for messages
 * Returns 0, or -1 with DM_EINVAL, which says the line and what is wrong with
 * it; DM_ENOMEM. What lines before have said may have been added.
 */
int dm_log_patterns_add(struct dm_log_patterns *p, struct dm_str text,
    const char *file, struct dm_err *err) DM_MUST_CHECK;

/** The same, of the file itself. */
int dm_log_patterns_load(struct dm_log_patterns *p, const char *path,
    struct dm_err *err) DM_MUST_CHECK;

void dm_log_patterns_release(struct dm_log_patterns *p);

/** Those about files of the host; about a container of this name. */
dm_log_set dm_log_patterns_of_files(const struct dm_log_patterns *p);
dm_log_set dm_log_patterns_of_container(
    const struct dm_log_patterns *p, struct dm_str name);

/** Of each name in a set the pattern that is the first of that name. */
dm_log_set dm_log_names(const struct dm_log_patterns *p, dm_log_set set);

/**
 * Does a line match one of the patterns in set? Each name is told once of a
 * line.
 * @line     UTF-8
 * @matched  called for each that does
 * @failed   gets those of which it could not be found out, added
 */
void dm_log_patterns_match(const struct dm_log_patterns *p, dm_log_set set,
    struct dm_str line,
    void (*matched)(void *ctx, size_t i, struct dm_str line), void *ctx,
    uint64_t *failed);

/**
 * Add the named groups of a pattern that has matched as labels.
 * @max_bytes  of each
 */
void dm_log_pattern_labels(const struct dm_log_pattern *p, struct dm_str line,
    size_t max_bytes, struct dm_buf *labels);

/** s, or its beginning of at most so many bytes, cut at a character. */
struct dm_str dm_log_cut(struct dm_str s, size_t max_bytes);

/**
 * A line as UTF-8: each byte that is none of it as U+FFFD, as RE2 takes it.
 * @scratch  holds it where it has to be made anew
 */
struct dm_str dm_log_text(struct dm_str line, struct dm_buf *scratch);

#endif
