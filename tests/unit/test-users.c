/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* The source `users`: its texts, and sessions in a container. The host's are
 * in tests/cmd/collect-users.t. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>
#include <utmpx.h>

#include "collect/users.h"

static struct utmpx entry(short type, const char *line, const char *host)
{
	struct utmpx u = {.ut_type = type, .ut_pid = 4711};

	memcpy(u.ut_line, line, strnlen(line, sizeof(u.ut_line)));
	memcpy(u.ut_host, host, strnlen(host, sizeof(u.ut_host)));
	return u;
}

static void test_utmp(void **state)
{
	char longest[sizeof(((struct utmpx *)0)->ut_host) + 2];
	struct utmpx u[5];
	struct dm_str text = {(const char *)u, sizeof(u)};
	struct dm_utmp found;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	u[0] = entry(USER_PROCESS, "pts/1", "old");
	u[1] = entry(USER_PROCESS, "pts/1", "192.0.2.7");
	u[2] = entry(DEAD_PROCESS, "pts/1", "dead");
	u[3] = entry(USER_PROCESS, "pts/11", longest);
	u[4] = entry(LOGIN_PROCESS, "tty1", "");
	assert_true(dm_utmp_find(text, "pts/1", &found));
	assert_true(dm_str_is(found.host, "192.0.2.7"));
	assert_int_equal(found.pid, 4711);
	assert_true(dm_utmp_find(text, "pts/11", &found));
	assert_int_equal(found.host.n, sizeof(u->ut_host));
	assert_false(dm_utmp_find(text, "tty1", &found));
	assert_false(dm_utmp_find(text, "", &found));
	text.n = sizeof(*u) - 1;
	assert_false(dm_utmp_find(text, "pts/1", &found));
	/* A name that fills its field has no NUL behind it. */
	memset(u[0].ut_line, 'l', sizeof(u[0].ut_line));
	memset(longest, 'l', sizeof(u[0].ut_line));
	longest[sizeof(u[0].ut_line)] = '\0';
	text.n = sizeof(*u);
	assert_true(dm_utmp_find(text, longest, &found));
	assert_true(dm_str_is(found.host, "old"));
}

static bool inode_of(const char *target, uint64_t *ret)
{
	return dm_socket_inode(dm_str(target), ret);
}

static void test_socket(void **state)
{
	uint64_t inode = 0;

	(void)state;
	assert_true(inode_of("socket:[4711]", &inode));
	assert_int_equal(inode, 4711);
	assert_false(inode_of("socket:[]", &inode));
	assert_false(inode_of("socket:[", &inode));
	assert_false(inode_of("socket:[-1]", &inode));
	assert_false(inode_of("pipe:[4711]", &inode));
	assert_false(inode_of("/tmp/socket:[4711]", &inode));
}

#define TCP_HEAD                                                               \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "  \
	"retrnsmt   uid  timeout inode\n"
#define TCP_REST " 00000000:00000000 00:00000000 00000000     0        0 "

static void expect_remote(const char *text, const char *expected)
{
	static const uint64_t inodes[] = {5, 4711};
	char address[INET6_ADDRSTRLEN] = "";
	bool found = dm_tcp_remote(dm_str(text), inodes, 2, address);

	assert_int_equal(found, expected != NULL);
	if (expected)
		assert_string_equal(address, expected);
}

static void test_tcp(void **state)
{
	(void)state;
	/* As x86 writes them: the least byte first. */
	expect_remote(TCP_HEAD
	    "   0: 00000000:0016 00000000:0000 0A" TCP_REST "4711 1 0 100\n"
	    "   1: 0100007F:0016 070200C0:D2F0 01" TCP_REST "4712 1 0 20\n"
	    "   2: 0100007F:0016 080200C0:D2F0 01" TCP_REST "4711 1 0 20\n",
	    "192.0.2.8");
	expect_remote(TCP_HEAD
	    "   0: 0000000000000000FFFF00000100007F:0016 "
	    "0000000000000000FFFF0000090200C0:D2F0 01" TCP_REST "5 1 0 20\n",
	    "192.0.2.9");
	expect_remote(TCP_HEAD
	    "   0: B80D0120000000000000000001000000:0016 "
	    "B80D0120000000000000000002000000:D2F0 01" TCP_REST "5 1 0 20\n",
	    "2001:db8::2");
	expect_remote(TCP_HEAD, NULL);
	expect_remote("0: 0100007F:0016 0702C0:D2F0 01" TCP_REST "5\n", NULL);
	expect_remote("0: 0100007F:0016 0702G0C0:D2F0 01" TCP_REST "5\n", NULL);
	expect_remote("0: 0100007F:0016 070200C0:D2F0 01" TCP_REST, NULL);
}

#define ID "ada1deadbeef5566778899aabbccddeeff00112233445566778899aabbccddee"

#define ENTERS(words, name)                                                    \
	dm_client_enters((struct dm_str){words, sizeof(words)}, name, ID)

