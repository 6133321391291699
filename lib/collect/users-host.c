/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/users.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/array.h"
#include "collect/discover.h"
#include "collect/membership.h"

/* A young process may still begin a session, or take a terminal; of the
 * others some are read in each scan, for all that. */
#define YOUNG_TICKS 1000
#define TURNS	    16

#define PID_MAX (1 << 22) /* include/linux/threads.h */

static int mark(struct dm_users *u, pid_t pid, struct dm_err *err)
{
	size_t word = (size_t)pid / 64;

	if (word >= u->inside_words) {
		size_t n = word + word / 2 + 64;
		uint64_t *grown =
		    reallocarray(u->inside, n, sizeof(*u->inside));

		if (!grown)
			return dm_err_nomem(err);
		memset(grown + u->inside_words, 0,
		    (n - u->inside_words) * sizeof(*grown));
		u->inside = grown;
		u->inside_words = n;
	}
	u->inside[word] |= UINT64_C(1) << (unsigned)pid % 64;
	return 0;
}

static bool is_inside(const struct dm_users *u, int64_t pid)
{
	return pid > 0 && (uint64_t)pid / 64 < u->inside_words &&
	       u->inside[pid / 64] >> pid % 64 & 1;
}

static int mark_all(
    struct dm_users *u, const struct dm_collect *c, struct dm_err *err)
{
	if (u->inside_words)
		memset(u->inside, 0, u->inside_words * sizeof(*u->inside));
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct dm_container *box = c->containers[i];

