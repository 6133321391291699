/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_BASE_SIGNALS_H
#define DM_BASE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/**
 * SIGTERM, SIGINT and SIGHUP as flags. They are blocked from here on but in
 * dm_signals_wait, so that none is missed between a look and a wait. SIGPIPE
 * gets its default action: it ends a program quietly.
 * The flags are the process's own, as signals are.
 */
int dm_signals_install(struct dm_err *err) DM_MUST_CHECK;

/** SIGTERM or SIGINT came. */
bool dm_signals_stop(void);

/** SIGHUP came since the last time this was asked. */
bool dm_signals_hangup(void);

/** SIGTERM or SIGINT came and nobody has waited since: for work that does
 * not wait, to ask now and then. */
bool dm_signals_pending(void);

/**
 * Wait until fd can be read, a signal came, or the time is over.
 * @fd           -1: for none
 * @deadline_ns  by dm_time_mono_ns; INT64_MAX: for ever
 * Returns 1 when fd can be read (or is at its end), 0 otherwise, -1 on error.
 */
int dm_signals_wait(
    int fd, int64_t deadline_ns, struct dm_err *err) DM_MUST_CHECK;

/**
 * write(2) that a signal ends, so that a reader who has stopped reading can't
 * hold the program: EINTR then. Where SIGTERM or SIGINT have come it goes on
 * as long as something is read, and else gives up with ETIMEDOUT.
 */
ssize_t dm_signals_write(int fd, const void *p, size_t n);

#endif
