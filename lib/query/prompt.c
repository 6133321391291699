/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/prompt.h"

#include "base/time.h"
#include "query/complete.h"
#include "query/look.h"

/* What a range begins at where a chart is wanted and no range was said. */
#define CHART_US (3600 * DM_US_PER_S)

struct dm_prompt {
	struct dm_prompt_options o;
	struct dm_query query; /* times and step, as they have been set */
	enum dm_format plain;  /* the format when charts are off */
	struct dm_query_cache cache;
	struct dm_buf pending;
	size_t n_failed;
};

/* What a command works on. */
struct call {
	struct dm_prompt *p;
	struct dm_str rest; /* of the line, behind the command */
	struct dm_buf *out;
	bool quit;
};

int dm_prompt_new(const struct dm_prompt_options *options,
    struct dm_prompt **ret, struct dm_err *err)
{
	struct dm_prompt *p = calloc(1, sizeof(*p));

	if (!p)
		return dm_err_nomem(err);
	p->o = *options;
	p->query = options->query;
	p->query.cache = &p->cache;
	if (options->view.format != DM_FORMAT_CHART)
		p->plain = options->view.format;
	*ret = p;
	return 0;
}

void dm_prompt_free(struct dm_prompt *p)
{
	if (!p)
		return;
	dm_query_cache_release(&p->cache);
	dm_buf_release(&p->pending);
	free(p);
}

void dm_prompt_drop(struct dm_prompt *p)
{
	dm_buf_clear(&p->pending);
}

struct dm_str dm_prompt_pending(const struct dm_prompt *p)
{
	return dm_buf_str(&p->pending);
}

size_t dm_prompt_failed(const struct dm_prompt *p)
{
	return p->n_failed;
}

const struct dm_catalog *dm_prompt_catalog(const struct dm_prompt *p)
{
	return &p->o.catalog;
}

static int parse_moment(
    struct dm_str text, struct dm_moment *ret, struct dm_err *err)
{
	if (dm_moment_parse(text, dm_time_now_us(), ret))
		return 0;
	return dm_err_set(err, DM_EINVAL,
	    "'%.*s' is no time such as end-10m, -1h, 1795476513 or "
	    "2026-11-24T06:54:06Z",
	    (int)text.n, text.p);
}

static void say_when(struct call *c)
{
	const struct dm_query *q = &c->p->query;

	dm_buf_add_cstr(c->out, q->is_range ? "from " : "at ");
	dm_moment_print(c->out, &q->start);
	if (q->is_range) {
		dm_buf_add_cstr(c->out, " to ");
		dm_moment_print(c->out, &q->end);
		dm_buf_add_cstr(c->out, " by ");
		if (q->step_us)
			dm_duration_print(c->out, q->step_us);
		else
			dm_buf_add_cstr(c->out, "a step that fits");
	}
	dm_buf_add_char(c->out, '\n');
}

static int no_more(struct call *c, struct dm_err *err)
{
	c->rest = dm_str_trim(c->rest);
	if (c->rest.n == 0)
		return 0;
	return dm_err_set(
	    err, DM_EINVAL, "what is '%.*s'?", (int)c->rest.n, c->rest.p);
}

static int do_at(struct call *c, struct dm_err *err)
{
	struct dm_query *q = &c->p->query;
	struct dm_moment at;
	struct dm_str word;

	if (dm_str_word(&c->rest, &word)) {
		if (parse_moment(word, &at, err) < 0 || no_more(c, err) < 0)
			return -1;
		q->start = q->end = at;
		q->is_range = false;
		q->step_us = 0;
	}
	say_when(c);
	return 0;
}

static int do_range(struct call *c, struct dm_err *err)
{
	struct dm_query *q = &c->p->query;
	struct dm_moment from, to = DM_MOMENT_END;
	int64_t step_us = 0;
	struct dm_str word;

	if (!dm_str_word(&c->rest, &word)) {
		say_when(c);
		return 0;
	}
	if (parse_moment(word, &from, err) < 0 ||
	    (dm_str_word(&c->rest, &word) && parse_moment(word, &to, err) < 0))
		return -1;
	if (dm_str_word(&c->rest, &word) &&
	    (!dm_time_parse_duration(word, &step_us) || step_us == 0))
		return dm_err_set(err, DM_EINVAL,
		    "'%.*s' is no step such as 15s or 1m", (int)word.n, word.p);
	if (no_more(c, err) < 0)
		return -1;
	q->is_range = true;
	q->start = from;
	q->end = to;
	q->step_us = step_us;
	say_when(c);
	return 0;
}

