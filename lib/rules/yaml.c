/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules/yaml.h"

#include <yaml.h>

#include "base/map.h"
#include "base/utf8.h"

/* A document as libyaml's events build it. */
struct builder {
	yaml_parser_t parser;
	struct dm_yaml *y;
	struct dm_map anchors; /* by their names, which the nodes own */
	struct {
		size_t byte, character;
	} at; /* of the last node */
	struct dm_err *err;
};

static unsigned mark_line(const yaml_mark_t *m)
{
	return (unsigned)m->line + 1;
}

static unsigned mark_column(const yaml_mark_t *m)
{
	return (unsigned)m->column + 1;
}

static int fail_parser(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *problem = p->problem ? p->problem : "not YAML";

	if (p->error == YAML_MEMORY_ERROR)
		return dm_err_nomem(b->err);
	if (p->error == YAML_READER_ERROR)
		return dm_err_set(b->err, DM_EPARSE, "%s, at byte %zu", problem,
		    p->problem_offset);
	return dm_err_at(b->err, DM_EPARSE, mark_line(&p->problem_mark),
	    mark_column(&p->problem_mark), "%s%s%s",
	    p->context ? p->context : "", p->context ? ": " : "", problem);
}

static int next_event(struct builder *b, yaml_event_t *ret)
{
	if (!yaml_parser_parse(&b->parser, ret))
		return fail_parser(b);
	return 0;
}

static int fail_at(struct builder *b, const yaml_event_t *e, enum dm_code code,
    const char *what)
{
	return dm_err_at(b->err, code, mark_line(&e->start_mark),
	    mark_column(&e->start_mark), "%s", what);
}

/* Where an event begins, in bytes: libyaml counts characters. Events come in
 * the order of the text. */
static size_t start_byte(struct builder *b, const yaml_event_t *e)
{
	struct dm_str text = b->y->text;

	for (; b->at.character < e->start_mark.index && b->at.byte < text.n;
	     b->at.character++) {
		unsigned n =
		    dm_utf8_len(text.p + b->at.byte, text.n - b->at.byte);

		b->at.byte += n ? n : 1;
	}
	return b->at.byte;
}

static struct dm_yaml_node *node_new(
    struct builder *b, const yaml_event_t *e, enum dm_yaml_type type)
{
	struct dm_yaml_node *n;

	if (++b->y->n_values > DM_YAML_MAX_VALUES) {
		fail_at(b, e, DM_ELIMIT, "the file has too many values");
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	if (!n) {
		dm_err_nomem(b->err);
		return NULL;
	}
	n->type = type;
	n->line = mark_line(&e->start_mark);
	n->column = mark_column(&e->start_mark);
	n->start = start_byte(b, e);
	n->n_values = 1;
	n->next = b->y->all;
	b->y->all = n;
	return n;
}

static int node_add(
    struct builder *b, struct dm_yaml_node *parent, struct dm_yaml_node *child)
{
	if (parent->n_children == parent->cap_children) {
		size_t cap =
		    parent->cap_children ? 2 * parent->cap_children : 4;
		void *p =
		    realloc(parent->children, cap * sizeof(*parent->children));

		if (!p)
			return dm_err_nomem(b->err);
		parent->children = p;
		parent->cap_children = cap;
	}
	parent->children[parent->n_children++] = child;
	return 0;
}

static enum dm_yaml_style style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return DM_YAML_SINGLE_QUOTED;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return DM_YAML_DOUBLE_QUOTED;
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE:
		return DM_YAML_BLOCK;
	default:
		return DM_YAML_PLAIN;
	}
}

static struct dm_yaml_node *scalar_new(struct builder *b, const yaml_event_t *e)
{
	struct dm_yaml_node *n = node_new(b, e, DM_YAML_SCALAR);
	struct dm_str text = {
	    (const char *)e->data.scalar.value, e->data.scalar.length};

	if (!n)
		return NULL;
	if (text.n > 0 && memchr(text.p, 0, text.n)) {
		fail_at(b, e, DM_EPARSE, "a text must not hold U+0000");
		return NULL;
	}
	n->style = style_of(e->data.scalar.style);
	n->text.p = dm_str_dup(text);
	n->text.n = text.n;
	n->n_bytes = e->end_mark.index - e->start_mark.index;
	if (n->n_bytes < text.n)
		n->n_bytes = text.n;
	n->complete = true;
	if (!n->text.p) {
		dm_err_nomem(b->err);
		return NULL;
	}
	return n;
}

