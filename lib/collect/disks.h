/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_DISKS_H
#define DM_COLLECT_DISKS_H

#include "collect/reread.h"
#include "collect/source.h"

/*
 * The disks that the host itself uses: those that one of its file systems or
 * its swap lies on, and all that these lie on in their turn (a partition's
 * disk, a volume's partitions). Read when it is first asked for, and again
 * when something was mounted.
 */
struct dm_disks {
	char *procfs, *sysfs, *rootfs;
	struct dm_reread mounts; /* kept open, for the kernel to tell */
	bool read;
	uint64_t *list; /* major and minor, 32 bits each */
	size_t n, cap;
	struct dm_buf text;
};

int dm_disks_init(struct dm_disks *d, const struct dm_collect_options *o,
    struct dm_err *err) DM_MUST_CHECK;
void dm_disks_release(struct dm_disks *d);

/** Is a block device one of them? Without memory it says no. */
bool dm_disks_has(struct dm_disks *d, uint32_t major, uint32_t minor);

/** "8:1": the major number in the upper half, the minor in the lower. */
bool dm_device_parse(struct dm_str s, uint64_t *ret);

/**
 * The device that a line of mountinfo is about, and its type's source.
 * Returns false where there is neither.
 */
bool dm_disks_mount(
    struct dm_str line, uint64_t *ret_device, struct dm_str *ret_source);

#endif
