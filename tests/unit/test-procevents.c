/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collect/connector.h"
#include "collect/lineage.h"
#include "collect/membership.h"

#define HEAD_BYTES (NLMSG_HDRLEN + sizeof(struct cn_msg))

/* A datagram, by its parts. */
struct datagram {
	struct nlmsghdr head;
	struct proc_event event;
	struct cn_msg *message;
	char text[HEAD_BYTES + sizeof(struct proc_event)];
};

static struct cn_msg message;

static struct datagram datagram_of(unsigned what)
{
	message = (struct cn_msg){.id = {CN_IDX_PROC, CN_VAL_PROC},
	    .seq = 41,
	    .len = sizeof(struct proc_event)};
	return (struct datagram){
	    .head = {.nlmsg_len = HEAD_BYTES + sizeof(struct proc_event),
		.nlmsg_type = NLMSG_DONE},
	    .event = {.what = what, .cpu = 3, .timestamp_ns = 1500000001},
	    .message = &message,
	};
}

/* As the kernel sends it, the first n bytes. */
static bool parse(struct datagram *d, size_t n, struct dm_process_event *e)
{
	memcpy(d->text, &d->head, sizeof(d->head));
	memcpy(d->text + NLMSG_HDRLEN, d->message, sizeof(*d->message));
	memcpy(d->text + HEAD_BYTES, &d->event, sizeof(d->event));
	return dm_process_event_parse(d->text, n, e);
}
#define WHOLE (HEAD_BYTES + sizeof(struct proc_event))

static void events(void **state)
{
	struct datagram d = datagram_of(PROC_EVENT_FORK);
	struct dm_process_event e;

	(void)state;
	d.event.event_data.fork.parent_tgid = 10;
	d.event.event_data.fork.parent_pid = 11;
	d.event.event_data.fork.child_tgid = 20;
	d.event.event_data.fork.child_pid = 20;
	assert_true(parse(&d, WHOLE, &e));
	assert_int_equal(e.what, DM_PROCESS_FORK);
	assert_false(e.thread);
	assert_int_equal(e.pid, 20);
	assert_int_equal(e.by, 10);
	assert_int_equal(e.cpu, 3);
	assert_int_equal(e.seq, 41);
	assert_int_equal(e.at_ns, 1500000001);
	d.event.event_data.fork.child_pid = 21;
	assert_true(parse(&d, WHOLE, &e));
	assert_true(e.thread);

	d = datagram_of(PROC_EVENT_UID);
	d.event.event_data.id.process_tgid = 7;
	d.event.event_data.id.process_pid = 7;
	d.event.event_data.id.r.ruid = 1000;
	assert_true(parse(&d, WHOLE, &e));
	assert_int_equal(e.what, DM_PROCESS_UID);
	assert_int_equal(e.pid, 7);
	assert_int_equal(e.real, 1000);
	assert_int_equal(e.effective, 0);

	d = datagram_of(PROC_EVENT_PTRACE);
	d.event.event_data.ptrace.process_tgid = 8;
	d.event.event_data.ptrace.process_pid = 9;
	d.event.event_data.ptrace.tracer_tgid = 12;
	assert_true(parse(&d, WHOLE, &e));
	assert_int_equal(e.what, DM_PROCESS_PTRACE);
	assert_int_equal(e.pid, 8);
	assert_int_equal(e.by, 12);

	d = datagram_of(PROC_EVENT_EXIT);
	d.event.event_data.exit.process_tgid = 5;
	d.event.event_data.exit.process_pid = 5;
	assert_true(parse(&d, WHOLE, &e));
	assert_int_equal(e.what, DM_PROCESS_EXIT);
	assert_int_equal(e.pid, 5);
	assert_int_equal(e.signal, 0);
	d.event.event_data.exit.exit_code = 0x80 | 11;
	assert_true(parse(&d, WHOLE, &e));
	assert_int_equal(e.signal, 11);

	d = datagram_of(PROC_EVENT_NONE);
	assert_true(parse(&d, WHOLE, &e));
	assert_int_equal(e.what, DM_PROCESS_OTHER);
	assert_int_equal(e.seq, 41);
	d = datagram_of(0x400);
	assert_true(parse(&d, WHOLE, &e));
	assert_int_equal(e.what, DM_PROCESS_OTHER);
}

