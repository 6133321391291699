/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* The docker source on containers that are handed to it, with an engine that
 * misbehaves when told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../engine.h"
#include "base/file.h"
#include "collect/source.h"

#define N     3
#define INDEX 2

struct world {
	char folder[64], host[128], socket[96];
	pid_t engine;
	struct dm_collect c;
	struct dm_container containers[N];
	struct dm_container *list[N];
	char ids[N][65];
	void *state;
	unsigned warned;
	struct dm_err warning;
};

/* What the core would do. */
struct dm_container *dm_collect_find(
    const struct dm_collect *c, struct dm_str id)
{
	for (size_t i = 0; i < c->n_containers; i++)
		if (dm_str_is(id, c->containers[i]->id))
			return c->containers[i];
	return NULL;
}

static void put_file(struct world *w, const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(dm_file_write_all(fd, text, strlen(text), NULL), 0);
	close(fd);
}

/* The requests so far, "version list 0 1 2" for the containers' numbers. */
static const char *requests(struct world *w, struct dm_buf *b)
{
	DM_AUTO_BUF struct dm_buf log = {0};
	struct dm_str rest, line;
	char path[128];

	snprintf(path, sizeof(path), "%s/log", w->folder);
	dm_buf_clear(b);
	if (dm_file_read(path, 1 << 20, &log, NULL) < 0)
		return "";
	rest = dm_buf_str(&log);
	while (dm_str_line(&rest, &line)) {
		if (dm_str_starts(line, "GET /version "))
			dm_buf_add_cstr(b, "version ");
		else if (dm_str_starts(
			     line, "GET /v1.41/containers/json?all=1 "))
			dm_buf_add_cstr(b, "list ");
		else if (dm_str_starts(line, "GET /v1.41/containers/"))
			dm_buf_addf(b, "%c ", line.p[22]);
		else
			dm_buf_add_cstr(b, "? ");
	}
	return dm_buf_cstr(b);
}

static void start_engine(struct world *w)
{
	w->engine = fork();
	assert_true(w->engine >= 0);
	if (w->engine == 0)
		engine_serve(w->socket, w->folder);
	for (int i = 0; i < 500 && access(w->socket, F_OK) < 0; i++)
		usleep(10000);
}

static void stop_engine(struct world *w)
{
	if (w->engine > 0) {
		kill(w->engine, SIGKILL);
		waitpid(w->engine, NULL, 0);
	}
	w->engine = 0;
	unlink(w->socket);
}

static void put_list(struct world *w, const char *state, const char *name)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	for (int i = 0; i < N; i++)
		dm_buf_addf(&b,
		    "%c{\"Id\":\"%s\",\"Names\":[\"/%s%d\"],\"Image\":"
		    "\"sha256:77\",\"State\":\"%s\",\"Status\":\"Up 2 "
		    "minutes (healthy)\",\"Labels\":{\"a.b\":\"x\\\"\\\\y\","
		    "\"c\":\"no\"}}",
		    i ? ',' : '[', w->ids[i], name, i, state);
	dm_buf_add_cstr(&b, ",{\"Id\":\"f00d\",\"State\":\"exited\"}]\n");
	put_file(w, "list", dm_buf_cstr(&b));
}

static void put_details(struct world *w, int i, unsigned restarts)
{
	char text[256];

	snprintf(text, sizeof(text),
	    "{\"Id\":\"%s\",\"RestartCount\":%u,\"Config\":{\"Image\":"
	    "\"busybox:%d\"},\"State\":{\"Pid\":%d},\"HostConfig\":{"
	    "\"Memory\":67108864}}",
	    w->ids[i], restarts, i, 100 + i);
	put_file(w, w->ids[i], text);
}

static void on_warn(void *ctx, const char *source, const struct dm_err *err)
{
	struct world *w = ctx;

	assert_string_equal(source, "docker");
	w->warned++;
	w->warning = *err;
}

static void set_containers(struct world *w)
{
	for (int i = 0; i < N; i++) {
		memset(w->ids[i], '0' + i, 64);
		w->containers[i].id = w->ids[i];
		w->list[i] = &w->containers[i];
		put_details(w, i, 7);
	}
	put_list(w, "running", "web");
	put_file(
	    w, "version", "{\"Version\":\"20.10\",\"ApiVersion\":\"1.41\"}");
}

