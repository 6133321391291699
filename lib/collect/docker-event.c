/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/docker-event.h"

#define MOUNT "mount"

/* What is told of a container. The rest (resize, top, exec_detach, …) says
 * nothing that an administrator would miss. */
static const char *const actions[] = {
    "create",
    "start",
    "exec_create",
    "exec_start",
    "exec_die",
    "die",
    "oom",
    "kill",
    "health_status",
    "pause",
    "unpause",
    "stop",
    "restart",
    "rename",
    "update",
    "attach",
    "copy",
    "archive-path",
    "extract-to-dir",
    "commit",
    "export",
    "destroy",
};

/* A number among an action's attributes, which are all texts. */
static const struct {
	const char *action, *attribute, *metric;
} numbers[] = {
    {"die", "exitCode", "container_event_exit_code"},
    {"exec_die", "exitCode", "container_event_exit_code"},
    {"kill", "signal", "container_event_signal"},
};

/* A text among them. */
static const struct {
	const char *action, *attribute, *label;
} texts[] = {
    {"rename", "oldName", "old_name"},
    {"archive-path", "path", "path"},
    {"extract-to-dir", "path", "path"},
    {"commit", "comment", "comment"},
    {MOUNT, "destination", "path"},
};

static struct dm_str text_at(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_string(v))
		return (struct dm_str){"", 0};
	return (struct dm_str){json_string_value(v), json_string_length(v)};
}

static struct dm_str without_slash(struct dm_str name)
{
	if (name.n && name.p[0] == '/') {
		name.p++;
		name.n--;
	}
	return name;
}

static const char *known_action(struct dm_str word)
{
	for (size_t i = 0; i < DM_COUNT(actions); i++)
		if (dm_str_is(word, actions[i]))
			return actions[i];
	return NULL;
}

static void add_details(struct dm_docker_event *e, const json_t *attributes)
{
	uint64_t n;

	for (size_t i = 0; i < DM_COUNT(numbers); i++) {
		if (strcmp(e->action, numbers[i].action) != 0 ||
		    !dm_str_u64(text_at(attributes, numbers[i].attribute), &n))
			continue;
		e->metric = numbers[i].metric;
		e->value = (double)n;
	}
	for (size_t i = 0; i < DM_COUNT(texts); i++) {
		struct dm_str text = text_at(attributes, texts[i].attribute);

		if (strcmp(e->action, texts[i].action) != 0 || !text.n)
			continue;
		e->label = texts[i].label;
		e->text = strcmp(e->action, "rename") == 0 ? without_slash(text)
							   : text;
	}
}

/* "exec_create: sh -c true", "health_status: healthy": a text behind the
 * action itself. */
static void add_behind(struct dm_docker_event *e, struct dm_str text)
{
	if (text.p == NULL || !text.n)
		return;
	if (strcmp(e->action, "health_status") == 0) {
		e->metric = "container_event_healthy";
		e->value = dm_str_is(text, "healthy");
		return;
	}
	e->label = "command";
	e->text = text;
}

static int of_container(
    const json_t *answer, const json_t *attributes, struct dm_docker_event *e)
{
	struct dm_str rest = text_at(answer, "Action"), word;

	if (!dm_str_cut(&rest, ':', &word))
		return 0;
	e->action = known_action(word);
	if (!e->action)
		return 0;
	e->who = (struct dm_docker_who){
	    .id = text_at(json_object_get(answer, "Actor"), "ID"),
	    .name = without_slash(text_at(attributes, "name")),
	    .image = text_at(attributes, "image"),
	    .labels = attributes,
	};
	add_details(e, attributes);
	add_behind(e, dm_str_trim(rest));
	return 1;
}

/* A volume's mount names the container among its attributes. */
static int of_volume(
    const json_t *answer, const json_t *attributes, struct dm_docker_event *e)
{
	if (!dm_str_is(text_at(answer, "Action"), MOUNT))
		return 0;
	e->action = MOUNT;
	e->who.id = text_at(attributes, "container");
	add_details(e, attributes);
	return 1;
}

int dm_docker_event_read(
    const json_t *answer, struct dm_docker_event *ret, struct dm_err *err)
{
	const json_t *actor = json_object_get(answer, "Actor");
	const json_t *attributes = json_object_get(actor, "Attributes");
	const json_t *at = json_object_get(answer, "timeNano");
	struct dm_str type = text_at(answer, "Type");
	struct dm_docker_event e = {0};
	int rc = 0;

	if (!json_is_object(attributes))
		attributes = NULL;
	if (json_is_integer(at) && json_integer_value(at) > 0 &&
	    json_integer_value(at) < INT64_MAX)
		e.time_ns = json_integer_value(at);
	if (dm_str_is(type, "container"))
		rc = of_container(answer, attributes, &e);
	else if (dm_str_is(type, "volume"))
		rc = of_volume(answer, attributes, &e);
	else if (!type.n)
		return dm_err_set(err, DM_EPARSE, "an event has no type");
	if (rc > 0 && !dm_docker_is_id(e.who.id))
		return dm_err_set(err, DM_EPARSE, "an event has no id");
	if (rc > 0)
		*ret = e;
	return rc;
}

int dm_docker_who_read(
    const json_t *answer, struct dm_docker_who *ret, struct dm_err *err)
{
	const json_t *config = json_object_get(answer, "Config");
	const json_t *labels = json_object_get(config, "Labels");
	struct dm_str id = text_at(answer, "Id");

	if (!dm_docker_is_id(id))
		return dm_err_set(err, DM_EPARSE, "a container has no id");
	*ret = (struct dm_docker_who){
	    .id = id,
	    .name = without_slash(text_at(answer, "Name")),
	    .image = text_at(config, "Image"),
	    .labels = json_is_object(labels) ? labels : NULL,
	};
	return 0;
}

static int line_done(struct dm_docker_lines *l,
    int (*line)(void *ctx, struct dm_str text, struct dm_err *err), void *ctx,
    struct dm_err *err)
{
	struct dm_str text = dm_str_trim(dm_buf_str(&l->held));
	int rc = 0;

	if (dm_buf_ok(&l->held, err) < 0)
		return -1;
	if (text.n && !l->skip)
		rc = line(ctx, text, err);
	dm_buf_clear(&l->held);
	l->skip = false;
	return rc;
}

int dm_docker_lines_add(struct dm_docker_lines *l, const char *p, size_t n,
    int (*line)(void *ctx, struct dm_str text, struct dm_err *err), void *ctx,
    struct dm_err *err)
{
	while (n) {
		const char *end = memchr(p, '\n', n);
		size_t piece = end ? (size_t)(end - p) : n;

		if (!l->skip && piece > DM_DOCKER_LINE_BYTES - l->held.n) {
			l->skip = true;
			l->rejected++;
			dm_buf_clear(&l->held);
		}
		if (!l->skip)
			dm_buf_add(&l->held, p, piece);
		if (end && line_done(l, line, ctx, err) < 0)
			return -1;
		piece += end ? 1 : 0;
		p += piece;
		n -= piece;
	}
	return dm_buf_ok(&l->held, err);
}

void dm_docker_lines_clear(struct dm_docker_lines *l)
{
	dm_buf_clear(&l->held);
	l->skip = false;
}
