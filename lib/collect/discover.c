/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/discover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/place.h"
#include "collect/runtime.h"
#include "collect/tree.h"

/* Of a read: the kernel hands out a page of cgroup.procs at a time, and so
 * less than this, by a pid's length, was the last. */
#define PROCS_BYTES 4096
#define PROCS_SLACK 16

/* A container with what only discovery knows. */
struct found {
	struct dm_container c; /* must be first */
	struct dm_node *node;
	uint64_t look_again; /* sweep in which missing places are looked for */
	const char *dirs[DM_HIERARCHIES_MAX]; /* lent by places */
	unsigned char missing;		      /* hierarchies without a place */
};

struct dm_cgroups {
	struct dm_hierarchies hierarchies;
	struct dm_places places[DM_HIERARCHIES_MAX];
	struct dm_tree tree;
	struct dm_map by_id;	    /* of struct found */
	struct dm_container **list; /* of struct found */
	size_t n_found, cap_found;
	bool changed; /* list is no longer in order */
	bool said_full;
	int fds_highest;
	/* Of the scan that is under way: */
	struct dm_collect *collect;
	dm_cgroups_gone_fn gone;
	void *gone_ctx;
};

static void free_found(struct found *f)
{
	for (unsigned i = 0; i < DM_SOURCES_MAX; i++)
		dm_part_release(&f->c.parts[i]);
	dm_buf_release(&f->c.extra_labels);
	dm_buf_release(&f->c.labels);
	free(f->c.id);
	free(f->c.cgroup);
	free(f->c.name);
	free(f->c.image);
	free(f->c.pids);
	free(f);
}

/* An id within a container starts with that one's: what a container makes
 * up below its own cgroup is never taken for one of the host's. */
static char *make_id(const struct found *outer, struct dm_str id)
{
	char *text;

	if (!outer)
		return dm_str_dup(id);
	if (asprintf(&text, "%s/%.*s", outer->c.id, (int)id.n, id.p) < 0)
		return NULL;
	return text;
}

static struct found *new_found(
    struct dm_cgroups *g, struct dm_node *node, const struct dm_runtime *r)
{
	struct found *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->node = node;
	f->c.id = make_id(node->container, r->id);
	f->c.cgroup = strdup(node->path);
	f->c.runtime = r->name;
	f->c.first_sweep = g->collect->sweep;
	f->c.relabel = true;
	f->missing = (unsigned char)g->hierarchies.n;
	f->look_again = g->collect->sweep;
	if (!f->c.id || !f->c.cgroup) {
		free_found(f);
		return NULL;
	}
	return f;
}

static int add_found(struct dm_cgroups *g, struct found *f, struct dm_err *err)
{
	struct dm_str id = dm_str(f->c.id);

	if (g->n_found == g->cap_found) {
		size_t cap = g->cap_found ? 2 * g->cap_found : 64;
		struct dm_container **more =
		    reallocarray(g->list, cap, sizeof(*more));

		if (!more)
			return dm_err_nomem(err);
		g->list = more;
		g->cap_found = cap;
	}
	/* Of two with one id, the first is the one that the engine means. */
	if (!dm_map_get(&g->by_id, id) && dm_map_put(&g->by_id, id, f, err) < 0)
		return -1;
	g->list[g->n_found++] = &f->c;
	g->changed = true;
	return 0;
}

static int come(void *ctx, struct dm_node *node, struct dm_err *err)
{
	struct dm_cgroups *g = ctx;
	struct dm_runtime r;
	struct dm_str parent;
	struct found *f;

	if (!node->parent)
		return 0;
	node->container = node->parent->container;
	parent = dm_str(node->parent->path);
	if (!dm_runtime_of(parent, dm_str(node->path + parent.n + 1), &r))
		return 0;
	f = new_found(g, node, &r);
	if (!f)
		return dm_err_nomem(err);
	if (add_found(g, f, err) < 0) {
		free_found(f);
		return -1;
	}
	node->container = f;
	node->container_root = true;
	return 0;
}

static void go(void *ctx, struct dm_node *node)
{
	struct dm_cgroups *g = ctx;
	struct found *f = node->container;

	if (!node->container_root)
		return;
	if (g->gone)
		g->gone(g->gone_ctx, &f->c);
	if (dm_map_get(&g->by_id, dm_str(f->c.id)) == f)
		dm_map_remove(&g->by_id, dm_str(f->c.id));
	for (size_t i = 0; i < g->n_found; i++) {
		if (g->list[i] != &f->c)
			continue;
		g->list[i] = g->list[--g->n_found];
		break;
	}
	g->changed = true;
	free_found(f);
}

static void warn(void *ctx, const struct dm_err *err)
{
	struct dm_cgroups *g = ctx;

	if (g->collect->warn)
		g->collect->warn(g->collect->warn_ctx, "cgroups", err);
}

