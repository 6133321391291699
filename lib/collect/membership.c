/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/membership.h"

#include "collect/runtime.h"

static bool names_cpuacct(struct dm_str controllers)
{
	struct dm_str name;

	while (dm_str_cut(&controllers, ',', &name)) {
		if (dm_str_is(name, "cpuacct"))
			return true;
	}
	return false;
}

bool dm_membership_path(struct dm_str text, bool v2, struct dm_str *ret)
{
	struct dm_str line, number, controllers;

	while (dm_str_line(&text, &line)) {
		if (!dm_str_cut(&line, ':', &number) ||
		    !dm_str_cut(&line, ':', &controllers))
			continue;
		if (v2 ? !dm_str_is(number, "0") || controllers.n
		       : !names_cpuacct(controllers))
			continue;
		*ret = line;
		return line.n > 0 && line.p[0] == '/';
	}
	return false;
}

unsigned dm_membership_hierarchies(struct dm_str text, struct dm_str cgroup)
{
	struct dm_str line, part;
	unsigned n = 0;

	while (dm_str_line(&text, &line)) {
		if (!dm_str_cut(&line, ':', &part) ||
		    !dm_str_cut(&line, ':', &part) || line.n < cgroup.n ||
		    memcmp(line.p, cgroup.p, cgroup.n) != 0)
			continue;
		n += line.n == cgroup.n || line.p[cgroup.n] == '/';
	}
	return n;
}

bool dm_membership_container(
    struct dm_str path, struct dm_buf *ret_id, struct dm_str *ret_cgroup)
{
	struct dm_str parent = {path.p, 0};
	const char *end;

	dm_buf_clear(ret_id);
	if (path.n == 0)
		return false;
	end = path.p + path.n;
	while (parent.p + parent.n < end) {
		const char *name = parent.p + parent.n + 1;
		const char *slash = memchr(name, '/', (size_t)(end - name));
		struct dm_str part = {
		    name, (size_t)((slash ? slash : end) - name)};
		struct dm_runtime r;

		if (dm_runtime_of(parent, part, &r)) {
			if (ret_id->n)
				dm_buf_add_char(ret_id, '/');
			dm_buf_add_str(ret_id, r.id);
			*ret_cgroup = (struct dm_str){
			    path.p, (size_t)(part.p + part.n - path.p)};
		}
		parent.n = (size_t)(part.p + part.n - parent.p);
	}
	return ret_id->n > 0;
}
