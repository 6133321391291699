/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "collect/taskstats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message about a task that exits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_taskstat s;

	if (!dm_taskstat_parse(data, size, &s))
		return 0;
	assert(s.tid > 0 && s.pid > 0 && s.signal < 128);
	assert(s.comm_n <= sizeof(s.comm));
	return 0;
}
