/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void free_node(struct dm_tree *t, struct dm_node *node)
{
	while (node->child) {
		struct dm_node *child = node->child;

		node->child = child->next;
		free_node(t, child);
	}
	t->go(t->ctx, node);
	dm_map_remove(&t->by_path, dm_str(node->path));
	if (node->procs_fd >= 0)
		close(node->procs_fd);
	free(node->path);
	free(node);
}

/* Also whether it is still the same: inodes are not used again soon. */
static bool look(struct dm_tree *t, struct dm_node *node, bool is_new)
{
	struct stat st;

	if (fstatat(t->hierarchy->fd, dm_node_relative(node), &st,
		AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return false;
	if (!is_new && st.st_ino != node->ino)
		return false;
	node->ino = st.st_ino;
	node->links_now = st.st_nlink;
	return true;
}

static int new_node(
    struct dm_tree *t, struct dm_node *parent, char *path, struct dm_err *err)
{
	struct dm_node *node = calloc(1, sizeof(*node));

	if (!node) {
		free(path);
		return dm_err_nomem(err);
	}
	node->path = path;
	node->procs_fd = -1;
	node->parent = parent;
	node->seen = true;
	if (!look(t, node, true)) { /* gone already */
		free(path);
		free(node);
		return 0;
	}
	if (dm_map_put(&t->by_path, dm_str(path), node, err) < 0 ||
	    t->come(t->ctx, node, err) < 0) {
		free_node(t, node);
		return -1;
	}
	if (parent) {
		node->next = parent->child;
		parent->child = node;
	} else {
		t->root = node;
	}
	return 0;
}

static int child_seen(struct dm_tree *t, struct dm_node *node, const char *name,
    struct dm_err *err)
{
	struct dm_node *known;
	char *path;

	if (asprintf(&path, "%s/%s", node->path, name) < 0)
		return dm_err_nomem(err);
	known = dm_map_get(&t->by_path, dm_str(path));
	if (known) {
		known->seen = true;
		free(path);
		return 0;
	}
	if (t->by_path.n >= DM_TREE_NODES_MAX) {
		t->full = true;
		free(path);
		return 0;
	}
	return new_node(t, node, path, err);
}

/* What is marked as not seen goes. */
static void sweep_children(struct dm_tree *t, struct dm_node *node)
{
	struct dm_node **at = &node->child;

	while (*at) {
		struct dm_node *child = *at;

		if (child->seen) {
			at = &child->next;
			continue;
		}
		*at = child->next;
		free_node(t, child);
	}
}

static void warn_unreadable(struct dm_tree *t, struct dm_node *node, int errnum)
{
	struct dm_err err;

	if (errnum == ENOENT || errnum == ENODEV || node->said)
		return;
	node->said = true;
	dm_err_errno(&err, errnum, "%s%s", t->hierarchy->path, node->path);
	t->warn(t->ctx, &err);
}

static int read_entries(
    struct dm_tree *t, struct dm_node *node, DIR *dir, struct dm_err *err)
{
	struct dirent *entry;

	for (struct dm_node *c = node->child; c; c = c->next)
		c->seen = false;
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.' ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		if (child_seen(t, node, entry->d_name, err) < 0)
			return -1;
	}
	return 0;
}

static int read_folder(
    struct dm_tree *t, struct dm_node *node, struct dm_err *err)
{
	int status, fd;
	DIR *dir;

	fd = openat(t->hierarchy->fd, dm_node_relative(node),
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		warn_unreadable(t, node, errno);
		return 0;
	}
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return dm_err_nomem(err);
	}
	status = read_entries(t, node, dir, err);
	closedir(dir);
	if (status == 0)
		sweep_children(t, node);
	return status;
}

/* One that was replaced under its name must be let go before the folder is
 * read, or it would be taken for the old. */
static bool drop_replaced(struct dm_tree *t, struct dm_node *node)
{
	bool changed = false;

	for (struct dm_node *c = node->child; c; c = c->next) {
		c->seen = look(t, c, false);
		changed |= !c->seen;
	}
	if (changed)
		sweep_children(t, node);
	return changed;
}

static int refresh(
    struct dm_tree *t, struct dm_node *node, unsigned depth, struct dm_err *err)
{
	bool changed = drop_replaced(t, node);

	if (depth == DM_TREE_DEPTH_MAX)
		return 0;
	if (node->links_now < 2 || node->links_now != node->links)
		changed = true;
	if (changed && read_folder(t, node, err) < 0)
		return -1;
	node->links = node->links_now;
	for (struct dm_node *c = node->child; c; c = c->next) {
		if (refresh(t, c, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

int dm_tree_refresh(struct dm_tree *t, struct dm_err *err)
{
	t->full = false;
	if (!t->root) {
		char *path = strdup("");

		if (!path)
			return dm_err_nomem(err);
		if (new_node(t, NULL, path, err) < 0)
			return -1;
	}
	if (!t->root || !look(t, t->root, false))
		return dm_err_set(
		    err, DM_ESYS, "%s is gone", t->hierarchy->path);
	return refresh(t, t->root, 0, err);
}

void dm_tree_release(struct dm_tree *t)
{
	if (t->root)
		free_node(t, t->root);
	t->root = NULL;
	dm_map_release(&t->by_path);
}
