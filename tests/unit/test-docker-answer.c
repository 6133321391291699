/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect/docker-answer.h"
#include "collect/docker-split.h"

#define ID "ada1deadbeef5566778899aabbccddeeff00112233445566778899aabbccddee"

static int join(void *ctx, struct dm_str json, struct dm_err *err)
{
	struct dm_buf *b = ctx;

	dm_buf_add_str(b, json);
	dm_buf_add_char(b, '|');
	return dm_buf_ok(b, err);
}

/* The objects of text, fed step bytes at a time; NULL: it was refused. */
static const char *split(
    const char *text, size_t step, struct dm_buf *out, struct dm_err *err)
{
	DM_AUTO_SPLIT struct dm_split s = {
	    .limits = {.total_bytes = 100, .object_bytes = 20, .depth = 4},
	    .object = join,
	    .ctx = out,
	};
	size_t n = strlen(text);

	dm_buf_clear(out);
	dm_split_clear(&s);
	for (size_t i = 0; i < n; i += step)
		if (dm_split_add(
			&s, text + i, step < n - i ? step : n - i, err) < 0)
			return NULL;
	return dm_split_end(&s, err) < 0 ? NULL : dm_buf_cstr(out);
}

static void check_split(const char *text, const char *want)
{
	DM_AUTO_BUF struct dm_buf out = {0};
	struct dm_err err;

	for (size_t step = 1; step < 30; step++) {
		const char *got = split(text, step, &out, &err);

		if (!want)
			assert_null(got);
		else
			assert_string_equal(got, want);
	}
}

static void splits_lists(void **state)
{
	(void)state;
	check_split("{}", "{}|");
	check_split(" {\"a\":{\"b\":[1]}}\n", "{\"a\":{\"b\":[1]}}|");
	check_split("[]", "");
	check_split("[ ]\n", "");
	check_split("[{\"a\":1}, {} ,{\"b\":2}]\n", "{\"a\":1}|{}|{\"b\":2}|");
	check_split("[{\"a\":\"}]{,\"}]", "{\"a\":\"}]{,\"}|");
	check_split("[{\"\\\"}\":\"\\\\\"}]", "{\"\\\"}\":\"\\\\\"}|");
}

static void refuses_what_is_no_list(void **state)
{
	static const char *const bad[] = {"", " ", "[", "]", "1", "\"a\"",
	    "null", "[1]", "[{}", "[{},", "[{},]", "[,{}]", "[{}{}]", "{}{}",
	    "[{}]]", "[{}] x", "[[{}]]", "{\"a\":1", "{\"a}", "good morning"};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(bad); i++)
		check_split(bad[i], NULL);
}

static void keeps_to_its_limits(void **state)
{
	DM_AUTO_BUF struct dm_buf out = {0};
	struct dm_err err;

	(void)state;
	check_split("{\"a\":[[[2]]]}", "{\"a\":[[[2]]]}|");
	assert_null(split("{\"a\":[[[[2]]]]}", 7, &out, &err));
	assert_int_equal(err.code, DM_ELIMIT);
	check_split("{\"a\":\"23456789abcd\"}", "{\"a\":\"23456789abcd\"}|");
	assert_null(split("{\"a\":\"23456789abcde\"}", 7, &out, &err));
	assert_int_equal(err.code, DM_ELIMIT);
	assert_null(
	    split("[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}"
		  ",{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]",
		7, &out, &err));
	assert_int_equal(err.code, DM_ELIMIT);
}

static int stop(void *ctx, struct dm_str json, struct dm_err *err)
{
	(void)ctx;
	(void)json;
	return dm_err_set(err, DM_ESTOP, "enough");
}

static void hands_on_errors(void **state)
{
	DM_AUTO_SPLIT struct dm_split s = {
	    .limits = {.total_bytes = 9, .object_bytes = 9, .depth = 9},
	    .object = stop,
	};
	struct dm_err err;

	(void)state;
	dm_split_clear(&s);
	assert_int_equal(dm_split_add(&s, "[{}", 3, &err), -1);
	assert_int_equal(err.code, DM_ESTOP);
}

