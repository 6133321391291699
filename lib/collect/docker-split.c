/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/docker-split.h"

/* Where the next byte stands. */
enum {
	PLACE_START,  /* before everything */
	PLACE_FIRST,  /* behind [ : an object or ] */
	PLACE_OBJECT, /* behind a comma: an object */
	PLACE_INSIDE, /* in an object */
	PLACE_BEHIND, /* behind an object of a list: a comma or ] */
	PLACE_END,    /* behind everything */
};

void dm_split_clear(struct dm_split *s)
{
	dm_buf_clear(&s->held);
	s->seen_bytes = 0;
	s->depth = 0;
	s->place = PLACE_START;
	s->list = s->string = s->escape = false;
}

void dm_split_release(struct dm_split *s)
{
	dm_buf_release(&s->held);
}

/* A byte between objects. */
static int outside(struct dm_split *s, char c, struct dm_err *err)
{
	bool wants_object = s->place <= PLACE_OBJECT;

	if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		return 0;
	if (c == '{' && wants_object) {
		s->place = PLACE_INSIDE;
	} else if (c == '[' && s->place == PLACE_START) {
		s->place = PLACE_FIRST;
		s->list = true;
	} else if (c == ',' && s->place == PLACE_BEHIND) {
		s->place = PLACE_OBJECT;
	} else if (c == ']' &&
		   (s->place == PLACE_FIRST || s->place == PLACE_BEHIND)) {
		s->place = PLACE_END;
	} else {
		return dm_err_set(err, DM_EPARSE,
		    "no list of JSON objects, at byte %zu", s->seen_bytes);
	}
	return 0;
}

/* A byte of an object: is the object complete with it? */
static bool inside(struct dm_split *s, char c)
{
	if (s->string) {
		if (s->escape)
			s->escape = false;
		else if (c == '\\')
			s->escape = true;
		else if (c == '"')
			s->string = false;
		return false;
	}
	if (c == '"')
		s->string = true;
	else if (c == '{' || c == '[')
		s->depth++;
	else if (c == '}' || c == ']')
		s->depth--;
	return s->depth == 0;
}

static int object_done(struct dm_split *s, struct dm_err *err)
{
	if (dm_buf_ok(&s->held, err) < 0 ||
	    s->object(s->ctx, dm_buf_str(&s->held), err) < 0)
		return -1;
	dm_buf_clear(&s->held);
	s->place = s->list ? PLACE_BEHIND : PLACE_END;
	return 0;
}

/* Take what belongs to the object that is being read; *used bytes. */
static int take_object(struct dm_split *s, const char *p, size_t n,
    size_t *ret_used, struct dm_err *err)
{
	size_t i = 0;
	bool done = false;

	while (i < n && !done && s->depth <= s->limits.depth)
		done = inside(s, p[i++]);
	if (s->depth > s->limits.depth)
		return dm_err_set(err, DM_ELIMIT,
		    "JSON is deeper than %u levels", s->limits.depth);
	if (i > s->limits.object_bytes - s->held.n)
		return dm_err_set(err, DM_ELIMIT,
		    "a JSON object is longer than %zu bytes",
		    s->limits.object_bytes);
	dm_buf_add(&s->held, p, i);
	*ret_used = i;
	return done ? object_done(s, err) : 0;
}

int dm_split_add(
    struct dm_split *s, const char *p, size_t n, struct dm_err *err)
{
	if (n > s->limits.total_bytes - s->seen_bytes)
		return dm_err_set(err, DM_ELIMIT,
		    "the answer is longer than %zu bytes",
		    s->limits.total_bytes);
	while (n) {
		size_t used = 0;

		if (s->place != PLACE_INSIDE && outside(s, *p, err) < 0)
			return -1;
		if (s->place != PLACE_INSIDE)
			used = 1;
		else if (take_object(s, p, n, &used, err) < 0)
			return -1;
		s->seen_bytes += used;
		p += used;
		n -= used;
	}
	return 0;
}

int dm_split_end(const struct dm_split *s, struct dm_err *err)
{
	if (s->place == PLACE_END)
		return 0;
	return dm_err_set(err, DM_EPARSE,
	    "the answer ends too early, after %zu bytes", s->seen_bytes);
}
