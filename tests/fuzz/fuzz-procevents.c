/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "collect/connector.h"
#include "collect/membership.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A datagram of the proc connector, and a text of /proc/PID/cgroup. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str text = {(const char *)data, size}, path, cgroup;
	static struct dm_event_gaps gaps;
	static struct dm_buf id;
	struct dm_process_event e;

	if (dm_process_event_parse(data, size, &e))
		(void)dm_event_gaps_step(&gaps, &e);
	for (int v2 = 0; v2 < 2; v2++) {
		if (!dm_membership_path(text, v2, &path))
			continue;
		assert(path.n && path.p[0] == '/');
		if (!dm_membership_container(path, &id, &cgroup))
			continue;
		assert(id.n && cgroup.p == path.p && cgroup.n <= path.n);
		assert(dm_membership_hierarchies(text, cgroup) > 0);
	}
	return 0;
}