int dm_cgroups_highest_fd(void)
{
	struct rlimit limit;
	rlim_t spare;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur > INT_MAX)
		return INT_MAX;
	spare = limit.rlim_cur / 16 > 8 ? limit.rlim_cur / 16 : 8;
	return limit.rlim_cur > spare ? (int)(limit.rlim_cur - spare) : 0;
}

int dm_cgroups_new(
    const char *sysfs, struct dm_cgroups **ret, struct dm_err *err)
{
	struct dm_cgroups *g = calloc(1, sizeof(*g));

	if (!g)
		return dm_err_nomem(err);
	if (dm_hierarchies_init(&g->hierarchies, sysfs, err) < 0) {
		free(g);
		return -1;
	}
	g->fds_highest = dm_cgroups_highest_fd();
	g->tree.hierarchy = &g->hierarchies.list[g->hierarchies.lead];
	g->tree.come = come;
	g->tree.go = go;
	g->tree.warn = warn;
	g->tree.ctx = g;
	*ret = g;
	return 0;
}

void dm_cgroups_free(struct dm_cgroups *g)
{
	if (!g)
		return;
	dm_tree_release(&g->tree);
	for (unsigned i = 0; i < g->hierarchies.n; i++)
		dm_places_release(&g->places[i]);
	dm_hierarchies_release(&g->hierarchies);
	dm_map_release(&g->by_id);
	free(g->list);
	free(g);
}

/* A runtime makes a container's cgroups one hierarchy after the other, and
 * some never: look at once, then ever more seldom. */
static int find_places(
    struct dm_cgroups *g, struct found *f, struct dm_err *err)
{
	uint64_t sweep = g->collect->sweep;
	uint64_t age = sweep - f->c.first_sweep;

	f->missing = 0;
	f->look_again = sweep + (age < 64 ? age + 1 : 64);
	for (unsigned i = 0; i < g->hierarchies.n; i++) {
		if (f->dirs[i])
			continue;
		if (dm_places_find(&g->places[i], &g->hierarchies.list[i],
			dm_str(f->c.cgroup), sweep, &f->dirs[i], err) == 0)
			continue;
		if (err->code != DM_ENODATA)
			return -1;
		f->missing++;
	}
	return 0;
}

static int add_pid(struct dm_container *c, uint64_t pid, struct dm_err *err)
{
	if (c->n_pids == c->cap_pids) {
		size_t cap = c->cap_pids ? 2 * c->cap_pids : 4;
		pid_t *pids = reallocarray(c->pids, cap, sizeof(*pids));

		if (!pids)
			return dm_err_nomem(err);
		c->pids = pids;
		c->cap_pids = cap;
	}
	c->pids[c->n_pids++] = (pid_t)pid;
	return 0;
}

static int add_pids(
    struct dm_container *c, const char *p, size_t n, struct dm_err *err)
{
	struct dm_str rest = {p, n}, line;
	uint64_t pid;

	while (dm_str_line(&rest, &line)) {
		/* 0 stands for a process that our namespace cannot see. */
		if (dm_str_u64(line, &pid) && pid > 0 && pid <= INT32_MAX &&
		    add_pid(c, pid, err) < 0)
			return -1;
	}
	return 0;
}

/* That a cgroup has gone is no news; anything else hides processes. */
static void say_unreadable(
    struct dm_cgroups *g, struct dm_node *node, int errnum)
{
	struct dm_err err;

	if (errnum == ENOENT || errnum == ENODEV || node->said)
		return;
	node->said = true;
	dm_err_errno(&err, errnum, "%s%s/cgroup.procs", g->tree.hierarchy->path,
	    node->path);
	warn(g, &err);
}

static int open_procs(const struct dm_cgroups *g, const struct dm_node *node)
{
	char path[PATH_MAX];
	int n = snprintf(
	    path, sizeof(path), "%s/cgroup.procs", dm_node_relative(node));

	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return openat(
	    g->tree.hierarchy->fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* Whole lines only: what is cut is read again with the next piece. */
static int read_pids(int fd, struct dm_container *c, struct dm_err *err)
{
	char text[PROCS_BYTES];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, text, sizeof(text), at)) > 0) {
		size_t whole = (size_t)n;
		bool last = whole < sizeof(text) - PROCS_SLACK;

		while (!last && whole && text[whole - 1] != '\n')
			whole--;
		if (whole == 0)
			break;
		if (add_pids(c, text, whole, err) < 0)
			return -1;
		if (last)
			break;
		at += (off_t)whole;
	}
	return 0;
}

/*
 * v2 lists afresh whenever a read starts from 0, and so the descriptor stays
 * open. v1 keeps the list that an open descriptor has seen for a second
 * after its last use, and every use counts: only a new descriptor is sure to
 * see a new list.
 * Source: Linux, kernel/cgroup/cgroup-v1.c, cgroup_pidlist_start and
 * CGROUP_PIDLIST_DESTROY_DELAY.
 */
