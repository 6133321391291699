/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/file.h"
#include "collect/kmsg-text.h"

#define ID    "ada1deadbeef5566778899aabbccddeeff00112233445566778899aabbccddee"
#define OTHER "bbb1deadbeef5566778899aabbccddeeff00112233445566778899aabbccddee"

static const char *const names[DM_KMSG_WHATS] = {
    [DM_KMSG_OOM_KILL] = "oom",
    [DM_KMSG_SEGFAULT] = "segfault",
    [DM_KMSG_APPARMOR] = "apparmor",
    [DM_KMSG_SELINUX] = "selinux",
    [DM_KMSG_SECCOMP] = "seccomp",
    [DM_KMSG_CONNTRACK] = "conntrack",
    [DM_KMSG_SYN_FLOOD] = "syn",
    [DM_KMSG_FORKS] = "forks",
};

/* What a message says, as text: "oom pid=7 uid=0 /docker/…", "" for nothing. */
static const char *said(
    struct dm_kmsg_reader *r, const char *text, struct dm_buf *b)
{
	struct dm_kmsg_event e;

	dm_buf_clear(b);
	if (!dm_kmsg_read(r, dm_str(text), &e))
		return dm_buf_cstr(b);
	dm_buf_add_cstr(b, names[e.what]);
	if (e.pid)
		dm_buf_addf(b, " pid=%d", (int)e.pid);
	if (e.uid_said)
		dm_buf_addf(b, " uid=%u", e.uid);
	if (e.number)
		dm_buf_addf(b, " n=%llu", (unsigned long long)e.number);
	if (e.cgroup.n)
		dm_buf_addf(b, " %.*s", (int)e.cgroup.n, e.cgroup.p);
	return dm_buf_cstr(b);
}

static void says(const char *text, const char *want)
{
	struct dm_kmsg_reader r = {0};
	DM_AUTO_BUF struct dm_buf b = {0};

	assert_string_equal(said(&r, text, &b), want);
	dm_kmsg_reader_release(&r);
}

static void parses_records(void **state)
{
	struct dm_kmsg m;

	(void)state;
	assert_true(dm_kmsg_parse(DM_STR("6,339,5140900,-;a;b,c"), &m));
	assert_int_equal(m.seq, 339);
	assert_true(m.kernel);
	assert_true(dm_str_is(m.text, "a;b,c"));
	assert_true(dm_kmsg_parse(DM_STR("12,1,2,-,caller=T1;x"), &m));
	assert_false(m.kernel);
	assert_true(dm_kmsg_parse(DM_STR("7,1,2,c;"), &m));
	assert_int_equal(m.text.n, 0);
	assert_false(dm_kmsg_parse(DM_STR(" SUBSYSTEM=acpi"), &m));
	assert_false(dm_kmsg_parse(DM_STR(""), &m));
	assert_false(dm_kmsg_parse(DM_STR("6,339"), &m));
	assert_false(dm_kmsg_parse(DM_STR("6;text"), &m));
	assert_false(dm_kmsg_parse(DM_STR("x,1,2,-;text"), &m));
	assert_false(dm_kmsg_parse(DM_STR("6,-1,2,-;text"), &m));
}

static void tells_of_a_log(const char *file, const char *want)
{
	struct dm_kmsg_reader r = {0};
	DM_AUTO_BUF struct dm_buf log = {0};
	DM_AUTO_BUF struct dm_buf all = {0};
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_str rest, line;
	char path[512];

	snprintf(path, sizeof(path), FIXTURES "/kmsg/%s", file);
	assert_int_equal(dm_file_read(path, 1 << 20, &log, NULL), 0);
	rest = dm_buf_str(&log);
	while (dm_str_line(&rest, &line)) {
		DM_AUTO_BUF struct dm_buf text = {0};
		struct dm_kmsg m;

		if (!dm_kmsg_parse(line, &m))
			continue;
		dm_buf_add_str(&text, m.text);
		if (*said(&r, dm_buf_cstr(&text), &b))
			dm_buf_addf(&all, "%s\n", dm_buf_cstr(&b));
	}
	assert_string_equal(dm_buf_cstr(&all), want);
	dm_kmsg_reader_release(&r);
}

static void reads_logs_of_several_kernels(void **state)
{
	(void)state;
	tells_of_a_log("linux-6.18",
	    "oom pid=1408 uid=0 /docker/"
	    "05da6e513f9870877ccb1ec058f2e1127e7d16213c3385ed4ab15fedd28268cc\n"
	    "forks /docker/"
	    "3516d3e7c8fc6c9cdf0d6904b3649ea7aca0d4183d5675449ab03403e009f040\n"
	    "segfault pid=1350\n");
	tells_of_a_log("linux-4.4", "oom pid=4711 /docker/" ID "\n"
				    "segfault pid=612\n"
				    "apparmor pid=5120\n"
				    "seccomp pid=5121 uid=1000 n=272\n"
				    "conntrack\n"
				    "syn n=8080\n");
}

