/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/source.h"

/* A new source is one file and one line here. The order is that in which
 * they are asked: who names containers comes first. */
const struct dm_source *const dm_sources[] = {
    &dm_source_docker,
    &dm_source_cgroup,
    &dm_source_network,
    &dm_source_proc,
    &dm_source_users,
    &dm_source_procevents,
    &dm_source_engine,
    &dm_source_kmsg,
    &dm_source_log,
    &dm_source_posture,
    &dm_source_witness,
    &dm_source_host,
    NULL,
};
