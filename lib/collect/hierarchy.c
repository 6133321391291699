/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/hierarchy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_CONTROLLERS ((1U << DM_CONTROLLERS) - 1)

/* The names of cgroup v1's controllers. Pressure is in v2 only. */
static const char *const names[DM_CONTROLLERS] = {
    [DM_CONTROLLER_CPU] = "cpu",
    [DM_CONTROLLER_CPUACCT] = "cpuacct",
    [DM_CONTROLLER_MEMORY] = "memory",
    [DM_CONTROLLER_IO] = "blkio",
    [DM_CONTROLLER_PIDS] = "pids",
    [DM_CONTROLLER_HUGETLB] = "hugetlb",
};

unsigned dm_hierarchy_controllers(struct dm_str name)
{
	struct dm_str piece;
	unsigned bits = 0;

	while (dm_str_cut(&name, ',', &piece)) {
		for (unsigned i = 0; i < DM_CONTROLLERS; i++) {
			if (names[i] && dm_str_is(piece, names[i]))
				bits |= 1U << i;
		}
	}
	return bits;
}

static bool has(int fd, const char *file)
{
	return faccessat(fd, file, F_OK, 0) == 0;
}

/* Take the folder as a hierarchy if it is one. fd is consumed. */
static int add(struct dm_hierarchies *h, const char *base, const char *name,
    int fd, struct dm_err *err)
{
	struct dm_hierarchy *one = &h->list[h->n];
	bool v2 = has(fd, "cgroup.controllers");
	unsigned controllers =
	    v2 ? ALL_CONTROLLERS : dm_hierarchy_controllers(dm_str(name));

	if (!controllers || h->n == DM_HIERARCHIES_MAX ||
	    !has(fd, "cgroup.procs")) {
		close(fd);
		return 0;
	}
	if (asprintf(&one->path, "%s%s%s", base, *name ? "/" : "", name) < 0) {
		one->path = NULL;
		close(fd);
		return dm_err_nomem(err);
	}
	one->fd = fd;
	one->v2 = v2;
	one->controllers = controllers;
	h->n++;
	return 0;
}

/* In the mixed layout v2 has what no v1 hierarchy has. */
static void share_out(struct dm_hierarchies *h)
{
	static const unsigned char leads[] = {DM_CONTROLLER_CPUACCT,
	    DM_CONTROLLER_CPU, DM_CONTROLLER_MEMORY, DM_CONTROLLER_PIDS,
	    DM_CONTROLLER_IO, DM_CONTROLLER_HUGETLB};

	for (unsigned c = 0; c < DM_CONTROLLERS; c++) {
		h->of[c] = -1;
		for (unsigned i = 0; i < h->n; i++) {
			if (!(h->list[i].controllers & 1U << c))
				continue;
			if (h->of[c] < 0 || !h->list[i].v2)
				h->of[c] = (signed char)i;
		}
	}
	for (unsigned i = DM_COUNT(leads); i-- > 0;) {
		if (h->of[leads[i]] >= 0)
			h->lead = (unsigned)h->of[leads[i]];
	}
}

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int add_each(
    struct dm_hierarchies *h, const char *base, DIR *dir, struct dm_err *err)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		struct stat st;
		int fd;

		/* Links such as cpu -> cpu,cpuacct name a folder twice. */
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		fd = open_folder(dirfd(dir), entry->d_name);
		if (fd >= 0 && add(h, base, entry->d_name, fd, err) < 0)
			return -1;
	}
	return 0;
}

static int find(struct dm_hierarchies *h, const char *base, struct dm_err *err)
{
	int fd = open_folder(AT_FDCWD, base);
	int status;
	DIR *dir;

	if (fd < 0)
		return dm_err_errno(err, errno, "%s", base);
	if (has(fd, "cgroup.controllers"))
		return add(h, base, "", fd, err);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return dm_err_nomem(err);
	}
	status = add_each(h, base, dir, err);
	closedir(dir);
	return status;
}

int dm_hierarchies_init(
    struct dm_hierarchies *h, const char *sysfs, struct dm_err *err)
{
	DM_AUTO_FREE char *base = NULL;

	*h = (struct dm_hierarchies){0};
	if (asprintf(&base, "%s/fs/cgroup", sysfs) < 0) {
		base = NULL;
		return dm_err_nomem(err);
	}
	if (find(h, base, err) < 0) {
		dm_hierarchies_release(h);
		return -1;
	}
	if (h->n == 0)
		return dm_err_set(
		    err, DM_ENODATA, "no cgroups are mounted in %s", base);
	share_out(h);
	return 0;
}

void dm_hierarchies_release(struct dm_hierarchies *h)
{
	for (unsigned i = 0; i < h->n; i++) {
		close(h->list[i].fd);
		free(h->list[i].path);
	}
	h->n = 0;
}
