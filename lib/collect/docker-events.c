/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "collect/docker-engine.h"
#include "collect/docker-event.h"
#include "collect/emit.h"

/*
 * What the engine tells of containers as it happens. One connection follows
 * its events; a second asks for the details of each container that is made or
 * started, so that one which is privileged is known even if it lives for less
 * than a sweep. Both are heard of between sweeps and never waited for.
 */

#define NS_PER_S	INT64_C(1000000000)
#define PATIENCE_NS	(5 * NS_PER_S)
#define FIRST_WAIT_NS	NS_PER_S
#define BACK_OFF_NS_MIN (NS_PER_S / 4)
#define BACK_OFF_NS_MAX (10 * NS_PER_S)
/* Of a quiet engine's events some hundred bytes a second come. */
#define BYTES_PER_S_MAX (8u << 20)
#define QUEUE		64 /* containers to ask about */
/* {"type":["container","volume"]} */
#define EVENTS                                                                 \
	"/events?filters=%7B%22type%22%3A%5B"                                  \
	"%22container%22%2C%22volume%22%5D%7D"

struct events {
	struct dm_collect *c;
	unsigned index;
	int set; /* of both engines' descriptors */
	struct dm_docker_engine *stream, *details;
	struct dm_docker_lines lines;
	struct dm_buf target, label_names, id;
	struct dm_buf out; /* records, until they are asked for */
	char queue[QUEUE][DM_DOCKER_ID_BYTES + 1];
	unsigned first, queued;
	bool up;	  /* the engine has said that it will tell */
	bool failing;	  /* since the last time it was up */
	int64_t since_ns; /* of the engine's clock: all before it is known */
	int64_t up_ns;	  /* when it said so */
	int64_t retry_ns, back_off_ns;
	int64_t second_ns; /* when the bytes below began to be counted */
	size_t second_bytes;
	uint64_t told, rejected, unasked, connections;
	struct dm_err trouble;
};

/* Records. */

/* Where a container that no sweep has seen yet will lie: beside another of
 * the engine's, or as the engine does if it has not been told otherwise. */
static void guess_cgroup(struct events *w, struct dm_str id)
{
	const struct dm_collect *c = w->c;
	DM_AUTO_BUF struct dm_buf path = {0};

	dm_buf_clear(&w->id);
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct dm_container *o = c->containers[i];
		const char *at = strstr(o->cgroup, o->id);

		if (strcmp(o->runtime, "docker") != 0 || !at)
			continue;
		dm_buf_add(&w->id, o->cgroup, (size_t)(at - o->cgroup));
		dm_buf_add_str(&w->id, id);
		dm_buf_add_cstr(&w->id, at + strlen(o->id));
		return;
	}
	dm_buf_addf(&path, "%s/fs/cgroup/system.slice/cgroup.controllers",
	    c->options.sysfs);
	if (!path.failed && access(dm_buf_cstr(&path), F_OK) == 0)
		dm_buf_addf(
		    &w->id, "/system.slice/docker-%.*s.scope", (int)id.n, id.p);
	else
		dm_buf_addf(&w->id, "/docker/%.*s", (int)id.n, id.p);
}

static void add_own_labels(struct events *w, const struct dm_docker_who *who)
{
	const struct dm_collect_options *o = &w->c->options;
	const char *name = w->label_names.p;

	for (size_t i = 0; i < o->n_label_keys; i++) {
		json_t *v = json_object_get(who->labels, o->label_keys[i]);

		if (json_is_string(v))
			dm_record_label_bytes(&w->out, name,
			    dm_docker_cut((struct dm_str){
				json_string_value(v), json_string_length(v)}));
		name += strlen(name) + 1;
	}
}

static void begin(
    struct events *w, int64_t ts_us, const struct dm_docker_who *who)
{
	const struct dm_container *c = dm_collect_find(w->c, who->id);
	struct dm_buf *out = &w->out;

