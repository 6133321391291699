/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/log-size.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opening is heard of so that inotify does not take two closings that follow
 * each other for one. */
#define MASK                                                                   \
	(IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_OPEN | IN_EXCL_UNLINK)

/* Of what inotify keeps before it drops some, all of it. */
#define READS_MAX 1024

int dm_log_sizes_open(
    struct dm_log_sizes *s, const char *rootfs, struct dm_err *err)
{
	s->rootfs = strcmp(rootfs, "/") == 0 ? "" : rootfs;
	s->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->inotify < 0)
		return dm_err_errno(err, errno, "inotify");
	return 0;
}

void dm_log_sizes_close(struct dm_log_sizes *s)
{
	if (s->inotify >= 0)
		close(s->inotify);
	dm_map_release(&s->watched);
}

static struct dm_str key_of(const int *wd)
{
	return (struct dm_str){(const char *)wd, sizeof(*wd)};
}

static void mark(struct dm_log_sizes *s, const struct inotify_event *e)
{
	struct dm_log_size *z = dm_map_get(&s->watched, key_of(&e->wd));

	if (!z)
		return;
	if (e->mask & IN_IGNORED) {
		dm_map_remove(&s->watched, key_of(&e->wd));
		z->wd = -1;
	}
	if (e->len == 0 || strcmp(e->name, z->name) != 0)
		return;
	z->renamed += (e->mask & IN_MOVED_FROM) != 0;
	z->deleted += (e->mask & IN_DELETE) != 0;
	z->closed += (e->mask & IN_CLOSE_WRITE) != 0;
}

void dm_log_sizes_hear(struct dm_log_sizes *s)
{
	char events[16384]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	for (unsigned i = 0; i < READS_MAX; i++) {
		n = read(s->inotify, events, sizeof(events));
		if (n <= 0)
			break;
		for (char *p = events; p < events + n;) {
			const struct inotify_event *e = (const void *)p;

			mark(s, e);
			p += sizeof(*e) + e->len;
		}
	}
}

/* How often a new file has been begun. Where only one is kept, engines before
 * version 23 empty it: they close it and open it anew, as they also do when a
 * container is started again; then, it has not become smaller. */
static uint64_t begun(const struct dm_log_size *z,
    const struct dm_docker_log *log, uint64_t size, bool same)
{
	uint64_t n = z->deleted ? z->deleted : z->closed;

	if (log->file_bytes == 0)
		n = 0;
	else if (log->files > 1)
		n = z->renamed;
	else if (same && z->closed == 1 && size >= z->size)
		n = 0;
	return n == 0 && (!same || size < z->size) ? 1 : n;
}

uint64_t dm_log_size_grown(const struct dm_log_size *z,
    const struct dm_docker_log *log, uint64_t size, bool same)
{
	uint64_t n = begun(z, log, size, same), rest = 0;

	if (n == 0)
		return size - z->size;
	/* The old one has been filled up, and those between. */
	if (log->file_bytes > z->size)
		rest = log->file_bytes - z->size;
	return rest + (n - 1) * log->file_bytes + size;
}

static int watch(struct dm_log_sizes *s, struct dm_log_size *z,
    struct dm_buf *path, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf folder = {0};

	dm_buf_add(&folder, path->p, path->n - strlen(z->name));
	if (dm_buf_ok(&folder, err) < 0)
		return -1;
	z->wd = inotify_add_watch(s->inotify, dm_buf_cstr(&folder), MASK);
	if (z->wd < 0)
		return dm_err_errno(
		    err, errno, "inotify: %s", dm_buf_cstr(&folder));
	return dm_map_put(&s->watched, key_of(&z->wd), z, err);
}

static void unwatch(struct dm_log_sizes *s, struct dm_log_size *z)
{
	if (z->wd < 0)
		return;
	dm_map_remove(&s->watched, key_of(&z->wd));
	(void)inotify_rm_watch(s->inotify, z->wd);
	z->wd = -1;
}

/* Another file than the last time, or the first. */
static int meet(struct dm_log_sizes *s, struct dm_log_size *z,
    const struct dm_docker_log *log, struct dm_buf *path, struct dm_err *err)
{
	unwatch(s, z);
	free(z->path);
	z->ino = 0;
	z->path = dm_str_dup(dm_str(log->path));
	if (!z->path)
		return dm_err_nomem(err);
	z->name = strrchr(z->path, '/') + 1;
	/* One that is never full is never begun anew. */
	return log->file_bytes ? watch(s, z, path, err) : 0;
}

int dm_log_size_look(struct dm_log_sizes *s, struct dm_log_size *z,
    const struct dm_docker_log *log, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf path = {0};
	struct stat st;
	uint64_t size;

	dm_buf_addf(&path, "%s%s", s->rootfs, log->path);
	if (dm_buf_ok(&path, err) < 0)
		return -1;
	if ((!z->path || strcmp(z->path, log->path) != 0) &&
	    meet(s, z, log, &path, err) < 0)
		return -1;
	/* Between its end and the next one's begin it is not there. */
	if (stat(dm_buf_cstr(&path), &st) < 0)
		return errno == ENOENT && z->ino
			   ? 0
			   : dm_err_errno(err, errno, "%s", dm_buf_cstr(&path));
	size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	z->total += z->ino
			? dm_log_size_grown(z, log, size, st.st_ino == z->ino)
			: size;
	z->size = size;
	z->ino = st.st_ino;
	z->renamed = z->deleted = z->closed = 0;
	return 0;
}

void dm_log_size_forget(struct dm_log_sizes *s, struct dm_log_size *z)
{
	unwatch(s, z);
	free(z->path);
}
