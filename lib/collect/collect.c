/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/collect.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/signals.h"

#include "collect/discover.h"
#include "collect/emit.h"
#include "collect/privileges.h"

/* Records are handed on when there is this much, so that a sweep over a
 * thousand containers is never in memory as a whole. */
#define CHUNK_BYTES (64 * 1024)

/* What events may take at realtime in any case, between two sweeps; and what a
 * sweep may. */
#define HASTE_US       100000
#define SWEEP_HASTE_US 30000

/* How often that is looked at: with each so manieth event. */
#define HASTE_TURN 16

struct slot {
	const struct dm_source *source;
	void *state;
	bool open;
	bool heard;    /* it has a descriptor, which is in the set */
	bool left_out; /* nobody named it, and there is nothing to ask yet */
	bool silent;   /* asked for another's sake, and not written */
	bool ok;       /* in this sweep */
	bool failed;   /* and said so; until it succeeds again */
	int64_t ns;    /* time taken in this sweep */
	/* What a source that is asked container by container writes to. */
	struct dm_part scratch;
};

/*
 * Realtime is for what is short. It is on while waiting, and off again where
 * events take the larger part of that, be it that they are so many or that a
 * source never has enough. A sweep begins with it, as what happens meanwhile
 * is to be looked at in time too, and goes on without if it is long.
 */
struct haste {
	bool on;
	unsigned turn;
	int64_t since_us;
	uint64_t cpu_us;
};

struct dm_collector {
	struct dm_collect pub;
	struct dm_collector_options options;
	struct slot slots[DM_SOURCES_MAX];
	unsigned n;
	struct dm_buf target; /* instance and job, as labels */
	struct dm_buf out;
	uint64_t samples;
	bool no_cgroups; /* and said so */
	int heard;	 /* an epoll set of the sources' descriptors */
	struct haste haste;
};

static void say(
    struct dm_collector *c, const char *source, const struct dm_err *err)
{
	if (c->options.warn)
		c->options.warn(c->options.ctx, source, err);
}

static const struct dm_source *source_named(const char *name)
{
	for (size_t i = 0; dm_sources[i]; i++) {
		if (strcmp(dm_sources[i]->name, name) == 0)
			return dm_sources[i];
	}
	return NULL;
}

static bool chosen(
    const struct dm_collector_options *o, const struct dm_source *source)
{
	if (o->n_sources == 0)
		return true;
	for (size_t i = 0; i < o->n_sources; i++) {
		if (strcmp(o->sources[i], source->name) == 0)
			return true;
	}
	return false;
}

/* Does a source that was named need this one? */
static bool needed(
    const struct dm_collector_options *o, const struct dm_source *source)
{
	for (size_t i = 0; i < o->n_sources; i++) {
		const struct dm_source *s = source_named(o->sources[i]);

		if (s->also && strcmp(s->also, source->name) == 0)
			return true;
	}
	return false;
}

static int choose(struct dm_collector *c, struct dm_err *err)
{
	const struct dm_collector_options *o = &c->options;

	for (size_t i = 0; i < o->n_sources; i++) {
		if (!source_named(o->sources[i]))
			return dm_err_set(err, DM_EINVAL,
			    "there is no source '%s'", o->sources[i]);
	}
	for (size_t i = 0; dm_sources[i]; i++) {
		const struct dm_source *s = dm_sources[i];

		bool named = chosen(o, s);

		if (s->check && s->check(&o->collect, err) < 0)
			return -1;
		if (c->n < DM_SOURCES_MAX && (named || needed(o, s)))
			c->slots[c->n++] = (struct slot){.source = s,
			    .silent = !named,
			    .left_out =
				(o->n_sources == 0 || !named) && s->wanted};
	}
	return 0;
}

int dm_collector_new(const struct dm_collector_options *options,
    struct dm_collector **ret, struct dm_err *err)
{
	struct dm_collector *c = calloc(1, sizeof(*c));

