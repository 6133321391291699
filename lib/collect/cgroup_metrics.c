/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/cgroup_metrics.h"

/*
 * Names and formulas are cAdvisor's: container/libcontainer/handler.go for
 * what is used, container/common/helpers.go for what is allowed, and runc's
 * libcontainer/cgroups/fs and fs2, which cAdvisor reads with.
 */

/* A limit beyond which the kernel means that there is none.
 * Source: cAdvisor, metrics/prometheus.go, specMemoryValue. */
#define NO_LIMIT (UINT64_C(1) << 62)

static void add_u64(
    struct dm_cgroup_look *look, const char *name, uint64_t value)
{
	dm_metrics_u64(&look->part->main, name, value);
}

static void add_scaled(struct dm_cgroup_look *look, const char *name,
    uint64_t value, unsigned decimals)
{
	if (value <= INT64_MAX)
		dm_metrics_scaled(
		    &look->part->main, name, (int64_t)value, decimals);
}

/* A file of one number becomes a metric as it is. */
#define PLAIN(function, metric)                                                \
	static void function(struct dm_cgroup_look *look, struct dm_str text)  \
	{                                                                      \
		uint64_t v;                                                    \
                                                                               \
		if (dm_cgroup_u64(text, &v))                                   \
			add_u64(look, metric, v);                              \
	}

/* The same, where no limit is 0. */
#define LIMIT(function, metric)                                                \
	static void function(struct dm_cgroup_look *look, struct dm_str text)  \
	{                                                                      \
		uint64_t v;                                                    \
                                                                               \
		if (dm_cgroup_u64(text, &v))                                   \
			add_u64(look, metric, v > NO_LIMIT ? 0 : v);           \
	}

PLAIN(max_usage, "container_memory_max_usage_bytes")
PLAIN(failcnt, "container_memory_failcnt")
PLAIN(kernel_usage, "container_memory_kernel_usage")
PLAIN(swap_current, "container_memory_swap")
PLAIN(pids_current, "container_threads")
PLAIN(cpu_shares, "container_spec_cpu_shares")
PLAIN(cpu_period, "container_spec_cpu_period")
LIMIT(pids_max, "container_threads_max")
LIMIT(memory_limit, "container_spec_memory_limit_bytes")
LIMIT(swap_limit, "container_spec_memory_swap_limit_bytes")
LIMIT(reservation, "container_spec_memory_reservation_limit_bytes")

static void cpuacct_usage(struct dm_cgroup_look *look, struct dm_str text)
{
	uint64_t ns;

	if (!dm_cgroup_u64(text, &ns))
		return;
	look->cpu_ns = ns;
	add_scaled(look, "container_cpu_usage_seconds_total", ns, 9);
}

/* In ticks of USER_HZ, which is 100 whatever the kernel's own. */
static void cpuacct_stat(struct dm_cgroup_look *look, struct dm_str text)
{
	static const char *const keys[] = {"user", "system"};
	uint64_t v[DM_COUNT(keys)];

	if (dm_cgroup_keyed(text, keys, DM_COUNT(keys), v) != 3)
		return;
	add_scaled(look, "container_cpu_user_seconds_total", v[0], 2);
	add_scaled(look, "container_cpu_system_seconds_total", v[1], 2);
}

static void cpu_stat(struct dm_cgroup_look *look, struct dm_str text)
{
	static const char *const keys[] = {
	    "nr_periods", "nr_throttled", "throttled_time"};
	uint64_t v[DM_COUNT(keys)];

	if (dm_cgroup_keyed(text, keys, DM_COUNT(keys), v) != 7)
		return;
	add_u64(look, "container_cpu_cfs_periods_total", v[0]);
	add_u64(look, "container_cpu_cfs_throttled_periods_total", v[1]);
	add_scaled(look, "container_cpu_cfs_throttled_seconds_total", v[2], 9);
}

