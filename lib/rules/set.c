/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/map.h"
#include "rules/rule.h"
#include "rules/yaml.h"

/* Files and folders of rules. */

/* A folder that holds more is not one of rules. */
#define FILES_MAX   10000
#define FOLDERS_MAX 10000
#define DEPTH_MAX   16

/* A folder that has been entered. */
struct entered {
	dev_t device;
	ino_t inode;
};

struct paths {
	char **p;
	size_t n, cap;
	struct entered *folders;
	size_t n_folders, cap_folders;
	unsigned depth;
	struct dm_err *err;
};

static void paths_release(struct paths *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->p[i]);
	free(l->p);
	free(l->folders);
}

static bool is_rule_file(struct dm_str name)
{
	if (!dm_str_ends(name, ".yml") && !dm_str_ends(name, ".yaml"))
		return false;
	return !dm_str_ends(name, ".test.yml") &&
	       !dm_str_ends(name, ".test.yaml") &&
	       !dm_str_ends(name, "_test.yml") &&
	       !dm_str_ends(name, "_test.yaml");
}

static int grow(
    void **array, size_t n, size_t *cap, size_t bytes, struct dm_err *err)
{
	size_t more = *cap ? 2 * *cap : 16;
	void *p;

	if (n < *cap)
		return 0;
	p = realloc(*array, more * bytes);
	if (!p)
		return dm_err_nomem(err);
	*array = p;
	*cap = more;
	return 0;
}

static int add_file(struct paths *l, const char *path)
{
	if (l->n >= FILES_MAX)
		return dm_err_set(l->err, DM_ELIMIT,
		    "%s: more than %d rule files", path, FILES_MAX);
	if (grow((void **)&l->p, l->n, &l->cap, sizeof(*l->p), l->err) < 0)
		return -1;
	l->p[l->n] = dm_str_dup(dm_str(path));
	if (!l->p[l->n])
		return dm_err_nomem(l->err);
	l->n++;
	return 0;
}

/* Links may lead back: each folder is entered once. Returns 1 if it was. */
static int note_folder(struct paths *l, const struct stat *st)
{
	for (size_t i = 0; i < l->n_folders; i++)
		if (l->folders[i].device == st->st_dev &&
		    l->folders[i].inode == st->st_ino)
			return 1;
	if (l->n_folders >= FOLDERS_MAX)
		return dm_err_set(
		    l->err, DM_ELIMIT, "more than %d folders", FOLDERS_MAX);
	if (grow((void **)&l->folders, l->n_folders, &l->cap_folders,
		sizeof(*l->folders), l->err) < 0)
		return -1;
	l->folders[l->n_folders++] = (struct entered){st->st_dev, st->st_ino};
	return 0;
}

static int add_folder(struct paths *l, const char *dir, const struct stat *st);

/* An entry of a folder; what is gone meanwhile is no error. */
static int add_entry(struct paths *l, const char *dir, const char *name)
{
	DM_AUTO_BUF struct dm_buf path = {0};
	struct stat st;

	if (name[0] == '.')
		return 0;
	dm_buf_addf(&path, "%s/%s", dir, name);
	dm_buf_cstr(&path);
	if (dm_buf_ok(&path, l->err) < 0)
		return -1;
	if (stat(path.p, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return add_folder(l, path.p, &st);
	if (S_ISREG(st.st_mode) && is_rule_file(dm_str(name)))
		return add_file(l, path.p);
	return 0;
}

static int add_folder(struct paths *l, const char *dir, const struct stat *st)
{
	const struct dirent *e;
	DIR *d;
	int rc = note_folder(l, st);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (l->depth >= DEPTH_MAX)
		return dm_err_set(
		    l->err, DM_ELIMIT, "%s: folders nested too deeply", dir);
	d = opendir(dir);
	if (!d)
		return dm_err_errno(l->err, errno, "%s", dir);
	l->depth++;
	while (rc == 0 && (e = readdir(d)))
		rc = add_entry(l, dir, e->d_name);
	l->depth--;
	closedir(d);
	return rc;
}

static int path_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rule files that a path stands for, in order of their paths. */
static int paths_list(struct paths *l, const char *path, struct dm_err *err)
{
	struct stat st;

	l->err = err;
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return add_file(l, path);
	if (add_folder(l, path, &st) < 0)
		return -1;
	if (l->n > 0)
		qsort(l->p, l->n, sizeof(*l->p), path_cmp);
	return 0;
}

int dm_rule_files(const char *path,
    int (*file)(void *ctx, const char *path, struct dm_err *err), void *ctx,
    struct dm_err *err)
{
	DM_CLEANUP(paths_release) struct paths l = {0};
	int rc = paths_list(&l, path, err);

	for (size_t i = 0; i < l.n && rc == 0; i++)
		rc = file(ctx, l.p[i], err);
	return rc;
}

/* A set that is being read. */
struct reading {
	struct dm_rule_set *set;
	dm_rule_error_fn error;
	void *ctx;
	struct dm_err *first;
	bool wrong;
};

/* Goes on behind a file that is wrong. */
static int read_file(void *ctx, const char *path, struct dm_err *err)
{
	struct reading *r = ctx;
	DM_AUTO_BUF struct dm_buf text = {0};
	struct dm_err e = {0};
	int rc = dm_file_read(path, DM_YAML_MAX_BYTES, &text, &e);

	(void)err;
	r->set->n_files++;
	if (rc < 0 && r->error)
		r->error(r->ctx, &e);
	if (rc == 0)
		rc = dm_rule_set_parse(
		    r->set, path, dm_buf_str(&text), r->error, r->ctx, &e);
	if (rc < 0 && !r->wrong && r->first)
		*r->first = e;
	r->wrong |= rc < 0;
	return 0;
}

int dm_rule_set_read(struct dm_rule_set *set, const char *path,
    dm_rule_error_fn error, void *ctx, struct dm_err *err)
{
	struct reading r = {set, error, ctx, err, false};
	struct dm_err e = {0};

	if (dm_rule_files(path, read_file, &r, &e) < 0) {
		if (error)
			error(ctx, &e);
		if (err && !r.wrong)
			*err = e;
		return -1;
	}
	return r.wrong ? -1 : 0;
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
		DM_CLEANUP(paths_release) struct paths l = {0};

		if (paths_list(&l, paths[i], NULL) == 0)
			for (size_t k = 0; k < l.n; k++)
				stamp = stamp_file(stamp, l.p[k]);
	}
	return stamp;
}
