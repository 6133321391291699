/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* As many threads are looked at in a sweep; where there are more, each in
 * one of some sweeps. */
#define THREADS_PER_SWEEP 2000u

/* What a thread can have of its own. The others it shares: a pid namespace
 * is for life, and user and time namespaces are changed by processes of a
 * single thread only. Source: setns(2), unshare(2). */
#define THREAD_NS                                                              \
	(1u << DM_NS_NET | 1u << DM_NS_MNT | 1u << DM_NS_IPC |                 \
	    1u << DM_NS_UTS | 1u << DM_NS_CGROUP)

static bool thread_view(const struct dm_proc_looker *l, const struct dm_proc *p,
    int task, const char *name, pid_t tid, struct dm_proc_view *ret)
{
	static const enum dm_ns shared[] = {DM_NS_PID, DM_NS_USER, DM_NS_TIME};
	int dir = openat(task, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return false;
	dm_proc_view_read(l, dir, tid, THREAD_NS, ret);
	close(dir);
	if (!ret->root_seen)
		return false; /* it is ending, or can't be seen */
	for (size_t i = 0; i < DM_COUNT(shared); i++) {
		ret->ns[shared[i]] = p->view.ns[shared[i]];
		ret->ns_seen |= (uint8_t)(p->view.ns_seen & 1u << shared[i]);
	}
	return true;
}

/* Only what has been seen of both can differ: a thread that is ending has
 * left some. */
static bool differs(const struct dm_proc_view *a, const struct dm_proc_view *b)
{
	unsigned both = a->ns_seen & b->ns_seen;

	for (unsigned i = 0; i < DM_NS_N; i++) {
		if (both & 1u << i && a->ns[i] != b->ns[i])
			return true;
	}
	if (a->root_seen && b->root_seen &&
	    (a->root_dev != b->root_dev || a->root_ino != b->root_ino))
		return true;
	if (a->uid_seen && b->uid_seen && a->uid != b->uid)
		return true;
	return a->caps_seen && b->caps_seen &&
	       memcmp(a->caps, b->caps, sizeof(a->caps)) != 0;
}

static const struct dm_proc_thread *known(const struct dm_proc *p, pid_t tid)
{
	for (size_t i = 0; i < p->n_threads; i++) {
		if (p->threads[i].tid == tid)
			return &p->threads[i];
	}
	return NULL;
}

/* The threads that differ, as they are found. */
struct found {
	struct dm_proc_thread *threads;
	size_t n, cap;
};

static void add(
    struct dm_proc_looker *l, struct found *f, const struct dm_proc_thread *t)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 4;
		void *grown = realloc(f->threads, cap * sizeof(*t));

		if (!grown) {
			(void)dm_err_nomem(&l->err);
			return;
		}
		f->threads = grown;
		f->cap = cap;
	}
	f->threads[f->n++] = *t;
}

static void look_thread(struct dm_proc_looker *l, const struct dm_proc *p,
    int task, const char *name, struct found *f)
{
	unsigned turns = (unsigned)(l->threads_last / THREADS_PER_SWEEP) + 1;
	struct dm_proc_thread t = {0};
	const struct dm_proc_thread *old;
	uint64_t tid;

	if (!dm_str_u64(dm_str(name), &tid) || tid > INT32_MAX ||
	    (pid_t)tid == p->pid)
		return;
	t.tid = (pid_t)tid;
	if ((l->threads++ + l->sweep) % turns == 0) {
		if (thread_view(l, p, task, name, t.tid, &t.view) &&
		    differs(&t.view, &p->view))
			add(l, f, &t);
		return;
	}
	old = known(p, t.tid);
	if (old)
		add(l, f, old);
}

static void walk(struct dm_proc_looker *l, const struct dm_proc *p, int task,
    struct found *f)
{
	char buf[8192] __attribute__((aligned(8)));
	ssize_t got;

	while ((got = getdents64(task, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < got;) {
			const struct dirent64 *e = (const void *)(buf + i);

			look_thread(l, p, task, e->d_name, f);
			i += e->d_reclen;
		}
	}
}

void dm_proc_look_threads(struct dm_proc_looker *l, struct dm_proc *p)
{
	struct found f = {0};
	int task = -1;

	if (p->stat.threads > 1 && l->live)
		task =
		    openat(p->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (task >= 0) {
		walk(l, p, task, &f);
		close(task);
	}
	free(p->threads);
	p->threads = f.threads;
	p->n_threads = f.n;
}