static json_t *parse(const char *text)
{
	struct dm_err err;
	json_t *answer = dm_docker_parse(dm_str(text), &err);

	if (!answer)
		fail_msg("%s", err.msg);
	return answer;
}

static void assert_text(struct dm_str got, const char *want)
{
	if (!dm_str_is(got, want))
		fail_msg("%.*s, not %s", (int)got.n, got.p, want);
}

static void reads_versions(void **state)
{
	struct dm_docker_version v;
	struct dm_err err;
	json_t *answer = parse("{\"Version\":\"20.10\\u001b[1m\","
			       "\"ApiVersion\":\"1.41\","
			       "\"MinAPIVersion\":\"1.12\"}");

	(void)state;
	assert_int_equal(dm_docker_version_read(answer, &v, &err), 0);
	assert_string_equal(v.version, "20.10\\x1b[1m");
	assert_int_equal(v.api, 1041);
	assert_int_equal(v.api_min, 1012);
	json_decref(answer);
	answer = parse("{\"ApiVersion\":1.41}");
	assert_int_equal(dm_docker_version_read(answer, &v, &err), -1);
	assert_int_equal(err.code, DM_EPARSE);
	json_decref(answer);
	assert_int_equal(dm_docker_api_version(DM_STR("1.5")), 1005);
	assert_int_equal(dm_docker_api_version(DM_STR("")), 0);
	assert_int_equal(dm_docker_api_version(DM_STR("1")), 0);
	assert_int_equal(dm_docker_api_version(DM_STR("1.")), 0);
	assert_int_equal(dm_docker_api_version(DM_STR("1.4.1")), 0);
	assert_int_equal(dm_docker_api_version(DM_STR("1.41/../x")), 0);
	assert_int_equal(dm_docker_api_version(DM_STR("1.1000")), 0);
}

static void reads_items(void **state)
{
	struct dm_docker_item item;
	struct dm_err err;
	json_t *answer = parse("{\"Id\":\"" ID "\",\"Names\":[\"/other/db\","
			       "\"/we\\\"b\"],\"Image\":\"alpine:3.19\","
			       "\"State\":\"paused\",\"Labels\":{\"a\":\"1\"},"
			       "\"Status\":\"Up 5 minutes (healthy)\"}");

	(void)state;
	assert_int_equal(dm_docker_item_read(answer, &item, &err), 0);
	assert_text(item.id, ID);
	assert_text(item.name, "we\"b");
	assert_text(item.image, "alpine:3.19");
	assert_int_equal(item.state, DM_DOCKER_PAUSED);
	assert_int_equal(item.health, 1);
	assert_non_null(item.labels);
	json_decref(answer);
}

static void reads_odd_items(void **state)
{
	struct dm_docker_item item;
	struct dm_err err;
	json_t *answer = parse("{\"Id\":\"f00d\",\"Names\":[7,\"/a/b\"],"
			       "\"Image\":null,\"State\":\"levitating\","
			       "\"Labels\":[],"
			       "\"Status\":\"Up 1 s (unhealthy)\"}");
	static const char *const no_ids[] = {"{}", "{\"Id\":7}",
	    "{\"Id\":\"\"}", "{\"Id\":\"../x\"}", "{\"Id\":\"f00d\\u0000\"}",
	    "{\"Id\":\"" ID ID "\"}"};

	(void)state;
	assert_int_equal(dm_docker_item_read(answer, &item, &err), 0);
	assert_text(item.name, "");
	assert_text(item.image, "");
	assert_int_equal(item.state, DM_DOCKER_OTHER);
	assert_int_equal(item.health, 0);
	assert_null(item.labels);
	json_decref(answer);
	answer = parse("{\"Id\":\"f00d\",\"Status\":"
		       "\"Up 1 s (health: starting)\"}");
	assert_int_equal(dm_docker_item_read(answer, &item, &err), 0);
	assert_int_equal(item.health, 2);
	json_decref(answer);
	for (size_t i = 0; i < DM_COUNT(no_ids); i++) {
		answer = parse(no_ids[i]);
		assert_int_equal(dm_docker_item_read(answer, &item, &err), -1);
		json_decref(answer);
	}
}

