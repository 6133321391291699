/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/log-line.h"

#include <string.h>

#include "base/time.h"

static bool tell(struct dm_log_lines *l, struct dm_str line,
    dm_log_line_fn tell_line, void *ctx)
{
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	l->enough = false;
	if (line.n == 0)
		return true;
	l->n++;
	l->enough = !tell_line(ctx, line);
	return !l->enough;
}

/* A piece that does not end its line. */
static bool hold(struct dm_log_lines *l, const char *p, size_t n,
    dm_log_line_fn line, void *ctx)
{
	size_t room = DM_LOG_LINE_BYTES - l->held.n;
	bool more;

	if (l->skip)
		return true;
	dm_buf_add(&l->held, p, n < room ? n : room);
	if (n <= room && !l->held.failed)
		return true;
	l->skip = true;
	l->cut++;
	more = tell(l, dm_buf_str(&l->held), line, ctx);
	dm_buf_clear(&l->held);
	return more;
}

/* The last piece of a line. */
static bool finish(struct dm_log_lines *l, const char *p, size_t n,
    dm_log_line_fn line, void *ctx)
{
	bool more;

	if (l->held.n == 0 && !l->skip && n <= DM_LOG_LINE_BYTES)
		return tell(l, (struct dm_str){p, n}, line, ctx);
	more = hold(l, p, n, line, ctx);
	if (!l->skip)
		more = tell(l, dm_buf_str(&l->held), line, ctx);
	dm_log_lines_restart(l, false);
	return more;
}

size_t dm_log_lines_add(struct dm_log_lines *l, const char *p, size_t n,
    dm_log_line_fn line, void *ctx)
{
	size_t at = 0;
	bool more = true;

	while (more && at < n) {
		const char *end = memchr(p + at, '\n', n - at);
		size_t piece = end ? (size_t)(end - p) - at : n - at;

		more = end ? finish(l, p + at, piece, line, ctx)
			   : hold(l, p + at, piece, line, ctx);
		at += piece + (end != NULL);
	}
	return at;
}

void dm_log_lines_end(struct dm_log_lines *l, dm_log_line_fn line, void *ctx)
{
	(void)finish(l, "", 0, line, ctx);
}

void dm_log_lines_restart(struct dm_log_lines *l, bool within)
{
	dm_buf_clear(&l->held);
	l->skip = within;
}

void dm_log_lines_release(struct dm_log_lines *l)
{
	dm_buf_release(&l->held);
}

static int read_header(struct dm_log_frames *f, struct dm_err *err)
{
	const unsigned char *h = f->header;

	if (h[0] > 2 || h[1] || h[2] || h[3])
		return dm_err_set(
		    err, DM_EPARSE, "the log has no frames, or broken ones");
	f->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 |
		  (uint32_t)h[6] << 8 | h[7];
	return 0;
}

int dm_log_frames_add(struct dm_log_frames *f, const char *p, size_t n,
    dm_log_line_fn line, void *ctx, size_t *ret_used, struct dm_err *err)
{
	size_t at = 0;

	if (f->raw) {
		*ret_used = dm_log_lines_add(&f->lines[0], p, n, line, ctx);
		return 0;
	}
	while (at < n) {
		struct dm_log_lines *l = &f->lines[f->header[0] == 2];
		size_t piece = n - at, used;

		if (f->n_header < sizeof(f->header)) {
			f->header[f->n_header++] = (unsigned char)p[at++];
			if (f->n_header == sizeof(f->header) &&
			    read_header(f, err) < 0)
				return -1;
			continue;
		}
		if (piece > f->left)
			piece = f->left;
		l->enough = false;
		used = dm_log_lines_add(l, p + at, piece, line, ctx);
		at += used;
		f->left -= (uint32_t)used;
		if (f->left == 0)
			f->n_header = 0;
		if (l->enough)
			break;
	}
	*ret_used = at;
	return 0;
}

void dm_log_frames_end(struct dm_log_frames *f, dm_log_line_fn line, void *ctx)
{
	for (size_t i = 0; i < DM_COUNT(f->lines); i++)
		dm_log_lines_end(&f->lines[i], line, ctx);
	f->n_header = 0;
	f->left = 0;
}

void dm_log_frames_release(struct dm_log_frames *f)
{
	for (size_t i = 0; i < DM_COUNT(f->lines); i++)
		dm_log_lines_release(&f->lines[i]);
}

int64_t dm_log_line_time_ns(struct dm_str *line)
{
	static const char form[] = "0000-00-00T00:00:00.000000000Z ";
	struct dm_str digits;
	char second[21];
	uint64_t ns;
	int64_t us;

	if (line->n < strlen(form) || line->p[19] != '.' ||
	    line->p[29] != 'Z' || line->p[30] != ' ')
		return 0;
	digits = (struct dm_str){line->p + 20, 9};
	if (!dm_str_u64(digits, &ns))
		return 0;
	memcpy(second, line->p, 19);
	second[19] = 'Z';
	if (!dm_time_parse_rfc3339((struct dm_str){second, 20}, &us) ||
	    us <= 0 || us > INT64_MAX / 1000 - DM_US_PER_S)
		return 0;
	*line = (struct dm_str){line->p + 31, line->n - 31};
	return us * 1000 + (int64_t)ns;
}
