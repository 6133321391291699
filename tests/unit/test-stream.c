/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream loop, on files and pipes of the test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "record/stream.h"

static char folder[] = "/tmp/dmon-test.XXXXXX";
static char in_path[64], out_path[64], rejects_path[64];

/* A filter that adds a line behind each record about a container, and says
 * at the end how many there were. */
struct adder {
	unsigned records, dry, ticks;
	bool stop;
};

static int add_record(void *ctx, const struct dm_record *r, struct dm_buf *out,
    struct dm_err *err)
{
	struct adder *a = ctx;

	a->records++;
	if (a->stop)
		return dm_err_set(err, DM_ESTOP, "enough");
	if (r->kind == DM_KIND_CONTAINER)
		dm_buf_addf(out, "added %u\n", a->records);
	return 0;
}

static int add_dry(void *ctx, struct dm_buf *out, struct dm_err *err)
{
	(void)out;
	(void)err;
	((struct adder *)ctx)->dry++;
	return 0;
}

static int add_end(void *ctx, struct dm_buf *out, struct dm_err *err)
{
	(void)err;
	dm_buf_addf(out, "end %u\n", ((struct adder *)ctx)->records);
	return 0;
}

static struct dm_filter adder_filter(struct adder *a)
{
	return (struct dm_filter){
	    .ctx = a, .record = add_record, .dry = add_dry, .end = add_end};
}

static void write_file(const char *path, struct dm_str text)
{
	assert_int_equal(dm_file_replace(path, text, NULL), 0);
}

static struct dm_buf read_file(const char *path)
{
	struct dm_buf b = {0};

	assert_int_equal(dm_file_read(path, 64u << 20, &b, NULL), 0);
	dm_buf_cstr(&b);
	return b;
}

static char last_reject[512];

static void note_reject(void *ctx, const struct dm_err *err)
{
	(void)ctx;
	dm_err_text(err, last_reject, sizeof(last_reject));
}

static int run_file(struct dm_str text, struct adder *a,
    struct dm_stream_options *o, struct dm_stream_result *result,
    struct dm_err *err)
{
	struct dm_filter f = adder_filter(a);
	const char *files[] = {in_path};
	int status;

	write_file(in_path, text);
	o->files = files;
	o->n_files = 1;
	o->reject = note_reject;
	o->out_fd = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(o->out_fd >= 0);
	status = dm_stream_run(o, &f, result, err);
	close(o->out_fd);
	return status;
}

#define HOST	  "{\"ts\":1,\"kind\":\"host\"}\n"
#define CONTAINER "{ \"ts\":2 ,\"kind\":\"container\",\"x\":[1]}\n"

static void test_passes_on(void **state)
{
	struct dm_stream_options o = {0};
	struct dm_stream_result result;
	struct adder a = {0};
	struct dm_err err;
	struct dm_buf out;

	(void)state;
	assert_int_equal(run_file(DM_STR(HOST CONTAINER HOST "{\"ts\":3}"), &a,
			     &o, &result, &err),
	    0);
	out = read_file(out_path);
	assert_string_equal(
	    out.p, HOST CONTAINER "added 2\n" HOST "{\"ts\":3}\nend 4\n");
	assert_int_equal(result.records, 4);
	assert_int_equal(result.rejected, 0);
	assert_true(a.dry > 0);
	dm_buf_release(&out);
}

static void test_only(void **state)
{
	struct dm_stream_options o = {.only = true};
	struct dm_stream_result result;
	struct adder a = {0};
	struct dm_err err;
	struct dm_buf out;

	(void)state;
	assert_int_equal(
	    run_file(DM_STR(HOST CONTAINER HOST), &a, &o, &result, &err), 0);
	out = read_file(out_path);
	assert_string_equal(out.p, "added 2\nend 3\n");
	dm_buf_release(&out);
}

static void test_rejects(void **state)
{
	struct dm_stream_options o = {.rejects = rejects_path};
	struct dm_stream_result result;
	struct adder a = {0};
	struct dm_err err;
	struct dm_buf out;

	(void)state;
	assert_int_equal(run_file(DM_STR(HOST "bad\x1b\n" CONTAINER "{\"ts\":"),
			     &a, &o, &result, &err),
	    0);
	assert_int_equal(result.rejected, 2);
	assert_non_null(strstr(last_reject, "in:4:7: expected a number"));
	out = read_file(out_path);
	assert_string_equal(out.p, HOST CONTAINER "added 2\nend 2\n");
	dm_buf_release(&out);
	out = read_file(rejects_path);
	assert_string_equal(out.p, "bad\x1b\n{\"ts\":\n");
	dm_buf_release(&out);
	unlink(rejects_path);
}

