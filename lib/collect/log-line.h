/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_LOG_LINE_H
#define DM_COLLECT_LOG_LINE_H

#include "base/buf.h"

/** Of a line that is longer only so much is taken. */
#define DM_LOG_LINE_BYTES 8192

/**
 * A log's bytes as they come, cut into lines; {0} is at the beginning of one.
 */
struct dm_log_lines {
	struct dm_buf held; /* of a line whose end has not come */
	bool skip;	    /* to the end of the line: it has been told */
	uint64_t n;	    /* lines told */
	uint64_t cut;	    /* of them those that were too long */
	bool enough;	    /* of the line told last: no more were wanted */
};

/** Takes a line without its end, which is not empty. Returns whether more are
 * wanted now. */
typedef bool (*dm_log_line_fn)(void *ctx, struct dm_str line);

/**
 * Take the next bytes.
 * Returns how many it has taken: all of them, or as many as belong to the line
 * behind which no more were wanted.
 */
size_t dm_log_lines_add(struct dm_log_lines *l, const char *p, size_t n,
    dm_log_line_fn line, void *ctx);

/** There will be no more: what is held is a line, too. */
void dm_log_lines_end(struct dm_log_lines *l, dm_log_line_fn line, void *ctx);

/** Begin anew: in the midst of a line, which is left out, or not. The counts
 * stay. */
void dm_log_lines_restart(struct dm_log_lines *l, bool within);
void dm_log_lines_release(struct dm_log_lines *l);

/**
 * What an engine answers when it is asked for a container's log. Without a
 * terminal there are frames, of a header and a text: the header is the
 * stream's number (0 stdin, 1 stdout, 2 stderr), three zeros, and the text's
 * length, big-endian.
 * Source: https://docs.docker.com/reference/api/engine/version/v1.41/,
 * ContainerAttach, stream format.
 */
struct dm_log_frames {
	bool raw; /* with a terminal: there are no frames */
	unsigned char header[8];
	unsigned n_header;
	uint32_t left;		      /* of this frame's text */
	struct dm_log_lines lines[2]; /* stdout, stderr */
};

/**
 * Take the next bytes.
 * @ret_used  how many were taken, as of dm_log_lines_add
 * Returns 0, or -1 with DM_EPARSE where there should be a header and is none.
 */
int dm_log_frames_add(struct dm_log_frames *f, const char *p, size_t n,
    dm_log_line_fn line, void *ctx, size_t *ret_used,
    struct dm_err *err) DM_MUST_CHECK;
void dm_log_frames_end(struct dm_log_frames *f, dm_log_line_fn line, void *ctx);
void dm_log_frames_release(struct dm_log_frames *f);

/**
 * Take the engine's time off a line's beginning, as timestamps=1 asks for it:
 * "2026-11-28T05:06:07.123456789Z text".
 * Returns nanoseconds since 1970, or 0 where there is none, and then the line
 * is as it was.
 */
int64_t dm_log_line_time_ns(struct dm_str *line);

#endif