/* Remember an anchored node under its name; the latest one counts. */
static int anchor_put(
    struct builder *b, const yaml_char_t *name, struct dm_yaml_node *n)
{
	n->anchor = dm_str_dup(dm_str((const char *)name));
	if (!n->anchor)
		return dm_err_nomem(b->err);
	return dm_map_put(&b->anchors, dm_str(n->anchor), n, b->err);
}

static struct dm_yaml_node *alias_get(struct builder *b, const yaml_event_t *e)
{
	struct dm_yaml_node *n =
	    dm_map_get(&b->anchors, dm_str((const char *)e->data.alias.anchor));

	if (!n)
		fail_at(b, e, DM_EPARSE, "an alias of an unknown anchor");
	else if (!n->complete)
		fail_at(b, e, DM_EPARSE, "an alias within its own anchor");
	else if (!dm_yaml_repeat(b->y, n))
		fail_at(b, e, DM_ELIMIT,
		    "what the aliases stand for is too much in all");
	else
		return n;
	return NULL;
}

static int node_build(struct builder *b, yaml_event_t *e, unsigned depth,
    struct dm_yaml_node **ret);

static int key_check(
    struct builder *b, struct dm_map *keys, struct dm_yaml_node *key)
{
	if (key->type != DM_YAML_SCALAR)
		return dm_err_at(b->err, DM_EPARSE, key->line, key->column,
		    "a key must be a text");
	if (dm_map_get(keys, key->text))
		return dm_err_at(b->err, DM_EPARSE, key->line, key->column,
		    "key \"%s\" is there already", key->text.p);
	return dm_map_put(keys, key->text, key, b->err);
}

/* What a mapping has that another one lacks is put into that. */
static int merge_one(struct builder *b, struct dm_yaml_node *into,
    struct dm_map *keys, const struct dm_yaml_node *at,
    const struct dm_yaml_node *from)
{
	if (from->type != DM_YAML_MAPPING)
		return dm_err_at(b->err, DM_EPARSE, at->line, at->column,
		    "<< wants a mapping, or a list of them");
	for (size_t i = 0; i < from->n_children; i += 2) {
		struct dm_yaml_node *key = from->children[i];

		if (dm_map_get(keys, key->text))
			continue;
		if (node_add(b, into, key) < 0 ||
		    node_add(b, into, from->children[i + 1]) < 0 ||
		    dm_map_put(keys, key->text, key, b->err) < 0)
			return -1;
	}
	return 0;
}

/* The key <<: what its value has, or each of its values, of which the first
 * counts most. Source: YAML 1.1, the type merge. */
static int merge(struct builder *b, struct dm_yaml_node *n, struct dm_map *keys)
{
	struct dm_yaml_node *key, *value;
	size_t i = 0;

	while (i < n->n_children && !(dm_str_is(n->children[i]->text, "<<") &&
					n->children[i]->style == DM_YAML_PLAIN))
		i += 2;
	if (i >= n->n_children)
		return 0;
	key = n->children[i];
	value = n->children[i + 1];
	memmove(n->children + i, n->children + i + 2,
	    (n->n_children - i - 2) * sizeof(*n->children));
	n->n_children -= 2;
	if (value->type != DM_YAML_SEQUENCE)
		return merge_one(b, n, keys, key, value);
	for (size_t k = 0; k < value->n_children; k++)
		if (merge_one(b, n, keys, key, value->children[k]) < 0)
			return -1;
	return 0;
}

/* The children up to the event that ends their parent. */
static int children_build(struct builder *b, struct dm_yaml_node *n,
    struct dm_map *keys, unsigned depth)
{
	for (;;) {
		yaml_event_t e;
		struct dm_yaml_node *child = NULL;
		int rc;

		if (next_event(b, &e) < 0)
			return -1;
		if (e.type == YAML_SEQUENCE_END_EVENT ||
		    e.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&e);
			return n->type == DM_YAML_MAPPING ? merge(b, n, keys)
							  : 0;
		}
		rc = node_build(b, &e, depth + 1, &child);
		yaml_event_delete(&e);
		if (rc == 0 && n->type == DM_YAML_MAPPING &&
		    n->n_children % 2 == 0)
			rc = key_check(b, keys, child);
		if (rc < 0 || node_add(b, n, child) < 0)
			return -1;
	}
}

static void complete(struct dm_yaml_node *parent)
{
	for (size_t i = 0; i < parent->n_children; i++) {
		parent->n_values += parent->children[i]->n_values;
		parent->n_bytes += parent->children[i]->n_bytes;
	}
	parent->complete = true;
}

static int parent_build(struct builder *b, yaml_event_t *e,
    enum dm_yaml_type type, const yaml_char_t *anchor, unsigned depth,
    struct dm_yaml_node **ret)
{
	struct dm_map keys = {0};
	int rc;