/* What was good before the bad line has been handled to its end. */
static void test_strict(void **state)
{
	struct dm_stream_options o = {.strict = true};
	struct dm_stream_result result;
	struct adder a = {0};
	struct dm_err err;
	struct dm_buf out;

	(void)state;
	assert_int_equal(
	    run_file(DM_STR(CONTAINER "bad\n" HOST), &a, &o, &result, &err),
	    -1);
	assert_int_equal(err.code, DM_EPARSE);
	out = read_file(out_path);
	assert_string_equal(out.p, CONTAINER "added 1\nend 1\n");
	dm_buf_release(&out);
}

static void test_stop(void **state)
{
	struct dm_stream_options o = {0};
	struct dm_stream_result result;
	struct adder a = {.stop = true};
	struct dm_err err;

	(void)state;
	assert_int_equal(run_file(DM_STR(HOST HOST), &a, &o, &result, &err), 0);
	assert_int_equal(a.records, 1);
}

/* A line longer than is allowed is kept whole among the rejects. */
static void test_long_line(void **state)
{
	struct dm_stream_options o = {.rejects = rejects_path};
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_stream_result result;
	struct adder a = {0};
	struct dm_err err;
	struct dm_buf out;

	(void)state;
	dm_buf_add_cstr(&text, HOST);
	for (int i = 0; i < 3 * DM_LINE_MAX_BYTES; i++)
		dm_buf_add_char(&text, 'x');
	dm_buf_add_cstr(&text, "\n" HOST);
	assert_int_equal(run_file(dm_buf_str(&text), &a, &o, &result, &err), 0);
	assert_int_equal(result.records, 2);
	assert_int_equal(result.rejected, 1);
	out = read_file(rejects_path);
	assert_int_equal(out.n, 3 * DM_LINE_MAX_BYTES + 1);
	dm_buf_release(&out);
	unlink(rejects_path);
}

/* Many records, some with additions, so that spans of all lengths occur:
 * through a file and byte by byte through a pipe, the output is the same. */
static void test_byte_by_byte(void **state)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_stream_options o = {0};
	struct dm_stream_result result;
	struct dm_buf whole, piecewise;
	struct dm_filter f;
	struct adder a = {0}, b = {0};
	struct dm_err err;
	int fds[2];
	pid_t writer;

	(void)state;
	for (int i = 0; i < 3000; i++)
		dm_buf_addf(&text, "{\"ts\":%d,\"kind\":\"%s\"}\n", i,
		    i % 700 == 5 ? "container" : "host");
	assert_int_equal(run_file(dm_buf_str(&text), &a, &o, &result, &err), 0);
	whole = read_file(out_path);
	assert_int_equal(pipe(fds), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		close(fds[0]);
		for (size_t i = 0; i < text.n; i++) {
			if (write(fds[1], text.p + i, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(fds[1]);
	assert_true(dup2(fds[0], STDIN_FILENO) >= 0);
	close(fds[0]);
	f = adder_filter(&b);
	o.n_files = 0;
	o.out_fd = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(dm_stream_run(&o, &f, &result, &err), 0);
	close(o.out_fd);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	piecewise = read_file(out_path);
	assert_int_equal(whole.n, piecewise.n);
	assert_memory_equal(whole.p, piecewise.p, whole.n);
	dm_buf_release(&whole);
	dm_buf_release(&piecewise);
}

static void test_full_device(void **state)
{
	struct dm_stream_options o = {0};
	struct dm_stream_result result;
	const char *files[] = {in_path, "/nonexistent"};
	struct adder a = {0};
	struct dm_filter f = adder_filter(&a);
	struct dm_err err;

	(void)state;
	write_file(in_path, DM_STR(HOST));
	o.files = files;
	o.n_files = 1;
	o.out_fd = open("/dev/full", O_WRONLY);
	assert_int_equal(dm_stream_run(&o, &f, &result, &err), -1);
	assert_int_equal(err.code, DM_ESYS);
	close(o.out_fd);
	/* A file that is not there: what came before it is finished. */
	o.n_files = 2;
	o.out_fd = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(dm_stream_run(&o, &f, &result, &err), -1);
	assert_int_equal(err.code, DM_ENODATA);
	close(o.out_fd);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(in_path, sizeof(in_path), "%s/in", folder);
	snprintf(out_path, sizeof(out_path), "%s/out", folder);
	snprintf(rejects_path, sizeof(rejects_path), "%s/rejects", folder);
	return dm_signals_install(NULL);
}

static int drop_folder(void **state)
{
	(void)state;
	unlink(in_path);
	unlink(out_path);
	unlink(rejects_path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_passes_on),
	    cmocka_unit_test(test_only),
	    cmocka_unit_test(test_rejects),
	    cmocka_unit_test(test_strict),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_byte_by_byte),
	    cmocka_unit_test(test_full_device),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
