/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_HOST_FS_H
#define DM_COLLECT_HOST_FS_H

#include "collect/source.h"

/** A mounted file system as a line of /proc/PID/mounts has it. */
struct dm_mount {
	struct dm_str device, mountpoint; /* octal escapes as they are */
	struct dm_str fstype, options;
};

/** Cut the next mount off the text of /proc/PID/mounts. False at the end. */
bool dm_mount_next(struct dm_str *rest, struct dm_mount *ret);

/** Add a field with its octal escapes (a blank is \040) decoded. */
void dm_mount_decode(struct dm_buf *b, struct dm_str field);

/** Is it one to measure? Neither a pseudo file system, nor one that another
 * machine or a program answers for, nor an engine's own.
 * @mountpoint  decoded */
bool dm_mount_wanted(struct dm_str fstype, struct dm_str mountpoint);

/** What is known of the file systems since they were last looked at. */
struct dm_filesystems {
	struct dm_filesystem *list;
	size_t n, cap;
	struct dm_buf text; /* of their labels */
};

/**
 * Look at those of a list of mounts.
 * @rootfs  where the host's root is seen: "/"
 */
int dm_filesystems_look(struct dm_filesystems *f, struct dm_str mounts,
    const char *rootfs, struct dm_err *err) DM_MUST_CHECK;

void dm_filesystems_rows(const struct dm_filesystems *f, struct dm_part *part);
void dm_filesystems_release(struct dm_filesystems *f);

#endif
