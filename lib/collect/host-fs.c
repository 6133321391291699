/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/host-fs.h"

#include <sys/vfs.h>

#include "base/map.h"

struct dm_filesystem {
	size_t labels, labels_n; /* in the text */
	bool readonly, failed;
	uint64_t size, free, avail; /* bytes */
	uint64_t files, files_free;
};

bool dm_mount_next(struct dm_str *rest, struct dm_mount *ret)
{
	struct dm_mount m;
	struct dm_str line;

	while (dm_str_line(rest, &line)) {
		if (dm_str_word(&line, &m.device) &&
		    dm_str_word(&line, &m.mountpoint) &&
		    dm_str_word(&line, &m.fstype) &&
		    dm_str_word(&line, &m.options)) {
			*ret = m;
			return true;
		}
	}
	return false;
}

static bool octal(char c)
{
	return c >= '0' && c <= '7';
}

void dm_mount_decode(struct dm_buf *b, struct dm_str field)
{
	const char *p = field.p, *end = field.p + field.n;

	while (p < end) {
		if (*p == '\\' && end - p >= 4 && p[1] <= '3' && octal(p[1]) &&
		    octal(p[2]) && octal(p[3])) {
			int byte = (p[1] - '0') << 6 | (p[2] - '0') << 3 |
				   (p[3] - '0');

			dm_buf_add_char(b, (char)byte);
			p += 4;
		} else {
			dm_buf_add_char(b, *p++);
		}
	}
}

static bool listed(struct dm_str s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (dm_str_is(s, list[i]))
			return true;
	}
	return false;
}

/* Source: node_exporter's --collector.filesystem.fs-types-exclude. */
static const char *const pseudo[] = {"autofs", "binfmt_misc", "bpf", "cgroup",
    "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl",
    "hugetlbfs", "iso9660", "mqueue", "nsfs", "overlay", "proc", "procfs",
    "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs",
    "tracefs"};

/* Who answers for these may never do so, and statfs(2) waits for ever. */
static const char *const remote[] = {"9p", "afs", "beegfs", "ceph", "cifs",
    "coda", "davfs", "fuse", "fuseblk", "gfs", "gfs2", "glusterfs", "gpfs",
    "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3",
    "smbfs", "vboxsf", "virtiofs"};

/* Trees of the kernel's and of engines. node_exporter leaves all of /mnt,
 * /media and /run out as Debian builds it; here as upstream has it. */
static const char *const trees[] = {
    "/dev", "/proc", "/sys", "/run/credentials"};
static const char *const below[] = {"/var/lib/docker/", "/run/docker/",
    "/var/lib/containers/storage/", "/run/containers/", "/var/lib/containerd/",
    "/run/containerd/", "/var/lib/kubelet/pods/", "/run/netns/", "/run/user/"};

bool dm_mount_wanted(struct dm_str fstype, struct dm_str mountpoint)
{
	if (listed(fstype, pseudo, DM_COUNT(pseudo)) ||
	    listed(fstype, remote, DM_COUNT(remote)) ||
	    dm_str_starts(fstype, "fuse."))
		return false;
	for (size_t i = 0; i < DM_COUNT(trees); i++) {
		size_t n = strlen(trees[i]);

		if (dm_str_starts(mountpoint, trees[i]) &&
		    (mountpoint.n == n || mountpoint.p[n] == '/'))
			return false;
	}
	for (size_t i = 0; i < DM_COUNT(below); i++) {
		if (dm_str_starts(mountpoint, below[i]))
			return false;
	}
	return mountpoint.n > 0 && mountpoint.p[0] == '/';
}

static bool has_option(struct dm_str options, const char *option)
{
	struct dm_str one;

	while (dm_str_cut(&options, ',', &one)) {
		if (dm_str_is(one, option))
			return true;
	}
	return false;
}

/* As seen from the host's own root. */
static struct dm_str without_root(struct dm_str mountpoint, const char *rootfs)
{
	size_t n = strlen(rootfs);

	while (n && rootfs[n - 1] == '/')
		n--;
	if (n == 0 || mountpoint.n < n || memcmp(mountpoint.p, rootfs, n) != 0)
		return mountpoint;
	if (mountpoint.n == n)
		return DM_STR("/");
	if (mountpoint.p[n] != '/')
		return mountpoint;
	return (struct dm_str){mountpoint.p + n, mountpoint.n - n};
}

