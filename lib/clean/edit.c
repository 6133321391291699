/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/edit.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/time.h"
#include "record/scan.h"
#include "record/write.h"

void dm_edits_release(struct dm_edits *e)
{
	free(e->p);
	dm_buf_release(&e->names);
}

void dm_edits_clear(struct dm_edits *e)
{
	e->n = 0;
	dm_buf_clear(&e->names);
}

int dm_edits_add(struct dm_edits *e, const struct dm_edit *edit,
    struct dm_str name, struct dm_err *err)
{
	size_t cap = e->cap ? 2 * e->cap : 8;
	struct dm_edit *p;

	if (e->n == e->cap) {
		p = realloc(e->p, cap * sizeof(*p));
		if (!p)
			return dm_err_nomem(err);
		e->p = p;
		e->cap = cap;
	}
	e->p[e->n] = *edit;
	e->p[e->n++].name = (uint32_t)e->names.n;
	dm_buf_add_str(&e->names, name);
	dm_buf_add_char(&e->names, '\0');
	return dm_buf_ok(&e->names, err);
}

/* A line that is being written with its changes. */
struct writing {
	const struct dm_edits *e;
	struct dm_str line;
	struct dm_str listed; /* the object that is there; n = 0: none */
	bool none_listed;     /* it is empty */
	bool no_list;	      /* there can't be one: only cuts are made */
	size_t list_at;	      /* where in the line the list goes */
	size_t done;	      /* so much of the line has been written */
	struct dm_buf list;
	struct dm_buf *out;
};

static const char *name_of(const struct writing *w, const struct dm_edit *edit)
{
	return w->e->names.p + edit->name;
}

static bool is_wanted(const struct writing *w, const struct dm_edit *edit)
{
	struct dm_str value;

	if (w->no_list)
		return edit->cut;
	return !edit->inert &&
	       (edit->cut || w->listed.n == 0 ||
		   !dm_json_find(w->listed, name_of(w, edit), &value));
}

static void list(struct writing *w, const struct dm_edit *edit)
{
	static const char *const reasons[] = {
	    [DM_REASON_RANGE] = "range",
	    [DM_REASON_LIMIT] = "limit",
	    [DM_REASON_RATE] = "rate",
	    [DM_REASON_BACK] = "back",
	    [DM_REASON_TWICE] = "twice",
	    [DM_REASON_GLITCH] = "glitch",
	    [DM_REASON_NULL] = "null",
	    [DM_REASON_ABSENT] = "absent",
	};

	if (w->list.n)
		dm_buf_add_char(&w->list, ',');
	dm_json_quote(&w->list, dm_str(name_of(w, edit)));
	dm_buf_addf(&w->list, ":{\"reason\":\"%s\"", reasons[edit->reason]);
	if (edit->has_was || edit->n)
		dm_buf_add_cstr(&w->list, ",\"was\":");
	/* As it stood: a number may have more digits than a double. */
	if (edit->has_was)
		dm_num_add(&w->list, edit->was);
	else if (edit->n)
		dm_buf_add(&w->list, w->line.p + edit->at, edit->n);
	if (edit->ts_us) {
		dm_buf_add_cstr(&w->list, ",\"ts\":");
		dm_time_add_seconds(&w->list, edit->ts_us);
	}
	dm_buf_add_char(&w->list, '}');
}

/* The line up to a place; the list, where that lies in between. */
static void write_until(struct writing *w, size_t at)
{
	if (w->list.n && w->done <= w->list_at && w->list_at < at) {
		dm_buf_add(w->out, w->line.p + w->done, w->list_at - w->done);
		w->done = w->list_at;
		if (w->listed.n == 0)
			dm_buf_add_cstr(w->out, ",\"clean\":{");
		else if (!w->none_listed)
			dm_buf_add_char(w->out, ',');
		dm_buf_add(w->out, w->list.p, w->list.n);
		if (w->listed.n == 0)
			dm_buf_add_char(w->out, '}');
	}
	dm_buf_add(w->out, w->line.p + w->done, at - w->done);
	w->done = at;
}

static void replace(struct writing *w, const struct dm_edit *edit)
{
	write_until(w, edit->at);
	w->done += edit->n;
	if (edit->cut)
		return;
	if (edit->added) {
		dm_buf_add_char(w->out, ',');
		dm_json_quote(w->out, dm_str(name_of(w, edit)));
		dm_buf_add_char(w->out, ':');
	}
	if (edit->has_value)
		dm_num_add(w->out, edit->value);
	else
		dm_buf_add_cstr(w->out, "null");
}

/* Where the list goes: false where another member has its name. */
static bool find_list(struct writing *w)
{
	struct dm_str end;

	if (dm_json_find(w->line, "clean", &w->listed)) {
		if (w->listed.p[0] != '{') {
			w->listed = (struct dm_str){0};
			return false;
		}
		end = dm_str_trim(
		    (struct dm_str){w->listed.p + 1, w->listed.n - 2});
		w->list_at = (size_t)(end.p + end.n - w->line.p);
		w->none_listed = end.n == 0;
		return true;
	}
	w->listed = (struct dm_str){0};
	w->list_at = dm_str_trim(w->line).n - 1;
	w->list_at += (size_t)(dm_str_trim(w->line).p - w->line.p);
	return true;
}

static int write_as_it_was(
    struct dm_str line, struct dm_buf *out, struct dm_err *err)
{
	dm_buf_add_str(out, line);
	dm_buf_add_char(out, '\n');
	return dm_buf_ok(out, err);
}

static void write_changed(struct writing *w)
{
	bool cuts = false;

	for (size_t i = 0; i < w->e->n; i++) {
		const struct dm_edit *edit = &w->e->p[i];

		if (edit->cut)
			cuts = true;
		else if (is_wanted(w, edit))
			list(w, edit);
	}
	if (!w->list.n && !cuts)
		return;
	for (size_t i = 0; i < w->e->n; i++) {
		const struct dm_edit *edit = &w->e->p[i];

		if ((edit->n || edit->added) && is_wanted(w, edit))
			replace(w, edit);
	}
	write_until(w, w->line.n);
	dm_buf_add_char(w->out, '\n');
}

int dm_edits_apply(const struct dm_edits *e, struct dm_str line,
    struct dm_buf *out, struct dm_err *err)
{
	struct writing w = {.e = e, .line = line, .out = out};
	size_t before = out->n;

	if (e->n == 0)
		return write_as_it_was(line, out, err);
	w.no_list = !find_list(&w);
	write_changed(&w);
	if (w.list.failed)
		out->failed = true;
	dm_buf_release(&w.list);
	if (dm_buf_ok(out, err) < 0)
		return -1;
	if (out->n > before && out->n - before <= DM_LINE_MAX_BYTES + 1)
		return 1;
	out->n = before;
	return write_as_it_was(line, out, err);
}
