/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_FILE_H
#define DM_BASE_FILE_H

#include "base/buf.h"

/**
 * The whole of a file behind what b holds.
 * @path       may be a pipe; DM_EBUSY where nothing comes from it for 5 s, or
 *             the process is to stop
 * @max_bytes  DM_ELIMIT where it is longer
 */
int dm_file_read(const char *path, size_t max_bytes, struct dm_buf *b,
    struct dm_err *err) DM_MUST_CHECK;

/** Write all of it to fd, whatever signals and short writes come. */
int dm_file_write_all(
    int fd, const void *p, size_t n, struct dm_err *err) DM_MUST_CHECK;

/**
 * Replace a file's content, so that a crash leaves the old or the new one:
 * written beside it, as PATH.new, synced, renamed, the folder synced. No link
 * that lies there is followed. A failure leaves nothing beside it.
 */
int dm_file_replace(
    const char *path, struct dm_str content, struct dm_err *err) DM_MUST_CHECK;

/**
 * Lock path for this process, by a file PATH.lock beside it.
 * @ret_fd  close it to unlock
 * Returns DM_EBUSY when another process holds it, DM_ESYS for a folder.
 */
int dm_file_lock(
    const char *path, int *ret_fd, struct dm_err *err) DM_MUST_CHECK;

#endif
