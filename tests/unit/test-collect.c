/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "collect/emit.h"
#include "collect/hierarchy.h"
#include "collect/runtime.h"
#include "collect/tick.h"

#define ID "ada1f00dada1f00dada1f00dada1f00dada1f00dada1f00dada1f00dada1f00d"

/* Layouts of engines, drivers and orchestrators. NULL: no container. */
static const struct {
	const char *parent, *name, *runtime, *id;
} layouts[] = {
    {"/docker", ID, "docker", ID},
    {"/process_api/77/docker", ID, "docker", ID},
    {"/system.slice", "docker-" ID ".scope", "docker", ID},
    {"/kubepods/burstable/pod1b60", ID, "kubernetes", ID},
    {"/kubepods.slice/kubepods-pod1.slice", "cri-containerd-" ID ".scope",
	"containerd", ID},
    {"/kubepods.slice/kubepods-pod1.slice", "crio-" ID ".scope", "crio", ID},
    {"/kubepods.slice/kubepods-pod1.slice", "crio-conmon-" ID ".scope", NULL,
	NULL},
    {"/machine.slice", "libpod-" ID ".scope", "podman", ID},
    {"/libpod_parent", "libpod-" ID, "podman", ID},
    {"/machine.slice", "libpod-conmon-" ID ".scope", NULL, NULL},
    {"/system.slice", "nerdctl-" ID ".scope", "containerd", ID},
    {"/default", ID, "containerd", ID},
    {"/lxc", "web \"1\"", "lxc", "web \"1\""},
    {"", "lxc.payload.db", "lxc", "db"},
    {"/lxc.payload", "db", "lxc", "db"},
    {"", "lxc.monitor.db", NULL, NULL},
    {"", "lxc.payload.", NULL, NULL},
    {"", "lxc", NULL, NULL},
    {"/notlxc", "db", NULL, NULL},
    {"/docker", "buildkit", NULL, NULL},
    {"/system.slice", "docker.service", NULL, NULL},
    {"/system.slice", "docker-.scope", NULL, NULL},
    {"/system.slice", "docker-" ID "0.scope", NULL, NULL},
    {"/docker",
	"ADA1F00DADA1F00DADA1F00DADA1F00DADA1F00DADA1F00DADA1F00DADA1"
	"F00D",
	NULL, NULL},
    {"/docker", "", NULL, NULL},
    {"/lxc", "", NULL, NULL},
    {"", ".scope", NULL, NULL},
};

static void runtimes(void **state)
{
	(void)state;
	for (size_t i = 0; i < DM_COUNT(layouts); i++) {
		struct dm_runtime r;
		bool found = dm_runtime_of(
		    dm_str(layouts[i].parent), dm_str(layouts[i].name), &r);

		assert_int_equal(found, layouts[i].runtime != NULL);
		if (!found)
			continue;
		assert_string_equal(r.name, layouts[i].runtime);
		assert_true(dm_str_is(r.id, layouts[i].id));
	}
}

static void controllers(void **state)
{
	(void)state;
	assert_int_equal(dm_hierarchy_controllers(DM_STR("cpu,cpuacct")),
	    1U << DM_CONTROLLER_CPU | 1U << DM_CONTROLLER_CPUACCT);
	assert_int_equal(
	    dm_hierarchy_controllers(DM_STR("blkio")), 1U << DM_CONTROLLER_IO);
	assert_int_equal(dm_hierarchy_controllers(DM_STR("cpuset")), 0);
	assert_int_equal(dm_hierarchy_controllers(DM_STR(",,")), 0);
	assert_int_equal(dm_hierarchy_controllers(DM_STR("")), 0);
}

#define T0 INT64_C(1795476513000000)

static void tick_is_steady(void **state)
{
	struct dm_tick t = {.interval_us = 1000000};
	int64_t now_us = T0 + 400000;

	(void)state;
	assert_int_equal(dm_tick_next(&t, now_us), 600000);
	for (int i = 1; i <= 1000; i++) {
		/* Always woken a little late, and busy for a while. */
		int64_t woken_us = T0 + i * 1000000 + i % 7 * 1000;

		assert_int_equal(dm_tick_next(&t, woken_us), 0);
		assert_true(t.ts_us == T0 + i * 1000000);
		assert_true(dm_tick_next(&t, woken_us + 300000) > 0);
	}
	assert_int_equal(t.missed, 0);
}

