/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/disks.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"

/* What lies upon what is not followed further. */
#define DEPTH_MAX 16
#define DISKS_MAX 4096

static uint64_t number(uint64_t major, uint64_t minor)
{
	return major << 32 | minor;
}

int dm_disks_init(
    struct dm_disks *d, const struct dm_collect_options *o, struct dm_err *err)
{
	*d = (struct dm_disks){.procfs = strdup(o->procfs),
	    .sysfs = strdup(o->sysfs),
	    .rootfs = strdup(o->rootfs),
	    .mounts.fd = -1};
	return d->procfs && d->sysfs && d->rootfs ? 0 : dm_err_nomem(err);
}

void dm_disks_release(struct dm_disks *d)
{
	free(d->procfs);
	free(d->sysfs);
	free(d->rootfs);
	free(d->list);
	dm_buf_release(&d->text);
	if (d->read)
		dm_reread_close(&d->mounts);
	*d = (struct dm_disks){.mounts.fd = -1};
}

static bool listed(const struct dm_disks *d, uint64_t device)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->list[i] == device)
			return true;
	}
	return false;
}

bool dm_device_parse(struct dm_str s, uint64_t *ret)
{
	struct dm_str major;
	uint64_t a, b;

	if (!dm_str_cut(&s, ':', &major) || !dm_str_u64(major, &a) ||
	    !dm_str_u64(s, &b) || a > UINT32_MAX || b > UINT32_MAX)
		return false;
	*ret = number(a, b);
	return true;
}

static bool read_number(int dir, const char *path, uint64_t *ret)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n > 0 && dm_device_parse(
			    dm_str_trim((struct dm_str){text, (size_t)n}), ret);
}

static void add(struct dm_disks *d, uint64_t device, unsigned depth);

static void add_slaves(struct dm_disks *d, int dir, unsigned depth)
{
	int fd = openat(dir, "slaves", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *slaves = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	while (slaves && (entry = readdir(slaves))) {
		char path[sizeof(entry->d_name) + 5];
		uint64_t device;

		snprintf(path, sizeof(path), "%s/dev", entry->d_name);
		if (entry->d_name[0] != '.' && read_number(fd, path, &device))
			add(d, device, depth);
	}
	if (slaves)
		closedir(slaves);
	else if (fd >= 0)
		close(fd);
}

/* sysfs has a partition's folder in its disk's. */
static void add(struct dm_disks *d, uint64_t device, unsigned depth)
{
	char path[4096];
	uint64_t disk;
	int dir;

	if (depth == DEPTH_MAX || d->n == DISKS_MAX || listed(d, device) ||
	    dm_array_grow(&d->list, d->n, &d->cap, sizeof(*d->list), NULL) < 0)
		return;
	d->list[d->n++] = device;
	snprintf(path, sizeof(path), "%s/dev/block/%u:%u", d->sysfs,
	    (unsigned)(device >> 32), (unsigned)device);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	if (faccessat(dir, "partition", F_OK, 0) == 0 &&
	    read_number(dir, "../dev", &disk))
		add(d, disk, depth + 1);
	add_slaves(d, dir, depth + 1);
	close(dir);
}

/* "/dev/vda2", as the host sees it. */
static void add_path(struct dm_disks *d, struct dm_str name)
{
	char path[4096];
	struct statx st;

	if (!dm_str_starts(name, "/dev/") ||
	    name.n + strlen(d->rootfs) >= sizeof(path))
		return;
	snprintf(path, sizeof(path), "%s%.*s", d->rootfs, (int)name.n, name.p);
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		STATX_TYPE, &st) == 0 &&
	    S_ISBLK(st.stx_mode))
		add(d, number(st.stx_rdev_major, st.stx_rdev_minor), 0);
}

/* "36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/sda1 rw,errors=continue": of a file
 * system on several disks (btrfs) the number is nobody's, and the source one
 * of them. */
bool dm_disks_mount(
    struct dm_str line, uint64_t *ret_device, struct dm_str *ret_source)
{
	struct dm_str word, source = {0};
	uint64_t device = 0;
	bool numbered = false;

	for (unsigned i = 0; dm_str_word(&line, &word); i++) {
		if (i == 2)
			numbered =
			    dm_device_parse(word, &device) && device >> 32;
		if (i < 6 || !dm_str_is(word, "-"))
			continue;
		if (!dm_str_word(&line, &word) || !dm_str_word(&line, &source))
			source = (struct dm_str){0};
		break;
	}
	*ret_device = numbered ? device : 0;
	*ret_source = source;
	return numbered || source.n;
}

static int open_mounts(struct dm_disks *d)
{
	static const char *const lists[] = {"1/mountinfo", "self/mountinfo"};
	int error = 0;

	for (size_t i = 0; i < DM_COUNT(lists); i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", d->procfs, lists[i]);
		error = dm_reread(&d->mounts, AT_FDCWD, path, &d->text);
		if (error == 0)
			break;
	}
	return error;
}

static void read_mounts(struct dm_disks *d)
{
	struct dm_str rest = dm_buf_str(&d->text), line, source;
	uint64_t device;

	while (dm_str_line(&rest, &line)) {
		if (!dm_disks_mount(line, &device, &source))
			continue;
		if (device)
			add(d, device, 0);
		else
			add_path(d, source);
	}
}

/* "/dev/vda2  partition  1048572  0  -2" */
static void read_swaps(struct dm_disks *d)
{
	struct dm_reread file = {.fd = -1};
	struct dm_str rest, line, name;
	char path[4096];

	snprintf(path, sizeof(path), "%s/swaps", d->procfs);
	if (dm_reread(&file, AT_FDCWD, path, &d->text) != 0)
		return;
	dm_reread_close(&file);
	rest = dm_buf_str(&d->text);
	while (dm_str_line(&rest, &line)) {
		if (dm_str_word(&line, &name))
			add_path(d, name);
	}
}

/* The kernel tells by POLLPRI; what is swapped on later is seen then, too. */
static bool is_old(const struct dm_disks *d)
{
	struct pollfd p = {.fd = d->mounts.fd, .events = POLLPRI};

	return d->mounts.fd < 0 || poll(&p, 1, 0) > 0;
}

bool dm_disks_has(struct dm_disks *d, uint32_t major, uint32_t minor)
{
	if (!d->read || is_old(d)) {
		d->n = 0;
		if (open_mounts(d) == 0)
			read_mounts(d);
		read_swaps(d);
		d->read = true;
	}
	return listed(d, number(major, minor));
}
