/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "record/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"

#define CHUNK_BYTES (256 * 1024)

struct stream {
	const struct dm_stream_options *o;
	const struct dm_filter *f;
	struct dm_stream_result result;
	struct dm_scanner *scanner;
	int in_fd;
	int rejects_fd;
	const char *file;
	uint64_t line;
	uint64_t bad_lines;   /* of this file */
	uint64_t bad_said;    /* so many of them are said */
	uint64_t total_bytes; /* of all files; 0: not known */
	char *in;	      /* what has been read and not yet handled */
	size_t in_n, in_cap;
	bool skipping;	   /* within a line that is too long */
	bool input_failed; /* the input ends early, not what was made of it */
	/* Records that go on and lie behind each other in `in`. */
	const char *span;
	size_t span_n;
	struct dm_buf out;
	struct dm_buf added; /* by the filter, to stand behind the span */
};

static void stream_release(struct stream *s)
{
	if (s->in_fd > STDIN_FILENO)
		close(s->in_fd);
	if (s->rejects_fd >= 0)
		close(s->rejects_fd);
	dm_scanner_free(s->scanner);
	free(s->in);
	dm_buf_release(&s->out);
	dm_buf_release(&s->added);
}

/* It joins the output buffer, or is written from where it lies if it is
 * long. */
static int settle(
    struct stream *s, const char *text, size_t n, struct dm_err *err)
{
	if (n < CHUNK_BYTES / 4) {
		dm_buf_add(&s->out, text, n);
		return dm_buf_ok(&s->out, err);
	}
	if (dm_file_write_all(s->o->out_fd, s->out.p, s->out.n, err) < 0)
		return -1;
	dm_buf_clear(&s->out);
	return dm_file_write_all(s->o->out_fd, text, n, err);
}

static int settle_span(struct stream *s, struct dm_err *err)
{
	size_t n = s->span_n;

	s->span_n = 0;
	return settle(s, s->span, n, err);
}

static int settle_added(struct stream *s, struct dm_err *err)
{
	if (s->span_n && settle_span(s, err) < 0)
		return dm_err_wrap(err, "standard output");
	if (dm_buf_ok(&s->added, err) < 0)
		return -1;
	if (settle(s, s->added.p, s->added.n, err) < 0)
		return dm_err_wrap(err, "standard output");
	dm_buf_clear(&s->added);
	return 0;
}

static int flush(struct stream *s, struct dm_err *err)
{
	if (settle_added(s, err) < 0)
		return -1;
	if (dm_file_write_all(s->o->out_fd, s->out.p, s->out.n, err) < 0)
		return dm_err_wrap(err, "standard output");
	dm_buf_clear(&s->out);
	return 0;
}

static int pass_on(
    struct stream *s, const char *line, size_t n, struct dm_err *err)
{
	if (s->o->only)
		return 0;
	if (s->span_n && s->span + s->span_n == line) {
		s->span_n += n;
		return 0;
	}
	if (s->span_n && settle_span(s, err) < 0)
		return -1;
	s->span = line;
	s->span_n = n;
	return 0;
}

static int keep_reject(
    struct stream *s, const char *p, size_t n, struct dm_err *err)
{
	if (s->rejects_fd < 0)
		return 0;
	if (dm_file_write_all(s->rejects_fd, p, n, err) < 0)
		return dm_err_wrap(err, "%s", s->o->rejects);
	return 0;
}

/* What a file begins with that is no text, but would be one once unpacked. */
static bool is_packed(const char *p, size_t n, struct dm_err *why)
{
	static const struct {
		struct dm_str magic;
		const char *name, *tool;
	} formats[] = {
	    {{"\x1f\x8b", 2}, "gzip", "zcat"},
	    {{"\x28\xb5\x2f\xfd", 4}, "zstd", "zstdcat"},
	    {{"\xfd\x37zXZ", 5}, "xz", "xzcat"},
	    {{"BZh", 3}, "bzip2", "bzcat"},
	};

	for (size_t i = 0; i < DM_COUNT(formats); i++) {
		if (n < formats[i].magic.n ||
		    memcmp(p, formats[i].magic.p, formats[i].magic.n) != 0)
			continue;
		dm_err_set(why, DM_EPARSE, "looks like %s: try %s",
		    formats[i].name, formats[i].tool);
		return true;
	}
	return false;
}

static void say_of_file(struct stream *s, struct dm_err *what)
{
	dm_err_file(what, s->file);
	if (s->o->reject)
		s->o->reject(s->o->ctx, what);
}

/* 100, 1000 and so on. */
static bool is_round(uint64_t n)
{
	if (n < 100)
		return false;
	while (n >= 10 && n % 10 == 0)
		n /= 10;
	return n == 1;
}

