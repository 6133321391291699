/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/clean.h"

#include <math.h>

#include "clean/held.h"
#include "clean/judge.h"
#include "series/window.h"

/* What is known of a metric, by the scanner's number of its name. */
struct name {
	const struct dm_range *range; /* NULL: none of it is */
	enum dm_chosen chosen;
};

struct dm_clean {
	struct dm_clean_options o;
	const struct dm_scanner *scanner;
	uint64_t epoch; /* of the names below */
	struct name *names;
	size_t n_names;
	uint32_t memory_name; /* the host's memory */
	struct dm_tracks tracks;
	struct dm_held held;
	struct dm_edits edits;	/* of this record, */
	struct dm_track *track; /* whose series it is news of; or NULL */
	size_t n_passed;	/* metrics that were chosen */
};

int dm_clean_new(const struct dm_clean_options *options, struct dm_clean **ret,
    struct dm_err *err)
{
	struct dm_clean *c = calloc(1, sizeof(*c));

	if (!c)
		return dm_err_nomem(err);
	c->o = *options;
	*ret = c;
	return 0;
}

void dm_clean_free(struct dm_clean *c)
{
	if (!c)
		return;
	dm_held_release(&c->held, &c->tracks);
	dm_tracks_release(&c->tracks);
	dm_edits_release(&c->edits);
	free(c->names);
	free(c);
}

int dm_clean_start(void *ctx, struct dm_scanner *scanner, struct dm_err *err)
{
	struct dm_clean *c = ctx;

	c->scanner = scanner;
	return dm_scan_name_id(scanner, DM_STR("node_memory_MemTotal_bytes"),
	    &c->memory_name, err);
}

void dm_clean_forget(void *ctx, struct dm_identity *identity)
{
	struct dm_clean *c = ctx;

	dm_tracks_forget(&c->tracks, identity);
}

/* Names may have got other ids: series are known by them. */
static int know_names(struct dm_clean *c, struct dm_err *err)
{
	size_t n = dm_scan_n_names(c->scanner);
	void *names;

	if (dm_scan_epoch(c->scanner) != c->epoch) {
		c->epoch = dm_scan_epoch(c->scanner);
		for (struct dm_track *t = c->tracks.oldest; t; t = t->newer)
			dm_track_clear(&c->tracks, t);
		c->n_names = 0;
	}
	if (n <= c->n_names)
		return 0;
	n += n / 2;
	names = realloc(c->names, n * sizeof(*c->names));
	if (!names)
		return dm_err_nomem(err);
	c->names = names;
	memset(c->names + c->n_names, 0, (n - c->n_names) * sizeof(*c->names));
	c->n_names = n;
	return 0;
}

static const struct name *know(struct dm_clean *c, uint32_t id)
{
	struct name *name = &c->names[id];
	struct dm_str text;

	if (!name->range) {
		text = dm_scan_name(c->scanner, id);
		name->range = dm_range_of(text);
		name->chosen = dm_choices_by_name(&c->o.choices, text);
	}
	return name;
}

static const struct dm_range *range_of(struct dm_clean *c, uint32_t name)
{
	return know(c, name)->range;
}

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

static int take_metric(struct dm_clean *c, const struct dm_record *r,
    struct dm_track *track, const struct dm_metric *m, uint32_t *at,
    struct dm_err *err)
{
	const struct dm_range *range = range_of(c, m->name);
	struct dm_edit edit = {
	    .at = (uint32_t)(m->text.p - r->line.p),
	    .n = (uint32_t)m->text.n,
	    .reason = DM_REASON_NULL,
	};
	struct dm_track_series *s;
	struct dm_news news;
	double v;