static void measure(struct dm_filesystem *fs, const char *path)
{
	struct statfs st;
	uint64_t block;

	fs->failed = statfs(path, &st) < 0;
	if (fs->failed)
		return;
	block = (uint64_t)st.f_bsize;
	fs->size = st.f_blocks * block;
	fs->free = st.f_bfree * block;
	fs->avail = st.f_bavail * block;
	fs->files = st.f_files;
	fs->files_free = st.f_ffree;
}

static void add_labels(struct dm_buf *text, struct dm_str device,
    struct dm_str fstype, struct dm_str mountpoint)
{
	/* The brace tells dm_record_label that no comma is due. */
	dm_buf_add_char(text, '{');
	dm_record_label_bytes(text, "device", device);
	dm_record_label_bytes(text, "fstype", fstype);
	dm_record_label_bytes(text, "mountpoint", mountpoint);
}

static int add(struct dm_filesystems *f, const struct dm_mount *m,
    struct dm_str mountpoint, const char *rootfs, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf path = {0}, device = {0};
	struct dm_filesystem *fs;

	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 8;

		fs = reallocarray(f->list, cap, sizeof(*fs));
		if (!fs)
			return dm_err_nomem(err);
		f->list = fs;
		f->cap = cap;
	}
	dm_buf_add_cstr(&path, rootfs);
	dm_buf_add_str(&path, mountpoint);
	dm_mount_decode(&device, m->device);
	if (dm_buf_ok(&path, err) < 0 || dm_buf_ok(&device, err) < 0)
		return -1;
	fs = &f->list[f->n++];
	*fs = (struct dm_filesystem){
	    .labels = f->text.n + 1,
	    .readonly = has_option(m->options, "ro"),
	};
	add_labels(&f->text, dm_buf_str(&device), m->fstype, mountpoint);
	fs->labels_n = f->text.n - fs->labels;
	measure(fs, dm_buf_cstr(&path));
	return 0;
}

/* One mounted twice at the same place is one. */
static int add_once(struct dm_filesystems *f, struct dm_map *seen,
    const struct dm_mount *m, struct dm_buf *scratch, const char *rootfs,
    struct dm_err *err)
{
	struct dm_str key = {
	    m->device.p, (size_t)(m->fstype.p + m->fstype.n - m->device.p)};
	struct dm_str mountpoint;

	dm_buf_clear(scratch);
	dm_mount_decode(scratch, m->mountpoint);
	if (dm_buf_ok(scratch, err) < 0)
		return -1;
	mountpoint = without_root(dm_buf_str(scratch), rootfs);
	if (!dm_mount_wanted(m->fstype, mountpoint) || dm_map_get(seen, key))
		return 0;
	if (dm_map_put(seen, key, f, err) < 0)
		return -1;
	return add(f, m, mountpoint, rootfs, err);
}

int dm_filesystems_look(struct dm_filesystems *f, struct dm_str mounts,
    const char *rootfs, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf scratch = {0};
	struct dm_map seen = {0};
	struct dm_mount m;
	int status = 0;

	f->n = 0;
	dm_buf_clear(&f->text);
	while (status == 0 && dm_mount_next(&mounts, &m))
		status = add_once(f, &seen, &m, &scratch, rootfs, err);
	dm_map_release(&seen);
	if (status == 0)
		status = dm_buf_ok(&f->text, err);
	return status;
}

static void add_row(const struct dm_filesystems *f,
    const struct dm_filesystem *fs, struct dm_part *part)
{
	dm_row_begin(part, "host");
	dm_record_label_text(
	    &part->text, (struct dm_str){f->text.p + fs->labels, fs->labels_n});
	dm_row_metrics(part);
	dm_row_u64(part, "node_filesystem_device_error", fs->failed);
	if (!fs->failed) {
		dm_row_u64(part, "node_filesystem_size_bytes", fs->size);
		dm_row_u64(part, "node_filesystem_free_bytes", fs->free);
		dm_row_u64(part, "node_filesystem_avail_bytes", fs->avail);
		dm_row_u64(part, "node_filesystem_files", fs->files);
		dm_row_u64(part, "node_filesystem_files_free", fs->files_free);
		dm_row_u64(part, "node_filesystem_readonly", fs->readonly);
	}
	dm_row_end(part);
}

void dm_filesystems_rows(const struct dm_filesystems *f, struct dm_part *part)
{
	for (size_t i = 0; i < f->n; i++)
		add_row(f, &f->list[i], part);
}

void dm_filesystems_release(struct dm_filesystems *f)
{
	free(f->list);
	dm_buf_release(&f->text);
	*f = (struct dm_filesystems){0};
}
