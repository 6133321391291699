/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/log-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES 16384

/* In one go, of a file that grows faster than it is read. */
#define CHUNKS_MAX 64

void dm_log_file_init(struct dm_log_file *f, char *path, bool from_end)
{
	*f = (struct dm_log_file){.path = path, .from_end = from_end, .fd = -1};
}

static void close_file(struct dm_log_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void dm_log_file_release(struct dm_log_file *f)
{
	close_file(f);
	dm_log_lines_release(&f->lines);
	free(f->path);
}

/* What is no file would never end, or keep us waiting; and who can write to the
 * folder may have put a link to a device there, to which being opened is
 * something done: a watchdog, say. 0 or an errno. */
static int open_regular(struct dm_log_file *f, struct stat *ret)
{
	char again[32];
	int error = 0, at = open(f->path, O_PATH | O_CLOEXEC);

	if (at < 0)
		return errno;
	if (fstat(at, ret) < 0)
		error = errno;
	else if (!S_ISREG(ret->st_mode))
		error = EINVAL;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", at);
	if (!error) {
		f->fd = open(again, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		error = f->fd < 0 ? errno : 0;
	}
	close(at);
	return error;
}

static bool open_file(struct dm_log_file *f)
{
	struct stat st;

	f->error = open_regular(f, &st);
	if (f->error) {
		/* One that comes later is new. */
		f->from_end = f->from_end && f->error != ENOENT;
		return false;
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->at = f->from_end ? st.st_size : 0;
	dm_log_lines_restart(&f->lines, false);
	f->from_end = false;
	return true;
}

/* Has it been emptied, or has it grown by more than can be read? */
static void look(struct dm_log_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return;
	if (st.st_size < f->at) {
		f->at = 0;
		dm_log_lines_restart(&f->lines, false);
	}
	if (st.st_size - f->at > DM_LOG_BACKLOG_BYTES) {
		int64_t to = st.st_size - DM_LOG_BACKLOG_BYTES / 2;

		f->skipped_bytes += (uint64_t)(to - f->at);
		f->at = to;
		dm_log_lines_restart(&f->lines, true);
	}
}

/* Returns 1 at the end, 0 in the midst, -1 where no more is wanted. */
static int read_chunk(struct dm_log_file *f, dm_log_line_fn line, void *ctx)
{
	char chunk[CHUNK_BYTES];
	ssize_t n = pread(f->fd, chunk, sizeof(chunk), f->at);
	size_t used;

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0)
		return 1;
	used = dm_log_lines_add(&f->lines, chunk, (size_t)n, line, ctx);
	f->at += (int64_t)used;
	return f->lines.enough ? -1 : 0;
}

/* Another has its name. Who writes goes on with the old one for a while, until
 * there is something in the new one. */
static bool replaced(const struct dm_log_file *f)
{
	struct stat st;

	return stat(f->path, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size > 0 && (st.st_dev != f->dev || st.st_ino != f->ino);
}

bool dm_log_file_read(struct dm_log_file *f, dm_log_line_fn line, void *ctx)
{
	bool last = false;

	f->lines.enough = false;
	for (unsigned i = 0; i < CHUNKS_MAX; i++) {
		int rc;

		if (f->fd < 0 && !open_file(f))
			return true;
		if (i == 0)
			look(f);
		rc = read_chunk(f, line, ctx);
		if (rc < 0)
			return false;
		if (rc > 0 && last) {
			dm_log_lines_end(&f->lines, line, ctx);
			close_file(f);
			last = false;
		} else if (rc > 0) {
			/* It may have been written to until then. */
			last = replaced(f);
			if (!last)
				return true;
		}
	}
	return false;
}