static void no_events(void **state)
{
	struct datagram d = datagram_of(PROC_EVENT_EXEC);
	struct dm_process_event e = {.pid = 77};

	(void)state;
	for (size_t n = 0; n < WHOLE; n++)
		assert_false(parse(&d, n, &e));
	d.head.nlmsg_type = NLMSG_ERROR;
	assert_false(parse(&d, WHOLE, &e));
	d = datagram_of(PROC_EVENT_EXEC);
	d.message->id.idx = 2;
	assert_false(parse(&d, WHOLE, &e));
	d = datagram_of(PROC_EVENT_EXEC);
	d.message->len = 8;
	assert_false(parse(&d, WHOLE, &e));
	assert_int_equal(e.pid, 77);
}

/* Does it ring? By a socket that hears what it is sent, as the bell does. */
static bool rings(struct datagram *d, uint32_t seq)
{
	struct dm_process_event e;
	char text[sizeof(d->text)];
	bool heard;
	int ends[2];

	d->message->seq = seq;
	assert_true(parse(d, WHOLE, &e));
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	assert_int_equal(dm_connector_filter(ends[0]), 0);
	(void)send(ends[1], d->text, WHOLE, MSG_DONTWAIT);
	heard = recv(ends[0], text, sizeof(text), MSG_DONTWAIT) >= 0;
	close(ends[0]);
	close(ends[1]);
	return heard;
}

static void bell(void **state)
{
	static const struct {
		unsigned what;
		bool rings;
	} cases[] = {
	    {PROC_EVENT_NONE, false},
	    {PROC_EVENT_FORK, false},
	    {PROC_EVENT_EXEC, true},
	    {PROC_EVENT_UID, true},
	    {PROC_EVENT_GID, true},
	    {PROC_EVENT_SID, false},
	    {PROC_EVENT_PTRACE, true},
	    {PROC_EVENT_COMM, false},
	    {PROC_EVENT_COREDUMP, true},
	    {PROC_EVENT_EXIT, false},
	};
	struct datagram d;

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		d = datagram_of(cases[i].what);
		assert_int_equal(rings(&d, 255), cases[i].rings);
		assert_int_equal(rings(&d, 0x1000001), cases[i].rings);
		assert_true(rings(&d, 0x1200));
	}
	/* It ended by itself, or by a signal. */
	d = datagram_of(PROC_EVENT_EXIT);
	d.event.event_data.exit.exit_code = 3 << 8;
	assert_false(rings(&d, 1));
	d.event.event_data.exit.exit_code = 0x80 | 11;
	assert_true(rings(&d, 1));
}

static void gaps(void **state)
{
	static const struct {
		uint32_t cpu, seq, missing;
	} steps[] = {
	    {1, 100, 0}, /* the first tells nothing */
	    {1, 101, 0}, {0, 7, 0}, {1, 105, 3}, {0, 8, 0},
	    {1, INT32_MAX, INT32_MAX - 106},
	    {1, UINT32_MAX - 1, INT32_MAX - 1U}, {1, 1, 2}, /* round the end */
	    {1, 1, 0}, {1, 0, 0},			    /* back */
	    {1, 2, 0}, {99999999, 1, 0},		    /* no such cpu */
	};
	struct dm_event_gaps g = {0};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(steps); i++) {
		struct dm_process_event e = {
		    .cpu = steps[i].cpu, .seq = steps[i].seq};

		assert_int_equal(dm_event_gaps_step(&g, &e), steps[i].missing);
	}
	dm_event_gaps_release(&g);
}

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void paths(void **state)
{
	static const char text[] = "9:name=systemd:/x\n"
				   "4:cpu,cpuacct:/docker/" ID_A "\n"
				   "3:cpuset:/y\n"
				   "0::/system.slice/a:b\n";
	struct dm_str path = DM_STR("unset");

	(void)state;
	assert_true(dm_membership_path(dm_str(text), false, &path));
	assert_true(dm_str_is(path, "/docker/" ID_A));
	assert_true(dm_membership_path(dm_str(text), true, &path));
	assert_true(dm_str_is(path, "/system.slice/a:b"));
	assert_false(dm_membership_path(DM_STR("0::x\n"), true, &path));
	assert_false(dm_membership_path(DM_STR("0:\n"), true, &path));
	assert_false(dm_membership_path(DM_STR(""), true, &path));
	assert_false(
	    dm_membership_path(DM_STR("3:cpuacct2:/a\n"), false, &path));
}