	if (depth > DM_YAML_MAX_DEPTH)
		return fail_at(b, e, DM_ELIMIT, "nested too deeply");
	*ret = node_new(b, e, type);
	if (!*ret)
		return -1;
	if (anchor && anchor_put(b, anchor, *ret) < 0)
		return -1;
	rc = children_build(b, *ret, &keys, depth);
	dm_map_release(&keys);
	complete(*ret);
	return rc;
}

static int node_build(struct builder *b, yaml_event_t *e, unsigned depth,
    struct dm_yaml_node **ret)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		*ret = alias_get(b, e);
		return *ret ? 0 : -1;
	case YAML_SCALAR_EVENT:
		if (e->data.scalar.tag)
			return fail_at(b, e, DM_EPARSE, "tags are not taken");
		*ret = scalar_new(b, e);
		if (!*ret)
			return -1;
		if (e->data.scalar.anchor)
			return anchor_put(b, e->data.scalar.anchor, *ret);
		return 0;
	case YAML_SEQUENCE_START_EVENT:
		if (e->data.sequence_start.tag)
			return fail_at(b, e, DM_EPARSE, "tags are not taken");
		return parent_build(b, e, DM_YAML_SEQUENCE,
		    e->data.sequence_start.anchor, depth, ret);
	case YAML_MAPPING_START_EVENT:
		if (e->data.mapping_start.tag)
			return fail_at(b, e, DM_EPARSE, "tags are not taken");
		return parent_build(b, e, DM_YAML_MAPPING,
		    e->data.mapping_start.anchor, depth, ret);
	default:
		return fail_at(b, e, DM_EPARSE, "not expected here");
	}
}

static int document_build(struct builder *b)
{
	for (;;) {
		yaml_event_t e;
		yaml_event_type_t type;
		int rc = 0;

		if (next_event(b, &e) < 0)
			return -1;
		type = e.type;
		if (type == YAML_DOCUMENT_START_EVENT && b->y->root)
			rc = fail_at(
			    b, &e, DM_EPARSE, "a second document in one file");
		else if (type != YAML_STREAM_START_EVENT &&
			 type != YAML_STREAM_END_EVENT &&
			 type != YAML_DOCUMENT_START_EVENT &&
			 type != YAML_DOCUMENT_END_EVENT)
			rc = node_build(b, &e, 1, &b->y->root);
		yaml_event_delete(&e);
		if (rc < 0)
			return -1;
		if (type == YAML_STREAM_END_EVENT)
			return 0;
	}
}

int dm_yaml_parse(struct dm_str text, struct dm_yaml *ret, struct dm_err *err)
{
	struct dm_yaml y = {.text = text};
	struct builder b = {.y = &y, .err = err};
	int rc;

	if (text.n > DM_YAML_MAX_BYTES)
		return dm_err_set(
		    err, DM_ELIMIT, "longer than %d bytes", DM_YAML_MAX_BYTES);
	if (!yaml_parser_initialize(&b.parser))
		return dm_err_nomem(err);
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &b.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
	rc = document_build(&b);
	yaml_parser_delete(&b.parser);
	dm_map_release(&b.anchors);
	if (rc < 0)
		dm_yaml_release(&y);
	else
		*ret = y;
	return rc;
}

void dm_yaml_release(struct dm_yaml *y)
{
	struct dm_yaml_node *next;

	for (struct dm_yaml_node *n = y->all; n; n = next) {
		next = n->next;
		free((char *)(uintptr_t)n->text.p);
		free(n->children);
		free(n->anchor);
		free(n);
	}
	*y = (struct dm_yaml){0};
}

bool dm_yaml_repeat(struct dm_yaml *y, const struct dm_yaml_node *n)
{
	y->n_values += n->n_values;
	y->n_repeated_bytes += n->n_bytes;
	return y->n_values <= DM_YAML_MAX_VALUES &&
	       y->n_repeated_bytes <= DM_YAML_MAX_BYTES;
}

const struct dm_yaml_node *dm_yaml_get(
    const struct dm_yaml_node *mapping, const char *key)
{
	for (size_t i = 0; i + 1 < mapping->n_children; i += 2)
		if (dm_str_is(mapping->children[i]->text, key))
			return mapping->children[i + 1];
	return NULL;
}

bool dm_yaml_is_null(const struct dm_yaml_node *n)
{
	return n->type == DM_YAML_SCALAR && n->style == DM_YAML_PLAIN &&
	       (n->text.n == 0 || dm_str_is(n->text, "~") ||
		   dm_str_is(n->text, "null") || dm_str_is(n->text, "Null") ||
		   dm_str_is(n->text, "NULL"));
}
