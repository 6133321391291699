/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/docker-log.h"
#include "collect/log-file.h"
#include "collect/log-line.h"
#include "collect/log-pattern.h"
#include "collect/log-size.h"

#define ID "ada1deadbeef5566778899aabbccddeeff00112233445566778899aabbccddee"

/* Lines, each with a bar behind it; so many are wanted at once. */
struct told {
	struct dm_buf b;
	unsigned left;
};

static bool take(void *ctx, struct dm_str line)
{
	struct told *t = ctx;

	dm_buf_add_str(&t->b, line);
	dm_buf_add_char(&t->b, '|');
	return --t->left > 0;
}

/* Fed step bytes at a time, at most n lines at once. */
static void cuts(const char *text, const char *want, size_t step, unsigned n)
{
	struct dm_log_lines l = {0};
	struct told t = {0};
	struct dm_str rest = dm_str(text);

	while (rest.n) {
		size_t piece = step < rest.n ? step : rest.n, used;

		t.left = n;
		used = dm_log_lines_add(&l, rest.p, piece, take, &t);
		assert_true(used > 0 && used <= piece);
		assert_true(used == piece || l.enough);
		rest = (struct dm_str){rest.p + used, rest.n - used};
	}
	dm_log_lines_end(&l, take, &t);
	assert_string_equal(dm_buf_cstr(&t.b), want);
	dm_buf_release(&t.b);
	dm_log_lines_release(&l);
}

static void cuts_lines(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", ""},
	    {"a", "a|"},
	    {"a\n", "a|"},
	    {"\n\n\na\n\n", "a|"},
	    {"one\ntwo\r\n\r\nthree four\nfive", "one|two|three four|five|"},
	    {"a\rb\r\r\n", "a\rb\r|"},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++)
		for (size_t step = 1; step < 12; step++)
			for (unsigned n = 1; n < 4; n++)
				cuts(cases[i].text, cases[i].want, step, n);
}

static void cuts_long_lines(void **state)
{
	(void)state;
	for (size_t over = 0; over < 3; over++) {
		for (size_t step = 1; step < 20000; step = step * 3 + 1) {
			size_t n = DM_LOG_LINE_BYTES - 1 + over;
			struct dm_log_lines l = {0};
			struct told t = {.left = 100};
			DM_AUTO_BUF struct dm_buf b = {0};

			for (size_t i = 0; i < n; i++)
				dm_buf_add_char(&b, 'x');
			dm_buf_add_cstr(&b, "\nnext\n");
			for (size_t at = 0; at < b.n; at += step)
				assert_int_equal(
				    dm_log_lines_add(&l, b.p + at,
					step < b.n - at ? step : b.n - at, take,
					&t),
				    step < b.n - at ? step : b.n - at);
			if (n > DM_LOG_LINE_BYTES)
				n = DM_LOG_LINE_BYTES;
			assert_int_equal(t.b.n, n + 1 + 5);
			assert_memory_equal(t.b.p + n, "|next|", 6);
			assert_int_equal(l.cut, over == 2);
			assert_int_equal(l.n, 2);
			dm_buf_release(&t.b);
			dm_log_lines_release(&l);
		}
	}
}

static void frame(struct dm_buf *b, int stream, const char *text)
{
	size_t n = strlen(text);
	const char header[8] = {
	    (char)stream, 0, 0, 0, 0, 0, (char)(n >> 8), (char)n};

	dm_buf_add(b, header, sizeof(header));
	dm_buf_add_cstr(b, text);
}

/* Returns -1 where it is refused. */
static int unframe(struct dm_str in, size_t step, unsigned n, struct told *t)
{
	struct dm_log_frames f = {0};
	struct dm_err err = {0};
	int rc = 0;

	dm_buf_clear(&t->b);
	while (rc == 0 && in.n) {
		size_t piece = step < in.n ? step : in.n, used = 0;

		t->left = n;
		rc = dm_log_frames_add(&f, in.p, piece, take, t, &used, &err);
		if (rc == 0) {
			assert_true(used > 0 && used <= piece);
			in = (struct dm_str){in.p + used, in.n - used};
		}
	}
	if (rc == 0)
		dm_log_frames_end(&f, take, t);
	else
		assert_int_equal(err.code, DM_EPARSE);
	dm_log_frames_release(&f);
	return rc;
}

