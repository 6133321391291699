/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/docker-answer.h"
#include "collect/docker-engine.h"
#include "collect/docker-log.h"
#include "collect/posture.h"

/*
 * What the engine says of containers that the core has found. Requests go on
 * across sweeps, so that no sweep waits for an engine that is slow: the list
 * every few seconds, and at once when there is a container that it has not
 * named; a container's details when it is new or has changed, and in slow
 * turns, for what changes unseen.
 */

#define NS_PER_MS	INT64_C(1000000)
#define NS_PER_S	INT64_C(1000000000)
#define LIST_NS		(5 * NS_PER_S)
#define DETAILS_NS	(60 * NS_PER_S)
#define PATIENCE_NS	(5 * NS_PER_S)
#define FIRST_WAIT_NS	(2 * NS_PER_S)
#define IDLE_NS_MIN	(20 * NS_PER_MS)
#define WAIT_NS_MIN	(200 * NS_PER_MS)
#define WAIT_NS_MAX	(2 * NS_PER_S)
#define BACK_OFF_NS_MAX (30 * NS_PER_S)
#define API_VERSION_MAX 1051u /* what was tried or read about */

enum question {
	ASK_VERSION,
	ASK_LIST,
	ASK_DETAILS
};

/** What is known of one container. */
struct known {
	unsigned turn; /* of the list that named it last; 0: none did */
	bool ask;      /* for its details, soon */
	bool warned;
	bool detailed; /* the details below have been read */
	bool pid_seen; /* its first process was among its processes */
	enum dm_docker_state state;
	int health;
	int64_t asked_ns;		  /* for its details, last */
	struct dm_docker_details details; /* image is not kept */
	struct dm_posture_side declared;
	struct dm_docker_log log;
};

struct docker {
	struct dm_collect *c;
	unsigned index;
	struct dm_docker_engine *engine;
	struct dm_buf label_names; /* each with a NUL, in the keys' order */
	struct dm_buf scratch;
	enum question question; /* that is under way */
	char asked_id[DM_DOCKER_ID_BYTES + 1];
	struct dm_docker_version version;
	unsigned api; /* what we speak; 0: not yet known */
	bool list_now;
	unsigned turn; /* of the last complete list; 0: none */
	int64_t listed_ns;
	uint64_t counting[DM_DOCKER_STATES], states[DM_DOCKER_STATES];
	size_t cursor;	  /* of the search for who wants details */
	size_t slow_left; /* details in slow turn, in this sweep */
	int64_t retry_ns; /* not before */
	int64_t back_off_ns;
	bool failing;
	struct dm_err trouble;
};

static struct known *known_of(
    const struct docker *d, const struct dm_container *container)
{
	return container->state[d->index];
}

/* The engine's list. */

static int set_text(struct dm_container *container, char **text,
    struct dm_str value, struct dm_err *err)
{
	char *copy;

	value = dm_docker_cut(value);
	if (*text && dm_str_eq(dm_str(*text), value))
		return 0;
	copy = dm_str_dup(value);
	if (!copy)
		return dm_err_nomem(err);
	free(*text);
	*text = copy;
	dm_container_relabel(container);
	return 0;
}

static int set_labels(struct docker *d, struct dm_container *container,
    const json_t *labels, struct dm_err *err)
{
	const struct dm_collect_options *o = &d->c->options;
	const char *name = d->label_names.p;

	dm_buf_clear(&d->scratch);
	for (size_t i = 0; i < o->n_label_keys; i++) {
		json_t *v = json_object_get(labels, o->label_keys[i]);
		struct dm_str text;

		if (json_is_string(v)) {
			text.p = json_string_value(v);
			text.n = json_string_length(v);
			dm_record_label_bytes(
			    &d->scratch, name, dm_docker_cut(text));
		}
		name += strlen(name) + 1;
	}
	if (dm_buf_ok(&d->scratch, err) < 0)
		return -1;
	if (dm_str_eq(
		dm_buf_str(&d->scratch), dm_buf_str(&container->extra_labels)))
		return 0;
	dm_buf_clear(&container->extra_labels);
	dm_buf_add_str(&container->extra_labels, dm_buf_str(&d->scratch));
	dm_container_relabel(container);
	return dm_buf_ok(&container->extra_labels, err);
}

static int take_item(struct docker *d, struct dm_container *container,
    const struct dm_docker_item *item, struct dm_err *err)
{
	struct known *k = known_of(d, container);

	if (!k)
		return 0; /* found in this very sweep, after we began */
	if (k->turn == 0 || k->state != item->state)
		k->ask = true;
	k->turn = d->turn + 1;
	k->state = item->state;
	k->health = item->health;
	if (item->name.n &&
	    set_text(container, &container->name, item->name, err) < 0)
		return -1;
	if (item->image.n && !container->image &&
	    set_text(container, &container->image, item->image, err) < 0)
		return -1;
	return set_labels(d, container, item->labels, err);
}

