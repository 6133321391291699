/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_SERIES_LABELS_H
#define DM_SERIES_LABELS_H

#include "base/buf.h"
#include "base/map.h"

/* The label that a metric's name stands for in selectors and in by (…). */
#define DM_LABEL_NAME "__name__"

struct dm_labels_pool;

struct dm_label {
	struct dm_str name;
	struct dm_str value;
};

/** A metric's name, one object for each text in a pool. It lives as long as
 * the pool, so that equal names are equal pointers. */
struct dm_name {
	struct dm_str text;
	uint32_t id; /* small and dense */
};

/**
 * A set of labels without the metric's name: the metrics of a record share
 * one. There is one object for each set in a pool, so that equal sets are
 * equal pointers. Sorted by name (as bytes); no value is empty. Read freely;
 * change nothing.
 */
struct dm_labels {
	struct dm_labels_pool *pool;
	uint64_t serial; /* never given twice; ids are */
	uint32_t id;	 /* small and dense: an index into scratch arrays */
	uint32_t refs;
	struct dm_str text; /* name \xff value \xff …: the whole set */
	size_t n;
	struct dm_label pairs[];
};

int dm_labels_pool_new(
    struct dm_labels_pool **ret, struct dm_err *err) DM_MUST_CHECK;
/** All its label sets must have been given back. */
void dm_labels_pool_free(struct dm_labels_pool *pool);
static inline void dm_labels_pool_cleanup(struct dm_labels_pool **pool)
{
	dm_labels_pool_free(*pool);
}
#define DM_AUTO_LABELS_POOL DM_CLEANUP(dm_labels_pool_cleanup)

/** All ids given so far are below it: the size of a scratch array. */
size_t dm_labels_pool_ids(const struct dm_labels_pool *pool);

/** How many label sets are alive. */
size_t dm_labels_pool_count(const struct dm_labels_pool *pool);

#define DM_LABELS_NAMES_MAX   65536
#define DM_LABELS_NAMES_BYTES (32u << 20)

/** The name object of a text, new if need be; DM_ELIMIT where there are too
 * many. */
int dm_labels_name(struct dm_labels_pool *pool, struct dm_str text,
    const struct dm_name **ret, struct dm_err *err) DM_MUST_CHECK;

/**
 * The set of these labels.
 * @labels  in any order: they are sorted in place. Empty values are left
 *          out, as a label without a value is one that is missing.
 * @ret     counts one reference; see dm_labels_unref
 * Returns 0, or -1 with DM_EINVAL when a name comes twice, or DM_ENOMEM.
 */
int dm_labels_new(struct dm_labels_pool *pool, struct dm_label *labels,
    size_t n, struct dm_labels **ret, struct dm_err *err) DM_MUST_CHECK;

static inline struct dm_labels *dm_labels_ref(struct dm_labels *l)
{
	l->refs++;
	return l;
}

/** Give back a reference; NULL is fine. */
void dm_labels_unref(struct dm_labels *l);
static inline void dm_labels_cleanup(struct dm_labels **l)
{
	dm_labels_unref(*l);
}
#define DM_AUTO_LABELS DM_CLEANUP(dm_labels_cleanup)

/** The label's value, or an empty text. */
struct dm_str dm_labels_get(const struct dm_labels *l, struct dm_str name);

/** Order by label names and values, as Prometheus sorts label sets. */
int dm_labels_cmp(const struct dm_labels *a, const struct dm_labels *b);

/**
 * The fingerprint that Alertmanager gives a set of labels: 64-bit FNV-1a over
 * name, 0xff, value, 0xff of each label in the order of names. It is usually
 * written as sixteen hexadecimal digits.
 * Source: prometheus/common, model/signature.go, labelSetToFingerprint.
 */
uint64_t dm_labels_fingerprint(const struct dm_labels *l);

/**
 * As Prometheus prints a series: name{a="b", c="d"}; without labels only the
 * name, without both {}.
 * @name  may be NULL
 */
void dm_labels_print(
    struct dm_buf *b, const struct dm_name *name, const struct dm_labels *l);

/** Add as a JSON object: {"a":"b","c":"d"} */
void dm_labels_add_json(struct dm_buf *b, const struct dm_labels *l);

/**
 * A label set under change. Texts are lent until _done. {0} starts from
 * nothing; use again after dm_labels_builder_start.
 */
struct dm_labels_builder {
	struct dm_label *labels;
	size_t n;
	size_t cap;
	struct dm_map index; /* places by name, where there are many */
	size_t n_indexed;
	bool failed;
};

#define DM_AUTO_LABELS_BUILDER DM_CLEANUP(dm_labels_builder_release)
void dm_labels_builder_release(struct dm_labels_builder *b);

/** Start from these labels; NULL: from none. */
void dm_labels_builder_start(
    struct dm_labels_builder *b, const struct dm_labels *base);
/** Set or replace; an empty value drops the label. */
void dm_labels_builder_set(
    struct dm_labels_builder *b, struct dm_str name, struct dm_str value);
/** Keep only / drop these names. */
void dm_labels_builder_keep(
    struct dm_labels_builder *b, const struct dm_str *names, size_t n);
void dm_labels_builder_drop(
    struct dm_labels_builder *b, const struct dm_str *names, size_t n);
/** The value under change, or an empty text. */
struct dm_str dm_labels_builder_get(
    const struct dm_labels_builder *b, struct dm_str name);
/** @ret  counts one reference */
int dm_labels_builder_done(struct dm_labels_builder *b,
    struct dm_labels_pool *pool, struct dm_labels **ret,
    struct dm_err *err) DM_MUST_CHECK;

#endif