static void test_client(void **state)
{
	(void)state;
	assert_true(ENTERS("docker\0exec\0-it\0web\0sh", "web"));
	assert_true(ENTERS("docker\0-H\0x\0exec\0ada1dead\0sh", "web"));
	assert_true(ENTERS("docker\0container\0attach\0" ID, NULL));
	assert_true(ENTERS("docker\0compose\0exec\0web\0sh", "x-web-12"));
	assert_true(ENTERS("docker-compose\0exec\0web\0sh", "x_web_1"));
	assert_false(ENTERS("docker\0compose\0exec\0web\0sh", "x-web"));
	assert_false(ENTERS("docker\0compose\0exec\0web\0sh", "web-1"));
	assert_false(ENTERS("docker\0compose\0exec\0web\0sh", "xweb-1"));
	assert_false(ENTERS("docker\0compose\0exec\0web\0sh", "x-web_1"));
	assert_false(ENTERS("docker\0exec\0\0sh", "x--1"));
	assert_false(ENTERS("docker\0exec\0"
			    "1",
	    "1"
	    "2"));
	assert_false(ENTERS("docker\0exec\0-it\0web2\0sh", "web"));
	assert_false(ENTERS("docker\0exec\0web\0sh", NULL));
	assert_false(ENTERS("docker\0logs\0web", "web"));
	assert_false(ENTERS("docker\0web\0exec", "web"));
	assert_false(ENTERS("docker\0exec\0ada\0sh", "web"));
	assert_false(ENTERS("docker\0exec\0" ID "0", "web"));
	assert_false(dm_client_enters((struct dm_str){NULL, 0}, "web", ID));
}

/* A container, of which the test says what processes it has. */
struct fixture {
	char folder[64];
	struct dm_collect c;
	struct dm_container container;
	struct dm_proc procs[300], *list[300];
	struct dm_proc_box box;
	void *state;
	struct dm_buf out; /* what it said last, as text */
};

static struct dm_proc *add(
    struct fixture *f, pid_t pid, pid_t parent, pid_t session, int64_t tty)
{
	struct dm_proc *p = &f->procs[f->box.n];

	*p = (struct dm_proc){.pid = pid};
	p->stat = (struct dm_proc_stat){.pid = pid,
	    .ppid = parent,
	    .session = session,
	    .tty = tty,
	    .start = 100 + (uint64_t)pid};
	p->view.uid = 7;
	p->view.uid_seen = true;
	f->list[f->box.n++] = p;
	return p;
}

static void begin(struct fixture *f)
{
	struct dm_err err = {0};

	*f = (struct fixture){.folder = "/tmp/dmon-users.XXXXXX"};
	assert_non_null(mkdtemp(f->folder));
	f->c.options.procfs = f->c.options.rootfs = f->folder;
	f->box.procs = f->list;
	f->box.base.set = true;
	f->box.base.pid = 10;
	f->container.id = (char *)ID;
	f->container.base = &f->box.base;
	f->container.box = &f->box;
	assert_int_equal(dm_source_users.open(&f->c, 0, &f->state, &err), 0);
	add(f, 10, 1, 10, 0);
}

static void end(struct fixture *f)
{
	dm_source_users.forget(f->state, &f->container, 0);
	dm_source_users.close(f->state);
	dm_part_release(&f->container.parts[0]);
	dm_part_release(&f->c.host[0]);
	dm_buf_release(&f->out);
	assert_int_equal(rmdir(f->folder), 0);
}

static void sweep(struct fixture *f)
{
	struct dm_part *part = &f->container.parts[0];
	struct dm_err err = {0};

	f->c.ts_us += 1000000;
	assert_int_equal(dm_source_users.sample(&f->c, 0, f->state, &err), 0);
	dm_part_clear(part);
	assert_int_equal(
	    dm_source_users.container(&f->c, 0, f->state, &f->container, &err),
	    0);
	f->c.sweep++;
	dm_buf_clear(&f->out);
	for (size_t i = 0; i < part->n_rows; i++) {
		const struct dm_row *r = &part->rows[i];

		dm_buf_addf(&f->out, "%s %.*s %.*s\n", r->kind,
		    (int)r->labels_n, part->text.p + r->labels,
		    (int)r->metrics_n, part->text.p + r->metrics);
	}
	dm_buf_add_str(&f->out, dm_buf_str(&part->main.text));
	dm_buf_add_char(&f->out, '\n');
}

#define SAYS(f, text) assert_string_equal(dm_buf_cstr(&(f)->out), text)

#define NONE	 "\"container_sessions\":0\n"
#define PTS3	 ((int64_t)(136 << 8 | 3))
#define SHELL	 "\"session\":\"20\",\"start\":\"120\""
#define SHELL_IS SHELL ",\"how\":\"exec\",\"tty\":\"pts/3\",\"user\":\"7\""
#define SHELL_NOW(n)                                                           \
	"container " SHELL_IS " \"container_session_info\":1\n"                \
	"container " SHELL " \"container_session_processes\":" n "\n"
#define SHELL_OPENED                                                           \
	"event " SHELL_IS " \"container_event_session_info\":1\n"              \
	"event " SHELL " \"container_event_session_opened\":1\n"

