/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_CMD_COMMON_H
#define DM_CMD_COMMON_H

#include <getopt.h>

#include "record/stream.h"

/* The exit statuses of all programs. Source: dmon(7). */
enum {
	DM_EXIT_OK = 0,
	DM_EXIT_NEGATIVE = 1, /* a negative answer that was asked for */
	DM_EXIT_USAGE = 2,
	DM_EXIT_BAD_DATA = 3, /* bad data was skipped */
	DM_EXIT_SYSTEM = 4,
};

/** What a program is called, and its SYNOPSIS, a line each. */
struct dm_program {
	const char *name;
	const char *usage; /* as in the man page: "usage: dmon-x [-h] …\n" */
};

/** "dmon-x: …" on standard error, printable whatever it says. */
void dm_say(const char *fmt, ...) DM_PRINTF(1, 2);
void dm_say_err(const struct dm_err *err);

/** Say it, point at -h, and exit with DM_EXIT_USAGE. */
_Noreturn void dm_usage(const char *fmt, ...) DM_PRINTF(1, 2);

/** Starts every program: its name, signals, stdin/out/err open. */
void dm_program_start(const struct dm_program *program);

/* The options that all filters share, for getopt_long tables: values beyond
 * any character. */
enum {
	DM_OPT_STRICT = 0x100,
	DM_OPT_REJECTS,
	DM_OPT_ONLY,
	DM_OPT_VERSION,
	DM_OPT_OWN /* a program's own begin here */
};

#define DM_COMMON_LONG_OPTIONS                                                 \
	{"help", no_argument, NULL, 'h'},                                      \
	{                                                                      \
		"version", no_argument, NULL, DM_OPT_VERSION                   \
	}
#define DM_FILTER_LONG_OPTIONS                                                 \
	DM_COMMON_LONG_OPTIONS, {"strict", no_argument, NULL, DM_OPT_STRICT},  \
	    {"rejects", required_argument, NULL, DM_OPT_REJECTS},              \
	{                                                                      \
		"only", no_argument, NULL, DM_OPT_ONLY                         \
	}

/**
 * Take an option that is shared; prints help or version and exits, or exits
 * with DM_EXIT_USAGE for '?' and ':'.
 * @stream  may be NULL where a program is no filter
 * Returns false for an option that is the program's own.
 */
bool dm_common_option(int option, struct dm_stream_options *stream);

/** Set files, progress and reject of a filter after the options. */
void dm_stream_arguments(
    struct dm_stream_options *stream, int argc, char *const *argv);

/** Option texts to values; on error exits with DM_EXIT_USAGE, naming it.
 * What they may be is said in dmon(7), Arguments. */
int64_t dm_arg_duration(const char *option, const char *text);
int64_t dm_arg_moment(const char *option, const char *text);
uint64_t dm_arg_u64(
    const char *option, const char *text, uint64_t min, uint64_t max);
double dm_arg_double(const char *option, const char *text);

/**
 * The end of every program: closes standard output and checks it.
 * @status  what it would exit with if all was well
 */
int dm_finish(int status);

/** The exit status that an error asks for, after saying it. */
int dm_fail(const struct dm_err *err);

/** Run a filter, say what was rejected, and finish: the status to exit
 * with. */
int dm_filter_main(
    const struct dm_stream_options *stream, const struct dm_filter *filter);

#endif
