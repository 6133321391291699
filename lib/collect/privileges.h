/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_PRIVILEGES_H
#define DM_COLLECT_PRIVILEGES_H

#include <stdbool.h>

#include "base/err.h"

/**
 * Give up all capabilities but those that looking needs: CAP_SYS_PTRACE
 * (others' namespaces, root, working directory, descriptors) and
 * CAP_DAC_READ_SEARCH (folders of others); those of listening to the kernel's
 * process events, CAP_NET_ADMIN, to what it tells of other network namespaces,
 * CAP_NET_BROADCAST, and to its log, CAP_SYSLOG; and CAP_SYS_NICE.
 * What is not there is not gained.
 * @ret_all  the first two are there
 */
int dm_privileges_drop(bool *ret_all, struct dm_err *err) DM_MUST_CHECK;

/**
 * Where it is allowed, be run before others: what lives for a moment only must
 * be looked at in time, and a flood of processes must not keep its watcher
 * from running.
 */
void dm_privileges_priority(void);

/**
 * Be run before all that is not realtime, for work that is short. Off is as
 * before.
 */
void dm_privileges_realtime(bool on);

/**
 * Raise the limit of open descriptors as far as it goes. Sources keep many
 * open, and go on with fewer.
 */
int dm_privileges_descriptors(struct dm_err *err) DM_MUST_CHECK;

#endif
