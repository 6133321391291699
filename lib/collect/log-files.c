/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/log.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

#include "base/array.h"

/* Files that come are looked for as often as this. */
#define GLOB_NS INT64_C(5000000000)

#define FOLDER_MAX 4096 /* files of one that are looked at */

#define GLOB_CHARS "*?[]{},\\"

static const char *root_of(const struct dm_logs *l)
{
	const char *root = l->c->options.rootfs;

	return strcmp(root, "/") == 0 ? "" : root;
}

/* The root is no glob. */
static void add_quoted(struct dm_buf *b, const char *text)
{
	for (; *text; text++) {
		if (strchr(GLOB_CHARS, *text))
			dm_buf_add_char(b, '\\');
		dm_buf_add_char(b, *text);
	}
}

static struct dm_log_watched *find_file(struct dm_logs *l, const char *path)
{
	for (size_t i = 0; i < l->n_files; i++)
		if (strcmp(l->files[i].file.path, path) == 0)
			return &l->files[i];
	return NULL;
}

static void say_too_many(struct dm_logs *l)
{
	struct dm_err err;

	if (l->too_many_files || !l->c->warn)
		return;
	l->too_many_files = true;
	dm_err_set(
	    &err, DM_ELIMIT, "more than %d files to follow", DM_LOG_FILES_MAX);
	l->c->warn(l->c->warn_ctx, dm_source_log.name, &err);
}

static int add_file(
    struct dm_logs *l, const char *path, size_t pattern, struct dm_err *err)
{
	struct dm_log_watched *w = find_file(l, path);
	char *copy;

	if (!w && l->n_files == DM_LOG_FILES_MAX)
		say_too_many(l);
	else if (!w) {
		if (dm_array_grow(&l->files, l->n_files, &l->cap_files,
			sizeof(*l->files), err) < 0)
			return -1;
		copy = dm_str_dup(dm_str(path));
		if (!copy)
			return dm_err_nomem(err);
		w = &l->files[l->n_files++];
		*w = (struct dm_log_watched){0};
		/* What is in it was written before, or is news. */
		dm_log_file_init(&w->file, copy, l->globbed_ns == 0);
	}
	if (w)
		w->set |= UINT64_C(1) << pattern;
	return 0;
}

/* A folder as glob(3) reads it: not more than some of one that somebody has
 * filled. */
struct folder {
	DIR *dir;
	unsigned n;
};

static void *open_folder(const char *path)
{
	struct folder *f = calloc(1, sizeof(*f));

	if (f && !(f->dir = opendir(path))) {
		free(f);
		f = NULL;
	}
	return f;
}

static struct dirent *read_folder(void *folder)
{
	struct folder *f = folder;

	return f->n++ < FOLDER_MAX ? readdir(f->dir) : NULL;
}

static void close_folder(void *folder)
{
	struct folder *f = folder;

	closedir(f->dir);
	free(f);
}

static int look_for(struct dm_logs *l, size_t pattern, struct dm_err *err)
{
	const char *where = l->patterns->list[pattern].glob;
	DM_AUTO_BUF struct dm_buf b = {0};
	glob_t found = {.gl_opendir = open_folder,
	    .gl_readdir = read_folder,
	    .gl_closedir = close_folder,
	    .gl_lstat = lstat,
	    .gl_stat = stat};
	int rc, status = 0;

	/* A plain name is followed even if it is not there yet. */
	if (!strpbrk(where, GLOB_CHARS)) {
		dm_buf_addf(&b, "%s%s", root_of(l), where);
		return dm_buf_ok(&b, err) < 0
			   ? -1
			   : add_file(l, dm_buf_cstr(&b), pattern, err);
	}
	add_quoted(&b, root_of(l));
	dm_buf_add_cstr(&b, where);
	if (dm_buf_ok(&b, err) < 0)
		return -1;
	rc = glob(dm_buf_cstr(&b), GLOB_BRACE | GLOB_ALTDIRFUNC, NULL, &found);
	if (rc == GLOB_NOSPACE)
		status = dm_err_nomem(err);
	for (size_t i = 0; rc == 0 && status == 0 && i < found.gl_pathc; i++)
		status = add_file(l, found.gl_pathv[i], pattern, err);
	globfree(&found);
	return status;
}

struct reading {
	struct dm_logs *l;
	struct dm_log_watched *w;
};

