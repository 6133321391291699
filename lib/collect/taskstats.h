/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_TASKSTATS_H
#define DM_COLLECT_TASKSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * What the kernel says of each task as it exits, by taskstats.
 * Source: Linux, Documentation/accounting/taskstats.rst,
 * include/uapi/linux/taskstats.h, kernel/taskstats.c, kernel/tsacct.c.
 */

/** Of one task: a process's first thread, or another one. */
struct dm_taskstat {
	pid_t tid; /* as the first pid namespace counts */
	pid_t pid; /* its process; the tid where the kernel does not say it */
	uint32_t uid;
	unsigned signal; /* that ended the process; of the first thread only */
	uint64_t cpu_ns, lifetime_us;
	uint64_t max_rss_bytes; /* the process's */
	uint64_t read_bytes, write_bytes;
	char comm[32];
	uint8_t comm_n;
	bool tried; /* the reader's own */
};

/** One message. False: it is of no task. */
bool dm_taskstat_parse(const void *p, size_t n, struct dm_taskstat *ret);

/** What was heard, and not been asked about yet. */
struct dm_taskstats {
	int fd; /* -1: nobody listens */
	struct dm_taskstat *list;
	size_t n, cap;
	uint64_t read, lost;
	uint32_t dropped; /* as the kernel counts them */
};

/**
 * Listen on all processors. It needs CAP_NET_ADMIN in the first user, pid and
 * network namespaces, and a kernel that has it.
 */
int dm_taskstats_open(struct dm_taskstats *t, const char *sysfs,
    struct dm_err *err) DM_MUST_CHECK;
void dm_taskstats_release(struct dm_taskstats *t);

/**
 * Add to the list what there is.
 * @ret_lost  how many the kernel has dropped since this was last asked
 */
int dm_taskstats_gather(struct dm_taskstats *t, uint64_t *ret_lost,
    struct dm_err *err) DM_MUST_CHECK;

/** That of a process's first thread, which has just ended; or NULL. */
const struct dm_taskstat *dm_taskstats_find(
    const struct dm_taskstats *t, pid_t pid);

#endif
