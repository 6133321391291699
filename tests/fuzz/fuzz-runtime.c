/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stddef.h>

#include "collect/hierarchy.h"
#include "collect/runtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A path: the folder, a '/', the name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dm_str parent = {(const char *)data, size}, name;
	struct dm_runtime r;

	while (parent.n && parent.p[parent.n - 1] != '/')
		parent.n--;
	name = (struct dm_str){(const char *)data + parent.n, size - parent.n};
	if (parent.n)
		parent.n--;
	if (dm_runtime_of(parent, name, &r)) {
		assert(r.name);
		assert(r.id.n > 0 && r.id.n <= name.n);
		assert(r.id.p >= name.p && r.id.p + r.id.n <= name.p + name.n);
	}
	assert(dm_hierarchy_controllers(name) < 1U << DM_CONTROLLERS);
	return 0;
}