static void takes_frames(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct told t = {0};

	(void)state;
	frame(&b, 1, "one\nt");
	frame(&b, 2, "err");
	frame(&b, 1, "");
	frame(&b, 0, "wo\n");
	frame(&b, 2, "or\n");
	frame(&b, 1, "last");
	for (size_t step = 1; step < 40; step++) {
		for (unsigned n = 1; n < 4; n++) {
			assert_int_equal(
			    unframe(dm_buf_str(&b), step, n, &t), 0);
			assert_string_equal(
			    dm_buf_cstr(&t.b), "one|two|error|last|");
		}
	}
	frame(&b, 3, "x");
	assert_int_equal(unframe(dm_buf_str(&b), 7, 9, &t), -1);
	assert_int_equal(unframe(DM_STR("\1\0\1\0\0\0\0\1x"), 9, 9, &t), -1);
	dm_buf_release(&t.b);
}

static void raw_has_no_frames(void **state)
{
	struct dm_log_frames f = {.raw = true};
	struct told t = {.left = 9};
	size_t used;

	(void)state;
	assert_int_equal(
	    dm_log_frames_add(&f, "\1a\r\nb\r\n", 7, take, &t, &used, NULL), 0);
	assert_int_equal(used, 7);
	assert_string_equal(dm_buf_cstr(&t.b), "\1a|b|");
	dm_buf_release(&t.b);
	dm_log_frames_release(&f);
}

static void takes_the_engines_time(void **state)
{
	static const struct {
		const char *line, *rest;
		int64_t ns;
	} cases[] = {
	    {"2026-11-28T05:06:07.123456789Z a b", "a b",
		INT64_C(1795842367123456789)},
	    {"2026-11-28T05:06:07.000000000Z ", "",
		INT64_C(1795842367000000000)},
	    {"2026-11-28T05:06:07.12345678Z a", NULL, 0},
	    {"2026-11-28T05:06:07.123456789+00:00 a", NULL, 0},
	    {"2026-13-28T05:06:07.123456789Z a", NULL, 0},
	    {"2026-11-28T05:06:07.12345678xZ a", NULL, 0},
	    {"9999-11-28T05:06:07.123456789Z a", NULL, 0},
	    {"1969-11-28T05:06:07.123456789Z a", NULL, 0},
	    {"2026-11-28T05:06:07.123456789Z", NULL, 0},
	    {"a", NULL, 0},
	    {"", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		struct dm_str line = dm_str(cases[i].line);

		assert_int_equal(dm_log_line_time_ns(&line), cases[i].ns);
		assert_true(dm_str_is(
		    line, cases[i].rest ? cases[i].rest : cases[i].line));
	}
}

/* Patterns. */

static void add_index(void *ctx, size_t i, struct dm_str line)
{
	(void)line;
	dm_buf_addf(ctx, "%zu ", i);
}

static void finds_patterns(void **state)
{
	static const char text[] = "# what\n"
				   "\n"
				   "a /f x(?P<n>\\d+)$\r\n"
				   " b\tcontainer:web-.*\t(?i)^Error \n"
				   "a /f y\n"
				   "c /g/*.log y";
	static const struct {
		const char *line, *want;
		dm_log_set set;
	} cases[] = {
	    {"x12", "0 ", 15},
	    {"x12y", "2 3 ", 15},
	    {"y x12", "0 3 ", 15},
	    {"eRRor  1", "1 ", 15},
	    {"an error 1", "", 15},
	    {"y", "3 ", 8},
	    {"y", "", 0},
	};
	struct dm_log_patterns p = {0};
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_err err;
	uint64_t failed = 0;

	(void)state;
	assert_int_equal(dm_log_patterns_add(&p, dm_str(text), "f", &err), 0);
	assert_int_equal(p.n, 4);
	assert_int_equal(dm_log_patterns_of_files(&p), 13);
	assert_int_equal(dm_log_names(&p, 13), 9);
	assert_int_equal(dm_log_patterns_of_container(&p, DM_STR("web-1")), 2);
	assert_int_equal(dm_log_patterns_of_container(&p, DM_STR("aweb-1")), 0);
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		dm_buf_clear(&b);
		dm_log_patterns_match(&p, cases[i].set, dm_str(cases[i].line),
		    add_index, &b, &failed);
		assert_string_equal(dm_buf_cstr(&b), cases[i].want);
	}
	assert_int_equal(failed, 0);
	dm_buf_clear(&b);
	dm_log_pattern_labels(&p.list[0], DM_STR("x1 x234"), 2, &b);
	assert_string_equal(dm_buf_cstr(&b), "\"n\":\"23\"");
	dm_log_patterns_release(&p);
}

