/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/procevents.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "collect/discover.h"
#include "collect/membership.h"

#define PF_EXITING 0x4

#define NAME(x) "container_event_" x

bool dm_glance_place(struct dm_procevents *w, const struct dm_collect *c,
    pid_t pid, const struct dm_origin *of, struct dm_place *ret)
{
	struct dm_str text, path, cgroup;
	struct dm_place at = {0};
	char name[32];

	snprintf(name, sizeof(name), "%ld/cgroup", (long)pid);
	if (!c->cgroups ||
	    dm_proc_read_record(&w->looker, w->looker.procfs, name) != 0)
		return false;
	text = dm_buf_str(&w->looker.text);
	if (!dm_membership_path(
		text, dm_cgroups_v2(c->cgroups, DM_CONTROLLER_CPUACCT), &path))
		return false;
	if (dm_membership_container(path, &w->id, &cgroup)) {
		at.origin =
		    dm_lineage_origin(&w->lineage, dm_buf_str(&w->id), cgroup);
		if (!at.origin)
			return false;
		at.hierarchies = dm_membership_hierarchies(text, cgroup);
	}
	if (of)
		at.kept = dm_membership_hierarchies(text, dm_str(of->cgroup));
	*ret = at;
	return true;
}

/* One that is ending is in no v1 cgroup any more, while its program can still
 * be seen. Source: the kernel's proc_cgroup_show(). */
bool dm_glance_lives(struct dm_procevents *w, pid_t pid)
{
	struct dm_proc_stat stat;
	char name[32];

	snprintf(name, sizeof(name), "%ld/stat", (long)pid);
	return dm_proc_read_record(&w->looker, w->looker.procfs, name) == 0 &&
	       dm_proc_stat_parse(dm_buf_str(&w->looker.text), &stat) &&
	       !(stat.flags & PF_EXITING);
}

/* It may have made itself a copy of all mounts meanwhile, as unshare(1) does
 * first: its program is in none of these. */
static bool has_other_mounts(
    struct dm_proc_looker *l, int dir, const struct dm_proc *p)
{
	unsigned bit = 1U << DM_NS_MNT;
	struct dm_proc_view now = {0};

	dm_proc_view_read(l, dir, p->pid, bit, &now);
	return now.ns_seen & p->view.ns_seen & bit &&
	       now.ns[DM_NS_MNT] != p->view.ns[DM_NS_MNT];
}

/* As the looker of sweeps does it, but once and with what is asked for
 * first in front: many a process lives for a millisecond only. */
static void look(struct dm_proc_looker *l, int dir, struct dm_glance *g)
{
	struct dm_proc *p = &g->p;

	p->dir = dir;
	dm_proc_view_read(l, dir, p->pid, (1U << DM_NS_N) - 1, &p->view);
	dm_proc_look_program(l, p);
	g->foreign_exe = dm_proc_exe_is_foreign(l, p);
	if (g->foreign_exe == 1 && has_other_mounts(l, dir, p))
		g->foreign_exe = -1;
	p->failed = dm_proc_read_record(l, dir, "stat") != 0 ||
		    !dm_proc_stat_parse(dm_buf_str(&l->text), &p->stat);
	if (p->failed)
		return;
	g->disks = dm_proc_given_disks(l, dir);
	p->comm_n =
	    (uint8_t)(p->stat.comm.n < sizeof(p->comm) ? p->stat.comm.n
						       : sizeof(p->comm));
	memcpy(p->comm, p->stat.comm.p, p->comm_n);
	p->stat.comm = (struct dm_str){p->comm, p->comm_n};
}

