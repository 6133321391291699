/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"
#include "record/write.h"
#include "rules/engine-parts.h"

/* Targets that say nothing. */

/* When a target will have been silent for too long. One that has not been
 * heard in this run is counted from now on. */
static int64_t silent_at_ns(struct dm_engine *e, struct dm_target *t)
{
	if (t->user == 0)
		t->user = dm_time_mono_ns();
	return t->user + e->options.silence_us * 1000;
}

int64_t dm_engine_deadline_ns(void *ctx)
{
	struct dm_engine *e = ctx;
	int64_t at_ns = INT64_MAX;

	if (e->options.silence_us == 0)
		return at_ns;
	for (size_t i = 0; i < dm_window_n_targets(e->window); i++) {
		int64_t t = silent_at_ns(e, dm_window_target(e->window, i));

		at_ns = t < at_ns ? t : at_ns;
	}
	return at_ns;
}

/* Write the sweep record of a silent target, and take it in as if it had
 * been read. Its time goes on from the target's last record. */
static int write_silence(struct dm_engine *e, struct dm_target *t,
    int64_t now_ns, struct dm_buf *out, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf line = {0};
	int64_t t_us = t->last_us + (now_ns - t->user) / 1000;
	struct dm_record r;

	if (t_us >= DM_TIME_END_US)
		t_us = DM_TIME_END_US - DM_US_PER_S;
	dm_record_begin(&line, t_us, "sweep");
	dm_record_label(&line, "instance", t->instance);
	dm_record_label(&line, "job", t->job);
	dm_record_metrics(&line);
	dm_record_metric_u64(&line, "up", 0);
	dm_record_end(&line);
	if (dm_buf_ok(&line, err) < 0)
		return -1;
	dm_buf_add_str(out, dm_buf_str(&line));
	line.n--; /* the newline */
	if (dm_scan(e->scanner, dm_buf_str(&line), &r, err) < 0)
		return -1;
	return dm_engine_record(e, &r, out, err);
}

int dm_engine_tick(void *ctx, struct dm_buf *out, struct dm_err *err)
{
	struct dm_engine *e = ctx;
	int64_t now_ns = dm_time_mono_ns();

	dm_engine_begin(e, out);
	for (size_t i = 0; i < dm_window_n_targets(e->window); i++) {
		struct dm_target *t = dm_window_target(e->window, i);

		if (silent_at_ns(e, t) <= now_ns &&
		    write_silence(e, t, now_ns, out, err) < 0)
			return -1;
	}
	return 0;
}
