/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/log.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "collect/emit.h"

/* Logs: how much each container logs, and what is looked for in logs. */

static const struct dm_log_patterns none;

/* It tells between sweeps, and by how much logs have grown. */
static bool wanted(const struct dm_collect_options *o)
{
	return o->interval_us > 0 &&
	       (dm_docker_meant(o->docker_host) ||
		   (o->log_patterns && o->log_patterns->n > 0));
}

/* Without patterns there is nothing but what the engine tells of files. */
static int check_engine(const struct dm_logs *l, struct dm_err *err)
{
	const char *host = l->c->options.docker_host;

	host = host ? host : "unix://" DM_DOCKER_USUAL_SOCKET;
	if (l->patterns->n || !dm_str_starts(dm_str(host), "unix://") ||
	    access(host + strlen("unix://"), R_OK | W_OK) == 0)
		return 0;
	return dm_err_errno(err, errno, "%s", host);
}

static void close_logs(void *state)
{
	struct dm_logs *l = state;

	if (!l)
		return;
	dm_log_files_release(l);
	dm_log_sizes_close(&l->sizes);
	if (l->timer >= 0)
		close(l->timer);
	if (l->set >= 0)
		close(l->set);
	dm_buf_release(&l->target);
	dm_buf_release(&l->scratch);
	dm_buf_release(&l->out);
	free(l);
}

/* Ticks are for patterns. */
static int start_ticks(struct dm_logs *l, struct dm_err *err)
{
	struct itimerspec tick = {
	    .it_value.tv_nsec = 1, .it_interval.tv_nsec = DM_LOG_TICK_NS};
	struct epoll_event event = {.events = EPOLLIN};

	l->set = epoll_create1(EPOLL_CLOEXEC);
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->set < 0 || l->timer < 0 ||
	    epoll_ctl(l->set, EPOLL_CTL_ADD, l->timer, &event) < 0 ||
	    (l->patterns->n > 0 &&
		timerfd_settime(l->timer, 0, &tick, NULL) < 0))
		return dm_err_errno(err, errno, "timer");
	return 0;
}

static int open_logs(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct dm_logs *l = calloc(1, sizeof(*l));

	if (!l)
		return dm_err_nomem(err);
	l->c = c;
	l->index = index;
	l->set = l->timer = l->sizes.inotify = -1;
	l->patterns = c->options.log_patterns ? c->options.log_patterns : &none;
	l->globs = dm_log_patterns_of_files(l->patterns);
	dm_emit_target(&l->target, c);
	if (dm_buf_ok(&l->target, err) < 0 || check_engine(l, err) < 0 ||
	    dm_log_sizes_open(&l->sizes, c->options.rootfs, err) < 0 ||
	    start_ticks(l, err) < 0 ||
	    /* What is in files by now is old. */
	    (l->globs && dm_log_files_tick(l, err) < 0)) {
		close_logs(l);
		return -1;
	}
	*ret_state = l;
	return 0;
}

static int descriptor(void *state)
{
	return ((const struct dm_logs *)state)->set;
}

static int tick(struct dm_logs *l, struct dm_err *err)
{
	uint64_t times;

	if (read(l->timer, &times, sizeof(times)) < 0)
		return 0;
	dm_log_tell_tick(l, dm_time_mono_ns());
	dm_log_follow_tick(l);
	return l->globs ? dm_log_files_tick(l, err) : 0;
}

static int hear(
    struct dm_collect *c, void *state, struct dm_buf *out, struct dm_err *err)
{
	struct dm_logs *l = state;
	struct epoll_event events[16];
	int n = epoll_wait(l->set, events, DM_COUNT(events), 0);

	(void)c;
	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr)
			dm_log_follow_hear(l, events[i].data.ptr);
		else if (tick(l, err) < 0)
			return -1;
	}
	dm_buf_add_str(out, dm_buf_str(&l->out));
	if (dm_buf_ok(&l->out, err) < 0)
		return -1;
	dm_buf_clear(&l->out);
	return 0;
}

static int sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct dm_logs *l = state;

	(void)c, (void)index, (void)err;
	dm_log_sizes_hear(&l->sizes);
	l->lines_now = l->cut_now = 0;
	return 0;
}

/* A container. */

