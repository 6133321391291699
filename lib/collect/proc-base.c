/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

/* A runtime needs moments for this; one that takes longer is no runtime. */
#define SETUP_MAX_S 10

struct dm_proc *dm_proc_box_find(const struct dm_proc_box *box, pid_t pid)
{
	size_t low = 0, high = box->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (box->procs[mid]->pid == pid)
			return box->procs[mid];
		if (box->procs[mid]->pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static struct dm_proc *parent_of(
    const struct dm_proc_box *box, const struct dm_proc *p)
{
	if (p->stat.ppid <= 0 || p->stat.ppid > INT32_MAX)
		return NULL;
	return dm_proc_box_find(box, (pid_t)p->stat.ppid);
}

static bool is_young(const struct dm_proc_looker *l, const struct dm_proc *p)
{
	return l->now_ticks &&
	       l->now_ticks < p->stat.start + SETUP_MAX_S * l->ticks_per_s;
}

static bool looks_like_setup(
    const struct dm_proc_looker *l, const struct dm_proc *p)
{
	return !p->failed && p->exe && is_young(l, p) &&
	       dm_proc_is_runtime((struct dm_str){p->exe, p->exe_n});
}

/*
 * Any process can call itself runc. A true one was started from outside the
 * container, by the engine, or by another that was.
 */
void dm_proc_mark_setup(const struct dm_proc_looker *l, struct dm_proc_box *box)
{
	bool again = true;

	for (size_t i = 0; i < box->n; i++) {
		struct dm_proc *p = box->procs[i];

		p->setup = looks_like_setup(l, p) && !parent_of(box, p);
	}
	while (again) {
		again = false;
		for (size_t i = 0; i < box->n; i++) {
			struct dm_proc *p = box->procs[i];
			struct dm_proc *parent = parent_of(box, p);

			if (p->setup || !parent || !parent->setup ||
			    !looks_like_setup(l, p))
				continue;
			p->setup = again = true;
		}
	}
}

static bool usable(const struct dm_proc *p)
{
	return p && !p->failed && !p->setup &&
	       p->view.ns_seen & 1u << DM_NS_MNT;
}

static bool is_base(const struct dm_proc_base *base, const struct dm_proc *p)
{
	return p && base->set && p->pid == base->pid &&
	       p->stat.start == base->start;
}

/* The one that has run longest; of two the one with the lower pid. */
static struct dm_proc *eldest(
    const struct dm_proc_box *box, bool outside, bool fresh)
{
	struct dm_proc *best = NULL;

	for (size_t i = 0; i < box->n; i++) {
		struct dm_proc *p = box->procs[i];

		if (!usable(p) || (outside && parent_of(box, p)) ||
		    (fresh && p->known))
			continue;
		if (!best || p->stat.start < best->stat.start)
			best = p;
	}
	return best;
}

static void set_base(
    struct dm_proc_box *box, const struct dm_proc *p, bool by_engine)
{
	box->base = (struct dm_proc_base){.set = true,
	    .by_engine = by_engine,
	    .pid = p->pid,
	    .start = p->stat.start,
	    .view = p->view};
}

static void choose_base(struct dm_proc_box *box, pid_t engine_init)
{
	struct dm_proc_base *base = &box->base;
	struct dm_proc *init = dm_proc_box_find(box, engine_init);
	struct dm_proc *p = dm_proc_box_find(box, base->pid);
	bool alive = is_base(base, p);

	if (usable(init) && (!alive || !base->by_engine)) {
		if (is_base(base, init))
			base->by_engine = true;
		else
			set_base(box, init, true);
		return;
	}
	if (alive)
		return;
	/* When the first process has gone, a container ends; what lives on
	 * for a moment, or has escaped, is judged by what was. Only a new
	 * process that came from outside starts it anew. */
	p = eldest(box, true, base->set);
	if (!p && !base->set)
		p = eldest(box, false, false);
	if (p)
		set_base(box, p, false);
}

void dm_proc_base_update(struct dm_proc_box *box, pid_t engine_init)
{
	choose_base(box, engine_init);
	for (size_t i = 0; i < box->n; i++)
		box->procs[i]->known |= usable(box->procs[i]);
}

bool dm_proc_state(const struct dm_proc_base *base,
    const struct dm_proc_view *view, unsigned *ret)
{
	unsigned state = 1;

	if (!base->set || (base->view.ns_seen & ~view->ns_seen))
		return false;
	for (unsigned i = 0; i < DM_NS_N; i++) {
		if (base->view.ns_seen & 1u << i &&
		    base->view.ns[i] != view->ns[i])
			state += 2u << i;
	}
	*ret = state;
	return true;
}

bool dm_proc_host_state(const struct dm_proc_view *host,
    const struct dm_proc_view *view, unsigned *ret)
{
	unsigned state = 1;

	if (!host->ns_seen || (host->ns_seen & ~view->ns_seen))
		return false;
	for (unsigned i = 0; i < DM_NS_N; i++) {
		if (host->ns_seen & 1u << i && host->ns[i] == view->ns[i])
			state += 2u << i;
	}
	*ret = state;
	return true;
}
