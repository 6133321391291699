/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_LABEL_LIST_H
#define DM_RULES_LABEL_LIST_H

#include "series/labels.h"

/** Nobody has so many; putting them in order would take long. */
#define DM_LABEL_LIST_MAX 10000

/**
 * Names and values, in order of the names, no name twice: labels and
 * annotations that belong to no pool. Unlike a label set it holds the
 * metric's name as well, and values that are empty. Owns its texts.
 */
struct dm_label_list {
	struct dm_label *p;
	size_t n, cap;
};

#define DM_AUTO_LABEL_LIST DM_CLEANUP(dm_label_list_release)
void dm_label_list_release(struct dm_label_list *p);

/** Set or replace; copies both texts. */
int dm_label_list_put(struct dm_label_list *p, struct dm_str name,
    struct dm_str value, struct dm_err *err) DM_MUST_CHECK;
/** Put in all labels of a set, and the metric's name unless it is NULL. */
int dm_label_list_put_labels(struct dm_label_list *p,
    const struct dm_name *name, const struct dm_labels *labels,
    struct dm_err *err) DM_MUST_CHECK;

/** Is it a label's name, [a-zA-Z_][a-zA-Z0-9_]*, and not __name__? */
bool dm_is_label_name(struct dm_str name);

/** NULL: there is none. */
const struct dm_label *dm_label_list_find(
    const struct dm_label_list *p, struct dm_str name);

/** Order by names and values, as Prometheus sorts label sets. */
int dm_label_list_cmp(
    const struct dm_label_list *a, const struct dm_label_list *b);

/** As Prometheus prints labels: {a="b", c="d"} */
void dm_label_list_print(struct dm_buf *b, const struct dm_label_list *p);

#endif
