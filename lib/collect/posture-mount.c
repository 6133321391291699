/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/posture.h"

/* Sockets of engines: who may write to one is root of the host. */
static const char *const sockets[] = {"docker.sock", "containerd.sock",
    "crio.sock", "cri-dockerd.sock", "dockershim.sock", "podman.sock"};

/* Folders that hold one. */
static const char *const socket_folders[] = {
    "/run", "/var/run", "/run/containerd", "/run/podman", "/run/crio"};

/* What the host runs, trusts or keeps its state in. `below`: also what lies
 * in it; where a container's own files lie, only the folder as a whole. */
static const struct {
	const char *path;
	bool below;
} sensitive[] = {
    {"/bin", true},
    {"/boot", true},
    {"/dev", false},
    {"/etc", true},
    {"/home", false},
    {"/lib", true},
    {"/lib64", true},
    {"/proc", true},
    {"/root", true},
    {"/sbin", true},
    {"/sys", true},
    {"/usr", true},
    {"/var", false},
    {"/var/lib", false},
    {"/var/lib/containerd", false},
    {"/var/lib/docker", false},
    {"/var/lib/docker/volumes", false},
    {"/var/lib/kubelet", false},
    {"/var/spool/cron", true},
};

/* Small files that nearly each host gives to its containers, read-only. */
static const char *const harmless[] = {"/etc/localtime", "/etc/timezone",
    "/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/etc/os-release",
    "/etc/machine-id", "/etc/ssl", "/etc/pki", "/etc/ca-certificates",
    "/usr/share", "/lib/modules", "/usr/lib/modules", "/usr/src"};

/* Is path the folder, or, where that counts, in it? */
static bool is_in(struct dm_str path, const char *folder, bool below)
{
	size_t n = strlen(folder);

	return dm_str_starts(path, folder) &&
	       (path.n == n || (below && path.p[n] == '/'));
}

static bool is_called_socket(struct dm_str path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	struct dm_str name = path;

	if (slash) {
		name.p = slash + 1;
		name.n = path.n - (size_t)(name.p - path.p);
	}
	for (size_t i = 0; i < DM_COUNT(sockets); i++) {
		if (dm_str_is(name, sockets[i]))
			return true;
	}
	return false;
}

static bool holds_socket(struct dm_str path)
{
	for (size_t i = 0; i < DM_COUNT(socket_folders); i++) {
		if (dm_str_is(path, socket_folders[i]))
			return true;
	}
	return false;
}

static bool is_sensitive(struct dm_str path, bool writable)
{
	for (size_t i = 0; !writable && i < DM_COUNT(harmless); i++) {
		if (is_in(path, harmless[i], true))
			return false;
	}
	for (size_t i = 0; i < DM_COUNT(sensitive); i++) {
		if (is_in(path, sensitive[i].path, sensitive[i].below))
			return true;
	}
	return false;
}

void dm_posture_see_path(struct dm_posture_side *s, struct dm_str path,
    struct dm_str point, bool writable)
{
	DM_AUTO_BUF struct dm_buf note = {0};

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	dm_buf_add_str(&note, path);
	if (!dm_str_eq(path, point)) {
		dm_buf_add_cstr(&note, " at ");
		dm_buf_add_str(&note, point);
	}
	dm_buf_add_cstr(&note, writable ? " (rw)" : " (ro)");
	s->failed = s->failed || note.failed;
	if (is_called_socket(path) || is_called_socket(point) ||
	    holds_socket(path))
		dm_posture_find(
		    s, DM_POSTURE_RUNTIME_SOCKET, dm_buf_str(&note));
	if (dm_str_is(path, "/"))
		dm_posture_find(s, DM_POSTURE_HOST_ROOT, dm_buf_str(&note));
	else if (is_sensitive(path, writable))
		dm_posture_find(s,
		    writable ? DM_POSTURE_HOST_PATH_WRITE
			     : DM_POSTURE_HOST_PATH_READ,
		    dm_buf_str(&note));
}