static void reads_details(void **state)
{
	struct dm_docker_details d;
	json_t *answer = parse(
	    "{\"RestartCount\":3,\"Config\":{\"Image\":\"busybox\"},"
	    "\"State\":{\"Pid\":4711,\"OOMKilled\":true},\"HostConfig\":{"
	    "\"Memory\":67108864,\"NanoCpus\":2385000000,\"PidsLimit\":16,"
	    "\"Privileged\":true,\"PidMode\":\"host\",\"IpcMode\":\"private\","
	    "\"NetworkMode\":\"host\",\"CgroupnsMode\":\"host\"}}");

	(void)state;
	dm_docker_details_read(answer, &d);
	assert_text(d.image, "busybox");
	assert_int_equal(d.pid, 4711);
	assert_int_equal(d.restarts, 3);
	assert_true(d.oom_killed);
	assert_true(d.privileged);
	assert_int_equal(d.host_namespaces, 2 + 4 + 128);
	assert_int_equal(d.memory_limit_bytes, 67108864);
	assert_int_equal(d.pids_limit, 16);
	assert_true(d.cpus == 2.385);
	json_decref(answer);
}

static void reads_details_that_say_little(void **state)
{
	struct dm_docker_details d;
	json_t *answer = parse("{\"RestartCount\":-1,\"State\":[],"
			       "\"HostConfig\":{\"Memory\":\"much\","
			       "\"PidsLimit\":null,\"CpuQuota\":50000}}");

	(void)state;
	dm_docker_details_read(answer, &d);
	assert_text(d.image, "");
	assert_int_equal(d.pid, 0);
	assert_int_equal(d.restarts, 0);
	assert_false(d.oom_killed);
	assert_int_equal(d.host_namespaces, 0);
	assert_int_equal(d.memory_limit_bytes, 0);
	assert_int_equal(d.pids_limit, 0);
	assert_true(d.cpus == 0.5);
	json_decref(answer);
	answer = parse("{\"State\":{\"Pid\":99999999999}}");
	dm_docker_details_read(answer, &d);
	assert_int_equal(d.pid, 0);
	json_decref(answer);
}

static void names_labels_as_cadvisor_does(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	(void)state;
	dm_docker_label_name(&b, DM_STR("com.docker/compose-\xc3\xa4_9"));
	assert_string_equal(
	    dm_buf_cstr(&b), "container_label_com_docker_compose____9");
}

static void cuts_at_a_character(void **state)
{
	char text[DM_DOCKER_TEXT_BYTES + 10];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(dm_docker_cut((struct dm_str){text, 7}).n, 7);
	assert_int_equal(dm_docker_cut((struct dm_str){text, sizeof(text)}).n,
	    DM_DOCKER_TEXT_BYTES);
	memcpy(text + DM_DOCKER_TEXT_BYTES - 2, "\xf0\x9f\x90\xb3", 4);
	assert_int_equal(dm_docker_cut((struct dm_str){text, sizeof(text)}).n,
	    DM_DOCKER_TEXT_BYTES - 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits_lists),
	    cmocka_unit_test(refuses_what_is_no_list),
	    cmocka_unit_test(keeps_to_its_limits),
	    cmocka_unit_test(hands_on_errors),
	    cmocka_unit_test(reads_versions),
	    cmocka_unit_test(reads_items),
	    cmocka_unit_test(reads_odd_items),
	    cmocka_unit_test(reads_details),
	    cmocka_unit_test(reads_details_that_say_little),
	    cmocka_unit_test(names_labels_as_cadvisor_does),
	    cmocka_unit_test(cuts_at_a_character),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