static void reads_kills(void **state)
{
	struct dm_kmsg_reader r = {0};
	DM_AUTO_BUF struct dm_buf b = {0};

	(void)state;
	says("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
	     "mems_allowed=0,global_oom,task_memcg=/docker/" ID
	     ",task=x,pid=9,uid=33",
	    "oom pid=9 uid=33 /docker/" ID);
	/* A limit of many: the victim's own counts. */
	says("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,"
	     "mems_allowed=0,oom_memcg=/kubepods,task_memcg=/docker/" ID
	     ",task=x,pid=9,uid=0",
	    "oom pid=9 uid=0 /docker/" ID);
	/* All of a group are killed; the first is told once. */
	said(&r,
	    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,"
	    "mems_allowed=0,oom_memcg=/docker/" ID ",task_memcg=/docker/" ID
	    ",task=x,pid=9,uid=0",
	    &b);
	assert_string_equal(
	    said(&r, "Memory cgroup out of memory: Killed process 9 (x) UID:0",
		&b),
	    "");
	assert_string_equal(
	    said(&r,
		"Memory cgroup out of memory: Killed process 10 (y) "
		"total-vm:1kB, UID:5 pgtables:1kB oom_score_adj:0",
		&b),
	    "oom pid=10 uid=5 /docker/" ID);
	/* Before Linux 5.0 a host's says nothing of groups. */
	said(&r, "Out of memory: Kill process 11 (y) score 9 or sacrifice", &b);
	assert_string_equal(
	    said(&r, "Killed process 11 (y) total-vm:1kB", &b), "oom pid=11");
	/* The line was too long, and is cut. */
	said(&r,
	    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,"
	    "mems_allowed=0,oom_memcg=/docker/" ID ",task_mem",
	    &b);
	assert_string_equal(
	    said(&r, "Memory cgroup out of memory: Killed process 12 (y)", &b),
	    "oom pid=12 /docker/" ID);
	dm_kmsg_reader_release(&r);
}

/* Who chooses a name gets no other process or container blamed for it. */
static void is_not_led_astray(void **state)
{
	(void)state;
	says("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,"
	     "oom_memcg=b,mems_allowed=0,oom_memcg=/docker/" ID
	     "/x,task_memcg=/docker/" OTHER ",task_memcg=/docker/" ID
	     "/x,task=,pid=1,uid=0,pid=9,uid=7",
	    "oom pid=9 uid=7 /docker/" ID "/x");
	says("]: segfault at [12]: segfault at 0 ip 1 sp 2 error 4 in "
	     "x[3]: segfault at 0",
	    "segfault pid=12");
	says("x[1]: segfault[12]: segfault at 0 ip 1 sp 2", "segfault pid=12");
	says("process 'x[1]: segfault at' started with executable stack", "");
	says("audit: type=1400 audit(1.2:3): apparmor=\"DENIED\" "
	     "operation=\"open\" profile=\"p\" name=206970696420706964 "
	     "pid=12 comm=7069643D31",
	    "apparmor pid=12");
	says("audit: type=1326 audit(1.2:3): auid=1 uid=2 gid=3 ses=4 "
	     "subj=docker-default (enforce) pid=12 comm=\"uid=9\" sig=31 "
	     "arch=c000003e syscall=165 code=0x0",
	    "seccomp pid=12 uid=2 n=165");
}

static void reads_denials_and_limits(void **state)
{
	(void)state;
	says("audit: type=1400 audit(1.2:3): apparmor=\"ALLOWED\" pid=1", "");
	says("audit: type=1400 audit(1.2:3): apparmor=\"STATUS\" "
	     "operation=\"profile_load\" name=\"x\" pid=1",
	    "");
	says("audit: type=1400 audit(1.2:3): avc:  denied  { read } for  "
	     "pid=12 comm=\"x\" name=\"y\" permissive=0",
	    "selinux pid=12");
	says("audit: type=1400 audit(1.2:3): avc:  granted  { read } for  "
	     "pid=12",
	    "");
	says("audit: type=1300 audit(1.2:3): arch=c000003e pid=12", "");
	says("audit: type=1400 audit(1", "");
	says("nf_conntrack: nf_conntrack: table full in netns 4026531840, "
	     "dropping packet",
	    "conntrack");
	says("nf_conntrack: default automatic helper assignment", "");
	says("TCP: request_sock_TCP: Possible SYN flooding on port "
	     "0.0.0.0:443. Sending cookies.",
	    "syn n=443");
	says("TCP: request_sock_TCPv6: Possible SYN flooding on port "
	     "[::]:8443. Dropping request.",
	    "syn n=8443");
	says("TCP: Possible SYN flooding on port", "");
	says("TCP: possible SYN flooding on port 99999. Sending cookies.",
	    "syn");
	says("cgroup: fork rejected by pids controller in /docker/" ID,
	    "forks /docker/" ID);
	says("cgroup: fork rejected by pids controller in ", "");
	says("x[99999999999]: segfault at 0", "");
	says("x[0]: segfault at 0", "");
	says("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_records),
	    cmocka_unit_test(reads_logs_of_several_kernels),
	    cmocka_unit_test(reads_kills),
	    cmocka_unit_test(is_not_led_astray),
	    cmocka_unit_test(reads_denials_and_limits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
