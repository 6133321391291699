/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_LOG_FILE_H
#define DM_COLLECT_LOG_FILE_H

#include <sys/types.h>

#include "collect/log-line.h"

/** What is further behind than this has been skipped. */
#define DM_LOG_BACKLOG_BYTES (INT64_C(16) << 20)

/**
 * A file that others write lines to, followed as tail -F does: what comes, also
 * when another takes its place by that name, or it is emptied.
 */
struct dm_log_file {
	char *path;
	bool from_end; /* what is in it already is not told */
	int fd;	       /* -1: not open */
	int error;     /* of the last attempt to open it; 0: none */
	dev_t dev;
	ino_t ino;
	int64_t at; /* so far it has been read */
	struct dm_log_lines lines;
	uint64_t skipped_bytes;
};

/** @path  taken over, malloc'ed */
void dm_log_file_init(struct dm_log_file *f, char *path, bool from_end);
void dm_log_file_release(struct dm_log_file *f);

/**
 * Read on.
 * @line  as of dm_log_lines_add
 * Returns true when all there is has been read, false when no more was wanted.
 */
bool dm_log_file_read(struct dm_log_file *f, dm_log_line_fn line, void *ctx);

#endif
