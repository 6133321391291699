/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_DOCKER_EVENT_H
#define DM_COLLECT_DOCKER_EVENT_H

#include "collect/docker-answer.h"

/*
 * One of GET /events, from its JSON, and what else says who a container is.
 * Source: https://docs.docker.com/reference/api/engine/version/v1.41/,
 * SystemEvents.
 */

/** Cut to so much: what a command is may be long, and is in one record only. */
#define DM_DOCKER_COMMAND_BYTES 512

/** Who an event is about. Texts are lent by the JSON. */
struct dm_docker_who {
	struct dm_str id;     /* the engine's */
	struct dm_str name;   /* without its slash; empty: not said */
	struct dm_str image;  /* empty: not said */
	const json_t *labels; /* an object that has them, or NULL */
};

struct dm_docker_event {
	struct dm_docker_who who;
	const char *action; /* one of those that dmon knows; a constant */
	int64_t time_ns;    /* since 1970; 0: not said */
	/** A number that belongs to it, as a metric: its name, or NULL. */
	const char *metric;
	double value;
	/** A text that belongs to it, as a label: its name, or NULL. */
	const char *label;
	struct dm_str text;
};

/**
 * Returns 1; 0 where it is nothing that dmon tells; -1 with DM_EPARSE where it
 * is no event.
 */
int dm_docker_event_read(const json_t *answer, struct dm_docker_event *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** GET /containers/ID/json: who it is. Returns DM_EPARSE where the id is
 * none. */
int dm_docker_who_read(const json_t *answer, struct dm_docker_who *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** An event's bytes as they come; {0} is at its beginning. */
struct dm_docker_lines {
	struct dm_buf held;
	bool skip;	   /* to the end of the line: it is too long */
	uint64_t rejected; /* lines that were too long */
};

/** A line and what stands before it is at most this long: an event has all
 * labels of its container. */
#define DM_DOCKER_LINE_BYTES (256u * 1024)

/**
 * Cut into lines.
 * @line  called with each that is not empty; -1 ends it
 */
int dm_docker_lines_add(struct dm_docker_lines *l, const char *p, size_t n,
    int (*line)(void *ctx, struct dm_str text, struct dm_err *err), void *ctx,
    struct dm_err *err) DM_MUST_CHECK;

/** Begin again, in a new answer; the count stays. */
void dm_docker_lines_clear(struct dm_docker_lines *l);

#endif
