/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/device.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Numbers are given to other devices now and then. */
#define CHECK_SWEEPS 60

void dm_devices_release(struct dm_devices *d)
{
	free(d->list);
	*d = (struct dm_devices){0};
}

/* sysfs links dev/block/254:0 to …/block/vda, and a name's '/' is '!'. */
static void look_up(struct dm_device *one, const char *sysfs)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *name;
	ssize_t n;

	one->name[0] = '\0';
	snprintf(path, sizeof(path), "%s/dev/block/%u:%u", sysfs, one->major,
	    one->minor);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) >= sizeof(one->name) - strlen("/dev/"))
		return;
	strcpy(stpcpy(one->name, "/dev/"), name);
	for (char *p = one->name + strlen("/dev/"); *p; p++) {
		if (*p == '!')
			*p = '/';
	}
}

static struct dm_device *add(
    struct dm_devices *d, uint32_t major, uint32_t minor)
{
	if (d->n == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 8;
		struct dm_device *list =
		    reallocarray(d->list, cap, sizeof(*list));

		if (!list)
			return NULL;
		d->list = list;
		d->cap = cap;
	}
	d->list[d->n] = (struct dm_device){.major = major, .minor = minor};
	return &d->list[d->n++];
}

static const char *name_of(struct dm_devices *d, const struct dm_collect *c,
    uint32_t major, uint32_t minor)
{
	struct dm_device *one = NULL;

	for (size_t i = 0; i < d->n && !one; i++) {
		if (d->list[i].major == major && d->list[i].minor == minor)
			one = &d->list[i];
	}
	if (one && c->sweep - one->checked < CHECK_SWEEPS)
		return one->name;
	if (!one && !(one = add(d, major, minor)))
		return "";
	one->checked = c->sweep;
	look_up(one, c->options.sysfs);
	return one->name;
}

static void operation_row(struct dm_part *part, const char *name,
    const struct dm_cgroup_io *io, const char *operation, uint64_t bytes)
{
	char number[16];

	dm_row_begin(part, "container");
	dm_record_label_bytes(&part->text, "device", dm_str(name));
	snprintf(number, sizeof(number), "%u", io->major);
	dm_record_label(&part->text, "major", dm_str(number));
	snprintf(number, sizeof(number), "%u", io->minor);
	dm_record_label(&part->text, "minor", dm_str(number));
	dm_record_label(&part->text, "operation", dm_str(operation));
	dm_row_metrics(part);
	dm_row_u64(part, "container_blkio_device_usage_total", bytes);
	dm_row_end(part);
}

void dm_devices_rows(struct dm_devices *d, const struct dm_collect *c,
    struct dm_part *part, const struct dm_cgroup_io *io)
{
	const char *name = name_of(d, c, io->major, io->minor);
	char number[32];

	/* Two devices must not share their labels for want of a name. */
	if (!*name) {
		snprintf(number, sizeof(number), "%u:%u", io->major, io->minor);
		name = number;
	}
	dm_row_begin(part, "container");
	dm_record_label_bytes(&part->text, "device", dm_str(name));
	dm_row_metrics(part);
	dm_row_u64(part, "container_fs_reads_bytes_total", io->read_bytes);
	dm_row_u64(part, "container_fs_writes_bytes_total", io->written_bytes);
	dm_row_u64(part, "container_fs_reads_total", io->reads);
	dm_row_u64(part, "container_fs_writes_total", io->writes);
	dm_row_end(part);
	operation_row(part, name, io, "Read", io->read_bytes);
	operation_row(part, name, io, "Write", io->written_bytes);
}