static int on_item(void *ctx, struct dm_str json, struct dm_err *err)
{
	struct docker *d = ctx;
	struct dm_container *container;
	struct dm_docker_item item;
	json_t *answer = dm_docker_parse(json, err);
	int rc;

	if (!answer)
		return -1;
	rc = dm_docker_item_read(answer, &item, err);
	if (rc == 0) {
		d->counting[item.state]++;
		container = dm_collect_find(d->c, item.id);
		if (container)
			rc = take_item(d, container, &item, err);
	}
	json_decref(answer);
	return rc;
}

static void list_done(struct docker *d, int64_t now)
{
	d->turn++;
	d->listed_ns = now;
	d->cursor = 0;
	memcpy(d->states, d->counting, sizeof(d->states));
	/* What changed while the engine was away? */
	for (size_t i = 0; d->failing && i < d->c->n_containers; i++) {
		struct known *k = known_of(d, d->c->containers[i]);

		if (k)
			k->ask = true;
	}
	d->failing = false;
	d->back_off_ns = NS_PER_S;
}

/* A container's details. */

static int on_details(void *ctx, struct dm_str json, struct dm_err *err)
{
	struct docker *d = ctx;
	struct dm_container *container =
	    dm_collect_find(d->c, dm_str(d->asked_id));
	struct known *k = container ? known_of(d, container) : NULL;
	json_t *answer = k ? dm_docker_parse(json, err) : NULL;
	int rc = 0;

	if (!k)
		return 0; /* it has ended */
	if (!answer)
		return -1;
	dm_docker_details_read(answer, &k->details);
	dm_docker_posture_read(answer, d->c->options.registries,
	    d->c->options.n_registries, &k->declared);
	dm_posture_without_lsm(&k->declared, d->c->options.sysfs);
	container->declared = &k->declared;
	container->log = &k->log;
	rc = dm_docker_log_read(answer, &k->log, err);
	if (rc == 0 && k->details.image.n)
		rc = set_text(
		    container, &container->image, k->details.image, err);
	k->details.image = (struct dm_str){"", 0};
	json_decref(answer);
	k->detailed = true;
	if (container->init_pid != k->details.pid)
		k->pid_seen = false;
	container->init_pid = k->details.pid;
	return rc;
}

/* One container's details can't be had; the others' can. */
static void details_failed(struct docker *d, const struct dm_err *why)
{
	struct dm_container *container =
	    dm_collect_find(d->c, dm_str(d->asked_id));
	struct known *k = container ? known_of(d, container) : NULL;
	struct dm_err err = *why;

	if (!k || k->warned || dm_docker_engine_status(d->engine) == 404)
		return;
	k->warned = true;
	dm_err_wrap(&err, "container %.12s", d->asked_id);
	if (d->c->warn)
		d->c->warn(d->c->warn_ctx, dm_source_docker.name, &err);
}

/* Asking. */

static int on_version(void *ctx, struct dm_str json, struct dm_err *err)
{
	struct docker *d = ctx;
	json_t *answer = dm_docker_parse(json, err);
	int rc;

	if (!answer)
		return -1;
	rc = dm_docker_version_read(answer, &d->version, err);
	json_decref(answer);
	if (rc == 0 && d->version.api_min > API_VERSION_MAX)
		rc = dm_err_set(err, DM_ESYS,
		    "the engine wants API version %u.%u or later",
		    d->version.api_min / 1000, d->version.api_min % 1000);
	return rc;
}

static int ask(struct docker *d, enum question question, const char *what,
    int (*object)(void *ctx, struct dm_str json, struct dm_err *err),
    struct dm_err *err)
{
	char path[128];

	if (question == ASK_VERSION)
		snprintf(path, sizeof(path), "%s", what);
	else
		snprintf(path, sizeof(path), "/v%u.%u%s", d->api / 1000,
		    d->api % 1000, what);
	d->question = question;
	return dm_docker_engine_get(d->engine, path, object, d, err) < 0 ? -1
									 : 1;
}

static struct dm_container *next_for_details(struct docker *d, int64_t now)
{
	while (d->cursor < d->c->n_containers) {
		struct dm_container *container = d->c->containers[d->cursor++];
		struct known *k = known_of(d, container);
		bool old;

		if (!k || k->turn == 0 || k->turn != d->turn)
			continue;
		old = d->slow_left && now - k->asked_ns > DETAILS_NS;
		if (!k->ask && !old)
			continue;
		if (!k->ask)
			d->slow_left--;
		return container;
	}
	return NULL;
}

static int ask_details(
    struct docker *d, struct dm_container *container, struct dm_err *err)
{
	struct known *k = known_of(d, container);
	char what[96];

