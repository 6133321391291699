/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/procevents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "collect/emit.h"

#define BATCH	      64
#define READS_MAX     2048 /* more than can wait */
#define WAITING_MAX   4096 /* exits, between two sweeps */
#define SEED_AGAIN_NS INT64_C(1000000000)

static void watch_free(struct dm_procevents *w)
{
	dm_connector_close(&w->connector);
	dm_taskstats_release(&w->exits);
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
	w->connector = (struct dm_connector){-1, -1};
	w->exits.fd = -1;
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
	    dm_connector_open(&w->connector, err) < 0) {
		watch_free(w);
		return -1;
	}
	w->looker.disks = &w->disks;
	dm_exits_open(w, c);
	*ret_state = w;
	return 0;
}

/* Who is there already was born where it is now, as far as can be told. */
static void seed_one(
    struct dm_procevents *w, const struct dm_collect *c, pid_t pid)
{
	struct dm_place at;
	struct dm_born *b;

	if (!dm_glance_place(w, c, pid, NULL, &at))
		return;
	b = dm_lineage_add(&w->lineage, pid, at.origin);
	if (b)
		b->hierarchies = at.hierarchies;
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
    const struct dm_process_event *e, struct dm_buf *out)
{
	const struct dm_born *parent, *old;
	struct dm_born *b;

	if (e->thread)
		return;
	/* What is known of the exit of one that had its pid is that one's. */
	old = dm_lineage_find(&w->lineage, e->pid);
	if (old && old->ended)
		dm_exits_settle(w, out);
	parent = know(w, c, e->by);
	if (!parent)
		return;
	if (parent->origin)
		parent->origin->forks++;
	b = dm_lineage_add(&w->lineage, e->pid, parent->origin);
	if (b)
		b->hierarchies = parent->hierarchies;
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

/* What was executed, by a process of a container or in its cgroup. */
static void take_exec(struct dm_procevents *w, const struct dm_process_event *e,
    struct dm_born *b, const struct dm_place *at, struct dm_glance *g,
    struct dm_buf *out)
{
	struct dm_origin *o = b->origin ? b->origin : at->origin;

	o->execs++;
	b->start = g->p.stat.start;
	if (!b->origin && settled(w, o, e, &g->p))
		dm_lineage_move(&w->lineage, b, o);
	g->setup = !b->origin;
	dm_event_exec(w, out, e, o, g);
	free(g->p.exe);
}

/* Has it left what it was in? Who is ending has. One that is in a container
 * within the container is that one's. */
static bool has_left(
    struct dm_procevents *w, struct dm_born *b, const struct dm_place *at)
{
	if (at->origin && lies_in(at->origin, b->origin)) {
		dm_lineage_move(&w->lineage, b, at->origin);
		b->hierarchies = at->hierarchies;
		return false;
	}
	return (at->origin != b->origin || at->kept < b->hierarchies) &&
	       dm_glance_lives(w, b->pid);
}

/* Who is known to be a container's is looked at before anything else is
 * asked: many a process lives for a millisecond only. */
static void executed(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *e, struct dm_buf *out)
{
	struct dm_born *b = dm_lineage_find(&w->lineage, e->pid);
	bool known = b && b->origin, placed;
	struct dm_place at = {0};
	struct dm_glance g;

	if (known)
		dm_glance_take(w, e->pid, &g);
	placed = dm_glance_place(w, c, e->pid, known ? b->origin : NULL, &at);
	if (at.origin)
		at.origin->refs++;
	if (!b && placed)
		b = dm_lineage_add(&w->lineage, e->pid, at.origin);
	if (b)
		b->ended = 0;
	if (known) {
		g.left = placed && has_left(w, b, &at);
	} else if (b && at.origin) {
		dm_glance_take(w, e->pid, &g);
		b->hierarchies = at.hierarchies;
	}
	if (b && (known || at.origin))
		take_exec(w, e, b, &at, &g, out);
	dm_lineage_unref(&w->lineage, at.origin);
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

static void ended(struct dm_procevents *w, const struct dm_process_event *e,
    struct dm_buf *out)
{
	struct dm_born *b = dm_lineage_find(&w->lineage, e->pid);

	w->waiting++;
	if (e->thread || !b)
		return;
	if (b->origin && !b->ended) {
		b->origin->exits++;
		if (e->signal) {
			b->origin->gone.signaled++;
			dm_event_signaled(
			    w, out, e, b, dm_exits_find(w, e->pid, out));
		}
	}
	dm_lineage_end(&w->lineage, b);
}

static void take(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *e, struct dm_buf *out)
{
	struct dm_born *b;

	switch (e->what) {
	case DM_PROCESS_FORK:
		forked(w, c, e, out);
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
		ended(w, e, out);
		break;
	case DM_PROCESS_OTHER:
		break;
	}
}

static void take_all(struct dm_procevents *w, const struct dm_collect *c,
    const struct dm_process_event *events, size_t n, struct dm_buf *out)
{
	uint32_t lost = 0;

	w->boot_us = dm_time_now_us() - dm_time_mono_ns() / 1000;
	for (size_t i = 0; i < n; i++)
		lost += dm_event_gaps_step(&w->gaps, &events[i]);
	if (lost) {
		w->lost += lost;
		w->seed = true;
		dm_event_loss(w, out,
		    w->boot_us + (int64_t)(events[0].at_ns / 1000),
		    "dmon_events_lost", lost, w->lost);
	}
	w->events += n;
	for (size_t i = 0; i < n; i++)
		take(w, c, &events[i], out);
}

static void seed_if_due(struct dm_procevents *w, const struct dm_collect *c)
{
	if (w->seed && dm_time_mono_ns() - w->seeded_ns > SEED_AGAIN_NS)
		seed(w, c);
}

static int hear(
    struct dm_collect *c, void *state, struct dm_buf *out, struct dm_err *err)
{
	struct dm_procevents *w = state;
	struct dm_process_event events[BATCH];
	size_t n;
	int more;

	seed_if_due(w, c);
	dm_connector_hush(&w->connector);
	for (unsigned i = 0; i < READS_MAX; i++) {
		more = dm_connector_read(&w->connector, events, BATCH, &n, err);
		if (more < 0)
			return -1;
		if (n)
			take_all(w, c, events, n, out);
		if (!more)
			break;
	}
	if (w->swept_us != c->ts_us || w->waiting > WAITING_MAX)
		dm_exits_settle(w, out);
	w->swept_us = c->ts_us;
	return 0;
}

static int descriptor(void *state)
{
	return ((const struct dm_procevents *)state)->connector.bell;
}

static int begin_sweep(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct dm_procevents *w = state;

	(void)index, (void)err;
	(void)dm_proc_users_refresh(w->looker.users);
	seed_if_due(w, c);
	return 0;
}

static void add_gone(const struct dm_procevents *w, struct dm_metrics *m,
    struct dm_exit_totals *gone)
{
	dm_metrics_u64(m, "container_signaled_total", gone->signaled);
	if (w->exits.fd < 0)
		return;
	dm_metrics_scaled(m, "container_exited_cpu_seconds_total",
	    (int64_t)(gone->cpu_ns & INT64_MAX), 9);
	dm_metrics_scaled(m, "container_exited_lifetime_seconds_total",
	    (int64_t)(gone->lifetime_us & INT64_MAX), 6);
	dm_metrics_u64(
	    m, "container_exited_read_bytes_total", gone->read_bytes);
	dm_metrics_u64(
	    m, "container_exited_write_bytes_total", gone->write_bytes);
	if (gone->max_rss_bytes)
		dm_metrics_u64(m, "container_exited_max_resident_bytes",
		    gone->max_rss_bytes);
	gone->max_rss_bytes = 0;
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
	add_gone(w, m, &o->gone);
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
	if (w->exits.fd < 0)
		return 0;
	dm_metrics_u64(&part->main, "dmon_exit_records_total", w->exits.read);
	dm_metrics_u64(
	    &part->main, "dmon_exit_records_lost_total", w->exits.lost);
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
