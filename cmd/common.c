/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"

static const struct dm_program *program;
static bool progress_shown;

static void clear_progress(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

void dm_say(const char *fmt, ...)
{
	char raw[1024], text[1024];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(raw, sizeof(raw), fmt, ap) < 0)
		raw[0] = '\0';
	va_end(ap);
	dm_utf8_printable(text, sizeof(text), raw, strlen(raw));
	clear_progress();
	fprintf(stderr, "%s: %s\n", program->name, text);
}

void dm_say_err(const struct dm_err *err)
{
	char text[DM_ERR_MSG_BYTES + DM_ERR_FILE_BYTES + 32];

	dm_say("%s", dm_err_text(err, text, sizeof(text)));
}

_Noreturn static void point_at_help(void)
{
	dm_say("try '%s -h'", program->name);
	exit(DM_EXIT_USAGE);
}

void dm_usage(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	dm_say("%s", text);
	point_at_help();
}

void dm_program_start(const struct dm_program *p)
{
	struct dm_err err;
	int fd;

	program = p;
	/* A file opened later must not become standard output, and what would
	 * have been written to one that is closed must not vanish: what takes
	 * its place can't be written to (nor, as input, be read). */
	do {
		fd = open("/dev/null",
		    fcntl(STDIN_FILENO, F_GETFD) < 0 ? O_WRONLY : O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	if (dm_signals_install(&err) < 0)
		exit(dm_fail(&err));
}

bool dm_common_option(int option, struct dm_stream_options *stream)
{
	switch (option) {
	case 'h':
		fputs(program->usage, stdout);
		exit(dm_finish(DM_EXIT_OK));
	case DM_OPT_VERSION:
		printf("%s %s\n", program->name, DM_VERSION);
		exit(dm_finish(DM_EXIT_OK));
	case '?': /* getopt has said what is wrong */
	case ':':
		point_at_help();
	}
	if (!stream)
		return false;
	switch (option) {
	case DM_OPT_STRICT:
		stream->strict = true;
		return true;
	case DM_OPT_REJECTS:
		stream->rejects = optarg;
		return true;
	case DM_OPT_ONLY:
		stream->only = true;
		return true;
	}
	return false;
}

static void show_progress(void *ctx, uint64_t done, uint64_t total)
{
	static int64_t next_ns;
	int64_t now_ns = dm_time_mono_ns();

	(void)ctx;
	if (total == 0 || now_ns < next_ns)
		return;
	/* Only work that takes a while is worth a line. */
	if (next_ns)
		progress_shown =
		    fprintf(stderr, "\r%s: %3.0f %%", program->name,
			100.0 * (double)done / (double)total) > 0;
	next_ns = now_ns + 500000000;
}

static void say_reject(void *ctx, const struct dm_err *err)
{
	(void)ctx;
	dm_say_err(err);
}

void dm_stream_arguments(
    struct dm_stream_options *stream, int argc, char *const *argv)
{
	stream->files = (const char *const *)argv + optind;
	stream->n_files = (size_t)(argc - optind);
	stream->out_fd = STDOUT_FILENO;
	stream->reject = say_reject;
	if (isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO))
		stream->progress = show_progress;
}

int64_t dm_arg_duration(const char *option, const char *text)
{
	int64_t us;
	double seconds;

	if (!(dm_num_parse_user(dm_str(text), &seconds) && seconds >= 0 &&
		dm_time_from_seconds(seconds, &us)) &&
	    !dm_time_parse_duration(dm_str(text), &us))
		us = INT64_MAX;
	if (us > DM_DURATION_MAX_US)
		dm_usage("%s: '%s' is no duration such as 500ms, 5m, 1h30m or "
			 "30d",
		    option, text);
	return us;
}

int64_t dm_arg_moment(const char *option, const char *text)
{
	int64_t us;

	if (!dm_time_parse_moment(dm_str(text), dm_time_now_us(), &us))
		dm_usage("%s: '%s' is no time: now, -1h (an hour ago), "
			 "1795476513 (Unix seconds), 2026-11-24, "
			 "2026-11-24 09:25 or 2026-11-24T09:25:00, in UTC or "
			 "with +01:00 behind it",
		    option, text);
	return us;
}

uint64_t dm_arg_u64(
    const char *option, const char *text, uint64_t min, uint64_t max)
{
	uint64_t v;

	if (!dm_str_u64(dm_str(text), &v) || v < min || v > max)
		dm_usage("%s: '%s' is no whole number from %llu to %llu",
		    option, text, (unsigned long long)min,
		    (unsigned long long)max);
	return v;
}

double dm_arg_double(const char *option, const char *text)
{
	double v;

	if (!dm_num_parse_user(dm_str(text), &v))
		dm_usage("%s: '%s' is no number", option, text);
	return v;
}

int dm_finish(int status)
{
	bool bad = fflush(stdout) != 0 || ferror(stdout);

	clear_progress();
	if (close(STDOUT_FILENO) < 0 && errno != EBADF)
		bad = true;
	if (bad) {
		dm_say("standard output: %s", strerror(errno));
		return DM_EXIT_SYSTEM;
	}
	return status;
}

int dm_fail(const struct dm_err *err)
{
	dm_say_err(err);
	switch (err->code) {
	case DM_EINVAL:
		return DM_EXIT_USAGE;
	case DM_EPARSE:
	case DM_ELIMIT:
		return DM_EXIT_BAD_DATA;
	default:
		return DM_EXIT_SYSTEM;
	}
}

int dm_filter_main(
    const struct dm_stream_options *stream, const struct dm_filter *filter)
{
	struct dm_stream_result result;
	struct dm_err err;
	int status;

	if (dm_stream_run(stream, filter, &result, &err) < 0) {
		status = dm_fail(&err);
		return dm_finish(status);
	}
	return dm_finish(result.rejected ? DM_EXIT_BAD_DATA : DM_EXIT_OK);
}
