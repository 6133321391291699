/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_TREE_H
#define DM_COLLECT_TREE_H

#include "base/map.h"
#include "collect/hierarchy.h"

/* No attacker makes the tree of cgroups larger than this in our memory. */
#define DM_TREE_NODES_MAX 100000
#define DM_TREE_DEPTH_MAX 64

/** A cgroup of the leading hierarchy. */
struct dm_node {
	struct dm_node *parent, *child, *next;
	char *path; /* "/docker/ada1…"; "" for the root */
	uint64_t ino;
	uint64_t links;	    /* as it was when the folder was read */
	uint64_t links_now; /* as just seen */
	/* What it is or lies in; set by the owner of the tree. NULL: no
	 * container. */
	void *container;
	int procs_fd;	     /* cgroup.procs kept open, or -1 */
	bool container_root; /* the container's own, not one within it */
	bool seen;
	bool said; /* that it cannot be read */
};

/**
 * The tree of cgroups as last seen. A folder is read again only when its
 * count of links, which is 2 and one for each subfolder, or the inode of one
 * in it has changed; on file systems that do not count so, in every sweep.
 */
struct dm_tree {
	const struct dm_hierarchy *hierarchy;
	struct dm_node *root;
	struct dm_map by_path; /* of struct dm_node */
	bool full;	       /* there are more than DM_TREE_NODES_MAX */
	/** A node has come; its parent is set up. Returns -1 with err. */
	int (*come)(void *ctx, struct dm_node *node, struct dm_err *err);
	/** A node goes; those within it went before. */
	void (*go)(void *ctx, struct dm_node *node);
	/** A folder cannot be read. */
	void (*warn)(void *ctx, const struct dm_err *err);
	void *ctx;
};

/** Look at all. -1: the root cannot be read, or no memory. */
int dm_tree_refresh(struct dm_tree *t, struct dm_err *err) DM_MUST_CHECK;

/** Lets all nodes go. */
void dm_tree_release(struct dm_tree *t);

/** The path as openat on the hierarchy's folder takes it. */
static inline const char *dm_node_relative(const struct dm_node *node)
{
	return *node->path ? node->path + 1 : ".";
}

#endif
