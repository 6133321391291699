/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/query-options.h"

#include "base/time.h"
#include "cmd/common.h"
#include "cmd/terminal.h"

#define SIZE_MAX_CHARS 1000

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

static const struct option long_options[] = {
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
    {"human", no_argument, NULL, OPT_HUMAN},
    {"size", required_argument, NULL, OPT_SIZE},
    {"fail-on", required_argument, NULL, OPT_FAIL_ON},
    {"max-samples", required_argument, NULL, OPT_MAX_SAMPLES},
    {0},
};

/* Which times have been said. */
struct said {
	bool at, from, to;
};

void query_options_look(void *ctx, struct dm_view *view)
{
	const struct query_options *o = ctx;
	struct dm_terminal t = dm_terminal_look();

	view->is_terminal = t.is_terminal;
	view->ascii = !t.utf8;
	view->color = t.color;
	if (o->sized)
		return;
	view->columns = t.columns;
	view->rows = t.rows;
}

static struct dm_moment moment(
    const struct query_options *o, const char *option, const char *text)
{
	struct dm_moment m;

	if (!dm_moment_parse(dm_str(text), o->query.now_us, &m))
		dm_usage("%s: '%s' is no time such as -1h, end-1h, 1795476513 "
			 "or 2026-11-24T06:54:06Z",
		    option, text);
	return m;
}

static void take_size(struct query_options *o, const char *text)
{
	struct dm_str rest = dm_str(text), columns;
	uint64_t w, h;

	if (!dm_str_cut(&rest, 'x', &columns) || !dm_str_u64(columns, &w) ||
	    !dm_str_u64(rest, &h) || w < 1 || w > SIZE_MAX_CHARS || h < 1 ||
	    h > SIZE_MAX_CHARS)
		dm_usage("--size: '%s' is nothing such as 120x40", text);
	o->view.columns = w;
	o->view.rows = h;
	o->sized = true;
}

static void take_fail_on(struct query_options *o, const char *text)
{
	if (strcmp(text, "empty") == 0)
		o->fail_on = QUERY_FAIL_EMPTY;
	else if (strcmp(text, "any") == 0)
		o->fail_on = QUERY_FAIL_ANY;
	else
		dm_usage("--fail-on: neither empty nor any: %s", text);
}

static void take_time(struct query_options *o, int option, struct said *said)
{
	switch (option) {
	case OPT_AT:
		said->at = true;
		o->query.start = o->query.end = moment(o, "--at", optarg);
		break;
	case OPT_FROM:
		said->from = o->query.is_range = true;
		o->query.start = moment(o, "--from", optarg);
		break;
	case OPT_TO:
		said->to = true;
		o->query.end = moment(o, "--to", optarg);
		break;
	case OPT_STEP:
		o->query.step_us = dm_arg_duration("--step", optarg);
		if (o->query.step_us == 0)
			dm_usage("--step must be more than 0");
		break;
	}
}

static void take_option(struct query_options *o, int option, struct said *said)
{
	switch (option) {
	case 'd':
		o->database = optarg;
		break;
	case OPT_FORMAT:
		if (!dm_format_of(dm_str(optarg), &o->view.format))
			dm_usage("--format: what is '%s'?", optarg);
		break;
	case OPT_CHART:
		o->view.format = DM_FORMAT_CHART;
		break;
	case OPT_HUMAN:
		o->view.human = true;
		break;
	case OPT_SIZE:
		take_size(o, optarg);
		break;
	case OPT_FAIL_ON:
		take_fail_on(o, optarg);
		break;
	case OPT_MAX_SAMPLES:
		o->query.max_samples =
		    dm_arg_u64("--max-samples", optarg, 1, UINT64_C(1) << 40);
		break;
	default:
		take_time(o, option, said);
	}
}

static void check(const struct query_options *o, const struct said *said)
{
	bool prompt = o->query.text.n == 0;

	if (prompt && !o->database)
		dm_usage("which expression? (a prompt wants -d)");
	if (said->at && said->from)
		dm_usage("--at is one time, --from begins a range of times");
	if (!said->from && (said->to || o->query.step_us))
		dm_usage("--to and --step want --from");
	if (!said->from && !prompt && o->view.format == DM_FORMAT_CHART)
		dm_usage("--chart wants --from");
	if (o->database && o->stream.n_files)
		dm_usage("files or a database, not both");
}

void query_options_read(struct query_options *o, int argc, char **argv)
{
	struct said said = {0};
	int option;

	*o = (struct query_options){
	    .stream = {.only = true},
	    .query = {.start = DM_MOMENT_END,
		.end = DM_MOMENT_END,
		.max_samples = DM_QUERY_SAMPLES_MAX,
		.now_us = dm_time_now_us()},
	};
	while (
	    (option = getopt_long(argc, argv, "hd:", long_options, NULL)) != -1)
		if (!dm_common_option(option, &o->stream))
			take_option(o, option, &said);
	if (optind < argc)
		o->query.text = dm_str(argv[optind++]);
	dm_stream_arguments(&o->stream, argc, argv);
	query_options_look(o, &o->view);
	o->query.points = dm_view_points(&o->view);
	check(o, &said);
}
