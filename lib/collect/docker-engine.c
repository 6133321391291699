/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/docker-engine.h"

#include <curl/curl.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/time.h"
#include "collect/docker-answer.h"

#define USUAL_HOST	 "unix://" DM_DOCKER_USUAL_SOCKET
#define HEADER_BYTES_MAX 65536
#define REFUSAL_BYTES	 2048 /* of an error's answer that is looked at */
#define NS_PER_MS	 INT64_C(1000000)

struct dm_docker_engine {
	CURLM *multi;
	CURL *easy;
	char *host;	    /* as messages name it: no user or password in it */
	struct dm_buf base; /* of URLs */
	int64_t patience_ns, started_ns;
	bool busy;
	long status;
	size_t header_bytes;
	bool header_read;
	uint64_t bytes; /* that came, ever: to see that some did */
	/* Takes the answer where it is one that goes on; or NULL. */
	int (*bytes_fn)(void *ctx, const char *p, size_t n, struct dm_err *err);
	void *bytes_ctx;
	int set, timer; /* of what is waited for; -1: see engine_watch */
	int64_t curl_ns, due_ns, wake_ns; /* when to look; 0: not for that */
	struct dm_split split;
	struct dm_buf refusal; /* the answer where the status is not 200 */
	struct dm_err why;     /* why a callback ended the transfer */
	bool stopped;
	char curl_says[CURL_ERROR_SIZE];
};

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct dm_docker_engine *e = ctx;

	n *= size;
	e->header_bytes += n;
	e->bytes += n;
	e->header_read = n == 2 && p[0] == '\r';
	if (e->header_bytes <= HEADER_BYTES_MAX)
		return n;
	dm_err_set(&e->why, DM_ELIMIT, "the answer's header is too long");
	e->stopped = true;
	return 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct dm_docker_engine *e = ctx;
	long status = 0;

	n *= size;
	e->bytes += n;
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		size_t room = REFUSAL_BYTES - e->refusal.n;

		dm_buf_add(&e->refusal, p, n < room ? n : room);
		/* Enough has been seen of an answer that never ends. */
		return n <= room ? n : 0;
	}
	if ((e->bytes_fn ? e->bytes_fn(e->bytes_ctx, p, n, &e->why)
			 : dm_split_add(&e->split, p, n, &e->why)) == 0)
		return n;
	e->stopped = true;
	return 0;
}

static int set_certs(struct dm_docker_engine *e, const char *folder)
{
	static const struct {
		CURLoption option;
		const char *file;
	} files[] = {
	    {CURLOPT_CAINFO, "ca.pem"},
	    {CURLOPT_SSLCERT, "cert.pem"},
	    {CURLOPT_SSLKEY, "key.pem"},
	};
	DM_AUTO_BUF struct dm_buf path = {0};

	for (size_t i = 0; i < DM_COUNT(files); i++) {
		dm_buf_clear(&path);
		dm_buf_addf(&path, "%s/%s", folder, files[i].file);
		if (curl_easy_setopt(e->easy, files[i].option,
			dm_buf_cstr(&path)) != CURLE_OK ||
		    path.failed)
			return -1;
	}
	return 0;
}

static bool is_host_name(struct dm_str s)
{
	bool bracketed = s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
	const char *good = "0123456789abcdefABCDEF:.";

	if (bracketed)
		s = (struct dm_str){s.p + 1, s.n - 2};
	else
		good = "0123456789abcdefghijklmnopqrstuvwxyz"
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._";
	for (size_t i = 0; i < s.n; i++) {
		if (!strchr(good, s.p[i]))
			return false;
	}
	return s.n > 0;
}

/* host:port, a slash behind it or not. A user and a password would end up in
 * messages. */
static bool is_tcp_address(struct dm_str s)
{
	const char *colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
	struct dm_str host, port;
	uint64_t n;

	if (!colon)
		return false;
	host = (struct dm_str){s.p, (size_t)(colon - s.p)};
	port = (struct dm_str){colon + 1, s.n - host.n - 1};
	if (dm_str_ends(port, "/"))
		port.n--;
	return is_host_name(host) && dm_str_u64(port, &n) && n > 0 &&
	       n <= UINT16_MAX;
}

