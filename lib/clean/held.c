/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/held.h"

#include <stdlib.h>

/* A target of which nothing more comes holds nobody up for longer. */
#define WAIT_MAX_US (60 * INT64_C(1000000))

void dm_held_release(struct dm_held *h, struct dm_tracks *tracks)
{
	while (h->first)
		dm_held_pop(h, tracks);
}

int dm_held_push(struct dm_held *h, struct dm_str line, int64_t ts_us,
    const struct dm_track *track, struct dm_edits *edits, struct dm_err *err)
{
	struct dm_held_line *l = calloc(1, sizeof(*l) + line.n);

	if (!l)
		return dm_err_nomem(err);
	memcpy(l->bytes, line.p, line.n);
	l->line = (struct dm_str){l->bytes, line.n};
	l->ts_us = ts_us;
	l->edits = *edits;
	*edits = (struct dm_edits){0};
	for (size_t i = 0; i < l->edits.n; i++)
		l->n_open += l->edits.p[i].open;
	if (track) {
		l->track = track->serial;
		l->target = track->target;
		l->target->refs++;
		l->sweep = l->target->n_sweeps;
	}
	*(h->last ? &h->last->next : &h->first) = l;
	h->last = l;
	h->bytes += sizeof(*l) + line.n;
	return 0;
}

static void settle_edit(
    struct dm_edit *edit, int64_t ts_us, const struct dm_settlement *s)
{
	edit->open = false;
	if (!s->take)
		return;
	edit->inert = false;
	edit->has_value = s->has_value;
	edit->value = s->v0;
	if (s->v1 != s->v0)
		edit->value +=
		    (s->v1 - s->v0) * ((double)(ts_us - s->t0_us) /
					  (double)(s->t1_us - s->t0_us));
}

void dm_held_settle(struct dm_held *h, const struct dm_track *track,
    struct dm_str name, bool glitches, const struct dm_settlement *s)
{
	for (struct dm_held_line *l = h->first; l; l = l->next) {
		if (l->track != track->serial || l->n_open == 0)
			continue;
		for (size_t i = 0; i < l->edits.n; i++) {
			struct dm_edit *edit = &l->edits.p[i];

			if (!edit->open ||
			    (edit->reason == DM_REASON_GLITCH) != glitches ||
			    !dm_str_is(name, l->edits.names.p + edit->name))
				continue;
			settle_edit(edit, l->ts_us, s);
			l->n_open--;
		}
	}
}

struct dm_held_line *dm_held_ready(
    const struct dm_held *h, unsigned lag, int64_t now_us)
{
	struct dm_held_line *l = h->first;

	if (!l || (l->n_open && l->target->n_sweeps <= l->sweep + lag &&
		      now_us <= l->ts_us + WAIT_MAX_US &&
		      h->bytes <= DM_HELD_BYTES_MAX))
		return NULL;
	return l;
}

void dm_held_pop(struct dm_held *h, struct dm_tracks *tracks)
{
	struct dm_held_line *l = h->first;

	h->first = l->next;
	if (!h->first)
		h->last = NULL;
	h->bytes -= sizeof(*l) + l->line.n;
	if (l->target)
		dm_track_target_unref(tracks, l->target);
	dm_edits_release(&l->edits);
	free(l);
}
