/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/log.h"

#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "collect/discover.h"

/*
 * A connection for each container whose log is asked for. What comes faster
 * than it can be looked at is left with the engine, as its connection is not
 * read until the next tick; where that takes long, the connection is given up
 * and made again from now on.
 */

#define NS_PER_S	   INT64_C(1000000000)
#define PATIENCE_NS	   (5 * NS_PER_S)
#define LAG_NS_MAX	   (10 * NS_PER_S)
#define LAG_NS_CLAIMED_MAX (3600 * NS_PER_S)
#define BACK_OFF_NS_MIN	   NS_PER_S
#define BACK_OFF_NS_MAX	   (30 * NS_PER_S)
/* Of one answer; libcurl hands out less at a time. */
#define PENDING_BYTES_MAX (4u << 20)
/* How long what is left of one that has ended may take. */
#define LAST_NS INT64_C(20000000)

struct dm_log_follow {
	struct dm_logs *l;
	struct dm_container *container;
	struct dm_docker_engine *engine;
	int fd; /* of the engine's */
	bool listening;
	bool up;      /* the engine has begun to answer */
	bool refused; /* and will be */
	struct dm_log_frames frames;
	struct dm_buf pending; /* what has not been looked at */
	size_t taken;	       /* of it */
	int ended; /* as of dm_docker_engine_hear; what is pending comes first
		    */
	struct dm_err why;
	int64_t since_ns; /* of the engine's clock: all before is known */
	int64_t line_ns;  /* when the last line was written, by it */
	int64_t lag_ns;	  /* how old it was when it was looked at */
	int64_t retry_ns, back_off_ns;
	uint64_t matches[DM_LOG_PATTERNS_MAX]; /* by the first of a name */
	int64_t skipped_ns; /* of its time, which has not been looked at */
	int64_t behind_ns;  /* time in which it said more than that */
	int64_t last_ts_us; /* of an event */
};

static dm_log_set set_of(const struct dm_log_follow *f)
{
	const struct dm_log_kept *k = f->container->state[f->l->index];

	return k->set;
}

static int64_t now_ns(void)
{
	return dm_time_now_us() * 1000;
}

/* Lines. */

static void matched(void *ctx, size_t i, struct dm_str line)
{
	struct dm_log_follow *f = ctx;
	int64_t now_us = dm_time_now_us(), ts_us = f->line_ns / 1000;
	struct dm_log_subject s = {.container = f->container};

	/* A clock that is ahead must not carry the stream along. */
	s.ts_us = ts_us < now_us ? ts_us : now_us;
	/* No two at once: they would be one sample. */
	if (s.ts_us <= f->last_ts_us)
		s.ts_us = f->last_ts_us + 1;
	f->last_ts_us = s.ts_us;
	f->matches[f->l->patterns->list[i].first]++;
	dm_log_tell(f->l, i, line, &s);
}

/* An engine may claim any time; sums of what is skipped must not overflow. */
static int64_t lag_ns(int64_t ns)
{
	int64_t lag = now_ns() - ns;

	return lag < LAG_NS_CLAIMED_MAX ? lag : LAG_NS_CLAIMED_MAX;
}

static bool take_line(void *ctx, struct dm_str line)
{
	struct dm_log_follow *f = ctx;
	struct dm_logs *l = f->l;
	int64_t ns = dm_log_line_time_ns(&line);

	if (ns > 0) {
		f->line_ns = ns;
		f->lag_ns = lag_ns(ns);
	}
	if (ns >= f->since_ns)
		f->since_ns = ns + 1;
	if (line.n)
		dm_log_patterns_match(l->patterns, set_of(f),
		    dm_log_text(line, &l->scratch), matched, f, &l->failed);
	return dm_time_mono_ns() < l->until_ns;
}

/* The connection. */

static int on_bytes(void *ctx, const char *p, size_t n, struct dm_err *err)
{
	struct dm_log_follow *f = ctx;

	if (n > PENDING_BYTES_MAX - f->pending.n)
		return dm_err_set(err, DM_ELIMIT, "more than %u bytes at once",
		    PENDING_BYTES_MAX);
	dm_buf_add(&f->pending, p, n);
	return dm_buf_ok(&f->pending, err);
}

static void listen_to(struct dm_log_follow *f, bool on)
{
	struct epoll_event event = {
	    .events = EPOLLIN, .data.ptr = f->container};

	if (on == f->listening)
		return;
	f->listening = on;
	(void)epoll_ctl(
	    f->l->set, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, f->fd, &event);
}