static int write_size(struct dm_logs *l, struct dm_log_kept *k,
    const struct dm_docker_log *log, struct dm_metrics *m, struct dm_err *err)
{
	if (!log->path)
		return 0;
	if (dm_log_size_look(&l->sizes, &k->size, log, err) < 0)
		return -1;
	dm_metrics_u64(m, "container_log_bytes_total", k->size.total);
	dm_metrics_u64(m, "container_log_size_bytes", k->size.size);
	dm_metrics_u64(
	    m, "container_log_limit_bytes", log->file_bytes * log->files);
	return 0;
}

/* Its name may change; what has been asked for stays. */
static int follow(struct dm_logs *l, struct dm_log_kept *k,
    struct dm_container *container, struct dm_err *err)
{
	const struct dm_collect *c = l->c;

	if (!k->follow && l->patterns->n && container->name &&
	    container->log->readable)
		k->set = dm_log_patterns_of_container(
		    l->patterns, dm_str(container->name));
	if (!k->set || k->follow)
		return 0;
	if (dm_log_follow_begin(l, container, err) == 0)
		return 0;
	if (err->code != DM_ELIMIT)
		return -1;
	if (!l->too_many && c->warn)
		c->warn(c->warn_ctx, dm_source_log.name, err);
	l->too_many = true;
	return 0;
}

static int sample_container(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	struct dm_logs *l = state;
	struct dm_part *part = &container->parts[index];
	struct dm_log_kept *k = container->state[index];

	(void)c;
	if (!container->log)
		return 0;
	if (!k) {
		k = calloc(1, sizeof(*k));
		if (!k)
			return dm_err_nomem(err);
		k->size.wd = -1;
		container->state[index] = k;
	}
	if (follow(l, k, container, err) < 0)
		return -1;
	if (k->follow)
		dm_log_follow_write(
		    k->follow, k->set, part, &l->lines_now, &l->cut_now);
	return write_size(l, k, container->log, &part->main, err);
}

static void forget(void *state, struct dm_container *container, unsigned index)
{
	struct dm_logs *l = state;
	struct dm_log_kept *k = container->state[index];

	if (!k)
		return;
	dm_log_follow_end(l, container);
	dm_log_size_forget(&l->sizes, &k->size);
	free(k);
	container->state[index] = NULL;
}

/* The host. */

static void write_matches(const struct dm_logs *l, struct dm_part *part)
{
	const struct dm_log_patterns *p = l->patterns;
	dm_log_set names = dm_log_names(p, l->globs);

	for (size_t i = 0; i < p->n; i++) {
		if (!(names & UINT64_C(1) << i))
			continue;
		dm_row_begin(part, "host");
		dm_record_label(
		    &part->text, "pattern", dm_str(p->list[i].name));
		dm_row_metrics(part);
		dm_row_u64(part, "node_log_matches_total", l->matches[i]);
		dm_row_end(part);
	}
}

static int finish(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	const struct dm_logs *l = state;
	uint64_t lines = l->lines + l->lines_now, cut = l->cut + l->cut_now;
	struct dm_part *part = &c->host[index];
	struct dm_metrics *m = &part->main;
	uint64_t skipped = l->skipped_bytes;

	(void)err;
	dm_part_clear(part);
	if (l->patterns->n == 0)
		return 0;
	for (size_t i = 0; i < l->n_files; i++) {
		const struct dm_log_file *f = &l->files[i].file;

		lines += f->lines.n;
		cut += f->lines.cut;
		skipped += f->skipped_bytes;
	}
	dm_metrics_u64(m, "dmon_log_lines_total", lines);
	dm_metrics_u64(m, "dmon_log_lines_cut_total", cut);
	dm_metrics_u64(m, "dmon_log_lines_failed_total", l->failed);
	dm_metrics_u64(m, "dmon_log_events_lost_total", l->lost);
	dm_metrics_u64(m, "node_log_skipped_bytes_total", skipped);
	write_matches(l, part);
	return 0;
}

const struct dm_source dm_source_log = {
    .name = "log",
    .help = "how much containers log, and what is looked for in logs",
    .needs = "a Docker Engine (--docker), patterns (--log)",
    .also = "docker",
    .wanted = wanted,
    .open = open_logs,
    .sample = sample,
    .container = sample_container,
    .finish = finish,
    .descriptor = descriptor,
    .hear = hear,
    .forget = forget,
    .close = close_logs,
};