static bool read_dev(struct dm_str word, uint64_t *ret)
{
	struct dm_str major;
	uint64_t a, b;

	if (!dm_str_cut(&word, ':', &major) || !word.p ||
	    !dm_str_u64(major, &a) || !dm_str_u64(word, &b) || a > UINT32_MAX ||
	    b > UINT32_MAX)
		return false;
	*ret = a << 32 | b;
	return true;
}

static bool is_rw(struct dm_str options)
{
	struct dm_str first;

	return dm_str_cut(&options, ',', &first) && dm_str_is(first, "rw");
}

/* 36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/root rw
 * Source: proc_pid_mountinfo(5). */
static bool read_mount(struct dm_str line, struct dm_posture_mount *ret)
{
	struct dm_posture_mount m = {0};
	struct dm_str word, options, super = {0};

	if (!dm_str_word(&line, &word) || !dm_str_word(&line, &word) ||
	    !dm_str_word(&line, &word) || !read_dev(word, &m.dev) ||
	    !dm_str_word(&line, &m.root) || !dm_str_word(&line, &m.point) ||
	    !dm_str_word(&line, &options))
		return false;
	while (dm_str_word(&line, &word) && !dm_str_is(word, "-"))
		;
	if (!dm_str_word(&line, &m.fstype) || !dm_str_word(&line, &word) ||
	    !dm_str_word(&line, &super))
		return false;
	m.writable = is_rw(options) && is_rw(super);
	*ret = m;
	return true;
}

bool dm_posture_mount_next(struct dm_str *rest, struct dm_posture_mount *ret)
{
	struct dm_str line;

	while (dm_str_line(rest, &line)) {
		if (read_mount(line, ret))
			return true;
	}
	return false;
}

static int by_dev(const void *a, const void *b)
{
	const struct dm_posture_mount *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	/* Longest roots first; of equals the shortest way there. */
	if (x->root.n != y->root.n)
		return x->root.n > y->root.n ? -1 : 1;
	return (x->point.n > y->point.n) - (x->point.n < y->point.n);
}

int dm_posture_mounts_read(
    struct dm_posture_mounts *m, struct dm_str text, struct dm_err *err)
{
	struct dm_posture_mounts new = {0};
	struct dm_str rest;
	size_t lines = 0;

	dm_buf_add_str(&new.text, text);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	new.list = calloc(lines + 1, sizeof(*new.list));
	if (!new.list || dm_buf_ok(&new.text, err) < 0) {
		dm_posture_mounts_release(&new);
		return dm_err_nomem(err);
	}
	rest = dm_buf_str(&new.text);
	while (new.n <= lines && dm_posture_mount_next(&rest, &new.list[new.n]))
		new.n++;
	if (new.n)
		qsort(new.list, new.n, sizeof(*new.list), by_dev);
	dm_posture_mounts_release(m);
	*m = new;
	return 0;
}

void dm_posture_mounts_release(struct dm_posture_mounts *m)
{
	free(m->list);
	dm_buf_release(&m->text);
	*m = (struct dm_posture_mounts){0};
}

/* What is left of root below another root: "/a/b" below "/a" is "/b". */
static bool below(struct dm_str root, struct dm_str top, struct dm_str *ret)
{
	size_t n = dm_str_is(top, "/") ? 0 : top.n;

	if (root.n < n || memcmp(root.p, top.p, n) != 0 ||
	    (root.n > n && root.p[n] != '/'))
		return false;
	*ret = (struct dm_str){root.p + n, root.n - n};
	return true;
}

bool dm_posture_mounts_path(const struct dm_posture_mounts *m,
    const struct dm_posture_mount *mount, struct dm_buf *b)
{
	size_t low = 0, high = m->n;
	struct dm_str rest;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->list[mid].dev < mount->dev)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < m->n && m->list[low].dev == mount->dev; low++) {
		const struct dm_posture_mount *on = &m->list[low];

		if (!below(mount->root, on->root, &rest))
			continue;
		if (!dm_str_is(on->point, "/") || rest.n < 2)
			dm_buf_add_str(b, on->point);
		if (rest.n > 1)
			dm_buf_add_str(b, rest);
		return true;
	}
	return false;
}