static int make_world(void **state)
{
	static const char *const keys[] = {"a.b"};
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	snprintf(w->folder, sizeof(w->folder), "/tmp/dmon-docker.XXXXXX");
	if (!mkdtemp(w->folder))
		return -1;
	snprintf(w->socket, sizeof(w->socket), "%s/sock", w->folder);
	snprintf(w->host, sizeof(w->host), "unix://%s", w->socket);
	w->c = (struct dm_collect){.options = {.docker_host = w->host,
				       .sysfs = "/sys",
				       .label_keys = keys,
				       .n_label_keys = 1,
				       .interval_us = 1000000},
	    .containers = w->list,
	    .n_containers = N,
	    .warn = on_warn,
	    .warn_ctx = w};
	set_containers(w);
	start_engine(w);
	*state = w;
	return dm_source_docker.open(&w->c, INDEX, &w->state, NULL);
}

static int end_world(void **state)
{
	struct world *w = *state;
	char command[128];

	for (int i = 0; i < N; i++) {
		struct dm_container *c = &w->containers[i];

		dm_source_docker.forget(w->state, c, INDEX);
		free(c->name);
		free(c->image);
		dm_buf_release(&c->extra_labels);
		dm_part_release(&c->parts[INDEX]);
	}
	dm_source_docker.close(w->state);
	dm_part_release(&w->c.host[INDEX]);
	stop_engine(w);
	snprintf(command, sizeof(command), "rm -r %s", w->folder);
	if (system(command) != 0)
		return -1;
	free(w);
	return 0;
}

/* One sweep, as the core does it. */
static int sweep(struct world *w, struct dm_err *err)
{
	int rc = dm_source_docker.sample(&w->c, INDEX, w->state, err);

	for (size_t i = 0; i < w->c.n_containers && rc == 0; i++) {
		dm_part_clear(&w->list[i]->parts[INDEX]);
		assert_int_equal(dm_source_docker.container(
				     &w->c, INDEX, w->state, w->list[i], err),
		    0);
	}
	w->c.sweep++;
	return rc;
}

static void must_sweep(struct world *w)
{
	struct dm_err err;

	if (sweep(w, &err) < 0)
		fail_msg("%s", err.msg);
}

static const char *part_text(struct world *w, int i)
{
	return dm_buf_cstr(&w->containers[i].parts[INDEX].main.text);
}

/* Sweeps, a tenth of a second apart, until metrics say what they should. */
static void sweep_until(struct world *w, int i, const char *says)
{
	struct dm_err err;

	for (int n = 0; n < 300; n++) {
		if (sweep(w, &err) == 0 && strstr(part_text(w, i), says))
			return;
		usleep(100000);
	}
	fail_msg("%s was not said: %s", says, part_text(w, i));
}

static void assert_holds(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("%s is not in %s", what, text);
}

static void names_all_at_once(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct world *w = *state;

	must_sweep(w);
	for (int i = 0; i < N; i++) {
		struct dm_container *c = &w->containers[i];
		char want[32];

		snprintf(want, sizeof(want), "web%d", i);
		assert_string_equal(c->name, want);
		snprintf(want, sizeof(want), "busybox:%d", i);
		assert_string_equal(c->image, want);
		assert_string_equal(dm_buf_cstr(&c->extra_labels),
		    "\"container_label_a_b\":\"x\\\"\\\\\\\\y\"");
		assert_int_equal(c->init_pid, 100 + i);
		assert_true(c->relabel);
		c->relabel = false;
	}
	assert_string_equal(part_text(w, 1),
	    "\"container_running\":1,\"container_paused\":0,"
	    "\"container_health_state\":1,\"container_restarts_total\":7,"
	    "\"container_oom_killed\":0,"
	    "\"container_declared_privileged\":0,"
	    "\"container_declared_host_namespaces\":0,"
	    "\"container_declared_memory_limit_bytes\":67108864");
	must_sweep(w);
	assert_false(w->containers[0].relabel);
	assert_string_equal(requests(w, &b), "version list 0 1 2 ");
	assert_holds(dm_buf_cstr(&w->c.host[INDEX].text),
	    "\"state\":\"exited\"{\"dmon_engine_containers\":1");
	assert_int_equal(w->warned, 0);
}

