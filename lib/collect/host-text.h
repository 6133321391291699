/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_HOST_TEXT_H
#define DM_COLLECT_HOST_TEXT_H

#include "collect/source.h"

/*
 * Texts of procfs about the whole host, as metrics. They read what they are
 * handed and nothing else. What is not as it should be is left out.
 * Source of names and formulas: node_exporter 1.5, collector/.
 */

#define DM_CPU_MODES 10

/** What each CPU has been said to have done, in ticks: the kernel's idle and
 * iowait times may step back a little, counters must not. {0}: nothing. */
struct dm_host_cpus {
	uint64_t (*seen)[DM_CPU_MODES];
	size_t n;
};

void dm_host_cpus_release(struct dm_host_cpus *cpus);

/** /proc/stat. */
void dm_host_add_stat(
    struct dm_host_cpus *cpus, struct dm_part *part, struct dm_str text);

void dm_host_add_loadavg(struct dm_part *part, struct dm_str text);
void dm_host_add_meminfo(struct dm_part *part, struct dm_str text);
void dm_host_add_vmstat(struct dm_part *part, struct dm_str text);
void dm_host_add_diskstats(struct dm_part *part, struct dm_str text);
void dm_host_add_net_dev(struct dm_part *part, struct dm_str text);
/** sockstat and sockstat6. */
void dm_host_add_sockstat(struct dm_part *part, struct dm_str text);
void dm_host_add_file_nr(struct dm_part *part, struct dm_str text);
void dm_host_add_conntrack(struct dm_part *part, struct dm_str text);
void dm_host_add_cpu_pressure(struct dm_part *part, struct dm_str text);
void dm_host_add_io_pressure(struct dm_part *part, struct dm_str text);
void dm_host_add_memory_pressure(struct dm_part *part, struct dm_str text);

#endif
