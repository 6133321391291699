/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_COLLECT_WITNESS_TEXT_H
#define DM_COLLECT_WITNESS_TEXT_H

#include <sys/stat.h>

#include "base/buf.h"

/*
 * What a witness says, as a text that is compared with what it said before.
 * Of a list, such as a folder, the text has its entries in order: each a key
 * and a value, both of which end with a NUL. Pure functions.
 */

/* What is beyond them is not looked at. */
#define DM_ENTRIES_MAX 4096

/** A list in the making. {0} is an empty one. */
struct dm_entries {
	struct dm_entry_at {
		size_t key, value; /* offsets */
	} * list;
	size_t n, cap;
	struct dm_buf text;
};

void dm_entries_clear(struct dm_entries *e);
void dm_entries_release(struct dm_entries *e);

/**
 * Begin an entry; its value is then what is added to e->text before the next
 * call for e.
 * @key  is cut at a NUL
 * Returns 1; 0 where there are DM_ENTRIES_MAX already; -1 with DM_ENOMEM.
 */
int dm_entries_add(
    struct dm_entries *e, struct dm_str key, struct dm_err *err) DM_MUST_CHECK;

/** Add all, sorted by key, as text. */
void dm_entries_text(struct dm_entries *e, struct dm_buf *b);

struct dm_entry {
	struct dm_str key, value;
};

/** Cut the next entry off such a text. */
bool dm_entry_next(struct dm_str *rest, struct dm_entry *ret);

/**
 * How two such texts differ.
 * @old  gets the entries that are gone, or have another value now
 * @now  gets those that are new, or have another value now
 * Both as "key value, key value"; what is longer than max_bytes ends in "...".
 */
void dm_entries_differ(struct dm_str before, struct dm_str after,
    struct dm_buf *old, struct dm_buf *now, size_t max_bytes);

/** Add a text, cut to max_bytes, and then ended by "...". */
void dm_witness_cut(struct dm_buf *b, struct dm_str text, size_t max_bytes);

/** The names in the text of /proc/modules, as entries. */
int dm_witness_modules(
    struct dm_entries *e, struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

/** The hierarchies of cgroup v1 in the text of /proc/PID/cgroup, as entries. */
int dm_witness_hierarchies(
    struct dm_entries *e, struct dm_str text, struct dm_err *err) DM_MUST_CHECK;

/** What stat(2) says of a file that does not change when it is only read. */
void dm_witness_stat(struct dm_buf *b, const struct stat *st);

/**
 * Do two such texts say that a file was written to, rather than replaced by
 * another, come or gone?
 */
bool dm_witness_in_place(struct dm_str before, struct dm_str after);

#endif