static void cpu_stat_v2(struct dm_cgroup_look *look, struct dm_str text)
{
	static const char *const keys[] = {"usage_usec", "user_usec",
	    "system_usec", "nr_periods", "nr_throttled", "throttled_usec"};
	uint64_t v[DM_COUNT(keys)];
	unsigned found = dm_cgroup_keyed(text, keys, DM_COUNT(keys), v);

	if ((found & 7) == 7 && v[0] <= UINT64_MAX / 1000) {
		look->cpu_ns = v[0] * 1000;
		add_scaled(look, "container_cpu_usage_seconds_total", v[0], 6);
		add_scaled(look, "container_cpu_user_seconds_total", v[1], 6);
		add_scaled(look, "container_cpu_system_seconds_total", v[2], 6);
	}
	if ((found & 56) != 56)
		return;
	add_u64(look, "container_cpu_cfs_periods_total", v[3]);
	add_u64(look, "container_cpu_cfs_throttled_periods_total", v[4]);
	add_scaled(look, "container_cpu_cfs_throttled_seconds_total", v[5], 6);
}

static void memory_usage(struct dm_cgroup_look *look, struct dm_str text)
{
	if (!dm_cgroup_u64(text, &look->usage_bytes))
		return;
	add_u64(look, "container_memory_usage_bytes", look->usage_bytes);
}

/* All but file cache that has not been used lately. */
static void working_set(struct dm_cgroup_look *look, uint64_t inactive_file)
{
	uint64_t usage = look->usage_bytes;

	add_u64(look, "container_memory_working_set_bytes",
	    usage > inactive_file ? usage - inactive_file : 0);
}

static void failure_row(struct dm_cgroup_look *look, const char *type,
    const char *scope, uint64_t value)
{
	struct dm_part *part = look->part;

	dm_row_begin(part, "container");
	dm_record_label(&part->text, "failure_type", dm_str(type));
	dm_record_label(&part->text, "scope", dm_str(scope));
	dm_row_metrics(part);
	dm_row_u64(part, "container_memory_failures_total", value);
	dm_row_end(part);
}

/* @own, @total  faults without and with those of cgroups within; the second
 * is written where it says something else */
static void failures(
    struct dm_cgroup_look *look, const uint64_t own[2], const uint64_t total[2])
{
	failure_row(look, "pgfault", "container", own[0]);
	failure_row(look, "pgmajfault", "container", own[1]);
	if (own[0] == total[0] && own[1] == total[1])
		return;
	failure_row(look, "pgfault", "hierarchy", total[0]);
	failure_row(look, "pgmajfault", "hierarchy", total[1]);
}

static void memory_stat(struct dm_cgroup_look *look, struct dm_str text)
{
	static const char *const keys[] = {"pgfault", "pgmajfault",
	    "total_cache", "total_rss", "total_mapped_file", "total_swap",
	    "total_pgfault", "total_pgmajfault", "total_inactive_file",
	    "total_active_file"};
	/* NULL: see below. */
	static const char *const metrics[DM_COUNT(keys)] = {
	    [2] = "container_memory_cache",
	    [3] = "container_memory_rss",
	    [4] = "container_memory_mapped_file",
	    [5] = "container_memory_swap",
	    [8] = "container_memory_total_inactive_file_bytes",
	    [9] = "container_memory_total_active_file_bytes",
	};
	uint64_t v[DM_COUNT(keys)] = {0};
	unsigned found = dm_cgroup_keyed(text, keys, DM_COUNT(keys), v);

	for (unsigned i = 0; i < DM_COUNT(keys); i++) {
		if (metrics[i] && found & 1U << i)
			add_u64(look, metrics[i], v[i]);
	}
	if (found & 1U << 8 && look->usage_bytes != UINT64_MAX)
		working_set(look, v[8]);
	if ((found & 0xc3) == 0xc3)
		failures(look, &v[0], &v[6]);
}