static int do_chart(struct call *c, struct dm_err *err)
{
	struct dm_prompt *p = c->p;
	bool on = p->o.view.format != DM_FORMAT_CHART;

	if (no_more(c, err) < 0)
		return -1;
	p->o.view.format = on ? DM_FORMAT_CHART : p->plain;
	if (on && !p->query.is_range) {
		p->query.is_range = true;
		p->query.start = (struct dm_moment){true, -CHART_US};
		p->query.end = DM_MOMENT_END;
	}
	dm_buf_addf(c->out, "charts are %s\n", on ? "on" : "off");
	if (on)
		say_when(c);
	return 0;
}

static int do_format(struct call *c, struct dm_err *err)
{
	struct dm_prompt *p = c->p;
	struct dm_str word;

	if (dm_str_word(&c->rest, &word)) {
		enum dm_format format;

		if (!dm_format_of(word, &format) || format == DM_FORMAT_CHART)
			return dm_err_set(err, DM_EINVAL,
			    "formats are table, json, csv and prometheus");
		if (no_more(c, err) < 0)
			return -1;
		p->plain = p->o.view.format = format;
	}
	dm_buf_addf(
	    c->out, "the format is %s\n", dm_format_name(p->o.view.format));
	return 0;
}

static int do_human(struct call *c, struct dm_err *err)
{
	struct dm_view *v = &c->p->o.view;

	if (no_more(c, err) < 0)
		return -1;
	v->human = !v->human;
	dm_buf_addf(c->out, "numbers are %s\n",
	    v->human ? "short" : "shown with all digits");
	return 0;
}

static int do_describe(struct call *c, struct dm_err *err)
{
	const struct dm_prompt_options *o = &c->p->o;
	struct dm_str word;

	if (!dm_str_word(&c->rest, &word))
		return dm_look_metrics(c->out, &o->catalog, &o->view, err);
	if (no_more(c, err) < 0)
		return -1;
	return dm_look_metric(c->out, &o->catalog, word, &o->view, err);
}

static int do_alerts(struct call *c, struct dm_err *err)
{
	const struct dm_prompt_options *o = &c->p->o;
	struct dm_moment at = c->p->query.end;
	struct dm_str word;
	int64_t end_us;

	if (dm_str_word(&c->rest, &word) &&
	    (parse_moment(word, &at, err) < 0 || no_more(c, err) < 0))
		return -1;
	if (o->catalog.end(o->catalog.ctx, &end_us, err) < 0)
		return -1;
	return dm_look_alerts(
	    c->out, &o->catalog, dm_moment_at(&at, end_us), &o->view, err);
}

static int do_help(struct call *c, struct dm_err *err)
{
	static const char help[] =
	    "  EXPRESSION               answer it; what is open goes on on the "
	    "next line,\n"
	    "                           and ends with an empty one\n"
	    "  \\d [METRIC]              metrics that are stored, or the "
	    "labels "
	    "of one\n"
	    "  \\alerts [TIME]           alerts that are pending or firing\n"
	    "  \\at [TIME]               ask for a time: end, end-10m, -1h, "
	    "1795476513,\n"
	    "                           2026-11-24T06:54:06Z\n"
	    "  \\range [FROM [TO [STEP]]]  ask for all times from FROM to TO\n"
	    "  \\chart                   draw what is asked for a range, or no "
	    "more\n"
	    "  \\format [table|json|csv|prometheus]\n"
	    "  \\human                   short numbers in tables, or no more\n"
	    "  \\help, \\q                this, and the end\n"
	    "Tab completes metrics, labels, values and functions; Ctrl-C "
	    "interrupts.\n";

	(void)err;
	dm_buf_add_cstr(c->out, help);
	return 0;
}

static int do_quit(struct call *c, struct dm_err *err)
{
	(void)err;
	c->quit = true;
	return 0;
}

