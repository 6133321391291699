/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/docker-answer.h"

#include <ctype.h>

#include "base/map.h"
#include "base/utf8.h"

static const char *const state_names[DM_DOCKER_STATES] = {
    [DM_DOCKER_CREATED] = "created",
    [DM_DOCKER_RUNNING] = "running",
    [DM_DOCKER_PAUSED] = "paused",
    [DM_DOCKER_RESTARTING] = "restarting",
    [DM_DOCKER_REMOVING] = "removing",
    [DM_DOCKER_EXITED] = "exited",
    [DM_DOCKER_DEAD] = "dead",
    [DM_DOCKER_OTHER] = "other",
};

const char *dm_docker_state_name(enum dm_docker_state state)
{
	return state_names[state];
}

json_t *dm_docker_parse(struct dm_str json, struct dm_err *err)
{
	json_error_t why;
	json_t *value = json_loadb(json.p, json.n, JSON_ALLOW_NUL, &why);

	if (!value) {
		dm_err_set(err, DM_EPARSE, "bad JSON, at byte %d: %s",
		    why.position, why.text);
		return NULL;
	}
	if (!json_is_object(value)) {
		json_decref(value);
		dm_err_set(err, DM_EPARSE, "no JSON object");
		return NULL;
	}
	return value;
}

struct dm_str dm_docker_text(const json_t *value)
{
	if (!json_is_string(value))
		return (struct dm_str){"", 0};
	return (struct dm_str){
	    json_string_value(value), json_string_length(value)};
}

struct dm_str dm_docker_text_at(const json_t *object, const char *key)
{
	return dm_docker_text(json_object_get(object, key));
}

uint64_t dm_docker_count_at(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return 0;
	return (uint64_t)json_integer_value(value);
}

unsigned dm_docker_api_version(struct dm_str text)
{
	struct dm_str major, minor;
	uint64_t a, b;

	if (!dm_str_cut(&text, '.', &major) ||
	    !dm_str_cut(&text, '.', &minor) || !dm_str_u64(major, &a) ||
	    !dm_str_u64(minor, &b) || text.p || a > 999 || b > 999)
		return 0;
	return (unsigned)(a * 1000 + b);
}

int dm_docker_version_read(
    const json_t *answer, struct dm_docker_version *ret, struct dm_err *err)
{
	struct dm_docker_version v = {
	    .api =
		dm_docker_api_version(dm_docker_text_at(answer, "ApiVersion")),
	    .api_min = dm_docker_api_version(
		dm_docker_text_at(answer, "MinAPIVersion")),
	};
	struct dm_str version = dm_docker_text_at(answer, "Version");

	if (v.api == 0)
		return dm_err_set(
		    err, DM_EPARSE, "the answer names no API version");
	dm_utf8_printable(v.version, sizeof(v.version), version.p, version.n);
	*ret = v;
	return 0;
}

bool dm_docker_is_id(struct dm_str s)
{
	if (s.n == 0 || s.n > DM_DOCKER_ID_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isxdigit((unsigned char)s.p[i]))
			return false;
	return true;
}

/* Of a container's names the one that is its own: others are what linked
 * containers call it, "/other/alias". */
static struct dm_str own_name(const json_t *names)
{
	size_t i;
	json_t *value;

	json_array_foreach(names, i, value)
	{
		struct dm_str name = dm_docker_text(value);

		if (name.n && name.p[0] == '/') {
			name.p++;
			name.n--;
		}
		if (name.n && !memchr(name.p, '/', name.n))
			return name;
	}
	return (struct dm_str){"", 0};
}

static enum dm_docker_state state_of(struct dm_str word)
{
	for (unsigned i = 0; i < DM_DOCKER_OTHER; i++)
		if (dm_str_is(word, state_names[i]))
			return (enum dm_docker_state)i;
	return DM_DOCKER_OTHER;
}

/* From the list's text for people: "Up 5 minutes (healthy)". */
static int health_of(struct dm_str status)
{
	if (dm_str_ends(status, "(healthy)"))
		return 1;
	if (dm_str_ends(status, "(health: starting)"))
		return 2;
	return dm_str_ends(status, "(unhealthy)") ? 0 : -1;
}