static int ask(struct dm_log_follow *f, struct dm_err *err)
{
	char path[256];

	/* A clock that is ahead of ours would have us ask for the future. */
	if (f->since_ns > now_ns())
		f->since_ns = now_ns();
	snprintf(path, sizeof(path),
	    "/containers/%.64s/logs?follow=1&stdout=1&stderr=1&timestamps=1"
	    "&since=%lld.%09lld",
	    f->container->id, (long long)(f->since_ns / NS_PER_S),
	    (long long)(f->since_ns % NS_PER_S));
	f->up = false;
	f->ended = 0;
	f->lag_ns = 0;
	f->taken = 0;
	dm_buf_clear(&f->pending);
	for (size_t i = 0; i < DM_COUNT(f->frames.lines); i++)
		dm_log_lines_restart(&f->frames.lines[i], false);
	f->frames.n_header = 0;
	f->frames.left = 0;
	listen_to(f, true);
	return dm_docker_engine_follow(f->engine, path, on_bytes, f, err);
}

/* A driver that can't be read is said once; that the engine has gone is said
 * by others. */
static void failed(struct dm_log_follow *f, const struct dm_err *why)
{
	const struct dm_collect *c = f->l->c;
	long status = dm_docker_engine_status(f->engine);
	struct dm_err err = *why;

	dm_docker_engine_abort(f->engine);
	f->retry_ns = dm_time_mono_ns() + f->back_off_ns;
	f->back_off_ns *= 2;
	if (f->back_off_ns > BACK_OFF_NS_MAX)
		f->back_off_ns = BACK_OFF_NS_MAX;
	if (status == 0 || status == 200 || status == 404)
		return;
	f->refused = true;
	dm_err_wrap(&err, "the log of container %.12s", f->container->id);
	if (c->warn)
		c->warn(c->warn_ctx, dm_source_log.name, &err);
}

/* What has come is looked at, as far as time allows. */
static int take_pending(struct dm_log_follow *f, struct dm_err *err)
{
	size_t used = 0;
	int rc = dm_log_frames_add(&f->frames, f->pending.p + f->taken,
	    f->pending.n - f->taken, take_line, f, &used, err);

	f->taken += used;
	if (f->taken == f->pending.n) {
		dm_buf_clear(&f->pending);
		f->taken = 0;
	}
	return rc;
}

/* So much has come that what is looked at is old. */
static void skip(struct dm_log_follow *f)
{
	struct dm_log_subject s = {
	    .container = f->container, .ts_us = dm_time_now_us()};

	dm_docker_engine_abort(f->engine);
	dm_buf_clear(&f->pending);
	f->taken = 0;
	f->skipped_ns += f->lag_ns;
	f->since_ns = now_ns();
	f->retry_ns = 0;
	dm_log_tell_skipped(
	    f->l, &s, "dmon_log_seconds_lost", (double)f->lag_ns / 1e9);
}

/* What the engine has to say, and what of it can be looked at now. */
static void go_on(struct dm_log_follow *f)
{
	if (f->pending.n == 0 && !f->ended)
		f->ended = dm_docker_engine_hear(f->engine, &f->why);
	if (dm_docker_engine_answering(f->engine) && !f->up) {
		f->up = true;
		f->back_off_ns = BACK_OFF_NS_MIN;
	}
	if (f->pending.n && take_pending(f, &f->why) < 0) {
		f->ended = -1;
		dm_buf_clear(&f->pending);
	}
	if (!f->ended || f->pending.n)
		return;
	if (f->ended > 0) {
		dm_log_frames_end(&f->frames, take_line, f);
		dm_err_set(&f->why, DM_ESYS, "it has ended");
	}
	failed(f, &f->why);
	f->ended = 0;
}

/* Time spent counts for all of a tick. */
static void work(struct dm_log_follow *f)
{
	struct dm_logs *l = f->l;
	int64_t start_ns = dm_time_mono_ns();

	l->until_ns = start_ns + DM_LOG_WORK_NS - l->follow_ns;
	go_on(f);
	l->follow_ns += dm_time_mono_ns() - start_ns;
	/* Until the next tick. */
	if (f->pending.n || l->follow_ns >= DM_LOG_WORK_NS)
		listen_to(f, false);
}

void dm_log_follow_hear(struct dm_logs *l, struct dm_container *container)
{
	struct dm_log_kept *k = container->state[l->index];

	if (k && k->follow)
		work(k->follow);
}

static void tick(struct dm_log_follow *f)
{
	struct dm_logs *l = f->l;
	struct dm_err err;

	if (f->refused)
		return;
	if (f->pending.n)
		f->behind_ns += DM_LOG_TICK_NS;
	if (f->pending.n && f->lag_ns > LAG_NS_MAX)
		skip(f);
	if (f->pending.n && l->follow_ns < DM_LOG_WORK_NS)
		work(f);
	if (f->pending.n || l->follow_ns >= DM_LOG_WORK_NS)
		return;
	if (dm_docker_engine_busy(f->engine))
		listen_to(f, true);
	else if (dm_time_mono_ns() >= f->retry_ns && ask(f, &err) < 0)
		failed(f, &err);
}

