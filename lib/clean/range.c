/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/range.h"

#include "base/mem.h"

#define BYTES_FLOOR 1048576.0
/* A terabit in a second, through one interface or device. */
#define BYTES_RATE 1.25e11
#define COUNT_RATE 1e10
/* No kernel has more. Source: PID_MAX_LIMIT, linux/threads.h. */
#define TASKS_MAX 4194304.0

#define GAUGE(pattern, max, floor)                                             \
	{                                                                      \
		pattern, DM_RANGE_GAUGE, DM_RANGE_OF_ONE, max, 0, NULL, floor  \
	}
#define MEMORY(pattern)                                                        \
	{                                                                      \
		pattern, DM_RANGE_GAUGE, DM_RANGE_OF_MEMORY, 0, 0, NULL,       \
		    BYTES_FLOOR                                                \
	}
#define LIMITED(pattern, limit, floor)                                         \
	{                                                                      \
		pattern, DM_RANGE_GAUGE, DM_RANGE_OF_ONE, 0, 0, limit, floor   \
	}
#define COUNTER(pattern, of, rate)                                             \
	{                                                                      \
		pattern, DM_RANGE_COUNTER, of, 0, rate, NULL, 0                \
	}
#define NONE(pattern)                                                          \
	{                                                                      \
		pattern, DM_RANGE_NONE, DM_RANGE_OF_ONE, 0, 0, NULL, 0         \
	}

/* The first that fits counts. */
static const struct dm_range ranges[] = {
    /* They rise and fall in spite of their names. */
    GAUGE("container_network_*_usage_total", 0, 4),
    NONE("container_event_*"),
    NONE("container_spec_*"),
    NONE("container_declared_*"),
    /* What waits is counted on each CPU, and may be more than there are. */
    COUNTER("container_cpu_cfs_*", DM_RANGE_OF_ONE, 0),
    COUNTER("container_cpu_*seconds_total", DM_RANGE_OF_CPUS, 1),
    COUNTER("container_process_cpu_*seconds_total", DM_RANGE_OF_CPUS, 1),
    COUNTER("container_pressure_*_seconds_total", DM_RANGE_OF_ONE, 1),
    COUNTER("node_pressure_*_seconds_total", DM_RANGE_OF_ONE, 1),
    COUNTER("node_cpu_seconds_total", DM_RANGE_OF_ONE, 1),
    COUNTER("node_cpu_guest_seconds_total", DM_RANGE_OF_ONE, 1),
    COUNTER("node_disk_io_time_seconds_total", DM_RANGE_OF_ONE, 1),
    COUNTER("*_seconds_total", DM_RANGE_OF_ONE, 0),
    /* All of a process's at once, when it ends. */
    COUNTER("container_exited_*_total", DM_RANGE_OF_ONE, 0),
    COUNTER("container_*_bytes_total", DM_RANGE_OF_ONE, BYTES_RATE),
    COUNTER("container_blkio_*_total", DM_RANGE_OF_ONE, BYTES_RATE),
    COUNTER("node_*_bytes_total", DM_RANGE_OF_ONE, BYTES_RATE),
    COUNTER("container_*_total", DM_RANGE_OF_ONE, COUNT_RATE),
    COUNTER("node_*_total", DM_RANGE_OF_ONE, COUNT_RATE),
    COUNTER("*_total", DM_RANGE_OF_ONE, 0),
    COUNTER("container_memory_failcnt", DM_RANGE_OF_ONE, COUNT_RATE),
    COUNTER("node_vmstat_*", DM_RANGE_OF_ONE, COUNT_RATE),
    GAUGE("container_memory_swap", 0, BYTES_FLOOR),
    MEMORY("container_memory_*"),
    GAUGE("node_memory_MemTotal_bytes", 0, BYTES_FLOOR),
    MEMORY("node_memory_Mem*_bytes"),
    MEMORY("node_memory_Buffers_bytes"),
    MEMORY("node_memory_Cached_bytes"),
    MEMORY("node_memory_AnonPages_bytes"),
    MEMORY("node_memory_Slab_bytes"),
    GAUGE("node_memory_*", 0, BYTES_FLOOR),
    LIMITED("node_filesystem_avail_bytes", "node_filesystem_size_bytes",
	BYTES_FLOOR),
    LIMITED("node_filesystem_free_bytes", "node_filesystem_size_bytes",
	BYTES_FLOOR),
    LIMITED("node_filesystem_files_free", "node_filesystem_files", 64),
    GAUGE("node_filesystem_size_bytes", 0, BYTES_FLOOR),
    GAUGE("node_load*", 0, 1),
    GAUGE("node_procs_*", TASKS_MAX, 4),
    GAUGE("node_processes_pids", TASKS_MAX, 4),
    GAUGE("node_processes_threads", TASKS_MAX, 4),
    GAUGE("container_processes", TASKS_MAX, 4),
    GAUGE("container_threads", TASKS_MAX, 4),
    GAUGE("container_network_*_sockets", 0, 4),
    GAUGE("container_process_threads", TASKS_MAX, 4),
    GAUGE("container_process_open_fds", 0, 4),
    GAUGE("container_process_resident_memory_bytes", 0, BYTES_FLOOR),
    GAUGE("container_process_virtual_memory_bytes", 0, BYTES_FLOOR),
    GAUGE("container_hugetlb_usage_bytes", 0, BYTES_FLOOR),
    /* Of a clock's frequency, about 1. */
    NONE("node_timex_*"),
    GAUGE("container_*_ratio", 1, 0.05),
    GAUGE("node_*_ratio", 1, 0.05),
    GAUGE("dmon_*_ratio", 1, 0.05),
};

static bool fits(struct dm_str name, const char *pattern)
{
	const char *star = strchr(pattern, '*');
	size_t before;

	if (!star)
		return dm_str_is(name, pattern);
	before = (size_t)(star - pattern);
	return name.n >= before + strlen(star + 1) &&
	       memcmp(name.p, pattern, before) == 0 &&
	       dm_str_ends(name, star + 1);
}

const struct dm_range *dm_range_of(struct dm_str name)
{
	static const struct dm_range none = NONE("*");

	for (size_t i = 0; i < DM_COUNT(ranges); i++) {
		if (fits(name, ranges[i].pattern))
			return &ranges[i];
	}
	return &none;
}
