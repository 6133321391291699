/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "collect/posture.h"

/*
 * The source `posture`. A container is looked at when it is new, when what is
 * declared of it has changed, and once a minute in turns; only then are its
 * checks written, as records that last until the next ones. Its score stands
 * in each sweep.
 */

#define PERIOD_US (60 * DM_US_PER_S)
/* Turns of those found at once are spread over so many seconds. */
#define SPREAD_S 32
/* New containers wait for the next sweep rather than make one late. */
#define BUDGET_NS INT64_C(50000000)

struct state {
	struct dm_posture_looker looker;
	struct dm_posture_side effective; /* of the container at hand */
	struct dm_posture_side nothing;
	int64_t host_due_us;
	int64_t spent_ns; /* in this sweep */
	unsigned turn;
};

struct box {
	int64_t due_us;
	bool said; /* something of it was seen */
	unsigned score;
	/* What was declared then. */
	uint64_t seen, found, caps;
};

static void posture_close(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	dm_posture_looker_release(&s->looker);
	dm_posture_side_release(&s->effective);
	free(s);
}

static int posture_open(
    struct dm_collect *c, unsigned index, void **ret_state, struct dm_err *err)
{
	struct state *s = calloc(1, sizeof(*s));

	(void)index;
	if (!s)
		return dm_err_nomem(err);
	if (dm_posture_looker_init(&s->looker, c->options.procfs, err) < 0) {
		free(s);
		return -1;
	}
	*ret_state = s;
	return 0;
}

static int posture_sample(
    struct dm_collect *c, unsigned index, void *state, struct dm_err *err)
{
	struct state *s = state;

	(void)index;
	dm_proc_looker_sweep(&s->looker.proc, c->sweep);
	s->spent_ns = 0;
	if (c->ts_us < s->host_due_us)
		return 0;
	s->host_due_us = c->ts_us + PERIOD_US;
	return dm_posture_looker_host(&s->looker, err);
}

static bool is_news(const struct box *box, const struct dm_posture_side *d)
{
	return d && (!box->said || d->seen != box->seen ||
			d->found != box->found || d->caps != box->caps);
}

/* The next look: in a minute, and the first time in its turn. Who could not
 * be seen is looked at again in the next sweep. */
static void plan(struct state *s, struct box *box, int64_t ts_us, bool seen)
{
	int64_t early = 0;

	if (!seen) {
		box->due_us = 0;
		return;
	}
	if (box->due_us == 0)
		early = (s->turn++ % SPREAD_S) * DM_US_PER_S;
	box->due_us = ts_us + PERIOD_US - early;
}

static void write_note(struct dm_part *part, const struct dm_posture_entry *is,
    const struct dm_buf *note)
{
	if (note->n == 0)
		return;
	dm_row_begin(part, "info");
	dm_record_label(&part->text, "check", dm_str(is->name));
	dm_record_label_bytes(&part->text, "found", dm_buf_str(note));
	dm_row_metrics(part);
	dm_row_u64(part, "container_posture_info", 1);
	dm_row_end(part);
}

static void write_check(struct dm_part *part, const struct dm_posture_side *d,
    const struct dm_posture_side *e, enum dm_posture_check check)
{
	const struct dm_posture_entry *is = &dm_posture_table[check];
	bool found = dm_posture_has(d->found | e->found, check);

	if (!dm_posture_has(d->seen | e->seen, check))
		return;
	dm_row_begin(part, "info");
	dm_record_label(&part->text, "check", dm_str(is->name));
	dm_row_metrics(part);
	dm_row_u64(part, "container_posture", found);
	if (dm_posture_has(d->seen & e->seen, check))
		dm_row_u64(part, "container_posture_differs",
		    dm_posture_differs(d, e, check));
	dm_row_end(part);
	if (found)
		write_note(part, is,
		    e->notes[check].n ? &e->notes[check] : &d->notes[check]);
}

static void say(struct dm_collect *c, struct state *s, struct box *box,
    const struct dm_container *container, bool seen, struct dm_part *part)
{
	const struct dm_posture_side *e = seen ? &s->effective : &s->nothing;
	const struct dm_posture_side *d =
	    container->declared ? container->declared : &s->nothing;
	struct dm_posture_report report = {.container = container,
	    .declared = container->declared,
	    .effective = seen ? e : NULL};

	for (unsigned i = 0; i < DM_POSTURE_N; i++)
		write_check(part, d, e, i);
	box->seen = d->seen;
	box->found = d->found;
	box->caps = d->caps;
	box->score = report.score = dm_posture_score(d->found | e->found);
	box->said = (d->seen | e->seen) != 0;
	if (c->audit)
		c->audit(c->audit_ctx, &report);
}

static struct box *box_of(struct dm_container *container, unsigned index)
{
	if (!container->state[index])
		container->state[index] = calloc(1, sizeof(struct box));
	return container->state[index];
}

static int posture_container(struct dm_collect *c, unsigned index, void *state,
    struct dm_container *container, struct dm_err *err)
{
	struct dm_part *part = &container->parts[index];
	struct box *box = box_of(container, index);
	struct state *s = state;
	int64_t start_ns = dm_time_mono_ns();
	bool news, seen;

	if (!box)
		return dm_err_nomem(err);
	news = is_news(box, container->declared);
	if ((news || c->ts_us >= box->due_us) &&
	    (c->options.interval_us == 0 || s->spent_ns < BUDGET_NS)) {
		seen = dm_posture_look(&s->looker, c, container, &s->effective);
		if (s->effective.failed ||
		    (container->declared && container->declared->failed))
			return dm_err_nomem(err);
		if (seen || news || c->audit)
			say(c, s, box, container, seen, part);
		plan(s, box, c->ts_us, seen);
		s->spent_ns += dm_time_mono_ns() - start_ns;
	}
	if (box->said)
		dm_metrics_u64(
		    &part->main, "container_posture_score", box->score);
	return 0;
}

static void posture_forget(
    void *state, struct dm_container *container, unsigned index)
{
	(void)state;
	free(container->state[index]);
	container->state[index] = NULL;
}

const struct dm_source dm_source_posture = {
    .name = "posture",
    .help = "what each container was allowed, declared and in effect",
    .needs = "CAP_SYS_PTRACE; what docker needs, for what was declared",
    .needs_capabilities = true,
    .also = "docker",
    .open = posture_open,
    .sample = posture_sample,
    .container = posture_container,
    .forget = posture_forget,
    .close = posture_close,
};
