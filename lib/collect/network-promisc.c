/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "collect/network.h"

/* Of more, nothing is said: a container may make any number. */
#define INTERFACES_MAX 32

static int open_beneath(int dir, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
	    .flags = (uint64_t)flags | O_CLOEXEC,
	    .resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/* /sys as the process sees it. Nothing of it is asked: a file system of the
 * container's own making may never answer. */
static int open_sys(const struct dm_net_reader *r, pid_t pid)
{
	char path[64];
	int root, sys;

	snprintf(path, sizeof(path), "%d/root", pid);
	root = openat(r->procfs, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	sys = open_beneath(root, "sys", O_PATH | O_DIRECTORY,
	    RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_CACHED);
	close(root);
	return sys;
}

bool dm_net_mount_type(
    struct dm_str mountinfo, uint64_t mount_id, struct dm_str *ret)
{
	struct dm_str line, word;
	uint64_t id;

	while (dm_str_line(&mountinfo, &line)) {
		if (!dm_str_word(&line, &word) || !dm_str_u64(word, &id) ||
		    id != mount_id)
			continue;
		while (dm_str_word(&line, &word)) {
			if (dm_str_is(word, "-"))
				return dm_str_word(&line, ret);
		}
		return false;
	}
	return false;
}

/* A sysfs shows the interfaces of the namespace that it was mounted in, and
 * has a device number for each: the host's is of no use here. As long as sys
 * is open, its mount's id is no other's. */
static bool is_own_sysfs(struct dm_net_reader *r, pid_t pid, int sys)
{
	struct dm_str type;
	struct statx st;

	if (statx(sys, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID,
		&st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID) || r->sysfs_dev == 0 ||
	    makedev(st.stx_dev_major, st.stx_dev_minor) == r->sysfs_dev)
		return false;
	return dm_net_read(r, pid, "mountinfo") == 0 &&
	       dm_net_mount_type(dm_buf_str(&r->text), st.stx_mnt_id, &type) &&
	       dm_str_is(type, "sysfs");
}

/* "0x1103" */
static bool read_flags(int sys, const char *name, uint64_t *ret)
{
	char path[64], text[32];
	struct dm_str s;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "class/net/%s/flags", name);
	fd = open_beneath(
	    sys, path, O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0)
		return false;
	s = dm_str_trim((struct dm_str){text, (size_t)n});
	return dm_str_starts(s, "0x") &&
	       dm_str_hex64((struct dm_str){s.p + 2, s.n - 2}, ret);
}

static void add_interface(struct dm_net_values *v, int sys, struct dm_str name)
{
	struct dm_net_interface *one = &v->interfaces[v->n_interfaces];
	uint64_t flags;

	if (name.n >= sizeof(one->name) || memchr(name.p, '/', name.n) ||
	    dm_str_is(name, "lo"))
		return;
	memcpy(one->name, name.p, name.n);
	one->name[name.n] = '\0';
	if (!read_flags(sys, one->name, &flags))
		return;
	one->promiscuous = flags & IFF_PROMISC;
	v->n_interfaces++;
}

static int read_interfaces(
    struct dm_net_reader *r, struct dm_net_box *box, int sys)
{
	struct dm_net_values *v = &box->values;
	struct dm_net_dev dev;
	struct dm_str text;

	if (!v->interfaces)
		v->interfaces = calloc(INTERFACES_MAX, sizeof(*v->interfaces));
	if (!v->interfaces)
		return ENOMEM;
	if (dm_net_read_dev(r, box) != 0)
		return 0;
	text = dm_buf_str(&r->text);
	while (v->n_interfaces < INTERFACES_MAX && dm_net_dev_next(&text, &dev))
		add_interface(v, sys, dev.name);
	return 0;
}

int dm_net_read_promiscuous(struct dm_net_reader *r, struct dm_net_box *box)
{
	int sys, error = 0;

	box->values.n_interfaces = 0;
	if (!r->live)
		return 0;
	sys = open_sys(r, box->pid);
	if (sys < 0)
		return 0;
	if (is_own_sysfs(r, box->pid, sys))
		error = read_interfaces(r, box, sys);
	close(sys);
	return error;
}
