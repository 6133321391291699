/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_TRACKED_H
#define DM_RULES_TRACKED_H

#include "rules/label-list.h"
#include "rules/rule.h"

/**
 * What a rule remembers of one element of its expression's vector, from one
 * evaluation to the next: an alert, or a series that it records.
 */
struct dm_tracked {
	struct dm_labels *labels;  /* with the rule's labels put in */
	struct dm_labels *element; /* the element's own; NULL: never stored */
	const struct dm_name *name;
	double value;
	struct dm_str json;   /* labels as in a record, or {0}: not made yet */
	uint64_t seen;	      /* in which evaluation it was there last */
	uint64_t seen_before; /* and before, while one is under way */
	/* Of an alert whose rule keeps them: as they were expanded then. */
	struct dm_label_list annotations;
	uint64_t annotated;
	const struct dm_element *next; /* in the one under way */
	bool is_new;
};

/** All that one rule remembers. Elements that were there before are found by
 * their label set, without a look at labels or templates. */
struct dm_tracking {
	struct dm_tracked **items; /* of item_bytes each, dm_tracked first */
	size_t n, cap;
	size_t item_bytes;
	uint64_t evaluation;
	const struct dm_template_env *env; /* of the rule's templates */
	struct dm_tracked **by_element, **by_labels; /* by labels' ids */
	size_t n_by_element, n_by_labels;
};

int dm_tracking_new(size_t item_bytes, const struct dm_template_env *env,
    struct dm_tracking **ret, struct dm_err *err) DM_MUST_CHECK;
void dm_tracking_free(struct dm_tracking *t);

/**
 * The labels that a rule gives to an element; with alertname for an alert.
 * @ret  counts one reference
 */
int dm_rule_labels(const struct dm_rule *rule, const struct dm_element *element,
    struct dm_labels_pool *pool, struct dm_labels **ret,
    struct dm_err *err) DM_MUST_CHECK;

/**
 * Find each element of a vector among the items or add it: those whose
 * `seen` is t->evaluation then have their element in `next`. New ones stand
 * at the end, in order of their labels.
 * Returns 0, or -1 with nothing changed: DM_EINVAL when two elements get the
 * same labels, DM_ENOMEM.
 */
int dm_tracking_match(struct dm_tracking *t, const struct dm_rule *rule,
    const struct dm_element *elements, size_t n, struct dm_labels_pool *pool,
    struct dm_err *err) DM_MUST_CHECK;

/** Take back what dm_tracking_match added. */
void dm_tracking_undo(struct dm_tracking *t);

/** Store what dm_tracking_match has found: the elements, that are lent for a
 * short time only, are not needed any more. */
int dm_tracking_store(struct dm_tracking *t, struct dm_err *err) DM_MUST_CHECK;

/** The labels as they stand in a record, without braces; made once. */
int dm_tracked_json(struct dm_tracked *item, struct dm_str *ret,
    struct dm_err *err) DM_MUST_CHECK;

/** Forget an item; its place becomes NULL until dm_tracking_compact. */
void dm_tracking_drop(struct dm_tracking *t, size_t i);
void dm_tracking_compact(struct dm_tracking *t);

/** An item as it was saved; takes over both references. DM_EPARSE where
 * there is one of these labels already. */
int dm_tracking_restore(struct dm_tracking *t, struct dm_labels *labels_take,
    struct dm_labels *element_take, const struct dm_name *name,
    struct dm_tracked **ret, struct dm_err *err) DM_MUST_CHECK;

#endif
