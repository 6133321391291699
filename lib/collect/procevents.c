/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/procevents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "collect/emit.h"

#define BATCH	      64
#define SEED_AGAIN_NS INT64_C(1000000000)

static void watch_free(struct dm_procevents *w)
{
	if (w->fd >= 0)
		close(w->fd);
	dm_proc_looker_release(&w->looker);
	dm_disks_release(&w->disks);
	dm_lineage_release(&w->lineage);
	dm_event_gaps_release(&w->gaps);
	dm_buf_release(&w->target);
	dm_buf_release(&w->id);
	free(w);
}

static int open_watch(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct dm_procevents *w = calloc(1, sizeof(*w));

	(void)index;
	if (!w)
		return dm_err_nomem(err);
	w->fd = -1;
	w->seed = true;
	dm_emit_target(&w->target, c);
	if (dm_proc_looker_init(&w->looker, c->options.procfs,
		c->options.interval_us, err) < 0) {
		free(w);
		return -1;
	}
	if (dm_buf_ok(&w->target, err) < 0 ||
	    dm_proc_users_new(c->options.rootfs, &w->looker.users, err) < 0 ||
	    dm_disks_init(&w->disks, &c->options, err) < 0 ||
	    (w->fd = dm_connector_open(err)) < 0) {
		watch_free(w);
		return -1;
	}
	w->looker.disks = &w->disks;
	*ret_state = w;
	return 0;
}

/* Who is there already was born where it is now, as far as can be told. */
static void seed_one(
    struct dm_procevents *w, const struct dm_collect *c, pid_t pid)
{
	struct dm_origin *o = NULL;
	int dir = dm_glance_open(w, pid);

	if (dir < 0)
		return;
	if (dm_glance_place(w, c, dir, &o))
		(void)dm_lineage_add(&w->lineage, pid, o);
	close(dir);
}