int dm_docker_address_check(const char *host, struct dm_err *err)
{
	struct dm_str s = dm_str(host);

	if (dm_str_starts(s, "tcp://")) {
		if (is_tcp_address(dm_str(host + 6)))
			return 0;
		return dm_err_set(err, DM_EINVAL,
		    "the engine's address is not tcp://host:port");
	}
	if (!dm_str_starts(s, "unix:///"))
		return dm_err_set(err, DM_EINVAL,
		    "the engine's address is neither unix:///path nor "
		    "tcp://host:port");
	if (s.n - 7 >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return dm_err_set(err, DM_EINVAL,
		    "the path of the engine's socket is longer than sockets' "
		    "paths may be");
	return 0;
}

static int set_host(struct dm_docker_engine *e, const char *host,
    const char *certs, struct dm_err *err)
{
	if (dm_docker_address_check(host, err) < 0)
		return -1;
	e->host = dm_str_dup(dm_str(host));
	if (!e->host)
		return dm_err_nomem(err);
	if (dm_str_starts(dm_str(host), "tcp://")) {
		dm_buf_addf(
		    &e->base, "http%s://%s", certs ? "s" : "", host + 6);
		if (dm_str_ends(dm_buf_str(&e->base), "/"))
			e->base.n--;
		if (certs && set_certs(e, certs) < 0)
			return dm_err_nomem(err);
		return 0;
	}
	dm_buf_add_cstr(&e->base, "http://engine");
	if (curl_easy_setopt(e->easy, CURLOPT_UNIX_SOCKET_PATH, host + 7) !=
	    CURLE_OK)
		return dm_err_nomem(err);
	return 0;
}

bool dm_docker_meant(const char *host)
{
	return host || access(DM_DOCKER_USUAL_SOCKET, F_OK) == 0 ||
	       (errno != ENOENT && errno != ENOTDIR);
}

/* setopt fails without memory, or where libcurl lacks what is asked. */
static bool set_options(struct dm_docker_engine *e)
{
	CURL *h = e->easy;

	return !curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(h, CURLOPT_PROXY, "") &&
	       !curl_easy_setopt(
		   h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       !curl_easy_setopt(h, CURLOPT_USERAGENT, "dmon-collect") &&
	       !curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L) &&
	       !curl_easy_setopt(h, CURLOPT_ERRORBUFFER, e->curl_says) &&
	       !curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header) &&
	       !curl_easy_setopt(h, CURLOPT_HEADERDATA, e) &&
	       !curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body) &&
	       !curl_easy_setopt(h, CURLOPT_WRITEDATA, e);
}

int dm_docker_engine_new(const struct dm_docker_engine_options *options,
    struct dm_docker_engine **ret_engine, struct dm_err *err)
{
	DM_AUTO_DOCKER_ENGINE struct dm_docker_engine *e =
	    calloc(1, sizeof(*e));

	if (!e)
		return dm_err_nomem(err);
	e->set = e->timer = -1;
	e->multi = curl_multi_init();
	e->easy = curl_easy_init();
	if (!e->multi || !e->easy)
		return dm_err_nomem(err);
	if (!set_options(e))
		return dm_err_set(err, DM_ESYS, "libcurl lacks an option");
	if (set_host(e, options->host ? options->host : USUAL_HOST,
		options->certs, err) < 0 ||
	    dm_buf_ok(&e->base, err) < 0)
		return -1;
	e->patience_ns = options->patience_ns;
	e->split.limits = options->limits;
	*ret_engine = dm_steal(&e);
	return 0;
}

void dm_docker_engine_free(struct dm_docker_engine *e)
{
	if (!e)
		return;
	dm_docker_engine_abort(e);
	curl_easy_cleanup(e->easy);
	curl_multi_cleanup(e->multi);
	if (e->set >= 0)
		close(e->set);
	if (e->timer >= 0)
		close(e->timer);
	dm_buf_release(&e->base);
	dm_buf_release(&e->refusal);
	dm_split_release(&e->split);
	free(e->host);
	free(e);
}

static int begin(
    struct dm_docker_engine *e, const char *path, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf url = {0};

	dm_buf_add_str(&url, dm_buf_str(&e->base));
	dm_buf_add_cstr(&url, path);
	if (curl_easy_setopt(e->easy, CURLOPT_URL, dm_buf_cstr(&url)) !=
		CURLE_OK ||
	    url.failed)
		return dm_err_nomem(err);
	dm_split_clear(&e->split);
	dm_buf_clear(&e->refusal);
	e->header_bytes = 0;
	e->header_read = false;
	e->status = 0;
	e->stopped = false;
	e->curl_says[0] = '\0';
	e->started_ns = dm_time_mono_ns();
	e->due_ns = e->started_ns + e->patience_ns;
	if (curl_multi_add_handle(e->multi, e->easy) != CURLM_OK)
		return dm_err_nomem(err);
	e->busy = true;
	return 0;
}

int dm_docker_engine_get(struct dm_docker_engine *e, const char *path,
    int (*object)(void *ctx, struct dm_str json, struct dm_err *err), void *ctx,
    struct dm_err *err)
{
	e->split.object = object;
	e->split.ctx = ctx;
	e->bytes_fn = NULL;
	return begin(e, path, err);
}

