/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of procfs about the host. The first byte chooses the parser; the
 * record made of what it gives must be one. */
#include <stdlib.h>

#include "collect/emit.h"
#include "collect/host-fs.h"
#include "collect/host-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_stat(struct dm_part *part, struct dm_str text)
{
	struct dm_host_cpus cpus = {0};

	dm_host_add_stat(&cpus, part, text);
	dm_host_add_stat(&cpus, part, text);
	dm_host_cpus_release(&cpus);
}

/* Not measured: no path of this input is to be opened. */
static void add_mounts(struct dm_part *part, struct dm_str text)
{
	struct dm_buf b = {0};
	struct dm_mount m;

	while (dm_mount_next(&text, &m)) {
		dm_buf_clear(&b);
		dm_mount_decode(&b, m.mountpoint);
		if (b.n > m.mountpoint.n)
			abort();
		if (!dm_mount_wanted(m.fstype, dm_buf_str(&b)))
			continue;
		dm_row_begin(part, "host");
		dm_record_label_bytes(
		    &part->text, "mountpoint", dm_buf_str(&b));
		dm_row_metrics(part);
		dm_row_u64(part, "node_filesystem_device_error", 1);
		dm_row_end(part);
	}
	dm_buf_release(&b);
}

/* A metric twice in a record is no record; the kernel writes none twice. */
static void check(struct dm_str lines)
{
	struct dm_str line;

	while (dm_str_line(&lines, &line)) {
		if (!dm_str_ends(line, "}}") ||
		    !dm_str_starts(line, "{\"ts\":"))
			abort();
		for (size_t i = 0; i < line.n; i++) {
			if ((unsigned char)line.p[i] < ' ')
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const adds[])(struct dm_part *, struct dm_str) = {
	    add_stat, add_mounts, dm_host_add_loadavg, dm_host_add_meminfo,
	    dm_host_add_vmstat, dm_host_add_diskstats, dm_host_add_net_dev,
	    dm_host_add_sockstat, dm_host_add_file_nr, dm_host_add_conntrack,
	    dm_host_add_io_pressure};
	struct dm_part part = {0};
	struct dm_buf b = {0};

	if (size < 2)
		return 0;
	adds[data[0] % DM_COUNT(adds)](
	    &part, (struct dm_str){(const char *)data + 1, size - 1});
	(void)dm_emit_parts(&b, 0, "host", DM_STR("\"job\":\"x\""), &part, 1);
	if (b.failed)
		abort();
	check(dm_buf_str(&b));
	dm_buf_release(&b);
	dm_part_release(&part);
	return 0;
}