static void memory_stat_v2(struct dm_cgroup_look *look, struct dm_str text)
{
	static const char *const keys[] = {"anon", "file", "kernel",
	    "file_mapped", "inactive_file", "active_file", "pgfault",
	    "pgmajfault"};
	static const char *const metrics[] = {"container_memory_rss",
	    "container_memory_cache", "container_memory_kernel_usage",
	    "container_memory_mapped_file",
	    "container_memory_total_inactive_file_bytes",
	    "container_memory_total_active_file_bytes"};
	uint64_t v[DM_COUNT(keys)] = {0};
	unsigned found = dm_cgroup_keyed(text, keys, DM_COUNT(keys), v);

	for (unsigned i = 0; i < DM_COUNT(metrics); i++) {
		if (found & 1U << i)
			add_u64(look, metrics[i], v[i]);
	}
	if (found & 1U << 4 && look->usage_bytes != UINT64_MAX)
		working_set(look, v[4]);
	if ((found & 0xc0) == 0xc0)
		failures(look, &v[6], &v[6]);
}

static void oom_control(struct dm_cgroup_look *look, struct dm_str text)
{
	static const char *const keys[] = {"oom_kill"};
	uint64_t v;

	if (dm_cgroup_keyed(text, keys, 1, &v) != 1)
		return;
	look->oom_kills = v;
	add_u64(look, "container_oom_events_total", v);
}

static void memory_events(struct dm_cgroup_look *look, struct dm_str text)
{
	static const char *const keys[] = {"max", "oom_kill"};
	uint64_t v[DM_COUNT(keys)];

	if (dm_cgroup_keyed(text, keys, DM_COUNT(keys), v) != 3)
		return;
	look->oom_kills = v[1];
	add_u64(look, "container_memory_failcnt", v[0]);
	add_u64(look, "container_oom_events_total", v[1]);
}

static void pids_events(struct dm_cgroup_look *look, struct dm_str text)
{
	static const char *const keys[] = {"max"};
	uint64_t v;

	if (dm_cgroup_keyed(text, keys, 1, &v) == 1)
		add_u64(look, "container_threads_max_events_total", v);
}

/* v1 writes -1 where there is no quota; then, as cAdvisor, nothing. */
static void cpu_quota(struct dm_cgroup_look *look, struct dm_str text)
{
	uint64_t v;

	if (dm_cgroup_u64(text, &v))
		add_u64(look, "container_spec_cpu_quota", v);
}

static void cpu_max(struct dm_cgroup_look *look, struct dm_str text)
{
	uint64_t quota, period;

	if (!dm_cgroup_cpu_max(text, &quota, &period))
		return;
	if (quota != UINT64_MAX)
		add_u64(look, "container_spec_cpu_quota", quota);
	add_u64(look, "container_spec_cpu_period", period);
}

static void cpu_weight(struct dm_cgroup_look *look, struct dm_str text)
{
	uint64_t v;

	if (dm_cgroup_u64(text, &v))
		add_u64(look, "container_spec_cpu_shares", dm_cgroup_shares(v));
}

static void blkio_bytes(struct dm_cgroup_look *look, struct dm_str text)
{
	look->n_io = dm_cgroup_blkio(
	    text, false, DM_CGROUP_DEVICES_MAX, look->n_io, look->io);
}

static void blkio_counts(struct dm_cgroup_look *look, struct dm_str text)
{
	look->n_io = dm_cgroup_blkio(
	    text, true, DM_CGROUP_DEVICES_MAX, look->n_io, look->io);
}

static void io_stat(struct dm_cgroup_look *look, struct dm_str text)
{
	look->n_io = dm_cgroup_io(text, DM_CGROUP_DEVICES_MAX, look->io);
}

static void pressure(struct dm_cgroup_look *look, struct dm_str text,
    const char *some, const char *full)
{
	uint64_t some_us, full_us;

	if (!dm_cgroup_pressure(text, &some_us, &full_us))
		return;
	add_scaled(look, some, some_us, 6);
	add_scaled(look, full, full_us, 6);
}

static void cpu_pressure(struct dm_cgroup_look *look, struct dm_str text)
{
	pressure(look, text, "container_pressure_cpu_waiting_seconds_total",
	    "container_pressure_cpu_stalled_seconds_total");
}

