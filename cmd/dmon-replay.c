/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/time.h"
#include "common.h"
#include "promql/promql.h"
#include "store/pace.h"
#include "store/store.h"

static const struct dm_program program = {
    .name = "dmon-replay",
    .usage = "usage: dmon-replay [-h] -d database [--from time] [--to time] "
	     "[--select selector]\n"
	     "                   [--kind kind] [--no-sweeps] "
	     "[--speed factor|max]\n",
};

enum {
	OPT_FROM = DM_OPT_OWN,
	OPT_TO,
	OPT_SELECT,
	OPT_KIND,
	OPT_NO_SWEEPS,
	OPT_SPEED
};

static const struct option long_options[] = {
    DM_COMMON_LONG_OPTIONS,
    {"database", required_argument, NULL, 'd'},
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"select", required_argument, NULL, OPT_SELECT},
    {"kind", required_argument, NULL, OPT_KIND},
    {"no-sweeps", no_argument, NULL, OPT_NO_SWEEPS},
    {"speed", required_argument, NULL, OPT_SPEED},
    {0},
};

#define CHOICES_MAX 64
#define FLUSH_BYTES (64 * 1024)

struct replay {
	const char *database;
	struct dm_store_query query;
	struct dm_expr *exprs[CHOICES_MAX];
	struct dm_selector selectors[CHOICES_MAX];
	struct dm_str kinds[CHOICES_MAX];
	struct dm_pace pace; /* speed 0: as fast as it goes */
	struct dm_buf out;
};

static void add_selector(struct replay *r, const char *text)
{
	struct dm_expr *e;
	struct dm_err err;

	if (r->query.n_selectors == CHOICES_MAX)
		dm_usage("--select: at most %d", CHOICES_MAX);
	if (dm_expr_parse(dm_str(text), &e, &err) < 0)
		dm_usage(
		    "--select: '%s': column %u: %s", text, err.column, err.msg);
	if (!dm_expr_is_selector(e))
		dm_usage("--select: '%s' is no selector such as "
			 "{name=\"web\"}",
		    text);
	r->exprs[r->query.n_selectors] = e;
	r->selectors[r->query.n_selectors++] = *dm_expr_selector(e, 0);
}

static void add_kind(struct replay *r, const char *text)
{
	if (r->query.n_kinds == CHOICES_MAX)
		dm_usage("--kind: at most %d", CHOICES_MAX);
	r->kinds[r->query.n_kinds++] = dm_str(text);
}

static double parse_speed(const char *text)
{
	struct dm_str s = dm_str(text);
	double speed;

	if (strcmp(text, "max") == 0)
		return 0;
	if (dm_str_ends(s, "x"))
		s.n--;
	if (!dm_num_parse_user(s, &speed) || !(speed > 0) || speed > 1e9)
		dm_usage("--speed: '%s' is neither max nor a factor such as "
			 "1 or 10x",
		    text);
	return speed;
}

static void parse_option(struct replay *r, int option)
{
	switch (option) {
	case 'd':
		r->database = optarg;
		break;
	case OPT_FROM:
		r->query.from_us = dm_arg_moment("--from", optarg);
		break;
	case OPT_TO:
		/* What begins there does not belong to it any more. */
		r->query.to_us = dm_arg_moment("--to", optarg) - 1;
		break;
	case OPT_SELECT:
		add_selector(r, optarg);
		break;
	case OPT_KIND:
		add_kind(r, optarg);
		break;
	case OPT_NO_SWEEPS:
		r->query.no_sweeps = true;
		break;
	case OPT_SPEED:
		r->pace.speed = parse_speed(optarg);
		break;
	default:
		dm_common_option(option, NULL);
	}
}

static int flush(struct replay *r, struct dm_err *err)
{
	if (dm_buf_ok(&r->out, err) < 0)
		return -1;
	if (dm_file_write_all(STDOUT_FILENO, r->out.p, r->out.n, err) < 0)
		return dm_err_wrap(err, "standard output");
	dm_buf_clear(&r->out);
	return 0;
}

/* Wait until it is this record's turn. */
static int wait_for(struct replay *r, int64_t ts_us, struct dm_err *err)
{
	int64_t due_ns;

	if (r->pace.speed == 0)
		return 0;
	due_ns = dm_pace_due_ns(&r->pace, ts_us, dm_time_mono_ns());
	if (dm_time_mono_ns() >= due_ns)
		return 0;
	if (flush(r, err) < 0)
		return -1;
	while (!dm_signals_stop() && dm_time_mono_ns() < due_ns) {
		if (dm_signals_wait(-1, due_ns, err) < 0)
			return -1;
	}
	return 0;
}

static int pass_on(
    struct replay *r, const struct dm_stored *record, struct dm_err *err)
{
	dm_buf_add_str(&r->out, record->line);
	dm_buf_add_char(&r->out, '\n');
	if (r->out.n < FLUSH_BYTES)
		return 0;
	/* Signals are seen while waiting only. */
	if (flush(r, err) < 0 || dm_signals_wait(-1, 0, err) < 0)
		return -1;
	return 0;
}

static int replay(struct replay *r, struct dm_err *err)
{
	DM_AUTO_STORE_READER struct dm_store_reader *reader = NULL;
	struct dm_stored record;
	int n = 0;

	if (dm_store_reader_open(r->database, &r->query, &reader, err) < 0)
		return -1;
	while (!dm_signals_stop() &&
	       (n = dm_store_reader_next(reader, &record, err)) > 0) {
		if (wait_for(r, record.ts_us, err) < 0)
			return -1;
		if (!dm_signals_stop() && pass_on(r, &record, err) < 0)
			return -1;
	}
	if (n < 0) {
		struct dm_err late;

		if (flush(r, &late) < 0)
			*err = late;
		return -1;
	}
	return flush(r, err);
}

int main(int argc, char **argv)
{
	struct replay r = {.query = {.from_us = INT64_MIN, .to_us = INT64_MAX}};
	struct dm_err err;
	int option, status;

	r.query.selectors = r.selectors;
	r.query.kinds = r.kinds;
	dm_program_start(&program);
	while (
	    (option = getopt_long(argc, argv, "hd:", long_options, NULL)) != -1)
		parse_option(&r, option);
	if (!r.database)
		dm_usage("which database? -d");
	if (optind < argc)
		dm_usage("'%s' is one argument too many", argv[optind]);
	status = replay(&r, &err) < 0 ? dm_fail(&err) : DM_EXIT_OK;
	for (size_t i = 0; i < r.query.n_selectors; i++)
		dm_expr_free(r.exprs[i]);
	dm_buf_release(&r.out);
	return dm_finish(status);
}