static void tick_counts_late(void **state)
{
	struct dm_tick t = {.interval_us = 1000000};

	(void)state;
	assert_true(dm_tick_next(&t, T0) > 0);
	assert_int_equal(dm_tick_next(&t, T0 + 1000000), 0);
	assert_int_equal(dm_tick_next(&t, T0 + 4700000), 0);
	assert_true(t.ts_us == T0 + 4000000);
	assert_int_equal(t.missed, 2);
	assert_int_equal(dm_tick_next(&t, T0 + 4700001), 299999);
}

/* A step back begins anew; a small one does not repeat a tick. */
static void tick_clock_steps(void **state)
{
	struct dm_tick t = {.interval_us = 1000000};

	(void)state;
	assert_true(dm_tick_next(&t, T0) > 0);
	assert_int_equal(dm_tick_next(&t, T0 + 1000000), 0);
	assert_int_equal(dm_tick_next(&t, T0 + 999000), 1001000);
	assert_int_equal(dm_tick_next(&t, T0 - 7200000000), 1000000);
	assert_int_equal(dm_tick_next(&t, T0 - 7199000000), 0);
	assert_true(t.ts_us == T0 - 7199000000);
	assert_int_equal(t.missed, 0);
}

static void one_record_for_one_label_set(void **state)
{
	struct dm_part parts[DM_SOURCES_MAX] = {0};
	struct dm_buf b = {0};

	(void)state;
	dm_metrics_u64(&parts[0].main, "a", 1);
	dm_metrics_double(&parts[2].main, "b", 2.385);
	dm_metrics_scaled(&parts[3].main, "left_out", 15, 1);
	dm_row_begin(&parts[2], "process");
	dm_record_label(&parts[2].text, "pid", DM_STR("7"));
	dm_row_metrics(&parts[2]);
	dm_row_u64(&parts[2], "c", 3);
	dm_row_scaled(&parts[2], "d", 15, 1);
	dm_row_end(&parts[2]);
	dm_row_begin(&parts[2], "container");
	dm_row_metrics(&parts[2]);
	dm_row_end(&parts[2]);
	dm_row_begin(&parts[0], "container");
	dm_record_label_bytes(&parts[0].text, "x", DM_STR("\"\n\xff"));
	dm_row_metrics(&parts[0]);
	dm_row_double(&parts[0], "e", 4);
	dm_row_end(&parts[0]);
	assert_int_equal(dm_emit_parts(&b, 1500000, "container",
			     DM_STR("\"id\":\"/a\""), parts, 1U | 1U << 2),
	    5);
	assert_string_equal(dm_buf_cstr(&b),
	    "{\"ts\":1.5,\"kind\":\"container\",\"labels\":{\"id\":\"/a\"},"
	    "\"metrics\":{\"a\":1,\"b\":2.385}}\n"
	    "{\"ts\":1.5,\"kind\":\"container\",\"labels\":{\"id\":\"/a\","
	    "\"x\":\"\\\"\\n\\\\xff\"},\"metrics\":{\"e\":4}}\n"
	    "{\"ts\":1.5,\"kind\":\"process\",\"labels\":{\"id\":\"/a\","
	    "\"pid\":\"7\"},\"metrics\":{\"c\":3,\"d\":1.5}}\n");
	dm_buf_clear(&b);
	assert_int_equal(
	    dm_emit_parts(&b, 1, "host", DM_STR("\"i\":\"h\""), parts, 0), 0);
	assert_int_equal(b.n, 0);
	for (unsigned i = 0; i < DM_SOURCES_MAX; i++)
		dm_part_release(&parts[i]);
	dm_buf_release(&b);
}

static void labels_of_a_container(void **state)
{
	struct dm_container c = {
	    .cgroup = (char *)"/docker/x\\y", .name = (char *)"a\"b"};

	(void)state;
	dm_buf_add_cstr(&c.extra_labels, "\"container_label_k\":\"v\"");
	dm_emit_container_labels(&c, DM_STR("\"job\":\"dmon\""));
	assert_string_equal(dm_buf_cstr(&c.labels),
	    "\"job\":\"dmon\",\"id\":\"/docker/x\\\\\\\\y\",\"name\":"
	    "\"a\\\"b\",\"container_label_k\":\"v\"");
	dm_buf_release(&c.labels);
	dm_buf_release(&c.extra_labels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(runtimes),
	    cmocka_unit_test(controllers),
	    cmocka_unit_test(tick_is_steady),
	    cmocka_unit_test(tick_counts_late),
	    cmocka_unit_test(tick_clock_steps),
	    cmocka_unit_test(one_record_for_one_label_set),
	    cmocka_unit_test(labels_of_a_container),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