/* A line that an attacker has chosen: by back-tracking, each of these would go
 * on for years. */
static void does_not_back_track(void **state)
{
	static const char *const patterns[] = {
	    "a f (a+)+b$|^a",
	    "a f (a|a)*b$|a$",
	    "a f (a.*)*b.*c",
	    "a f (?P<x>.*)(?P<y>.*)(?P<z>.*)(?P<u>.*)(?P<v>.*)q$",
	    "a f a{1,500}b",
	};
	char line[DM_LOG_LINE_BYTES];

	(void)state;
	memset(line, 'a', sizeof(line));
	for (size_t i = 0; i < DM_COUNT(patterns); i++) {
		struct dm_log_patterns p = {0};
		DM_AUTO_BUF struct dm_buf b = {0};
		DM_AUTO_BUF struct dm_buf text = {0};
		struct dm_str whole = {line, sizeof(line)};
		struct dm_err err;
		uint64_t failed = 0;

		dm_buf_addf(&text, "a /f %s", patterns[i] + 4);
		assert_int_equal(
		    dm_log_patterns_add(&p, dm_buf_str(&text), "f", &err), 0);
		dm_log_patterns_match(&p, 1, whole, add_index, &b, &failed);
		assert_int_equal(b.n, i < 2 ? 2 : 0);
		dm_log_pattern_labels(&p.list[0], whole, 9, &b);
		dm_log_patterns_release(&p);
	}
}

static void makes_text(void **state)
{
	DM_AUTO_BUF struct dm_buf b = {0};

	(void)state;
	assert_true(
	    dm_str_is(dm_log_text(DM_STR("\xc3\xa4 b"), &b), "\xc3\xa4 b"));
	assert_true(dm_str_is(dm_log_text(DM_STR("\xc3 \xff\x80 b"), &b),
	    "\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd b"));
	assert_true(dm_str_is(dm_log_cut(DM_STR("a\xc3\xa4"), 2), "a"));
	assert_true(dm_str_is(dm_log_cut(DM_STR("a\xc3\xa4"), 3), "a\xc3\xa4"));
}

/* A file, followed. */

static void put(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(dm_file_write_all(fd, text, strlen(text), NULL), 0);
	close(fd);
}

static void says(struct dm_log_file *f, unsigned n, bool all, const char *want)
{
	struct told t = {.left = n};

	assert_int_equal(dm_log_file_read(f, take, &t), all);
	assert_string_equal(dm_buf_cstr(&t.b), want);
	dm_buf_release(&t.b);
}

