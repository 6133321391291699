/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/witness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define VALUE_BYTES 200 /* of what binfmt_misc says of an entry */

static void close_cleanup(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* In a process's mounts, which it has made: nothing there is asked before it
 * is known to be the kernel's. */
static int open_mounted(
    const struct dm_witnesses *s, const struct dm_witness *w, int flags)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
	    .resolve =
		RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED};
	const char *end = strrchr(w->path, '/');
	DM_AUTO_BUF struct dm_buf path = {0};
	DM_CLEANUP(close_cleanup) int root = -1, dir = -1;
	struct statx st;

	dm_buf_add(&path, w->path, w->root_n);
	root = openat(s->roots[w->is.root], dm_buf_cstr(&path), (int)how.flags);
	dm_buf_clear(&path);
	dm_buf_add(
	    &path, w->path + w->root_n, (size_t)(end - w->path) - w->root_n);
	dm_buf_add_char(&path, '/');
	if (root >= 0)
		dir = (int)syscall(
		    SYS_openat2, root, dm_buf_cstr(&path), &how, sizeof(how));
	if (dir < 0 || statx(dir, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
			   STATX_INO, &st) < 0)
		return -1;
	if (w->device !=
	    ((uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor)) {
		errno = ESTALE;
		return -1;
	}
	return openat(dir, end + 1, flags | O_NOFOLLOW | O_CLOEXEC);
}

int dm_witness_open(
    const struct dm_witnesses *s, const struct dm_witness *w, int flags)
{
	if (w->root_n)
		return open_mounted(s, w, flags);
	return dm_open_in_root(s->roots[w->is.root], w->is.path, flags);
}

static bool absent(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* 0 or an errno, as the others below. */
static int see_text(struct dm_witnesses *s, struct dm_witness *w)
{
	/* Kept open, a control group's file would keep its hierarchy from
	 * being unmounted. */
	bool keep = !w->path;
	int error;

	if (w->file.fd < 0)
		w->file.fd = dm_witness_open(s, w, O_RDONLY | O_NONBLOCK);
	if (w->file.fd < 0)
		return errno;
	error = dm_reread_fd(w->file.fd, &s->text);
	if (error || !keep)
		dm_reread_close(&w->file);
	while (s->text.n && s->text.p[s->text.n - 1] == '\n')
		s->text.n--;
	return error;
}

/* A list that is one file. */
static int see_lines(struct dm_witnesses *s, struct dm_witness *w,
    int (*read)(struct dm_entries *e, struct dm_str text, struct dm_err *err),
    struct dm_err *err)
{
	int error = see_text(s, w);

	if (error)
		return error;
	dm_entries_clear(&s->entries);
	if (read(&s->entries, dm_buf_str(&s->text), err) < 0)
		return ENOMEM;
	dm_buf_clear(&s->text);
	dm_entries_text(&s->entries, &s->text);
	return 0;
}

static int see_file(struct dm_witnesses *s, const struct dm_witness *w)
{
	DM_CLEANUP(close_cleanup) int fd = dm_witness_open(s, w, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return absent(errno) ? 0 : errno;
	dm_witness_stat(&s->text, &st);
	return 0;
}

/* The value of an entry: what stat says of it. "." is the folder itself, whose
 * times tell of what came and went again. */
static void add_stat(struct dm_buf *b, int dir, const char *name)
{
	struct stat st;

	if (strcmp(name, "..") != 0 &&
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		dm_witness_stat(b, &st);
}

/* "enabled\ninterpreter /bin/x\nflags: \n..." on one line. */
static void add_format(struct dm_buf *b, int dir, const char *name)
{
	char text[VALUE_BYTES];
	ssize_t n;
	DM_CLEANUP(close_cleanup)
	int fd = *name == '.' || strcmp(name, "register") == 0
		     ? -1
		     : openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || (n = read(fd, text, sizeof(text))) <= 0)
		return;
	for (ssize_t i = 0; i < n && text[i]; i++)
		dm_buf_add_char(b, text[i] == '\n' ? ' ' : text[i]);
}

static int see_list(struct dm_witnesses *s, int fd,
    void (*add)(struct dm_buf *b, int dir, const char *name),
    struct dm_err *err)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int more = 1;

	if (!dir) {
		int error = errno;

		close(fd);
		return error;
	}
	dm_entries_clear(&s->entries);
	while (more > 0 && (entry = readdir(dir))) {
		more = dm_entries_add(&s->entries, dm_str(entry->d_name), err);
		if (more > 0)
			add(&s->entries.text, fd, entry->d_name);
	}
	closedir(dir);
	if (more < 0)
		return ENOMEM;
	dm_entries_text(&s->entries, &s->text);
	return 0;
}

static int see_folder(
    struct dm_witnesses *s, const struct dm_witness *w, struct dm_err *err)
{
	int fd = dm_witness_open(s, w, O_RDONLY | O_DIRECTORY | O_NONBLOCK);

	if (fd < 0)
		return absent(errno) ? 0 : errno;
	return see_list(s, fd, add_stat, err);
}

/* Where systemd mounts it when it is first used, looking must not be a use:
 * O_PATH alone is none. */
static int see_formats(
    struct dm_witnesses *s, const struct dm_witness *w, struct dm_err *err)
{
	DM_CLEANUP(close_cleanup) int at = dm_witness_open(s, w, O_PATH);
	struct statfs fs;
	int fd;

	if (at < 0)
		return absent(errno) ? 0 : errno;
	if (fstatfs(at, &fs) < 0)
		return errno;
	if (fs.f_type == AUTOFS_SUPER_MAGIC)
		return 0;
	fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? errno : see_list(s, fd, add_format, err);
}

int dm_witness_see(
    struct dm_witnesses *s, struct dm_witness *w, struct dm_err *err)
{
	int error = 0;

	dm_buf_clear(&s->text);
	switch (w->is.kind) {
	case DM_WITNESS_TEXT:
		error = see_text(s, w);
		break;
	case DM_WITNESS_MODULES:
		error = see_lines(s, w, dm_witness_modules, err);
		break;
	case DM_WITNESS_HIERARCHIES:
		error = see_lines(s, w, dm_witness_hierarchies, err);
		break;
	case DM_WITNESS_BINFMT:
		error = see_formats(s, w, err);
		break;
	case DM_WITNESS_FILE:
		error = see_file(s, w);
		break;
	case DM_WITNESS_FOLDER:
		error = see_folder(s, w, err);
		break;
	}
	if (error == ENOMEM)
		return dm_err_nomem(err);
	return error ? 0 : dm_buf_ok(&s->text, err) < 0 ? -1 : 1;
}
