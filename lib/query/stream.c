/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/stream.h"

/* Limits are looked at after so many records. */
#define LOOK_RECORDS 4096

/* What the evaluations will look at, as far as that can be told before the
 * end of the data is known. */
static void look_ahead(struct dm_query_stream *s)
{
	const struct dm_query_load *l = s->load;

	if (!l->start.from_end && !l->end.from_end) {
		s->is_bounded = true;
		for (size_t i = 0; i < l->n_selectors; i++)
			s->wanted = dm_interval_span(
			    s->wanted, dm_selector_interval(l->selectors[i],
					   l->start.us, l->end.us));
		if (s->wanted.to_us <= INT64_MAX - DM_LATE_US)
			s->wanted.to_us += DM_LATE_US;
	}
	s->only_end = l->start.from_end && l->end.from_end;
	for (size_t i = 0; i < l->n_selectors; i++)
		s->only_end = s->only_end && !l->selectors[i]->is_fixed;
}

static int stream_start(
    void *ctx, struct dm_scanner *scanner, struct dm_err *err)
{
	struct dm_query_stream *s = ctx;

	(void)err;
	s->scanner = scanner;
	s->last_us = INT64_MIN;
	look_ahead(s);
	return 0;
}

static int look(struct dm_query_stream *s, struct dm_err *err)
{
	const struct dm_query_load *l = s->load;

	if (s->only_end)
		dm_window_advance(
		    l->window, dm_moment_at(&l->start, s->last_us));
	if (dm_window_n_samples(l->window) > l->max_samples)
		return dm_err_set(err, DM_ELIMIT,
		    "the query needs more than %zu samples", l->max_samples);
	return 0;
}

/* A sweep record of before says that its target sends them. */
static bool is_wanted(
    const struct dm_query_stream *s, const struct dm_record *r)
{
	return !s->is_bounded || dm_interval_has(&s->wanted, r->ts_us) ||
	       (r->kind == DM_KIND_SWEEP && r->ts_us <= s->wanted.from_us);
}

static int stream_record(void *ctx, const struct dm_record *r,
    struct dm_buf *out, struct dm_err *err)
{
	struct dm_query_stream *s = ctx;
	struct dm_window_seen seen;

	(void)out;
	if (r->ts_us > s->last_us)
		s->last_us = r->ts_us;
	if (!is_wanted(s, r))
		return 0;
	if (dm_window_record(s->load->window, s->scanner, r, &seen, err) < 0)
		return -1;
	if (seen.left_out)
		return dm_err_set(err, DM_ELIMIT, DM_WINDOW_LEFT_OUT);
	return ++s->n % LOOK_RECORDS ? 0 : look(s, err);
}

static int stream_end(void *ctx, struct dm_buf *out, struct dm_err *err)
{
	struct dm_query_stream *s = ctx;
	int64_t t_us;
	int n;

	(void)out;
	while ((n = dm_window_end_sweep(s->load->window, &t_us, err)) > 0)
		;
	if (n < 0)
		return -1;
	return dm_query_resolve(s->load, s->last_us, err);
}

static void stream_forget(void *ctx, struct dm_identity *identity)
{
	struct dm_query_stream *s = ctx;

	dm_window_forget(s->load->window, identity);
}

struct dm_filter dm_query_stream_filter(struct dm_query_stream *s)
{
	return (struct dm_filter){
	    .ctx = s,
	    .start = stream_start,
	    .record = stream_record,
	    .end = stream_end,
	    .forget = stream_forget,
	};
}