static void follows_a_file(void **state)
{
	char folder[] = "/tmp/dmon-test.XXXXXX", path[64], old[64];
	struct dm_log_file f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(old, sizeof(old), "%s/old", folder);
	put(path, 0, "before\n");
	dm_log_file_init(&f, dm_str_dup(dm_str(path)), true);
	says(&f, 9, true, "");
	put(path, O_APPEND, "one\ntwo\nthree\nha");
	says(&f, 1, false, "one|");
	says(&f, 1, false, "two|");
	says(&f, 9, true, "three|");
	put(path, O_APPEND, "lf\nrest");
	says(&f, 9, true, "half|");
	/* Who writes goes on with the old one for a while. */
	assert_int_equal(rename(path, old), 0);
	says(&f, 9, true, "");
	put(old, O_APPEND, " of it\nlast");
	put(path, 0, "");
	says(&f, 9, true, "rest of it|");
	put(path, O_APPEND, "new\n");
	says(&f, 9, true, "last|new|");
	put(path, O_TRUNC, "n\n");
	says(&f, 9, true, "n|");
	assert_int_equal(unlink(path), 0);
	says(&f, 9, true, "");
	put(path, 0, "again\n");
	says(&f, 9, true, "again|");
	/* Too much of it. */
	assert_int_equal(truncate(path, DM_LOG_BACKLOG_BYTES + 100), 0);
	put(path, O_APPEND, "x\nbehind\n");
	while (f.skipped_bytes == 0 || f.at < DM_LOG_BACKLOG_BYTES + 100) {
		struct told t = {.left = 99};

		(void)dm_log_file_read(&f, take, &t);
		assert_string_equal(dm_buf_cstr(&t.b), t.b.n ? "behind|" : "");
		dm_buf_release(&t.b);
	}
	assert_int_equal(f.skipped_bytes,
	    DM_LOG_BACKLOG_BYTES + 100 + 9 - DM_LOG_BACKLOG_BYTES / 2 - 6);
	dm_log_file_release(&f);
	unlink(path);
	unlink(old);
	rmdir(folder);
}

/* To some devices being opened is something done. */
static void opens_files_only(void **state)
{
	char folder[] = "/tmp/dmon-test.XXXXXX", path[64];
	struct inotify_event event[8];
	struct dm_log_file f;
	int ears = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(inotify_add_watch(ears, path, IN_OPEN) >= 0);
	dm_log_file_init(&f, dm_str_dup(dm_str(path)), true);
	says(&f, 9, true, "");
	assert_int_equal(f.error, EINVAL);
	assert_int_equal(read(ears, event, sizeof(event)), -1);
	/* It may become one. */
	unlink(path);
	put(path, 0, "a\n");
	says(&f, 9, true, "");
	put(path, O_APPEND, "b\n");
	says(&f, 9, true, "b|");
	dm_log_file_release(&f);
	close(ears);
	unlink(path);
	rmdir(folder);
}

/* Sizes. */

static void reads_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t si, binary;
	} cases[] = {
	    {"10m", 10000000, 10485760},
	    {"10MB", 10000000, 10485760},
	    {"10 MiB", 10000000, 10485760},
	    {"1.5g", 1500000000, 1610612736},
	    {"64k", 64000, 65536},
	    {"512", 512, 512},
	    {"512b", 512, 512},
	    {"2t", UINT64_C(2000000000000), UINT64_C(2199023255552)},
	    {"-1", 0, 0},
	    {"", 0, 0},
	    {"m", 0, 0},
	    {"10x", 0, 0},
	    {"10mm", 0, 0},
	    {"10mbb", 0, 0},
	    {"1.5.5m", 0, 0},
	    {"99999999999999999999999999p", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		assert_int_equal(
		    dm_docker_size(dm_str(cases[i].text), 1000), cases[i].si);
		assert_int_equal(dm_docker_size(dm_str(cases[i].text), 1024),
		    cases[i].binary);
	}
}

static void log_of(struct dm_docker_log *log, const char *format, ...)
{
	DM_AUTO_BUF struct dm_buf b = {0};
	struct dm_err err;
	json_t *answer;
	va_list args;
	char text[1024];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	answer = dm_docker_parse(dm_str(text), &err);
	assert_non_null(answer);
	assert_int_equal(dm_docker_log_read(answer, log, &err), 0);
	json_decref(answer);
}