	if (!c)
		return dm_err_nomem(err);
	c->options = *options;
	c->pub.options = options->collect;
	c->pub.warn = options->warn;
	c->pub.warn_ctx = options->ctx;
	c->pub.audit = options->audit;
	c->pub.audit_ctx = options->ctx;
	c->heard = -1;
	dm_emit_target(&c->target, &c->pub);
	if (dm_buf_ok(&c->target, err) < 0 || choose(c, err) < 0) {
		dm_collector_free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

static void close_source(struct dm_collector *c, unsigned i)
{
	struct slot *s = &c->slots[i];

	for (size_t k = 0; s->source->forget && k < c->pub.n_containers; k++)
		s->source->forget(s->state, c->pub.containers[k], i);
	if (s->source->close)
		s->source->close(s->state);
	s->state = NULL;
	s->open = s->heard = false;
}

void dm_collector_free(struct dm_collector *c)
{
	if (!c)
		return;
	/* Sources forget containers with it. */
	dm_cgroups_free(c->pub.cgroups);
	c->pub.n_containers = 0;
	for (unsigned i = 0; i < c->n; i++) {
		struct slot *s = &c->slots[i];

		if (s->open)
			close_source(c, i);
		dm_part_release(&s->scratch);
		dm_part_release(&c->pub.host[i]);
	}
	dm_buf_release(&c->target);
	dm_buf_release(&c->out);
	if (c->heard >= 0)
		close(c->heard);
	free(c);
}

struct dm_container *dm_collect_find(
    const struct dm_collect *c, struct dm_str id)
{
	return c->cgroups ? dm_cgroups_find(c->cgroups, id) : NULL;
}

static void gone(void *ctx, struct dm_container *container)
{
	struct dm_collector *c = ctx;

	for (unsigned i = 0; i < c->n; i++) {
		const struct slot *s = &c->slots[i];

		if (s->open && s->source->forget)
			s->source->forget(s->state, container, i);
	}
}

/* Without cgroups there are no containers, but there is still a host. */
static int discover(struct dm_collector *c, struct dm_err *err)
{
	struct dm_err why;

	c->pub.n_containers = 0;
	if (!c->pub.cgroups &&
	    dm_cgroups_new(c->pub.options.sysfs, &c->pub.cgroups, &why) < 0) {
		if (why.code == DM_ENOMEM)
			return dm_err_nomem(err);
		if (!c->no_cgroups)
			say(c, "cgroups", &why);
		c->no_cgroups = true;
		return 0;
	}
	c->no_cgroups = false;
	if (dm_cgroups_scan(c->pub.cgroups, &c->pub, gone, c, err) == 0)
		return 0;
	if (err->code == DM_ENOMEM)
		return -1;
	/* Unmounted: what comes next may be mounted elsewhere. */
	say(c, "cgroups", err);
	c->pub.n_containers = 0;
	dm_cgroups_free(c->pub.cgroups);
	c->pub.cgroups = NULL;
	return 0;
}

static void failed(
    struct dm_collector *c, struct slot *s, const struct dm_err *err)
{
	s->ok = false;
	if (!s->failed)
		say(c, s->source->name, err);
	s->failed = true;
}

static int listen_to(struct dm_collector *c, unsigned i, struct dm_err *err)
{
	struct slot *s = &c->slots[i];
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
	int fd = s->source->descriptor(s->state);

	if (fd < 0)
		return 0;
	if (c->heard < 0)
		c->heard = epoll_create1(EPOLL_CLOEXEC);
	if (c->heard < 0 || epoll_ctl(c->heard, EPOLL_CTL_ADD, fd, &event) < 0)
		return dm_err_errno(err, errno, "epoll");
	s->heard = true;
	return 0;
}

static int open_source(struct dm_collector *c, unsigned i, struct dm_err *err)
{
	struct slot *s = &c->slots[i];

	if (s->open)
		return 0;
	if (s->source->open(&c->pub, i, &s->state, err) < 0)
		return -1;
	s->open = true;
	if (!s->source->descriptor || listen_to(c, i, err) == 0)
		return 0;
	close_source(c, i);
	return -1;
}

static void sample(struct dm_collector *c, unsigned i)
{
	struct slot *s = &c->slots[i];
	int64_t start_ns = dm_time_mono_ns();
	struct dm_err err = {0};

	s->ok = false;
	s->left_out = s->left_out && !s->source->wanted(&c->pub.options);
	if (s->left_out)
		return;
	if (open_source(c, i, &err) < 0 ||
	    (s->source->sample &&
		s->source->sample(&c->pub, i, s->state, &err) < 0))
		failed(c, s, &err);
	else
		s->ok = true;
	s->ns = dm_time_mono_ns() - start_ns;
}

static void swap_part(struct dm_part *a, struct dm_part *b)
{
	struct dm_part t = *a;

	*a = *b;
	*b = t;
}

/* Returns 1 when the source has measured it, 0 when it could not, or -1
 * without memory. */
static int ask(struct dm_collector *c, unsigned i,
    struct dm_container *container, struct dm_err *err)
{
	struct slot *s = &c->slots[i];
	int64_t start_ns = dm_time_mono_ns();
	struct dm_err why = {0};
	int status;

	dm_part_clear(&container->parts[i]);
	status = s->source->container(&c->pub, i, s->state, container, &why);
	s->ns += dm_time_mono_ns() - start_ns;
	if (status == 0)
		return 1;
	if (why.code == DM_ENOMEM)
		return dm_err_nomem(err);
	if (why.code != DM_ENODATA && !container->said) {
		container->said = true;
		say(c, s->source->name, &why);
	}
	return 0;
}

static int hand_on(struct dm_collector *c, size_t at_least, struct dm_err *err)
{
	if (dm_buf_ok(&c->out, err) < 0)
		return -1;
	if (c->out.n < at_least || c->out.n == 0)
		return 0;
	if (c->options.write(c->options.ctx, dm_buf_str(&c->out), err) < 0)
		return -1;
	dm_buf_clear(&c->out);
	return 0;
}

static uint64_t cpu_us(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) < 0)
		return 0;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void begin_haste(struct haste *h)
{
	h->since_us = dm_time_mono_ns() / 1000;
	h->cpu_us = cpu_us();
}

static void hurry(struct dm_collector *c)
{
	struct haste *h = &c->haste;

	if (c->heard >= 0 && !h->on)
		dm_privileges_realtime(true);
	h->on = c->heard >= 0;
	begin_haste(h);
}

static void slow_down(struct haste *h)
{
	dm_privileges_realtime(false);
	h->on = false;
}

static void watch_events(struct haste *h)
{
	uint64_t used_us = cpu_us() - h->cpu_us;
	int64_t passed_us = dm_time_mono_ns() / 1000 - h->since_us;

	if (h->on && used_us > HASTE_US && used_us > (uint64_t)passed_us / 2)
		slow_down(h);
}

static void watch_sweep(struct haste *h)
{
	if (h->on && cpu_us() - h->cpu_us > SWEEP_HASTE_US)
		slow_down(h);
}

static void hear_one(struct dm_collector *c, unsigned i)
{
	struct slot *s = &c->slots[i];
	struct dm_err why = {0};

	if (!s->heard || s->source->hear(&c->pub, s->state, &c->out, &why) == 0)
		return;
	failed(c, s, &why);
	close_source(c, i);
}

/* Take what sources have heard, and hand it on at once: whole records stand
 * in c->out whenever this is called. */
static int hear(struct dm_collector *c, struct dm_err *err)
{
	struct epoll_event ready[DM_SOURCES_MAX];
	size_t had = c->out.n;
	int n = 0;

	if (c->heard >= 0)
		n = epoll_wait(c->heard, ready, DM_SOURCES_MAX, 0);
	for (int i = 0; i < n; i++)
		hear_one(c, ready[i].data.u32);
	return c->out.n > had ? hand_on(c, 0, err) : 0;
}

/* Parts that do not stay lie with the sources, but for the container that is
 * being measured. */
static void swap_parts(struct dm_collector *c, struct dm_container *container)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->slots[i].source->container)
			swap_part(&container->parts[i], &c->slots[i].scratch);
	}
}

