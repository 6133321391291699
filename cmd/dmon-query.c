/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "cmd/common.h"
#include "cmd/terminal.h"
#include "query/chart.h"
#include "query/render.h"
#include "query/stream.h"
#include "store/store.h"

static const struct dm_program program = {
    .name = "dmon-query",
    .usage = "usage: dmon-query [-h] [-d database] [--at time]\n"
	     "                  [--from time] [--to time] [--step duration]\n"
	     "                  [--format table|json|csv] [--human]\n"
	     "                  [--fail-on empty|any] [--max-samples n]\n"
	     "                  [--rejects file] [--strict] [--version]\n"
	     "                  [expression] [file ...]\n",
};

enum {
	OPT_AT = DM_OPT_OWN,
	OPT_FROM,
	OPT_TO,
	OPT_STEP,
	OPT_FORMAT,
	OPT_CHART,
	OPT_HUMAN,
	OPT_SIZE,
	OPT_FAIL_ON,
	OPT_MAX_SAMPLES
};

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_CHART
};

enum fail_on {
	FAIL_NEVER,
	FAIL_EMPTY,
	FAIL_ANY
};

struct arguments {
	struct dm_stream_options stream;
	struct dm_query query;
	const char *database;
	enum format format;
	enum fail_on fail_on;
	struct dm_terminal terminal;
	bool human;
	bool at, to;
	bool rejected; /* a line of the stream */
};

static struct dm_moment moment(
    const struct arguments *a, const char *option, const char *text)
{
	struct dm_moment m;

	if (!dm_moment_parse(dm_str(text), a->query.now_us, &m))
		dm_usage("%s: '%s' is no time such as -1h, end-1h, 1795476513 "
			 "or 2026-11-24T06:54:06Z",
		    option, text);
	return m;
}

/* Which of the words it is. */
static int choice(
    const char *option, const char *text, const char *const *words, int n)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(text, words[i]) == 0)
			return i;
	}
	dm_usage("%s: what is '%s'?", option, text);
}

static void take_size(struct arguments *a, const char *text)
{
	struct dm_str rest = dm_str(text), columns;
	uint64_t w, h;

	if (!dm_str_cut(&rest, 'x', &columns) || !dm_str_u64(columns, &w) ||
	    !dm_str_u64(rest, &h) || w < 1 || w > 1000 || h < 1 || h > 1000)
		dm_usage("--size: '%s' is nothing such as 120x40", text);
	a->terminal.columns = w;
	a->terminal.rows = h;
}

static void take_option(struct arguments *a, int option)
{
	static const char *const formats[] = {"table", "json", "csv"};
	static const char *const fails[] = {"never", "empty", "any"};

	switch (option) {
	case 'd':
		a->database = optarg;
		break;
	case OPT_AT:
		a->at = true;
		a->query.start = a->query.end = moment(a, "--at", optarg);
		break;
	case OPT_FROM:
		a->query.is_range = true;
		a->query.start = moment(a, "--from", optarg);
		break;
	case OPT_TO:
		a->to = true;
		a->query.end = moment(a, "--to", optarg);
		break;
	case OPT_STEP:
		a->query.step_us = dm_arg_duration("--step", optarg);
		if (a->query.step_us == 0)
			dm_usage("--step must be more than 0");
		break;
	case OPT_FORMAT:
		a->format = (enum format)choice("--format", optarg, formats, 3);
		break;
	case OPT_CHART:
		a->format = FORMAT_CHART;
		break;
	case OPT_SIZE:
		take_size(a, optarg);
		break;
	case OPT_HUMAN:
		a->human = true;
		break;
	case OPT_FAIL_ON:
		a->fail_on =
		    (enum fail_on)choice("--fail-on", optarg, fails, 3);
		break;
	case OPT_MAX_SAMPLES:
		a->query.max_samples =
		    dm_arg_u64("--max-samples", optarg, 1, UINT64_C(1) << 40);
		break;
	}
}

static void take_options(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
	    DM_COMMON_LONG_OPTIONS,
	    {"strict", no_argument, NULL, DM_OPT_STRICT},
	    {"rejects", required_argument, NULL, DM_OPT_REJECTS},
	    {"database", required_argument, NULL, 'd'},
	    {"at", required_argument, NULL, OPT_AT},
	    {"from", required_argument, NULL, OPT_FROM},
	    {"to", required_argument, NULL, OPT_TO},
	    {"step", required_argument, NULL, OPT_STEP},
	    {"format", required_argument, NULL, OPT_FORMAT},
	    {"chart", no_argument, NULL, OPT_CHART},
	    {"size", required_argument, NULL, OPT_SIZE},
	    {"human", no_argument, NULL, OPT_HUMAN},
	    {"fail-on", required_argument, NULL, OPT_FAIL_ON},
	    {"max-samples", required_argument, NULL, OPT_MAX_SAMPLES},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "hd:", options, NULL)) != -1)
		if (!dm_common_option(option, &a->stream))
			take_option(a, option);
	if (a->at && (a->query.is_range || a->to))
		dm_usage("--at is one time, --from and --to are a range");
	if (!a->query.is_range && (a->to || a->query.step_us))
		dm_usage("--to and --step want --from");
	if (a->format == FORMAT_CHART) {
		a->query.points = (unsigned)a->terminal.columns * 2;
		if (!a->query.is_range)
			dm_usage("--chart wants --from");
	}
	if (optind == argc)
		dm_usage("which expression?");
	a->query.text = dm_str(argv[optind++]);
	if (a->database && optind < argc)
		dm_usage("files or a database, not both");
	dm_stream_arguments(&a->stream, argc, argv);
}