static void asks_for_a_new_container(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct world *w = *state;

	w->c.n_containers = 2;
	must_sweep(w);
	assert_null(w->containers[2].name);
	w->c.n_containers = 3;
	sweep_until(w, 2, "restarts_total");
	assert_string_equal(w->containers[2].name, "web2");
	assert_string_equal(requests(w, &b), "version list 0 1 list 2 ");
}

static void sees_a_restart_by_its_pid(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct world *w = *state;
	pid_t pids[] = {99, 101};

	w->containers[1].pids = pids;
	w->containers[1].n_pids = 2;
	must_sweep(w);
	must_sweep(w);
	assert_string_equal(requests(w, &b), "version list 0 1 2 ");
	put_details(w, 1, 8);
	pids[1] = 555;
	sweep_until(w, 1, "restarts_total\":8");
	assert_string_equal(requests(w, &b), "version list 0 1 2 1 ");
	/* Its pid is still not among ours: that is no news. */
	must_sweep(w);
	must_sweep(w);
	assert_string_equal(requests(w, &b), "version list 0 1 2 1 ");
}

static void sees_changes_in_the_list(void **state)
{
	struct world *w = *state;

	must_sweep(w);
	w->containers[0].relabel = false;
	put_list(w, "paused", "new\\u0007name");
	sweep_until(w, 0, "container_paused\":1");
	assert_string_equal(w->containers[0].name, "new\aname0");
	assert_true(w->containers[0].relabel);
	assert_string_equal(w->containers[0].image, "busybox:0");
}

/* The names stay, the sweep fails with a reason, and all is well again once
 * the engine is. */
static void survives(struct world *w, const char *mode, const char *why)
{
	struct dm_err err = {0};
	int rc = 0;

	w->c.n_containers = 2;
	must_sweep(w);
	put_file(w, "mode", mode);
	w->c.n_containers = 3; /* so that it asks at once */
	for (int n = 0; n < 200 && rc == 0; n++) {
		rc = sweep(w, &err);
		usleep(100000);
	}
	assert_int_equal(rc, -1);
	assert_holds(err.msg, why);
	assert_string_equal(w->containers[1].name, "web1");
	put_file(w, "mode", "* ok\n");
	put_list(w, "paused", "web");
	sweep_until(w, 1, "container_paused\":1");
}

#define SURVIVES(test, mode, why)                                              \
	static void test(void **state)                                         \
	{                                                                      \
		survives(*state, mode "\n", why);                              \
	}

SURVIVES(survives_a_drop, "* drop", "sock: ")
SURVIVES(survives_garbage, "* garbage", "sock: ")
SURVIVES(survives_text, "list text", "no list of JSON objects, at byte 0")
SURVIVES(survives_a_half, "list half", "sock: ")
SURVIVES(survives_depth, "list deep", "deeper than 64")
SURVIVES(survives_headers, "list headers", "header is too long")
SURVIVES(survives_500, "list 500", "HTTP status 500: the engine is ill")
SURVIVES(survives_a_long_500, "list long500", "HTTP status 500")
SURVIVES(survives_a_hang, "* hang", "no answer after 5 s")
SURVIVES(survives_a_stall, "list stall", "no answer after 5 s")

static void survives_an_endless_list(void **state)
{
	struct world *w = *state;
	struct dm_err err = {0};
	int rc = 0;

	put_file(w, "mode", "list endless\n");
	for (int n = 0; n < 200 && rc == 0; n++) {
		rc = sweep(w, &err);
		usleep(100000);
	}
	assert_int_equal(rc, -1);
	assert_true(err.code == DM_ELIMIT || err.code == DM_EBUSY);
}

static void no_container_holds_up_the_others(void **state)
{
	DM_AUTO_BUF struct dm_buf mode = {0};
	struct world *w = *state;

	dm_buf_addf(&mode, "%s hang\n", w->ids[0]);
	put_file(w, "mode", dm_buf_cstr(&mode));
	sweep_until(w, 2, "restarts_total");
	assert_string_equal(w->containers[0].name, "web0");
	assert_string_equal(w->containers[0].image, "sha256:77");
	assert_holds(part_text(w, 0), "container_running\":1");
	assert_null(strstr(part_text(w, 0), "restarts_total"));
	assert_int_equal(w->warned, 1);
	assert_holds(w->warning.msg, "container 000000000000: ");
}

