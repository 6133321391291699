/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_READING_H
#define DM_RULES_READING_H

#include "rules/yaml.h"

/**
 * A YAML file that is being read, and what is found to be wrong with it: all
 * of it is told, with its place; the first is kept.
 */
struct dm_reading {
	struct dm_yaml *y;
	const char *file;
	void (*error)(void *ctx, const struct dm_err *err); /* or NULL */
	void *ctx;
	unsigned n_errors;
	struct dm_err *first; /* or NULL */
};

/** An error has been found: it gets the file's name and is told. */
void dm_reading_tell(struct dm_reading *r, struct dm_err *e);
/** Something is wrong at a node. */
void dm_reading_wrong(struct dm_reading *r, const struct dm_yaml_node *n,
    const char *fmt, ...) DM_PRINTF(3, 4);
/** An error of a scalar's text, at a byte of it. */
void dm_reading_tell_at(struct dm_reading *r, const struct dm_yaml_node *n,
    size_t offset, struct dm_err *e);
/** An error with a line and column of a scalar's text: it gets the file's. */
void dm_reading_tell_in(
    struct dm_reading *r, const struct dm_yaml_node *n, struct dm_err *e);
void dm_reading_no_memory(struct dm_reading *r);

/**
 * Is it a mapping, and all its keys known ones?
 * @what   what it is called: "a rule"
 * @known  ends with NULL
 * Returns false only where it is no mapping: an unknown key is told, too.
 */
bool dm_reading_keys(struct dm_reading *r, const struct dm_yaml_node *n,
    const char *what, const char *const *known);

/* The value of a key in a mapping; what is not as it should be is told. */

/** A scalar or a list that is there and not null; NULL otherwise. */
const struct dm_yaml_node *dm_reading_scalar(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key);
const struct dm_yaml_node *dm_reading_list(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key);
/** A copy, to be freed; empty where it is missing. NULL without memory. */
char *dm_reading_text(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key);
/** 0 where it is missing. */
int64_t dm_reading_duration(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key);

#endif
