/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "collect/docker-event.h"

#define ID "ada1deadbeef5566778899aabbccddeeff00112233445566778899aabbccddee"

static json_t *parse(const char *text)
{
	json_t *answer = dm_docker_parse(dm_str(text), NULL);

	assert_non_null(answer);
	return answer;
}

static void assert_text(struct dm_str got, const char *want)
{
	assert_true(dm_str_is(got, want));
}

/* As the engine writes it, of a container that is web of alpine. */
static int read_event(const char *action, const char *attribute,
    struct dm_docker_event *ret, json_t **ret_answer)
{
	char text[1024];
	struct dm_err err;

	snprintf(text, sizeof(text),
	    "{\"status\":\"%s\",\"id\":\"" ID "\",\"from\":\"alpine\","
	    "\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"" ID
	    "\",\"Attributes\":{%s\"image\":\"alpine\",\"name\":\"web\"}},"
	    "\"scope\":\"local\",\"time\":1795476513,"
	    "\"timeNano\":1795476513120000001}",
	    action, action, attribute);
	*ret_answer = parse(text);
	return dm_docker_event_read(*ret_answer, ret, &err);
}

static void reads_what_happened(void **state)
{
	struct dm_docker_event e;
	json_t *answer;

	(void)state;
	assert_int_equal(read_event("start", "", &e, &answer), 1);
	assert_string_equal(e.action, "start");
	assert_text(e.who.id, ID);
	assert_text(e.who.name, "web");
	assert_text(e.who.image, "alpine");
	assert_int_equal(e.time_ns, 1795476513120000001);
	assert_null(e.metric);
	assert_null(e.label);
	json_decref(answer);
	assert_int_equal(read_event("resize", "", &e, &answer), 0);
	json_decref(answer);
	assert_int_equal(read_event("", "", &e, &answer), 0);
	json_decref(answer);
	assert_int_equal(read_event("startle", "", &e, &answer), 0);
	json_decref(answer);
}

static void reads_numbers(void **state)
{
	static const struct {
		const char *action, *attribute, *metric;
		double value;
	} cases[] = {
	    {"die", "\"exitCode\":\"137\",", "container_event_exit_code", 137},
	    {"exec_die", "\"exitCode\":\"0\",", "container_event_exit_code", 0},
	    {"kill", "\"signal\":\"9\",", "container_event_signal", 9},
	    {"kill", "\"signal\":\"KILL\",", NULL, 0},
	    {"die", "\"exitCode\":137,", NULL, 0},
	    {"start", "\"exitCode\":\"1\",", NULL, 0},
	    {"health_status: healthy", "", "container_event_healthy", 1},
	    {"health_status: unhealthy", "", "container_event_healthy", 0},
	    {"health_status", "", NULL, 0},
	};
	struct dm_docker_event e;
	json_t *answer;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		assert_int_equal(read_event(cases[i].action, cases[i].attribute,
				     &e, &answer),
		    1);
		if (cases[i].metric)
			assert_string_equal(e.metric, cases[i].metric);
		else
			assert_null(e.metric);
		assert_true(e.value == cases[i].value);
		json_decref(answer);
	}
}

static void reads_texts(void **state)
{
	static const struct {
		const char *action, *attribute, *label, *text;
	} cases[] = {
	    {"exec_create: sh -c 'a: b'", "", "command", "sh -c 'a: b'"},
	    {"exec_start: x", "", "command", "x"},
	    {"exec_start:", "", NULL, NULL},
	    {"rename", "\"oldName\":\"/was\",", "old_name", "was"},
	    {"archive-path", "\"path\":\"/etc/shadow\",", "path",
		"/etc/shadow"},
	};
	struct dm_docker_event e;
	json_t *answer;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		assert_int_equal(read_event(cases[i].action, cases[i].attribute,
				     &e, &answer),
		    1);
		if (cases[i].label) {
			assert_string_equal(e.label, cases[i].label);
			assert_text(e.text, cases[i].text);
		} else {
			assert_null(e.label);
		}
		json_decref(answer);
	}
}

static void reads_mounts_of_volumes(void **state)
{
	json_t *answer =
	    parse("{\"Type\":\"volume\",\"Action\":\"mount\",\"Actor\":{\"ID\":"
		  "\"data\",\"Attributes\":{\"container\":\"" ID
		  "\",\"destination\":\"/x\"}}}");
	struct dm_docker_event e;
	struct dm_err err;

	(void)state;
	assert_int_equal(dm_docker_event_read(answer, &e, &err), 1);
	assert_string_equal(e.action, "mount");
	assert_text(e.who.id, ID);
	assert_string_equal(e.label, "path");
	assert_text(e.text, "/x");
	assert_int_equal(e.time_ns, 0);
	json_decref(answer);
	answer = parse("{\"Type\":\"volume\",\"Action\":\"create\"}");
	assert_int_equal(dm_docker_event_read(answer, &e, &err), 0);
	json_decref(answer);
}