	dm_record_begin(out, ts_us, "event");
	if (c && c->name && c->labels.n) {
		dm_record_label_text(out, dm_buf_str(&c->labels));
		return;
	}
	dm_record_label_text(out, dm_buf_str(&w->target));
	if (!c)
		guess_cgroup(w, who->id);
	dm_record_label_bytes(
	    out, "id", c ? dm_str(c->cgroup) : dm_buf_str(&w->id));
	if (who->name.n)
		dm_record_label_bytes(out, "name", dm_docker_cut(who->name));
	if (who->image.n)
		dm_record_label_bytes(out, "image", dm_docker_cut(who->image));
	add_own_labels(w, who);
}

/* A clock that is ahead must not carry the stream along. */
static int64_t time_of(const struct dm_docker_event *e)
{
	int64_t now_us = dm_time_now_us(), us = e->time_ns / 1000;

	return us > 0 && us < now_us ? us : now_us;
}

static void write_event(struct events *w, const struct dm_docker_event *e)
{
	int64_t ts_us = time_of(e);
	struct dm_str text = e->text;

	/* Before the event: a rule on the event asks for it. */
	if (e->label) {
		if (text.n > DM_DOCKER_COMMAND_BYTES)
			text.n = DM_DOCKER_COMMAND_BYTES;
		begin(w, ts_us, &e->who);
		dm_record_label(&w->out, "action", dm_str(e->action));
		dm_record_label_bytes(&w->out, e->label, text);
		dm_record_metrics(&w->out);
		dm_record_metric_u64(&w->out, "container_event_engine_info", 1);
		dm_record_end(&w->out);
	}
	begin(w, ts_us, &e->who);
	dm_record_label(&w->out, "action", dm_str(e->action));
	dm_record_metrics(&w->out);
	dm_record_metric_u64(&w->out, "container_event_engine", 1);
	if (e->metric)
		dm_record_metric(&w->out, e->metric, e->value);
	dm_record_end(&w->out);
}

static void write_details(struct events *w, const struct dm_docker_who *who,
    const struct dm_docker_details *d)
{
	begin(w, dm_time_now_us(), who);
	dm_record_metrics(&w->out);
	dm_record_metric_u64(
	    &w->out, "container_event_declared_privileged", d->privileged);
	dm_record_metric_u64(&w->out,
	    "container_event_declared_host_namespaces", d->host_namespaces);
	dm_record_end(&w->out);
}

/* A container's details. */

static int on_details(void *ctx, struct dm_str json, struct dm_err *err)
{
	struct events *w = ctx;
	struct dm_docker_details details;
	struct dm_docker_who who;
	json_t *answer = dm_docker_parse(json, err);
	int rc;

	if (!answer)
		return -1;
	rc = dm_docker_who_read(answer, &who, err);
	if (rc == 0) {
		dm_docker_details_read(answer, &details);
		write_details(w, &who, &details);
	}
	json_decref(answer);
	return rc;
}

static void ask_soon(struct events *w, struct dm_str id)
{
	char *slot = w->queue[(w->first + w->queued) % QUEUE];

	if (w->queued == QUEUE) {
		w->unasked++;
		return;
	}
	memcpy(slot, id.p, id.n);
	slot[id.n] = '\0';
	w->queued++;
}

/* Go on with the questions; a container that has gone, or an engine that does
 * not answer one, is only counted. */
static void ask(struct events *w)
{
	struct dm_err err;
	char path[96];
	int rc = dm_docker_engine_hear(w->details, &err);

	if (rc < 0)
		w->unasked++;
	while (w->queued && !dm_docker_engine_busy(w->details)) {
		snprintf(path, sizeof(path), "/containers/%s/json",
		    w->queue[w->first]);
		w->first = (w->first + 1) % QUEUE;
		w->queued--;
		if (dm_docker_engine_get(
			w->details, path, on_details, w, &err) < 0)
			w->unasked++;
	}
}

/* The stream. */

