/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/impl.h"

#include <math.h>

static double value_of(const struct dm_metric *m)
{
	switch (m->type) {
	case DM_VALUE_POS_INF:
		return INFINITY;
	case DM_VALUE_NEG_INF:
		return -INFINITY;
	default:
		return dm_metric_value(m);
	}
}

/* What a metric can be at most by what else its record says. */
static double limit_of(const struct dm_clean *c, const struct dm_record *r,
    const struct dm_range *range)
{
	for (size_t i = 0; range->limit && i < r->n_metrics; i++) {
		const struct dm_metric *m = &r->metrics[i];

		/* Some file systems have no number of files: 0. */
		if (m->type == DM_VALUE_NUMBER && dm_metric_value(m) > 0 &&
		    dm_str_is(dm_scan_name(c->scanner, m->name), range->limit))
			return dm_metric_value(m);
	}
	return NAN;
}

/* A value is missing, or must be: what takes its place. */
static int miss(struct dm_clean *c, struct dm_track_series *s,
    enum dm_range_type type, struct dm_edit *edit, struct dm_err *err)
{
	if (s->missing < UINT8_MAX)
		s->missing++;
	if (s->has_last && s->missing <= c->o.lag) {
		edit->has_value = c->o.missing == DM_MISSING_LAST;
		edit->value = s->last;
		edit->open =
		    c->o.missing == DM_MISSING_LINEAR && type != DM_RANGE_NONE;
	}
	edit->inert = !edit->has_value && (edit->reason == DM_REASON_NULL ||
					      edit->reason == DM_REASON_ABSENT);
	if (edit->inert && !edit->open)
		return 0;
	return dm_edits_add(
	    &c->edits, edit, dm_scan_name(c->scanner, s->name), err);
}

/* A value is there again: those that were missing lie on the line to it. */
static void settle_missing(struct dm_clean *c, const struct dm_track *track,
    struct dm_track_series *s, enum dm_range_type type,
    const struct dm_news *news)
{
	bool alone = news->kind == DM_NEWS_ALONE;
	struct dm_settlement line = {
	    .has_value = true,
	    .v0 = alone ? news->before : news->last,
	    .t0_us = alone ? news->before_us : news->last_us,
	    .v1 = s->last,
	    .t1_us = s->last_us,
	};

	line.take = news->has_last && s->missing <= c->o.lag &&
		    line.t1_us > line.t0_us &&
		    (type != DM_RANGE_COUNTER || line.v1 >= line.v0);
	if (c->o.missing == DM_MISSING_LINEAR)
		dm_held_settle(&c->held, track,
		    dm_scan_name(c->scanner, s->name), false, &line);
	s->missing = 0;
}

/* The value before this one was far off: its line waits. */
static void settle_glitch(struct dm_clean *c, const struct dm_track *track,
    const struct dm_track_series *s, const struct dm_news *news)
{
	bool line = c->o.missing == DM_MISSING_LINEAR;

	dm_held_settle(&c->held, track, dm_scan_name(c->scanner, s->name), true,
	    &(struct dm_settlement){
		.take = news->kind == DM_NEWS_ALONE,
		.has_value = c->o.missing != DM_MISSING_LEFT,
		.v0 = news->before,
		.t0_us = news->before_us,
		.v1 = line ? s->last : news->before,
		.t1_us = s->last_us,
	    });
}

/* Where several values of a record stand out together it was something that
 * happened, and none of them is a glitch. */
static void look_around(
    struct dm_track *track, int64_t ts_us, struct dm_news *news)
{
	if (news->kind == DM_NEWS_FAR) {
		if (track->far_us != ts_us)
			track->n_far = 0;
		track->far_us = ts_us;
		track->n_far++;
	} else if (news->kind == DM_NEWS_ALONE &&
		   (track->far_us != news->last_us || track->n_far > 1)) {
		news->kind = DM_NEWS_SHIFT;
	}
}

static int take_news(struct dm_clean *c, const struct dm_track *track,
    const struct dm_track_series *s, const struct dm_news *news,
    struct dm_edit *edit, struct dm_err *err)
{
	edit->reason = DM_REASON_GLITCH;
	if (c->o.glitches == DM_GLITCHES_REMOVE) {
		if (news->kind != DM_NEWS_FAR) {
			settle_glitch(c, track, s, news);
			return 0;
		}
		edit->open = edit->inert = true;
	} else if (news->kind == DM_NEWS_ALONE) {
		*edit = (struct dm_edit){
		    .reason = DM_REASON_GLITCH,
		    .has_was = true,
		    .was = news->last,
		    .ts_us = news->last_us,
		};
	} else {
		return 0;
	}
	return dm_edits_add(
	    &c->edits, edit, dm_scan_name(c->scanner, s->name), err);
}

/* What the host has: the greater of this and the last, so that one wrong
 * value does not make all others wrong. */
static void take_memory(
    struct dm_track_target *target, const struct dm_track_series *s, double v)
{
	target->memory_bytes = s->has_last && s->last > v ? s->last : v;
}

