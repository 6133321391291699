/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "base/time.h"
#include "base/utf8.h"
#include "rules/reading.h"

void dm_reading_tell(struct dm_reading *r, struct dm_err *e)
{
	dm_err_file(e, r->file);
	if (r->n_errors++ == 0 && r->first)
		*r->first = *e;
	if (r->error)
		r->error(r->ctx, e);
}

void dm_reading_wrong(
    struct dm_reading *r, const struct dm_yaml_node *n, const char *fmt, ...)
{
	struct dm_err e = {0};
	char text[DM_ERR_MSG_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dm_err_at(&e, DM_EPARSE, n->line, n->column, "%s", text);
	dm_reading_tell(r, &e);
}

void dm_reading_no_memory(struct dm_reading *r)
{
	struct dm_err e = {0};

	dm_err_nomem(&e);
	dm_reading_tell(r, &e);
}

bool dm_reading_keys(struct dm_reading *r, const struct dm_yaml_node *n,
    const char *what, const char *const *known)
{
	if (n->type != DM_YAML_MAPPING) {
		dm_reading_wrong(r, n, "%s must be a mapping", what);
		return false;
	}
	for (size_t i = 0; i < n->n_children; i += 2) {
		const struct dm_yaml_node *key = n->children[i];
		size_t k = 0;

		while (known[k] && !dm_str_is(key->text, known[k]))
			k++;
		if (!known[k])
			dm_reading_wrong(r, key, "unknown key \"%s\" in %s",
			    key->text.p, what);
	}
	return true;
}

static const struct dm_yaml_node *get(struct dm_reading *r,
    const struct dm_yaml_node *map, const char *key, enum dm_yaml_type type,
    const char *what)
{
	const struct dm_yaml_node *n = dm_yaml_get(map, key);

	if (!n || dm_yaml_is_null(n))
		return NULL;
	if (n->type == type)
		return n;
	dm_reading_wrong(r, n, "%s must be a %s", key, what);
	return NULL;
}

const struct dm_yaml_node *dm_reading_scalar(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key)
{
	return get(r, map, key, DM_YAML_SCALAR, "text");
}

const struct dm_yaml_node *dm_reading_list(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key)
{
	return get(r, map, key, DM_YAML_SEQUENCE, "list");
}

char *dm_reading_text(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key)
{
	const struct dm_yaml_node *n = dm_reading_scalar(r, map, key);
	char *copy = dm_str_dup(n ? n->text : DM_STR(""));

	if (!copy)
		dm_reading_no_memory(r);
	return copy;
}

int64_t dm_reading_duration(
    struct dm_reading *r, const struct dm_yaml_node *map, const char *key)
{
	const struct dm_yaml_node *n = dm_reading_scalar(r, map, key);
	int64_t us = 0;

	if (n &&
	    (!dm_time_parse_duration(n->text, &us) || us > DM_DURATION_MAX_US))
		dm_reading_wrong(
		    r, n, "%s: not a duration: \"%s\"", key, n->text.p);
	return us;
}

void dm_reading_tell_at(struct dm_reading *r, const struct dm_yaml_node *n,
    size_t offset, struct dm_err *e)
{
	if (e->code != DM_ENOMEM)
		dm_yaml_place(r->y, n, offset, &e->line, &e->column);
	dm_reading_tell(r, e);
}

/* An error's line and column of a text, to bytes. */
static size_t offset_of(struct dm_str text, const struct dm_err *e)
{
	unsigned line = 1, column = 1;
	size_t i = 0;

	while (i < text.n && (line < e->line || column < e->column)) {
		unsigned n = dm_utf8_len(text.p + i, text.n - i);

		if (text.p[i] == '\n' && line == e->line)
			break;
		column = text.p[i] == '\n' ? 1 : column + 1;
		line += text.p[i] == '\n';
		i += n ? n : 1;
	}
	return i;
}

void dm_reading_tell_in(
    struct dm_reading *r, const struct dm_yaml_node *n, struct dm_err *e)
{
	dm_reading_tell_at(r, n, e->line > 0 ? offset_of(n->text, e) : 0, e);
}