static int on_line(void *ctx, struct dm_str text, struct dm_err *err)
{
	struct events *w = ctx;
	struct dm_docker_event e;
	struct dm_err why;
	json_t *answer = dm_docker_parse(text, &why);
	int rc = -1;

	if (answer)
		rc = dm_docker_event_read(answer, &e, &why);
	if (rc < 0)
		w->rejected++;
	if (rc > 0) {
		w->told++;
		if (e.time_ns >= w->since_ns)
			w->since_ns = e.time_ns + 1;
		write_event(w, &e);
		if (strcmp(e.action, "create") == 0 ||
		    strcmp(e.action, "start") == 0)
			ask_soon(w, e.who.id);
	}
	json_decref(answer);
	return dm_buf_ok(&w->out, err);
}

static int on_bytes(void *ctx, const char *p, size_t n, struct dm_err *err)
{
	struct events *w = ctx;
	int64_t now = dm_time_mono_ns();

	if (now - w->second_ns > NS_PER_S) {
		w->second_ns = now;
		w->second_bytes = 0;
	}
	w->second_bytes += n;
	if (w->second_bytes > BYTES_PER_S_MAX)
		return dm_err_set(err, DM_ELIMIT,
		    "more than %u bytes of events in a second",
		    BYTES_PER_S_MAX);
	return dm_docker_lines_add(&w->lines, p, n, on_line, w, err);
}

static int64_t now_ns(void)
{
	return dm_time_now_us() * 1000;
}

static int connect_stream(struct events *w, struct dm_err *err)
{
	char path[256] = EVENTS;
	size_t n = strlen(path);

	/* A clock that is ahead of ours would have us ask for the future. */
	if (w->since_ns > now_ns())
		w->since_ns = now_ns();
	if (w->since_ns)
		snprintf(path + n, sizeof(path) - n, "&since=%lld.%09lld",
		    (long long)(w->since_ns / NS_PER_S),
		    (long long)(w->since_ns % NS_PER_S));
	dm_docker_lines_clear(&w->lines);
	return dm_docker_engine_follow(w->stream, path, on_bytes, w, err);
}

static void failed(struct events *w, const struct dm_err *why)
{
	int64_t now = dm_time_mono_ns();

	/* One that ends what it has just begun is not asked at once. */
	if (w->up && now - w->up_ns > BACK_OFF_NS_MAX)
		w->back_off_ns = BACK_OFF_NS_MIN;
	w->trouble = *why;
	w->up = false;
	w->failing = true;
	w->queued = 0;
	w->retry_ns = now + w->back_off_ns;
	dm_docker_engine_wake(w->stream, w->retry_ns);
	w->back_off_ns *= 2;
	if (w->back_off_ns > BACK_OFF_NS_MAX)
		w->back_off_ns = BACK_OFF_NS_MAX;
}

static void follow(struct events *w)
{
	struct dm_err err = {0};
	int rc = dm_docker_engine_hear(w->stream, &err);

	if (rc == 0 && !w->up && dm_docker_engine_answering(w->stream)) {
		w->up = true;
		w->failing = false;
		w->up_ns = dm_time_mono_ns();
		w->connections++;
		if (!w->since_ns)
			w->since_ns = now_ns();
	}
	if (rc > 0)
		dm_err_set(&err, DM_ESYS, "the engine has ended its events");
	if (rc != 0)
		failed(w, &err);
	if (!dm_docker_engine_busy(w->stream) &&
	    dm_time_mono_ns() >= w->retry_ns && connect_stream(w, &err) < 0)
		failed(w, &err);
}

static int hear(
    struct dm_collect *c, void *state, struct dm_buf *out, struct dm_err *err)
{
	struct events *w = state;

	(void)c;
	follow(w);
	ask(w);
	dm_buf_add_str(out, dm_buf_str(&w->out));
	if (dm_buf_ok(&w->out, err) < 0)
		return -1;
	dm_buf_clear(&w->out);
	return 0;
}

/* The source. */

static bool wanted(const struct dm_collect_options *o)
{
	return o->interval_us > 0 && dm_docker_meant(o->docker_host);
}

static int check(const struct dm_collect_options *o, struct dm_err *err)
{
	return o->docker_host ? dm_docker_address_check(o->docker_host, err)
			      : 0;
}

