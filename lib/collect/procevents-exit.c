/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/procevents.h"

/* What the kernel says of tasks as they exit, by their containers. */

static void say(const struct dm_collect *c, const struct dm_err *err)
{
	if (c->warn)
		c->warn(c->warn_ctx, "procevents", err);
}

void dm_exits_open(struct dm_procevents *w, const struct dm_collect *c)
{
	struct dm_err err;

	if (dm_taskstats_open(&w->exits, c->options.sysfs, &err) < 0)
		say(c, &err);
}

/* Without memory it goes on with the next. */
static void gather(struct dm_procevents *w, struct dm_buf *out)
{
	uint64_t lost = 0;
	struct dm_err err;

	if (dm_taskstats_gather(&w->exits, &lost, &err) < 0)
		return;
	if (lost)
		dm_event_loss(w, out, dm_time_now_us(),
		    "dmon_exit_records_lost", lost, w->exits.lost);
}

const struct dm_taskstat *dm_exits_find(
    struct dm_procevents *w, pid_t pid, struct dm_buf *out)
{
	const struct dm_taskstat *is = dm_taskstats_find(&w->exits, pid);

	if (is)
		return is;
	gather(w, out);
	return dm_taskstats_find(&w->exits, pid);
}

static void add(struct dm_exit_totals *to, const struct dm_taskstat *s)
{
	to->cpu_ns += s->cpu_ns;
	to->read_bytes += s->read_bytes;
	to->write_bytes += s->write_bytes;
	if (to->max_rss_bytes < s->max_rss_bytes)
		to->max_rss_bytes = s->max_rss_bytes;
	if (s->tid == s->pid)
		to->lifetime_us += s->lifetime_us;
}

/* Of whom nothing is known yet the fork may still have to be read. */
void dm_exits_settle(struct dm_procevents *w, struct dm_buf *out)
{
	struct dm_taskstats *t = &w->exits;
	size_t kept = 0;

	gather(w, out);
	for (size_t i = 0; i < t->n; i++) {
		struct dm_taskstat *s = &t->list[i];
		const struct dm_born *b = dm_lineage_find(&w->lineage, s->pid);

		if (b && b->origin)
			add(&b->origin->gone, s);
		if (b || s->tried)
			continue;
		s->tried = true;
		t->list[kept++] = *s;
	}
	t->n = kept;
	dm_lineage_bury(&w->lineage);
	w->waiting = 0;
}