int dm_docker_item_read(
    const json_t *answer, struct dm_docker_item *ret, struct dm_err *err)
{
	struct dm_str id = dm_docker_text_at(answer, "Id");

	if (!dm_docker_is_id(id))
		return dm_err_set(
		    err, DM_EPARSE, "a listed container has no id");
	*ret = (struct dm_docker_item){
	    .id = id,
	    .name = own_name(json_object_get(answer, "Names")),
	    .image = dm_docker_text_at(answer, "Image"),
	    .state = state_of(dm_docker_text_at(answer, "State")),
	    .health = health_of(dm_docker_text_at(answer, "Status")),
	    .labels = json_object_get(answer, "Labels"),
	};
	if (!json_is_object(ret->labels))
		ret->labels = NULL;
	return 0;
}

static unsigned namespaces_of(const json_t *config)
{
	static const struct {
		const char *key;
		unsigned bit;
	} modes[] = {
	    {"PidMode", 2},
	    {"NetworkMode", 4},
	    {"IpcMode", 16},
	    {"UTSMode", 32},
	    {"UsernsMode", 64},
	    {"CgroupnsMode", 128},
	};
	unsigned bits = 0;

	for (size_t i = 0; i < DM_COUNT(modes); i++)
		if (dm_str_is(dm_docker_text_at(config, modes[i].key), "host"))
			bits |= modes[i].bit;
	return bits;
}

/* --cpus, or the quota and period that it is short for. */
static double cpus_of(const json_t *config)
{
	uint64_t nano = dm_docker_count_at(config, "NanoCpus");
	uint64_t quota = dm_docker_count_at(config, "CpuQuota");
	uint64_t period = dm_docker_count_at(config, "CpuPeriod");

	if (nano)
		return (double)nano / 1e9;
	return (double)quota / (period ? (double)period : 100000.0);
}

void dm_docker_details_read(const json_t *answer, struct dm_docker_details *ret)
{
	const json_t *state = json_object_get(answer, "State");
	const json_t *config = json_object_get(answer, "HostConfig");
	uint64_t pid = dm_docker_count_at(state, "Pid");

	*ret = (struct dm_docker_details){
	    .image =
		dm_docker_text_at(json_object_get(answer, "Config"), "Image"),
	    .pid = pid <= INT32_MAX ? (pid_t)pid : 0,
	    .restarts = dm_docker_count_at(answer, "RestartCount"),
	    .oom_killed = json_is_true(json_object_get(state, "OOMKilled")),
	    .privileged = json_is_true(json_object_get(config, "Privileged")),
	    .host_namespaces = namespaces_of(config),
	    .memory_limit_bytes = dm_docker_count_at(config, "Memory"),
	    .pids_limit = dm_docker_count_at(config, "PidsLimit"),
	    .cpus = cpus_of(config),
	};
}

struct dm_str dm_docker_message(const json_t *answer)
{
	return dm_docker_text_at(answer, "message");
}

void dm_docker_label_name(struct dm_buf *b, struct dm_str key)
{
	dm_buf_add_cstr(b, "container_label_");
	for (size_t i = 0; i < key.n; i++) {
		unsigned char c = (unsigned char)key.p[i];
		bool plain = c < 0x80 && isalnum(c);

		dm_buf_add_char(b, plain ? (char)c : '_');
	}
}

int dm_docker_label_names(const char *const *keys, size_t n,
    struct dm_buf *ret_names, struct dm_err *err)
{
	DM_CLEANUP(dm_map_release) struct dm_map seen = {0};
	DM_AUTO_BUF struct dm_buf b = {0};

	for (size_t i = 0; i < n; i++) {
		dm_docker_label_name(&b, dm_str(keys[i]));
		dm_buf_add_char(&b, '\0');
	}
	if (dm_buf_ok(&b, err) < 0)
		return -1;
	for (char *p = b.p; p && p < b.p + b.n; p += strlen(p) + 1) {
		if (dm_map_get(&seen, dm_str(p)))
			return dm_err_set(err, DM_EINVAL,
			    "two labels would both be called %s", p);
		if (dm_map_put(&seen, dm_str(p), p, err) < 0)
			return -1;
	}
	*ret_names = b;
	b = (struct dm_buf){0};
	return 0;
}

struct dm_str dm_docker_cut(struct dm_str s)
{
	if (s.n <= DM_DOCKER_TEXT_BYTES)
		return s;
	s.n = DM_DOCKER_TEXT_BYTES;
	while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}