/* The metric in the report; NULL where there is none, or no place for it. */
static int reported(struct dm_clean *c, uint32_t id, bool is_sampled,
    struct dm_report_metric **ret, struct dm_err *err)
{
	struct dm_clean_name *name = dm_clean_name(c, id);
	struct dm_str text = dm_scan_name(c->scanner, id);

	*ret = NULL;
	if (!c->report)
		return 0;
	if (!name->reported &&
	    dm_report_metric(c->report, text, &name->reported, err) < 0)
		return -1;
	*ret = name->reported;
	if (!*ret)
		return 0;
	(*ret)->is_sampled |= is_sampled;
	(*ret)->is_kept =
	    dm_choice_by_name(&c->o.choices.keep, text) == DM_CHOSEN_YES;
	return 0;
}

/* A value that was taken in, of a series. */
static void report(const struct dm_clean *c, struct dm_report_metric *m,
    const struct dm_range *range, const struct dm_news *news, double v,
    int64_t ts_us)
{
	bool counter = range->type == DM_RANGE_COUNTER;
	bool fell = news->has_last && v < news->last;
	double x = v;

	if (counter)
		x = news->has_last && !fell && ts_us > news->last_us
			? (v - news->last) / (double)(ts_us - news->last_us)
			: NAN;
	m->n_changes += news->has_last && v != news->last;
	m->n_resets += counter && fell && news->kind != DM_NEWS_ALONE;
	m->n_glitches += news->kind == DM_NEWS_ALONE;
	dm_report_value(c->report, m, v, x);
}

int dm_clean_count(struct dm_clean *c, const struct dm_record *r,
    const struct dm_metric *m, struct dm_err *err)
{
	bool is_sampled = r->kind == DM_KIND_EVENT || r->kind == DM_KIND_INFO;
	struct dm_report_metric *in;
	double v = value_of(m);

	if (reported(c, m->name, is_sampled, &in, err) < 0)
		return -1;
	if (!in) {
		c->report->n_left_out++;
		return 0;
	}
	if (m->type == DM_VALUE_NULL) {
		in->n_missing++;
		return 0;
	}
	in->n_changes += in->n && v != in->last;
	dm_report_value(c->report, in, v, v);
	return 0;
}

int dm_clean_metric(struct dm_clean *c, const struct dm_record *r,
    const struct dm_metric *m, uint32_t *at, struct dm_err *err)
{
	struct dm_track *track = c->track;
	struct dm_report_metric *in;
	const struct dm_range *range = dm_clean_name(c, m->name)->range;
	struct dm_edit edit = {
	    .at = (uint32_t)(m->text.p - r->line.p),
	    .n = (uint32_t)m->text.n,
	    .reason = DM_REASON_NULL,
	};
	struct dm_track_series *s;
	struct dm_news news;
	double v;

	if ((range->type == DM_RANGE_NONE && !c->report &&
		c->o.missing != DM_MISSING_LAST) ||
	    *at == DM_TRACK_RECORD_MAX)
		return 0;
	if (reported(c, m->name, true, &in, err) < 0)
		return -1;
	s = dm_track_series(&c->tracks, track, (*at)++, m->name);
	if (!s)
		return dm_err_nomem(err);
	s->round = track->round;
	if (c->report && !in)
		c->report->n_left_out++;
	if (in && m->type == DM_VALUE_NULL)
		in->n_missing++;
	if (m->type == DM_VALUE_NULL)
		return miss(c, s, range->type, &edit, err);
	v = value_of(m);
	edit.reason = dm_judge_value(
	    range, track->target, s, limit_of(c, r, range), v, r->ts_us);
	if (in && edit.reason != DM_N_REASONS)
		in->n_impossible++;
	if (edit.reason != DM_N_REASONS)
		return miss(c, s, range->type, &edit, err);
	if (m->name == c->memory_name)
		take_memory(track->target, s, v);
	news = dm_judge_take(range, s, v, r->ts_us);
	look_around(track, r->ts_us, &news);
	if (in)
		report(c, in, range, &news, v, r->ts_us);
	if (s->missing)
		settle_missing(c, track, s, range->type, &news);
	if (news.kind == DM_NEWS_NONE || c->o.glitches == DM_GLITCHES_OFF)
		return 0;
	return take_news(c, track, s, &news, &edit, err);
}

int dm_clean_absent(
    struct dm_clean *c, const struct dm_record *r, struct dm_err *err)
{
	struct dm_track *track = c->track;
	struct dm_report_metric *in;
	const struct dm_metric *last = &r->metrics[r->n_metrics - 1];
	struct dm_edit edit = {.reason = DM_REASON_ABSENT, .added = true};

	edit.at = (uint32_t)(last->text.p + last->text.n - r->line.p);
	for (uint32_t i = 0; i < track->n; i++) {
		struct dm_track_series *s = &track->series[i];
		struct dm_edit own = edit;

		if (s->round == track->round)
			continue;
		s->round = track->round;
		if (reported(c, s->name, true, &in, err) < 0)
			return -1;
		if (in)
			in->n_missing++;
		if (s->missing > DM_CLEAN_LAG_MAX)
			dm_track_remove(track, i--);
		else if (miss(c, s, dm_clean_name(c, s->name)->range->type,
			     &own, err) < 0)
			return -1;
	}
	return 0;
}