static bool stopped(void *ctx)
{
	(void)ctx;
	return dm_signals_pending();
}

static int load_database(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	struct arguments *a = ctx;
	int64_t end_us;
	struct dm_store_fill fill;

	if (dm_store_end(a->database, &end_us, err) < 0) {
		if (err->code != DM_ENODATA)
			return -1;
		end_us = l->now_us;
	}
	if (dm_query_resolve(l, end_us, err) < 0)
		return -1;
	fill = (struct dm_store_fill){
	    .selectors = l->selectors,
	    .n_selectors = l->n_selectors,
	    .start_us = l->start_us,
	    .end_us = l->end_us,
	    .max_samples = l->max_samples,
	    .stop = l->stop,
	    .ctx = l->stop_ctx,
	};
	return dm_store_fill(a->database, &fill, l->window, err);
}

static int load_stream(void *ctx, struct dm_query_load *l, struct dm_err *err)
{
	struct arguments *a = ctx;
	struct dm_query_stream s = {.load = l};
	struct dm_filter filter = dm_query_stream_filter(&s);
	struct dm_stream_result result;
	int status = dm_stream_run(&a->stream, &filter, &result, err);

	a->rejected = result.rejected > 0;
	return status;
}

static int render(const struct arguments *a, const struct dm_result *r,
    struct dm_buf *out, struct dm_err *err)
{
	const struct dm_terminal *t = &a->terminal;
	struct dm_table_options table = {
	    .columns = t->is_terminal ? t->columns : 0,
	    .human = a->human,
	    .ascii = !t->utf8,
	};
	struct dm_chart_options chart = {
	    .columns = t->columns,
	    .rows = t->rows - (t->rows > 1), /* the shell's prompt */
	    .ascii = !t->utf8,
	    .color = t->color,
	};

	switch (a->format) {
	case FORMAT_JSON:
		return dm_render_json(out, r, err);
	case FORMAT_CSV:
		return dm_render_csv(out, r, t->is_terminal, err);
	case FORMAT_CHART:
		return dm_render_chart(out, r, &chart, err);
	case FORMAT_TABLE:
		break;
	}
	return dm_render_table(out, r, &table, err);
}

static int print(
    const struct arguments *a, const struct dm_result *r, struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf out = {0};

	if (render(a, r, &out, err) < 0)
		return -1;
	if (dm_file_write_all(STDOUT_FILENO, out.p, out.n, err) < 0)
		return dm_err_wrap(err, "standard output");
	return 0;
}

static int fail(const struct arguments *a, const struct dm_err *err)
{
	DM_AUTO_BUF struct dm_buf caret = {0};
	int status = dm_fail(err);

	if (err->file[0])
		return status;
	if (err->code == DM_EPARSE)
		dm_query_caret(&caret, a->query.text, err);
	fprintf(stderr, "%s", dm_buf_cstr(&caret));
	/* The query's fault, not the data's. */
	return status == DM_EXIT_BAD_DATA ? DM_EXIT_USAGE : status;
}

static int run(struct arguments *a)
{
	DM_AUTO_RESULT struct dm_result result = {0};
	struct dm_query_back back = {a, load_stream};
	struct dm_err err = {0};

	if (a->database)
		back.load = load_database;
	if (dm_query_run(&a->query, &back, &result, &err) < 0 ||
	    print(a, &result, &err) < 0)
		return fail(a, &err);
	if (a->fail_on == (result.n ? FAIL_ANY : FAIL_EMPTY))
		return DM_EXIT_NEGATIVE;
	return a->rejected ? DM_EXIT_BAD_DATA : DM_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct arguments a = {
	    .stream = {.only = true, .out_fd = STDOUT_FILENO},
	    .query = {.start = DM_MOMENT_END,
		.end = DM_MOMENT_END,
		.points = 250,
		.max_samples = DM_QUERY_SAMPLES_MAX,
		.now_us = dm_time_now_us(),
		.stop = stopped},
	};

	dm_program_start(&program);
	a.terminal = dm_terminal_look();
	take_options(&a, argc, argv);
	return dm_finish(run(&a));
}
