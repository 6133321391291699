/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CMD_AUDIT_H
#define DM_CMD_AUDIT_H

#include "collect/posture.h"

/** One look at the posture of all, for a person, on standard output. {0} is
 * one that has not begun. */
struct dm_audit {
	size_t containers;
	size_t findings[DM_POSTURE_SEVERITIES];
};

/** One container's. The audit hook of struct dm_collector_options. */
void dm_audit_print(struct dm_audit *a, const struct dm_posture_report *report);

/** What all come to. */
void dm_audit_end(const struct dm_audit *a);

#endif
