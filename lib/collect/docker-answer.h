/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_DOCKER_ANSWER_H
#define DM_COLLECT_DOCKER_ANSWER_H

#include <jansson.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * What the Engine API's answers say, from the JSON of one object each. A
 * member that is missing or of another type is as one that says nothing, but
 * where told otherwise: engines differ.
 * Source: https://docs.docker.com/reference/api/engine/version/v1.41/
 */

/** Names, images and label values are cut to this many bytes, at a
 * character: they stand in every record. */
#define DM_DOCKER_TEXT_BYTES 1024

/** A container id is hexadecimal and at most so long. */
#define DM_DOCKER_ID_BYTES 64

enum dm_docker_state {
	DM_DOCKER_CREATED,
	DM_DOCKER_RUNNING,
	DM_DOCKER_PAUSED,
	DM_DOCKER_RESTARTING,
	DM_DOCKER_REMOVING,
	DM_DOCKER_EXITED,
	DM_DOCKER_DEAD,
	DM_DOCKER_OTHER, /* a word that we don't know */
	DM_DOCKER_STATES,
};

/** "created", … "other". */
const char *dm_docker_state_name(enum dm_docker_state state);

/** An object of JSON text, or NULL. Free with json_decref. */
json_t *dm_docker_parse(struct dm_str json, struct dm_err *err);

/** Is it a container's id? */
bool dm_docker_is_id(struct dm_str s);

/** A string's text, lent; empty where the value is none. */
struct dm_str dm_docker_text(const json_t *value);
struct dm_str dm_docker_text_at(const json_t *object, const char *key);
/** A member that is a number; 0 where it is none, or negative. */
uint64_t dm_docker_count_at(const json_t *object, const char *key);

/** An API version, 1.41 as 1041; 0: none. */
unsigned dm_docker_api_version(struct dm_str text);

/** GET /version */
struct dm_docker_version {
	char version[32]; /* the engine's own */
	unsigned api, api_min;
};

/** Returns DM_EPARSE where it names no API version. */
int dm_docker_version_read(const json_t *answer, struct dm_docker_version *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** One of GET /containers/json. Texts are lent by the JSON object. */
struct dm_docker_item {
	struct dm_str id;
	struct dm_str name;  /* without its slash; empty: none */
	struct dm_str image; /* as the list has it: a name or sha256:… */
	enum dm_docker_state state;
	/** As cAdvisor's container_health_state: 1 healthy, 0 unhealthy, -1
	 * not known, or there is no check. */
	int health;
	const json_t *labels; /* an object, or NULL */
};

/** Returns DM_EPARSE where the id is none. */
int dm_docker_item_read(const json_t *answer, struct dm_docker_item *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** GET /containers/ID/json */
struct dm_docker_details {
	struct dm_str image; /* as it was asked for; empty: not said */
	pid_t pid;	     /* 0: it does not run */
	uint64_t restarts;
	bool oom_killed;
	bool privileged;
	/** Bits as in container_process_host_namespaces. */
	unsigned host_namespaces;
	/* What was asked for; 0: no limit. */
	uint64_t memory_limit_bytes;
	uint64_t pids_limit;
	double cpus;
};

void dm_docker_details_read(
    const json_t *answer, struct dm_docker_details *ret);

/** The message of an answer that is an error; lent; empty: none. */
struct dm_str dm_docker_message(const json_t *answer);

/** A container's label as a record's label: "container_label_" and the key,
 * what is neither letter, digit nor _ replaced by _. Source: cAdvisor's
 * metrics/prometheus.go, sanitizeLabelName. */
void dm_docker_label_name(struct dm_buf *b, struct dm_str key);

/**
 * The names of several, each with a NUL behind it, in the keys' order.
 * Returns 0, or -1 with DM_EINVAL where two keys give the same name, as a
 * record can't have a label twice.
 */
int dm_docker_label_names(const char *const *keys, size_t n,
    struct dm_buf *ret_names, struct dm_err *err) DM_MUST_CHECK;

/** s, or its beginning of at most DM_DOCKER_TEXT_BYTES. */
struct dm_str dm_docker_cut(struct dm_str s);

#endif