static int read_node(struct dm_cgroups *g, struct dm_node *node,
    struct dm_container *c, struct dm_err *err)
{
	int fd = node->procs_fd >= 0 ? node->procs_fd : open_procs(g, node);
	int status;

	if (fd < 0) {
		say_unreadable(g, node, errno);
		return 0;
	}
	status = read_pids(fd, c, err);
	if (g->tree.hierarchy->v2 && fd < g->fds_highest)
		node->procs_fd = fd;
	else
		close(fd);
	return status;
}

static int read_within(struct dm_cgroups *g, struct dm_node *node,
    struct found *f, struct dm_err *err)
{
	if (read_node(g, node, &f->c, err) < 0)
		return -1;
	for (struct dm_node *n = node->child; n; n = n->next) {
		if (n->container == f && read_within(g, n, f, err) < 0)
			return -1;
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct dm_container *const *x = a, *const *y = b;

	return strcmp((*x)->cgroup, (*y)->cgroup);
}

static void say_full(struct dm_cgroups *g)
{
	struct dm_err err;

	if (!g->tree.full || g->said_full)
		return;
	g->said_full = true;
	dm_err_set(&err, DM_ELIMIT,
	    "there are more than %d cgroups; some are not looked at",
	    DM_TREE_NODES_MAX);
	warn(g, &err);
}

int dm_cgroups_scan(struct dm_cgroups *g, struct dm_collect *c,
    dm_cgroups_gone_fn gone, void *ctx, struct dm_err *err)
{
	g->collect = c;
	g->gone = gone;
	g->gone_ctx = ctx;
	if (dm_tree_refresh(&g->tree, err) < 0)
		return -1;
	say_full(g);
	if (g->changed)
		qsort(g->list, g->n_found, sizeof(*g->list), by_path);
	g->changed = false;
	for (size_t i = 0; i < g->n_found; i++) {
		struct found *f = (struct found *)g->list[i];

		if (f->missing && f->look_again <= c->sweep &&
		    find_places(g, f, err) < 0)
			return -1;
		f->c.n_pids = 0;
		if (read_within(g, f->node, f, err) < 0)
			return -1;
	}
	c->containers = g->list;
	c->n_containers = g->n_found;
	return 0;
}

struct dm_container *dm_cgroups_find(
    const struct dm_cgroups *g, struct dm_str id)
{
	struct found *f = dm_map_get(&g->by_id, id);

	return f ? &f->c : NULL;
}

bool dm_cgroups_v2(const struct dm_cgroups *g, enum dm_controller controller)
{
	int i = g->hierarchies.of[controller];

	return i >= 0 && g->hierarchies.list[i].v2;
}

/* Open DIR[/NAME]/FILE of a hierarchy. */
static int open_file(const struct dm_hierarchy *h, const char *dir,
    const char *name, const char *file, struct dm_err *err)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), ".%s%s/%s", dir, name, file);
	int fd;

	if (n < 0 || (size_t)n >= sizeof(path))
		return dm_err_set(err, DM_ELIMIT, "%s: path too long", file);
	fd = openat(h->fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return dm_err_errno(err, errno, "%s", path + 1);
	return fd;
}

int dm_cgroups_open(const struct dm_cgroups *g, const struct dm_container *c,
    enum dm_controller controller, const char *file, struct dm_err *err)
{
	const struct found *f = (const struct found *)c;
	int i = g->hierarchies.of[controller];

	if (i < 0 || !f->dirs[i])
		return dm_err_set(err, DM_ENODATA, "%s: no cgroup", file);
	return open_file(&g->hierarchies.list[i], f->dirs[i],
	    strrchr(c->cgroup, '/'), file, err);
}

int dm_cgroups_open_parent(const struct dm_cgroups *g,
    const struct dm_container *c, enum dm_controller controller,
    const char *file, struct dm_str *ret_path, struct dm_err *err)
{
	const struct found *f = (const struct found *)c;
	int i = g->hierarchies.of[controller];
	int fd;

	if (i < 0 || !f->dirs[i] || !*f->dirs[i] || f->node->parent->container)
		return dm_err_set(err, DM_ENODATA, "%s: no parent", file);
	fd = open_file(&g->hierarchies.list[i], f->dirs[i], "", file, err);
	if (fd >= 0)
		*ret_path = dm_str(f->dirs[i]);
	return fd;
}

int64_t dm_cgroups_made_us(
    const struct dm_cgroups *g, const struct dm_container *c)
{
	struct stat st;

	if (fstatat(g->tree.hierarchy->fd, c->cgroup + 1, &st,
		AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * DM_US_PER_S +
	       st.st_mtim.tv_nsec / 1000;
}
