/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <unistd.h>

#include "query/interact.h"
#include "record/record.h"

#define CHUNK_BYTES (64 * 1024)

/* Returns 1 when a line says to quit. */
static int take_line(
    const struct dm_interact *i, struct dm_str line, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf out = {0};
	DM_AUTO_BUF struct dm_buf said = {0};
	enum dm_prompt_state state =
	    dm_prompt_line(i->prompt, line, &out, &said);

	if (i->show(i->ctx, &out, &said, err) < 0)
		return -1;
	return state == DM_PROMPT_QUIT;
}

/* Whole lines, and at the end of input the rest as well. */
static int take_lines(const struct dm_interact *i, struct dm_buf *in,
    bool is_end, struct dm_err *err)
{
	size_t at = 0;
	int status = 0;

	while (status == 0 && at < in->n) {
		const char *newline = memchr(in->p + at, '\n', in->n - at);
		size_t n =
		    newline ? (size_t)(newline - in->p) - at : in->n - at;

		if (!newline && !is_end)
			break;
		status = take_line(i, (struct dm_str){in->p + at, n}, err);
		at += n + (newline != NULL);
	}
	dm_buf_drop(in, at);
	return status;
}

static int take_rest(const struct dm_interact *i, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf out = {0};
	DM_AUTO_BUF struct dm_buf said = {0};

	dm_prompt_end(i->prompt, &out, &said);
	return i->show(i->ctx, &out, &said, err);
}

int dm_interact_file(const struct dm_interact *i, int fd, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf in = {0};
	int status = 0;
	ssize_t got;

	do {
		if (in.n > DM_LINE_MAX_BYTES)
			return dm_err_set(err, DM_ELIMIT,
			    "a line is longer than %d bytes",
			    DM_LINE_MAX_BYTES);
		if (!dm_buf_reserve(&in, CHUNK_BYTES))
			return dm_err_nomem(err);
		do {
			got = read(fd, in.p + in.n, CHUNK_BYTES);
		} while (got < 0 && errno == EINTR);
		if (got < 0)
			return dm_err_errno(err, errno, "<stdin>");
		in.n += (size_t)got;
		status = take_lines(i, &in, got == 0, err);
	} while (status == 0 && got > 0);
	if (status)
		return status < 0 ? -1 : 0;
	return take_rest(i, err);
}