static void reads_where_a_log_is(void **state)
{
	struct dm_docker_log log = {0};

	(void)state;
	log_of(&log, "{'Id':'" ID "','LogPath':'/d/log','Config':{'Tty':true},"
		     "'HostConfig':{'LogConfig':{'Type':'json-file','Config':{"
		     "'max-size':'10m','max-file':'3'}}}}");
	assert_string_equal(log.path, "/d/log");
	assert_true(log.readable && log.tty);
	assert_int_equal(log.file_bytes, 10000000);
	assert_int_equal(log.files, 3);
	log_of(&log,
	    "{'Id':'" ID "','LogPath':'','HostnamePath':'/d/" ID "/hostname',"
	    "'HostConfig':{'LogConfig':{'Type':'local','Config':{"
	    "'max-file':'0'}}}}");
	assert_string_equal(log.path, "/d/" ID "/local-logs/container.log");
	assert_false(log.tty);
	assert_int_equal(log.file_bytes, 20 << 20);
	assert_int_equal(log.files, 5);
	/* Another container's. */
	log_of(&log,
	    "{'Id':'" ID "','HostnamePath':'/d/f" ID "/hostname','HostConfig':"
	    "{'LogConfig':{'Type':'local'}}}");
	assert_null(log.path);
	log_of(&log,
	    "{'LogPath':'log','HostConfig':{'LogConfig':{'Type':'json-file',"
	    "'Config':7}}}");
	assert_null(log.path);
	log_of(&log, "{'LogPath':'/a\\u0000','HostConfig':{'LogConfig':{'Type':"
		     "'json-file'}}}");
	assert_null(log.path);
	log_of(&log, "{'HostConfig':{'LogConfig':{'Type':'none'}}}");
	assert_false(log.readable);
	log_of(&log, "{}");
	assert_true(log.readable && !log.path);
	dm_docker_log_release(&log);
}

static void counts_what_was_written(void **state)
{
	const struct dm_docker_log endless = {.files = 1};
	const struct dm_docker_log one = {.file_bytes = 1000, .files = 1};
	const struct dm_docker_log three = {.file_bytes = 1000, .files = 3};
	static const struct {
		struct dm_log_size z;
		uint64_t size, endless, one, three;
		bool same;
	} cases[] = {
	    /* It has grown; stood still. */
	    {{.size = 100}, 250, 150, 150, 150, true},
	    {{.size = 100}, 100, 0, 0, 0, true},
	    /* It is smaller, or another: it was begun anew once. */
	    {{.size = 100}, 50, 50, 950, 950, true},
	    {{.size = 100}, 150, 150, 1050, 1050, false},
	    {{.size = 1200}, 50, 50, 50, 50, true},
	    /* Closed and opened again, as with a restart. */
	    {{.size = 100, .closed = 1}, 250, 150, 150, 150, true},
	    /* Emptied four times. */
	    {{.size = 100, .closed = 4}, 250, 150, 900 + 3000 + 250, 150, true},
	    /* Deleted, by later engines, which close it as well. */
	    {{.size = 100, .closed = 5, .deleted = 4}, 250, 250,
		900 + 3000 + 250, 1150, false},
	    /* Renamed. */
	    {{.size = 100, .closed = 5, .renamed = 4}, 250, 250,
		900 + 4000 + 250, 900 + 3000 + 250, false},
	};

	(void)state;
	for (size_t i = 0; i < DM_COUNT(cases); i++) {
		assert_int_equal(dm_log_size_grown(&cases[i].z, &endless,
				     cases[i].size, cases[i].same),
		    cases[i].endless);
		assert_int_equal(dm_log_size_grown(&cases[i].z, &one,
				     cases[i].size, cases[i].same),
		    cases[i].one);
		assert_int_equal(dm_log_size_grown(&cases[i].z, &three,
				     cases[i].size, cases[i].same),
		    cases[i].three);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cuts_lines),
	    cmocka_unit_test(cuts_long_lines),
	    cmocka_unit_test(takes_frames),
	    cmocka_unit_test(raw_has_no_frames),
	    cmocka_unit_test(takes_the_engines_time),
	    cmocka_unit_test(finds_patterns),
	    cmocka_unit_test(does_not_back_track),
	    cmocka_unit_test(makes_text),
	    cmocka_unit_test(follows_a_file),
	    cmocka_unit_test(opens_files_only),
	    cmocka_unit_test(reads_sizes),
	    cmocka_unit_test(reads_where_a_log_is),
	    cmocka_unit_test(counts_what_was_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
