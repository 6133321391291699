/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#define MASK                                                                   \
	(IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_DELETE_SELF | \
	    IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF |           \
	    IN_EXCL_UNLINK)

/* Of what is left the next time tells. */
#define READS_MAX 1024

static struct dm_str name_of(const struct dm_witness *w)
{
	const char *slash = strrchr(w->is.path, '/');

	return dm_str(slash ? slash + 1 : w->is.path);
}

/* Of a file its folder, so that another that takes its place is seen as well;
 * of the rest itself. */
static int open_watched(
    const struct dm_witnesses *s, const struct dm_witness *w)
{
	struct dm_witness folder = *w;
	char path[256];
	const char *slash = strrchr(w->is.path, '/');

	if (w->is.kind != DM_WITNESS_FILE || !slash)
		return dm_witness_open(s, w, O_PATH);
	snprintf(
	    path, sizeof(path), "%.*s", (int)(slash - w->is.path), w->is.path);
	folder.is.path = path;
	return dm_witness_open(s, &folder, O_PATH);
}

int dm_witness_watch(const struct dm_witnesses *s, struct dm_witness *w)
{
	char path[32];
	int fd, error = 0;

	if (w->wd >= 0 || w->is.kind == DM_WITNESS_MODULES ||
	    w->is.kind == DM_WITNESS_HIERARCHIES)
		return 0;
	fd = open_watched(s, w);
	if (fd < 0)
		return 0; /* not there yet, or not to be seen */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	w->wd = inotify_add_watch(s->inotify, path, MASK);
	if (w->wd < 0 && (errno == ENOSPC || errno == ENOMEM))
		error = errno;
	close(fd);
	return error;
}

/* Of one change inotify tells in pieces (written, closed). */
static void mark_one(struct dm_witness *w)
{
	w->dirty = true;
	w->written |= !dm_witness_just_said(w, dm_time_mono_ns());
}

static void mark(struct dm_witnesses *s, const struct inotify_event *e)
{
	for (size_t i = 0; i < s->n; i++) {
		struct dm_witness *w = &s->list[i];

		if (w->wd != e->wd)
			continue;
		if (w->is.kind != DM_WITNESS_FILE || e->len == 0 ||
		    dm_str_is(name_of(w), e->name))
			mark_one(w);
		/* The folder has gone; it may come again. */
		if (e->mask & IN_IGNORED)
			w->wd = -1;
	}
}

void dm_witness_heard(struct dm_witnesses *s)
{
	char events[4096]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	for (unsigned i = 0; i < READS_MAX; i++) {
		n = read(s->inotify, events, sizeof(events));
		if (n <= 0)
			break;
		for (char *p = events; p < events + n;) {
			const struct inotify_event *e = (const void *)p;

			/* Sweeps go on looking; what was undone is lost. */
			if (e->mask & IN_Q_OVERFLOW)
				s->lost++;
			else
				mark(s, e);
			p += sizeof(*e) + e->len;
		}
	}
}
