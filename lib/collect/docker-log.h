/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_DOCKER_LOG_H
#define DM_COLLECT_DOCKER_LOG_H

#include "collect/docker-answer.h"

/** Where a container's log is, as GET /containers/ID/json says it. */
struct dm_docker_log {
	char *path;    /* the file that is being written; NULL: not known, as of
			  drivers that write none */
	bool readable; /* the engine can be asked for it; false for `none` */
	bool tty;      /* the engine hands it out without frames */
	uint64_t file_bytes; /* a file that has so many is full; 0: never */
	uint64_t files;	     /* that are kept of it, with the current one */
};

/**
 * Read it; what is there is freed.
 * Returns 0, or -1 with DM_ENOMEM and nothing in it.
 */
int dm_docker_log_read(const json_t *answer, struct dm_docker_log *log,
    struct dm_err *err) DM_MUST_CHECK;
void dm_docker_log_release(struct dm_docker_log *log);

/**
 * A size as log options have it: "10m", "1.5g", "64KB".
 * @unit  what k is: 1000 or 1024
 * Returns 0 where it is none, or negative.
 */
uint64_t dm_docker_size(struct dm_str text, unsigned unit);

#endif
