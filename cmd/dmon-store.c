/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/num.h"
#include "common.h"
#include "store/store.h"

static const struct dm_program program = {
    .name = "dmon-store",
    .usage = "usage: dmon-store [-h] -d database [--batch duration] "
	     "[--keep duration] [--wait duration]\n"
	     "                  [--only] [--strict] [--rejects file] "
	     "[file ...]\n",
};

enum {
	OPT_BATCH = DM_OPT_OWN,
	OPT_KEEP,
	OPT_WAIT
};

static const struct option long_options[] = {
    DM_FILTER_LONG_OPTIONS,
    {"database", required_argument, NULL, 'd'},
    {"batch", required_argument, NULL, OPT_BATCH},
    {"keep", required_argument, NULL, OPT_KEEP},
    {"wait", required_argument, NULL, OPT_WAIT},
    {0},
};

#define DAY_US (86400 * INT64_C(1000000))

struct settings {
	const char *database;
	struct dm_store_options store;
	struct dm_store_batch batch;
	struct dm_stream_options stream;
};

/* A number alone would be seconds, and delete what was meant to be kept for as
 * many days. */
static int64_t parse_keep(const char *text)
{
	int64_t us = dm_arg_duration("--keep", text);
	double number;

	if (us == 0)
		dm_usage("--keep: '%s' would keep nothing", text);
	if (dm_num_parse_user(dm_str(text), &number))
		dm_usage("--keep: '%s' has no unit: 30d is 30 days", text);
	return us;
}

static void parse_option(struct settings *s, int option)
{
	int64_t us;

	switch (option) {
	case 'd':
		s->database = optarg;
		break;
	case OPT_BATCH:
		us = dm_arg_duration("--batch", optarg);
		if (us > DAY_US)
			dm_usage("--batch: '%s' is more than a day", optarg);
		s->batch.delay_us = us;
		break;
	case OPT_KEEP:
		s->store.keep_us = parse_keep(optarg);
		break;
	case OPT_WAIT:
		us = dm_arg_duration("--wait", optarg);
		if (us > DAY_US)
			dm_usage("--wait: '%s' is more than a day", optarg);
		s->store.wait_ms = (int)(us / 1000);
		break;
	default:
		dm_common_option(option, &s->stream);
	}
}

static int store(struct settings *s)
{
	DM_AUTO_STORE struct dm_store *opened = NULL;
	struct dm_filter filter;
	struct dm_err err;

	if (dm_store_open(s->database, &s->store, &opened, &err) < 0)
		return dm_fail(&err);
	s->batch.store = opened;
	s->batch.silent = s->stream.only;
	s->stream.only = true; /* records go on when they are stored */
	filter = dm_store_filter(&s->batch);
	return dm_filter_main(&s->stream, &filter);
}

int main(int argc, char **argv)
{
	struct settings s = {
	    .store.wait_ms = 10000,
	    .batch.delay_us = 100000,
	};
	int option, status;

	dm_program_start(&program);
	while ((option = getopt_long(argc, argv, "+hd:", long_options, NULL)) !=
	       -1)
		parse_option(&s, option);
	if (!s.database)
		dm_usage("which database? -d");
	dm_stream_arguments(&s.stream, argc, argv);
	status = store(&s);
	dm_store_batch_release(&s.batch);
	return status;
}
