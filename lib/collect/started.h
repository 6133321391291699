/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_STARTED_H
#define DM_COLLECT_STARTED_H

#include "collect/source.h"

/** field 22 of /proc/PID/stat, in ticks since boot. */
bool dm_started_ticks(struct dm_str stat, uint64_t *ret);

/** btime of /proc/stat, in seconds since 1970. */
bool dm_started_boot(struct dm_str stat, uint64_t *ret);

/** When the machine started; 0: not known. */
int64_t dm_started_boot_us(const char *procfs);

/**
 * When a container started: its folder's time or its first process's,
 * whichever is earlier. The folder's alone is not enough: the kernel may
 * forget it, and then says when it was looked at again.
 * Returns 0 where it is not known.
 */
int64_t dm_started_us(int64_t boot_us, const struct dm_collect *c,
    const struct dm_container *container);

#endif