static void refuses_what_is_no_event(void **state)
{
	static const char *const bad[] = {
	    "{}",
	    "{\"Type\":7}",
	    "{\"Type\":\"container\",\"Action\":\"start\"}",
	    "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":"
	    "\"../x\"}}",
	    "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":"
	    "\"" ID "0\"}}",
	    "{\"Type\":\"volume\",\"Action\":\"mount\",\"Actor\":{\"ID\":"
	    "\"" ID "\"}}",
	};
	struct dm_docker_event e;
	struct dm_err err;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(bad); i++) {
		json_t *answer = parse(bad[i]);

		assert_int_equal(dm_docker_event_read(answer, &e, &err), -1);
		assert_int_equal(err.code, DM_EPARSE);
		json_decref(answer);
	}
}

/* A time that could not be counted on from is none. */
static void reads_odd_times(void **state)
{
	static const char *const odd[] = {
	    "-1", "\"1\"", "9223372036854775807", "1e300", "null"};
	struct dm_docker_event e;
	struct dm_err err;
	char text[256];

	(void)state;
	for (size_t i = 0; i < DM_COUNT(odd); i++) {
		json_t *answer;

		snprintf(text, sizeof(text),
		    "{\"Type\":\"container\",\"Action\":\"die\","
		    "\"Actor\":{\"ID\":\"0a\"},\"timeNano\":%s}",
		    odd[i]);
		answer = parse(text);
		assert_int_equal(dm_docker_event_read(answer, &e, &err), 1);
		assert_int_equal(e.time_ns, 0);
		json_decref(answer);
	}
}

static void reads_who_it_is(void **state)
{
	json_t *answer =
	    parse("{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":{\"Image\":"
		  "\"alpine:3\",\"Labels\":{\"k\":\"v\"}}}");
	struct dm_docker_who who;
	struct dm_err err;

	(void)state;
	assert_int_equal(dm_docker_who_read(answer, &who, &err), 0);
	assert_text(who.id, ID);
	assert_text(who.name, "web");
	assert_text(who.image, "alpine:3");
	assert_int_equal(json_object_size(who.labels), 1);
	json_decref(answer);
	answer = parse("{\"Id\":\"no\",\"Config\":[]}");
	assert_int_equal(dm_docker_who_read(answer, &who, &err), -1);
	json_decref(answer);
}

static int join(void *ctx, struct dm_str text, struct dm_err *err)
{
	struct dm_buf *b = ctx;

	if (dm_str_is(text, "stop"))
		return dm_err_set(err, DM_ELIMIT, "stopped");
	dm_buf_add(b, text.p, text.n < 20 ? text.n : 20);
	dm_buf_add_char(b, '|');
	return 0;
}

static void cuts_lines(void **state)
{
	static const char text[] = "{a}\r\n\n  \n{b}\nend";
	struct dm_err err;

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		struct dm_docker_lines l = {0};
		DM_AUTO_BUF struct dm_buf out = {0};

		for (size_t i = 0; i < sizeof(text) - 1; i += step) {
			size_t left = sizeof(text) - 1 - i;

			assert_int_equal(
			    dm_docker_lines_add(&l, text + i,
				step < left ? step : left, join, &out, &err),
			    0);
		}
		assert_string_equal(dm_buf_cstr(&out), "{a}|{b}|");
		dm_docker_lines_clear(&l);
		assert_int_equal(
		    dm_docker_lines_add(&l, "new\n", 4, join, &out, &err), 0);
		assert_string_equal(dm_buf_cstr(&out), "{a}|{b}|new|");
		assert_int_equal(
		    dm_docker_lines_add(&l, "stop\n", 5, join, &out, &err), -1);
		dm_buf_release(&l.held);
	}
}

static void skips_lines_that_are_too_long(void **state)
{
	struct dm_docker_lines l = {0};
	DM_AUTO_BUF struct dm_buf out = {0};
	static char piece[DM_DOCKER_LINE_BYTES];
	struct dm_err err;

	(void)state;
	memset(piece, 'x', sizeof(piece));
	assert_int_equal(
	    dm_docker_lines_add(&l, piece, sizeof(piece), join, &out, &err), 0);
	assert_int_equal(dm_docker_lines_add(&l, "\n", 1, join, &out, &err), 0);
	assert_int_equal(l.rejected, 0);
	assert_int_equal(out.n, 21);
	for (int i = 0; i < 3; i++)
		assert_int_equal(dm_docker_lines_add(&l, piece, sizeof(piece),
				     join, &out, &err),
		    0);
	assert_int_equal(
	    dm_docker_lines_add(&l, "y\ngood\n", 7, join, &out, &err), 0);
	assert_int_equal(l.rejected, 1);
	assert_string_equal(dm_buf_cstr(&out) + 21, "good|");
	assert_true(l.held.cap <= 2 * DM_DOCKER_LINE_BYTES);
	dm_buf_release(&l.held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_happened),
	    cmocka_unit_test(reads_numbers),
	    cmocka_unit_test(reads_texts),
	    cmocka_unit_test(reads_mounts_of_volumes),
	    cmocka_unit_test(refuses_what_is_no_event),
	    cmocka_unit_test(reads_odd_times),
	    cmocka_unit_test(reads_who_it_is),
	    cmocka_unit_test(cuts_lines),
	    cmocka_unit_test(skips_lines_that_are_too_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
