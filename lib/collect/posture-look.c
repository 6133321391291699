/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/posture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "collect/cgroup_parse.h"
#include "collect/discover.h"
#include "collect/reread.h"

/* A runtime needs moments to set a container up; see proc-base.c. */
#define SETUP_MAX_S 10

/* To find the eldest so many processes are looked at. */
#define ELDEST_OF 64

/* Memory limits from here on are none: v1 has no word for it. */
#define NO_LIMIT (UINT64_C(1) << 62)

/* Mounts. */

/* Filesystems that a container has of its own, though they may be the same
 * device as the host's. */
static bool is_kernels(const struct dm_posture_mount *m)
{
	return dm_str_is(m->fstype, "proc") || dm_str_is(m->fstype, "sysfs") ||
	       dm_str_starts(m->fstype, "cgroup");
}

static bool is_own(const struct dm_posture_mount *m)
{
	return is_kernels(m) &&
	       (dm_str_is(m->point, "/proc") || dm_str_is(m->point, "/sys") ||
		   dm_str_starts(m->point, "/proc/") ||
		   dm_str_starts(m->point, "/sys/"));
}

/* Folders of the host that are mounted, and all that is mounted in them
 * there: --volume /:/host brings the host's /proc along as /host/proc. */
#define BINDS_MAX 32

struct binds {
	struct dm_str point[BINDS_MAX];
	struct dm_buf path[BINDS_MAX];
	size_t n;
};

static void binds_release(struct binds *b)
{
	for (size_t i = 0; i < b->n; i++)
		dm_buf_release(&b->path[i]);
}

/* What follows the folder in path: "/x" of "/a/x"; false: it is not in it. */
static bool rest_of(
    struct dm_str path, struct dm_str folder, struct dm_str *ret)
{
	size_t n = dm_str_is(folder, "/") ? 0 : folder.n;

	if (path.n <= n || memcmp(path.p, folder.p, n) != 0 || path.p[n] != '/')
		return false;
	*ret = (struct dm_str){path.p + n, path.n - n};
	return true;
}

static bool came_along(
    const struct binds *b, struct dm_str path, const struct dm_posture_mount *m)
{
	for (size_t i = 0; i < b->n; i++) {
		struct dm_str from = dm_buf_str(&b->path[i]), there, here;

		if (!rest_of(m->point, b->point[i], &here))
			continue;
		/* The folder may hold the container's own root, and so what
		 * is mounted there: the engine's folder, the host's root. */
		if (dm_str_is(from, "/") || is_kernels(m) ||
		    (rest_of(path, from, &there) && dm_str_eq(there, here)))
			return true;
	}
	return false;
}

/* Returns false where it came along with another. */
static bool see_source(struct dm_posture_side *s,
    const struct dm_posture_mounts *host, const struct dm_posture_mount *m,
    struct binds *b)
{
	DM_AUTO_BUF struct dm_buf buf = {0};
	struct dm_str path;

	if (is_own(m) || !dm_posture_mounts_path(host, m, &buf))
		return true;
	path = dm_buf_str(&buf);
	s->failed = s->failed || buf.failed;
	if (came_along(b, path, m))
		return false;
	/* Where its own files lie on the host is no finding. */
	if (dm_str_is(m->point, "/") && !dm_str_is(path, "/"))
		return true;
	dm_posture_see_path(s, path, m->point, m->writable);
	if (b->n < BINDS_MAX) {
		b->point[b->n] = m->point;
		b->path[b->n++] = buf;
		buf = (struct dm_buf){0};
	}
	return true;
}

static bool is_masked(const struct dm_posture_mount *m)
{
	static const char *const masks[] = {"/proc/kcore", "/proc/keys",
	    "/proc/acpi", "/proc/scsi", "/proc/timer_list", "/proc/sched_debug",
	    "/proc/interrupts", "/proc/latency_stats"};

	for (size_t i = 0; i < DM_COUNT(masks); i++) {
		if (dm_str_is(m->point, masks[i]))
			return true;
	}
	return false;
}

