/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/array.h"
#include "collect/discover.h"
#include "collect/emit.h"

/* What is dear, and what inotify watches, is looked at this often. */
#define TURN_US (10 * DM_US_PER_S)

/* Hierarchies of control groups, between sweeps. */
#define GLANCE_NS INT64_C(50000000)

/* What is kept of a container. */
struct box {
	unsigned serial;
	bool read, seen, notifies;
};

static void close_witness(void *state)
{
	struct dm_witnesses *s = state;

	for (size_t i = 0; i < s->n; i++) {
		dm_reread_close(&s->list[i].file);
		dm_buf_release(&s->list[i].now);
		free(s->list[i].path);
	}
	free(s->list);
	for (unsigned i = 0; i < DM_WITNESS_ROOTS; i++) {
		if (s->roots[i] >= 0)
			close(s->roots[i]);
	}
	if (s->inotify >= 0)
		close(s->inotify);
	if (s->hash.of)
		close(s->hash.fd);
	dm_buf_release(&s->target);
	dm_buf_release(&s->text);
	dm_buf_release(&s->old);
	dm_buf_release(&s->now);
	dm_buf_release(&s->mounts);
	dm_entries_release(&s->entries);
	dm_part_release(&s->heard);
	free(s);
}

int dm_witness_add(struct dm_witnesses *s, const struct dm_witness_place *is,
    char *path, struct dm_err *err)
{
	struct dm_witness *w;

	if (dm_array_grow(&s->list, s->n, &s->cap, sizeof(*s->list), err) < 0) {
		free(path);
		return -1;
	}
	w = &s->list[s->n++];
	*w = (struct dm_witness){.is = *is, .path = path, .wd = -1};
	w->file.fd = -1;
	if (path)
		w->is.path = path;
	return 0;
}

static int open_roots(
    struct dm_witnesses *s, const struct dm_collect_options *o)
{
	const char *const paths[DM_WITNESS_ROOTS] = {
	    o->procfs, o->sysfs, o->rootfs};
	bool any = false;

	for (unsigned i = 0; i < DM_WITNESS_ROOTS; i++) {
		s->roots[i] = open(paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		any |= s->roots[i] >= 0;
	}
	return any ? 0 : -1;
}

static int set_up(
    struct dm_witnesses *s, const struct dm_collect *c, struct dm_err *err)
{
	int64_t interval_us = c->options.interval_us;

	if (open_roots(s, &c->options) < 0)
		return dm_err_errno(err, errno, "%s", c->options.rootfs);
	s->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->inotify < 0)
		return dm_err_errno(err, errno, "inotify");
	s->turns = interval_us > 0 && interval_us < TURN_US
		       ? (unsigned)(TURN_US / interval_us)
		       : 1;
	dm_emit_target(&s->target, c);
	for (size_t i = 0; i < dm_witness_n_places; i++) {
		if (dm_witness_add(s, &dm_witness_places[i], NULL, err) < 0)
			return -1;
	}
	if (dm_witness_agents_open(s, err) < 0)
		return -1;
	return dm_buf_ok(&s->target, err);
}

static int open_witness(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct dm_witnesses *s = calloc(1, sizeof(*s));

	(void)index;
	if (!s)
		return dm_err_nomem(err);
	s->inotify = -1;
	if (set_up(s, c, err) < 0) {
		close_witness(s);
		return -1;
	}
	*ret_state = s;
	return 0;
}

static void watch(
    struct dm_witnesses *s, const struct dm_collect *c, struct dm_witness *w)
{
	int error = dm_witness_watch(s, w);
	struct dm_err err;

	if (!error || s->said_watch || !c->warn)
		return;
	s->said_watch = true;
	dm_err_errno(&err, error, "inotify: /%s", w->is.path);
	c->warn(c->warn_ctx, dm_source_witness.name, &err);
}

/* Texts in every sweep, and files that are there; the rest, and whether there
 * is more to be watched, in turns. */