static void memory_pressure(struct dm_cgroup_look *look, struct dm_str text)
{
	pressure(look, text, "container_pressure_memory_waiting_seconds_total",
	    "container_pressure_memory_stalled_seconds_total");
}

static void io_pressure(struct dm_cgroup_look *look, struct dm_str text)
{
	pressure(look, text, "container_pressure_io_waiting_seconds_total",
	    "container_pressure_io_stalled_seconds_total");
}

#define V1(controller, name, add)                                              \
	{                                                                      \
		DM_CONTROLLER_##controller, false, false, name, NULL, add      \
	}
#define V1_SLOW(controller, name, add)                                         \
	{                                                                      \
		DM_CONTROLLER_##controller, false, true, name, NULL, add       \
	}
#define V2(controller, name, add)                                              \
	{                                                                      \
		DM_CONTROLLER_##controller, true, false, name, NULL, add       \
	}
#define V2_SLOW(controller, name, add)                                         \
	{                                                                      \
		DM_CONTROLLER_##controller, true, true, name, NULL, add        \
	}

const struct dm_cgroup_file dm_cgroup_files[] = {
    V1(CPUACCT, "cpuacct.usage", cpuacct_usage),
    V1(CPUACCT, "cpuacct.stat", cpuacct_stat),
    V1(CPU, "cpu.stat", cpu_stat),
    V1(MEMORY, "memory.usage_in_bytes", memory_usage),
    V1(MEMORY, "memory.stat", memory_stat),
    V1(MEMORY, "memory.max_usage_in_bytes", max_usage),
    V1(MEMORY, "memory.failcnt", failcnt),
    V1(MEMORY, "memory.oom_control", oom_control),
    V1_SLOW(MEMORY, "memory.kmem.usage_in_bytes", kernel_usage),
    V1(PIDS, "pids.current", pids_current),
    V1(PIDS, "pids.events", pids_events),
    {DM_CONTROLLER_IO, false, false,
	"blkio.throttle.io_service_bytes_recursive",
	"blkio.throttle.io_service_bytes", blkio_bytes},
    {DM_CONTROLLER_IO, false, false, "blkio.throttle.io_serviced_recursive",
	"blkio.throttle.io_serviced", blkio_counts},
    V1_SLOW(CPU, "cpu.shares", cpu_shares),
    V1_SLOW(CPU, "cpu.cfs_quota_us", cpu_quota),
    V1_SLOW(CPU, "cpu.cfs_period_us", cpu_period),
    V1_SLOW(MEMORY, "memory.limit_in_bytes", memory_limit),
    V1_SLOW(MEMORY, "memory.memsw.limit_in_bytes", swap_limit),
    V1_SLOW(MEMORY, "memory.soft_limit_in_bytes", reservation),
    V1_SLOW(PIDS, "pids.max", pids_max),
    V2(CPUACCT, "cpu.stat", cpu_stat_v2),
    V2(MEMORY, "memory.current", memory_usage),
    V2(MEMORY, "memory.stat", memory_stat_v2),
    V2(MEMORY, "memory.peak", max_usage),
    V2(MEMORY, "memory.events", memory_events),
    V2(MEMORY, "memory.swap.current", swap_current),
    V2(PIDS, "pids.current", pids_current),
    V2(PIDS, "pids.events", pids_events),
    V2(IO, "io.stat", io_stat),
    V2(PRESSURE, "cpu.pressure", cpu_pressure),
    V2(PRESSURE, "memory.pressure", memory_pressure),
    V2(PRESSURE, "io.pressure", io_pressure),
    V2_SLOW(CPU, "cpu.weight", cpu_weight),
    V2_SLOW(CPU, "cpu.max", cpu_max),
    V2_SLOW(MEMORY, "memory.max", memory_limit),
    V2_SLOW(MEMORY, "memory.swap.max", swap_limit),
    V2_SLOW(MEMORY, "memory.min", reservation),
    V2_SLOW(PIDS, "pids.max", pids_max),
};

const unsigned dm_cgroup_n_files = DM_COUNT(dm_cgroup_files);
