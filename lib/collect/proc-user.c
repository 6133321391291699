/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/proc.h"

#include <sys/stat.h>

#include "base/file.h"

#define PASSWD_MAX_BYTES ((size_t)16 << 20)

struct user {
	uint32_t uid;
	size_t name, name_n; /* in the text */
};

struct dm_proc_users {
	char *path;
	struct timespec modified;
	ino_t inode; /* it is replaced by renaming */
	bool read;
	struct dm_buf text;
	struct user *users; /* in the order of their uids */
	size_t n;
};

int dm_proc_users_new(
    const char *rootfs, struct dm_proc_users **ret, struct dm_err *err)
{
	struct dm_proc_users *u = calloc(1, sizeof(*u));
	struct dm_buf path = {0};

	dm_buf_addf(&path, "%s/etc/passwd", rootfs);
	if (!u || path.failed) {
		free(u);
		dm_buf_release(&path);
		return dm_err_nomem(err);
	}
	dm_buf_add_char(&path, '\0');
	u->path = path.p;
	*ret = u;
	return dm_buf_ok(&path, err);
}

void dm_proc_users_free(struct dm_proc_users *u)
{
	if (!u)
		return;
	free(u->path);
	dm_buf_release(&u->text);
	free(u->users);
	free(u);
}

/* Of several names for one uid the first counts, as for getpwuid. */
static int by_uid(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

/* name:password:uid:… */
static bool parse_user(struct dm_str line, const char *start, struct user *ret)
{
	struct dm_str name, password, uid;
	uint64_t value;

	if (!dm_str_cut(&line, ':', &name) || name.n == 0 ||
	    !dm_str_cut(&line, ':', &password) ||
	    !dm_str_cut(&line, ':', &uid) || !dm_str_u64(uid, &value) ||
	    value > UINT32_MAX)
		return false;
	*ret = (struct user){(uint32_t)value, (size_t)(name.p - start), name.n};
	return true;
}

int dm_proc_users_parse(
    struct dm_proc_users *u, struct dm_str text, struct dm_err *err)
{
	DM_AUTO_FREE struct user *users = NULL;
	DM_AUTO_BUF struct dm_buf copy = {0};
	struct dm_str rest = text, line;
	struct dm_buf old = u->text;
	size_t n = 0, cap = 0;

	while (dm_str_line(&rest, &line))
		cap++;
	users = calloc(cap + 1, sizeof(*users));
	dm_buf_add_str(&copy, text);
	if (!users || copy.failed)
		return dm_err_nomem(err);
	rest = dm_buf_str(&copy);
	while (dm_str_line(&rest, &line))
		n += parse_user(line, copy.p, &users[n]);
	qsort(users, n, sizeof(*users), by_uid);
	u->text = copy;
	copy = old;
	free(u->users);
	u->users = dm_steal(&users);
	u->n = n;
	return 0;
}

bool dm_proc_users_refresh(struct dm_proc_users *u)
{
	DM_AUTO_BUF struct dm_buf text = {0};
	struct stat st;

	if (stat(u->path, &st) < 0 ||
	    (u->read && st.st_ino == u->inode &&
		st.st_mtim.tv_sec == u->modified.tv_sec &&
		st.st_mtim.tv_nsec == u->modified.tv_nsec))
		return false;
	if (dm_file_read(u->path, PASSWD_MAX_BYTES, &text, NULL) < 0 ||
	    dm_proc_users_parse(u, dm_buf_str(&text), NULL) < 0)
		return false;
	u->read = true;
	u->inode = st.st_ino;
	u->modified = st.st_mtim;
	return true;
}

bool dm_proc_users_name(
    const struct dm_proc_users *u, uint32_t uid, struct dm_str *ret)
{
	size_t low = 0, high = u->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u->users[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == u->n || u->users[low].uid != uid)
		return false;
	*ret = (struct dm_str){
	    u->text.p + u->users[low].name, u->users[low].name_n};
	return true;
}