static int sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct dm_witnesses *s = state;
	struct dm_part *part = &c->host[index];

	dm_part_clear(part);
	for (size_t i = 0; i < s->n; i++) {
		struct dm_witness *w = &s->list[i];
		bool turn = !w->known || (c->sweep + i) % s->turns == 0;
		bool cheap = w->is.kind == DM_WITNESS_TEXT ||
			     w->is.kind == DM_WITNESS_MODULES ||
			     w->is.kind == DM_WITNESS_HIERARCHIES ||
			     (w->is.kind == DM_WITNESS_FILE && w->now.n);

		/* Watched first: what is done from here on is heard. */
		if (turn)
			watch(s, c, w);
		if ((turn || cheap || w->dirty) &&
		    dm_witness_look(s, w, part, err) < 0)
			return -1;
	}
	if (dm_witness_agents_find(s, c, c->sweep % s->turns == 0, part, err) <
	    0)
		return -1;
	dm_witness_hash_step(s, part);
	dm_witness_rows(s, part);
	dm_metrics_u64(&part->main, "dmon_witness_overflows_total", s->lost);
	return 0;
}

/* Nothing tells of hierarchies: they are looked at while something else goes
 * on, as who mounts one executes programs as a rule. */
static void mark_hierarchies(struct dm_witnesses *s, int64_t now_ns)
{
	if (now_ns - s->glanced_ns < GLANCE_NS)
		return;
	s->glanced_ns = now_ns;
	for (size_t i = 0; i < s->n_first; i++)
		s->list[i].dirty |=
		    s->list[i].is.kind == DM_WITNESS_HIERARCHIES;
}

static int hear(
    struct dm_collect *c, void *state, struct dm_buf *out, struct dm_err *err)
{
	struct dm_witnesses *s = state;
	int64_t now_ns = dm_time_mono_ns();

	dm_witness_heard(s);
	mark_hierarchies(s, now_ns);
	dm_part_clear(&s->heard);
	for (size_t i = 0; i < s->n; i++) {
		struct dm_witness *w = &s->list[i];

		/* What has just been told of waits for the next sweep. */
		if (!w->dirty || !w->known || dm_witness_just_said(w, now_ns))
			continue;
		if (dm_witness_look(s, w, &s->heard, err) < 0)
			return -1;
	}
	if (dm_witness_agents_find(s, c, false, &s->heard, err) < 0)
		return -1;
	(void)dm_emit_parts(out, dm_time_now_us(), "host",
	    dm_buf_str(&s->target), &s->heard, 1);
	return 0;
}

static int descriptor(void *state)
{
	return ((const struct dm_witnesses *)state)->inotify;
}

/* In any of the v1 hierarchies that it is in. */
static void read_notify(const struct dm_collect *c,
    const struct dm_container *container, struct dm_witnesses *s,
    struct box *box)
{
	box->seen = box->notifies = false;
	for (unsigned i = 0; i < DM_CONTROLLER_PRESSURE; i++) {
		struct dm_reread file = {.fd = -1};

		if (dm_cgroups_v2(c->cgroups, i))
			continue;
		file.fd = dm_cgroups_open(
		    c->cgroups, container, i, "notify_on_release", NULL);
		if (file.fd < 0)
			continue;
		if (dm_reread_fd(file.fd, &s->text) == 0) {
			box->seen = true;
			box->notifies |=
			    dm_str_is(dm_str_trim(dm_buf_str(&s->text)), "1");
		}
		dm_reread_close(&file);
	}
	box->read = true;
}

static int sample_container(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	struct dm_witnesses *s = state;
	struct box *box = container->state[index];

	if (!box) {
		box = calloc(1, sizeof(*box));
		if (!box)
			return dm_err_nomem(err);
		box->serial = s->serial++;
		container->state[index] = box;
	}
	if (!box->read || (c->sweep + box->serial) % s->turns == 0)
		read_notify(c, container, s, box);
	if (box->seen)
		dm_metrics_u64(&container->parts[index].main,
		    "container_cgroup_notify_on_release", box->notifies);
	return 0;
}

static void forget(void *state, struct dm_container *container, unsigned index)
{
	(void)state;
	free(container->state[index]);
	container->state[index] = NULL;
}

/* One sweep has nothing to compare with. */
static bool wanted(const struct dm_collect_options *o)
{
	return o->interval_us > 0;
}

const struct dm_source dm_source_witness = {
    .name = "witness",
    .help = "what an escape changes on the host: programs, settings, modules",
    .needs = "CAP_DAC_READ_SEARCH to look into root's own folders",
    .needs_capabilities = true,
    .wanted = wanted,
    .open = open_witness,
    .sample = sample,
    .container = sample_container,
    .descriptor = descriptor,
    .hear = hear,
    .forget = forget,
    .close = close_witness,
};