void dm_log_follow_tick(struct dm_logs *l)
{
	l->follow_ns = 0;
	if (l->follows == 0)
		return;
	for (size_t i = 0; i < l->c->n_containers; i++) {
		const struct dm_container *c = l->c->containers[i];
		struct dm_log_kept *k = c->state[l->index];

		if (k && k->follow)
			tick(k->follow);
	}
}

/* Its life. */

static void free_follow(struct dm_log_follow *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		listen_to(f, false);
	dm_docker_engine_free(f->engine);
	dm_log_frames_release(&f->frames);
	dm_buf_release(&f->pending);
	free(f);
}

static int start(struct dm_log_follow *f, struct dm_err *err)
{
	const struct dm_collect_options *o = &f->l->c->options;
	struct dm_docker_engine_options options = {
	    .host = o->docker_host,
	    .certs = o->docker_certs,
	    .patience_ns = PATIENCE_NS,
	    .limits = {.total_bytes = 65536, .object_bytes = 65536, .depth = 8},
	};

	if (dm_docker_engine_new(&options, &f->engine, err) < 0)
		return -1;
	f->fd = dm_docker_engine_watch(f->engine, err);
	return f->fd < 0 ? -1 : ask(f, err);
}

/* One that was there before us has told what it had to tell. */
static int64_t begin_ns(
    const struct dm_logs *l, const struct dm_container *container)
{
	int64_t made_us = 0;

	if (container->first_sweep > 0 && l->c->cgroups)
		made_us = dm_cgroups_made_us(l->c->cgroups, container);
	return made_us > 0 ? made_us * 1000 : now_ns();
}

int dm_log_follow_begin(
    struct dm_logs *l, struct dm_container *container, struct dm_err *err)
{
	struct dm_log_kept *k = container->state[l->index];
	struct dm_log_follow *f;

	if (l->follows == DM_LOG_FOLLOWS_MAX)
		return dm_err_set(err, DM_ELIMIT,
		    "the logs of more than %d containers", DM_LOG_FOLLOWS_MAX);
	f = calloc(1, sizeof(*f));
	if (!f)
		return dm_err_nomem(err);
	*f = (struct dm_log_follow){
	    .l = l,
	    .container = container,
	    .fd = -1,
	    .frames.raw = container->log->tty,
	    .since_ns = begin_ns(l, container),
	    .line_ns = now_ns(),
	    .back_off_ns = BACK_OFF_NS_MIN,
	};
	if (start(f, err) < 0) {
		free_follow(f);
		return -1;
	}
	k->follow = f;
	l->follows++;
	return 0;
}

void dm_log_follow_end(struct dm_logs *l, struct dm_container *container)
{
	struct dm_log_kept *k = container->state[l->index];
	struct dm_log_follow *f = k->follow;
	int64_t end_ns = dm_time_mono_ns() + LAST_NS;
	struct dm_err err;
	struct pollfd p = {.events = POLLIN};
	int rc = 0;

	if (!f)
		return;
	p.fd = f->fd;
	/* Its last words. */
	l->until_ns = end_ns;
	if (f->pending.n)
		rc = take_pending(f, &err);
	while (rc == 0 && dm_docker_engine_busy(f->engine) &&
	       dm_time_mono_ns() < end_ns && poll(&p, 1, 1) > 0) {
		rc = dm_docker_engine_hear(f->engine, &err);
		if (f->pending.n && take_pending(f, &err) < 0)
			rc = -1;
	}
	if (rc >= 0)
		dm_log_frames_end(&f->frames, take_line, f);
	for (size_t i = 0; i < DM_COUNT(f->frames.lines); i++) {
		l->lines += f->frames.lines[i].n;
		l->cut += f->frames.lines[i].cut;
	}
	free_follow(f);
	k->follow = NULL;
	l->follows--;
}

void dm_log_follow_write(const struct dm_log_follow *f, dm_log_set set,
    struct dm_part *part, uint64_t *lines, uint64_t *cut)
{
	const struct dm_log_patterns *p = f->l->patterns;

	for (size_t i = 0; i < DM_COUNT(f->frames.lines); i++) {
		*lines += f->frames.lines[i].n;
		*cut += f->frames.lines[i].cut;
	}
	dm_metrics_scaled(&part->main, "container_log_skipped_seconds_total",
	    f->skipped_ns, 9);
	dm_metrics_scaled(
	    &part->main, "container_log_behind_seconds_total", f->behind_ns, 9);
	for (size_t i = 0; i < p->n; i++) {
		if (!(dm_log_names(p, set) & UINT64_C(1) << i))
			continue;
		dm_row_begin(part, "container");
		dm_record_label(
		    &part->text, "pattern", dm_str(p->list[i].name));
		dm_row_metrics(part);
		dm_row_u64(part, "container_log_matches_total", f->matches[i]);
		dm_row_end(part);
	}
}
