/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/common.h"
#include "cmd/query-options.h"
#include "query/interact.h"
#include "query/stream.h"
#include "store/store.h"

static const struct dm_program program = {
    .name = "dmon-query",
    .usage =
	"usage: dmon-query [-h] [-d database] [--at time] [--from time]\n"
	"                  [--to time] [--step duration]\n"
	"                  [--format table|json|csv|prometheus] [--chart]\n"
	"                  [--human] [--size columnsxrows]\n"
	"                  [--fail-on empty|any] [--max-samples n]\n"
	"                  [--rejects file] [--strict] [--version]\n"
	"                  [expression] [file ...]\n",
};

struct program_state {
	struct query_options o;
	bool rejected; /* a line of the stream */
};

static bool stopped(void *ctx)
{
	(void)ctx;
	return dm_signals_pending();
}

static int when(void *ctx, int64_t greatest_us, int64_t *ret_start_us,
    int64_t *ret_end_us, struct dm_err *err)
{
	struct dm_query_load *l = ctx;

	if (dm_query_resolve(l, greatest_us, err) < 0)
		return -1;
	*ret_start_us = l->start_us;
	*ret_end_us = l->end_us;
	return 0;
}

static int load_database(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	const struct program_state *s = ctx;
	const struct dm_store_fill fill = {
	    .selectors = l->selectors,
	    .n_selectors = l->n_selectors,
	    .when = when,
	    .when_ctx = l,
	    .max_samples = l->max_samples,
	    .stop = l->stop,
	    .stop_ctx = l->stop_ctx,
	};

	return dm_store_fill(s->o.database, &fill, l->window, err);
}

static int look_at_database(void *ctx, uint64_t *ret_version,
    int64_t *ret_greatest_us, struct dm_err *err)
{
	const struct program_state *s = ctx;

	return dm_store_look(s->o.database, ret_version, ret_greatest_us, err);
}

static int load_stream(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	struct program_state *s = ctx;
	struct dm_query_stream stream = {.load = l};
	struct dm_filter filter = dm_query_stream_filter(&stream);
	struct dm_stream_result result;
	int status = dm_stream_run(&s->o.stream, &filter, &result, err);

	s->rejected = result.rejected > 0;
	return status;
}

static int write_out(const struct dm_buf *b, struct dm_err *err)
{
	if (dm_file_write_all(STDOUT_FILENO, b->p, b->n, err) < 0)
		return dm_err_wrap(err, "standard output");
	return 0;
}

/* What a line at the prompt has come to. */
static int show(void *ctx, const struct dm_buf *out, const struct dm_buf *said,
    struct dm_err *err)
{
	(void)ctx;
	if (write_out(out, err) < 0 ||
	    dm_file_write_all(STDERR_FILENO, said->p, said->n, err) < 0)
		return -1;
	return dm_buf_ok(said, err);
}

/* Where programs keep what they remember of their user. Source: XDG Base
 * Directory Specification 0.8. */
static int history_file(struct dm_buf *b, struct dm_err *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		dm_buf_addf(b, "%s/dmon/history", state);
	else if (home && *home == '/')
		dm_buf_addf(b, "%s/.local/state/dmon/history", home);
	return dm_buf_ok(b, err);
}

static int converse(struct program_state *s, struct dm_err *err)
{
	const struct dm_prompt_options options = {
	    .back = {s, load_database, look_at_database},
	    .catalog = dm_store_catalog(s->o.database),
	    .query = s->o.query,
	    .view = s->o.view,
	    .look = query_options_look,
	    .ctx = &s->o,
	};
	DM_AUTO_PROMPT struct dm_prompt *prompt = NULL;
	DM_AUTO_BUF struct dm_buf history = {0};
	struct dm_interact i = {.show = show};
	int64_t greatest_us;
	uint64_t version;

	/* A database that is none is best said before anything is typed. */
	if (dm_store_look(s->o.database, &version, &greatest_us, err) < 0)
		return dm_fail(err);
	if (dm_prompt_new(&options, &prompt, err) < 0 ||
	    history_file(&history, err) < 0)
		return dm_fail(err);
	i.prompt = prompt;
	if (!isatty(STDIN_FILENO)) {
		if (dm_interact_file(&i, STDIN_FILENO, err) < 0)
			return dm_fail(err);
		return dm_prompt_failed(prompt) ? DM_EXIT_USAGE : DM_EXIT_OK;
	}
	if (history.n)
		i.history = dm_buf_cstr(&history);
	return dm_interact_terminal(&i, err) < 0 ? dm_fail(err) : DM_EXIT_OK;
}

/* Where the expression is wrong is shown below it. */
static int fail(const struct program_state *s, const struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf caret = {0};
	int status = dm_fail(err);

	if (status != DM_EXIT_BAD_DATA ||
	    (err->code == DM_EPARSE && !err->line))
		return status;
	dm_query_caret(&caret, s->o.query.text, err);
	fprintf(stderr, "%s", dm_buf_cstr(&caret));
	return DM_EXIT_USAGE;
}

static int answer(struct program_state *s, struct dm_err *err)
{
	DM_AUTO_RESULT struct dm_result result = {0};
	DM_AUTO_BUF struct dm_buf out = {0};
	struct dm_query_back back = {.ctx = s, .load = load_stream};

	if (s->o.database)
		back.load = load_database;
	if (dm_query_run(&s->o.query, &back, &result, err) < 0 ||
	    dm_view_add(&out, &s->o.view, &result, err) < 0 ||
	    write_out(&out, err) < 0)
		return fail(s, err);
	if (s->o.fail_on == (result.n ? QUERY_FAIL_ANY : QUERY_FAIL_EMPTY))
		return DM_EXIT_NEGATIVE;
	return s->rejected ? DM_EXIT_BAD_DATA : DM_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct program_state s = {0};
	struct dm_err err = {0};
	int status;

	dm_program_start(&program);
	query_options_read(&s.o, argc, argv);
	s.o.query.stop = stopped;
	status = s.o.query.text.n ? answer(&s, &err) : converse(&s, &err);
	return dm_finish(status);
}