void dm_posture_see_mounts(struct dm_posture_side *s,
    const struct dm_posture_mounts *host, struct dm_str mountinfo)
{
	DM_CLEANUP(binds_release) struct binds binds = {0};
	struct dm_posture_mount m;
	bool root = false, proc = false, proc_sys = false, masked = false;
	bool sys = false, cgroup = false;

	if (mountinfo.n == 0)
		return;
	for (unsigned i = DM_POSTURE_RUNTIME_SOCKET;
	     host->n && i <= DM_POSTURE_HOST_PATH_READ; i++)
		dm_posture_see(s, i, false);
	/* Of several at one place the last is on top. */
	while (dm_posture_mount_next(&mountinfo, &m)) {
		if (dm_str_is(m.point, "/"))
			root = m.writable;
		else if (dm_str_is(m.point, "/proc"))
			proc = proc_sys = m.writable;
		else if (dm_str_is(m.point, "/proc/sys"))
			proc_sys = m.writable;
		masked = masked || is_masked(&m);
		if (!see_source(s, host, &m, &binds) || !m.writable)
			continue;
		sys = sys || dm_str_is(m.fstype, "sysfs");
		cgroup = cgroup || dm_str_starts(m.fstype, "cgroup");
	}
	dm_posture_see(s, DM_POSTURE_ROOTFS_WRITABLE, root);
	dm_posture_see(s, DM_POSTURE_PROC_SYS_WRITABLE, proc_sys);
	dm_posture_see(s, DM_POSTURE_PROC_UNMASKED, proc && !masked);
	dm_posture_see(s, DM_POSTURE_SYS_WRITABLE, sys);
	dm_posture_see(s, DM_POSTURE_CGROUP_WRITABLE, cgroup);
}

/* What the first process may do. */

static bool is_there(const char *sysfs, const char *name)
{
	DM_AUTO_BUF struct dm_buf path = {0};

	dm_buf_addf(&path, "%s/%s", sysfs, name);
	return access(dm_buf_cstr(&path), F_OK) == 0;
}

void dm_posture_without_lsm(struct dm_posture_side *s, const char *sysfs)
{
	uint64_t none = 0;

	if (!is_there(sysfs, "module/apparmor"))
		none |= UINT64_C(1) << DM_POSTURE_APPARMOR_OFF;
	if (!is_there(sysfs, "fs/selinux"))
		none |= UINT64_C(1) << DM_POSTURE_SELINUX_OFF;
	s->seen &= ~none;
	s->found &= ~none;
}

void dm_posture_see_attr(struct dm_posture_side *s, struct dm_str text)
{
	struct dm_str rest, user, role, type;

	/* It may end in a NUL. */
	while (text.n && (unsigned char)text.p[text.n - 1] <= ' ')
		text.n--;
	rest = text;
	if (text.n == 0)
		return;
	if (dm_str_cut(&rest, ':', &user) && dm_str_cut(&rest, ':', &role) &&
	    dm_str_cut(&rest, ':', &type)) {
		if (dm_str_is(type, "spc_t") || dm_str_is(type, "unconfined_t"))
			dm_posture_find(s, DM_POSTURE_SELINUX_OFF, text);
		dm_posture_see(s, DM_POSTURE_SELINUX_OFF, false);
		return;
	}
	if (dm_str_is(text, "unconfined") || dm_str_ends(text, "(complain)"))
		dm_posture_find(s, DM_POSTURE_APPARMOR_OFF, text);
	dm_posture_see(s, DM_POSTURE_APPARMOR_OFF, false);
}

static bool read_text(struct dm_posture_looker *l, int dir, const char *name)
{
	int failed = dm_proc_read(&l->proc, dir, name);

	l->no_memory = l->no_memory || failed == ENOMEM;
	return failed == 0;
}

static void see_status(struct dm_posture_looker *l, struct dm_posture_side *s,
    const struct dm_proc_status *st, bool host_user)
{
	uint64_t caps = st->caps[DM_CAPS_BOUNDING];
	bool off = st->have & DM_STATUS_SECCOMP && st->seccomp == 0;

	if (st->have & DM_STATUS_SECCOMP)
		dm_posture_see(s, DM_POSTURE_SECCOMP_OFF, off);
	if (st->have & DM_STATUS_NO_NEW_PRIVS)
		dm_posture_see(s, DM_POSTURE_NEW_PRIVILEGES, !st->no_new_privs);
	if (st->have & DM_STATUS_UID)
		dm_posture_see(s, DM_POSTURE_ROOT_USER, st->uid == 0);
	if (!(st->have & DM_STATUS_CAPS << DM_CAPS_BOUNDING))
		return;
	/* In another user namespace they are about what belongs to that. */
	dm_posture_see_caps(s, host_user ? caps : 0);
	if (l->host_caps && st->have & DM_STATUS_SECCOMP)
		dm_posture_see(s, DM_POSTURE_PRIVILEGED,
		    off && host_user && (l->host_caps & ~caps) == 0);
}