static void matched(void *ctx, size_t i, struct dm_str line)
{
	struct reading *r = ctx;
	struct dm_logs *l = r->l;
	struct dm_log_subject s = {
	    .file = r->w->file.path + strlen(root_of(l)),
	    .ts_us = dm_time_now_us(),
	};

	/* No two at once: they would be one sample. */
	if (s.ts_us <= l->last_ts_us)
		s.ts_us = l->last_ts_us + 1;
	l->last_ts_us = s.ts_us;
	l->matches[l->patterns->list[i].first]++;
	dm_log_tell(l, i, line, &s);
}

static bool take_line(void *ctx, struct dm_str line)
{
	struct reading *r = ctx;
	struct dm_logs *l = r->l;

	dm_log_patterns_match(l->patterns, r->w->set,
	    dm_log_text(line, &l->scratch), matched, r, &l->failed);
	return dm_time_mono_ns() < l->until_ns;
}

static void say_unreadable(struct dm_logs *l, struct dm_log_watched *w)
{
	struct dm_err err;

	if (w->file.error == 0 || w->file.error == ENOENT || w->said)
		return;
	w->said = true;
	if (w->file.error == EINVAL)
		dm_err_set(&err, DM_EINVAL, "%s is no file", w->file.path);
	else
		dm_err_errno(&err, w->file.error, "%s", w->file.path);
	if (l->c->warn)
		l->c->warn(l->c->warn_ctx, dm_source_log.name, &err);
}

static bool read_one(struct dm_logs *l, struct dm_log_watched *w)
{
	struct reading r = {l, w};
	uint64_t skipped = w->file.skipped_bytes;
	bool done = dm_log_file_read(&w->file, take_line, &r);
	struct dm_log_subject s = {
	    .file = w->file.path + strlen(root_of(l)),
	    .ts_us = dm_time_now_us(),
	};

	say_unreadable(l, w);
	if (w->file.skipped_bytes > skipped)
		dm_log_tell_skipped(l, &s, "dmon_log_bytes_lost",
		    (double)(w->file.skipped_bytes - skipped));
	return done;
}

/* Is there none by that name any more, and nothing left of it? Asked twice in a
 * row, as another may be about to come. */
static bool is_gone(struct dm_log_watched *w)
{
	const struct dm_log_file *f = &w->file;
	struct stat st;
	bool absent =
	    stat(f->path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
	bool again = absent && w->absent;

	w->absent = absent;
	return again &&
	       (f->fd < 0 || fstat(f->fd, &st) < 0 || st.st_size <= f->at);
}

/* Rotated logs that are named by their dates would take up all places, and keep
 * what was deleted from being freed. */
static void drop_gone(struct dm_logs *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_files; i++) {
		struct dm_log_watched *w = &l->files[i];

		if (!is_gone(w)) {
			l->files[n++] = *w;
			continue;
		}
		dm_log_lines_end(
		    &w->file.lines, take_line, &(struct reading){l, w});
		l->lines += w->file.lines.n;
		l->cut += w->file.lines.cut;
		l->skipped_bytes += w->file.skipped_bytes;
		dm_log_file_release(&w->file);
	}
	l->n_files = n;
}

static int look_for_all(struct dm_logs *l, int64_t now_ns, struct dm_err *err)
{
	if (l->globbed_ns && now_ns - l->globbed_ns < GLOB_NS)
		return 0;
	drop_gone(l);
	for (size_t i = 0; i < l->patterns->n; i++)
		if (l->patterns->list[i].glob && look_for(l, i, err) < 0)
			return -1;
	l->globbed_ns = now_ns;
	return 0;
}

/* Each begins behind the one at which the last has ended. */
int dm_log_files_tick(struct dm_logs *l, struct dm_err *err)
{
	int64_t now_ns = dm_time_mono_ns();

	if (look_for_all(l, now_ns, err) < 0)
		return -1;
	l->until_ns = now_ns + DM_LOG_WORK_NS;
	for (size_t i = 0; i < l->n_files; i++) {
		l->next_file %= l->n_files;
		if (!read_one(l, &l->files[l->next_file++]))
			break;
	}
	return 0;
}

void dm_log_files_release(struct dm_logs *l)
{
	for (size_t i = 0; i < l->n_files; i++)
		dm_log_file_release(&l->files[i].file);
	free(l->files);
}
