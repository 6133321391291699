/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/hugetlb.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#include "collect/cgroup_parse.h"

/* Source of the names: Linux, mm/hugetlb_cgroup.c, mem_fmt. */
bool dm_hugetlb_size(struct dm_str folder, char *ret, size_t ret_bytes)
{
	static const char prefix[] = "hugepages-";
	const size_t skip = sizeof(prefix) - 1;
	uint64_t kb;

	if (!dm_str_starts(folder, prefix) || !dm_str_ends(folder, "kB") ||
	    folder.n < skip + 2 ||
	    !dm_str_u64(
		(struct dm_str){folder.p + skip, folder.n - skip - 2}, &kb))
		return false;
	if (kb >= 1 << 20)
		snprintf(
		    ret, ret_bytes, "%lluGB", (unsigned long long)(kb >> 20));
	else if (kb >= 1 << 10)
		snprintf(
		    ret, ret_bytes, "%lluMB", (unsigned long long)(kb >> 10));
	else
		snprintf(ret, ret_bytes, "%lluKB", (unsigned long long)kb);
	return true;
}

void dm_hugetlb_init(struct dm_hugetlb *h, const char *sysfs, bool v2)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/kernel/mm/hugepages", sysfs);
	dir = opendir(path);
	if (!dir)
		return;
	while (h->n < DM_HUGETLB_SIZES_MAX && (entry = readdir(dir))) {
		char size[sizeof(h->sizes[0].size)];

		if (!dm_hugetlb_size(dm_str(entry->d_name), size, sizeof(size)))
			continue;
		memcpy(h->sizes[h->n].size, size, sizeof(size));
		snprintf(h->sizes[h->n].file, sizeof(h->sizes[0].file),
		    "hugetlb.%s.%s", size, v2 ? "current" : "usage_in_bytes");
		h->n++;
	}
	closedir(dir);
}

void dm_hugetlb_row(struct dm_part *part, const char *size, struct dm_str text)
{
	uint64_t v;

	if (!dm_cgroup_u64(text, &v))
		return;
	dm_row_begin(part, "container");
	dm_record_label(&part->text, "pagesize", dm_str(size));
	dm_row_metrics(part);
	dm_row_u64(part, "container_hugetlb_usage_bytes", v);
	dm_row_end(part);
}