	k->ask = false;
	k->asked_ns = dm_time_mono_ns();
	snprintf(d->asked_id, sizeof(d->asked_id), "%s", container->id);
	snprintf(what, sizeof(what), "/containers/%s/json", d->asked_id);
	return ask(d, ASK_DETAILS, what, on_details, err);
}

/* Start the next request: 1; 0: there is none to be made now. */
static int ask_next(struct docker *d, struct dm_err *err)
{
	int64_t now = dm_time_mono_ns();
	struct dm_container *container;

	if (now < d->retry_ns)
		return 0;
	if (d->api == 0)
		return ask(d, ASK_VERSION, "/version", on_version, err);
	if (d->list_now || d->failing || d->turn == 0 ||
	    now - d->listed_ns >= LIST_NS) {
		d->list_now = false;
		memset(d->counting, 0, sizeof(d->counting));
		return ask(d, ASK_LIST, "/containers/json?all=1", on_item, err);
	}
	container = next_for_details(d, now);
	return container ? ask_details(d, container, err) : 0;
}

static void engine_failed(struct docker *d, const struct dm_err *why)
{
	dm_docker_engine_abort(d->engine);
	d->trouble = *why;
	d->failing = true;
	d->api = 0;
	d->retry_ns = dm_time_mono_ns() + d->back_off_ns;
	d->back_off_ns *= 2;
	if (d->back_off_ns > BACK_OFF_NS_MAX)
		d->back_off_ns = BACK_OFF_NS_MAX;
}

static void answered(struct docker *d)
{
	if (d->question == ASK_VERSION)
		d->api = d->version.api < API_VERSION_MAX ? d->version.api
							  : API_VERSION_MAX;
	else if (d->question == ASK_LIST)
		list_done(d, dm_time_mono_ns());
}

/* A request failed. That it was about one container, and that the engine
 * answered or let it hang, tells nothing of the engine itself. */
static void request_failed(struct docker *d, const struct dm_err *err)
{
	bool about_one =
	    d->question == ASK_DETAILS &&
	    (dm_docker_engine_status(d->engine) != 0 || err->code == DM_EBUSY);

	if (about_one)
		details_failed(d, err);
	else
		engine_failed(d, err);
}

static int64_t clamp(int64_t v, int64_t min, int64_t max)
{
	return v < min ? min : v > max ? max : v;
}

/* Go on with requests, for as long as this sweep can spare. */
static void work(struct docker *d)
{
	int64_t interval_ns = d->c->options.interval_us * 1000;
	int64_t idle = clamp(interval_ns / 50, IDLE_NS_MIN, WAIT_NS_MAX);
	int64_t wait = clamp(interval_ns / 5, WAIT_NS_MIN, WAIT_NS_MAX);
	int64_t deadline;
	struct dm_err err;
	int rc = 1;

	if (d->c->sweep == 0 || interval_ns == 0)
		idle = wait = FIRST_WAIT_NS;
	deadline = dm_time_mono_ns() + wait;
	while (rc != 0 && dm_time_mono_ns() < deadline) {
		rc = dm_docker_engine_busy(d->engine) ? 1 : ask_next(d, &err);
		if (rc > 0)
			rc = dm_docker_engine_step(
			    d->engine, idle, deadline, &err);
		if (rc > 0)
			answered(d);
		else if (rc < 0)
			request_failed(d, &err);
	}
}

/* The source. */

static bool docker_wanted(const struct dm_collect_options *o)
{
	return dm_docker_meant(o->docker_host);
}

static int docker_check(const struct dm_collect_options *o, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf names = {0};

	if (o->docker_host && dm_docker_address_check(o->docker_host, err) < 0)
		return -1;
	return dm_docker_label_names(
	    o->label_keys, o->n_label_keys, &names, err);
}

static void docker_close(void *state)
{
	struct docker *d = state;

	if (!d)
		return;
	dm_docker_engine_free(d->engine);
	dm_buf_release(&d->label_names);
	dm_buf_release(&d->scratch);
	free(d);
}

static int docker_open(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct dm_docker_engine_options options = {
	    .host = c->options.docker_host,
	    .certs = c->options.docker_certs,
	    .patience_ns = PATIENCE_NS,
	    .limits = {.total_bytes = 64 << 20,
		.object_bytes = 4 << 20,
		.depth = 64},
	};
	struct docker *d = calloc(1, sizeof(*d));

	if (!d)
		return dm_err_nomem(err);
	d->c = c;
	d->index = index;
	d->back_off_ns = NS_PER_S;
	if (dm_docker_label_names(c->options.label_keys,
		c->options.n_label_keys, &d->label_names, err) < 0 ||
	    dm_docker_engine_new(&options, &d->engine, err) < 0) {
		docker_close(d);
		return -1;
	}
	*ret_state = d;
	return 0;
}

