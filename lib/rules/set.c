/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/map.h"
#include "rules/rule.h"
#include "rules/yaml.h"

/* Files and folders of rules. */

struct paths {
	char **p;
	size_t n, cap;
};

static void paths_release(struct paths *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->p[i]);
	free(l->p);
}

static bool is_rule_file(struct dm_str name)
{
	if (name.n == 0 || name.p[0] == '.')
		return false;
	if (!dm_str_ends(name, ".yml") && !dm_str_ends(name, ".yaml"))
		return false;
	return !dm_str_ends(name, ".test.yml") &&
	       !dm_str_ends(name, ".test.yaml") &&
	       !dm_str_ends(name, "_test.yml") &&
	       !dm_str_ends(name, "_test.yaml");
}

static int paths_add(struct paths *l, const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *path;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		void *p = realloc(l->p, cap * sizeof(*l->p));

		if (!p)
			return -1;
		l->p = p;
		l->cap = cap;
	}
	path = malloc(n);
	if (!path)
		return -1;
	snprintf(path, n, "%s/%s", dir, name);
	l->p[l->n++] = path;
	return 0;
}

static int path_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rule files of a folder, in order of their names. */
static int paths_list(struct paths *l, const char *dir, struct dm_err *err)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	int rc = 0;

	if (!d)
		return dm_err_errno(err, errno, "%s", dir);
	while (rc == 0 && (e = readdir(d)))
		if (is_rule_file(dm_str(e->d_name)))
			rc = paths_add(l, dir, e->d_name);
	closedir(d);
	if (rc < 0)
		return dm_err_nomem(err);
	if (l->n > 0)
		qsort(l->p, l->n, sizeof(*l->p), path_cmp);
	return 0;
}

static int read_file(struct dm_rule_set *set, const char *path,
    dm_rule_error_fn error, void *ctx, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_err e = {0};

	if (dm_file_read(path, DM_YAML_MAX_BYTES, &text, &e) < 0) {
		if (error)
			error(ctx, &e);
		if (err)
			*err = e;
		return -1;
	}
	return dm_rule_set_parse(set, path, dm_buf_str(&text), error, ctx, err);
}

int dm_rule_set_read(struct dm_rule_set *set, const char *path,
    dm_rule_error_fn error, void *ctx, struct dm_err *err)
{
	struct paths l = {0};
	struct stat st;
	int rc;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return read_file(set, path, error, ctx, err);
	rc = paths_list(&l, path, err);
	if (rc < 0 && error)
		error(ctx, err);
	for (size_t i = 0; i < l.n; i++) {
		struct dm_err later;

		if (read_file(set, l.p[i], error, ctx, rc < 0 ? &later : err) <
		    0)
			rc = -1;
	}
	paths_release(&l);
	return rc;
}

static uint64_t stamp_file(uint64_t stamp, const char *path)
{
	struct stat st = {0};
	struct {
		uint64_t before, path, inode, size, s, ns, missing;
	} of = {.before = stamp, .path = dm_hash(path, strlen(path))};

	if (stat(path, &st) < 0)
		of.missing = 1;
	of.inode = st.st_ino;
	of.size = (uint64_t)st.st_size;
	of.s = (uint64_t)st.st_mtim.tv_sec;
	of.ns = (uint64_t)st.st_mtim.tv_nsec;
	return dm_hash(&of, sizeof(of));
}

uint64_t dm_rule_stamp(const char *const *paths, size_t n)
{
	uint64_t stamp = 0;

	for (size_t i = 0; i < n; i++) {
		struct paths l = {0};
		struct stat st;

		if (stat(paths[i], &st) < 0 || !S_ISDIR(st.st_mode)) {
			stamp = stamp_file(stamp, paths[i]);
			continue;
		}
		if (paths_list(&l, paths[i], NULL) == 0)
			for (size_t k = 0; k < l.n; k++)
				stamp = stamp_file(stamp, l.p[k]);
		paths_release(&l);
	}
	return stamp;
}