static void containers(void **state)
{
	static const struct {
		const char *path, *id, *cgroup; /* NULL: none */
	} cases[] = {
	    {"/", NULL, NULL},
	    {"", NULL, NULL},
	    {"/docker/" ID_A, ID_A, "/docker/" ID_A},
	    {"/docker/" ID_A "/within/it", ID_A, "/docker/" ID_A},
	    {"/docker/" ID_A "/docker/" ID_B "/x", ID_A "/" ID_B,
		"/docker/" ID_A "/docker/" ID_B},
	    {"/system.slice/docker-" ID_B ".scope", ID_B,
		"/system.slice/docker-" ID_B ".scope"},
	    {"/system.slice/ssh.service", NULL, NULL},
	    {"//docker//", NULL, NULL},
	};
	struct dm_buf id = {0};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_str cgroup;
		bool in = dm_membership_container(
		    dm_str(cases[i].path), &id, &cgroup);

		assert_int_equal(in, cases[i].id != NULL);
		if (!in)
			continue;
		assert_true(dm_str_is(dm_buf_str(&id), cases[i].id));
		assert_true(dm_str_is(cgroup, cases[i].cgroup));
	}
	dm_buf_release(&id);
}

static void hierarchies(void **state)
{
	const struct dm_str a = DM_STR("/docker/" ID_A);
	static const char whole[] = "9:name=systemd:/docker/" ID_A "\n"
				    "4:cpu,cpuacct:/docker/" ID_A "\n"
				    "3:pids:/docker/" ID_A "/below\n"
				    "0::/\n";
	static const char left[] = "9:name=systemd:/docker/" ID_A "x\n"
				   "4:cpu,cpuacct:/docker/" ID_A "\n"
				   "3:pids:/docker\n"
				   "2:odd\n"
				   "\n"
				   "0::/docker/" ID_B "\n";

	(void)state;
	assert_int_equal(dm_membership_hierarchies(dm_str(whole), a), 3);
	assert_int_equal(dm_membership_hierarchies(dm_str(left), a), 1);
	assert_int_equal(dm_membership_hierarchies(DM_STR(""), a), 0);
}

static void lineage(void **state)
{
	struct dm_lineage l = {0};
	struct dm_origin *a =
	    dm_lineage_origin(&l, DM_STR(ID_A), DM_STR("/docker/" ID_A));
	struct dm_born *b;

	(void)state;
	assert_non_null(a);
	b = dm_lineage_add(&l, 5, a);
	assert_non_null(b);
	assert_ptr_equal(dm_lineage_find(&l, 5), b);
	assert_ptr_equal(b->origin, a);
	assert_null(dm_lineage_find(&l, 6));
	assert_ptr_equal(dm_lineage_add(&l, 6, a)->origin, a);
	assert_int_equal(a->refs, 2);
	/* The same container again is the same; a pid again is another's. */
	assert_ptr_equal(
	    dm_lineage_origin(&l, DM_STR(ID_A), DM_STR("/docker/" ID_A)), a);
	b->start = 90;
	assert_ptr_equal(dm_lineage_add(&l, 5, NULL), b);
	assert_int_equal(b->start, 0);
	assert_int_equal(a->refs, 1);
	dm_lineage_move(&l, b, a);
	/* Who has ended is found for a while; a new one of its pid stays. */
	dm_lineage_end(&l, dm_lineage_find(&l, 6));
	dm_lineage_end(&l, b);
	dm_lineage_bury(&l);
	assert_int_equal(a->refs, 2);
	assert_ptr_equal(dm_lineage_add(&l, 5, a), b);
	assert_int_equal(b->ended, 0);
	dm_lineage_bury(&l);
	assert_int_equal(a->refs, 1);
	assert_null(dm_lineage_find(&l, 6));
	assert_ptr_equal(dm_lineage_find(&l, 5), b);
	dm_lineage_bury(&l);
	dm_lineage_end(&l, b);
	dm_lineage_end(&l, b);
	dm_lineage_bury(&l);
	assert_ptr_equal(dm_lineage_find(&l, 5), b);
	/* The last one takes the container along. */
	dm_lineage_bury(&l);
	assert_int_equal(l.by_id.n, 0);
	/* Whatever is left is freed. */
	a = dm_lineage_origin(&l, DM_STR(ID_B), DM_STR("/docker/" ID_B));
	assert_non_null(dm_lineage_add(&l, 7, a));
	a->refs++;
	dm_lineage_forget(&l);
	assert_null(dm_lineage_find(&l, 7));
	assert_int_equal(a->refs, 1);
	dm_lineage_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events),
	    cmocka_unit_test(no_events),
	    cmocka_unit_test(bell),
	    cmocka_unit_test(gaps),
	    cmocka_unit_test(paths),
	    cmocka_unit_test(containers),
	    cmocka_unit_test(hierarchies),
	    cmocka_unit_test(lineage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