void dm_glance_take(struct dm_procevents *w, pid_t pid, struct dm_glance *ret)
{
	char name[16];
	int dir;

	*ret = (struct dm_glance){.p = {.pid = pid}, .foreign_exe = -1};
	snprintf(name, sizeof(name), "%ld", (long)pid);
	dir = openat(w->looker.procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	look(&w->looker, dir, ret);
	close(dir);
}

static void add_labels(
    struct dm_procevents *w, struct dm_buf *out, const struct dm_origin *o)
{
	if (o->container && o->container->labels.n) {
		dm_record_label_text(out, dm_buf_str(&o->container->labels));
		return;
	}
	dm_record_label_text(out, dm_buf_str(&w->target));
	dm_record_label_bytes(out, "id", dm_str(o->cgroup));
}

static void begin(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_origin *o, uint64_t start)
{
	dm_record_begin(out, w->boot_us + (int64_t)(e->at_ns / 1000), "event");
	add_labels(w, out, o);
	dm_record_label_u64(out, "pid", (uint64_t)e->pid);
	if (start)
		dm_record_label_u64(out, "start", start);
}

void dm_event_begin(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_origin *o, uint64_t start)
{
	begin(w, out, e, o, start);
	dm_record_metrics(out);
}

static void add_view(const struct dm_procevents *w, struct dm_buf *out,
    const struct dm_origin *o, const struct dm_proc_view *v)
{
	const struct dm_proc_base *base = &o->base;
	unsigned state;

	if (dm_proc_state(base, v, &state))
		dm_record_metric_u64(out, NAME("namespace_state"), state);
	if (dm_proc_host_state(&w->looker.host, v, &state))
		dm_record_metric_u64(out, NAME("host_namespaces"), state);
	if (base->set && base->view.root_seen && v->root_seen)
		dm_record_metric_u64(out, NAME("foreign_root"),
		    v->root_dev != base->view.root_dev ||
			v->root_ino != base->view.root_ino);
	if (v->uid_seen)
		dm_record_metric_u64(out, NAME("uid"), v->uid);
	if (v->caps_seen)
		dm_record_metric_u64(out, NAME("capabilities_effective"),
		    v->caps[DM_CAPS_EFFECTIVE]);
}

/* An executable stays on the mount of the namespace that it was executed in. */
static bool in_base_mounts(const struct dm_origin *o, const struct dm_proc *p)
{
	return o->base.set && p->view.ns_seen & 1U << DM_NS_MNT &&
	       p->view.ns[DM_NS_MNT] == o->base.view.ns[DM_NS_MNT];
}

static void add_program(
    struct dm_buf *out, const struct dm_origin *o, const struct dm_glance *g)
{
	const struct dm_proc *p = &g->p;

	if (p->full.seen & DM_SEEN_CWD)
		dm_record_metric_u64(
		    out, NAME("foreign_cwd"), p->full.foreign_cwd);
	if (p->full.seen & DM_SEEN_EXE) {
		dm_record_metric_u64(
		    out, NAME("deleted_executable"), p->full.deleted);
		dm_record_metric_u64(
		    out, NAME("memfd_executable"), p->full.memfd);
	}
	if (g->foreign_exe >= 0 && in_base_mounts(o, p))
		dm_record_metric_u64(
		    out, NAME("foreign_executable"), (uint64_t)g->foreign_exe);
	if (!p->failed && p->stat.ppid >= 0)
		dm_record_metric_u64(
		    out, NAME("parent_pid"), (uint64_t)p->stat.ppid);
}

static void add_user(
    const struct dm_procevents *w, struct dm_buf *out, uint32_t uid)
{
	struct dm_str user;

	if (dm_proc_users_name(w->looker.users, uid, &user))
		dm_record_label_bytes(out, "user", user);
	else
		dm_record_label_u64(out, "user", uid);
}

static void add_info(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_origin *o,
    const struct dm_proc *p)
{
	begin(w, out, e, o, p->stat.start);
	if (!p->failed)
		dm_record_label_bytes(out, "comm", p->stat.comm);
	if (p->exe)
		dm_record_label_bytes(
		    out, "exe", (struct dm_str){p->exe, p->exe_n});
	if (p->view.uid_seen)
		add_user(w, out, p->view.uid);
	if (p->stat.session > 0)
		dm_record_label_u64(out, "session", (uint64_t)p->stat.session);
	dm_record_metrics(out);
	dm_record_metric_u64(out, NAME("info"), 1);
	dm_record_end(out);
}

void dm_event_exec(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_origin *o,
    const struct dm_glance *g)
{
	const struct dm_proc *p = &g->p;
	bool seen = p->view.ns_seen != 0;

	/* Before the event: a rule on the event asks for who it was. */
	if (seen)
		add_info(w, out, e, o, p);
	dm_event_begin(w, out, e, o, p->stat.start);
	dm_record_metric_u64(out, NAME("exec"), 1);
	if (seen) {
		add_view(w, out, o, &p->view);
		add_program(out, o, g);
	}
	if (g->disks)
		dm_record_metric_u64(out, NAME("host_disk_fds"), g->disks);
	dm_record_metric_u64(out, NAME("runtime_setup"), g->setup);
	dm_record_metric_u64(out, NAME("left_cgroup"), g->left);
	dm_record_end(out);
}

void dm_event_signaled(struct dm_procevents *w, struct dm_buf *out,
    const struct dm_process_event *e, const struct dm_born *b,
    const struct dm_taskstat *is)
{
	if (is) {
		begin(w, out, e, b->origin, b->start);
		dm_record_label_bytes(
		    out, "comm", (struct dm_str){is->comm, is->comm_n});
		add_user(w, out, is->uid);
		dm_record_metrics(out);
		dm_record_metric_u64(out, NAME("info"), 1);
		dm_record_end(out);
	}
	dm_event_begin(w, out, e, b->origin, b->start);
	dm_record_metric_u64(out, NAME("signaled"), 1);
	dm_record_metric_u64(out, NAME("signal"), e->signal);
	if (is) {
		dm_record_metric_scaled(out, NAME("cpu_seconds"),
		    (int64_t)(is->cpu_ns & INT64_MAX), 9);
		dm_record_metric_scaled(out, NAME("lifetime_seconds"),
		    (int64_t)(is->lifetime_us & INT64_MAX), 6);
		dm_record_metric_u64(
		    out, NAME("max_resident_bytes"), is->max_rss_bytes);
	}
	dm_record_end(out);
}

void dm_event_loss(struct dm_procevents *w, struct dm_buf *out, int64_t ts_us,
    const char *name, uint64_t n, uint64_t total)
{
	char total_name[64];

	snprintf(total_name, sizeof(total_name), "%s_total", name);
	dm_record_begin(out, ts_us, "loss");
	dm_record_label_text(out, dm_buf_str(&w->target));
	dm_record_label(out, "source", DM_STR("procevents"));
	dm_record_metrics(out);
	dm_record_metric_u64(out, name, n);
	dm_record_metric_u64(out, total_name, total);
	dm_record_end(out);
}