static void test_exec(void **state)
{
	struct fixture f;
	struct dm_proc *other;

	(void)state;
	begin(&f);
	sweep(&f);
	SAYS(&f, NONE);
	add(&f, 20, 2, 20, PTS3);
	sweep(&f);
	SAYS(&f, NONE);
	add(&f, 21, 20, 20, PTS3);
	sweep(&f);
	SAYS(&f, SHELL_OPENED SHELL_NOW("2") "\"container_sessions\":1\n");
	sweep(&f);
	SAYS(&f, SHELL_NOW("2") "\"container_sessions\":1\n");
	/* su(1) */
	other = add(&f, 22, 21, 20, PTS3);
	other->view.uid = 0;
	sweep(&f);
	SAYS(&f, "event " SHELL_IS ",\"to\":\"0\" "
		 "\"container_event_session_info\":1\n"
		 "event " SHELL " \"container_event_session_uid_change\":1,"
		 "\"container_event_session_uid\":0\n" SHELL_NOW(
		     "3") "\"container_sessions\":1\n");
	sweep(&f);
	SAYS(&f, SHELL_NOW("3") "\"container_sessions\":1\n");
	/* Who is left there has no terminal any more. */
	f.list[1] = f.list[3];
	f.box.n = 2;
	other->stat.tty = 0;
	sweep(&f);
	SAYS(&f, "event " SHELL_IS " \"container_event_session_info\":1\n"
		 "event " SHELL " \"container_event_session_closed\":1\n" NONE);
	sweep(&f);
	SAYS(&f, NONE);
	end(&f);
}

/* What was there before the collector has not been opened now. */
static void test_there_before(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, 20, 2, 20, PTS3);
	sweep(&f);
	SAYS(&f, SHELL_NOW("1") "\"container_sessions\":1\n");
	end(&f);
}

static void test_what_is_none(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	/* The container's own terminal. */
	f.procs[0].stat.tty = PTS3;
	add(&f, 11, 10, 10, PTS3);
	/* A service that has begun a session of its own. */
	add(&f, 12, 10, 12, 0);
	/* One whose forefather has gone. */
	add(&f, 14, 10, 13, 0);
	/* A runtime that has not done yet. */
	add(&f, 20, 2, 20, PTS3)->setup = true;
	add(&f, 21, 2, 21, PTS3)->failed = true;
	sweep(&f);
	SAYS(&f, NONE);
	/* Where the first process is not known, nothing is. */
	f.box.base.set = false;
	f.procs[4].setup = false;
	sweep(&f);
	sweep(&f);
	SAYS(&f, NONE);
	end(&f);
}

static void test_others(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add(&f, 20, 2, 20, 0);	   /* exec without a terminal */
	add(&f, 30, 10, 30, PTS3); /* an sshd of the container's own */
	add(&f, 41, 10, 40, PTS3); /* whose first process has gone */
	sweep(&f);
	SAYS(&f,
	    "container \"session\":\"20\",\"start\":\"120\",\"how\":\"exec\","
	    "\"user\":\"7\" \"container_session_info\":1\n"
	    "container \"session\":\"20\",\"start\":\"120\" "
	    "\"container_session_processes\":1\n"
	    "container \"session\":\"30\",\"start\":\"130\",\"how\":\"tty\","
	    "\"tty\":\"pts/3\",\"user\":\"7\" \"container_session_info\":1\n"
	    "container \"session\":\"30\",\"start\":\"130\" "
	    "\"container_session_processes\":1\n"
	    "container \"session\":\"40\",\"start\":\"141\",\"how\":\"tty\","
	    "\"tty\":\"pts/3\",\"user\":\"7\" \"container_session_info\":1\n"
	    "container \"session\":\"40\",\"start\":\"141\" "
	    "\"container_session_processes\":1\n"
	    "\"container_sessions\":3\n");
	end(&f);
}

/* A container may make many: so many are told of, and no more. */
static void test_many(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (pid_t i = 0; i < 298; i++)
		add(&f, 100 + i, 10, 100 + i, PTS3);
	sweep(&f);
	assert_non_null(
	    strstr(dm_buf_cstr(&f.out), "\"container_sessions\":256\n"));
	/* Who comes from outside can't be hidden so. */
	add(&f, 1000, 1, 1000, PTS3);
	sweep(&f);
	sweep(&f);
	assert_non_null(
	    strstr(dm_buf_cstr(&f.out), "\"container_sessions\":257\n"));
	assert_non_null(strstr(
	    dm_buf_cstr(&f.out), "\"session\":\"1000\",\"start\":\"1100\""));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_utmp),
	    cmocka_unit_test(test_socket),
	    cmocka_unit_test(test_tcp),
	    cmocka_unit_test(test_client),
	    cmocka_unit_test(test_exec),
	    cmocka_unit_test(test_there_before),
	    cmocka_unit_test(test_what_is_none),
	    cmocka_unit_test(test_others),
	    cmocka_unit_test(test_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
