/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

#define NAME(x) "container_process_" x

static void begin(struct dm_part *part, const struct dm_proc *p)
{
	dm_row_begin(part, "process");
	dm_record_label_u64(&part->text, "pid", (uint64_t)p->pid);
	dm_record_label_u64(&part->text, "start", p->stat.start);
}

/* Ticks as seconds: a hundredth is what a tick has been everywhere for long,
 * and no less is kept where it is not. */
static void write_seconds(const struct dm_proc_looker *l, struct dm_part *part,
    const char *name, uint64_t s, uint64_t ticks)
{
	if (l->ticks_per_s == 100 && ticks < INT64_MAX / 2)
		dm_row_scaled(part, name, (int64_t)(s * 100 + ticks), 2);
	else
		dm_row_double(part, name,
		    (double)s + (double)ticks / (double)l->ticks_per_s);
}

static void write_stat(const struct dm_proc_looker *l, const struct dm_proc *p,
    struct dm_part *part)
{
	const struct dm_proc_stat *s = &p->stat;
	int state = dm_proc_state_number(s->state);

	write_seconds(l, part, NAME("cpu_seconds_total"), 0,
	    s->user_ticks + s->system_ticks);
	write_seconds(
	    l, part, NAME("cpu_user_seconds_total"), 0, s->user_ticks);
	write_seconds(
	    l, part, NAME("cpu_system_seconds_total"), 0, s->system_ticks);
	if (s->resident_pages >= 0)
		dm_row_u64(part, NAME("resident_memory_bytes"),
		    (uint64_t)s->resident_pages * l->page_bytes);
	dm_row_u64(part, NAME("virtual_memory_bytes"), s->virtual_bytes);
	dm_row_u64(part, NAME("threads"), s->threads);
	if (p->open.seen)
		dm_row_u64(part, NAME("open_fds"), p->open.n);
	if (l->boot_s)
		write_seconds(
		    l, part, NAME("start_time_seconds"), l->boot_s, s->start);
	if (s->ppid >= 0)
		dm_row_u64(part, NAME("parent_pid"), (uint64_t)s->ppid);
	if (state >= 0)
		dm_row_u64(part, NAME("state"), (uint64_t)state);
}

static const char *const cap_names[DM_CAPS_N] = {
    [DM_CAPS_EFFECTIVE] = NAME("capabilities_effective"),
    [DM_CAPS_PERMITTED] = NAME("capabilities_permitted"),
    [DM_CAPS_INHERITABLE] = NAME("capabilities_inheritable"),
    [DM_CAPS_BOUNDING] = NAME("capabilities_bounding"),
    [DM_CAPS_AMBIENT] = NAME("capabilities_ambient"),
};

/* What a thread has as well. */
static void write_view(const struct dm_proc_looker *l,
    const struct dm_proc_base *base, const struct dm_proc_view *v,
    struct dm_part *part)
{
	unsigned state;

	if (dm_proc_state(base, v, &state))
		dm_row_u64(part, NAME("namespace_state"), state);
	if (dm_proc_host_state(&l->host, v, &state))
		dm_row_u64(part, NAME("host_namespaces"), state);
	if (base->set && base->view.root_seen && v->root_seen)
		dm_row_u64(part, NAME("foreign_root"),
		    v->root_dev != base->view.root_dev ||
			v->root_ino != base->view.root_ino);
	if (v->uid_seen)
		dm_row_u64(part, NAME("uid"), v->uid);
	if (!v->caps_seen)
		return;
	for (unsigned i = 0; i < DM_COUNT(v->caps); i++)
		dm_row_u64(part, cap_names[i], v->caps[i]);
}

/* Hardly any process has one. */
static void write_devices(const struct dm_proc_devices *d, struct dm_part *part)
{
	if (d->block) {
		dm_row_u64(part, NAME("block_device_fds"), d->block);
		dm_row_u64(part, NAME("host_disk_fds"), d->disk);
	}
	if (d->memory)
		dm_row_u64(part, NAME("memory_device_fds"), d->memory);
}

