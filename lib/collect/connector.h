/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_CONNECTOR_H
#define DM_COLLECT_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * The kernel's process events, by the proc connector.
 * Source: Linux, include/uapi/linux/cn_proc.h, drivers/connector/cn_proc.c.
 */

enum dm_process_what {
	DM_PROCESS_OTHER, /* one that dmon does not look at */
	DM_PROCESS_FORK,
	DM_PROCESS_EXEC,
	DM_PROCESS_UID,
	DM_PROCESS_GID,
	DM_PROCESS_PTRACE, /* by: the tracer, 0: let go */
	DM_PROCESS_COMM,
	DM_PROCESS_COREDUMP,
	DM_PROCESS_EXIT,
};

/** Of processes (thread groups), as the first pid namespace counts. */
struct dm_process_event {
	enum dm_process_what what;
	bool thread;	/* of one thread that is not the process's first */
	uint32_t cpu;	/* on which it happened */
	uint32_t seq;	/* counts the events of that cpu */
	uint64_t at_ns; /* CLOCK_MONOTONIC */
	pid_t pid;	/* whom it happened to; of a fork: the child */
	pid_t by;	/* fork: the parent; ptrace: the tracer */
	uint32_t real;	/* uid, gid */
	uint32_t effective;
	unsigned signal; /* exit: that ended it, or 0 */
};

/** One datagram. False: it holds no event. */
bool dm_process_event_parse(
    const void *p, size_t n, struct dm_process_event *ret);

/** Counts what is missing, by the sequence numbers of each cpu. */
struct dm_event_gaps {
	uint32_t *next; /* by cpu: the number that comes next */
	bool *seen;
	size_t n;
};

/** How many events are missing right before this one. */
uint32_t dm_event_gaps_step(
    struct dm_event_gaps *g, const struct dm_process_event *e);
void dm_event_gaps_release(struct dm_event_gaps *g);

/** May this process listen, as far as can be told? It needs CAP_NET_ADMIN
 * and the first user, pid and network namespaces. */
bool dm_connector_allowed(const char *procfs);

/** Who listens. */
struct dm_connector {
	int fd;	  /* for dm_connector_read */
	int bell; /* can be read when there is what must be looked at at once,
		   * or much; what else there is waits */
};

/**
 * Listen.
 * @ret  its descriptors do not block
 * -1 with DM_EPERM where it is not allowed.
 */
int dm_connector_open(
    struct dm_connector *ret, struct dm_err *err) DM_MUST_CHECK;
void dm_connector_close(struct dm_connector *c);

/** Make a socket take only what rings: the bell's. 0, or -1 with errno. */
int dm_connector_filter(int fd) DM_MUST_CHECK;

/** The bell has been heard: to be called before all there is is read. */
void dm_connector_hush(const struct dm_connector *c);

/**
 * Read what there is, up to `cap` events.
 * @ret_n  how many
 * What the kernel has dropped shows in the gaps of those that come next.
 * Returns 1 when there may be more, 0 when there are no more for now, -1 with
 * err.
 */
int dm_connector_read(const struct dm_connector *c,
    struct dm_process_event *events, size_t cap, size_t *ret_n,
    struct dm_err *err) DM_MUST_CHECK;

#endif