	if ((range->type == DM_RANGE_NONE && c->o.missing != DM_MISSING_LAST) ||
	    *at == DM_TRACK_RECORD_MAX)
		return 0;
	s = dm_track_series(&c->tracks, track, (*at)++, m->name);
	if (!s)
		return dm_err_nomem(err);
	s->round = track->round;
	if (m->type == DM_VALUE_NULL)
		return miss(c, s, range->type, &edit, err);
	v = value_of(m);
	edit.reason = dm_judge_value(
	    range, track->target, s, limit_of(c, r, range), v, r->ts_us);
	if (edit.reason != DM_N_REASONS)
		return miss(c, s, range->type, &edit, err);
	if (m->name == c->memory_name)
		take_memory(track->target, s, v);
	news = dm_judge_take(range, s, v, r->ts_us);
	look_around(track, r->ts_us, &news);
	if (s->missing)
		settle_missing(c, track, s, range->type, &news);
	if (news.kind == DM_NEWS_NONE || c->o.glitches == DM_GLITCHES_OFF)
		return 0;
	return take_news(c, track, s, &news, &edit, err);
}

/* Metrics that its last record had, and this one has not. */
static int take_absent(struct dm_clean *c, const struct dm_record *r,
    struct dm_track *track, struct dm_err *err)
{
	const struct dm_metric *last = &r->metrics[r->n_metrics - 1];
	struct dm_edit edit = {.reason = DM_REASON_ABSENT, .added = true};

	edit.at = (uint32_t)(last->text.p + last->text.n - r->line.p);
	for (uint32_t i = 0; i < track->n; i++) {
		struct dm_track_series *s = &track->series[i];
		struct dm_edit own = edit;

		if (s->round == track->round)
			continue;
		s->round = track->round;
		if (s->missing > DM_CLEAN_LAG_MAX)
			dm_track_remove(track, i--);
		else if (miss(c, s, range_of(c, s->name)->type, &own, err) < 0)
			return -1;
	}
	return 0;
}

static int say_of_time(
    struct dm_clean *c, enum dm_reason reason, struct dm_err *err)
{
	const struct dm_edit edit = {.reason = reason};

	return dm_edits_add(&c->edits, &edit, DM_STR("ts"), err);
}

/*
 * A record that is earlier than its target's latest. Where so many sweeps in
 * a row are, it was the latest that was wrong, or the clock has been set.
 */
static bool is_back(struct dm_track_target *target, int64_t ts_us)
{
	if (ts_us >= target->latest_us) {
		target->n_back = 0;
		return false;
	}
	if (target->n_back == 0 || ts_us != target->back_us)
		target->n_back++;
	target->back_us = ts_us;
	if (target->n_back < DM_CLOCK_SWEEPS)
		return true;
	target->n_back = 0;
	target->latest_us = ts_us;
	return false;
}

/* Does a metric pass that was chosen by its labels, or not at all? */
static bool passes(
    struct dm_clean *c, const struct dm_record *r, const struct dm_metric *m)
{
	enum dm_chosen chosen = know(c, m->name)->chosen;

	if (chosen != DM_CHOSEN_MAYBE)
		return chosen == DM_CHOSEN_YES;
	return dm_choices_pass(&c->o.choices, dm_scan_name(c->scanner, m->name),
	    r->identity->labels);
}

static int cut(struct dm_clean *c, const struct dm_record *r, const char *from,
    const char *to, struct dm_err *err)
{
	const struct dm_edit edit = {
	    .at = (uint32_t)(from - r->line.p),
	    .n = (uint32_t)(to - from),
	    .cut = true,
	};

	return dm_edits_add(&c->edits, &edit, DM_STR(""), err);
}

/* A metric stands from the end of the one before it, its comma included. */
static int take_chosen(struct dm_clean *c, const struct dm_record *r,
    const struct dm_metric *m, struct dm_err *err)
{
	const char *from = m == r->metrics ? NULL : m[-1].text.p + m[-1].text.n;
	struct dm_str metrics;

	if (!from && dm_json_find(r->line, "metrics", &metrics))
		from = metrics.p + 1;
	if (!passes(c, r, m))
		return cut(c, r, from, m->text.p + m->text.n, err);
	/* The first that is left has no comma before it. */
	if (c->n_passed++ == 0 && m != r->metrics &&
	    cut(c, r, from, memchr(from, '"', (size_t)(m->text.p - from)),
		err) < 0)
		return -1;
	return 0;
}

/* Is it news of its series? What comes late or again is not: it is passed
 * on, and says so. */