static int command(struct call *c, struct dm_err *err)
{
	static const struct {
		const char *name;
		int (*run)(struct call *c, struct dm_err *err);
	} commands[] = {{"\\d", do_describe}, {"\\alerts", do_alerts},
	    {"\\at", do_at}, {"\\range", do_range}, {"\\chart", do_chart},
	    {"\\format", do_format}, {"\\human", do_human}, {"\\help", do_help},
	    {"\\?", do_help}, {"\\q", do_quit}};
	struct dm_str name = DM_STR("");

	dm_str_word(&c->rest, &name);
	for (size_t i = 0; i < DM_COUNT(commands); i++) {
		if (dm_str_is(name, commands[i].name))
			return commands[i].run(c, err);
	}
	return dm_err_set(err, DM_EINVAL,
	    "there is no command %.*s: \\help tells which there are",
	    (int)name.n, name.p);
}

static int answer(struct dm_prompt *p, struct dm_str text, struct dm_buf *out,
    struct dm_err *err)
{
	DM_AUTO_RESULT struct dm_result result = {0};
	DM_AUTO_BUF struct dm_buf rendered = {0};
	struct dm_query q = p->query;

	q.text = text;
	q.now_us = dm_time_now_us();
	q.points = dm_view_points(&p->o.view);
	if (dm_query_run(&q, &p->o.back, &result, err) < 0)
		return -1;
	/* Nothing half-made is shown. */
	if (dm_view_add(&rendered, &p->o.view, &result, err) < 0)
		return -1;
	dm_buf_add(out, rendered.p, rendered.n);
	return dm_buf_ok(out, err);
}

static void fail(struct dm_prompt *p, struct dm_buf *said, struct dm_str text,
    const struct dm_err *err)
{
	char msg[DM_ERR_MSG_BYTES + DM_ERR_FILE_BYTES + 32];

	p->n_failed++;
	if (err->code == DM_EPARSE)
		dm_query_caret(said, text, err);
	dm_buf_addf(said, "%s\n", dm_err_text(err, msg, sizeof(msg)));
}

static void finish(struct dm_prompt *p, struct dm_buf *out, struct dm_buf *said)
{
	struct dm_err err = {0};

	if (p->o.look)
		p->o.look(p->o.ctx, &p->o.view);
	if (dm_buf_ok(&p->pending, &err) < 0 ||
	    answer(p, dm_buf_str(&p->pending), out, &err) < 0)
		fail(p, said, dm_buf_str(&p->pending), &err);
	dm_buf_clear(&p->pending);
}

static enum dm_prompt_state run_command(struct dm_prompt *p, struct dm_str line,
    struct dm_buf *out, struct dm_buf *said)
{
	DM_AUTO_BUF struct dm_buf rendered = {0};
	struct call c = {.p = p, .rest = line, .out = &rendered};
	struct dm_err err = {0};

	if (p->o.look)
		p->o.look(p->o.ctx, &p->o.view);
	if (command(&c, &err) < 0 || dm_buf_ok(&rendered, &err) < 0)
		fail(p, said, line, &err);
	else
		dm_buf_add(out, rendered.p, rendered.n);
	return c.quit ? DM_PROMPT_QUIT : DM_PROMPT_DONE;
}

enum dm_prompt_state dm_prompt_line(struct dm_prompt *p, struct dm_str line,
    struct dm_buf *out, struct dm_buf *said)
{
	struct dm_str trimmed = dm_str_trim(line);

	if (p->pending.n == 0 && (trimmed.n == 0 || trimmed.p[0] == '#'))
		return DM_PROMPT_DONE;
	if (p->pending.n == 0 && trimmed.p[0] == '\\')
		return run_command(p, trimmed, out, said);
	if (trimmed.n) {
		if (p->pending.n)
			dm_buf_add_char(&p->pending, '\n');
		dm_buf_add_str(&p->pending, line);
		if (dm_expr_is_open(dm_buf_str(&p->pending)))
			return DM_PROMPT_MORE;
	}
	finish(p, out, said);
	return DM_PROMPT_DONE;
}

void dm_prompt_end(struct dm_prompt *p, struct dm_buf *out, struct dm_buf *said)
{
	if (p->pending.n)
		finish(p, out, said);
}
