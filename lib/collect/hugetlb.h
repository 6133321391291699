/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_HUGETLB_H
#define DM_COLLECT_HUGETLB_H

#include "collect/source.h"

#define DM_HUGETLB_SIZES_MAX 8

/** The sizes of huge pages that this machine has. */
struct dm_hugetlb {
	struct {
		char size[24]; /* "2MB" */
		char file[56]; /* "hugetlb.2MB.current" */
	} sizes[DM_HUGETLB_SIZES_MAX];
	unsigned n;
};

void dm_hugetlb_init(struct dm_hugetlb *h, const char *sysfs, bool v2);

/** "hugepages-2048kB" as "2MB", or false. */
bool dm_hugetlb_size(struct dm_str folder, char *ret, size_t ret_bytes);

/** Write one size's row from the text of its file. */
void dm_hugetlb_row(struct dm_part *part, const char *size, struct dm_str text);

#endif
