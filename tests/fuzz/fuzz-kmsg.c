/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "collect/kmsg-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines of the kernel's log, one after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str rest = {(const char *)data, size}, line;
	struct dm_kmsg_reader reader = {0};
	struct dm_kmsg_event e;
	struct dm_kmsg m;

	while (dm_str_line(&rest, &line)) {
		if (!dm_kmsg_parse(line, &m))
			continue;
		assert(m.text.n <= line.n);
		if (!dm_kmsg_read(&reader, m.text, &e))
			continue;
		assert(e.what < DM_KMSG_WHATS && e.pid >= 0);
		assert(!e.cgroup.n || e.cgroup.p[0] == '/');
	}
	dm_kmsg_reader_release(&reader);
	return 0;
}
