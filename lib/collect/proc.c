/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

struct state {
	struct dm_proc_looker looker;
	struct dm_disks disks;
	pid_t *pids; /* of the container at hand, in order */
	size_t cap_pids;
	bool told_hidden, told_failed;
};

static void state_free(struct state *s)
{
	dm_proc_looker_release(&s->looker);
	dm_disks_release(&s->disks);
	free(s->pids);
	free(s);
}

static int open_proc(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct state *s = calloc(1, sizeof(*s));

	(void)index;
	if (!s)
		return dm_err_nomem(err);
	if (dm_proc_looker_init(&s->looker, c->options.procfs,
		c->options.interval_us, err) < 0 ||
	    dm_proc_users_new(c->options.rootfs, &s->looker.users, err) < 0 ||
	    dm_disks_init(&s->disks, &c->options, err) < 0) {
		state_free(s);
		return -1;
	}
	s->looker.disks = &s->disks;
	*ret_state = s;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The container's pids in order, each once (a process that moves between
 * nested cgroups may be listed twice), in s->pids. */
static int sort_pids(struct state *s, const struct dm_container *container,
    size_t *ret_n, struct dm_err *err)
{
	size_t n = 0;

	if (container->n_pids > s->cap_pids) {
		pid_t *grown =
		    reallocarray(s->pids, container->n_pids, sizeof(*grown));

		if (!grown)
			return dm_err_nomem(err);
		s->pids = grown;
		s->cap_pids = container->n_pids;
	}
	if (container->n_pids) {
		memcpy(s->pids, container->pids,
		    container->n_pids * sizeof(*s->pids));
		qsort(s->pids, container->n_pids, sizeof(*s->pids), by_pid);
	}
	for (size_t i = 0; i < container->n_pids; i++) {
		if (s->pids[i] > 0 && (n == 0 || s->pids[i] != s->pids[n - 1]))
			s->pids[n++] = s->pids[i];
	}
	*ret_n = n;
	return 0;
}

/* One that has ended may have left its pid to another. */
static struct dm_proc *look_or_renew(
    struct dm_proc_looker *l, struct dm_proc *p)
{
	pid_t pid = p->pid;

	if (dm_proc_look(l, p))
		return p;
	if (p->first) {
		dm_proc_free(l, p);
		return NULL;
	}
	dm_proc_free(l, p);
	p = dm_proc_new(l, pid);
	if (!p || dm_proc_look(l, p))
		return p;
	dm_proc_free(l, p);
	return NULL;
}

/* Look at those listed, let go of the others: both lists are in order. */
static int look_all(
    struct state *s, struct dm_proc_box *box, size_t n_pids, struct dm_err *err)
{
	struct dm_proc_looker *l = &s->looker;
	struct dm_proc **old = box->procs, **now;
	size_t n_old = box->n, n = 0, o = 0;

	now = calloc(n_pids + 1, sizeof(struct dm_proc *));
	if (!now)
		return dm_err_nomem(err);
	for (size_t i = 0; i < n_pids; i++) {
		struct dm_proc *p;

		for (; o < n_old && old[o]->pid < s->pids[i]; o++)
			dm_proc_free(l, old[o]);
		if (o < n_old && old[o]->pid == s->pids[i])
			p = old[o++];
		else
			p = dm_proc_new(l, s->pids[i]);
		p = p ? look_or_renew(l, p) : NULL;
		if (p)
			now[n++] = p;
	}
	for (; o < n_old; o++)
		dm_proc_free(l, old[o]);
	free(old);
	box->procs = now;
	box->n = n;
	return 0;
}

static int measure_container(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	struct dm_proc_box *box = container->state[index];
	struct state *s = state;
	size_t n_pids = 0;

	(void)c;
	if (!box) {
		box = calloc(1, sizeof(*box));
		if (!box)
			return dm_err_nomem(err);
		container->state[index] = box;
		container->base = &box->base;
		container->box = box;
	}
	if (sort_pids(s, container, &n_pids, err) < 0 ||
	    look_all(s, box, n_pids, err) < 0)
		return -1;
	dm_proc_mark_setup(&s->looker, box);
	dm_proc_base_update(box, container->init_pid);
	dm_proc_write(&s->looker, box, &container->parts[index]);
	return 0;
}

static int begin_sweep(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct state *s = state;

	(void)index, (void)err;
	(void)dm_proc_users_refresh(s->looker.users);
	dm_proc_looker_sweep(&s->looker, c->sweep);
	return 0;
}

/* What could not be seen is said once; a metric of each container counts
 * on. */
static int end_sweep(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct state *s = state;
	struct dm_proc_looker *l = &s->looker;
	struct dm_err why;

	(void)index, (void)err;
	if (l->hidden && !s->told_hidden && c->warn) {
		s->told_hidden = true;
		dm_err_set(&why, DM_EPERM,
		    "%zu processes cannot be seen whole (namespaces, root and "
		    "executable need CAP_SYS_PTRACE)",
		    l->hidden);
		c->warn(c->warn_ctx, dm_source_proc.name, &why);
	}
	if (l->err.code != DM_OK && !s->told_failed && c->warn) {
		s->told_failed = true;
		c->warn(c->warn_ctx, dm_source_proc.name, &l->err);
	}
	return 0;
}

static void forget_proc(
    void *state, struct dm_container *container, unsigned index)
{
	struct dm_proc_box *box = container->state[index];
	struct state *s = state;

	if (!box)
		return;
	for (size_t i = 0; i < box->n; i++)
		dm_proc_free(&s->looker, box->procs[i]);
	free(box->procs);
	free(box);
	container->state[index] = NULL;
	container->base = NULL;
	container->box = NULL;
}

static void close_proc(void *state)
{
	if (state)
		state_free(state);
}

const struct dm_source dm_source_proc = {
    .name = "proc",
    .help = "each process of each container, from /proc",
    .needs = "CAP_SYS_PTRACE for namespaces, root and executable of others' "
	     "processes",
    .needs_capabilities = true,
    .open = open_proc,
    .sample = begin_sweep,
    .container = measure_container,
    .finish = end_sweep,
    .forget = forget_proc,
    .close = close_proc,
};
