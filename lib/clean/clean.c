/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "clean/impl.h"
#include "series/window.h"

int dm_clean_new(const struct dm_clean_options *options, struct dm_clean **ret,
    struct dm_err *err)
{
	struct dm_clean *c = calloc(1, sizeof(*c));

	if (!c)
		return dm_err_nomem(err);
	c->o = *options;
	if (c->o.report) {
		/* What there is, and not what would become of it. */
		c->o.missing = DM_MISSING_LEFT;
		c->o.glitches = DM_GLITCHES_FLAG;
		c->report = dm_report_new(err);
		if (!c->report) {
			free(c);
			return -1;
		}
	}
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
	dm_report_free(c->report);
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
int dm_clean_know_names(struct dm_clean *c, struct dm_err *err)
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

struct dm_clean_name *dm_clean_name(struct dm_clean *c, uint32_t id)
{
	struct dm_clean_name *name = &c->names[id];
	struct dm_str text;

	if (!name->range) {
		text = dm_scan_name(c->scanner, id);
		name->range = dm_range_of(text);
		name->chosen = dm_choices_by_name(&c->o.choices, text);
	}
	return name;
}

static int say_of_time(
    struct dm_clean *c, enum dm_reason reason, struct dm_err *err)
{
	const struct dm_edit edit = {.reason = reason};

	if (c->report && reason == DM_REASON_BACK)
		c->report->n_back++;
	else if (c->report)
		c->report->n_twice++;
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

/* Sweeps are as far apart as the two that were nearest. */
static void begin_sweep(
    struct dm_clean *c, struct dm_track_target *target, int64_t ts_us)
{
	if (target->n_sweeps++ && ts_us > target->latest_us) {
		int64_t step_us = ts_us - target->latest_us;

		if (target->step_us == 0 || step_us < target->step_us)
			target->step_us = step_us;
		if (c->report)
			c->report->n_lost +=
			    (uint64_t)((step_us - target->step_us / 2) /
				       target->step_us);
	}
	target->latest_us = ts_us;
	if (c->report)
		c->report->n_sweeps++;
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
		begin_sweep(c, track->target, r->ts_us);
	track->last_us = r->ts_us;
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
	bool left = true, news = false, sampled = is_sampled(r);
	uint32_t at = 0;

	if (dm_clean_know_names(c, err) < 0 ||
	    (sampled && take_time(c, r, &news, err) < 0))
		return -1;
	for (size_t i = 0; i < r->n_metrics; i++) {
		const struct dm_metric *m = &r->metrics[i];

		if (chosen && dm_clean_choose(c, r, m, &left, err) < 0)
			return -1;
		if (left && news && dm_clean_metric(c, r, m, &at, err) < 0)
			return -1;
		if (left && c->report && !sampled &&
		    dm_clean_count(c, r, m, err) < 0)
			return -1;
	}
	if (news && r->n_metrics &&
	    (c->report || c->o.missing != DM_MISSING_LEFT) &&
	    dm_clean_absent(c, r, err) < 0)
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
	if (c->report)
		c->report->n_records++;
	if ((chosen || c->report || is_sampled(r)) &&
	    take(c, r, chosen, err) < 0)
		return -1;
	if (c->report) {
		c->report->n_changed += c->edits.n > 0;
		return 0;
	}
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
	struct dm_clean *c = ctx;

	if (c->report)
		dm_report_table(c->report, out);
	return write_held(c, INT64_MAX, out, err);
}

int dm_clean_propose(struct dm_clean *c, struct dm_buf *b, struct dm_err *err)
{
	dm_report_propose(c->report, b);
	return dm_buf_ok(b, err);
}