static void write_full(const struct dm_proc *p, struct dm_part *part)
{
	const struct dm_proc_full *f = &p->full;
	const struct dm_proc_status *s = &f->status;

	for (unsigned i = DM_CAPS_BOUNDING; i < DM_CAPS_N; i++) {
		if (s->have & DM_STATUS_CAPS << i)
			dm_row_u64(part, cap_names[i], s->caps[i]);
	}
	if (f->seen & DM_SEEN_UID_INSIDE)
		dm_row_u64(part, NAME("container_uid"), f->uid_inside);
	if (s->have & DM_STATUS_SECCOMP)
		dm_row_u64(part, NAME("seccomp_mode"), s->seccomp);
	if (s->have & DM_STATUS_NO_NEW_PRIVS)
		dm_row_u64(part, NAME("no_new_privs"), s->no_new_privs);
	if (s->have & DM_STATUS_TRACER)
		dm_row_u64(part, NAME("tracer_pid"), s->tracer);
	if (f->seen & DM_SEEN_CWD)
		dm_row_u64(part, NAME("foreign_cwd"), f->foreign_cwd);
	if (!(f->seen & DM_SEEN_EXE))
		return;
	dm_row_u64(part, NAME("deleted_executable"), f->deleted);
	dm_row_u64(part, NAME("memfd_executable"), f->memfd);
	dm_row_u64(part, NAME("runtime_setup"), p->setup);
}

static void write_user(const struct dm_proc_looker *l, const struct dm_proc *p,
    struct dm_part *part)
{
	struct dm_str name;

	if (!p->view.uid_seen)
		return;
	if (dm_proc_users_name(l->users, p->view.uid, &name))
		dm_record_label_bytes(&part->text, "user", name);
	else
		dm_record_label_u64(&part->text, "user", p->view.uid);
}

static void write_info(const struct dm_proc_looker *l, const struct dm_proc *p,
    struct dm_part *part)
{
	char tty[32];

	begin(part, p);
	dm_record_label_bytes(&part->text, "comm", p->stat.comm);
	if (p->exe)
		dm_record_label_bytes(
		    &part->text, "exe", (struct dm_str){p->exe, p->exe_n});
	write_user(l, p, part);
	dm_proc_tty_name(p->stat.tty, tty, sizeof(tty));
	if (tty[0])
		dm_record_label(&part->text, "tty", dm_str(tty));
	if (p->stat.session > 0)
		dm_record_label_u64(
		    &part->text, "session", (uint64_t)p->stat.session);
	dm_row_metrics(part);
	dm_row_u64(part, NAME("info"), 1);
	dm_row_end(part);
}

static void write_thread(const struct dm_proc_looker *l,
    const struct dm_proc_base *base, const struct dm_proc *p,
    const struct dm_proc_thread *t, struct dm_part *part)
{
	begin(part, p);
	dm_record_label_u64(&part->text, "tid", (uint64_t)t->tid);
	dm_row_metrics(part);
	write_view(l, base, &t->view, part);
	dm_row_u64(part, NAME("runtime_setup"), p->setup);
	dm_row_end(part);
}

void dm_proc_write(const struct dm_proc_looker *l,
    const struct dm_proc_box *box, struct dm_part *part)
{
	size_t hidden = 0;

	for (size_t i = 0; i < box->n; i++) {
		const struct dm_proc *p = box->procs[i];

		hidden += p->hidden;
		if (p->failed)
			continue;
		begin(part, p);
		dm_row_metrics(part);
		write_stat(l, p, part);
		write_view(l, &box->base, &p->view, part);
		write_full(p, part);
		write_devices(&p->open.shown, part);
		dm_row_end(part);
		write_info(l, p, part);
		for (size_t t = 0; t < p->n_threads; t++)
			write_thread(l, &box->base, p, &p->threads[t], part);
	}
	dm_metrics_u64(&part->main, "dmon_processes_hidden", hidden);
}