static int measure(
    struct dm_collector *c, struct dm_container *container, struct dm_err *err)
{
	unsigned with = 0;

	for (unsigned i = 0; i < c->n; i++) {
		int has = c->slots[i].ok;

		if (has && c->slots[i].source->container)
			has = ask(c, i, container, err);
		if (has < 0)
			return -1;
		if (!c->slots[i].silent)
			with |= (unsigned)has << i;
	}
	if (container->relabel)
		dm_emit_container_labels(container, dm_buf_str(&c->target));
	if (dm_buf_ok(&container->labels, err) < 0)
		return -1;
	c->samples += dm_emit_parts(&c->out, c->pub.ts_us, "container",
	    dm_buf_str(&container->labels), container->parts, with);
	return 0;
}

static int do_container(
    struct dm_collector *c, struct dm_container *container, struct dm_err *err)
{
	int status;

	swap_parts(c, container);
	status = measure(c, container, err);
	swap_parts(c, container);
	if (status < 0 || hand_on(c, CHUNK_BYTES, err) < 0)
		return -1;
	watch_sweep(&c->haste);
	return hear(c, err);
}

static void do_host(struct dm_collector *c)
{
	unsigned with = 0;

	for (unsigned i = 0; i < c->n; i++) {
		struct slot *s = &c->slots[i];
		int64_t start_ns = dm_time_mono_ns();
		struct dm_err err = {0};

		if (s->ok && s->source->finish) {
			if (s->source->finish(&c->pub, i, s->state, &err) < 0)
				failed(c, s, &err);
			s->ns += dm_time_mono_ns() - start_ns;
		}
		if (s->ok) {
			s->failed = false;
			with |= (unsigned)!s->silent << i;
		}
	}
	c->samples += dm_emit_parts(&c->out, c->pub.ts_us, "host",
	    dm_buf_str(&c->target), c->pub.host, with);
}