/* Does a user namespace call the host's users what the host calls them? */
static bool maps_all(struct dm_str map)
{
	struct dm_str inside, outside, n;

	return dm_str_word(&map, &inside) && dm_str_word(&map, &outside) &&
	       dm_str_word(&map, &n) && dm_str_is(inside, "0") &&
	       dm_str_is(outside, "0") && dm_str_is(n, "4294967295");
}

/* Is root in it the host's root? False: not known, and not answered. */
static bool see_user(struct dm_posture_looker *l, int dir,
    const struct dm_proc_view *view, struct dm_posture_side *s)
{
	const struct dm_proc_view *host = &l->proc.host;
	bool is = false,
	     known = view->ns_seen & host->ns_seen & 1u << DM_NS_USER;

	if (known)
		is = view->ns[DM_NS_USER] == host->ns[DM_NS_USER];
	if (!is && read_text(l, dir, "uid_map")) {
		is = maps_all(dm_buf_str(&l->proc.text));
		known = true;
	}
	if (known)
		dm_posture_see(s, DM_POSTURE_HOST_USER, is);
	return is;
}

static void see_namespaces(const struct dm_posture_looker *l,
    const struct dm_proc_view *view, struct dm_posture_side *s)
{
	static const struct {
		enum dm_ns ns;
		enum dm_posture_check check;
	} of[] = {
	    {DM_NS_PID, DM_POSTURE_HOST_PID},
	    {DM_NS_NET, DM_POSTURE_HOST_NETWORK},
	    {DM_NS_IPC, DM_POSTURE_HOST_IPC},
	    {DM_NS_UTS, DM_POSTURE_HOST_UTS},
	    {DM_NS_CGROUP, DM_POSTURE_HOST_CGROUP},
	};
	const struct dm_proc_view *host = &l->proc.host;

	for (size_t i = 0; i < DM_COUNT(of); i++) {
		if (view->ns_seen & host->ns_seen & 1u << of[i].ns)
			dm_posture_see(s, of[i].check,
			    view->ns[of[i].ns] == host->ns[of[i].ns]);
	}
}

static void see_process(
    struct dm_posture_looker *l, int dir, pid_t pid, struct dm_posture_side *s)
{
	struct dm_proc_status status = {0};
	struct dm_proc_view view;
	bool host_user;

	dm_proc_view_read(&l->proc, dir, pid, (1u << DM_NS_N) - 1, &view);
	see_namespaces(l, &view, s);
	host_user = see_user(l, dir, &view, s);
	if (read_text(l, dir, "status"))
		dm_proc_status_parse(dm_buf_str(&l->proc.text), &status);
	see_status(l, s, &status, host_user);
	if (read_text(l, dir, "attr/apparmor/current") ||
	    read_text(l, dir, "attr/current"))
		dm_posture_see_attr(s, dm_buf_str(&l->proc.text));
	if (read_text(l, dir, "mountinfo"))
		dm_posture_see_mounts(s, &l->host, dm_buf_str(&l->proc.text));
}

/* Limits. */

static bool read_limit(struct dm_posture_looker *l, const struct dm_collect *c,
    const struct dm_container *container, enum dm_controller controller,
    const char *file)
{
	struct dm_err err;
	int failed, fd;

	if (!c->cgroups)
		return false;
	fd = dm_cgroups_open(c->cgroups, container, controller, file, &err);
	if (fd < 0) {
		l->no_memory = l->no_memory || err.code == DM_ENOMEM;
		return false;
	}
	failed = dm_reread_fd(fd, &l->text);
	l->no_memory = l->no_memory || failed == ENOMEM;
	close(fd);
	return failed == 0;
}

static void see_limits(struct dm_posture_looker *l, const struct dm_collect *c,
    const struct dm_container *container, struct dm_posture_side *s)
{
	bool v2 = c->cgroups && dm_cgroups_v2(c->cgroups, DM_CONTROLLER_CPU);
	uint64_t value, period;

	if ((read_limit(l, c, container, DM_CONTROLLER_MEMORY, "memory.max") ||
		read_limit(l, c, container, DM_CONTROLLER_MEMORY,
		    "memory.limit_in_bytes")) &&
	    dm_cgroup_u64(dm_buf_str(&l->text), &value))
		dm_posture_see(
		    s, DM_POSTURE_MEMORY_UNLIMITED, value >= NO_LIMIT);
	if (read_limit(l, c, container, DM_CONTROLLER_PIDS, "pids.max") &&
	    dm_cgroup_u64(dm_buf_str(&l->text), &value))
		dm_posture_see(
		    s, DM_POSTURE_PIDS_UNLIMITED, value == UINT64_MAX);
	if (!read_limit(l, c, container, DM_CONTROLLER_CPU,
		v2 ? "cpu.max" : "cpu.cfs_quota_us"))
		return;
	if (!v2)
		dm_posture_see(s, DM_POSTURE_CPU_UNLIMITED,
		    l->text.n && l->text.p[0] == '-');
	else if (dm_cgroup_cpu_max(dm_buf_str(&l->text), &value, &period))
		dm_posture_see(
		    s, DM_POSTURE_CPU_UNLIMITED, value == UINT64_MAX);
}