int dm_docker_engine_follow(struct dm_docker_engine *e, const char *path,
    int (*bytes)(void *ctx, const char *p, size_t n, struct dm_err *err),
    void *ctx, struct dm_err *err)
{
	e->bytes_fn = bytes;
	e->bytes_ctx = ctx;
	return begin(e, path, err);
}

bool dm_docker_engine_busy(const struct dm_docker_engine *e)
{
	return e->busy;
}

long dm_docker_engine_status(const struct dm_docker_engine *e)
{
	return e->status;
}

static void finish(struct dm_docker_engine *e)
{
	if (e->busy)
		curl_multi_remove_handle(e->multi, e->easy);
	e->busy = false;
}

void dm_docker_engine_abort(struct dm_docker_engine *e)
{
	/* libcurl closes the connection of a handle that is removed in
	 * mid-transfer, and keeps that of a complete one. */
	finish(e);
}

/* The engine refused: with its own words, where it has some. */
static int refused(struct dm_docker_engine *e, struct dm_err *err)
{
	enum dm_code code = e->status == 404 ? DM_ENODATA : DM_ESYS;
	json_t *answer = dm_docker_parse(dm_buf_str(&e->refusal), NULL);
	struct dm_str said = {"", 0};

	if (answer)
		said = dm_docker_message(answer);
	if (e->status == 401 || e->status == 403)
		code = DM_EPERM;
	dm_err_set(err, code, "HTTP status %ld%s%.*s", e->status,
	    said.n ? ": " : "", (int)said.n, said.p);
	json_decref(answer);
	return -1;
}

/* libcurl gave up. */
static int gave_up(
    struct dm_docker_engine *e, CURLcode result, struct dm_err *err)
{
	const char *says =
	    e->curl_says[0] ? e->curl_says : curl_easy_strerror(result);
	long errnum = 0;

	curl_easy_getinfo(e->easy, CURLINFO_OS_ERRNO, &errnum);
	if (result == CURLE_OUT_OF_MEMORY)
		return dm_err_nomem(err);
	if (result == CURLE_COULDNT_CONNECT && errnum)
		return dm_err_errno(err, (int)errnum, "can't connect");
	return dm_err_set(err, DM_ESYS, "%s", says);
}

static int judge(
    struct dm_docker_engine *e, CURLcode result, struct dm_err *err)
{
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &e->status);
	if (e->stopped) {
		if (err)
			*err = e->why;
		return -1;
	}
	if (e->status && e->status != 200)
		return refused(e, err);
	if (result != CURLE_OK)
		return gave_up(e, result, err);
	if (e->bytes_fn)
		return 1;
	return dm_split_end(&e->split, err) < 0 ? -1 : 1;
}

