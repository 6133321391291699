/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DM_RULES_YAML_H
#define DM_RULES_YAML_H

#include "base/err.h"
#include "base/str.h"

/* The bounds of a YAML file. Source: dmon-rules(5). */
#define DM_YAML_MAX_BYTES  (4 * 1024 * 1024)
#define DM_YAML_MAX_VALUES 200000
#define DM_YAML_MAX_DEPTH  16

enum dm_yaml_type {
	DM_YAML_SCALAR,
	DM_YAML_SEQUENCE,
	DM_YAML_MAPPING,
};

enum dm_yaml_style {
	DM_YAML_PLAIN,
	DM_YAML_SINGLE_QUOTED,
	DM_YAML_DOUBLE_QUOTED,
	DM_YAML_BLOCK, /* | and > */
};

/** One node of a document. What an alias stands for is the same node. */
struct dm_yaml_node {
	enum dm_yaml_type type;
	enum dm_yaml_style style;
	unsigned line, column; /* from 1 */
	size_t start;	       /* byte of the file's text */
	struct dm_str text;    /* a scalar's; a NUL stands behind it */
	/* A sequence's items, or a mapping's keys and values in turn. */
	struct dm_yaml_node **children;
	size_t n_children, cap_children;
	/* What it comes to where its aliases are followed. */
	size_t n_values, n_bytes;
	bool complete;
	char *anchor;		   /* or NULL */
	struct dm_yaml_node *next; /* all nodes, for release */
};

/** A YAML document and its text, which it lends. */
struct dm_yaml {
	struct dm_str text;
	struct dm_yaml_node *root; /* NULL: an empty document */
	struct dm_yaml_node *all;
	/* What one gets to see who follows aliases. */
	size_t n_values, n_repeated_bytes;
};

/**
 * Read a YAML document. Keys are scalars, each at most once in its mapping;
 * what a key << brings in has been put in its place;
 * a second document is an error, tags are too.
 * @text  must live as long as ret
 * Returns 0, or -1 with DM_EPARSE or DM_ELIMIT and the place.
 */
int dm_yaml_parse(
    struct dm_str text, struct dm_yaml *ret, struct dm_err *err) DM_MUST_CHECK;
void dm_yaml_release(struct dm_yaml *y);
#define DM_AUTO_YAML DM_CLEANUP(dm_yaml_release)

/**
 * A node will be read once more, as by an alias. What is read more than once
 * counts among DM_YAML_MAX_VALUES, and its text may have DM_YAML_MAX_BYTES
 * in all: a short file must not become a huge one.
 * Returns false where that is too much.
 */
bool dm_yaml_repeat(struct dm_yaml *y, const struct dm_yaml_node *node);

/** The value of a mapping's key, or NULL. */
const struct dm_yaml_node *dm_yaml_get(
    const struct dm_yaml_node *mapping, const char *key);

/** Is it null: nothing, ~, null, in plain style? */
bool dm_yaml_is_null(const struct dm_yaml_node *node);

/**
 * Where in the file a byte of a scalar's text stands, through quotes,
 * escapes, folding and indentation.
 * @offset  into node->text, up to its length
 */
void dm_yaml_place(const struct dm_yaml *y, const struct dm_yaml_node *node,
    size_t offset, unsigned *ret_line, unsigned *ret_column);

#endif
