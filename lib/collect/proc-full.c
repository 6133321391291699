/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static void look_status(struct dm_proc_looker *l, struct dm_proc *p)
{
	if (dm_proc_read(l, p->dir, "status") == 0)
		dm_proc_status_parse(dm_buf_str(&l->text), &p->full.status);
}

static void set_exe(struct dm_proc *p, struct dm_str target)
{
	char *copy;

	if (p->exe && dm_str_eq((struct dm_str){p->exe, p->exe_n}, target))
		return;
	copy = dm_str_dup(target);
	free(p->exe);
	p->exe = copy;
	p->exe_n = copy ? target.n : 0;
}

static void forget_exe(struct dm_proc *p)
{
	free(p->exe);
	p->exe = NULL;
	p->exe_n = 0;
}

/* Who has no executable has no memory any more: it is ending, and has begun
 * to leave what it had. */
static void leave_out(struct dm_proc_view *v)
{
	v->ns_seen &= 1u << DM_NS_USER;
	v->root_seen = false;
}

static uint64_t mount_in(const struct statx *st)
{
	return st->stx_mask & STATX_MNT_ID ? st->stx_mnt_id : 0;
}

static void look_exe(const struct dm_proc_looker *l, struct dm_proc *p)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(p->dir, "exe", target, sizeof(target));
	struct dm_str text = {target, n > 0 ? (size_t)n : 0};
	struct statx st;

	if (n <= 0) {
		if (l->live && n < 0 && errno == ENOENT)
			leave_out(&p->view);
		forget_exe(p);
		return;
	}
	set_exe(p, text);
	p->full.seen |= DM_SEEN_EXE;
	/* The text alone can be feigned by a file of that name, the count of
	 * links says nothing where another link is left. */
	p->full.deleted = dm_str_ends(text, " (deleted)");
	if (l->live &&
	    dm_proc_statx(p->dir, "exe", STATX_NLINK | STATX_MNT_ID, &st)) {
		p->full.deleted = p->full.deleted || st.stx_nlink == 0;
		p->full.exe_mount = mount_in(&st);
	}
	p->full.memfd = p->full.deleted && dm_str_starts(text, "/memfd:");
}

/* 0: can't be seen. */
static uint64_t mount_of(int dir, const char *name)
{
	struct statx st;

	return dm_proc_statx(dir, name, STATX_MNT_ID, &st) ? mount_in(&st) : 0;
}

/* Is it one that the process can't have reached by its path? 1, 0, or -1:
 * can't be seen. */
static int is_foreign(
    struct dm_proc_looker *l, const struct dm_proc *p, uint64_t mount)
{
	if (!mount || !p->full.root_mount)
		return -1;
	if (mount == p->full.root_mount)
		return 0;
	if (dm_proc_read(l, p->dir, "mountinfo") != 0)
		return -1;
	return !dm_proc_mountinfo_has(dm_buf_str(&l->text), mount);
}

int dm_proc_exe_is_foreign(struct dm_proc_looker *l, const struct dm_proc *p)
{
	if (!l->live || p->full.memfd)
		return -1;
	return is_foreign(l, p, p->full.exe_mount);
}

static void look_cwd(struct dm_proc_looker *l, struct dm_proc *p)
{
	int foreign = 1;

	/* It may move between two looks. */
	for (int i = 0; foreign == 1 && i < 2; i++) {
		p->full.root_mount = mount_of(p->dir, "root");
		foreign = is_foreign(l, p, mount_of(p->dir, "cwd"));
	}
	if (foreign < 0)
		return;
	p->full.seen |= DM_SEEN_CWD;
	p->full.foreign_cwd = foreign;
}

static void look_uid_inside(struct dm_proc_looker *l, struct dm_proc *p)
{
	unsigned bit = 1u << DM_NS_USER;
	uint32_t uid = p->view.uid;

	if (!l->live)
		uid = p->full.status.uid;
	if (p->view.ns_seen & l->host.ns_seen & bit &&
	    p->view.ns[DM_NS_USER] == l->host.ns[DM_NS_USER]) {
		p->full.uid_inside = uid;
	} else if (dm_proc_read(l, p->dir, "uid_map") != 0 ||
		   !dm_proc_uid_inside(
		       dm_buf_str(&l->text), uid, &p->full.uid_inside)) {
		return;
	}
	p->full.seen |= DM_SEEN_UID_INSIDE;
}

void dm_proc_look_program(struct dm_proc_looker *l, struct dm_proc *p)
{
	look_exe(l, p);
	if (l->live)
		look_cwd(l, p);
}

void dm_proc_look_full(struct dm_proc_looker *l, struct dm_proc *p)
{
	p->full = (struct dm_proc_full){0};
	look_status(l, p);
	look_uid_inside(l, p);
	dm_proc_look_program(l, p);
}
