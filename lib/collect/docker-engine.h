/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_DOCKER_ENGINE_H
#define DM_COLLECT_DOCKER_ENGINE_H

#include "collect/docker-split.h"

/**
 * A connection to a container engine's API, over its Unix socket or by TCP,
 * with TLS where there are certificates. One request at a time, which goes on
 * only while dm_docker_engine_step runs, so that an engine which hangs holds up
 * nobody. No proxy, no redirection, nothing from the environment.
 */
struct dm_docker_engine;

struct dm_docker_engine_options {
	const char *host;    /* unix:///path, tcp://host:port; NULL: the usual
				socket */
	const char *certs;   /* folder of ca.pem, cert.pem, key.pem, or NULL */
	int64_t patience_ns; /* a request that takes longer has failed */
	struct dm_split_limits limits;
};

#define DM_AUTO_DOCKER_ENGINE DM_CLEANUP(dm_docker_engine_cleanup)

/** Where it listens if it has not been told otherwise. */
#define DM_DOCKER_USUAL_SOCKET "/var/run/docker.sock"

/**
 * Is it an address: unix:///path or tcp://host:port?
 * Returns 0, or -1 with DM_EINVAL.
 */
int dm_docker_address_check(const char *host, struct dm_err *err) DM_MUST_CHECK;

/**
 * No engine may be meant to be on this host: who says nothing of one (NULL)
 * means none, until its socket is there.
 */
bool dm_docker_meant(const char *host);

/**
 * Make ready; nothing is connected yet. The process has called
 * curl_global_init, or is content that this does so.
 * @ret_engine  free it with dm_docker_engine_free
 * Returns -1 with DM_EINVAL for a host that dm_docker_address_check refuses.
 */
int dm_docker_engine_new(const struct dm_docker_engine_options *options,
    struct dm_docker_engine **ret_engine, struct dm_err *err) DM_MUST_CHECK;
void dm_docker_engine_free(struct dm_docker_engine *e);

static inline void dm_docker_engine_cleanup(struct dm_docker_engine **e)
{
	dm_docker_engine_free(*e);
}

/**
 * Start a GET of path ("/version"). None may be under way.
 * @object  called with each object of the answer as it comes, only where the
 *          engine says 200; what has been said before a failure stays said
 */
int dm_docker_engine_get(struct dm_docker_engine *e, const char *path,
    int (*object)(void *ctx, struct dm_str json, struct dm_err *err), void *ctx,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Start a GET whose answer goes on for ever.
 * @bytes  called with what comes, only where the engine says 200; -1 ends it
 */
int dm_docker_engine_follow(struct dm_docker_engine *e, const char *path,
    int (*bytes)(void *ctx, const char *p, size_t n, struct dm_err *err),
    void *ctx, struct dm_err *err) DM_MUST_CHECK;

/** Is a request under way? */
bool dm_docker_engine_busy(const struct dm_docker_engine *e);

/**
 * Go on with the request while bytes come.
 * @idle_ns      how long to wait for the next bytes
 * @deadline_ns  return then, by dm_time_mono_ns, whatever comes
 * Returns 1 when the answer is complete; 0 where it is still on its way; -1
 * when the request has failed: DM_ENODATA for 404 and for a socket that does
 * not exist, DM_EPERM, DM_EPARSE, DM_ELIMIT, DM_EBUSY where it took longer
 * than options.patience_ns, DM_ESYS. It is no longer under way after 1 or -1.
 */
int dm_docker_engine_step(struct dm_docker_engine *e, int64_t idle_ns,
    int64_t deadline_ns, struct dm_err *err) DM_MUST_CHECK;

/**
 * To be called once, before the first request, where dm_docker_engine_hear is
 * to be called in place of dm_docker_engine_step.
 * Returns a descriptor that can be read when there is something to hear, lent;
 * or -1.
 */
int dm_docker_engine_watch(
    struct dm_docker_engine *e, struct dm_err *err) DM_MUST_CHECK;

/**
 * Go on with the request, if one is under way, without waiting.
 * Returns as dm_docker_engine_step; patience is for the first bytes of an
 * answer that goes on, and 1 is its end.
 */
int dm_docker_engine_hear(
    struct dm_docker_engine *e, struct dm_err *err) DM_MUST_CHECK;

/** There is something to hear at that moment, by dm_time_mono_ns; 0: not. */
void dm_docker_engine_wake(struct dm_docker_engine *e, int64_t at_ns);

/** Is the answer to the request that is under way on its way: has the engine
 * said 200? */
bool dm_docker_engine_answering(const struct dm_docker_engine *e);

/** Give the request up, if one is under way, and the connection. */
void dm_docker_engine_abort(struct dm_docker_engine *e);

/** HTTP's status of the last answer; 0: there was none. */
long dm_docker_engine_status(const struct dm_docker_engine *e);

#endif