		for (size_t k = 0; k < box->n_pids; k++) {
			pid_t pid = box->pids[k];

			if (pid > 0 && pid <= PID_MAX && mark(u, pid, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct dm_host_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Each process that is in no container, into u->next. */
static int list_processes(struct dm_users *u, struct dm_err *err)
{
	int fd =
	    openat(u->looker.procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	uint64_t pid;
	int status = 0;

	u->n_next = 0;
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return dm_err_errno(err, errno, "the folder of processes");
	}
	while (status == 0 && (entry = readdir(dir))) {
		if (!dm_str_u64(dm_str(entry->d_name), &pid) || pid == 0 ||
		    pid > PID_MAX || is_inside(u, (int64_t)pid))
			continue;
		status = dm_array_grow(
		    &u->next, u->n_next, &u->cap_next, sizeof(*u->next), err);
		if (status == 0)
			u->next[u->n_next++] = (struct dm_host_process){
			    .pid = (pid_t)pid, .inode = entry->d_ino};
	}
	closedir(dir);
	if (u->n_next)
		qsort(u->next, u->n_next, sizeof(*u->next), by_pid);
	return status;
}

/* /proc/PID itself belongs to the effective user. */
static bool read_user(struct dm_users *u, struct dm_host_process *p)
{
	struct dm_proc_status status;
	struct stat st;
	char name[32];

	snprintf(name, sizeof(name), "%ld", (long)p->pid);
	if (u->looker.live) {
		if (fstatat(u->looker.procfs, name, &st, 0) < 0)
			return false;
		p->uid = st.st_uid;
		return true;
	}
	snprintf(name, sizeof(name), "%ld/status", (long)p->pid);
	if (dm_proc_read(&u->looker, u->looker.procfs, name) != 0)
		return false;
	dm_proc_status_parse(dm_buf_str(&u->looker.text), &status);
	p->uid = status.uid;
	return status.have & DM_STATUS_UID;
}

static bool read_process(struct dm_users *u, struct dm_host_process *p)
{
	struct dm_proc_stat s;
	char name[32];

	snprintf(name, sizeof(name), "%ld/stat", (long)p->pid);
	if (!read_user(u, p) ||
	    dm_proc_read(&u->looker, u->looker.procfs, name) != 0 ||
	    !dm_proc_stat_parse(dm_buf_str(&u->looker.text), &s))
		return false;
	p->gate_known = false;
	p->parent = s.ppid;
	p->session = s.session;
	p->tty = s.tty;
	p->start = s.start;
	return true;
}

static bool is_due(const struct dm_users *u, const struct dm_host_process *p)
{
	return p->start == 0 || p->tty != 0 ||
	       u->looker.now_ticks < p->start + YOUNG_TICKS ||
	       ((uint64_t)p->pid + u->scans) % TURNS == 0;
}

/* What is known of processes that are there still, is; the others are read. */
static void read_all(struct dm_users *u)
{
	size_t n = 0, o = 0;

	for (size_t i = 0; i < u->n_next; i++) {
		struct dm_host_process p = u->next[i];

		while (o < u->n && u->list[o].pid < p.pid)
			o++;
		if (o < u->n && u->list[o].pid == p.pid &&
		    u->list[o].inode == p.inode)
			p = u->list[o];
		if (!is_due(u, &p) || read_process(u, &p))
			u->next[n++] = p;
	}
	u->n_next = n;
}

struct dm_host_process *dm_users_find(const struct dm_users *u, pid_t pid)
{
	struct dm_host_process key = {.pid = pid};

	if (u->n == 0)
		return NULL;
	return bsearch(&key, u->list, u->n, sizeof(*u->list), by_pid);
}

static bool is_sshd(const struct dm_users *u, struct dm_host_process *p)
{
	return p && dm_gate_of_known(u, p) == DM_GATE_SSH;
}

/*
 * sshd begins a session for each connection, and in that one for the user.
 * The first is not meant. The second may stay sshd's own program, which then
 * speaks sftp.
 */
static bool is_behind_sshd(const struct dm_users *u, struct dm_host_process *p)
{
	struct dm_host_process *parent = dm_users_find(u, (pid_t)p->parent);

	if (!is_sshd(u, parent))
		return false;
	return !is_sshd(u, p) ||
	       is_sshd(u, dm_users_find(u, (pid_t)parent->parent));
}

/* Programs that wait for a user, or for what he does to end. */
static bool is_waiting(const struct dm_users *u, struct dm_host_process *p)
{
	enum dm_gate gate = dm_gate_of_known(u, p);

	return gate == DM_GATE_SSH || gate == DM_GATE_LOGIN;
}

static bool begins_or_has_terminal(
    const struct dm_users *u, struct dm_host_process *p)
{
	if (is_inside(u, p->session))
		return false;
	if (p->tty)
		return !is_waiting(u, p);
	return p->pid == p->session && is_behind_sshd(u, p);
}

/* One that began after the containers were looked through. */
static bool is_container(
    struct dm_users *u, const struct dm_collect *c, pid_t pid)
{
	struct dm_str path, cgroup;
	char name[32];

	snprintf(name, sizeof(name), "%ld/cgroup", (long)pid);
	return c->cgroups &&
	       dm_proc_read(&u->looker, u->looker.procfs, name) == 0 &&
	       dm_membership_path(dm_buf_str(&u->looker.text),
		   dm_cgroups_v2(c->cgroups, DM_CONTROLLER_CPUACCT), &path) &&
	       dm_membership_container(path, &u->id, &cgroup);
}

static void see(struct dm_users *u, const struct dm_collect *c,
    const struct dm_host_process *p)
{
	const struct dm_host_process *first =
	    dm_users_find(u, (pid_t)p->session);
	struct dm_session *s = dm_sessions_find(&u->host, (pid_t)p->session);

	if (!s && is_container(u, c, p->pid))
		return;
	s = dm_sessions_see(&u->host, (pid_t)p->session, DM_SESSIONS_MAX);
	if (!s || s->alive)
		return;
	if (!first)
		first = p;
	s->alive = true;
	s->looks++;
	s->tty = p->tty;
	if (s->settled)
		return;
	s->start = first->start;
	s->n_uids = 0;
	dm_session_is(s, first->uid);
}

static void find_sessions(struct dm_users *u, const struct dm_collect *c)
{
	dm_sessions_begin(&u->host);
	for (size_t i = 0; i < u->n; i++) {
		if (begins_or_has_terminal(u, &u->list[i]))
			see(u, c, &u->list[i]);
	}
	for (size_t i = 0; i < u->n; i++) {
		const struct dm_host_process *p = &u->list[i];
		struct dm_session *s =
		    dm_sessions_find(&u->host, (pid_t)p->session);

		if (!s || !s->alive || (p->tty && p->gate == DM_GATE_LOGIN))
			continue;
		s->processes++;
		dm_session_is(s, p->uid);
	}
}

int dm_users_scan(
    struct dm_users *u, const struct dm_collect *c, struct dm_err *err)
{
	struct dm_host_process *t = u->list;
	size_t cap = u->cap;

	if (mark_all(u, c, err) < 0 || list_processes(u, err) < 0)
		return -1;
	if (u->scans % TURNS == 0)
		dm_gates_refresh(u);
	read_all(u);
	u->list = u->next;
	u->n = u->n_next;
	u->cap = u->cap_next;
	u->next = t;
	u->cap_next = cap;
	find_sessions(u, c);
	u->scans++;
	u->scanned_us = c->ts_us;
	u->pending = false;
	return 0;
}