/* Whom to look at. */

static int open_process(const struct dm_posture_looker *l, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%ld", (long)pid);
	return openat(l->proc.procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool started(struct dm_posture_looker *l, int dir, uint64_t *ret)
{
	struct dm_proc_stat stat;

	if (!read_text(l, dir, "stat") ||
	    !dm_proc_stat_parse(dm_buf_str(&l->proc.text), &stat))
		return false;
	*ret = stat.start;
	return true;
}

/* 0: there is none. */
static pid_t first_process(
    struct dm_posture_looker *l, const struct dm_container *container)
{
	uint64_t start, oldest = UINT64_MAX;
	pid_t first = 0;

	for (size_t i = 0; container->init_pid && i < container->n_pids; i++) {
		if (container->pids[i] == container->init_pid)
			return container->init_pid;
	}
	if (container->n_pids == 1)
		return container->pids[0];
	for (size_t i = 0; i < container->n_pids && i < ELDEST_OF; i++) {
		int dir = open_process(l, container->pids[i]);

		if (dir < 0)
			continue;
		if (started(l, dir, &start) && start < oldest) {
			oldest = start;
			first = container->pids[i];
		}
		close(dir);
	}
	return first;
}

/* Is it, as yet, a runtime that makes the container's first process? */
static bool is_setup(const struct dm_posture_looker *l, int dir, uint64_t start)
{
	char exe[4096];
	ssize_t n = readlinkat(dir, "exe", exe, sizeof(exe));

	return n > 0 && l->proc.now_ticks &&
	       l->proc.now_ticks < start + SETUP_MAX_S * l->proc.ticks_per_s &&
	       dm_proc_is_runtime((struct dm_str){exe, (size_t)n});
}

bool dm_posture_look(struct dm_posture_looker *l, const struct dm_collect *c,
    const struct dm_container *container, struct dm_posture_side *ret)
{
	uint64_t before, after;
	bool seen;
	pid_t pid;
	int dir;

	l->no_memory = false;
	pid = first_process(l, container);
	dir = pid > 0 ? open_process(l, pid) : -1;

	dm_posture_side_clear(ret);
	if (dir < 0) {
		ret->failed = l->no_memory;
		return false;
	}
	seen = started(l, dir, &before) && !is_setup(l, dir, before);
	if (seen) {
		see_process(l, dir, pid, ret);
		see_limits(l, c, container, ret);
	}
	/* It may have ended meanwhile, and have left its pid to another. */
	seen = seen && started(l, dir, &after) && before == after;
	ret->failed = ret->failed || l->no_memory;
	close(dir);
	return seen;
}

/* What is the host's. */

int dm_posture_looker_host(struct dm_posture_looker *l, struct dm_err *err)
{
	struct dm_proc_status status;
	bool there;

	l->no_memory = false;
	if (read_text(l, l->proc.procfs, "1/status")) {
		dm_proc_status_parse(dm_buf_str(&l->proc.text), &status);
		l->host_caps = status.caps[DM_CAPS_BOUNDING];
	}
	/* Without the right to, one's own mounts are the best there is. */
	there = read_text(l, l->proc.procfs, "1/mountinfo") ||
		read_text(l, l->proc.procfs, "self/mountinfo");
	if (l->no_memory)
		return dm_err_nomem(err);
	if (!there)
		return 0;
	return dm_posture_mounts_read(&l->host, dm_buf_str(&l->proc.text), err);
}

int dm_posture_looker_init(
    struct dm_posture_looker *l, const char *procfs, struct dm_err *err)
{
	*l = (struct dm_posture_looker){0};
	return dm_proc_looker_init(&l->proc, procfs, 0, err);
}

void dm_posture_looker_release(struct dm_posture_looker *l)
{
	dm_proc_looker_release(&l->proc);
	dm_posture_mounts_release(&l->host);
	dm_buf_release(&l->text);
}