/* Has a transfer ended? 0: no; otherwise as dm_docker_engine_step. */
static int ended(struct dm_docker_engine *e, struct dm_err *err)
{
	CURLMsg *message;
	int left, rc = 0;

	while ((message = curl_multi_info_read(e->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			rc = judge(e, message->data.result, err);
	return rc;
}

static int look(struct dm_docker_engine *e, struct dm_err *err)
{
	int running;

	if (curl_multi_perform(e->multi, &running) != CURLM_OK)
		return dm_err_set(err, DM_ESYS, "libcurl failed");
	return ended(e, err);
}

/* Wait for the next bytes. */
static int await(
    struct dm_docker_engine *e, int64_t wait_ns, struct dm_err *err)
{
	int ms = (int)((wait_ns + NS_PER_MS - 1) / NS_PER_MS);

	if (curl_multi_poll(e->multi, NULL, 0, ms, NULL) != CURLM_OK)
		return dm_err_set(err, DM_ESYS, "libcurl failed");
	return 0;
}

static int too_late(
    const struct dm_docker_engine *e, int64_t now, struct dm_err *err)
{
	return dm_err_set(err, DM_EBUSY, "no answer after %.0f s",
	    (double)(now - e->started_ns) / 1e9);
}

static int go_on(struct dm_docker_engine *e, int64_t idle_ns,
    int64_t deadline_ns, struct dm_err *err)
{
	uint64_t bytes = e->bytes;
	int64_t now = dm_time_mono_ns(), idle_end = now + idle_ns;

	for (;;) {
		int rc = look(e, err);

		now = dm_time_mono_ns();
		if (rc != 0)
			return rc;
		if (e->bytes != bytes) {
			bytes = e->bytes;
			idle_end = now + idle_ns;
		}
		if (idle_end > deadline_ns)
			idle_end = deadline_ns;
		if (now >= idle_end)
			break;
		if (await(e, idle_end - now, err) < 0)
			return -1;
	}
	return now < e->due_ns ? 0 : too_late(e, now, err);
}

int dm_docker_engine_step(struct dm_docker_engine *e, int64_t idle_ns,
    int64_t deadline_ns, struct dm_err *err)
{
	int rc = go_on(e, idle_ns, deadline_ns, err);

	if (rc != 0)
		finish(e);
	if (rc < 0)
		dm_err_wrap(err, "%s", e->host);
	return rc;
}

/* Heard of by a descriptor. */

/* The timer's next moment. */
static void arm(struct dm_docker_engine *e)
{
	int64_t at[] = {e->curl_ns, e->busy ? e->due_ns : 0, e->wake_ns};
	struct itimerspec when = {0};
	int64_t first = 0;

	for (size_t i = 0; i < DM_COUNT(at); i++)
		if (at[i] && (!first || at[i] < first))
			first = at[i];
	when.it_value.tv_sec = first / INT64_C(1000000000);
	when.it_value.tv_nsec = first % INT64_C(1000000000);
	(void)timerfd_settime(e->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
	struct dm_docker_engine *e = ctx;

	(void)multi;
	e->curl_ns = ms < 0 ? 0 : dm_time_mono_ns() + ms * NS_PER_MS;
	arm(e);
	return 0;
}

static int on_socket(
    CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct dm_docker_engine *e = ctx;
	struct epoll_event event = {.data.fd = fd};

	(void)easy, (void)socket_ctx;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(e->set, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0U) |
		       (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
	if (epoll_ctl(e->set, EPOLL_CTL_MOD, fd, &event) < 0 &&
	    epoll_ctl(e->set, EPOLL_CTL_ADD, fd, &event) < 0)
		return -1;
	return 0;
}

int dm_docker_engine_watch(struct dm_docker_engine *e, struct dm_err *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	CURLM *m = e->multi;

	e->set = epoll_create1(EPOLL_CLOEXEC);
	e->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	event.data.fd = e->timer;
	if (e->set < 0 || e->timer < 0 ||
	    epoll_ctl(e->set, EPOLL_CTL_ADD, e->timer, &event) < 0)
		return dm_err_errno(err, errno, "epoll");
	if (curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) ||
	    curl_multi_setopt(m, CURLMOPT_SOCKETDATA, e) ||
	    curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer) ||
	    curl_multi_setopt(m, CURLMOPT_TIMERDATA, e))
		return dm_err_set(err, DM_ESYS, "libcurl lacks an option");
	return e->set;
}

void dm_docker_engine_wake(struct dm_docker_engine *e, int64_t at_ns)
{
	e->wake_ns = at_ns;
	arm(e);
}

static int action_of(uint32_t events)
{
	return (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
	       (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
	       (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

/* What there is for libcurl to do, once each. */
static int react(struct dm_docker_engine *e, struct dm_err *err)
{
	struct epoll_event events[4];
	int n = epoll_wait(e->set, events, DM_COUNT(events), 0), running;
	int64_t now = dm_time_mono_ns();

	for (int i = 0; i < n; i++) {
		int fd = events[i].data.fd;

		if (fd != e->timer &&
		    curl_multi_socket_action(e->multi, fd,
			action_of(events[i].events), &running) != CURLM_OK)
			return dm_err_set(err, DM_ESYS, "libcurl failed");
	}
	if (e->curl_ns && now >= e->curl_ns) {
		e->curl_ns = 0;
		if (curl_multi_socket_action(
			e->multi, CURL_SOCKET_TIMEOUT, 0, &running) != CURLM_OK)
			return dm_err_set(err, DM_ESYS, "libcurl failed");
	}
	return ended(e, err);
}

bool dm_docker_engine_answering(const struct dm_docker_engine *e)
{
	long status = 0;

	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	return e->busy && e->header_read && status == 200;
}

int dm_docker_engine_hear(struct dm_docker_engine *e, struct dm_err *err)
{
	int rc = react(e, err);
	int64_t now = dm_time_mono_ns();

	/* An answer that goes on has begun in time. */
	if (e->bytes_fn && dm_docker_engine_answering(e))
		e->due_ns = 0;
	if (rc == 0 && e->busy && e->due_ns && now >= e->due_ns)
		rc = too_late(e, now, err);
	if (e->wake_ns && now >= e->wake_ns)
		e->wake_ns = 0;
	if (rc != 0)
		finish(e);
	if (rc < 0)
		dm_err_wrap(err, "%s", e->host);
	arm(e);
	return rc;
}
