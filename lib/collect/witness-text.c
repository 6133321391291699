/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/witness-text.h"

#include <sys/sysmacros.h>

#include "base/array.h"

void dm_entries_clear(struct dm_entries *e)
{
	e->n = 0;
	dm_buf_clear(&e->text);
}

void dm_entries_release(struct dm_entries *e)
{
	free(e->list);
	dm_buf_release(&e->text);
	*e = (struct dm_entries){0};
}

/* A NUL ends the value that was added last. */
int dm_entries_add(struct dm_entries *e, struct dm_str key, struct dm_err *err)
{
	if (e->n == DM_ENTRIES_MAX)
		return 0;
	if (dm_array_grow(&e->list, e->n, &e->cap, sizeof(*e->list), err) < 0)
		return -1;
	dm_buf_add_char(&e->text, '\0');
	e->list[e->n].key = e->text.n;
	dm_buf_add(&e->text, key.p, strnlen(key.p, key.n));
	dm_buf_add_char(&e->text, '\0');
	e->list[e->n++].value = e->text.n;
	return 1;
}

static int by_key(const void *a, const void *b, void *text)
{
	const char *p = text;

	return strcmp(p + ((const struct dm_entry_at *)a)->key,
	    p + ((const struct dm_entry_at *)b)->key);
}

void dm_entries_text(struct dm_entries *e, struct dm_buf *b)
{
	dm_buf_add_char(&e->text, '\0');
	if (e->text.failed) {
		b->failed = true;
		return;
	}
	if (e->n)
		qsort_r(e->list, e->n, sizeof(*e->list), by_key, e->text.p);
	for (size_t i = 0; i < e->n; i++) {
		const char *key = e->text.p + e->list[i].key;
		const char *value = e->text.p + e->list[i].value;

		dm_buf_add(b, key, strlen(key) + 1);
		dm_buf_add(b, value, strlen(value) + 1);
	}
}

bool dm_entry_next(struct dm_str *rest, struct dm_entry *ret)
{
	return rest->n && dm_str_cut(rest, '\0', &ret->key) &&
	       dm_str_cut(rest, '\0', &ret->value);
}

void dm_witness_cut(struct dm_buf *b, struct dm_str text, size_t max_bytes)
{
	bool cut = text.n > max_bytes;

	if (cut)
		text.n = max_bytes;
	dm_buf_add_str(b, text);
	if (cut)
		dm_buf_add_cstr(b, "...");
}

/* Where the bytes are used up only "..." is added, once. */
static void add_entry(
    struct dm_buf *b, const struct dm_entry *e, size_t max_bytes)
{
	if (b->n >= max_bytes) {
		if (b->n < max_bytes + 3)
			dm_buf_add_cstr(b, "...");
		return;
	}
	if (b->n)
		dm_buf_add_cstr(b, ", ");
	dm_buf_add_str(b, e->key);
	if (e->value.n) {
		dm_buf_add_char(b, ' ');
		dm_buf_add_str(b, e->value);
	}
	if (b->n > max_bytes) {
		b->n = max_bytes;
		dm_buf_add_cstr(b, "...");
	}
}

void dm_entries_differ(struct dm_str before, struct dm_str after,
    struct dm_buf *old, struct dm_buf *now, size_t max_bytes)
{
	struct dm_entry a, b;
	bool has_a = dm_entry_next(&before, &a);
	bool has_b = dm_entry_next(&after, &b);

	while (has_a || has_b) {
		int order = !has_a ? 1 : !has_b ? -1 : dm_str_cmp(a.key, b.key);
		bool same = order == 0 && dm_str_eq(a.value, b.value);

		if (order <= 0) {
			if (!same)
				add_entry(old, &a, max_bytes);
			has_a = dm_entry_next(&before, &a);
		}
		if (order >= 0) {
			if (!same)
				add_entry(now, &b, max_bytes);
			has_b = dm_entry_next(&after, &b);
		}
	}
}

/* "overlay 126976 3 - Live 0x0000000000000000" */
int dm_witness_modules(
    struct dm_entries *e, struct dm_str text, struct dm_err *err)
{
	struct dm_str line, name;

	while (dm_str_line(&text, &line)) {
		if (dm_str_word(&line, &name) &&
		    dm_entries_add(e, name, err) < 0)
			return -1;
	}
	return 0;
}

/* "9:name=systemd:/"; cgroup v2 is hierarchy 0. */
int dm_witness_hierarchies(
    struct dm_entries *e, struct dm_str text, struct dm_err *err)
{
	struct dm_str line, number, name;

	while (dm_str_line(&text, &line)) {
		if (dm_str_cut(&line, ':', &number) &&
		    dm_str_cut(&line, ':', &name) && name.n &&
		    dm_entries_add(e, name, err) < 0)
			return -1;
	}
	return 0;
}

void dm_witness_stat(struct dm_buf *b, const struct stat *st)
{
	dm_buf_addf(b, "device %u:%u inode %llu size %llu modified %lld.%09ld",
	    major(st->st_dev), minor(st->st_dev),
	    (unsigned long long)st->st_ino, (unsigned long long)st->st_size,
	    (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	dm_buf_addf(b, " changed %lld.%09ld mode %o owner %u:%u",
	    (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec, st->st_mode,
	    st->st_uid, st->st_gid);
}

/* What stands before a word. */
static struct dm_str head(struct dm_str text, const char *word)
{
	const char *at =
	    text.n ? memmem(text.p, text.n, word, strlen(word)) : NULL;

	return (struct dm_str){text.p, at ? (size_t)(at - text.p) : 0};
}

bool dm_witness_in_place(struct dm_str before, struct dm_str after)
{
	struct dm_str file = head(before, " size "), was, is;

	if (file.n == 0 || !dm_str_eq(file, head(after, " size ")))
		return false;
	was = head(before, " changed ");
	is = head(after, " changed ");
	return !dm_str_eq(was, is);
}
