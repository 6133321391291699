/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/reread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

int dm_reread_fd(int fd, struct dm_buf *b)
{
	dm_buf_clear(b);
	for (;;) {
		ssize_t n;

		if (b->n > DM_REREAD_MAX_BYTES)
			return EFBIG;
		if (!dm_buf_reserve(b, 4096))
			return ENOMEM;
		n = pread(fd, b->p + b->n, b->cap - b->n, (off_t)b->n);
		if (n == 0)
			return 0;
		if (n > 0)
			b->n += (size_t)n;
		else if (errno != EINTR)
			return errno;
	}
}

void dm_reread_close(struct dm_reread *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

int dm_reread(struct dm_reread *r, int dir, const char *path, struct dm_buf *b)
{
	if (r->fd < 0)
		r->fd = openat(dir, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	r->error = r->fd < 0 ? errno : dm_reread_fd(r->fd, b);
	if (r->error)
		dm_reread_close(r);
	return r->error;
}

int dm_open_in_root(int root, const char *path, int flags)
{
	struct open_how how = {
	    .flags = (unsigned)flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (fd < 0 && errno == ENOSYS)
		fd = openat(root, path, flags | O_CLOEXEC);
	return (int)fd;
}
