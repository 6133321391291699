/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "collect/taskstats.h"

/* A message as the kernel sends it, by its parts. */
struct message {
	struct nlmsghdr head;
	struct genlmsghdr generic;
	struct nlattr task;
	struct nlattr pid_head;
	uint32_t pid;
	struct nlattr pad, stats_head;
	struct taskstats stats;
};

static struct message message_of(void)
{
	struct message m = {
	    .head = {.nlmsg_len = sizeof(m), .nlmsg_type = 0x17},
	    .generic = {.cmd = TASKSTATS_CMD_NEW},
	    .task = {sizeof(m) - offsetof(struct message, task),
		TASKSTATS_TYPE_AGGR_PID},
	    .pid_head = {NLA_HDRLEN + 4, TASKSTATS_TYPE_PID},
	    .pad = {NLA_HDRLEN, TASKSTATS_TYPE_NULL},
	    .stats_head = {NLA_HDRLEN + sizeof(m.stats), TASKSTATS_TYPE_STATS},
	    .stats = {.version = TASKSTATS_VERSION,
		.ac_exitcode = 0x80 | SIGSEGV,
		.cpu_run_virtual_total = 1234567,
		.ac_comm = "burner",
		.ac_uid = 1000,
		.ac_pid = 4711,
		.ac_tgid = 4700,
		.ac_etime = 2385,
		.ac_utime = 4000,
		.ac_stime = 1000,
		.hiwater_rss = 3000,
		.read_bytes = 8192,
		.write_bytes = 4096},
	};

	return m;
}

static void records(void **state)
{
	struct message m = message_of();
	struct dm_taskstat s;

	(void)state;
	assert_true(dm_taskstat_parse(&m, sizeof(m), &s));
	assert_int_equal(s.tid, 4711);
	assert_int_equal(s.pid, 4700);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.signal, SIGSEGV);
	assert_int_equal(s.cpu_ns, 1234567);
	assert_int_equal(s.lifetime_us, 2385);
	assert_int_equal(s.max_rss_bytes, 3000 * 1024);
	assert_int_equal(s.read_bytes, 8192);
	assert_int_equal(s.write_bytes, 4096);
	assert_int_equal(s.comm_n, 6);
	assert_memory_equal(s.comm, "burner", 6);

	/* An exit that no signal ended; the time of ticks where the scheduler
	 * counts none; a name without its end. */
	m.stats.ac_exitcode = 3 << 8;
	m.stats.cpu_run_virtual_total = 0;
	memset(m.stats.ac_comm, 'x', sizeof(m.stats.ac_comm));
	assert_true(dm_taskstat_parse(&m, sizeof(m), &s));
	assert_int_equal(s.signal, 0);
	assert_int_equal(s.cpu_ns, 5000000);
	assert_int_equal(s.comm_n, sizeof(s.comm));

	/* An older kernel's, which does not know of the process. */
	m.stats_head.nla_len =
	    NLA_HDRLEN + offsetof(struct taskstats, cancelled_write_bytes);
	assert_true(dm_taskstat_parse(&m, sizeof(m), &s));
	assert_int_equal(s.pid, 4711);

	/* What can't be. */
	m = message_of();
	m.stats.ac_utime = m.stats.ac_stime = UINT64_MAX;
	m.stats.cpu_run_virtual_total = 0;
	m.stats.hiwater_rss = UINT64_MAX;
	assert_true(dm_taskstat_parse(&m, sizeof(m), &s));
	assert_int_equal(s.cpu_ns, 0);
	assert_int_equal(s.max_rss_bytes, 0);
}

static void no_records(void **state)
{
	struct message m = message_of();
	struct dm_taskstat s = {.pid = 77};

	(void)state;
	for (size_t n = 0; n < sizeof(m); n++)
		assert_false(dm_taskstat_parse(&m, n, &s));
	m.head.nlmsg_type = NLMSG_ERROR;
	assert_false(dm_taskstat_parse(&m, sizeof(m), &s));
	m = message_of();
	m.generic.cmd = TASKSTATS_CMD_GET;
	assert_false(dm_taskstat_parse(&m, sizeof(m), &s));
	m = message_of();
	m.task.nla_type = TASKSTATS_TYPE_AGGR_TGID;
	assert_false(dm_taskstat_parse(&m, sizeof(m), &s));
	m = message_of();
	m.pid_head.nla_len = 0;
	assert_false(dm_taskstat_parse(&m, sizeof(m), &s));
	m = message_of();
	m.stats.ac_pid = 0;
	assert_false(dm_taskstat_parse(&m, sizeof(m), &s));
	m = message_of();
	m.stats.ac_pid = UINT32_MAX;
	assert_false(dm_taskstat_parse(&m, sizeof(m), &s));
	assert_int_equal(s.pid, 77);
}

/* Computes for that long, and is killed. */
static pid_t burn(int64_t ns)
{
	pid_t pid = fork();
	int64_t end = dm_time_mono_ns() + ns;

	if (pid != 0)
		return pid;
	while (dm_time_mono_ns() < end)
		;
	raise(SIGKILL);
	_exit(0);
}

static void live(void **state)
{
	struct dm_taskstats t;
	const struct dm_taskstat *s;
	struct rusage used;
	struct dm_err err;
	uint64_t lost;
	int status;
	pid_t pid;

	(void)state;
	if (dm_taskstats_open(&t, "/sys", &err) < 0) {
		print_message("# the kernel does not tell: %s\n", err.msg);
		skip();
	}
	pid = burn(20000000);
	assert_int_equal(wait4(pid, &status, 0, &used), pid);
	assert_int_equal(dm_taskstats_gather(&t, &lost, &err), 0);
	assert_int_equal(lost, 0);
	s = dm_taskstats_find(&t, pid);
	assert_non_null(s);
	assert_int_equal(s->pid, pid);
	assert_int_equal(s->signal, SIGKILL);
	assert_int_equal(s->uid, getuid());
	assert_true(s->lifetime_us >= 20000);
	assert_true(s->max_rss_bytes > 0);
	assert_memory_equal(s->comm, "test-taskstats", 14);
	assert_null(dm_taskstats_find(&t, getpid()));
	dm_taskstats_release(&t);
	assert_int_equal(dm_taskstats_gather(&t, &lost, &err), 0);
}

/* More than the socket holds. */
static void losses(void **state)
{
	const int bytes = 1;
	struct dm_taskstats t;
	struct dm_err err;
	uint64_t lost, again;

	(void)state;
	if (dm_taskstats_open(&t, "/sys", &err) < 0) {
		print_message("# the kernel does not tell: %s\n", err.msg);
		skip();
	}
	assert_int_equal(
	    setsockopt(t.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
	for (int i = 0; i < 20; i++) {
		pid_t pid = burn(0);

		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_int_equal(dm_taskstats_gather(&t, &lost, &err), 0);
	assert_true(t.n > 0 && t.n < 20);
	assert_true(lost > 0);
	assert_int_equal(dm_taskstats_gather(&t, &again, &err), 0);
	assert_int_equal(t.lost, lost + again);
	dm_taskstats_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records),
	    cmocka_unit_test(no_records),
	    cmocka_unit_test(live),
	    cmocka_unit_test(losses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