static void close_events(void *state)
{
	struct events *w = state;

	if (!w)
		return;
	dm_docker_engine_free(w->stream);
	dm_docker_engine_free(w->details);
	if (w->set >= 0)
		close(w->set);
	dm_buf_release(&w->lines.held);
	dm_buf_release(&w->target);
	dm_buf_release(&w->label_names);
	dm_buf_release(&w->id);
	dm_buf_release(&w->out);
	free(w);
}

static int add_engine(
    struct events *w, struct dm_docker_engine **ret_engine, struct dm_err *err)
{
	const struct dm_collect_options *o = &w->c->options;
	struct dm_docker_engine_options options = {
	    .host = o->docker_host,
	    .certs = o->docker_certs,
	    .patience_ns = PATIENCE_NS,
	    .limits = {.total_bytes = 4 << 20,
		.object_bytes = 4 << 20,
		.depth = 64},
	};
	struct epoll_event event = {.events = EPOLLIN};
	int fd;

	if (dm_docker_engine_new(&options, ret_engine, err) < 0)
		return -1;
	fd = dm_docker_engine_watch(*ret_engine, err);
	if (fd < 0)
		return -1;
	if (epoll_ctl(w->set, EPOLL_CTL_ADD, fd, &event) < 0)
		return dm_err_errno(err, errno, "epoll");
	return 0;
}

static int make_ready(struct events *w, struct dm_err *err)
{
	const struct dm_collect_options *o = &w->c->options;

	dm_emit_target(&w->target, w->c);
	if (dm_buf_ok(&w->target, err) < 0 ||
	    dm_docker_label_names(
		o->label_keys, o->n_label_keys, &w->label_names, err) < 0)
		return -1;
	w->set = epoll_create1(EPOLL_CLOEXEC);
	if (w->set < 0)
		return dm_err_errno(err, errno, "epoll");
	if (add_engine(w, &w->stream, err) < 0 ||
	    add_engine(w, &w->details, err) < 0)
		return -1;
	return connect_stream(w, err);
}

static int open_events(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct events *w = calloc(1, sizeof(*w));

	if (!w)
		return dm_err_nomem(err);
	w->c = c;
	w->index = index;
	w->set = -1;
	w->back_off_ns = BACK_OFF_NS_MIN;
	if (make_ready(w, err) < 0) {
		close_events(w);
		return -1;
	}
	*ret_state = w;
	return 0;
}

static int descriptor(void *state)
{
	return ((const struct events *)state)->set;
}

/* In the first sweep: is it there? */
static void await(struct events *w)
{
	int64_t left = FIRST_WAIT_NS, end = dm_time_mono_ns() + left;
	struct pollfd p = {.fd = w->set, .events = POLLIN};

	for (follow(w); !w->up && !w->failing && left > 0; follow(w)) {
		(void)poll(&p, 1, (int)(left / 1000000) + 1);
		left = end - dm_time_mono_ns();
	}
}

static void write_host(struct events *w)
{
	struct dm_part *part = &w->c->host[w->index];
	struct dm_metrics *m = &part->main;

	dm_part_clear(part);
	dm_metrics_u64(m, "dmon_engine_events_total", w->told);
	dm_metrics_u64(m, "dmon_engine_events_rejected_total",
	    w->rejected + w->lines.rejected);
	dm_metrics_u64(m, "dmon_engine_connections_total", w->connections);
	dm_metrics_u64(m, "dmon_engine_details_missed_total", w->unasked);
}

static int sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct events *w = state;

	(void)index;
	if (c->sweep == 0)
		await(w);
	if (w->failing) {
		*err = w->trouble;
		return -1;
	}
	if (!w->up)
		return dm_err_set(
		    err, DM_EBUSY, "the engine has not answered yet");
	write_host(w);
	return 0;
}

const struct dm_source dm_source_engine = {
    .name = "engine",
    .help = "what the engine does with containers, as it happens",
    .needs = "a Docker Engine's socket (--docker), and the right to use it",
    .wanted = wanted,
    .check = check,
    .open = open_events,
    .sample = sample,
    .descriptor = descriptor,
    .hear = hear,
    .close = close_events,
};