static int take_time(struct dm_clean *c, const struct dm_record *r,
    bool *ret_news, struct dm_err *err)
{
	struct dm_track *track = dm_tracks_get(&c->tracks, r->identity, err);

	if (!track)
		return -1;
	*ret_news = false;
	if (is_back(track->target, r->ts_us))
		return say_of_time(c, DM_REASON_BACK, err);
	if (r->ts_us == track->last_us)
		return say_of_time(c, DM_REASON_TWICE, err);
	*ret_news = true;
	if (r->ts_us != track->target->latest_us)
		track->target->n_sweeps++;
	track->target->latest_us = track->last_us = r->ts_us;
	track->round = !track->round;
	c->track = track;
	if (track->n > 2 * DM_TRACK_RECORD_MAX)
		dm_track_clear(&c->tracks, track);
	return 0;
}

static bool is_sampled(const struct dm_record *r)
{
	return r->kind == DM_KIND_HOST || r->kind == DM_KIND_CONTAINER ||
	       r->kind == DM_KIND_PROCESS;
}

/* Of these, metrics may be left out. */
static bool is_chosen(const struct dm_clean *c, const struct dm_record *r)
{
	return (c->o.choices.select.n || c->o.choices.drop.n) &&
	       (is_sampled(r) || r->kind == DM_KIND_INFO ||
		   r->kind == DM_KIND_EVENT || r->kind == DM_KIND_FORECAST ||
		   r->kind == DM_KIND_RECORDED);
}

static int take(struct dm_clean *c, const struct dm_record *r, bool chosen,
    struct dm_err *err)
{
	uint32_t at = 0;
	bool news = false;

	if (know_names(c, err) < 0 ||
	    (is_sampled(r) && take_time(c, r, &news, err) < 0))
		return -1;
	for (size_t i = 0; i < r->n_metrics; i++) {
		size_t before = c->n_passed;

		if (chosen && take_chosen(c, r, &r->metrics[i], err) < 0)
			return -1;
		if (news && (!chosen || c->n_passed > before) &&
		    take_metric(c, r, c->track, &r->metrics[i], &at, err) < 0)
			return -1;
	}
	if (news && c->o.missing != DM_MISSING_LEFT && r->n_metrics &&
	    take_absent(c, r, c->track, err) < 0)
		return -1;
	dm_tracks_expire(&c->tracks, r->ts_us);
	return 0;
}

static int write_line(struct dm_clean *c, const struct dm_edits *edits,
    struct dm_str line, struct dm_buf *out, struct dm_err *err)
{
	size_t before = out->n;
	int changed = dm_edits_apply(edits, line, out, err);

	if (changed < 0)
		return -1;
	if (c->o.only && !changed)
		out->n = before;
	return 0;
}

/* What need not wait any longer goes out; at the end all. */
static int write_held(
    struct dm_clean *c, int64_t now_us, struct dm_buf *out, struct dm_err *err)
{
	struct dm_held_line *l;

	while ((l = dm_held_ready(&c->held, c->o.lag, now_us))) {
		if (write_line(c, &l->edits, l->line, out, err) < 0)
			return -1;
		dm_held_pop(&c->held, &c->tracks);
	}
	return 0;
}

static bool must_wait(const struct dm_clean *c)
{
	if (c->held.first)
		return true;
	for (size_t i = 0; i < c->edits.n; i++) {
		if (c->edits.p[i].open)
			return true;
	}
	return false;
}

int dm_clean_record(void *ctx, const struct dm_record *r, struct dm_buf *out,
    struct dm_err *err)
{
	struct dm_clean *c = ctx;
	bool chosen = is_chosen(c, r);

	dm_edits_clear(&c->edits);
	c->track = NULL;
	c->n_passed = 0;
	if ((chosen || is_sampled(r)) && take(c, r, chosen, err) < 0)
		return -1;
	if (chosen && r->n_metrics && c->n_passed == 0)
		return write_held(c, r->ts_us, out, err);
	if (!must_wait(c))
		return write_line(c, &c->edits, r->line, out, err);
	if (dm_held_push(
		&c->held, r->line, r->ts_us, c->track, &c->edits, err) < 0)
		return -1;
	return write_held(c, r->ts_us, out, err);
}

int dm_clean_end(void *ctx, struct dm_buf *out, struct dm_err *err)
{
	return write_held(ctx, INT64_MAX, out, err);
}