/* The first ones are said, the others counted; a stream that does not end
 * goes on to say how many they are, more and more rarely. */
static void say_bad_line(struct stream *s, struct dm_err *why)
{
	struct dm_err note;

	s->bad_lines++;
	if (s->bad_lines <= s->bad_said) {
		why->line = (unsigned)s->line;
		say_of_file(s, why);
	} else if (s->bad_lines == s->bad_said + 1) {
		dm_err_set(
		    &note, DM_EPARSE, "further bad lines are counted only");
		say_of_file(s, &note);
	} else if (is_round(s->bad_lines)) {
		dm_err_set(&note, DM_EPARSE, "%llu bad lines so far",
		    (unsigned long long)s->bad_lines);
		say_of_file(s, &note);
	}
}

static void say_bad_lines(struct stream *s)
{
	struct dm_err all;

	if (s->bad_lines <= s->bad_said)
		return;
	dm_err_set(&all, DM_EPARSE, "%llu bad lines in all",
	    (unsigned long long)s->bad_lines);
	say_of_file(s, &all);
}

/* The line that starts at p, of which n bytes are there. */
static int reject(struct stream *s, const char *p, size_t n, struct dm_err *why,
    struct dm_err *err)
{
	if (why->code != DM_EPARSE && why->code != DM_ELIMIT) {
		*err = *why;
		return -1;
	}
	s->result.rejected++;
	if (s->line == 1 && is_packed(p, n, why))
		s->bad_said = 1;
	say_bad_line(s, why);
	if (!s->o->strict)
		return 0;
	s->input_failed = true;
	return dm_err_set(err, DM_EPARSE, "ended at the first bad line");
}

/* One line; p[n] is its newline. */
static int handle_line(
    struct stream *s, const char *p, size_t n, struct dm_err *err)
{
	struct dm_record record;
	struct dm_err why;

	s->line++;
	if (dm_scan(s->scanner, (struct dm_str){p, n}, &record, &why) < 0) {
		if (keep_reject(s, p, n + 1, err) < 0)
			return -1;
		return reject(s, p, n, &why, err);
	}
	s->result.records++;
	if (pass_on(s, p, n + 1, err) < 0)
		return -1;
	if (s->f->record(s->f->ctx, &record, &s->added, err) < 0)
		return -1;
	return s->added.n || s->added.failed ? settle_added(s, err) : 0;
}

/* The line that starts at p is longer than is allowed; n bytes of it are
 * there. */
static int begin_skipping(
    struct stream *s, const char *p, size_t n, struct dm_err *err)
{
	struct dm_err why;

	s->line++;
	s->skipping = true;
	dm_err_set(&why, DM_ELIMIT, "longer than %d bytes", DM_LINE_MAX_BYTES);
	if (keep_reject(s, p, n, err) < 0)
		return -1;
	return reject(s, p, n, &why, err);
}

/* All whole lines that have been read; what is left moves to the front. */
static int handle_lines(struct stream *s, struct dm_err *err)
{
	const char *p = s->in, *end = s->in + s->in_n;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);

		if (s->skipping) {
			if (keep_reject(s, p, n + (newline != NULL), err) < 0)
				return -1;
			s->skipping = newline == NULL;
		} else if (newline) {
			if (handle_line(s, p, n, err) < 0)
				return -1;
		} else if (n <= DM_LINE_MAX_BYTES) {
			break;
		} else if (begin_skipping(s, p, n, err) < 0) {
			return -1;
		}
		p = newline ? newline + 1 : end;
	}
	if (s->f->dry && s->f->dry(s->f->ctx, &s->added, err) < 0)
		return -1;
	if (flush(s, err) < 0)
		return -1;
	s->in_n = (size_t)(end - p);
	if (s->in_n)
		memmove(s->in, p, s->in_n);
	return 0;
}

/* Returns 1 when something was read, 0 at the end of the file. */
static int read_more(struct stream *s, struct dm_err *err)
{
	ssize_t got;

	if (s->in_cap - s->in_n < CHUNK_BYTES) {
		size_t cap = s->in_n + 2 * CHUNK_BYTES;
		char *in = realloc(s->in, cap);

		if (!in)
			return dm_err_nomem(err);
		s->in = in;
		s->in_cap = cap;
	}
	/* Room for the newline that a last line lacks. */
	do {
		got = read(s->in_fd, s->in + s->in_n, s->in_cap - s->in_n - 1);
	} while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return 1; /* another has been quicker */
	if (got < 0) {
		s->input_failed = true;
		return dm_err_errno(err, errno, "%s", s->file);
	}
	s->in_n += (size_t)got;
	s->result.bytes += (uint64_t)got;
	if (s->o->progress)
		s->o->progress(s->o->ctx, s->result.bytes, s->total_bytes);
	return got > 0;
}

