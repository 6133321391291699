/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RECORD_STREAM_H
#define DM_RECORD_STREAM_H

#include "base/signals.h"
#include "record/scan.h"

/**
 * What a filter does with the stream. All callbacks but record may be NULL;
 * each returns 0, or -1 with err to end the run (DM_ESTOP: at once, but
 * without a failure). What they add to out is written behind the record, in
 * order, and flushed when input runs dry.
 */
struct dm_filter {
	void *ctx;
	/** One good line. */
	int (*record)(void *ctx, const struct dm_record *r, struct dm_buf *out,
	    struct dm_err *err);
	/** All input read so far has been handed in; before the flush. */
	int (*dry)(void *ctx, struct dm_buf *out, struct dm_err *err);
	/** When tick is due, by dm_time_mono_ns; INT64_MAX: not. */
	int64_t (*deadline_ns)(void *ctx);
	int (*tick)(void *ctx, struct dm_buf *out, struct dm_err *err);
	/** SIGHUP came. */
	int (*hangup)(void *ctx, struct dm_buf *out, struct dm_err *err);
	/** The end of input, or SIGTERM or SIGINT. */
	int (*end)(void *ctx, struct dm_buf *out, struct dm_err *err);
	/** Called before an identity with a user goes. */
	void (*forget)(void *ctx, struct dm_identity *identity);
	/** Called once before all others, with the scanner, to know names. */
	int (*start)(void *ctx, struct dm_scanner *scanner, struct dm_err *err);
};

#define DM_REJECTS_SAID 20

struct dm_stream_options {
	const char *const *files; /* "-" is standard input; none: that too */
	size_t n_files;
	int out_fd;
	bool only;	     /* drop what was read, write what is added */
	bool strict;	     /* end at the first bad line */
	const char *rejects; /* keep bad lines in this file; or NULL */
	/** A bad line: err has file, line and reason. Of the first
	 * DM_REJECTS_SAID of each file only (of one that is packed, the first);
	 * after these, now and then, and at the file's end, err has no line
	 * and says how many there were. */
	void (*reject)(void *ctx, const struct dm_err *err);
	/** Now and then; total_bytes 0: not known. May be NULL. */
	void (*progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
	void *ctx; /* of reject and progress */
};

struct dm_stream_result {
	uint64_t records;
	uint64_t rejected;
	uint64_t bytes;
};

/**
 * Run a filter over files or standard input. A record that is good goes on
 * byte for byte (a last line gets its newline), unless options->only.
 * Returns 0; or -1 with DM_EPARSE for a bad line under strict, a callback's
 * error, or DM_ESYS. *ret_result is set in any case.
 */
int dm_stream_run(const struct dm_stream_options *options,
    const struct dm_filter *filter, struct dm_stream_result *ret_result,
    struct dm_err *err) DM_MUST_CHECK;

#endif
