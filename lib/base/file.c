/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/time.h"

/* How long a pipe may keep us waiting that is read where a file is meant. */
#define PIPE_PATIENCE_NS INT64_C(5000000000)

static void close_cleanup(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* A pipe that nobody writes to has no end either: it would hold us for ever,
 * as a FIFO does that lies in a folder of rules. */
static int await_pipe(int fd, const char *path, struct dm_err *err)
{
	int64_t end_ns = dm_time_mono_ns() + PIPE_PATIENCE_NS;

	while (!dm_signals_stop() && dm_time_mono_ns() < end_ns) {
		int ready = dm_signals_wait(fd, end_ns, err);

		if (ready != 0)
			return ready < 0 ? dm_err_wrap(err, "%s", path) : 0;
	}
	return dm_err_set(err, DM_EBUSY, "%s: nobody writes to it", path);
}

int dm_file_read(
    const char *path, size_t max_bytes, struct dm_buf *b, struct dm_err *err)
{
	DM_CLEANUP(close_cleanup)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t start = b->n;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return dm_err_errno(err, errno, "%s", path);
	for (;;) {
		ssize_t got;

		if (!dm_buf_reserve(b, 4096))
			return dm_err_nomem(err);
		if (S_ISFIFO(st.st_mode) && await_pipe(fd, path, err) < 0)
			return -1;
		got = read(fd, b->p + b->n, b->cap - b->n);
		if (got < 0 && (errno == EINTR ||
				   (errno == EAGAIN && S_ISFIFO(st.st_mode))))
			continue;
		if (got < 0)
			return dm_err_errno(err, errno, "%s", path);
		if (got == 0)
			return 0;
		b->n += (size_t)got;
		if (b->n - start > max_bytes)
			return dm_err_set(err, DM_ELIMIT,
			    "%s: longer than %zu bytes", path, max_bytes);
	}
}

int dm_file_write_all(int fd, const void *p, size_t n, struct dm_err *err)
{
	while (n) {
		ssize_t put = dm_signals_write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == ETIMEDOUT)
			return dm_err_set(err, DM_ESYS,
			    "ended by a signal while nobody read it");
		if (put < 0)
			return dm_err_errno(err, errno, "write");
		p = (const char *)p + put;
		n -= (size_t)put;
	}
	return 0;
}

/* What lies there, from a run that was cut short or put there by another for
 * us to write into (a link to a file of ours, a FIFO), goes first. */
static int write_synced(
    const char *path, struct dm_str content, struct dm_err *err)
{
	DM_CLEANUP(close_cleanup) int fd = -1;

	if (unlink(path) < 0 && errno != ENOENT)
		return dm_err_errno(err, errno, "%s", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return dm_err_errno(err, errno, "%s", path);
	if (dm_file_write_all(fd, content.p, content.n, err) < 0)
		return dm_err_wrap(err, "%s", path);
	if (fsync(fd) < 0)
		return dm_err_errno(err, errno, "%s", path);
	return 0;
}

static int sync_folder_of(const char *path, struct dm_err *err)
{
	const char *slash = strrchr(path, '/');
	DM_AUTO_FREE char *folder =
	    slash
		? dm_str_dup((struct dm_str){path, (size_t)(slash - path) + 1})
		: dm_str_dup(DM_STR("."));
	DM_CLEANUP(close_cleanup) int fd = -1;

	if (!folder)
		return dm_err_nomem(err);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return dm_err_errno(err, errno, "%s", folder);
	return 0;
}

int dm_file_replace(const char *path, struct dm_str content, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf beside = {0};
	int status;

	dm_buf_addf(&beside, "%s.new", path);
	if (dm_buf_ok(&beside, err) < 0)
		return -1;
	status = write_synced(dm_buf_cstr(&beside), content, err);
	if (status == 0 && rename(dm_buf_cstr(&beside), path) < 0)
		status = dm_err_errno(err, errno, "%s", path);
	if (status < 0) {
		unlink(dm_buf_cstr(&beside));
		return -1;
	}
	return sync_folder_of(path, err);
}

int dm_file_lock(const char *path, int *ret_fd, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf name = {0};
	DM_CLEANUP(close_cleanup) int fd = -1;
	struct stat st;

	/* A mistake that should leave nothing behind. */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return dm_err_errno(err, EISDIR, "%s", path);
	dm_buf_addf(&name, "%s.lock", path);
	if (dm_buf_ok(&name, err) < 0)
		return -1;
	fd = open(dm_buf_cstr(&name), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	    0666);
	if (fd < 0)
		return dm_err_errno(err, errno, "%s", dm_buf_cstr(&name));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return dm_err_set(
			    err, DM_EBUSY, "%s: in use by another run", path);
		return dm_err_errno(err, errno, "%s", dm_buf_cstr(&name));
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}
