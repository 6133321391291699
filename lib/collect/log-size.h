/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_LOG_SIZE_H
#define DM_COLLECT_LOG_SIZE_H

#include <sys/types.h>

#include "base/map.h"
#include "collect/docker-log.h"

/*
 * How much a container logs, by the file that its engine writes: by how much
 * it has grown since the last look. An engine that was told to keep little
 * begins a new file again and again, in a flood many times between two looks;
 * inotify counts these.
 */

/** Of one container; {.wd = -1} is one that has not been looked at. */
struct dm_log_size {
	int wd;
	char *path; /* as the engine has it */
	ino_t ino;
	uint64_t size;	  /* when it was looked at last */
	uint64_t total;	  /* written since the first look, and before */
	const char *name; /* in path */
	uint64_t renamed, deleted, closed; /* since the last look */
};

struct dm_log_sizes {
	int inotify;
	struct dm_map watched; /* struct dm_log_size by its wd */
	const char *rootfs;
};

/** @rootfs  lent */
int dm_log_sizes_open(struct dm_log_sizes *s, const char *rootfs,
    struct dm_err *err) DM_MUST_CHECK;
void dm_log_sizes_close(struct dm_log_sizes *s);

/** Take in what inotify tells: before looking. */
void dm_log_sizes_hear(struct dm_log_sizes *s);

/**
 * Look at one.
 * Returns 0, or -1 with DM_ENODATA where there is no file, or DM_EPERM and
 * others where it can't be looked at.
 */
int dm_log_size_look(struct dm_log_sizes *s, struct dm_log_size *z,
    const struct dm_docker_log *log, struct dm_err *err) DM_MUST_CHECK;

/**
 * What has been written since the last look.
 * @size  of the file now
 * @same  it is the file that it was
 */
uint64_t dm_log_size_grown(const struct dm_log_size *z,
    const struct dm_docker_log *log, uint64_t size, bool same);

void dm_log_size_forget(struct dm_log_sizes *s, struct dm_log_size *z);

#endif
