/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* The source `proc` on a recorded tree, and its choice of the first process.
 * Live processes are looked at in tests/cmd/collect-proc.t. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "collect/proc.h"

#define TREE "tests/fixtures/proc"

static unsigned warned;

static void warn(void *ctx, const char *source, const struct dm_err *err)
{
	(void)ctx;
	assert_string_equal(source, "proc");
	assert_int_equal(err->code, warned == 0 ? DM_EPERM : DM_ESYS);
	warned++;
}

struct fixture {
	struct dm_collect c;
	struct dm_container container, *containers[1];
	void *state;
};

static void sample(struct fixture *f, const pid_t *pids, size_t n)
{
	struct dm_err err = {0};

	f->container.pids = (pid_t *)pids;
	f->container.n_pids = n;
	assert_int_equal(dm_source_proc.sample(&f->c, 0, f->state, &err), 0);
	dm_part_clear(&f->container.parts[0]);
	assert_int_equal(
	    dm_source_proc.container(&f->c, 0, f->state, &f->container, &err),
	    0);
	assert_int_equal(dm_source_proc.finish(&f->c, 0, f->state, &err), 0);
	f->c.sweep++;
}

static void begin(struct fixture *f)
{
	struct dm_err err = {0};

	*f = (struct fixture){0};
	f->containers[0] = &f->container;
	f->c.containers = f->containers;
	f->c.n_containers = 1;
	f->c.warn = warn;
	f->c.options.procfs = TREE "/procfs";
	f->c.options.sysfs = "/sys";
	f->c.options.rootfs = TREE "/root";
	warned = 0;
	assert_int_equal(dm_source_proc.open(&f->c, 0, &f->state, &err), 0);
}

static void end(struct fixture *f)
{
	dm_source_proc.forget(f->state, &f->container, 0);
	dm_source_proc.close(f->state);
	dm_part_release(&f->container.parts[0]);
}

static struct dm_str piece(
    const struct dm_part *p, uint32_t at, uint32_t length)
{
	return (struct dm_str){p->text.p + at, length};
}