static int handle_timers(struct stream *s, struct dm_err *err)
{
	const struct dm_filter *f = s->f;

	if (dm_signals_hangup() && f->hangup &&
	    f->hangup(f->ctx, &s->added, err) < 0)
		return -1;
	if (f->tick && f->deadline_ns &&
	    f->deadline_ns(f->ctx) <= dm_time_mono_ns() &&
	    f->tick(f->ctx, &s->added, err) < 0)
		return -1;
	return s->added.n || s->added.failed ? flush(s, err) : 0;
}

static int stream_fd(struct stream *s, struct dm_err *err)
{
	const struct dm_filter *f = s->f;

	while (!dm_signals_stop()) {
		int64_t due =
		    f->deadline_ns ? f->deadline_ns(f->ctx) : INT64_MAX;
		int ready = dm_signals_wait(s->in_fd, due, err);

		if (ready < 0 || handle_timers(s, err) < 0)
			return -1;
		if (!ready)
			continue;
		ready = read_more(s, err);
		if (ready < 0)
			return -1;
		if (!ready)
			break;
		if (handle_lines(s, err) < 0)
			return -1;
	}
	/* A last line without its newline gets one: records may follow. */
	if (s->in_n && !dm_signals_stop()) {
		s->in[s->in_n++] = '\n';
		if (handle_lines(s, err) < 0)
			return -1;
	}
	s->in_n = 0;
	s->skipping = false;
	return 0;
}

static int stream_file(struct stream *s, const char *name, struct dm_err *err)
{
	int status;

	s->line = s->bad_lines = 0;
	s->bad_said = DM_REJECTS_SAID;
	if (strcmp(name, "-") == 0) {
		s->file = "<stdin>";
		s->in_fd = STDIN_FILENO;
		status = stream_fd(s, err);
		say_bad_lines(s);
		return status;
	}
	s->file = name;
	/* A FIFO is waited for where signals are heard. */
	s->in_fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (s->in_fd < 0) {
		s->input_failed = true;
		return dm_err_errno(err, errno, "%s", name);
	}
	status = stream_fd(s, err);
	say_bad_lines(s);
	close(s->in_fd);
	s->in_fd = -1;
	return status;
}

static void sum_up_files(struct stream *s)
{
	for (size_t i = 0; i < s->o->n_files; i++) {
		const char *name = s->o->files[i];
		struct stat st;
		int status = strcmp(name, "-") == 0 ? fstat(STDIN_FILENO, &st)
						    : stat(name, &st);

		if (status < 0 || !S_ISREG(st.st_mode)) {
			s->total_bytes = 0;
			return;
		}
		s->total_bytes += (uint64_t)st.st_size;
	}
}

static int begin(struct stream *s, struct dm_err *err)
{
	const struct dm_filter *f = s->f;

	if (s->o->rejects) {
		s->rejects_fd = open(s->o->rejects,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (s->rejects_fd < 0)
			return dm_err_errno(err, errno, "%s", s->o->rejects);
	}
	if (dm_scanner_new(f->forget, f->ctx, &s->scanner, err) < 0)
		return -1;
	sum_up_files(s);
	return f->start ? f->start(f->ctx, s->scanner, err) : 0;
}

static int read_all(struct stream *s, struct dm_err *err)
{
	static const char *const standard_input[] = {"-"};
	const char *const *files = s->o->n_files ? s->o->files : standard_input;
	size_t n = s->o->n_files ? s->o->n_files : 1;

	for (size_t i = 0; i < n && !dm_signals_stop(); i++) {
		if (stream_file(s, files[i], err) < 0)
			return -1;
	}
	return 0;
}

static int run(struct stream *s, struct dm_err *err)
{
	const struct dm_filter *f = s->f;
	struct dm_err late;
	int status;

	if (begin(s, err) < 0)
		return -1;
	status = read_all(s, err);
	if (status < 0 && !s->input_failed)
		return err->code == DM_ESTOP ? flush(s, err) : -1;
	if ((f->end && f->end(f->ctx, &s->added, &late) < 0) ||
	    flush(s, &late) < 0) {
		*err = late;
		return -1;
	}
	return status;
}

int dm_stream_run(const struct dm_stream_options *options,
    const struct dm_filter *filter, struct dm_stream_result *ret_result,
    struct dm_err *err)
{
	DM_CLEANUP(stream_release)
	struct stream s = {
	    .o = options, .f = filter, .in_fd = -1, .rejects_fd = -1};
	int status = run(&s, err);

	*ret_result = s.result;
	return status;
}