/* Meet new containers. */
static int meet(struct docker *d, struct dm_err *err)
{
	for (size_t i = 0; i < d->c->n_containers; i++) {
		struct dm_container *container = d->c->containers[i];

		if (container->state[d->index])
			continue;
		container->state[d->index] = calloc(1, sizeof(struct known));
		if (!container->state[d->index])
			return dm_err_nomem(err);
		d->list_now = true;
	}
	return 0;
}

static void write_host(struct docker *d)
{
	struct dm_part *part = &d->c->host[d->index];
	char api[16];

	dm_part_clear(part);
	for (unsigned i = 0; i < DM_DOCKER_STATES; i++) {
		dm_row_begin(part, "host");
		dm_record_label(&part->text, "state",
		    dm_str(dm_docker_state_name((enum dm_docker_state)i)));
		dm_row_metrics(part);
		dm_row_u64(part, "dmon_engine_containers", d->states[i]);
		dm_row_end(part);
	}
	snprintf(api, sizeof(api), "%u.%u", d->version.api / 1000,
	    d->version.api % 1000);
	dm_row_begin(part, "host");
	dm_record_label(&part->text, "api_version", dm_str(api));
	dm_record_label_bytes(
	    &part->text, "version", dm_str(d->version.version));
	dm_row_metrics(part);
	dm_row_u64(part, "dmon_engine_info", 1);
	dm_row_end(part);
}

static int docker_sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct docker *d = state;

	(void)index;
	if (meet(d, err) < 0)
		return -1;
	d->cursor = 0;
	d->slow_left = 1 + (size_t)((double)c->options.interval_us * 1000 *
				    (double)c->n_containers / DETAILS_NS);
	work(d);
	if (d->failing) {
		*err = d->trouble;
		return -1;
	}
	if (d->turn == 0)
		return dm_err_set(
		    err, DM_EBUSY, "the engine has not answered yet");
	write_host(d);
	return 0;
}

static void write_details(
    struct dm_metrics *m, const struct dm_docker_details *details)
{
	dm_metrics_u64(m, "container_restarts_total", details->restarts);
	dm_metrics_u64(m, "container_oom_killed", details->oom_killed);
	dm_metrics_u64(m, "container_declared_privileged", details->privileged);
	dm_metrics_u64(
	    m, "container_declared_host_namespaces", details->host_namespaces);
	if (details->memory_limit_bytes)
		dm_metrics_u64(m, "container_declared_memory_limit_bytes",
		    details->memory_limit_bytes);
	if (details->pids_limit)
		dm_metrics_u64(
		    m, "container_declared_pids_limit", details->pids_limit);
	if (details->cpus > 0)
		dm_metrics_double(m, "container_declared_cpus", details->cpus);
}

/* A container whose first process has gone has been restarted, if it lives:
 * look soon. An engine may count processes otherwise than we do, from another
 * pid namespace; then its pid is never seen. */
static void watch_init(struct known *k, const struct dm_container *container)
{
	bool there = false;

	if (container->init_pid == 0 || container->n_pids == 0)
		return;
	for (size_t i = 0; i < container->n_pids && !there; i++)
		there = container->pids[i] == container->init_pid;
	if (k->pid_seen && !there)
		k->ask = true;
	k->pid_seen = there;
}

static int docker_container(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	const struct docker *d = state;
	struct dm_metrics *m = &container->parts[index].main;
	struct known *k = container->state[index];

	(void)c;
	(void)err;
	/* Of another engine, or gone from ours. */
	if (!k || k->turn == 0 || k->turn < d->turn)
		return 0;
	watch_init(k, container);
	dm_metrics_u64(m, "container_running", k->state == DM_DOCKER_RUNNING);
	dm_metrics_u64(m, "container_paused", k->state == DM_DOCKER_PAUSED);
	dm_metrics_double(m, "container_health_state", k->health);
	if (k->detailed)
		write_details(m, &k->details);
	return 0;
}

static void docker_forget(
    void *state, struct dm_container *container, unsigned index)
{
	struct known *k = container->state[index];

	(void)state;
	container->declared = NULL;
	container->log = NULL;
	if (k) {
		dm_posture_side_release(&k->declared);
		dm_docker_log_release(&k->log);
	}
	free(k);
	container->state[index] = NULL;
}

const struct dm_source dm_source_docker = {
    .name = "docker",
    .help = "names, images, labels, state, health and limits of containers",
    .needs = "a Docker Engine's socket (--docker), and the right to use it",
    .wanted = docker_wanted,
    .check = docker_check,
    .open = docker_open,
    .sample = docker_sample,
    .container = docker_container,
    .forget = docker_forget,
    .close = docker_close,
};
