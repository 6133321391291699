/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_REREAD_H
#define DM_COLLECT_REREAD_H

#include "base/buf.h"

/* Longer files of procfs are not believed. */
#define DM_REREAD_MAX_BYTES ((size_t)16 << 20)

/** A file of a kernel's file system that is read again and again, by a
 * descriptor that stays open. {.fd = -1} is one that is not open. */
struct dm_reread {
	int fd;
	int error; /* of the last attempt; 0: it went well */
};

/**
 * Put the whole of an open file into b, which is cleared first.
 * Returns 0 or an errno; EFBIG where it is too long.
 */
int dm_reread_fd(int fd, struct dm_buf *b);

/**
 * The same, for a file that is opened if need be, and kept open.
 * @dir  the folder that path is relative to
 * Returns 0 or an errno, which r keeps as well.
 */
int dm_reread(struct dm_reread *r, int dir, const char *path, struct dm_buf *b);

void dm_reread_close(struct dm_reread *r);

/**
 * Open a path below a root: a link in a recorded tree, or in a host's that is
 * mounted somewhere, means that tree's own files. Kernels before 5.6 can't
 * say so.
 * Returns the descriptor, or -1 with errno.
 */
int dm_open_in_root(int root, const char *path, int flags);

#endif
