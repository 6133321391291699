/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/users.h"

#include <fcntl.h>
#include <unistd.h>

#define SCAN_US (2 * DM_US_PER_S)

static void close_users(void *state)
{
	struct dm_users *u = state;

	dm_proc_looker_release(&u->looker);
	dm_sessions_release(&u->host);
	dm_buf_release(&u->id);
	if (u->rootfs >= 0)
		close(u->rootfs);
	free(u->list);
	free(u->next);
	free(u->inside);
	free(u);
}

static int open_users(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	const struct dm_collect_options *o = &c->options;
	struct dm_users *u = calloc(1, sizeof(*u));

	(void)index;
	if (!u)
		return dm_err_nomem(err);
	u->rootfs = open(o->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dm_proc_looker_init(&u->looker, o->procfs, o->interval_us, err) <
		0 ||
	    dm_proc_users_new(o->rootfs, &u->looker.users, err) < 0) {
		close_users(u);
		return -1;
	}
	*ret_state = u;
	return 0;
}

static void say_gates(struct dm_users *u, const struct dm_collect *c)
{
	const struct dm_host_process *p = NULL;
	struct dm_err err;

	for (size_t i = 0; !u->told && c->warn && i < u->n; i++) {
		p = &u->list[i];
		if (!p->tty || !p->gate_known || p->gate != DM_GATE_UNKNOWN)
			continue;
		u->told = true;
		dm_err_set(&err, DM_EPERM,
		    "who has come by ssh or an engine's client cannot be seen "
		    "(executables of others need CAP_SYS_PTRACE)");
		c->warn(c->warn_ctx, dm_source_users.name, &err);
	}
}

static int sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct dm_part *part = &c->host[index];
	struct dm_users *u = state;

	(void)dm_proc_users_refresh(u->looker.users);
	dm_proc_looker_sweep(&u->looker, c->sweep);
	dm_part_clear(part);
	if (u->scans == 0 || u->pending ||
	    c->ts_us - u->scanned_us >= SCAN_US) {
		if (dm_users_scan(u, c, err) < 0)
			return -1;
		dm_users_settle_host(u);
		say_gates(u, c);
	}
	dm_sessions_write(u, &u->host, true, u->scans == 1, part);
	return 0;
}

/* The kernel's number of a session is the pid of who began it. */
static bool is_session(const struct dm_users *u, const struct dm_proc_box *box,
    const struct dm_proc *p, enum dm_session_how *ret)
{
	pid_t id = (pid_t)p->stat.session;
	const struct dm_proc *first;
	bool outside;

	/* What the container was made for is no session. */
	if (p->failed || p->setup || id <= 0 || id == box->base.pid)
		return false;
	first = dm_proc_box_find(box, id);
	if (!first) {
		*ret =
		    dm_users_find(u, id) ? DM_SESSION_ATTACH : DM_SESSION_TTY;
		return p->stat.tty != 0;
	}
	outside = !dm_proc_box_find(box, (pid_t)first->stat.ppid);
	*ret = outside ? DM_SESSION_EXEC : DM_SESSION_TTY;
	return p->stat.tty != 0 || (outside && p == first);
}

static void see(struct dm_sessions *list, const struct dm_proc_box *box,
    const struct dm_proc *p, enum dm_session_how how)
{
	pid_t id = (pid_t)p->stat.session;
	const struct dm_proc *first = dm_proc_box_find(box, id);
	size_t max =
	    how == DM_SESSION_TTY ? DM_SESSIONS_MAX : DM_SESSIONS_OUTSIDE_MAX;
	struct dm_session *s = dm_sessions_see(list, id, max);

	if (!s || s->alive)
		return;
	if (!first)
		first = p;
	s->alive = true;
	s->looks++;
	s->tty = p->stat.tty;
	if (s->settled)
		return;
	s->how = how;
	s->start = first->stat.start;
	s->n_uids = 0;
	if (first->view.uid_seen)
		dm_session_is(s, first->view.uid);
}

static void look(const struct dm_users *u, const struct dm_proc_box *box,
    struct dm_sessions *list)
{
	enum dm_session_how how;

	dm_sessions_begin(list);
	for (size_t i = 0; box->base.set && i < box->n; i++) {
		if (is_session(u, box, box->procs[i], &how))
			see(list, box, box->procs[i], how);
	}
	for (size_t i = 0; list->n && i < box->n; i++) {
		const struct dm_proc *p = box->procs[i];
		struct dm_session *s =
		    dm_sessions_find(list, (pid_t)p->stat.session);

		if (!s || !s->alive || p->failed || p->setup)
			continue;
		s->processes++;
		if (p->view.uid_seen)
			dm_session_is(s, p->view.uid);
	}
}

/* From the second look on: who is gone by then is told of by what else hears
 * of it, and who has opened it may be seen only now. */
static int sample_container(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	struct dm_sessions *list = container->state[index];
	struct dm_users *u = state;
	bool first = c->sweep == 0;

	if (!container->box)
		return dm_err_set(err, DM_ENODATA, "processes are not known");
	if (!list) {
		list = calloc(1, sizeof(*list));
		if (!list)
			return dm_err_nomem(err);
		container->state[index] = list;
	}
	look(u, container->box, list);
	for (size_t i = 0; i < list->n; i++) {
		struct dm_session *s = &list->list[i];

		if (!s->alive || s->settled)
			continue;
		if (first || s->looks > 1)
			dm_users_settle(u, container, list, s);
		if (!s->settled && s->how != DM_SESSION_TTY)
			u->pending = true;
	}
	dm_sessions_write(u, list, false, first, &container->parts[index]);
	return 0;
}

static void forget(void *state, struct dm_container *container, unsigned index)
{
	struct dm_sessions *list = container->state[index];

	(void)state;
	if (list)
		dm_sessions_release(list);
	free(list);
	container->state[index] = NULL;
}

const struct dm_source dm_source_users = {
    .name = "users",
    .help = "who is logged in: terminals, ssh, and exec into containers",
    .needs = "CAP_SYS_PTRACE to see who came by ssh or an engine's client",
    .needs_capabilities = true,
    .also = "proc",
    .open = open_users,
    .sample = sample,
    .container = sample_container,
    .forget = forget,
    .close = close_users,
};
