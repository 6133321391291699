/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/runtime.h"

#include "base/mem.h"

/* Containers' names below a cgroup are PREFIX + id + SUFFIX; the systemd
 * driver adds the suffix, the cgroupfs driver does not. */
static const struct {
	const char *prefix;
	const char *runtime;
} prefixes[] = {
    {"docker-", "docker"},
    {"cri-containerd-", "containerd"},
    {"nerdctl-", "containerd"},
    {"crio-", "crio"},
    {"libpod-", "podman"},
};

/* Engines' ids: 64 lower-case hexadecimal digits. */
static bool is_id(struct dm_str s)
{
	if (s.n != 64)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	}
	return true;
}

static struct dm_str drop(struct dm_str s, size_t front, size_t back)
{
	return (struct dm_str){s.p + front, s.n - front - back};
}

static bool last_is(struct dm_str path, const char *name)
{
	size_t n = strlen(name);

	return dm_str_ends(path, name) &&
	       (path.n == n || path.p[path.n - n - 1] == '/');
}

static bool under_kubepods(struct dm_str path)
{
	return memmem(path.p, path.n, "kubepods", 8) != NULL;
}

/* LXC's names are chosen by people: /lxc/NAME, /lxc.payload/NAME and
 * /lxc.payload.NAME; its monitors are in lxc.monitor…. */
static bool lxc(
    struct dm_str parent, struct dm_str name, struct dm_runtime *ret)
{
	if (name.n > strlen("lxc.payload.") &&
	    dm_str_starts(name, "lxc.payload."))
		ret->id = drop(name, strlen("lxc.payload."), 0);
	else if (name.n &&
		 (last_is(parent, "lxc") || last_is(parent, "lxc.payload")))
		ret->id = name;
	else
		return false;
	ret->name = "lxc";
	return true;
}

static bool bare_id(
    struct dm_str parent, struct dm_str name, struct dm_runtime *ret)
{
	if (!is_id(name))
		return false;
	ret->id = name;
	if (under_kubepods(parent))
		ret->name = "kubernetes";
	else if (last_is(parent, "docker"))
		ret->name = "docker";
	else
		ret->name = "containerd";
	return true;
}

bool dm_runtime_of(
    struct dm_str parent, struct dm_str name, struct dm_runtime *ret)
{
	size_t suffix = dm_str_ends(name, ".scope") ? strlen(".scope") : 0;

	if (bare_id(parent, name, ret) || lxc(parent, name, ret))
		return true;
	for (size_t i = 0; i < DM_COUNT(prefixes); i++) {
		size_t prefix = strlen(prefixes[i].prefix);

		if (!dm_str_starts(name, prefixes[i].prefix))
			continue;
		if (name.n < prefix + suffix ||
		    !is_id(drop(name, prefix, suffix)))
			continue;
		ret->id = drop(name, prefix, suffix);
		ret->name = prefixes[i].runtime;
		return true;
	}
	return false;
}