static void begin_sweep_record(struct dm_collector *c, const char *source)
{
	dm_record_begin(&c->out, c->pub.ts_us, "sweep");
	dm_record_label_text(&c->out, dm_buf_str(&c->target));
	if (source)
		dm_record_label(&c->out, "source", dm_str(source));
	dm_record_metrics(&c->out);
}

static void add_sweep_records(
    struct dm_collector *c, int64_t start_ns, uint64_t missed)
{
	struct dm_buf *b = &c->out;
	bool up = false;

	for (unsigned i = 0; i < c->n; i++) {
		const struct slot *s = &c->slots[i];

		if (s->left_out || s->silent)
			continue;
		up = up || s->ok;
		begin_sweep_record(c, s->source->name);
		dm_record_metric_u64(b, "dmon_source_success", s->ok);
		dm_record_metric_scaled(
		    b, "dmon_source_duration_seconds", s->ns, 9);
		dm_record_end(b);
	}
	begin_sweep_record(c, NULL);
	dm_record_metric_u64(b, "up", up);
	dm_record_metric_scaled(
	    b, "scrape_duration_seconds", dm_time_mono_ns() - start_ns, 9);
	dm_record_metric_u64(b, "scrape_samples_scraped", c->samples);
	dm_record_metric_u64(b, "dmon_containers", c->pub.n_containers);
	dm_record_metric_u64(b, "dmon_sweeps_missed_total", missed);
	dm_record_metric_scaled(
	    b, "process_cpu_seconds_total", (int64_t)cpu_us(), 6);
	dm_record_end(b);
}

int dm_collector_sweep(
    struct dm_collector *c, int64_t ts_us, uint64_t missed, struct dm_err *err)
{
	int64_t start_ns = dm_time_mono_ns();

	c->pub.ts_us = ts_us;
	c->samples = 0;
	dm_buf_clear(&c->out);
	begin_haste(&c->haste);
	for (unsigned i = 0; i < c->n; i++)
		hear_one(c, i);
	if (hand_on(c, 0, err) < 0 || discover(c, err) < 0)
		return -1;
	for (unsigned i = 0; i < c->n; i++) {
		sample(c, i);
		watch_sweep(&c->haste);
		if (hear(c, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < c->pub.n_containers; i++) {
		if (do_container(c, c->pub.containers[i], err) < 0)
			return -1;
	}
	do_host(c);
	add_sweep_records(c, start_ns, missed);
	c->pub.sweep++;
	return hand_on(c, 0, err);
}

int dm_collector_wait(
    struct dm_collector *c, struct dm_tick *tick, struct dm_err *err)
{
	int64_t left_us;
	int status = 0;

	hurry(c);
	while (status == 0 && !dm_signals_stop() &&
	       (left_us = dm_tick_next(tick, dm_time_now_us())) > 0) {
		status = dm_signals_wait(
		    c->heard, dm_time_mono_ns() + left_us * 1000, err);
		if (status > 0)
			status = hear(c, err);
		if (++c->haste.turn % HASTE_TURN == 0)
			watch_events(&c->haste);
	}
	return status;
}

bool dm_collector_succeeded(const struct dm_collector *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		const struct slot *s = &c->slots[i];

		if (!s->ok && !s->left_out && !s->silent)
			return false;
	}
	return true;
}
