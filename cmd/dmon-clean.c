/* SPDX-FileCopyrightText: the dmon authors
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>

#include "clean/clean.h"
#include "cmd/common.h"

static const struct dm_program program = {
    .name = "dmon-clean",
    .usage = "usage: dmon-clean [-h] [--only] [--rejects file] [--strict]\n"
	     "                  [--version] [file ...]\n",
};

struct arguments {
	struct dm_stream_options stream;
	struct dm_clean_options clean;
};

static void take_options(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
	    DM_FILTER_LONG_OPTIONS,
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		dm_common_option(option, &a->stream);
	dm_stream_arguments(&a->stream, argc, argv);
	/* It writes what it passes on itself, as it changes it. */
	a->clean.only = a->stream.only;
	a->stream.only = true;
}

int main(int argc, char **argv)
{
	struct arguments a = {.stream.out_fd = STDOUT_FILENO};
	struct dm_clean *clean;
	struct dm_err err;
	int status;

	dm_program_start(&program);
	take_options(&a, argc, argv);
	if (dm_clean_new(&a.clean, &clean, &err) < 0)
		return dm_fail(&err);
	status = dm_filter_main(&a.stream, &(struct dm_filter){
					       .ctx = clean,
					       .start = dm_clean_start,
					       .record = dm_clean_record,
					       .forget = dm_clean_forget,
					   });
	dm_clean_free(clean);
	return status;
}
