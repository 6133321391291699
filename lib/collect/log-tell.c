/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/log.h"

#define NS_PER_S INT64_C(1000000000)

static void add_labels(struct dm_logs *l, const struct dm_log_subject *s)
{
	const struct dm_container *c = s->container;

	if (c && c->labels.n) {
		dm_record_label_text(&l->out, dm_buf_str(&c->labels));
		return;
	}
	dm_record_label_text(&l->out, dm_buf_str(&l->target));
	if (c)
		dm_record_label_bytes(&l->out, "id", dm_str(c->cgroup));
}

static void begin(
    struct dm_logs *l, const char *pattern, const struct dm_log_subject *s)
{
	dm_record_begin(&l->out, s->ts_us, "event");
	add_labels(l, s);
	dm_record_label(&l->out, "pattern", dm_str(pattern));
	if (s->file)
		dm_record_label_bytes(&l->out, "file", dm_str(s->file));
}

/* The text first: a rule on the event asks for it. */
static void write(struct dm_logs *l, const struct dm_log_pattern *p,
    struct dm_str line, const struct dm_log_subject *s)
{
	begin(l, p->name, s);
	dm_log_pattern_labels(p, line, DM_LOG_GROUP_BYTES, &l->out);
	dm_record_label_bytes(
	    &l->out, "text", dm_log_cut(line, DM_LOG_TEXT_BYTES));
	dm_record_metrics(&l->out);
	dm_record_metric_u64(&l->out,
	    s->container ? "container_event_log_info" : "node_event_log_info",
	    1);
	dm_record_end(&l->out);
	begin(l, p->name, s);
	dm_record_metrics(&l->out);
	dm_record_metric_u64(&l->out,
	    s->container ? "container_event_log_match" : "node_event_log_match",
	    1);
	dm_record_end(&l->out);
}

void dm_log_tell(struct dm_logs *l, size_t i, struct dm_str line,
    const struct dm_log_subject *s)
{
	const struct dm_log_pattern *p = &l->patterns->list[i];

	if (l->told[p->first] >= DM_LOG_TELLS_MAX) {
		l->untold++;
		return;
	}
	l->told[p->first]++;
	write(l, p, line, s);
}

static void begin_loss(struct dm_logs *l, const struct dm_log_subject *s)
{
	dm_record_begin(&l->out, s->ts_us, "loss");
	add_labels(l, s);
	if (s->file)
		dm_record_label_bytes(&l->out, "file", dm_str(s->file));
	dm_record_label(&l->out, "source", DM_STR("log"));
	dm_record_metrics(&l->out);
}

void dm_log_tell_tick(struct dm_logs *l, int64_t now_ns)
{
	struct dm_log_subject host = {.ts_us = dm_time_now_us()};

	if (now_ns - l->second_ns < NS_PER_S)
		return;
	l->second_ns = now_ns;
	memset(l->told, 0, sizeof(l->told));
	if (l->untold == 0)
		return;
	l->lost += l->untold;
	begin_loss(l, &host);
	dm_record_metric_u64(&l->out, "dmon_events_lost", l->untold);
	dm_record_metric_u64(&l->out, "dmon_events_lost_total", l->lost);
	dm_record_end(&l->out);
	l->untold = 0;
}

void dm_log_tell_skipped(struct dm_logs *l, const struct dm_log_subject *s,
    const char *metric, double value)
{
	begin_loss(l, s);
	dm_record_metric(&l->out, metric, value);
	dm_record_end(&l->out);
}
