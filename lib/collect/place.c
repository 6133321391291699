/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/runtime.h"

/* Bounds of a search: whoever makes cgroups must not keep us busy. */
#define SEARCH_DEPTH   12
#define SEARCH_FOLDERS 4096
#define PREFIXES_MAX   8

void dm_places_release(struct dm_places *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->dirs[i]);
	for (size_t i = 0; i < p->n_prefixes; i++)
		free(p->prefixes[i]);
	free(p->dirs);
	free(p->prefixes);
	*p = (struct dm_places){0};
}

static struct dm_str parent_of(struct dm_str path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	if (path.n)
		path.n--;
	return path;
}

static int intern(struct dm_places *p, struct dm_str dir, const char **ret,
    struct dm_err *err)
{
	/* The last are the likeliest: containers come in groups. */
	for (size_t i = p->n; i-- > 0;) {
		if (dm_str_is(dir, p->dirs[i])) {
			*ret = p->dirs[i];
			return 0;
		}
	}
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 4;
		char **dirs = reallocarray(p->dirs, cap, sizeof(*dirs));

		if (!dirs)
			return dm_err_nomem(err);
		p->dirs = dirs;
		p->cap = cap;
	}
	p->dirs[p->n] = dm_str_dup(dir);
	if (!p->dirs[p->n])
		return dm_err_nomem(err);
	*ret = p->dirs[p->n++];
	return 0;
}

static bool is_folder(const struct dm_hierarchy *h, struct dm_buf *path)
{
	const char *text = dm_buf_cstr(path);
	struct stat st;

	return !path->failed && *text == '/' &&
	       fstatat(h->fd, text + 1, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* A breadth-first search, so that a cgroup that a container made for itself
 * is not taken for one higher up. Containers are not searched. */
struct search {
	const struct dm_hierarchy *h;
	struct dm_str name;
	struct dm_buf queue; /* paths, each with a NUL behind it */
	unsigned folders;
};

static bool list_folder(struct search *s, const char *path)
{
	struct dm_str parent = dm_str(path);
	struct dm_runtime runtime;
	struct dirent *entry;
	bool found = false;
	DIR *dir;
	int fd;

	fd = openat(s->h->fd, *path ? path + 1 : ".",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return false;
	}
	while (!found && (entry = readdir(dir))) {
		struct dm_str name = dm_str(entry->d_name);

		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		found = dm_str_eq(name, s->name);
		if (found || dm_runtime_of(parent, name, &runtime))
			continue;
		dm_buf_add_str(&s->queue, parent);
		dm_buf_add_char(&s->queue, '/');
		dm_buf_add_str(&s->queue, name);
		dm_buf_add_char(&s->queue, '\0');
	}
	closedir(dir);
	return found;
}

static unsigned depth_of(const char *path)
{
	unsigned depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* The next folder of the queue; NULL without memory. The queue moves when it
 * grows, and so it is a copy. */
static char *next_folder(struct search *s, size_t *at)
{
	char *path = s->queue.failed ? NULL : strdup(s->queue.p + *at);

	if (path)
		*at += strlen(path) + 1;
	return path;
}

/* Returns 1, or 0 where it is nowhere, or -1 without memory.
 * @ret_parent  the folder that has it */
static int search(
    const struct dm_hierarchy *h, struct dm_str name, struct dm_buf *ret_parent)
{
	struct search s = {.h = h, .name = name};
	int found = 0;
	size_t at = 0;

	dm_buf_add_char(&s.queue, '\0');
	while (found == 0 && (at < s.queue.n || s.queue.failed) &&
	       s.folders++ < SEARCH_FOLDERS) {
		DM_AUTO_FREE char *path = next_folder(&s, &at);

		if (!path)
			found = -1;
		else if (depth_of(path) < SEARCH_DEPTH && list_folder(&s, path))
			found = 1;
		if (found > 0)
			dm_buf_add_cstr(ret_parent, path);
	}
	if (s.queue.failed || ret_parent->failed)
		found = -1;
	dm_buf_release(&s.queue);
	return found;
}

/* Where the path found ends with the path looked for, what stands before it
 * is the engine's own cgroup, and the next container will be there too. */
static int learn(struct dm_places *p, struct dm_str found_parent,
    struct dm_str path, struct dm_err *err)
{
	struct dm_str parent = parent_of(path), prefix = found_parent;
	char **more;

	if (p->n_prefixes == PREFIXES_MAX || parent.n > found_parent.n ||
	    memcmp(found_parent.p + found_parent.n - parent.n, parent.p,
		parent.n) != 0)
		return 0;
	prefix.n -= parent.n;
	more =
	    reallocarray(p->prefixes, p->n_prefixes + 1, sizeof(*p->prefixes));
	if (!more)
		return dm_err_nomem(err);
	p->prefixes = more;
	p->prefixes[p->n_prefixes] = dm_str_dup(prefix);
	if (!p->prefixes[p->n_prefixes])
		return dm_err_nomem(err);
	p->n_prefixes++;
	return 0;
}

/* Also false without memory: b has failed. */
static bool try_prefix(const struct dm_hierarchy *h, const char *prefix,
    struct dm_str path, struct dm_buf *b)
{
	dm_buf_clear(b);
	dm_buf_add_cstr(b, prefix);
	dm_buf_add_str(b, path);
	return is_folder(h, b);
}

/* Below one of the engines' own cgroups that are known; or b is empty, or
 * has failed. */
static void try_prefixes(struct dm_places *p, const struct dm_hierarchy *h,
    struct dm_str path, struct dm_buf *b)
{
	if (try_prefix(h, "", path, b))
		return;
	for (size_t i = p->n_prefixes; i-- > 0;) {
		if (b->failed || try_prefix(h, p->prefixes[i], path, b))
			return;
	}
	if (!b->failed)
		dm_buf_clear(b);
}

int dm_places_find(struct dm_places *p, const struct dm_hierarchy *h,
    struct dm_str path, uint64_t sweep, const char **ret_dir,
    struct dm_err *err)
{
	struct dm_str parent = parent_of(path);
	struct dm_str name = {path.p + parent.n + 1, path.n - parent.n - 1};
	DM_AUTO_BUF struct dm_buf b = {0};
	int found;

	try_prefixes(p, h, path, &b);
	if (dm_buf_ok(&b, err) < 0)
		return -1;
	if (b.n)
		return intern(p, parent_of(dm_buf_str(&b)), ret_dir, err);
	if (p->searched == sweep + 1)
		return dm_err_set(err, DM_ENODATA, "not searched yet");
	p->searched = sweep + 1;
	found = search(h, name, &b);
	if (found < 0)
		return dm_err_nomem(err);
	if (found == 0)
		return dm_err_set(err, DM_ENODATA, "not in %s", h->path);
	if (learn(p, dm_buf_str(&b), path, err) < 0)
		return -1;
	return intern(p, dm_buf_str(&b), ret_dir, err);
}
