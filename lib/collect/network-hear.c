/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/network.h"

/* What is left over is taken the next time. */
#define MESSAGES_MAX 4096

/* One sweep has nothing to compare with; a recording tells nothing. */
void dm_net_ears_open(struct dm_net_ears *e, const struct dm_net_reader *r,
    const struct dm_collect_options *o)
{
	e->fd = r->live && o->interval_us > 0 ? dm_neighbour_news_open(&e->why)
					      : -1;
}

void dm_net_ears_release(struct dm_net_ears *e)
{
	if (e->fd >= 0)
		close(e->fd);
	dm_map_release(&e->by_nsid);
}

/* The pid may be another process's by now. Returns 0 or an errno. */
static int find_nsid(const struct dm_net_reader *r, struct dm_net_box *box)
{
	char path[64];
	struct stat st;
	int fd, error;

	snprintf(path, sizeof(path), "%d/ns/net", box->pid);
	fd = openat(r->procfs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fstat(fd, &st) < 0)
		error = errno;
	else
		error =
		    st.st_ino == box->ns ? dm_nsid_get(fd, &box->nsid) : ESRCH;
	close(fd);
	return error;
}

int dm_net_ears_add(struct dm_net_ears *e, const struct dm_net_reader *r,
    struct dm_net_box *box, struct dm_err *err)
{
	int error;

	if (e->fd < 0)
		return 0;
	if (!box->asked) {
		error = find_nsid(r, box);
		box->heard = error == 0;
		/* One that has ended may have another process. */
		box->asked = error != ENOENT && error != ESRCH;
		if (error && box->asked)
			dm_err_errno(
			    &e->why, error, "id of a network namespace");
	}
	if (!box->heard)
		return 0;
	return dm_map_put(&e->by_nsid,
	    (struct dm_str){(const char *)&box->nsid, sizeof(box->nsid)}, box,
	    err);
}

static int take(struct dm_net_box *box, const struct dm_neighbour_news *news)
{
	uint32_t ip;

	if (news->v6)
		return dm_ndp_step(&box->ndp, news);
	memcpy(&ip, news->ip, sizeof(ip));
	if (news->here)
		box->news |=
		    dm_neighbours_hear(&box->neighbours, ip, news->mac);
	return 0;
}

/* Who is in the tables goes on being told of, and tables of ARP are read in
 * their turns: only what was undone meanwhile is lost. */
int dm_net_ears_take(struct dm_net_ears *e, struct dm_err *err)
{
	struct dm_neighbour_news news;
	int status = 0;

	for (unsigned i = 0; i < MESSAGES_MAX; i++) {
		struct dm_net_box *box;

		status = dm_neighbour_news_read(e->fd, &news, err);
		if (status <= 0)
			return status;
		e->lost += news.lost;
		box = news.lost || news.nsid < 0
			  ? NULL
			  : dm_map_get(&e->by_nsid,
				(struct dm_str){(const char *)&news.nsid,
				    sizeof(news.nsid)});
		if (box && take(box, &news) != 0)
			return dm_err_nomem(err);
	}
	return 0;
}
