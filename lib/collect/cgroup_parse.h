/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_CGROUP_PARSE_H
#define DM_COLLECT_CGROUP_PARSE_H

#include "base/str.h"

/* The texts of cgroup files. None of these allocates. */

/** A file of one number; "max" gives UINT64_MAX. */
bool dm_cgroup_u64(struct dm_str text, uint64_t *ret);

/** cpu.max: "50000 100000" or "max 100000". quota UINT64_MAX: no limit. */
bool dm_cgroup_cpu_max(
    struct dm_str text, uint64_t *ret_quota_us, uint64_t *ret_period_us);

/**
 * A file of lines "key value", as memory.stat.
 * @keys    those wanted, n of them, at most 32; quickest in the file's order
 * @values  gets what is there
 * Returns a bit for each that is there.
 */
unsigned dm_cgroup_keyed(
    struct dm_str text, const char *const *keys, unsigned n, uint64_t *values);

/** A pressure file: total stall times in microseconds. */
bool dm_cgroup_pressure(
    struct dm_str text, uint64_t *ret_some_us, uint64_t *ret_full_us);

/** What a container read from and wrote to a block device. */
struct dm_cgroup_io {
	uint32_t major, minor;
	uint64_t read_bytes, written_bytes, reads, writes;
};

/**
 * io.stat, by device.
 * @max  of devices; more are left out
 * Returns how many there are in ret.
 */
unsigned dm_cgroup_io(
    struct dm_str text, unsigned max, struct dm_cgroup_io *ret);

/**
 * v1's blkio.throttle.io_service_bytes or, @counts, io_serviced. Adds to
 * the n devices that are in io already. Returns their number.
 */
unsigned dm_cgroup_blkio(struct dm_str text, bool counts, unsigned max,
    unsigned n, struct dm_cgroup_io *io);

/** cpu.weight as shares. Source: cAdvisor, container/common/helpers.go,
 * convertCPUWeightToCPULimit. */
uint64_t dm_cgroup_shares(uint64_t weight);

#endif
