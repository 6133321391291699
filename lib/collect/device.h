/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_DEVICE_H
#define DM_COLLECT_DEVICE_H

#include "collect/cgroup_parse.h"
#include "collect/source.h"

/** Names of block devices by their numbers, as sysfs has them. {0}: none
 * known yet. */
struct dm_devices {
	struct dm_device *list;
	size_t n, cap;
};

struct dm_device {
	uint32_t major, minor;
	uint64_t checked; /* sweep */
	char name[64];	  /* "/dev/vda"; "" where sysfs has none */
};

/** Write the rows about one device: container_fs_… and container_blkio_…. */
void dm_devices_rows(struct dm_devices *d, const struct dm_collect *c,
    struct dm_part *part, const struct dm_cgroup_io *io);

void dm_devices_release(struct dm_devices *d);

#endif