static void seed(struct dm_procevents *w, const struct dm_collect *c)
{
	int fd =
	    openat(w->looker.procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	uint64_t pid;

	w->seed = false;
	w->seeded_ns = dm_time_mono_ns();
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	dm_lineage_forget(&w->lineage);
	while ((entry = readdir(dir))) {
		if (dm_str_u64(dm_str(entry->d_name), &pid) && pid > 0 &&
		    pid <= INT32_MAX)
			seed_one(w, c, (pid_t)pid);
	}
	closedir(dir);
}

/* A process known, or looked at now; NULL when nothing is to be learnt of
 * it any more. */
static struct dm_born *know(
    struct dm_procevents *w, const struct dm_collect *c, pid_t pid)
{
	struct dm_born *b = dm_lineage_find(&w->lineage, pid);

	if (b || pid <= 0)
		return b;
	seed_one(w, c, pid);
	return dm_lineage_find(&w->lineage, pid);
}

static void forked(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *e)
{
	struct dm_born *parent;

	if (e->thread)
		return;
	parent = know(w, c, e->by);
	if (!parent)
		return;
	if (parent->origin)
		parent->origin->forks++;
	(void)dm_lineage_add(&w->lineage, e->pid, parent->origin);
}

/*
 * A runtime's process has become the container's own when it executes
 * something in the mount namespace of the container's first process; where
 * that is not known yet, it is the first.
 */
static bool settled(const struct dm_procevents *w, struct dm_origin *o,
    const struct dm_process_event *e, const struct dm_proc *p)
{
	const struct dm_proc_base *base = &o->base;
	const uint8_t mnt = 1U << DM_NS_MNT;

	if (!(p->view.ns_seen & mnt) || !p->view.root_seen)
		return false;
	if (base->set)
		return p->view.ns[DM_NS_MNT] == base->view.ns[DM_NS_MNT];
	if (p->failed || p->view.ns[DM_NS_MNT] == w->looker.host.ns[DM_NS_MNT])
		return false;
	o->base = (struct dm_proc_base){.set = true,
	    .pid = e->pid,
	    .start = p->stat.start,
	    .view = p->view};
	return true;
}

static bool lies_in(const struct dm_origin *inner, const struct dm_origin *o)
{
	size_t n = strlen(o->id);

	return strncmp(inner->id, o->id, n) == 0 && inner->id[n] == '/';
}

static void executed(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *e, struct dm_buf *out)
{
	struct dm_born *b = know(w, c, e->pid);
	int dir = dm_glance_open(w, e->pid);
	struct dm_origin *now = b ? b->origin : NULL, *o;
	struct dm_glance g = {.p = {.pid = e->pid}, .foreign_exe = -1};
	bool placed = false;

	if (b && dir >= 0)
		placed = dm_glance_place(w, c, dir, &now);
	if (placed && b->origin && now && lies_in(now, b->origin))
		dm_lineage_move(&w->lineage, b, now);
	o = b && b->origin ? b->origin : now;
	if (o) {
		o->refs++;
		o->execs++;
		if (dir >= 0)
			dm_glance_take(w, dir, e->pid, &g);
		b->start = g.p.stat.start;
		if (!b->origin && settled(w, o, e, &g.p))
			dm_lineage_move(&w->lineage, b, o);
		g.setup = !b->origin;
		/* Who is ending has left its control group; it has no
		 * executable any more. */
		g.left = placed && b->origin && now != o &&
			 g.p.full.seen & DM_SEEN_EXE;
		dm_event_exec(w, out, e, o, &g);
		free(g.p.exe);
		dm_lineage_unref(&w->lineage, o);
	}
	if (dir >= 0)
		close(dir);
}

/* The uid and gid of a container's process; a runtime's own, that sets it
 * up, are not told. */
static void changed_id(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *e, struct dm_buf *out)
{
	struct dm_born *b = know(w, c, e->pid);
	bool uid = e->what == DM_PROCESS_UID;

	if (!b || !b->origin)
		return;
	dm_event_begin(w, out, e, b->origin, b->start);
	dm_record_metric_u64(out,
	    uid ? "container_event_uid_change" : "container_event_gid_change",
	    1);
	dm_record_metric_u64(out,
	    uid ? "container_event_real_uid" : "container_event_real_gid",
	    e->real);
	dm_record_metric_u64(out,
	    uid ? "container_event_effective_uid"
		: "container_event_effective_gid",
	    e->effective);
	dm_record_end(out);
}

/* Told of the one that traces, if it is a container's, else of the other. */
static void traced(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *e, struct dm_buf *out)
{
	struct dm_born *tracee = know(w, c, e->pid), *tracer;
	struct dm_process_event of = *e;
	const struct dm_born *who;

	if (e->by <= 0)
		return;
	tracer = know(w, c, e->by);
	who = tracer && tracer->origin ? tracer : tracee;
	if (!who || !who->origin)
		return;
	of.pid = who->pid;
	dm_event_begin(w, out, &of, who->origin, who->start);
	dm_record_metric_u64(out, "container_event_ptrace", 1);
	dm_record_metric_u64(
	    out, "container_event_tracer_pid", (uint64_t)e->by);
	dm_record_metric_u64(
	    out, "container_event_tracee_pid", (uint64_t)e->pid);
	dm_record_metric_u64(out, "container_event_ptrace_foreign",
	    !tracer || !tracee || tracer->origin != tracee->origin);
	dm_record_end(out);
}

static void dumped(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *e, struct dm_buf *out)
{
	struct dm_born *b = know(w, c, e->pid);

	if (!b || !b->origin)
		return;
	dm_event_begin(w, out, e, b->origin, b->start);
	dm_record_metric_u64(out, "container_event_coredump", 1);
	dm_record_end(out);
}

static void ended(struct dm_procevents *w, const struct dm_process_event *e)
{
	struct dm_born *b = dm_lineage_find(&w->lineage, e->pid);

	if (e->thread || !b)
		return;
	if (b->origin)
		b->origin->exits++;
	dm_lineage_remove(&w->lineage, e->pid);
}

static void take(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *e, struct dm_buf *out)
{
	struct dm_born *b;

	switch (e->what) {
	case DM_PROCESS_FORK:
		forked(w, c, e);
		break;
	case DM_PROCESS_EXEC:
		executed(w, c, e, out);
		break;
	case DM_PROCESS_UID:
	case DM_PROCESS_GID:
		changed_id(w, c, e, out);
		break;
	case DM_PROCESS_PTRACE:
		traced(w, c, e, out);
		break;
	case DM_PROCESS_COREDUMP:
		dumped(w, c, e, out);
		break;
	case DM_PROCESS_COMM:
		b = dm_lineage_find(&w->lineage, e->pid);
		if (b && b->origin)
			b->origin->renames++;
		break;
	case DM_PROCESS_EXIT:
		ended(w, e);
		break;
	case DM_PROCESS_OTHER:
		break;
	}
}

static void lose(
    struct dm_procevents *w, uint32_t n, int64_t ts_us, struct dm_buf *out)
{
	w->lost += n;
	w->seed = true;
	dm_record_begin(out, ts_us, "loss");
	dm_record_label_text(out, dm_buf_str(&w->target));
	dm_record_label(out, "source", DM_STR("procevents"));
	dm_record_metrics(out);
	dm_record_metric_u64(out, "dmon_events_lost", n);
	dm_record_metric_u64(out, "dmon_events_lost_total", w->lost);
	dm_record_end(out);
}

static void take_all(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *events, size_t n, struct dm_buf *out)
{
	uint32_t lost = 0;

	w->boot_us = dm_time_now_us() - dm_time_mono_ns() / 1000;
	for (size_t i = 0; i < n; i++)
		lost += dm_event_gaps_step(&w->gaps, &events[i]);
	if (lost)
		lose(w, lost, w->boot_us + (int64_t)(events[0].at_ns / 1000),
		    out);
	w->events += n;
	for (size_t i = 0; i < n; i++)
		take(w, c, &events[i], out);
}

static int hear(
    struct dm_collect *c, void *state, struct dm_buf *out, struct dm_err *err)
{
	struct dm_procevents *w = state;
	struct dm_process_event events[BATCH];
	size_t n;
	int more;

	if (w->seed && dm_time_mono_ns() - w->seeded_ns > SEED_AGAIN_NS)
		seed(w, c);
	do {
		more = dm_connector_read(w->fd, events, BATCH, &n, err);
		if (more < 0)
			return -1;
		if (n)
			take_all(w, c, events, n, out);
	} while (more);
	return 0;
}

static int descriptor(void *state)
{
	return ((const struct dm_procevents *)state)->fd;
}

static int begin_sweep(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct dm_procevents *w = state;

	(void)c, (void)index, (void)err;
	(void)dm_proc_users_refresh(w->looker.users);
	return 0;
}

static int count(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	struct dm_procevents *w = state;
	struct dm_origin *o = container->state[index];
	struct dm_metrics *m = &container->parts[index].main;

	(void)c;
	if (!o) {
		o = dm_lineage_origin(&w->lineage, dm_str(container->id),
		    dm_str(container->cgroup));
		if (!o)
			return dm_err_nomem(err);
		o->refs++;
		o->container = container;
		container->state[index] = o;
	}
	if (container->base && container->base->set)
		o->base = *container->base;
	dm_metrics_u64(m, "container_forks_total", o->forks);
	dm_metrics_u64(m, "container_execs_total", o->execs);
	dm_metrics_u64(m, "container_exits_total", o->exits);
	dm_metrics_u64(m, "container_renames_total", o->renames);
	return 0;
}

static int end_sweep(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	const struct dm_procevents *w = state;
	struct dm_part *part = &c->host[index];

	(void)err;
	dm_part_clear(part);
	dm_metrics_u64(&part->main, "dmon_process_events_total", w->events);
	dm_metrics_u64(&part->main, "dmon_process_events_lost_total", w->lost);
	return 0;
}

static void forget(void *state, struct dm_container *container, unsigned index)
{
	struct dm_procevents *w = state;
	struct dm_origin *o = container->state[index];

	if (!o)
		return;
	o->container = NULL;
	container->state[index] = NULL;
	dm_lineage_unref(&w->lineage, o);
}

static void close_watch(void *state)
{
	if (state)
		watch_free(state);
}

static bool wanted(const struct dm_collect_options *o)
{
	return o->interval_us > 0 && dm_connector_allowed(o->procfs);
}

const struct dm_source dm_source_procevents = {
    .name = "procevents",
    .help = "programs executed, users changed and traces, as they happen",
    .needs = "CAP_NET_ADMIN in the first user, pid and network namespaces",
    .wanted = wanted,
    .open = open_watch,
    .sample = begin_sweep,
    .container = count,
    .finish = end_sweep,
    .descriptor = descriptor,
    .hear = hear,
    .forget = forget,
    .close = close_watch,
};