static bool holds(struct dm_str text, const char *what)
{
	return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

/* A metric of the row whose labels hold that text; -1: none. */
static double metric(
    const struct fixture *f, const char *labels, const char *name)
{
	const struct dm_part *p = &f->container.parts[0];
	DM_AUTO_BUF struct dm_buf key = {0};

	dm_buf_addf(&key, "\"container_process_%s\":", name);
	for (size_t i = 0; i < p->n_rows; i++) {
		const struct dm_row *r = &p->rows[i];
		struct dm_str m = piece(p, r->metrics, r->metrics_n);
		const char *at;

		if (!holds(piece(p, r->labels, r->labels_n), labels))
			continue;
		at = memmem(m.p, m.n, key.p, key.n);
		if (at)
			return strtod(at + key.n, NULL);
	}
	return -1;
}

static struct dm_str info(const struct fixture *f, const char *labels)
{
	const struct dm_part *p = &f->container.parts[0];

	for (size_t i = 0; i < p->n_rows; i++) {
		const struct dm_row *r = &p->rows[i];
		struct dm_str l = piece(p, r->labels, r->labels_n);

		if (holds(l, labels) && holds(l, "\"comm\""))
			return l;
	}
	return (struct dm_str){"", 0};
}

#define FIRST "\"pid\":\"101\",\"start\":\"440000\""
#define EVIL  "\"pid\":\"102\""

static void check_first(const struct fixture *f)
{
	static const struct {
		const char *name;
		double value;
	} expected[] = {
	    {"cpu_seconds_total", 13},
	    {"cpu_user_seconds_total", 12.34},
	    {"cpu_system_seconds_total", 0.66},
	    {"virtual_memory_bytes", 1716224},
	    {"threads", 1},
	    {"open_fds", 3},
	    {"start_time_seconds", 1795476000 + 4400},
	    {"parent_pid", 77},
	    {"state", 1},
	    {"namespace_state", 1},
	    {"host_namespaces", 257},
	    {"uid", 100000},
	    {"container_uid", 0},
	    {"capabilities_effective", 0xa80425fb},
	    {"capabilities_ambient", 0},
	    {"seccomp_mode", 2},
	    {"no_new_privs", 0},
	    {"tracer_pid", 0},
	    {"deleted_executable", 0},
	    {"memfd_executable", 0},
	    {"runtime_setup", 0},
	    {"info", 1},
	    {"foreign_root", -1}, /* a recording has no mounts */
	    {"foreign_cwd", -1},
	};

	for (size_t i = 0; i < DM_COUNT(expected); i++) {
		if (metric(f, FIRST, expected[i].name) != expected[i].value)
			fail_msg("%s: %g", expected[i].name,
			    metric(f, FIRST, expected[i].name));
	}
}

static void test_values(void **state)
{
	static const pid_t pids[] = {102, 101};
	struct fixture f;

	(void)state;
	begin(&f);
	sample(&f, pids, 2);
	check_first(&f);
	assert_true(holds(info(&f, FIRST),
	    "\"comm\":\"sh\",\"exe\":\"/bin/busybox\","
	    "\"user\":\"odd\\\"\\\\\\\\name\",\"tty\":\"pts/259\""));
	assert_true(metric(&f, EVIL, "namespace_state") == 9);
	assert_true(metric(&f, EVIL, "host_namespaces") == 257 + 8);
	assert_true(metric(&f, EVIL, "capabilities_bounding") == 0x1ffffffffff);
	assert_true(metric(&f, EVIL, "container_uid") == 33);
	assert_true(metric(&f, EVIL, "tracer_pid") == 101);
	assert_true(metric(&f, EVIL, "no_new_privs") == 1);
	assert_true(metric(&f, EVIL, "seccomp_mode") == 0);
	assert_true(metric(&f, EVIL, "memfd_executable") == 1);
	assert_true(metric(&f, EVIL, "deleted_executable") == 1);
	assert_true(metric(&f, EVIL, "open_fds") == -1);
	assert_true(holds(info(&f, EVIL),
	    "\"comm\":\"a) R 1 (b\\n\\u001b[3\\\"\","
	    "\"exe\":\"/memfd:\\\\xff\\\\\\\\x\\\" (deleted)\","
	    "\"user\":\"nobody\""));
	assert_int_equal(warned, 0);
	end(&f);
}

static void test_gone_hidden_garbage(void **state)
{
	static const pid_t pids[] = {101, 103, 104, 105, 106, 109};
	struct fixture f;

	(void)state;
	begin(&f);
	for (int sweep = 0; sweep < 2; sweep++) {
		sample(&f, pids, DM_COUNT(pids));
		/* two rows for each of 101, 105 and 106 */
		assert_int_equal(f.container.parts[0].n_rows, 6);
	}
	assert_true(metric(&f, FIRST, "namespace_state") == 1);
	assert_true(metric(&f, "\"105\"", "state") == 32);
	assert_true(metric(&f, "\"105\"", "namespace_state") == -1);
	assert_true(metric(&f, "\"106\"", "uid") == 0);
	assert_true(metric(&f, "\"106\"", "namespace_state") == -1);
	assert_true(metric(&f, "\"106\"", "host_namespaces") == -1);
	assert_true(holds(dm_buf_str(&f.container.parts[0].main.text),
	    "\"dmon_processes_hidden\":1"));
	/* hidden, and garbage: each said once */
	assert_int_equal(warned, 2);
	end(&f);
}

/* runc's own process, older than the first by its start, is no first. */
static void test_setup(void **state)
{
	static const pid_t joining[] = {107}, all[] = {101, 107, 108};
	struct fixture f;

	(void)state;
	begin(&f);
	sample(&f, joining, 1);
	assert_true(metric(&f, "\"107\"", "runtime_setup") == 1);
	assert_true(metric(&f, "\"107\"", "namespace_state") == -1);
	assert_true(
	    metric(&f, "\"107\"", "host_namespaces") == 257 + 2 + 8 + 64);
	sample(&f, all, 3);
	assert_true(metric(&f, FIRST, "namespace_state") == 1);
	assert_true(metric(&f, "\"107\"", "namespace_state") == 1 + 2 + 8 + 64);
	assert_true(metric(&f, "\"107\"", "runtime_setup") == 1);
	/* whose parent is in the container is none */
	assert_true(metric(&f, "\"108\"", "runtime_setup") == 0);
	assert_true(metric(&f, "\"108\"", "namespace_state") == 1);
	end(&f);
}

/* Processes for the choice of the first: pid, parent, start, mnt. */
struct made {
	struct dm_proc procs[8], *list[8];
	struct dm_proc_box box;
};

static void make(struct made *m, size_t i, pid_t pid, pid_t parent,
    uint64_t start, uint32_t mnt)
{
	struct dm_proc *p = &m->procs[i];

	*p = (struct dm_proc){.pid = pid};
	p->stat.ppid = parent;
	p->stat.start = start;
	p->view.ns[DM_NS_MNT] = mnt;
	p->view.ns_seen = 1u << DM_NS_MNT;
	m->list[i] = p;
	m->box.procs = m->list;
	m->box.n = i + 1;
}

static void test_base_first(void **state)
{
	struct made m = {0};
	unsigned bits;

	(void)state;
	make(&m, 0, 5, 30, 900, 1);
	make(&m, 1, 20, 5, 700, 2); /* eldest, but a child of 5 */
	make(&m, 2, 30, 1, 800, 3);
	make(&m, 3, 40, 1, 800, 4);
	dm_proc_base_update(&m.box, 0);
	assert_int_equal(m.box.base.pid, 30);
	assert_true(dm_proc_state(&m.box.base, &m.procs[3].view, &bits));
	assert_int_equal(bits, 9);
	/* it is kept, also when the first itself changes */
	m.procs[2].view.ns[DM_NS_MNT] = 9;
	dm_proc_base_update(&m.box, 0);
	assert_int_equal(m.box.base.view.ns[DM_NS_MNT], 3);
	/* the engine knows better, once */
	dm_proc_base_update(&m.box, 5);
	assert_int_equal(m.box.base.pid, 5);
	dm_proc_base_update(&m.box, 40);
	assert_int_equal(m.box.base.pid, 5);
}

static void test_base_restart(void **state)
{
	struct made m = {0};

	(void)state;
	make(&m, 0, 30, 1, 800, 3);
	make(&m, 1, 40, 30, 850, 7); /* has escaped */
	dm_proc_base_update(&m.box, 0);
	/* the first has gone: who escaped must not become the measure */
	make(&m, 0, 40, 1, 850, 7);
	m.procs[0].known = true;
	dm_proc_base_update(&m.box, 0);
	assert_int_equal(m.box.base.pid, 30);
	/* nor what it starts */
	make(&m, 1, 50, 40, 900, 7);
	dm_proc_base_update(&m.box, 0);
	assert_int_equal(m.box.base.pid, 30);
	/* a runtime's process only when it has become the program */
	make(&m, 2, 60, 1, 1000, 8);
	m.procs[2].setup = true;
	dm_proc_base_update(&m.box, 0);
	assert_int_equal(m.box.base.pid, 30);
	m.procs[2].setup = false;
	dm_proc_base_update(&m.box, 0);
	assert_int_equal(m.box.base.pid, 60);
	assert_int_equal(m.box.base.view.ns[DM_NS_MNT], 8);
}

static void test_users(void **state)
{
	struct dm_proc_users *u = NULL;
	struct dm_err err;
	struct dm_str name;

	(void)state;
	assert_int_equal(dm_proc_users_new(TREE "/root", &u, &err), 0);
	assert_false(dm_proc_users_name(u, 0, &name));
	assert_true(dm_proc_users_refresh(u));
	assert_false(dm_proc_users_refresh(u));
	assert_true(dm_proc_users_name(u, 0, &name));
	assert_true(dm_str_is(name, "root"));
	assert_true(dm_proc_users_name(u, 100033, &name));
	assert_true(dm_str_is(name, "nobody"));
	assert_false(dm_proc_users_name(u, 5, &name));
	assert_false(dm_proc_users_name(u, UINT32_MAX, &name));
	assert_int_equal(dm_proc_users_parse(u, DM_STR(""), &err), 0);
	assert_false(dm_proc_users_name(u, 0, &name));
	dm_proc_users_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_gone_hidden_garbage),
	    cmocka_unit_test(test_setup),
	    cmocka_unit_test(test_base_first),
	    cmocka_unit_test(test_base_restart),
	    cmocka_unit_test(test_users),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