static void one_bad_answer_is_said_once(void **state)
{
	struct world *w = *state;

	put_file(w, w->ids[0], "{\"State\":nonsense}");
	must_sweep(w);
	must_sweep(w);
	assert_int_equal(w->warned, 1);
	assert_holds(w->warning.msg, "bad JSON");
	assert_holds(part_text(w, 1), "restarts_total");
}

static void no_engine_is_no_data(void **state)
{
	struct world *w = *state;
	struct dm_err err;

	stop_engine(w);
	assert_int_equal(sweep(w, &err), -1);
	assert_int_equal(err.code, DM_ENODATA);
	start_engine(w);
	sweep_until(w, 0, "restarts_total");
	/* Killed and started again in mid-collection. */
	stop_engine(w);
	put_list(w, "restarting", "web");
	dm_source_docker.forget(w->state, &w->containers[2], INDEX);
	for (int n = 0; n < 300 && sweep(w, &err) == 0; n++)
		usleep(100000);
	assert_string_equal(w->containers[0].name, "web0");
	start_engine(w);
	sweep_until(w, 0, "container_running\":0");
}

static void refuses_an_engine_that_is_too_new(void **state)
{
	struct world *w = *state;
	struct dm_err err;

	put_file(
	    w, "version", "{\"ApiVersion\":\"9.1\",\"MinAPIVersion\":\"9.0\"}");
	assert_int_equal(sweep(w, &err), -1);
	assert_holds(err.msg, "wants API version 9.0 or later");
}

/* As long as a socket's path may be. */
#define TEXT_50	   "01234567890123456789012345678901234567890123456789"
#define SOCKET_107 "unix:///" TEXT_50 TEXT_50 "123456"

static void refuses_wrong_options(void **state)
{
	static const char *const hosts[] = {"", "http://x", "unix://", "tcp://",
	    "/var/run/docker.sock", "unix://relative", "tcp://h:1/path",
	    "tcp://user:secret@host:1", "tcp://h", "tcp://:1", "tcp://h:0",
	    "tcp://h:65536", "tcp://h:1 ", "tcp://h h:1", "tcp://::1:1",
	    "tcp://[h]:1", "tcp://[]:1", "tcp://[::1]", "tcp://h:1//",
	    SOCKET_107 "x"};
	static const char *const good[] = {"unix:///s", SOCKET_107,
	    "tcp://h-1.x_y:65535", "tcp://10.0.0.1:1/", "tcp://[fe80::1]:2375"};
	static const char *const keys[] = {"a.b", "a_b"};
	struct dm_collect c = {0};
	struct dm_err err;
	void *s;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(hosts); i++) {
		c.options.docker_host = hosts[i];
		assert_int_equal(dm_source_docker.open(&c, 0, &s, &err), -1);
		assert_int_equal(err.code, DM_EINVAL);
		assert_null(strstr(err.msg, "secret"));
		assert_int_equal(dm_source_docker.check(&c.options, &err), -1);
		assert_int_equal(err.code, DM_EINVAL);
	}
	for (size_t i = 0; i < DM_COUNT(good); i++) {
		c.options.docker_host = good[i];
		assert_int_equal(dm_source_docker.check(&c.options, &err), 0);
	}
	c.options.docker_host = NULL;
	assert_int_equal(dm_source_docker.check(&c.options, &err), 0);
	c.options.label_keys = keys;
	c.options.n_label_keys = 2;
	assert_int_equal(dm_source_docker.open(&c, 0, &s, &err), -1);
	assert_holds(err.msg, "container_label_a_b");
	assert_int_equal(dm_source_docker.check(&c.options, &err), -1);
	assert_int_equal(err.code, DM_EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(names_all_at_once),
	    TEST(asks_for_a_new_container),
	    TEST(sees_a_restart_by_its_pid),
	    TEST(sees_changes_in_the_list),
	    TEST(survives_a_drop),
	    TEST(survives_garbage),
	    TEST(survives_text),
	    TEST(survives_a_half),
	    TEST(survives_depth),
	    TEST(survives_headers),
	    TEST(survives_500),
	    TEST(survives_a_long_500),
	    TEST(survives_a_hang),
	    TEST(survives_a_stall),
	    TEST(survives_an_endless_list),
	    TEST(no_container_holds_up_the_others),
	    TEST(one_bad_answer_is_said_once),
	    TEST(no_engine_is_no_data),
	    TEST(refuses_an_engine_that_is_too_new),
	    cmocka_unit_test(refuses_wrong_options),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
